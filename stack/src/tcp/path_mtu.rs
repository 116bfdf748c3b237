//! floor 3: how large segments may be on this path (RFC 1191, RFC 8201, RFC 5927 section 7.2, RFC 4821).
//!
//! A size here is what a segment has beside the fixed headers: its options and its data. The limit
//! begins as that of the link. Routers lower it, when they can be believed; after ten minutes the path gets a
//! new chance. With [`Settings::probe_path`] timeouts lower it too, and instead of a new chance for the whole
//! link there is a search: single segments that are larger than the limit.
//!
//! Only selective acknowledgement shows that a probe was lost alone: without it nothing is probed, and what a
//! timeout has lowered stays low.
//!
//! RFC4821-7.2-b: a search begins at the MSS that needs no option, which is a size that works nearly
//! everywhere, too, and below 1024 octets for IPv4.
//! RFC4821-10.1-a: what follows a probe never overlaps it.

use super::emit::Cut;
use super::{Cx, Settings, Tcb};
use crate::base::{Instant, Ours, Seq, Span, Why};
use alloc::boxed::Box;

/// How long nothing larger is tried after a router said that the path is narrow, or after a search.
//= RFC8201-4-e
//= RFC4821-7.3-b
const REST: Span = Span::from_secs(600);
/// How long no probe is sent after one that was lost: congestion control would forgive losses less rarely.
//= RFC4821-4-c
const PAUSE: Span = Span::from_secs(60);
/// The same after a timeout, which costs the connection its congestion window.
//= RFC4821-7.6.3-a
const PAUSE_AFTER_TIMEOUT: Span = Span::from_secs(300);
/// A search ends when what is left to find out is less than this, in octets.
const STEP_MIN_OCTETS: u16 = 16;
/// Segments that follow a probe, so that their acknowledgements can show its loss.
const FOLLOWERS: u32 = 3;
/// Timeouts of one segment after which it is taken to be too large for a path that does not say so.
const BLACK_HOLE_TIMEOUTS: u32 = 2;

/// What is known of the path.
#[derive(Clone, Debug)]
pub(super) struct Path {
    /// The largest size that may be sent.
    limit: u16,
    /// The largest size sent since the limit was last lowered.
    sent: u16,
    /// The largest size that is known to have arrived.
    arrived: u16,
    /// The largest segment under way that is larger than that: its end, its size.
    growing: Option<(Seq<Ours>, u16)>,
    /// Only where the path is not as wide as the link.
    search: Option<Box<Search>>,
}

impl Path {
    pub(super) const fn new(settings: &Settings) -> Self {
        Self { limit: settings.mss_send_limit_octets, sent: 0, arrived: 0, growing: None, search: None }
    }
}

/// What there is to find out about a path that is not as wide as the link.
#[derive(Clone, Debug)]
struct Search {
    /// What link and peer permit.
    widest: u16,
    /// What a router said that may be true: the number it quoted, the size.
    claim: Option<(Seq<Ours>, u16)>,
    /// search_low: works.
    low: u16,
    /// search_high: nothing larger is worth a probe.
    high: u16,
    /// Whether a probe was lost since `high` was last raised.
    failed: bool,
    /// Whether one was lost just now.
    lost: bool,
    /// Nothing larger than the limit is sent before.
    rest_until: Instant,
    /// The probe under way: its first number, its end, its size.
    probe: Option<(Seq<Ours>, Seq<Ours>, u16)>,
}

impl Search {
    /// The size to try next.
    fn candidate(&self) -> Option<u16> {
        //= RFC4821-7.3-a
        let worth = self.high >= self.low.saturating_add(STEP_MIN_OCTETS);
        //= RFC4821-7.1-a
        worth.then(|| if self.failed { self.low + (self.high - self.low) / 2 } else { self.high })
    }
}

impl Tcb {
    /// The largest size that may be sent, as far as the path is known.
    pub const fn segment_limit_octets(&self) -> u16 {
        self.path.limit
    }

    /// The search; one begins if there is none.
    fn search(&mut self, now: Instant) -> &mut Search {
        let widest = self.settings.mss_send_limit_octets;
        let low = self.settings.mss_default_octets.min(widest);
        self.path.search.get_or_insert_with(|| {
            let (claim, probe) = (None, None);
            //= RFC4821-7.2-a
            Box::new(Search {
                widest,
                claim,
                low,
                high: widest,
                failed: false,
                lost: false,
                rest_until: now,
                probe,
            })
        })
    }

    /// A segment of this size that ends at `end` has left.
    pub(super) fn note_size(&mut self, end: Seq<Ours>, size_octets: usize) {
        let size = u16::try_from(size_octets).unwrap_or(u16::MAX);
        // Written only when it changes: what lies beside it is read right after.
        if size > self.path.sent {
            self.path.sent = size;
        }
        let largest = self.path.growing.map_or(self.path.arrived, |(_, known)| known);
        if size > largest {
            self.path.growing = Some((end, size));
        }
    }

    /// `cut` leaves although it was sent before, perhaps in smaller pieces: that its numbers are acknowledged
    /// will not tell what has become of the first copy. A probe among other losses says nothing: its size may
    /// be tried again as soon as they are made good.
    pub(super) fn note_sent_again(&mut self, cut: &Cut) {
        let overlaps = |start: Seq<Ours>, end: Seq<Ours>| cut.seq.before(end) && cut.end().after(start);
        self.path.growing.take_if(|(end, size)| overlaps(end.back(u32::from(*size)), *end));
        if let Some(search) = &mut self.path.search {
            //= RFC4821-7.6.4-a
            search.probe.take_if(|(start, end, _)| overlaps(*start, *end));
        }
    }

    /// Everything before `ack` has arrived.
    pub(super) fn note_arrival(&mut self, now: Instant, ack: Seq<Ours>) {
        if let Some((_, size)) = self.path.growing.take_if(|(end, _)| ack.at_or_after(*end)) {
            self.path.arrived = self.path.arrived.max(size);
        }
        let limit = self.path.limit;
        let Some(search) = &mut self.path.search else { return };
        // What was said to be too large came through.
        //= RFC5927-7.2-b
        search.claim = search.claim.filter(|(quoted, _)| ack.at_or_before(*quoted));
        if let Some((_, _, size)) = search.probe.take_if(|(_, end, _)| ack.at_or_after(*end)) {
            //= RFC4821-7.6.1-a
            search.low = size;
            // The congestion window counts octets, and stays as it is.
            //= RFC4821-4-d
            self.path.limit = limit.max(size);
            if search.candidate().is_none() {
                search.rest_until = now + REST;
            }
            self.note_wider();
        }
    }

    /// A router says that a segment with the number `quoted`, which is outstanding, exceeded `claimed`.
    pub(super) fn too_big(&mut self, now: Instant, quoted: Seq<Ours>, claimed: u16, cx: &mut Cx<'_>) {
        //= RFC1191-3-d
        //= RFC8201-4-d
        if claimed >= self.path.sent.min(self.path.limit) || claimed < self.settings.mss_least_octets {
            //= RFC5927-7.2-a
            cx.out.discard(Why::TcpMtuNotSent);
        } else if claimed >= self.path.arrived {
            self.narrow(now, claimed, cx);
        } else {
            // As large a segment has arrived before: believed if this one does not arrive.
            //= RFC5927-7.2-b
            self.search(now).claim = Some((quoted, claimed));
        }
    }

    /// The path carries segments of `limit` octets only, options included: cuts smaller from now on, and
    /// sends the front again.
    pub fn narrow(&mut self, now: Instant, limit: u16, cx: &mut Cx<'_>) {
        if limit >= self.path.limit {
            return;
        }
        self.lower_limit(now, limit);
        //= RFC8201-5.4-a
        self.go_back();
        self.output(now, cx);
    }

    fn lower_limit(&mut self, now: Instant, limit: u16) {
        let search = self.search(now);
        search.claim = None;
        search.probe = None;
        //= RFC4821-7.6.2-b
        search.high = limit;
        search.low = search.low.min(limit);
        search.rest_until = now + REST;
        let arrived = self.path.arrived.min(limit);
        self.path = Path { limit, sent: 0, arrived, growing: None, search: self.path.search.take() };
    }

    /// The retransmission timer expired once more: the segment may have been too
    /// large.
    pub(super) fn note_timeout(&mut self, now: Instant) {
        if let Some(search) = &mut self.path.search {
            if search.probe.take().is_some() {
                // A timeout is about more than the probe: it changes no bound.
                //= RFC4821-7.6.3-a
                search.rest_until = search.rest_until.max(now + PAUSE_AFTER_TIMEOUT);
            }
            if let Some((_, limit)) = search.claim.take() {
                //= RFC5927-7.2-b
                self.lower_limit(now, limit);
                return;
            }
        }
        let front = self.outstanding_octets().min(self.smss_octets());
        if !self.settings.probe_path || self.resends < BLACK_HOLE_TIMEOUTS || self.syn_outstanding() {
            return;
        }
        let (least, limit) = (self.settings.mss_least_octets, self.path.limit);
        let search = self.search(now);
        //= RFC4821-7.7-b
        let low = if limit > search.low { search.low } else { (limit / 2).max(least) };
        if front > u32::from(low) {
            //= RFC4821-7.7-a
            search.low = low;
            let high = search.high;
            self.lower_limit(now, low);
            // Nobody said that the path is narrow: probes may find out at once.
            let search = self.search(now);
            (search.high, search.rest_until) = (high, now);
        }
    }

    /// The segment at SND.UNA is taken for lost. Whether it was a probe, and nothing else is missing: its
    /// loss says nothing about congestion.
    pub(super) fn forgives_loss(&mut self) -> bool {
        let una = self.snd.una;
        let Some(search) = &mut self.path.search else { return false };
        let (_, gap_end) = self.sack.gap_from(una);
        let alone = |end: Seq<Ours>| gap_end == Some(end) && self.sack.gap_from(end).1.is_none();
        let lost = search.probe.take_if(|(start, end, _)| *start == una && alone(*end));
        if let Some((_, _, size)) = lost {
            //= RFC4821-7.6.2-a
            search.high = size - 1;
            search.failed = true;
            search.lost = true;
        }
        //= RFC4821-4-b
        lost.is_some()
    }

    /// Before new data leaves: a path that has rested gets a new chance, or is probed. The probe, if there is
    /// to be one.
    pub(super) fn try_wider(&mut self, now: Instant) -> Option<Cut> {
        let probes = self.settings.probe_path;
        let search = self.path.search.as_deref_mut()?;
        if core::mem::take(&mut search.lost) {
            search.rest_until = now + if search.candidate().is_some() { PAUSE } else { REST };
        }
        if search.rest_until > now || search.claim.is_some() {
            return None;
        }
        let widest = search.widest;
        if !probes || self.path.limit >= widest {
            //= RFC1191-6.3-a
            self.path.limit = widest;
            self.path.search = None;
            self.note_wider();
            return None;
        }
        // What is in use works.
        search.low = search.low.max(self.path.limit);
        if search.candidate().is_none() {
            search.high = widest;
            search.failed = false;
        }
        self.probe_cut()
    }

    /// A segment of new data that is larger than the limit, if it is worth it and does no harm.
    fn probe_cut(&mut self) -> Option<Cut> {
        let followers = FOLLOWERS * self.smss_octets();
        let options =
            u32::from(self.path.limit.min(self.snd.mss_octets)).saturating_sub(self.effective_mss_octets());
        //= RFC4821-7.4-a
        let calm = self.resends == 0 && self.recovery.is_calm() && self.sack.permitted;
        //= RFC4821-4-a
        let room = self.usable_octets().min(self.congestion_room_octets()).min(self.unsent_octets());
        let (seq, peer) = (self.snd.nxt, self.snd.mss_octets);
        let search = self.path.search.as_deref_mut().filter(|search| calm && search.probe.is_none())?;
        let size = search.candidate()?.min(peer);
        //= RFC4821-5.1-a
        let data = u32::from(size).saturating_sub(options);
        //= RFC4821-7.4-b
        let worth = u32::from(size) > u32::from(self.path.limit) && data > 0;
        if !worth || room < data + followers {
            return None;
        }
        search.probe = Some((seq, seq + data, size));
        Some(Cut::data(seq, data, false))
    }

    /// What always holds of the path.
    pub(super) fn check_path(&self) {
        let Some(search) = &self.path.search else { return };
        let limit = self.path.limit;
        assert!(limit <= search.widest, "the path is wider than the link");
        assert!(search.low <= search.high && search.high <= search.widest, "a search without a range");
        assert!(limit >= self.settings.mss_least_octets.min(search.widest), "below what every link carries");
        let probed = search.probe.is_none_or(|(start, end, _)| start.before(end) && end.after(self.snd.una));
        assert!(probed, "a probe that was acknowledged is under way");
    }
}

#[cfg(test)]
mod tests;
