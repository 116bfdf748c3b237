//! floor 7: the facts that rules rest on: what a capture shows of each side of a connection, one file a
//! subject. They are updated once for each segment, after the rules have seen it, and have a fixed size.

pub mod ack;
pub mod agreement;
pub mod bits;
pub mod close;
pub mod damage;
pub mod numbers;
pub mod opening;
pub mod pair;
pub mod sack;
pub mod sent;
pub mod side;
pub mod stamps;
pub mod timer;
pub mod turn;
pub mod window;
