//! floor 0: reading a written endpoint, piece by piece (RFC 3986 section 3.2, RFC 4291 section 2.2).
//!
//! A piece is a part of the text with the place where it begins, so that a mistake can say where it is.

use super::{Address, Misread, Mistake, PortWord, Written, Zone, port_of_scheme};
use core::net::{Ipv4Addr, Ipv6Addr};

/// A mistake and the octet of the text where it is.
type Slip = (usize, Mistake);

/// A part of the text.
#[derive(Clone, Copy)]
struct Piece<'a> {
    text: &'a str,
    /// Position of its first octet in the whole text.
    at: usize,
}

impl<'a> Piece<'a> {
    const fn slip(self, mistake: Mistake) -> Slip {
        (self.at, mistake)
    }

    const fn slip_at_end(self, mistake: Mistake) -> Slip {
        (self.at + self.text.len(), mistake)
    }

    /// The parts before and from `offset` on, which lies between two characters.
    fn cut(self, offset: usize) -> (Self, Self) {
        let (before, after) = self.text.split_at(offset);
        (Self { text: before, at: self.at }, Self { text: after, at: self.at + offset })
    }

    /// The part behind `start`, if it begins with that.
    fn strip(self, start: &str) -> Option<Self> {
        self.text.strip_prefix(start).map(|text| Self { text, at: self.at + start.len() })
    }

    /// The parts before and behind the first `mark`.
    fn split(self, mark: char) -> Option<(Self, Self)> {
        let (before, rest) = self.cut(self.text.find(mark)?);
        Some((before, rest.cut(mark.len_utf8()).1))
    }

    /// The first character that `is_good` does not hold for.
    fn stranger(self, is_good: impl Fn(char) -> bool) -> Option<usize> {
        self.text.find(|letter| !is_good(letter)).map(|offset| self.at + offset)
    }

    fn is_digits(self) -> bool {
        !self.text.is_empty() && self.text.bytes().all(|octet| octet.is_ascii_digit())
    }

    fn into_name(self) -> &'a str {
        self.text
    }
}

/// Where an endpoint stands: a URL has stricter rules.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Nothing,
    Url,
}

pub(super) fn written(text: &str) -> Result<Written<'_>, Misread> {
    let whole = Piece { text, at: 0 };
    let read = match text.find("://") {
        Some(offset) => url(whole.cut(offset)),
        None => authority(whole, Inside::Nothing),
    };
    read.map_err(|(offset, mistake)| {
        let before = text.char_indices().take_while(|(at, _)| *at < offset).count();
        Misread { column: before + 1, mistake }
    })
}

fn url<'a>((scheme, rest): (Piece<'a>, Piece<'a>)) -> Result<Written<'a>, Slip> {
    let begins = scheme.text.starts_with(|first: char| first.is_ascii_alphabetic());
    let is_good = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '-' | '.');
    if let Some(offset) = scheme.stranger(is_good) {
        return Err((offset, Mistake::SchemeMalformed));
    }
    if !begins {
        return Err(scheme.slip(Mistake::SchemeMalformed));
    }
    let rest = rest.cut("://".len()).1;
    let ends = rest.text.find(['/', '?', '#']).unwrap_or(rest.text.len());
    let whole = rest.cut(ends).0;
    // Who logs in is no part of the endpoint.
    let host_at = whole.text.rfind('@').map_or(0, |offset| offset + 1);
    let read = authority(whole.cut(host_at).1, Inside::Url)?;
    if read.port.is_some() {
        return Ok(read);
    }
    let port = port_of_scheme(scheme.text).ok_or(scheme.slip(Mistake::SchemeUnknown))?;
    Ok(Written { port: Some(PortWord::Number(port)), ..read })
}

fn authority(whole: Piece<'_>, inside: Inside) -> Result<Written<'_>, Slip> {
    if whole.text.is_empty() {
        let nothing = if inside == Inside::Url { Mistake::AddressMissing } else { Mistake::Nothing };
        return Err(whole.slip(nothing));
    }
    //= RFC3986-3.2.2-a
    if let Some(behind) = whole.strip("[") {
        let (addr, rest) = behind.split(']').ok_or(whole.slip(Mistake::BracketOpen))?;
        let addr = v6_with_zone(addr, inside)?;
        return match rest.strip(":") {
            Some(word) => Ok(Written { addr, port: port(word, inside)? }),
            None if rest.text.is_empty() => Ok(Written { addr, port: None }),
            None => Err(rest.slip(Mistake::AfterBracket)),
        };
    }
    let zone_at = whole.text.find('%').unwrap_or(whole.text.len());
    let begins_with_v4 = || whole.split(':').is_some_and(|(addr, _)| v4(addr).is_ok());
    if whole.text[..zone_at].matches(':').count() > 1 && !begins_with_v4() {
        return without_brackets(whole, inside);
    }
    if let Some(offset) = whole.text.find('%') {
        let is_v4 = v4(whole.cut(offset).0).is_ok();
        let mistake = if is_v4 { Mistake::ZoneOfV4 } else { Mistake::NameMalformed };
        return Err((whole.at + offset, mistake));
    }
    match whole.split(':') {
        Some((addr, word)) => Ok(Written { addr: address(addr)?, port: port(word, inside)? }),
        None => Ok(Written { addr: address(whole)?, port: None }),
    }
}

/// An IPv6 address that is alone.
fn without_brackets(whole: Piece<'_>, inside: Inside) -> Result<Written<'_>, Slip> {
    if inside == Inside::Url {
        return Err(whole.slip(Mistake::BracketsMissing));
    }
    let read = v6_with_zone(whole, inside);
    if read.is_err() {
        // Perhaps what stands behind the last colon is a port.
        let colon = whole.text.rfind(':').unwrap_or_default();
        let (before, word) = whole.cut(colon);
        let looks_like_port = word.strip(":").is_some_and(|word| port(word, inside).is_ok());
        if looks_like_port && v6_with_zone(before, inside).is_ok() {
            return Err(whole.slip(Mistake::BracketsMissing));
        }
    }
    Ok(Written { addr: read?, port: None })
}

/// What stands before the port, without brackets.
fn address(word: Piece<'_>) -> Result<Address<'_>, Slip> {
    match word.text {
        "" => Err(word.slip(Mistake::AddressMissing)),
        "*" => Ok(Address::Any),
        // No machine has a name of digits alone (RFC 1123 section 2.1): it is an address, or nothing.
        text if text.bytes().all(|octet| octet.is_ascii_digit() || octet == b'.') => {
            v4(word).map(Address::V4)
        }
        _ => name(word).map(Address::Name),
    }
}

/// Octets of a label and of a whole name at the most (RFC 1123 section 2.1).
const LABEL_MAX: usize = 63;
const NAME_MAX: usize = 253;

fn name(word: Piece<'_>) -> Result<&str, Slip> {
    let is_good = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    if let Some(offset) = word.stranger(is_good) {
        return Err((offset, Mistake::NameMalformed));
    }
    let bare = word.text.strip_suffix('.').unwrap_or(word.text);
    let mut labels = bare.split('.');
    let label_is_good = |label: &str| {
        !label.is_empty() && label.len() <= LABEL_MAX && !label.starts_with('-') && !label.ends_with('-')
    };
    let last_is_good =
        bare.rsplit('.').next().is_some_and(|last| last.contains(|c: char| !c.is_ascii_digit()));
    if bare.len() <= NAME_MAX && last_is_good && labels.all(label_is_good) {
        Ok(word.into_name())
    } else {
        Err(word.slip(Mistake::NameMalformed))
    }
}

fn v4(word: Piece<'_>) -> Result<Ipv4Addr, Slip> {
    let mut octets = [0_u8; 4];
    let mut rest = word;
    for (index, octet) in octets.iter_mut().enumerate() {
        let (digits, behind) = rest.cut(rest.text.find('.').unwrap_or(rest.text.len()));
        *octet = octet_of(digits)?;
        rest = behind;
        if index < 3 {
            rest = rest.strip(".").ok_or(rest.slip_at_end(Mistake::OctetCount))?;
        }
    }
    if rest.text.is_empty() { Ok(Ipv4Addr::from(octets)) } else { Err(rest.slip(Mistake::OctetCount)) }
}

fn octet_of(digits: Piece<'_>) -> Result<u8, Slip> {
    if digits.text.is_empty() {
        return Err(digits.slip(Mistake::OctetMissing));
    }
    if let Some(offset) = digits.stranger(|letter| letter.is_ascii_digit()) {
        return Err((offset, Mistake::NameMalformed));
    }
    if digits.text.len() > 1 && digits.text.starts_with('0') {
        return Err(digits.slip(Mistake::OctetLeadingZero));
    }
    digits.text.parse().map_err(|_| digits.slip(Mistake::OctetTooLarge))
}

fn v6_with_zone(word: Piece<'_>, inside: Inside) -> Result<Address<'_>, Slip> {
    match word.split('%') {
        None => Ok(Address::V6(v6(word)?, None)),
        Some((addr, behind)) => {
            // In a URL the percent sign itself is escaped (RFC 6874 section 2).
            let escaped = (inside == Inside::Url).then(|| behind.strip("25")).flatten();
            Ok(Address::V6(v6(addr)?, Some(zone(escaped.unwrap_or(behind))?)))
        }
    }
}

/// Octets that the name of an interface has at the most.
const ZONE_MAX: usize = 32;

fn zone(word: Piece<'_>) -> Result<Zone<'_>, Slip> {
    if word.text.is_empty() {
        return Err(word.slip(Mistake::ZoneMissing));
    }
    //= RFC4007-11.2-a
    if word.is_digits() {
        return word.text.parse().map(Zone::Number).map_err(|_| word.slip(Mistake::ZoneTooLarge));
    }
    let is_good =
        |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.' | '_' | '~' | '@');
    match word.stranger(is_good) {
        Some(offset) => Err((offset, Mistake::ZoneMalformed)),
        None if word.text.len() > ZONE_MAX => Err(word.slip(Mistake::ZoneMalformed)),
        None => Ok(Zone::Name(word.into_name())),
    }
}

/// Groups as they are read, and where the `::` is.
#[derive(Default)]
struct Groups {
    read: [u16; 8],
    count: usize,
    gap: Option<usize>,
}

impl Groups {
    fn push(&mut self, group: u16, at: Piece<'_>) -> Result<(), Slip> {
        let room = self.read.get_mut(self.count).ok_or(at.slip(Mistake::GroupsTooMany))?;
        *room = group;
        self.count += 1;
        Ok(())
    }

    /// The address, if the groups are as many as there should be. `::` stands for one group or more.
    fn address(mut self, word: Piece<'_>) -> Result<Ipv6Addr, Slip> {
        match self.gap {
            None if self.count < 8 => return Err(word.slip_at_end(Mistake::GroupsTooFew)),
            Some(_) if self.count == 8 => return Err(word.slip(Mistake::GroupsTooMany)),
            None => {}
            Some(gap) => {
                self.read[gap..].rotate_right(8 - self.count);
            }
        }
        Ok(Ipv6Addr::from(self.read))
    }
}

fn v6(word: Piece<'_>) -> Result<Ipv6Addr, Slip> {
    let mut groups = Groups::default();
    let mut rest = word;
    if let Some(behind) = rest.strip("::") {
        groups.gap = Some(0);
        rest = behind;
    }
    while !rest.text.is_empty() {
        let (group, behind) = rest.cut(rest.text.find(':').unwrap_or(rest.text.len()));
        if group.text.contains('.') {
            if !behind.text.is_empty() {
                return Err(group.slip(Mistake::OctetsNotLast));
            }
            let [a, b, c, d] = v4(group)?.octets();
            groups.push(u16::from_be_bytes([a, b]), group)?;
            groups.push(u16::from_be_bytes([c, d]), group)?;
            break;
        }
        groups.push(group_of(group)?, group)?;
        rest = behind;
        if let Some(behind) = rest.strip("::") {
            if groups.gap.replace(groups.count).is_some() {
                return Err(rest.slip(Mistake::GapTwice));
            }
            rest = behind;
        } else if let Some(behind) = rest.strip(":") {
            if behind.text.is_empty() {
                return Err(behind.slip(Mistake::GroupMissing));
            }
            rest = behind;
        }
    }
    groups.address(word)
}

fn group_of(digits: Piece<'_>) -> Result<u16, Slip> {
    if digits.text.is_empty() {
        return Err(digits.slip(Mistake::GroupMissing));
    }
    if let Some(offset) = digits.stranger(|letter| letter.is_ascii_hexdigit()) {
        return Err((offset, Mistake::GroupMalformed));
    }
    if digits.text.len() > 4 {
        return Err(digits.slip(Mistake::GroupTooLong));
    }
    u16::from_str_radix(digits.text, 16).map_err(|_| digits.slip(Mistake::GroupMalformed))
}

fn port(word: Piece<'_>, inside: Inside) -> Result<Option<PortWord<'_>>, Slip> {
    match (word.text, inside) {
        //= RFC3986-3.2.3-a
        ("", Inside::Url) => Ok(None),
        ("", Inside::Nothing) => Err(word.slip(Mistake::PortMissing)),
        ("*", Inside::Nothing) => Ok(Some(PortWord::Any)),
        (digits, Inside::Nothing | Inside::Url) if word.is_digits() => {
            let number = digits.parse().map_err(|_| word.slip(Mistake::PortTooLarge))?;
            Ok(Some(PortWord::Number(number)))
        }
        (_, Inside::Url) => Err(word.slip(Mistake::PortOfUrl)),
        (name, Inside::Nothing) => {
            match word.stranger(|letter| letter.is_ascii_alphanumeric() || letter == '-') {
                Some(offset) => Err((offset, Mistake::PortMalformed)),
                None if is_service_name(name) => Ok(Some(PortWord::Name(name))),
                None => Err(word.slip(Mistake::PortMalformed)),
            }
        }
    }
}

/// Octets of the name of a service at the most.
const SERVICE_NAME_MAX: usize = 15;

/// Whether `name` is one that a service can have (RFC 6335 section 5.1).
pub fn is_service_name(name: &str) -> bool {
    //= RFC6335-5.1-a
    let length_is_good = (1..=SERVICE_NAME_MAX).contains(&name.len());
    //= RFC6335-5.1-b
    let letters_are_good = name.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
        && name.bytes().any(|octet| octet.is_ascii_alphabetic());
    //= RFC6335-5.1-c
    let hyphens_are_good = !name.starts_with('-') && !name.ends_with('-') && !name.contains("--");
    length_is_good && letters_are_good && hyphens_are_good
}
