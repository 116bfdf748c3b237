//! Stored traces: printing and reading are inverse, and whatever is wrong is one line.

use super::word::Word;
use super::*;
use crate::trace::{Event, Frame, Response, Stimulus, Timed};
use quickcheck::{Arbitrary, Gen, quickcheck};
use stack::base::{Instant, PortRange, Refused, Span, Why};
use stack::sock::{
    Call, Device, Family, How, Kind, OptionName, OptionValue, Readiness, Reply, Setting, SocketId,
    SynCookies, TimeWaitReuse, User,
};
use std::net::{IpAddr, SocketAddr};

fn any<T: Word>(g: &mut Gen) -> T {
    let mut all = Vec::new();
    T::find(|value| {
        all.push(value);
        false
    });
    *g.choose(&all).expect("no vocabulary is empty")
}

fn sock(g: &mut Gen) -> SocketId {
    SocketId(u32::arbitrary(g))
}

fn endpoint(g: &mut Gen) -> SocketAddr {
    SocketAddr::new(IpAddr::arbitrary(g), u16::arbitrary(g))
}

fn span(g: &mut Gen) -> Option<Span> {
    Option::arbitrary(g).map(Span::from_nanos)
}

fn device(g: &mut Gen) -> Option<Device> {
    bool::arbitrary(g).then(|| any::<Device>(g))
}

fn setting(g: &mut Gen) -> Setting {
    let (on, number) = (bool::arbitrary(g), u32::arbitrary(g));
    match u8::arbitrary(g) % 13 {
        0 => Setting::LocalPortRange(number, u32::arbitrary(g)),
        1 => {
            let pairs: Vec<(u16, u16)> = Arbitrary::arbitrary(g);
            Setting::ReservedPorts(pairs.iter().filter_map(|(a, b)| PortRange::new(*a, *b)).collect())
        }
        2 => Setting::UnprivilegedStart(number),
        3 => Setting::NonlocalBind(on),
        4 => Setting::AutobindReuse(on),
        5 => Setting::BacklogMax(number),
        6 => Setting::SynCookies(any::<SynCookies>(g)),
        7 => Setting::AbortOnOverflow(on),
        8 => Setting::MigrateRequests(on),
        9 => Setting::TimeWaitReuse(any::<TimeWaitReuse>(g)),
        10 => Setting::FinTimeout(Span::from_nanos(u64::arbitrary(g))),
        11 => Setting::Rfc1337(on),
        _ => Setting::BindV6Only(on),
    }
}

fn option(g: &mut Gen) -> OptionValue {
    let on = bool::arbitrary(g);
    match any::<OptionName>(g) {
        OptionName::ReuseAddr => OptionValue::ReuseAddr(on),
        OptionName::ReusePort => OptionValue::ReusePort(on),
        OptionName::V6Only => OptionValue::V6Only(on),
        OptionName::KeepAlive => OptionValue::KeepAlive(on),
        OptionName::Broadcast => OptionValue::Broadcast(on),
        OptionName::OobInline => OptionValue::OobInline(on),
        OptionName::NoDelay => OptionValue::NoDelay(on),
        OptionName::Linger => OptionValue::Linger(span(g)),
        OptionName::ReceiveBuffer => OptionValue::ReceiveBuffer(u32::arbitrary(g)),
        OptionName::SendBuffer => OptionValue::SendBuffer(u32::arbitrary(g)),
        OptionName::MaxSegment => OptionValue::MaxSegment(u16::arbitrary(g)),
        OptionName::UserTimeout => OptionValue::UserTimeout(span(g)),
        OptionName::KeepIdle => OptionValue::KeepIdle(Span::from_nanos(u64::arbitrary(g))),
        OptionName::KeepInterval => OptionValue::KeepInterval(Span::from_nanos(u64::arbitrary(g))),
        OptionName::KeepCount => OptionValue::KeepCount(u8::arbitrary(g)),
        OptionName::TrafficClass => OptionValue::TrafficClass(u8::arbitrary(g)),
        OptionName::HopLimit => OptionValue::HopLimit(u8::arbitrary(g)),
        OptionName::FreeBind => OptionValue::FreeBind(on),
        OptionName::Transparent => OptionValue::Transparent(on),
        OptionName::BindAddressNoPort => OptionValue::BindAddressNoPort(on),
        OptionName::LocalPortRange => OptionValue::LocalPortRange(u16::arbitrary(g), u16::arbitrary(g)),
        OptionName::BindToDevice => OptionValue::BindToDevice(device(g)),
        OptionName::MulticastAll => OptionValue::MulticastAll(on),
        OptionName::MulticastLoop => OptionValue::MulticastLoop(on),
        OptionName::MulticastHops => OptionValue::MulticastHops(u8::arbitrary(g)),
        OptionName::JoinGroup => OptionValue::JoinGroup(IpAddr::arbitrary(g), device(g)),
        OptionName::LeaveGroup => OptionValue::LeaveGroup(IpAddr::arbitrary(g), device(g)),
        OptionName::ReceiveErrors => OptionValue::ReceiveErrors(on),
        OptionName::LingerFinWait => OptionValue::LingerFinWait(i32::arbitrary(g)),
        OptionName::DeferAccept => OptionValue::DeferAccept(u32::arbitrary(g)),
        OptionName::Cork => OptionValue::Cork(on),
        OptionName::SynCount => OptionValue::SynCount(u8::arbitrary(g)),
        OptionName::Error => OptionValue::Error(on.then(|| any::<Refused>(g))),
        OptionName::AcceptConn => OptionValue::AcceptConn(on),
    }
}

fn call(g: &mut Gen) -> Call {
    let (sock, data, number) = (sock(g), Vec::arbitrary(g), u32::arbitrary(g));
    match u8::arbitrary(g) % 23 {
        0 => Call::Socket { family: any::<Family>(g), kind: any::<Kind>(g) },
        1 => Call::Bind { sock, local: endpoint(g) },
        2 => Call::Listen { sock, backlog: number.cast_signed() },
        3 => Call::Accept { sock },
        4 => Call::Connect { sock, remote: endpoint(g) },
        5 => Call::Send { sock, data, urgent: bool::arbitrary(g) },
        6 => Call::Recv { sock, max: number },
        7 => Call::SendTo { sock, to: bool::arbitrary(g).then(|| endpoint(g)), data },
        8 => Call::RecvFrom { sock, max: number },
        9 => Call::Shutdown { sock, how: any::<How>(g) },
        10 => Call::Close { sock },
        11 => Call::GetSockName { sock },
        12 => Call::GetPeerName { sock },
        13 => Call::SetOption { sock, value: option(g) },
        14 => Call::GetOption { sock, name: any::<OptionName>(g) },
        15 => Call::Disconnect { sock },
        16 => Call::Peek { sock, max: number },
        17 => Call::RecvUrgent { sock },
        18 => Call::AtMark { sock },
        19 => Call::RecvError { sock },
        20 => Call::Become { user: User(number) },
        21 => Call::Configure { setting: setting(g) },
        _ => Call::Poll { sock },
    }
}

fn reply(g: &mut Gen) -> Reply {
    let data = Vec::arbitrary(g);
    match u8::arbitrary(g) % 12 {
        0 => Reply::Done,
        1 => Reply::Socket(sock(g)),
        2 => Reply::Accepted { sock: sock(g), peer: endpoint(g) },
        3 => Reply::Sent(u32::arbitrary(g)),
        4 => Reply::Data(data),
        5 => {
            let (from, to) = (endpoint(g), IpAddr::arbitrary(g));
            Reply::Datagram { from, to, data, whole_octets: u32::arbitrary(g) }
        }
        6 => Reply::Name(endpoint(g)),
        7 => Reply::Option(option(g)),
        8 => {
            let (readable, writable, urgent) = Arbitrary::arbitrary(g);
            let (read_closed, hung_up, error) = Arbitrary::arbitrary(g);
            Reply::Ready(Readiness { readable, writable, urgent, read_closed, hung_up, error })
        }
        9 => Reply::Flag(bool::arbitrary(g)),
        10 => Reply::Failure { error: any::<Refused>(g), to: endpoint(g), data },
        _ => Reply::Refused(any::<Refused>(g)),
    }
}

fn frame(g: &mut Gen) -> Frame {
    let whole = Frame::whole(Vec::arbitrary(g));
    if bool::arbitrary(g) { Frame { wire_len: u32::arbitrary(g), ..whole } } else { whole }
}

impl Arbitrary for Timed {
    fn arbitrary(g: &mut Gen) -> Self {
        let event = match u8::arbitrary(g) % 5 {
            0 => Event::Stimulus(Stimulus::Frame(frame(g))),
            1 => Event::Stimulus(Stimulus::Call(call(g))),
            2 => Event::Response(Response::Frame(frame(g))),
            3 => Event::Response(Response::Reply(reply(g))),
            _ => Event::Response(Response::Discard(any::<Why>(g))),
        };
        Self { at: Instant::from_nanos(u64::arbitrary(g)), event }
    }
}

impl Arbitrary for Trace {
    fn arbitrary(g: &mut Gen) -> Self {
        Self { link: any::<Link>(g), events: Vec::arbitrary(g) }
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        let link = self.link;
        Box::new(self.events.shrink().map(move |events| Self { link, events }))
    }
}

quickcheck! {
    fn reading_undoes_printing(trace: Trace) -> bool {
        parse(&print(&trace)) == Ok(trace)
    }

    fn printing_undoes_reading(trace: Trace) -> bool {
        let text = print(&trace);
        parse(&text).map(|trace| print(&trace)) == Ok(text)
    }

    fn what_is_for_people_changes_nothing(trace: Trace) -> bool {
        let bare = |line: &str| format!("# said\n\n  {}\n", line.split(';').next().unwrap_or(""));
        parse(&print(&trace).lines().map(bare).collect::<String>()) == Ok(trace)
    }

    fn any_text_is_read_or_refused_in_one_line(trace: Trace, at: usize, cut: String) -> bool {
        let text = print(&trace);
        let at = at % (text.len() + 1);
        let damaged = format!("{}{cut}{}", &text[..at], text.get(at + 1..).unwrap_or(""));
        match parse(&damaged) {
            Ok(_) => true,
            Err(error) => !error.to_string().contains('\n') && error.line >= 1 && error.column >= 1,
        }
    }
}

fn refused(text: &str) -> String {
    parse(text).expect_err("this is no trace").to_string()
}

#[test]
fn an_error_names_its_place() {
    assert_eq!(refused(""), "line 1, column 1: expected netassay-trace, found the end of the line");
    assert_eq!(refused("netassay-trace 2 ip"), "line 1, column 16: expected 1, found \"2\"");
    let said = refused("# a story\nnetassay-trace 1 ip\n0.000000000 < 4g\n");
    assert_eq!(said, "line 3, column 15: expected octets in hexadecimal, or -, found \"4g\"");
    let said = refused("netassay-trace 1 ip\n0.5 < 45\n");
    assert_eq!(said, "line 2, column 1: expected seconds with nine decimals, found \"0.5\"");
    let said = refused("netassay-trace 1 ip\n0.000000000 call recv s1\n");
    assert_eq!(said, "line 2, column 25: expected a number of octets, found the end of the line");
    let said = refused("netassay-trace 1 ip\n0.000000000 reply done 7 ; why\n");
    assert_eq!(said, "line 2, column 24: expected the end of the line, found \"7\"");
}

#[test]
fn a_call_and_a_frame_are_stored_like_this() {
    let mut trace = Trace::new(Link::Ip);
    let at = Instant::from_nanos(1_500_000_001);
    let call = Call::Send { sock: SocketId(3), data: b"hi".to_vec(), urgent: true };
    trace.stimulus(at, Stimulus::Call(call));
    trace.response(at, Response::Reply(Reply::Refused(Refused::WouldBlock)));
    trace.response(at, Response::Frame(Frame { bytes: vec![0x45], wire_len: 40 }));
    let text = print(&trace);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "netassay-trace 1 ip");
    assert_eq!(lines[1], "1.500000001 call send s3 6869 urgent");
    assert_eq!(lines[2], "1.500000001 reply refused EAGAIN");
    assert!(lines[3].starts_with("1.500000001 > 45 wire_len 40 ; "), "{}", lines[3]);
}
