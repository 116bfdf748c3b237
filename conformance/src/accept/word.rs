//! floor 8: the three closed vocabularies of following: what explains a segment, what the stack was free to
//! choose, and what no choice explains. Each word has the clause that it rests on.

use std::fmt;

macro_rules! words {
    ($(#[$doc:meta])* $kind:ident: $($name:ident $clause:literal $text:literal)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $kind {
            $(#[doc = concat!($text, ".")] $name,)*
        }

        impl $kind {
            /// Every one, in order of definition.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The catalogue id of the clause behind it.
            pub const fn clause(self) -> &'static str {
                match self { $(Self::$name => $clause,)* }
            }

            /// The phrase for it.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }

        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.text())
            }
        }
    };
}

words! {
    /// Why a segment is there. What can be is a transition of the reference; the rest is what its state
    /// allows.
    Cause:
    ActiveOpen "RFC9293-3.10.1-b" "opens the connection"
    PassiveOpen "RFC9293-3.10.7.2-c" "answers the SYN"
    CrossedOpen "RFC9293-3.10.7.3-e" "answers the SYN that crossed its own"
    SynAgain "RFC9293-3.4-g" "sends its SYN again"
    HandshakeAck "RFC9293-3.5-a" "acknowledges the SYN"
    Text "RFC9293-3.4-b" "sends new octets"
    Fin "RFC9293-3.6-a" "closes its half"
    TextAgain "RFC9293-3.10.8-b" "sends octets again"
    FinAgain "RFC9293-3.6-b" "sends its FIN again"
    KeepAlive "RFC9293-MAY-5" "asks whether the peer is there"
    WindowProbe "RFC9293-MUST-36" "probes a closed window"
    Ack "RFC9293-3.10.7.4-aa" "acknowledges what came"
    FinAck "RFC9293-3.6-c" "acknowledges the FIN"
    Answer "RFC9293-3.5.2-e" "answers what it can not use"
    WindowUpdate "RFC9293-MUST-39" "tells of more room"
    Repeat "RFC9293-3.4-c" "repeats its acknowledgement"
    ResetForNobody "RFC9293-3.5.2-a" "answers for a connection that is not there"
    ResetByReference "RFC9293-3.5.2-d" "resets where the reference does"
    ResetAfterClose "RFC9293-SHLD-3" "has closed, and octets came that nobody reads"
    Abort "RFC9293-3.10.5-a" "gives the connection up"
    Overtaken "RFC9293-3.4-d" "was overtaken on its way to the tap"
}

words! {
    /// Something the documents leave to the stack, and in which it did not do as the reference would, or
    /// which no two stacks do alike.
    Liberty:
    InitialNumber "RFC9293-MUST-8" "initial sequence number"
    Cut "RFC9293-SHLD-28" "where the stream is cut"
    Large "RFC9293-MUST-16" "segment above the peer's MSS, cut by the interface after the tap"
    AckTime "RFC9293-MUST-40" "when to acknowledge"
    AckCount "RFC9293-SHLD-19" "how many segments one acknowledgement covers"
    Room "RFC9293-SHLD-14" "size of the window"
    ResendTime "RFC6298-5-a" "when to send again"
    Push "RFC9293-MUST-61" "PSH"
    Late "RFC9293-3.4-e" "a segment of the peer took effect after what followed it in the capture"
    Clipped "RFC9293-3.4-e" "took of a segment what fitted its window"
    Unseen "RFC9293-3.4-b" "octets that it sent and the tap did not see"
}

words! {
    /// What no choice explains.
    Breach:
    AckOfUnsent "RFC9293-3.4-c" "acknowledges what the peer has not sent"
    AckBack "RFC9293-3.4-d" "its acknowledgement went back"
    AckInside "RFC9293-3.10.7.4-aa" "acknowledges a part of a segment that lay inside its window"
    AckAbsent "RFC9293-3.1-e" "has no acknowledgement"
    AckLate "RFC9293-MUST-40" "acknowledges later than half a second after the octets came"
    AckNever "RFC9293-MUST-40" "never acknowledges octets that came"
    BeyondWindow "RFC9293-3.8.6-a" "sends beyond the window that it was offered"
    AfterFin "RFC9293-3.6-a" "sends behind its FIN"
    FinMoved "RFC9293-3.4-g" "its FIN has another number than before"
    Skipped "RFC9293-3.4-b" "leaves numbers out"
    EmptyNumber "RFC9293-3.10.7.4-ac" "an empty segment that does not stand at SND.NXT"
    OtherOctets "RFC9293-3.10.8-b" "sends other octets again than before"
    TooSoon "RFC6298-1-a" "sends again before a round trip passed, without any sign of loss"
    SynNumber "RFC9293-3.4-g" "its SYN has another number than before"
    SynAckNumber "RFC9293-3.5-a" "its SYN acknowledges another number than that of the peer's SYN"
    SynUnasked "RFC9293-3.10.7.4-n" "a SYN that the state has no place for"
    ResetNumber "RFC9293-3.5.2-b" "resets with a number that neither answers nor aborts"
    NoConnection "RFC9293-3.10.2-a" "sends without a connection"
    OddFlags "RFC9293-3.1-g" "control bits that no transition sets"
    StampAbsent "RFC7323-3.2-e" "lacks the timestamps that were agreed on"
    StampBack "RFC7323-5.4-d" "its timestamp went back"
    EchoUnknown "RFC7323-3.2-b" "echoes a timestamp that the peer has not sent"
    SackUnasked "RFC2018-4-a" "acknowledges selectively without leave"
    SackUnsent "RFC2018-3-a" "acknowledges selectively what the peer has not sent"
    OptionUnasked "RFC7323-2.2-e" "agrees to an option that the SYN did not offer"
}

#[cfg(test)]
mod tests {
    use super::{Breach, Cause, Liberty};
    use crate::requirement::Catalogue;

    #[test]
    fn every_word_rests_on_a_clause_of_the_catalogue() {
        let catalogue = Catalogue::embedded();
        let causes = Cause::ALL.iter().map(|cause| cause.clause());
        let liberties = Liberty::ALL.iter().map(|liberty| liberty.clause());
        let breaches = Breach::ALL.iter().map(|breach| breach.clause());
        for clause in causes.chain(liberties).chain(breaches) {
            assert!(catalogue.get(clause).is_some(), "{clause} is no clause");
        }
    }
}
