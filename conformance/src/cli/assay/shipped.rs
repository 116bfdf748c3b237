//! floor 9: shipped captures that can not be read, or that show a failure, on purpose. They are tried like
//! all others; one that can be read, or shows none, is an error, so that the lists can not rot.

use serde::Deserialize;

/// The list that comes with the program.
const EMBEDDED: &str = include_str!("../../../expect/captures.toml");

/// A file that can not be read, and why.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Unreadable {
    capture: String,
    reason: String,
}

/// A file in which a rule of the judge fails somebody, and why it is right.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Failing {
    capture: String,
    rule: String,
    reason: String,
}

/// Both lists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lists {
    pub(super) unreadable: Vec<Unreadable>,
    #[serde(default)]
    pub(super) failing: Vec<Failing>,
}

/// The lists.
pub(super) fn lists() -> Result<Lists, String> {
    toml::from_str::<Lists>(EMBEDDED).map_err(|error| format!("expect/captures.toml: {error}"))
}

impl Failing {
    /// Whether a file of that name and this rule are meant.
    pub(super) fn means(&self, capture: &str, rule: &str) -> bool {
        self.capture == capture && self.rule == rule
    }

    /// What to say if nothing fails in a file of that name by these rules; nothing if another file is meant.
    pub(super) fn stale(&self, capture: &str, failed: &[&str]) -> Option<String> {
        let stale = self.capture == capture && !failed.contains(&self.rule.as_str());
        let Self { rule, reason, .. } = self;
        stale.then(|| format!("stale: {capture}: is listed as failing {rule} and does not ({reason})"))
    }
}

impl Unreadable {
    /// Whether a file of that name is meant.
    pub(super) fn means(&self, capture: &str) -> bool {
        self.capture == capture
    }

    /// What to say if the file can be read after all.
    pub(super) fn stale(&self) -> String {
        format!("stale: {}: is listed as not readable and is ({})", self.capture, self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::lists;
    use std::path::Path;

    #[test]
    fn the_captures_of_the_list_are_there() {
        let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpora/captures");
        let lists = lists().expect("lists");
        let named = lists.unreadable.iter().map(|listed| &listed.capture);
        for capture in named.chain(lists.failing.iter().map(|listed| &listed.capture)) {
            assert!(captures.join(capture).is_file(), "{capture}");
        }
    }
}
