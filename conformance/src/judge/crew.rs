//! floor 7: several threads that judge one capture. One reads and sorts the packets into blocks; every other
//! one has some of the shards, and goes through all blocks for the packets that are theirs.

use super::assume::Vantage;
use super::conclude;
use super::evidence::Evidence;
use super::file::sighting;
use super::front::{Clock, Front, Part, SHARDS, Way};
use super::packet::Packet;
use super::report::Report;
use super::shard::{Bounds, Shard, Shown};
use crate::trace::capture::{Batch, Capture, CaptureError};
use std::hint::black_box;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

/// Blocks that wait for a thread at the most.
const WAITING: usize = 4;

/// Packets that were read together, and where they go.
#[derive(Debug, Default)]
struct Block {
    batch: Batch,
    /// One for each packet.
    ways: Vec<Way>,
    /// From which packet on the clock says what.
    clocks: Vec<(usize, Clock)>,
    /// Whether tunnels are taken off.
    tunnels: bool,
}

impl Block {
    /// Reads the next packets and sorts them. Says whether there were any.
    fn fill(
        &mut self,
        capture: &mut Capture,
        front: &mut Front,
        tunnels: bool,
    ) -> Result<bool, CaptureError> {
        self.tunnels = tunnels;
        self.ways.clear();
        self.clocks.clear();
        let more = capture.next_batch(&mut self.batch)?;
        note_losses(front, capture, &self.batch);
        for (index, packet) in self.batch.packets().enumerate() {
            let packet = sighting(&packet, tunnels).and_then(Packet::skim);
            self.ways.push(front.see(packet.as_ref()));
            let clock = front.clock();
            if self.clocks.last().is_none_or(|(_, latest)| *latest != clock) {
                self.clocks.push((index, clock));
            }
        }
        Ok(more)
    }

    /// Shows the shards of one worker their packets.
    fn show(&self, desk: &mut Desk) {
        let mut clocks = self.clocks.iter().peekable();
        let mut clock = Clock::default();
        let mut queue = Queue::new();
        for (index, way) in self.ways.iter().enumerate() {
            while let Some((_, next)) = clocks.next_if(|(from, _)| *from <= index) {
                clock = *next;
            }
            if desk.own(*way).next().is_none() {
                continue;
            }
            let Some(recorded) = self.batch.packet(index) else { continue };
            if let Some(packet) = sighting(&recorded, self.tunnels).and_then(Packet::read) {
                queue.push(packet, (*way, clock), desk);
            }
        }
        queue.empty(desk);
    }
}

/// What one thread judges: every so many-th shard, and what the rules met with there.
struct Desk {
    worker: usize,
    workers: usize,
    shards: Vec<Shard>,
    evidence: Evidence,
}

impl Desk {
    fn new((worker, workers): (usize, usize), vantage: Vantage, bounds: Bounds) -> Self {
        let own = (0..SHARDS).filter(|shard| shard % workers == worker);
        let shards = own.map(|_| Shard::new(vantage, bounds)).collect();
        Self { worker, workers, shards, evidence: Evidence::default() }
    }

    /// The parts of a packet that are for shards of this one, with their places here.
    fn own(&self, way: Way) -> impl Iterator<Item = (usize, Part)> + use<> {
        let (worker, workers) = (self.worker, self.workers);
        let own = way.parts().filter(move |(shard, _)| shard % workers == worker);
        own.map(move |(shard, part)| (shard / workers, part))
    }
}

/// Packets that are judged together.
const TOGETHER: usize = 16;

/// Packets that wait until there are some, in order.
struct Queue<'a> {
    waiting: Vec<(Shown<'a>, Way)>,
}

impl<'a> Queue<'a> {
    fn new() -> Self {
        Self { waiting: Vec::with_capacity(TOGETHER) }
    }

    fn push(&mut self, packet: Packet<'a>, (way, clock): (Way, Clock), desk: &mut Desk) {
        self.waiting.push((Shown::new(packet, clock), way));
        if self.waiting.len() == TOGETHER {
            self.empty(desk);
        }
    }

    /// Shows all that wait to their shards.
    fn empty(&mut self, desk: &mut Desk) {
        for (shown, way) in &self.waiting {
            for (shard, _) in desk.own(*way).filter(|(_, part)| *part == Part::Flow) {
                if let (Some(shard), Some(flow)) = (desk.shards.get(shard), &shown.flow) {
                    black_box(shard.warm(flow));
                }
            }
        }
        for (shown, way) in &self.waiting {
            for (shard, part) in desk.own(*way) {
                if let Some(shard) = desk.shards.get_mut(shard) {
                    shard.see(shown, part, &mut desk.evidence);
                }
            }
        }
        self.waiting.clear();
    }
}

/// Asked after each block with how far reading has come: whether to go on.
pub(super) type Ask<'a> = &'a mut dyn FnMut(&Capture) -> ControlFlow<()>;

/// How the reading of a capture ended.
#[derive(Debug)]
pub(super) struct Ended {
    /// What is wrong with the file from some packet on.
    pub(super) damage: Option<CaptureError>,
    /// Whether somebody wanted it to stop.
    pub(super) stopped: bool,
}

/// What is done to judge a capture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    /// Threads beside the one that reads; with one thread it is judged there and then.
    pub(super) threads: usize,
    /// How much is kept.
    pub(super) bounds: Bounds,
    /// Whether tunnels are taken off.
    pub(super) tunnels: bool,
}

/// Judges a capture. The report is the same for any number of threads.
pub(super) fn judge(
    capture: &mut Capture,
    vantage: Vantage,
    effort: Effort,
    ask: Ask<'_>,
) -> (Report, Ended) {
    let workers = effort.threads.min(SHARDS);
    if workers <= 1 {
        alone(capture, vantage, effort, ask)
    } else {
        together(capture, vantage, Effort { threads: workers, ..effort }, ask)
    }
}

/// Takes note of what the file says was lost before the packets of a batch or within it; of one that is
/// empty, before its end.
fn note_losses(front: &mut Front, capture: &Capture, batch: &Batch) {
    let first = batch.packets().next().map_or_else(|| capture.frames(), |packet| packet.number);
    front.calibration.note_losses(capture.losses(), first);
}

fn alone(capture: &mut Capture, vantage: Vantage, effort: Effort, ask: Ask<'_>) -> (Report, Ended) {
    let (mut front, mut desk) = (Front::new(vantage), Desk::new((0, 1), vantage, effort.bounds));
    let mut batch = Batch::new();
    let ended = loop {
        if ask(capture).is_break() {
            break Ended { damage: None, stopped: true };
        }
        match capture.next_batch(&mut batch) {
            Ok(true) => (),
            Ok(false) => break Ended { damage: None, stopped: false },
            Err(error) => break Ended { damage: Some(error), stopped: false },
        }
        note_losses(&mut front, capture, &batch);
        let mut queue = Queue::new();
        for recorded in batch.packets() {
            let packet = sighting(&recorded, effort.tunnels).and_then(Packet::read);
            let way = front.see(packet.as_ref());
            if let Some(packet) = packet {
                queue.push(packet, (way, front.clock()), &mut desk);
            }
        }
        queue.empty(&mut desk);
    };
    note_losses(&mut front, capture, &Batch::new());
    (conclude(front, desk.shards, desk.evidence), ended)
}

fn together(capture: &mut Capture, vantage: Vantage, effort: Effort, ask: Ask<'_>) -> (Report, Ended) {
    let Effort { threads: workers, bounds, tunnels } = effort;
    let mut front = Front::new(vantage);
    thread::scope(|scope| {
        let (back, used) = channel();
        let (sides, threads): (Vec<_>, Vec<_>) = (0..workers)
            .map(|worker| {
                let (send, blocks) = sync_channel(WAITING);
                let back = back.clone();
                (
                    send,
                    scope.spawn(move || work(&blocks, &back, Desk::new((worker, workers), vantage, bounds))),
                )
            })
            .unzip();
        let ended = read(capture, &mut front, (&sides, &used), tunnels, ask);
        drop(sides);
        note_losses(&mut front, capture, &Batch::new());
        let mut evidence = Evidence::default();
        let mut given: Vec<_> = threads
            .into_iter()
            .map(|thread| {
                let desk = joined(thread);
                evidence.absorb(desk.evidence);
                desk.shards.into_iter()
            })
            .collect();
        // In order of their numbers: each worker in turn has the next one.
        let shards = (0..SHARDS).filter_map(|shard| given.get_mut(shard % workers)?.next());
        (conclude(front, shards, evidence), ended)
    })
}

/// What a thread came to. If it panicked, so does this one.
fn joined<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn read(
    capture: &mut Capture,
    front: &mut Front,
    (workers, used): (&[SyncSender<Arc<Block>>], &Receiver<Block>),
    tunnels: bool,
    ask: Ask<'_>,
) -> Ended {
    loop {
        if ask(capture).is_break() {
            return Ended { damage: None, stopped: true };
        }
        let mut block = used.try_recv().unwrap_or_default();
        match block.fill(capture, front, tunnels) {
            Ok(true) => (),
            Ok(false) => return Ended { damage: None, stopped: false },
            Err(error) => return Ended { damage: Some(error), stopped: false },
        }
        let block = Arc::new(block);
        if workers.iter().any(|worker| worker.send(Arc::clone(&block)).is_err()) {
            // A worker is gone: it panicked, and is asked why.
            return Ended { damage: None, stopped: true };
        }
    }
}

/// The shards of one worker, after all blocks. A block that nobody needs any more goes back to be filled
/// again.
fn work(blocks: &Receiver<Arc<Block>>, back: &Sender<Block>, mut desk: Desk) -> Desk {
    for block in blocks {
        block.show(&mut desk);
        if let Some(block) = Arc::into_inner(block) {
            // Who reads may have ended.
            let _ = back.send(block);
        }
    }
    desk
}
