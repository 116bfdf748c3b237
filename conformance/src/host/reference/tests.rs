//! The reference as a host: raw frames in and out, virtual time, repeatable choices.

use super::*;
use stack::base::Cidr;
use stack::sock::{Family, Kind, SocketId};
use stack::wire::ethernet::{self, EtherType, Frame};
use stack::wire::tcp::{Flags, Segment, View};
use stack::wire::{ipv4, tcp};
use std::net::{IpAddr, SocketAddr};

const OWN: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);
const PEER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const OWN_MAC: Mac = Mac([2, 0, 0, 0, 0, 2]);
const PEER_MAC: Mac = Mac([2, 0, 0, 0, 0, 1]);

fn config(link: Link, seed: u64) -> HostConfig {
    HostConfig {
        link,
        mac: OWN_MAC,
        addrs: vec![Cidr::new(OWN.into(), 24)],
        peers: vec![(PEER.into(), Some(PEER_MAC))],
        mtu_octets: 1500,
        seed,
    }
}

fn reset(link: Link, seed: u64) -> Reference {
    let mut host = Reference::checked();
    host.reset(&config(link, seed)).expect("the configuration fits");
    host
}

/// A segment from the peer's port 40000 to port 80.
fn segment(link: Link, flags: Flags, seq: u32, ack: u32) -> Vec<u8> {
    let segment =
        Segment { src_port: 40_000, dst_port: 80, seq, ack, flags, window: 65_535, ..Segment::default() };
    let mut bytes = Vec::new();
    segment.emit(PEER.into(), OWN.into(), &mut bytes);
    let packet = ipv4::Packet {
        src: PEER,
        dst: OWN,
        protocol: tcp::PROTOCOL,
        ttl: 64,
        tos: 0,
        identification: 0,
        dont_fragment: true,
        more_fragments: false,
        fragment_offset_octets: 0,
        options: &[],
        payload: &bytes,
    };
    let mut bytes = Vec::new();
    packet.emit(&mut bytes);
    match link {
        Link::Ip => bytes,
        Link::Ethernet => {
            let mut frame = Vec::new();
            let ethertype = EtherType::IPV4;
            Frame { dst: OWN_MAC, src: PEER_MAC, ethertype, payload: &bytes }.emit(&mut frame);
            frame
        }
    }
}

/// The only frame that waits, as flags, SEQ and ACK.
fn only(host: &mut Reference, link: Link) -> (Flags, u32, u32) {
    let frame = host.take().expect("a frame was emitted").bytes;
    assert!(host.take().is_none(), "only one frame was emitted");
    let packet = match link {
        Link::Ip => frame.as_slice(),
        Link::Ethernet => &frame[ethernet::HEADER_OCTETS..],
    };
    let packet = ipv4::View::read(packet).expect("an IPv4 header");
    let view = View::read(packet.payload()).expect("a TCP header");
    assert!(packet.checksum_holds() && view.checksum_holds(OWN.into(), PEER.into()));
    (view.flags(), view.seq(), view.ack())
}

fn listen(host: &mut Reference) -> SocketId {
    let Ok(Reply::Socket(sock)) = host.call(&Call::Socket { family: Family::V4, kind: Kind::Stream }) else {
        panic!("a socket was asked for")
    };
    let local = SocketAddr::new(IpAddr::V4(OWN), 80);
    assert_eq!(host.call(&Call::Bind { sock, local }), Ok(Reply::Done));
    assert_eq!(host.call(&Call::Listen { sock, backlog: 4 }), Ok(Reply::Done));
    sock
}

#[test]
fn a_handshake_by_raw_frames() {
    for link in [Link::Ip, Link::Ethernet] {
        let mut host = reset(link, 7);
        let sock = listen(&mut host);
        host.inject(&segment(link, Flags::SYN, 100, 0)).expect("the host lives");
        let (flags, seq, ack) = only(&mut host, link);
        assert_eq!((flags, ack), (Flags::SYN.union(Flags::ACK), 101));
        host.inject(&segment(link, Flags::ACK, 101, seq.wrapping_add(1))).expect("the host lives");
        assert!(host.take().is_none());
        let peer = SocketAddr::new(PEER.into(), 40_000);
        let accepted = host.call(&Call::Accept { sock });
        assert!(matches!(accepted, Ok(Reply::Accepted { peer: from, .. }) if from == peer), "{accepted:?}");
    }
}

#[test]
fn time_is_virtual_and_exact() {
    let mut host = reset(Link::Ip, 7);
    listen(&mut host);
    assert_eq!(host.next_deadline(), Deadline::Idle);
    let hour = Instant::ZERO + Span::from_secs(3600);
    assert_eq!(host.run_until(hour, Until::Output), Ok(Stopped::AtTime));
    assert_eq!(host.now(), hour);
    host.inject(&segment(Link::Ip, Flags::SYN, 100, 0)).expect("the host lives");
    assert_eq!(host.take().map(|emitted| emitted.at), Some(hour));
    let Deadline::At(due) = host.next_deadline() else { panic!("the SYN-ACK has to be retransmitted") };
    assert_eq!(due, hour + Span::from_secs(1));
    assert_eq!(host.run_until(due + Span::from_secs(9), Until::Output), Ok(Stopped::Output));
    assert_eq!(host.now(), due);
    assert_eq!(host.take().map(|emitted| emitted.at), Some(due));
}

#[test]
fn a_discard_is_reported_with_its_reason() {
    let mut host = reset(Link::Ip, 7);
    let mut frame = segment(Link::Ip, Flags::SYN, 100, 0);
    frame[10] ^= 1;
    host.inject(&frame).expect("the host lives");
    assert_eq!(host.take_discard(), Some((Instant::ZERO, Why::Ipv4Checksum)));
    assert_eq!(host.take_discard(), None);
}

#[test]
fn the_seed_alone_fixes_the_choices() {
    let answer = |seed| {
        let mut host = reset(Link::Ip, seed);
        listen(&mut host);
        host.inject(&segment(Link::Ip, Flags::SYN, 100, 0)).expect("the host lives");
        host.take()
    };
    assert_eq!(answer(7), answer(7));
    assert_ne!(answer(7), answer(8));
}

#[test]
fn what_was_not_reset_does_not_run() {
    let mut host = Reference::new();
    assert!(matches!(host.inject(&[]), Err(Fault::Protocol(_))));
    assert_eq!(host.next_deadline(), Deadline::Unknown);
}
