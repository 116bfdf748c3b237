//! floor 7: from breaches to verdicts: what is kept of them, and what is decided at the end.

use super::assume::{Assumption, Calibration, Tap, Vantage};
use super::checksum::Kind;
use super::connection::Connection;
use super::hash::Mixed;
use super::hosts::Hosts;
use super::rule::{Breach, Rule};
use super::rules;
use super::seen::{self, Seen};
use super::shard::Bounds;
use super::table::Left;
use crate::requirement::Catalogue;
use crate::verdict::{Outcome, Reason};
use stack::base::Instant;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};

/// Different findings of all shards that are listed; further ones are only counted.
const LISTED_MAX: usize = 10_000;

/// A breach that is not decided yet. Further ones of the same kind only add to its count.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) rule: usize,
    pub(super) breach: Breach,
    pub(super) host: IpAddr,
    pub(super) ends: Option<(SocketAddr, SocketAddr)>,
    /// Number of the connection and the side that sent it.
    pub(super) connection: Option<(u64, usize)>,
    pub(super) number: u64,
    pub(super) at: Instant,
    pub(super) checksum: Option<Kind>,
    pub(super) count: u64,
    /// Where its first octet ends in the numbers of its sender, if it takes any and its checksum is wrong.
    pub(super) end: Option<u32>,
}

impl Pending {
    /// What makes it the same finding as another one.
    const fn fold(&self) -> Fold {
        (self.rule, self.breach.clause, self.breach.doubt, self.host, self.connection, self.end)
    }
}

/// A verdict on one host.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The rule.
    pub rule: &'static Rule,
    /// Id of the requirement.
    pub clause: &'static str,
    /// What it comes to. Never [`Outcome::Holds`]: that is only counted.
    pub outcome: Outcome,
    /// Why it is undecided.
    pub reason: Option<Reason>,
    /// The judged host.
    pub host: IpAddr,
    /// Sender and receiver, for TCP.
    pub ends: Option<(SocketAddr, SocketAddr)>,
    /// Number of the first frame that shows it.
    pub number: u64,
    /// Its time.
    pub at: Instant,
    /// How many packets show the same.
    pub count: u64,
    /// What the first of them shows.
    pub seen: String,
    /// What would have been allowed.
    pub bound: String,
}

/// What one rule met with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Packets on which it was kept although it could have been broken.
    pub holds: u64,
    /// Packets on which octets it needs were not captured.
    pub cut: u64,
    /// Packets on which it was broken, whatever that came to.
    pub broken: u64,
}

impl Tally {
    /// Whether the situation of the rule occurred and could be judged.
    pub const fn has_evidence(&self) -> bool {
        self.holds + self.broken > 0
    }
}

/// The result of judging a capture or a trace.
#[derive(Clone, Debug)]
pub struct Report {
    /// What the capture is like.
    pub calibration: Calibration,
    /// TCP connections seen.
    pub connections: u64,
    /// How many of them were let go of before the end.
    pub left: Left,
    /// In order of frame number.
    pub verdicts: Vec<Verdict>,
    /// Findings beyond those that are kept.
    pub unlisted: u64,
    /// What each rule met with, in order of [`rules`].
    pub tallies: Vec<Tally>,
    /// What is known of each host.
    pub hosts: BTreeMap<IpAddr, Seen>,
}

impl Report {
    /// Verdicts of this outcome, every packet counted.
    pub fn count(&self, outcome: Outcome) -> u64 {
        self.verdicts.iter().filter(|verdict| verdict.outcome == outcome).map(|verdict| verdict.count).sum()
    }

    /// Rules with evidence.
    pub fn with_evidence(&self) -> usize {
        self.tallies.iter().filter(|tally| tally.has_evidence()).count()
    }

    /// How often each reason kept a rule from deciding.
    pub fn undecided(&self) -> BTreeMap<Reason, u64> {
        let mut all = BTreeMap::new();
        for verdict in &self.verdicts {
            if let Some(reason) = verdict.reason {
                *all.entry(reason).or_insert(0) += verdict.count;
            }
        }
        let cut: u64 = self.tallies.iter().map(|tally| tally.cut).sum();
        if cut > 0 {
            *all.entry(Reason::Cut).or_insert(0) += cut;
        }
        all
    }
}

/// What makes two breaches the same finding.
type Fold = (usize, &'static str, Option<Reason>, IpAddr, Option<(u64, usize)>, Option<u32>);

/// Where breaches wait.
#[derive(Debug)]
pub(super) struct Store {
    bounds: Bounds,
    /// How many findings of each rule are kept.
    of_a_rule: Vec<usize>,
    kept: Vec<Pending>,
    places: HashMap<Fold, usize, Mixed>,
    /// Findings of connections that go on.
    open: HashMap<u64, Vec<usize>, Mixed>,
    /// Hosts whose packets are shown otherwise than they were on the wire.
    altered: HashSet<IpAddr>,
    unlisted: u64,
}

impl Store {
    /// A store of so many findings at the most.
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            of_a_rule: Vec::new(),
            kept: Vec::new(),
            places: HashMap::default(),
            open: HashMap::default(),
            altered: HashSet::new(),
            unlisted: 0,
        }
    }

    /// Keeps a breach, or counts it where it is known.
    pub(super) fn keep(&mut self, new: Pending) {
        let fold = new.fold();
        if let Some(place) = self.places.get(&fold) {
            self.kept[*place].count += 1;
            return;
        }
        if self.of_a_rule.len() <= new.rule {
            self.of_a_rule.resize(new.rule + 1, 0);
        }
        let of_a_rule = &mut self.of_a_rule[new.rule];
        if self.kept.len() >= self.bounds.findings || *of_a_rule >= self.bounds.of_a_rule {
            self.unlisted += 1;
            return;
        }
        *of_a_rule += 1;
        let place = self.kept.len();
        if let Some((connection, _)) = new.connection {
            self.open.entry(connection).or_default().push(place);
        }
        self.places.insert(fold, place);
        self.kept.push(new);
    }

    /// Takes over what another store has, whose connections are all over. What is about no connection may be
    /// in both.
    pub(super) fn absorb(&mut self, other: Self) {
        self.altered.extend(other.altered);
        self.unlisted += other.unlisted;
        for new in other.kept {
            let fold = new.fold();
            let known = self.places.get(&fold).filter(|_| new.connection.is_none());
            let Some(known) = known.and_then(|place| self.kept.get_mut(*place)) else {
                self.places.insert(fold, self.kept.len());
                self.kept.push(new);
                continue;
            };
            let count = known.count + new.count;
            if new.number < known.number {
                *known = new;
            }
            known.count = count;
        }
    }

    /// A connection is over: what it showed as a whole may excuse what was found in it.
    pub(super) fn close(&mut self, connection: &Connection, vantage: Vantage) {
        for place in self.open.remove(&connection.number).unwrap_or_default() {
            let found = &mut self.kept[place];
            let rule = rules().nth(found.rule);
            let (Some(rule), Some((_, side))) = (rule, found.connection) else { continue };
            // There it was looked at when it happened.
            if vantage == Vantage::AtHost {
                continue;
            }
            let taken = connection.sides[1 - side].numbers.highest_ack();
            let is_taken = |end: u32| taken.is_some_and(|ack| ack.wrapping_sub(end).cast_signed() >= 0);
            if found.end.is_some_and(is_taken) {
                found.breach.doubt = Some(Reason::Taken);
                self.altered.insert(found.host);
            }
            let stated = vantage.of(found.host);
            found.breach.doubt = found.breach.doubt.or_else(|| excuse(rule, connection, side, stated));
        }
    }

    /// Decides everything.
    pub(super) fn finish(
        mut self,
        calibration: Calibration,
        hosts: &Hosts,
        (connections, left): (u64, Left),
        tallies: Vec<Tally>,
    ) -> Report {
        self.kept.sort_unstable_by_key(|found| (found.number, found.rule));
        self.list();
        let kept = self.kept.into_iter().map(|found| (self.altered.contains(&found.host), found));
        let decided = kept.filter_map(|(altered, found)| decide(found, altered, hosts, &calibration));
        let verdicts = decided.collect();
        let hosts = seen::all(hosts, calibration.vantage);
        let unlisted = self.unlisted;
        Report { calibration, connections, left, verdicts, unlisted, tallies, hosts }
    }

    /// Leaves the first findings of each rule, and of all.
    fn list(&mut self) {
        let (mut listed, mut of_a_rule) = (0, vec![0; rules().count()]);
        let (bounds, unlisted) = (self.bounds, &mut self.unlisted);
        self.kept.retain(|found| {
            let of_this = &mut of_a_rule[found.rule];
            let stays = listed < LISTED_MAX && *of_this < bounds.of_a_rule;
            if stays {
                listed += 1;
                *of_this += 1;
            } else {
                *unlisted += found.count;
            }
            stays
        });
    }
}

/// Which assumption of the rule the connection as a whole refutes. Who states that the tap is near says that
/// it misses nothing; and who states that it is on the host, that what comes in another order than it was
/// sent in changed places before it came to the tap.
fn excuse(rule: &Rule, connection: &Connection, side: usize, stated: Option<Tap>) -> Option<Reason> {
    let near = stated.is_some_and(|tap| tap <= Tap::OnLink);
    let (own, peer) = (&connection.sides[side].numbers, &connection.sides[1 - side].numbers);
    rule.assumptions.iter().find_map(|assumption| match assumption {
        Assumption::Untouched | Assumption::Genuine => own.hops_differ().then_some(Reason::SeveralTtls),
        Assumption::AllOfHost if own.has_fragments() => Some(Reason::Fragments),
        Assumption::AllOfHost => (own.has_gap() || peer.acknowledged_unseen()).then_some(Reason::HostUnseen),
        Assumption::AllOfPeer if peer.has_fragments() => Some(Reason::Fragments),
        // What the other side took and the capture does not have shows that it lost packets of either side.
        Assumption::AllOfPeer => {
            let reported = connection.sides[side].ack.unsent().is_some();
            let unseen = own.acknowledged_unseen() || peer.acknowledged_unseen();
            (reported || unseen).then_some(Reason::PeerUnseen)
        }
        Assumption::AllOffers => {
            let window = &connection.sides[1 - side].window;
            (!near && window.may_miss_an_offer()).then_some(Reason::PeerUnseen)
        }
        Assumption::Whole | Assumption::WithinReach => connection.doubt_of_peer(side, *assumption),
        // A bare acknowledgement leaves no gap where it is missing.
        Assumption::Silence => (!near).then_some(Reason::NotNear),
        Assumption::BothWays => (peer.segments == 0).then_some(Reason::OneDirection),
        Assumption::Handshake => (!connection.is_handshake_known()).then_some(Reason::NoHandshake),
        Assumption::InOrder => {
            let of_peer = stated != Some(Tap::AtHost) && connection.sides[1 - side].sent.is_in_disorder();
            (of_peer || connection.sides[side].sent.is_in_disorder()).then_some(Reason::Disorder)
        }
        // These are settled by the packet, by the rule, by the host, and by the capture.
        Assumption::NoCopies
        | Assumption::Captured
        | Assumption::Arrived
        | Assumption::NoOffload
        | Assumption::Clock
        | Assumption::NoErrors
        | Assumption::SameMtu => None,
    })
}

/// Which assumption of the rule the capture as a whole refutes.
fn refuted(rule: &Rule, found: &Pending, hosts: &Hosts, calibration: &Calibration) -> Option<Reason> {
    let host = found.host;
    let lost = calibration.lost_from.is_some_and(|from| from <= found.number);
    let tap = calibration.vantage.of(host).unwrap_or_else(|| hosts.tap(host));
    let uneven = calibration.backwards > 0;
    rule.assumptions
        .iter()
        .find_map(|assumption| match assumption {
            Assumption::Clock => uneven.then_some(Reason::Clock),
            Assumption::NoCopies => calibration.copied.has(found.ends).then_some(Reason::MaybeCopy),
            Assumption::AllOfHost | Assumption::AllOfPeer | Assumption::AllOffers | Assumption::Silence => {
                lost.then_some(Reason::Lost)
            }
            Assumption::InOrder => uneven.then_some(Reason::Disorder),
            Assumption::Captured
            | Assumption::NoErrors
            | Assumption::SameMtu
            | Assumption::Whole
            | Assumption::WithinReach
            | Assumption::BothWays
            | Assumption::Handshake
            | Assumption::Untouched
            | Assumption::Arrived
            | Assumption::NoOffload
            | Assumption::Genuine => None,
        })
        .or_else(|| errors(rule, host, hosts))
        .or((tap > rule.tap).then_some(Reason::NotNear))
}

/// Whether ICMP errors told the host something that the rule takes it not to know.
fn errors(rule: &Rule, host: IpAddr, hosts: &Hosts) -> Option<Reason> {
    let facts = hosts.get(host);
    let rests_on = |assumption| rule.assumptions.contains(&assumption);
    let told = facts.had_errors && rests_on(Assumption::NoErrors)
        || facts.had_too_big && rests_on(Assumption::SameMtu);
    told.then_some(Reason::IcmpErrors)
}

fn decide(found: Pending, altered: bool, hosts: &Hosts, calibration: &Calibration) -> Option<Verdict> {
    let rule = rules().nth(found.rule)?;
    let one_bit = found.breach.doubt == Some(Reason::OneBit);
    let reason = match (calibration.vantage, found.checksum) {
        // At its own door a host has no excuse that lies in the recording.
        (Vantage::AtHost, _) => {
            let told = || errors(rule, found.host, hosts);
            found.breach.doubt.filter(|doubt| doubt.is_of_traffic()).or_else(told)
        }
        (Vantage::Anywhere | Vantage::Stated(..), Some(kind)) => {
            let settled = found.breach.doubt.filter(|_| !one_bit);
            let by_host = || hosts.get(found.host).doubt_checksum(kind, one_bit);
            settled.or_else(by_host).or(altered.then_some(Reason::Altered))
        }
        (Vantage::Anywhere | Vantage::Stated(..), None) => {
            found.breach.doubt.or_else(|| refuted(rule, &found, hosts, calibration))
        }
    };
    let level = Catalogue::embedded().get(found.breach.clause)?.level;
    let outcome = match reason {
        Some(_) => Outcome::Undecided,
        None => Outcome::of_breach(level).min(rule.ceiling),
    };
    Some(Verdict {
        rule,
        clause: found.breach.clause,
        outcome,
        reason,
        host: found.host,
        ends: found.ends,
        number: found.number,
        at: found.at,
        count: found.count,
        seen: found.breach.seen,
        bound: found.breach.bound,
    })
}
