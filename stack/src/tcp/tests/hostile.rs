//! floor 3: a peer that sends anything at all, with numbers near those that matter. No invariant breaks, no
//! segment leaves that may not leave, and every octet that is read is the one that has that number.

use crate::base::choose::Seeded;
use crate::base::seq::{RawWindow, Shift, Window};
use crate::base::{Choose, Ecn, Freedom, Instant, Ours, Seq, Span, Theirs, Why};
use crate::tcp::{Algorithm, Cx, EcnUse, Emit, Offsets, Settings, State, Tcb};
use crate::wire::tcp::{Flags, Segment};
use crate::wire::tcp_option::Timestamps;
use alloc::vec::Vec;
use quickcheck::QuickCheck;

/// Judges every segment that leaves against what left before.
#[derive(Default)]
struct Watch {
    last_ack: Option<Seq<Theirs>>,
    edge: Option<Seq<Theirs>>,
    /// Of the windows that are offered.
    scale: Shift,
    end: Option<Seq<Ours>>,
    segments: u32,
    /// The latest timestamp.
    stamp: u32,
}

impl Emit for Watch {
    fn segment(&mut self, segment: &Segment<'_>, _: Ecn) {
        let flags = segment.flags;
        self.segments += 1;
        assert!(!(flags.syn() && flags.intersects(Flags::FIN | Flags::RST)), "{flags} together");
        assert!(flags.intersects(Flags::SYN | Flags::ACK | Flags::RST), "{flags} alone");
        assert!(segment.options.mss.is_none() || flags.syn(), "an MSS option without SYN");
        assert!(!flags.rst() || segment.payload.is_empty(), "a reset with text");
        if flags.rst() {
            return;
        }
        if let Some(stamps) = segment.options.timestamps {
            assert!(
                stamps.value.wrapping_sub(self.stamp) < 1 << 31 || self.segments == 1,
                "the clock goes back"
            );
            self.stamp = stamps.value;
        }
        let end = Seq::new(segment.seq) + segment.len_octets();
        self.end = Some(self.end.map_or(end, |known| known.later(end)));
        if flags.ack() {
            let ack = Seq::new(segment.ack);
            assert!(self.last_ack.is_none_or(|last| last.at_or_before(ack)), "the acknowledgement goes back");
            self.last_ack = Some(ack);
            let shift = if flags.syn() { Shift::NONE } else { self.scale };
            let edge = ack + Window::from_raw(RawWindow(segment.window), shift).octets();
            let rounded = (1 << shift.bits()) - 1;
            assert!(
                self.edge.is_none_or(|known| known.at_or_before(edge + rounded)),
                "the right edge goes back"
            );
            self.edge = Some(self.edge.map_or(edge, |known| known.later(edge)));
        }
    }

    fn discard(&mut self, _: Why) {}
}

struct Bench {
    dice: Seeded,
    tcb: Tcb,
    now: Instant,
    watch: Watch,
    /// A timestamp of the peer.
    stamp: u32,
    /// The number of the next octet that the application reads.
    next_read: u32,
}

/// The octet that has this number.
fn octet(seq: Seq<Theirs>) -> u8 {
    (seq.value() ^ seq.value() >> 8) as u8
}

impl Bench {
    fn new(seed: u64) -> Self {
        let mut dice = Seeded::new(seed);
        let mut watch = Watch::default();
        let mut settings = Settings::ipv4(100 + draw(&mut dice, 1400) as u16);
        settings.receive_buffer_octets = (1 + draw(&mut dice, 3000)) << draw(&mut dice, 12);
        settings.send_buffer_octets = 1 + draw(&mut dice, 3000);
        settings.window_scale = draw(&mut dice, 4) > 0;
        settings.sack = draw(&mut dice, 4) > 0;
        settings.congestion = if draw(&mut dice, 2) > 0 { Algorithm::Cubic } else { Algorithm::Reno };
        let mut choices = dice;
        settings.timestamps = draw(&mut dice, 4) > 0;
        settings.ecn = [EcnUse::Never, EcnUse::Accept, EcnUse::Request][draw(&mut dice, 3) as usize];
        let cx = &mut Cx { choices: &mut choices, out: &mut watch };
        let offsets = Offsets::from_hash(u64::from(draw(&mut dice, u32::MAX)) << 20);
        let tcb = if draw(&mut dice, 2) == 0 {
            Tcb::connect(&settings.into(), offsets, Instant::ZERO, cx)
        } else {
            let seq = draw(&mut dice, u32::MAX);
            let window = draw(&mut dice, 3000) as u16;
            let mut syn = Segment { seq, flags: Flags::SYN, window, ..Segment::default() };
            syn.options.sack_permitted = draw(&mut dice, 4) > 0;
            syn.options.window_scale = (draw(&mut dice, 2) == 0).then(|| draw(&mut dice, 16) as u8);
            syn.options.timestamps = (draw(&mut dice, 2) == 0).then(Timestamps::default);
            Tcb::accept(&settings.into(), offsets, Instant::ZERO, &syn, cx)
        };
        tcb.check();
        watch.scale = tcb.scale().map_or(Shift::NONE, |scale| scale.rcv);
        Self { dice, tcb, now: Instant::ZERO, watch, stamp: 0, next_read: 0 }
    }

    fn draw(&mut self, bound: u32) -> u32 {
        draw(&mut self.dice, bound)
    }

    /// A number near one that matters.
    fn near(&mut self, anchors: &[u32]) -> u32 {
        let anchor = anchors[self.draw(anchors.len() as u32) as usize];
        match self.draw(8) {
            0 => self.draw(u32::MAX),
            1..=4 => anchor,
            5 => anchor.wrapping_add(self.draw(3)),
            6 => anchor.wrapping_sub(self.draw(3)),
            _ => anchor.wrapping_add(self.draw(2000)).wrapping_sub(1000),
        }
    }

    fn segment_arrives(&mut self) {
        let (snd, rcv) = (*self.tcb.snd(), *self.tcb.rcv());
        let edge = (rcv.nxt + rcv.wnd.octets()).value();
        let seq = self.near(&[rcv.nxt.value(), rcv.nxt.value(), edge, self.tcb.irs().value()]);
        let ack = self.near(&[snd.una.value(), snd.nxt.value(), snd.nxt.value(), self.tcb.iss().value()]);
        let flags = match self.draw(12) {
            0 => Flags(self.draw(512) as u16),
            1 => Flags::SYN,
            2 => Flags::SYN | Flags::ACK,
            3 => Flags::FIN | Flags::ACK,
            4 if self.draw(4) == 0 => Flags::RST,
            5 => Flags::ACK | Flags::URG,
            _ => Flags::ACK,
        };
        let len = if self.draw(2) == 0 { 0 } else { self.draw(1500) };
        let first = Seq::<Theirs>::new(seq) + u32::from(flags.syn());
        let payload: Vec<u8> = (0..len).map(|at| octet(first + at)).collect();
        let window = if self.draw(3) == 0 { 0 } else { self.draw(4000) as u16 };
        let urgent_pointer = self.draw(2000) as u16;
        let mut segment = Segment { seq, ack, flags, window, urgent_pointer, ..Segment::default() };
        segment.payload = &payload;
        segment.options.mss =
            (self.draw(2) == 0).then(|| self.dice.choose(Freedom::EphemeralPort, 0..=1500) as u16);
        segment.options.sack_permitted = self.draw(2) == 0;
        for _ in 0..self.draw(5) {
            let una = snd.una.value();
            let ahead = una.wrapping_add(self.draw(1000));
            let start = self.near(&[una, ahead, snd.nxt.value(), ack]);
            let end = self.near(&[start.wrapping_add(1), start.wrapping_add(50), snd.nxt.value()]);
            segment.options.sack.push((start, end));
        }
        segment.options.window_scale = (self.draw(2) == 0).then(|| self.draw(16) as u8);
        // Half of the values are of one that came before, since otherwise hardly a segment would pass.
        segment.options.timestamps = (self.draw(8) > 0).then(|| {
            let (value, echo) = (self.near(&[0, self.stamp]), self.near(&[0, self.watch.stamp]));
            Timestamps { value, echo }
        });
        if let Some(stamps) = segment.options.timestamps
            && self.draw(8) == 0
        {
            self.stamp = stamps.value;
        }
        let ecn = Ecn::of_traffic_class(self.draw(4) as u8);
        let before = self.watch.segments;
        let mut choices = self.dice;
        let cx = &mut Cx { choices: &mut choices, out: &mut self.watch };
        self.tcb.arrives(self.now, &segment, ecn, cx);
        self.watch.scale = self.tcb.scale().map_or(Shift::NONE, |scale| scale.rcv);
        let answers = self.watch.segments - before;
        let answered = flags.rst() && self.tcb.state() == State::Closed && answers > 0;
        assert!(!answered, "a reset was answered");
    }

    fn step(&mut self) {
        let choice = self.draw(16);
        let size = 1 + self.draw(2000);
        if choice < 10 {
            return self.segment_arrives();
        }
        let wait = Span::from_millis(u64::from(self.draw(3000)));
        let data: Vec<u8> = (0..size).map(|at| at as u8).collect();
        let mut choices = self.dice;
        let cx = &mut Cx { choices: &mut choices, out: &mut self.watch };
        match choice {
            10 | 11 => drop(self.tcb.send(self.now, &data, size.is_multiple_of(7), cx)),
            12 => {
                let read = self.tcb.receive(self.now, size, cx);
                self.compare(&read.unwrap_or_default());
            }
            13 if size < 100 => drop(self.tcb.shutdown_write(self.now, cx)),
            14 if size < 50 => self.tcb.close(self.now, cx),
            _ => {
                self.now += wait;
                while let Some(due) = self.tcb.due()
                    && due <= self.now
                {
                    self.tcb.on_due(due, cx);
                    self.tcb.check();
                    assert!(self.tcb.due().is_none_or(|next| next > due), "a deadline that does not pass");
                }
            }
        }
    }

    fn compare(&mut self, read: &[u8]) {
        let first = self.tcb.irs() + 1 + self.next_read;
        for (at, found) in (0..).zip(read) {
            assert_eq!(*found, octet(first + at), "octet {at} after {}", self.next_read);
        }
        self.next_read += read.len() as u32;
    }
}

fn draw(dice: &mut Seeded, bound: u32) -> u32 {
    dice.choose(Freedom::EphemeralPort, 0..=u64::from(bound) - 1) as u32
}

//? RFC9293-3.1-g
//? RFC9293-3.1-e
//? RFC9293-MUST-65
//? RFC9293-3.4-d
//? RFC9293-SHLD-14
//? RFC9293-3.5.2-a
//? RFC9293-3.10.7.4-aa
#[test]
fn nothing_that_arrives_breaks_a_connection() {
    fn holds(seed: u64) -> bool {
        let mut bench = Bench::new(seed);
        for _ in 0..120 {
            bench.step();
            bench.tcb.check();
        }
        true
    }
    QuickCheck::new().tests(1000).quickcheck(holds as fn(u64) -> bool);
    (0..2000).for_each(|seed| assert!(holds(seed)));
}
