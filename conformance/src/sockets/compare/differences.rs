//! floor 8: differences between the kernel and the reference that are meant, each with its reason.

use super::Difference;
use crate::sockets::words::Names;
use serde::Deserialize;

/// A difference that is meant.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// Why the reference is not as the kernel.
    pub reason: String,
    /// The call, with stars as in row scripts.
    pub call: String,
    /// What the kernel answers.
    pub kernel: String,
    /// What the reference answers.
    pub reference: String,
    /// Whether the hosts are in the same state afterwards, so that a sequence can go on.
    #[serde(default)]
    pub goes_on: bool,
    /// Whether it is the look at an attempt over IPv6 by a socket that had spoken IPv4, and at no other time.
    #[serde(default)]
    pub once_mapped: bool,
    /// A seed whose sequence shows it.
    pub seed: u64,
}

/// All of them.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Differences {
    /// In the order of the file.
    #[serde(default, rename = "difference")]
    pub all: Vec<Policy>,
}

impl Differences {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// The one that a difference is.
    pub fn accepting(&self, found: &Difference) -> Option<&Policy> {
        let names = Names::default();
        self.all.iter().find(|policy| {
            policy.once_mapped == found.once_mapped
                && names.fits(&policy.call, &found.call)
                && names.fits(&policy.kernel, &found.kernel)
                && names.fits(&policy.reference, &found.reference)
        })
    }
}
