//! What README shows of the program is what the program shows.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// Standard output of the program.
fn shown(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netassay"));
    command.args(arguments).current_dir(project()).env("NO_COLOR", "1").stdin(Stdio::null());
    String::from_utf8(command.output().expect("netassay runs").stdout).expect("text")
}

/// The blocks of README, which are indented by four.
fn blocks() -> Vec<String> {
    let page = std::fs::read_to_string(project().join("README.md")).expect("README.md");
    let mut blocks: Vec<String> = Vec::new();
    let mut inside = false;
    for line in page.lines().filter(|line| !line.is_empty()) {
        let code = line.strip_prefix("    ");
        if code.is_some() && !inside {
            blocks.push(String::new());
        }
        inside = code.is_some();
        if let (Some(code), Some(block)) = (code, blocks.last_mut()) {
            *block += &format!("{}\n", code.trim());
        }
    }
    blocks
}

#[test]
fn exit_codes_are_those_of_the_help() {
    let help = shown(&["--help"]);
    let codes = help.split_once("Exit codes:\n").expect("exit codes").1;
    let codes: String = codes.lines().map(|line| format!("{}\n", line.trim())).collect();
    assert!(blocks().contains(&codes), "README lacks\n{codes}");
}

/// A line without its figures: how many rules met with evidence grows with every rule.
fn words(line: &str) -> String {
    line.split_whitespace().filter(|word| !word.ends_with(|end: char| end.is_ascii_digit())).collect()
}

/// Every line of the block that begins like this is one that the program prints.
fn is_part_of(beginning: &str, shown: &str) {
    let blocks = blocks();
    let block = blocks.iter().find(|block| block.starts_with(beginning)).expect("the block of README");
    let lines: Vec<&str> = block.lines().filter(|line| *line != "...").collect();
    assert!(lines.len() > 1, "the block has {} lines", lines.len());
    for line in lines {
        assert!(shown.lines().any(|shown| words(shown) == words(line)), "only README has\n{line}");
    }
}

#[test]
fn the_finding_is_what_the_judge_says() {
    is_part_of("corpora/captures/tcp", &shown(&["check", "corpora/captures/tcp-time-wait-client.pcap"]));
}

#[test]
fn the_ladder_is_what_following_shows() {
    let shown = shown(&["follow", "--tap", "client", "corpora/captures/tcp-abort-client.pcap"]);
    is_part_of("explained ", &shown);
}

#[test]
fn the_table_has_rows_of_a_real_run() {
    is_part_of("capture ", &shown(&["assay"]));
}

#[test]
fn the_status_is_what_the_program_counts() {
    is_part_of("all ", &shown(&["list", "--status"]));
}
