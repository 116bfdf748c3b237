//! floor 9: standard output, with colour or without, and text that fits a line.

use clap::ColorChoice;
use std::env;
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

/// Characters in a line of running text. It does not depend on the terminal, so that output is the same
/// everywhere.
const LINE_WIDTH: usize = 100;

/// Standard output. Colour never carries a meaning of its own.
pub(super) struct Out {
    stdout: BufWriter<StdoutLock<'static>>,
    colour: bool,
}

impl Out {
    pub(super) fn new(choice: ColorChoice) -> Self {
        let stdout = io::stdout().lock();
        let colour = match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => stdout.is_terminal() && colour_is_welcome(),
        };
        Self { stdout: BufWriter::new(stdout), colour }
    }

    /// `text` in bold, if there is colour.
    pub(super) fn bold(&self, text: &str) -> String {
        if self.colour { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// A paragraph behind a label: the label in a column of `indent` characters, the text wrapped beside it.
    pub(super) fn labelled(&mut self, label: &str, indent: usize, text: &str) -> io::Result<()> {
        let mut label = label;
        for line in wrapped(text, LINE_WIDTH.saturating_sub(indent)) {
            writeln!(self, "{label:indent$}{line}")?;
            label = "";
        }
        Ok(())
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stdout.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stdout.flush()
    }
}

/// What the environment says of colour: <https://no-color.org>, and terminals that have none.
fn colour_is_welcome() -> bool {
    let refused = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !refused && env::var_os("TERM").is_none_or(|terminal| terminal != "dumb")
}

/// Lines of at most `width` characters; a longer word has a line of its own.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::wrapped;
    use quickcheck::quickcheck;

    quickcheck! {
        fn wrapping_keeps_the_words_and_the_width(text: String, width: u8) -> bool {
            let width = usize::from(width);
            let lines = wrapped(&text, width);
            let fits = |line: &String| line.chars().count() <= width || !line.contains(char::is_whitespace);
            lines.iter().all(fits)
                && lines.join(" ").split_whitespace().eq(text.split_whitespace())
        }
    }
}
