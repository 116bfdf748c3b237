//! floor 8: how much the judge sees: good traces of real hosts with one thing made wrong, the same from a tap
//! at the judged host, on its link, and at the other end. For each kind of fault and for each rule the share
//! that is noticed.

pub mod alter;
pub mod bounds;
pub mod edit;
pub mod fault;
pub mod mutants;
pub mod packet;
pub mod story;
pub mod table;

mod faults_ack;
mod faults_below;
mod faults_close;
mod faults_flow;
mod faults_form;
mod faults_frame;
mod faults_icmp;
mod faults_open;
mod faults_retransmit;
mod faults_send;
mod faults_take;
mod faults_v6;
mod variant;

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

/// The findings about the judged host, and about addresses that nobody has: a fault may have made them up.
fn findings(report: &Report, story: &Story) -> Findings {
    let mut found = Findings::new();
    for verdict in report.verdicts.iter().filter(|verdict| is_meant(verdict, story)) {
        if verdict.outcome != Outcome::Undecided {
            *found.entry(verdict.rule.id).or_insert(0) += verdict.count;
        }
    }
    found
}

fn is_meant(verdict: &Verdict, story: &Story) -> bool {
    verdict.host == story.host || !story.knows(verdict.host)
}

fn judged(frames: &[Frame], vantage: Vantage) -> Report {
    let mut judge = Judge::new(vantage);
    for (number, frame) in (1..).zip(frames) {
        judge.see(Sighting {
            number,
            at: frame.at,
            ethertype: frame.ethertype,
            link: frame.link,
            bytes: &frame.bytes,
            wire_len: frame.wire_len,
            inside: false,
            judged: true,
        });
    }
    judge.finish()
}

/// Why the rules that a fault is made for could not decide.
fn doubts(report: &Report, story: &Story, fault: &Fault) -> Vec<Reason> {
    let of_fault = |verdict: &&Verdict| is_meant(verdict, story) && fault.rules.contains(&verdict.rule.id);
    report.verdicts.iter().filter(of_fault).filter_map(|verdict| verdict.reason).collect()
}

/// The rules that find more in the altered frames than in the good ones.
fn noticed(altered: &Findings, good: &Findings) -> Vec<&'static str> {
    let more = altered.iter().filter(|(rule, count)| good.get(*rule).is_none_or(|before| *count > before));
    more.map(|(rule, _)| *rule).collect()
}

/// One fault at one place.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Name of the capture.
    pub story: String,
    /// The host that it was made of.
    pub host: IpAddr,
    /// Number of the frame that it was made in, as in the capture.
    pub frame: usize,
    /// Rules that noticed it.
    pub noticed: Vec<&'static str>,
    /// Why those that it is made for could not decide.
    pub doubts: Vec<Reason>,
}

/// Tries a fault at up to `trials` places of these stories. Returns the trials, and how many places were left
/// out because nothing would be wrong there.
fn tried(fault: &Fault, place: Place, scenes: &[(&Story, Findings)], trials: usize) -> (Vec<Trial>, u64) {
    let mut harmless = 0;
    let mut places = Vec::new();
    for (scene, (story, _)) in scenes.iter().enumerate() {
        for at in (0..story.frames.len()).filter(|at| (fault.fits)(story, *at)) {
            if (fault.harmless)(story, at) {
                harmless += 1;
            } else {
                places.push((scene, at));
            }
        }
    }
    let trial = |(scene, at): (usize, usize)| {
        let (story, good): &(&Story, Findings) = &scenes[scene];
        let mut altered = (*story).clone();
        (fault.apply)(&mut altered, at);
        let report = judged(&altered.told(), place.vantage(story.host));
        Trial {
            story: story.name.clone(),
            host: story.host,
            frame: at,
            noticed: noticed(&findings(&report, story), good),
            doubts: doubts(&report, story, fault),
        }
    };
    (evenly(&places, trials).into_iter().map(trial).collect(), harmless)
}

/// The stories for a place of the tap, with what is found in them as they are.
fn scenes(stories: &[Story], place: Place) -> Vec<(&Story, Findings)> {
    let near = stories.iter().filter(|story| story.is_seen_from(place));
    near.map(|story| (story, findings(&judged(&story.frames, place.vantage(story.host)), story))).collect()
}

/// The stories of a folder of captures and what is made of them.
fn stories(folder: &Path) -> Result<Vec<Story>, CaptureError> {
    let mut all = story::load(folder)?;
    let more: Vec<Story> = all.iter().flat_map(variant::all).collect();
    all.extend(more);
    Ok(all)
}

/// Tries every fault at up to `trials` places of the captures in a folder that `MANIFEST.toml` beside it
/// tells the tap of, for each place of the tap.
///
/// # Errors
/// If a capture can not be read.
pub fn measure(folder: &Path, trials: usize) -> Result<Table, CaptureError> {
    let stories = stories(folder)?;
    let mut table = Table::default();
    for place in Place::ALL {
        let scenes = scenes(&stories, place);
        for fault in faults() {
            let (trials, harmless) = tried(fault, place, &scenes, trials);
            trials.iter().for_each(|trial| table.add(fault, place, trial));
            table.leave_out(fault, place, harmless);
        }
    }
    Ok(table)
}

/// The trials of the faults of this name that the rules made for them did not notice.
///
/// # Errors
/// If a capture can not be read.
pub fn missed(folder: &Path, trials: usize, name: &str) -> Result<Vec<(Place, Trial)>, CaptureError> {
    let stories = stories(folder)?;
    let mut all = Vec::new();
    for place in Place::ALL {
        let scenes = scenes(&stories, place);
        for fault in faults().filter(|fault| fault.name == name) {
            let (trials, _) = tried(fault, place, &scenes, trials);
            let missed = |trial: &Trial| !fault.rules.iter().any(|rule| trial.noticed.contains(rule));
            all.extend(trials.into_iter().filter(missed).map(|trial| (place, trial)));
        }
    }
    Ok(all)
}

/// So many of them, spread over all.
fn evenly<T: Copy>(all: &[T], most: usize) -> Vec<T> {
    let count = all.len().min(most);
    (0..count).map(|index| all[index * all.len() / count]).collect()
}
