//! floor 3: two connections over a link that loses, doubles and reorders. Whatever the seed, the octets come
//! out as they went in, both ways, and both ends close.

use crate::base::choose::Seeded;
use crate::base::{Choose, Ecn, Freedom, Instant, Refused, Span, Why};
use crate::tcp::{Algorithm, Cx, EcnUse, Emit, End, Offsets, Settings, State, Tcb, listen};
use crate::wire::tcp::Segment;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use quickcheck::QuickCheck;

/// Draws numbers from the seed.
struct Dice(Seeded);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0.choose(Freedom::EphemeralPort, 0..=bound - 1)
    }

    fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// Segments that left one end during one event.
#[derive(Default)]
struct Outbox(Vec<(Segment<'static>, Vec<u8>)>);

impl Emit for Outbox {
    fn segment(&mut self, segment: &Segment<'_>, _: Ecn) {
        let Segment { src_port, dst_port, seq, ack, flags, window, urgent_pointer, options, payload } =
            *segment;
        let header =
            Segment { src_port, dst_port, seq, ack, flags, window, urgent_pointer, options, payload: &[] };
        self.0.push((header, payload.to_vec()));
    }

    fn discard(&mut self, _: Why) {}
}

/// One end with its application.
struct Side {
    tcb: Option<Tcb>,
    settings: Settings,
    offsets: Offsets,
    passive: bool,
    choices: Seeded,
    to_send: Vec<u8>,
    sent: usize,
    received: Vec<u8>,
    shut: bool,
    at_end: bool,
    seen: BTreeSet<(State, State)>,
}

impl Side {
    fn new(dice: &mut Dice, passive: bool, large: u64) -> Self {
        let count = if dice.percent(20) { 0 } else { dice.below(20_000 * large) };
        let to_send = (0..count).map(|_| dice.below(256) as u8).collect();
        let mut settings = Settings::ipv4(68 + dice.below(1400) as u16);
        let least = if large > 1 { 3000 } else { 1 };
        settings.receive_buffer_octets = least + dice.below(6000 * large) as u32;
        // With less, a long stream takes a round trip for each octet or two, and half a day.
        settings.send_buffer_octets = (least + dice.below(6000 * large) as u32).max(16);
        settings.user_timeout = None;
        settings.nagle = dice.percent(50);
        settings.probe_path = dice.percent(50);
        settings.timestamps = dice.percent(80);
        settings.sack = dice.percent(80);
        settings.congestion = if dice.percent(50) { Algorithm::Cubic } else { Algorithm::Reno };
        settings.ecn = if count.is_multiple_of(2) { EcnUse::Request } else { EcnUse::Accept };
        Self {
            tcb: None,
            settings,
            offsets: Offsets::from_hash(dice.below(u64::MAX)),
            passive,
            choices: Seeded::new(dice.below(u64::MAX)),
            to_send,
            sent: 0,
            received: Vec::new(),
            shut: false,
            at_end: false,
            seen: BTreeSet::new(),
        }
    }

    fn state(&self) -> State {
        self.tcb.as_ref().map_or(if self.passive { State::Listen } else { State::Closed }, Tcb::state)
    }

    /// Lets `act` act, checks the invariants, and notes the change of state.
    fn during<R>(&mut self, out: &mut Outbox, act: impl FnOnce(&mut Self, &mut Cx<'_>) -> R) -> R {
        let before = self.state();
        let mut choices = self.choices;
        let result = act(self, &mut Cx { choices: &mut choices, out });
        self.choices = choices;
        if self.tcb.as_ref().is_some_and(|tcb| tcb.end() == Some(End::BackToListen)) {
            self.tcb = None;
        }
        if let Some(tcb) = &self.tcb {
            tcb.check();
        }
        let after = self.state();
        if before != after {
            self.seen.insert((before, after));
        }
        result
    }

    fn arrives(&mut self, now: Instant, segment: &Segment<'_>, out: &mut Outbox) {
        self.during(out, |side, cx| match &mut side.tcb {
            Some(tcb) => {
                let ecn = if segment.seq.is_multiple_of(7) { Ecn::Ce } else { Ecn::Ect0 };
                tcb.arrives(now, segment, ecn, cx);
            }
            None => match listen::on_segment(segment) {
                listen::Disposition::Open => {
                    side.tcb = Some(Tcb::accept(&side.settings.into(), side.offsets, now, segment, cx))
                }
                listen::Disposition::Reset(reset) => cx.out.segment(&reset, Ecn::NotEct),
                listen::Disposition::Ignore(_) => {}
            },
        });
    }

    /// The application does something small.
    fn act(&mut self, now: Instant, dice: &mut Dice, out: &mut Outbox) {
        let chunk = 1 + dice.below(3000);
        if dice.percent(50) {
            self.write(now, chunk as usize, out);
        }
        if dice.percent(50) {
            self.read(now, chunk as u32, out);
        }
    }

    fn write(&mut self, now: Instant, chunk: usize, out: &mut Outbox) {
        let opening = matches!(self.state(), State::SynSent | State::SynReceived);
        self.during(out, |side, cx| {
            let Some(tcb) = &mut side.tcb else { return };
            let rest = &side.to_send[side.sent..];
            if rest.is_empty() {
                if !side.shut && !opening {
                    side.shut = true;
                    assert_eq!(tcb.shutdown_write(now, cx), Ok(()));
                }
                return;
            }
            match tcb.send(now, &rest[..chunk.min(rest.len())], false, cx) {
                Ok(taken) => side.sent += taken as usize,
                Err(refused) => assert_eq!(refused, Refused::WouldBlock),
            }
        });
    }

    fn read(&mut self, now: Instant, max: u32, out: &mut Outbox) {
        self.during(out, |side, cx| {
            let Some(tcb) = &mut side.tcb else { return };
            match tcb.receive(now, max, cx) {
                Ok(data) if data.is_empty() => side.at_end = true,
                Ok(data) => side.received.extend(data),
                Err(refused) => assert_eq!(refused, Refused::WouldBlock),
            }
        });
    }

    fn finished(&self) -> bool {
        self.at_end && self.tcb.as_ref().is_some_and(|tcb| tcb.end() == Some(End::Finished))
    }
}

/// Segments under way, by the time of arrival.
struct Link {
    under_way: BTreeMap<(Instant, u64), (usize, Segment<'static>, Vec<u8>)>,
    counter: u64,
    loss_percent: u64,
    double_percent: u64,
    delay_ms: u64,
}

impl Link {
    fn new(dice: &mut Dice) -> Self {
        Self {
            under_way: BTreeMap::new(),
            counter: 0,
            loss_percent: dice.below(25),
            double_percent: dice.below(20),
            delay_ms: 1 + dice.below(400),
        }
    }

    fn carry(&mut self, now: Instant, to: usize, out: &mut Outbox, dice: &mut Dice) {
        for (header, payload) in out.0.drain(..) {
            let copies = 1 + u64::from(dice.percent(self.double_percent));
            for _ in 0..copies {
                if dice.percent(self.loss_percent) {
                    continue;
                }
                let at = now + Span::from_millis(1 + dice.below(self.delay_ms));
                self.counter += 1;
                self.under_way.insert((at, self.counter), (to, header, payload.clone()));
            }
        }
    }
}

/// Runs one seed to its end; the changes of state seen, and the time that it took.
fn run(seed: u64) -> (BTreeSet<(State, State)>, Instant) {
    let mut dice = Dice(Seeded::new(seed));
    let simultaneous = dice.percent(25);
    // Few are large enough for the window of the sender to matter.
    let large = if dice.percent(10) { 10 } else { 1 };
    let mut sides = [Side::new(&mut dice, false, large), Side::new(&mut dice, !simultaneous, large)];
    let mut link = Link::new(&mut dice);
    let mut now = Instant::ZERO;
    let mut out = Outbox::default();
    for (at, side) in sides.iter_mut().enumerate().filter(|(_, side)| !side.passive) {
        side.during(&mut out, |side, cx| {
            side.tcb = Some(Tcb::connect(&side.settings.into(), side.offsets, now, cx))
        });
        link.carry(now, 1 - at, &mut out, &mut dice);
    }
    let mut application = Instant::ZERO;
    let mut steps = 0_u32;
    while !sides.iter().all(Side::finished) {
        steps += 1;
        assert!(
            steps < 400_000,
            "seed {seed} does not come to an end: {} {}",
            sides[0].state(),
            sides[1].state()
        );
        let arrival = link.under_way.keys().next().map(|key| key.0);
        let timers = sides.iter().filter_map(|side| side.tcb.as_ref()?.due());
        now = timers.chain(arrival).chain([application]).min().unwrap_or(now).max(now);
        if application <= now {
            for (at, side) in sides.iter_mut().enumerate() {
                side.act(now, &mut dice, &mut out);
                link.carry(now, 1 - at, &mut out, &mut dice);
            }
            application = now + Span::from_millis(1 + dice.below(200));
        }
        for (at, side) in sides.iter_mut().enumerate() {
            if side.tcb.as_ref().and_then(Tcb::due).is_some_and(|due| due <= now) {
                side.during(&mut out, |side, cx| side.tcb.as_mut().map(|tcb| tcb.on_due(now, cx)));
                let due = side.tcb.as_ref().and_then(Tcb::due);
                assert!(due.is_none_or(|due| due > now), "a timer expires twice at the same time");
                link.carry(now, 1 - at, &mut out, &mut dice);
            }
        }
        while let Some(first) = link.under_way.first_entry()
            && first.key().0 <= now
        {
            let (to, header, payload) = first.remove();
            sides[to].arrives(now, &Segment { payload: &payload, ..header }, &mut out);
            link.carry(now, 1 - to, &mut out, &mut dice);
        }
    }
    assert!(sides[0].received == sides[1].to_send, "seed {seed}: other octets came out");
    assert!(sides[1].received == sides[0].to_send, "seed {seed}: other octets came out");
    let [one, other] = sides;
    (one.seen.union(&other.seen).copied().collect(), now)
}

//? RFC9293-3.4-b
//? RFC9293-3.4-c
//? RFC9293-3.6-b
//? RFC9293-3.6-e
//? RFC9293-MUST-10
//? RFC9293-MUST-36
#[test]
fn streams_come_out_as_they_went_in_and_both_ends_close() {
    fn holds(seed: u64) -> bool {
        run(seed);
        true
    }
    QuickCheck::new().tests(200).quickcheck(holds as fn(u64) -> bool);
}

#[test]
fn the_same_seed_gives_the_same_run() {
    (0..10).for_each(|seed| assert_eq!(run(seed), run(seed)));
}

/// The changes of state that honest peers can bring about: figure 5 of RFC 9293 with its note 2, and what
/// several events between two observations add up to.
const ALLOWED: &[(State, State)] = &[
    (State::Closed, State::SynSent),
    (State::Listen, State::SynReceived),
    (State::SynSent, State::SynReceived),
    (State::SynSent, State::Established),
    (State::SynReceived, State::Established),
    // The ACK of the SYN,ACK was lost, and the FIN of the peer brings it again.
    (State::SynReceived, State::CloseWait),
    (State::Established, State::FinWait1),
    (State::Established, State::CloseWait),
    (State::FinWait1, State::FinWait2),
    (State::FinWait1, State::Closing),
    (State::FinWait1, State::TimeWait),
    (State::FinWait2, State::TimeWait),
    (State::Closing, State::TimeWait),
    (State::CloseWait, State::LastAck),
    (State::LastAck, State::Closed),
    (State::TimeWait, State::Closed),
];

//? RFC9293-MUST-10
//? RFC9293-3.6-d
//? RFC9293-3.10.7.4-u
//? RFC9293-3.10.7.4-v
//? RFC9293-3.10.7.4-w
//? RFC9293-3.10.8-c
#[test]
fn only_the_changes_of_figure_5_happen_and_all_of_them_do() {
    let seen: BTreeSet<_> = (0..300).flat_map(|seed| run(seed).0).collect();
    let allowed: BTreeSet<_> = ALLOWED.iter().copied().collect();
    let wrong: Vec<_> = seen.difference(&allowed).collect();
    assert!(wrong.is_empty(), "forbidden: {wrong:?}");
    let missing: Vec<_> = allowed.difference(&seen).collect();
    assert!(missing.is_empty(), "never seen: {missing:?}");
}
