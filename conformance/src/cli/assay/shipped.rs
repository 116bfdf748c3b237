//! floor 9: shipped captures that can not be read, on purpose. They are tried like all others; one that can
//! be read is an error, so that the list can not rot.

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    unreadable: Vec<Unreadable>,
}

/// The list.
pub(super) fn unreadable() -> Result<Vec<Unreadable>, String> {
    let list = toml::from_str::<List>(EMBEDDED).map_err(|error| format!("expect/captures.toml: {error}"))?;
    Ok(list.unreadable)
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
    use super::unreadable;
    use std::path::Path;

    #[test]
    fn the_captures_of_the_list_are_there() {
        let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpora/captures");
        for listed in unreadable().expect("a list") {
            assert!(captures.join(&listed.capture).is_file(), "{}", listed.capture);
        }
    }
}
