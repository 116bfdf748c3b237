//! floor 7: the reference with one planted defect each: what shows that a harness would notice.
//!
//! The defects are made outside of the stack, by altering what goes in and comes out; the stack has no code
//! for them. Whoever judges hosts has to find every one of them, and nothing in the reference itself.

mod alter;
mod opened;

use super::reference::Reference;
use super::{Caps, Deadline, Emitted, Fault, Host, HostConfig, Stopped, Until};
use crate::trace::Link;
use alter::Memory;
use opened::Opened;
use stack::base::{Instant, Why};
use stack::sock::{Call, Reply};
use stack::tcp::Settings;
use stack::wire::arp;
use stack::wire::ethernet::{self, EtherType};
use std::collections::VecDeque;

/// What the name of a mutant begins with.
const PREFIX: &str = "mutant:";

macro_rules! defects {
    ($($name:ident $word:literal $clause:literal $what:literal)*) => {
        /// What is wrong with a mutant.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Defect {
            $(#[doc = $what] $name,)*
        }

        impl Defect {
            /// Every defect.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// The name of the host that has it.
            pub const fn host_name(self) -> &'static str {
                match self { $(Self::$name => concat!("mutant:", $word),)* }
            }

            /// The catalogue id of the clause that it breaks.
            pub const fn clause(self) -> &'static str {
                match self { $(Self::$name => $clause,)* }
            }

            /// What it does, as a sentence.
            pub const fn what(self) -> &'static str {
                match self { $(Self::$name => $what,)* }
            }
        }
    };
}

defects! {
    NoRetransmission "no-retransmission" "RFC9293-3.10.8-b" "Nothing is sent a second time."
    NoFin "no-fin" "RFC9293-3.10.4-c" "FIN is never sent."
    NoReset "no-reset" "RFC9293-3.5.2-c" "RST is never sent."
    ResetAnswersReset "reset-answers-reset" "RFC9293-3.5.2-a" "RST is answered with RST."
    StreamShifted "stream-shifted" "RFC9293-3.10.7.4-aa" "Each octet of a segment stands where the one before it belongs."
    AckTooMuch "ack-too-much" "RFC9293-3.4-c" "One octet more is acknowledged than was received."
    SynAckShort "syn-ack-short" "RFC9293-3.5-a" "SYN,ACK does not acknowledge the SYN."
    NoAck "no-ack" "RFC9293-3.1-e" "Segments with data do not acknowledge."
    BadChecksum "bad-checksum" "RFC9293-MUST-2" "The checksum of segments with data is wrong."
    BadHeaderChecksum "bad-header-checksum" "RFC791-3.1-f" "The IPv4 header checksum is wrong."
    ReservedBits "reserved-bits" "RFC9293-3.1-a" "A reserved bit of the TCP header is set."
    TimestampsUnasked "timestamps-unasked" "RFC7323-3.2-d" "SYN,ACK has timestamps although the SYN had none."
    MaxSegmentLate "mss-late" "RFC9293-MUST-65" "The MSS option stands on segments without SYN."
    MaxSegmentExceeded "mss-exceeded" "RFC9293-MUST-16" "Two segments are sent as one."
    PeerWindowIgnored "window-ignored" "RFC9293-3.8.6-a" "The window of the peer always counts as fully open."
    WindowShrinks "window-shrinks" "RFC9293-SHLD-14" "Every second segment offers half of the window."
    UrgentPointer "urgent-pointer" "RFC9293-MUST-62" "The urgent pointer is off by one."
    InitialNumberConstant "isn-constant" "RFC9293-SHLD-1" "Every connection begins with the same sequence number."
    NoPortUnreachable "no-port-unreachable" "RFC1122-4.1.3.1-a" "A datagram to a closed port is not answered."
    EchoAltered "echo-altered" "RFC792-Echo-a" "The last octet of an echo reply is not what was asked."
    NeighborSilent "neighbor-silent" "RFC826-Packet_Reception-e" "Questions for the link-layer address are not answered."
}

/// The reference with a planted defect.
pub struct Mutant {
    defect: Defect,
    reference: Reference,
    memory: Memory,
    link: Link,
    /// Altered frames that nobody took yet.
    altered: VecDeque<Emitted>,
}

impl Mutant {
    /// The mutant with this defect, not yet configured.
    pub fn new(defect: Defect) -> Self {
        Self {
            defect,
            reference: Reference::named(defect.host_name()),
            memory: Memory::default(),
            link: Link::Ip,
            altered: VecDeque::new(),
        }
    }

    /// The mutant of that name, `mutant:` and the name of its defect.
    pub fn by_name(name: &str) -> Option<Self> {
        let defect = name.strip_prefix(PREFIX)?;
        Defect::ALL.iter().find(|known| known.name() == defect).map(|known| Self::new(*known))
    }

    /// Sets what the reference was built with, from the next reset on.
    pub const fn tune(&mut self, settings: Settings) {
        self.reference.tune(settings);
    }

    /// Takes what the reference emitted, and alters it.
    fn alter_emitted(&mut self) {
        while let Some(Emitted { at, bytes }) = self.reference.take() {
            let Some(mut packet) = Opened::read(self.link, &bytes) else {
                if self.defect != Defect::NeighborSilent || !self.is_arp_reply(&bytes) {
                    self.altered.push_back(Emitted { at, bytes });
                }
                continue;
            };
            if self.defect == Defect::MaxSegmentExceeded && self.joins_last(at, &packet) {
                continue;
            }
            if alter::leaving(self.defect, &mut packet, &mut self.memory) {
                self.altered.push_back(Emitted { at, bytes: packet.closed() });
            }
        }
    }

    fn is_arp_reply(&self, frame: &[u8]) -> bool {
        let Ok(frame) = ethernet::View::read(frame) else { return false };
        let Ok(packet) = arp::View::read(frame.payload()) else { return false };
        let reply = packet.operation() == arp::Operation::Reply.code();
        self.link == Link::Ethernet && frame.ethertype() == EtherType::ARP && reply
    }

    /// Puts the data of a segment behind that of the one before, if both leave at the same time.
    fn joins_last(&mut self, at: Instant, packet: &Opened) -> bool {
        let Some(last) = self.altered.back_mut().filter(|last| last.at == at) else { return false };
        let joined = Opened::read(self.link, &last.bytes).and_then(|before| alter::joined(&before, packet));
        joined.map(|joined| last.bytes = joined.closed()).is_some()
    }
}

impl Host for Mutant {
    fn caps(&self) -> &Caps {
        self.reference.caps()
    }

    fn reset(&mut self, config: &HostConfig) -> Result<(), Fault> {
        self.memory = Memory::default();
        self.link = config.link;
        self.altered.clear();
        self.reference.reset(config)
    }

    fn now(&self) -> Instant {
        self.reference.now()
    }

    fn next_deadline(&mut self) -> Deadline {
        self.reference.next_deadline()
    }

    fn inject(&mut self, frame: &[u8]) -> Result<(), Fault> {
        let Some(mut packet) = Opened::read(self.link, frame) else {
            return self.reference.inject(frame);
        };
        let at = self.now();
        let answer = alter::arriving(self.defect, &mut packet, &mut self.memory);
        self.altered.extend(answer.map(|answer| Emitted { at, bytes: answer.closed() }));
        if packet.is_altered() {
            self.reference.inject(&packet.closed())
        } else {
            self.reference.inject(frame)
        }
    }

    fn call(&mut self, call: &Call) -> Result<Reply, Fault> {
        self.reference.call(call)
    }

    fn run_until(&mut self, time: Instant, until: Until) -> Result<Stopped, Fault> {
        self.alter_emitted();
        if until == Until::Output && !self.altered.is_empty() {
            return Ok(Stopped::Output);
        }
        loop {
            let stopped = self.reference.run_until(time, until)?;
            self.alter_emitted();
            // What the defect swallowed is no output.
            if stopped == Stopped::AtTime || !self.altered.is_empty() {
                return Ok(stopped);
            }
        }
    }

    fn take(&mut self) -> Option<Emitted> {
        self.alter_emitted();
        self.altered.pop_front()
    }

    fn take_discard(&mut self) -> Option<(Instant, Why)> {
        self.reference.take_discard()
    }
}

#[cfg(test)]
mod tests;
