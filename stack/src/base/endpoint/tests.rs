use super::*;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use quickcheck::{Arbitrary, Gen, quickcheck};

/// Addresses with many zeros, so that there is something to shorten.
#[derive(Clone, Copy, Debug)]
struct Sparse(Ipv6Addr);

impl Arbitrary for Sparse {
    fn arbitrary(g: &mut Gen) -> Self {
        let mut groups = [0_u16; 8];
        for group in &mut groups {
            let any = u16::arbitrary(g);
            *group = *g.choose(&[0, 0, 0, 1, 0xabc, 0xffff, any]).unwrap_or(&0);
        }
        match u8::arbitrary(g) {
            0..=31 => Self(Ipv4Addr::from(u32::arbitrary(g)).to_ipv6_mapped()),
            32..=63 => Self(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, groups[6], groups[7])),
            64..=255 => Self(Ipv6Addr::from(groups)),
        }
    }
}

/// An endpoint that can be written, with its names.
#[derive(Clone, Debug)]
struct Any {
    addr: IpAddr,
    form: u8,
    number: u32,
    name: String,
}

impl Arbitrary for Any {
    fn arbitrary(g: &mut Gen) -> Self {
        let letters: Vec<char> = "abzAZ019-".chars().collect();
        let length = usize::from(u8::arbitrary(g) % 16);
        let mut name: String = (0..length).filter_map(|_| g.choose(&letters)).collect();
        if !is_service_name(&name) {
            name = "https".to_string();
        }
        let addr = if bool::arbitrary(g) {
            Sparse::arbitrary(g).0.into()
        } else {
            Ipv4Addr::from(u32::arbitrary(g)).into()
        };
        Self { addr, form: u8::arbitrary(g), number: u32::arbitrary(g), name }
    }
}

impl Any {
    fn written(&self) -> Written<'_> {
        let zone = match self.form & 3 {
            0 | 1 => None,
            2 => Some(Zone::Number(self.number)),
            _ => Some(Zone::Name(&self.name)),
        };
        let addr = match (self.addr, self.form >> 2 & 7) {
            (_, 0) => Address::Any,
            (_, 1) => Address::Name(&self.name),
            (IpAddr::V4(addr), _) => Address::V4(addr),
            (IpAddr::V6(addr), _) => Address::V6(addr, zone),
        };
        let port = match self.form >> 5 & 3 {
            0 => None,
            1 => Some(PortWord::Any),
            2 => Some(PortWord::Name(&self.name)),
            _ => Some(PortWord::Number(self.number as u16)),
        };
        Written { addr, port }
    }
}

/// Texts that come near: letters that mean something, and a few that do not.
#[derive(Clone, Debug)]
struct Near(String);

impl Arbitrary for Near {
    fn arbitrary(g: &mut Gen) -> Self {
        const PARTS: &[&str] = &[
            "1",
            "0",
            "255",
            "256",
            "65535",
            "65536",
            "ffff",
            "FE80",
            "g",
            ".",
            ".",
            ":",
            ":",
            "::",
            "[",
            "]",
            "%",
            "%25",
            "*",
            "eth0",
            "https",
            "http://",
            "ssh://",
            "://",
            "/",
            "@",
            "?",
            "-",
            "_",
            "192.0.2.1",
            "::1",
            "[::1]",
            "ä",
            "\u{202e}",
            "\0",
            " ",
            "１",
            "x--y",
            "99999999999999999999",
        ];
        let length = usize::from(u8::arbitrary(g) % 10);
        Self((0..length).filter_map(|_| g.choose(PARTS)).copied().collect())
    }
}

fn mistake(text: &str) -> Option<(usize, Mistake)> {
    Written::read(text).err().map(|misread| (misread.column, misread.mistake))
}

/// Read, and printed again.
fn again(text: &str) -> String {
    match Written::read(text) {
        Ok(written) => written.to_string(),
        Err(misread) => misread.to_string(),
    }
}

fn is_sound(text: &str) -> bool {
    match Written::read(text) {
        Ok(written) => {
            let printed = written.to_string();
            // A port that only the scheme said is a port; otherwise nothing is added.
            Written::read(&printed) == Ok(written) && again(&printed) == printed
        }
        Err(misread) => (1..=text.chars().count() + 1).contains(&misread.column),
    }
}

quickcheck! {
    fn what_is_printed_is_read_again(any: Any) -> bool {
        let written = any.written();
        Written::read(&written.to_string()) == Ok(written)
    }

    fn whatever_stands_there_is_read_or_refused(text: String) -> bool {
        is_sound(&text)
    }

    fn what_comes_near_is_read_or_refused(text: Near) -> bool {
        is_sound(&text.0)
    }

    fn addresses_are_those_of_the_language(text: Near) -> bool {
        let bare = text.0;
        let ours = match Written::read(&bare) {
            Ok(Written { addr: Address::V6(addr, None), port: None }) => Some(addr),
            Ok(_) | Err(_) => None,
        };
        bare.starts_with('[') || bare.contains("://") || ours == bare.parse::<Ipv6Addr>().ok()
    }

    fn ipv4_addresses_are_those_of_the_language(a: u16, b: u16, c: u8, d: u8) -> bool {
        let text = format!("{a}.{b}.{c}.{d}");
        let ours = Written::read(&text).ok();
        ours == text.parse().ok().map(|addr| Written { addr: Address::V4(addr), port: None })
    }

    //? RFC5952-4.2.3-a
    //? RFC5952-4.2.2-a
    //? RFC5952-4.2.1-a
    //? RFC5952-4.1-a
    //? RFC5952-4.3-a
    fn the_canonical_form_is_that_of_the_language(addr: Sparse) -> bool {
        let translated = addr.0.segments().starts_with(&[0x64, 0xff9b, 0, 0, 0, 0]);
        translated || Address::V6(addr.0, None).to_string() == addr.0.to_string()
    }

    fn the_name_for_a_call_comes_back(any: Any) -> bool {
        let name = match any.addr {
            IpAddr::V4(_) => SocketAddr::new(any.addr, any.number as u16),
            IpAddr::V6(addr) => SocketAddrV6::new(addr, any.number as u16, 0, any.number >> 16).into(),
        };
        Written::of(name).resolve(|_| None, |_| None) == Some(name)
    }

    //? RFC6335-5.1-a
    fn the_name_of_a_service_has_fifteen_letters_at_the_most(length: u8) -> bool {
        let name: String = core::iter::repeat_n('a', usize::from(length)).collect();
        is_service_name(&name) == (1..=15).contains(&length)
    }
}

/// The examples of RFC 5952 section 4, and what they have to become.
#[test]
fn the_examples_of_the_recommendation() {
    for (written, canonical) in [
        //? RFC5952-4.1-a
        ("2001:0db8::0001", "2001:db8::1"),
        ("2001:db8:0:0:0:0:0:1", "2001:db8::1"),
        //? RFC5952-4.2.1-a
        ("2001:db8:0:0:0:0:2:1", "2001:db8::2:1"),
        ("2001:db8::0:1", "2001:db8::1"),
        //? RFC5952-4.2.2-a
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        //? RFC5952-4.2.3-a
        ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        //? RFC5952-4.3-a
        ("2001:DB8::AAAA:BBBB", "2001:db8::aaaa:bbbb"),
        //? RFC5952-5-a
        ("::ffff:c000:201", "::ffff:192.0.2.1"),
        ("64:FF9B::192.0.2.33", "64:ff9b::192.0.2.33"),
        //? RFC5952-6-a
        ("[2001:db8:0::1]:080", "[2001:db8::1]:80"),
        ("[2001:db8::1]:https", "[2001:db8::1]:https"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("0:0:0:0:0:0:0:0", "::"),
        ("1:0:0:0:0:0:0:0", "1::"),
    ] {
        assert_eq!(again(written), canonical, "{written}");
    }
}

//? RFC4007-11.2-a
#[test]
fn a_zone_is_a_name_or_a_number() {
    for (text, zone) in [
        ("[fe80::1%eth0]:22", Zone::Name("eth0")),
        ("[fe80::1%2]:22", Zone::Number(2)),
        ("ssh://[fe80::1%25eth0]", Zone::Name("eth0")),
        ("ssh://[fe80::1%2]", Zone::Number(2)),
        ("ssh://[fe80::1%252]", Zone::Number(2)),
    ] {
        let read = Written::read(text).map(|written| (written.addr, written.port));
        let addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
        assert_eq!(read, Ok((Address::V6(addr, Some(zone)), Some(PortWord::Number(22)))), "{text}");
    }
    let known = |name: &str| (name == "eth0").then_some(7);
    let name = |text| Written::read(text).ok().and_then(|written| written.resolve(|_| None, known));
    let scope = |name| match name {
        Some(SocketAddr::V6(v6)) => Some(v6.scope_id()),
        Some(SocketAddr::V4(_)) | None => None,
    };
    assert_eq!(scope(name("[fe80::1%eth0]:22")), Some(7));
    assert_eq!(scope(name("[fe80::1%2]:22")), Some(2));
    assert_eq!(scope(name("[fe80::1]:22")), Some(0));
    assert_eq!(name("[fe80::1%eth9]:22"), None);
}

//? RFC3986-3.2.3-a
#[test]
fn a_url_has_the_port_of_its_scheme_unless_it_says_another() {
    for (url, endpoint) in [
        ("https://192.0.2.1", "192.0.2.1:443"),
        ("HTTPS://[2001:db8::1]/index.html", "[2001:db8::1]:443"),
        ("http://www.example:/", "www.example:80"),
        ("http://www.example:00080?q", "www.example:80"),
        ("http://www.example:0/", "www.example:0"),
        ("ssh://somebody@192.0.2.1", "192.0.2.1:22"),
        ("http://a:b@192.0.2.1:8080#part", "192.0.2.1:8080"),
        ("wss://example.net./chat", "example.net.:443"),
        ("unheard-of://192.0.2.1:7", "192.0.2.1:7"),
    ] {
        assert_eq!(again(url), endpoint, "{url}");
    }
    assert_eq!(mistake("http://www.example:65536/"), Some((20, Mistake::PortTooLarge)));
    assert_eq!(mistake("unheard-of://192.0.2.1"), Some((1, Mistake::SchemeUnknown)));
    assert!(SCHEMES.is_sorted_by(|one, next| one.0 < next.0));
}

//? RFC3986-3.2.2-a
#[test]
fn no_octet_is_octal_and_no_url_has_a_bare_ipv6_address() {
    assert_eq!(mistake("http://1.2.3.04/"), Some((14, Mistake::OctetLeadingZero)));
    assert_eq!(mistake("http://2001:db8::1/"), Some((8, Mistake::BracketsMissing)));
    assert_eq!(again("http://[::1]:80/"), "[::1]:80");
}

//? RFC6335-5.1-b
//? RFC6335-5.1-c
#[test]
fn the_name_of_a_service_has_a_letter_and_single_hyphens_inside() {
    for good in ["a80", "914c-g", "x", "a-b-c", "HTTP"] {
        assert!(is_service_name(good), "{good}");
    }
    for bad in ["80", "6000-6063", "a_b", "-a", "a-", "a--b", "", "\u{e4}"] {
        assert!(!is_service_name(bad), "{bad}");
    }
}

#[test]
fn a_mistake_says_where_it_is() {
    for (text, column, expected) in [
        ("", 1, Mistake::Nothing),
        (":80", 1, Mistake::AddressMissing),
        ("https:///x", 9, Mistake::AddressMissing),
        ("192.0.2:80", 8, Mistake::OctetCount),
        ("192.0.2.1.5", 10, Mistake::OctetCount),
        ("192..2.1", 5, Mistake::OctetMissing),
        ("192.0.2.256", 9, Mistake::OctetTooLarge),
        ("192.0.2.01", 9, Mistake::OctetLeadingZero),
        ("2001:db8::g", 11, Mistake::GroupMalformed),
        ("2001:db8::12345", 11, Mistake::GroupTooLong),
        ("1:2:3:4:5:6:7", 14, Mistake::GroupsTooFew),
        ("1:2:3:4:5:6:7:8:9:a", 17, Mistake::GroupsTooMany),
        ("1:2:3:4:5:6:7:8:9", 1, Mistake::BracketsMissing),
        ("1::2::3", 5, Mistake::GapTwice),
        ("::1:", 5, Mistake::GroupMissing),
        ("[::1.2.3.4:5]:6", 4, Mistake::OctetsNotLast),
        ("[::1", 1, Mistake::BracketOpen),
        ("2001:db8:0:0:0:0:0:1:443", 1, Mistake::BracketsMissing),
        ("2001:db8::1:https", 1, Mistake::BracketsMissing),
        ("fe80::1%eth0:22", 1, Mistake::BracketsMissing),
        ("[::1]443", 6, Mistake::AfterBracket),
        ("[fe80::1%]:22", 10, Mistake::ZoneMissing),
        ("[fe80::1%a b]", 11, Mistake::ZoneMalformed),
        ("[fe80::1%4294967296]", 10, Mistake::ZoneTooLarge),
        ("192.0.2.1%eth0", 10, Mistake::ZoneOfV4),
        ("b\u{fc}cher.example:80", 2, Mistake::NameMalformed),
        ("a..b:80", 1, Mistake::NameMalformed),
        ("192.0.2.1:", 11, Mistake::PortMissing),
        ("192.0.2.1:65536", 11, Mistake::PortTooLarge),
        ("192.0.2.1:http:80", 15, Mistake::PortMalformed),
        ("192.0.2.1:+80", 11, Mistake::PortMalformed),
        ("192.0.2.1:8\u{ff10}", 12, Mistake::PortMalformed),
        ("http://192.0.2.1:www", 18, Mistake::PortOfUrl),
        ("1http://a", 1, Mistake::SchemeMalformed),
        ("unheard-of://a", 1, Mistake::SchemeUnknown),
    ] {
        assert_eq!(mistake(text), Some((column, expected)), "{text:?}");
    }
}

#[test]
fn a_mistake_says_how_to_mend_it() {
    assert_eq!(
        again("2001:db8:0:0:0:0:0:1:443"),
        "column 1: an IPv6 address beside a port stands in brackets; write it like [2001:db8::1]:443"
    );
    for mistake in Mistake::ALL {
        let told = Misread { column: 3, mistake: *mistake }.to_string();
        assert!(!mistake.mend().is_empty() && told.starts_with("column 3: ") && !told.ends_with('.'));
    }
}

#[test]
fn names_are_for_others_to_look_up() {
    let service = |name: &str| (name == "https").then_some(443);
    let name = |text| Written::read(text).ok().and_then(|written| written.resolve(service, |_| None));
    let at = |addr: [u8; 4], port| Some(SocketAddr::new(addr.into(), port));
    assert_eq!(name("192.0.2.1:https"), at([192, 0, 2, 1], 443));
    assert_eq!(name("*:https"), at([0; 4], 443));
    assert_eq!(name("192.0.2.1:*"), at([192, 0, 2, 1], 0));
    assert_eq!(name("192.0.2.1"), at([192, 0, 2, 1], 0));
    assert_eq!(name("192.0.2.1:nothing"), None);
    assert_eq!(name("www.example:https"), None);
}
