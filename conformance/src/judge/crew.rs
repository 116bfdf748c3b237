//! floor 7: several threads that judge one capture. One reads and sorts the packets into blocks; every other
//! one has some of the shards, and goes through all blocks for the packets that are theirs.

use super::assume::Vantage;
use super::file::sighting;
use super::front::{Clock, Front, SHARDS, Way};
use super::packet::Packet;
use super::report::Report;
use super::shard::{Bounds, Shard};
use super::{Judge, conclude};
use crate::trace::capture::{Batch, Capture, CaptureError};
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
}

impl Block {
    /// Reads the next packets and sorts them. Says whether there were any.
    fn fill(&mut self, capture: &mut Capture, front: &mut Front) -> Result<bool, CaptureError> {
        self.ways.clear();
        self.clocks.clear();
        let more = capture.next_batch(&mut self.batch)?;
        for (index, packet) in self.batch.packets().enumerate() {
            let sorted = match sighting(&packet) {
                Some(sighting) => front.see(sighting),
                None => {
                    front.pass_over();
                    None
                }
            };
            self.ways.push(sorted.map(|(_, way)| way).unwrap_or_default());
            let clock = front.clock();
            if self.clocks.last().is_none_or(|(_, latest)| *latest != clock) {
                self.clocks.push((index, clock));
            }
        }
        Ok(more)
    }

    /// Shows the shards of one worker their packets.
    fn show(&self, shards: &mut [Shard], worker: usize, workers: usize) {
        let mut clocks = self.clocks.iter().peekable();
        let mut clock = Clock::default();
        for (index, way) in self.ways.iter().enumerate() {
            while let Some((_, next)) = clocks.next_if(|(from, _)| *from <= index) {
                clock = *next;
            }
            if !way.parts().any(|(shard, _)| shard % workers == worker) {
                continue;
            }
            let Some(recorded) = self.batch.packet(index) else { continue };
            let Some(packet) = sighting(&recorded).and_then(Packet::read) else { continue };
            for (shard, part) in way.parts().filter(|(shard, _)| shard % workers == worker) {
                if let Some(shard) = shards.get_mut(shard / workers) {
                    shard.see(&packet, part, clock);
                }
            }
        }
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

/// Judges a capture with so many threads beside the one that reads; with one thread, there and then. The
/// report is the same for any number.
pub(super) fn judge(
    capture: &mut Capture,
    vantage: Vantage,
    (threads, bounds): (usize, Bounds),
    ask: Ask<'_>,
) -> (Report, Ended) {
    let workers = threads.min(SHARDS);
    if workers <= 1 {
        alone(capture, vantage, bounds, ask)
    } else {
        together(capture, vantage, (workers, bounds), ask)
    }
}

fn alone(capture: &mut Capture, vantage: Vantage, bounds: Bounds, ask: Ask<'_>) -> (Report, Ended) {
    let mut judge = Judge::bounded(vantage, bounds);
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
        for packet in batch.packets() {
            match sighting(&packet) {
                Some(sighting) => judge.see(sighting),
                None => judge.pass_over(),
            }
        }
    };
    (judge.finish(), ended)
}

fn together(
    capture: &mut Capture,
    vantage: Vantage,
    (workers, bounds): (usize, Bounds),
    ask: Ask<'_>,
) -> (Report, Ended) {
    let mut front = Front::new(vantage);
    thread::scope(|scope| {
        let (back, used) = channel();
        let (sides, threads): (Vec<_>, Vec<_>) = (0..workers)
            .map(|worker| {
                let (send, blocks) = sync_channel(WAITING);
                let back = back.clone();
                (send, scope.spawn(move || work(&blocks, &back, (worker, workers), vantage, bounds)))
            })
            .unzip();
        let ended = read(capture, &mut front, &sides, &used, ask);
        drop(sides);
        let mut given: Vec<_> = threads.into_iter().map(|thread| joined(thread).into_iter()).collect();
        // In order of their numbers: each worker in turn has the next one.
        let shards = (0..SHARDS).filter_map(|shard| given.get_mut(shard % workers)?.next());
        (conclude(front, shards), ended)
    })
}

/// What a thread came to. If it panicked, so does this one.
fn joined<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn read(
    capture: &mut Capture,
    front: &mut Front,
    workers: &[SyncSender<Arc<Block>>],
    used: &Receiver<Block>,
    ask: Ask<'_>,
) -> Ended {
    loop {
        if ask(capture).is_break() {
            return Ended { damage: None, stopped: true };
        }
        let mut block = used.try_recv().unwrap_or_default();
        match block.fill(capture, front) {
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
fn work(
    blocks: &Receiver<Arc<Block>>,
    back: &Sender<Block>,
    (worker, workers): (usize, usize),
    vantage: Vantage,
    bounds: Bounds,
) -> Vec<Shard> {
    let own = (0..SHARDS).filter(|shard| shard % workers == worker);
    let mut shards: Vec<Shard> = own.map(|_| Shard::new(vantage, bounds)).collect();
    for block in blocks {
        block.show(&mut shards, worker, workers);
        if let Some(block) = Arc::into_inner(block) {
            // Who reads may have ended.
            let _ = back.send(block);
        }
    }
    shards
}
