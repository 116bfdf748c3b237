//! A browser, where there is one.

use crate::rig::{beside, can_run};

#[test]
fn a_browser_shows_the_page() {
    if !can_run("a browser", &["chromium"]) {
        return;
    }
    let options = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"];
    let shown = beside(&[], &[&options[..], &["http://192.0.2.2/"]].concat());
    assert!(shown.stdout.contains("<p>This page came over the stack under test."), "{}", shown.stdout);
}
