//! floor 4: what always holds between the tables of the socket layer. Tests and the fuzzer ask after every
//! step.

use super::table::{Body, LeftAs, Slot, Socket, Sockets};
use crate::tcp;

impl Sockets {
    /// Asserts that every table agrees with every other.
    pub fn check(&self) {
        for (slot, socket) in self.sockets.iter() {
            self.check_socket(slot, socket);
        }
        self.timers.check();
        self.streams.check();
        self.datagrams.check();
        self.check_counts();
    }

    fn check_socket(&self, slot: Slot, socket: &Socket) {
        if let Some(id) = socket.id {
            assert_eq!(self.slot(id), Ok(slot), "a socket is found by its name");
        }
        if let Some(bound) = socket.bound {
            assert_eq!(socket.local.port, bound.port.number(), "a socket shows the port that it holds");
            let claim = socket.claim(bound.claim.terms.by_connect);
            assert_eq!(bound.claim, claim, "the books show what the socket stands for and its flags");
        }
        match &socket.body {
            Body::Idle => assert!(socket.id.is_some(), "an idle socket belongs to somebody"),
            Body::Listening(listener) => {
                assert!(socket.id.is_some() && socket.bound.is_some(), "a listener has a name and a port");
                for child in listener.children() {
                    let child = self.sockets.get(child).map(|child| (&child.body, child.id));
                    assert!(
                        matches!(child, Some((Body::Connection(child), None)) if child.parent == Some(slot)),
                        "what waits in a queue is a connection of this listener"
                    );
                }
            }
            Body::Connection(connection) => {
                connection.tcb.check();
                let is_left = socket.id.is_none() && connection.parent.is_none();
                assert_eq!(connection.left_as.is_some(), is_left, "what is left to itself is counted");
                let closed = connection.tcb.state() == tcp::State::Closed;
                assert_eq!(
                    connection.entered.is_some(),
                    !closed,
                    "a connection can be found until it has ended"
                );
                if connection.entered.is_some() {
                    assert!(socket.bound.is_some(), "a connection holds its port");
                    assert_eq!(connection.tuple.local, socket.local, "a connection has the name it shows");
                }
                let named = socket.id.is_some() || connection.parent.is_some();
                assert!(named || !closed, "nobody's connection is gone when it has ended");
                assert_eq!(self.timers.get(slot), connection.due(), "the timer is set");
            }
            Body::Datagram(datagram) => {
                datagram.queue.check();
                let findable = datagram.place.is_some() != datagram.peer.is_some();
                assert_eq!(findable, socket.bound.is_some(), "a datagram socket is found once it has a port");
            }
        }
    }

    fn check_counts(&self) {
        let sockets = || self.sockets.iter().map(|(_, socket)| socket);
        let bodies = || sockets().map(|socket| &socket.body);
        let armed = bodies().filter(|body| matches!(body, Body::Connection(c) if c.due().is_some())).count();
        assert_eq!(armed, self.timers.len(), "no timer without a connection");
        let left = |what: LeftAs| {
            let is_it = |body: &&Body| matches!(body, Body::Connection(c) if c.left_as == Some(what));
            bodies().filter(is_it).count()
        };
        assert_eq!(left(LeftAs::Orphan), self.left.orphans, "orphans are counted");
        assert_eq!(left(LeftAs::TimeWait), self.left.time_wait, "TIME-WAIT is counted");
        let bound = sockets().filter(|socket| socket.bound.is_some()).count();
        assert_eq!(bound, self.claims.count(), "no claim without a socket");
        self.claims.check();
        let named = sockets().filter(|socket| socket.id.is_some()).count();
        assert_eq!(named, self.names.len(), "no name without a socket");
        let streams = bodies()
            .filter(|body| match body {
                Body::Connection(connection) => connection.entered.is_some(),
                Body::Listening(_) => true,
                Body::Idle | Body::Datagram(_) => false,
            })
            .count();
        assert_eq!(streams, self.streams.count(), "streams are found exactly if they can receive");
        let memberships = |body: &Body| match body {
            Body::Datagram(datagram) => datagram.groups.len(),
            Body::Idle | Body::Listening(_) | Body::Connection(_) => 0,
        };
        assert_eq!(bodies().map(memberships).sum::<usize>(), self.groups.count(), "members are counted");
        let datagrams = sockets().filter(|socket| match socket.body {
            Body::Datagram(_) => socket.bound.is_some(),
            Body::Idle | Body::Listening(_) | Body::Connection(_) => false,
        });
        assert_eq!(
            datagrams.count(),
            self.datagrams.count(),
            "datagram sockets are found if they have a port"
        );
    }
}
