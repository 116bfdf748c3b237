//! floor 2: the neighbour cache (RFC 4861 section 7.3, RFC 1122 section 2.3.2). The same machine serves ARP,
//! whose unicast poll is the probe. It sends nothing itself: it says what is to be asked.

use super::{Emit, NeighborConfig};
use crate::base::{Instant, Mac, Why};
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::net::IpAddr;

/// Packets that wait, oldest first.
pub(super) type Waiting = VecDeque<Vec<u8>>;

#[derive(Debug)]
enum State {
    /// Asked for, not known yet.
    Incomplete { asked: u8, waiting: Waiting },
    /// Known and confirmed not long ago.
    Reachable { mac: Mac },
    /// Known, nothing more.
    Stale { mac: Mac },
    /// Known and in use; if nothing confirms it soon it is probed.
    Delay { mac: Mac },
    /// Known and being asked whether it is still there.
    Probe { mac: Mac, asked: u8 },
    /// Configured.
    Permanent { mac: Mac },
}

impl State {
    const fn mac(&self) -> Option<Mac> {
        match self {
            Self::Incomplete { .. } => None,
            Self::Reachable { mac }
            | Self::Stale { mac }
            | Self::Delay { mac }
            | Self::Probe { mac, .. }
            | Self::Permanent { mac } => Some(*mac),
        }
    }
}

#[derive(Debug)]
struct Entry {
    state: State,
    timer: Option<Instant>,
    is_router: bool,
    /// When it was used last, on the cache's own count.
    used: u64,
}

/// What somebody said about a neighbour.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hearsay {
    /// Its link-layer address, if it was given.
    pub(super) mac: Option<Mac>,
    /// Whether a neighbour that is not known is entered.
    pub(super) create: bool,
    /// Whether it answers a question of ours.
    pub(super) confirmed: bool,
    /// Whether it replaces a different address.
    pub(super) overrides: bool,
    /// Whether the neighbour forwards, if it was said.
    pub(super) is_router: Option<bool>,
}

/// What time has brought.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// The neighbour is to be asked: the one station, or everybody.
    Ask { addr: IpAddr, to: Option<Mac> },
    /// The neighbour never answered; these packets can not be sent.
    GaveUp { waiting: Waiting },
}

/// All neighbours that are known or asked for.
#[derive(Debug)]
pub(super) struct Cache {
    config: NeighborConfig,
    entries: BTreeMap<IpAddr, Entry>,
    timers: BTreeSet<(Instant, IpAddr)>,
    incomplete: usize,
    waiting_octets: usize,
    uses: u64,
}

impl Cache {
    /// A cache with the configured neighbours, which count towards no bound.
    pub(super) fn new(config: NeighborConfig, known: &[(IpAddr, Mac)]) -> Self {
        let entry = |mac| Entry { state: State::Permanent { mac }, timer: None, is_router: false, used: 0 };
        Self {
            config,
            entries: known.iter().map(|&(addr, mac)| (addr, entry(mac))).collect(),
            timers: BTreeSet::new(),
            incomplete: 0,
            waiting_octets: 0,
            uses: 0,
        }
    }

    /// The link-layer address to send to now, if it is known. Using a stale one starts the delay after
    /// which it is probed.
    pub(super) fn resolve(&mut self, now: Instant, addr: IpAddr) -> Option<Mac> {
        self.uses += 1;
        let entry = self.entries.get_mut(&addr)?;
        entry.used = self.uses;
        let mac = entry.state.mac()?;
        if matches!(entry.state, State::Stale { .. }) {
            self.enter(addr, State::Delay { mac }, Some(now + self.config.delay));
        }
        Some(mac)
    }

    /// Lets `packet` wait for `addr`, which is not known. True if the neighbour is to be asked now: only
    /// for the first packet, the others wait with it.
    pub(super) fn wait(&mut self, now: Instant, addr: IpAddr, packet: &[u8], out: &mut dyn Emit) -> bool {
        let is_new = !self.entries.contains_key(&addr);
        if is_new {
            // Half of the table at most is for those who may not exist: a scan can not push out the rest.
            if self.incomplete * 2 >= self.config.entries || !self.make_room() {
                out.discard(Why::NeighborTableFull);
                return false;
            }
            let state = State::Incomplete { asked: 1, waiting: Waiting::new() };
            self.enter(addr, state, Some(now + self.config.retransmit));
        }
        self.queue(addr, packet, out);
        is_new
    }

    fn queue(&mut self, addr: IpAddr, packet: &[u8], out: &mut dyn Emit) {
        let Some(Entry { state: State::Incomplete { waiting, .. }, .. }) = self.entries.get_mut(&addr) else {
            return;
        };
        let limit = self.config.waiting_octets;
        //= RFC1122-2.3.2.2-a
        //= RFC4861-7.2.2-c
        while (waiting.len() >= self.config.waiting_packets || self.waiting_octets + packet.len() > limit)
            && let Some(oldest) = waiting.pop_front()
        {
            self.waiting_octets -= oldest.len();
            out.discard(Why::NeighborQueueFull);
        }
        if self.waiting_octets + packet.len() > limit || self.config.waiting_packets == 0 {
            out.discard(Why::NeighborQueueFull);
            return;
        }
        self.waiting_octets += packet.len();
        waiting.push_back(packet.to_vec());
    }

    /// Whether an answer from `addr` is awaited.
    pub(super) fn is_asked(&self, addr: IpAddr) -> bool {
        self.entries
            .get(&addr)
            .is_some_and(|entry| matches!(entry.state, State::Incomplete { .. } | State::Probe { .. }))
    }

    /// Takes in what somebody said about `addr` and returns the packets that can go to `mac` now.
    ///
    /// # Errors
    ///
    /// The reason why it changes nothing.
    pub(super) fn heard(&mut self, now: Instant, addr: IpAddr, hearsay: Hearsay) -> Result<Waiting, Why> {
        if hearsay.mac.is_some_and(Mac::is_group) {
            return Err(Why::NdLinkAddressInvalid);
        }
        let Some(entry) = self.entries.get(&addr) else {
            return self.heard_of_new(addr, hearsay);
        };
        if let (Some(said), true) = (hearsay.is_router, !matches!(entry.state, State::Incomplete { .. })) {
            self.set_router(addr, said, hearsay);
        }
        let Some(entry) = self.entries.get(&addr) else { return Ok(Waiting::new()) };
        match (&entry.state, hearsay.mac) {
            (State::Permanent { .. }, _) => Ok(Waiting::new()),
            (State::Incomplete { .. }, None) => Err(Why::NdLinkAddressMissing),
            (State::Incomplete { .. }, Some(mac)) => Ok(self.complete(now, addr, mac, hearsay)),
            (
                State::Reachable { mac: known }
                | State::Stale { mac: known }
                | State::Delay { mac: known }
                | State::Probe { mac: known, .. },
                said,
            ) => {
                let known = *known;
                self.heard_of_known(now, addr, known, said.unwrap_or(known), hearsay)
            }
        }
    }

    fn heard_of_new(&mut self, addr: IpAddr, hearsay: Hearsay) -> Result<Waiting, Why> {
        let (Some(mac), true) = (hearsay.mac, hearsay.create) else {
            //= RFC4861-7.2.5-a
            return Err(Why::NdUnknownNeighbor);
        };
        if !self.make_room() {
            return Err(Why::NeighborTableFull);
        }
        //= RFC4861-7.2.3-a
        self.enter(addr, State::Stale { mac }, None);
        Ok(Waiting::new())
    }

    fn complete(&mut self, now: Instant, addr: IpAddr, mac: Mac, hearsay: Hearsay) -> Waiting {
        let waiting = if hearsay.confirmed {
            self.enter(addr, State::Reachable { mac }, Some(now + self.reachable(addr)))
        } else {
            self.enter(addr, State::Stale { mac }, None)
        };
        self.set_router(addr, hearsay.is_router.unwrap_or(false), hearsay);
        waiting
    }

    fn heard_of_known(
        &mut self,
        now: Instant,
        addr: IpAddr,
        known: Mac,
        said: Mac,
        hearsay: Hearsay,
    ) -> Result<Waiting, Why> {
        if said != known && !hearsay.overrides {
            //= RFC4861-7.2.5-b
            if self.is_reachable(addr) {
                self.enter(addr, State::Stale { mac: known }, None);
            }
            return Err(Why::NdNotOverriding);
        }
        if hearsay.confirmed {
            self.enter(addr, State::Reachable { mac: said }, Some(now + self.reachable(addr)));
        } else if said != known {
            //= RFC4861-7.2.5-c
            self.enter(addr, State::Stale { mac: said }, None);
        }
        Ok(Waiting::new())
    }

    fn is_reachable(&self, addr: IpAddr) -> bool {
        self.entries.get(&addr).is_some_and(|entry| matches!(entry.state, State::Reachable { .. }))
    }

    /// An advertisement that does not override a different address says nothing about the router either.
    fn set_router(&mut self, addr: IpAddr, is_router: bool, hearsay: Hearsay) {
        if let Some(entry) = self.entries.get_mut(&addr)
            && (hearsay.overrides || hearsay.mac.is_none() || hearsay.mac == entry.state.mac())
        {
            entry.is_router = is_router;
        }
    }

    /// A transport made progress with or through `addr`.
    pub(super) fn confirm(&mut self, now: Instant, addr: IpAddr) {
        //= RFC4861-7.3.1-a
        let mac = match self.entries.get(&addr).map(|entry| &entry.state) {
            None | Some(State::Incomplete { .. } | State::Permanent { .. }) => return,
            Some(
                State::Reachable { mac }
                | State::Stale { mac }
                | State::Delay { mac }
                | State::Probe { mac, .. },
            ) => *mac,
        };
        self.enter(addr, State::Reachable { mac }, Some(now + self.reachable(addr)));
    }

    /// A transport gets no answer by way of `addr`: whether it is there has to be asked before long.
    pub(super) fn doubt(&mut self, addr: IpAddr) {
        if let Some(State::Reachable { mac }) = self.entries.get(&addr).map(|entry| &entry.state) {
            let mac = *mac;
            self.enter(addr, State::Stale { mac }, None);
        }
    }

    /// When something is to be asked again or ages.
    pub(super) fn due(&self) -> Option<Instant> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// The next thing to do by `now`; to be asked until `None`.
    pub(super) fn on_due(&mut self, now: Instant) -> Option<Due> {
        while let Some(&(at, addr)) = self.timers.first()
            && at <= now
        {
            let (attempts, again) = (self.config.attempts, now + self.config.retransmit);
            let entry = self.entries.get_mut(&addr)?;
            match &mut entry.state {
                //= RFC1122-2.3.2.1-c
                //= RFC4861-7.2.2-b
                State::Incomplete { asked, .. } if *asked < attempts => {
                    *asked += 1;
                    self.set_timer(addr, Some(again));
                    return Some(Due::Ask { addr, to: None });
                }
                State::Incomplete { .. } => return Some(Due::GaveUp { waiting: self.remove(addr) }),
                State::Probe { asked, mac } if *asked < attempts => {
                    *asked += 1;
                    let to = Some(*mac);
                    self.set_timer(addr, Some(again));
                    return Some(Due::Ask { addr, to });
                }
                //= RFC1122-2.3.2.1-a
                State::Probe { .. } => drop(self.remove(addr)),
                State::Reachable { mac } => {
                    let mac = *mac;
                    self.enter(addr, State::Stale { mac }, None);
                }
                State::Delay { mac } => {
                    let mac = *mac;
                    self.enter(addr, State::Probe { mac, asked: 1 }, Some(again));
                    return Some(Due::Ask { addr, to: Some(mac) });
                }
                State::Stale { .. } | State::Permanent { .. } => self.set_timer(addr, None),
            }
        }
        None
    }

    const fn reachable(&self, addr: IpAddr) -> crate::base::Span {
        match addr {
            //= RFC1122-2.3.2.1-b
            IpAddr::V4(_) => self.config.reachable_v4,
            IpAddr::V6(_) => self.config.reachable_v6,
        }
    }

    /// Puts `addr` into `state` and returns what waited for it.
    fn enter(&mut self, addr: IpAddr, state: State, timer: Option<Instant>) -> Waiting {
        let (is_router, used) =
            self.entries.get(&addr).map_or((false, self.uses), |entry| (entry.is_router, entry.used));
        let waiting = self.remove(addr);
        self.incomplete += usize::from(matches!(state, State::Incomplete { .. }));
        self.entries.insert(addr, Entry { state, timer: None, is_router, used });
        self.set_timer(addr, timer);
        waiting
    }

    fn remove(&mut self, addr: IpAddr) -> Waiting {
        self.set_timer(addr, None);
        match self.entries.remove(&addr).map(|entry| entry.state) {
            Some(State::Incomplete { waiting, .. }) => {
                self.incomplete -= 1;
                self.waiting_octets -= waiting.iter().map(Vec::len).sum::<usize>();
                waiting
            }
            None
            | Some(
                State::Reachable { .. }
                | State::Stale { .. }
                | State::Delay { .. }
                | State::Probe { .. }
                | State::Permanent { .. },
            ) => Waiting::new(),
        }
    }

    fn set_timer(&mut self, addr: IpAddr, timer: Option<Instant>) {
        let Some(entry) = self.entries.get_mut(&addr) else { return };
        if let Some(old) = entry.timer {
            self.timers.remove(&(old, addr));
        }
        entry.timer = timer;
        if let Some(new) = timer {
            self.timers.insert((new, addr));
        }
    }

    /// Makes room for one entry: the resolved one that was used longest ago goes. False if none can go.
    fn make_room(&mut self) -> bool {
        let learned = |entry: &Entry| !matches!(entry.state, State::Permanent { .. });
        if self.entries.values().filter(|entry| learned(entry)).count() < self.config.entries {
            return true;
        }
        let resolved = self.entries.iter().filter(|(_, entry)| learned(entry) && entry.state.mac().is_some());
        let Some(oldest) = resolved.min_by_key(|(_, entry)| entry.used).map(|(addr, _)| *addr) else {
            return false;
        };
        self.remove(oldest);
        true
    }

    pub(super) fn check(&self) {
        let learned = |entry: &&Entry| !matches!(entry.state, State::Permanent { .. });
        assert!(
            self.entries.values().filter(learned).count() <= self.config.entries,
            "the neighbour cache is bounded"
        );
        assert!(self.waiting_octets <= self.config.waiting_octets, "what waits for neighbours is bounded");
        let (mut incomplete, mut octets, mut timers) = (0, 0, 0);
        for (addr, entry) in &self.entries {
            if let State::Incomplete { waiting, .. } = &entry.state {
                assert!(waiting.len() <= self.config.waiting_packets, "each queue is bounded");
                incomplete += 1;
                octets += waiting.iter().map(Vec::len).sum::<usize>();
                assert!(entry.timer.is_some(), "whoever is asked for gets an end");
            }
            if let Some(timer) = entry.timer {
                timers += 1;
                assert!(self.timers.contains(&(timer, *addr)), "every timer is in the index");
            }
        }
        assert_eq!((incomplete, octets), (self.incomplete, self.waiting_octets), "what waits is counted");
        assert_eq!(timers, self.timers.len(), "the index has no timer too many");
    }
}

#[cfg(test)]
mod tests;
