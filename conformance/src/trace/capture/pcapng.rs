//! floor 6: the file format pcapng (draft-ietf-opsawg-pcapng): sections of blocks, each block with its length
//! at both ends.
//!
//! Blocks of packets, interfaces, sections and statistics are read; all others are passed over.

mod comments;
mod interface;
mod options;

pub(super) use comments::Comments;
pub use interface::Interface;

use super::Losses;
use super::failure::Problem;
use super::order::Order;
use super::packet::Direction;
use super::step::{Found, MAX_RECORD, Step, Steps, damaged};
use options::Options;

const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
/// The Packet Block, obsolete since 2006 and still met.
const OLD_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;

/// How a section tells its byte order.
const BYTE_ORDER: u32 = 0x1a2b_3c4d;
/// Octets of type and length before the body of a block.
const HEADER: usize = 8;
/// Octets of the length behind it.
const TRAILER: usize = 4;
/// Octets of a block that is no packet and is kept whole.
const MAX_DESCRIPTION: u32 = 16 << 20;
/// Interfaces of one section at the most.
const MAX_INTERFACES: usize = 1 << 16;

/// An open pcapng file.
#[derive(Debug)]
pub(super) struct Pcapng {
    order: Order,
    /// Those of the section.
    interfaces: Vec<Interface>,
    /// Whether a block was read.
    begun: bool,
    /// How many the sections before had.
    interfaces_before: u32,
    /// Whether any interface so far has a link type that is known.
    any_known: bool,
    losses_before: Losses,
    /// What packet blocks say was lost just before their packets.
    gaps: u64,
    /// The length that has to stand behind the block that is passed over.
    trailer: Option<u32>,
}

/// The fields that all packet blocks have in some form.
struct Fields {
    /// Octets of the block's body before the packet.
    before: usize,
    interface: u32,
    ticks: u64,
    len: u32,
    wire_len: u32,
}

impl Pcapng {
    /// Whether a file that begins so is a pcapng file.
    pub(super) fn begins(head: &[u8]) -> bool {
        head.starts_with(&SECTION.to_be_bytes())
    }

    /// A file of which nothing is read yet.
    pub(super) const fn new() -> Self {
        Self {
            order: Order::Little,
            interfaces: Vec::new(),
            begun: false,
            interfaces_before: 0,
            any_known: false,
            losses_before: Losses::NONE,
            gaps: 0,
            trailer: None,
        }
    }

    /// The interfaces of the section that is being read.
    pub(super) fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }

    /// What is said to be lost so far.
    pub(super) fn losses(&self) -> Losses {
        let all = self.interfaces.iter().fold(self.losses_before, |sum, one| sum.plus(one.losses));
        Losses { before_packets: self.gaps, ..all }
    }

    /// A new section: it has its own byte order and interfaces. Its length is not needed: sections follow
    /// each other as blocks do.
    fn section(&mut self, body: &[u8]) -> Result<(), Problem> {
        let version = self.order.two_at(body, 4).zip(self.order.two_at(body, 6));
        match version {
            None => return Err(damaged("a section header that is too short".to_owned())),
            Some((1, _)) => (),
            Some((major, minor)) => {
                return Err(damaged(format!("a section of version {major}.{minor}, which does not exist")));
            }
        }
        self.losses_before = Losses { before_packets: 0, ..self.losses() };
        let ended = u32::try_from(self.interfaces.len()).unwrap_or(u32::MAX);
        self.interfaces_before = self.interfaces_before.saturating_add(ended);
        self.interfaces.clear();
        Ok(())
    }

    fn interface(&mut self, body: &[u8]) -> Result<(), Problem> {
        if self.interfaces.len() >= MAX_INTERFACES {
            return Err(damaged(format!("more than {MAX_INTERFACES} interfaces")));
        }
        let described = Interface::read(self.order, body)
            .ok_or_else(|| damaged("an interface description that is too short".to_owned()))?;
        self.any_known |= described.link.is_known();
        self.interfaces.push(described);
        Ok(())
    }

    /// Statistics of an interface. Its counters run from the start of the capture: the latest count.
    fn statistics(&mut self, body: &[u8]) {
        let Some(id) = self.order.four_at(body, 0) else { return };
        if let Some(interface) = self.interfaces.get_mut(id as usize) {
            let options = Options::new(self.order, body.get(12..).unwrap_or_default());
            interface.losses = options.losses();
        }
    }

    /// The fields of a packet block, if its body is long enough for them.
    fn fields(&self, kind: u32, body: &[u8]) -> Option<Fields> {
        let four = |at| self.order.four_at(body, at);
        let ticks = |at| Some(u64::from(four(at)?) << 32 | u64::from(four(at + 4)?));
        if kind == SIMPLE_PACKET {
            let wire_len = four(0)?;
            let snap = self.interfaces.first().map_or(0, |interface| interface.snap_octets);
            let kept = if snap == 0 { wire_len } else { wire_len.min(snap) };
            return Some(Fields { before: 4, interface: 0, ticks: 0, len: kept, wire_len });
        }
        let interface = if kind == OLD_PACKET { u32::from(self.order.two_at(body, 0)?) } else { four(0)? };
        Some(Fields { before: 20, interface, ticks: ticks(4)?, len: four(12)?, wire_len: four(16)? })
    }

    fn packet(&mut self, kind: u32, body: &[u8]) -> Result<Found, Problem> {
        let short = || damaged("a packet block that is too short".to_owned());
        let fields = self.fields(kind, body).ok_or_else(short)?;
        let Some(interface) = self.interfaces.get(fields.interface as usize) else {
            let missing = fields.interface;
            return Err(damaged(format!("a packet of interface {missing}, which is not described before")));
        };
        if !self.any_known {
            return Err(Problem::link_type(interface.link.number()));
        }
        let room = body.len() - fields.before;
        if fields.len > MAX_RECORD || fields.len as usize > room {
            let claimed = fields.len;
            return Err(damaged(format!("a packet that claims {claimed} octets in a block with {room}")));
        }
        let mut found = Found {
            octets: HEADER + body.len() + TRAILER,
            start: HEADER + fields.before,
            len: fields.len,
            wire_len: fields.wire_len.max(fields.len),
            epoch_ns: interface.epoch_ns(fields.ticks),
            interface: self.interfaces_before.saturating_add(fields.interface),
            link: interface.link,
            direction: Direction::Unknown,
            fcs_octets: interface.fcs_octets,
        };
        let behind = fields.before + (fields.len as usize).next_multiple_of(4);
        if kind != SIMPLE_PACKET {
            self.remarks(kind, body, behind, &mut found);
        }
        Ok(found)
    }

    /// What the file remarks of a packet: its direction, its frame check sequence, what was lost before it.
    fn remarks(&mut self, kind: u32, body: &[u8], behind: usize, found: &mut Found) {
        if kind == OLD_PACKET {
            let lost = self.order.two_at(body, 2).filter(|lost| *lost != u16::MAX);
            self.gaps = self.gaps.saturating_add(lost.map_or(0, u64::from));
        }
        let Some(options) = body.get(behind..).filter(|options| !options.is_empty()) else { return };
        let remarks = Options::new(self.order, options).remarks();
        found.direction = remarks.direction;
        found.fcs_octets = remarks.fcs_octets.unwrap_or(found.fcs_octets);
        if kind == ENHANCED_PACKET {
            self.gaps = self.gaps.saturating_add(remarks.lost);
        }
    }

    /// Begins to pass over a block; what stands behind it is compared when it is there.
    const fn pass(&mut self, total: u32) -> Step {
        self.trailer = Some(total);
        Step::Pass { octets: total as u64 - TRAILER as u64 }
    }
}

/// The byte order that a section header tells; nothing if it is not all there, and inside nothing if it is no
/// byte order.
fn byte_order(bytes: &[u8]) -> Option<Option<Order>> {
    let mark = *bytes.get(HEADER..)?.first_chunk()?;
    Some([Order::Little, Order::Big].into_iter().find(|order| order.four(mark) == BYTE_ORDER))
}

fn trailed(at_front: u32, behind: u32) -> Result<(), Problem> {
    if at_front == behind {
        return Ok(());
    }
    Err(damaged(format!("a block that claims {at_front} octets at its front and {behind} at its end")))
}

impl Steps for Pcapng {
    fn is_within(&self) -> bool {
        self.trailer.is_some()
    }

    fn step(&mut self, bytes: &[u8]) -> Result<Step, Problem> {
        if let Some(at_front) = self.trailer {
            let Some(behind) = self.order.four_at(bytes, 0) else {
                return Ok(Step::Lacks { octets: TRAILER });
            };
            self.trailer = None;
            return trailed(at_front, behind).map(|()| Step::Other { octets: TRAILER });
        }
        let Some([k0, k1, k2, k3, t0, t1, t2, t3]) = bytes.first_chunk().copied() else {
            return Ok(Step::Lacks { octets: HEADER });
        };
        let kind = self.order.four([k0, k1, k2, k3]);
        if kind == SECTION {
            match byte_order(bytes) {
                None => return Ok(Step::Lacks { octets: HEADER + 4 }),
                Some(None) => return Err(damaged("a section without a byte order".to_owned())),
                Some(Some(order)) => self.order = order,
            }
        }
        let total = self.order.four([t0, t1, t2, t3]);
        let octets = total as usize;
        if octets < HEADER + TRAILER || !octets.is_multiple_of(4) {
            return Err(damaged(format!("a block that claims {total} octets")));
        }
        let most = match kind {
            ENHANCED_PACKET | SIMPLE_PACKET | OLD_PACKET => MAX_RECORD + MAX_DESCRIPTION,
            SECTION | INTERFACE | STATISTICS => MAX_DESCRIPTION,
            _ => return Ok(self.pass(total)),
        };
        if total > most {
            return Err(damaged(format!("a block of type {kind} that claims {total} octets")));
        }
        let Some(body) = bytes.get(HEADER..octets - TRAILER) else { return Ok(Step::Lacks { octets }) };
        let Some(behind) = self.order.four_at(bytes, octets - TRAILER) else {
            return Ok(Step::Lacks { octets });
        };
        // The first section header has proved itself by its byte order; libpcap does not ask more of it.
        if self.begun {
            trailed(total, behind)?;
        }
        self.begun = true;
        match kind {
            SECTION => self.section(body)?,
            INTERFACE => self.interface(body)?,
            STATISTICS => self.statistics(body),
            _ => return self.packet(kind, body).map(Step::Packet),
        }
        Ok(Step::Other { octets })
    }
}
