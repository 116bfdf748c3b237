//! floor 6: comments put into packet blocks, in front of the options that are there.

use super::{ENHANCED_PACKET, HEADER, Pcapng, SECTION, SIMPLE_PACKET, TRAILER};
use crate::trace::capture::order::Order;
use crate::trace::capture::step::Found;
use std::borrow::Cow;
use std::collections::BTreeMap;

const OPT_END: [u8; 4] = [0; 4];
const OPT_COMMENT: u16 = 1;
/// Octets of the fields before the packet in a block that has options.
const FIELDS: usize = 20;
/// Where the length of a section stands in its header.
const SECTION_LENGTH: std::ops::Range<usize> = 16..24;

/// Comments by frame number.
pub(in crate::trace::capture) struct Comments<'a>(
    pub(in crate::trace::capture) &'a BTreeMap<u64, Vec<String>>,
);

impl Comments<'_> {
    /// The packet block with the comments of this frame, if it has any.
    pub(in crate::trace::capture) fn with(
        &self,
        format: &Pcapng,
        number: u64,
        block: &[u8],
        found: &Found,
    ) -> Option<Vec<u8>> {
        let comments = self.0.get(&number).filter(|comments| !comments.is_empty())?;
        let order = format.order;
        let kind = order.four_at(block, 0)?;
        let body = block.get(HEADER..block.len() - TRAILER)?;
        let kept = (found.len as usize).next_multiple_of(4);
        // A simple packet has no options: it becomes one of the first interface without a time, as it was.
        let (kind, mut new, options) = if kind == SIMPLE_PACKET {
            let fields = [0, 0, 0, found.len, order.four_at(body, 0)?];
            let mut new: Vec<u8> = fields.into_iter().flat_map(|field| order.octets_of_four(field)).collect();
            new.extend_from_slice(body.get(4..4 + kept)?);
            (ENHANCED_PACKET, new, &[][..])
        } else {
            (kind, body.get(..FIELDS + kept)?.to_vec(), body.get(FIELDS + kept..)?)
        };
        comments.iter().for_each(|comment| push(order, comment, &mut new));
        new.extend_from_slice(if options.is_empty() { &OPT_END } else { options });
        let total = order.octets_of_four(u32::try_from(HEADER + new.len() + TRAILER).ok()?);
        Some([&order.octets_of_four(kind)[..], &total, &new, &total].concat())
    }
}

fn push(order: Order, comment: &str, body: &mut Vec<u8>) {
    let Ok(len) = u16::try_from(comment.len()) else { return };
    body.extend(order.octets_of_two(OPT_COMMENT));
    body.extend(order.octets_of_two(len));
    body.extend_from_slice(comment.as_bytes());
    body.resize(body.len().next_multiple_of(4), 0);
}

impl Pcapng {
    /// A block as it is, but a section of no given length: what it was does not count comments.
    pub(in crate::trace::capture) fn endless(block: &[u8]) -> Cow<'_, [u8]> {
        let mut block = Cow::Borrowed(block);
        if block.starts_with(&SECTION.to_be_bytes())
            && let Some(length) = block.to_mut().get_mut(SECTION_LENGTH)
        {
            length.fill(0xff);
        }
        block
    }
}
