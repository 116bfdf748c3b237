//! floor 8: a SYN that opened nothing. Whoever guesses a four-tuple can send one into a connection that is
//! there (RFC 5961 section 4); a recording then begins another incarnation with it, of which only the old
//! connection's answers are seen.

use crate::drive::replay::recording::{RecordedConnection, Recording};
use stack::wire::tcp::Flags;
use std::borrow::Cow;

/// The connections of a recording, those that a SYN only seemed to end put together again.
pub fn connections(recording: &Recording) -> Vec<Cow<'_, RecordedConnection>> {
    let mut whole: Vec<Cow<'_, RecordedConnection>> = Vec::new();
    for connection in &recording.connections {
        let before = whole.iter().rposition(|known| same_ends(known, connection));
        match before.filter(|_| connection.interleaved && opened_nothing(connection)) {
            Some(place) => join(whole[place].to_mut(), connection),
            None => whole.push(Cow::Borrowed(connection)),
        }
    }
    whole
}

fn same_ends(one: &RecordedConnection, other: &RecordedConnection) -> bool {
    one.ends == other.ends || one.ends == [other.ends[1], other.ends[0]]
}

/// Whether nobody answered the SYN that it begins with by another one.
fn opened_nothing(connection: &RecordedConnection) -> bool {
    let Some(first) = connection.segments.first() else { return true };
    connection.of(first.from.other()).all(|segment| !segment.has(Flags::SYN))
}

/// Puts the segments of `later` behind those of `connection`, each to its side.
fn join(connection: &mut RecordedConnection, later: &RecordedConnection) {
    let turned = connection.ends != later.ends;
    let segments = later.segments.iter().cloned().map(|mut segment| {
        segment.from = if turned { segment.from.other() } else { segment.from };
        segment
    });
    connection.segments.extend(segments);
    connection.segments.sort_by_key(|segment| segment.number);
    connection.errors.extend(later.errors.iter().cloned().map(|mut error| {
        error.to = if turned { error.to.other() } else { error.to };
        error
    }));
}
