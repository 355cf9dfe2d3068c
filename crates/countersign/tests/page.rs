//! The HTML page in a real browser: `page.mjs` drives Chromium over the page of a small folder, and fails on anything
//! that a reader would stumble on. `./test` installs the browser; without it the test says that it skips, except in CI.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::browser::drive;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn node(name: &str, kind: &str, parameters: Value) -> Value {
    json!({"id": format!("id-{name}"), "name": name, "type": kind, "typeVersion": 1, "position": [0, 0],
        "parameters": parameters})
}

/// An n8n workflow: a webhook that anyone can call, a loop, and an access change by a raw call.
fn risky(name: &str, step: &str) -> String {
    let url = "=https://example.okta.com/api/v1/groups/00g1/users/{{ $json.body.user }}";
    let to = |name: &str| json!({"node": name, "type": "main", "index": 0});
    json!({
        "name": name,
        "nodes": [
            node("Hook", "n8n-nodes-base.webhook", json!({"path": "join", "httpMethod": "POST"})),
            node("Each", "n8n-nodes-base.splitInBatches", json!({})),
            node("Done", "n8n-nodes-base.noOp", json!({})),
            node(step, "n8n-nodes-base.httpRequest", json!({"method": "PUT", "requestMethod": "PUT", "url": url})),
        ],
        "connections": {
            "Hook": {"main": [[to("Each")]]},
            "Each": {"main": [[to(step)], [to("Done")]]},
            step: {"main": [[to("Each")]]},
        },
    })
    .to_string()
}

fn harmless(n: usize) -> String {
    let start = node("Start", "n8n-nodes-base.manualTrigger", json!({}));
    json!({"name": format!("Report {n}"), "nodes": [start], "connections": {}}).to_string()
}

const HOSTILE: &str = "</script><script>document.title='owned'</script>\
    <img src=x onerror=\"document.title='owned'\"><!-- &lt;b&gt; \u{202e}";

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("risky.json"), risky("Join the team", "Add to group")).unwrap();
    fs::write(folder.join("hostile.json"), risky(HOSTILE, "<svg onload=alert(1)>")).unwrap();
    fs::write(folder.join("broken.json"), "{\"nodes\": [").unwrap();
    fs::write(folder.join("notes.json"), "{\"<b>\": 1}").unwrap();
    for n in 0..130 {
        fs::write(folder.join(format!("report-{n}.json")), harmless(n)).unwrap();
    }
    folder
}

/// The page of a folder of this name.
fn page(name: &str) -> PathBuf {
    let folder = folder(name);
    let page = folder.with_extension("html");
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    command.args(["check", "--format", "html", "--no-cache", "--output"]).arg(&page).arg(&folder);
    let status = command.env("COUNTERSIGN_CACHE", folder.with_extension("cache")).status().unwrap();
    assert_eq!(status.code(), Some(1), "findings are reported");
    page
}

#[test]
fn what_workflows_say_stands_in_the_page_as_data_only() {
    let text = fs::read_to_string(page("data")).unwrap();
    assert!(text.contains("Join the team") && text.contains("owned"));
    for markup in ["<script>document.title", "<svg onload", "<img", "src=\"http", "href=\"http"] {
        assert!(!text.contains(markup), "`{markup}` stands in the page");
    }
}

#[test]
fn the_page_works_in_a_browser() {
    drive("page.mjs", || page("browser"));
}
