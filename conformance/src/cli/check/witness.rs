//! floor 9: a file before both witnesses: the judge, and if that is wanted the reference.

use super::{Args, manner};
use clap::ValueEnum;
use conformance::judge::file::{Judged, Watch, judged};
use conformance::trace::capture::CaptureError;
use conformance::witness::{self, Bounds, Testimony, Whom};
use std::num::NonZero;
use std::ops::ControlFlow;
use std::path::Path;

/// About whom the reference is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Asked {
    /// About the ends of connections that a rule accuses
    Accused,
    /// About every end that the tap is at
    All,
}

impl Asked {
    const fn whom(self) -> Whom {
        match self {
            Self::Accused => Whom::Accused,
            Self::All => Whom::All,
        }
    }
}

/// What came of one file.
pub(super) struct Heard {
    pub(super) judged: Judged,
    /// What the second witness says, if it was asked, or why it could not be.
    pub(super) testimony: Option<Result<Testimony, CaptureError>>,
}

/// Judges a file, and asks the second witness about it. What was interrupted, and what contradicts the stated
/// vantage, is asked about no further.
pub(super) fn heard<'a>(
    path: &Path,
    args: &'a Args,
    threads: NonZero<usize>,
    watch: &'a mut Watch<'a>,
    go_on: &mut dyn FnMut() -> ControlFlow<()>,
) -> Result<Heard, CaptureError> {
    let judged = judged(path, manner(args, threads, watch))?;
    let contradicts = args.vantage.is_some_and(|stated| stated.contradiction(&judged).is_some());
    let asked = args.witness.filter(|_| !judged.stopped && !contradicts);
    let testimony =
        asked.map(|asked| witness::ask(path, &judged, args.reading(), (asked.whom(), Bounds::USUAL), go_on));
    Ok(Heard { judged, testimony })
}
