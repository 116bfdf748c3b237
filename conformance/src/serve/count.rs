//! floor 8: octets that everybody can make again: the numbers from 1, one a line, as `seq` prints them.

/// What is left of so many octets.
#[derive(Debug)]
pub(super) struct Count {
    /// The next number.
    next: u64,
    /// The line that is being said.
    line: String,
    /// How much of it was said.
    said: usize,
    /// Octets that are left.
    left_octets: u64,
}

impl Count {
    pub(super) const fn new(octets: u64) -> Self {
        Self { next: 1, line: String::new(), said: 0, left_octets: octets }
    }

    /// Says more, until `out` has `max` octets. `true` when all is said.
    pub(super) fn say(&mut self, out: &mut Vec<u8>, max: usize) -> bool {
        while self.left_octets > 0 && out.len() < max {
            if self.said == self.line.len() {
                self.line = format!("{}\n", self.next);
                self.said = 0;
                self.next += 1;
            }
            let room = usize::try_from(self.left_octets).unwrap_or(usize::MAX).min(max - out.len());
            let piece = &self.line.as_bytes()[self.said..];
            let piece = &piece[..piece.len().min(room)];
            out.extend_from_slice(piece);
            self.said += piece.len();
            self.left_octets -= piece.len() as u64;
        }
        self.left_octets == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quickcheck::quickcheck;

    /// So many octets, said in pieces.
    fn said(octets: u16, piece: usize) -> Vec<u8> {
        let (mut count, mut said) = (Count::new(octets.into()), Vec::new());
        loop {
            let mut out = Vec::new();
            let done = count.say(&mut out, piece.max(1));
            said.extend(out);
            if done {
                return said;
            }
        }
    }

    #[test]
    fn it_counts_from_one() {
        assert_eq!(said(25, 100), b"1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n1");
        assert_eq!(said(0, 100), b"");
    }

    quickcheck! {
        fn pieces_are_parts_of_one_whole(octets: u16, piece: u8) -> bool {
            let whole = said(octets, usize::MAX);
            whole.len() == usize::from(octets) && said(octets, piece.into()) == whole
        }
    }
}
