//! smoltcp against packets built by hand with another library than the harness's own.

use super::*;
use crate::trace::Link;
use etherparse::{NetSlice, PacketBuilder, SlicedPacket, TcpHeader, TransportSlice};
use stack::base::{Cidr, Mac};
use stack::sock::{Family, How, Kind, OptionName, OptionValue, Refused, SocketId};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

const OWN: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);
const PEER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const OWN6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);
const PEER6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
const OWN_MAC: Mac = Mac([2, 0, 0, 0, 0, 2]);
const PEER_MAC: Mac = Mac([2, 0, 0, 0, 0, 1]);
const PORT: u16 = 80;
const PEER_PORT: u16 = 40_000;

fn config(link: Link) -> HostConfig {
    HostConfig {
        link,
        mac: OWN_MAC,
        addrs: vec![Cidr::new(OWN.into(), 24), Cidr::new(OWN6.into(), 64)],
        peers: vec![(PEER.into(), Some(PEER_MAC)), (PEER6.into(), Some(PEER_MAC))],
        mtu_octets: 1500,
        seed: 7,
    }
}

fn host() -> Smoltcp {
    let mut host = Smoltcp::new();
    host.reset(&config(Link::Ip)).expect("the configuration fits");
    host
}

/// A segment from the peer to `PORT`.
fn segment(flags: &str, seq: u32, ack: u32, data: &[u8]) -> Vec<u8> {
    segment_to(PORT, flags, seq, ack, data)
}

fn segment_to(port: u16, flags: &str, seq: u32, ack: u32, data: &[u8]) -> Vec<u8> {
    let mut header = TcpHeader::new(PEER_PORT, port, seq, 65_535);
    header.syn = flags.contains('S');
    header.fin = flags.contains('F');
    header.rst = flags.contains('R');
    header.ack = flags.contains('.');
    header.acknowledgment_number = ack;
    let mut bytes = Vec::new();
    let builder = PacketBuilder::ipv4(PEER.octets(), OWN.octets(), 64).tcp_header(header);
    builder.write(&mut bytes, data).expect("it fits a packet");
    bytes
}

/// What an emitted IP packet says: flags, SEQ, ACK, data.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    flags: String,
    seq: u32,
    ack: u32,
    data: Vec<u8>,
    from: u16,
}

fn read(packet: &[u8]) -> Said {
    let sliced = SlicedPacket::from_ip(packet).expect("an IP packet");
    let Some(TransportSlice::Tcp(tcp)) = sliced.transport else { panic!("not TCP: {packet:?}") };
    let mut flags = String::new();
    for (set, letter) in [(tcp.syn(), 'S'), (tcp.fin(), 'F'), (tcp.rst(), 'R'), (tcp.ack(), '.')] {
        if set {
            flags.push(letter);
        }
    }
    Said {
        flags,
        seq: tcp.sequence_number(),
        ack: tcp.acknowledgment_number(),
        data: tcp.payload().to_vec(),
        from: tcp.source_port(),
    }
}

fn taken(host: &mut Smoltcp) -> Vec<Said> {
    std::iter::from_fn(|| host.take()).map(|emitted| read(&emitted.bytes)).collect()
}

fn only(host: &mut Smoltcp) -> Said {
    let mut all = taken(host);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

fn call(host: &mut Smoltcp, call: Call) -> Reply {
    host.call(&call).expect("the host lives")
}

fn open(host: &mut Smoltcp, kind: Kind) -> SocketId {
    let reply = call(host, Call::Socket { family: Family::V4, kind });
    let Reply::Socket(sock) = reply else { panic!("{reply:?}") };
    sock
}

fn listener(host: &mut Smoltcp, backlog: i32) -> SocketId {
    let sock = open(host, Kind::Stream);
    let local = SocketAddr::new(OWN.into(), PORT);
    assert_eq!(call(host, Call::Bind { sock, local }), Reply::Done);
    assert_eq!(call(host, Call::Listen { sock, backlog }), Reply::Done);
    sock
}

/// Shakes hands as the peer and accepts. Returns the socket and the next numbers of the peer and the host.
fn accepted(host: &mut Smoltcp) -> (SocketId, u32, u32) {
    let listener = listener(host, 4);
    host.inject(&segment("S", 100, 0, b"")).expect("the host lives");
    let syn_ack = only(host);
    assert_eq!((syn_ack.flags.as_str(), syn_ack.ack), ("S.", 101));
    assert_eq!(call(host, Call::Accept { sock: listener }), Reply::Refused(Refused::WouldBlock));
    host.inject(&segment(".", 101, syn_ack.seq + 1, b"")).expect("the host lives");
    let reply = call(host, Call::Accept { sock: listener });
    let Reply::Accepted { sock, peer } = reply else { panic!("{reply:?}") };
    assert_eq!(peer, SocketAddr::new(PEER.into(), PEER_PORT));
    (sock, 101, syn_ack.seq + 1)
}

fn run_for(host: &mut Smoltcp, span: Span) {
    let until = host.now() + span;
    host.run_until(until, Until::Time).expect("the host lives");
}

#[test]
fn data_flows_both_ways_and_both_ends_close() {
    let mut host = host();
    let (sock, seq, ack) = accepted(&mut host);
    host.inject(&segment(".", seq, ack, b"hello")).expect("the host lives");
    assert_eq!(call(&mut host, Call::Recv { sock, max: 3 }), Reply::Data(b"hel".to_vec()));
    assert_eq!(call(&mut host, Call::Recv { sock, max: 9 }), Reply::Data(b"lo".to_vec()));
    assert_eq!(call(&mut host, Call::Recv { sock, max: 9 }), Reply::Refused(Refused::WouldBlock));
    run_for(&mut host, Span::from_millis(10));
    assert_eq!(only(&mut host).ack, seq + 5, "the delayed acknowledgement");

    assert_eq!(call(&mut host, Call::Send { sock, data: b"bye".to_vec(), urgent: false }), Reply::Sent(3));
    let said = only(&mut host);
    assert_eq!((said.seq, said.data.as_slice()), (ack, b"bye".as_slice()));
    host.inject(&segment(".", seq + 5, ack + 3, b"")).expect("the host lives");

    assert_eq!(call(&mut host, Call::Shutdown { sock, how: How::Write }), Reply::Done);
    assert_eq!(only(&mut host).flags, "F.");
    assert_eq!(
        call(&mut host, Call::Send { sock, data: vec![1], urgent: false }),
        Reply::Refused(Refused::BrokenPipe)
    );
    host.inject(&segment("F.", seq + 5, ack + 4, b"")).expect("the host lives");
    run_for(&mut host, Span::from_millis(10));
    let last = only(&mut host);
    assert_eq!((last.flags.as_str(), last.ack), (".", seq + 6));
    assert_eq!(call(&mut host, Call::Recv { sock, max: 9 }), Reply::Data(Vec::new()));
    assert_eq!(call(&mut host, Call::Close { sock }), Reply::Done);
    assert_eq!(call(&mut host, Call::Recv { sock, max: 9 }), Reply::Refused(Refused::NoSuchSocket));
}

#[test]
fn a_segment_to_a_closed_port_is_answered_with_a_reset() {
    let mut host = host();
    host.inject(&segment("S", 100, 0, b"")).expect("the host lives");
    let reset = only(&mut host);
    assert_eq!((reset.flags.as_str(), reset.seq, reset.ack), ("R.", 0, 101));
}

fn connecting(host: &mut Smoltcp) -> (SocketId, Said, SocketAddr) {
    let sock = open(host, Kind::Stream);
    let remote = SocketAddr::new(PEER.into(), PEER_PORT);
    assert_eq!(call(host, Call::Connect { sock, remote }), Reply::Refused(Refused::InProgress));
    let syn = only(host);
    assert_eq!(syn.flags, "S");
    assert_eq!(call(host, Call::Connect { sock, remote }), Reply::Refused(Refused::AlreadyInProgress));
    (sock, syn, remote)
}

#[test]
fn connecting_succeeds_or_says_why_not() {
    let mut host = host();
    let (sock, syn, remote) = connecting(&mut host);
    host.inject(&segment_to(syn.from, "S.", 500, syn.seq + 1, b"")).expect("the host lives");
    assert_eq!(only(&mut host).ack, 501);
    assert_eq!(call(&mut host, Call::Connect { sock, remote }), Reply::Refused(Refused::AlreadyConnected));
    let local = SocketAddr::new(OWN.into(), syn.from);
    assert_eq!(call(&mut host, Call::GetSockName { sock }), Reply::Name(local));
    assert_eq!(call(&mut host, Call::GetPeerName { sock }), Reply::Name(remote));
    host.inject(&segment_to(syn.from, "R", 501, 0, b"")).expect("the host lives");
    assert_eq!(call(&mut host, Call::Recv { sock, max: 1 }), Reply::Refused(Refused::ConnReset));
    assert_eq!(call(&mut host, Call::Recv { sock, max: 1 }), Reply::Data(Vec::new()), "reported once");

    let (sock, syn, remote) = connecting(&mut host);
    host.inject(&segment_to(syn.from, "R.", 0, syn.seq + 1, b"")).expect("the host lives");
    assert_eq!(call(&mut host, Call::Connect { sock, remote }), Reply::Refused(Refused::ConnRefused));
}

#[test]
fn an_unanswered_syn_is_repeated_with_growing_pauses_until_the_user_timeout() {
    let mut host = host();
    let sock = open(&mut host, Kind::Stream);
    let value = OptionValue::UserTimeout(Some(Span::from_secs(60)));
    assert_eq!(call(&mut host, Call::SetOption { sock, value }), Reply::Done);
    let remote = SocketAddr::new(PEER.into(), PEER_PORT);
    assert_eq!(call(&mut host, Call::Connect { sock, remote }), Reply::Refused(Refused::InProgress));
    let mut times = Vec::new();
    let end = host.now() + Span::from_secs(100);
    while host.run_until(end, Until::Output).expect("the host lives") == Stopped::Output {
        let emitted = host.take().expect("a frame was emitted");
        times.push((emitted.at, read(&emitted.bytes)));
    }
    let (resets, syns): (Vec<_>, Vec<_>) = times.iter().partition(|(_, said)| said.flags.contains('R'));
    assert_eq!(host.now(), end);
    assert!(syns.len() >= 4, "{times:?}");
    assert!(syns.iter().all(|(_, said)| said.seq == syns[0].1.seq), "the same sequence number");
    let pauses: Vec<Span> = syns.windows(2).map(|pair| pair[1].0.since(pair[0].0)).collect();
    assert!(pauses.windows(2).all(|pair| pair[0] <= pair[1]), "{pauses:?}");
    assert_eq!(resets.len(), 1, "smoltcp resets what timed out");
    let error = Reply::Option(OptionValue::Error(Some(Refused::TimedOut)));
    assert_eq!(call(&mut host, Call::GetOption { sock, name: OptionName::Error }), error);
}

#[test]
fn a_repeated_syn_reaches_its_own_connection() {
    let mut host = host();
    let first = accepted(&mut host).0;
    let value = OptionValue::Linger(Some(Span::ZERO));
    call(&mut host, Call::SetOption { sock: first, value });
    call(&mut host, Call::Close { sock: first });
    assert_eq!(only(&mut host).flags, "R.");
    // The place of the closed connection is free now, before the place of the listening socket.
    host.inject(&segment("S", 900, 0, b"")).expect("the host lives");
    let answer = only(&mut host);
    host.inject(&segment("S", 900, 0, b"")).expect("the host lives");
    run_for(&mut host, Span::from_secs(3));
    for again in taken(&mut host) {
        assert_eq!((again.flags.as_str(), again.seq), ("S.", answer.seq));
    }
}

#[test]
fn a_full_backlog_takes_no_more_and_accept_makes_room() {
    let mut host = host();
    let sock = listener(&mut host, 1);
    host.inject(&segment("S", 100, 0, b"")).expect("the host lives");
    let answer = only(&mut host);
    host.inject(&segment(".", 101, answer.seq + 1, b"")).expect("the host lives");
    let mut other = segment("S", 5000, 0, b"");
    other[12..16].copy_from_slice(&[192, 0, 2, 9]);
    fix_checksums(&mut other);
    host.inject(&other).expect("the host lives");
    assert_eq!(only(&mut host).flags, "R.");
    assert!(matches!(call(&mut host, Call::Accept { sock }), Reply::Accepted { .. }));
    host.inject(&other).expect("the host lives");
    assert_eq!(only(&mut host).flags, "S.");
}

fn fix_checksums(packet: &mut [u8]) {
    let before = packet.to_vec();
    let sliced = SlicedPacket::from_ip(&before).expect("an IP packet");
    let (Some(NetSlice::Ipv4(ip)), Some(TransportSlice::Tcp(tcp))) = (sliced.net, sliced.transport) else {
        panic!("not TCP over IPv4")
    };
    let (mut ip, mut tcp, data) = (ip.header().to_header(), tcp.to_header(), tcp.payload().to_vec());
    tcp.checksum = tcp.calc_checksum_ipv4(&ip, &data).expect("it fits");
    ip.header_checksum = ip.calc_header_checksum();
    let mut bytes = Vec::new();
    ip.write(&mut bytes).expect("a vector takes it");
    tcp.write(&mut bytes).expect("a vector takes it");
    packet[..bytes.len()].copy_from_slice(&bytes);
}

fn datagram(to: u16, data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let builder = PacketBuilder::ipv4(PEER.octets(), OWN.octets(), 64).udp(PEER_PORT, to);
    builder.write(&mut bytes, data).expect("it fits a packet");
    bytes
}

#[test]
fn datagrams_are_answered_and_unknown_ports_are_unreachable() {
    let mut host = host();
    let sock = open(&mut host, Kind::Datagram);
    let local = SocketAddr::new(OWN.into(), 7);
    assert_eq!(call(&mut host, Call::Bind { sock, local }), Reply::Done);
    host.inject(&datagram(7, b"echo")).expect("the host lives");
    let from = SocketAddr::new(PEER.into(), PEER_PORT);
    let expected = Reply::Datagram { from, to: OWN.into(), data: b"ech".to_vec(), whole_octets: 4 };
    assert_eq!(call(&mut host, Call::RecvFrom { sock, max: 3 }), expected);
    assert_eq!(
        call(&mut host, Call::SendTo { sock, to: Some(from), data: b"echo".to_vec() }),
        Reply::Sent(4)
    );
    let emitted = host.take().expect("a datagram").bytes;
    let sliced = SlicedPacket::from_ip(&emitted).expect("an IP packet");
    let Some(TransportSlice::Udp(udp)) = sliced.transport else { panic!("not UDP") };
    assert_eq!((udp.destination_port(), udp.payload()), (PEER_PORT, b"echo".as_slice()));

    host.inject(&datagram(9, b"nobody")).expect("the host lives");
    let emitted = host.take().expect("an ICMP message").bytes;
    let sliced = SlicedPacket::from_ip(&emitted).expect("an IP packet");
    let Some(TransportSlice::Icmpv4(icmp)) = sliced.transport else { panic!("not ICMP") };
    assert_eq!((icmp.type_u8(), icmp.code_u8()), (3, 3));
}

#[test]
fn known_neighbours_are_not_asked_for_on_ethernet() {
    for remote in [IpAddr::V4(PEER), IpAddr::V6(PEER6)] {
        let mut host = Smoltcp::new();
        host.reset(&config(Link::Ethernet)).expect("the configuration fits");
        run_for(&mut host, Span::from_secs(300));
        let family = if remote.is_ipv4() { Family::V4 } else { Family::V6 };
        let Reply::Socket(sock) = call(&mut host, Call::Socket { family, kind: Kind::Stream }) else {
            panic!("no socket")
        };
        let remote = SocketAddr::new(remote, PEER_PORT);
        assert_eq!(call(&mut host, Call::Connect { sock, remote }), Reply::Refused(Refused::InProgress));
        let frame = host.take().expect("a SYN").bytes;
        assert_eq!(frame[..6], PEER_MAC.0);
        assert_eq!(frame[6..12], OWN_MAC.0);
        assert_eq!(read(&frame[14..]).flags, "S");
    }
}

#[test]
fn the_same_seed_gives_the_same_frames() {
    let frames = |seed| {
        let mut host = Smoltcp::new();
        host.reset(&HostConfig { seed, ..config(Link::Ip) }).expect("the configuration fits");
        connecting(&mut host);
        let (sock, _, _) = accepted(&mut host);
        call(&mut host, Call::Send { sock, data: vec![7; 5000], urgent: false });
        run_for(&mut host, Span::from_secs(60));
        std::iter::from_fn(move || host.take()).collect::<Vec<_>>()
    };
    assert_eq!(frames(7), frames(7));
    assert_ne!(frames(7), frames(8));
}

#[test]
fn what_it_can_not_do_is_refused() {
    let mut host = host();
    let (sock, _, _) = accepted(&mut host);
    let urgent = Call::Send { sock, data: vec![1], urgent: true };
    assert_eq!(call(&mut host, urgent), Reply::Refused(Refused::NotSupported));
    let value = OptionValue::MaxSegment(500);
    assert_eq!(call(&mut host, Call::SetOption { sock, value }), Reply::Refused(Refused::NoSuchOption));
    let unbound = open(&mut host, Kind::Stream);
    assert_eq!(call(&mut host, Call::Recv { sock: unbound, max: 1 }), Reply::Refused(Refused::NotConnected));
    assert!(Smoltcp::new().inject(&[]).is_err(), "not before it was reset");
}

quickcheck::quickcheck! {
    fn hostile_frames_do_not_end_it(frames: Vec<Vec<u8>>, flags: u8, seq: u32, ack: u32) -> bool {
        let mut host = host();
        listener(&mut host, 2);
        let mut survives = true;
        for bytes in &frames {
            survives &= host.inject(bytes).is_ok();
            let mut packet = segment("S", seq, ack, bytes);
            packet[33] = flags;
            fix_checksums(&mut packet);
            survives &= host.inject(&packet).is_ok();
        }
        survives && host.run_until(Instant::ZERO + Span::from_secs(5), Until::Time).is_ok()
    }
}
