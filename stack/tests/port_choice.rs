//! How ports that nobody asked for are spread, and what can be guessed of them: figures of every algorithm,
//! also in PORTS.md. Seeds are fixed, so the figures are.

use stack::base::choose::Seeded;
use stack::base::siphash::Key;
use stack::base::{Port, PortRange};
use stack::ports::Reserved;
use stack::ports::ephemeral::{Algorithm, Ephemeral, Pool};
use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher};

const SYSTEM: PortRange = PortRange::LINUX;

/// A host that connects.
struct Chooser {
    algorithm: Algorithm,
    range: PortRange,
    reserved: Reserved,
    key: Key,
    memory: Ephemeral,
    choices: Seeded,
}

impl Chooser {
    fn new(algorithm: Algorithm, range: PortRange, seed: u64) -> Self {
        Self {
            algorithm,
            range,
            reserved: Reserved::default(),
            key: Key::new(seed, !seed),
            memory: Ephemeral::new((seed as u32).wrapping_mul(0x9e37_79b9)),
            choices: Seeded::new(seed),
        }
    }

    /// The port for a connection to a destination, of those that are not taken.
    fn next(&mut self, destination: u32, taken: &BTreeSet<Port>) -> Option<Port> {
        let mut keyed = self.key.build_hasher();
        keyed.write_u32(destination);
        let pool =
            Pool { range: self.range, of_socket: false, reserved: &self.reserved, algorithm: self.algorithm };
        self.memory.to_connect(&pool, keyed.finish(), &mut self.choices, |port| !taken.contains(&port))
    }

    /// The same while nothing is taken: how far above the lowest port.
    fn offset(&mut self, destination: u32) -> u32 {
        let port = self.next(destination, &BTreeSet::new()).expect("all are free");
        u32::from(port.number() - self.range.first().number())
    }
}

const BUCKETS: u64 = 64;
const CONNECTIONS: u64 = 20_000;

/// How unevenly the ports for connections to many destinations are spread: the sum of chi-square over 64
/// equal parts of the range. By chance alone it is 63 on average, and above 103 once in a thousand times.
fn unevenness(algorithm: Algorithm) -> u64 {
    // As many ports in each part, and as many of either parity.
    let range = PortRange::new(32_768, 32_768 + 64 * 440 - 1).expect("a range");
    let mut chooser = Chooser::new(algorithm, range, 1);
    let mut counts = [0_u64; BUCKETS as usize];
    for destination in 0..CONNECTIONS {
        let bucket = u64::from(chooser.offset(destination as u32)) * BUCKETS / u64::from(range.count());
        counts[bucket as usize] += 1;
    }
    let expected = CONNECTIONS / BUCKETS;
    counts.iter().map(|count| count.abs_diff(expected).pow(2)).sum::<u64>() / expected
}

/// The most frequent of the values, in thousandths of all.
fn best_guess(values: &[u32]) -> u64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let most = sorted.chunk_by(|one, next| one == next).map(<[u32]>::len).max().unwrap_or_default();
    most as u64 * 1000 / values.len() as u64
}

/// How often a server that adds the best step to the port of the last connection has that of the next one, in
/// thousandths. Between two connections to it the host makes up to seven others.
fn guessed_by_the_server(algorithm: Algorithm) -> u64 {
    let mut chooser = Chooser::new(algorithm, SYSTEM, 2);
    let mut last = chooser.offset(0);
    let steps = (0..4000).map(|round: u32| {
        for other in 0..round.wrapping_mul(0x85eb_ca6b) >> 29 {
            chooser.offset(1 + other);
        }
        let next = chooser.offset(0);
        let step = (next + SYSTEM.count() - last) % SYSTEM.count();
        last = next;
        step
    });
    best_guess(&steps.collect::<Vec<_>>())
}

/// How often a server that knows the ports of all connections to itself, and once saw one to another server,
/// has the port of the next connection to the other, in thousandths: it adds the best constant to its own
/// last one.
fn guessed_by_another_server(algorithm: Algorithm) -> u64 {
    let mut chooser = Chooser::new(algorithm, SYSTEM, 3);
    let distances = (0..4000).map(|round: u32| {
        let mut seen = chooser.offset(0);
        for _ in 0..round.wrapping_mul(0x85eb_ca6b) >> 30 {
            seen = chooser.offset(0);
        }
        (chooser.offset(1) + SYSTEM.count() - seen) % SYSTEM.count()
    });
    best_guess(&distances.collect::<Vec<_>>())
}

/// After how many connections to one destination a port comes again: the median of 101 hosts.
fn until_repeated(algorithm: Algorithm) -> usize {
    let one = |seed: u64| {
        let mut chooser = Chooser::new(algorithm, SYSTEM, seed);
        let mut seen = BTreeSet::new();
        while seen.insert(chooser.offset(0)) {}
        seen.len()
    };
    let mut counts: Vec<usize> = (0..101).map(one).collect();
    counts.sort_unstable();
    counts[50]
}

/// How many of a thousand hosts find the only free port of a hundred.
fn found_the_last(algorithm: Algorithm) -> usize {
    let range = PortRange::new(40_000, 40_099).expect("a range");
    let free = Port::new(40_050).expect("a port");
    let taken: BTreeSet<Port> = range.walk(0).filter(|port| *port != free).collect();
    let finds = |seed: &u64| Chooser::new(algorithm, range, *seed).next(0, &taken) == Some(free);
    (0..1000).filter(finds).count()
}

const fn name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Simple => "1 simple",
        Algorithm::Random => "2 random",
        Algorithm::Hash => "3 hash",
        Algorithm::DoubleHash => "4 double hash",
        Algorithm::RandomIncrements => "5 increments",
        Algorithm::Linux => "Linux",
    }
}

/// The figures of an algorithm.
#[derive(Clone, Copy, Debug)]
struct Figures {
    unevenness: u64,
    own: u64,
    other: u64,
    repeated: usize,
    found: usize,
}

fn figures(algorithm: Algorithm) -> Figures {
    Figures {
        unevenness: unevenness(algorithm),
        own: guessed_by_the_server(algorithm),
        other: guessed_by_another_server(algorithm),
        repeated: until_repeated(algorithm),
        found: found_the_last(algorithm),
    }
}

#[test]
fn the_page_has_the_figures_of_every_algorithm() {
    let page = include_str!("../PORTS.md");
    let line = |algorithm: &Algorithm| {
        let Figures { unevenness, own, other, repeated, found } = figures(*algorithm);
        format!(
            "    {:<14} {unevenness:>10} {own:>10} {other:>10} {repeated:>10} {found:>10}",
            name(*algorithm)
        )
    };
    let lines: Vec<String> = Algorithm::ALL.iter().map(line).collect();
    let stale: Vec<&String> =
        lines.iter().filter(|line| !page.lines().any(|there| there == **line)).collect();
    assert!(stale.is_empty(), "PORTS.md should have\n{lines:#?}");
    let there = page.lines().filter(|line| line.starts_with("    ") && line.len() > 60).count();
    assert_eq!(there, lines.len() + 1, "one line for each, and the headings");
}

/// One in a thousand of all hosts is more uneven.
const UNEVENNESS_MAX: u64 = 103;

//? RFC6056-3.3.1-a
//? RFC6056-3.3.2-a
//? RFC6056-3.3.5-a
#[test]
fn the_spread_is_even() {
    for algorithm in Algorithm::ALL {
        let unevenness = unevenness(*algorithm);
        assert!(unevenness <= UNEVENNESS_MAX, "{}: {unevenness}", name(*algorithm));
    }
}

//? RFC6056-3.3-a
#[test]
fn nobody_else_can_guess_unless_one_counter_serves_all() {
    for algorithm in Algorithm::ALL {
        let guessed = guessed_by_another_server(*algorithm);
        match algorithm {
            //? RFC6056-3.3.3-a
            Algorithm::Hash => assert!(guessed > 900, "{guessed}"),
            //? RFC6056-3.3.4-a
            Algorithm::Simple
            | Algorithm::Random
            | Algorithm::DoubleHash
            | Algorithm::RandomIncrements
            | Algorithm::Linux => assert!(guessed < 10, "{}: {guessed}", name(*algorithm)),
        }
    }
}

//? RFC6056-3.3.4-a
#[test]
fn a_server_can_guess_its_own_next_port_where_its_destination_has_a_counter() {
    assert_eq!(guessed_by_the_server(Algorithm::DoubleHash), 1000, "every port is the next one");
    assert!(guessed_by_the_server(Algorithm::Linux) < 150, "one of eight steps");
    assert!(guessed_by_the_server(Algorithm::Simple) < 5);
}

//? RFC6056-3.5-a
#[test]
fn nothing_is_found_where_nothing_is_free() {
    let range = PortRange::new(40_000, 40_099).expect("a range");
    let taken: BTreeSet<Port> = range.walk(0).collect();
    for algorithm in Algorithm::ALL {
        assert_eq!(Chooser::new(*algorithm, range, 7).next(0, &taken), None);
        if !matches!(algorithm, Algorithm::Random | Algorithm::RandomIncrements) {
            assert_eq!(found_the_last(*algorithm), 1000, "{}", name(*algorithm));
        }
    }
}
