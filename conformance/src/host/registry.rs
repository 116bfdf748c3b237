//! floor 7: the hosts that can be put under test, by name.

use super::{Host, smoltcp::Smoltcp};

/// How a host is made.
type Make = fn() -> Box<dyn Host>;

/// Every host with its name, as in `--host NAME`.
const HOSTS: &[(&str, Make)] = &[("smoltcp", || Box::new(Smoltcp::new()))];

/// A new host of that name. It has to be reset before its first use.
pub fn by_name(name: &str) -> Option<Box<dyn Host>> {
    HOSTS.iter().find(|(known, _)| *known == name).map(|(_, make)| make())
}

/// The names that [`by_name`] knows.
pub fn names() -> impl Iterator<Item = &'static str> {
    HOSTS.iter().map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_host_says_the_name_it_is_registered_by() {
        for name in names() {
            assert_eq!(by_name(name).map(|host| host.caps().name), Some(name));
        }
        assert!(by_name("nobody").is_none());
    }
}
