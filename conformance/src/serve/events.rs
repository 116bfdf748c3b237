//! floor 8: waiting for a frame, a signal, the end of a program, or a time, whichever comes first.

use crate::host::Fault;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::time::TimeSpec;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

/// Signals as something to be read. From now on they no longer end this program, and those to come are not
/// inherited by a program that was started before.
#[derive(Debug)]
pub(super) struct Events {
    signals: SignalFd,
}

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// To stop.
    Stop,
    /// To see which child ended.
    Look,
}

impl Events {
    /// Takes the signals over.
    ///
    /// # Errors
    /// [`Fault::Env`].
    pub(super) fn watch() -> Result<Self, Fault> {
        let signals = SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM, Signal::SIGCHLD]);
        signals.thread_block().map_err(broken)?;
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        Ok(Self { signals: SignalFd::with_flags(&signals, flags).map_err(broken)? })
    }

    /// Waits until something can be read from `fd`, a signal came, or so much time has passed.
    ///
    /// # Errors
    /// [`Fault::Env`].
    pub(super) fn wait(&self, fd: BorrowedFd<'_>, at_most: Option<Duration>) -> Result<(), Fault> {
        let mut fds = [fd, self.signals.as_fd()].map(|fd| PollFd::new(fd, PollFlags::POLLIN));
        match ppoll(&mut fds, at_most.map(TimeSpec::from_duration), None) {
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(error) => Err(broken(error)),
        }
    }

    /// The next signal that came.
    ///
    /// # Errors
    /// [`Fault::Env`].
    pub(super) fn asked(&self) -> Result<Option<Asked>, Fault> {
        let came = self.signals.read_signal().map_err(broken)?;
        let is_child = |number: u32| i32::try_from(number) == Ok(Signal::SIGCHLD as i32);
        Ok(came.map(|signal| if is_child(signal.ssi_signo) { Asked::Look } else { Asked::Stop }))
    }
}

fn broken(error: Errno) -> Fault {
    Fault::Env(format!("the system does not let us wait: {}", error.desc()))
}
