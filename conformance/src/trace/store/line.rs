//! floor 6: one line of a stored trace, read word by word.

use super::Error;
use super::word::Word;
use stack::base::{Instant, Span};
use stack::sock::SocketId;
use std::str::FromStr;

/// What separates the words for people from the words for programs.
pub(super) const COMMENT: char = ';';

/// Nanoseconds in a second.
const NANOS: u64 = 1_000_000_000;

/// The rest of a line.
pub(super) struct Line<'a> {
    number: usize,
    whole: &'a str,
    rest: &'a str,
}

impl<'a> Line<'a> {
    /// The line with its index, unless it is empty or only for people.
    pub(super) fn new((index, text): (usize, &'a str)) -> Option<Self> {
        let whole = text.split(COMMENT).next().unwrap_or("").trim_end();
        let nothing = whole.trim_start().is_empty() || whole.starts_with('#');
        (!nothing).then_some(Self { number: index + 1, whole, rest: whole })
    }

    fn error(&self, wanted: &'static str, found: &str) -> Error {
        let before = self.whole.len() - self.rest.trim_start().len();
        let column = self.whole.get(..before).unwrap_or("").chars().count() + 1;
        Error { line: self.number, column, wanted, found: found.to_owned() }
    }

    /// The next word without taking it; empty at the end.
    pub(super) fn peek(&self) -> &'a str {
        self.rest.split_whitespace().next().unwrap_or("")
    }

    /// Takes a word that `read` understands.
    pub(super) fn take<T>(
        &mut self,
        wanted: &'static str,
        read: impl FnOnce(&'a str) -> Option<T>,
    ) -> Result<T, Error> {
        let word = self.peek();
        let value = read(word).ok_or_else(|| self.error(wanted, word))?;
        self.rest = self.rest.trim_start().get(word.len()..).unwrap_or("");
        Ok(value)
    }

    /// Takes this very word.
    pub(super) fn exactly(&mut self, wanted: &'static str) -> Result<(), Error> {
        self.take(wanted, |word| (word == wanted).then_some(()))
    }

    /// Takes this very word if it is the next one.
    pub(super) fn perhaps(&mut self, wanted: &'static str) -> Result<bool, Error> {
        if self.peek() != wanted {
            return Ok(false);
        }
        self.exactly(wanted).map(|()| true)
    }

    /// Takes the word of a closed vocabulary.
    pub(super) fn word<T: Word>(&mut self, wanted: &'static str) -> Result<T, Error> {
        self.take(wanted, T::from_word)
    }

    /// Takes a number or an address. Only the form that is printed counts: no sign, no leading zero.
    pub(super) fn value<T: FromStr + ToString>(&mut self, wanted: &'static str) -> Result<T, Error> {
        self.take(wanted, |word| word.parse().ok().filter(|value: &T| value.to_string() == word))
    }

    /// Takes `s` with a socket's number.
    pub(super) fn socket(&mut self) -> Result<SocketId, Error> {
        self.take("a socket", |word| {
            let number = word.strip_prefix('s')?;
            number.parse().ok().map(SocketId).filter(|id| id.0.to_string() == number)
        })
    }

    /// Takes seconds with nine decimals.
    pub(super) fn time(&mut self) -> Result<Instant, Error> {
        self.take("seconds with nine decimals", |word| nanos(word).map(Instant::from_nanos))
    }

    /// Takes seconds with nine decimals, or `off`.
    pub(super) fn span_or_off(&mut self) -> Result<Option<Span>, Error> {
        self.take("seconds with nine decimals, or off", |word| match word {
            "off" => Some(None),
            seconds => nanos(seconds).map(|nanos| Some(Span::from_nanos(nanos))),
        })
    }

    /// Takes a length of time.
    pub(super) fn span(&mut self) -> Result<Span, Error> {
        self.take("seconds with nine decimals", |word| nanos(word).map(Span::from_nanos))
    }

    /// Takes `on` or `off`.
    pub(super) fn switch(&mut self) -> Result<bool, Error> {
        self.take("on or off", |word| match word {
            "on" => Some(true),
            "off" => Some(false),
            _ => None,
        })
    }

    /// Takes octets in hexadecimal.
    pub(super) fn octets(&mut self) -> Result<Vec<u8>, Error> {
        self.take("octets in hexadecimal, or -", octets)
    }

    /// Nothing may be left.
    pub(super) fn end(&self) -> Result<(), Error> {
        match self.peek() {
            "" => Ok(()),
            word => Err(self.error("the end of the line", word)),
        }
    }
}

fn nanos(word: &str) -> Option<u64> {
    let (seconds, nanos) = word.split_once('.')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
    if nanos.len() != 9
        || !digits(seconds)
        || !digits(nanos)
        || (seconds.len() > 1 && seconds.starts_with('0'))
    {
        return None;
    }
    seconds.parse::<u64>().ok()?.checked_mul(NANOS)?.checked_add(nanos.parse().ok()?)
}

fn octets(word: &str) -> Option<Vec<u8>> {
    if word == "-" {
        return Some(Vec::new());
    }
    let (pairs, rest) = word.as_bytes().as_chunks::<2>();
    if pairs.is_empty() || !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(nibble(*high)? << 4 | nibble(*low)?)).collect()
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}
