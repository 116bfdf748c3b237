//! floor 4: the door of the socket layer: a call in, its answer out (RFC 9293 section 3.9.1, POSIX).

use super::call::{Call, Family, Kind, OptionName, OptionValue, Reply, SocketId};
use super::local::check_permission;
use super::name::Endpoint;
use super::options::Options;
use super::table::{Body, Net, Slot, Socket, Sockets};
use crate::base::Refused;
use crate::tcp;
use alloc::boxed::Box;
use core::net::SocketAddr;

/// `SO_RCVBUF` of a datagram socket if the application does not say (that of Linux), in octets.
const DATAGRAM_BUFFER_OCTETS: u32 = 212_992;

impl Sockets {
    /// Answers a call. No call blocks.
    pub fn answer(&mut self, call: &Call, net: &mut Net<'_>) -> Reply {
        self.try_answer(call, net).unwrap_or_else(Reply::Refused)
    }

    fn try_answer(&mut self, call: &Call, net: &mut Net<'_>) -> Result<Reply, Refused> {
        match call {
            Call::Socket { family, kind } => self.open_socket(*family, *kind),
            Call::Bind { sock, local } => self.bind(self.slot(*sock)?, *local, net).map(done),
            Call::Listen { sock, backlog } => self.listen(self.slot(*sock)?, *backlog, net).map(done),
            Call::Accept { sock } => self.accept(self.slot(*sock)?),
            Call::Connect { sock, remote } => self.connect(*sock, *remote, net).map(done),
            Call::Send { sock, data, urgent } => self.send(*sock, None, data, *urgent, net),
            Call::SendTo { sock, to, data } => self.send(*sock, *to, data, false, net),
            Call::Recv { sock, max } => self.receive(*sock, *max, false, net),
            Call::RecvFrom { sock, max } => self.receive(*sock, *max, true, net),
            Call::Shutdown { sock, how } => {
                let slot = self.slot(*sock)?;
                match self.socket(slot).kind() {
                    Kind::Stream => self.shutdown_stream(slot, *how, net).map(done),
                    Kind::Datagram => self.shutdown_datagram(slot, *how).map(done),
                }
            }
            Call::Close { sock } => {
                self.close(self.slot(*sock)?, net);
                Ok(Reply::Done)
            }
            Call::GetSockName { sock } => {
                let slot = self.slot(*sock)?;
                let socket = self.socket(slot);
                Ok(Reply::Name(socket.shown(socket.local)))
            }
            Call::GetPeerName { sock } => {
                let slot = self.slot(*sock)?;
                self.socket(slot).connected_name().map(Reply::Name)
            }
            Call::SetOption { sock, value } => self.set_option(self.slot(*sock)?, *value, net).map(done),
            Call::GetOption { sock, name } => {
                let slot = self.slot(*sock)?;
                let value = self.socket(slot).option(*name)?;
                Ok(Reply::Option(self.with_defaults(value)))
            }
            Call::Poll { sock } => {
                let slot = self.slot(*sock)?;
                Ok(Reply::Ready(self.socket(slot).readiness()))
            }
            Call::Disconnect { sock } => {
                let slot = self.slot(*sock)?;
                match self.socket(slot).kind() {
                    Kind::Stream => self.disconnect_stream(slot, net),
                    Kind::Datagram => self.disconnect_datagram(slot),
                }
                Ok(Reply::Done)
            }
            Call::Peek { sock, max } => {
                let slot = self.slot(*sock)?;
                match self.socket(slot).kind() {
                    Kind::Stream => self.peek(slot, *max),
                    Kind::Datagram => self.receive_datagram(slot, *max, false, true),
                }
            }
            Call::RecvUrgent { sock } => self.receive_urgent(self.slot(*sock)?),
            Call::AtMark { sock } => self.at_mark(self.slot(*sock)?),
            Call::RecvError { sock } => self.receive_error(self.slot(*sock)?),
            Call::Become { user } => {
                self.policy.user = *user;
                Ok(Reply::Done)
            }
            Call::Configure { setting } => self.configure(setting).map(done),
        }
    }

    fn open_socket(&mut self, family: Family, kind: Kind) -> Result<Reply, Refused> {
        let v6_only = family == Family::V6 && self.bounds.v6_only;
        let of_stream = Options { v6_only, ..Options::of_stream(&self.settings) };
        let (body, options) = match kind {
            Kind::Stream => (Body::Idle, of_stream),
            Kind::Datagram => {
                let receive_buffer_octets = DATAGRAM_BUFFER_OCTETS;
                (Body::Datagram(Box::default()), Options { receive_buffer_octets, ..of_stream })
            }
        };
        let local = Endpoint::wildcard(family, 0);
        let socket = Socket { options, ..Socket::new(self.policy.user, family, local, body) };
        let slot = self.insert(socket);
        let named = self.give_name(slot);
        if named.is_err() {
            self.remove(slot);
        }
        named.map(Reply::Socket)
    }

    fn connect(&mut self, sock: SocketId, remote: SocketAddr, net: &mut Net<'_>) -> Result<(), Refused> {
        let slot = self.slot(sock)?;
        match self.socket(slot).kind() {
            Kind::Stream => self.connect_stream(slot, remote, net),
            Kind::Datagram => self.connect_datagram(slot, remote, net),
        }
    }

    fn send(
        &mut self,
        sock: SocketId,
        to: Option<SocketAddr>,
        data: &[u8],
        urgent: bool,
        net: &mut Net<'_>,
    ) -> Result<Reply, Refused> {
        let slot = self.slot(sock)?;
        match self.socket(slot).kind() {
            // A stream has one peer; Linux ignores a destination that is given.
            Kind::Stream => self.send_stream(slot, data, urgent, net),
            Kind::Datagram => self.send_datagram(slot, to, data, urgent, net),
        }
    }

    fn receive(
        &mut self,
        sock: SocketId,
        max: u32,
        with_name: bool,
        net: &mut Net<'_>,
    ) -> Result<Reply, Refused> {
        let slot = self.slot(sock)?;
        match self.socket(slot).kind() {
            Kind::Stream => self.receive_stream(slot, max, net),
            Kind::Datagram => self.receive_datagram(slot, max, with_name, false),
        }
    }

    /// What is left to the host, as the host has it.
    fn with_defaults(&self, value: OptionValue) -> OptionValue {
        if value == OptionValue::LingerFinWait(0) {
            let seconds = self.bounds.fin_timeout.as_millis() / 1000;
            return OptionValue::LingerFinWait(i32::try_from(seconds).unwrap_or(i32::MAX));
        }
        value
    }

    fn set_option(&mut self, slot: Slot, value: OptionValue, net: &mut Net<'_>) -> Result<(), Refused> {
        let user = self.policy.user;
        let socket = self.socket(slot);
        let (family, kind) = (socket.family, socket.kind());
        if let OptionValue::V6Only(_) = value
            && family == Family::V6
            && socket.bound.is_some()
        {
            // What a bound socket stands for does not change.
            return Err(Refused::InvalidArgument);
        }
        check_permission(user, &socket.options, value)?;
        if let OptionValue::JoinGroup(group, device) = value {
            return self.join_group(slot, group, device, net);
        }
        if let OptionValue::LeaveGroup(group, device) = value {
            return self.leave_group(slot, group, device, net);
        }
        let socket = self.socket(slot);
        socket.options.set(family, kind, value)?;
        self.wire_option(slot, value, net);
        // The books show the flags as they are now: they decide about the next claim to the port.
        self.renew_claim(slot);
        Ok(())
    }
}

const fn done((): ()) -> Reply {
    Reply::Done
}

impl Socket {
    /// `getpeername`.
    fn connected_name(&mut self) -> Result<SocketAddr, Refused> {
        if let Body::Connection(connection) = &self.body {
            match connection.tcb.state() {
                tcp::State::Closed | tcp::State::SynSent | tcp::State::TimeWait => {
                    return Err(Refused::NotConnected);
                }
                tcp::State::Listen
                | tcp::State::SynReceived
                | tcp::State::Established
                | tcp::State::FinWait1
                | tcp::State::FinWait2
                | tcp::State::CloseWait
                | tcp::State::Closing
                | tcp::State::LastAck => {}
            }
        }
        // A peer without a port has no name.
        self.peer_name().filter(|peer| peer.port() != 0).ok_or(Refused::NotConnected)
    }

    /// `getsockopt`.
    fn option(&mut self, name: OptionName) -> Result<OptionValue, Refused> {
        if name == OptionName::Error {
            return Ok(OptionValue::Error(match &mut self.body {
                Body::Idle | Body::Listening(_) => self.error.take(),
                // An error that ended nothing is told where nobody else tells of it.
                //= RFC9293-SHLD-25
                Body::Connection(connection) => {
                    connection.tcb.take_error().or_else(|| connection.tcb.take_soft_error())
                }
                Body::Datagram(datagram) => datagram.error.take(),
            }));
        }
        if let (OptionName::MaxSegment, Body::Connection(connection)) = (name, &self.body)
            && connection.tcb.state().is_synchronized()
        {
            // Not what was wished for, but what it has come to.
            return Ok(OptionValue::MaxSegment(connection.tcb.segment_octets()));
        }
        if name == OptionName::AcceptConn {
            return Ok(OptionValue::AcceptConn(matches!(self.body, Body::Listening(_))));
        }
        self.options.get(self.family, self.kind(), name)
    }
}
