//! floor 1: bytes to headers and back. Stateless; reading allocates nothing.
//!
//! Every protocol has two levels of reading and one of writing:
//!
//! * `View::read(bytes)`: lossless. Every accessor is in bounds, nothing is refused for its meaning: port 0,
//!   SYN with FIN, a wrong checksum, a length that lies can all be seen. [`Stop`] says where reading ended
//!   and which field promised more.
//! * a checked value ([`tcp::Segment`] and its like), from which the machines work.
//! * `emit`, which computes lengths and checksums unless a field is [`Auto::Forced`].

pub mod arp;
pub mod checksum;
pub mod ethernet;
pub mod icmpv4;
pub mod icmpv6;
pub mod ipv4;
pub mod ipv4_option;
pub mod ipv6;
pub mod ipv6_extension;
pub mod ipv6_option;
pub mod ndp;
pub mod ndp_option;
pub mod show;
pub mod stop;
pub mod tcp;
pub mod tcp_option;
pub mod udp;

pub use stop::{Layer, Stop};

/// A field that is computed when emitted, unless a test wants it wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Auto<T> {
    /// Compute the right value.
    #[default]
    Computed,
    /// Write this value, right or wrong.
    Forced(T),
}

impl<T> Auto<T> {
    /// The forced value, or what `compute` returns.
    pub fn or(self, compute: impl FnOnce() -> T) -> T {
        match self {
            Self::Computed => compute(),
            Self::Forced(value) => value,
        }
    }
}
