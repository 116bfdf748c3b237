//! Any calls in any order, any frames: nothing panics, hangs or leaves the tables in disagreement.

mod rig;

use quickcheck::{Arbitrary, Gen, quickcheck};
use rig::{App, Link, Pair, at, config, name};
use stack::base::choose::Seeded;
use stack::base::{Cidr, Span};
use stack::host::{Config, Stimulus};
use stack::sock::{self, Call, Device, Family, How, Kind, OptionName, OptionValue, Profile, SocketId};
use std::net::SocketAddr;

/// What happens next to two hosts on a wire.
#[derive(Clone, Debug)]
enum Event {
    Call(bool, Call),
    Pass(u16),
    /// A frame seen before, with one octet changed, arrives at either host.
    Forged(bool, u16, u16, u8),
    /// Octets that nobody sent.
    Noise(bool, Vec<u8>),
}

const NAMES: [&str; 25] = [
    "127.0.0.1:0",
    "127.0.0.1:8080",
    "192.0.2.2:0",
    "224.0.0.251:8080",
    "240.0.0.1:8080",
    "203.0.113.9:8081",
    "[::1]:0",
    "[::1]:8080",
    "[::1]:8081",
    "[fe80::2%1]:8080",
    "[fe80::2%1]:8081",
    "[fe80::2%2]:8081",
    "[ff02::fb%1]:8080",
    "[2001:db8::2]:8081",
    "0.0.0.0:0",
    "0.0.0.0:8080",
    "192.0.2.1:8080",
    "192.0.2.2:8080",
    "192.0.2.1:8081",
    "192.0.2.2:8081",
    "127.0.0.1:8081",
    "192.0.2.255:8080",
    "[::]:8080",
    "[2001:db8::2]:8080",
    "[::ffff:192.0.2.2]:8080",
];

fn any_name(g: &mut Gen) -> SocketAddr {
    name(g.choose(&NAMES).expect("a name"))
}

fn any_option(g: &mut Gen) -> OptionValue {
    let on = bool::arbitrary(g);
    let options = [
        OptionValue::ReuseAddr(on),
        OptionValue::ReusePort(on),
        OptionValue::V6Only(on),
        OptionValue::Broadcast(on),
        OptionValue::Linger(on.then_some(Span::ZERO)),
        OptionValue::ReceiveBuffer(u32::arbitrary(g) % 3000),
        OptionValue::UserTimeout(on.then_some(Span::from_secs(2))),
        OptionValue::MaxSegment(88 + u16::arbitrary(g) % 600),
        OptionValue::HopLimit(u8::arbitrary(g)),
        OptionValue::BindToDevice(None),
        OptionValue::BindToDevice(Some(Device::Loopback)),
        OptionValue::BindToDevice(Some(Device::Interface)),
        OptionValue::BindAddressNoPort(on),
        OptionValue::FreeBind(on),
        OptionValue::ReceiveErrors(on),
        OptionValue::OobInline(on),
        OptionValue::DeferAccept(u32::from(on)),
        OptionValue::LingerFinWait(i32::from(on) - 1),
        OptionValue::KeepAlive(on),
        OptionValue::JoinGroup("224.0.0.251".parse().expect("a group"), on.then_some(Device::Interface)),
        OptionValue::LeaveGroup("224.0.0.251".parse().expect("a group"), None),
        OptionValue::JoinGroup("ff02::fb".parse().expect("a group"), None),
    ];
    *g.choose(&options).expect("an option")
}

fn any_call(g: &mut Gen) -> Call {
    let sock = SocketId(1 + u32::arbitrary(g) % 8);
    let data = vec![7; usize::arbitrary(g) % 4000];
    let how = *g.choose(&[How::Read, How::Write, How::Both]).expect("a half");
    let family = if bool::arbitrary(g) { Family::V4 } else { Family::V6 };
    let kind = if u8::arbitrary(g) % 4 == 0 { Kind::Datagram } else { Kind::Stream };
    let to = bool::arbitrary(g).then(|| any_name(g));
    let calls = [
        Call::Socket { family, kind },
        Call::Socket { family: Family::V4, kind },
        Call::Bind { sock, local: any_name(g) },
        Call::Bind { sock, local: any_name(g) },
        Call::Listen { sock, backlog: i32::arbitrary(g) % 3 },
        Call::Listen { sock, backlog: 2 },
        Call::Accept { sock },
        Call::Accept { sock },
        Call::Connect { sock, remote: any_name(g) },
        Call::Connect { sock, remote: any_name(g) },
        Call::Send { sock, data: data.clone(), urgent: bool::arbitrary(g) },
        Call::SendTo { sock, to, data },
        Call::Recv { sock, max: u32::arbitrary(g) % 5000 },
        Call::RecvFrom { sock, max: 100 },
        Call::Shutdown { sock, how },
        Call::Close { sock },
        Call::GetSockName { sock },
        Call::GetPeerName { sock },
        Call::SetOption { sock, value: any_option(g) },
        Call::GetOption { sock, name: OptionName::Error },
        Call::Poll { sock },
        Call::Disconnect { sock },
        Call::Peek { sock, max: 100 },
        Call::RecvUrgent { sock },
        Call::AtMark { sock },
        Call::RecvError { sock },
    ];
    g.choose(&calls).expect("a call").clone()
}

impl Arbitrary for Event {
    fn arbitrary(g: &mut Gen) -> Self {
        let here = bool::arbitrary(g);
        match u8::arbitrary(g) % 12 {
            0..=6 => Self::Call(here, any_call(g)),
            7..=8 => Self::Pass(u16::arbitrary(g) % 400),
            9 => Self::Pass(u16::arbitrary(g) % 5_000),
            10 => Self::Forged(here, u16::arbitrary(g), u16::arbitrary(g), u8::arbitrary(g)),
            11.. => Self::Noise(here, Vec::arbitrary(g)),
        }
    }
}

/// The configuration of a host that has a link-local address, too, under the rules of one of the systems.
fn under(rules: u8, index: usize, link: Link) -> Config {
    let profile = Profile::ALL[usize::from(rules) % Profile::ALL.len()];
    let mut config = Config { sockets: sock::Policy::of(profile), ..config(index, link) };
    let link_local = format!("fe80::{}", index + 1).parse().expect("an address");
    config.ip.addrs.push(Cidr::new(link_local, 64));
    config
}

/// Sockets in every role on both hosts, so that what happens next happens to somebody.
fn inhabited(link: Link, rules: u8, seed: u64) -> Pair {
    let mut pair = Pair::with([0, 1].map(|index| under(rules, index, link)), seed);
    for (family, port) in [(Family::V4, 8080), (Family::V6, 8081)] {
        pair.connected(family, port);
    }
    let server = pair.a().server(at(0, Family::V4, 8080), 1);
    assert_eq!(pair.a().set(server, OptionValue::ReuseAddr(true)), Ok(()));
    for app in &mut pair.apps {
        let receiver = app.receiver(name("[::]:8080"));
        assert_eq!(app.set(receiver, OptionValue::ReceiveBuffer(1000)), Ok(()));
        app.tcp();
        app.udp();
    }
    pair
}

fn happens(pair: &mut Pair, event: &Event) {
    match event {
        // Every step ends with a check of all invariants.
        Event::Call(here, call) => {
            pair.apps[usize::from(*here)].call(call.clone());
        }
        Event::Pass(millis) => pair.run(Span::from_millis(u64::from(*millis))),
        Event::Forged(here, which, octet, value) => {
            let count = pair.log.len().max(1);
            let Some((_, _, frame)) = pair.log.get(usize::from(*which) % count) else { return };
            let mut frame = frame.clone();
            let length = frame.len().max(1);
            if let Some(octet) = frame.get_mut(usize::from(*octet) % length) {
                *octet = *value;
            }
            pair.apps[usize::from(*here)].step(Stimulus::Frame(&frame));
        }
        Event::Noise(here, octets) => pair.apps[usize::from(*here)].step(Stimulus::Frame(octets)),
    }
}

quickcheck! {
    fn whatever_happens_the_tables_agree_and_time_goes_on(
        seed: u64, ethernet: bool, rules: u8, events: Vec<Event>
    ) -> bool {
        let link = if ethernet { Link::Ethernet } else { Link::Ip };
        let mut pair = inhabited(link, rules, seed);
        for event in &events {
            happens(&mut pair, event);
        }
        // Everybody goes home, and nothing is left after the longest of all time-outs.
        for app in &mut pair.apps {
            for number in 1..=64 {
                let _ = app.close(SocketId(number));
            }
        }
        pair.run(Span::from_secs(1_000));
        pair.apps.iter().all(|app| app.host.sockets().is_empty())
    }

    fn a_host_that_talks_to_itself_comes_to_rest(seed: u64, rules: u8, events: Vec<Event>) -> bool {
        let mut app = App::new(under(rules, 1, Link::Ip), Box::new(Seeded::new(seed)));
        for event in events {
            if let Event::Call(_, call) = event {
                app.call(call);
            }
        }
        let looped = stack::base::Why::LoopTooLong;
        !app.seen.discards.contains(&looped)
    }
}
