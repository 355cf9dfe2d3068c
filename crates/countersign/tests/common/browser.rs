//! A page in a real browser: a script drives Chromium over it. `./test` installs the browser; without it a test says that it
//! skips, except in CI.

#![allow(clippy::expect_used, reason = "a test that cannot start its script has failed")]

use super::repository;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A name that would take a page over, were it more than text.
pub const HOSTILE: &str =
    "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">";

fn browser() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let usual =
        ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].map(PathBuf::from);
    named.into_iter().chain(usual).find(|p| p.exists())
}

/// Drives a browser by a script of the tests over the page that `page` makes. Pictures go where `SCREENSHOTS` says.
pub fn drive(script: &str, page: impl FnOnce() -> PathBuf) {
    let tools = repository().join("tools");
    let playwright = tools.join("node_modules/playwright-core").is_dir();
    let Some(browser) = browser().filter(|_| playwright) else {
        let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(!ci, "Chromium or playwright-core is not installed: `./test` installs them");
        println!("skipped: Chromium or playwright-core is not installed; `./test` installs them");
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(script);
    let mut command = Command::new("node");
    command.arg(script).arg(page()).arg(tools).arg(browser).args(std::env::var_os("SCREENSHOTS"));
    let output = command.output().expect("node is installed");
    let told = [output.stdout, output.stderr].map(|o| String::from_utf8_lossy(&o).into_owned()).concat();
    assert!(output.status.success(), "{told}");
    println!("{told}");
}
