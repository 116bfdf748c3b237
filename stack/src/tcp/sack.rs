//! floor 3: selective acknowledgement (RFC 2018, RFC 2883): the blocks that this end reports, and the
//! scoreboard of what the peer reported (RFC 6675 section 3).
//!
//! RFC2018-8-a: nothing that was reported is ever discarded here, and text that finds no room is not taken
//! at all: as if the network had lost it, it is not reported either.
//! RFC2883-4-e: what the timestamps refuse is not looked at, and so not known to have come before.

use super::receive::Island;
use super::{Cx, Tcb};
use crate::base::{Ours, Seq, Theirs, Why};
use crate::wire::tcp_option::{MAX_SACK_BLOCKS, SackBlocks};
use alloc::vec::Vec;

/// Ranges that the scoreboard remembers at the most. What would be one more is not marked, and may be sent
/// again without need.
const MAX_RANGES: usize = 128;

/// Selective acknowledgement in both directions.
#[derive(Clone, Debug, Default)]
pub(super) struct Board {
    /// Whether both SYNs permitted it.
    pub(super) permitted: bool,
    /// What the peer holds beyond SND.UNA: sorted, disjoint, not touching.
    ranges: Vec<(Seq<Ours>, Seq<Ours>)>,
    /// What arrived a second time and was not reported yet.
    twice: Option<(Seq<Theirs>, Seq<Theirs>)>,
}

impl Board {
    /// Marks `start` up to `end`, which lies beyond SND.UNA. Whether that was news.
    fn mark(&mut self, mut start: Seq<Ours>, mut end: Seq<Ours>) -> bool {
        let first = self.ranges.partition_point(|range| range.1.before(start));
        let last = self.ranges.partition_point(|range| range.0.at_or_before(end));
        if first == last {
            let room = self.ranges.len() < MAX_RANGES;
            if room {
                self.ranges.insert(first, (start, end));
            }
            return room;
        }
        if self.ranges[first].0.at_or_before(start) && self.ranges[first].1.at_or_after(end) {
            return false;
        }
        start = start.earlier(self.ranges[first].0);
        end = end.later(self.ranges[last - 1].1);
        self.ranges.splice(first..last, [(start, end)]);
        true
    }

    /// SND.UNA moved: what lies before it is history.
    pub(super) fn advance(&mut self, una: Seq<Ours>) {
        if self.ranges.is_empty() {
            return;
        }
        let gone = self.ranges.partition_point(|range| range.1.at_or_before(una));
        self.ranges.drain(..gone);
        match self.ranges.first_mut() {
            Some(first) => first.0 = first.0.later(una),
            None => self.ranges = Vec::new(),
        }
    }

    /// Forgets what the peer reported: it may have discarded it since.
    pub(super) fn forget(&mut self) {
        self.ranges = Vec::new();
    }

    /// A segment with an acknowledgement has left.
    pub(super) const fn reported(&mut self) {
        //= RFC2883-4-b
        self.twice = None;
    }

    /// Octets between `from` and `to` that the peer holds.
    pub(super) fn marked_octets(&self, from: Seq<Ours>, to: Seq<Ours>) -> u32 {
        let within = |range: &(Seq<Ours>, Seq<Ours>)| {
            let octets = range.1.earlier(to).distance_from(range.0.later(from));
            u32::try_from(octets).unwrap_or(0)
        };
        self.ranges.iter().map(within).sum()
    }

    /// The first number from `from` on that the peer does not hold, and where the gap ends that it is in, if
    /// it ends.
    pub(super) fn gap_from(&self, from: Seq<Ours>) -> (Seq<Ours>, Option<Seq<Ours>>) {
        let at = self.ranges.partition_point(|range| range.1.at_or_before(from));
        match self.ranges.get(at) {
            Some(range) if range.0.at_or_before(from) => {
                (range.1, self.ranges.get(at + 1).map(|next| next.0))
            }
            range => (from, range.map(|next| next.0)),
        }
    }

    /// The last gap between `una` and `nxt`, if there is one.
    pub(super) fn last_gap(&self, una: Seq<Ours>, nxt: Seq<Ours>) -> Option<(Seq<Ours>, Seq<Ours>)> {
        let mut end = nxt;
        for range in self.ranges.iter().rev() {
            if range.1 != end {
                return Some((range.1, end));
            }
            end = range.0;
        }
        una.before(end).then_some((una, end))
    }

    /// The number after the last octet that the peer reported.
    pub(super) fn highest(&self) -> Option<Seq<Ours>> {
        self.ranges.last().map(|range| range.1)
    }

    /// IsLost: everything before this number that the peer does not hold is lost, since enough lies above it
    /// that the peer does hold.
    pub(super) fn lost_before(&self, threshold: usize, smss: u32) -> Option<Seq<Ours>> {
        let enough = u32::try_from(threshold - 1).unwrap_or(u32::MAX).saturating_mul(smss);
        let mut octets = 0_u32;
        for (count, range) in (1..).zip(self.ranges.iter().rev()) {
            octets += range.1.octets_since(range.0);
            //= RFC6675-5-a
            if count >= threshold || octets > enough {
                return Some(range.0);
            }
        }
        None
    }

    fn check(&self, una: Seq<Ours>, nxt: Seq<Ours>) {
        assert!(self.ranges.len() <= MAX_RANGES, "the scoreboard overflows");
        assert!(self.ranges.iter().all(|range| range.0.before(range.1)), "a range of no octets");
        assert!(
            self.ranges.is_sorted_by(|one, next| one.1.before(next.0)),
            "ranges touch or are out of order"
        );
        assert!(self.ranges.first().is_none_or(|first| first.0.at_or_after(una)), "acknowledged and marked");
        assert!(self.highest().is_none_or(|end| end.at_or_before(nxt)), "marked and never sent");
        assert!(self.permitted || self.ranges.is_empty() && self.twice.is_none(), "SACK without permission");
    }
}

/// What a block of the peer is.
enum Block {
    Range(Seq<Ours>, Seq<Ours>),
    /// The peer got this twice.
    Twice,
    Discarded(Why),
}

impl Tcb {
    /// Whether there is something that blocks tell of, if the peer permits them.
    pub(super) const fn has_blocks_to_report(&self) -> bool {
        self.sack.twice.is_some() || self.receive_buffer.has_gaps()
    }

    /// Blocks for the next acknowledgement that is no SYN, as many as `room_octets` of options can carry;
    /// none if there is nothing to report.
    pub(super) fn sack_blocks(&self, room_octets: u32) -> SackBlocks {
        let mut blocks = SackBlocks::NONE;
        let most = (room_octets.saturating_sub(2) / 8) as usize;
        //= RFC2018-4-a
        if !self.sack.permitted || most == 0 || !self.has_blocks_to_report() {
            return blocks;
        }
        if let Some((start, end)) = self.sack.twice {
            //= RFC2883-4-a
            blocks.push((start.value(), end.value()));
        }
        let newest = newest_first(self.receive_buffer.islands());
        //= RFC2018-4-b
        //= RFC2018-4-d
        //= RFC2018-4-e
        //= RFC2018-4-f
        //= RFC2883-4-c
        for island in newest.into_iter().flatten().take(most - blocks.len()) {
            //= RFC2018-3-a
            //= RFC2018-8-b
            blocks.push(((self.rcv.nxt + island.start).value(), (self.rcv.nxt + island.end).value()));
        }
        blocks
    }

    /// Text from `start` up to `end` arrived although it was here: the next acknowledgement says so.
    pub(super) fn note_duplicate_text(&mut self, start: Seq<Theirs>, end: Seq<Theirs>) {
        if self.sack.permitted && start.before(end) && self.sack.twice.is_none() {
            //= RFC2883-4-a
            //= RFC2883-4-d
            self.sack.twice = Some((start, end));
        }
    }

    /// Update: takes what an acknowledgement of `ack` reports. Whether there was news.
    pub(super) fn take_sack_blocks(&mut self, ack: Seq<Ours>, blocks: &SackBlocks, cx: &mut Cx<'_>) -> bool {
        let mut news = false;
        if blocks.is_empty() {
            return news;
        }
        if !self.sack.permitted {
            cx.out.discard(Why::TcpSackNotPermitted);
            return news;
        }
        for at in 0..blocks.len() {
            match self.judge_block(ack, blocks, at) {
                //= RFC2018-5-a
                Block::Range(start, end) => news |= self.sack.mark(start, end),
                Block::Twice => {}
                Block::Discarded(why) => cx.out.discard(why),
            }
        }
        news
    }

    fn judge_block(&self, ack: Seq<Ours>, blocks: &SackBlocks, at: usize) -> Block {
        let block =
            |at: usize| blocks.as_slice().get(at).map(|(left, right)| (Seq::new(*left), Seq::new(*right)));
        let Some((start, end)) = block(at).filter(|(start, end)| start.before(*end)) else {
            return Block::Discarded(Why::TcpSackEmpty);
        };
        if end.after(self.snd.nxt) {
            return Block::Discarded(Why::TcpSackUnsent);
        }
        //= RFC2883-5-a
        let inside =
            |(left, right): &(Seq<Ours>, Seq<Ours>)| left.at_or_before(start) && end.at_or_before(*right);
        if at == 0 && (end.at_or_before(ack) || block(1).is_some_and(|second| inside(&second))) {
            return Block::Twice;
        }
        if end.at_or_before(self.snd.una) {
            return Block::Discarded(Why::TcpSackOld);
        }
        Block::Range(start.later(self.snd.una), end)
    }

    /// Asserts what holds of both directions.
    pub(super) fn check_sack(&self) {
        self.sack.check(self.snd.una, self.snd.nxt);
    }
}

/// The islands that were touched last, the newest first.
fn newest_first(islands: &[Island]) -> [Option<&Island>; MAX_SACK_BLOCKS] {
    let mut newest = [None; MAX_SACK_BLOCKS];
    for island in islands {
        let mut moved = Some(island);
        for place in &mut newest {
            let older =
                place.is_none_or(|known: &Island| moved.is_some_and(|one| one.touched > known.touched));
            if older {
                core::mem::swap(place, &mut moved);
            }
        }
    }
    newest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcp::Settings;
    use crate::tcp::tests::rig::Rig;
    use alloc::string::String;
    use quickcheck::quickcheck;

    fn rig() -> Rig {
        let settings = Settings { timestamps: false, ..Settings::default() };
        let mut rig = Rig::connect_with(&settings);
        rig.gets("S. 0:0(0) ack 1 win 65535 mss 1000 sackok");
        rig
    }

    /// What the last line reports.
    fn reported(lines: &[String]) -> &str {
        lines.last().and_then(|line| line.split_once(" sack ")).map_or("", |(_, blocks)| blocks)
    }

    //? RFC2018-3-a
    //? RFC2018-4-b
    //? RFC2018-4-c
    //? RFC2018-4-d
    //? RFC2018-4-e
    //? RFC2018-4-f
    //? RFC2018-8-b
    #[test]
    fn the_newest_island_comes_first_and_at_most_four_are_told() {
        let mut rig = rig();
        assert_eq!(reported(&rig.gets(". 11:21(10) ack 1")), "11:21");
        assert_eq!(reported(&rig.gets(". 31:41(10) ack 1")), "31:41,11:21");
        assert_eq!(reported(&rig.gets(". 51:61(10) ack 1")), "51:61,31:41,11:21");
        assert_eq!(reported(&rig.gets(". 41:46(5) ack 1")), "31:46,51:61,11:21");
        assert_eq!(reported(&rig.gets(". 71:81(10) ack 1")), "71:81,31:46,51:61,11:21");
        assert_eq!(reported(&rig.gets(". 91:95(4) ack 1")), "91:95,71:81,31:46,51:61");
        // What fills the first gap advances the acknowledgement; the rest stays as it was.
        assert_eq!(reported(&rig.gets(". 1:11(10) ack 1")), "91:95,71:81,31:46,51:61");
        assert_eq!(reported(&rig.gets(". 21:91(70) ack 1")), "31:46");
        assert_eq!(reported(&rig.gets(". 95:96(1) ack 1")), "");
    }

    //? RFC2883-4-a
    //? RFC2883-4-b
    //? RFC2883-4-c
    //? RFC2883-4-d
    #[test]
    fn what_comes_twice_is_reported_once() {
        let mut rig = rig();
        rig.gets(". 1:11(10) ack 1");
        assert_eq!(reported(&rig.gets(". 1:11(10) ack 1")), "1:11");
        assert_eq!(reported(&rig.gets(". 21:31(10) ack 1")), "21:31");
        // Part of it is old, part of it is new.
        assert_eq!(reported(&rig.gets(". 5:15(10) ack 1")), "5:11,21:31");
        assert_eq!(reported(&rig.gets(". 41:51(10) ack 1")), "41:51,21:31");
        // Within an island: the island comes second.
        assert_eq!(reported(&rig.gets(". 23:26(3) ack 1")), "23:26,21:31,41:51");
        // Over two islands: the first part.
        assert_eq!(reported(&rig.gets(". 25:45(20) ack 1")), "25:31,21:51");
        assert_eq!(reported(&rig.gets(". 60:61(1) ack 1")), "60:61,21:51");
    }

    //? RFC2018-4-a
    #[test]
    fn nothing_is_reported_without_permission() {
        let mut rig = Rig::established();
        assert_eq!(reported(&rig.gets(". 11:21(10) ack 1")), "");
        rig.send(10);
        assert_eq!(rig.gets(". 21:21(0) ack 1 sack 5:8")[0], "! TcpSackNotPermitted");
    }

    #[test]
    fn the_octet_before_the_first_one_never_came() {
        let mut rig = rig();
        assert_eq!(reported(&rig.gets(". 0:1(1) ack 1")), "");
    }

    fn seq(number: u32) -> Seq<Ours> {
        Seq::new(u32::MAX - 100) + number
    }

    quickcheck! {
        /// The scoreboard against one mark for each octet.
        //? RFC2018-5-a
        //? RFC6675-5-a
        fn the_scoreboard_marks_octets(steps: Vec<(u8, u8, bool)>, threshold: u8, smss: u8) -> bool {
            let mut board = Board { permitted: true, ..Board::default() };
            let (mut marks, mut una) = ([false; 512], 0_usize);
            for (at, len, advance) in steps {
                if advance {
                    una = una.max(usize::from(at) / 2 + usize::from(len) / 4);
                    marks[..una].fill(false);
                    board.advance(seq(una as u32));
                } else if len > 0 {
                    let (start, end) = (usize::from(at).max(una), usize::from(at) + usize::from(len));
                    if start < end && board.ranges.len() < MAX_RANGES {
                        let news = marks[start..end].iter().any(|mark| !mark);
                        marks[start..end].fill(true);
                        assert_eq!(board.mark(seq(start as u32), seq(end as u32)), news);
                    }
                }
                board.check(seq(una as u32), seq(512));
            }
            let count = marks.iter().filter(|mark| **mark).count();
            assert_eq!(board.marked_octets(seq(una as u32), seq(512)) as usize, count);
            let halves = board.marked_octets(seq(0), seq(100)) + board.marked_octets(seq(100), seq(512));
            assert_eq!(halves as usize, count);
            for from in una..512 {
                let gap = (from..512).find(|at| !marks[*at]).unwrap_or(512);
                let end = (gap..512).find(|at| marks[*at]);
                let known = (seq(gap as u32), end.map(|end| seq(end as u32)));
                assert_eq!(board.gap_from(seq(from as u32)), known);
            }
            let (threshold, smss) = (usize::from(threshold % 4) + 1, u32::from(smss));
            let lost = board.lost_before(threshold, smss);
            for at in una..512 {
                let above = &marks[at + 1..];
                let octets = above.iter().filter(|mark| **mark).count();
                let runs = (0..above.len()).filter(|i| above[*i] && (*i == 0 || !above[*i - 1])).count();
                let is_lost = runs >= threshold || octets > (threshold - 1) * smss as usize;
                let found = lost.is_some_and(|edge| seq(at as u32).before(edge));
                assert!(marks[at] || is_lost == found, "{at}");
            }
            true
        }
    }

    #[test]
    fn a_full_scoreboard_forgets_and_goes_on() {
        let mut board = Board { permitted: true, ..Board::default() };
        for at in 0..MAX_RANGES as u32 {
            assert!(board.mark(seq(2 * at), seq(2 * at + 1)));
        }
        assert!(!board.mark(seq(5000), seq(5001)));
        assert!(board.mark(seq(0), seq(5001)));
        assert_eq!(board.ranges.len(), 1);
        board.advance(seq(5001));
        assert_eq!(board.ranges.capacity(), 0);
    }
}
