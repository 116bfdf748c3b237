//! floor 8: what there is to say of ports and of names of services: who assigns them, who may bind them, who
//! hands them out, and what for (RFC 6335, RFC 6056 section 3.2).

mod question;
#[cfg(test)]
mod tests;

pub use question::{Question, Senseless, Subject};

use stack::base::{Port, PortRange};
use stack::ports::Policy;
use stack::ports::range::Class;
use stack::ports::services::{self, Purpose, Row, Transport};
use stack::sock::Profile;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Which ports systems hand out to sockets that did not ask for a certain one, by default.
fn handing_out() -> [(&'static str, PortRange); 5] {
    [
        ("the reference", Policy::default().ephemeral),
        ("Linux", Profile::Linux.ephemeral()),
        ("FreeBSD", Profile::Bsd.ephemeral()),
        ("macOS", PortRange::DYNAMIC),
        ("Windows", Profile::Windows.ephemeral()),
    ]
}

/// Columns of ports, and of names.
const PORT_COLUMNS: usize = 12;
const NAME_COLUMNS: usize = 16;

/// What there is to say to one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// A few lines.
    pub text: String,
    /// Whether the registry has a service for it.
    pub found: bool,
}

/// The answer to a question.
pub fn answer(question: &Question<'_>) -> Answer {
    let is_asked = |row: &Row| question.transport.is_none_or(|transport| row.is_of(transport));
    match question.subject {
        Subject::Ports(first, last) => {
            let rows: Vec<Row> = services::of_ports(first, last).filter(is_asked).collect();
            let heading = heading(question, first, last, &rows);
            of_rows(&heading, &[(first, last)], &rows)
        }
        Subject::Service(name) => {
            let rows: Vec<Row> = services::of_name(name).filter(is_asked).collect();
            if rows.is_empty() {
                return Answer { text: unknown(question, name), found: false };
            }
            let ports: Vec<(u16, u16)> = rows.iter().map(|row| (row.first, row.last)).collect();
            let heading =
                question.endpoint.map_or_else(|| question.text.to_owned(), |endpoint| endpoint.to_string());
            of_rows(&heading, &ports, &rows)
        }
    }
}

fn of_rows(heading: &str, ports: &[(u16, u16)], rows: &[Row]) -> Answer {
    let mut text = format!("{heading}\n");
    for row in rows {
        text += &line(row.first, row.last, &used_for(row));
    }
    let mut before = None;
    for &(first, last) in ports {
        if before.replace((first, last)) != Some((first, last)) {
            text += &meaning(first, last);
        }
    }
    Answer { text, found: rows.iter().any(is_service) }
}

const fn is_service(row: &Row) -> bool {
    matches!(row.purpose, Purpose::Service(_))
}

/// A line about some ports.
fn line(first: u16, last: u16, what: &str) -> String {
    format!("  {:<PORT_COLUMNS$} {what}\n", span(first, last))
}

fn span(first: u16, last: u16) -> String {
    if first == last { first.to_string() } else { format!("{first}-{last}") }
}

/// The purpose of a row, and on which transports.
fn used_for(row: &Row) -> String {
    let purpose = match row.purpose {
        Purpose::Service(name) => name,
        Purpose::Reserved => "reserved",
        Purpose::Private => "for private use",
    };
    let transports: Vec<&str> = row.transports().map(Transport::name).collect();
    let transports = if transports.is_empty() { "any transport".to_owned() } else { transports.join(" ") };
    format!("{purpose:<NAME_COLUMNS$} {transports}")
}

/// What was asked for, and what it comes to.
fn heading(question: &Question<'_>, first: u16, last: u16, rows: &[Row]) -> String {
    let on = question.transport.map_or_else(String::new, |transport| format!(" on {transport}"));
    let span = question.endpoint.map_or_else(|| span(first, last), |endpoint| endpoint.to_string());
    let (mut with_service, mut in_registry) = (BTreeSet::new(), BTreeSet::new());
    for row in rows {
        let ports = row.first.max(first)..=row.last.min(last);
        if is_service(row) {
            with_service.extend(ports.clone());
        }
        in_registry.extend(ports);
    }
    let (assigned, kept) = (with_service.len(), in_registry.len() - with_service.len());
    if first == last {
        let what = match (assigned, kept) {
            (0, 0) => "unassigned",
            (0, _) => "assigned to no service",
            (_, _) => "assigned",
        };
        return format!("{span}: {what}{on}");
    }
    let all = usize::from(last - first) + 1;
    let unassigned = all - assigned - kept;
    format!("{span}: {all} ports{on}, {assigned} with a service, {kept} reserved, {unassigned} unassigned")
}

/// Who assigns the ports, who may bind them, and who hands them out.
fn meaning(first: u16, last: u16) -> String {
    let mut text = String::new();
    if first == 0 {
        text += &line(0, 0, "no socket has it; in a bind call it asks for any free port");
    }
    let Some(asked) = PortRange::new(first.max(1), last) else { return text };
    for class in Class::ALL {
        if let Some(part) = part(asked, class.range()) {
            text += &line(part.0, part.1, assigned_how(*class));
        }
    }
    let start = Policy::default().unprivileged_start;
    if let Some(part) = Port::new(start - 1)
        .and_then(|last| PortRange::new(1, last.number()))
        .and_then(|low| part(asked, low))
    {
        text += &line(part.0, part.1, "privileged: binding takes a permission on Unix");
    }
    text + &handed_out(asked)
}

/// The ports that two ranges share.
fn part(one: PortRange, other: PortRange) -> Option<(u16, u16)> {
    let first = one.first().max(other.first()).number();
    let last = one.last().min(other.last()).number();
    (first <= last).then_some((first, last))
}

const fn assigned_how(class: Class) -> &'static str {
    match class {
        Class::System => "system port: IANA assigns it after a review by the IETF",
        Class::User => "user port: IANA assigns it on request",
        Class::Dynamic => "dynamic port: never assigned, for whoever needs one for a while",
    }
}

/// Who hands the ports out by itself: a line for each part that the same systems do.
fn handed_out(asked: PortRange) -> String {
    let mut parts: Vec<((u16, u16), Vec<&str>)> = Vec::new();
    for (system, range) in handing_out() {
        let Some(shared) = part(asked, range) else { continue };
        match parts.iter_mut().find(|(part, _)| *part == shared) {
            Some((_, systems)) => systems.push(system),
            None => parts.push((shared, vec![system])),
        }
    }
    parts.iter().fold(String::new(), |mut text, ((first, last), systems)| {
        let _ = write!(text, "{}", line(*first, *last, &format!("handed out by {}", systems.join(", "))));
        text
    })
}

/// Names that are offered for one that does not exist.
const OFFERED: usize = 5;

/// What to try instead of a name that nobody has.
fn unknown(question: &Question<'_>, name: &str) -> String {
    let asked = question.text.escape_debug();
    if let Some(transport) = question.transport
        && services::of_name(name).next().is_some()
    {
        let others = services::of_name(name).map(|row| {
            row.transports().map(|other| format!("{}/{other}", span(row.first, row.last))).collect::<Vec<_>>()
        });
        let others: Vec<String> = others.flatten().collect();
        return format!("{asked}: no port on {transport}, but {}\n", others.join(", "));
    }
    let ends = name.char_indices().map(|(at, _)| at).skip(1).chain([name.len()]);
    let starts: Vec<&str> = ends.filter_map(|end| name.get(..end)).collect();
    let offered = starts.iter().rev().find_map(|start| {
        let mut names: Vec<&str> = services::beginning(start).filter_map(service).take(OFFERED).collect();
        names.dedup();
        (!names.is_empty() && start.len() > 1).then_some(names)
    });
    let offered = offered.map_or_else(String::new, |names| format!("; there are {}", names.join(", ")));
    format!("{asked}: no service of this name{offered}\n")
}

const fn service(row: Row) -> Option<&'static str> {
    match row.purpose {
        Purpose::Service(name) => Some(name),
        Purpose::Reserved | Purpose::Private => None,
    }
}
