//! TCP sockets seen from the wire: what a host answers to segments, one test for each row of the area `wire`
//! of `conformance/sockets/rows`. The host has the ways of Linux where those are a setting.

#[path = "../rig/mod.rs"]
mod rig;

mod closing;
mod listening;
mod opening;
mod wire;
