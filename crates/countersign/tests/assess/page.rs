//! The page of a review in a real browser: `page.mjs` drives Chromium over it. `./test` installs the browser; without it the
//! test says that it skips, except in CI.

use crate::common::browser::{HOSTILE, drive};
use crate::common::{Folder, leaver, repository};
use std::path::PathBuf;

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
    let folder = Folder::empty();
    drive("assess/page.mjs", || page(&folder));
}
