//! floor 8: waiting for a frame, a signal, the end of a program, or a time, whichever comes first.

use crate::host::Fault;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM};
use signal_hook::low_level::pipe;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// Signals as something to be read. A program that is started later does not inherit this.
#[derive(Debug)]
pub(super) struct Events {
    stop: UnixStream,
    child: UnixStream,
}

impl Events {
    /// From now on SIGINT, SIGTERM and SIGHUP do not end this program, but are told.
    ///
    /// # Errors
    /// [`Fault::Env`].
    pub(super) fn watch() -> Result<Self, Fault> {
        let (stop, write) = pair()?;
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            let write = write.try_clone().map_err(|error| broken(&error))?;
            pipe::register(signal, write).map_err(|error| broken(&error))?;
        }
        let (child, write) = pair()?;
        pipe::register(SIGCHLD, write).map_err(|error| broken(&error))?;
        Ok(Self { stop, child })
    }

    /// Waits until something can be read from one of `fds`, a signal came, or so much time has passed.
    ///
    /// # Errors
    /// [`Fault::Env`].
    pub(super) fn wait<'f>(
        &'f self,
        fds: impl Iterator<Item = BorrowedFd<'f>>,
        at_most: Option<Duration>,
    ) -> Result<(), Fault> {
        let fds = fds.chain([self.stop.as_fd(), self.child.as_fd()]);
        let mut fds: Vec<_> = fds.map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
        match ppoll(&mut fds, at_most.map(TimeSpec::from_duration), None) {
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(error) => Err(broken(&error.into())),
        }
    }

    /// Whether a signal asked to stop since this was asked last.
    pub(super) fn asked_to_stop(&self) -> bool {
        came(&self.stop)
    }

    /// Whether a child may have ended since this was asked last.
    pub(super) fn child_may_have_ended(&self) -> bool {
        came(&self.child)
    }
}

/// Two ends of a pipe, neither of which ever blocks.
fn pair() -> Result<(UnixStream, UnixStream), Fault> {
    let (read, write) = UnixStream::pair().map_err(|error| broken(&error))?;
    read.set_nonblocking(true).map_err(|error| broken(&error))?;
    Ok((read, write))
}

/// Whether anything came; all of it is taken.
fn came(mut read: &UnixStream) -> bool {
    let mut octets = [0; 64];
    let mut any = false;
    while read.read(&mut octets).is_ok_and(|octets| octets > 0) {
        any = true;
    }
    any
}

fn broken(error: &io::Error) -> Fault {
    Fault::Env(format!("the system does not let us wait: {error}"))
}
