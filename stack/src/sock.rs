//! floor 4: names and tables: socket calls as data, binding, listening, demultiplexing.

pub mod call;

pub use crate::base::refused::{self, Refused};
pub use call::{Call, Family, How, Kind, OptionName, OptionValue, Readiness, Reply, SocketId};
