//! floor 6: the catalogue of requirements. Each clause of an RFC that a host can keep or break has an id, a
//! level and a summary in our own words; rules, scenarios, discards and citations refer to it by that id.
//!
//! The files are `conformance/requirements/*.toml`, one for each document, and are part of the program.
//! `conformance/requirements/README.md` explains their fields.

mod file;
mod status;

use serde::Deserialize;
pub use status::{Mark, Status};
use std::fmt;
use std::sync::{Arc, OnceLock};

/// How strongly a document demands something (RFC 2119).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub enum Level {
    /// An absolute demand.
    #[serde(rename = "MUST")]
    Must,
    /// An absolute prohibition.
    #[serde(rename = "MUST NOT")]
    MustNot,
    /// A demand that a good reason can lift.
    #[serde(rename = "SHOULD")]
    Should,
    /// A prohibition that a good reason can lift.
    #[serde(rename = "SHOULD NOT")]
    ShouldNot,
    /// A permission.
    #[serde(rename = "MAY")]
    May,
    /// Behaviour that the text states without a key word.
    #[serde(rename = "DESCRIBED")]
    Described,
}

/// The least access to a host that can decide a requirement at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Observe {
    /// Some recorded traffic shows it.
    WirePassive,
    /// The host shows it in answer to packets made for the purpose.
    WireActive,
    /// Only a program that uses the host's sockets sees it.
    Api,
    /// Nothing outside of the host shows it.
    Internal,
}

/// The part that a host plays when a requirement binds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// It sends data.
    Sender,
    /// It receives data.
    Receiver,
    /// It opens connections.
    ActiveOpen,
    /// It waits for connections.
    PassiveOpen,
    /// Any of these.
    Any,
}

/// What part of the stack a requirement is about. Documents about TCP alone leave it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Area {
    /// Ethernet framing.
    Ether,
    /// Address resolution, IPv4.
    Arp,
    /// The IPv4 header.
    Ipv4,
    /// IPv4 options.
    Ipv4Options,
    /// IPv4 fragments and reassembly.
    Frag4,
    /// Addresses that no packet may have.
    Martian,
    /// Path MTU, IPv4.
    Pmtu4,
    /// ICMP for IPv4.
    Icmp4,
    /// The IPv6 header.
    Ipv6,
    /// IPv6 extension headers.
    Ext6,
    /// IPv6 fragments and reassembly.
    Frag6,
    /// Address scopes and zones.
    Scope,
    /// Path MTU, IPv6.
    Pmtu6,
    /// ICMP for IPv6.
    Icmp6,
    /// Neighbour discovery.
    Ndp,
    /// IPv6 packets above 65,575 octets.
    Jumbo,
    /// UDP.
    Udp,
    /// Port numbers and their selection.
    Ports,
    /// The internet checksum.
    Checksum,
    /// Addresses as text.
    Text,
}

/// What Linux 6.18 did when it was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Linux {
    /// It fulfils the requirement.
    Yes,
    /// It does not.
    No,
    /// It does in part.
    Part,
    /// It depends on a setting.
    Cfg,
}

/// What a passive rule may conclude.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strength {
    /// Under its condition the rule may claim a violation.
    Verdict,
    /// The rule can only raise a finding: the rest needs knowledge from outside of the trace.
    Advisory,
}

/// A document that sets requirements.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// Number of the RFC; nothing for a standard of another body.
    pub rfc: Option<u32>,
    /// What ids of its requirements begin with: `RFC9293`, `IEEE8023`.
    pub prefix: String,
    /// Its title.
    pub title: String,
}

/// One entry of the catalogue.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// Its name for ever, such as `RFC9293-MUST-10`. A letter at the end only keeps ids apart.
    pub id: String,
    /// The document it comes from.
    #[serde(skip)]
    pub document: Arc<Document>,
    /// Section of the document: a number, or the heading where sections have none.
    pub section: String,
    /// How strongly it is demanded.
    pub level: Level,
    /// Whether the document says it in lower case, or is older than RFC 2119.
    #[serde(default)]
    pub lowercase: bool,
    /// Part of the stack.
    pub area: Option<Area>,
    /// Parts a host plays when it is bound; empty where that makes no sense.
    #[serde(default)]
    pub roles: Vec<Role>,
    /// The least access that can decide it.
    pub observe: Observe,
    /// Set where a trace can decide it, but ordinary traces seldom do.
    pub best_tested: Option<Observe>,
    /// The requirement in our own words.
    pub summary: String,
    /// What makes a host show it.
    pub stimulus: Option<String>,
    /// What a host that fulfils it does then.
    pub expect: Option<String>,
    /// What counts as a violation.
    pub violation: Option<String>,
    /// What stacks in the field are known to do instead.
    pub deviations: Option<String>,
    /// What Linux 6.18 did; nothing if it was not measured.
    pub linux: Option<Linux>,
    /// Passive rules that can judge it, at least in part.
    #[serde(default)]
    pub passive_rules: Vec<String>,
    /// What these rules may conclude.
    pub passive_strength: Option<Strength>,
}

/// All requirements, in order of document and section. RFCs come before standards of other bodies.
#[derive(Debug)]
pub struct Catalogue {
    requirements: Vec<Requirement>,
    /// Positions in `requirements`, in order of id.
    by_id: Vec<usize>,
}

impl Catalogue {
    /// The catalogue that is part of this program.
    pub fn embedded() -> &'static Self {
        static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
        CATALOGUE.get_or_init(|| match Self::parse(file::FILES) {
            Ok(catalogue) => catalogue,
            Err(mistake) => panic!("the embedded catalogue is broken: {mistake}"),
        })
    }

    /// Reads a catalogue from pairs of file name and contents. The error is one line that names the file.
    fn parse(files: &[(&str, &str)]) -> Result<Self, String> {
        let mut documents = Vec::with_capacity(files.len());
        for (name, text) in files {
            documents.push(file::parse(text).map_err(|mistake| format!("{name}: {mistake}"))?);
        }
        documents.sort_by(|(a, _), (b, _)| {
            let key = |document: &Document| (document.rfc.unwrap_or(u32::MAX), document.prefix.clone());
            key(a).cmp(&key(b))
        });
        let requirements: Vec<Requirement> = documents.into_iter().flat_map(|(_, rows)| rows).collect();
        let mut by_id: Vec<usize> = (0..requirements.len()).collect();
        by_id.sort_by(|&a, &b| requirements[a].id.cmp(&requirements[b].id));
        match by_id.windows(2).find(|pair| requirements[pair[0]].id == requirements[pair[1]].id) {
            Some(pair) => Err(format!("the id {} occurs twice", requirements[pair[0]].id)),
            None => Ok(Self { requirements, by_id }),
        }
    }

    /// The requirement with exactly this id.
    pub fn get(&self, id: &str) -> Option<&Requirement> {
        let found = self.by_id.binary_search_by(|&at| self.requirements[at].id.as_str().cmp(id));
        found.ok().map(|position| &self.requirements[self.by_id[position]])
    }

    /// Every requirement, in order of document and section.
    pub fn iter(&self) -> impl Iterator<Item = &Requirement> {
        self.requirements.iter()
    }

    /// The requirements whose id begins with `prefix`, upper or lower case, in order of document and section.
    pub fn with_prefix<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a Requirement> {
        self.iter().filter(move |requirement| {
            requirement.id.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        })
    }

    /// The `count` requirements whose ids look most like `id`, nearest first.
    pub fn nearest(&self, id: &str, count: usize) -> Vec<&Requirement> {
        let mut ranked: Vec<(usize, &Requirement)> =
            self.iter().map(|requirement| (edits(id, &requirement.id), requirement)).collect();
        ranked.sort_by_key(|&(distance, _)| distance);
        ranked.into_iter().take(count).map(|(_, requirement)| requirement).collect()
    }

    /// Number of requirements.
    pub fn len(&self) -> usize {
        self.requirements.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }
}

impl Level {
    /// Every level, strongest first.
    pub const ALL: &[Self] =
        &[Self::Must, Self::MustNot, Self::Should, Self::ShouldNot, Self::May, Self::Described];

    /// The key word of RFC 2119, or `DESCRIBED`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Must => "MUST",
            Self::MustNot => "MUST NOT",
            Self::Should => "SHOULD",
            Self::ShouldNot => "SHOULD NOT",
            Self::May => "MAY",
            Self::Described => "DESCRIBED",
        }
    }
}

impl Observe {
    /// Every kind of access, least first.
    pub const ALL: &[Self] = &[Self::WirePassive, Self::WireActive, Self::Api, Self::Internal];

    /// As the catalogue writes it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::WirePassive => "wire-passive",
            Self::WireActive => "wire-active",
            Self::Api => "api",
            Self::Internal => "internal",
        }
    }
}

impl Role {
    /// As the catalogue writes it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sender => "sender",
            Self::Receiver => "receiver",
            Self::ActiveOpen => "active-open",
            Self::PassiveOpen => "passive-open",
            Self::Any => "any",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl fmt::Display for Observe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// `RFC 9293`, or the prefix of a standard of another body.
impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rfc {
            Some(number) => write!(f, "RFC {number}"),
            None => f.pad(&self.prefix),
        }
    }
}

/// Number of letters to insert, remove or replace to make one word of the other; upper and lower case are
/// one.
fn edits(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().map(|letter| letter.to_ascii_uppercase()).collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, letter) in one.chars().map(|letter| letter.to_ascii_uppercase()).enumerate() {
        let mut diagonal = row[0];
        row[0] = above + 1;
        for (column, &theirs) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != theirs);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests;
