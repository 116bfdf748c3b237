//! floor 6: a trace as a text file: crash files, stored regressions, bug reports.
//!
//! One event a line; [`print`] and [`parse`] are inverse. What stands behind `;` is for people, and so is a
//! line that begins with `#`: reading skips both.
//!
//! ```text
//! netassay-trace 1 ip
//! 0.000000000 call socket AF_INET SOCK_STREAM
//! 0.000000000 reply socket s1
//! 0.000000000 < 4500002800000000... ; 192.0.2.1:40000 > 192.0.2.2:80 S 100:100(0) win 65535
//! 0.000000000 > 4500002c00000000... wire_len 60 ; 192.0.2.2:80 > 192.0.2.1:40000 S. 7:7(0) ack 101 win 65535
//! 0.000000000 discard TcpChecksum ; the TCP checksum is wrong
//! ```
//!
//! `<` goes to the host, `>` leaves it. Times are seconds with nine decimals. Octets are hexadecimal, `-` if
//! there are none; `wire_len` is there if the frame was cut when it was captured. The IPv6 flow information
//! of a socket address is not stored: nothing uses it.

mod line;
mod read;
mod word;
mod write;

use super::{Link, Trace};
use stack::sock::{Call, Reply};
use std::fmt;
use word::Word;

/// What the first line says first, with the version of the format.
const MAGIC: &str = "netassay-trace 1";

/// Where a text stops being a trace, and what should have stood there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Line, the first one being 1.
    pub line: usize,
    /// Column in characters, the first one being 1.
    pub column: usize,
    /// What was expected.
    pub wanted: &'static str,
    /// What stands there; empty at the end of a line.
    pub found: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, wanted, found } = self;
        write!(f, "line {line}, column {column}: expected {wanted}, found ")?;
        if found.is_empty() { write!(f, "the end of the line") } else { write!(f, "{found:?}") }
    }
}

impl std::error::Error for Error {}

/// The trace as text, with a comment on every frame.
pub fn print(trace: &Trace) -> String {
    let mut out = format!("{MAGIC} {}\n", trace.link.word());
    for timed in &trace.events {
        write::event(timed, trace.link, &mut out);
    }
    out
}

/// The trace that a text stands for.
///
/// # Errors
/// The first place that is not as [`print`] would have it.
pub fn parse(text: &str) -> Result<Trace, Error> {
    let mut lines = text.lines().enumerate().filter_map(line::Line::new);
    let Some(mut first) = lines.next() else {
        return Err(Error { line: 1, column: 1, wanted: "netassay-trace", found: String::new() });
    };
    first.exactly("netassay-trace")?;
    first.exactly("1")?;
    let mut trace = Trace::new(first.word::<Link>("ip or ethernet")?);
    first.end()?;
    for mut line in lines {
        trace.events.push(read::event(&mut line)?);
    }
    Ok(trace)
}

/// A call in the words that stand behind `call` in a stored trace.
pub fn print_call(call: &Call) -> String {
    let mut out = String::new();
    write::call(call, &mut out);
    out
}

/// An answer in the words that stand behind `reply` in a stored trace.
pub fn print_reply(reply: &Reply) -> String {
    let mut out = String::new();
    write::reply(reply, &mut out);
    out
}

/// The call that words as those of [`print_call`] stand for.
///
/// # Errors
/// The first place that is not as [`print_call`] would have it.
pub fn parse_call(words: &str) -> Result<Call, Error> {
    let nothing = Error { line: 1, column: 1, wanted: "the name of a call", found: String::new() };
    let mut line = line::Line::new((0, words)).ok_or(nothing)?;
    let call = read::call(&mut line)?;
    line.end()?;
    Ok(call)
}

#[cfg(test)]
mod tests;
