//! Attacks, and what each costs this host: work, memory, and the reason that it gives; also in ATTACKS.md.

mod attack;

use attack::{Cost, HOST, PORT, Target, Tcp, peer};
use stack::base::Span;
use stack::sock::{self, Call, Reply, SynCookies};
use stack::wire::icmpv4::{Message, Unreachable};
use stack::wire::ipv4;
use stack::wire::tcp::Flags;
use std::net::Ipv4Addr;

const SYN: Flags = Flags::SYN;
const ACK: Flags = Flags::ACK;

/// SYNs from addresses that never answer; an honest peer comes in the middle of it.
fn syn_flood(policy: SynCookies) -> Cost {
    let name = match policy {
        SynCookies::Never => "SYN flood, cookies off",
        SynCookies::UnderFlood | SynCookies::WhenFull | SynCookies::Always => "SYN flood",
    };
    let mut target = Target::with(sock::Policy { syn_cookies: policy, ..sock::Policy::default() });
    let listener = target.listen();
    let mut honest = None;
    target.begin();
    for number in 0..20_000 {
        target.pass(Span::from_millis(1));
        target.tcp(peer(number), Tcp { seq: number, flags: SYN, ..Tcp::default() });
        if number == 10_000 {
            let opened = target.open(Ipv4Addr::new(192, 0, 2, 77), 5_000, 65_535);
            honest = opened.and_then(|_| target.accept(listener));
        }
    }
    let kept = target.rows();
    assert!(kept <= 2 + 129, "{kept} sockets");
    assert_eq!(honest.is_some(), policy != SynCookies::Never, "the honest peer");
    target.cost(name)
}

/// Acknowledgements for a connection that is there, with numbers drawn by chance.
fn ack_storm() -> Cost {
    let (mut target, _, _) = Target::connected();
    target.begin();
    for number in 0..10_000_u32 {
        target.pass(Span::from_micros(100));
        let drawn = number.wrapping_mul(2_654_435_761);
        let forged = Tcp { seq: drawn, ack: drawn.rotate_left(16), flags: ACK, ..Tcp::default() };
        target.tcp((Ipv4Addr::new(192, 0, 2, 77), 5_000), forged);
    }
    target.cost("ACK storm at a connection")
}

/// Acknowledgements for connections that are not there.
fn ack_storm_at_a_listener() -> Cost {
    let mut target = Target::with(sock::Policy::default());
    target.listen();
    target.begin();
    for number in 0..10_000 {
        target.pass(Span::from_micros(100));
        target.tcp(peer(number), Tcp { seq: number, ack: number, flags: ACK, ..Tcp::default() });
    }
    assert_eq!(target.rows(), 1);
    target.cost("ACK storm at a listener")
}

/// Resets for a connection whose numbers the sender does not know.
fn blind_resets() -> Cost {
    let (mut target, _, open) = Target::connected();
    target.begin();
    for number in 1..10_000_u32 {
        target.pass(Span::from_micros(100));
        let inside = open.seq.wrapping_add(number);
        target.tcp(open.from, Tcp { seq: inside, flags: Flags::RST, ..Tcp::default() });
    }
    assert_eq!(target.rows(), 2, "the connection is still there");
    target.cost("blind resets")
}

/// One octet a segment, which nobody reads.
fn tiny_segments() -> Cost {
    let (mut target, _, open) = Target::connected();
    target.begin();
    for number in 0..70_000_u32 {
        target.pass(Span::from_micros(100));
        let seq = open.seq.wrapping_add(number);
        target.tcp(open.from, Tcp { seq, ack: open.ack, flags: ACK, data: b"x", ..Tcp::default() });
    }
    target.cost("tiny segments")
}

/// Every second octet, so that gaps stay between them.
fn holes() -> Cost {
    let (mut target, _, open) = Target::connected();
    target.begin();
    for number in 1..30_000_u32 {
        target.pass(Span::from_micros(100));
        let seq = open.seq.wrapping_add(2 * number);
        target.tcp(open.from, Tcp { seq, ack: open.ack, flags: ACK, data: b"x", ..Tcp::default() });
    }
    target.cost("holes out of order")
}

/// Peers that ask for much, offer no window, and stay; the application has closed, and time goes by.
fn sockstress() -> Cost {
    let bounds = sock::Policy { orphans_max: 64, ..sock::Policy::default() };
    let mut target = Target::with(bounds);
    let listener = target.listen();
    target.begin();
    for number in 0..100 {
        let (addr, port) = peer(number);
        target.open(addr, port, 0).expect("an answer");
        let sock = target.accept(listener).expect("a connection");
        let sent = target.call(Call::Send { sock, data: vec![7; 100_000], urgent: false });
        assert!(matches!(sent, Reply::Sent(1..)), "{sent:?}");
        assert_eq!(target.call(Call::Close { sock }), Reply::Done);
        assert!(target.rows() <= 1 + 64 + 1, "orphans are bounded");
    }
    assert_eq!(target.rows(), 1 + 64);
    let cost = target.cost("sockstress: no window, and hold");
    for _ in 0..100 {
        // They answer every probe: they are alive, and want nothing.
        target.answer_probes();
        target.pass(Span::from_secs(10));
    }
    let held = target.rows() - 1;
    target.silence(Span::from_secs(1000));
    assert_eq!(target.rows(), 1, "of {held} nothing is left once the peers are silent");
    cost
}

/// Unreachable messages that quote numbers drawn by chance.
fn forged_icmp() -> Cost {
    let (mut target, _, open) = Target::connected();
    target.begin();
    for number in 0..10_000_u32 {
        target.pass(Span::from_micros(100));
        let mut quoted = Vec::new();
        let (addr, port) = open.from;
        let ports = u32::from(PORT) << 16 | u32::from(port);
        let transport = [ports.to_be_bytes(), (number << 17).to_be_bytes()].concat();
        let packet = ipv4::Packet { src: HOST, dst: addr, payload: &transport, ..attack::PACKET };
        packet.emit(&mut quoted);
        let code = if number % 2 == 0 { Unreachable::Port } else { Unreachable::FragmentationNeeded };
        let mut message = Vec::new();
        Message::DestinationUnreachable { code, mtu: 296, quoted: &quoted }.emit(&mut message);
        target.packet(addr, 1, &message);
    }
    assert_eq!(target.rows(), 2, "the connection is still there");
    target.cost("forged ICMP errors")
}

/// More connections come to their end than may be in TIME-WAIT.
fn time_wait() -> Cost {
    let bounds = sock::Policy { time_wait_max: 100, ..sock::Policy::default() };
    let mut target = Target::with(bounds);
    let listener = target.listen();
    target.begin();
    for number in 0..1_000 {
        let (addr, port) = peer(number);
        let open = target.open(addr, port, 65_535).expect("an answer");
        let sock = target.accept(listener).expect("a connection");
        assert_eq!(target.call(Call::Close { sock }), Reply::Done);
        let fin =
            Tcp { seq: open.seq, ack: open.ack.wrapping_add(1), flags: ACK | Flags::FIN, ..Tcp::default() };
        target.tcp(open.from, fin);
    }
    assert_eq!(target.rows(), 1 + 100);
    target.cost("connections to fill TIME-WAIT")
}

#[test]
fn every_attack_costs_what_the_page_says() {
    let costs = [
        //? RFC4987-3.6-a
        //? RFC4987-3.6-b
        //? RFC4987-4-a
        syn_flood(SynCookies::UnderFlood),
        //? RFC4987-3.5-a
        syn_flood(SynCookies::Never),
        //? RFC9293-3.10.7.2-b
        ack_storm_at_a_listener(),
        //? RFC5961-7-a
        ack_storm(),
        //? RFC5961-3.2-b
        blind_resets(),
        //? RFC9293-3.10.7.4-a
        tiny_segments(),
        //? RFC9293-SHLD-31
        holes(),
        //? RFC9293-MUST-36
        sockstress(),
        //? RFC5927-7-a
        forged_icmp(),
        //? RFC9293-MUST-13
        time_wait(),
    ];
    for cost in &costs {
        assert!(cost.out <= cost.frames + cost.frames / 20, "{} draws more than it sends", cost.name);
        assert!(!cost.reasons.is_empty() || cost.out == cost.frames, "{}: no reason, no reset", cost.name);
    }
    let table: String = costs.iter().map(|cost| format!("{cost}\n")).collect();
    println!("{table}");
    let page = include_str!("../ATTACKS.md");
    assert!(page.contains(&table), "ATTACKS.md lacks\n{table}");
}
