//! floor 8: a network namespace of our own, in which nothing of the machine is at stake.

use crate::host::Fault;
use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid};
use std::fs;

/// Moves this program into a new network namespace: root needs nothing else, anybody else becomes root of a
/// new user namespace. It has to be called before the program has threads.
///
/// # Errors
/// [`Fault::Env`] if the system permits neither.
pub(super) fn enter() -> Result<(), Fault> {
    match unshare(CloneFlags::CLONE_NEWNET) {
        Ok(()) => Ok(()),
        Err(Errno::EPERM) => enter_as_nobody_in_particular(),
        Err(error) => Err(refused(error)),
    }
}

/// A user namespace gives the privilege that a network namespace takes. The ids outside are read before,
/// since nobody is anybody in a new one.
fn enter_as_nobody_in_particular() -> Result<(), Fault> {
    let (user, group) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET).map_err(refused)?;
    // Without this the kernel lets nobody map a group.
    write("/proc/self/setgroups", "deny")?;
    write("/proc/self/uid_map", &format!("0 {user} 1"))?;
    write("/proc/self/gid_map", &format!("0 {group} 1"))
}

fn write(path: &str, text: &str) -> Result<(), Fault> {
    fs::write(path, text).map_err(|error| Fault::Env(format!("{path} cannot be written: {error}")))
}

fn refused(error: Errno) -> Fault {
    Fault::Env(format!(
        "no network namespace can be made: {}; run it as root, or permit user namespaces to everybody: \
         sysctl user.max_user_namespaces=10000 kernel.apparmor_restrict_unprivileged_userns=0",
        error.desc()
    ))
}
