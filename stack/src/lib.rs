//! A reference TCP/IP stack: small, exact, deterministic, every behaviour traceable to an RFC clause.
//!
//! The stack is a function. Bytes, socket calls and the time go in, bytes and answers come out
//! ([`host::Host::step`]); it reads no clock, no randomness and no environment. Floors point downwards
//! only:
//!
//! | floor | modules | what it knows |
//! |---|---|---|
//! | 0 | [`base`] | values without behaviour: time, sequence numbers, ports, addresses, freedoms, discards |
//! | 1 | [`wire`] | bytes to headers and back, stateless |
//! | 2 | [`ip`] | one hop: acceptance, reassembly, neighbours, ICMP |
//! | 3 | [`udp`], [`tcp`] | transport machines without tables |
//! | 4 | [`sock`], [`ports`] | socket calls as data, binding, demultiplexing |
//! | 5 | [`host`] | the only public door |
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod base;
pub mod host;
pub mod ip;
pub mod ports;
pub mod sock;
pub mod tcp;
pub mod udp;
pub mod wire;
