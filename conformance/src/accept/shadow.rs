//! floor 8: the reference in the place of the followed stack, without a will of its own: it has the recorded
//! initial sequence number, never waits for a timer, and its application does what the recorded segments ask
//! for. Numbers are the recorded ones, so that nothing has to be translated.

use crate::drive::replay::recording::{RecordedConnection, RecordedSegment, Side};
use stack::base::choose::Lowest;
use stack::base::{Choose, Ecn, Freedom, Instant, Ours, Seq, Span, Theirs, Why};
use stack::tcp::{Algorithm, Cx, EcnUse, Emit, End, Offsets, Settings, State, Tcb, closed, listen};
use stack::wire::tcp::{Flags, Segment};
use stack::wire::tcp_option::{Options, Timestamps};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Octets that no segment of the reference is cut by: how the followed stack cuts its stream is its own
/// matter.
const MSS_OCTETS: u16 = 65_000;

/// Where the clock of the reference's timestamps begins: so far from [`ECHO`] that it never was there.
const STAMPS_OFFSET: u32 = 1 << 31;

/// What the peer echoes to the reference. Round trips are not its matter here.
const ECHO: u32 = 0;

/// The largest receive buffer of the reference, in octets: what lies out of order takes memory.
const BUFFER_OCTETS_MAX: u32 = 1 << 26;

/// Longer than any recording: when to give up is the other's own matter.
const FOR_EVER: Span = Span::from_secs(1 << 32);

/// A segment that the reference sent: what of it is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) seq: u32,
    pub(super) ack: u32,
    pub(super) flags: Flags,
    /// Payload, SYN and FIN.
    pub(super) len_octets: u32,
    /// The discard that it goes with.
    pub(super) why: Option<Why>,
}

impl Sent {
    fn of(segment: &Segment<'_>, why: Option<Why>) -> Self {
        let Segment { seq, ack, flags, .. } = *segment;
        Self { seq, ack, flags, len_octets: segment.len_octets(), why }
    }

    /// Whether `segment` is this one, but for what RFC 9293 leaves open on a reset: an acknowledgement beside
    /// a number that is already exact.
    pub(super) fn is_reset(&self, segment: &RecordedSegment) -> bool {
        let ack_fits = !self.flags.ack() || segment.has(Flags::ACK) && segment.ack == self.ack;
        self.flags.rst() && self.seq == segment.seq && ack_fits
    }
}

/// Writes down what the reference does.
#[derive(Clone, Debug, Default)]
struct Log {
    sent: Vec<Sent>,
    why: Option<Why>,
}

impl Emit for Log {
    fn segment(&mut self, segment: &Segment<'_>, _: Ecn) {
        self.sent.push(Sent::of(segment, self.why));
    }

    fn discard(&mut self, why: Why) {
        self.why = Some(why);
    }
}

/// Numbers come from the recording; what else there is to choose does not show, and is chosen the plainest
/// way.
struct Chooser;

impl Choose for Chooser {
    fn choose(&mut self, freedom: Freedom, legal: RangeInclusive<u64>) -> u64 {
        match freedom {
            Freedom::InitialSequenceNumber => 0,
            Freedom::EphemeralPort
            | Freedom::Ipv4Identification
            | Freedom::Ipv6Identification
            | Freedom::Ipv4FragmentOverlap
            | Freedom::SecretKey
            | Freedom::InitialWindow
            | Freedom::AckDelay => Lowest.choose(freedom, legal),
        }
    }
}

/// The reference that follows.
#[derive(Clone, Debug)]
pub(super) struct Shadow {
    settings: Arc<Settings>,
    /// The connection. `None` while there was none.
    tcb: Option<Tcb>,
}

impl Shadow {
    /// A shadow of the end `role`, which has not opened yet. With `stamps` it judges the peer's timestamps,
    /// if it agreed to them.
    pub(super) fn new(connection: &RecordedConnection, role: Side, stamps: bool) -> Self {
        let offered = connection.of(role).filter(|segment| !segment.has(Flags::RST));
        let window = offered.map(|segment| connection.window_octets(segment)).max().unwrap_or(0);
        let offered = connection.syn(role).map(|syn| syn.options);
        let scales = offered.is_some_and(|options| options.window_scale.is_some());
        let stamps = stamps && offered.is_some_and(|options| options.timestamps.is_some());
        Self {
            settings: Arc::new(Settings {
                mss_receive_octets: MSS_OCTETS,
                mss_send_limit_octets: MSS_OCTETS,
                mss_default_octets: MSS_OCTETS,
                window_scale: scales,
                timestamps: stamps,
                // What it would send again and when is the other's own matter.
                sack: false,
                ecn: EcnUse::Never,
                congestion: Algorithm::Unbounded,
                nagle: false,
                receive_buffer_octets: window.clamp(1, BUFFER_OCTETS_MAX),
                send_buffer_octets: u32::MAX >> 2,
                user_timeout: None,
                syn_timeout: FOR_EVER,
                challenge_acks: u32::MAX,
                ..Settings::default()
            }),
            tcb: None,
        }
    }

    /// The state of the reference; LISTEN and CLOSED are one to it before a connection begins.
    pub(super) fn state(&self) -> State {
        self.tcb.as_ref().map_or(State::Closed, Tcb::state)
    }

    /// The connection, while there is one.
    pub(super) fn tcb(&self) -> Option<&Tcb> {
        self.tcb.as_ref().filter(|tcb| tcb.state() != State::Closed)
    }

    /// Whether there was a connection, and it is over.
    pub(super) fn is_over(&self) -> bool {
        self.tcb.as_ref().is_some_and(|tcb| tcb.state() == State::Closed)
    }

    /// The numbers that opening began with: ISS, and IRS where the peer's SYN was taken.
    pub(super) fn iss(&self) -> Option<Seq<Ours>> {
        self.tcb.as_ref().map(Tcb::iss)
    }

    /// RCV.NXT, where it has a meaning.
    pub(super) fn rcv_nxt(&self) -> Option<Seq<Theirs>> {
        self.tcb.as_ref().filter(|tcb| tcb.state() != State::SynSent).map(|tcb| tcb.rcv().nxt)
    }

    /// Makes a connection with the initial sequence number `isn`. That number has a clock in it, so that the
    /// offset is corrected by what came out.
    fn open(&mut self, isn: u32, open: impl Fn(&Arc<Settings>, Offsets, &mut Cx<'_>) -> Tcb) -> Vec<Sent> {
        let mut sequence = isn;
        loop {
            let mut log = Log::default();
            let offsets = Offsets { sequence, timestamps: STAMPS_OFFSET };
            let tcb = open(&self.settings, offsets, &mut Cx { choices: &mut Chooser, out: &mut log });
            let off = isn.wrapping_sub(tcb.iss().value());
            if off == 0 || sequence != isn {
                assert!(off == 0, "the reference does not take the recorded initial sequence number");
                self.tcb = Some(tcb);
                return log.sent;
            }
            sequence = isn.wrapping_add(off);
        }
    }

    /// Active OPEN.
    pub(super) fn connect(&mut self, now: Instant, isn: u32) -> Vec<Sent> {
        self.open(isn, |settings, offsets, cx| Tcb::connect(settings, offsets, now, cx))
    }

    /// Takes the connection request `syn`, if it is one.
    pub(super) fn accept(&mut self, now: Instant, syn: &RecordedSegment, isn: u32) -> Vec<Sent> {
        let segment = plain(syn);
        if listen::on_segment(&segment) != listen::Disposition::Open {
            return Vec::new();
        }
        self.open(isn, |settings, offsets, cx| Tcb::accept(settings, offsets, now, &segment, cx))
    }

    /// What the reference answers to `segment` where there is no connection.
    pub(super) fn reset_for(segment: &RecordedSegment) -> Option<Sent> {
        closed::reset_for(&plain(segment)).map(|reset| Sent::of(&reset, None))
    }

    fn act<R>(&mut self, act: impl FnOnce(&mut Tcb, &mut Cx<'_>) -> R) -> (Option<R>, Vec<Sent>) {
        let mut log = Log::default();
        let mut cx = Cx { choices: &mut Chooser, out: &mut log };
        let result = self.tcb.as_mut().map(|tcb| act(tcb, &mut cx));
        (result, log.sent)
    }

    /// A segment of the peer arrives, and the application reads what it brings.
    pub(super) fn arrives(&mut self, now: Instant, segment: &RecordedSegment) -> Vec<Sent> {
        let crossed = self.state() == State::SynReceived;
        let sent = self.act(|tcb, cx| tcb.arrives(now, &plain(segment), Ecn::NotEct, cx)).1;
        if crossed && segment.has(Flags::SYN | Flags::ACK) {
            self.arrives_behind_syn(now, segment);
        }
        self.act(|tcb, cx| while tcb.receive(now, u32::MAX, cx).is_ok_and(|data| !data.is_empty()) {});
        self.forget_failed_opening();
        sent
    }

    /// Where both SYNs crossed, the SYN,ACK brings the SYN again, and only its acknowledgement is news (RFC
    /// 9293 section 3.5, figure 8). Whether a stack takes it from there, or from what follows, is its own
    /// matter.
    fn arrives_behind_syn(&mut self, now: Instant, segment: &RecordedSegment) {
        if self.rcv_nxt().is_some_and(|next| next.value() == segment.seq.wrapping_add(1)) {
            let mut news = plain(segment);
            news.flags = news.flags.without(Flags::SYN);
            news.seq = segment.seq.wrapping_add(1);
            self.act(|tcb, cx| tcb.arrives(now, &news, Ecn::NotEct, cx));
        }
    }

    /// A passive open that failed leaves the listening socket as it was.
    fn forget_failed_opening(&mut self) {
        if self.tcb.as_ref().is_some_and(|tcb| tcb.end() == Some(End::BackToListen)) {
            self.tcb = None;
        }
    }

    /// The application writes `octets`. What the reference sent of it shows in SND.NXT.
    pub(super) fn send(&mut self, now: Instant, octets: &[u8]) -> bool {
        let (taken, _) = self.act(|tcb, cx| tcb.send(now, octets, false, cx));
        taken.is_some_and(|taken| taken.is_ok_and(|count| count as usize == octets.len()))
    }

    /// The application closes its half.
    pub(super) fn shutdown(&mut self, now: Instant) -> bool {
        let (closed, _) = self.act(|tcb, cx| tcb.shutdown_write(now, cx));
        closed.is_some_and(|closed| closed.is_ok())
    }

    /// The application gives up reading as well.
    pub(super) fn close(&mut self, now: Instant) {
        self.act(|tcb, cx| tcb.close(now, cx));
    }

    /// The application aborts.
    pub(super) fn abort(&mut self, now: Instant) -> Vec<Sent> {
        self.act(|tcb, cx| tcb.abort(now, cx)).1
    }

    /// The timer that runs expires now, early or late.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<Sent> {
        self.act(|tcb, cx| {
            let due = tcb.due().unwrap_or(now).max(now);
            tcb.on_due(due, cx);
        })
        .1
    }
}

/// A recorded segment as the reference is to see it: without what is judged beside it, and without a limit to
/// the size of its own segments.
fn plain(recorded: &RecordedSegment) -> Segment<'_> {
    let syn = recorded.has(Flags::SYN);
    let options = Options {
        mss: syn.then_some(MSS_OCTETS),
        window_scale: recorded.options.window_scale,
        timestamps: recorded.options.timestamps.map(|stamps| Timestamps { echo: ECHO, ..stamps }),
        ..Options::NONE
    };
    Segment {
        seq: recorded.seq,
        ack: recorded.ack,
        flags: recorded.flags.without(Flags::ECE).without(Flags::CWR).without(Flags::AE),
        window: recorded.window,
        urgent_pointer: recorded.urgent_pointer,
        options,
        payload: &recorded.payload,
        ..Segment::default()
    }
}
