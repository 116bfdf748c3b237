//! floor 6: events of a stored trace, from lines to values.

use super::Error;
use super::line::Line;
use super::word::Word;
use crate::trace::{Event, Frame, Response, Stimulus, Timed};
use stack::base::Refused;
use stack::sock::{Call, OptionName, OptionValue, Readiness, Reply};

/// Reads one line.
pub(super) fn event(line: &mut Line<'_>) -> Result<Timed, Error> {
    let at = line.time()?;
    let kind = line.take("<, >, call, reply or discard", |word| {
        matches!(word, "<" | ">" | "call" | "reply" | "discard").then_some(word)
    })?;
    let event = match kind {
        "<" => Event::Stimulus(Stimulus::Frame(frame(line)?)),
        ">" => Event::Response(Response::Frame(frame(line)?)),
        "call" => Event::Stimulus(Stimulus::Call(call(line)?)),
        "reply" => Event::Response(Response::Reply(reply(line)?)),
        _ => Event::Response(Response::Discard(line.word("the name of a reason")?)),
    };
    line.end()?;
    Ok(Timed { at, event })
}

fn frame(line: &mut Line<'_>) -> Result<Frame, Error> {
    let mut frame = Frame::whole(line.octets()?);
    if line.perhaps("wire_len")? {
        frame.wire_len = line.value("octets of the frame on the wire")?;
    }
    Ok(frame)
}

fn call(line: &mut Line<'_>) -> Result<Call, Error> {
    let name = line.take("the name of a call", Some)?;
    if name == "socket" {
        return Ok(Call::Socket {
            family: line.word("AF_INET or AF_INET6")?,
            kind: line.word("a socket type")?,
        });
    }
    let sock = line.socket()?;
    Ok(match name {
        "bind" => Call::Bind { sock, local: line.value("address and port")? },
        "listen" => Call::Listen { sock, backlog: line.value("a number of connections")? },
        "accept" => Call::Accept { sock },
        "connect" => Call::Connect { sock, remote: line.value("address and port")? },
        "send" => Call::Send { sock, data: line.octets()?, urgent: line.perhaps("urgent")? },
        "recv" => Call::Recv { sock, max: line.value("a number of octets")? },
        "sendto" => {
            let data = line.octets()?;
            let to = if line.peek().is_empty() { None } else { Some(line.value("address and port")?) };
            Call::SendTo { sock, to, data }
        }
        "recvfrom" => Call::RecvFrom { sock, max: line.value("a number of octets")? },
        "shutdown" => Call::Shutdown { sock, how: line.word("SHUT_RD, SHUT_WR or SHUT_RDWR")? },
        "close" => Call::Close { sock },
        "getsockname" => Call::GetSockName { sock },
        "getpeername" => Call::GetPeerName { sock },
        "setsockopt" => Call::SetOption { sock, value: option(line)? },
        "getsockopt" => Call::GetOption { sock, name: line.word("the name of an option")? },
        "poll" => Call::Poll { sock },
        _ => return line.take("a known call before this", |_| None),
    })
}

fn option(line: &mut Line<'_>) -> Result<OptionValue, Error> {
    Ok(match line.word("the name of an option")? {
        OptionName::ReuseAddr => OptionValue::ReuseAddr(line.switch()?),
        OptionName::ReusePort => OptionValue::ReusePort(line.switch()?),
        OptionName::V6Only => OptionValue::V6Only(line.switch()?),
        OptionName::KeepAlive => OptionValue::KeepAlive(line.switch()?),
        OptionName::Broadcast => OptionValue::Broadcast(line.switch()?),
        OptionName::OobInline => OptionValue::OobInline(line.switch()?),
        OptionName::NoDelay => OptionValue::NoDelay(line.switch()?),
        OptionName::AcceptConn => OptionValue::AcceptConn(line.switch()?),
        OptionName::Linger => OptionValue::Linger(line.span_or_off()?),
        OptionName::UserTimeout => OptionValue::UserTimeout(line.span_or_off()?),
        OptionName::ReceiveBuffer => OptionValue::ReceiveBuffer(line.value("a number of octets")?),
        OptionName::SendBuffer => OptionValue::SendBuffer(line.value("a number of octets")?),
        OptionName::MaxSegment => OptionValue::MaxSegment(line.value("a number of octets")?),
        OptionName::KeepIdle => OptionValue::KeepIdle(line.span()?),
        OptionName::KeepInterval => OptionValue::KeepInterval(line.span()?),
        OptionName::KeepCount => OptionValue::KeepCount(line.value("a number of probes")?),
        OptionName::TrafficClass => OptionValue::TrafficClass(line.value("a traffic class")?),
        OptionName::HopLimit => OptionValue::HopLimit(line.value("a hop limit")?),
        OptionName::Error => {
            OptionValue::Error(line.take("none or the name of an error", |word| match word {
                "none" => Some(None),
                name => Refused::from_word(name).map(Some),
            })?)
        }
    })
}

fn reply(line: &mut Line<'_>) -> Result<Reply, Error> {
    let name = line.take("the name of an answer", Some)?;
    Ok(match name {
        "done" => Reply::Done,
        "socket" => Reply::Socket(line.socket()?),
        "accepted" => Reply::Accepted { sock: line.socket()?, peer: line.value("address and port")? },
        "sent" => Reply::Sent(line.value("a number of octets")?),
        "data" => Reply::Data(line.octets()?),
        "datagram" => {
            let (from, to) = (line.value("address and port")?, line.value("an address")?);
            let whole_octets = line.value("a number of octets")?;
            Reply::Datagram { from, to, data: line.octets()?, whole_octets }
        }
        "name" => Reply::Name(line.value("address and port")?),
        "option" => Reply::Option(option(line)?),
        "ready" => Reply::Ready(readiness(line)?),
        "refused" => Reply::Refused(line.word("the name of an error")?),
        _ => return line.take("a known answer before this", |_| None),
    })
}

fn readiness(line: &mut Line<'_>) -> Result<Readiness, Error> {
    Ok(Readiness {
        readable: line.perhaps("POLLIN")?,
        writable: line.perhaps("POLLOUT")?,
        urgent: line.perhaps("POLLPRI")?,
        read_closed: line.perhaps("POLLRDHUP")?,
        hung_up: line.perhaps("POLLHUP")?,
        error: line.perhaps("POLLERR")?,
    })
}
