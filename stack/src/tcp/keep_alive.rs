//! floor 3: keep-alives (RFC 9293 section 3.8.4).
//!
//! RFC9293-MAY-6: a keep-alive never carries a garbage octet; hosts that answer nothing else are long gone.

use super::state::{End, Phase};
use super::timeouts::Timer;
use super::{Cx, KeepAlive, Tcb};
use crate::base::{Instant, Refused};

/// The least number of keep-alives without an answer that says anything: acknowledgements without data are
/// not sent again, so that one may just be lost.
const PROBES_MIN: u8 = 2;

/// How long nothing has come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Watch {
    /// When a segment came last, or when the last keep-alive left since.
    since: Instant,
    /// Keep-alives that nothing has answered.
    unanswered: u8,
}

impl Watch {
    /// When a segment came last, or a keep-alive left since.
    pub(super) const fn heard_at(&self) -> Instant {
        self.since
    }

    /// A segment came: whoever sent it is alive.
    pub(super) const fn hear(&mut self, now: Instant) {
        *self = Self { since: now, unanswered: 0 };
    }
}

impl Tcb {
    /// Switches keep-alives on, with these times, or off. The time counts from now on.
    pub fn set_keep_alive(&mut self, now: Instant, keep_alive: Option<KeepAlive>) {
        //= RFC9293-MUST-24
        self.own_settings().keep_alive = keep_alive;
        self.watch.hear(now);
    }

    /// When the next keep-alive leaves, or its absent answer ends the connection; `None` if the connection is
    /// not idle, or nobody wants to know.
    pub(super) fn keep_alive_due(&self) -> Option<Instant> {
        let KeepAlive { idle, interval, .. } = self.settings.keep_alive?;
        let open = match self.phase {
            Phase::Established | Phase::CloseWait | Phase::FinWait2 => true,
            Phase::SynSent
            | Phase::SynReceived(_)
            | Phase::FinWait1
            | Phase::Closing
            | Phase::LastAck
            | Phase::TimeWait { .. }
            | Phase::Closed(_) => false,
        };
        //= RFC9293-MUST-26
        let is_idle = open && self.timer == Timer::Idle;
        is_idle.then(|| self.watch.since + if self.watch.unanswered == 0 { idle } else { interval })
    }

    /// The connection has been idle for long enough to ask, or has been asked often enough.
    pub(super) fn keep_alive(&mut self, now: Instant, cx: &mut Cx<'_>) {
        let (Some(due), Some(KeepAlive { probes, .. })) = (self.keep_alive_due(), self.settings.keep_alive)
        else {
            return;
        };
        if due > now {
            return;
        }
        //= RFC9293-MUST-29
        if self.watch.unanswered >= probes.max(PROBES_MIN) {
            self.enter_closed(End::Failed(Refused::TimedOut));
            return;
        }
        let unanswered = self.watch.unanswered + 1;
        //= RFC9293-MAY-5
        self.send_keep_alive(now, cx);
        self.watch = Watch { since: now, unanswered };
    }
}

#[cfg(test)]
mod tests {
    use crate::base::{Refused, Span};
    use crate::tcp::tests::rig::Rig;
    use crate::tcp::{End, KeepAlive, Settings, State};
    use alloc::format;

    const TWO_HOURS_MS: u64 = 7_200_000;

    fn watched() -> Rig {
        let settings = Settings { keep_alive: Some(KeepAlive::default()), ..Settings::default() };
        Rig::established_with(&settings, 65535, 1000)
    }

    //? RFC9293-MUST-24
    //? RFC9293-MUST-25
    #[test]
    fn nobody_is_asked_unless_somebody_wants_to_know() {
        let mut rig = Rig::established();
        assert_eq!(rig.tcb.due(), None);
        rig.tcb.set_keep_alive(rig.now, Some(KeepAlive::default()));
        assert_eq!(rig.tcb.due(), Some(rig.now + Span::from_secs(7200)));
        rig.tcb.set_keep_alive(rig.now, None);
        assert_eq!(rig.tcb.due(), None);
    }

    //? RFC9293-MUST-28
    //? RFC9293-SHLD-12
    //? RFC9293-MAY-5
    #[test]
    fn after_two_hours_of_silence_a_segment_without_data_asks() {
        let mut rig = watched();
        // An old number and no octet: whoever is there answers with what it expects.
        assert_eq!(rig.wait(), [format!("{TWO_HOURS_MS} > . 0:0(0) ack 1 win 65535")]);
        assert!(rig.gets(". 1:1(0) ack 1").is_empty());
        assert_eq!(rig.wait(), [format!("{} > . 0:0(0) ack 1 win 65535", 2 * TWO_HOURS_MS)]);
    }

    //? RFC9293-MUST-26
    #[test]
    fn whatever_comes_starts_the_time_again() {
        let mut rig = watched();
        rig.pass(Span::from_secs(7000));
        rig.gets(". 1:11(10) ack 1");
        assert_eq!(rig.tcb.due(), Some(rig.now + Span::from_secs(7200)));
        rig.wait();
        rig.wait();
        rig.gets(". 11:11(0) ack 1");
        assert_eq!(rig.tcb.due(), Some(rig.now + Span::from_secs(7200)));
    }

    //? RFC9293-MUST-29
    #[test]
    fn nine_keep_alives_without_an_answer_end_the_connection() {
        let mut rig = watched();
        for number in 0..9_u64 {
            let at = TWO_HOURS_MS + 75_000 * number;
            assert_eq!(rig.wait(), [format!("{at} > . 0:0(0) ack 1 win 65535")]);
            assert_eq!(rig.tcb.state(), State::Established);
        }
        assert!(rig.wait().is_empty());
        assert_eq!(rig.now.as_nanos(), 1_000_000 * (TWO_HOURS_MS + 9 * 75_000));
        assert_eq!(rig.tcb.end(), Some(End::Failed(Refused::TimedOut)));
        assert_eq!(rig.read(10), Err(Refused::TimedOut));
    }

    //? RFC9293-MUST-29
    #[test]
    fn one_keep_alive_alone_proves_nothing() {
        let mut rig = watched();
        rig.tcb.set_keep_alive(rig.now, Some(KeepAlive { probes: 1, ..KeepAlive::default() }));
        rig.wait();
        rig.wait();
        assert_eq!(rig.tcb.state(), State::Established);
        rig.wait();
        assert_eq!(rig.tcb.state(), State::Closed);
    }

    //? RFC9293-MUST-26
    #[test]
    fn whoever_has_something_outstanding_does_not_ask() {
        let mut rig = watched();
        rig.tcb.set_user_timeout(None);
        rig.send(10);
        for _ in 0..200 {
            assert!(rig.wait().last().is_some_and(|line| line.contains("P. 1:11(10)")));
        }
        rig.gets(". 1:1(0) ack 11");
        assert_eq!(rig.tcb.due(), Some(rig.now + Span::from_secs(7200)));
        // Nor whoever waits for a window.
        rig.gets(". 1:1(0) ack 11 win 0");
        rig.send(10);
        assert!(rig.wait()[0].ends_with("> . 11:12(1) ack 1 win 65535"));
    }

    #[test]
    fn a_half_closed_connection_is_watched_and_one_that_has_ended_is_not() {
        let mut rig = watched();
        rig.shutdown();
        rig.gets(". 1:1(0) ack 2");
        assert_eq!(rig.tcb.state(), State::FinWait2);
        assert_eq!(rig.wait(), [format!("{TWO_HOURS_MS} > . 1:1(0) ack 1 win 65535")]);
        rig.gets("F. 1:1(0) ack 2");
        assert_eq!(rig.tcb.state(), State::TimeWait);
        assert_eq!(rig.tcb.due(), Some(rig.now + Span::from_secs(60)));
    }

    //? RFC9293-3.10.7.4-a
    #[test]
    fn a_keep_alive_of_the_peer_is_answered() {
        let mut rig = Rig::established();
        for probe in [". 0:0(0) ack 1", ". 0:1(1) ack 1"] {
            assert_eq!(rig.gets(probe), ["! TcpSequence", "> . 1:1(0) ack 1 win 65535"]);
        }
    }
}
