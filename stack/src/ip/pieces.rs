//! floor 2: the octets of an unfinished datagram, as intervals that never overlap (RFC 815, RFC 791
//! section 3.2).

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// What one piece costs beside its octets, an upper estimate of the bookkeeping.
const PIECE_OVERHEAD_OCTETS: usize = 64;

/// How a new range of octets lies to what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meeting {
    /// Nothing is shared.
    Apart,
    /// Exactly one piece that is there, octet for octet.
    Duplicate,
    /// At least one octet is there already.
    Overlap,
}

/// Pieces by their offset.
#[derive(Clone, Debug, Default)]
pub(super) struct Pieces {
    by_offset: BTreeMap<u32, Vec<u8>>,
    covered_octets: u32,
}

impl Pieces {
    /// Octets that are there.
    pub(super) const fn covered_octets(&self) -> u32 {
        self.covered_octets
    }

    /// Memory taken, bookkeeping included, in octets.
    pub(super) fn memory_octets(&self) -> usize {
        self.covered_octets as usize + self.by_offset.len() * PIECE_OVERHEAD_OCTETS
    }

    /// Offset behind the last octet that is there.
    pub(super) fn end_octets(&self) -> u32 {
        self.by_offset.last_key_value().map_or(0, |(offset, data)| end_of(*offset, data))
    }

    /// How `data` at `offset` lies to what is there.
    pub(super) fn meeting(&self, offset: u32, data: &[u8]) -> Meeting {
        if self.by_offset.get(&offset).is_some_and(|there| there == data) {
            return Meeting::Duplicate;
        }
        let before = self.by_offset.range(..end_of(offset, data)).next_back();
        match before {
            Some((at, there)) if end_of(*at, there) > offset => Meeting::Overlap,
            Some(_) | None => Meeting::Apart,
        }
    }

    /// Adds the octets of `data` that are not there yet.
    pub(super) fn keep_first(&mut self, offset: u32, data: &[u8]) {
        let mut at = offset;
        let end = end_of(offset, data);
        while at < end {
            let behind = self.piece_around(at).map(|(start, len)| start + len);
            if let Some(behind) = behind {
                at = behind;
                continue;
            }
            let gap_end = self.by_offset.range(at..end).next().map_or(end, |(next, _)| *next);
            self.insert(at, data[(at - offset) as usize..(gap_end - offset) as usize].to_vec());
            at = gap_end;
        }
    }

    /// Adds all octets of `data`, in place of those that are there.
    pub(super) fn keep_last(&mut self, offset: u32, data: &[u8]) {
        let end = end_of(offset, data);
        if let Some((start, len)) = self.piece_around(offset)
            && let Some(there) = self.remove(start)
        {
            self.insert(start, there[..(offset - start) as usize].to_vec());
            if start + len > end {
                self.insert(end, there[(end - start) as usize..].to_vec());
            }
        }
        while let Some(start) = self.by_offset.range(offset..end).next().map(|(start, _)| *start)
            && let Some(there) = self.remove(start)
        {
            if end_of(start, &there) > end {
                self.insert(end, there[(end - start) as usize..].to_vec());
            }
        }
        self.insert(offset, data.to_vec());
    }

    /// The pieces one behind the other, appended to `out`.
    pub(super) fn join_into(self, out: &mut Vec<u8>) {
        for data in self.by_offset.into_values() {
            out.extend_from_slice(&data);
        }
    }

    /// Start and length of the piece that has the octet `at`.
    fn piece_around(&self, at: u32) -> Option<(u32, u32)> {
        let (start, data) = self.by_offset.range(..=at).next_back()?;
        let len = end_of(*start, data) - start;
        (at < start + len).then_some((*start, len))
    }

    fn insert(&mut self, offset: u32, data: Vec<u8>) {
        if !data.is_empty() {
            self.covered_octets += end_of(0, &data);
            self.by_offset.insert(offset, data);
        }
    }

    fn remove(&mut self, offset: u32) -> Option<Vec<u8>> {
        let data = self.by_offset.remove(&offset)?;
        self.covered_octets -= end_of(0, &data);
        Some(data)
    }

    pub(super) fn check(&self) {
        let mut free_from = 0;
        let mut covered_octets = 0;
        for (offset, data) in &self.by_offset {
            assert!(*offset >= free_from && !data.is_empty(), "pieces do not overlap and are not empty");
            free_from = end_of(*offset, data);
            covered_octets += free_from - offset;
        }
        assert_eq!(covered_octets, self.covered_octets, "the octets are counted");
    }
}

/// Offset behind `data` at `offset`. A datagram has at most 65535 octets, so this does not overflow.
fn end_of(offset: u32, data: &[u8]) -> u32 {
    offset + u32::try_from(data.len()).unwrap_or(u32::MAX - offset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use quickcheck::quickcheck;

    const SPACE: usize = 400;

    fn filled(fills: &[(u8, u8, u8)], first_wins: bool) -> (Pieces, [Option<u8>; SPACE]) {
        let mut pieces = Pieces::default();
        let mut model = [None; SPACE];
        for &(offset, len, value) in fills {
            let data = vec![value; usize::from(len % 100) + 1];
            let shared = model[usize::from(offset)..][..data.len()].iter().any(Option::is_some);
            let meeting = pieces.meeting(u32::from(offset), &data);
            assert_eq!(meeting != Meeting::Apart, shared);
            if first_wins {
                pieces.keep_first(u32::from(offset), &data);
            } else {
                pieces.keep_last(u32::from(offset), &data);
            }
            for slot in &mut model[usize::from(offset)..][..data.len()] {
                *slot = if first_wins { slot.or(Some(value)) } else { Some(value) };
            }
            pieces.check();
        }
        (pieces, model)
    }

    quickcheck! {
        fn pieces_are_a_byte_array_with_holes(fills: Vec<(u8, u8, u8)>, first_wins: bool) -> bool {
            let (pieces, model) = filled(&fills, first_wins);
            let covered = model.iter().flatten().count();
            let end = model.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
            let counts = (pieces.covered_octets() as usize, pieces.end_octets() as usize) == (covered, end);
            let mut joined = Vec::new();
            pieces.join_into(&mut joined);
            counts && joined == model.into_iter().flatten().collect::<Vec<u8>>()
        }
    }

    #[test]
    fn a_duplicate_is_the_same_range_with_the_same_octets() {
        let mut pieces = Pieces::default();
        pieces.keep_first(8, &[1; 8]);
        assert_eq!(pieces.meeting(8, &[1; 8]), Meeting::Duplicate);
        assert_eq!(pieces.meeting(8, &[2; 8]), Meeting::Overlap);
        assert_eq!(pieces.meeting(8, &[1; 7]), Meeting::Overlap);
        assert_eq!(pieces.meeting(0, &[1; 8]), Meeting::Apart);
        assert_eq!(pieces.meeting(16, &[1; 8]), Meeting::Apart);
    }
}
