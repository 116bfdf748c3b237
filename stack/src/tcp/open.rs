//! floor 3: opening a connection, actively and from LISTEN (RFC 9293 sections 3.4.1, 3.5, 3.10.1, 3.10.7.2).
//!
//! A connection does not know its four-tuple. What RFC 6528 derives from it comes in as [`Offsets`].
//!
//! RFC9293-3.4.2-a: a host that is reset knows nothing of before; when it is started again is for whoever
//! starts it. The clock and the key of its initial sequence numbers differ then.

use super::arrives::Arrived;
use super::emit::Cut;
use super::state::{End, Origin, Phase};
use super::{Cx, Settings, Tcb};
use crate::base::seq::Window;
use crate::base::{Ecn, Freedom, Instant, Ours, Refused, Seq, Theirs};
use crate::wire::tcp::{Flags, Segment};
use crate::wire::tcp_option::Options;
use alloc::sync::Arc;

/// Nanoseconds per step of the clock that drives initial sequence numbers (RFC 9293 section 3.4.1).
const ISN_TICK_NS: u64 = 4_000;

/// Distance of a new initial sequence number from the last one of a connection in TIME-WAIT: more than a
/// window without scale (as Linux has it).
const BEYOND_OLD_OCTETS: u32 = 65_537;

/// Where the two clocks of a connection begin: values of a keyed function of the four-tuple, the same at all
/// times (RFC 6528 section 3, RFC 7323 section 5.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offsets {
    /// Added to the clock of the initial sequence numbers.
    pub sequence: u32,
    /// Added to the clock of the timestamps.
    pub timestamps: u32,
}

impl Offsets {
    /// The halves of a value that nobody can foretell.
    pub const fn from_hash(hash: u64) -> Self {
        Self { sequence: hash as u32, timestamps: (hash >> 32) as u32 }
    }
}

/// An initial sequence number: a clock that goes round in about 4.77 hours, plus the keyed function, plus
/// what the chooser says.
fn initial_sequence_number(offsets: Offsets, now: Instant, cx: &mut Cx<'_>) -> Seq<Ours> {
    let chosen = cx.choices.choose(Freedom::InitialSequenceNumber, 0..=u64::from(u32::MAX));
    assert!(chosen <= u64::from(u32::MAX), "the chooser left the legal range");
    let clock = now.as_nanos() / ISN_TICK_NS;
    let sum = clock.wrapping_add(u64::from(offsets.sequence)).wrapping_add(chosen);
    //= RFC9293-MUST-8
    //= RFC9293-SHLD-1
    //= RFC9293-MUST-9
    //= RFC6528-3-a
    Seq::new((sum & u64::from(u32::MAX)) as u32)
}

impl Tcb {
    /// Active OPEN: sends a SYN and is in SYN-SENT (RFC 9293 section 3.10.1).
    pub fn connect(settings: &Arc<Settings>, offsets: Offsets, now: Instant, cx: &mut Cx<'_>) -> Self {
        let iss = initial_sequence_number(offsets, now, cx);
        Self::connect_with(iss, settings, offsets, now, cx)
    }

    /// An active OPEN that was refused already.
    pub fn refused(settings: &Arc<Settings>) -> Self {
        let end = End::Failed(Refused::ConnRefused);
        let mut tcb = Self::new(settings, Phase::Closed(end), Seq::new(0));
        tcb.error = Some(Refused::ConnRefused);
        tcb
    }

    /// As [`connect`](Self::connect), between ends of which a connection is in TIME-WAIT here: the initial
    /// sequence number lies well beyond `beyond`, the last one that was used.
    pub fn connect_beyond(
        settings: &Arc<Settings>,
        offsets: Offsets,
        now: Instant,
        beyond: Seq<Ours>,
        cx: &mut Cx<'_>,
    ) -> Self {
        let iss = initial_sequence_number(offsets, now, cx);
        let least = beyond + BEYOND_OLD_OCTETS;
        let iss = if iss.after(least) { iss } else { least };
        Self::connect_with(iss, settings, offsets, now, cx)
    }

    fn connect_with(
        iss: Seq<Ours>,
        settings: &Arc<Settings>,
        offsets: Offsets,
        now: Instant,
        cx: &mut Cx<'_>,
    ) -> Self {
        let mut tcb = Self::new(settings, Phase::SynSent, iss);
        tcb.choose_initial_window(cx);
        tcb.offer_stamps(offsets);
        tcb.open_receive_window();
        //= RFC9293-3.10.1-b
        tcb.send_cut(now, Cut::syn(iss), cx);
        tcb.set_timers(now);
        tcb
    }

    /// A SYN came to a listening socket: sends SYN,ACK and is in SYN-RECEIVED (RFC 9293 section 3.10.7.2,
    /// third step). `syn` is a segment for which [`super::listen::on_segment`] said
    /// [`Open`](super::listen::Disposition::Open).
    pub fn accept(
        settings: &Arc<Settings>,
        offsets: Offsets,
        now: Instant,
        syn: &Segment<'_>,
        cx: &mut Cx<'_>,
    ) -> Self {
        let iss = initial_sequence_number(offsets, now, cx);
        Self::accept_with(iss, settings, offsets, now, syn, cx)
    }

    /// As [`accept`](Self::accept), for a SYN that opens anew what was in TIME-WAIT: the initial sequence
    /// number lies beyond `beyond`, the last one that was used, also if that was ahead of the clock.
    pub fn accept_beyond(
        settings: &Arc<Settings>,
        offsets: Offsets,
        now: Instant,
        syn: &Segment<'_>,
        beyond: Seq<Ours>,
        cx: &mut Cx<'_>,
    ) -> Self {
        let iss = initial_sequence_number(offsets, now, cx);
        let step = 1 + (iss.value() & 0xffff);
        //= RFC9293-MAY-2
        let iss = if iss.after(beyond) { iss } else { beyond + step };
        Self::accept_with(iss, settings, offsets, now, syn, cx)
    }

    pub(super) fn accept_with(
        iss: Seq<Ours>,
        settings: &Arc<Settings>,
        offsets: Offsets,
        now: Instant,
        syn: &Segment<'_>,
        cx: &mut Cx<'_>,
    ) -> Self {
        //= RFC9293-MUST-11
        let mut tcb = Self::new(settings, Phase::SynReceived(Origin::Passive), iss);
        tcb.choose_initial_window(cx);
        tcb.offer_stamps(offsets);
        tcb.open_receive_window();
        let mut seg = Arrived::new(syn, Ecn::NotEct);
        //= RFC9293-3.10.7.2-c
        tcb.synchronize(now, &mut seg, &syn.options);
        tcb.hold_for_later(&seg, cx);
        tcb.send_cut(now, Cut::syn(iss), cx);
        tcb.set_timers(now);
        tcb
    }

    /// Whether `segment` completes the handshake of this connection, if it is in SYN-RECEIVED.
    pub fn is_completed_by(&self, segment: &Segment<'_>) -> bool {
        let flags = segment.flags;
        let plain = flags.ack() && !flags.intersects(Flags::SYN | Flags::RST);
        let (seq, ack) = (Seq::<Theirs>::new(segment.seq), Seq::<Ours>::new(segment.ack));
        let opening = matches!(self.phase, Phase::SynReceived(_));
        let acknowledges = ack.after(self.snd.una) && ack.at_or_before(self.snd.nxt);
        opening && plain && acknowledges && seq.within(self.rcv.nxt, self.rcv.wnd.octets())
    }

    /// Takes over what the application has set of its listener since the SYN came.
    pub fn inherit(&mut self, now: Instant, wishes: &Settings) {
        let own = self.own_settings();
        own.nagle = wishes.nagle;
        own.cork = wishes.cork;
        own.urgent_in_line = wishes.urgent_in_line;
        if own.user_timeout != wishes.user_timeout {
            self.set_user_timeout(wishes.user_timeout);
        }
        self.set_keep_alive(now, wishes.keep_alive);
    }

    /// Takes the peer's SYN: RCV.NXT, IRS, its options and its window. What is left of `seg` is its text.
    pub(super) fn synchronize(&mut self, now: Instant, seg: &mut Arrived<'_>, options: &Options) {
        self.irs = seg.seq;
        self.rcv.nxt = seg.seq + 1;
        self.edge_offered = None;
        //= RFC7323-2.2-c
        self.learn_options(now, options);
        self.learn_ecn(seg.flags);
        self.take_window(seg);
        if !seg.ack_set() {
            // The RFC says SND.WL2 <- SEG.ACK also where the SYN has no ACK and the field means nothing.
            self.snd.wl2 = self.iss;
        }
        seg.drop_syn();
    }

    /// Text and controls that came with a SYN wait until the connection is established.
    pub(super) fn hold_for_later(&mut self, seg: &Arrived<'_>, cx: &mut Cx<'_>) {
        //= RFC9293-3.5-b
        //= RFC9293-3.10.7.2-d
        self.hold_text(seg, cx);
        self.note_urgent(seg);
    }

    /// The first window to offer: the whole buffer, as far as a SYN can say it.
    fn open_receive_window(&mut self) {
        self.rcv.wnd = Window::from_octets(self.available_octets());
    }
}
