//! Which two sockets can have the same port: the 4,800 cases that the kernel was asked about, asked of the
//! reference, and of the kernel again where it lets us.

use conformance::host::Fault;
use conformance::sockets::World;
use conformance::sockets::matrix::{COLUMNS, ask, cases, port};
use conformance::sockets::reference::Reference;
use std::fs;
use std::path::Path;

/// What the kernel answered, line by line.
fn recorded() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("sockets/bind-matrix.csv");
    let text = fs::read_to_string(path).expect("the matrix");
    let mut lines = text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned);
    assert_eq!(lines.next().as_deref(), Some(COLUMNS));
    lines.collect()
}

/// The recorded lines that a world does not answer so, with its own.
fn others(world: &mut dyn World) -> Result<Vec<String>, Fault> {
    let mut others = Vec::new();
    for ((index, case), recorded) in cases().enumerate().zip(recorded()) {
        let answered = ask(world, &case, port(index))?;
        if answered != recorded {
            others.push(format!("{recorded} is here {answered}"));
        }
    }
    Ok(others)
}

#[test]
fn every_case_is_recorded() {
    let recorded = recorded();
    assert_eq!(recorded.len(), 4_800);
    for (case, line) in cases().zip(&recorded) {
        assert!(line.starts_with(&format!("{case},")), "{case}: {line}");
    }
    assert_eq!(cases().count(), 4_800);
}

#[test]
fn the_reference_answers_as_the_kernel_did() {
    let others = others(&mut Reference::new(1)).expect("a rig that holds");
    assert!(others.is_empty(), "{} of 4800 differ:\n{}", others.len(), others.join("\n"));
}

#[cfg(target_os = "linux")]
#[test]
fn the_kernel_answers_as_it_did() {
    use conformance::sockets::linux::{Access, access, is_recorded, release, with_kernel};
    use std::io::Write;
    let say = |line: &str| writeln!(std::io::stderr(), "{line}").unwrap_or_default();
    match access("the_kernel_answers_as_it_did") {
        Access::Here => {
            let others = with_kernel(|kernel| others(kernel)).and_then(|others| others);
            let others = others.expect("a rig that holds");
            if is_recorded() {
                assert!(others.is_empty(), "{} of 4800 differ:\n{}", others.len(), others.join("\n"));
            }
            for other in others {
                say(&format!("DIFFERS on Linux {}: {other}", release()));
            }
        }
        Access::Elsewhere(passed) => assert!(passed, "in a user namespace"),
        Access::Broken(fault) => panic!("{fault}"),
        Access::Nowhere(why) => say(&format!("SKIP bind matrix on the kernel: {why}")),
    }
}
