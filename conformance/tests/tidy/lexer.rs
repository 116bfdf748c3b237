//! Just enough of Rust's lexical structure to tell code from comments and from texts.

/// A source cut in two texts with the same lines: one of code, one of comments. What stands in string
/// literals is in neither.
pub(crate) struct Parts {
    pub(crate) code: String,
    pub(crate) comments: String,
}

enum In {
    Code,
    LineComment,
    BlockComment { depth: usize },
    Text { raw: Option<usize> },
}

/// Cuts `source`.
pub(crate) fn parts(source: &str) -> Parts {
    let mut parts = Parts { code: String::new(), comments: String::new() };
    let mut state = In::Code;
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let taken = match &mut state {
            In::Code => code(rest, &mut parts.code, &mut state),
            In::LineComment => {
                if first == '\n' {
                    state = In::Code;
                } else {
                    parts.comments.push(first);
                }
                first.len_utf8()
            }
            In::BlockComment { depth } => {
                let (step, taken) = block_comment(rest, first);
                *depth = depth.saturating_add_signed(step);
                if *depth == 0 {
                    state = In::Code;
                }
                parts.comments.push_str(&rest[..taken]);
                taken
            }
            In::Text { raw } => {
                let (ends, taken) = text(rest, first, *raw);
                if ends {
                    parts.code.push('"');
                    state = In::Code;
                }
                taken
            }
        };
        // Both halves keep every line end, so that line numbers are the same in both.
        for _ in rest[..taken].matches('\n') {
            parts.code.push('\n');
            if !parts.comments.ends_with('\n') || !matches!(state, In::BlockComment { .. }) {
                parts.comments.push('\n');
            }
        }
        rest = &rest[taken..];
    }
    parts
}

/// One step in code: how much was taken.
fn code(rest: &str, code: &mut String, state: &mut In) -> usize {
    if rest.starts_with("//") {
        *state = In::LineComment;
        return 2;
    }
    if rest.starts_with("/*") {
        *state = In::BlockComment { depth: 1 };
        return 2;
    }
    if let Some(hashes) = raw_text(rest, code) {
        *state = In::Text { raw: Some(hashes) };
        code.push('"');
        return hashes + 2;
    }
    if rest.starts_with('"') {
        *state = In::Text { raw: None };
        code.push('"');
        return 1;
    }
    if let Some(taken) = character(rest) {
        code.push_str("' '");
        return taken;
    }
    let first = rest.chars().next().expect("the caller has seen one");
    if first != '\n' {
        code.push(first);
    }
    first.len_utf8()
}

/// The number of `#` if a raw string literal begins here.
fn raw_text(rest: &str, before: &str) -> Option<usize> {
    let after = rest.strip_prefix('r')?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let inside_a_name = before.ends_with(|last: char| last.is_alphanumeric() && last != 'b' || last == '_');
    (after[hashes..].starts_with('"') && !inside_a_name).then_some(hashes)
}

/// The length of the character literal that begins here; a lifetime is none.
fn character(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix('\'')?;
    if let Some(escaped) = after.strip_prefix('\\') {
        let end = escaped.char_indices().skip(1).find(|(_, found)| *found == '\'')?.0;
        return Some(end + 3);
    }
    let inside = after.chars().next()?.len_utf8();
    after[inside..].starts_with('\'').then_some(inside + 2)
}

/// One step in a block comment: how the depth changes, and how much was taken.
fn block_comment(rest: &str, first: char) -> (isize, usize) {
    match rest.get(..2) {
        Some("/*") => (1, 2),
        Some("*/") => (-1, 2),
        Some(_) | None => (0, first.len_utf8()),
    }
}

/// One step in a string literal: whether it ends, and how much was taken.
fn text(rest: &str, first: char, raw: Option<usize>) -> (bool, usize) {
    match (first, raw) {
        ('"', Some(hashes)) => {
            let ends = rest[1..].starts_with(&"#".repeat(hashes));
            (ends, if ends { 1 + hashes } else { 1 })
        }
        ('"', None) => (true, 1),
        ('\\', None) => (false, 1 + rest[1..].chars().next().map_or(0, char::len_utf8)),
        (other, _) => (false, other.len_utf8()),
    }
}

#[test]
fn code_comments_and_texts_are_told_apart() {
    let cut = |source: &str| {
        let parts = parts(source);
        (parts.code, parts.comments)
    };
    let pair = |code: &str, comments: &str| (code.to_owned(), comments.to_owned());
    assert_eq!(cut("a // b\nc"), pair("a \nc", " b\n"));
    assert_eq!(cut("a /* b /* c */ d */ e"), pair("a  e", " b /* c */ d */"));
    assert_eq!(cut("a /* b\nc */ d\ne"), pair("a \n d\ne", " b\nc */\n"));
    assert_eq!(cut(r#"f("a // b \" c", 1)"#), pair(r#"f("", 1)"#, ""));
    assert_eq!(cut(r###"f(r#"a " b"#, br"c")"###), pair(r#"f("", b"")"#, ""));
    assert_eq!(cut("f::<'a>('\"', '\\'', 'x')"), pair("f::<'a>(' ', ' ', ' ')", ""));
    assert_eq!(cut("\"a\nb\" // c\n"), pair("\"\n\" \n", "\n c\n"));
}
