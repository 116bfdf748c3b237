//! floor 3: the user timeout that the two ends suggest to each other (RFC 5482).
//!
//! `Settings::adopt_user_timeout` is ENABLED, for both directions: the own timeout is told on SYNs and on the
//! first segment after them, and the peer's is heard. It is off by default, as section 3 has it. CHANGEABLE
//! ends when the application sets a timeout. A connection whose application decides by itself how long to
//! wait has nothing to tell, and adopts nothing.

use super::Tcb;
use crate::base::Span;
use crate::wire::tcp::Flags;
use crate::wire::tcp_option::UserTimeout;

/// L_LIMIT, unless the retransmission timeout asks for more.
const SHORTEST: Span = Span::from_secs(100);
/// U_LIMIT: what a stranger can make this host remember a connection for.
const LONGEST: Span = Span::from_secs(3600);

/// What was suggested.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Suggestions {
    /// REMOTE_UTO.
    remote: Option<UserTimeout>,
    /// A segment without SYN has told the own one.
    told: bool,
    /// The application has set one: not CHANGEABLE.
    fixed: bool,
}

/// The option that says `span`, rounded down; seconds as long as they can. `None` for what it can not say.
fn option_of(span: Span) -> Option<UserTimeout> {
    let seconds = span.as_millis() / 1000;
    let (minutes, number) = if seconds < 1 << 15 { (false, seconds) } else { (true, seconds / 60) };
    let count = u16::try_from(number).unwrap_or(u16::MAX).min(0x7fff);
    //= RFC5482-3.4-a
    (count > 0).then_some(UserTimeout { minutes, count })
}

impl Tcb {
    /// The option for a segment with these flags.
    pub(super) fn user_timeout_for(&self, flags: Flags) -> Option<UserTimeout> {
        let wanted = self.settings.adopt_user_timeout && (flags.syn() || !self.suggestions.told);
        //= RFC5482-3-c
        self.settings.user_timeout.filter(|_| wanted).and_then(option_of)
    }

    /// A segment with these flags has left. Whether it arrives does not matter.
    pub(super) const fn note_user_timeout_sent(&mut self, flags: Flags) {
        //= RFC5482-3.2-a
        self.suggestions.told |= !flags.syn();
    }

    /// An acceptable segment came with this option, or without.
    pub(super) fn hear_user_timeout(&mut self, option: Option<UserTimeout>) {
        if let Some(timeout) = option.filter(|timeout| timeout.count > 0) {
            self.suggestions.remote = Some(timeout);
        }
    }

    /// What the peer suggested last. It may have been adopted or not.
    pub fn suggested_user_timeout(&self) -> Option<Span> {
        self.suggestions.remote.map(|timeout| Span::from_secs(timeout.seconds().into()))
    }

    /// USER_TIMEOUT: R2 for data. `None` if the application decides.
    pub(super) fn user_timeout(&self) -> Option<Span> {
        let own = self.settings.user_timeout?;
        //= RFC5482-3-a
        //= RFC5482-3.1-a
        if !self.settings.adopt_user_timeout || self.suggestions.fixed {
            return Some(own);
        }
        let Some(remote) = self.suggested_user_timeout() else { return Some(own) };
        let least = SHORTEST.max(self.rto.span() + Span::from_secs(1));
        //= RFC5482-3-b
        //= RFC5482-3.1-b
        Some(own.max(remote).max(least).min(LONGEST.max(least)))
    }

    /// Sets R2 for data (RFC 9293 section 3.8.3): `None` leaves the decision to the application. The peer
    /// changes it no more, but is told.
    pub fn set_user_timeout(&mut self, timeout: Option<Span>) {
        //= RFC9293-MUST-21
        self.own_settings().user_timeout = timeout;
        self.suggestions.fixed = true;
        self.suggestions.told = false;
    }
}

#[cfg(test)]
mod tests {
    use super::option_of;
    use crate::base::Span;
    use crate::tcp::Settings;
    use crate::tcp::tests::rig::Rig;
    use alloc::format;
    use quickcheck::quickcheck;

    fn enabled() -> Settings {
        Settings { adopt_user_timeout: true, timestamps: false, sack: false, ..Settings::default() }
    }

    /// Established, with what the peer says on its SYN,ACK.
    fn hearing(settings: &Settings, words: &str) -> Rig {
        let mut rig = Rig::connect_with(settings);
        rig.gets(&format!("S. 0:0(0) ack 1 mss 1000 {words}"));
        rig
    }

    fn seconds(rig: &Rig) -> Option<u64> {
        rig.tcb.user_timeout().map(|span| span.as_millis() / 1000)
    }

    //? RFC5482-3-c
    #[test]
    fn the_own_timeout_is_told_on_syns_and_once_more() {
        let mut rig = Rig::connect_with(&enabled());
        assert_eq!(rig.log(), ["> S 0:0(0) win 65535 mss 1460 uto 300s"]);
        let lines = rig.gets("S. 0:0(0) ack 1 mss 1000");
        assert_eq!(lines, ["> . 1:1(0) ack 1 win 65535 uto 300s"]);
        assert_eq!(rig.send(5), ["> P. 1:6(5) ack 1 win 65535"]);
        let mut rig = Rig::accept_with(&enabled(), "S 0:0(0) mss 1000");
        assert_eq!(rig.log(), ["> S. 0:0(0) ack 1 win 65535 mss 1460 uto 300s"]);
        rig.gets(". 1:1(0) ack 1");
        // The option takes its octets from the text.
        let lines = rig.send(2000);
        assert!(lines[0].starts_with("> . 1:997(996) ") && lines[0].ends_with(" uto 300s"), "{lines:?}");
        assert!(lines[1].starts_with("> . 997:1997(1000) "), "{lines:?}");
    }

    //? RFC5482-3-a
    #[test]
    fn nothing_is_told_and_nothing_adopted_by_default() {
        let settings = Settings { adopt_user_timeout: false, ..enabled() };
        let mut rig = hearing(&settings, "uto 1000s");
        assert_eq!(rig.log(), [""; 0]);
        assert_eq!(seconds(&rig), Some(300));
        assert_eq!(rig.tcb.suggested_user_timeout(), Some(Span::from_secs(1000)));
    }

    //? RFC5482-3-b
    //? RFC5482-3.1-b
    #[test]
    fn the_longer_one_is_adopted_within_limits() {
        for (own, words, adopted) in [
            (300, "uto 1000s", 1000),
            (300, "uto 10s", 300),
            (10, "uto 20s", 100),
            (300, "uto 59min", 3540),
            (300, "uto 32767min", 3600),
            (9000, "uto 10s", 3600),
        ] {
            let settings = Settings { user_timeout: Some(Span::from_secs(own)), ..enabled() };
            assert_eq!(seconds(&hearing(&settings, words)), Some(adopted), "{own} {words}");
        }
        // Without a word of the peer the own one holds.
        let settings = Settings { user_timeout: Some(Span::from_secs(10)), ..enabled() };
        assert_eq!(seconds(&hearing(&settings, "")), Some(10));
    }

    //? RFC5482-3.4-a
    #[test]
    fn nothing_is_a_reserved_value() {
        let mut rig = hearing(&enabled(), "uto 0s");
        assert_eq!(rig.tcb.suggested_user_timeout(), None);
        rig.gets(". 1:1(0) ack 1 uto 0min");
        assert_eq!(rig.tcb.suggested_user_timeout(), None);
        let settings = Settings { user_timeout: Some(Span::from_millis(999)), ..enabled() };
        assert_eq!(Rig::connect_with(&settings).log(), ["> S 0:0(0) win 65535 mss 1460"]);
    }

    //? RFC5482-3.1-a
    #[test]
    fn what_the_application_sets_is_told_and_not_changed() {
        let mut rig = hearing(&enabled(), "uto 1000s");
        rig.tcb.set_user_timeout(Some(Span::from_secs(20)));
        assert_eq!(seconds(&rig), Some(20));
        assert_eq!(rig.send(5), ["> P. 1:6(5) ack 1 win 65535 uto 20s"]);
        rig.gets(". 1:1(0) ack 1 uto 2000s");
        assert_eq!(seconds(&rig), Some(20));
        assert_eq!(rig.tcb.suggested_user_timeout(), Some(Span::from_secs(2000)));
    }

    #[test]
    fn whoever_decides_for_itself_goes_on_deciding() {
        let settings = Settings { user_timeout: None, ..enabled() };
        let mut rig = hearing(&settings, "uto 1000s");
        assert_eq!(rig.send(5), ["> P. 1:6(5) ack 1 win 65535"]);
        assert_eq!(seconds(&rig), None);
    }

    //? RFC5482-3.2-a
    #[test]
    fn a_later_suggestion_counts_while_one_waits() {
        let mut rig = hearing(&enabled(), "");
        rig.send(5);
        rig.gets(". 1:1(0) ack 1 uto 500s");
        while rig.tcb.error().is_none() {
            rig.wait();
        }
        assert_eq!(rig.now.as_nanos(), 500_000_000_000);
    }

    quickcheck! {
        fn the_option_says_the_time_to_the_second_or_the_minute(seconds: u32) -> bool {
            match option_of(Span::from_secs(seconds.into())) {
                None => seconds == 0,
                Some(said) if said.count == 0x7fff => said.seconds() <= seconds,
                Some(said) => seconds - said.seconds() < if said.minutes { 60 } else { 1 },
            }
        }
    }
}
