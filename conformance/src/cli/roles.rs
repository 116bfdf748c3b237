//! floor 9: which ends of a conversation a command takes.

use clap::ValueEnum;
use conformance::drive::replay::recording::Side;

/// Ends of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Roles {
    /// The end that spoke first.
    Client,
    /// The other end.
    Server,
    /// Each in turn.
    Both,
}

impl Roles {
    pub(super) const fn sides(self) -> &'static [Side] {
        match self {
            Self::Client => &[Side::Client],
            Self::Server => &[Side::Server],
            Self::Both => &[Side::Client, Side::Server],
        }
    }
}
