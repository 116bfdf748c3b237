//! floor 6: filters in the language of pcap-filter(7), compiled by libpcap for each link type.

use super::failure::{self, Problem};
use super::link::LinkType;
use pcap::{BpfProgram, Linktype};

/// A filter, compiled for the link types that it met.
pub(super) struct Filter {
    expression: String,
    /// A filter that makes no sense for a link type matches none of its packets.
    programs: Vec<(LinkType, Option<BpfProgram>)>,
    /// Why it could not be compiled for the first link type that it makes no sense for.
    refused: Option<String>,
}

/// libpcap numbers raw IP in another way than files do.
const DLT_RAW: i32 = 12;

impl Filter {
    /// A filter that is compiled when it meets packets.
    pub(super) const fn new(expression: String) -> Self {
        Self { expression, programs: Vec::new(), refused: None }
    }

    /// Whether it matches a packet. It sees the recorded octets, so that `len` means recorded length.
    pub(super) fn matches(&mut self, link: LinkType, bytes: &[u8]) -> bool {
        let known = self.programs.iter().position(|(compiled, _)| *compiled == link);
        let index = known.unwrap_or_else(|| self.compile(link));
        let program = self.programs.get(index).and_then(|(_, program)| program.as_ref());
        program.is_some_and(|program| program.filter(bytes))
    }

    /// Whether it makes sense for one of these link types at least, or one that it met.
    ///
    /// # Errors
    /// libpcap's words if not.
    pub(super) fn check(&mut self, links: impl Iterator<Item = LinkType>) -> Result<(), Problem> {
        for link in links {
            if self.programs.iter().all(|(compiled, _)| *compiled != link) {
                self.compile(link);
            }
        }
        let useful = self.programs.iter().any(|(_, program)| program.is_some());
        match &self.refused {
            Some(reason) if !useful => {
                Err(Problem::Filter { expression: self.expression.clone(), reason: reason.clone() })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Compiles it for a link type: its index.
    fn compile(&mut self, link: LinkType) -> usize {
        let number = if link == LinkType::RawIp { DLT_RAW } else { i32::from(link.number()) };
        let compiled =
            pcap::Capture::dead(Linktype(number)).and_then(|dead| dead.compile(&self.expression, true));
        let program = match compiled {
            Ok(program) => Some(program),
            Err(error) => {
                self.refused.get_or_insert_with(|| failure::reason(&error));
                None
            }
        };
        self.programs.push((link, program));
        self.programs.len() - 1
    }
}
