//! Laws of the mapping: twice is nothing, checksums stay as right as they were, and no octets break it.

use super::*;
use crate::serve::craft::{Craft, any_packet, checksums_hold};
use quickcheck::quickcheck;

/// Mappings that the packets which are made here meet with often.
fn map(choice: u8) -> Map {
    let texts: &[&str] = match choice % 4 {
        0 => &["tcp:8080=80", "udp:53=5353"],
        1 => &["udp:80=81", "tcp:81=80"],
        2 => &["tcp:80=80"],
        _ => &["tcp:1=65535", "tcp:80=7", "udp:80=7"],
    };
    Map { exchanges: texts.iter().map(|text| text.parse().expect("a mapping")).collect() }
}

fn mapped(choice: u8, way: Way, packet: &[u8]) -> Vec<u8> {
    let mut packet = packet.to_vec();
    map(choice).apply(way, &mut packet);
    packet
}

quickcheck! {
    fn twice_is_nothing(craft: Craft, choice: u8) -> bool {
        [Way::In, Way::Out].into_iter().all(|way| {
            let once = mapped(choice, way, &craft.packet());
            mapped(choice, way, &once) == craft.packet()
        })
    }

    fn in_and_out_are_the_two_ends_of_one_mapping(craft: Craft, choice: u8) -> bool {
        let ports = |packet: &[u8]| Sight::read(packet).and_then(|sight| sight.ports());
        let inside = ports(&mapped(choice, Way::In, &craft.packet()));
        let answer = ports(&mapped(choice, Way::Out, &craft.turned().packet()));
        inside == answer.map(|(src, dst)| (dst, src))
    }

    fn errors_stay_right_and_come_back(craft: Craft, choice: u8) -> bool {
        let error = Craft::error_about(&craft.packet());
        [Way::In, Way::Out].into_iter().all(|way| {
            let once = mapped(choice, way, &error);
            checksums_hold(&once) && mapped(choice, way, &once) == error
        })
    }

    fn checksums_stay_right(craft: Craft, choice: u8) -> bool {
        let before = craft.packet();
        let kept = |way| checksums_hold(&before) == checksums_hold(&mapped(choice, way, &before));
        kept(Way::In) && kept(Way::Out)
    }

    fn nothing_but_ports_and_checksums_changes(craft: Craft, choice: u8) -> bool {
        let (before, after) = (craft.packet(), mapped(choice, Way::In, &craft.packet()));
        let differing = before.iter().zip(&after).filter(|(before, after)| before != after).count();
        // A port and a checksum; in an ICMP error its own checksum as well.
        before.len() == after.len() && differing <= 6
    }

    fn no_octets_break_it(craft: Craft, noise: Vec<(u8, u8)>, cut: u8, choice: u8) -> bool {
        let packet = any_packet(&craft, &noise, cut);
        mapped(choice, Way::In, &packet).len() == packet.len()
            && mapped(choice, Way::Out, &packet).len() == packet.len()
    }

    fn no_text_breaks_it(text: String) -> bool {
        text.parse::<Exchange>().map_or_else(|senseless| !senseless.to_string().is_empty(), |_| true)
    }
}

#[test]
fn a_mapping_reads_back_or_says_what_is_wrong() {
    for text in ["tcp:8080=80", "udp:1=65535"] {
        assert_eq!(text.parse::<Exchange>().map(|one| one.to_string()), Ok(text.to_owned()));
    }
    for (text, told) in [
        ("8080=80", "the protocol is missing"),
        ("tcp:8080", "the second port is missing"),
        ("icmp:8=0", "the protocol is neither tcp nor udp"),
        ("tcp:0=80", "a port is not a number from 1 to 65535"),
    ] {
        let told = Senseless::new(format!("\"{text}\": {told}, as in tcp:8080=80"));
        assert_eq!(text.parse::<Exchange>(), Err(told));
    }
}

#[test]
fn an_error_of_icmp_quotes_the_ports_that_the_outside_knows() {
    for v6 in [false, true] {
        let request = Craft { protocol: UDP, dst_port: 53, v6, ..Craft::default() };
        let inside = mapped(0, Way::In, &request.packet());
        assert_ne!(inside, request.packet());
        // The host refuses what it got; the outside has to recognise what it sent.
        let refusal = Craft::error_about(&inside);
        let outside = mapped(0, Way::Out, &refusal);
        assert_eq!(outside, Craft::error_about(&request.packet()));
    }
}

#[test]
fn two_mappings_of_a_transport_share_no_port() {
    let conflict = |texts: &[&str]| {
        let exchanges = texts.iter().map(|text| text.parse().expect("a mapping")).collect();
        Map { exchanges }.conflict().map(|(one, other)| (one.to_string(), other.to_string()))
    };
    for sound in [&[][..], &["tcp:80=80"], &["tcp:8080=80", "udp:8080=80"], &["tcp:1=2", "tcp:3=4"]] {
        assert_eq!(conflict(sound), None, "{sound:?}");
    }
    for shared in ["tcp:1=4", "tcp:4=1", "tcp:2=4", "tcp:4=2", "tcp:1=2", "tcp:2=2"] {
        let found = Some(("tcp:1=2".to_owned(), shared.to_owned()));
        assert_eq!(conflict(&["udp:1=9", "tcp:1=2", "tcp:7=8", shared]), found);
    }
}
