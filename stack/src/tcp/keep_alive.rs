//! floor 3: keep-alives (RFC 9293 section 3.8.4).

use super::{KeepAlive, Tcb};
use crate::base::Instant;

impl Tcb {
    /// Switches keep-alives on, with these times, or off.
    pub fn set_keep_alive(&mut self, _now: Instant, keep_alive: Option<KeepAlive>) {
        //= RFC9293-MUST-24
        self.settings.keep_alive = keep_alive;
    }
}
