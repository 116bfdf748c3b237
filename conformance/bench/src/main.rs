//! What the reference stack costs beside smoltcp, in one run: the same segments, the same calls, in turn.
//!
//! Both are driven in virtual time over raw IP: the reference through `Host::step`, smoltcp through its
//! `Interface::poll`. Times are of this machine; the ratios are what counts.

mod bulk;
mod capture;
mod client;
mod clock;
mod cycles;
mod host;
mod in_order;
mod many;
mod memory;
mod netassay;
mod rounds;
mod scale;
mod segment;
mod smol;
mod traffic;
mod web;

use bulk::Pair;
use cycles::Server;
use host::Host;
use in_order::Sink;
use many::Crowd;
use netassay::Netassay;
use rounds::{Medians, by_itself, hundredths, interleaved, per_second};
use smol::Smoltcp;
use std::net::IpAddr;
use std::path::Path;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: memory::Counting = memory::Counting;

/// Rounds that count, of each measurement.
const ROUNDS: usize = 15;
/// Connections that a server lets come at once.
const BACKLOG: u32 = 128;
/// The largest crowd.
const MILLION: usize = 1_000_000;

fn row(what: &str, unit: &str, medians: &Medians, scale: u64) {
    let each = |ps| per_second(ps) / scale;
    println!(
        "{what:<44} {:>12} {:>12} {:>7}  {unit}",
        each(medians.ours_ps),
        each(medians.theirs_ps),
        hundredths(medians.ratio_percent),
    );
}

fn in_order() {
    let (mut ours, mut theirs) = (Sink::<Netassay>::new(), Sink::<Smoltcp>::new());
    let medians = interleaved(ROUNDS, || ours.round(16_000), || theirs.round(16_000));
    row("segments in order, 1460 octets", "segments/s", &medians, 1);
}

fn bulk() {
    const ROUND_OCTETS: u64 = 16 << 20;
    let (mut ours, mut theirs) = (Pair::<Netassay>::new(), Pair::<Smoltcp>::new());
    let medians = interleaved(ROUNDS, || ours.round(ROUND_OCTETS), || theirs.round(ROUND_OCTETS));
    row("bulk between two hosts", "MB/s", &medians, 1_000_000);
}

fn cycles(backlog: u32) {
    let (mut ours, mut theirs) = (Server::<Netassay>::new(backlog), Server::<Smoltcp>::new(backlog));
    let medians = interleaved(ROUNDS, || ours.round(10_000), || theirs.round(2_000));
    let what = format!("open, request, answer, close; backlog {backlog}");
    row(&what, "connections/s", &medians, 1);
}

/// Packets of a recorded file.
fn capture() {
    const PACKETS: u32 = 1_000_000;
    let Ok(recorded) = capture::Recorded::new(PACKETS) else {
        println!("no file can be written to the folder for temporary files: reading is not measured");
        return;
    };
    let medians = interleaved(ROUNDS, || recorded.ours(), || recorded.theirs());
    println!("{:<44} {:>12} {:>12} {:>7}", "", Netassay::NAME, "libpcap", "ratio");
    row("packets of a file, 100 octets", "packets/s", &medians, 1);
}

/// Nanoseconds for a segment among `count` connections: one busy, and all in turn.
fn crowd<H: Host>(count: usize, segments: u64) {
    let mut crowd = Crowd::<H>::new(count);
    let one = by_itself(ROUNDS, || crowd.round(segments, false)) / 1_000;
    let all = by_itself(ROUNDS, || crowd.round(segments, true)) / 1_000;
    println!("{:<10} {count:>9} {one:>15} {all:>15} {:>15}", H::NAME, crowd.octets_each);
}

/// One measurement alone, of one stack, for those who count instructions.
fn alone(what: &str, stack: &str, units: u64) -> bool {
    match (what, stack) {
        ("in-order", "netassay") => _ = Sink::<Netassay>::new().round(units as usize),
        ("in-order", "smoltcp") => _ = Sink::<Smoltcp>::new().round(units as usize),
        ("bulk", "netassay") => _ = Pair::<Netassay>::new().round(units * 1460),
        ("bulk", "smoltcp") => _ = Pair::<Smoltcp>::new().round(units * 1460),
        ("capture", "both") => capture(),
        ("scale", "netassay") => scale::row(ROUNDS, units as usize),
        ("listen" | "connect" | "asked" | "asked-all", "netassay") => {
            return scale::question(what, units as usize);
        }
        ("crowd", "netassay") => _ = Server::<Netassay>::new(BACKLOG).round(units),
        ("crowd", "smoltcp") => _ = Server::<Smoltcp>::new(BACKLOG).round(units),
        ("cycles", "netassay") => _ = Server::<Netassay>::new(1).round(units),
        ("cycles", "smoltcp") => _ = Server::<Smoltcp>::new(1).round(units),
        _ => return false,
    }
    true
}

/// A capture that is too large to be shipped.
fn record(kind: &str, path: &Path, size: u64) -> bool {
    let made = match (kind, u32::try_from(size)) {
        ("bulk", _) => traffic::bulk(path, size),
        ("interleaved", Ok(flows)) => traffic::interleaved(path, flows),
        _ => return false,
    };
    made.inspect_err(|error| eprintln!("{}: {error}", path.display())).is_ok()
}

/// One end of many short connections.
fn web(end: &str, addr: IpAddr, connections: u32) -> bool {
    let done = match end {
        "serve" => web::serve(addr),
        "load" => web::load(addr, connections),
        _ => return false,
    };
    done.inspect_err(|error| eprintln!("{end} {addr}: {error}")).is_ok()
}

fn everything() {
    println!("{:<44} {:>12} {:>12} {:>7}", "", Netassay::NAME, Smoltcp::NAME, "ratio");
    in_order();
    bulk();
    cycles(1);
    cycles(BACKLOG);
    println!();
    println!("{:<10} {:>9} {:>15} {:>15} {:>15}", "", "open", "ns, one busy", "ns, all busy", "octets each");
    crowd::<Netassay>(1, 50_000);
    crowd::<Netassay>(1_000, 50_000);
    crowd::<Netassay>(MILLION, 200_000);
    crowd::<Smoltcp>(1, 50_000);
    crowd::<Smoltcp>(1_000, 500);
    println!();
    println!(
        "{:>9} {:>15} {:>15} {:>15} {:>15}",
        "sockets", "ns, listen", "ns, connect", "ns, one asked", "ns, all asked"
    );
    scale::row(ROUNDS, 1_000);
    scale::row(ROUNDS, MILLION);
    println!();
    capture();
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let known = match words.as_slice() {
        [] => {
            everything();
            true
        }
        ["web", end, addr, connections] => match (addr.parse(), connections.parse()) {
            (Ok(addr), Ok(connections)) => web(end, addr, connections),
            (Ok(_) | Err(_), Ok(_) | Err(_)) => false,
        },
        ["record", kind, path, size] => size.parse().is_ok_and(|size| record(kind, path.as_ref(), size)),
        [what, stack, units] => units.parse().is_ok_and(|units| alone(what, stack, units)),
        _ => false,
    };
    if known { ExitCode::SUCCESS } else { ExitCode::from(2) }
}
