//! floor 8: how much the judge sees: good traces of real hosts with one thing made wrong, the same from a tap
//! at the judged host, on its link, and at the other end. For each kind of fault and for each rule the share
//! that is noticed.

pub mod bounds;
pub mod edit;
pub mod fault;
pub mod story;
pub mod table;

mod faults_below;
mod faults_flow;
mod faults_form;
mod faults_open;

pub use fault::{Fault, faults};
pub use table::Table;

use crate::judge::assume::{Tap, Vantage};
use crate::judge::{Judge, Report, Verdict, packet::Sighting};
use crate::trace::capture::CaptureError;
use crate::verdict::{Outcome, Reason};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use story::{Frame, Story};

/// Where the tap is, as the columns of the table have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// At the judged host, and stated.
    Host,
    /// On its link, and stated.
    Link,
    /// At the other end, and nothing is stated.
    Far,
}

impl Place {
    /// Every place.
    pub const ALL: [Self; 3] = [Self::Host, Self::Link, Self::Far];

    /// Head of its column.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Link => "link",
            Self::Far => "far",
        }
    }

    const fn vantage(self, host: IpAddr) -> Vantage {
        match self {
            Self::Host => Vantage::Stated(Tap::AtHost, Some(host)),
            Self::Link => Vantage::Stated(Tap::OnLink, Some(host)),
            Self::Far => Vantage::Anywhere,
        }
    }
}

/// How many findings each rule has about a host; what is undecided is none.
type Findings = BTreeMap<&'static str, u64>;

fn findings(report: &Report, host: IpAddr) -> Findings {
    let mut found = Findings::new();
    for verdict in report.verdicts.iter().filter(|verdict| verdict.host == host) {
        if verdict.outcome != Outcome::Undecided {
            *found.entry(verdict.rule.id).or_insert(0) += verdict.count;
        }
    }
    found
}

fn judged(frames: &[Frame], vantage: Vantage) -> Report {
    let mut judge = Judge::new(vantage);
    for (number, frame) in (1..).zip(frames) {
        judge.see(Sighting {
            number,
            at: frame.at,
            ethertype: frame.ethertype,
            link: None,
            bytes: &frame.bytes,
            wire_len: frame.wire_len,
            inside: false,
            judged: true,
        });
    }
    judge.finish()
}

/// Why the rules that a fault is made for could not decide.
fn doubts(report: &Report, host: IpAddr, fault: &Fault) -> Vec<Reason> {
    let of_fault = |verdict: &&Verdict| verdict.host == host && fault.rules.contains(&verdict.rule.id);
    report.verdicts.iter().filter(of_fault).filter_map(|verdict| verdict.reason).collect()
}

/// The rules that find more in the altered frames than in the good ones.
fn noticed(altered: &Findings, good: &Findings) -> Vec<&'static str> {
    let more = altered.iter().filter(|(rule, count)| good.get(*rule).is_none_or(|before| *count > before));
    more.map(|(rule, _)| *rule).collect()
}

/// Tries every fault at up to `trials` places of the captures in a folder that `MANIFEST.toml` beside it
/// tells the tap of, for each place of the tap.
///
/// # Errors
/// If a capture can not be read.
pub fn measure(folder: &Path, trials: usize) -> Result<Table, CaptureError> {
    let stories = story::load(folder)?;
    let mut table = Table::default();
    for place in Place::ALL {
        let scenes: Vec<(&Story, Findings)> = stories
            .iter()
            .filter(|story| story.is_seen_from(place))
            .map(|story| (story, findings(&judged(&story.frames, place.vantage(story.host)), story.host)))
            .collect();
        for fault in faults() {
            let places = scenes.iter().enumerate().flat_map(|(scene, (story, _))| {
                (0..story.frames.len()).filter(|at| (fault.fits)(story, *at)).map(move |at| (scene, at))
            });
            let places: Vec<(usize, usize)> = places.collect();
            for (scene, at) in evenly(&places, trials) {
                let (story, good) = &scenes[scene];
                let mut altered = (*story).clone();
                (fault.apply)(&mut altered, at);
                altered.frames.sort_by_key(|frame| frame.at);
                let report = judged(&altered.frames, place.vantage(story.host));
                table.add(
                    fault,
                    place,
                    &noticed(&findings(&report, story.host), good),
                    &doubts(&report, story.host, fault),
                );
            }
        }
    }
    Ok(table)
}

/// So many of them, spread over all.
fn evenly<T: Copy>(all: &[T], most: usize) -> Vec<T> {
    let count = all.len().min(most);
    (0..count).map(|index| all[index * all.len() / count]).collect()
}
