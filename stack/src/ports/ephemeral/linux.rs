//! floor 4: how Linux chooses ports (after RFC 6056 section 3.3.4). Those who bind and those who connect keep
//! out of each other's way by parity.

use super::{Pool, draw};
use crate::base::{Choose, Port, PortRange};

/// Numbers of ports from `low` up to, and without, `high`.
#[derive(Clone, Copy)]
struct Span {
    low: u32,
    high: u32,
}

impl Span {
    /// How far a walk goes: over an even number of ports, so that it comes back to the parity it had. In a
    /// range of odd size some walks therefore miss one port.
    const fn even_count(self) -> u32 {
        let count = self.high - self.low;
        if count > 1 { count & !1 } else { count }
    }

    /// The ports in steps of `step` from `offset` on, round after `count` numbers, each with how far it is.
    fn walk(self, offset: u32, count: u32, step: u32) -> impl Iterator<Item = (u32, Port)> {
        let Self { low, high } = self;
        let mut number = low + offset;
        (0..count).step_by(step as usize).filter_map(move |gone| {
            if number >= high {
                number -= count;
            }
            let port = u16::try_from(number).ok().and_then(Port::new);
            number += step;
            port.map(|port| (gone, port))
        })
    }
}

impl From<PortRange> for Span {
    fn from(range: PortRange) -> Self {
        Self { low: range.first().number().into(), high: u32::from(range.last().number()) + 1 }
    }
}

/// Ports of the parity that the lowest one does not have first, and of these the ones of the lower half if
/// `low_first`.
pub(super) fn to_bind(
    range: PortRange,
    low_first: bool,
    choices: &mut dyn Choose,
    free: &mut impl FnMut(&Port) -> bool,
) -> Option<Port> {
    let whole = Span::from(range);
    let count = whole.high - whole.low;
    if !low_first || count < 4 {
        return from_random(whole, choices, free);
    }
    let middle = whole.low + (count >> 2 << 1);
    let lower = from_random(Span { high: middle, ..whole }, choices, free);
    lower.or_else(|| from_random(Span { low: middle, ..whole }, choices, free))
}

fn from_random(span: Span, choices: &mut dyn Choose, free: &mut impl FnMut(&Port) -> bool) -> Option<Port> {
    let count = span.even_count();
    let odd = draw(choices, count) | 1;
    let both = span.walk(odd, count, 2).chain(span.walk(odd - 1, count, 2));
    { both }.map(|(_, port)| port).find(free)
}

/// From `offset` and what the counter says on, ports of the parity of the lowest one first. A range that the
/// socket asked for itself is walked without regard to parity. The counter goes on by as much as was walked,
/// and at least by a random step.
pub(super) fn to_connect(
    pool: &Pool<'_>,
    offset: u32,
    counter: &mut u32,
    choices: &mut dyn Choose,
    mut free: impl FnMut(&Port) -> bool,
) -> Option<Port> {
    let span = Span::from(pool.range);
    let (step, count) = if pool.of_socket { (1, span.high - span.low) } else { (2, span.even_count()) };
    let start = counter.wrapping_add(offset) % count;
    let start = if pool.of_socket { start } else { start & !1 };
    let others = (!pool.of_socket && count > 1).then(|| span.walk(start + 1, count, step));
    let mut walk = span.walk(start, count, step).chain(others.into_iter().flatten());
    let (gone, port) = walk.find(|(_, port)| free(port))?;
    *counter = counter.wrapping_add(gone.max(draw(choices, 8) * step) + step);
    Some(port)
}
