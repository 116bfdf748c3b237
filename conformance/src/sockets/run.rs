//! floor 8: a script is run in a world, line by line.

use super::script::{Act, Id, Script, Step};
use super::words::Names;
use super::{End, World};
use crate::host::Fault;
use crate::trace::store;
use stack::base::Refused;
use stack::sock::{Call, Reply};
use std::fmt;

/// A line whose answer is not the one that the script wants, or that could not be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The row.
    pub id: Id,
    /// The line of the file.
    pub line: usize,
    /// What was asked.
    pub asked: String,
    /// What was wanted.
    pub wanted: String,
    /// What came.
    pub found: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, line, asked, wanted, found } = self;
        write!(f, "{id} (line {line}): {asked}\n    wanted {wanted}\n    found  {found}")
    }
}

/// How a script ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Every answer was as wanted.
    Well,
    /// One was not. What follows was not asked.
    Mismatch(Mismatch),
    /// This world can not do it, for this reason.
    Unable(String),
}

/// Why a step was not as wanted.
enum Failed {
    /// Wanted this and found that.
    Other(String, String),
    /// The script makes no sense.
    Senseless(String),
    /// The rig.
    Fault(Fault),
}

impl From<Fault> for Failed {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Runs a script from its first line in a world that has done nothing yet.
pub fn run(script: &Script, world: &mut dyn World) -> Ended {
    let mut run = Run { world, names: Names::default() };
    for step in &script.steps {
        let (wanted, found) = match run.step(step) {
            Ok(()) => continue,
            Err(Failed::Fault(Fault::Env(lacks))) => return Ended::Unable(lacks),
            Err(Failed::Fault(fault)) => ("no fault".to_owned(), fault.to_string()),
            Err(Failed::Senseless(why)) => ("a line that makes sense".to_owned(), why),
            Err(Failed::Other(wanted, found)) => (wanted, found),
        };
        let id = script.heads[step.row].id.clone();
        return Ended::Mismatch(Mismatch { id, line: step.line, asked: asked(&step.act), wanted, found });
    }
    Ended::Well
}

fn asked(act: &Act) -> String {
    match act {
        Act::Name { call, .. } | Act::Call { call, .. } | Act::Remember { call, .. } => call.clone(),
        Act::Look { socket, .. } => format!("look {socket}"),
        Act::Compare { left, right, .. } => format!("{left} and {right}"),
        Act::Wait(span) => format!("wait {span}"),
    }
}

struct Run<'w> {
    world: &'w mut dyn World,
    names: Names,
}

impl Run<'_> {
    fn step(&mut self, step: &Step) -> Result<(), Failed> {
        match &step.act {
            Act::Wait(span) => Ok(self.world.wait(*span)?),
            Act::Compare { left, right, equal } => self.compare(left, right, *equal),
            Act::Look { socket, answer } => {
                let known = self.names.socket(socket);
                let (end, sock) =
                    known.ok_or_else(|| Failed::Senseless(format!("no socket is called {socket}")))?;
                let seen = self.world.look(end, sock)?.to_string();
                self.want(answer, seen)
            }
            Act::Remember { name, call } => match self.call(call, step.at_peer)? {
                (_, Reply::Name(endpoint)) => {
                    self.names.port_is(name, endpoint.port());
                    Ok(())
                }
                (end, reply) => self.other("a name", end, &reply),
            },
            Act::Name { name, call, peer } => self.name(name, call, peer.as_deref(), step.at_peer),
            Act::Call { call, answer } => {
                let (end, reply) = self.call(call, step.at_peer)?;
                match (answer, &reply) {
                    (Some(answer), _) => {
                        let found = self.names.to_names(end, &store::print_reply(&reply));
                        self.want(answer, found)
                    }
                    (None, Reply::Refused(refused)) if *refused != Refused::InProgress => {
                        self.other("no refusal", end, &reply)
                    }
                    (None, _) => Ok(()),
                }
            }
        }
    }

    /// A socket that the answer brings gets a name.
    fn name(&mut self, name: &str, call: &str, peer: Option<&str>, at_peer: bool) -> Result<(), Failed> {
        match self.call(call, at_peer)? {
            (end, Reply::Socket(sock)) => {
                self.names.socket_is(name, end, sock);
                Ok(())
            }
            (end, Reply::Accepted { sock, peer: found }) => {
                self.names.socket_is(name, end, sock);
                let found = self.names.to_names(end, &found.to_string());
                peer.map_or(Ok(()), |wanted| self.want(wanted, found))
            }
            (end, reply) => self.other("a socket", end, &reply),
        }
    }

    /// Makes a call at the end that its first socket is at, or at the one that the line says.
    fn call(&mut self, words: &str, at_peer: bool) -> Result<(End, Reply), Failed> {
        let known = words.split_whitespace().nth(1).and_then(|word| self.names.socket(word));
        let said = if at_peer { End::Peer } else { End::Host };
        let end = known.map_or(said, |(end, _)| end);
        let numbers = self.names.to_numbers(words);
        let call: Call =
            store::parse_call(&numbers).map_err(|error| Failed::Senseless(format!("{numbers}: {error}")))?;
        Ok((end, self.world.call(end, &call)?))
    }

    fn compare(&self, left: &str, right: &str, equal: bool) -> Result<(), Failed> {
        let port = |word: &str| {
            let said = || Failed::Senseless(format!("no port is called {word}"));
            self.names.port(word).ok_or_else(said)
        };
        let (one, other) = (port(left)?, port(right)?);
        let wanted = if equal { "equal ports" } else { "different ports" };
        if (one == other) == equal {
            Ok(())
        } else {
            Err(Failed::Other(wanted.into(), format!("{one} and {other}")))
        }
    }

    fn want(&self, wanted: &str, found: String) -> Result<(), Failed> {
        if self.names.fits(wanted, &found) { Ok(()) } else { Err(Failed::Other(wanted.to_owned(), found)) }
    }

    fn other(&self, wanted: &str, end: End, reply: &Reply) -> Result<(), Failed> {
        let found = self.names.to_names(end, &store::print_reply(reply));
        Err(Failed::Other(wanted.to_owned(), found))
    }
}
