//! smoltcp through its interface and a device in memory.

use crate::host::{Host as Measured, READ_OCTETS, Sent};
use crate::segment::{HOST, PORT};
use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::socket::tcp::{Socket, SocketBuffer, State};
use smoltcp::time::Instant;
use smoltcp::wire::{HardwareAddress, IpCidr};
use std::net::Ipv4Addr;

/// Virtual time between two stimuli, in microseconds.
const TICK_US: i64 = 10;

/// The device: what arrives is borrowed while it is read, what leaves is written where it stays.
struct Wire<'s, I> {
    arriving: I,
    sent: &'s mut Sent,
}

struct Arriving<'f>(&'f [u8]);
struct Leaving<'a>(&'a mut Sent);

impl RxToken for Arriving<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        read(self.0)
    }
}

impl TxToken for Leaving<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, write: F) -> R {
        write(self.0.grow(len))
    }
}

impl<'f, I: Iterator<Item = &'f [u8]>> Device for Wire<'_, I> {
    type RxToken<'a>
        = Arriving<'f>
    where
        Self: 'a;
    type TxToken<'a>
        = Leaving<'a>
    where
        Self: 'a;

    fn receive(&mut self, _: Instant) -> Option<(Arriving<'f>, Leaving<'_>)> {
        let frame = self.arriving.next()?;
        Some((Arriving(frame), Leaving(self.sent)))
    }

    fn transmit(&mut self, _: Instant) -> Option<Leaving<'_>> {
        Some(Leaving(self.sent))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        (capabilities.medium, capabilities.max_transmission_unit) = (Medium::Ip, 1500);
        capabilities
    }
}

/// smoltcp. One of its sockets takes one connection, and is used again after it.
pub(crate) struct Smoltcp {
    interface: Interface,
    sockets: SocketSet<'static>,
    sent: Sent,
    now_us: i64,
    buffer_octets: u32,
    backlog: usize,
    listening: Vec<SocketHandle>,
    closing: Vec<SocketHandle>,
    into: Vec<u8>,
}

impl Smoltcp {
    fn at(addr: Ipv4Addr, buffer_octets: u32, backlog: usize) -> Self {
        let mut sent = Sent::default();
        let mut wire = Wire { arriving: [].into_iter(), sent: &mut sent };
        let mut config = Config::new(HardwareAddress::Ip);
        config.random_seed = 7;
        let mut interface = Interface::new(config, &mut wire, Instant::ZERO);
        interface.update_ip_addrs(|addrs| {
            addrs.push(IpCidr::new(addr.into(), 8)).expect("room for an address");
        });
        let sockets = SocketSet::new(Vec::new());
        let (listening, closing, into) = (Vec::new(), Vec::new(), vec![0; READ_OCTETS]);
        Self { interface, sockets, sent, now_us: 0, buffer_octets, backlog, listening, closing, into }
    }

    fn add(&mut self) -> SocketHandle {
        let buffer = || SocketBuffer::new(vec![0; self.buffer_octets as usize]);
        self.sockets.add(Socket::new(buffer(), buffer()))
    }

    fn state(&self, id: SocketHandle) -> State {
        self.sockets.get::<Socket<'_>>(id).state()
    }

    fn socket(&mut self, id: SocketHandle) -> &mut Socket<'static> {
        self.sockets.get_mut(id)
    }

    fn poll<'f>(&mut self, frames: impl Iterator<Item = &'f [u8]>) {
        self.now_us += TICK_US;
        let mut wire = Wire { arriving: frames, sent: &mut self.sent };
        self.interface.poll(Instant::from_micros(self.now_us), &mut wire, &mut self.sockets);
    }

    /// A host at `addr` that connects to the other one.
    pub(crate) fn connecting(addr: Ipv4Addr, buffer_octets: u32) -> (Self, SocketHandle) {
        let mut client = Self::at(addr, buffer_octets, 0);
        let id = client.add();
        let socket = client.sockets.get_mut::<Socket<'_>>(id);
        socket.connect(client.interface.context(), (HOST, PORT), 50_000).expect("a route");
        client.poll([].into_iter());
        (client, id)
    }

    /// Lets the time of the next timer come.
    pub(crate) fn pass_time(&mut self) {
        let due = self.interface.poll_at(Instant::from_micros(self.now_us), &self.sockets);
        self.now_us = due.map_or(self.now_us, |due| due.total_micros()).max(self.now_us);
        self.poll([].into_iter());
    }
}

impl Measured for Smoltcp {
    type Id = SocketHandle;
    type Message = (SocketHandle, &'static [u8]);

    const NAME: &str = "smoltcp";

    fn serving(buffer_octets: u32, backlog: u32) -> Self {
        Self::at(HOST, buffer_octets, backlog as usize)
    }

    /// As many sockets listen as connections may come at once: those that have ended, and new ones.
    fn expect_connection(&mut self) {
        while self.listening.len() < self.backlog {
            let ended = self.closing.iter().position(|id| self.state(*id) == State::Closed);
            let id = match ended {
                Some(at) => self.closing.swap_remove(at),
                None => self.add(),
            };
            self.socket(id).listen(PORT).expect("a closed socket listens");
            self.listening.push(id);
        }
    }

    fn frames<'f>(&mut self, frames: impl Iterator<Item = &'f [u8]>) {
        self.poll(frames);
    }

    fn sent(&mut self) -> &mut Sent {
        &mut self.sent
    }

    fn accept(&mut self) -> SocketHandle {
        let complete = self.listening.iter().position(|id| self.state(*id) == State::Established);
        self.listening.swap_remove(complete.expect("a connection to accept"))
    }

    fn receive(&mut self, id: SocketHandle) -> usize {
        // Nothing leaves before the next poll: that saves smoltcp one.
        self.sockets.get_mut::<Socket<'_>>(id).recv_slice(&mut self.into).unwrap_or(0)
    }

    fn message(id: SocketHandle, data: &'static [u8]) -> Self::Message {
        (id, data)
    }

    fn send(&mut self, (id, data): &Self::Message) -> usize {
        let octets = self.socket(*id).send_slice(data).unwrap_or(0);
        self.poll([].into_iter());
        octets
    }

    fn close(&mut self, id: SocketHandle) {
        self.socket(id).close();
        self.closing.push(id);
        self.poll([].into_iter());
    }
}
