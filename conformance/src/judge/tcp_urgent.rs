//! floor 7: rules about urgent data (RFC 9293 section 3.8.5, RFC 6093).
//!
//! RFC9293-MUST-62: where the program's urgent octet is, the program alone knows.
//! RFC6093-4-a: where the program's urgent octet is, the program alone knows.
//! RFC7323-A-b: how far the urgent octet is off, the program alone knows.

use super::assume::Assumption::{Captured, Genuine, Untouched};
use super::kind::On;
use super::plain::{Plain, holds};
use super::rule::{Opinion, Rule, Scene};
use crate::verdict::Outcome;
use stack::wire::tcp::Flags;

/// The rules of this file.
pub const RULES: &[Rule] = &[Rule {
    id: "P-C14",
    about: "programs do without urgent data",
    clauses: &["RFC9293-SHLD-13"],
    assumptions: &[Captured, Untouched, Genuine],
    on: On::TEXT,
    // Old programs may use it.
    ceiling: Outcome::Note,
    quiet: &[holds(&[Plain::NOT_URGENT])],
    judge: urgent_data,
    ..Rule::USUAL
}];

fn urgent_data(scene: &Scene<'_>) -> Opinion {
    let Some((turn, _)) = scene.flow() else { return Opinion::Absent };
    let urgent = turn.flags.contains(Flags::URG) && turn.data_octets > 0;
    Opinion::unless(urgent, "RFC9293-SHLD-13", || {
        let offset = turn.segment.view.urgent_pointer();
        (format!("urgent data up to {offset} octets behind the first"), "none".into())
    })
}
