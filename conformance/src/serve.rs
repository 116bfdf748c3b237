//! floor 8: a host that real programs talk to, over a network interface of Linux, in real time.
//!
//! The device, the clock and the signals are Linux's; the rest is plain functions of octets.

mod calls;
pub mod client;
mod count;
#[cfg(test)]
mod craft;
mod date;
#[cfg(target_os = "linux")]
mod device;
#[cfg(target_os = "linux")]
mod events;
pub mod filter;
mod gate;
mod http;
#[cfg(target_os = "linux")]
pub(crate) mod ioctl;
pub mod map;
#[cfg(target_os = "linux")]
mod namespace;
mod recorder;
mod refuse;
#[cfg(target_os = "linux")]
mod rig;
pub mod service;
mod sight;
pub mod talk;

#[cfg(target_os = "linux")]
pub use rig::serve;

use crate::host::HostConfig;
use client::{Errand, Outcome};
use filter::Filter;
use map::Map;
use service::Done;
use stack::base::{Cidr, Span, Why};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use talk::Service;

/// Where the interface is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a new network namespace, which goes with the program.
    Namespace,
    /// In the present one.
    Here,
}

/// What is to be run.
pub struct Setup {
    /// Where the interface is made.
    pub place: Place,
    /// The name of the interface.
    pub device: String,
    /// The host.
    pub host: HostConfig,
    /// The addresses of the kernel's end.
    pub peer_addrs: Vec<Cidr>,
    /// Services with their ports, and whether datagrams reach them.
    pub services: Vec<(Service, u16, bool)>,
    /// What is kept from the host.
    pub filter: Filter,
    /// Which ports change places.
    pub map: Map,
    /// When to stop.
    pub limit: Option<Duration>,
    /// Where what passes the device is written.
    pub record: Option<PathBuf>,
    /// What the host does as a client.
    pub errand: Option<Errand>,
    /// The program that runs beside the host, and ends it.
    pub program: Option<Command>,
}

/// Why it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The time was over.
    Time,
    /// A signal asked for it.
    Interrupted,
    /// The program beside it ended, with this code: 128 and its number if a signal ended it.
    Program(u8),
    /// The client did its errand, or could not.
    Client,
}

/// What was counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// How long it lasted.
    pub lasted: Span,
    /// Frames that came.
    pub frames_in: u64,
    /// Frames that left.
    pub frames_out: u64,
    /// Frames that the device would not take.
    pub lost: u64,
    /// Packets that the filter kept from the host.
    pub filtered: u64,
    /// What the applications did.
    pub done: Done,
    /// What came of the errand of the client, once it was over.
    pub client: Option<Outcome>,
    /// What the host discarded.
    pub discards: BTreeMap<Why, u64>,
}
