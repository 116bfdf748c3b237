//! floor 8: a tap on a device of the kernel: a packet socket, as `tcpdump` uses it (packet(7)).

use super::rig;
use crate::host::Fault;
use crate::run::tap::Shot;
use crate::sockets::linux::sys;
use stack::base::Instant;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

/// Octets of a frame at the most.
const FRAME_OCTETS_MAX: usize = 70_000;

/// Octets that may wait for us.
const BUFFER_OCTETS: i32 = 64 << 20;

/// Where a name of a packet socket says whether the packet comes or goes.
const KIND_AT: usize = 10;

/// How long nothing may come before we ask whether it is over, in milliseconds.
const PATIENCE_MS: i32 = 50;

/// A tap.
#[derive(Debug)]
pub(super) struct Ear {
    socket: OwnedFd,
}

impl Ear {
    /// A tap on a device in the namespace of the calling thread.
    pub(super) fn open(device: &str) -> Result<Self, Fault> {
        let broken = rig("a device can not be listened to");
        let index = sys::device_index(device).map_err(&broken)?;
        let protocol = (libc::ETH_P_ALL as u16).to_be();
        let socket = sys::socket(libc::AF_PACKET, libc::SOCK_RAW, protocol.into()).map_err(&broken)?;
        let set = |name, number: i32| {
            sys::set_option(socket.as_fd(), (libc::SOL_SOCKET, name), &number.to_ne_bytes())
        };
        set(libc::SO_TIMESTAMPNS, 1).map_err(&broken)?;
        // Only root of the machine may have so much; with the usual room more is dropped, which is counted.
        let _ = set(libc::SO_RCVBUFFORCE, BUFFER_OCTETS).or_else(|_| set(libc::SO_RCVBUF, BUFFER_OCTETS));
        let mut name = (libc::AF_PACKET as u16).to_ne_bytes().to_vec();
        name.extend(protocol.to_ne_bytes());
        name.extend(index.to_ne_bytes());
        name.extend([0; 12]);
        sys::bind(socket.as_fd(), &name).map_err(&broken)?;
        Ok(Self { socket })
    }

    /// Takes everything until it is over. The second number is how many packets were lost.
    pub(super) fn listen(&self, end: usize, begun: SystemTime, over: &AtomicBool) -> (Vec<Shot>, u32) {
        let mut shots = Vec::new();
        loop {
            let is_over = over.load(Ordering::Relaxed);
            let waits = sys::poll(self.socket.as_fd(), libc::POLLIN, PATIENCE_MS).unwrap_or(0);
            if waits & libc::POLLIN == 0 {
                if is_over {
                    return (shots, self.dropped());
                }
                continue;
            }
            while let Ok(message) =
                sys::receive_message(self.socket.as_fd(), FRAME_OCTETS_MAX, libc::MSG_TRUNC)
            {
                shots.push(shot(message, end, begun));
            }
        }
    }

    fn dropped(&self) -> u32 {
        let counts = sys::option(self.socket.as_fd(), (libc::SOL_PACKET, libc::PACKET_STATISTICS), 8);
        counts.ok().and_then(|counts| counts.get(4..8)?.try_into().ok()).map_or(0, u32::from_ne_bytes)
    }
}

fn shot(message: sys::Message, end: usize, begun: SystemTime) -> Shot {
    let stamp = message.control.iter().find(|(_, kind, _)| *kind == libc::SCM_TIMESTAMPNS);
    let number = |at: usize| {
        let octets = stamp.and_then(|(_, _, octets)| octets.get(at..at + 8)?.try_into().ok());
        octets.map_or(0, u64::from_ne_bytes)
    };
    let since_epoch = Duration::new(number(0), u32::try_from(number(8)).unwrap_or(0));
    let goes = message.name.get(KIND_AT) == Some(&libc::PACKET_OUTGOING);
    Shot {
        at: since(SystemTime::UNIX_EPOCH + since_epoch, begun),
        from: if goes { end } else { 1 - end },
        wire_len: u32::try_from(message.whole_octets).unwrap_or(u32::MAX),
        bytes: message.data,
    }
}

/// Time since the beginning.
pub(super) fn since(at: SystemTime, begun: SystemTime) -> Instant {
    let passed = at.duration_since(begun).unwrap_or_default();
    Instant::from_nanos(u64::try_from(passed.as_nanos()).unwrap_or(u64::MAX))
}
