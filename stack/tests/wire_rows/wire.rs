//! A peer made of segments: it sends what it is told to, and writes down what comes back.

use crate::rig::{App, Link, config, name};
use stack::base::choose::Seeded;
use stack::base::{Instant, Span};
use stack::host::{Config, Stimulus};
use stack::sock::{self, SocketId, SynCookies};
use stack::tcp::{self, State};
use stack::wire::ipv4;
use stack::wire::tcp::{Flags, Segment, View};
use stack::wire::{icmpv4, tcp as wire_tcp};
use std::net::Ipv4Addr;

pub(crate) const HOST: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
pub(crate) const PEER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);

pub(crate) const SYN: Flags = Flags::SYN;
pub(crate) const ACK: Flags = Flags::ACK;
pub(crate) const RST: Flags = Flags::RST;
pub(crate) const FIN: Flags = Flags::FIN;

/// A segment of the host.
#[derive(Clone, Debug)]
pub(crate) struct Got {
    pub(crate) at: Instant,
    pub(crate) flags: Flags,
    pub(crate) seq: u32,
    pub(crate) from: u16,
    pub(crate) to: u16,
    pub(crate) octets: usize,
    /// The packet it came in.
    pub(crate) packet: Vec<u8>,
}

/// One segment to send.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tcp<'a> {
    pub(crate) from: u16,
    pub(crate) to: u16,
    pub(crate) seq: u32,
    pub(crate) ack: u32,
    pub(crate) flags: Flags,
    pub(crate) data: &'a [u8],
}

/// The host, and the link to it.
pub(crate) struct Wire {
    pub(crate) app: App,
}

fn packet(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let packet = ipv4::Packet {
        src: PEER,
        dst: HOST,
        protocol,
        ttl: 64,
        tos: 0,
        identification: 1,
        dont_fragment: true,
        more_fragments: false,
        fragment_offset_octets: 0,
        options: &[],
        payload,
    };
    let mut frame = Vec::new();
    packet.emit(&mut frame);
    frame
}

/// The flags of segments, with their octets: `SA; PA(3)`, or `nothing`.
pub(crate) fn flags(got: &[Got]) -> String {
    let letters = [(FIN, 'F'), (SYN, 'S'), (RST, 'R'), (Flags::PSH, 'P'), (ACK, 'A'), (Flags::URG, 'U')];
    let of = |got: &Got| {
        let set: String =
            letters.iter().filter(|(flag, _)| got.flags.contains(*flag)).map(|(_, letter)| letter).collect();
        if got.octets > 0 { format!("{set}({})", got.octets) } else { set }
    };
    let all: Vec<String> = got.iter().map(of).collect();
    if all.is_empty() { "nothing".into() } else { all.join("; ") }
}

impl Wire {
    /// A host with the ways of Linux, cookies as given.
    pub(crate) fn with(syn_cookies: SynCookies) -> Self {
        let sockets = sock::Policy { syn_cookies, ..sock::Policy::default().as_linux() };
        let tcp = tcp::Settings::default().as_linux();
        let config = Config { tcp, sockets, ..config(0, Link::Ip) };
        Self { app: App::new(config, Box::new(Seeded::new(3))) }
    }

    pub(crate) fn new() -> Self {
        Self::with(SynCookies::WhenFull)
    }

    fn segments(&mut self) -> Vec<Got> {
        let at = self.app.now;
        let frames = self.app.seen.frames.drain(..);
        let parse = |frame: Vec<u8>| {
            let view = ipv4::View::read(&frame).ok()?;
            if view.protocol() != wire_tcp::PROTOCOL {
                return None;
            }
            let segment = View::read(view.payload()).ok()?;
            Some(Got {
                at,
                flags: segment.flags(),
                seq: segment.seq(),
                from: segment.src_port(),
                to: segment.dst_port(),
                octets: segment.payload().len(),
                packet: frame.clone(),
            })
        };
        frames.filter_map(parse).collect()
    }

    /// Time passes; what the host sent since it was last asked.
    pub(crate) fn pass(&mut self, span: Span) -> Vec<Got> {
        let end = self.app.now + span;
        let mut got = self.segments();
        while let Some(due) = self.app.host.due().filter(|due| *due <= end) {
            self.app.now = due;
            self.app.step(Stimulus::Time);
            got.extend(self.segments());
        }
        self.app.now = end;
        self.app.step(Stimulus::Time);
        got.extend(self.segments());
        got
    }

    /// What the host sent just now, and what it sends soon.
    pub(crate) fn sent(&mut self) -> Vec<Got> {
        self.pass(Span::from_millis(60))
    }

    /// A segment arrives; what the host sends then and soon after.
    pub(crate) fn send(&mut self, tcp: Tcp<'_>) -> Vec<Got> {
        self.sent();
        let mut got = self.send_at_once(tcp);
        got.extend(self.sent());
        got
    }

    /// A segment arrives; what the host sends at once. A millisecond passes.
    pub(crate) fn send_at_once(&mut self, tcp: Tcp<'_>) -> Vec<Got> {
        let mut payload = Vec::new();
        let segment = Segment {
            src_port: tcp.from,
            dst_port: tcp.to,
            seq: tcp.seq,
            ack: tcp.ack,
            flags: tcp.flags,
            window: 65_535,
            payload: tcp.data,
            ..Segment::default()
        };
        segment.emit(PEER.into(), HOST.into(), &mut payload);
        self.app.step(Stimulus::Frame(&packet(wire_tcp::PROTOCOL, &payload)));
        self.pass(Span::from_millis(1))
    }

    /// As [`Wire::send`], with a wrong checksum.
    pub(crate) fn send_damaged(&mut self, tcp: Tcp<'_>) -> Vec<Got> {
        let mut payload = Vec::new();
        let segment =
            Segment { src_port: tcp.from, dst_port: tcp.to, flags: tcp.flags, ..Segment::default() };
        segment.emit(PEER.into(), HOST.into(), &mut payload);
        payload[16] ^= 0x55;
        self.app.step(Stimulus::Frame(&packet(wire_tcp::PROTOCOL, &payload)));
        self.sent()
    }

    /// An ICMP message about a packet of the host.
    pub(crate) fn icmp(&mut self, code: u8, quoted: &[u8]) {
        let message = icmpv4::Message::DestinationUnreachable {
            code: icmpv4::Unreachable::from_code(code),
            mtu: 0,
            quoted: &quoted[..quoted.len().min(60)],
        };
        let mut payload = Vec::new();
        message.emit(&mut payload);
        self.app.step(Stimulus::Frame(&packet(1, &payload)));
        self.sent();
    }

    /// A source quench about a packet of the host.
    pub(crate) fn quench(&mut self, quoted: &[u8]) {
        let mut payload = vec![4, 0, 0, 0, 0, 0, 0, 0];
        payload.extend(&quoted[..28]);
        let words = payload.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]])));
        let sum = words.sum::<u32>();
        let sum = !u16::try_from((sum & 0xffff) + (sum >> 16)).expect("a short message");
        payload[2..4].copy_from_slice(&sum.to_be_bytes());
        self.app.step(Stimulus::Frame(&packet(1, &payload)));
        self.sent();
    }

    /// A listener on `port` of the host.
    pub(crate) fn listen(&mut self, port: u16, backlog: i32) -> SocketId {
        self.app.server(name(&format!("{HOST}:{port}")), backlog)
    }

    /// A SYN from `from`; the SYN,ACK that answers it.
    pub(crate) fn syn(&mut self, from: u16, to: u16) -> Vec<Got> {
        self.send(Tcp { from, to, seq: 1000, flags: SYN, ..Tcp::default() })
    }

    /// The last segment of a handshake that began with [`Wire::syn`], and what answers it.
    pub(crate) fn complete(&mut self, syn_ack: &Got, data: &[u8]) -> Vec<Got> {
        let (from, to, ack) = (syn_ack.to, syn_ack.from, syn_ack.seq.wrapping_add(1));
        self.send(Tcp { from, to, seq: 1001, ack, flags: ACK, data })
    }

    /// A connection from `from`, not yet accepted; the number that the host begins with.
    pub(crate) fn open(&mut self, from: u16, to: u16) -> u32 {
        let syn_ack = self.syn(from, to);
        assert_eq!(flags(&syn_ack), "SA");
        assert_eq!(flags(&self.complete(&syn_ack[0], b"")), "nothing");
        syn_ack[0].seq.wrapping_add(1)
    }

    /// A socket that has begun to connect to `port` of the peer, and its SYN.
    pub(crate) fn connecting(&mut self, port: u16) -> (SocketId, Got) {
        self.sent();
        let sock = self.app.tcp();
        let begun = self.app.connect(sock, name(&format!("{PEER}:{port}")));
        assert_eq!(begun, Err(stack::base::Refused::InProgress));
        let syn = self.segments().pop().expect("a SYN");
        (sock, syn)
    }

    /// The state of a socket.
    pub(crate) fn state(&self, sock: SocketId) -> Option<State> {
        self.app.host.sockets().iter().find(|row| row.sock == Some(sock)).and_then(|row| row.state)
    }
}
