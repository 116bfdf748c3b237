//! floor 3: timestamps: round trips measured and old duplicates told apart (RFC 7323 sections 3, 4 and 5).
//!
//! The clock has ticks of a millisecond and begins anywhere: RFC 7323 section 5.4 gives each connection an
//! offset of its own, so that no stranger reads from it how long the host has been up. One tick a millisecond
//! is within the limits of section 5.4: the clock goes round in 49 days.
//!
//! One echo per round trip is taken for the retransmission timeout, that of the segment which is timed. RFC
//! 6298 means its gains for that many samples; section 4.2 only asks those who take more to weaken them.
//!
//! TS.Recent is written after the checks of sequence number, RST, SYN and acknowledgement. Rule R3 of section
//! 5.3 demands the first of them; the others keep a forged segment that is not taken from leaving a trace.
//! What was sent again because our acknowledgement was lost is the exception: it is not taken, but echoed.
//!
//! RFC7323-5.2-e: what a reset echoes does not matter; its sequence number has to be exact.

use super::arrives::Arrived;
use super::{Cx, Offsets, Tcb};
use crate::base::{Instant, Seq, Span, Theirs, Why};
use crate::wire::tcp::Flags;
use crate::wire::tcp_option::Timestamps;
use core::ops::ControlFlow;

/// After this time without news the peer's clock may have gone half round: TS.Recent says nothing any more.
//= RFC7323-5.5-a
const OUTDATED_S: u32 = 24 * 24 * 60 * 60;

/// Whether `one` lies before `other` on the circle.
const fn before(one: u32, other: u32) -> bool {
    //= RFC7323-5.3-c
    one.wrapping_sub(other).cast_signed() < 0
}

/// The clock of all connections, in ticks since reset.
const fn ticks(now: Instant) -> u64 {
    //= RFC7323-4.1-a
    //= RFC7323-5.4-a
    //= RFC7323-5.4-b
    //= RFC7323-5.4-c
    now.since(Instant::ZERO).as_millis()
}

/// The time in whole seconds: goes round in 136 years.
const fn seconds(now: Instant) -> u32 {
    ((now.as_nanos() / 1_000_000_000) & u32::MAX as u64) as u32
}

/// The timestamps of a connection that offers or uses them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stamps {
    /// Snd.TSoffset.
    offset: u32,
    /// TS.Recent, and the second when it was written. Known once both SYNs had the option: Snd.TS.OK.
    //= RFC7323-3.2-k
    recent: Option<(u32, u32)>,
    /// Last.ACK.sent.
    last_ack_sent: Seq<Theirs>,
}

impl Stamps {
    pub(super) const fn with_offset(offset: u32) -> Self {
        Self { offset, recent: None, last_ack_sent: Seq::new(0) }
    }

    /// Snd.TSclock: never goes back.
    fn clock(&self, now: Instant) -> u32 {
        //= RFC7323-5.4-d
        //= RFC7323-7-a
        //= RFC6191-3-a
        self.offset.wrapping_add((ticks(now) & u64::from(u32::MAX)) as u32)
    }

    /// Both SYNs had the option, this is the peer's.
    const fn agreed(self, now: Instant, stamps: Timestamps, next: Seq<Theirs>) -> Self {
        Self { recent: Some((stamps.value, seconds(now))), last_ack_sent: next, ..self }
    }

    /// The option of a segment that leaves now.
    fn option(&self, now: Instant, flags: Flags) -> Timestamps {
        //= RFC7323-3.2-a
        //= RFC7323-3.2-b
        let echo = self.recent.filter(|_| flags.ack()).map_or(0, |(value, _)| value);
        Timestamps { value: self.clock(now), echo }
    }

    /// Whether a segment with this TSval is an old duplicate.
    fn is_old(&self, value: u32, now: Instant) -> bool {
        let outdated = |at: u32| seconds(now).wrapping_sub(at) > OUTDATED_S;
        self.recent.is_some_and(|(recent, at)| before(value, recent) && !outdated(at))
    }

    /// TS.Recent <- SEG.TSval, if the segment may say it.
    fn note(&mut self, value: u32, seq: Seq<Theirs>, now: Instant) {
        //= RFC7323-4.3-a
        //= RFC7323-4.3-b
        //= RFC7323-4.3-c
        //= RFC7323-4.3-d
        //= RFC7323-5.2-a
        if !self.is_old(value, now) && seq.at_or_before(self.last_ack_sent) {
            self.recent = Some((value, seconds(now)));
        }
    }

    /// How long ago the value that the peer echoes was sent; `None` if it never was.
    fn elapsed(&self, echo: u32, now: Instant) -> Option<Span> {
        let elapsed = u64::from(self.clock(now).wrapping_sub(echo));
        (elapsed <= ticks(now)).then(|| Span::from_millis(elapsed))
    }
}

impl Tcb {
    /// This end offers timestamps, or takes them if the other end does, unless it shall not.
    pub(super) fn offer_stamps(&mut self, offsets: Offsets) {
        self.stamps = self.settings.timestamps.then(|| Stamps::with_offset(offsets.timestamps));
    }

    /// TS.Recent, if both ends send timestamps.
    pub(super) fn recent_stamp(&self) -> Option<u32> {
        self.stamps?.recent.map(|(value, _)| value)
    }

    /// Whether both ends send timestamps.
    fn stamps_agreed(&self) -> bool {
        self.recent_stamp().is_some()
    }

    /// The timestamps of a segment with these flags.
    pub(super) fn stamps_for(&self, now: Instant, flags: Flags) -> Option<Timestamps> {
        let offer = flags.syn() && !flags.ack();
        //= RFC7323-3.2-d
        //= RFC7323-3.2-e
        self.stamps.filter(|stamps| offer || stamps.recent.is_some()).map(|stamps| stamps.option(now, flags))
    }

    /// Octets that the timestamps of every segment but the first SYN take.
    pub(super) fn stamps_octets(&self) -> u32 {
        if self.stamps_agreed() { 12 } else { 0 }
    }

    /// The peer's SYN came with this option, or without.
    pub(super) fn learn_stamps(&mut self, now: Instant, option: Option<Timestamps>) {
        let next = self.rcv.nxt;
        self.stamps = self.stamps.and_then(|stamps| option.map(|option| stamps.agreed(now, option, next)));
    }

    /// An acknowledgement leaves.
    pub(super) const fn note_ack_sent(&mut self) {
        if let Some(stamps) = &mut self.stamps {
            stamps.last_ack_sent = self.rcv.nxt;
        }
    }

    /// Before all other checks: whether the segment is an old duplicate, or lacks what was agreed upon. A
    /// SYN may come from a peer that has restarted and knows of no agreement: RFC 5961 section 4.2 wants it
    /// answered.
    pub(super) fn check_stamps(
        &mut self,
        now: Instant,
        seg: &Arrived<'_>,
        cx: &mut Cx<'_>,
    ) -> ControlFlow<()> {
        let Some(stamps) = self.stamps.filter(|stamps| stamps.recent.is_some()) else {
            //= RFC7323-3.2-i
            return ControlFlow::Continue(());
        };
        //= RFC7323-5.2-d
        if seg.flags.rst() {
            return ControlFlow::Continue(());
        }
        match seg.stamps {
            None if seg.flags.syn() => ControlFlow::Continue(()),
            None => {
                //= RFC7323-3.2-g
                //= RFC7323-3.2-h
                cx.out.discard(Why::TcpTimestampMissing);
                ControlFlow::Break(())
            }
            Some(Timestamps { value, .. }) if stamps.is_old(value, now) => {
                cx.out.discard(Why::TcpPaws);
                //= RFC7323-5.3-a
                self.acknowledge_refused(now, seg, cx);
                ControlFlow::Break(())
            }
            Some(_) => ControlFlow::Continue(()),
        }
    }

    /// The segment has passed the checks that could refuse it.
    pub(super) fn note_stamps(&mut self, now: Instant, seg: &Arrived<'_>) {
        if let Some(stamps) = self.stamps.as_mut().filter(|stamps| stamps.recent.is_some())
            && let Some(Timestamps { value, .. }) = seg.stamps
        {
            stamps.note(value, seg.seq_on_arrival, now);
        }
    }

    /// The round trip that an acknowledgement of what was timed at `sent_at` shows: by its echo if timestamps
    /// are in use, which tells copies apart, otherwise by our own clock. `None` if the echo is none.
    pub(super) fn round_trip(&self, now: Instant, seg: &Arrived<'_>, sent_at: Instant) -> Option<Span> {
        let Some(stamps) = self.stamps.filter(|stamps| stamps.recent.is_some()) else {
            return Some(now.since(sent_at));
        };
        //= RFC7323-3.2-c
        //= RFC7323-4.1-b
        //= RFC7323-4.2-a
        stamps.elapsed(seg.stamps?.echo, now)
    }

    /// Whether an acknowledgement tells which copy it is for.
    pub(super) fn echoes_tell_copies_apart(&self) -> bool {
        self.stamps_agreed()
    }

    /// Asserts what always holds of the timestamps.
    pub(super) fn check_timestamps(&self) {
        let Some(Stamps { recent: Some(_), last_ack_sent, .. }) = self.stamps else { return };
        assert!(self.settings.timestamps, "timestamps that were not wanted");
        assert!(last_ack_sent.at_or_before(self.rcv.nxt), "the last acknowledgement is of the future");
    }
}

#[cfg(test)]
mod tests;
