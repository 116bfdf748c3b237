//! floor 8: the cable between two devices, in real time: it delays, loses, doubles and reorders frames, and
//! is listened to near both ends and in its middle.

use super::cut;
use super::device::{Device, Frame};
use super::listen::since;
use super::plan::{Cards, Line, NetPlan};
use crate::drive::link::dice::Dice;
use crate::run::tap::Shot;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// How long nothing may come before we ask whether it is over.
const PATIENCE: Duration = Duration::from_millis(50);

/// Frames that are taken from one device in a row.
const ROW: usize = 16;

/// Where the type of a frame is, and that of ARP: a lost question would cost a second.
const TYPE_AT: usize = 12;
const ARP: [u8; 2] = [8, 6];

/// What happens to a frame next.
#[derive(Debug)]
enum Next {
    /// It passes the middle.
    Middle,
    /// It arrives.
    Arrives,
}

/// One direction.
struct Way {
    line: Line,
    dice: Dice,
    /// When the last frame has left.
    free: Instant,
}

struct Wire<'w> {
    devices: &'w [Device; 2],
    cards: Cards,
    ways: [Way; 2],
    begun: SystemTime,
    under_way: BTreeMap<(Instant, u64), (Next, usize, Frame)>,
    counted: u64,
    /// Near the first end, in the middle, near the second.
    heard: [Vec<Shot>; 3],
}

/// Carries frames until it is over. Returns what was heard near one end, in the middle, and near the other.
pub(super) fn carry(
    devices: &[Device; 2],
    plan: &NetPlan,
    begun: SystemTime,
    over: &AtomicBool,
) -> [Vec<Shot>; 3] {
    let way = |end: usize| Way {
        line: plan.lines[end],
        dice: Dice::new(plan.seed << 1 | end as u64),
        free: Instant::now(),
    };
    let ways = [way(0), way(1)];
    let heard = [const { Vec::new() }; 3];
    let (cards, under_way) = (plan.cards, BTreeMap::new());
    let mut wire = Wire { devices, cards, ways, begun, under_way, counted: 0, heard };
    while !over.load(Ordering::Relaxed) {
        wire.wait();
        wire.turn();
    }
    wire.heard
}

impl Wire<'_> {
    fn wait(&self) {
        let mut fds = self.devices.each_ref().map(|device| PollFd::new(device.fd(), PollFlags::POLLIN));
        let due = self.under_way.keys().next().map(|(at, _)| at.saturating_duration_since(Instant::now()));
        let time = TimeSpec::from_duration(due.unwrap_or(PATIENCE).min(PATIENCE));
        // An interruption is no more than an early end of waiting.
        let _ = ppoll(&mut fds, Some(time), None);
    }

    fn turn(&mut self) {
        for end in 0..2 {
            for _ in 0..ROW {
                let Ok(Some(frame)) = self.devices[end].take() else { break };
                let frames = if self.cards == Cards::Finish { cut::finished(&frame) } else { vec![frame] };
                frames.into_iter().for_each(|frame| self.leaves(end, frame));
            }
        }
        while let Some(first) = self.under_way.first_entry().filter(|first| first.key().0 <= Instant::now()) {
            let (next, from, frame) = first.remove();
            match next {
                Next::Middle => self.passes(from, frame),
                Next::Arrives => {
                    self.hear(2 * (1 - from), from, &frame);
                    self.devices[1 - from].put(&frame);
                }
            }
        }
    }

    fn hear(&mut self, tap: usize, from: usize, frame: &Frame) {
        let (at, bytes) = (since(SystemTime::now(), self.begun), frame.bytes.clone());
        self.heard[tap].push(Shot {
            at,
            from,
            wire_len: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
            bytes,
        });
    }

    fn send(&mut self, at: Instant, next: Next, from: usize, frame: Frame) {
        self.counted += 1;
        self.under_way.insert((at, self.counted), (next, from, frame));
    }

    /// A frame has left a device.
    fn leaves(&mut self, from: usize, frame: Frame) {
        self.hear(2 * from, from, &frame);
        let now = Instant::now();
        let Way { line, dice, free } = &mut self.ways[from];
        let mut at = now;
        if let Some(rate) = line.octets_per_s {
            if free.saturating_duration_since(now) > line.queue {
                return;
            }
            *free = (*free).max(now) + Duration::from_nanos(frame.bytes.len() as u64 * 1_000_000_000 / rate);
            at = *free;
        }
        at += line.delay / 2;
        let late = half_way_late(line, dice);
        let arp = frame.bytes.get(TYPE_AT..TYPE_AT + 2) == Some(&ARP);
        if arp || dice.below(1_000) >= u64::from(line.loss / 2) {
            self.send(at + late, Next::Middle, from, frame);
        }
    }

    /// A frame has come half of the way.
    fn passes(&mut self, from: usize, frame: Frame) {
        self.hear(1, from, &frame);
        let Way { line, dice, .. } = &mut self.ways[from];
        let at = Instant::now() + line.delay / 2 + half_way_late(line, dice);
        let lost = dice.below(1_000) < u64::from(line.loss / 2);
        let copy =
            (dice.below(1_000) < u64::from(line.double)).then(|| line.delay / 8 + Duration::from_micros(50));
        let arp = frame.bytes.get(TYPE_AT..TYPE_AT + 2) == Some(&ARP);
        if let Some(later) = copy {
            self.send(at + later, Next::Arrives, from, frame.clone());
        }
        if arp || !lost {
            self.send(at, Next::Arrives, from, frame);
        }
    }
}

/// By how much a frame is late on one half of its way.
fn half_way_late(line: &Line, dice: &mut Dice) -> Duration {
    if dice.below(1_000) < u64::from(line.late / 2) {
        Duration::from_micros(dice.below(2_000 + u64::try_from(line.delay.as_micros()).unwrap_or(0)))
    } else {
        Duration::ZERO
    }
}
