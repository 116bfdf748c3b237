//! floor 3: the transmission control block, one connection (RFC 9293 section 3.3.1).

use super::congestion;
use super::delayed_ack::Delay;
use super::ecn::Marks;
use super::keep_alive::Watch;
use super::options::Scale;
use super::path_mtu::Path;
use super::recovery::Recovery;
use super::reset::Throttle;
use super::rto::Rto;
use super::state::{End, Phase, State};
use super::timeouts::Timer;
use super::timestamps::Stamps;
use super::user_timeout::Suggestions;
use super::{Settings, receive, sack, send};
use crate::base::seq::Window;
use crate::base::{Instant, Ours, Refused, Seq, Span, Theirs};
use alloc::sync::Arc;

/// Send sequence variables (RFC 9293 section 3.3.1, table 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snd {
    /// SND.UNA: the oldest number that is not acknowledged.
    pub una: Seq<Ours>,
    /// SND.NXT: the next number to send. It never goes back: what is sent again is cut at SND.UNA.
    pub nxt: Seq<Ours>,
    /// SND.WND: the window that the peer offers, counted from SND.UNA.
    pub wnd: Window,
    /// SND.UP: the number after the last urgent octet, while it is not acknowledged.
    pub up: Option<Seq<Ours>>,
    /// SND.WL1: sequence number of the segment that SND.WND comes from.
    pub wl1: Seq<Theirs>,
    /// SND.WL2: acknowledgement number of the segment that SND.WND comes from.
    pub wl2: Seq<Ours>,
    /// MAX.SND.WND: the largest window that the peer ever offered (RFC 5961 section 5.2).
    pub max_wnd: Window,
    /// What the peer's MSS option said, or the default, in octets.
    pub mss_octets: u16,
}

/// Receive sequence variables (RFC 9293 section 3.3.1, table 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rcv {
    /// RCV.NXT: the next number expected. Without meaning in SYN-SENT.
    pub nxt: Seq<Theirs>,
    /// RCV.WND: the window as it was last offered, less what has arrived since: RCV.NXT + RCV.WND is the
    /// right edge that the peer knows.
    pub wnd: Window,
    /// RCV.UP: the number after the last urgent octet, while the application has not read up to it.
    pub up: Option<Seq<Theirs>>,
}

/// What would not block, and what is known of the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Readiness {
    /// Receiving would not block: data or the end of the stream.
    pub readable: bool,
    /// Sending would not block: room, a closed half, or an error.
    pub writable: bool,
    /// Urgent data is still to be read.
    pub urgent: bool,
    /// The peer's FIN was received, or the connection is gone.
    pub read_closed: bool,
    /// The own half is closed, or the connection is gone.
    pub write_closed: bool,
    /// The connection is being opened.
    pub opening: bool,
    /// The connection is gone.
    pub closed: bool,
    /// An error waits.
    pub error: bool,
}

/// One connection.
#[derive(Clone, Debug)]
pub struct Tcb {
    /// Shared by all connections that were opened alike: most of it never changes.
    pub(super) settings: Arc<Settings>,
    pub(super) phase: Phase,
    /// ISS.
    pub(super) iss: Seq<Ours>,
    /// IRS.
    pub(super) irs: Seq<Theirs>,
    pub(super) snd: Snd,
    pub(super) rcv: Rcv,
    /// Window scaling, if both SYNs offered it.
    pub(super) scale: Option<Scale>,
    /// Timestamps, if this end wants them and the other one has not declined.
    pub(super) stamps: Option<Stamps>,
    /// The user timeouts that the ends suggest to each other.
    pub(super) suggestions: Suggestions,
    /// Explicit congestion notification.
    pub(super) ecn: Marks,
    pub(super) send_buffer: send::Buffer,
    pub(super) receive_buffer: receive::Buffer,
    pub(super) rto: Rto,
    /// How much may be in flight.
    pub(super) congestion: congestion::Window,
    /// What is known of losses.
    pub(super) recovery: Recovery,
    /// What both ends reported out of order.
    pub(super) sack: sack::Board,
    pub(super) timer: Timer,
    /// Since when the peer owes an answer: the start of the user timeout.
    pub(super) waiting_since: Option<Instant>,
    /// How often SND.UNA was sent again.
    pub(super) resends: u32,
    /// The end of the segment whose round trip is measured, and when it left.
    pub(super) timed: Option<(Seq<Ours>, Instant)>,
    /// Whether the own SYN was acknowledged. Numbers come round, so that SND.UNA alone does not tell.
    pub(super) syn_acknowledged: bool,
    /// Whether the retransmission timer expired on the SYN.
    pub(super) syn_resent: bool,
    pub(super) challenges: Throttle,
    /// The application closed its sending half: a FIN follows the send buffer.
    pub(super) shut: bool,
    /// The application will read no more.
    pub(super) reader_gone: bool,
    /// The application closed its receiving half.
    pub(super) read_shut: bool,
    /// The peer's FIN was taken: RCV.NXT stands behind it.
    pub(super) peer_fin: bool,
    /// An acknowledgement has to leave before this event is over.
    pub(super) ack_owed: bool,
    /// One that may leave later.
    pub(super) delayed: Delay,
    pub(super) watch: Watch,
    pub(super) path: Path,
    /// The right edge in the segment sent last.
    pub(super) edge_offered: Option<Seq<Theirs>>,
    pub(super) error: Option<Refused>,
    pub(super) soft_error: Option<Refused>,
    /// Whether the application was told of RCV.UP.
    pub(super) urgent_told: bool,
    /// Whether the application has read the urgent octet apart from the others.
    pub(super) urgent_taken: bool,
}

impl Tcb {
    /// A block for a connection with the initial sequence number `iss` that has sent nothing yet.
    pub(super) fn new(settings: &Arc<Settings>, phase: Phase, iss: Seq<Ours>) -> Self {
        let zero = Window::from_octets(0);
        Self {
            settings: Arc::clone(settings),
            phase,
            iss,
            irs: Seq::new(0),
            snd: Snd {
                una: iss,
                nxt: iss,
                wnd: zero,
                up: None,
                wl1: Seq::new(0),
                wl2: iss,
                max_wnd: zero,
                mss_octets: settings.mss_default_octets,
            },
            rcv: Rcv { nxt: Seq::new(0), wnd: zero, up: None },
            scale: None,
            stamps: None,
            suggestions: Suggestions::default(),
            ecn: Marks::default(),
            send_buffer: send::Buffer::starting_at(iss + 1),
            receive_buffer: receive::Buffer::default(),
            rto: Rto::new(settings),
            congestion: congestion::Window::new(settings.congestion),
            recovery: Recovery::new(),
            sack: sack::Board::default(),
            timer: Timer::Idle,
            waiting_since: None,
            resends: 0,
            timed: None,
            syn_acknowledged: false,
            syn_resent: false,
            challenges: Throttle::default(),
            shut: false,
            reader_gone: false,
            read_shut: false,
            peer_fin: false,
            ack_owed: false,
            delayed: Delay::NONE,
            watch: Watch::default(),
            path: Path::new(settings),
            edge_offered: None,
            error: None,
            soft_error: None,
            urgent_told: false,
            urgent_taken: false,
        }
    }

    /// The state, as STATUS reports it (RFC 9293 section 3.10.6).
    pub const fn state(&self) -> State {
        //= RFC9293-3.10.6-a
        self.phase.state()
    }

    /// How the connection ended, once it is CLOSED.
    pub const fn end(&self) -> Option<End> {
        match self.phase {
            Phase::Closed(end) => Some(end),
            Phase::SynSent
            | Phase::SynReceived(_)
            | Phase::Established
            | Phase::FinWait1
            | Phase::FinWait2
            | Phase::CloseWait
            | Phase::Closing
            | Phase::LastAck
            | Phase::TimeWait { .. } => None,
        }
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The settings, to change one for this connection alone.
    pub(super) fn own_settings(&mut self) -> &mut Settings {
        Arc::make_mut(&mut self.settings)
    }

    /// Initial send sequence number.
    pub const fn iss(&self) -> Seq<Ours> {
        self.iss
    }

    /// Initial receive sequence number. Without meaning in SYN-SENT.
    pub const fn irs(&self) -> Seq<Theirs> {
        self.irs
    }

    /// Send sequence variables.
    pub const fn snd(&self) -> &Snd {
        &self.snd
    }

    /// Receive sequence variables.
    pub const fn rcv(&self) -> &Rcv {
        &self.rcv
    }

    /// The shift counts of both windows, if they are scaled.
    pub const fn scale(&self) -> Option<Scale> {
        self.scale
    }

    /// The present retransmission timeout, back-off included.
    pub const fn rto(&self) -> Span {
        self.rto.span()
    }

    /// Octets that the application gave and the peer has not acknowledged.
    pub fn unacknowledged_octets(&self) -> u32 {
        self.send_buffer.len_octets()
    }

    /// RCV.USER: octets received in order that the application has not read.
    pub const fn unread_octets(&self) -> u32 {
        self.receive_buffer.ready_octets()
    }

    /// Octets up to the end of the urgent data that the application has not read yet; 0 if there is none.
    pub fn urgent_octets_left(&self) -> u32 {
        //= RFC9293-MUST-33
        self.rcv.up.map_or(0, |up| u32::try_from(up.distance_from(self.consumed())).unwrap_or(0))
    }

    /// The error that waits for the application.
    pub const fn error(&self) -> Option<Refused> {
        self.error
    }

    /// Takes the error that waits for the application (`SO_ERROR`).
    pub const fn take_error(&mut self) -> Option<Refused> {
        self.error.take()
    }

    /// The last soft error that ICMP told of (RFC 9293 section 3.9.2.2).
    pub const fn soft_error(&self) -> Option<Refused> {
        self.soft_error
    }

    /// Takes the last soft error, which the application has heard of then.
    pub const fn take_soft_error(&mut self) -> Option<Refused> {
        self.soft_error.take()
    }

    /// Octets of text that a full segment carries, after the options that every segment has.
    pub fn segment_octets(&self) -> u16 {
        u16::try_from(self.effective_mss_octets()).unwrap_or(u16::MAX)
    }

    /// Whether the application will neither read nor write any more.
    pub const fn is_orphan(&self) -> bool {
        self.reader_gone
    }

    /// What would not block.
    pub fn readiness(&self) -> Readiness {
        let state = self.state();
        let closed = state == State::Closed;
        let read_closed = self.peer_fin || closed;
        let opening = matches!(self.phase, Phase::SynSent | Phase::SynReceived(_));
        let room = self.send_buffer.len_octets() < self.settings.send_buffer_octets;
        let write_closed = self.shut || closed;
        Readiness {
            // An urgent octet that is read apart does not count for the others.
            readable: self.unread_octets() > u32::from(self.skips_urgent()) || read_closed,
            writable: !opening && (room || write_closed),
            urgent: self.urgent_octets_left() > 0 && !self.urgent_taken,
            //= RFC9293-3.6-f
            read_closed,
            write_closed,
            opening,
            closed,
            error: self.error.is_some(),
        }
    }

    /// The first number that the application has not consumed.
    pub(super) fn consumed(&self) -> Seq<Theirs> {
        self.rcv.nxt.back(self.receive_buffer.ready_octets() + u32::from(self.peer_fin))
    }

    /// The number that the own FIN has or will have.
    pub(super) fn fin_seq(&self) -> Seq<Ours> {
        self.send_buffer.end()
    }

    /// Whether the own FIN has been sent.
    pub(super) fn fin_sent(&self) -> bool {
        self.shut && self.snd.nxt.after(self.fin_seq())
    }

    /// Whether the own FIN has been acknowledged.
    pub(super) fn fin_acknowledged(&self) -> bool {
        self.shut && self.snd.una.after(self.fin_seq())
    }

    /// Whether the own SYN still waits for its acknowledgement.
    pub(super) fn syn_outstanding(&self) -> bool {
        !self.syn_acknowledged && self.snd.nxt != self.iss
    }
}
