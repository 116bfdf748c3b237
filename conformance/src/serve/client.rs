//! floor 8: the host as a client: it connects, sends a file, and gives out what it hears.

use super::calls::{self, Answer, BUFFER_OCTETS};
use crate::host::{Fault, Host};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use stack::base::{Instant, Refused, Span};
use stack::sock::{Call, Family, How, Kind, SocketId};
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};

/// Time between two attempts while nobody listens there.
const AGAIN: Span = Span::from_millis(100);

/// What the client is to do.
pub struct Errand {
    /// Whom to connect to.
    pub remote: SocketAddr,
    /// What to send, if anything. A pipe or a terminal may have nothing yet: the host goes on meanwhile.
    pub input: Option<File>,
    /// Where what is heard goes.
    pub output: Box<dyn Write>,
    /// How long to try again while the server is not there yet.
    pub patience: Span,
}

/// How an errand ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Both ends have closed.
    Closed {
        /// Octets sent.
        sent: u64,
        /// Octets heard.
        heard: u64,
    },
    /// The API said no.
    Refused(Refused),
}

/// A client under way.
pub(super) struct Client {
    errand: Errand,
    state: State,
    out: Vec<u8>,
    input_ended: bool,
    shut: bool,
    heard_end: bool,
    sent: u64,
    heard: u64,
}

/// Where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// No attempt is under way; the next one is due then.
    Waiting(Instant),
    Connecting(SocketId),
    Connected(SocketId),
    Over(Outcome),
}

impl Client {
    pub(super) const fn new(errand: Errand) -> Self {
        let state = State::Waiting(Instant::ZERO);
        let out = Vec::new();
        Self { errand, state, out, input_ended: false, shut: false, heard_end: false, sent: 0, heard: 0 }
    }

    /// What came of it, once it is over.
    pub(super) const fn outcome(&self) -> Option<&Outcome> {
        match &self.state {
            State::Over(outcome) => Some(outcome),
            State::Waiting(_) | State::Connecting(_) | State::Connected(_) => None,
        }
    }

    /// What it waits for beside the host: more to send.
    pub(super) fn waits_for(&self) -> Option<BorrowedFd<'_>> {
        let wants = matches!(self.state, State::Connected(_)) && !self.input_ended && self.out.is_empty();
        self.errand.input.as_ref().filter(|_| wants).map(AsFd::as_fd)
    }

    /// When it will do something by itself.
    pub(super) const fn due(&self) -> Option<Instant> {
        match self.state {
            State::Waiting(until) => Some(until),
            State::Connecting(_) | State::Connected(_) | State::Over(_) => None,
        }
    }

    /// Does all that can be done now.
    ///
    /// # Errors
    /// The host broke, or a file of the errand did.
    pub(super) fn go_on(&mut self, host: &mut dyn Host) -> Result<(), Fault> {
        match self.state {
            State::Waiting(until) if until <= host.now() => self.connect(host),
            State::Connecting(sock) => self.look_for_connection(sock, host),
            State::Connected(sock) => self.exchange(sock, host),
            State::Waiting(_) | State::Over(_) => Ok(()),
        }
    }

    fn connect(&mut self, host: &mut dyn Host) -> Result<(), Fault> {
        let remote = self.errand.remote;
        let family = if remote.is_ipv4() { Family::V4 } else { Family::V6 };
        let sock = calls::socket(host, family, Kind::Stream)?;
        match calls::connect(host, sock, remote)? {
            Ok(()) => self.is_connected(sock, host),
            Err(Refused::InProgress) => {
                self.state = State::Connecting(sock);
                Ok(())
            }
            Err(refused) => self.fails(sock, refused, host),
        }
    }

    fn look_for_connection(&mut self, sock: SocketId, host: &mut dyn Host) -> Result<(), Fault> {
        let ready = calls::poll(host, sock)?;
        if !ready.writable && !ready.error && !ready.hung_up {
            return Ok(());
        }
        match calls::error(host, sock)? {
            Some(refused) => self.fails(sock, refused, host),
            None => self.is_connected(sock, host),
        }
    }

    fn is_connected(&mut self, sock: SocketId, host: &mut dyn Host) -> Result<(), Fault> {
        self.state = State::Connected(sock);
        self.exchange(sock, host)
    }

    /// An attempt failed. While nobody listens there the server may only be late.
    fn fails(&mut self, sock: SocketId, refused: Refused, host: &mut dyn Host) -> Result<(), Fault> {
        let late = host.now() >= Instant::ZERO + self.errand.patience;
        let again = refused == Refused::ConnRefused && self.sent == 0 && self.heard == 0 && !late;
        let again = again && matches!(self.state, State::Waiting(_) | State::Connecting(_));
        self.state =
            if again { State::Waiting(host.now() + AGAIN) } else { State::Over(Outcome::Refused(refused)) };
        host.call(&Call::Close { sock })?;
        Ok(())
    }

    fn exchange(&mut self, sock: SocketId, host: &mut dyn Host) -> Result<(), Fault> {
        loop {
            let before = (self.sent, self.heard, self.heard_end);
            self.fill()?;
            if !self.out.is_empty() {
                match calls::send(host, sock, &mut self.out)? {
                    Ok(octets) => self.sent += octets as u64,
                    Err(Refused::WouldBlock) => {}
                    Err(refused) => return self.fails(sock, refused, host),
                }
            }
            if self.out.is_empty() && self.input_ended && !self.shut {
                self.shut = true;
                host.call(&Call::Shutdown { sock, how: How::Write })?;
            }
            if let Err(refused) = self.hear(sock, host)? {
                return self.fails(sock, refused, host);
            }
            if self.heard_end && self.shut {
                self.errand.output.flush().map_err(|error| unwritable(&error))?;
                self.state = State::Over(Outcome::Closed { sent: self.sent, heard: self.heard });
                host.call(&Call::Close { sock })?;
                return Ok(());
            }
            if before == (self.sent, self.heard, self.heard_end) {
                return Ok(());
            }
        }
    }

    /// Reads more of what is to be sent.
    fn fill(&mut self) -> Result<(), Fault> {
        if self.input_ended || !self.out.is_empty() {
            return Ok(());
        }
        let Some(input) = &mut self.errand.input else {
            self.input_ended = true;
            return Ok(());
        };
        // A file always has something to say, be it that it is over.
        let mut asked = [PollFd::new(input.as_fd(), PollFlags::POLLIN)];
        if poll(&mut asked, PollTimeout::ZERO).is_ok_and(|ready| ready == 0) {
            return Ok(());
        }
        self.out.resize(BUFFER_OCTETS, 0);
        let read = input.read(&mut self.out);
        let octets =
            read.map_err(|error| Fault::Env(format!("what is to be sent cannot be read: {error}")))?;
        self.out.truncate(octets);
        self.input_ended = octets == 0;
        Ok(())
    }

    fn hear(&mut self, sock: SocketId, host: &mut dyn Host) -> Answer<()> {
        if self.heard_end {
            return Ok(Ok(()));
        }
        match calls::receive(host, sock)? {
            Ok(data) => {
                self.heard += data.len() as u64;
                self.heard_end = data.is_empty();
                self.errand.output.write_all(&data).map_err(|error| unwritable(&error))?;
                Ok(Ok(()))
            }
            Err(Refused::WouldBlock) => Ok(Ok(())),
            Err(refused) => Ok(Err(refused)),
        }
    }
}

fn unwritable(error: &io::Error) -> Fault {
    Fault::Env(format!("what was heard cannot be written: {error}"))
}
