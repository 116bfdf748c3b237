//! floor 8: the judge accuses nobody who is innocent: the body of the fuzz target `judge`.
//!
//! Two references meet on a hostile link, taps all along it record them, with all that taps do wrong, and the
//! judge reads what they recorded. Both hosts keep the rules, so every accusation is a mistake of the judge.

mod alike;
pub mod shorten;

use super::Finding;
use super::pair::references;
use crate::drive::link::plan::Plan;
use crate::drive::link::{Variation, lab, packet_at};
use crate::judge::assume::{Tap, Vantage};
use crate::judge::packet::{self, Sighting};
use crate::judge::{Judge, Report, Verdict};
#[cfg(target_os = "linux")]
use crate::run::linux;
use crate::run::pair::{Ended, Meeting};
use crate::run::tap::plan::TapPlan;
use crate::run::tap::{Place, Recording, card, flaw, perfect};
use crate::trace::Link;
use crate::verdict::Outcome;
use stack::wire::ethernet::{self, EtherType};
use std::net::IpAddr;

/// What the judge says of one recording.
#[derive(Debug)]
pub struct Heard {
    /// Where the tap was.
    pub place: Place,
    /// What was done to the recording, and what the judge was told: words for a table.
    pub how: &'static str,
    /// What was recorded.
    pub recording: Recording,
    /// What the judge says.
    pub report: Report,
}

impl Heard {
    /// What it holds against the hosts.
    pub fn accusations(&self) -> impl Iterator<Item = &Verdict> {
        self.report.verdicts.iter().filter(|verdict| accuses(verdict))
    }
}

/// Whether a verdict claims that a host did something wrong.
pub fn accuses(verdict: &Verdict) -> bool {
    match verdict.outcome {
        Outcome::Fail | Outcome::Deviates => true,
        Outcome::Holds | Outcome::Note | Outcome::Undecided => false,
    }
}

/// How capture files begin, whichever way round their numbers are: pcap, to the microsecond and to the
/// nanosecond, and pcapng.
const FILES: [[u8; 4]; 5] = [
    [0xd4, 0xc3, 0xb2, 0xa1],
    [0xa1, 0xb2, 0xc3, 0xd4],
    [0x4d, 0x3c, 0xb2, 0xa1],
    [0xa1, 0xb2, 0x3c, 0x4d],
    [0x0a, 0x0d, 0x0d, 0x0a],
];

/// Lets the bytes happen: first those of the taps, then those of the meeting. What looks like a capture file
/// is judged as one.
///
/// # Errors
/// The first accusation of somebody who is innocent, or a guise in which a recording looks otherwise.
pub fn run(bytes: &[u8]) -> Result<(), Finding> {
    if FILES.iter().any(|magic| bytes.starts_with(magic)) {
        alike::any(bytes);
        return Ok(());
    }
    let (taps, plan) = bytes.split_at(bytes.len().min(TapPlan::OCTETS));
    let refused = |error: arbitrary::Error| Finding::new("plan", error.to_string());
    planned(&Plan::read(plan).map_err(refused)?, &TapPlan::read(taps).map_err(refused)?)
}

/// The bytes that stand for both plans.
pub fn write(plan: &Plan, taps: &TapPlan) -> Vec<u8> {
    [taps.write(), plan.write()].concat()
}

/// Lets plans happen.
///
/// # Errors
/// The first accusation.
pub fn planned(plan: &Plan, taps: &TapPlan) -> Result<(), Finding> {
    let all = all(plan, taps);
    for heard in &all {
        if let Some(verdict) = heard.accusations().next() {
            return Err(told(verdict, heard, plan, taps));
        }
    }
    // One of them is looked at in every guise.
    let one = usize::from(taps.seed) % all.len().max(1);
    all.get(one).map_or(Ok(()), |heard| alike::look(&heard.recording))
}

/// A meeting as it is judged from everywhere.
///
/// No box joins segments on the way: it would make larger ones than their receiver takes, and leave no trace.
/// Network cards do, and leave one.
pub fn all(plan: &Plan, taps: &TapPlan) -> Vec<Heard> {
    const CUTS: u8 = 7;
    let mut plan = plan.clone();
    plan.ways.iter_mut().for_each(|way| way.recut &= CUTS);
    let meeting = references(&plan, Variation { overheard: true, ..Variation::default() });
    if matches!(meeting.ended, Ended::Failed { .. }) {
        // That two hosts come to an end is asked elsewhere.
        return Vec::new();
    }
    let hosts = [0, 1].map(|end| lab::addr(end, plan.v6()));
    Place::ALL.iter().flat_map(|place| from(&meeting, *place, hosts, taps)).collect()
}

/// What the judge says of what taps took between two kernels. Where one could not take everything, no
/// nearness is stated.
#[cfg(target_os = "linux")]
pub fn kernels(taken: &[linux::Taken], seed: u64) -> Vec<Heard> {
    let mut all = Vec::new();
    for (tap, index) in taken.iter().zip(0..) {
        let place = tap.place;
        let mut hear = |how, recording: &Recording, vantage| {
            all.push(Heard { place, how, recording: recording.clone(), report: judged(recording, vantage) });
        };
        hear("", &tap.recording, Vantage::Anywhere);
        let stated = match place {
            Place::At(end) => Some((Tap::AtHost, end)),
            Place::Near(end) => Some((Tap::OnLink, end)),
            Place::Middle => None,
        };
        if let Some((nearness, end)) = stated.filter(|_| tap.dropped == 0) {
            for addr in linux::addrs(end) {
                hear("stated", &tap.recording, Vantage::Stated(nearness, Some(addr)));
            }
        }
        for flaws in (0..3).map(|more| TapPlan::from_seed(seed << 8 | index << 4 | more)) {
            let flawed = flaw::flawed(&tap.recording, &flaws);
            if flawed != tap.recording {
                hear("flawed", &flawed, Vantage::Anywhere);
            }
        }
    }
    all
}

/// What the judge says of the tap at one place: as it is, with what is stated about it, and with flaws.
fn from(meeting: &Meeting, place: Place, hosts: [IpAddr; 2], taps: &TapPlan) -> Vec<Heard> {
    let clean = perfect(meeting, place, taps);
    let mut heard = Vec::new();
    let mut hear = |how, recording: &Recording, vantage| {
        let report = judged(recording, vantage);
        heard.push(Heard { place, how, recording: recording.clone(), report });
    };
    hear("", &clean, Vantage::Anywhere);
    let mut recorded = clean.clone();
    match place {
        Place::At(end) => {
            let stated = Vantage::Stated(Tap::AtHost, Some(hosts[end]));
            hear("stated", &clean, stated);
            if taps.card(end) {
                recorded = card::below(&clean, end, taps);
                hear("card", &recorded, Vantage::Anywhere);
                hear("card stated", &recorded, stated);
            }
        }
        Place::Near(end) => hear("stated", &clean, Vantage::Stated(Tap::OnLink, Some(hosts[end]))),
        Place::Middle => hear("stated", &clean, Vantage::Stated(Tap::Anywhere, None)),
    }
    let flawed = flaw::flawed(&recorded, taps);
    if flawed != recorded {
        hear("flawed", &flawed, Vantage::Anywhere);
    }
    heard
}

/// Judges a recording.
pub fn judged(recording: &Recording, vantage: Vantage) -> Report {
    let mut judge = Judge::new(vantage);
    for (number, shot) in (1..).zip(&recording.shots) {
        let Some((ethertype, link, at)) = network(recording.link, &shot.bytes) else {
            judge.pass_over();
            continue;
        };
        judge.see(Sighting {
            number,
            at: shot.at,
            ethertype,
            link,
            bytes: shot.bytes.get(at..).unwrap_or(&[]),
            wire_len: shot.wire_len.saturating_sub(u32::try_from(at).unwrap_or(0)),
            inside: false,
            judged: true,
        });
    }
    judge.finish()
}

/// What a frame carries, and where it begins.
fn network(link: Link, frame: &[u8]) -> Option<(EtherType, Option<packet::Link>, usize)> {
    let at = packet_at(link);
    match link {
        Link::Ethernet => {
            let view = ethernet::View::read(frame).ok()?;
            Some((view.ethertype(), Some(packet::Link::plain(&view)), at))
        }
        Link::Ip => match frame.first()? >> 4 {
            4 => Some((EtherType::IPV4, None, at)),
            6 => Some((EtherType::IPV6, None, at)),
            _ => None,
        },
    }
}

fn told(verdict: &Verdict, heard: &Heard, plan: &Plan, taps: &TapPlan) -> Finding {
    let class = format!("judge {} {}", verdict.rule.id, verdict.clause);
    let bytes: String = write(plan, taps).iter().map(|octet| format!("{octet:02x}")).collect();
    let seen = format!(
        "{} {}: frame {} at {}: {}; allowed: {}; plans {bytes}",
        heard.place.name(),
        heard.how,
        verdict.number,
        verdict.at,
        verdict.seen,
        verdict.bound,
    );
    Finding::new(class, seen)
}
