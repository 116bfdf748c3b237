//! floor 4: which ports a socket may have (RFC 6335 section 6, RFC 6056 section 3).
//!
//! Every transport has a name space of its own: a port of TCP says nothing about the same port of UDP.
//! Who holds which port is the business of [`crate::sock::bind`]; here are the rules that need no table.

pub mod ephemeral;
pub mod range;

use crate::base::{Port, PortRange};

/// The rules of a host for ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Ports that are handed out to sockets that did not ask for a certain one.
    pub ephemeral: PortRange,
    /// The first port that anybody may bind: those below are privileged. No RFC demands this custom of
    /// Unix (RFC 1340 only describes it).
    pub unprivileged_start: u16,
    /// Whether the application has the privilege.
    pub privileged: bool,
}

impl Policy {
    /// Whether the application may ask for `port`.
    pub const fn permits(&self, port: Port) -> bool {
        //= RFC1340-Well_Known_Port_Numbers-a
        self.privileged || port.number() >= self.unprivileged_start
    }
}

/// The dynamic ports of IANA, privileged ports below 1024, an application without privilege.
impl Default for Policy {
    fn default() -> Self {
        Self { ephemeral: PortRange::DYNAMIC, unprivileged_start: 1024, privileged: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quickcheck::quickcheck;

    quickcheck! {
        fn only_the_privileged_bind_below_the_start(number: u16, start: u16, privileged: bool) -> bool {
            let Some(port) = Port::new(number) else { return true };
            let policy = Policy { unprivileged_start: start, privileged, ..Policy::default() };
            policy.permits(port) == (privileged || number >= start)
        }
    }

    //? RFC1340-Well_Known_Port_Numbers-a
    #[test]
    fn the_custom_of_unix_ends_at_1023() {
        let policy = Policy::default();
        assert_eq!(Port::new(1023).map(|port| policy.permits(port)), Some(false));
        assert_eq!(Port::new(1024).map(|port| policy.permits(port)), Some(true));
    }
}
