//! floor 3: what the options of a SYN say and mean (RFC 9293 sections 3.2 and 3.7.1). The maximum segment
//! size is here; window scale and timestamps (RFC 7323) and selective acknowledgement (RFC 2018) come here.
//!
//! RFC9293-SHLD-4: TIME-WAIT is not cut short, since there are no timestamps yet.

use super::Tcb;
use crate::wire::tcp_option::Options;

impl Tcb {
    /// The options of the own SYN.
    pub(super) const fn syn_options(&self) -> Options {
        let mut options = Options::NONE;
        //= RFC9293-MUST-14
        //= RFC9293-SHLD-5
        //= RFC9293-MAY-3
        options.mss = Some(self.settings.mss_receive_octets);
        options
    }

    /// Takes over what the peer's SYN announces.
    pub(super) fn learn_options(&mut self, options: &Options) {
        // A size of 0 would forbid all data; it counts as not said.
        let announced = options.mss.filter(|octets| *octets > 0);
        //= RFC9293-MUST-15
        self.snd.mss_octets = announced.unwrap_or(self.settings.mss_default_octets);
    }

    /// Eff.snd.MSS: the most data that one segment may carry, in octets; never 0. No options are sent on
    /// segments with data, so that nothing has to be taken off for them yet.
    pub(super) fn effective_mss_octets(&self) -> u32 {
        //= RFC9293-MUST-16
        //= RFC6691-2-b
        u32::from(self.snd.mss_octets.min(self.settings.mss_send_limit_octets)).max(1)
    }
}
