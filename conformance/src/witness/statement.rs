//! floor 8: what the second witness says of a finding of the judge.

use super::matter;
use crate::accept::{End, Finding, Followed};
use crate::drive::replay::recording::RecordedConnection;
use crate::judge::Verdict;
use std::fmt;

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// Both witnesses say so.
    Certain,
    /// One of them does.
    Likely,
}

impl Certainty {
    /// The word in reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Likely => "likely",
        }
    }
}

impl fmt::Display for Certainty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

macro_rules! words {
    ($($name:ident $code:literal $text:literal)*) => {
        /// What the second witness has to say of a finding.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Word {
            $(#[doc = concat!($text, ".")] $name,)*
        }

        impl Word {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The code in reports; it does not change.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The same as a phrase.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

words! {
    Agrees "agrees" "the reference finds the same"
    Explains "explains" "the reference explains it"
    OtherReason "other-reason" "the reference does not explain it either, but for another reason"
    StoppedBefore "stopped-before" "the reference did not come so far"
    OtherMatter "other-matter" "the reference does not look at this"
    LeftOut "left-out" "the reference was not shown this packet: it is damaged, in fragments or a copy"
    NotFollowed "not-followed" "the reference could not follow this end"
    Incomplete "incomplete" "the capture does not have the whole connection"
    Losses "losses" "the file says that packets were lost"
    NotNear "not-near" "the capture does not show that the tap is at this host; who knows says so: --vantage"
    TooLarge "too-large" "there is more than the reference is asked about in one run"
    NoConnection "no-connection" "the reference follows connections, and this is about none"
    Interrupted "interrupted" "it was interrupted before the reference was asked"
}

/// What the second witness says of one finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// In a word.
    pub word: Word,
    /// What more there is to say: which segment, and what of it.
    pub what: Option<String>,
    /// What could have come instead of what the reference does not explain.
    pub legal: Vec<String>,
}

impl Statement {
    pub(super) const fn of(word: Word) -> Self {
        Self { word, what: None, legal: Vec::new() }
    }

    const fn with(word: Word, what: String) -> Self {
        Self { word, what: Some(what), legal: Vec::new() }
    }

    fn unexplained(word: Word, finding: &Finding) -> Self {
        Self { word, what: Some(found(finding)), legal: finding.legal.clone() }
    }

    /// How sure the finding is with it.
    pub const fn certainty(&self) -> Certainty {
        match self.word {
            Word::Agrees => Certainty::Certain,
            Word::Explains
            | Word::OtherReason
            | Word::StoppedBefore
            | Word::OtherMatter
            | Word::LeftOut
            | Word::NotFollowed
            | Word::Incomplete
            | Word::Losses
            | Word::NotNear
            | Word::TooLarge
            | Word::NoConnection
            | Word::Interrupted => Certainty::Likely,
        }
    }

    /// What the reference that followed the accused end says of a verdict about it. The two agree if the
    /// first thing that the reference can not explain is the matter of the rule, in the accused segment; or
    /// before it, where the rule speaks only when later packets have shown it.
    pub(super) fn on(verdict: &Verdict, connection: &RecordedConnection, followed: &Followed) -> Self {
        let matter = matter::of(verdict.rule.id);
        let unexplained = match &followed.end {
            End::Undecided(reason) => return Self::with(Word::NotFollowed, reason.to_string()),
            End::Explained => None,
            End::Unexplained(finding) => Some(finding),
        };
        let here = |finding: &Finding| finding.index.is_some() && finding.number == verdict.number;
        if let Some(finding) = unexplained {
            let before = finding.index.is_none() || finding.number <= verdict.number;
            let reached = here(finding) || before && matter::comes_late(verdict.rule.id);
            if reached && matter.contains(&finding.breach) {
                return Self::unexplained(Word::Agrees, finding);
            }
            if here(finding) && !matter.is_empty() {
                return Self::unexplained(Word::OtherReason, finding);
            }
        }
        if matter.is_empty() {
            return Self::of(Word::OtherMatter);
        }
        if let Some(finding) = unexplained.filter(|finding| finding.number < verdict.number) {
            return Self::unexplained(Word::StoppedBefore, finding);
        }
        match explanation(verdict, connection, followed) {
            Some(cause) => Self::with(Word::Explains, cause),
            None => followed
                .cut
                .map_or(Self::of(Word::LeftOut), |reason| Self::with(Word::NotFollowed, reason.to_string())),
        }
    }
}

/// `frame 12 in ESTABLISHED: acknowledges what the peer has not sent: acknowledges 1001; it has had 1`.
pub fn found(finding: &Finding) -> String {
    let place = if finding.index.is_some() { "frame" } else { "up to frame" };
    // Some breaches say all in their name.
    let what =
        if finding.what == finding.breach.text() { String::new() } else { format!(": {}", finding.what) };
    format!("{place} {} in {}: {}{what}", finding.number, finding.state, finding.breach)
}

/// How the reference explains what a verdict is about; nothing if it was not shown it. A packet that goes to
/// the accused end has no explanation itself, and the segments of that end before it have.
fn explanation(verdict: &Verdict, connection: &RecordedConnection, followed: &Followed) -> Option<String> {
    let number = |index: usize| connection.segments.get(index).map(|segment| segment.number);
    let step = followed.steps.iter().find(|step| number(step.index) == Some(verdict.number))?;
    let own = connection.segments.get(step.index).is_some_and(|segment| segment.from == followed.role);
    match &step.explained {
        Some((explanation, _)) => Some(format!("frame {} {}", verdict.number, explanation.cause)),
        None if own => None,
        None => Some(format!("every segment before frame {}", verdict.number)),
    }
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word.text())?;
        self.what.as_ref().map_or(Ok(()), |what| write!(f, " ({what})"))
    }
}
