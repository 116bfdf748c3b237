//! floor 8: the applications on the host: listening sockets, and one conversation for each connection. They
//! know the host by its socket calls alone, and none of these blocks.

use super::calls::{self, Answer, BUFFER_OCTETS};
use super::talk::{Service, Talk};
use crate::host::{Fault, Host};
use stack::base::{Instant, Refused, Span};
use stack::sock::{Call, Family, How, Kind, OptionValue, SocketId};
use std::mem;
use std::net::{Ipv6Addr, SocketAddr};

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 4096;
/// How long a connection may stay whose client does not close after all was said.
const LINGER: Span = Span::from_secs(10);

/// What the applications did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Connections accepted.
    pub accepted: u64,
    /// Connections that ended with an error.
    pub failed: u64,
    /// Datagrams received.
    pub datagrams: u64,
}

/// All services of a host.
#[derive(Debug, Default)]
pub(super) struct Services {
    listening: Vec<(SocketId, Service)>,
    datagram: Vec<(SocketId, Service)>,
    conversations: Vec<Conversation>,
    /// What they did so far.
    pub(super) done: Done,
}

/// The application at the end of one connection.
#[derive(Debug)]
struct Conversation {
    sock: SocketId,
    talk: Talk,
    /// What was said and not sent yet.
    out: Vec<u8>,
    heard_end: bool,
    /// When its own half was closed.
    said_end: Option<Instant>,
}

/// What becomes of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Goes,
    Over,
    Failed,
}

impl Services {
    /// Opens the sockets of these services on all addresses: one socket takes both versions of IP.
    ///
    /// # Errors
    /// The host refuses a call that a sound host grants.
    pub(super) fn open(services: &[(Service, u16, bool)], host: &mut dyn Host) -> Result<Self, Fault> {
        let mut all = Self::default();
        for (service, port, datagrams) in services {
            let sock = bound(host, Kind::Stream, *port)?;
            calls::act(host, &Call::Listen { sock, backlog: BACKLOG })?;
            all.listening.push((sock, *service));
            if *datagrams {
                all.datagram.push((bound(host, Kind::Datagram, *port)?, *service));
            }
        }
        Ok(all)
    }

    /// Does all that can be done now.
    pub(super) fn go_on(&mut self, host: &mut dyn Host, clock: &dyn Fn() -> String) -> Result<(), Fault> {
        for (sock, service) in self.listening.clone() {
            if calls::poll(host, sock)?.readable {
                self.accept(sock, service, host, clock)?;
            }
        }
        for (sock, service) in self.datagram.clone() {
            if calls::poll(host, sock)?.readable {
                self.answer_datagrams(sock, service, host, clock)?;
            }
        }
        for mut conversation in mem::take(&mut self.conversations) {
            match conversation.look(host)? {
                Next::Goes => self.conversations.push(conversation),
                Next::Over => {}
                Next::Failed => self.done.failed += 1,
            }
        }
        Ok(())
    }

    /// When a conversation has to be looked at though nothing happens.
    pub(super) fn due(&self) -> Option<Instant> {
        self.conversations.iter().filter_map(|one| one.said_end).min().map(|said| said + LINGER)
    }

    fn accept(
        &mut self,
        sock: SocketId,
        service: Service,
        host: &mut dyn Host,
        clock: &dyn Fn() -> String,
    ) -> Result<(), Fault> {
        while let Ok(sock) = calls::accept(host, sock)? {
            self.done.accepted += 1;
            let talk = Talk::new(service, clock);
            self.conversations.push(Conversation {
                sock,
                talk,
                out: Vec::new(),
                heard_end: false,
                said_end: None,
            });
        }
        Ok(())
    }

    fn answer_datagrams(
        &mut self,
        sock: SocketId,
        service: Service,
        host: &mut dyn Host,
        clock: &dyn Fn() -> String,
    ) -> Result<(), Fault> {
        loop {
            match calls::receive_from(host, sock)? {
                Ok((from, data)) => {
                    self.done.datagrams += 1;
                    if let Some(data) = service.answer(data, clock) {
                        // A datagram that cannot be sent is lost, as any may be.
                        host.call(&Call::SendTo { sock, to: Some(from), data })?;
                    }
                }
                Err(Refused::WouldBlock) => return Ok(()),
                // What an answer met with comes here, too; it says nothing of the next one.
                Err(_) => {}
            }
        }
    }
}

fn bound(host: &mut dyn Host, kind: Kind, port: u16) -> Result<SocketId, Fault> {
    let sock = calls::socket(host, Family::V6, kind)?;
    calls::act(host, &Call::SetOption { sock, value: OptionValue::V6Only(false) })?;
    calls::act(host, &Call::Bind { sock, local: SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), port) })?;
    Ok(sock)
}

impl Conversation {
    /// Goes on if something can be done, and closes the socket once it is over.
    fn look(&mut self, host: &mut dyn Host) -> Result<Next, Fault> {
        let ready = calls::poll(host, self.sock)?;
        let late = self.said_end.is_some_and(|said| said + LINGER <= host.now());
        let reads = ready.readable && self.talk.is_ready() && !self.heard_end;
        let has_more = !self.out.is_empty() || self.talk.has_more() || self.talk.is_done();
        let next = if late {
            Next::Over
        } else if reads || ready.error || ready.hung_up || ready.writable && has_more {
            self.go_on(host)?
        } else {
            Next::Goes
        };
        if next != Next::Goes {
            host.call(&Call::Close { sock: self.sock })?;
        }
        Ok(next)
    }

    fn go_on(&mut self, host: &mut dyn Host) -> Result<Next, Fault> {
        loop {
            let heard = !self.heard_end && self.talk.is_ready() && self.out.len() < BUFFER_OCTETS;
            let heard = heard
                && match self.hear(host)? {
                    Ok(heard) => heard,
                    Err(_) => return Ok(Next::Failed),
                };
            self.talk.say(&mut self.out, BUFFER_OCTETS);
            let said = !self.out.is_empty()
                && match self.send(host)? {
                    Ok(said) => said,
                    Err(_) => return Ok(Next::Failed),
                };
            if self.out.is_empty() && self.talk.is_done() {
                if self.heard_end {
                    return Ok(Next::Over);
                }
                if self.said_end.is_none() {
                    self.said_end = Some(host.now());
                    host.call(&Call::Shutdown { sock: self.sock, how: How::Write })?;
                }
            }
            if !heard && !said {
                return Ok(Next::Goes);
            }
        }
    }

    /// Reads once; whether anything came.
    fn hear(&mut self, host: &mut dyn Host) -> Answer<bool> {
        Ok(match calls::receive(host, self.sock)? {
            Ok(data) if data.is_empty() => {
                self.heard_end = true;
                self.talk.end();
                Ok(true)
            }
            Ok(data) => {
                self.talk.hear(&data);
                Ok(true)
            }
            Err(Refused::WouldBlock) => Ok(false),
            Err(refused) => Err(refused),
        })
    }

    /// Writes once; whether anything was taken.
    fn send(&mut self, host: &mut dyn Host) -> Answer<bool> {
        Ok(match calls::send(host, self.sock, &mut self.out)? {
            Ok(octets) => Ok(octets > 0),
            Err(Refused::WouldBlock) => Ok(false),
            Err(refused) => Err(refused),
        })
    }
}

#[cfg(test)]
mod tests;
