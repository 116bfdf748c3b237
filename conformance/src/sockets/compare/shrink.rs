//! floor 8: many sequences, and the shortest that shows a difference.

use super::differences::Differences;
use super::{Outcome, Ports, compare};
use crate::host::Fault;
use crate::sockets::linux::Kernel;
use crate::sockets::reference::Reference;
use crate::sockets::sequence::{Step, sequence};

/// Calls of a sequence at the most.
pub const CALLS_MAX: usize = 20;

/// How often a sequence has to differ again before it counts.
const AGAIN: usize = 2;

/// The two worlds that sequences are run in.
pub struct Arena<'k> {
    kernel: &'k mut Kernel,
    differences: &'k Differences,
    run: u16,
}

impl<'k> Arena<'k> {
    /// An arena whose kernel has done nothing yet.
    pub const fn new(kernel: &'k mut Kernel, differences: &'k Differences) -> Self {
        Self { kernel, differences, run: 0 }
    }

    /// Runs a sequence in worlds that have not seen its ports.
    ///
    /// # Errors
    /// The rig failed.
    pub fn run(&mut self, steps: &[Step]) -> Result<Outcome, Fault> {
        self.run += 1;
        if self.run.is_multiple_of(Ports::SEQUENCES) {
            self.kernel.leave()?;
            self.run = 0;
        }
        let mut reference = Reference::new(u64::from(self.run));
        let ports = Ports::of(self.run);
        let outcome = compare(steps, ports, self.kernel, &mut reference, self.differences);
        self.kernel.renew()?;
        outcome
    }

    /// Runs the sequence that follows from a seed.
    ///
    /// # Errors
    /// The rig failed.
    pub fn run_seed(&mut self, seed: u64) -> Result<Outcome, Fault> {
        self.run(&sequence(seed, CALLS_MAX))
    }

    /// Whether a sequence that ended with a difference does so each time that it is run again. Once only is
    /// no answer to the sequence: under load something may come late, and a port that the kernel chooses may
    /// be one that an earlier sequence has left in TIME-WAIT.
    ///
    /// # Errors
    /// The rig failed.
    pub fn differs_again(&mut self, seed: u64) -> Result<bool, Fault> {
        for _ in 0..AGAIN {
            if self.run_seed(seed)?.difference.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The shortest sequence found that still ends with a difference, and what came of it.
    ///
    /// # Errors
    /// The rig failed.
    pub fn shortest(&mut self, seed: u64) -> Result<Outcome, Fault> {
        let mut steps = sequence(seed, CALLS_MAX);
        let mut outcome = self.run(&steps)?;
        let mut piece = steps.len();
        while piece > 0 {
            let mut start = 0;
            let mut shorter = false;
            while start < steps.len() {
                let mut fewer = steps.clone();
                fewer.drain(start..(start + piece).min(fewer.len()));
                let tried = self.run(&fewer)?;
                if tried.difference.is_some() {
                    (steps, outcome, shorter) = (fewer, tried, true);
                } else {
                    start += piece;
                }
            }
            piece = if shorter && piece == 1 { 1 } else { piece / 2 };
        }
        Ok(outcome)
    }
}

/// A sequence that ended with a difference, as a script that says what the kernel answers.
pub fn script(outcome: &Outcome) -> String {
    let mut text = String::new();
    for line in &outcome.lines {
        text.push_str(&format!("  {line}\n"));
    }
    if let Some(difference) = &outcome.difference {
        text.push_str(&format!("  # the reference answers {}\n", difference.reference));
    }
    text
}
