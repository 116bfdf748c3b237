//! Laws of the filter: it decides as a naive reading of the rules does, and no octets break it.

use super::*;
use crate::serve::craft::{Craft, any_packet};
use quickcheck::{Arbitrary, Gen, quickcheck};
use std::net::{Ipv4Addr, Ipv6Addr};

impl Arbitrary for Rule {
    fn arbitrary(g: &mut Gen) -> Self {
        let protocol = *g.choose(&Protocol::ALL).expect("there are some");
        let ports = PortRange::new(1 + u16::arbitrary(g) % 100, 50 + u16::arbitrary(g) % 100);
        let nets = [
            None,
            Some(Cidr::new(Ipv4Addr::new(10, 0, 0, 0).into(), u8::arbitrary(g) % 33)),
            Some(Cidr::new(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0).into(), u8::arbitrary(g) % 129)),
        ];
        Self {
            action: *g.choose(&Action::ALL).expect("there are some"),
            protocol,
            ports: ports.filter(|_| matches!(protocol, Protocol::Tcp | Protocol::Udp)),
            from: *g.choose(&nets).expect("there are some"),
            to: *g.choose(&nets).expect("there are some"),
        }
    }
}

/// What the rules say of a whole packet, from what it was made of: each condition by itself.
fn naive(rules: &[Rule], craft: &Craft) -> Action {
    for rule in rules {
        let number = craft.protocol;
        let protocol = match rule.protocol {
            Protocol::Any => true,
            Protocol::Tcp => number == 6,
            Protocol::Udp => number == 17,
            Protocol::Icmp => number == 1 || number == 58,
        };
        let port = rule
            .ports
            .is_none_or(|ports| (ports.first().number()..=ports.last().number()).contains(&craft.dst_port));
        let from = rule.from.is_none_or(|net| net.contains(craft.src()));
        let to = rule.to.is_none_or(|net| net.contains(craft.dst()));
        if protocol && port && from && to {
            return rule.action;
        }
    }
    Action::Allow
}

quickcheck! {
    fn the_first_rule_that_fits_decides(rules: Vec<Rule>, craft: Craft) -> bool {
        Filter { rules: rules.clone() }.decide(&craft.packet()) == naive(&rules, &craft)
    }

    fn without_rules_all_passes(packet: Vec<u8>) -> bool {
        Filter::default().decide(&packet) == Action::Allow
    }

    fn no_octets_break_it(rules: Vec<Rule>, craft: Craft, noise: Vec<(u8, u8)>, cut: u8) -> bool {
        let packet = any_packet(&craft, &noise, cut);
        let filter = Filter { rules };
        filter.decide(&packet) == filter.decide(&packet)
    }

    fn a_rule_reads_back(rule: Rule) -> bool {
        rule.to_string().parse() == Ok(rule)
    }

    fn no_text_breaks_it(text: String) -> bool {
        text.parse::<Rule>().map_or_else(|senseless| !senseless.to_string().is_empty(), |_| true)
    }
}

fn rules(text: &[&str]) -> Filter {
    Filter { rules: text.iter().map(|rule| rule.parse().expect("a rule")).collect() }
}

#[test]
fn a_fragment_cannot_hide_what_a_rule_asks_for() {
    let filter = rules(&["deny tcp 23"]);
    let craft = Craft { protocol: TCP, dst_port: 80, v6: false, ..Craft::default() };
    let whole = craft.packet();
    let piece = |offset_octets: u16, more: bool, octets: usize| {
        let mut packet = whole[..20 + octets].to_vec();
        packet[6..8].copy_from_slice(&(offset_octets / 8 + u16::from(more) * 0x2000).to_be_bytes());
        packet[2..4].copy_from_slice(&(20 + octets as u16).to_be_bytes());
        filter.decide(&packet)
    };
    assert_eq!(piece(0, true, 20), Action::Allow);
    assert_eq!(piece(0, true, 8), Action::Deny, "the flags are not there");
    assert_eq!(piece(8, false, 12), Action::Deny, "it would overwrite the flags");
    assert_eq!(piece(16, true, 8), Action::Allow, "its first fragment decides");
    let others = rules(&["deny udp 23"]);
    assert_eq!(others.decide(&whole), Action::Allow);
}

#[test]
fn a_rule_that_makes_no_sense_says_which_word() {
    for (text, told) in [
        ("", "\"\" is not an action: one of allow, deny, reject, prohibit"),
        ("block tcp", "\"block\" is not an action: one of allow, deny, reject, prohibit"),
        ("deny sctp", "\"sctp\" is not a protocol: one of any, tcp, udp, icmp"),
        ("deny icmp 8", "\"8\": icmp has no ports; tcp and udp have"),
        ("deny tcp 0", "\"0\" is neither a port, 1 to 65535, nor a range like 53-60"),
        ("deny tcp 60-53", "\"60-53\" is neither a port, 1 to 65535, nor a range like 53-60"),
        ("deny tcp from", "\"\" is not a network like 10.0.0.0/8 or 2001:db8::/32"),
        ("deny tcp from 10.0.0.0/33", "\"10.0.0.0/33\" is not a network like 10.0.0.0/8 or 2001:db8::/32"),
        ("deny tcp 1 2", "\"2\" stands where `from` or `to` is expected"),
        ("deny any from ::1 from ::1", "`from` is there twice"),
    ] {
        assert_eq!(text.parse::<Rule>(), Err(Senseless::new(told.to_owned())), "{text}");
    }
}
