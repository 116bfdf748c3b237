//! The sources of the project, as the rules see them.

use crate::lexer;
use std::fs;
use std::path::{Path, PathBuf};

/// One Rust source. The two halves have as many lines as the text.
pub(crate) struct Source {
    /// Path from the project's folder, with `/`.
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) code: String,
    pub(crate) comments: String,
}

impl Source {
    pub(crate) fn new(name: &str, text: &str) -> Self {
        let lexer::Parts { code, comments } = lexer::parts(text);
        Self { name: name.to_owned(), text: text.to_owned(), code, comments }
    }

    /// Whether all of it is test code.
    pub(crate) fn is_test(&self) -> bool {
        self.name.split('/').any(|part| part == "tests" || part == "tests.rs")
    }

    /// The number of lines above `mod tests`, which is last in a file.
    pub(crate) fn lines_before_tests(&self) -> usize {
        let before = self.code.split("#[cfg(test)]\nmod tests {").next();
        before.map_or(0, |before| before.lines().count())
    }

    /// The code above `mod tests`.
    pub(crate) fn code_before_tests(&self) -> &str {
        self.code.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default()
    }

    /// A finding about one line, counted from 1.
    pub(crate) fn finding(&self, line: usize, said: &str) -> String {
        format!("{}:{line}: {said}", self.name)
    }
}

/// The project's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// Every Rust source of the project, in order of name.
pub(crate) fn all() -> Vec<Source> {
    let root = root();
    let mut paths = Vec::new();
    for folder in ["stack", "conformance", "fuzz"] {
        files_below(&root.join(folder), &mut paths);
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    paths.sort();
    paths.iter().map(|path| read(&root, path)).collect()
}

/// Every file that people write: sources, scripts, tables, texts.
pub(crate) fn written() -> Vec<(String, String)> {
    let root = root();
    let mut paths: Vec<PathBuf> = fs::read_dir(&root)
        .expect("the project's folder")
        .map(|entry| entry.expect("an entry").path())
        // In a second working tree of git `.git` is a file, too.
        .filter(|path| path.is_file() && !path.ends_with(".git"))
        .collect();
    for folder in [".ci", "stack", "conformance", "fuzz", "ci", "corpora"] {
        files_below(&root.join(folder), &mut paths);
    }
    paths.sort();
    let text = |path: &PathBuf| Some((name(&root, path), fs::read_to_string(path).ok()?));
    paths.iter().filter_map(text).collect()
}

fn read(root: &Path, path: &Path) -> Source {
    let text = fs::read_to_string(path).expect("a readable source");
    Source::new(&name(root, path), &text)
}

fn name(root: &Path, path: &Path) -> String {
    let inside = path.strip_prefix(root).expect("a file of the project");
    inside.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// The files below `folder`, without what cargo-fuzz and cargo make there.
fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    const MADE: &[&str] = &["target", "artifacts", "corpus", "coverage", "__pycache__"];
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        if path.is_file() {
            found.push(path);
        } else if !MADE.iter().any(|made| path.ends_with(made)) {
            files_below(&path, found);
        }
    }
}
