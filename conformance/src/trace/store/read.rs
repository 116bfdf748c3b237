//! floor 6: events of a stored trace, from lines to values.

use super::Error;
use super::line::Line;
use super::word::Word;
use crate::trace::{Event, Frame, Response, Stimulus, Timed};
use stack::base::Refused;
use stack::sock::{Call, Device, OptionName, OptionValue, Readiness, Reply, Setting, User};

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

pub(super) fn call(line: &mut Line<'_>) -> Result<Call, Error> {
    let name = line.take("the name of a call", Some)?;
    if name == "socket" {
        return Ok(Call::Socket {
            family: line.word("AF_INET or AF_INET6")?,
            kind: line.word("a socket type")?,
        });
    }
    if name == "become" {
        return Ok(Call::Become { user: User(line.value("a user's number")?) });
    }
    if name == "sysctl" {
        return Ok(Call::Configure { setting: setting(line)? });
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
        "disconnect" => Call::Disconnect { sock },
        "peek" => Call::Peek { sock, max: line.value("a number of octets")? },
        "recvurgent" => Call::RecvUrgent { sock },
        "sockatmark" => Call::AtMark { sock },
        "recverror" => Call::RecvError { sock },
        _ => return line.take("a known call before this", |_| None),
    })
}

fn setting(line: &mut Line<'_>) -> Result<Setting, Error> {
    let name = line.take("the name of a setting", Some)?;
    Ok(match name {
        "ip_local_port_range" => Setting::LocalPortRange(line.value("a port")?, line.value("a port")?),
        "ip_local_reserved_ports" => {
            let mut ranges = Vec::new();
            while !line.peek().is_empty() {
                ranges.push(line.value("a range of ports")?);
            }
            Setting::ReservedPorts(ranges)
        }
        "ip_unprivileged_port_start" => Setting::UnprivilegedStart(line.value("a port")?),
        "ip_nonlocal_bind" => Setting::NonlocalBind(line.switch()?),
        "ip_autobind_reuse" => Setting::AutobindReuse(line.switch()?),
        "somaxconn" => Setting::BacklogMax(line.value("a number of connections")?),
        "tcp_syncookies" => Setting::SynCookies(line.word("never, under-flood, when-full or always")?),
        "tcp_abort_on_overflow" => Setting::AbortOnOverflow(line.switch()?),
        "tcp_migrate_req" => Setting::MigrateRequests(line.switch()?),
        "tcp_tw_reuse" => Setting::TimeWaitReuse(line.word("never, always or loopback")?),
        "tcp_fin_timeout" => Setting::FinTimeout(line.span()?),
        "tcp_rfc1337" => Setting::Rfc1337(line.switch()?),
        "bindv6only" => Setting::BindV6Only(line.switch()?),
        _ => return line.take("a known setting before this", |_| None),
    })
}

fn device(line: &mut Line<'_>) -> Result<Option<Device>, Error> {
    line.take("lo, eth or any", |word| match word {
        "any" => Some(None),
        name => Device::from_word(name).map(Some),
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
        OptionName::FreeBind => OptionValue::FreeBind(line.switch()?),
        OptionName::Transparent => OptionValue::Transparent(line.switch()?),
        OptionName::BindAddressNoPort => OptionValue::BindAddressNoPort(line.switch()?),
        OptionName::LocalPortRange => {
            OptionValue::LocalPortRange(line.value("a port")?, line.value("a port")?)
        }
        OptionName::BindToDevice => OptionValue::BindToDevice(device(line)?),
        OptionName::MulticastAll => OptionValue::MulticastAll(line.switch()?),
        OptionName::MulticastLoop => OptionValue::MulticastLoop(line.switch()?),
        OptionName::MulticastHops => OptionValue::MulticastHops(line.value("a hop limit")?),
        OptionName::JoinGroup => OptionValue::JoinGroup(line.value("an address")?, device(line)?),
        OptionName::LeaveGroup => OptionValue::LeaveGroup(line.value("an address")?, device(line)?),
        OptionName::ReceiveErrors => OptionValue::ReceiveErrors(line.switch()?),
        OptionName::LingerFinWait => OptionValue::LingerFinWait(line.value("seconds")?),
        OptionName::DeferAccept => OptionValue::DeferAccept(line.value("seconds")?),
        OptionName::Cork => OptionValue::Cork(line.switch()?),
        OptionName::SynCount => OptionValue::SynCount(line.value("a number of times")?),
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
        "flag" => Reply::Flag(line.switch()?),
        "failure" => Reply::Failure {
            error: line.word("the name of an error")?,
            to: line.value("address and port")?,
            data: line.octets()?,
        },
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
