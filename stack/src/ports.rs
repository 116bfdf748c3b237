//! floor 4: which ports a socket may have (RFC 6335 section 6, RFC 6056 section 3).
//!
//! Every transport has a name space of its own: a port of TCP says nothing about the same port of UDP.
//! Who holds which port is the business of [`crate::sock::bind`]; here are the rules that need no table.

pub mod ephemeral;
pub mod range;
pub mod reserved;
pub mod services;

use crate::base::{Port, PortRange, Refused};
use crate::sock::{Profile, User};

pub use ephemeral::Algorithm;
pub use reserved::Reserved;

/// The rules of a host for ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Ports that are handed out to sockets that did not ask for a certain one.
    pub ephemeral: PortRange,
    /// Of these the ones that are kept for services.
    pub reserved: Reserved,
    /// The first port that anybody may bind: those below are privileged. No RFC demands this custom of
    /// Unix (RFC 1340 only describes it).
    pub unprivileged_start: u16,
    /// Who makes calls in the beginning.
    pub user: User,
    /// Whether sockets may be bound to addresses that the host does not have.
    pub nonlocal_bind: bool,
    /// Whether a socket with `SO_REUSEADDR` that did not ask for a certain port may get one that others
    /// hold, when no other is left.
    pub autobind_reuse: bool,
    /// How ports are chosen.
    pub algorithm: Algorithm,
}

impl Policy {
    /// The rules of a system: none reserved, and a user without privilege.
    pub fn of(profile: Profile) -> Self {
        Self {
            ephemeral: profile.ephemeral(),
            reserved: Reserved::default(),
            unprivileged_start: profile.unprivileged_start(),
            user: User::NOBODY,
            nonlocal_bind: false,
            autobind_reuse: false,
            algorithm: profile.algorithm(),
        }
    }

    /// Whether `user` may ask for `port`.
    pub fn permits(&self, user: User, port: Port) -> bool {
        //= RFC1340-Well_Known_Port_Numbers-a
        user == User::ROOT || port.number() >= self.unprivileged_start
    }

    /// Sets the range that ports are chosen from, as an administrator writes it.
    ///
    /// # Errors
    /// [`Refused::InvalidArgument`] for what is no range, and for one that reaches into the privileged ports.
    pub fn set_ephemeral(&mut self, first: u32, last: u32) -> Result<(), Refused> {
        let number = |number| u16::try_from(number).ok();
        let range = number(first).zip(number(last)).and_then(|(first, last)| PortRange::new(first, last));
        let range = range.filter(|range| range.first().number() >= self.unprivileged_start);
        self.ephemeral = range.ok_or(Refused::InvalidArgument)?;
        Ok(())
    }

    /// Sets the first port that anybody may bind.
    ///
    /// # Errors
    /// [`Refused::InvalidArgument`] for what is no port, and for a port above the first of the range that
    /// ports are chosen from.
    pub fn set_unprivileged_start(&mut self, start: u32) -> Result<(), Refused> {
        let start = u16::try_from(start).ok().filter(|start| *start <= self.ephemeral.first().number());
        self.unprivileged_start = start.ok_or(Refused::InvalidArgument)?;
        Ok(())
    }
}

/// Those of the default profile.
impl Default for Policy {
    fn default() -> Self {
        Self::of(Profile::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quickcheck::quickcheck;

    quickcheck! {
        fn only_the_privileged_bind_below_the_start(number: u16, start: u16, user: u32) -> bool {
            let Some(port) = Port::new(number) else { return true };
            let policy = Policy { unprivileged_start: start, ..Policy::default() };
            policy.permits(User::ROOT, port)
                && policy.permits(User(user), port) == (user == 0 || number >= start)
        }

        fn a_range_is_taken_exactly_if_it_is_one_and_anybody_may_bind_its_ports(
            first: u32, last: u32, start: u16
        ) -> bool {
            let (first, last) = (first % 70_000, last % 70_000);
            let before = Policy { unprivileged_start: start, ..Policy::default() };
            let mut policy = before.clone();
            let senseless = first == 0 || first > last || last > 65_535 || first < u32::from(start);
            match policy.set_ephemeral(first, last) {
                Ok(()) => !senseless && u32::from(policy.ephemeral.first().number()) == first,
                Err(refused) => senseless && refused == Refused::InvalidArgument && policy == before,
            }
        }

        fn privileged_ports_end_before_those_that_are_chosen(start: u32) -> bool {
            let start = start % 70_000;
            let mut policy = Policy::default();
            let first = u32::from(policy.ephemeral.first().number());
            policy.set_unprivileged_start(start).is_ok() == (start <= first)
        }
    }

    //? RFC1340-Well_Known_Port_Numbers-a
    #[test]
    fn the_custom_of_unix_ends_at_1023() {
        let policy = Policy::default();
        assert_eq!(Port::new(1023).map(|port| policy.permits(User::NOBODY, port)), Some(false));
        assert_eq!(Port::new(1024).map(|port| policy.permits(User::NOBODY, port)), Some(true));
    }
}
