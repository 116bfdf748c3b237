//! The harness: traces of a host's stimuli and responses, the hosts that answer, the drivers that ask, and
//! the rules that watch. One loop ([`run::run`]) joins a host and a driver into a trace.

pub mod accept;
pub mod drive;
pub mod fuzz;
pub mod host;
pub mod judge;
pub mod power;
pub mod replay;
pub mod report;
pub mod requirement;
pub mod run;
pub mod serve;
pub mod sockets;
pub mod trace;
pub mod verdict;
pub mod witness;
