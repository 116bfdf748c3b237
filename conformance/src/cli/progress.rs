//! floor 9: how far a long run has come, for who sits at a terminal. It is on standard error, of one line,
//! and gone when there is something to say.

use conformance::judge::file;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// Nothing is shown of what is over before.
const PATIENCE: Duration = Duration::from_millis(500);
/// Between two lines.
const INTERVAL: Duration = Duration::from_millis(150);
/// Characters of the bar.
const BAR_WIDTH: u64 = 24;

/// A bar, if there is a terminal.
pub(super) struct Progress {
    name: String,
    began: Instant,
    next: Option<Instant>,
    is_shown: bool,
}

impl Progress {
    /// A bar for this file.
    pub(super) fn new(path: &Path) -> Self {
        let name = path.file_name().map_or_else(|| "-".into(), |name| name.to_string_lossy().into_owned());
        let name = name.chars().filter(|letter| !letter.is_control()).take(40).collect();
        let began = Instant::now();
        let next = io::stderr().is_terminal().then(|| began + PATIENCE);
        Self { name, began, next, is_shown: false }
    }

    /// Shows how far it has come, now and then.
    pub(super) fn tell(&mut self, progress: file::Progress) {
        let now = Instant::now();
        if self.next.is_none_or(|next| now < next) {
            return;
        }
        self.next = Some(now + INTERVAL);
        self.is_shown = true;
        let line = line(&self.name, progress, now.duration_since(self.began));
        let _ = write!(io::stderr(), "\r{line}\x1b[K");
    }

    /// Takes the line away.
    pub(super) fn clear(&mut self) {
        if std::mem::take(&mut self.is_shown) {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

/// `trace.pcap [=====>      ]  43 %  1.2 of 2.8 GB  3.1 M packets  512.0 MB/s`.
fn line(name: &str, progress: file::Progress, lasted: Duration) -> String {
    let millis = u64::try_from(lasted.as_millis()).unwrap_or(u64::MAX).max(1);
    let speed = progress.octets.saturating_mul(1000) / millis;
    let packets = format!("{} packets", scaled(progress.frames, "").trim_end());
    match progress.size_octets.filter(|size| *size > 0) {
        Some(size) => {
            let done = progress.octets.min(size);
            let share =
                |of: u64| u64::try_from(u128::from(done) * u128::from(of) / u128::from(size)).unwrap_or(of);
            let full = "=".repeat(usize::try_from(share(BAR_WIDTH)).unwrap_or(0));
            let width = usize::try_from(BAR_WIDTH).unwrap_or(0);
            let (done, size, speed) = (scaled(done, "B"), scaled(size, "B"), scaled(speed, "B/s"));
            format!("{name} [{full:<width$}] {:>3} %  {done} of {size}  {packets}  {speed}", share(100))
        }
        None => format!("{name}  {packets}"),
    }
}

/// `1.2 GB`.
fn scaled(number: u64, unit: &str) -> String {
    let mut whole = number;
    let mut tenth = None;
    for prefix in ["", "k", "M", "G", "T", "P"] {
        if whole < 1000 || prefix == "P" {
            let point = tenth.map_or_else(String::new, |tenth| format!(".{tenth}"));
            return format!("{whole}{point} {prefix}{unit}");
        }
        tenth = Some(whole % 1000 / 100);
        whole /= 1000;
    }
    format!("{number} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_far_it_is() {
        let half =
            file::Progress { frames: 3_100_000, octets: 1_400_000_000, size_octets: Some(2_800_000_000) };
        assert_eq!(
            line("a.pcap", half, Duration::from_secs(2)),
            "a.pcap [============            ]  50 %  1.4 GB of 2.8 GB  3.1 M packets  700.0 MB/s"
        );
        let stream = file::Progress { frames: 12, octets: 0, size_octets: None };
        assert_eq!(line("-", stream, Duration::ZERO), "-  12 packets");
    }

    #[test]
    fn numbers_have_a_prefix_and_no_number_is_too_large() {
        assert_eq!(scaled(999, "B"), "999 B");
        assert_eq!(scaled(1_250, "B"), "1.2 kB");
        assert_eq!(scaled(u64::MAX, "B"), "18446.7 PB");
    }
}
