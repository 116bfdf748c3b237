//! floor 8: rows of questions and answers, read from text.

use super::words;
use stack::base::Span;
use std::fmt;

/// The areas with the number of rows that each has.
pub const AREAS: [(&str, u32); 9] = [
    ("bind", 94),
    ("ports", 12),
    ("listen", 29),
    ("accept", 20),
    ("connect", 77),
    ("close", 39),
    ("demux", 39),
    ("wire", 58),
    ("device", 35),
];

/// The name of a row: its area and its number there, from 1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id {
    /// One of [`AREAS`], or another word in scripts that are no rows.
    pub area: String,
    /// From 1.
    pub number: u32,
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:02}", self.area, self.number)
    }
}

/// One row of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its name.
    pub id: Id,
    /// What it is about.
    pub about: String,
    /// The line it begins with.
    pub line: usize,
}

/// Where a script is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Only {
    /// On the kernel alone, for this reason.
    Linux(String),
    /// On the reference alone, for this reason.
    Reference(String),
}

/// One line of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its number in the file.
    pub line: usize,
    /// The row it belongs to: an index into [`Script::heads`].
    pub row: usize,
    /// Whether it says that the peer does it.
    pub at_peer: bool,
    /// What is done.
    pub act: Act,
}

/// What a line of a script does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// `NAME = socket FAMILY KIND`, `NAME = accept LISTENER -> PEER`: the answer's socket gets a name.
    Name {
        /// The name.
        name: String,
        /// The call.
        call: String,
        /// The peer of a connection that is accepted.
        peer: Option<String>,
    },
    /// `CALL -> ANSWER`; without an answer every one that is no refusal will do.
    Call {
        /// The call.
        call: String,
        /// What has to be answered.
        answer: Option<String>,
    },
    /// `$NAME = getsockname SOCKET`: the port of the answer gets a name.
    Remember {
        /// The name, with its `$`.
        name: String,
        /// The call.
        call: String,
    },
    /// `look SOCKET -> STATE RECEIVE-QUEUE SEND-QUEUE`.
    Look {
        /// The name of the socket.
        socket: String,
        /// What has to be seen.
        answer: String,
    },
    /// `$NAME == $OTHER`, `$NAME != $OTHER`.
    Compare {
        /// One side.
        left: String,
        /// The other side.
        right: String,
        /// Whether they have to be equal.
        equal: bool,
    },
    /// `wait SECONDS`.
    Wait(Span),
}

/// Rows that are run one after the other in one world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// The rows.
    pub heads: Vec<Head>,
    /// Where it is run, if not everywhere.
    pub only: Option<Only>,
    /// What is done.
    pub steps: Vec<Step>,
}

/// Something that a file of rows has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Rows that are run.
    Script(Script),
    /// A row that a test of its own shows.
    Elsewhere {
        /// The row.
        head: Head,
        /// The file of the test.
        file: String,
        /// The function.
        test: String,
    },
    /// A row that does not apply; the reason is what it is about.
    NotApplicable(Head),
}

/// Where a text stops being rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Line, the first one being 1.
    pub line: usize,
    /// What is wrong.
    pub said: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.said)
    }
}

/// The rows that a text has.
///
/// # Errors
/// The first line that is not as the format would have it.
pub fn parse(text: &str) -> Result<Vec<Entry>, Error> {
    let mut entries = Vec::new();
    for (at, raw) in text.lines().enumerate() {
        let number = at + 1;
        let line = words::without_comment(raw).trim();
        let said = |said: &str| Error { line: number, said: said.to_owned() };
        let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
        match (first, entries.last_mut()) {
            ("", _) => {}
            ("row", _) => entries.push(entry(head(rest, number)?)),
            ("then", Some(Entry::Script(script))) => script.heads.push(head(rest, number)?),
            ("linux-only", Some(Entry::Script(script))) => script.only = Some(Only::Linux(rest.to_owned())),
            ("reference-only", Some(Entry::Script(script))) => {
                script.only = Some(Only::Reference(rest.to_owned()));
            }
            (_, Some(Entry::Script(script))) => {
                let row = script.heads.len() - 1;
                script.steps.push(step(line, number, row).map_err(|what| said(&what))?);
            }
            (_, Some(Entry::Elsewhere { .. } | Entry::NotApplicable(_)) | None) => {
                return Err(said("a line outside of a row that is run"));
            }
        }
    }
    let empty = entries.iter().find_map(|entry| match entry {
        Entry::Script(script) if script.steps.is_empty() => script.heads.first(),
        Entry::Script(_) | Entry::Elsewhere { .. } | Entry::NotApplicable(_) => None,
    });
    match empty {
        Some(head) => Err(Error { line: head.line, said: format!("{} does nothing", head.id) }),
        None => Ok(entries),
    }
}

/// What stands behind `row`: `AREA-NUMBER words`.
fn head(rest: &str, line: usize) -> Result<Head, Error> {
    let (id, about) = rest.split_once(' ').unwrap_or((rest, ""));
    let id = id.rsplit_once('-').and_then(|(area, number)| {
        let number = number.parse().ok().filter(|number| *number > 0)?;
        Some(Id { area: area.to_owned(), number })
    });
    let said = "a row begins with `row AREA-NUMBER words`".to_owned();
    let about = about.trim().to_owned();
    id.filter(|_| !about.is_empty()).map(|id| Head { id, about, line }).ok_or(Error { line, said })
}

fn entry(head: Head) -> Entry {
    let Some(reason) = head.about.strip_prefix("n/a ").map(str::to_owned) else {
        return Entry::Script(Script { heads: vec![head], only: None, steps: Vec::new() });
    };
    match named_test(&reason) {
        Some((file, test)) => Entry::Elsewhere { head, file, test },
        None => Entry::NotApplicable(Head { about: reason, ..head }),
    }
}

/// A file and a function in it: `reason: stack/src/a.rs `name``.
fn named_test(reason: &str) -> Option<(String, String)> {
    let (before, test) = reason.strip_suffix('`')?.rsplit_once('`')?;
    let file = before.split_whitespace().next_back().filter(|word| word.ends_with(".rs"))?;
    Some((file.to_owned(), test.to_owned()))
}

fn step(line: &str, number: usize, row: usize) -> Result<Step, String> {
    let (at_peer, line) = match line.strip_prefix("peer: ") {
        Some(rest) => (true, rest.trim()),
        None => (false, line),
    };
    let (what, answer) = match words::split_arrow(line) {
        (what, Some("")) => return Err(format!("nothing stands behind the arrow of `{what}`")),
        (what, answer) => (words::plain(what)?, answer.map(words::plain).transpose()?),
    };
    let tokens: Vec<&str> = what.split_whitespace().collect();
    let call_after_equals = || tokens.get(2..).unwrap_or_default().join(" ");
    let act = match (tokens.as_slice(), answer) {
        (["wait", time], None) => Act::Wait(words::span(time).ok_or("`wait` takes seconds")?),
        ([left, sign @ ("==" | "!="), right], None) => {
            Act::Compare { left: (*left).into(), right: (*right).into(), equal: *sign == "==" }
        }
        ([name, "=", "getsockname" | "getpeername", _], None) if name.starts_with('$') => {
            Act::Remember { name: (*name).to_owned(), call: call_after_equals() }
        }
        ([name, "=", "socket" | "accept", ..], peer) if words::is_name(name) => {
            Act::Name { name: (*name).to_owned(), call: call_after_equals(), peer }
        }
        ([_, "=", ..], _) => {
            return Err(format!("`{what}` gives a name that means something else, or to no such answer"));
        }
        (["look", socket], Some(answer)) => Act::Look { socket: (*socket).to_owned(), answer },
        (_, answer) => Act::Call { call: what, answer },
    };
    Ok(Step { line: number, row, at_peer, act })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_follow_each_other_and_one_may_go_on_where_another_ended() {
        let text = "# rows\nrow bind-1 a # b\n s = socket AF_INET SOCK_STREAM\nthen bind-2 c\n wait 1.5\n\
                    row bind-3 n/a statistics: stack/src/ports.rs `spread`\nrow bind-4 n/a no such thing\n";
        let entries = parse(text).expect("rows");
        let [Entry::Script(script), Entry::Elsewhere { file, test, .. }, Entry::NotApplicable(none)] =
            entries.as_slice()
        else {
            panic!("{entries:?}");
        };
        let rows: Vec<_> = script.heads.iter().map(|head| (head.id.to_string(), &*head.about)).collect();
        assert_eq!(rows, [("bind-01".to_owned(), "a"), ("bind-02".to_owned(), "c")]);
        assert_eq!(
            script.steps.iter().map(|step| (step.line, step.row)).collect::<Vec<_>>(),
            [(3, 0), (5, 1)]
        );
        assert_eq!(script.steps[1].act, Act::Wait(Span::from_millis(1_500)));
        assert_eq!((file.as_str(), test.as_str()), ("stack/src/ports.rs", "spread"));
        assert_eq!(none.about, "no such thing");
    }

    #[test]
    fn what_is_no_row_is_told_with_its_line() {
        for (text, line) in [
            ("bind s", 1),
            ("row bind", 1),
            ("row bind-1", 1),
            ("row bind-0 a\n wait 1", 1),
            ("\nrow bind-1 a\n wait x", 3),
            ("row bind-1 a\n bind s 1 ->", 2),
            ("row bind-1 a\n lo = socket AF_INET SOCK_STREAM", 2),
            ("row bind-1 a\n send s \"a", 2),
            ("row bind-1 a", 1),
        ] {
            assert_eq!(parse(text).map_err(|error| error.line), Err(line), "{text}");
        }
    }
}
