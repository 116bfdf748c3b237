//! floor 3: resets and challenge acknowledgements, and the way into CLOSED (RFC 9293 section 3.5.2, RFC
//! 5961).
//!
//! RFC9293-3.5.2-f: the side that resets does not stay in TIME-WAIT; the sentence has no key word, and 3.10.5
//! deletes the record at once.

use super::state::{End, Origin, Phase};
use super::timeouts::Timer;
use super::{Cx, Tcb, receive};
use crate::base::{Ecn, Instant, Refused, Span};
use crate::wire::tcp::{Flags, Segment};
use crate::wire::tcp_option::{Options, Timestamps};

/// The reset for `segment`, of which no reset is ever a cause. Ports are 0.
pub(super) fn reply_to(segment: &Segment<'_>) -> Segment<'static> {
    //= RFC7323-5.2-b
    let timestamps = segment.options.timestamps.map(|stamps| Timestamps { value: 0, echo: stamps.value });
    let options = Options { timestamps, ..Options::NONE };
    if segment.flags.ack() {
        //= RFC9293-3.5.2-b
        Segment { seq: segment.ack, flags: Flags::RST, options, ..Segment::default() }
    } else {
        //= RFC9293-3.5.2-c
        let ack = segment.seq.wrapping_add(segment.len_octets());
        Segment { seq: 0, ack, flags: Flags::RST | Flags::ACK, options, ..Segment::default() }
    }
}

/// Counts challenge acknowledgements: a time and a counter, no timer (RFC 5961 section 7).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Throttle {
    since: Instant,
    sent: u32,
}

impl Throttle {
    /// Whether one more may be sent now, and if so counts it.
    pub(super) fn admits(&mut self, now: Instant, limit: u32, interval: Span) -> bool {
        // The first one begins an interval, whenever that is.
        if self.sent == 0 || now.since(self.since) >= interval {
            *self = Self { since: now, sent: 0 };
        }
        let free = self.sent < limit;
        self.sent += u32::from(free);
        free
    }
}

impl Tcb {
    /// Sends a challenge ACK: `<SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>`, unless too many have been sent.
    pub(super) fn challenge(&mut self, now: Instant, cx: &mut Cx<'_>) {
        let (limit, interval) = (self.settings.challenge_acks, self.settings.challenge_interval);
        //= RFC5961-7-a
        if self.challenges.admits(now, limit, interval) {
            self.send_ack(now, cx);
        }
    }

    /// Sends `<SEQ=SND.NXT><CTL=RST>`. SND.NXT counts the octet that probes a closed window, but whoever
    /// keeps its window closed has refused it, and believes a reset at its RCV.NXT only (RFC 5961 section
    /// 3.2).
    pub(super) fn send_reset(&mut self, now: Instant, cx: &mut Cx<'_>) {
        //= RFC7323-3.2-f
        //= RFC7323-5.2-c
        let options = Options { timestamps: self.stamps_for(now, Flags::RST), ..Options::NONE };
        let probed = self.snd.wnd.octets() == 0 && !self.syn_outstanding();
        let seq = if probed { self.snd.una } else { self.snd.nxt };
        let reset = Segment { seq: seq.value(), flags: Flags::RST, options, ..Segment::default() };
        cx.out.segment(&reset, Ecn::NotEct);
    }

    /// Enters CLOSED. All queues of segments are flushed. What was received in order and acknowledged can
    /// still be read, unless the application has given the connection up: this end took responsibility for it
    /// (RFC 9293 section 3.10.7.4, seventh), and a reset does not make it untrue. Linux does the same.
    pub(super) fn enter_closed(&mut self, end: End) {
        self.phase = Phase::Closed(end);
        self.send_buffer.flush();
        self.timer = Timer::Idle;
        self.waiting_since = None;
        self.recovery.end();
        self.sack.forget();
        self.timed = None;
        self.ack_owed = false;
        self.delayed.cancel();
        self.snd.up = None;
        match end {
            End::Finished => {}
            End::BackToListen | End::Aborted => self.forget_received(),
            End::Failed(refused) => {
                self.receive_buffer.forget_unordered();
                self.rcv.up = self.rcv.up.filter(|up| up.at_or_before(self.rcv.nxt));
                //= RFC9293-MUST-12
                self.error = Some(refused);
            }
        }
    }

    /// What was received and not read is lost, and urgent data in it.
    pub fn forget_received(&mut self) {
        self.receive_buffer = receive::Buffer::default();
        self.rcv.up = None;
    }

    /// The open attempt failed for good: the user of an active OPEN is told, a passive one goes on listening.
    pub(super) fn fail_opening(&mut self, origin: Origin, refused: Refused) {
        self.enter_closed(match origin {
            Origin::Active => End::Failed(refused),
            Origin::Passive => End::BackToListen,
        });
    }
}
