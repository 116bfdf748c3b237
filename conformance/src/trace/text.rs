//! floor 6: socket calls and their answers as text, one line each.

use stack::sock::{Call, How, OptionValue, Reply};

/// A call as a C programmer would write it; payloads by their length.
pub fn call(call: &Call) -> String {
    match call {
        Call::Socket { family, kind } => format!("socket({family:?}, {kind:?})"),
        Call::Bind { sock, local } => format!("bind(s{}, {local})", sock.0),
        Call::Listen { sock, backlog } => format!("listen(s{}, {backlog})", sock.0),
        Call::Accept { sock } => format!("accept(s{})", sock.0),
        Call::Connect { sock, remote } => format!("connect(s{}, {remote})", sock.0),
        Call::Send { sock, data, urgent } => {
            format!("send(s{}, {} octets{})", sock.0, data.len(), if *urgent { ", MSG_OOB" } else { "" })
        }
        Call::Recv { sock, max } => format!("recv(s{}, {max})", sock.0),
        Call::SendTo { sock, to, data } => match to {
            Some(to) => format!("sendto(s{}, {} octets, {to})", sock.0, data.len()),
            None => format!("sendto(s{}, {} octets)", sock.0, data.len()),
        },
        Call::RecvFrom { sock, max } => format!("recvfrom(s{}, {max})", sock.0),
        Call::Shutdown { sock, how } => format!(
            "shutdown(s{}, {})",
            sock.0,
            match how {
                How::Read => "SHUT_RD",
                How::Write => "SHUT_WR",
                How::Both => "SHUT_RDWR",
            }
        ),
        Call::Close { sock } => format!("close(s{})", sock.0),
        Call::GetSockName { sock } => format!("getsockname(s{})", sock.0),
        Call::GetPeerName { sock } => format!("getpeername(s{})", sock.0),
        Call::SetOption { sock, value } => format!("setsockopt(s{}, {})", sock.0, option(value)),
        Call::GetOption { sock, name } => format!("getsockopt(s{}, {name:?})", sock.0),
        Call::Poll { sock } => format!("poll(s{})", sock.0),
        Call::Disconnect { sock } => format!("connect(s{}, AF_UNSPEC)", sock.0),
        Call::Peek { sock, max } => format!("recv(s{}, {max}, MSG_PEEK)", sock.0),
        Call::RecvUrgent { sock } => format!("recv(s{}, 1, MSG_OOB)", sock.0),
        Call::AtMark { sock } => format!("sockatmark(s{})", sock.0),
        Call::RecvError { sock } => format!("recvmsg(s{}, MSG_ERRQUEUE)", sock.0),
        Call::Become { user } => format!("seteuid({})", user.0),
        Call::Configure { setting } => format!("sysctl({setting:?})"),
    }
}

fn option(value: &OptionValue) -> String {
    match value {
        OptionValue::Linger(Some(time)) => format!("Linger({time})"),
        OptionValue::UserTimeout(Some(time)) => format!("UserTimeout({time})"),
        OptionValue::KeepIdle(time) => format!("KeepIdle({time})"),
        OptionValue::KeepInterval(time) => format!("KeepInterval({time})"),
        OptionValue::ReuseAddr(_)
        | OptionValue::ReusePort(_)
        | OptionValue::V6Only(_)
        | OptionValue::KeepAlive(_)
        | OptionValue::Broadcast(_)
        | OptionValue::OobInline(_)
        | OptionValue::NoDelay(_)
        | OptionValue::Linger(None)
        | OptionValue::ReceiveBuffer(_)
        | OptionValue::SendBuffer(_)
        | OptionValue::MaxSegment(_)
        | OptionValue::UserTimeout(None)
        | OptionValue::KeepCount(_)
        | OptionValue::HopLimit(_)
        | OptionValue::TrafficClass(_)
        | OptionValue::FreeBind(_)
        | OptionValue::Transparent(_)
        | OptionValue::BindAddressNoPort(_)
        | OptionValue::LocalPortRange(..)
        | OptionValue::BindToDevice(_)
        | OptionValue::MulticastAll(_)
        | OptionValue::MulticastLoop(_)
        | OptionValue::MulticastHops(_)
        | OptionValue::JoinGroup(..)
        | OptionValue::LeaveGroup(..)
        | OptionValue::ReceiveErrors(_)
        | OptionValue::LingerFinWait(_)
        | OptionValue::DeferAccept(_)
        | OptionValue::Cork(_)
        | OptionValue::SynCount(_)
        | OptionValue::Error(_)
        | OptionValue::AcceptConn(_) => format!("{value:?}"),
    }
}

/// An answer in a few words.
pub fn reply(reply: &Reply) -> String {
    match reply {
        Reply::Done => "0".to_owned(),
        Reply::Socket(sock) => format!("s{}", sock.0),
        Reply::Accepted { sock, peer } => format!("s{} from {peer}", sock.0),
        Reply::Sent(octets) => format!("{octets}"),
        Reply::Data(octets) if octets.is_empty() => "end of file".to_owned(),
        Reply::Data(octets) => format!("{} octets", octets.len()),
        Reply::Datagram { from, data, .. } => format!("{} octets from {from}", data.len()),
        Reply::Name(name) => name.to_string(),
        Reply::Option(value) => option(value),
        Reply::Ready(ready) => format!("{ready:?}"),
        Reply::Flag(on) => format!("{on}"),
        Reply::Failure { error, to, data } => {
            format!("{} about {} octets to {to}", error.name(), data.len())
        }
        Reply::Refused(refused) => refused.name().to_owned(),
    }
}
