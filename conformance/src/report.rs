//! floor 8: what people look at.

pub mod follow;
pub mod ladder;
pub mod replay;
pub mod serve;
