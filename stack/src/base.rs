//! floor 0: values without behaviour, shared by every floor above.

pub mod addr;
pub mod choose;
pub mod ecn;
pub mod endpoint;
pub mod port;
pub mod refused;
pub mod seq;
pub mod siphash;
pub mod time;
pub mod why;

pub use addr::{Cidr, Mac};
pub use choose::{Choose, Freedom};
pub use ecn::Ecn;
pub use port::{Port, PortRange};
pub use refused::Refused;
pub use seq::{Ours, Seq, Theirs};
pub use time::{Instant, Span};
pub use why::Why;
