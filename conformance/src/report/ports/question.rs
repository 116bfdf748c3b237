//! floor 8: what people ask about ports: `443`, `https/udp`, `8000-8100`, `_ssh._tcp`, `[2001:db8::1]:443`.

use stack::base::endpoint::{PortWord, Written, is_service_name};
use stack::ports::services::{self, Transport};
use std::fmt;

/// One question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question<'a> {
    /// As it was asked.
    pub text: &'a str,
    /// About what.
    pub subject: Subject<'a>,
    /// Only on this transport.
    pub transport: Option<Transport>,
    /// The endpoint, if one was asked about.
    pub endpoint: Option<Written<'a>>,
}

/// What a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject<'a> {
    /// The ports from the first to the last.
    Ports(u16, u16),
    /// A service.
    Service(&'a str),
}

/// Why a question makes no sense, and what would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Senseless {
    asked: String,
    why: String,
}

impl fmt::Display for Senseless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.asked, self.why)
    }
}

impl<'a> Question<'a> {
    /// Reads a question.
    ///
    /// # Errors
    /// Why it makes no sense, and how to ask instead.
    pub fn read(text: &'a str) -> Result<Self, Senseless> {
        let senseless = |why: &str| Senseless { asked: text.to_owned(), why: why.to_owned() };
        let plain = Self { text, subject: Subject::Service(text), transport: None, endpoint: None };
        // A few old names have a slash.
        if services::of_name(text).next().is_some() {
            return Ok(plain);
        }
        if let Some((name, transport)) = services::of_srv(text) {
            return Ok(Self { subject: Subject::Service(name), transport: Some(transport), ..plain });
        }
        if text.contains([':', '[']) {
            return plain.about_endpoint().map_err(|why| senseless(&why));
        }
        let (subject, transport) = match text.rsplit_once('/') {
            None => (text, None),
            Some((subject, word)) => {
                let unknown = || senseless("behind the slash stands tcp, udp, sctp or dccp, such as 443/udp");
                (subject, Some(Transport::of_name(word).ok_or_else(unknown)?))
            }
        };
        let subject = read_subject(subject).map_err(senseless)?;
        Ok(Self { subject, transport, ..plain })
    }

    fn about_endpoint(self) -> Result<Self, String> {
        let endpoint = Written::read(self.text).map_err(|misread| misread.to_string())?;
        let subject = match endpoint.port {
            None => return Err("it has no port; write one, such as 192.0.2.1:80".to_owned()),
            Some(PortWord::Any) => Subject::Ports(0, u16::MAX),
            Some(PortWord::Number(number)) => Subject::Ports(number, number),
            Some(PortWord::Name(name)) => Subject::Service(name),
        };
        Ok(Self { subject, endpoint: Some(endpoint), ..self })
    }
}

const TOO_LARGE: &str = "a port is a number from 0 to 65535";

fn read_subject(text: &str) -> Result<Subject<'_>, &'static str> {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
    let number = |digits: &str| digits.parse::<u16>().map_err(|_| TOO_LARGE);
    if is_digits(text) {
        let number = number(text)?;
        return Ok(Subject::Ports(number, number));
    }
    if let Some((first, last)) = text.split_once('-')
        && is_digits(first)
        && is_digits(last)
    {
        let (first, last) = (number(first)?, number(last)?);
        return if first <= last { Ok(Subject::Ports(first, last)) } else { Err("the range runs backwards") };
    }
    if is_service_name(text) {
        return Ok(Subject::Service(text));
    }
    Err("ask for a port (443), a range (8000-8100) or the name of a service (https), perhaps with /udp")
}
