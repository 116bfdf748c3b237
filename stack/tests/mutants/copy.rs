//! The copy of the stack that has all mutants, and its compilation.

use crate::{root, source, table};
use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The module that the switches ask. The name stands in the environment, and is read once.
const MUTANT: &str = r#"//! Which mutant this is.
extern crate std;

static CHOSEN: std::sync::OnceLock<std::string::String> = std::sync::OnceLock::new();

/// Whether this is the mutant of that name.
pub fn on(name: &str) -> bool {
    CHOSEN.get_or_init(|| std::env::var("NETASSAY_MUTANT").unwrap_or_default()) == name
}
"#;

/// The files below `folder`, with paths from there, in order; nothing of the mutants themselves.
fn files(folder: &Path, inside: &Path, found: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(folder.join(inside)).expect("a readable folder") {
        let path = inside.join(entry.expect("an entry").file_name());
        if !folder.join(&path).is_dir() {
            found.insert(path);
        } else if !path.ends_with("tests/mutants") {
            files(folder, &path, found);
        }
    }
}

/// The source `file`, a path from `stack/src`, with its switches.
pub(crate) fn switched(file: &str) -> Result<String, Vec<String>> {
    let mutants: Vec<_> = table::all().filter(|mutant| mutant.file == file).collect();
    let text = fs::read_to_string(root().join("stack/src").join(file))
        .map_err(|error| vec![format!("{} in {file}: {error}", mutants[0].name)])?;
    source::switched(&text, &mutants)
}

/// Writes only what is new, so that a second run compiles nothing.
fn write(path: &Path, text: &str) {
    if fs::read_to_string(path).is_ok_and(|known| known == text) {
        return;
    }
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder for the copy");
    fs::write(path, text).expect("the copy is written");
}

/// The workspace with the stack alone: versions, lints and profiles are those of the project.
fn workspace() -> String {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("the manifest");
    let line = |line: &str| match line.split_once(" = ") {
        Some(("members", _)) => "members = [\"stack\"]\n".to_owned(),
        Some(("default-members", _)) => String::new(),
        Some(_) | None => format!("{line}\n"),
    };
    manifest.lines().map(line).collect()
}

/// One source of the stack as the copy has it.
fn copied(path: &Path) -> String {
    let text = || fs::read_to_string(root().join("stack").join(path)).expect("a readable source");
    let Some(file) = path.to_str().and_then(|path| path.strip_prefix("src/")) else { return text() };
    if file == "lib.rs" {
        return text().replace("#![no_std]", "#![no_std]\n#![allow(warnings)]") + "\npub mod mutant;\n";
    }
    if table::all().all(|mutant| mutant.file != file) {
        return text();
    }
    switched(file).unwrap_or_else(|findings| panic!("{}", findings.join("\n")))
}

/// Makes the copy, or brings it up to date; its folder.
fn made() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mutants");
    let mut wanted = BTreeSet::new();
    files(&root().join("stack"), Path::new(""), &mut wanted);
    for path in &wanted {
        write(&folder.join("stack").join(path), &copied(path));
    }
    write(&folder.join("stack/src/mutant.rs"), MUTANT);
    wanted.insert(PathBuf::from("src/mutant.rs"));
    write(&folder.join("Cargo.toml"), &workspace());
    let lock = fs::read_to_string(root().join("Cargo.lock")).expect("the lock file");
    // Cargo takes out of its own what the stack does not need; by the other one a change is seen.
    if !fs::read_to_string(folder.join("project.lock")).is_ok_and(|known| known == lock) {
        write(&folder.join("Cargo.lock"), &lock);
        write(&folder.join("project.lock"), &lock);
    }
    remove_stale(&folder.join("stack"), &wanted);
    folder
}

/// Removes what was copied once and is gone.
fn remove_stale(copy: &Path, wanted: &BTreeSet<PathBuf>) {
    let mut there = BTreeSet::new();
    files(copy, Path::new(""), &mut there);
    for stale in there.difference(wanted) {
        fs::remove_file(copy.join(stale)).expect("a file that is gone is removed");
    }
}

/// The compiled tests of the copy: those beside the code, and those of `stack/tests`.
pub(crate) struct Binaries(Vec<(String, PathBuf)>);

impl Binaries {
    /// The binary that has the test `killer`, and its name there.
    pub(crate) fn of<'a>(&self, killer: &'a str) -> (&Path, &'a str) {
        let outside = killer.split_once("::").and_then(|(target, test)| Some((self.find(target)?, test)));
        outside.unwrap_or_else(|| (self.find("stack").expect("the tests beside the code"), killer))
    }

    fn find(&self, target: &str) -> Option<&Path> {
        self.0.iter().find(|(name, _)| name == target).map(|(_, path)| path.as_path())
    }
}

/// The names of the files in `stack/tests` whose tests kill a mutant.
fn targets_outside() -> BTreeSet<&'static str> {
    let first = |killer: &&'static str| killer.split("::").next();
    let named = table::all().flat_map(|mutant| mutant.killed_by).filter_map(first);
    let tests = root().join("stack/tests");
    let is_there = |name: &&str| {
        tests.join(name).with_extension("rs").exists() || tests.join(name).join("main.rs").exists()
    };
    named.filter(is_there).collect()
}

/// Compiles the copy, without asking a registry.
pub(crate) fn compiled() -> Binaries {
    let folder = made();
    let mut cargo = Command::new(env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    // Most of the time goes into compiling, little into the tests.
    cargo.env("CARGO_PROFILE_DEV_OPT_LEVEL", "0").env("CARGO_PROFILE_DEV_DEBUG", "0");
    cargo.current_dir(&folder).args(["test", "--offline", "--no-run", "--message-format=json"]);
    cargo.args(["--package", "netassay-stack", "--lib", "--target-dir", "target"]);
    cargo.args(targets_outside().iter().flat_map(|target| ["--test", target]));
    let output = cargo.output().expect("cargo runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "the copy does not compile:\n{}", errors(&said, &output.stderr));
    Binaries(said.lines().filter_map(binary).collect())
}

/// What the compiler said, as people read it; what cargo said, if it was cargo that failed.
fn errors(said: &str, cargo: &[u8]) -> String {
    let rendered = said.lines().filter_map(|line| text_of(line, "rendered"));
    let errors: String = rendered.filter(|text| text.starts_with("error")).collect();
    if errors.is_empty() { String::from_utf8_lossy(cargo).into_owned() } else { errors }
}

/// Name and path, if the line tells of a program that was made.
fn binary(line: &str) -> Option<(String, PathBuf)> {
    let path = text_of(line, "executable")?;
    let target = &line[line.find("\"target\":")?..];
    Some((text_of(target, "name")?, PathBuf::from(path)))
}

/// The text that stands in `line`, an object of JSON, under `key`; the first one.
fn text_of(line: &str, key: &str) -> Option<String> {
    let start = format!("\"{key}\":\"");
    let mut rest = line[line.find(&start)? + start.len()..].chars();
    let mut text = String::new();
    loop {
        match rest.next()? {
            '"' => return Some(text),
            '\\' => text.push(match rest.next()? {
                'n' => '\n',
                other => other,
            }),
            other => text.push(other),
        }
    }
}
