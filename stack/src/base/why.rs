//! floor 0: the reasons for discarding. No packet and no segment disappears without one of these, and each
//! names the clause it rests on.

use core::fmt;

macro_rules! reasons {
    ($($(#[$group:meta])* $name:ident $clause:literal $text:literal)*) => {
        /// Why a host discarded what arrived, although its bytes made sense.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Why {
            $($(#[$group])* #[doc = $text] $name,)*
        }

        impl Why {
            /// Every reason, in order of definition.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The catalogue id of the clause that demands or permits the discard.
            pub const fn clause(self) -> &'static str {
                match self { $(Self::$name => $clause,)* }
            }

            /// The reason as a phrase.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

reasons! {
    // link
    FrameForOtherStation "RFC1122-2.4-a" "the frame is addressed to another station"
    // ip
    // icmp
    // udp
    // tcp
    // sock
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.text(), self.clause())
    }
}
