//! floor 8: what a fault is: one thing in what the judged host sends that its rules are to notice.

use super::story::Story;
use super::{
    faults_ack, faults_below, faults_close, faults_flow, faults_form, faults_frame, faults_icmp, faults_open,
    faults_retransmit, faults_send, faults_take, faults_v6,
};

/// A kind of fault.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// Its name.
    pub name: &'static str,
    /// The rules that it breaks.
    pub rules: &'static [&'static str],
    /// Whether it can be made in this frame.
    pub fits: fn(&Story, usize) -> bool,
    /// Whether nothing is wrong afterwards, or something else may be the cause: such places are left out, and
    /// counted.
    pub harmless: fn(&Story, usize) -> bool,
    /// Makes it.
    pub apply: fn(&mut Story, usize),
}

/// For faults that are wrong wherever they fit.
pub(super) const fn never(_: &Story, _: usize) -> bool {
    false
}

/// Every kind of fault.
pub fn faults() -> impl Iterator<Item = &'static Fault> {
    [
        faults_form::FAULTS,
        faults_open::FAULTS,
        faults_flow::FAULTS,
        faults_ack::FAULTS,
        faults_take::FAULTS,
        faults_send::FAULTS,
        faults_retransmit::FAULTS,
        faults_close::FAULTS,
        faults_below::FAULTS,
        faults_icmp::FAULTS,
        faults_frame::FAULTS,
    ]
    .into_iter()
    .flatten()
    .chain(faults_v6::all())
}
