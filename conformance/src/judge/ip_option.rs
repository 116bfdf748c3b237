//! floor 7: rules about the options of IPv4 (RFC 791 section 3.1, RFC 1122 section 3.2.1.8).

use super::assume::Assumption::{self, Captured, Genuine, Untouched};
use super::kind::On;
use super::packet::Net;
use super::plain::{Plain, absent};
use super::rule::{Opinion, Rule, Scene};
use stack::wire::ipv4_option::{END_OF_LIST, Ipv4Option, NO_OPERATION, STREAM_IDENTIFIER};

/// What every claim about options takes for granted.
const FORM: &[Assumption] = &[Captured, Untouched, Genuine];

/// The rules of this file.
pub const RULES: &[Rule] = &[
    Rule {
        id: "P-I8",
        about: "the stream identifier option is not sent",
        clauses: &["RFC1122-3.2.1.8-d"],
        on: On::UNSETTLED,
        assumptions: FORM,
        quiet: &[absent(&[Plain::HEADER]), absent(&[Plain::V6])],
        judge: stream_identifier,
        ..Rule::USUAL
    },
    Rule {
        id: "P-I9",
        about: "a header has one source route at the most",
        clauses: &["RFC1122-3.2.1.8-f"],
        on: On::UNSETTLED,
        assumptions: FORM,
        quiet: &[absent(&[Plain::HEADER]), absent(&[Plain::V6])],
        judge: source_routes,
        ..Rule::USUAL
    },
    Rule {
        id: "P-I10",
        about: "later fragments have only options that are to be copied",
        clauses: &["RFC791-3.1-options-c"],
        on: On::FRAGMENT,
        assumptions: FORM,
        judge: options_of_later_fragments,
        ..Rule::USUAL
    },
];

/// The options of a header that was captured whole and has some.
fn options<'a>(scene: &Scene<'a>) -> Result<impl Iterator<Item = Ipv4Option<'a>>, Opinion> {
    let Net::V4(view) = &scene.packet.net else { return Err(Opinion::Absent) };
    let header_octets = 4 * usize::from(view.ihl());
    if view.options_bytes().is_empty() && header_octets <= 20 {
        return Err(Opinion::Absent);
    }
    if view.header_len_octets() < header_octets {
        return Err(Opinion::Cut);
    }
    Ok(view.options().map_while(Result::ok))
}

fn stream_identifier(scene: &Scene<'_>) -> Opinion {
    let mut options = match options(scene) {
        Ok(options) => options,
        Err(opinion) => return opinion,
    };
    let sent = options.any(|option| option.kind == STREAM_IDENTIFIER);
    Opinion::unless(sent, "RFC1122-3.2.1.8-d", || ("a stream identifier".into(), "none".into()))
}

fn source_routes(scene: &Scene<'_>) -> Opinion {
    let options = match options(scene) {
        Ok(options) => options,
        Err(opinion) => return opinion,
    };
    let routes = options.filter(Ipv4Option::is_source_route).count();
    Opinion::unless(routes > 1, "RFC1122-3.2.1.8-f", || {
        (format!("{routes} source routes"), "one at the most".into())
    })
}

fn options_of_later_fragments(scene: &Scene<'_>) -> Opinion {
    let Net::V4(view) = &scene.packet.net else { return Opinion::Absent };
    if view.fragment_offset_octets() == 0 {
        return Opinion::Absent;
    }
    let options = match options(scene) {
        Ok(options) => options,
        Err(opinion) => return opinion,
    };
    // What fills up between options says nothing.
    let mut meant = options.filter(|option| !matches!(option.kind, END_OF_LIST | NO_OPERATION));
    let stray = meant.find(|option| !option.is_copied()).map(|option| option.kind);
    Opinion::unless(stray.is_some(), "RFC791-3.1-options-c", || {
        (
            format!("option {} in a fragment that is not the first", stray.unwrap_or(0)),
            "options with the copied flag only".into(),
        )
    })
}
