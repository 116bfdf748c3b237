//! floor 2: fragments in and out of whole packets (RFC 791 section 3.2, RFC 8200 section 4.5).

use super::*;
use crate::wire::ipv6::Fragment;

fn octets(len: usize) -> Vec<u8> {
    (0..len).map(|n| (n * 7 + n / 256) as u8).collect()
}

/// Cuts an IPv4 payload into fragments of `piece` octets.
fn cut_v4(packet: ipv4::Packet<'_>, piece: usize) -> Vec<Vec<u8>> {
    let pieces = packet.payload.chunks(piece).enumerate();
    let last = packet.payload.len().div_ceil(piece) - 1;
    let fragment = |(n, payload)| {
        let fragment_offset_octets = (n * piece) as u16;
        framed(&v4(ipv4::Packet { payload, fragment_offset_octets, more_fragments: n != last, ..packet }))
    };
    pieces.map(fragment).collect()
}

fn piece_v6(fragment: Fragment, data: &[u8]) -> Vec<u8> {
    let mut payload = Vec::new();
    fragment.emit(&mut payload);
    payload.extend_from_slice(data);
    v6(ipv6::Packet { next_header: 44, payload: &payload, ..V6 })
}

fn fragment(next_header: u8, offset_octets: u16, more: bool) -> Fragment {
    Fragment { offset_octets, more, identification: 5, next_header }
}

//? RFC1122-3.2.1.4-a
//? RFC1122-3.2.2.6-d
//? RFC791-3.2-frag-e
//? RFC8200-4.5-d
//? RFC8200-5-a
#[test]
fn an_echo_in_fragments_is_answered_in_fragments() {
    let data = octets(3000);
    let request = echo_v4(&data);
    let fragments = cut_v4(ipv4::Packet { protocol: 1, payload: &request, ..V4 }, 1480);
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let mut rig = Rig::new(config());
        assert_eq!(rig.receive(&fragments[order[0]]), "");
        assert_eq!(rig.receive(&fragments[order[1]]), "");
        rig.receive(&fragments[order[2]]);
        let answer: Vec<u8> = rig.log.frames.iter().flat_map(|frame| frame[34..].to_vec()).collect();
        assert_eq!(answer[8..], data);
        let offsets: Vec<_> = rig.log.frames.iter().map(|frame| [frame[20], frame[21]]).collect();
        assert_eq!(offsets, [[0x20, 0], [0x20, 185], [1, 114]], "1480 / 8 and 2960 / 8");
    }
    let request = echo_v6(&V6, &data);
    let mut rig = Rig::new(config());
    for (n, data) in request.chunks(1448).enumerate() {
        let fragment = fragment(58, (n * 1448) as u16, n < 2);
        rig.receive(&framed(&piece_v6(fragment, data)));
    }
    let answer: Vec<u8> = rig.log.frames.iter().flat_map(|frame| frame[62..].to_vec()).collect();
    assert_eq!(answer[8..], data);
    assert_eq!(rig.log.frames.iter().map(Vec::len).collect::<Vec<_>>(), [1510, 1510, 174]);
}

#[test]
fn a_reassembled_datagram_goes_up_and_can_be_quoted() {
    let payload = octets(1000);
    let fragments = cut_v4(ipv4::Packet { payload: &payload, options: &[1, 1, 1, 0], ..V4 }, 504);
    let mut rig = Rig::new(config());
    rig.receive(&fragments[0]);
    let received = rig.ip.receive(rig.now, &fragments[1], &mut Lowest, &mut rig.log);
    let Received::Datagram(incoming) = received else { panic!("{received:?}") };
    assert_eq!(incoming.payload, payload);
    assert_eq!(
        ipv4::View::read(&incoming.quote).map(|view| (view.checksum_holds(), view.total_len_octets())),
        Ok((true, 1024))
    );
    rig.log = Log::default();
    rig.ip.unreachable_port(rig.now, &incoming, &mut Lowest, &mut rig.log);
    assert_eq!(rig.log.frames[0].len(), 14 + 576);
    assert_eq!(rig.log.frames[0][34..36], [3, 3]);
}

//? RFC791-3.2-frag-f
//? RFC791-3.2-frag-g
#[test]
fn impossible_ipv4_fragments() {
    let mut rig = Rig::new(config());
    let with = |offset: u16, more_fragments, payload: &[u8]| {
        framed(&v4(ipv4::Packet { fragment_offset_octets: offset, more_fragments, payload, ..V4 }))
    };
    assert_eq!(rig.receive(&with(0, true, &[0; 250])), "FragmentUneven");
    assert_eq!(rig.receive(&with(65_528, false, &[0; 16])), "FragmentBeyondLimit");
    assert_eq!(rig.receive(&with(65_512, false, &[0; 8])), "FragmentBeyondLimit");
    assert_eq!(rig.receive(&with(65_504, false, &[0; 8])), "");
    assert_eq!(rig.receive(&with(8, true, &[])), "FragmentEmpty");
}

//? RFC8200-4.5-g
//? RFC8200-4.5-h
//? RFC8200-4.5-i
//? RFC7112-5-b
#[test]
fn impossible_ipv6_fragments() {
    let problem = |packet: &[u8], why: &str, expected: Option<[u8; 3]>| {
        let mut rig = Rig::new(config());
        let text = rig.receive(&framed(packet));
        assert!(text.ends_with(why), "{text}");
        let said = rig.log.frames.first().map(|frame| [frame[54], frame[55], frame[61]]);
        assert_eq!(said, expected, "{why}");
    };
    problem(&piece_v6(fragment(17, 0, true), &[0; 250]), "FragmentUnevenV6", Some([4, 0, 4]));
    problem(&piece_v6(fragment(17, 65_528, false), &[0; 16]), "FragmentBeyondLimitV6", Some([4, 0, 42]));
    let short_tcp = piece_v6(fragment(6, 0, true), &[0; 8]);
    problem(&short_tcp, "HeaderChainIncomplete", Some([4, 3, 0]));
    let in_options = piece_v6(fragment(60, 0, true), &[17, 1, 1, 4, 0, 0, 0, 0]);
    problem(&in_options, "HeaderChainIncomplete", Some([4, 3, 0]));
    problem(&piece_v6(fragment(17, 0, true), &[0; 8]), "", None);
    problem(&piece_v6(fragment(17, 8, true), &[]), "FragmentEmpty", None);
}

//? RFC8200-4.5-l
//? RFC6946-4-a
#[test]
fn an_atomic_fragment_stands_alone() {
    let mut rig = Rig::new(config());
    assert_eq!(rig.receive(&framed(&piece_v6(fragment(17, 0, true), V6.payload))), "");
    let up = "up fd98::2 > fd98::1 protocol 17 len 8";
    assert_eq!(rig.receive(&framed(&piece_v6(fragment(17, 0, false), V6.payload))), up);
    let last = rig.receive(&framed(&piece_v6(fragment(17, 8, false), &[1; 5])));
    assert_eq!(last, "up fd98::2 > fd98::1 protocol 17 len 13");
}

//? RFC1122-3.3.2-b
//? RFC1122-3.3.2-c
//? RFC8200-4.5-f
//? RFC1122-3.2.2-g
#[test]
fn time_exceeded_is_sent_with_the_first_fragment_and_not_without() {
    for (offset, kind_v4, kind_v6) in [(0, Some([11, 1]), Some([3, 1])), (8, None, None)] {
        let mut rig = Rig::new(config());
        let first = v4(ipv4::Packet { more_fragments: true, fragment_offset_octets: offset, ..V4 });
        rig.receive(&framed(&first));
        assert_eq!(rig.ip.due(), Some(Instant::ZERO + Span::from_secs(60)));
        assert!(rig.pass().starts_with("ReassemblyTimeout"));
        assert_eq!(rig.log.frames.first().map(|frame| [frame[34], frame[35]]), kind_v4);
        if let Some(frame) = rig.log.frames.first() {
            assert_eq!(frame[42..], first);
        }
        rig.receive(&framed(&piece_v6(fragment(17, offset, true), V6.payload)));
        assert!(rig.pass().starts_with("ReassemblyTimeoutV6"));
        assert_eq!(rig.log.frames.first().map(|frame| [frame[54], frame[55]]), kind_v6);
        assert_eq!(rig.ip.due(), None);
    }
    let mut rig = Rig::new(config());
    rig.receive(&framed(&v4(ipv4::Packet { more_fragments: true, dst: Ipv4Addr::BROADCAST, ..V4 })));
    assert_eq!(rig.pass(), "ReassemblyTimeout", "nothing about a broadcast");
}

//? RFC791-3.2-a
//? RFC6864-4.1-b
//? RFC6864-4.3-a
//? RFC9293-MAY-4
#[test]
fn identifications_differ_and_atomic_datagrams_have_none() {
    let mut rig = Rig::new(config());
    let payload = octets(2000);
    let mut identifications = vec![];
    for _ in 0..3 {
        rig.send(&outgoing("10.98.0.2", &payload));
        assert_eq!(rig.log.frames.len(), 2);
        assert_eq!(rig.log.frames[0][18..20], rig.log.frames[1][18..20]);
        identifications.push([rig.log.frames[0][18], rig.log.frames[0][19]]);
    }
    assert_eq!(identifications, [[0, 0], [0, 1], [0, 2]]);
    rig.send(&Outgoing { dont_fragment: true, ..outgoing("10.98.0.2", b"12345678") });
    assert_eq!(rig.log.frames[0][18..22], [0, 0, 0x40, 0]);
}

quickcheck! {
    //? RFC791-3.2-frag-e
    //? RFC5722-4-a
    fn what_one_end_cuts_the_other_puts_together(len: u16, mtu: u16) -> bool {
        let payload = octets(usize::from(len) % 9000 + 8);
        let mtu_octets = 68 + mtu % 3000;
        let at = |own: &str| Config {
            link: LinkConfig::Ip,
            addrs: vec![Cidr::new(addr(own), 24)],
            mtu_octets,
            ..Config::default()
        };
        let (mut one, mut two) = (Rig::new(at("192.0.2.1")), Rig::new(at("192.0.2.2")));
        one.send(&outgoing("192.0.2.2", &payload));
        let frames = core::mem::take(&mut one.log.frames);
        let fit = frames.iter().all(|frame| frame.len() <= usize::from(mtu_octets));
        let last = frames.iter().fold(String::new(), |_, frame| two.receive(frame));
        fit && last == format!("up 192.0.2.1 > 192.0.2.2 protocol 17 len {}", payload.len())
    }
}
