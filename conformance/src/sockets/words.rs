//! floor 8: the words of row scripts, and those of stored traces that they stand for.

use super::{End, LOOPBACK};
use stack::base::Span;
use stack::sock::SocketId;
use stack::sock::name::INTERFACE;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Words that calls and answers have themselves, so that no socket is called so.
const TAKEN: &[&str] = &[
    "lo", "eth", "any", "on", "off", "none", "never", "always", "loopback", "urgent", "peer", "look", "wait",
];

/// Whether a socket can be called so: a small letter, then small letters, digits and `_`.
pub fn is_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_lowercase())
        && word.bytes().all(|octet| matches!(octet, b'a'..=b'z' | b'0'..=b'9' | b'_'))
        && !TAKEN.contains(&word)
}

/// A line without what stands behind `#`, unless that is in quotes.
pub fn without_comment(line: &str) -> &str {
    let mut quoted = false;
    for (at, letter) in line.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            '#' if !quoted => return &line[..at],
            _ => {}
        }
    }
    line
}

/// What stands before and behind `->`.
pub fn split_arrow(line: &str) -> (&str, Option<&str>) {
    match line.split_once("->") {
        Some((before, behind)) => (before.trim(), Some(behind.trim())),
        None => (line.trim(), None),
    }
}

/// Words as stored traces have them: text in quotes becomes octets, times get nine decimals.
///
/// # Errors
/// Quotes that do not end.
pub fn plain(words: &str) -> Result<String, String> {
    let mut out = String::new();
    for (at, part) in words.split('"').enumerate() {
        if at % 2 == 1 && part.is_empty() {
            out.push('-');
        } else if at % 2 == 1 {
            part.bytes().for_each(|octet| write!(out, "{octet:02x}").unwrap_or_default());
        } else {
            out.push_str(part);
        }
    }
    if words.matches('"').count() % 2 == 1 {
        return Err("a quote without its end".to_owned());
    }
    let long = |word: &str| span(word).filter(|_| word.contains('.')).map(|time| time.to_string());
    let words: Vec<String> =
        out.split_whitespace().map(|word| long(word).unwrap_or_else(|| word.to_owned())).collect();
    Ok(words.join(" "))
}

/// Seconds with up to nine decimals.
pub fn span(word: &str) -> Option<Span> {
    let (seconds, decimals) = word.split_once('.').unwrap_or((word, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
    if !digits(seconds) || !digits(decimals) || decimals.len() > 9 {
        return None;
    }
    let nanos: u64 = format!("{decimals:0<9}").parse().ok()?;
    Some(Span::from_nanos(seconds.parse::<u64>().ok()?.checked_mul(1_000_000_000)?.checked_add(nanos)?))
}

/// What the names of a script stand for.
#[derive(Clone, Debug, Default)]
pub struct Names {
    sockets: BTreeMap<String, (End, SocketId)>,
    ports: BTreeMap<String, u16>,
}

impl Names {
    /// From now on the socket has that name.
    pub fn socket_is(&mut self, name: &str, end: End, sock: SocketId) {
        self.sockets.insert(name.to_owned(), (end, sock));
    }

    /// From now on the port has that name.
    pub fn port_is(&mut self, name: &str, port: u16) {
        self.ports.insert(name.to_owned(), port);
    }

    /// The socket of that name.
    pub fn socket(&self, name: &str) -> Option<(End, SocketId)> {
        self.sockets.get(name).copied()
    }

    /// The port of that name, or the number itself.
    pub fn port(&self, word: &str) -> Option<u16> {
        self.ports.get(word).copied().or_else(|| word.parse().ok())
    }

    /// Words with numbers for names: what a call of a stored trace would say.
    pub fn to_numbers(&self, words: &str) -> String {
        let numbers = words.split_whitespace().map(|word| match self.socket(word) {
            Some((_, sock)) => format!("s{}", sock.0),
            None => self.expand(word),
        });
        numbers.collect::<Vec<_>>().join(" ")
    }

    /// Ports and scopes by number.
    fn expand(&self, word: &str) -> String {
        let mut word = word.replace("%eth]", &format!("%{INTERFACE}]"));
        word = word.replace("%lo]", &format!("%{LOOPBACK}]"));
        // The longest name first: `$port` is not `$p` with something behind it.
        for (name, port) in self.ports.iter().rev() {
            word = word.replace(name, &port.to_string());
        }
        word
    }

    /// The words of an answer with names for the numbers of sockets at `end`, and for scopes.
    pub fn to_names(&self, end: End, words: &str) -> String {
        let named = words.split_whitespace().map(|word| {
            let number = word.strip_prefix('s').and_then(|number| number.parse().ok());
            let is = |known: &(End, SocketId)| Some(known.1.0) == number && known.0 == end;
            let name = self.sockets.iter().find(|(_, known)| is(known)).map(|(name, _)| name.clone());
            name.unwrap_or_else(|| {
                let word = word.replace(&format!("%{INTERFACE}]"), "%eth]");
                word.replace(&format!("%{LOOPBACK}]"), "%lo]")
            })
        });
        named.collect::<Vec<_>>().join(" ")
    }

    /// Whether an answer is one that the script wants. `|` stands between several, `*` for any part of a
    /// word, and as the last word for any words.
    pub fn fits(&self, wanted: &str, answer: &str) -> bool {
        wanted.split(" | ").any(|wanted| {
            let wanted: Vec<String> = wanted.split_whitespace().map(|word| self.pattern(word)).collect();
            let found: Vec<&str> = answer.split_whitespace().collect();
            let open = wanted.last().is_some_and(|last| last == "*");
            let fixed = wanted.len() - usize::from(open);
            (found.len() == fixed || open && found.len() > fixed)
                && wanted.iter().take(fixed).zip(&found).all(|(wanted, found)| matches(wanted, found))
        })
    }

    /// A wanted word with ports by number; scopes stay names.
    fn pattern(&self, word: &str) -> String {
        let ports = self.ports.iter().rev();
        ports.fold(word.to_owned(), |word, (name, port)| word.replace(name, &port.to_string()))
    }
}

/// Whether a word is as wanted, where `*` stands for anything.
fn matches(wanted: &str, word: &str) -> bool {
    match wanted.split_once('*') {
        None => wanted == word,
        Some((before, behind)) => {
            let Some(rest) = word.strip_prefix(before) else { return false };
            (0..=rest.len()).any(|at| rest.get(at..).is_some_and(|rest| matches(behind, rest)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_times_are_written_for_people() {
        assert_eq!(plain("send s \"ab\"").as_deref(), Ok("send s 6162"));
        assert_eq!(plain("data \"\"").as_deref(), Ok("data -"));
        assert_eq!(plain("setsockopt s SO_LINGER 1.5").as_deref(), Ok("setsockopt s SO_LINGER 1.500000000"));
        assert_eq!(plain("bind s 127.0.0.1:5000").as_deref(), Ok("bind s 127.0.0.1:5000"));
        assert!(plain("send s \"ab").is_err());
        assert_eq!(without_comment("send s \"#\" # no"), "send s \"#\" ");
    }

    #[test]
    fn names_stand_for_numbers_and_back() {
        let mut names = Names::default();
        names.socket_is("c", End::Host, SocketId(7));
        names.socket_is("d", End::Peer, SocketId(7));
        names.port_is("$p", 5000);
        names.port_is("$port", 6000);
        assert_eq!(names.to_numbers("connect c 127.0.0.1:$port"), "connect s7 127.0.0.1:6000");
        assert_eq!(names.to_numbers("bind d [fe80::1%eth]:$p"), "bind s7 [fe80::1%1]:5000");
        assert_eq!(names.to_names(End::Peer, "accepted s7 [fe80::1%1]:80"), "accepted d [fe80::1%eth]:80");
        assert!(names.fits("name 127.0.0.1:$p", "name 127.0.0.1:5000"));
    }

    #[test]
    fn a_star_is_anything() {
        let names = Names::default();
        assert!(names.fits("*", "refused EINVAL"));
        assert!(names.fits("name 127.0.0.1:*", "name 127.0.0.1:5"));
        assert!(!names.fits("name 127.0.0.1:*", "name 127.0.0.2:5"));
        assert!(names.fits("ready POLLIN *", "ready POLLIN POLLOUT"));
        assert!(!names.fits("ready POLLIN", "ready POLLIN POLLOUT"));
        assert!(names.fits("ready *", "ready"));
        assert!(!names.fits("done", "done more"));
        assert!(names.fits("done | refused E*", "refused EINVAL"));
    }
}
