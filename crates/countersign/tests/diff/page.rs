//! The page of a difference in a real browser: `page.mjs` drives Chromium over it. `./test` installs the browser; without it
//! the test says that it skips, except in CI.

use crate::common::browser::{HOSTILE, drive};
use crate::common::{Folder, leaver, repository};
use std::path::PathBuf;

/// The page of two states: an approval of one workflow fails open, one is another, one is new, one is only called otherwise.
fn page(folder: &Folder) -> PathBuf {
    let examples = repository().join("examples/workflows");
    let read = |name: &str| std::fs::read_to_string(examples.join(name)).unwrap();
    folder.write("old/role.bpmn", &read("bpmn/pricing-role-request.bpmn"));
    folder.write("new/role.bpmn", &read("bpmn/pricing-role-express.bpmn"));
    folder.write("old/reset.json", &read("n8n/helpdesk-reset-asked.json"));
    folder.write("new/reset.json", &read("n8n/helpdesk-reset.json"));
    folder.write("old/leaver.json", &leaver("").replace("\"Leaver\"", "\"Leaves\""));
    folder.write("new/leaver.json", &leaver("").replace("\"Leaver\"", "\"Leaves!\""));
    let hostile = serde_json::to_string(HOSTILE).unwrap();
    folder.write(
        "new/hostile.json",
        &leaver("").replace("leaver01", "hostile1").replace("\"Leaver\"", &hostile),
    );
    let run = folder.run(&["diff", "old", "new", "--format", "html", "--output", "page.html"]);
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
    let folder = Folder::empty();
    drive("diff/page.mjs", || page(&folder));
}
