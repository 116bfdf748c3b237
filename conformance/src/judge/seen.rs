//! floor 7: what a capture shows of each host: how near to it the tap is, how that is known, and how the host
//! opens connections.

use super::assume::{Tap, Vantage};
use super::hosts::Hosts;
use super::nearness::Nearness;
use super::style::Styles;
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

/// How it is known where the tap is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Known {
    /// Somebody said so.
    Stated,
    /// The capture shows it.
    Inferred,
    /// It is not known; the tap may be anywhere.
    Unknown,
}

impl Known {
    /// The word in reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stated => "stated",
            Self::Inferred => "inferred",
            Self::Unknown => "unknown",
        }
    }
}

/// What is known of one host.
#[derive(Clone, Debug)]
pub struct Seen {
    /// How near to it the tap is, or may be.
    pub tap: Tap,
    /// How that is known.
    pub known: Known,
    /// What speaks for and against a tap near to it.
    pub nearness: Nearness,
    /// How it opens connections.
    pub styles: Styles,
}

impl Seen {
    /// What is known of a host of which nothing was noted.
    pub fn of(host: IpAddr, hosts: &Hosts, vantage: Vantage) -> Self {
        let facts = hosts.get(host);
        let (tap, known) = match (vantage.of(host), hosts.tap(host)) {
            (Some(tap), _) => (tap, Known::Stated),
            (None, Tap::Anywhere) => (Tap::Anywhere, Known::Unknown),
            (None, tap @ (Tap::AtHost | Tap::OnLink)) => (tap, Known::Inferred),
        };
        Self { tap, known, nearness: *facts.nearness(), styles: *facts.styles() }
    }
}

/// `tap on its link (inferred)`.
impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.known {
            Known::Unknown => write!(f, "tap anywhere (unknown)"),
            Known::Stated | Known::Inferred => write!(f, "tap {} ({})", place(self.tap), self.known.word()),
        }
    }
}

/// Where a tap is, as a phrase about a host.
pub const fn place(tap: Tap) -> &'static str {
    match tap {
        Tap::AtHost => "on it",
        Tap::OnLink => "on its link",
        Tap::Anywhere => "anywhere",
    }
}

/// Every host of which something was noted.
pub(super) fn all(hosts: &Hosts, vantage: Vantage) -> BTreeMap<IpAddr, Seen> {
    hosts.all().map(|(host, _)| (*host, Seen::of(*host, hosts, vantage))).collect()
}
