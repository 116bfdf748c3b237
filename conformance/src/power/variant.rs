//! floor 8: good stories that no capture tells, made of others.

use super::story::Story;
use stack::wire::tcp::Flags;

/// Captures with retransmissions or with a closed window.
const WITH_ECN: &[&str] =
    &["bulk-loss-client", "bulk-loss-server", "tcp-fast-retransmit", "tcp-tail-loss", "tcp-zero-window"];

/// What is made of a story.
pub(super) fn all(story: &Story) -> Vec<Story> {
    let with_ecn = WITH_ECN.iter().any(|name| story.name.starts_with(name));
    if with_ecn { vec![agreeing_on_ecn(story)] } else { Vec::new() }
}

/// The same with both SYNs asking for explicit congestion notification, which nobody then needs.
fn agreeing_on_ecn(story: &Story) -> Story {
    story.varied("with ECN", |segment| {
        let asks = match (segment.flags.syn(), segment.flags.ack()) {
            (false, _) => return,
            (true, false) => Flags::ECE | Flags::CWR,
            (true, true) => Flags::ECE,
        };
        segment.flags = segment.flags | asks;
    })
}
