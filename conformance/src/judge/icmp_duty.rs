//! floor 7: rules about answers to ICMP requests (RFC 792, RFC 1812 section 4.3.2.5, RFC 4443 section 4.2).
//! That there is no answer shows nothing: the request may not have arrived, and a host may be told not to
//! answer.

use super::assume::Assumption::{self, Captured, Genuine, Untouched};
use super::facts::pair::Echo;
use super::ip::doubt_routers;
use super::kind::On;
use super::rule::{Opinion, Rule, Scene};
use crate::verdict::Outcome;

/// What every claim about an answer takes for granted.
const FORM: &[Assumption] = &[Captured, Untouched, Genuine];

/// The bits of the type of service without those of congestion notification.
const SERVICE: u8 = 0xfc;

/// Octets of an echo reply that no link is too small for, headers left out.
const REPLY_OCTETS_MIN: u32 = 500;

/// The rules of this file.
pub const RULES: &[Rule] = &[
    Rule {
        id: "P-M20",
        about: "an echo reply has the type of service of the request",
        clauses: &["RFC1812-4.3.2.5-a"],
        on: On::ICMPV4,
        assumptions: FORM,
        judge: type_of_service,
        ..Rule::USUAL
    },
    Rule {
        id: "P-M21",
        about: "an echo reply has the data of the request",
        clauses: &["RFC792-Echo-a", "RFC4443-4.2-a"],
        on: On::ICMP,
        assumptions: FORM,
        // Programs that tunnel through echo messages write replies themselves.
        ceiling: Outcome::Deviates,
        judge: data,
        ..Rule::USUAL
    },
];

/// A reply with the requests that it may answer: same identifier and sequence number.
fn answered<'a>(scene: &Scene<'a>) -> Option<(Echo, impl Iterator<Item = &'a Echo> + Clone)> {
    let (reply, asks) = Echo::of(scene.packet)?;
    let place = scene.pair.filter(|_| !asks)?;
    Some((reply, place.peer().echoes.iter().filter(move |request| request.about == reply.about)))
}

fn type_of_service(scene: &Scene<'_>) -> Opinion {
    let Some((reply, mut requests)) = answered(scene) else { return Opinion::Absent };
    let Some(first) = requests.clone().next() else { return Opinion::Absent };
    let same = requests.any(|request| request.tos & SERVICE == reply.tos & SERVICE);
    Opinion::unless(!same, "RFC1812-4.3.2.5-a", || {
        (format!("a reply with type of service {:#04x}", reply.tos), format!("{:#04x} as asked", first.tos))
    })
    .doubting(doubt_routers(scene))
}

/// A reply that is too long for the link may be cut (RFC 1122 section 3.2.2.6), but not below what every link
/// carries.
fn data(scene: &Scene<'_>) -> Opinion {
    let Some((reply, mut requests)) = answered(scene) else { return Opinion::Absent };
    let Some(first) = requests.clone().next() else { return Opinion::Absent };
    let broken = !requests.any(|request| {
        let same = request.len_octets == reply.len_octets && request.digest == reply.digest;
        let may_be_cut = reply.len_octets < request.len_octets && reply.len_octets >= REPLY_OCTETS_MIN;
        same || may_be_cut
    });
    let clause = if scene.packet.src.is_ipv4() { "RFC792-Echo-a" } else { "RFC4443-4.2-a" };
    Opinion::unless(broken, clause, || {
        let (length, asked) = (reply.len_octets, first.len_octets);
        let seen = if length == asked {
            "a reply with other data".into()
        } else {
            format!("a reply of {length} octets to a request of {asked}")
        };
        (seen, "the data of the request".into())
    })
}
