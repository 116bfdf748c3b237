//! floor 7: one direction of a hostile link: what is lost, late, double, damaged, marked, too big, and what
//! waits where the rate is limited.

use super::dice::Dice;
use super::frame;
use super::plan::{Hostility, Item, Plan};
use crate::trace::Link;
use stack::base::{Instant, Span};

/// How much later than others a late frame may come, beside twice the delay.
const LATE: Span = Span::from_millis(20);

/// Smallest packet that every link carries, in octets: RFC 791 section 3.2, RFC 8200 section 5.
const MTU_MIN_V4: u16 = 68;
const MTU_MIN_V6: u16 = 1_280;

/// What becomes of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It arrives at that time.
    Arrives(Instant, Vec<u8>),
    /// Its sender is told that it was too big, at that time.
    Returned(Instant, Vec<u8>),
}

/// A frame on the line, behind the boxes that cut and join: where somebody may listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// The end that it comes from.
    pub from: usize,
    /// When it was put on the line.
    pub at: Instant,
    /// Its octets.
    pub bytes: Vec<u8>,
    /// What becomes of it: nothing if it is lost.
    pub fates: Vec<Fate>,
}

/// From then on, packets up to this size go through; whether senders of larger ones are told.
#[derive(Clone, Copy, Debug)]
struct Width {
    from: Instant,
    mtu: u16,
    silent: bool,
}

/// One direction.
#[derive(Clone, Debug)]
pub(super) struct Way {
    link: Link,
    hostility: Hostility,
    dice: Dice,
    /// When it turns fair.
    fair_from: Instant,
    outages: Vec<(Instant, Instant)>,
    widths: Vec<Width>,
    /// When the last frame will have left, and when those before it will.
    leaving: Vec<Instant>,
    lost_last: bool,
    /// A segment that waits for one to be joined with, and until when.
    held: Option<(Instant, Vec<u8>)>,
    index: usize,
    /// What was put on the line, if it is written down.
    passages: Option<Vec<Passage>>,
}

impl Way {
    pub(super) fn new(plan: &Plan, index: usize, start: Instant, link: Link) -> Self {
        let (mut outages, mut widths) = (Vec::new(), Vec::new());
        for item in &plan.items {
            match item {
                Item::Outage { at, millis } => {
                    let from = start + Span::from_millis((*at).into());
                    outages.push((from, from + Span::from_millis((*millis).into())));
                }
                Item::Narrow { at, mtu, how } if how >> (index + 1) & 1 == 0 => {
                    let least = if plan.v6() { MTU_MIN_V6 } else { MTU_MIN_V4.max(296) };
                    let mtu = least + mtu % (1_501 - least);
                    let from = start + Span::from_millis((*at).into());
                    widths.push(Width { from, mtu, silent: how & 1 != 0 });
                }
                Item::Narrow { .. }
                | Item::Write { .. }
                | Item::Read { .. }
                | Item::Pause { .. }
                | Item::Urgent { .. }
                | Item::Nap { .. } => {}
            }
        }
        Self {
            link,
            hostility: plan.ways[index].hostility(),
            dice: Dice::new(u64::from(plan.seed) << 8 | index as u64),
            fair_from: start + plan.hostile(),
            outages,
            widths,
            leaving: Vec::new(),
            lost_last: false,
            held: None,
            index,
            passages: None,
        }
    }

    /// Writes down what is put on the line from now on.
    pub(super) fn listen(&mut self) {
        self.passages = Some(Vec::new());
    }

    /// What was put on the line.
    pub(super) fn overheard(&mut self) -> Vec<Passage> {
        self.passages.take().unwrap_or_default()
    }

    /// Cuts and joins more than the plan has it.
    pub(super) const fn recut(&mut self, percent: u8) {
        self.hostility.cut = percent;
        self.hostility.join = percent;
    }

    /// When a segment that waits for another goes on alone.
    pub(super) fn due(&self) -> Option<Instant> {
        self.held.as_ref().map(|(until, _)| *until)
    }

    /// What becomes of a segment that has waited long enough.
    pub(super) fn release(&mut self, now: Instant) -> Vec<Fate> {
        match self.held.take_if(|(until, _)| *until <= now) {
            Some((_, bytes)) => self.transmit(now, bytes),
            None => Vec::new(),
        }
    }

    /// What becomes of a frame.
    pub(super) fn carry(&mut self, now: Instant, bytes: Vec<u8>) -> Vec<Fate> {
        let mut bytes = bytes;
        let mut fates = Vec::new();
        if let Some((_, held)) = self.held.take() {
            // What a box makes larger than the link carries would be its own fault.
            let fits = |joined: &Vec<u8>| self.width(now).is_none_or(|width| self.fits(joined, width.mtu));
            match frame::join(&held, &bytes, self.link).filter(fits) {
                Some(joined) => bytes = joined,
                None => fates = self.transmit(now, held),
            }
        }
        let (cut, join) = (self.hostility.cut, self.hostility.join);
        if join > 0 && self.dice.percent(join) {
            self.held = Some((now + self.hostility.delay, bytes));
            return fates;
        }
        let parts = if cut > 0 && self.dice.percent(cut) {
            frame::cut(&bytes, self.link, &mut self.dice)
        } else {
            None
        };
        match parts {
            Some(parts) => fates.extend(parts.into_iter().flat_map(|part| self.transmit(now, part))),
            None => fates.extend(self.transmit(now, bytes)),
        }
        fates
    }

    /// What becomes of a frame on the line, which is written down if somebody listens.
    fn transmit(&mut self, now: Instant, bytes: Vec<u8>) -> Vec<Fate> {
        let copy = self.passages.is_some().then(|| bytes.clone());
        let fates = self.fates(now, bytes);
        if let (Some(passages), Some(bytes)) = (&mut self.passages, copy) {
            passages.push(Passage { from: self.index, at: now, bytes, fates: fates.clone() });
        }
        fates
    }

    fn fates(&mut self, now: Instant, mut bytes: Vec<u8>) -> Vec<Fate> {
        let fair = now >= self.fair_from;
        if let Some(returned) = self.too_big(now, fair, &bytes) {
            return returned;
        }
        let Some(leaves) = self.queue(now, fair, bytes.len()) else { return Vec::new() };
        let mut at = leaves + self.hostility.delay;
        if fair {
            return vec![Fate::Arrives(at, bytes)];
        }
        if self.is_lost(now) {
            return Vec::new();
        }
        let Hostility { double, late, flip, mark, jitter, delay, .. } = self.hostility;
        at += self.dice.up_to(jitter);
        if self.dice.percent(late) {
            at += self.dice.up_to(delay.times(2) + LATE);
        }
        if self.dice.percent(mark) {
            frame::mark(&mut bytes, self.link);
        }
        let mut fates = Vec::new();
        if self.dice.percent(double) {
            fates.push(Fate::Arrives(at + self.dice.up_to(delay + LATE), bytes.clone()));
        }
        if self.dice.percent(flip) {
            frame::flip(&mut bytes, self.link, &mut self.dice);
        }
        fates.push(Fate::Arrives(at, bytes));
        fates
    }

    /// How wide the link is; `None` if it carries everything.
    fn width(&self, now: Instant) -> Option<&Width> {
        self.widths.iter().rfind(|width| width.from <= now)
    }

    fn fits(&self, bytes: &[u8], mtu: u16) -> bool {
        bytes.len() <= frame::packet_at(self.link) + usize::from(mtu)
    }

    /// What becomes of a packet that is too big: nothing, or its sender is told. A fair link always tells.
    fn too_big(&mut self, now: Instant, fair: bool, bytes: &[u8]) -> Option<Vec<Fate>> {
        let width = self.width(now)?;
        if self.fits(bytes, width.mtu) || !frame::is_whole_for_ever(bytes, self.link) {
            return None;
        }
        if width.silent && !fair {
            return Some(Vec::new());
        }
        let error = frame::too_big(bytes, self.link, width.mtu);
        let at = now + self.hostility.delay;
        Some(error.map(|error| Fate::Returned(at, error)).into_iter().collect())
    }

    /// When a frame leaves, if the queue has room for it; a fair link has.
    fn queue(&mut self, now: Instant, fair: bool, octets: usize) -> Option<Instant> {
        let Some(rate) = self.hostility.rate else { return Some(now) };
        self.leaving.retain(|at| *at > now);
        if self.leaving.len() >= self.hostility.queue && !fair {
            return None;
        }
        let begins = self.leaving.last().copied().unwrap_or(now);
        let leaves = begins + Span::from_nanos(octets as u64 * 1_000_000_000 / rate);
        self.leaving.push(leaves);
        Some(leaves)
    }

    fn is_lost(&mut self, now: Instant) -> bool {
        if self.outages.iter().any(|(from, until)| *from <= now && now < *until) {
            return true;
        }
        let Hostility { loss, burst, .. } = self.hostility;
        let percent = if self.lost_last && loss > 0 { (loss + burst).min(90) } else { loss };
        self.lost_last = self.dice.percent(percent);
        self.lost_last
    }
}
