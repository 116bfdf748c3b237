//! Exchanges of segments with times of their own, seen at a tap near to the client, in which one thing can be
//! made wrong. The client is what is judged; the server is 20 ms away.

use super::super::*;
use assume::Tap;
use stack::base::{Instant, Span};
use stack::wire::Auto;
use stack::wire::tcp::{self, Flags, Forced};
use stack::wire::{ipv4, tcp_option};
use std::net::{IpAddr, Ipv4Addr};

pub(super) const CLIENT: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
pub(super) const SERVER: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 2);
/// Initial sequence numbers; those of the client come round during an exchange.
pub(super) const CLIENT_ISN: u32 = u32::MAX - 2_000;
pub(super) const SERVER_ISN: u32 = 7_000;
/// Data octets of a full segment: an MSS of 1460 less the timestamps.
pub(super) const FULL: usize = 1_448;

/// A segment to be. Numbers count from the initial sequence number of their side.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) name: &'static str,
    pub(super) at_us: u64,
    pub(super) from_client: bool,
    pub(super) flags: Flags,
    pub(super) seq: u32,
    pub(super) ack: u32,
    pub(super) window: u16,
    pub(super) data: Vec<u8>,
    /// Options as octets; nothing for timestamps of the usual kind.
    pub(super) options: Option<Vec<u8>>,
    /// Value and echo of the usual timestamps; those of the line's time if not told.
    pub(super) stamps: Option<(u32, u32)>,
    pub(super) urgent: u16,
    pub(super) ecn: u8,
    pub(super) ttl: u8,
    pub(super) identification: u16,
    /// Whether its checksum is wrong.
    pub(super) damaged: bool,
}

/// A line without data.
pub(super) fn line(
    name: &'static str,
    at_us: u64,
    from_client: bool,
    flags: Flags,
    seq: u32,
    ack: u32,
) -> Line {
    Line {
        name,
        at_us,
        from_client,
        flags,
        seq,
        ack,
        window: 500,
        data: Vec::new(),
        options: None,
        stamps: None,
        urgent: 0,
        ecn: 0,
        ttl: 64,
        identification: 0,
        damaged: false,
    }
}

/// A line with so many octets of data, which tell their place.
pub(super) fn data(
    name: &'static str,
    at_us: u64,
    from_client: bool,
    seq: u32,
    ack: u32,
    octets: usize,
) -> Line {
    let data = (seq..).take(octets).map(|place| place.to_le_bytes()[0]).collect();
    Line { data, ..line(name, at_us, from_client, Flags::ACK | Flags::PSH, seq, ack) }
}

/// A line without data that acknowledges.
pub(super) fn ack(name: &'static str, at_us: u64, from_client: bool, seq: u32, ack: u32) -> Line {
    line(name, at_us, from_client, Flags::ACK, seq, ack)
}

/// Segments by name, in order of time.
#[derive(Clone, Debug, Default)]
pub(super) struct Exchange {
    pub(super) lines: Vec<Line>,
}

impl Exchange {
    /// The opening with all options, scale 7 on both sides: three lines up to 20.1 ms.
    pub(super) fn opened() -> Self {
        let option = |scale, stamps| Some(super::conversation::options(Some(scale), Some(stamps), true));
        let syn =
            Line { options: option(7, (1, 0)), window: 64_000, ..line("syn", 0, true, Flags::SYN, 0, 0) };
        let answer = Line {
            options: option(7, (100_020, 1)),
            window: 64_000,
            ..line("syn-ack", 20_000, false, Flags::SYN | Flags::ACK, 0, 1)
        };
        Self { lines: vec![syn, answer, ack("ack", 20_100, true, 1, 1)] }
    }

    /// With these lines more.
    pub(super) fn then(mut self, lines: impl IntoIterator<Item = Line>) -> Self {
        self.lines.extend(lines);
        self
    }

    pub(super) fn line(&mut self, name: &str) -> &mut Line {
        self.lines.iter_mut().find(|line| line.name == name).expect("a line of that name")
    }

    pub(super) fn drop(&mut self, name: &str) {
        self.lines.retain(|line| line.name != name);
    }

    /// What a judge says with the tap so near to the client.
    pub(super) fn judged(&self, tap: Tap) -> Report {
        self.judged_with(tap, |_| ())
    }

    /// What a judge says that knows this of the recording as well.
    pub(super) fn judged_with(&self, tap: Tap, knows: impl FnOnce(&mut assume::Calibration)) -> Report {
        let vantage = match tap {
            Tap::Anywhere => Vantage::Anywhere,
            Tap::AtHost | Tap::OnLink => Vantage::Stated(tap, Some(CLIENT.into())),
        };
        let mut lines = self.lines.clone();
        lines.sort_by_key(|line| line.at_us);
        let mut judge = Judge::new(vantage);
        for (number, line) in (1..).zip(&lines) {
            let bytes = line.bytes(number);
            judge.see(Sighting {
                number,
                at: Instant::ZERO + Span::from_micros(line.at_us),
                ethertype: EtherType::IPV4,
                link: None,
                bytes: &bytes,
                wire_len: bytes.len() as u32,
                inside: false,
                judged: true,
            });
        }
        knows(&mut judge.front.calibration);
        judge.finish()
    }
}

impl Line {
    fn bytes(&self, number: u64) -> Vec<u8> {
        let (src, dst) = if self.from_client { (CLIENT, SERVER) } else { (SERVER, CLIENT) };
        let (isn, other) = if self.from_client { (CLIENT_ISN, SERVER_ISN) } else { (SERVER_ISN, CLIENT_ISN) };
        let (src_port, dst_port) = if self.from_client { (40_000, 80) } else { (80, 40_000) };
        let ms = (self.at_us / 1_000) as u32;
        let usual = if self.from_client { (1 + ms, 100_000 + ms) } else { (100_000 + ms, 1 + ms) };
        let options = self.options.clone().unwrap_or_else(|| {
            let stamps = self.stamps.unwrap_or(usual);
            super::conversation::options(None, Some(stamps), false)[4..].to_vec()
        });
        let segment = tcp::Segment {
            src_port,
            dst_port,
            seq: isn.wrapping_add(self.seq),
            ack: if self.flags.ack() { other.wrapping_add(self.ack) } else { 0 },
            flags: self.flags,
            window: self.window,
            urgent_pointer: self.urgent,
            options: tcp_option::Options::NONE,
            payload: &self.data,
        };
        let checksum = if self.damaged { Auto::Forced(0x1234) } else { Auto::Computed };
        let forced = Forced { raw_options: Some(&options), checksum, ..Forced::default() };
        let mut payload = Vec::new();
        segment.emit_with(&forced, IpAddr::V4(src), IpAddr::V4(dst), &mut payload);
        let mut bytes = Vec::new();
        let identification = if self.identification == 0 { number as u16 } else { self.identification };
        let packet = ipv4::Packet {
            src,
            dst,
            protocol: tcp::PROTOCOL,
            ttl: self.ttl,
            tos: self.ecn,
            identification,
            dont_fragment: true,
            more_fragments: false,
            fragment_offset_octets: 0,
            options: &[],
            payload: &payload,
        };
        packet.emit(&mut bytes);
        bytes
    }
}

/// A breach in an exchange: the rule, the requirement, what it comes to, how near the tap has to be, and the
/// exchange. The same exchange without what is wrong must be good: see [`Flaw::good`].
pub(super) struct Flaw {
    pub(super) rule: &'static str,
    pub(super) clause: &'static str,
    pub(super) outcome: crate::verdict::Outcome,
    pub(super) tap: Tap,
    /// An exchange in which the rule is kept and has something to judge.
    pub(super) good: fn() -> Exchange,
    /// What makes it wrong.
    pub(super) breaks: fn(&mut Exchange),
}

/// Every breach in an exchange, one list for each file of rules.
pub(super) const FLAWS: &[&[Flaw]] = &[
    super::close::FLAWS,
    super::send::FLAWS,
    super::retransmit::FLAWS,
    super::timestamp::FLAWS,
    super::ack::FLAWS,
    super::sack::FLAWS,
    super::reset::FLAWS,
];

pub(super) fn flaws() -> impl Iterator<Item = &'static Flaw> {
    FLAWS.iter().copied().flatten()
}

#[test]
fn an_opening_is_accused_of_nothing() {
    for tap in [Tap::AtHost, Tap::OnLink, Tap::Anywhere] {
        let report = Exchange::opened().judged(tap);
        assert!(report.verdicts.is_empty(), "{:#?}", report.verdicts);
    }
}

#[test]
fn every_flaw_is_found_and_what_it_was_made_of_is_good() {
    for flaw in flaws() {
        let index = rules().position(|rule| rule.id == flaw.rule).expect("a rule of that name");
        let good = (flaw.good)();
        let report = good.judged(flaw.tap);
        // What the server does is there to be answered, right or wrong.
        let claims =
            report.verdicts.iter().filter(|verdict| verdict.host == IpAddr::V4(CLIENT)).filter(|verdict| {
                matches!(verdict.outcome, crate::verdict::Outcome::Fail | crate::verdict::Outcome::Deviates)
            });
        assert_eq!(claims.count(), 0, "{} {}: {:#?}", flaw.rule, flaw.clause, report.verdicts);
        assert!(report.tallies[index].holds > 0, "{} has nothing to judge in its good exchange", flaw.rule);
        let mut broken = good;
        (flaw.breaks)(&mut broken);
        let report = broken.judged(flaw.tap);
        let found = report.verdicts.iter().any(|verdict| {
            verdict.rule.id == flaw.rule && verdict.clause == flaw.clause && verdict.outcome == flaw.outcome
        });
        assert!(found, "{} {}: {:#?}", flaw.rule, flaw.clause, report.verdicts);
    }
}

#[test]
fn the_capture_shows_that_the_tap_is_near_to_the_client() {
    let mut judge = Judge::new(Vantage::Anywhere);
    for (number, line) in (1..).zip(&Exchange::opened().lines) {
        let bytes = line.bytes(number);
        let (at, wire_len) = (Instant::ZERO + Span::from_micros(line.at_us), bytes.len() as u32);
        let ethertype = EtherType::IPV4;
        judge.see(Sighting {
            number,
            at,
            ethertype,
            link: None,
            bytes: &bytes,
            wire_len,
            inside: false,
            judged: true,
        });
    }
    assert_eq!(judge.hosts().tap(CLIENT.into()), Tap::OnLink);
    assert_eq!(judge.hosts().tap(SERVER.into()), Tap::Anywhere);
}
