//! floor 0: what can be wrong with a written endpoint, where, and how to mend it.

use core::fmt;

macro_rules! mistakes {
    ($($name:ident $what:literal $mend:literal)*) => {
        /// What is wrong with a written endpoint.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Mistake {
            $(#[doc = concat!($what, ": ", $mend, ".")] $name,)*
        }

        impl Mistake {
            /// Every mistake, in order of definition.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// What is wrong.
            pub const fn what(self) -> &'static str {
                match self { $(Self::$name => $what,)* }
            }

            /// How to mend it.
            pub const fn mend(self) -> &'static str {
                match self { $(Self::$name => $mend,)* }
            }
        }
    };
}

mistakes! {
    Nothing "there is nothing" "write an address and a port, such as 192.0.2.1:80"
    AddressMissing "the address is missing" "write * for any address, such as *:80"
    OctetMissing "an octet is missing" "write all four octets, such as 127.0.0.1"
    OctetCount "an IPv4 address has four octets" "write all four, such as 127.0.0.1"
    OctetTooLarge "an octet is at most 255" "check the number"
    OctetLeadingZero "an octet with leading zeros could be meant as octal" "leave the zeros out"
    GroupMissing "a group is missing beside the colon" "write ::, or the group"
    GroupMalformed "only hexadecimal digits stand in an IPv6 address" "write it like 2001:db8::1"
    GroupTooLong "a group has at most four hexadecimal digits" "leave leading zeros out"
    GroupsTooFew "an IPv6 address has eight groups" "write :: where groups of zeros are left out"
    GroupsTooMany "an IPv6 address has eight groups" "leave some out"
    GapTwice "only one :: can stand in an address" "write the shorter run of zeros in full"
    OctetsNotLast "dotted octets stand at the end of an IPv6 address" "write them last, or as two groups"
    BracketOpen "the bracket is not closed" "write ] behind the address, such as [2001:db8::1]:443"
    BracketsMissing "an IPv6 address beside a port stands in brackets" "write it like [2001:db8::1]:443"
    AfterBracket "only a port can follow the bracket" "write a colon and the port, or nothing"
    ZoneMissing "the zone is missing" "write an interface, such as %eth0 or %2, or leave % out"
    ZoneMalformed "this is no zone" "write the name or the number of an interface, such as %eth0 or %2"
    ZoneTooLarge "the number of a zone has 32 bits" "check the number"
    ZoneOfV4 "an IPv4 address has no zone" "leave it out"
    NameMalformed "this is neither an address nor the name of a machine" "names have letters, digits, dots"
    PortMissing "the port is missing" "write it behind the colon, or leave the colon out"
    PortTooLarge "a port is at most 65535" "check the number"
    PortMalformed "this is neither a port nor the name of a service" "write a number, or a name such as https"
    PortOfUrl "the port of a URL is a number" "write digits only, or leave it out"
    SchemeMalformed "this is no scheme of a URL" "a scheme begins with a letter, such as https://"
    SchemeUnknown "this scheme has no known port" "write it, such as https://192.0.2.1:443"
}

/// Why an endpoint can not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Misread {
    /// Where: a column, counted in characters from 1. Behind the last one if something is missing there.
    pub column: usize,
    /// What is wrong.
    pub mistake: Mistake,
}

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}; {}", self.column, self.mistake.what(), self.mistake.mend())
    }
}
