//! floor 8: what people look at.

pub mod check;
pub mod follow;
pub mod ladder;
pub mod ports;
pub mod replay;
pub mod serve;
pub mod sockets;
