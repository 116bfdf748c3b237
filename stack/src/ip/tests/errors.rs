//! floor 2: ICMP errors in and out, and path MTU (RFC 1122 section 3.2.2, RFC 4443, RFC 1191, RFC 8201).

use super::*;
use icmpv4::{Exceeded, Problem, Unreachable};

fn error_v4(rig: &mut Rig, message: icmpv4::Message<'_>) -> String {
    rig.receive(&framed(&v4(ipv4::Packet { protocol: 1, payload: &icmp_v4(message), ..V4 })))
}

fn error_v6(rig: &mut Rig, message: icmpv6::Message<'_>) -> String {
    let payload = icmp_v6(&V6, message);
    rig.receive(&framed(&v6(ipv6::Packet { next_header: 58, payload: &payload, ..V6 })))
}

fn too_big(mtu: u16, quoted: &[u8]) -> icmpv4::Message<'_> {
    icmpv4::Message::DestinationUnreachable { code: Unreachable::FragmentationNeeded, mtu, quoted }
}

//? RFC1122-3.2.2-d
//? RFC1122-3.2.2.1-c
//? RFC1122-3.2.2.4-a
//? RFC1122-3.2.2.5-b
//? RFC4443-3.1-e
#[test]
fn errors_about_own_packets_go_up() {
    let mut rig = Rig::new(config());
    let quoted = &own_udp(100)[..28];
    let about = "from 10.98.0.2 about 10.98.0.1 > 10.98.0.2 protocol 17 len 8";
    let message = icmpv4::Message::DestinationUnreachable { code: Unreachable::Port, mtu: 0, quoted };
    assert_eq!(error_v4(&mut rig, message), format!("up Unreachable(3) {about}"));
    let message = icmpv4::Message::TimeExceeded { code: Exceeded::TimeToLive, quoted };
    assert_eq!(error_v4(&mut rig, message), format!("up TimeExceeded(0) {about}"));
    let message = icmpv4::Message::ParameterProblem { code: Problem::Pointer, pointer: 20, quoted };
    assert_eq!(
        error_v4(&mut rig, message),
        format!("up ParameterProblem {{ code: 0, pointer: 20 }} {about}")
    );
    let quoted = own_udp_v6(4);
    let message = icmpv6::Message::DestinationUnreachable { code: 4, quoted: &quoted };
    let about = "from fd98::2 about fd98::1 > fd98::2 protocol 17 len 12";
    assert_eq!(error_v6(&mut rig, message), format!("up Unreachable(4) {about}"));
}

//? RFC5927-7-a
//? RFC4443-2.4-d
#[test]
fn errors_about_other_packets_do_not() {
    let mut rig = Rig::new(config());
    let unreachable =
        |quoted| icmpv4::Message::DestinationUnreachable { code: Unreachable::Port, mtu: 0, quoted };
    let foreign = v4(V4);
    assert_eq!(error_v4(&mut rig, unreachable(&foreign)), "IcmpQuoteNotOurs");
    let own = own_udp(100);
    assert_eq!(error_v4(&mut rig, unreachable(&own[..27])), "IcmpQuoteTooShort");
    assert_eq!(error_v4(&mut rig, unreachable(&own[..19])), "IcmpQuoteTooShort");
    let mut later = own.clone();
    later[7] = 1;
    assert_eq!(error_v4(&mut rig, unreachable(&later)), "IcmpQuoteTooShort", "no transport header in it");
    let (foreign, own) = (v6(V6), own_udp_v6(4));
    let unreachable = |quoted| icmpv6::Message::DestinationUnreachable { code: 4, quoted };
    assert_eq!(error_v6(&mut rig, unreachable(&foreign)), "IcmpQuoteNotOurs");
    assert_eq!(error_v6(&mut rig, unreachable(&own[..44])), "IcmpQuoteTooShortV6");
    let to_all = ipv4::Packet {
        protocol: 1,
        dst: Ipv4Addr::BROADCAST,
        payload: &icmp_v4(icmpv4::Message::TimeExceeded { code: Exceeded::TimeToLive, quoted: &own_udp(4) }),
        ..V4
    };
    assert_eq!(rig.receive(&framed(&v4(to_all))), "IcmpErrorToGroup");
}

//? RFC1191-3-a
//? RFC1191-3-b
//? RFC1191-3-c
//? RFC1191-3-d
#[test]
fn path_mtu_v4() {
    let peer = addr("10.98.0.2");
    let big = own_udp(1472);
    // reported, known before -> outcome, known after
    let table = [
        (1000, 1500, Ok(1000)),
        (1400, 1000, Ok(1000)),
        (68, 1500, Ok(68)),
        (67, 1500, Err("MtuTooSmall")),
        (1500, 1500, Err("MtuNotLower")),
        (9000, 1500, Err("MtuNotLower")),
        (0, 1500, Ok(1492)),
        (0, 1492, Ok(1006)),
    ];
    for (mtu, known, expected) in table {
        let mut rig = Rig::new(config());
        if known < 1500 {
            error_v4(&mut rig, too_big(known, &big));
        }
        assert_eq!(rig.ip.mtu_octets(peer), known);
        let text = error_v4(&mut rig, too_big(mtu, &big));
        match expected {
            Ok(after) => {
                assert!(text.starts_with(&format!("up PacketTooBig {{ mtu_octets: {after} }}")), "{text}");
                assert_eq!(rig.ip.mtu_octets(peer), after, "{mtu}");
            }
            Err(why) => assert_eq!((text, rig.ip.mtu_octets(peer)), (String::from(why), known)),
        }
    }
    let mut rig = Rig::new(config());
    let foreign = v4(V4);
    assert_eq!(error_v4(&mut rig, too_big(1000, &foreign)), "IcmpQuoteNotOurs");
    assert_eq!(rig.ip.mtu_octets(peer), 1500);
}

//? RFC8201-4-a
//? RFC8201-4-b
//? RFC8201-4-c
//? RFC8201-4-e
//? RFC1191-6.2-a
//? RFC1191-6.3-a
//? RFC8200-4.5-d
//? RFC8021-4-a
//? RFC8201-4-d
#[test]
fn path_mtu_v6() {
    let peer = addr("fd98::2");
    let big = own_udp_v6(1452);
    let message = |mtu| icmpv6::Message::PacketTooBig { mtu, quoted: &big[..1232] };
    let mut rig = Rig::new(config());
    for (mtu, why) in
        [(1279, "MtuTooSmallV6"), (0, "MtuTooSmallV6"), (1500, "MtuNotLower"), (9000, "MtuNotLower")]
    {
        assert_eq!(error_v6(&mut rig, message(mtu)), why, "{mtu}");
        assert_eq!(rig.ip.mtu_octets(peer), 1500);
    }
    let foreign = [v6(V6), vec![0; 1400]].concat();
    let forged = icmpv6::Message::PacketTooBig { mtu: 1300, quoted: &foreign[..1232] };
    assert_eq!(error_v6(&mut rig, forged), "IcmpQuoteNotOurs");
    assert!(error_v6(&mut rig, message(1400)).starts_with("up PacketTooBig { mtu_octets: 1400 }"));
    assert!(error_v6(&mut rig, message(1450)).starts_with("up PacketTooBig { mtu_octets: 1400 }"));
    assert_eq!(rig.ip.mtu_octets(peer), 1400);
    // Datagrams are cut to what fits, segments refused.
    rig.send(&outgoing("fd98::2", &[0; 1400]));
    assert_eq!(rig.log.frames.iter().map(|frame| frame.len() <= 1414).collect::<Vec<_>>(), [true, true]);
    let segment = Outgoing { dont_fragment: true, ..outgoing("fd98::2", &[0; 1361]) };
    assert_eq!(rig.send(&segment), "MessageSize");
    assert_eq!(rig.pass(), "");
    assert_eq!((rig.now, rig.ip.mtu_octets(peer)), (Instant::ZERO + Span::from_secs(600), 1500));
}

//? RFC1812-4.3.2.8-a
#[test]
fn the_rate_of_errors_is_limited_and_echo_is_not() {
    let mut config = config();
    config.icmp = IcmpConfig::default();
    let mut rig = Rig::new(config);
    let unknown = framed(&v4(ipv4::Packet { protocol: 253, ..V4 }));
    let count = |rig: &mut Rig, frame: &[u8]| {
        (0..200).map(|_| (rig.receive(frame), rig.log.frames.len()).1).sum::<usize>()
    };
    assert_eq!(count(&mut rig, &unknown), 10);
    rig.now += Span::from_millis(250);
    assert_eq!(count(&mut rig, &unknown), 2);
    let echo = framed(&v4(ipv4::Packet { protocol: 1, payload: &echo_v4(b""), ..V4 }));
    assert_eq!(count(&mut rig, &echo), 200);
}

//? RFC4443-2.4-j
#[test]
fn the_rate_of_icmpv6_errors_is_limited_too() {
    let mut config = config();
    config.icmp = IcmpConfig::default();
    let mut rig = Rig::new(config);
    let unknown = framed(&v6(ipv6::Packet { next_header: 253, ..V6 }));
    let sent = (0..200).map(|_| (rig.receive(&unknown), rig.log.frames.len()).1).sum::<usize>();
    assert_eq!(sent, 10);
}

//? RFC1812-4.3.2.3-a
//? RFC4443-2.4-c
//? RFC1122-3.2.2-b
//? RFC1122-3.2.2-c
//? RFC1122-3.2.2-g
//? RFC4443-2.4-g
//? RFC4443-3.1-d
#[test]
fn port_unreachable_quotes_as_much_as_is_allowed() {
    let quote = |rig: &mut Rig, packet: &[u8]| {
        let frame = framed(packet);
        let received = rig.ip.receive(rig.now, &frame, &mut Lowest, &mut rig.log);
        let Received::Datagram(incoming) = received else { panic!("{received:?}") };
        rig.log = Log::default();
        rig.ip.unreachable_port(rig.now, &incoming, &mut Lowest, &mut rig.log);
        rig.log.frames.first().map(|frame| frame[14..].to_vec())
    };
    let mut rig = Rig::new(config());
    let small = quote(&mut rig, &v4(V4)).unwrap();
    assert_eq!((&small[20..22], &small[28..]), (&[3, 3][..], &v4(V4)[..]));
    let payload = vec![0; 1200];
    assert_eq!(quote(&mut rig, &v4(ipv4::Packet { payload: &payload, ..V4 })).unwrap().len(), 576);
    let small = quote(&mut rig, &v6(V6)).unwrap();
    assert_eq!((&small[40..42], &small[48..]), (&[1, 4][..], &v6(V6)[..]));
    let payload = vec![0; 1400];
    assert_eq!(quote(&mut rig, &v6(ipv6::Packet { payload: &payload, ..V6 })).unwrap().len(), 1280);
    assert_eq!(quote(&mut rig, &v4(ipv4::Packet { dst: Ipv4Addr::BROADCAST, ..V4 })), None);
    assert_eq!(quote(&mut rig, &v6(ipv6::Packet { dst: "ff02::1".parse().unwrap(), ..V6 })), None);
    let mut silent =
        Rig::new(Config { icmp: IcmpConfig { unreachables: false, ..IcmpConfig::default() }, ..config() });
    assert_eq!(quote(&mut silent, &v4(V4)), None);
}
