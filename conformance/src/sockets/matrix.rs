//! floor 8: which two sockets can have the same port: every pair of names, options and states.
//!
//! One socket is bound first, and perhaps listens. The other one is then bound to the same port, and listens
//! if that went well. `conformance/sockets/bind-matrix.csv` has what the kernel answered.

use super::{End, World};
use crate::host::Fault;
use stack::base::Refused;
use stack::sock::{Call, Family, Kind, OptionValue, Reply, SocketId};
use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// A name of a local address, the family of its socket, the address, and whether `IPV6_V6ONLY` is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Form(&'static str, Family, &'static str, bool);

/// Every form that an address can have.
const FORMS: [Form; 10] = [
    Form("v4any", Family::V4, "0.0.0.0", false),
    Form("v4lo1", Family::V4, "127.0.0.1", false),
    Form("v4lo2", Family::V4, "127.0.0.2", false),
    Form("v6any", Family::V6, "::", false),
    Form("v6any_only", Family::V6, "::", true),
    Form("v6lo", Family::V6, "::1", false),
    Form("v6lo_only", Family::V6, "::1", true),
    Form("v6map_any", Family::V6, "::ffff:0.0.0.0", false),
    Form("v6map_lo1", Family::V6, "::ffff:127.0.0.1", false),
    Form("v6_fd99", Family::V6, "fd99::1", false),
];

/// Words for `SO_REUSEADDR` (A) and `SO_REUSEPORT` (P).
const OPTIONS: [(&str, bool, bool); 4] =
    [("-", false, false), ("A", true, false), ("P", false, true), ("AP", true, true)];

/// The columns of the file.
pub const COLUMNS: &str = "proto,A,A_opts,A_state,B,B_opts,bind,listen";

/// Two sockets that want one port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    kind: Kind,
    first: Form,
    first_options: (&'static str, bool, bool),
    listens: bool,
    second: Form,
    second_options: (&'static str, bool, bool),
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = match self.kind {
            Kind::Stream => "tcp",
            Kind::Datagram => "udp",
        };
        let state = if self.listens { "listen" } else { "bound" };
        let (a, b) = (self.first.0, self.second.0);
        write!(f, "{protocol},{a},{},{state},{b},{}", self.first_options.0, self.second_options.0)
    }
}

/// Every case, in the order of the file.
pub fn cases() -> impl Iterator<Item = Case> {
    let forms = || FORMS.into_iter().flat_map(|first| FORMS.into_iter().map(move |second| (first, second)));
    let options = || OPTIONS.into_iter().flat_map(|one| OPTIONS.into_iter().map(move |other| (one, other)));
    [Kind::Stream, Kind::Datagram].into_iter().flat_map(move |kind| {
        forms().flat_map(move |(first, second)| {
            options().flat_map(move |(first_options, second_options)| {
                let states: &[bool] = match kind {
                    Kind::Stream => &[false, true],
                    Kind::Datagram => &[false],
                };
                let case =
                    move |listens| Case { kind, first, first_options, listens, second, second_options };
                states.iter().copied().map(case)
            })
        })
    })
}

/// Asks in a world about a port that nobody has there. The sockets are closed afterwards.
///
/// # Errors
/// The rig failed, or the first socket did not come to be as it should.
pub fn ask(world: &mut dyn World, case: &Case, port: u16) -> Result<String, Fault> {
    let first = open(world, case.kind, case.first, case.first_options)?;
    well(bind(world, first, case.first, port)?)?;
    if case.listens {
        well(listen(world, first)?)?;
    }
    let second = open(world, case.kind, case.second, case.second_options)?;
    let bound = bind(world, second, case.second, port)?;
    let listening = match (case.kind, &bound) {
        (Kind::Stream, Reply::Done) => word(&listen(world, second)?),
        (Kind::Stream | Kind::Datagram, _) => "",
    };
    for sock in [first, second] {
        world.call(End::Host, &Call::Close { sock })?;
    }
    Ok(format!("{case},{},{listening}", word(&bound)))
}

fn open(
    world: &mut dyn World,
    kind: Kind,
    form: Form,
    (_, reuse_addr, reuse_port): (&str, bool, bool),
) -> Result<SocketId, Fault> {
    let reply = world.call(End::Host, &Call::Socket { family: form.1, kind })?;
    let Reply::Socket(sock) = reply else { return Err(unexpected(&reply)) };
    let mut options = vec![OptionValue::ReuseAddr(reuse_addr), OptionValue::ReusePort(reuse_port)];
    if form.1 == Family::V6 {
        options.push(OptionValue::V6Only(form.3));
    }
    for value in options {
        well(world.call(End::Host, &Call::SetOption { sock, value })?)?;
    }
    Ok(sock)
}

fn bind(world: &mut dyn World, sock: SocketId, form: Form, port: u16) -> Result<Reply, Fault> {
    let addr: IpAddr = form.2.parse().map_err(|_| Fault::Protocol(format!("{} is no address", form.2)))?;
    world.call(End::Host, &Call::Bind { sock, local: SocketAddr::new(addr, port) })
}

fn listen(world: &mut dyn World, sock: SocketId) -> Result<Reply, Fault> {
    world.call(End::Host, &Call::Listen { sock, backlog: 5 })
}

fn well(reply: Reply) -> Result<(), Fault> {
    if reply == Reply::Done { Ok(()) } else { Err(unexpected(&reply)) }
}

fn unexpected(reply: &Reply) -> Fault {
    Fault::Protocol(format!("what comes before the question is answered with {reply:?}"))
}

fn word(reply: &Reply) -> &'static str {
    match reply {
        Reply::Refused(refused) => Refused::name(*refused),
        Reply::Done
        | Reply::Socket(_)
        | Reply::Accepted { .. }
        | Reply::Sent(_)
        | Reply::Data(_)
        | Reply::Datagram { .. }
        | Reply::Name(_)
        | Reply::Option(_)
        | Reply::Ready(_)
        | Reply::Flag(_)
        | Reply::Failure { .. } => "ok",
    }
}

/// A port for the case with that index: none is used again before thousands of others.
pub fn port(index: usize) -> u16 {
    20_000 + u16::try_from(index % 9_000).unwrap_or(0)
}
