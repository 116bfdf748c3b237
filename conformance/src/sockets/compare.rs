//! floor 8: one sequence in two worlds, call by call.
//!
//! Answers are equal, but for the numbers of sockets and for ports that the hosts chose: two of those have to
//! be equal in one world if they are in the other.

use super::sequence::{Place, PortOf, Slot, Step};
use super::{End, World};
use crate::host::Fault;
use crate::trace::store;
use differences::Differences;
use stack::base::Refused;
use stack::sock::{Call, Kind, OptionValue, Reply, SocketId};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

/// How an address of IPv4 begins on a socket of IPv6.
const MAPPED: &str = "::ffff:";

pub mod differences;
#[cfg(target_os = "linux")]
pub mod shrink;

/// The ports of one sequence, which no other one near it uses.
#[derive(Clone, Copy, Debug)]
pub struct Ports(u16);

impl Ports {
    /// How many sequences have ports of their own.
    pub const SEQUENCES: u16 = 1_000;

    /// The ports of the sequence with that index.
    pub const fn of(index: u16) -> Self {
        Self(index % Self::SEQUENCES)
    }

    /// Those that are not chosen by a host.
    const fn number(self, port: PortOf) -> Option<u16> {
        match port {
            PortOf::Zero => Some(0),
            PortOf::Shared(which) => Some(10_000 + self.0 * 4 + which as u16 % 3),
            PortOf::Nobody => Some(10_000 + self.0 * 4 + 3),
            PortOf::Low => Some(self.0 + 1),
            PortOf::Local(_) => None,
        }
    }

    const fn has(self, port: u16) -> bool {
        port < 32_768
    }
}

/// A call that the worlds answer differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The call, in the words of a row script.
    pub call: String,
    /// What the first world answers.
    pub kernel: String,
    /// What the second one answers.
    pub reference: String,
    /// Whether this is the look at a connection over IPv6 that was just begun by a socket which had spoken
    /// IPv4 before.
    pub once_mapped: bool,
}

/// What came of a sequence.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The calls with the answers of the first world, as lines of a row script.
    pub lines: Vec<String>,
    /// The difference that it ended with, if there is an unexplained one.
    pub difference: Option<Difference>,
    /// The names of the differences that were met and are accepted.
    pub accepted: Vec<String>,
    /// Calls that both worlds have answered.
    pub calls: usize,
}

/// A port that each of the hosts chose.
#[derive(Clone, Copy, Debug)]
struct Chosen {
    kind: Kind,
    kernel: u16,
    reference: u16,
}

/// A socket in both worlds.
#[derive(Clone, Copy, Debug)]
struct Twin {
    kind: Kind,
    kernel: SocketId,
    reference: SocketId,
}

struct Duel<'w> {
    kernel: &'w mut dyn World,
    reference: &'w mut dyn World,
    ports: Ports,
    differences: &'w Differences,
    sockets: BTreeMap<Slot, Twin>,
    /// Ports by the socket that showed them, and whether as its own or its peer's.
    chosen: BTreeMap<(Slot, bool), Chosen>,
    /// Streams of IPv6 that have spoken IPv4.
    mapped: BTreeSet<Slot>,
    outcome: Outcome,
}

/// Runs a sequence in both worlds, which have done nothing yet with its ports.
///
/// # Errors
/// The rig failed.
pub fn compare(
    steps: &[Step],
    ports: Ports,
    kernel: &mut dyn World,
    reference: &mut dyn World,
    differences: &Differences,
) -> Result<Outcome, Fault> {
    let sockets = BTreeMap::new();
    let (chosen, mapped, outcome) = (BTreeMap::new(), BTreeSet::new(), Outcome::default());
    let mut duel = Duel { kernel, reference, ports, differences, sockets, chosen, mapped, outcome };
    for step in steps {
        if !duel.step(step)? {
            break;
        }
    }
    Ok(duel.outcome)
}

/// One call for each world, how a row script writes it, and the socket it is made on.
struct Question {
    kernel: Call,
    reference: Call,
    words: String,
    slot: Slot,
    once_mapped: bool,
}

impl Duel<'_> {
    /// Whether the worlds still agree.
    fn step(&mut self, step: &Step) -> Result<bool, Fault> {
        if let Some(place) = place(step)
            && let PortOf::Local(of) = place.port
            && self.sockets.contains_key(&of)
        {
            let question = self.question(of, |sock| Call::GetSockName { sock });
            if !self.ask(question, &Step::LocalName(of))? {
                return Ok(false);
            }
            let line = self.outcome.lines.pop().unwrap_or_default();
            let call = line.split(" -> ").next().unwrap_or_default();
            self.outcome.lines.push(format!("$p{of}_ = {call}"));
        }
        match self.questions(step) {
            Some(question) => self.ask(question, step),
            None => Ok(true),
        }
    }

    /// The same call of both, on a socket that both have.
    fn question(&self, slot: Slot, call: impl Fn(SocketId) -> Call) -> Question {
        let twin = self.sockets.get(&slot).copied();
        let call = |sock: Option<SocketId>| call(sock.unwrap_or(SocketId(0)));
        let kernel = call(twin.map(|twin| twin.kernel));
        let reference = call(twin.map(|twin| twin.reference));
        let words = named(&store::print_call(&kernel), slot);
        Question { kernel, reference, words, slot, once_mapped: false }
    }

    /// A call that says a place, which may be another one in each world.
    fn question_at(
        &self,
        slot: Slot,
        place: Place,
        call: impl Fn(SocketId, SocketAddr) -> Call,
    ) -> Option<Question> {
        let twin = self.sockets.get(&slot)?;
        let (here, there) = match place.port {
            PortOf::Local(of) => {
                let chosen = self.chosen.get(&(of, true)).filter(|_| self.sockets.contains_key(&of))?;
                (chosen.kernel, chosen.reference)
            }
            port @ (PortOf::Zero | PortOf::Shared(_) | PortOf::Low | PortOf::Nobody) => {
                (self.ports.number(port)?, self.ports.number(port)?)
            }
        };
        let kernel = call(twin.kernel, endpoint(place, here)?);
        let reference = call(twin.reference, endpoint(place, there)?);
        let mut words = named(&store::print_call(&kernel), slot);
        if let PortOf::Local(of) = place.port
            && here != 0
        {
            words = words.replace(&format!(":{here}"), &format!(":$p{of}_"));
        }
        let words = words.replace("%1]", "%eth]").replace("%2]", "%lo]");
        Some(Question { kernel, reference, words, slot, once_mapped: false })
    }

    /// What a step asks, if its sockets are there.
    fn questions(&self, step: &Step) -> Option<Question> {
        let on = |slot: Slot, call: &dyn Fn(SocketId) -> Call| {
            self.sockets.contains_key(&slot).then(|| self.question(slot, call))
        };
        let data = |slot: Slot, octets: u8| vec![b'a'.wrapping_add(slot); usize::from(octets)];
        match *step {
            Step::Open(slot, family, kind) => Some(self.question(slot, |_| Call::Socket { family, kind })),
            Step::Accept(slot, _) => on(slot, &|sock| Call::Accept { sock }),
            Step::Bind(slot, place) => {
                self.question_at(slot, place, |sock, local| Call::Bind { sock, local })
            }
            Step::Listen(slot, backlog) => on(slot, &|sock| Call::Listen { sock, backlog }),
            Step::Connect(slot, place) => {
                self.question_at(slot, place, |sock, remote| Call::Connect { sock, remote })
            }
            Step::Disconnect(slot) => on(slot, &|sock| Call::Disconnect { sock }),
            Step::Send(slot, octets, urgent) => {
                on(slot, &|sock| Call::Send { sock, data: data(slot, octets), urgent })
            }
            Step::SendTo(slot, octets, place) => self.question_at(slot, place, |sock, to| Call::SendTo {
                sock,
                to: Some(to),
                data: data(slot, octets),
            }),
            Step::Receive(slot, max) => on(slot, &|sock| Call::Recv { sock, max }),
            Step::ReceiveFrom(slot, max) => on(slot, &|sock| Call::RecvFrom { sock, max }),
            Step::Peek(slot, max) => on(slot, &|sock| Call::Peek { sock, max }),
            Step::Shutdown(slot, how) => on(slot, &|sock| Call::Shutdown { sock, how }),
            Step::Close(slot) => on(slot, &|sock| Call::Close { sock }),
            Step::LocalName(slot) => on(slot, &|sock| Call::GetSockName { sock }),
            Step::PeerName(slot) => on(slot, &|sock| Call::GetPeerName { sock }),
            Step::Set(slot, value) => on(slot, &|sock| Call::SetOption { sock, value }),
            Step::Get(slot, name) => on(slot, &|sock| Call::GetOption { sock, name }),
            Step::Poll(slot) => on(slot, &|sock| Call::Poll { sock }),
            Step::ReceiveError(slot) => on(slot, &|sock| Call::RecvError { sock }),
            Step::Become(user) => Some(self.question(0, |_| Call::Become { user })),
            Step::Configure(ref setting) => {
                Some(self.question(0, |_| Call::Configure { setting: setting.clone() }))
            }
        }
    }

    /// Asks both, and takes note of what the answers bring.
    fn ask(&mut self, question: Question, step: &Step) -> Result<bool, Fault> {
        let Question { kernel, reference, words, slot, once_mapped } = question;
        let kernel = self.kernel.call(End::Host, &kernel)?;
        let reference = self.reference.call(End::Host, &reference)?;
        self.outcome.calls += 1;
        let found = [&kernel, &reference].map(|reply| self.shown(reply));
        let line = match (step, &kernel) {
            (Step::Open(new, ..), Reply::Socket(_)) => format!("s{new} = {words}"),
            (Step::Accept(_, new), Reply::Accepted { .. }) => format!("s{new} = {words} -> *"),
            _ => format!("{words} -> {}", found[0]),
        };
        self.outcome.lines.push(line);
        if !self.agree(slot, &kernel, &reference) {
            let [kernel, reference] = found;
            let difference = Difference { call: words, kernel, reference, once_mapped };
            let Some(policy) = self.differences.accepting(&difference) else {
                self.outcome.difference = Some(difference);
                return Ok(false);
            };
            self.outcome.accepted.push(policy.name.clone());
            return Ok(policy.goes_on);
        }
        self.note(step, slot, &kernel, &reference);
        if let Step::Connect(_, place) = step
            && kernel == Reply::Refused(Refused::InProgress)
        {
            return self.look_at_attempt(slot, *place);
        }
        Ok(true)
    }

    /// Where an attempt begins that Linux may not bring to an end, this is seen at once. Nothing changes.
    fn look_at_attempt(&mut self, slot: Slot, place: Place) -> Result<bool, Fault> {
        if place.addr.starts_with(MAPPED) {
            self.mapped.insert(slot);
        } else if self.mapped.contains(&slot) {
            let question = self.question(slot, |sock| Call::Poll { sock });
            return self.ask(Question { once_mapped: true, ..question }, &Step::Poll(slot));
        }
        Ok(true)
    }

    /// A reply with a star for what the host chose.
    fn shown(&self, reply: &Reply) -> String {
        let words = store::print_reply(reply);
        let shown = words.split_whitespace().map(|word| match word.parse::<SocketAddr>() {
            Ok(name) if !self.ports.has(name.port()) => {
                word.strip_suffix(&name.port().to_string()).map_or(word.to_owned(), |head| format!("{head}*"))
            }
            Ok(_) | Err(_) => word.to_owned(),
        });
        let shown = shown.collect::<Vec<_>>().join(" ");
        shown.replace("%1]", "%eth]").replace("%2]", "%lo]")
    }

    /// New sockets, ports that were seen, sockets that are gone.
    fn note(&mut self, step: &Step, slot: Slot, kernel: &Reply, reference: &Reply) {
        let mut twin = |new: Slot, kind, kernel: &SocketId, reference: &SocketId| {
            self.sockets.insert(new, Twin { kind, kernel: *kernel, reference: *reference });
        };
        match (step, kernel, reference) {
            (Step::Open(new, _, kind), Reply::Socket(here), Reply::Socket(there)) => {
                twin(*new, *kind, here, there);
            }
            (
                Step::Accept(_, new),
                Reply::Accepted { sock: here, peer },
                Reply::Accepted { sock: there, .. },
            ) => {
                twin(*new, Kind::Stream, here, there);
                if peer.to_string().starts_with(&format!("[{MAPPED}")) {
                    self.mapped.insert(*new);
                }
            }
            (Step::LocalName(_) | Step::PeerName(_), Reply::Name(here), Reply::Name(there)) => {
                let kind = self.sockets.get(&slot).map_or(Kind::Stream, |twin| twin.kind);
                let chosen = Chosen { kind, kernel: here.port(), reference: there.port() };
                self.chosen.insert((slot, matches!(step, Step::LocalName(_))), chosen);
            }
            (Step::Close(_), Reply::Done, _) => {
                self.sockets.remove(&slot);
                self.mapped.remove(&slot);
                self.chosen.retain(|(of, _), _| *of != slot);
            }
            _ => {}
        }
    }

    fn agree(&self, slot: Slot, kernel: &Reply, reference: &Reply) -> bool {
        match (kernel, reference) {
            (Reply::Socket(_), Reply::Socket(_)) => true,
            (Reply::Accepted { peer: here, .. }, Reply::Accepted { peer: there, .. })
            | (Reply::Name(here), Reply::Name(there)) => self.same_name(slot, *here, *there),
            (
                Reply::Datagram { from: here, to, data, whole_octets },
                Reply::Datagram { from: there, to: other_to, data: other_data, whole_octets: other_octets },
            ) => {
                self.same_name(slot, *here, *there)
                    && to == other_to
                    && data == other_data
                    && whole_octets == other_octets
            }
            (
                Reply::Failure { error, to: here, data },
                Reply::Failure { error: other_error, to: there, data: other_data },
            ) => error == other_error && self.same_name(slot, *here, *there) && data == other_data,
            (
                Reply::Option(OptionValue::LocalPortRange(..)),
                Reply::Option(OptionValue::LocalPortRange(..)),
            ) => true,
            _ => kernel == reference,
        }
    }

    /// The same address, and ports that correspond.
    fn same_name(&self, slot: Slot, here: SocketAddr, there: SocketAddr) -> bool {
        let alike = |one: SocketAddr, other: SocketAddr| match (one, other) {
            (SocketAddr::V4(one), SocketAddr::V4(other)) => one.ip() == other.ip(),
            (SocketAddr::V6(one), SocketAddr::V6(other)) => {
                one.ip() == other.ip() && one.scope_id() == other.scope_id()
            }
            (SocketAddr::V4(_), SocketAddr::V6(_)) | (SocketAddr::V6(_), SocketAddr::V4(_)) => false,
        };
        let kind = self.sockets.get(&slot).map_or(Kind::Stream, |twin| twin.kind);
        let (here_port, there_port) = (here.port(), there.port());
        let chosen_by_host = !self.ports.has(here_port) && !self.ports.has(there_port);
        let known = self.chosen.iter().filter(|((of, _), chosen)| *of != slot && chosen.kind == kind);
        let consistent =
            || known.clone().all(|(_, known)| (known.kernel == here_port) == (known.reference == there_port));
        alike(here, there) && if chosen_by_host { consistent() } else { here_port == there_port }
    }
}

/// The place that a step says.
const fn place(step: &Step) -> Option<Place> {
    match step {
        Step::Bind(_, place) | Step::Connect(_, place) | Step::SendTo(_, _, place) => Some(*place),
        Step::Open(..)
        | Step::Accept(..)
        | Step::Listen(..)
        | Step::Disconnect(_)
        | Step::Send(..)
        | Step::Receive(..)
        | Step::ReceiveFrom(..)
        | Step::Peek(..)
        | Step::Shutdown(..)
        | Step::Close(_)
        | Step::LocalName(_)
        | Step::PeerName(_)
        | Step::Set(..)
        | Step::Get(..)
        | Step::Poll(_)
        | Step::ReceiveError(_)
        | Step::Become(_)
        | Step::Configure(_) => None,
    }
}

fn endpoint(place: Place, port: u16) -> Option<SocketAddr> {
    let mut name = SocketAddr::new(place.addr.parse::<IpAddr>().ok()?, port);
    if let SocketAddr::V6(name) = &mut name {
        name.set_scope_id(place.scope);
    }
    Some(name)
}

/// A call with the sequence's name of its socket.
fn named(call: &str, slot: Slot) -> String {
    let mut words: Vec<String> = call.split_whitespace().map(str::to_owned).collect();
    if words.first().is_some_and(|verb| !matches!(verb.as_str(), "socket" | "become" | "sysctl"))
        && let Some(socket) = words.get_mut(1)
    {
        *socket = format!("s{slot}");
    }
    words.join(" ")
}
