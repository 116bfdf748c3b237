//! floor 8: whether network namespaces are to be had, and how a test that needs them gets them.

use super::with_kernel;
use crate::host::Fault;
use std::env;
use std::io::{self, Write};
use std::process::{Command, Stdio};

/// Set in the environment of a test that runs in a user namespace already.
const INSIDE: &str = "NETASSAY_USER_NAMESPACE";

/// Whether a test can ask the kernel.
pub enum Access {
    /// It can.
    Here,
    /// It was run again in a user namespace, and this is whether it passed there.
    Elsewhere(bool),
    /// It can not, for this reason.
    Nowhere(String),
    /// It could, but the rig fails.
    Broken(Fault),
}

/// What makes a user namespace in which this user is user 0, and runs a program there.
fn in_user_namespace(program: &str) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--net", "--", program]).stdin(Stdio::null());
    command
}

/// Whether this program may make network namespaces. If it may only in a user namespace, the function `test`
/// of the running test program is run again in one.
pub fn access(test: &str) -> Access {
    let lack = match with_kernel(|_| ()) {
        Ok(()) => return Access::Here,
        Err(Fault::Env(lack)) => lack,
        Err(fault @ (Fault::Protocol(_) | Fault::Crashed { .. } | Fault::Hung)) => {
            return Access::Broken(fault);
        }
    };
    let nowhere = |why: &str| Access::Nowhere(format!("{lack}; {why}"));
    if env::var_os(INSIDE).is_some() {
        return nowhere("not in a user namespace either");
    }
    let tried = in_user_namespace("true").stderr(Stdio::null()).status();
    if !tried.is_ok_and(|status| status.success()) {
        return nowhere("no user namespaces");
    }
    let own = env::current_exe().ok().and_then(|path| path.to_str().map(str::to_owned));
    let Some(own) = own else { return nowhere("this program does not find itself") };
    let run = in_user_namespace(&own).args([test, "--exact", "--nocapture"]).env(INSIDE, "1").output();
    let Ok(run) = run else { return nowhere("this program does not run in a user namespace") };
    // What was said there is for people here.
    let _ = io::stderr().write_all(&run.stderr).and_then(|()| io::stdout().write_all(&run.stdout));
    // A name that no test has is no failure to the program.
    let ran = String::from_utf8_lossy(&run.stdout).contains("test result: ok. 1 passed");
    Access::Elsewhere(run.status.success() && ran)
}
