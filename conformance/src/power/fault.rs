//! floor 8: what a fault is: one thing in one packet of the judged host that its rules are to notice.

use super::story::Story;
use super::{faults_below, faults_flow, faults_form, faults_open};

/// A kind of fault.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// Its name.
    pub name: &'static str,
    /// The rules that it breaks.
    pub rules: &'static [&'static str],
    /// Whether it can be made in this frame, so that something is wrong afterwards.
    pub fits: fn(&Story, usize) -> bool,
    /// Makes it.
    pub apply: fn(&mut Story, usize),
}

/// Every kind of fault.
pub fn faults() -> impl Iterator<Item = &'static Fault> {
    [faults_form::FAULTS, faults_open::FAULTS, faults_flow::FAULTS, faults_below::FAULTS]
        .into_iter()
        .flatten()
}
