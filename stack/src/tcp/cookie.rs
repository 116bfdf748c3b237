//! floor 3: SYN cookies: an opening that is remembered by the peer alone (RFC 4987 section 3.6).
//!
//! The initial sequence number of the SYN,ACK says what has to be remembered: when it was made (5 bits, in
//! steps of 64 s), the peer's segment size (3 bits, an index), and 24 bits of a keyed function of both, of
//! the peer's number and of the four-tuple. The acknowledgement brings it back, and the SYN is made anew:
//! without the options that there was no room for. So none of them is offered either.
//!
//! What is answered without state is not sent again by itself: the peer sends its SYN again.

use super::{Cx, Emit, Offsets, Settings, Tcb};
use crate::base::siphash::Key;
use crate::base::{Ecn, Instant, Ours, Seq, Span, Theirs, Why};
use crate::wire::tcp::{Flags, Segment};
use crate::wire::tcp_option::Options;
use alloc::sync::Arc;

/// A cookie is good in the step it was made in and in the next one: for 64 to 128 s.
const STEP: Span = Span::from_secs(64);
/// How long a cookie can be good.
pub const LIFETIME: Span = Span::from_secs(128);
/// Segment sizes that a cookie can remember, in octets: the largest that is not above what the peer said.
const SIZES: [u16; 8] = [64, 536, 1220, 1300, 1400, 1440, 1460, 8960];

/// What a cookie and its acknowledgement remember of a SYN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// ISS: the cookie itself.
    pub iss: Seq<Ours>,
    /// IRS.
    pub irs: Seq<Theirs>,
    /// The peer's segment size, in octets.
    pub mss_octets: u16,
}

const fn step(now: Instant) -> u64 {
    now.as_nanos() / STEP.as_nanos()
}

/// The cookie made in this step for the size with this index. `secret` is a keyed function of the four-tuple.
fn cookie(secret: u64, irs: Seq<Theirs>, step: u64, size: u8) -> Seq<Ours> {
    let keyed = Key::new(secret, u64::from(irs.value()) << 8 | u64::from(size)).of(&step.to_le_bytes());
    let bits = (step & 0x1f) << 27 | u64::from(size & 7) << 24 | keyed & 0x00ff_ffff;
    Seq::new(bits as u32)
}

/// The cookie for a SYN; `None` if the peer wants segments so small that none remembers it.
pub fn make(secret: u64, now: Instant, syn: &Segment<'_>, mss_default_octets: u16) -> Option<Remembered> {
    let said = syn.options.mss.filter(|octets| *octets > 0).unwrap_or(mss_default_octets);
    let (size, mss_octets) = (0_u8..).zip(SIZES).take_while(|(_, octets)| *octets <= said).last()?;
    let irs = Seq::new(syn.seq);
    Some(Remembered { iss: cookie(secret, irs, step(now), size), irs, mss_octets })
}

/// What `segment` brings back, if it acknowledges a cookie that this host made not long ago.
pub fn check(secret: u64, now: Instant, segment: &Segment<'_>) -> Option<Remembered> {
    let iss = Seq::<Ours>::new(segment.ack).back(1);
    let irs = Seq::<Theirs>::new(segment.seq).back(1);
    let size = (iss.value() >> 24 & 7) as u8;
    let mss_octets = *SIZES.get(usize::from(size))?;
    let this = step(now);
    //= RFC4987-3.6-a
    let good = (this.saturating_sub(1)..=this).any(|step| cookie(secret, irs, step, size) == iss);
    good.then_some(Remembered { iss, irs, mss_octets })
}

/// Where the SYN,ACK of a connection goes that was answered before.
struct Nowhere;

impl Emit for Nowhere {
    fn segment(&mut self, _: &Segment<'_>, _: Ecn) {}
    fn discard(&mut self, _: Why) {}
}

impl Tcb {
    /// The connection that follows from what a cookie remembers, in SYN-RECEIVED. It sends the SYN,ACK, the
    /// same as often as it is made.
    fn of_cookie(
        settings: &Arc<Settings>,
        offsets: Offsets,
        now: Instant,
        remembered: Remembered,
        window: u16,
        cx: &mut Cx<'_>,
    ) -> Self {
        //= RFC4987-3.6-b
        let options = Options { mss: Some(remembered.mss_octets), ..Options::NONE };
        let seq = remembered.irs.value();
        let syn = Segment { seq, flags: Flags::SYN, window, options, ..Segment::default() };
        Self::accept_with(remembered.iss, settings, offsets, now, &syn, cx)
    }

    /// Answers a SYN with a cookie, and keeps nothing.
    pub fn answer_with_cookie(
        settings: &Arc<Settings>,
        offsets: Offsets,
        now: Instant,
        remembered: Remembered,
        cx: &mut Cx<'_>,
    ) {
        drop(Self::of_cookie(settings, offsets, now, remembered, 0, cx));
    }

    /// The connection that `segment` completes, to be given that segment: it acknowledges a cookie.
    pub fn accept_cookie(
        settings: &Arc<Settings>,
        offsets: Offsets,
        now: Instant,
        remembered: Remembered,
        segment: &Segment<'_>,
        cx: &mut Cx<'_>,
    ) -> Self {
        let mut unsent = Cx { choices: cx.choices, out: &mut Nowhere };
        let mut tcb = Self::of_cookie(settings, offsets, now, remembered, segment.window, &mut unsent);
        // Nobody knows when the SYN,ACK left.
        tcb.timed = None;
        tcb
    }

    /// Whether the own SYN was sent again because nothing came back for a whole retransmission timeout.
    pub const fn syn_was_resent(&self) -> bool {
        self.syn_resent
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quickcheck::quickcheck;

    fn at(seconds: u64) -> Instant {
        Instant::ZERO + Span::from_secs(seconds)
    }

    fn syn(seq: u32, mss: Option<u16>) -> Segment<'static> {
        Segment { seq, flags: Flags::SYN, options: Options { mss, ..Options::NONE }, ..Segment::default() }
    }

    fn answer(remembered: Remembered) -> Segment<'static> {
        let seq = remembered.irs.value().wrapping_add(1);
        let ack = remembered.iss.value().wrapping_add(1);
        Segment { seq, ack, flags: Flags::ACK, ..Segment::default() }
    }

    quickcheck! {
        fn what_was_made_comes_back_for_64_seconds_and_not_after_128(
            secret: u64, seq: u32, mss: u16, made: u32, later: u8
        ) -> bool {
            let (made, later) = (u64::from(made), u64::from(later));
            let Some(remembered) = make(secret, at(made), &syn(seq, Some(mss)), 536) else {
                return (1..64).contains(&mss);
            };
            let found = check(secret, at(made + later), &answer(remembered));
            let fits = mss == 0 || remembered.mss_octets <= mss;
            fits && match later {
                0..=64 => found == Some(remembered),
                65..128 => found.is_none_or(|found| found == remembered),
                128.. => found.is_none(),
            }
        }

        fn another_peer_number_or_conversation_opens_nothing(secret: u64, seq: u32, bit: u8) -> bool {
            let remembered = make(secret, at(0), &syn(seq, None), 536).expect("a usual size");
            let segment = answer(remembered);
            let other = Segment { seq: segment.seq ^ 1 << (bit % 32), ..segment };
            // One in 2^24 is good by accident.
            check(secret, at(0), &other).is_none() || check(secret ^ 1, at(0), &other).is_none()
        }
    }

    #[test]
    fn the_largest_size_that_is_not_too_large_is_remembered() {
        let size = |mss| make(1, at(0), &syn(7, mss), 536).map(|remembered| remembered.mss_octets);
        assert_eq!(size(Some(1460)), Some(1460));
        assert_eq!(size(Some(1459)), Some(1440));
        assert_eq!(size(Some(65535)), Some(8960));
        assert_eq!(size(None), Some(536));
        assert_eq!(size(Some(63)), None);
    }
}
