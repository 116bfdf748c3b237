//! floor 8: what must hold for every input of a fuzzer: the bodies of the fuzz targets, free of any engine.
//!
//! [`host`] lets the operations that the bytes stand for happen to the reference, and looks at the trace:
//! no crash, no invariant broken, the judge silent, every octet where it belongs, an end that comes.
//! [`wire`] reads the bytes as every protocol and writes them again; [`capture()`] reads them as a file of
//! recorded traffic, as libpcap does. All are deterministic: a finding can be
//! stored as a trace and repeated for ever ([`again`]).

mod answers;
mod capture;
mod conduct;
mod finish;
pub mod judge;
mod numbers;
mod packets;
pub mod pair;
mod stream;
mod wire;

use crate::drive::Driver;
use crate::drive::bytes::plan::{Epilogue, Plan};
use crate::drive::bytes::{self, Bytes, lab};
use crate::drive::stored::Stored;
use crate::host::reference::Reference;
use crate::host::{Fault, Host};
use crate::run::run;
use crate::trace::{Link, Trace, store};
use crate::verdict::Outcome;
pub use capture::capture;
use std::fmt;
pub use wire::wire;

/// Something that must not be.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What kind of thing it is: the same words for the same kind.
    pub class: String,
    /// What was seen.
    pub seen: String,
    /// The run that shows it, if it was one.
    pub trace: Option<Trace>,
}

impl Finding {
    /// A finding of this class.
    fn new(class: impl Into<String>, seen: impl Into<String>) -> Self {
        Self { class: class.into(), seen: seen.into(), trace: None }
    }
}

/// Class and witness, then the run as it can be stored.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.class, self.seen)?;
        match &self.trace {
            Some(trace) => write!(f, "\n{}", store::print(trace)),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Finding {}

/// Lets the bytes happen to the reference.
///
/// # Errors
/// The first thing that must not be.
pub fn host(bytes: &[u8]) -> Result<(), Finding> {
    over(&mut Reference::checked(), bytes)
}

/// Lets the bytes happen to a host.
///
/// # Errors
/// The first thing that must not be.
pub fn over(host: &mut dyn Host, bytes: &[u8]) -> Result<(), Finding> {
    let plan = Plan::read(bytes).map_err(|error| Finding::new("plan", error.to_string()))?;
    let link = bytes::link(&plan);
    let trace = traced(host, link, &mut Bytes::new(&plan))?;
    examined(&trace, Some(&plan.epilogue))?;
    // One input in eight is run twice: an accident of memory or order would not wait for a certain one.
    if bytes.iter().fold(0_u8, |sum, octet| sum.wrapping_add(*octet)).is_multiple_of(8) {
        let second = traced(host, link, &mut Bytes::new(&plan))?;
        let same = second == trace && store::parse(&store::print(&trace)).as_ref() == Ok(&trace);
        if !same {
            return Err(told("repeatable", "the same input gives another trace", trace));
        }
    }
    Ok(())
}

/// Lets the stimuli of a stored trace happen to the reference once more.
///
/// # Errors
/// The first thing that must not be, or what is wrong with the text.
pub fn again(text: &str) -> Result<(), Finding> {
    let stored = store::parse(text).map_err(|error| Finding::new("stored trace", error.to_string()))?;
    examined(&traced(&mut Reference::checked(), stored.link, &mut Stored::new(&stored))?, None)
}

fn told(class: &str, seen: impl Into<String>, trace: Trace) -> Finding {
    Finding { trace: Some(trace), ..Finding::new(class, seen) }
}

/// Runs a host in the lab.
fn traced(host: &mut dyn Host, link: Link, driver: &mut dyn Driver) -> Result<Trace, Finding> {
    let mut trace = Trace::new(link);
    let ran = host.reset(&lab::config(link)).and_then(|()| run(host, driver, &mut trace));
    match ran {
        Ok(()) => Ok(trace),
        Err(Fault::Crashed { how, .. }) => Err(told("crash", how, trace)),
        Err(Fault::Hung) => Err(told("hang", "the host works without time moving", trace)),
        Err(fault @ (Fault::Protocol(_) | Fault::Env(_))) => Err(told("rig", fault.to_string(), trace)),
    }
}

/// Looks at a trace in every way there is.
fn examined(trace: &Trace, epilogue: Option<&Epilogue>) -> Result<(), Finding> {
    let seen = packets::all(trace);
    let found = judged(trace)
        .and_then(|()| conduct::examine(trace, &seen))
        .and_then(|()| numbers::examine(trace, &seen))
        .and_then(|()| answers::examine(trace, &seen))
        .and_then(|()| stream::examine(trace, &seen))
        .and_then(|()| finish::examine(trace, &seen, epilogue));
    found.map_err(|finding| Finding { trace: Some(trace.clone()), ..finding })
}

/// The passive judge finds nothing.
fn judged(trace: &Trace) -> Result<(), Finding> {
    let report = crate::judge::trace(trace);
    let breach = report.verdicts.iter().find(|verdict| match verdict.outcome {
        Outcome::Fail | Outcome::Deviates => true,
        Outcome::Holds | Outcome::Note | Outcome::Undecided => false,
    });
    match breach {
        None => Ok(()),
        Some(verdict) => Err(Finding::new(
            format!("judge {} {}", verdict.rule.id, verdict.clause),
            format!(
                "frame {} at {}: {}; allowed: {}",
                verdict.number, verdict.at, verdict.seen, verdict.bound
            ),
        )),
    }
}

#[cfg(test)]
mod tests;
