//! floor 4: names and tables: socket calls as data, binding, listening, demultiplexing.

mod answer;
mod arrive;
pub mod bind;
pub mod call;
mod check;
mod configure;
mod connect;
mod datagram;
mod deliver;
pub mod demux;
mod depart;
mod desks;
mod flood;
mod groups;
mod index;
mod listen;
mod local;
pub mod name;
mod options;
pub mod policy;
pub mod profile;
mod route;
mod shelves;
mod slab;
pub mod sockaddr;
mod stream;
pub mod table;
mod timers;
mod waiting;

pub use crate::base::refused::{self, Refused};
pub use call::{Call, Device, Family, How, Kind, OptionName, OptionValue, Readiness, Reply, SocketId, User};
pub use policy::{Policy, Setting, SynCookies, TimeWaitReuse};
pub use profile::Profile;
