//! Every shipped capture, replayed on every built-in host and judged: what the program prints, one snapshot a
//! capture for each command. A capture that is refused has its one line here too.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the workspace, so that files have the same names everywhere.
fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

fn captures() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(workspace().join("corpora/captures"))
        .expect("the captures come with the project")
        .map(|entry| entry.expect("a readable folder").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert!(names.len() >= 30, "only {} captures", names.len());
    names
}

/// What a command prints on a capture, with what it complains about, and how it exits.
fn printed(arguments: &[&str], capture: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_netassay"))
        .current_dir(workspace())
        .env("NO_COLOR", "1")
        .args(arguments)
        .arg(format!("corpora/captures/{capture}"))
        .output()
        .expect("the program runs");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    let code = output.status.code().expect("an exit code");
    format!("{}{}exit {code}\n", text(&output.stdout), text(&output.stderr))
}

fn snapshot(command: &str, capture: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path(format!("snapshots/{command}"));
    settings.bind(|| insta::assert_snapshot!(capture, text));
}

/// Takes every capture before it fails, so that one run shows all that changed.
fn for_each_capture(look: impl Fn(&str)) {
    let failed: Vec<String> = captures()
        .into_iter()
        .filter(|capture| std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| look(capture))).is_err())
        .collect();
    assert!(failed.is_empty(), "snapshots differ: {failed:?}");
}

#[test]
fn every_capture_replays_as_before() {
    for_each_capture(|capture| {
        let reference = printed(&["replay", "--ladder", "short"], capture);
        let smoltcp = printed(&["replay", "--ladder", "none", "--host", "smoltcp"], capture);
        snapshot("replay", capture, &format!("{reference}\n{smoltcp}"));
    });
}

/// The text without the line that changes in every capture with every new rule.
fn without_rules(text: &str) -> String {
    let steady = |line: &&str| !line.starts_with("  rules applied ");
    text.lines().filter(steady).map(|line| format!("{line}\n")).collect()
}

#[test]
fn every_capture_is_judged_as_before() {
    for_each_capture(|capture| snapshot("check", capture, &without_rules(&printed(&["check"], capture))));
}
