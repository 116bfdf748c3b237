//! floor 8: how a story is altered. Frames keep their places, whatever is added.

use super::edit::{Edit, mend_header};
use super::story::{Frame, Story};
use stack::base::Span;
use stack::wire::ethernet::EtherType;

const TIMESTAMPS: u8 = 8;

impl Story {
    /// Replaces the segment in a frame by an altered copy.
    pub fn edit(&mut self, at: usize, alter: impl FnOnce(&mut Edit)) {
        let Some(mut edit) = self.segment(at).cloned() else { return };
        alter(&mut edit);
        edit.put(&mut self.frames[at]);
    }

    /// Adds an altered copy of the segment in a frame, so much later in microseconds: a packet of its own, by
    /// its identification, and with the time on its timestamp.
    pub fn add(&mut self, at: usize, later_us: u64, alter: impl FnOnce(&mut Edit)) {
        let Some(mut edit) = self.segment(at).cloned() else { return };
        let mut frame = self.frames[at].clone();
        frame.at += Span::from_micros(later_us);
        if let Some(value) = edit.word(TIMESTAMPS, 0) {
            edit.set_word(TIMESTAMPS, 0, value.wrapping_add((later_us / 1_000) as u32));
        }
        alter(&mut edit);
        edit.put(&mut frame);
        self.number_anew(&mut frame);
        self.added.push(frame);
    }

    /// Gives a copy of a packet an identification of its own, if it has one.
    fn number_anew(&self, frame: &mut Frame) {
        if frame.ethertype != EtherType::IPV4 || frame.bytes[4..6] == [0, 0] {
            return;
        }
        let id = u16::from_be_bytes([frame.bytes[4], frame.bytes[5]]);
        let id = id.wrapping_add(0x4000 + 7 * self.added.len() as u16).max(1);
        frame.bytes[4..6].copy_from_slice(&id.to_be_bytes());
        mend_header(frame);
    }

    /// Ends the trace behind a frame: what follows would tell of a host without the fault.
    pub fn end_at(&mut self, at: usize) {
        self.frames.truncate(at + 1);
    }

    /// Lets the host, and with it everybody, stand still before a frame for so many microseconds.
    pub fn pause(&mut self, at: usize, us: u64) {
        for frame in self.frames.iter_mut().skip(at) {
            frame.at += Span::from_micros(us);
        }
    }

    /// All frames in order of time.
    pub fn told(&self) -> Vec<Frame> {
        let mut all: Vec<Frame> = self.frames.iter().chain(&self.added).cloned().collect();
        all.sort_by_key(|frame| frame.at);
        all
    }
}
