//! floor 8: a small server of HTTP/1.1 (RFC 9110, RFC 9112), without sockets: octets in, octets out.
//!
//! It has two kinds of resource. `/` is a page. `/count/N` has N octets: the numbers from 1, one a line, as
//! `seq` prints them. So whoever fetches it can tell what it has to be.

use super::count::Count;

/// Octets of a request's head at the most.
const HEAD_OCTETS_MAX: usize = 16 << 10;
/// Octets of a counted resource at the most.
const COUNT_OCTETS_MAX: u64 = 1 << 40;
const PAGE: &str = "<!DOCTYPE html>\n<title>netassay</title>\n<p>This page came over the stack under test.\n";
const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";

/// One connection, as the server sees it.
#[derive(Debug, Default)]
pub(super) struct Server {
    /// What came and was not understood yet.
    head: Vec<u8>,
    /// What is left of the resource that is being sent.
    body: Option<Count>,
    /// No further request is answered.
    ending: bool,
    /// The client will send no more.
    ended: bool,
}

/// What the answer to a request begins with, and what goes behind it.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    status: &'static str,
    kind: &'static str,
    fields: &'static str,
    body: Body,
}

/// A resource.
#[derive(Debug, PartialEq, Eq)]
enum Body {
    Text(&'static str),
    Count(u64),
}

impl Body {
    const fn len_octets(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::Count(octets) => *octets,
        }
    }
}

impl Answer {
    const fn text(status: &'static str, text: &'static str) -> Self {
        Self { status, kind: TEXT, fields: "", body: Body::Text(text) }
    }
}

/// A request, as far as the server looks at it.
struct Request<'a> {
    method: &'a str,
    target: &'a str,
    version: &'a str,
    fields: &'a str,
}

impl<'a> Request<'a> {
    /// A head without its blank line; `None` if it is none.
    fn read(head: &'a [u8]) -> Option<Self> {
        let head = std::str::from_utf8(head).ok()?;
        let (line, fields) = head.split_once("\r\n").unwrap_or((head, ""));
        let mut words = line.split(' ');
        let (method, target, version) = (words.next()?, words.next()?, words.next()?);
        let sound = words.next().is_none() && !method.is_empty() && !target.is_empty();
        sound.then_some(Self { method, target, version, fields })
    }

    /// The values of a field; names know no case.
    fn field(&self, name: &str) -> impl Iterator<Item = &'a str> {
        let named = move |line: &'a str| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then_some(value.trim())
        };
        self.fields.split("\r\n").filter_map(named)
    }

    /// Whether the client wants the connection to live on.
    fn stays(&self) -> bool {
        let says = |option: &str| {
            let mut values = self.field("connection").flat_map(|value| value.split(','));
            values.any(|value| value.trim().eq_ignore_ascii_case(option))
        };
        !says("close") && (self.version == "HTTP/1.1" || says("keep-alive"))
    }

    /// Whether octets follow that belong to the request.
    fn has_content(&self) -> bool {
        self.field("content-length").any(|value| value != "0") || self.field("transfer-encoding").count() > 0
    }

    fn answer(&self) -> Answer {
        if !self.version.starts_with("HTTP/1.") {
            return Answer::text("505 HTTP Version Not Supported", "This is a server of HTTP/1.1.\n");
        }
        if !matches!(self.method, "GET" | "HEAD") {
            let answer = Answer::text("405 Method Not Allowed", "GET and HEAD are known here.\n");
            return Answer { fields: "Allow: GET, HEAD\r\n", ..answer };
        }
        if self.version == "HTTP/1.1" && self.field("host").count() != 1 {
            return Answer::text("400 Bad Request", "A request of HTTP/1.1 names one host.\n");
        }
        resource(self.target).unwrap_or(Answer::text("404 Not Found", "There is no such page.\n"))
    }
}

fn resource(target: &str) -> Option<Answer> {
    let path = target.split('?').next().unwrap_or(target);
    if path == "/" {
        return Some(Answer { status: "200 OK", kind: HTML, fields: "", body: Body::Text(PAGE) });
    }
    let digits = path.strip_prefix("/count/").filter(|rest| rest.bytes().all(|one| one.is_ascii_digit()))?;
    let octets: u64 = digits.parse().ok().filter(|octets| *octets <= COUNT_OCTETS_MAX)?;
    Some(Answer { status: "200 OK", kind: TEXT, fields: "", body: Body::Count(octets) })
}

impl Server {
    /// Octets came.
    pub(super) fn take(&mut self, octets: &[u8]) {
        if !self.ending {
            self.head.extend_from_slice(octets);
        }
    }

    /// The client will send no more.
    pub(super) const fn end(&mut self) {
        self.ended = true;
    }

    /// Whether more octets would be read now. Not while a request is not answered to its end.
    pub(super) const fn is_ready(&self) -> bool {
        self.body.is_none() && self.head.len() <= HEAD_OCTETS_MAX
    }

    /// Whether nothing will follow what was said.
    pub(super) const fn is_done(&self) -> bool {
        self.body.is_none() && (self.ending || self.ended)
    }

    /// Says what there is to say, until `out` has about `max` octets.
    pub(super) fn say(&mut self, out: &mut Vec<u8>, max: usize) {
        while out.len() < max {
            if let Some(body) = &mut self.body {
                if !body.say(out, max) {
                    return;
                }
                self.body = None;
            } else if !self.answer_next(out) {
                return;
            }
        }
    }

    /// Answers the next request; `false` if there is no whole one.
    fn answer_next(&mut self, out: &mut Vec<u8>) -> bool {
        if self.ending {
            return false;
        }
        // Blank lines before a request line are skipped (RFC 9112 section 2.2).
        let blank = self.head.iter().take_while(|octet| matches!(octet, b'\r' | b'\n')).count();
        self.head.drain(..blank);
        let Some(end) = self.head.windows(4).position(|four| four == b"\r\n\r\n") else {
            if self.head.len() > HEAD_OCTETS_MAX {
                let status = "431 Request Header Fields Too Large";
                self.answer(
                    &Answer::text(status, "The head of the request is too long.\n"),
                    true,
                    false,
                    out,
                );
                return true;
            }
            return false;
        };
        let head: Vec<u8> = self.head.drain(..end + 4).collect();
        match Request::read(&head[..end]) {
            Some(request) => {
                let answer = request.answer();
                // What the content of a request means is nobody's business here: nothing is read behind it.
                let ends = !request.stays() || request.has_content() || answer.status.starts_with("400");
                self.answer(&answer, ends, request.method == "HEAD", out);
            }
            None => self.answer(&Answer::text("400 Bad Request", "That is no request.\n"), true, false, out),
        }
        true
    }

    fn answer(&mut self, answer: &Answer, ends: bool, head_only: bool, out: &mut Vec<u8>) {
        let Answer { status, kind, fields, body } = answer;
        let (octets, stays) = (body.len_octets(), if ends { "close" } else { "keep-alive" });
        let head = format!(
            "HTTP/1.1 {status}\r\nServer: netassay\r\nContent-Type: {kind}\r\nContent-Length: {octets}\r\n\
             {fields}Connection: {stays}\r\n\r\n"
        );
        out.extend_from_slice(head.as_bytes());
        self.ending = ends;
        if head_only {
            return;
        }
        match body {
            Body::Text(text) => out.extend_from_slice(text.as_bytes()),
            Body::Count(octets) => self.body = Some(Count::new(*octets)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quickcheck::quickcheck;

    /// What the server says to these octets, which come in pieces of this length.
    fn said(input: &[u8], piece: usize) -> String {
        let (mut server, mut said) = (Server::default(), Vec::new());
        for piece in input.chunks(piece.max(1)) {
            server.take(piece);
            server.say(&mut said, usize::MAX);
        }
        server.end();
        server.say(&mut said, usize::MAX);
        String::from_utf8(said).expect("text")
    }

    fn first_line(request: &str) -> String {
        said(request.as_bytes(), usize::MAX).lines().next().unwrap_or_default().to_owned()
    }

    #[test]
    fn a_page_is_served_and_the_connection_stays() {
        let page = said(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", usize::MAX);
        assert_eq!(
            page,
            format!(
                "HTTP/1.1 200 OK\r\nServer: netassay\r\nContent-Type: {HTML}\r\nContent-Length: {}\r\n\
                 Connection: keep-alive\r\n\r\n{PAGE}",
                PAGE.len()
            )
        );
    }

    #[test]
    fn the_head_alone_says_the_same_length() {
        let whole = said(b"GET /count/10 HTTP/1.1\r\nHost: a\r\n\r\n", usize::MAX);
        let head = said(b"HEAD /count/10 HTTP/1.1\r\nHost: a\r\n\r\n", usize::MAX);
        assert_eq!(whole, format!("{head}1\n2\n3\n4\n5\n"));
    }

    #[test]
    fn what_is_not_there_or_not_understood_is_told() {
        for (request, status) in [
            ("GET /x HTTP/1.1\r\nHost: a\r\n\r\n", "404 Not Found"),
            ("GET /count/1e3 HTTP/1.1\r\nHost: a\r\n\r\n", "404 Not Found"),
            ("GET /count/99999999999999999999 HTTP/1.1\r\nHost: a\r\n\r\n", "404 Not Found"),
            ("PUT / HTTP/1.1\r\nHost: a\r\n\r\n", "405 Method Not Allowed"),
            ("GET / HTTP/1.1\r\n\r\n", "400 Bad Request"),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400 Bad Request"),
            ("GET /\r\n\r\n", "400 Bad Request"),
            ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", "505 HTTP Version Not Supported"),
            ("GET / HTTP/1.0\r\n\r\n", "200 OK"),
            ("\r\n\r\nGET / HTTP/1.0\r\n\r\n", "200 OK"),
        ] {
            assert_eq!(first_line(request), format!("HTTP/1.1 {status}"), "{request:?}");
        }
    }

    #[test]
    fn a_head_without_an_end_is_refused() {
        let mut server = Server::default();
        let mut out = Vec::new();
        while server.is_ready() {
            server.take(&[b'a'; 4096]);
            server.say(&mut out, usize::MAX);
            if server.is_done() {
                break;
            }
        }
        assert!(out.starts_with(b"HTTP/1.1 431 "));
        assert!(server.is_done());
    }

    #[test]
    fn requests_may_follow_each_other_until_one_ends_the_connection() {
        let one = "GET /count/2 HTTP/1.1\r\nHost: a\r\n\r\n";
        let last = "GET /count/2 HTTP/1.1\r\nHost: a\r\nconnection: Close\r\n\r\n";
        let all = said(format!("{one}{one}{last}{one}").as_bytes(), usize::MAX);
        assert_eq!(all.matches("HTTP/1.1 200 OK").count(), 3);
        assert_eq!(all.matches("Connection: close").count(), 1);
    }

    quickcheck! {
        fn any_octets_in_any_pieces_have_the_same_answer(input: Vec<u8>, piece: u8) -> bool {
            said(&input, usize::from(piece)) == said(&input, usize::MAX)
        }

        fn requests_in_any_pieces_have_the_same_answer(which: Vec<u8>, piece: u8) -> bool {
            const PARTS: [&str; 8] = [
                "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD /count/7 HTTP/1.1\r\nHost: a\r\n\r\n", "\r\n", " ",
                "GET /count/300 HTTP/1.1\r\n", "Host: a\r\n\r\n", "PUT / HTTP/1.0\r\n\r\n", ":",
            ];
            let input: String = which.iter().map(|one| PARTS[usize::from(*one) % PARTS.len()]).collect();
            said(input.as_bytes(), usize::from(piece)) == said(input.as_bytes(), usize::MAX)
        }
    }
}
