//! Places in a source, and the switches that are put there.

use crate::table::Mutant;
use std::collections::BTreeMap;
use std::ops::Range;

/// What stands above the tests of a file.
fn before_tests(text: &str) -> &str {
    text.split("\n#[cfg(test)]\nmod tests").next().unwrap_or_default()
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Whether `line` declares `what`: `fn arrives` is declared by `pub fn arrives(`, not by `fn arrives_in(`.
fn declares(line: &str, what: &str) -> bool {
    let ends = |rest: &str| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_');
    let is_comment = line.trim_start().starts_with("//");
    !is_comment && line.match_indices(what).any(|(at, _)| ends(&line[at + what.len()..]))
}

/// From the line that declares `what` to the brace that ends it.
fn block(text: &str, what: &str) -> Result<Range<usize>, String> {
    let mut found = Vec::new();
    let mut at = 0;
    let mut open: Option<(usize, usize)> = None;
    for line in text.split_inclusive('\n') {
        match open {
            Some((start, depth)) if line.trim_start().starts_with('}') && indentation(line) == depth => {
                found.push(start..at + line.len());
                open = None;
            }
            None if declares(line, what) => open = Some((at, indentation(line))),
            Some(_) | None => {}
        }
        at += line.len();
    }
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(format!("there is no `{what}`")),
        _ => Err(format!("`{what}` is declared {} times", found.len())),
    }
}

/// Cuts `original` in what stands before the brackets `⟦⟧`, in them, and behind. Without brackets all of it
/// counts as standing in them.
fn parts(original: &str) -> (&str, &str, &str) {
    let inner = original.split_once('⟦').and_then(|(before, rest)| Some((before, rest.split_once('⟧')?)));
    inner.map_or(("", original, ""), |(before, (inner, after))| (before, inner, after))
}

/// Where the text stands that `mutant` changes.
fn place(text: &str, mutant: &Mutant) -> Result<Range<usize>, String> {
    let block = block(before_tests(text), mutant.within)?;
    let (before, original, after) = parts(mutant.original);
    let whole = [before, original, after].concat();
    let found: Vec<usize> =
        text[block.clone()].match_indices(&whole).map(|(at, _)| block.start + at).collect();
    match found.as_slice() {
        [at] => Ok(at + before.len()..at + before.len() + original.len()),
        _ => Err(format!("`{whole}` stands {} times in `{}`", found.len(), mutant.within)),
    }
}

/// The word `const ` of the function that `mutant` changes, if it has it: a switch is not for the compiler.
fn constness(text: &str, mutant: &Mutant) -> Option<(usize, usize)> {
    let start = block(before_tests(text), mutant.within).ok()?.start;
    let at = start + text[start..].lines().next()?.find("const fn ")?;
    Some((at, at + "const ".len()))
}

/// `original`, unless one of `mutants` is on. Statements stay statements, and expressions stay expressions.
/// Nothing for no mutant.
fn switch(original: &str, mutants: &[&Mutant]) -> String {
    if mutants.is_empty() {
        return String::new();
    }
    let is_statement = original.ends_with([';', '}']);
    let arms: String = mutants
        .iter()
        .map(|mutant| format!("if crate::mutant::on({:?}) {{ {} }} else ", mutant.name, mutant.replacement))
        .collect();
    let switch = format!("{arms}{{ {original} }}");
    if is_statement { switch } else { format!("({switch})") }
}

/// `text` with a switch at each place that a mutant changes; several may change the same place.
pub(crate) fn switched(text: &str, mutants: &[&Mutant]) -> Result<String, Vec<String>> {
    let mut places: BTreeMap<(usize, usize), Vec<&Mutant>> = BTreeMap::new();
    let mut findings = Vec::new();
    for mutant in mutants {
        match place(text, mutant) {
            Ok(place) => {
                places.entry((place.start, place.end)).or_default().push(mutant);
                places.extend(constness(text, mutant).map(|word| (word, Vec::new())));
            }
            Err(why) => findings.push(format!("{} in {}: {why}", mutant.name, mutant.file)),
        }
    }
    let mut result = String::new();
    let mut done = 0;
    for ((start, end), here) in &places {
        let Some(before) = text.get(done..*start) else {
            findings.push(format!("{} in {}: overlaps another mutant", here[0].name, here[0].file));
            continue;
        };
        result += before;
        result += &switch(&text[*start..*end], here);
        done = *end;
    }
    if findings.is_empty() { Ok(result + &text[done..]) } else { Err(findings) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
impl A {
    pub fn one(&self) -> u32 {
        b();
        self.c + self.d
    }

    const fn one_more(&self) -> u32 {
        b();
        2
    }
}

#[cfg(test)]
mod tests {
    fn one() {
    }
}
";

    fn mutant(within: &'static str, original: &'static str) -> Mutant {
        let (name, file, replacement) = ("m", "a.rs", "x");
        Mutant { name, clause: "", what: "", file, within, original, replacement, killed_by: &[] }
    }

    #[test]
    fn statements_and_expressions_become_switches() {
        let (statement, expression) = (mutant("fn one", "b();"), mutant("fn one", "self.c + self.d"));
        let text = switched(TEXT, &[&expression, &statement]).expect("both have a place");
        assert!(text.contains("        if crate::mutant::on(\"m\") { x } else { b(); }\n"), "{text}");
        assert!(
            text.contains("        (if crate::mutant::on(\"m\") { x } else { self.c + self.d })\n"),
            "{text}"
        );
        assert!(text.contains("u32 {\n        b();\n        2\n"), "{text}");
        let marked = switched(TEXT, &[&mutant("fn one", "self.c + ⟦self.d⟧")]).expect("a place");
        assert!(
            marked.contains("        self.c + (if crate::mutant::on(\"m\") { x } else { self.d })\n"),
            "{marked}"
        );
        let constant = switched(TEXT, &[&mutant("fn one_more", "b();")]).expect("a place");
        assert!(constant.contains("    fn one_more(&self)"), "{constant}");
        assert_eq!(switched(TEXT, &[&statement, &statement]).expect("one place").matches("else").count(), 2);
    }

    #[test]
    fn what_has_no_place_is_named() {
        let overlap = [&mutant("fn one", "self.c + self.d"), &mutant("fn one", "self.d")];
        assert_eq!(switched(TEXT, &overlap), Err(vec!["m in a.rs: overlaps another mutant".to_owned()]));
        let of =
            |within, original| switched(TEXT, &[&mutant(within, original)]).expect_err("no place").join("");
        assert_eq!(of("fn two", "b();"), "m in a.rs: there is no `fn two`");
        assert_eq!(of("fn one", "c();"), "m in a.rs: `c();` stands 0 times in `fn one`");
        assert_eq!(of("impl A", "b();"), "m in a.rs: `b();` stands 2 times in `impl A`");
    }
}
