//! A host on a real interface, in a network namespace of its own, and real programs that talk to it.
//!
//! Where a namespace or a program is not to be had a line says `SKIP` and why; `ci/setup --live` installs
//! the programs.

#![cfg(target_os = "linux")]

mod browser;
mod curl;
mod end;
mod filter;
mod nc;
mod nmap;
mod node;
mod ping;
mod python;
mod rig;
