//! floor 8: a network card below a tap: it cuts segments after they were recorded and joins them before, and
//! it fills in checksums that the recording does not have.

use super::plan::TapPlan;
use super::{Recording, Shot};
use crate::drive::link::{join, packet_at};
use crate::drive::replay::packet::Upper;
use crate::trace::Link;
use stack::wire::checksum;
use stack::wire::tcp::{self, Flags, View};

/// Octets of TCP data in a joined segment at the most, as Linux has it.
const JOINED_OCTETS_MAX: usize = 65_000;

/// Where the checksum lies in a TCP header.
const CHECKSUM_AT: usize = 16;

/// What is recorded at an end that has such a card.
pub fn below(recording: &Recording, end: usize, taps: &TapPlan) -> Recording {
    let Recording { link, shots } = recording;
    // What comes from the host is not summed yet, and what was joined is not summed again.
    let mut seen: Vec<(Shot, bool)> = Vec::with_capacity(shots.len());
    for shot in shots {
        let joined = seen.last_mut().is_some_and(|(last, unfilled)| {
            let wanted = shot.from == end || taps.joins();
            let joined = wanted && last.from == shot.from && last.at == shot.at && extend(last, shot, *link);
            *unfilled |= joined;
            joined
        });
        if !joined {
            seen.push((shot.clone(), shot.from == end || taps.virtual_link()));
        }
    }
    let finished = seen.into_iter().map(|(mut shot, unfilled)| {
        if unfilled {
            empty(&mut shot.bytes, *link);
        }
        shot
    });
    Recording { link: *link, shots: finished.collect() }
}

/// Puts a segment behind the one before, if a card could have cut them so: nothing but their numbers and the
/// marks of the last differ.
fn extend(last: &mut Shot, next: &Shot, link: Link) -> bool {
    let alike = segment(&last.bytes, link).zip(segment(&next.bytes, link)).is_some_and(|(a, b)| {
        let (view, following) = (a.1, b.1);
        let ended = view.flags().intersects(Flags::PSH | Flags::FIN);
        let same = (view.ack(), view.window()) == (following.ack(), following.window())
            && view.options_bytes() == following.options_bytes();
        let full = view.payload().len() >= following.payload().len();
        same && full && !ended && a.0.payload.len() + b.0.payload.len() < JOINED_OCTETS_MAX
    });
    let Some(joined) = join(&last.bytes, &next.bytes, link).filter(|_| alike) else { return false };
    last.wire_len = u32::try_from(joined.len()).unwrap_or(u32::MAX);
    last.bytes = joined;
    true
}

fn segment(frame: &[u8], link: Link) -> Option<(Upper<'_>, View<'_>)> {
    let upper = Upper::of(frame.get(packet_at(link)..)?)?;
    let whole = upper.protocol == tcp::PROTOCOL && upper.fragment.is_none() && !upper.is_cut();
    let view = View::read(upper.payload).ok().filter(|_| whole)?;
    Some((upper, view))
}

/// Leaves the sum of the pseudo-header where the checksum will be. What was damaged stays as it is.
fn empty(frame: &mut [u8], link: Link) {
    let Some((upper, view)) = segment(frame, link) else { return };
    if tcp::Segment::check(&view, upper.src, upper.dst).is_err() {
        return;
    }
    let (octets, all) = (upper.payload.len(), frame.len());
    let sum =
        checksum::pseudo(upper.src, upper.dst, tcp::PROTOCOL, u32::try_from(octets).unwrap_or(u32::MAX));
    let bare = !sum.finish();
    // The payload need not be the last of the frame, if that is padded.
    let begins = all - trailing(frame, link) - octets + CHECKSUM_AT;
    if let Some(field) = frame.get_mut(begins..begins + 2) {
        field.copy_from_slice(&bare.to_be_bytes());
    }
}

/// Octets behind the packet.
fn trailing(frame: &[u8], link: Link) -> usize {
    let at = packet_at(link);
    let total = |high: usize, low: usize| {
        usize::from(u16::from_be_bytes([
            frame.get(high).copied().unwrap_or(0),
            frame.get(low).copied().unwrap_or(0),
        ]))
    };
    let octets = match frame.get(at).map(|first| first >> 4) {
        Some(4) => total(at + 2, at + 3),
        Some(6) => 40 + total(at + 4, at + 5),
        Some(_) | None => return 0,
    };
    (frame.len() - at).saturating_sub(octets)
}
