//! floor 7: rules about how a connection is closed (RFC 9293 section 3.6).

use super::assume::Assumption::{Captured, Genuine, Untouched};
use super::facts::turn::is_after;
use super::kind::On;
use super::rule::{Opinion, Rule, Scene};
use crate::verdict::Reason;

/// The rules of this file.
pub const RULES: &[Rule] = &[Rule {
    id: "P-E3",
    about: "no data behind the FIN",
    clauses: &["RFC9293-3.6-a"],
    assumptions: &[Captured, Untouched, Genuine],
    on: On::TEXT,
    judge: behind_the_fin,
    ..Rule::USUAL
}];

fn behind_the_fin(scene: &Scene<'_>) -> Opinion {
    let Some((turn, place)) = scene.flow() else { return Opinion::Absent };
    let Some(fin) = place.own().close.fin else { return Opinion::Absent };
    let doubt = place.connection.reused.then_some(Reason::PortReuse);
    Opinion::unless(turn.data_octets > 0 && is_after(turn.text_end, fin), "RFC9293-3.6-a", || {
        (format!("data up to {}", turn.text_end), format!("up to {fin}, where the FIN is"))
    })
    .doubting(doubt)
}
