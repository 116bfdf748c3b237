//! Laws of refusals: they are sound packets, nothing answers an answer, and no octets break them.

use super::*;
use crate::serve::craft::{Craft, any_packet, checksums_hold};
use quickcheck::quickcheck;

/// A segment of a craft, read back.
fn segment(packet: &[u8]) -> Option<(u16, u16, u32, u32, Flags)> {
    let sight = Sight::read(packet).filter(|sight| sight.protocol == TCP)?;
    let view = View::read(sight.payload).ok()?;
    Some((view.src_port(), view.dst_port(), view.seq(), view.ack(), view.flags()))
}

quickcheck! {
    fn a_refusal_is_a_sound_packet_to_the_sender(craft: Craft) -> bool {
        let packet = craft.packet();
        [rejected(&packet), prohibited(&packet)].into_iter().flatten().all(|answer| {
            let sight = Sight::read(&answer).expect("a packet");
            checksums_hold(&answer) && (sight.src, sight.dst) == (craft.dst(), craft.src())
        })
    }

    fn a_reset_is_one_that_the_sender_believes(craft: Craft) -> bool {
        let Some(answer) = rejected(&craft.packet()).filter(|_| craft.protocol == TCP) else { return true };
        // The segment acknowledged nothing, so the reset begins with what was asked for: octet 0.
        let (src_port, dst_port) = (craft.dst_port, craft.src_port);
        segment(&answer) == Some((src_port, dst_port, 0, 0, Flags::RST))
    }

    fn nothing_answers_an_answer(craft: Craft) -> bool {
        let packet = craft.packet();
        [rejected(&packet), prohibited(&packet)].into_iter().flatten().all(|answer| {
            let of_icmp = segment(&answer).is_none();
            rejected(&answer).is_none() && !(of_icmp && prohibited(&answer).is_some())
        })
    }

    fn no_octets_break_it(craft: Craft, noise: Vec<(u8, u8)>, cut: u8) -> bool {
        let packet = any_packet(&craft, &noise, cut);
        [rejected(&packet), prohibited(&packet)].into_iter().flatten().all(|answer| checksums_hold(&answer))
    }
}

#[test]
fn a_syn_is_acknowledged_by_its_reset() {
    let (src, dst) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
    let mut octets = Vec::new();
    Segment { src_port: 4000, dst_port: 80, seq: 99, flags: Flags::SYN, ..Segment::default() }.emit(
        src,
        dst,
        &mut octets,
    );
    let answer = rejected(&packet_of(src, dst, TCP, &octets)).expect("a reset");
    assert_eq!(segment(&answer), Some((80, 4000, 0, 100, Flags::RST.union(Flags::ACK))));
}
