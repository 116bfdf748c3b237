//! floor 7: the hosts that can be put under test, by name.

use super::{Host, mutant, reference::Reference, smoltcp::Smoltcp};

/// How a host is made.
type Make = fn() -> Box<dyn Host>;

/// Every host with its name, as in `--host NAME`.
const HOSTS: &[(&str, Make)] =
    &[("reference", || Box::new(Reference::new())), ("smoltcp", || Box::new(Smoltcp::new()))];

/// A new host of that name: one of [`names`], or one of the reference's mutants. It has to be reset before
/// its first use.
pub fn by_name(name: &str) -> Option<Box<dyn Host>> {
    let host = HOSTS.iter().find(|(known, _)| *known == name).map(|(_, make)| make());
    host.or_else(|| Some(Box::new(mutant::Mutant::by_name(name)?)))
}

/// The names of the hosts. Mutants are no hosts that anybody uses: see [`mutants`].
pub fn names() -> impl Iterator<Item = &'static str> {
    HOSTS.iter().map(|(name, _)| *name)
}

/// The names of the reference's mutants, each with one planted defect: what a harness has to notice.
pub fn mutants() -> impl Iterator<Item = &'static str> {
    mutant::Defect::ALL.iter().map(|defect| defect.host_name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_host_says_the_name_it_is_registered_by() {
        for name in names().chain(mutants()) {
            assert_eq!(by_name(name).map(|host| host.caps().name), Some(name));
        }
        assert!(by_name("nobody").is_none());
        assert!(by_name("mutant:nobody").is_none());
    }
}
