//! floor 7: where somebody says that the tap is, and whether the capture agrees.

use super::assume::{Tap, Vantage};
use super::file::Judged;
use super::nearness::Against;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// Where the tap is, seen from a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// On the host: what its stack was given and what it sent, complete and in order.
    Host,
    /// On its link: no queue between the two.
    Link,
    /// Somewhere on the path.
    Path,
    /// At the other end of the path.
    Far,
}

impl Class {
    /// Every class, nearest first.
    pub const ALL: [Self; 4] = [Self::Host, Self::Link, Self::Path, Self::Far];

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Link => "link",
            Self::Path => "path",
            Self::Far => "far",
        }
    }

    /// What rules may take for granted.
    pub const fn tap(self) -> Tap {
        match self {
            Self::Host => Tap::AtHost,
            Self::Link => Tap::OnLink,
            Self::Path | Self::Far => Tap::Anywhere,
        }
    }
}

/// What somebody says: `CLASS` about every host, `CLASS@ADDR` about one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stated {
    /// Where the tap is.
    pub class: Class,
    /// Of which host; of every one if it is not said.
    pub whose: Option<IpAddr>,
}

impl FromStr for Stated {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (word, whose) = text.split_once('@').map_or((text, None), |(word, addr)| (word, Some(addr)));
        let class = Class::ALL
            .into_iter()
            .find(|class| class.word() == word)
            .ok_or_else(|| format!("`{word}` is none of host, link, path, far"))?;
        let whose =
            whose.map(|addr| addr.parse().map_err(|_| format!("`{addr}` is no address"))).transpose()?;
        Ok(Self { class, whose })
    }
}

impl fmt::Display for Stated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.class.word())?;
        self.whose.map_or(Ok(()), |whose| write!(f, "@{whose}"))
    }
}

/// Why a capture does not agree with what was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contradiction {
    /// The host is not in the capture.
    Absent(IpAddr),
    /// This speaks against it.
    Against(IpAddr, Against),
    /// The file itself says that packets were lost, so that no host is seen whole.
    Lost,
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent(host) => write!(f, "{host} is not in the capture"),
            Self::Lost => write!(f, "the file says that packets were lost before they were recorded"),
            Self::Against(host, against) => write!(f, "the capture contradicts it for {host}: {against}"),
        }
    }
}

impl Stated {
    /// As the judge takes it.
    pub const fn vantage(self) -> Vantage {
        Vantage::Stated(self.class.tap(), self.whose)
    }

    /// What in a judged capture speaks against it, of the lowest address.
    pub fn contradiction(self, judged: &Judged) -> Option<Contradiction> {
        let report = &judged.report;
        if let Some(whose) = self.whose.filter(|whose| !report.hosts.contains_key(whose)) {
            return Some(Contradiction::Absent(whose));
        }
        let meant = report.hosts.iter().filter(|(host, _)| self.whose.is_none_or(|whose| whose == **host));
        if self.class == Class::Host && judged.losses.any() {
            return Some(Contradiction::Lost);
        }
        meant.into_iter().find_map(|(host, seen)| {
            let against = match self.class {
                Class::Host | Class::Link => seen.nearness.against_near(),
                Class::Path => None,
                Class::Far => seen.nearness.against_far(),
            };
            against.map(|against| Contradiction::Against(*host, against))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_reads_as_it_is_written() {
        for text in ["host@192.0.2.1", "link", "path@2001:db8::1", "far"] {
            let stated: Stated = text.parse().expect("it makes sense");
            assert_eq!(stated.to_string(), text);
        }
        assert_eq!(
            "near@192.0.2.1".parse::<Stated>(),
            Err("`near` is none of host, link, path, far".to_owned())
        );
        assert_eq!("host@nobody".parse::<Stated>(), Err("`nobody` is no address".to_owned()));
    }
}
