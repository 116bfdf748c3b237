//! Plans: reading undoes writing, any bytes are a plan, and runs reach what they are made for.

use super::*;
use crate::host::Host;
use crate::host::reference::Reference;
use crate::run::run;
use plan::OPERATIONS_MAX;
use quickcheck::quickcheck;
use stack::sock::{Call, Reply};
use std::collections::BTreeSet;

fn traced(plan: &Plan) -> Trace {
    let mut host = Reference::new();
    host.reset(&lab::config(link(plan))).expect("the configuration fits");
    let mut trace = Trace::new(link(plan));
    run(&mut host, &mut Bytes::new(plan), &mut trace).expect("the reference lives");
    trace
}

/// A source of bytes that is the same every time.
fn noise(seed: u64, octets: usize) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        state.to_be_bytes()[0]
    };
    (0..octets).map(|_| next()).collect()
}

quickcheck! {
    fn any_bytes_are_a_plan_and_writing_it_keeps_it(bytes: Vec<u8>) -> bool {
        let plan = Plan::read(&bytes).expect("what is missing is zero");
        plan.operations.len() <= OPERATIONS_MAX && Plan::read(&plan.write()) == Ok(plan)
    }
}

#[test]
fn every_kind_of_operation_comes_out_of_noise() {
    let mut seen = BTreeSet::new();
    for seed in 0..200 {
        for operation in Plan::read(&noise(seed, 400)).expect("a plan").operations {
            seen.insert(format!("{operation:?}").split([' ', '{']).next().unwrap_or("").to_owned());
        }
    }
    let all: BTreeSet<String> = Operation::VARIANTS.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(seen, all);
}

fn with(opening: Opening, epilogue: plan::Epilogue, operations: Vec<Operation>) -> Plan {
    Plan { ethernet: false, v6: false, opening, epilogue, operations }
}

fn offer() -> plan::Offer {
    plan::Offer { which: 15, mss: 1460, scale: 7, halved: 0 }
}

#[test]
fn canned_openings_open() {
    for (ethernet, v6) in [(false, false), (true, false), (false, true), (true, true)] {
        let accepted = Opening::Accepted { offer: offer(), initial: 0xffff_ff00 };
        let plan = Plan { ethernet, v6, ..with(accepted, plan::Epilogue::Stop, Vec::new()) };
        let trace = traced(&plan);
        let accepted =
            |event: &Event| matches!(event, Event::Response(Response::Reply(Reply::Accepted { .. })));
        assert!(
            trace.events.iter().any(|timed| accepted(&timed.event)),
            "{}",
            crate::trace::store::print(&trace)
        );

        let connected = Opening::Connected { offer: offer(), initial: 77 };
        let send = CallPlan::Send { sock: 0, octets: 3, urgent: false };
        let plan = Plan {
            ethernet,
            v6,
            ..with(connected, plan::Epilogue::Stop, vec![Operation::Call { call: send }])
        };
        let trace = traced(&plan);
        let sent = Event::Response(Response::Reply(Reply::Sent(3)));
        assert!(
            trace.events.iter().any(|timed| timed.event == sent),
            "{}",
            crate::trace::store::print(&trace)
        );
    }
}

#[test]
fn an_honest_epilogue_reads_and_closes_everything() {
    let data = Operation::Segment {
        plan: SegmentPlan {
            target: Target::Live { back: 0 },
            bits: Bits::Push,
            seq: Seq::Next,
            ack: Ack::All,
            closed_by: 0,
            data_octets: 100,
            options: Choice::Negotiated,
            twist: Twist::Plain,
        },
    };
    let send = Operation::Call { call: CallPlan::Send { sock: 0, octets: 5000, urgent: false } };
    let accepted = Opening::Accepted { offer: offer(), initial: 9 };
    let trace = traced(&with(accepted, plan::Epilogue::Honest, vec![data, send]));
    let text = crate::trace::store::print(&trace);
    let expected: Vec<u8> = (10..110).map(lab::octet_at).collect();
    let read = Event::Response(Response::Reply(Reply::Data(expected)));
    assert!(trace.events.iter().any(|timed| timed.event == read), "{text}");
    let closed = |event: &Event| matches!(event, Event::Stimulus(Stimulus::Call(Call::Close { .. })));
    assert_eq!(trace.events.iter().filter(|timed| closed(&timed.event)).count(), 2, "{text}");
    assert!(text.lines().any(|line| line.contains(" > ") && line.contains(" F")), "{text}");
}
