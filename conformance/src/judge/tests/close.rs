//! What the rules of closing find.

use super::exchange::{Exchange, FULL, Flaw, ack, data, line};
use crate::judge::assume::Tap;
use crate::verdict::Outcome;
use stack::wire::tcp::Flags;

pub(super) const FLAWS: &[Flaw] = &[Flaw {
    rule: "P-E3",
    clause: "RFC9293-3.6-a",
    outcome: Outcome::Deviates,
    tap: Tap::Anywhere,
    good: closed,
    breaks: |exchange| {
        let end = exchange.line("data").data.len() as u32 + 1;
        exchange.drop("fin again");
        exchange.lines.push(data("more", 90_000, true, end, 1, 10));
    },
}];

fn closed() -> Exchange {
    let end = FULL as u32 + 1;
    let fin = Flags::FIN | Flags::ACK;
    Exchange::opened().then([
        data("data", 30_000, true, 1, 1, FULL),
        line("fin", 31_000, true, fin, end, 1),
        ack("taken", 51_000, false, 1, end + 1),
        line("fin again", 400_000, true, fin, end, 1),
    ])
}
