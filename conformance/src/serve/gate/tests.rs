//! Laws of the gate: without rules and mappings it is not there, and over Ethernet it does what it does over
//! IP.

use super::*;
use crate::serve::craft::Craft;
use quickcheck::quickcheck;
use stack::base::Mac;

const OURS: Mac = Mac([2, 0, 0, 0, 0, 2]);
const THEIRS: Mac = Mac([2, 0, 0, 0, 0, 1]);

fn gate(link: Link, rules: &[&str], maps: &[&str]) -> Gate {
    let rules = rules.iter().map(|rule| rule.parse().expect("a rule")).collect();
    let exchanges = maps.iter().map(|map| map.parse().expect("a mapping")).collect();
    Gate::new(link, Filter { rules }, Map { exchanges })
}

fn framed(dst: Mac, src: Mac, packet: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    let ethertype = if packet[0] >> 4 == 4 { EtherType::IPV4 } else { EtherType::IPV6 };
    Frame { dst, src, ethertype, payload: packet }.emit(&mut frame);
    frame
}

quickcheck! {
    fn without_rules_and_mappings_it_is_not_there(frame: Vec<u8>) -> bool {
        [Link::Ip, Link::Ethernet].into_iter().all(|link| {
            let (gate, mut passed) = (gate(link, &[], &[]), frame.clone());
            let on = gate.arrives(&mut passed) == Passed::On;
            gate.leaves(&mut passed);
            on && passed == frame
        })
    }

    fn over_ethernet_it_is_the_same(craft: Craft) -> bool {
        let (rules, maps) = (["reject tcp 53", "prohibit udp 53", "deny tcp 80"], ["tcp:8080=7"]);
        let (mut packet, mut frame) = (craft.packet(), framed(OURS, THEIRS, &craft.packet()));
        let over_ip = gate(Link::Ip, &rules, &maps).arrives(&mut packet);
        let over_ethernet = gate(Link::Ethernet, &rules, &maps).arrives(&mut frame);
        let expected = match over_ip {
            Passed::On => Passed::On,
            Passed::Dropped => Passed::Dropped,
            Passed::Answered(answer) => Passed::Answered(framed(THEIRS, OURS, &answer)),
        };
        over_ethernet == expected && frame == framed(OURS, THEIRS, &packet)
    }

    fn no_octets_break_it(octets: Vec<u8>) -> bool {
        let mut frame = octets;
        let length = frame.len();
        for link in [Link::Ip, Link::Ethernet] {
            let gate = gate(link, &["reject tcp 1-1000", "prohibit any"], &["udp:1=2"]);
            let _ = gate.arrives(&mut frame);
            gate.leaves(&mut frame);
        }
        frame.len() == length
    }
}
