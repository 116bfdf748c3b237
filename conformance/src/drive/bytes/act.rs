//! floor 7: socket calls from plans.

use super::lab;
use super::plan::{CallPlan, Setting};
use super::track::Track;
use stack::base::Span;
use stack::sock::{Call, Family, How, Kind, OptionName, OptionValue, SocketId};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Octets that one call sends at the most.
const SEND_MAX: u16 = 8192;

/// Connections that may wait to be accepted, at the most.
const BACKLOG_MAX: u8 = 8;

/// Stands for the connected end in `sendto`.
const CONNECTED: u8 = 255;

/// The call that is meant.
pub(super) fn call(plan: &CallPlan, track: &Track) -> Call {
    let of = |back: &u8| track.socket(*back);
    match plan {
        CallPlan::Send { sock, octets, urgent } => {
            let sock = of(sock);
            Call::Send { sock, data: stream(sock, *octets, track), urgent: *urgent }
        }
        CallPlan::Recv { sock, octets } => Call::Recv { sock: of(sock), max: (*octets).into() },
        CallPlan::Accept { sock } => Call::Accept { sock: of(sock) },
        CallPlan::Close { sock } => Call::Close { sock: of(sock) },
        CallPlan::Shutdown { sock, how } => {
            let how = [How::Write, How::Read, How::Both][usize::from(how % 3)];
            Call::Shutdown { sock: of(sock), how }
        }
        CallPlan::Socket { which } => {
            let family = if which & 1 == 0 { Family::V4 } else { Family::V6 };
            Call::Socket { family, kind: if which & 2 == 0 { Kind::Stream } else { Kind::Datagram } }
        }
        CallPlan::Bind { sock, end } => Call::Bind { sock: of(sock), local: bound(*end) },
        CallPlan::Listen { sock, backlog } => {
            Call::Listen { sock: of(sock), backlog: (backlog % (BACKLOG_MAX + 1)).into() }
        }
        CallPlan::Connect { sock, end } => Call::Connect { sock: of(sock), remote: lab::ends(*end).1 },
        CallPlan::SendTo { sock, end, octets } => {
            let to = (*end != CONNECTED).then(|| lab::ends(*end).1);
            let sock = of(sock);
            Call::SendTo { sock, to, data: stream(sock, *octets, track) }
        }
        CallPlan::RecvFrom { sock, octets } => Call::RecvFrom { sock: of(sock), max: (*octets).into() },
        CallPlan::Poll { sock } => Call::Poll { sock: of(sock) },
        CallPlan::GetSockName { sock } => Call::GetSockName { sock: of(sock) },
        CallPlan::GetPeerName { sock } => Call::GetPeerName { sock: of(sock) },
        CallPlan::SetOption { sock, setting } => Call::SetOption { sock: of(sock), value: value(setting) },
        CallPlan::GetOption { sock, name } => Call::GetOption { sock: of(sock), name: option(*name) },
    }
}

/// The next octets of what this socket sends: what was not taken over is offered again.
fn stream(sock: SocketId, octets: u16, track: &Track) -> Vec<u8> {
    let from = track.sent.get(&sock).copied().unwrap_or(0);
    (0..u32::from(octets % (SEND_MAX + 1))).map(|at| lab::octet_sent(from.wrapping_add(at))).collect()
}

fn bound(end: u8) -> SocketAddr {
    let v6 = end & 1 == 1;
    let any = if v6 { IpAddr::V6(Ipv6Addr::UNSPECIFIED) } else { IpAddr::V4(Ipv4Addr::UNSPECIFIED) };
    let addr = if end & 2 == 0 { any } else { lab::own(v6) };
    SocketAddr::new(addr, lab::BOUND_PORTS[usize::from(end >> 2 & 7)])
}

fn value(setting: &Setting) -> OptionValue {
    match setting {
        Setting::ReuseAddr { on } => OptionValue::ReuseAddr(*on),
        Setting::ReusePort { on } => OptionValue::ReusePort(*on),
        Setting::V6Only { on } => OptionValue::V6Only(*on),
        Setting::KeepAlive { on } => OptionValue::KeepAlive(*on),
        Setting::NoDelay { on } => OptionValue::NoDelay(*on),
        Setting::OobInline { on } => OptionValue::OobInline(*on),
        Setting::Linger { on, seconds } => {
            OptionValue::Linger(on.then(|| Span::from_secs((*seconds).into())))
        }
        Setting::ReceiveBuffer { octets } => OptionValue::ReceiveBuffer((*octets).into()),
        Setting::SendBuffer { octets } => OptionValue::SendBuffer((*octets).into()),
        Setting::MaxSegment { octets } => OptionValue::MaxSegment(*octets),
        Setting::UserTimeout { seconds } => {
            OptionValue::UserTimeout((*seconds > 0).then(|| Span::from_secs((*seconds).into())))
        }
        Setting::HopLimit { field } => OptionValue::HopLimit(*field),
    }
}

fn option(name: u8) -> OptionName {
    const NAMES: [OptionName; 8] = [
        OptionName::Error,
        OptionName::AcceptConn,
        OptionName::ReceiveBuffer,
        OptionName::SendBuffer,
        OptionName::MaxSegment,
        OptionName::UserTimeout,
        OptionName::HopLimit,
        OptionName::Linger,
    ];
    NAMES[usize::from(name) % NAMES.len()]
}
