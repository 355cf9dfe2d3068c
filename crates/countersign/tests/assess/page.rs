//! The page of a review in a real browser: `page.mjs` drives Chromium over it. `./test` installs the browser; without it the
//! test says that it skips, except in CI.

use crate::common::{Folder, leaver, repository};
use std::path::{Path, PathBuf};
use std::process::Command;

const HOSTILE: &str =
    "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">";

fn browser() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let usual =
        ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].map(PathBuf::from);
    named.into_iter().chain(usual).find(|p| p.exists())
}

/// The page of the example company's n8n workflows, one with a hostile name, and sixty leavers: more than are shown at once.
fn page(folder: &Folder) -> PathBuf {
    let examples = repository().join("examples/workflows/n8n");
    for name in ["helpdesk-reset.json", "helpdesk-reset-asked.json"] {
        folder.write(name, &std::fs::read_to_string(examples.join(name)).unwrap());
    }
    let hostile = serde_json::to_string(HOSTILE).unwrap();
    folder.write("hostile.json", &leaver("").replace("\"Leaver\"", &hostile));
    (0..60).for_each(|n| folder.write(&format!("leaver-{n}.json"), &leaver("")));
    let run = folder.run(&["assess", "--format", "html", "--output", "page.html", "."]);
    assert_eq!(run.code, 1, "{}", run.err);
    folder.path().join("page.html")
}

#[test]
fn what_workflows_say_stands_in_the_page_as_data_only() {
    let folder = Folder::empty();
    let text = std::fs::read_to_string(page(&folder)).unwrap();
    assert!(text.contains("owned"));
    for markup in ["<script>document.title", "<img", "src=\"http", "href=\"http"] {
        assert!(!text.contains(markup), "`{markup}` stands in the page");
    }
}

#[test]
fn the_page_works_in_a_browser() {
    let tools = repository().join("tools");
    let playwright = tools.join("node_modules/playwright-core").is_dir();
    let Some(browser) = browser().filter(|_| playwright) else {
        let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(!ci, "Chromium or playwright-core is not installed: `./test` installs them");
        println!("skipped: Chromium or playwright-core is not installed; `./test` installs them");
        return;
    };
    let folder = Folder::empty();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/assess/page.mjs");
    let mut command = Command::new("node");
    command.arg(script).arg(page(&folder)).arg(tools).arg(browser);
    let output = command.output().unwrap();
    let told = [output.stdout, output.stderr].map(|o| String::from_utf8_lossy(&o).into_owned()).concat();
    assert!(output.status.success(), "{told}");
    println!("{told}");
}
