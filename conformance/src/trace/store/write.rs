//! floor 6: events of a stored trace, from values to lines.

use super::word::Word;
use crate::trace::{Event, Frame, Link, Response, Stimulus, Timed};
use stack::sock::{Call, Device, OptionName, OptionValue, Readiness, Reply, Setting};
use stack::wire::show::{Show, ShowFrame};
use std::fmt::Write;

/// What goes to a `String` does not fail.
macro_rules! put {
    ($out:expr, $($format:tt)*) => {
        write!($out, $($format)*).unwrap_or_default()
    };
}

/// Appends one line.
pub(super) fn event(timed: &Timed, link: Link, out: &mut String) {
    put!(out, "{} ", timed.at);
    match &timed.event {
        Event::Stimulus(Stimulus::Frame(arriving)) => {
            out.push_str("< ");
            frame(arriving, link, out);
        }
        Event::Stimulus(Stimulus::Call(made)) => {
            out.push_str("call ");
            call(made, out);
        }
        Event::Response(Response::Frame(leaving)) => {
            out.push_str("> ");
            frame(leaving, link, out);
        }
        Event::Response(Response::Reply(answer)) => {
            out.push_str("reply ");
            reply(answer, out);
        }
        Event::Response(Response::Discard(why)) => {
            put!(out, "discard {} ; {}", why.word(), why.text());
        }
    }
    out.push('\n');
}

fn frame(frame: &Frame, link: Link, out: &mut String) {
    octets(&frame.bytes, out);
    if usize::try_from(frame.wire_len) != Ok(frame.bytes.len()) {
        put!(out, " wire_len {}", frame.wire_len);
    }
    match link {
        Link::Ip => put!(out, " ; {}", Show(&frame.bytes)),
        Link::Ethernet => put!(out, " ; {}", ShowFrame(&frame.bytes)),
    }
}

fn octets(bytes: &[u8], out: &mut String) {
    if bytes.is_empty() {
        out.push('-');
    }
    for octet in bytes {
        put!(out, "{octet:02x}");
    }
}

pub(super) fn call(call: &Call, out: &mut String) {
    match call {
        Call::Socket { family, kind } => put!(out, "socket {} {}", family.word(), kind.word()),
        Call::Bind { sock, local } => put!(out, "bind s{} {local}", sock.0),
        Call::Listen { sock, backlog } => put!(out, "listen s{} {backlog}", sock.0),
        Call::Accept { sock } => put!(out, "accept s{}", sock.0),
        Call::Connect { sock, remote } => put!(out, "connect s{} {remote}", sock.0),
        Call::Send { sock, data, urgent } => {
            put!(out, "send s{} ", sock.0);
            octets(data, out);
            out.push_str(if *urgent { " urgent" } else { "" });
        }
        Call::Recv { sock, max } => put!(out, "recv s{} {max}", sock.0),
        Call::SendTo { sock, to, data } => {
            put!(out, "sendto s{} ", sock.0);
            octets(data, out);
            if let Some(to) = to {
                put!(out, " {to}");
            }
        }
        Call::RecvFrom { sock, max } => put!(out, "recvfrom s{} {max}", sock.0),
        Call::Shutdown { sock, how } => put!(out, "shutdown s{} {}", sock.0, how.word()),
        Call::Close { sock } => put!(out, "close s{}", sock.0),
        Call::GetSockName { sock } => put!(out, "getsockname s{}", sock.0),
        Call::GetPeerName { sock } => put!(out, "getpeername s{}", sock.0),
        Call::SetOption { sock, value } => {
            put!(out, "setsockopt s{} ", sock.0);
            option(value, out);
        }
        Call::GetOption { sock, name } => put!(out, "getsockopt s{} {}", sock.0, name.word()),
        Call::Poll { sock } => put!(out, "poll s{}", sock.0),
        Call::Disconnect { sock } => put!(out, "disconnect s{}", sock.0),
        Call::Peek { sock, max } => put!(out, "peek s{} {max}", sock.0),
        Call::RecvUrgent { sock } => put!(out, "recvurgent s{}", sock.0),
        Call::AtMark { sock } => put!(out, "sockatmark s{}", sock.0),
        Call::RecvError { sock } => put!(out, "recverror s{}", sock.0),
        Call::Become { user } => put!(out, "become {}", user.0),
        Call::Configure { setting } => {
            out.push_str("sysctl ");
            configured(setting, out);
        }
    }
}

const fn switch(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

fn configured(setting: &Setting, out: &mut String) {
    match setting {
        Setting::LocalPortRange(first, last) => put!(out, "ip_local_port_range {first} {last}"),
        Setting::ReservedPorts(ranges) => {
            out.push_str("ip_local_reserved_ports");
            for range in ranges {
                put!(out, " {range}");
            }
        }
        Setting::UnprivilegedStart(port) => put!(out, "ip_unprivileged_port_start {port}"),
        Setting::NonlocalBind(on) => put!(out, "ip_nonlocal_bind {}", switch(*on)),
        Setting::AutobindReuse(on) => put!(out, "ip_autobind_reuse {}", switch(*on)),
        Setting::BacklogMax(most) => put!(out, "somaxconn {most}"),
        Setting::SynCookies(when) => put!(out, "tcp_syncookies {}", when.word()),
        Setting::AbortOnOverflow(on) => put!(out, "tcp_abort_on_overflow {}", switch(*on)),
        Setting::MigrateRequests(on) => put!(out, "tcp_migrate_req {}", switch(*on)),
        Setting::TimeWaitReuse(which) => put!(out, "tcp_tw_reuse {}", which.word()),
        Setting::FinTimeout(time) => put!(out, "tcp_fin_timeout {time}"),
        Setting::Rfc1337(on) => put!(out, "tcp_rfc1337 {}", switch(*on)),
        Setting::BindV6Only(on) => put!(out, "bindv6only {}", switch(*on)),
    }
}

fn device(device: Option<Device>) -> String {
    device.map_or_else(|| "any".to_owned(), Word::word)
}

fn option(value: &OptionValue, out: &mut String) {
    let mut switch = |name: OptionName, on: bool| {
        put!(out, "{} {}", name.word(), if on { "on" } else { "off" });
    };
    match value {
        OptionValue::ReuseAddr(on) => switch(OptionName::ReuseAddr, *on),
        OptionValue::ReusePort(on) => switch(OptionName::ReusePort, *on),
        OptionValue::V6Only(on) => switch(OptionName::V6Only, *on),
        OptionValue::KeepAlive(on) => switch(OptionName::KeepAlive, *on),
        OptionValue::Broadcast(on) => switch(OptionName::Broadcast, *on),
        OptionValue::OobInline(on) => switch(OptionName::OobInline, *on),
        OptionValue::NoDelay(on) => switch(OptionName::NoDelay, *on),
        OptionValue::AcceptConn(on) => switch(OptionName::AcceptConn, *on),
        OptionValue::Linger(None) => switch(OptionName::Linger, false),
        OptionValue::Linger(Some(time)) => put!(out, "{} {time}", OptionName::Linger.word()),
        OptionValue::UserTimeout(None) => switch(OptionName::UserTimeout, false),
        OptionValue::UserTimeout(Some(time)) => put!(out, "{} {time}", OptionName::UserTimeout.word()),
        OptionValue::ReceiveBuffer(octets) => put!(out, "{} {octets}", OptionName::ReceiveBuffer.word()),
        OptionValue::SendBuffer(octets) => put!(out, "{} {octets}", OptionName::SendBuffer.word()),
        OptionValue::MaxSegment(octets) => put!(out, "{} {octets}", OptionName::MaxSegment.word()),
        OptionValue::KeepIdle(time) => put!(out, "{} {time}", OptionName::KeepIdle.word()),
        OptionValue::KeepInterval(time) => put!(out, "{} {time}", OptionName::KeepInterval.word()),
        OptionValue::KeepCount(probes) => put!(out, "{} {probes}", OptionName::KeepCount.word()),
        OptionValue::TrafficClass(octet) => put!(out, "{} {octet}", OptionName::TrafficClass.word()),
        OptionValue::HopLimit(limit) => put!(out, "{} {limit}", OptionName::HopLimit.word()),
        OptionValue::FreeBind(on) => switch(OptionName::FreeBind, *on),
        OptionValue::Transparent(on) => switch(OptionName::Transparent, *on),
        OptionValue::BindAddressNoPort(on) => switch(OptionName::BindAddressNoPort, *on),
        OptionValue::MulticastAll(on) => switch(OptionName::MulticastAll, *on),
        OptionValue::MulticastLoop(on) => switch(OptionName::MulticastLoop, *on),
        OptionValue::ReceiveErrors(on) => switch(OptionName::ReceiveErrors, *on),
        OptionValue::Cork(on) => switch(OptionName::Cork, *on),
        OptionValue::LocalPortRange(first, last) => {
            put!(out, "{} {first} {last}", OptionName::LocalPortRange.word());
        }
        OptionValue::BindToDevice(bound) => {
            put!(out, "{} {}", OptionName::BindToDevice.word(), device(*bound));
        }
        OptionValue::MulticastHops(limit) => put!(out, "{} {limit}", OptionName::MulticastHops.word()),
        OptionValue::JoinGroup(group, at) => {
            put!(out, "{} {group} {}", OptionName::JoinGroup.word(), device(*at));
        }
        OptionValue::LeaveGroup(group, at) => {
            put!(out, "{} {group} {}", OptionName::LeaveGroup.word(), device(*at));
        }
        OptionValue::LingerFinWait(seconds) => put!(out, "{} {seconds}", OptionName::LingerFinWait.word()),
        OptionValue::DeferAccept(seconds) => put!(out, "{} {seconds}", OptionName::DeferAccept.word()),
        OptionValue::SynCount(times) => put!(out, "{} {times}", OptionName::SynCount.word()),
        OptionValue::Error(None) => put!(out, "{} none", OptionName::Error.word()),
        OptionValue::Error(Some(refused)) => put!(out, "{} {}", OptionName::Error.word(), refused.word()),
    }
}

pub(super) fn reply(reply: &Reply, out: &mut String) {
    match reply {
        Reply::Done => out.push_str("done"),
        Reply::Socket(sock) => put!(out, "socket s{}", sock.0),
        Reply::Accepted { sock, peer } => put!(out, "accepted s{} {peer}", sock.0),
        Reply::Sent(octets) => put!(out, "sent {octets}"),
        Reply::Data(data) => {
            out.push_str("data ");
            octets(data, out);
        }
        Reply::Datagram { from, to, data, whole_octets } => {
            put!(out, "datagram {from} {to} {whole_octets} ");
            octets(data, out);
        }
        Reply::Name(name) => put!(out, "name {name}"),
        Reply::Option(value) => {
            out.push_str("option ");
            option(value, out);
        }
        Reply::Ready(ready) => {
            out.push_str("ready");
            for (set, name) in readiness(*ready) {
                out.push_str(if set { " " } else { "" });
                out.push_str(if set { name } else { "" });
            }
        }
        Reply::Flag(on) => put!(out, "flag {}", switch(*on)),
        Reply::Failure { error, to, data } => {
            put!(out, "failure {} {to} ", error.word());
            octets(data, out);
        }
        Reply::Refused(refused) => put!(out, "refused {}", refused.word()),
    }
}

/// Every bit of a readiness with its word, in the order of printing.
pub(super) const fn readiness(ready: Readiness) -> [(bool, &'static str); 6] {
    let Readiness { readable, writable, urgent, read_closed, hung_up, error } = ready;
    [
        (readable, "POLLIN"),
        (writable, "POLLOUT"),
        (urgent, "POLLPRI"),
        (read_closed, "POLLRDHUP"),
        (hung_up, "POLLHUP"),
        (error, "POLLERR"),
    ]
}
