//! floor 8: the table of what was noticed: a line for each rule and for each kind of fault, a column for each
//! place of the tap.

use super::{Fault, Place, Trial};
use std::collections::BTreeMap;
use std::fmt::{self, Write};

/// Trials, and those that were noticed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// How often it was tried.
    pub trials: u64,
    /// How often it was noticed.
    pub caught: u64,
}

impl Share {
    const fn add(&mut self, caught: bool) {
        self.trials += 1;
        self.caught += caught as u64;
    }

    fn text(self) -> String {
        match self.trials {
            0 => "-".to_owned(),
            trials => format!("{}% of {trials}", 100 * self.caught / trials),
        }
    }
}

/// What was noticed.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// By any rule.
    pub faults: BTreeMap<(&'static str, Place), Share>,
    /// By the rule itself, over the faults that are meant for it.
    pub rules: BTreeMap<(&'static str, Place), Share>,
    /// Why faults were not noticed by the rules that are made for them: how often each doubt was there, and
    /// how often none, because the rule saw nothing wrong.
    pub doubts: BTreeMap<(&'static str, Place, &'static str), u64>,
    /// Places that were left out, because nothing would be wrong there or something else may be the cause.
    pub harmless: BTreeMap<(&'static str, Place), u64>,
}

impl Table {
    /// Takes in one trial.
    pub(super) fn add(&mut self, fault: &Fault, place: Place, trial: &Trial) {
        let noticed = &trial.noticed;
        if !fault.rules.is_empty() && !fault.rules.iter().any(|rule| noticed.contains(rule)) {
            let doubt = trial.doubts.first().map_or("nothing seen", |reason| reason.code());
            *self.doubts.entry((fault.name, place, doubt)).or_insert(0) += 1;
        }
        self.faults.entry((fault.name, place)).or_default().add(!noticed.is_empty());
        for rule in fault.rules {
            self.rules.entry((rule, place)).or_default().add(noticed.contains(rule));
        }
    }

    /// Takes note of places that were left out.
    pub(super) fn leave_out(&mut self, fault: &Fault, place: Place, places: u64) {
        if places > 0 {
            *self.harmless.entry((fault.name, place)).or_insert(0) += places;
        }
    }

    /// Whether a rule noticed at least one fault, from anywhere.
    pub fn is_caught(&self, rule: &str) -> bool {
        self.rules.iter().any(|((name, _), share)| *name == rule && share.caught > 0)
    }

    /// All faults from one place together.
    pub fn total(&self, place: Place) -> Share {
        let mut all = Share::default();
        for ((_, at), share) in &self.faults {
            if *at == place {
                all.trials += share.trials;
                all.caught += share.caught;
            }
        }
        all
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = |of: &dyn Fn(Place) -> Share| {
            Place::ALL.iter().fold(String::new(), |mut line, place| {
                _ = write!(line, "{:>16}", of(*place).text());
                line
            })
        };
        let heads: String = Place::ALL.iter().map(|place| format!("{:>16}", place.word())).collect();
        for (title, rows) in [("rule", &self.rules), ("fault, by any rule", &self.faults)] {
            writeln!(f, "{title:40}{heads}")?;
            let mut names: Vec<&str> = rows.keys().map(|(name, _)| *name).collect();
            names.dedup();
            for name in names {
                let of = |place| rows.get(&(name, place)).copied().unwrap_or_default();
                writeln!(f, "{name:40}{}", columns(&of))?;
            }
            writeln!(f)?;
        }
        writeln!(f, "{:40}{}", "all faults", columns(&|place| self.total(place)))?;
        writeln!(f, "\nnot noticed by the rules made for it, and why")?;
        for ((fault, place, doubt), count) in &self.doubts {
            writeln!(f, "{fault:50}{:6}{count:>6}  {doubt}", place.word())?;
        }
        writeln!(f, "\nplaces left out: nothing would be wrong there, or something else may be the cause")?;
        for ((fault, place), count) in &self.harmless {
            writeln!(f, "{fault:50}{:6}{count:>6}", place.word())?;
        }
        Ok(())
    }
}
