//! floor 8: a conversation as a ladder: one line an event, in the notation of tcpdump and packetdrill.
//!
//! ```text
//!    0.000000 <  S 0:0(0) win 64240 <mss 1460,nop,wscale 7>
//!    0.000000 >  S. 0:0(0) ack 1 win 65535 <mss 1460>
//!    0.000120    accept(s1) = s2 from 192.0.2.1:40000
//! ```
//!
//! `<` came to the host, `>` left it. Sequence numbers count from the initial ones of both ends.

use crate::drive::replay::observe::Places;
use crate::drive::replay::packet::Upper;
use crate::drive::replay::recording::{RecordedConnection, RecordedSegment, Side};
use crate::trace::{Event, Response, Stimulus, Trace, text};
use stack::base::Instant;
use stack::sock::Refused;
use stack::wire::show::{Show, ShowSegment};
use stack::wire::tcp::{self, Flags, Segment};

/// How much of a ladder is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Lines at the beginning.
    pub head: usize,
    /// Lines at the end.
    pub tail: usize,
}

impl Span {
    /// Every line.
    pub const WHOLE: Self = Self { head: usize::MAX, tail: 0 };

    /// The lines of this span, with a line in the place of those left out.
    pub fn cut(self, mut lines: Vec<String>) -> Vec<String> {
        let shown = self.head.saturating_add(self.tail);
        if lines.len() <= shown.saturating_add(1) {
            return lines;
        }
        let left_out = lines.len() - shown;
        let tail = lines.split_off(lines.len() - self.tail);
        lines.truncate(self.head);
        lines.push(format!("{:>14} {left_out} lines left out", "..."));
        lines.extend(tail);
        lines
    }
}

/// The ladder of a replay, up to event `until`.
pub fn replayed(trace: &Trace, places: Places, until: Option<usize>) -> Vec<String> {
    let isn = isns(trace, places);
    let events = &trace.events[..until.unwrap_or(trace.events.len())];
    let mut lines = Vec::new();
    let mut index = 0;
    while let Some(timed) = events.get(index) {
        index += 1;
        match &timed.event {
            Event::Stimulus(Stimulus::Frame(frame)) => {
                lines.push(line(timed.at, '<', &packet(&frame.bytes, [isn[1], isn[0]])));
            }
            Event::Response(Response::Frame(frame)) => {
                lines.push(line(timed.at, '>', &packet(&frame.bytes, isn)));
            }
            Event::Response(Response::Discard(why)) => {
                lines.push(line(timed.at, ' ', &format!("discarded: {why}")))
            }
            Event::Response(Response::Reply(_)) => {}
            Event::Stimulus(Stimulus::Call(call)) => {
                let reply = events.get(index).and_then(|next| match &next.event {
                    Event::Response(Response::Reply(reply)) => Some(reply),
                    Event::Stimulus(_) | Event::Response(_) => None,
                });
                let waits = matches!(reply, Some(stack::sock::Reply::Refused(Refused::WouldBlock)));
                if !waits {
                    let answer = reply.map_or_else(|| "no answer".to_owned(), text::reply);
                    lines.push(line(timed.at, ' ', &format!("{} = {answer}", text::call(call))));
                }
            }
        }
    }
    lines
}

/// The ladder of a recorded connection as `role` saw it.
pub fn recorded(connection: &RecordedConnection, role: Side) -> Vec<String> {
    connection.segments.iter().map(|segment| recorded_line(connection, role, segment)).collect()
}

/// One segment of a recorded connection as `role` saw it.
pub(super) fn recorded_line(
    connection: &RecordedConnection,
    role: Side,
    recorded: &RecordedSegment,
) -> String {
    let isn = |side: Side| connection.isn[side.index()].unwrap_or(0);
    let segment = Segment {
        src_port: connection.end(recorded.from).port(),
        dst_port: connection.end(recorded.from.other()).port(),
        seq: recorded.seq,
        ack: recorded.ack,
        flags: recorded.flags,
        window: recorded.window,
        urgent_pointer: recorded.urgent_pointer,
        options: recorded.options,
        payload: &recorded.payload,
    };
    let relative = Some((isn(recorded.from), isn(recorded.from.other())));
    let way = if recorded.from == role { '>' } else { '<' };
    line(recorded.at, way, &ShowSegment { segment: &segment, relative }.to_string())
}

fn line(at: Instant, way: char, what: &str) -> String {
    let micros = at.as_nanos() / 1_000;
    format!("{:>7}.{:06} {way} {what}", micros / 1_000_000, micros % 1_000_000)
}

fn packet(bytes: &[u8], isn: [u32; 2]) -> String {
    let whole = || Show(bytes).to_string();
    let Some(upper) = Upper::of(bytes).filter(|upper| upper.protocol == tcp::PROTOCOL) else {
        return whole();
    };
    let Ok(view) = tcp::View::read(upper.payload) else { return whole() };
    let segment = Segment::unchecked(&view);
    ShowSegment { segment: &segment, relative: Some((isn[0], isn[1])) }.to_string()
}

/// Initial sequence numbers of host and peer: those of their first SYNs.
fn isns(trace: &Trace, places: Places) -> [u32; 2] {
    let mut isn = [None, None];
    for timed in &trace.events {
        let (frame, index) = match &timed.event {
            Event::Response(Response::Frame(frame)) => (frame, 0),
            Event::Stimulus(Stimulus::Frame(frame)) => (frame, 1),
            Event::Stimulus(Stimulus::Call(_)) | Event::Response(_) => continue,
        };
        let Some(upper) = Upper::of(&frame.bytes).filter(|upper| upper.protocol == tcp::PROTOCOL) else {
            continue;
        };
        let Ok(view) = tcp::View::read(upper.payload) else { continue };
        if view.flags().contains(Flags::SYN) && upper.src == [places.host, places.peer][index].ip() {
            isn[index].get_or_insert(view.seq());
        }
    }
    isn.map(|number| number.unwrap_or(0))
}
