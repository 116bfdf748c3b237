//! floor 6: the words of a verdict, and why one could not be reached.

use crate::requirement::Level;
use std::fmt;

/// What a rule found out about a host. Silence is not success: [`Outcome::Holds`] needs a situation in which
/// the rule could have been broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// The rule was kept where it could have been broken.
    Holds,
    /// Worth knowing; claims nothing, because it takes facts from outside of the trace.
    Note,
    /// The evidence is not enough; a [`Reason`] says why.
    Undecided,
    /// Something recommended or described was not done.
    Deviates,
    /// Something demanded was not done.
    Fail,
}

impl Outcome {
    /// What breaking a requirement of this level is.
    pub const fn of_breach(level: Level) -> Self {
        match level {
            Level::Must | Level::MustNot => Self::Fail,
            Level::Should | Level::ShouldNot | Level::Described => Self::Deviates,
            Level::May => Self::Note,
        }
    }

    /// The word in reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Note => "note",
            Self::Undecided => "undecided",
            Self::Deviates => "deviates",
            Self::Fail => "fail",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

macro_rules! reasons {
    ($($name:ident $code:literal $text:literal)*) => {
        /// Why the evidence is not enough.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $(#[doc = concat!($text, ".")] $name,)*
        }

        impl Reason {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The code in reports; it does not change.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The reason as a phrase.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

reasons! {
    Cut "cut" "the octets that matter were not captured"
    Fragments "in-fragments" "what matters may have come in fragments, and the judge does not put them together"
    Unfilled "unfilled-checksum" "the network card of this host fills in checksums after the capture"
    NoneRight "no-right-checksum" "no other checksum of this host is right, so that the capture is to blame"
    OneBit "one-bit" "one flipped bit explains it: damage on the way"
    Rare "rare" "so few checksums of this host are wrong that damage or an edited capture explains it"
    Taken "taken" "the peer acknowledged it, so that it was right on the wire"
    Altered "altered" "the capture shows other packets of this host that are not as they were on the wire"
    Anonymised "anonymised" "the capture may have had its addresses replaced"
    SeveralTtls "several-ttls" "hop limits of this host differ within the connection: somebody else may have sent it"
    Lost "lost" "the file says that packets were lost before they were recorded"
    PeerUnseen "peer-unseen" "the host acknowledged what the capture does not show"
    HostUnseen "host-unseen" "packets of the host are missing from the capture"
    OneDirection "one-direction" "the capture has only one direction"
    NotNear "not-near" "the capture does not show that the tap is near to the host"
    Clock "clock" "the clock of the capture goes back"
    Disorder "disorder" "the capture is not in order of time"
    Offload "offload" "the capture shows packets before the network card cut them, or after it joined them"
    NoHandshake "no-handshake" "the capture does not show the opening of the connection"
    PortReuse "port-reuse" "an earlier connection of the same ports may still have been on the way"
    Copy "copy" "the capture may have the same packet twice"
    IcmpErrors "icmp-errors" "an ICMP error came for the host, and may have changed what it does"
    Renumbered "renumbered" "somebody on the way may count sequence numbers otherwise than the host"
    MaybeCopy "maybe-copy" "what looks like a packet recorded twice may be one that came twice"
    CaptureStart "capture-start" "what explains it may have come before the capture began"
    SharedAddress "shared-address" "several hosts may use the address, each with identifications of its own"
    Overwritten "overwritten" "the field never changes in packets of this host: who wrote the capture may have set it"
    Converted "converted" "an access point may have turned a frame for many into one for each"
    Stray "stray" "segments came for the host that its peer can not have sent"
    InsideHost "inside-host" "the capture may show traffic that never leaves the host"
}

impl Reason {
    /// Whether it is about what came for the host, and not about the recording: then it counts where every
    /// packet was recorded as well.
    pub const fn is_of_traffic(self) -> bool {
        matches!(self, Self::Cut | Self::Fragments | Self::PortReuse | Self::Stray | Self::IcmpErrors)
    }

    /// The reason that weighs more: one that is about what came for the host, or else the first.
    pub fn weightier(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        let of_traffic = |reason: &Self| reason.is_of_traffic();
        one.filter(of_traffic).or(other.filter(of_traffic)).or(one).or(other)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_of_reasons_are_unique() {
        let codes: BTreeSet<&str> = Reason::ALL.iter().map(|reason| reason.code()).collect();
        assert_eq!(codes.len(), Reason::ALL.len());
    }

    #[test]
    fn only_what_is_demanded_can_fail() {
        for level in Level::ALL {
            let demanded = matches!(level, Level::Must | Level::MustNot);
            assert_eq!(Outcome::of_breach(*level) == Outcome::Fail, demanded);
        }
    }
}
