//! floor 3: the options of segments: which there are, what those of a SYN mean, and what they leave for data
//! (RFC 9293 sections 3.2 and 3.7.1, RFC 6691, RFC 7323 section 2). Timestamps have their own file.
//!
//! RFC7323-2.3-f: a stack that does nothing but answer has no log; the trace shows the option.

use super::Tcb;
use super::state::Phase;
use crate::base::Instant;
use crate::base::seq::Shift;
use crate::wire::tcp::Flags;
use crate::wire::tcp_option::Options;

/// The largest window that the field can say without scaling, in octets.
pub(super) const MAX_UNSCALED_OCTETS: u32 = 65_535;

/// Octets that all options of a segment can take.
const MAX_OPTION_OCTETS: u32 = 40;

/// The shift counts of both windows, once both ends have offered to scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// Of the windows that the peer sends: Snd.Wind.Shift.
    pub snd: Shift,
    /// Of the windows that we send: Rcv.Wind.Shift.
    pub rcv: Shift,
}

impl Tcb {
    /// Adds the options of a segment with these flags to `options`, which has none.
    pub(super) fn write_options(&self, now: Instant, flags: Flags, options: &mut Options) {
        //= RFC9293-MUST-65
        if flags.syn() {
            *options = self.syn_options();
        } else if self.has_blocks_to_report() {
            options.sack = self.sack_blocks(self.sack_room_octets());
        }
        if let Some(stamps) = self.stamps_for(now, flags) {
            options.timestamps = Some(stamps);
        }
        if let Some(timeout) = self.user_timeout_for(flags) {
            options.user_timeout = Some(timeout);
        }
    }

    /// The options of the own SYN.
    fn syn_options(&self) -> Options {
        let mut options = Options::NONE;
        //= RFC9293-MUST-14
        //= RFC9293-SHLD-5
        //= RFC9293-MAY-3
        options.mss = Some(self.settings.mss_receive_octets);
        // A SYN asks; a SYN,ACK says what was agreed upon.
        let asks = self.phase == Phase::SynSent;
        //= RFC7323-2.2-a
        //= RFC7323-2.2-e
        //= RFC7323-2.3-a
        let may_scale = if asks { self.settings.window_scale } else { self.scale.is_some() };
        options.window_scale = may_scale.then(|| self.receive_shift().bits());
        //= RFC2018-2-a
        options.sack_permitted = if asks { self.settings.sack } else { self.sack.permitted };
        options
    }

    /// Takes over what the peer's SYN announces.
    pub(super) fn learn_options(&mut self, now: Instant, options: &Options) {
        // A size of 0 would forbid all data; it counts as not said.
        let announced = options.mss.filter(|octets| *octets > 0);
        //= RFC9293-MUST-15
        self.snd.mss_octets = announced.unwrap_or(self.settings.mss_default_octets);
        self.sack.permitted = self.settings.sack && options.sack_permitted;
        //= RFC7323-2.2-b
        //= RFC7323-2.3-b
        self.scale = options.window_scale.filter(|_| self.settings.window_scale).map(|count| Scale {
            //= RFC7323-2.3-e
            snd: Shift::from_option(count),
            //= RFC7323-2.3-g
            rcv: self.receive_shift(),
        });
        self.learn_stamps(now, options.timestamps);
        self.hear_user_timeout(options.user_timeout);
    }

    /// The smallest shift with which the field can say the whole receive buffer.
    fn receive_shift(&self) -> Shift {
        let fits = |bits: &u8| self.settings.receive_buffer_octets >> bits <= MAX_UNSCALED_OCTETS;
        Shift::from_option((0..14).find(fits).unwrap_or(14))
    }

    /// SMSS: the most data that a segment may carry beside the options that all segments have, in octets;
    /// never 0. Congestion control counts in it.
    pub(super) fn smss_octets(&self) -> u32 {
        //= RFC4821-7.1-b
        let announced = self.snd.mss_octets.min(self.segment_limit_octets());
        u32::from(announced).saturating_sub(self.stamps_octets()).max(1)
    }

    /// Octets of options that blocks may take: at least half of a segment is left to data.
    fn sack_room_octets(&self) -> u32 {
        (MAX_OPTION_OCTETS - self.stamps_octets()).min(self.smss_octets() / 2)
    }

    /// Octets that the blocks of the next segment take.
    fn sack_octets(&self) -> u32 {
        let blocks = self.sack_blocks(self.sack_room_octets()).len() as u32;
        // Kind and length are padded to a word.
        if blocks > 0 { 4 + 8 * blocks } else { 0 }
    }

    /// Eff.snd.MSS: the most data that the next segment may carry beside its options, in octets; never 0.
    pub(super) fn effective_mss_octets(&self) -> u32 {
        let sack = if self.has_blocks_to_report() { self.sack_octets() } else { 0 };
        let options = sack + if self.user_timeout_for(Flags::ACK).is_some() { 4 } else { 0 };
        //= RFC9293-MUST-16
        //= RFC6691-2-b
        self.smss_octets().saturating_sub(options).max(1)
    }
}

#[cfg(test)]
mod tests {
    use crate::tcp::tests::rig::Rig;
    use crate::tcp::{Settings, State};

    fn large() -> Settings {
        Settings { receive_buffer_octets: 1 << 20, ..Settings::default() }
    }

    //? RFC7323-2.2-b
    //? RFC7323-2.2-d
    //? RFC7323-2.3-c
    //? RFC7323-2.3-d
    //? RFC7323-2.2-a
    #[test]
    fn windows_are_scaled_if_both_syns_offer_it_and_never_on_a_syn() {
        let mut rig = Rig::connect_with(&large());
        assert_eq!(rig.tcb.syn_options().window_scale, Some(5));
        assert_eq!(rig.gets("S. 0:0(0) ack 1 win 1000 mss 1000 wscale 7"), ["> . 1:1(0) ack 1 win 32768"]);
        assert_eq!(rig.tcb.snd().wnd.octets(), 1000);
        rig.gets(". 1:1(0) ack 1 win 1000");
        assert_eq!(rig.tcb.snd().wnd.octets(), 128_000);
        assert_eq!(rig.tcb.rcv().wnd.octets(), 1 << 20);
    }

    //? RFC7323-2.2-b
    //? RFC7323-2.2-e
    //? RFC7323-2.3-b
    #[test]
    fn nothing_is_scaled_if_the_peer_does_not_offer_it() {
        let mut rig = Rig::connect_with(&large());
        assert_eq!(rig.gets("S. 0:0(0) ack 1 win 1000 mss 1000"), ["> . 1:1(0) ack 1 win 65535"]);
        rig.gets(". 1:1(0) ack 1 win 1000");
        assert_eq!(rig.tcb.snd().wnd.octets(), 1000);
        let mut rig = Rig::accept_with(&large(), "S 0:0(0) mss 1000");
        assert_eq!((rig.tcb.syn_options().window_scale, rig.tcb.scale()), (None, None));
        rig.gets(". 1:1(0) ack 1 win 500");
        assert_eq!((rig.tcb.state(), rig.tcb.snd().wnd.octets()), (State::Established, 500));
    }

    //? RFC7323-2.3-e
    //? RFC7323-2.3-a
    #[test]
    fn a_shift_above_fourteen_is_taken_as_fourteen() {
        let mut rig = Rig::accept_with(&large(), "S 0:0(0) win 3 mss 1000 wscale 200");
        assert_eq!(rig.tcb.syn_options().window_scale, Some(5));
        assert_eq!(rig.tcb.snd().wnd.octets(), 3);
        rig.gets(". 1:1(0) ack 1 win 3");
        assert_eq!(rig.tcb.snd().wnd.octets(), 3 << 14);
    }

    //? RFC7323-2.2-d
    #[test]
    fn the_window_of_a_syn_ack_that_crosses_ours_is_not_scaled() {
        let mut rig = Rig::connect_with(&large());
        rig.gets("S 0:0(0) win 100 mss 1000 wscale 7");
        assert_eq!(rig.tcb.state(), State::SynReceived);
        rig.gets("S. 0:0(0) ack 1 win 100 mss 1000 wscale 7");
        assert_eq!((rig.tcb.state(), rig.tcb.snd().wnd.octets()), (State::SynReceived, 100));
        rig.gets(". 1:1(0) ack 1 win 100");
        assert_eq!((rig.tcb.state(), rig.tcb.snd().wnd.octets()), (State::Established, 12_800));
    }

    //? RFC7323-2.3-g
    #[test]
    fn the_shift_that_the_syn_says_is_the_one_that_is_used() {
        let mut rig = Rig::connect_with(&large());
        let said = rig.tcb.syn_options().window_scale;
        assert!(said.is_some());
        rig.wait();
        assert_eq!(rig.tcb.syn_options().window_scale, said);
        rig.gets("S. 0:0(0) ack 1 win 1000 mss 1000 wscale 3");
        assert_eq!(rig.tcb.scale().map(|scale| scale.rcv.bits()), said);
    }

    #[test]
    fn scaling_can_be_declined() {
        let settings = Settings { window_scale: false, ..large() };
        let rig = Rig::connect_with(&settings);
        assert_eq!(rig.tcb.syn_options().window_scale, None);
        let rig = Rig::accept_with(&settings, "S 0:0(0) mss 1000 wscale 7");
        assert_eq!((rig.tcb.syn_options().window_scale, rig.tcb.scale()), (None, None));
    }

    //? RFC9293-SHLD-14
    //? RFC7323-2.4-b
    //? RFC7323-2.4-c
    #[test]
    fn a_scaled_edge_is_said_rounded_down_and_never_taken_back() {
        let mut rig = Rig::connect_with(&large());
        rig.gets("S. 0:0(0) ack 1 win 1000 mss 1000 wscale 0");
        let mut edge = 0;
        for at in 0..50_u32 {
            let start = 1 + at * 7;
            rig.gets(&alloc::format!("P. {start}:{}(7) ack 1 win 1000", start + 7));
            rig.tcb.check();
            let known = rig.tcb.rcv().nxt + rig.tcb.rcv().wnd.octets();
            let now = known.distance_from(rig.tcb.irs());
            assert!(now >= edge, "{now} after {edge}");
            edge = now;
        }
    }
}
