//! floor 8: settings of a namespace, as files below `/proc/sys`.

use stack::base::Span;
use stack::sock::{Setting, SynCookies, TimeWaitReuse};
use std::fs;
use std::io;
use std::io::Write;

/// What has been set, and what it was before.
#[derive(Debug, Default)]
pub(super) struct Settings {
    before: Vec<(&'static str, String)>,
}

/// Nanoseconds in a second.
const SECOND: u64 = 1_000_000_000;

/// The file and what is written.
fn written(setting: &Setting) -> (&'static str, String) {
    let flag = |on: bool| u8::from(on).to_string();
    match setting {
        Setting::LocalPortRange(first, last) => ("net/ipv4/ip_local_port_range", format!("{first} {last}")),
        Setting::ReservedPorts(ranges) => {
            let ranges: Vec<String> = ranges.iter().map(ToString::to_string).collect();
            ("net/ipv4/ip_local_reserved_ports", ranges.join(","))
        }
        Setting::UnprivilegedStart(port) => ("net/ipv4/ip_unprivileged_port_start", port.to_string()),
        Setting::NonlocalBind(on) => ("net/ipv4/ip_nonlocal_bind", flag(*on)),
        Setting::AutobindReuse(on) => ("net/ipv4/ip_autobind_reuse", flag(*on)),
        Setting::BacklogMax(most) => ("net/core/somaxconn", most.to_string()),
        Setting::SynCookies(when) => {
            let number = match when {
                SynCookies::Never => 0,
                // The kernel tells no flood from a crowd.
                SynCookies::UnderFlood | SynCookies::WhenFull => 1,
                SynCookies::Always => 2,
            };
            ("net/ipv4/tcp_syncookies", number.to_string())
        }
        Setting::AbortOnOverflow(on) => ("net/ipv4/tcp_abort_on_overflow", flag(*on)),
        Setting::MigrateRequests(on) => ("net/ipv4/tcp_migrate_req", flag(*on)),
        Setting::TimeWaitReuse(which) => {
            let number = match which {
                TimeWaitReuse::Never => 0,
                TimeWaitReuse::Always => 1,
                TimeWaitReuse::Loopback => 2,
            };
            ("net/ipv4/tcp_tw_reuse", number.to_string())
        }
        Setting::FinTimeout(time) => ("net/ipv4/tcp_fin_timeout", seconds(*time).to_string()),
        Setting::Rfc1337(on) => ("net/ipv4/tcp_rfc1337", flag(*on)),
        Setting::BindV6Only(on) => ("net/ipv6/bindv6only", flag(*on)),
    }
}

/// Whole seconds, rounded up.
const fn seconds(time: Span) -> u64 {
    time.as_nanos().div_ceil(SECOND)
}

/// Writes in one piece. An empty list needs the end of its line, else nothing is changed.
fn write(file: &str, value: &str) -> io::Result<()> {
    fs::OpenOptions::new().write(true).open(path(file))?.write_all(format!("{value}\n").as_bytes())
}

fn path(file: &str) -> String {
    format!("/proc/sys/{file}")
}

impl Settings {
    /// Sets one in the namespace of the calling thread.
    pub(super) fn set(&mut self, setting: &Setting) -> io::Result<()> {
        let (file, value) = written(setting);
        if !self.before.iter().any(|(known, _)| *known == file) {
            self.before.push((file, fs::read_to_string(path(file))?.trim().to_owned()));
        }
        write(file, &value)
    }

    /// Sets all back to what they were, the last one first.
    pub(super) fn take_back(&mut self) -> io::Result<()> {
        while let Some((file, value)) = self.before.pop() {
            write(file, &value)?;
        }
        Ok(())
    }
}
