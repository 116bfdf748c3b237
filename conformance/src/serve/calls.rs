//! floor 8: socket calls with answers of their kind. The host may refuse; an answer of another kind is a
//! fault.

use crate::host::{Fault, Host};
use stack::base::Refused;
use stack::sock::call::{OptionName, Readiness};
use stack::sock::{Call, Family, Kind, OptionValue, Reply, SocketId};
use std::mem;
use std::net::SocketAddr;

/// Octets that are read by one call, and that wait to be written at the most.
pub(super) const BUFFER_OCTETS: usize = 64 << 10;

/// What the API answers, unless the host broke.
pub(super) type Answer<T> = Result<Result<T, Refused>, Fault>;

/// Makes a call and reads its answer.
fn ask<T>(host: &mut dyn Host, call: &Call, read: fn(Reply) -> Option<T>) -> Answer<T> {
    let reply = host.call(call)?;
    if let Reply::Refused(refused) = reply {
        return Ok(Err(refused));
    }
    let odd = || Fault::Protocol(format!("the host's answer to {call:?} is one to another call"));
    Ok(Ok(read(reply).ok_or_else(odd)?))
}

/// What a sound host grants.
fn must<T>(call: &Call, answer: Result<T, Refused>) -> Result<T, Fault> {
    answer.map_err(|refused| Fault::Protocol(format!("the host refuses {call:?}: {refused}")))
}

/// A call that says nothing but whether it is granted, and is.
pub(super) fn act(host: &mut dyn Host, call: &Call) -> Result<(), Fault> {
    must(call, ask(host, call, |reply| (reply == Reply::Done).then_some(()))?)
}

pub(super) fn socket(host: &mut dyn Host, family: Family, kind: Kind) -> Result<SocketId, Fault> {
    let call = Call::Socket { family, kind };
    let sock = |reply| if let Reply::Socket(sock) = reply { Some(sock) } else { None };
    must(&call, ask(host, &call, sock)?)
}

/// What would not block.
pub(super) fn poll(host: &mut dyn Host, sock: SocketId) -> Result<Readiness, Fault> {
    let call = Call::Poll { sock };
    let ready = |reply| if let Reply::Ready(ready) = reply { Some(ready) } else { None };
    must(&call, ask(host, &call, ready)?)
}

/// The error that waits on a socket.
pub(super) fn error(host: &mut dyn Host, sock: SocketId) -> Result<Option<Refused>, Fault> {
    let call = Call::GetOption { sock, name: OptionName::Error };
    let error = |reply| if let Reply::Option(OptionValue::Error(error)) = reply { Some(error) } else { None };
    must(&call, ask(host, &call, error)?)
}

pub(super) fn accept(host: &mut dyn Host, sock: SocketId) -> Answer<SocketId> {
    let accepted = |reply| if let Reply::Accepted { sock, .. } = reply { Some(sock) } else { None };
    ask(host, &Call::Accept { sock }, accepted)
}

pub(super) fn connect(host: &mut dyn Host, sock: SocketId, remote: SocketAddr) -> Answer<()> {
    ask(host, &Call::Connect { sock, remote }, |reply| (reply == Reply::Done).then_some(()))
}

/// What came; no octets are the end of the stream.
pub(super) fn receive(host: &mut dyn Host, sock: SocketId) -> Answer<Vec<u8>> {
    let max = u32::try_from(BUFFER_OCTETS).unwrap_or(u32::MAX);
    let data = |reply| if let Reply::Data(data) = reply { Some(data) } else { None };
    ask(host, &Call::Recv { sock, max }, data)
}

/// A datagram and its sender.
pub(super) fn receive_from(host: &mut dyn Host, sock: SocketId) -> Answer<(SocketAddr, Vec<u8>)> {
    let datagram = |reply| {
        if let Reply::Datagram { from, data, .. } = reply { Some((from, data)) } else { None }
    };
    ask(host, &Call::RecvFrom { sock, max: u32::from(u16::MAX) }, datagram)
}

/// Sends what lies in `out`, and takes away what was taken over: so many octets.
pub(super) fn send(host: &mut dyn Host, sock: SocketId, out: &mut Vec<u8>) -> Answer<usize> {
    let call = Call::Send { sock, data: mem::take(out), urgent: false };
    let sent = |reply| if let Reply::Sent(octets) = reply { Some(octets) } else { None };
    let answer = ask(host, &call, sent)?;
    if let Call::Send { data, .. } = call {
        *out = data;
    }
    Ok(answer.map(|octets| {
        let octets = usize::try_from(octets).unwrap_or(usize::MAX).min(out.len());
        out.drain(..octets);
        octets
    }))
}
