//! Runs programs beside a host, or says why not.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

/// What sends programs to a proxy instead; in capital letters as well.
const PROXIES: [&str; 5] = ["http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy"];

/// The exit code of a rig that cannot be.
const NO_RIG: Option<i32> = Some(3);

/// The program under test. Neither it nor what runs beside it finds settings of the person who tests.
pub(crate) fn netassay() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netassay"));
    command.stdin(Stdio::null()).env("LC_ALL", "C").env("TZ", "UTC").env("CURL_HOME", curl_home());
    for name in PROXIES {
        command.env_remove(name).env_remove(name.to_uppercase());
    }
    command
}

/// A folder with settings for curl that are none. Without a file there it would look elsewhere.
fn curl_home() -> &'static str {
    static MADE: OnceLock<()> = OnceLock::new();
    let folder = concat!(env!("CARGO_TARGET_TMPDIR"), "/curl_home");
    MADE.get_or_init(|| {
        fs::create_dir_all(folder).expect("a folder of the tests");
        fs::write(concat!(env!("CARGO_TARGET_TMPDIR"), "/curl_home/.curlrc"), "")
            .expect("a file of the tests");
    });
    folder
}

/// What a run showed.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Shown {
    fn from(output: Output) -> Self {
        let text = |octets: Vec<u8>| String::from_utf8_lossy(&octets).into_owned();
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// Whether all these programs can be run beside a host. If not a line says so, whatever the harness captures.
/// A host that fails otherwise than for lack of a rig is a failure.
pub(crate) fn can_run(test: &str, programs: &[&str]) -> bool {
    static NAMESPACE: OnceLock<Option<String>> = OnceLock::new();
    let namespace = NAMESPACE.get_or_init(|| {
        let tried: Shown =
            netassay().args(["serve", "--quiet", "--", "true"]).output().expect("netassay").into();
        let ran = tried.code == Some(0);
        assert!(
            ran || tried.code == NO_RIG,
            "beside `true` it ended with {:?}: {}",
            tried.code,
            tried.stderr
        );
        (!ran).then_some(tried.stderr)
    });
    let missing = programs.iter().find(|program| path_of(program).is_none());
    let why = match (namespace, missing) {
        (Some(said), _) => said.trim().to_owned(),
        (None, Some(program)) => format!("there is no {program}"),
        (None, None) => return true,
    };
    // Not by a macro: their output is shown of tests that fail only.
    writeln!(io::stderr(), "SKIP live {test}: {why}").expect("standard error");
    false
}

/// Where a program is, if it is anywhere.
fn path_of(program: &str) -> Option<std::path::PathBuf> {
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders).map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// Runs a program beside a host with these options. Nothing is said but what the program says.
pub(crate) fn beside(options: &[&str], program: &[&str]) -> Shown {
    let arguments = [&["serve", "--quiet", "--for", "50"], options, &["--"], program].concat();
    netassay().args(arguments).output().expect("netassay runs").into()
}

/// What a program says beside a host; it ends well.
pub(crate) fn said(options: &[&str], program: &[&str]) -> String {
    let shown = beside(options, program);
    assert_eq!((shown.code, shown.stderr.as_str()), (Some(0), ""), "{program:?} said:\n{}", shown.stdout);
    shown.stdout
}

/// `seq` without end, cut: what `/count/N` has.
pub(crate) fn count(octets: usize) -> Vec<u8> {
    let mut text: Vec<u8> =
        (1..).flat_map(|number: u32| format!("{number}\n").into_bytes()).take(octets).collect();
    text.shrink_to_fit();
    text
}
