//! Asks the kernel that this program runs on what sockets answer. Needs network namespaces.
//!
//!     ask_kernel matrix DATE               the file `conformance/sockets/bind-matrix.csv`
//!     ask_kernel seed NUMBER               one of these sequences
//!     ask_kernel sequences COUNT [FIRST]   random sequences of calls, compared with the reference

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("there is no Linux here to ask");
    std::process::exit(3);
}

#[cfg(target_os = "linux")]
fn main() {
    std::process::exit(linux::main());
}

#[cfg(target_os = "linux")]
mod linux {
    use conformance::host::Fault;
    use conformance::sockets::compare::differences::Differences;
    use conformance::sockets::compare::shrink::{Arena, script};
    use conformance::sockets::linux::{release, with_kernel};
    use conformance::sockets::matrix;
    use std::collections::BTreeMap;
    use std::path::Path;

    /// Sequences of one kind of difference that are made short and shown.
    const SHOWN_MAX: usize = 2;

    pub(crate) fn main() -> i32 {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let number = |word: &str| word.parse::<u64>().ok();
        let done = match words.as_slice() {
            ["matrix", date] => ask_matrix(date),
            ["seed", seed] => number(seed).map_or(Ok(2), ask_seed),
            ["sequences", count] => number(count).map_or(Ok(2), |count| ask_sequences(1, count)),
            ["sequences", count, first] => match (number(count), number(first)) {
                (Some(count), Some(first)) => ask_sequences(first, count),
                (Some(_) | None, _) => Ok(2),
            },
            _ => Ok(2),
        };
        match done {
            Ok(2) => {
                eprintln!("usage: ask_kernel matrix DATE | seed NUMBER | sequences COUNT [FIRST]");
                2
            }
            Ok(code) => code,
            Err(fault) => {
                eprintln!("{fault}");
                3
            }
        }
    }

    fn ask_matrix(date: &str) -> Result<i32, Fault> {
        let lines: Result<Vec<String>, Fault> = with_kernel(|kernel| {
            let ask = |(index, case)| matrix::ask(kernel, &case, matrix::port(index));
            matrix::cases().enumerate().map(ask).collect()
        })?;
        println!("# Linux {}, {date}, asked by ci/record --sockets", release());
        println!("{}", matrix::COLUMNS);
        lines?.iter().for_each(|line| println!("{line}"));
        Ok(0)
    }

    fn read_differences() -> Result<Differences, Fault> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("sockets/differences.toml");
        let text = std::fs::read_to_string(path).map_err(|error| Fault::Env(error.to_string()))?;
        Differences::parse(&text).map_err(|error| Fault::Env(error.to_string()))
    }

    /// One sequence as it is, and as short as it gets.
    fn ask_seed(seed: u64) -> Result<i32, Fault> {
        let differences = read_differences()?;
        with_kernel(|kernel| {
            let mut arena = Arena::new(kernel, &differences);
            let whole = arena.run_seed(seed)?;
            println!("row sequence-{seed} as it is\n{}", script(&whole));
            whole.accepted.iter().for_each(|name| println!("accepted: {name}"));
            if whole.difference.is_none() {
                return Ok(0);
            }
            println!("row sequence-{seed} shortest\n{}", script(&arena.shortest(seed)?));
            Ok(1)
        })?
    }

    fn ask_sequences(first: u64, count: u64) -> Result<i32, Fault> {
        let differences = read_differences()?;
        with_kernel(|kernel| {
            let mut arena = Arena::new(kernel, &differences);
            let mut kinds: BTreeMap<(String, String, String), usize> = BTreeMap::new();
            let (mut calls, mut once, mut accepted) = (0, 0, BTreeMap::<String, u64>::new());
            for seed in first..first + count {
                let outcome = arena.run_seed(seed)?;
                calls += outcome.calls;
                for name in &outcome.accepted {
                    *accepted.entry(name.clone()).or_default() += 1;
                }
                let Some(found) = &outcome.difference else { continue };
                if !arena.differs_again(seed)? {
                    once += 1;
                    println!("sequence {seed} differed, and then no more:\n{}", script(&outcome));
                    continue;
                }
                let verb = found.call.split_whitespace().next().unwrap_or_default().to_owned();
                let seen = kinds.entry((verb, found.kernel.clone(), found.reference.clone())).or_default();
                *seen += 1;
                if *seen <= SHOWN_MAX {
                    println!("row difference-{seed} shortest\n{}", script(&arena.shortest(seed)?));
                }
            }
            println!("{count} sequences from {first}, {calls} calls answered by both");
            println!("{once} differed, and then no more");
            accepted.iter().for_each(|(name, times)| println!("accepted {times} x {name}"));
            let mut kinds: Vec<_> = kinds.into_iter().collect();
            kinds.sort_by_key(|(_, times)| std::cmp::Reverse(*times));
            for ((verb, kernel, reference), times) in &kinds {
                println!("unexplained {times} x {verb}: kernel {kernel}, reference {reference}");
            }
            Ok(i32::from(!kinds.is_empty()))
        })?
    }
}
