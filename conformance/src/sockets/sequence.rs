//! floor 8: sequences of calls by several sockets that get in each other's way.
//!
//! Sockets have numbers of their own, ports are few, so that calls meet. A sequence says nothing of the ports
//! that hosts choose: what depends on them is asked of each world anew.

use super::random::Random;
use stack::base::Span;
use stack::sock::{Device, Family, How, Kind, OptionName, OptionValue, Setting, TimeWaitReuse, User};
use std::net::IpAddr;

/// A socket of a sequence.
pub type Slot = u8;

/// Which port is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortOf {
    /// None.
    Zero,
    /// One of the few, which are other ones for each sequence.
    Shared(u8),
    /// A privileged one.
    Low,
    /// Where nobody is.
    Nobody,
    /// That of a socket.
    Local(Slot),
}

/// Where something goes or is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// An address.
    pub addr: &'static str,
    /// The scope of an address that needs one.
    pub scope: u32,
    /// A port.
    pub port: PortOf,
}

/// One step of a sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A new socket.
    Open(Slot, Family, Kind),
    /// The second socket is to be the connection that the first one accepts.
    Accept(Slot, Slot),
    /// `bind`.
    Bind(Slot, Place),
    /// `listen`.
    Listen(Slot, i32),
    /// `connect`.
    Connect(Slot, Place),
    /// `connect` to nobody.
    Disconnect(Slot),
    /// `send` of so many octets.
    Send(Slot, u8, bool),
    /// `sendto`.
    SendTo(Slot, u8, Place),
    /// `recv`.
    Receive(Slot, u32),
    /// `recvfrom`.
    ReceiveFrom(Slot, u32),
    /// `recv` with `MSG_PEEK`.
    Peek(Slot, u32),
    /// `shutdown`.
    Shutdown(Slot, How),
    /// `close`.
    Close(Slot),
    /// `getsockname`.
    LocalName(Slot),
    /// `getpeername`.
    PeerName(Slot),
    /// `setsockopt`.
    Set(Slot, OptionValue),
    /// `getsockopt`.
    Get(Slot, OptionName),
    /// `poll`.
    Poll(Slot),
    /// `recvmsg` with `MSG_ERRQUEUE`.
    ReceiveError(Slot),
    /// Another user.
    Become(User),
    /// A setting of the host.
    Configure(Setting),
}

const V4: &[&str] =
    &["127.0.0.1", "127.0.0.1", "127.0.0.1", "127.0.0.2", "10.99.0.1", "10.99.0.11", "0.0.0.0"];
const V4_ODD: &[&str] =
    &["10.99.0.77", "224.0.0.251", "10.99.0.255", "203.0.113.9", "255.255.255.255", "240.0.0.1"];
const V6: &[&str] = &["::1", "::1", "::1", "fd99::1", "::", "::ffff:127.0.0.1", "::ffff:0.0.0.0", "fe80::1"];
const V6_ODD: &[&str] = &["fd99::77", "ff02::1", "2001:db8::1", "::ffff:10.99.0.1", "::ffff:10.99.0.77"];

/// What a sequence is made from.
struct Maker {
    random: Random,
    /// Sockets made so far, with what they are. Connections that were accepted are streams.
    made: Vec<(Family, Kind)>,
    steps: Vec<Step>,
}

/// A sequence of up to `most` calls that follows from `seed` alone.
pub fn sequence(seed: u64, most: usize) -> Vec<Step> {
    let mut maker = Maker { random: Random::new(seed), made: Vec::new(), steps: Vec::new() };
    let calls = maker.random.below(most.saturating_sub(3)) + 4;
    maker.open();
    while maker.steps.len() < calls {
        maker.step();
    }
    maker.steps.truncate(most);
    maker.steps
}

impl Maker {
    fn open(&mut self) {
        let family = if self.random.one_in(3) { Family::V6 } else { Family::V4 };
        let kind = if self.random.one_in(3) { Kind::Datagram } else { Kind::Stream };
        self.steps.push(Step::Open(self.slot(), family, kind));
        self.made.push((family, kind));
    }

    fn slot(&self) -> Slot {
        u8::try_from(self.made.len()).unwrap_or(u8::MAX)
    }

    fn any_socket(&mut self) -> Slot {
        u8::try_from(self.random.below(self.made.len())).unwrap_or(0)
    }

    fn step(&mut self) {
        if self.made.len() < 2 || self.made.len() < 6 && self.random.one_in(6) {
            return self.open();
        }
        if self.random.one_in(12) {
            return self.conversation();
        }
        let at = self.any_socket();
        let (family, kind) = self.made[usize::from(at)];
        let step = match self.random.below(36) {
            0..=5 => Step::Bind(at, self.place(family)),
            6..=8 => Step::Listen(at, *self.random.one_of(&[5, 1, 0, -1])),
            9..=13 => {
                let place = self.place(family);
                // Port 0 is a question of its own, and not one for every third connection.
                let other = place.port == PortOf::Zero && !self.random.one_in(8);
                let port = if other { PortOf::Shared(0) } else { place.port };
                Step::Connect(at, Place { port, ..place })
            }
            14..=15 => {
                let child = self.slot();
                self.made.push((family, Kind::Stream));
                Step::Accept(at, child)
            }
            16 => Step::Disconnect(at),
            17..=18 => Step::Send(at, self.octets(), self.random.one_in(12)),
            19 if kind == Kind::Datagram || self.random.one_in(4) => {
                Step::SendTo(at, self.octets(), self.place(family))
            }
            19..=20 => Step::Receive(at, self.room()),
            21 => Step::ReceiveFrom(at, self.room()),
            22 => Step::Peek(at, self.room()),
            23..=24 => Step::Shutdown(at, *self.random.one_of(&[How::Read, How::Write, How::Both])),
            25..=26 => Step::Close(at),
            27 => Step::LocalName(at),
            28 => Step::PeerName(at),
            29..=31 => Step::Set(at, self.option(family)),
            32 => Step::Get(at, *self.random.one_of(READ)),
            33 => Step::Poll(at),
            34 if self.random.one_in(3) => Step::ReceiveError(at),
            34 => Step::Become(*self.random.one_of(&[User::ROOT, User(65_534)])),
            _ if self.random.one_in(2) => Step::Configure(self.setting()),
            _ => Step::Poll(at),
        };
        self.steps.push(step);
    }

    /// Calls that follow each other in life: two sockets come to talk.
    fn conversation(&mut self) {
        let listener = self.any_socket();
        let (family, kind) = self.made[usize::from(listener)];
        let place = Place { port: PortOf::Shared(self.shared()), ..self.place(family) };
        self.steps.push(Step::Bind(listener, place));
        let client = self.slot();
        self.made.push((family, kind));
        self.steps.push(Step::Open(client, family, kind));
        if kind == Kind::Stream {
            self.steps.push(Step::Listen(listener, 2));
        }
        self.steps.push(Step::Connect(client, place));
        if kind == Kind::Stream && !self.random.one_in(4) {
            let child = self.slot();
            self.made.push((family, kind));
            self.steps.push(Step::Accept(listener, child));
        }
    }

    fn shared(&mut self) -> u8 {
        u8::try_from(self.random.below(3)).unwrap_or(0)
    }

    fn octets(&mut self) -> u8 {
        *self.random.one_of(&[1, 3, 10, 0])
    }

    fn room(&mut self) -> u32 {
        *self.random.one_of(&[100, 100, 2, 1, 0])
    }

    fn place(&mut self, family: Family) -> Place {
        let family = match (family, self.random.one_in(40)) {
            (Family::V4, false) | (Family::V6, true) => Family::V4,
            (Family::V6, false) | (Family::V4, true) => Family::V6,
        };
        let odd = self.random.one_in(8);
        let addrs = match (family, odd) {
            (Family::V4, false) => V4,
            (Family::V4, true) => V4_ODD,
            (Family::V6, false) => V6,
            (Family::V6, true) => V6_ODD,
        };
        let addr = *self.random.one_of(addrs);
        let needs = addr.starts_with("fe80") || addr.starts_with("ff02");
        let scope = if needs && !self.random.one_in(6) { *self.random.one_of(&[1, 1, 1, 2]) } else { 0 };
        let port = match self.random.below(20) {
            0..=11 => PortOf::Shared(self.shared()),
            12..=14 => PortOf::Zero,
            15 => PortOf::Low,
            16 => PortOf::Nobody,
            _ => PortOf::Local(self.any_socket()),
        };
        Place { addr, scope, port }
    }

    fn option(&mut self, family: Family) -> OptionValue {
        let on = !self.random.one_in(4);
        match self.random.below(28) {
            0..=6 => OptionValue::ReuseAddr(on),
            7..=11 => OptionValue::ReusePort(on),
            12..=13 => OptionValue::V6Only(on),
            14 => OptionValue::Linger(on.then_some(Span::ZERO)),
            15 => OptionValue::BindToDevice(*self.random.one_of(&[
                Some(Device::Loopback),
                Some(Device::Interface),
                None,
            ])),
            16 => OptionValue::FreeBind(on),
            17 => OptionValue::BindAddressNoPort(on),
            18 => OptionValue::Broadcast(on),
            19 => OptionValue::ReceiveErrors(on),
            20 => OptionValue::OobInline(on),
            21 => OptionValue::NoDelay(on),
            22 => OptionValue::Transparent(on),
            23 => OptionValue::LingerFinWait(*self.random.one_of(&[-1, 0, 7])),
            24 => OptionValue::KeepAlive(on),
            25 => OptionValue::MulticastAll(on),
            26 => {
                let group: Option<IpAddr> = match family {
                    Family::V4 => "224.0.0.251".parse().ok(),
                    Family::V6 => "ff02::1:5".parse().ok(),
                };
                let at = *self.random.one_of(&[Some(Device::Interface), Some(Device::Loopback)]);
                group.map_or(OptionValue::ReuseAddr(on), |group| {
                    if on { OptionValue::JoinGroup(group, at) } else { OptionValue::LeaveGroup(group, at) }
                })
            }
            _ => OptionValue::HopLimit(*self.random.one_of(&[1, 9, 0, 255])),
        }
    }

    fn setting(&mut self) -> Setting {
        let on = !self.random.one_in(3);
        match self.random.below(8) {
            0 => Setting::NonlocalBind(on),
            1 => Setting::BindV6Only(on),
            2 => Setting::AutobindReuse(on),
            3 => Setting::AbortOnOverflow(on),
            4 => Setting::MigrateRequests(on),
            5 => Setting::BacklogMax(u32::from(on)),
            6 => Setting::TimeWaitReuse(*self.random.one_of(&[
                TimeWaitReuse::Never,
                TimeWaitReuse::Always,
                TimeWaitReuse::Loopback,
            ])),
            _ => Setting::UnprivilegedStart(*self.random.one_of(&[0, 1_024])),
        }
    }
}

/// Options that are read.
const READ: &[OptionName] = &[
    OptionName::Error,
    OptionName::Error,
    OptionName::Error,
    OptionName::AcceptConn,
    OptionName::ReuseAddr,
    OptionName::ReusePort,
    OptionName::V6Only,
    OptionName::Linger,
    OptionName::BindToDevice,
    OptionName::FreeBind,
    OptionName::NoDelay,
    OptionName::KeepAlive,
    OptionName::HopLimit,
    OptionName::LingerFinWait,
    OptionName::Broadcast,
    OptionName::OobInline,
    OptionName::Transparent,
    OptionName::BindAddressNoPort,
    OptionName::MulticastAll,
    OptionName::ReceiveErrors,
];
