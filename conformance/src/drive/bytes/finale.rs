//! floor 7: how a run ends: with peers that acknowledge everything, with peers that are gone, or at once.

use super::frame::Way;
use super::lab;
use super::plan::{Ack, Bits, Choice, Epilogue, SegmentPlan, Seq, Target, Twist};
use super::segment::Builder;
use super::track::{Connection, Question, Track};
use crate::drive::Next;
use crate::host::Deadline;
use crate::trace::{Frame, Link, Stimulus};
use stack::base::{Instant, Span};
use stack::sock::{Call, Reply};
use stack::wire::ethernet::EtherType;
use stack::wire::{arp, icmpv6, ndp};
use std::net::IpAddr;

/// How long the host may take to finish with honest peers: longer than any timer but those of idle things.
const HONEST: Span = Span::from_secs(600);

/// How long the host may take to give up: the user timeout, and TIME-WAIT.
const SILENT: Span = Span::from_secs(10_000);

/// Stimuli of one stage at the most.
const STIMULI_MAX: u32 = 400;

/// What happens one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The application takes what waits: connections and data of this socket, by index.
    Read(usize),
    /// The peers acknowledge and answer until nothing moves.
    Settle,
    /// The application closes this socket, by index.
    Close(usize),
    /// The peers close this connection, by index.
    Finish(usize),
    /// Nobody answers.
    Gone,
    /// It is over.
    Over,
}

/// The end of a run.
#[derive(Debug)]
pub(super) struct Finale {
    stages: Vec<Stage>,
    stimuli: u32,
    /// When the stage under way is over.
    until: Option<Instant>,
    /// Calls made on the socket that is being read.
    asked: u32,
}

impl Finale {
    pub(super) fn new(epilogue: &Epilogue) -> Self {
        let mut stages = match epilogue {
            Epilogue::Honest => vec![
                Stage::Settle,
                Stage::Read(0),
                Stage::Settle,
                Stage::Read(0),
                Stage::Close(0),
                Stage::Settle,
                Stage::Finish(0),
                Stage::Settle,
            ],
            Epilogue::Silent => vec![Stage::Close(0), Stage::Gone],
            Epilogue::Stop => Vec::new(),
        };
        stages.push(Stage::Over);
        stages.reverse();
        Self { stages, stimuli: 0, until: None, asked: 0 }
    }

    /// What happens next.
    pub(super) fn next(&mut self, track: &mut Track, link: Link, now: Instant, deadline: Deadline) -> Next {
        loop {
            let stage = self.stages.last().copied().unwrap_or(Stage::Over);
            let next = match stage {
                Stage::Read(index) => self.read(index, track),
                Stage::Close(index) => self
                    .advance(index, track.sockets.len(), Stage::Close)
                    .map(|index| Next::Now(Stimulus::Call(Call::Close { sock: track.sockets[index] }))),
                Stage::Finish(index) => {
                    self.advance(index, track.connections.len(), Stage::Finish).and_then(|index| {
                        let connection = track.connections[index].clone();
                        let open = connection.spoke
                            && connection.opened
                            && !connection.finished
                            && !connection.reset;
                        open.then(|| segment(&connection, Bits::Fin, track, link)).flatten()
                    })
                }
                Stage::Settle => self.settle(track, link, now, deadline),
                Stage::Gone => self.wait(SILENT, now, deadline),
                Stage::Over => return Next::Done,
            };
            self.stimuli += 1;
            match next {
                Some(next) if self.stimuli < STIMULI_MAX => return next,
                Some(_) => self.end_stage(),
                // A stage that counts goes on with its next number; the others are over.
                None if self.stages.last() == Some(&stage) => self.end_stage(),
                None => {}
            }
        }
    }

    fn end_stage(&mut self) {
        self.stages.pop();
        self.stimuli = 0;
        self.until = None;
        self.asked = 0;
    }

    /// The present index of a stage that counts, which goes on to the next one; `None` at the end.
    fn advance(&mut self, index: usize, count: usize, stage: impl Fn(usize) -> Stage) -> Option<usize> {
        if index >= count {
            return None;
        }
        if let Some(last) = self.stages.last_mut() {
            *last = stage(index + 1);
        }
        Some(index)
    }

    /// Accepts, then receives until nothing is left.
    fn read(&mut self, index: usize, track: &mut Track) -> Option<Next> {
        let sock = *track.sockets.get(index)?;
        let reply = track.reply.take().filter(|_| self.asked > 0);
        let call = match reply {
            None => Call::Accept { sock },
            Some(Reply::Data(data)) if data.is_empty() => return self.read_next(index, track),
            Some(Reply::Accepted { .. }) => Call::Accept { sock },
            Some(Reply::Data(_)) => Call::Recv { sock, max: u32::from(u16::MAX) },
            // The answer to `accept` is a refusal, and so is the last one to `recv`: only the first goes on.
            Some(Reply::Refused(_)) if self.asked == 1 => Call::Recv { sock, max: u32::from(u16::MAX) },
            Some(
                Reply::Refused(_)
                | Reply::Done
                | Reply::Socket(_)
                | Reply::Sent(_)
                | Reply::Datagram { .. }
                | Reply::Name(_)
                | Reply::Option(_)
                | Reply::Ready(_)
                | Reply::Flag(_)
                | Reply::Failure { .. },
            ) => return self.read_next(index, track),
        };
        self.asked += 1;
        Some(Next::Now(Stimulus::Call(call)))
    }

    fn read_next(&mut self, index: usize, track: &mut Track) -> Option<Next> {
        self.asked = 0;
        self.advance(index, track.sockets.len(), Stage::Read)?;
        self.read(index + 1, track)
    }

    /// Answers what waits for an answer; else lets time pass.
    fn settle(&mut self, track: &mut Track, link: Link, now: Instant, deadline: Deadline) -> Option<Next> {
        if let Some(question) = track.questions.pop() {
            return Some(Next::Now(Stimulus::Frame(Frame::whole(answer(&question, link)))));
        }
        let waits = |connection: &&Connection| connection.unanswered > 0 && !connection.reset;
        if let Some(connection) = track.connections.iter().find(waits).cloned() {
            let bits = if connection.opened { Bits::Ack } else { Bits::SynAck };
            if let Some(next) = segment(&connection, bits, track, link) {
                return Some(next);
            }
        }
        self.wait(HONEST, now, deadline)
    }

    /// Lets time pass until the host has something to do, but not longer than that.
    fn wait(&mut self, most: Span, now: Instant, deadline: Deadline) -> Option<Next> {
        let until = *self.until.get_or_insert(now + most);
        match deadline {
            Deadline::At(due) if due <= until => Some(Next::Wait(due)),
            Deadline::At(_) | Deadline::Idle | Deadline::Unknown => None,
        }
    }
}

/// A segment that acknowledges everything.
fn segment(connection: &Connection, bits: Bits, track: &Track, link: Link) -> Option<Next> {
    let back = track.connections.iter().rev().position(|other| other == connection)?;
    let plan = SegmentPlan {
        target: Target::Live { back: u8::try_from(back).ok()? },
        seq: if bits == Bits::SynAck { Seq::Absolute { number: 5_000 } } else { Seq::Next },
        bits,
        ack: Ack::All,
        closed_by: 0,
        data_octets: 0,
        options: Choice::Negotiated,
        twist: Twist::Plain,
    };
    let builder = Builder { link, track, series: 0 };
    builder.segment(&plan).into_iter().next().map(|bytes| Next::Now(Stimulus::Frame(Frame::whole(bytes))))
}

/// The true answer to a question for a link-layer address, whoever it is about.
fn answer(question: &Question, link: Link) -> Vec<u8> {
    let told = lab::mac(question.target);
    let way = Way { link, src: question.target, dst: question.from, twist: &Twist::Plain };
    match (question.target, question.from) {
        (IpAddr::V4(target), IpAddr::V4(from)) => {
            let operation = arp::Operation::Reply;
            let (sender_mac, target_mac) = (told, question.mac);
            let packet =
                arp::Packet { operation, sender_mac, sender_ip: target, target_mac, target_ip: from };
            let mut bytes = Vec::new();
            packet.emit(&mut bytes);
            way.framed_as(EtherType::ARP, &bytes)
        }
        (IpAddr::V6(target), IpAddr::V6(_)) => {
            let message = ndp::Message::NeighborAdvertisement {
                target,
                router: false,
                solicited: true,
                override_: true,
                target_link: Some(told),
            };
            way.discovery(&icmpv6::Message::Ndp(message)).concat()
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => Vec::new(),
    }
}
