//! What the tests of the program share: a folder of workflows of our own, and a way to run the program on it.

#![allow(dead_code, reason = "not every test uses everything")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test whose input is not there has failed"
)]

pub mod browser;
pub mod chapter;
pub mod junit;
pub mod traces;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A webhook that anyone can call deletes an account: `NOTE` is a note on the deleting step.
const LEAVER: &str = r#"{
  "id": "leaver01",
  "name": "Leaver",
  "nodes": [
    {
      "id": "5d1c7a52-90f3-4f4e-8d6e-0c5a3b1f2e11",
      "name": "Notice of leaving",
      "type": "n8n-nodes-base.webhook",
      "typeVersion": 2,
      "position": [0, 0],
      "parameters": { "path": "leaver", "httpMethod": "POST" }
    },
    {
      "id": "0b8f0f4e-1c2d-4a61-9a51-7d2f0f5b8a02",
      "name": "Delete account",
      "type": "n8n-nodes-base.gSuiteAdmin",
      "typeVersion": 1,
      "position": [200, 0],
      "notes": "NOTE",
      "parameters": { "resource": "user", "operation": "delete", "userId": "={{ $json.body.user }}" }
    }
  ],
  "connections": {
    "Notice of leaving": { "main": [[{ "node": "Delete account", "type": "main", "index": 0 }]] }
  },
  "settings": {}
}
"#;

/// Every morning a message is posted.
const DIGEST: &str = r##"{
  "id": "digest01",
  "name": "Morning digest",
  "nodes": [
    {
      "id": "b1a7", "name": "Every morning", "type": "n8n-nodes-base.scheduleTrigger", "typeVersion": 1,
      "position": [0, 0], "parameters": {}
    },
    {
      "id": "b1a8", "name": "Post", "type": "n8n-nodes-base.slack", "typeVersion": 2, "position": [200, 0],
      "parameters": { "resource": "message", "operation": "post", "text": "Good morning" }
    }
  ],
  "connections": { "Every morning": { "main": [[{ "node": "Post", "type": "main", "index": 0 }]] } },
  "settings": {}
}
"##;

/// A folder that is gone after the test.
pub struct Folder(PathBuf);

impl Folder {
    /// An empty folder.
    pub fn empty() -> Folder {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("countersign-test-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    /// A folder with a workflow that has faults, one that has none, and a file that is no workflow.
    pub fn new() -> Folder {
        let folder = Folder::empty();
        folder.write("leaver.json", &leaver(""));
        folder.write("digest.json", DIGEST);
        folder.write("package.json", "{\"name\": \"x\", \"version\": \"1.0.0\"}");
        folder
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Runs the program in it.
    pub fn run(&self, arguments: &[&str]) -> Run {
        self.command(arguments).output().map(Run::new).unwrap()
    }

    /// The program as it would be run in it.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command.args(arguments).current_dir(&self.0).env("COUNTERSIGN_CACHE", self.0.join(".countersign"));
        command
    }

    /// The rules found, each with its step's name, sorted.
    pub fn rules(&self, arguments: &[&str]) -> Vec<String> {
        let mut all = vec!["check", "--format", "json"];
        all.extend(arguments);
        let report = self.run(&all).json();
        let findings = report["workflows"].as_array().unwrap().iter().flat_map(|w| {
            w["findings"].as_array().unwrap().iter().map(|f| f["rule"].as_str().unwrap().to_owned())
        });
        let mut rules: Vec<String> = findings.collect();
        rules.sort();
        rules
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The leaver workflow with a note on its deleting step.
pub fn leaver(note: &str) -> String {
    LEAVER.replace("NOTE", &note.replace('"', "\\\""))
}

/// What a run of the program came to.
pub struct Run {
    /// Its exit code.
    pub code: i32,
    /// What it printed.
    pub out: String,
    /// What it printed apart.
    pub err: String,
}

impl Run {
    /// What a program printed.
    pub fn new(output: Output) -> Run {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Run { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Its output as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap()
    }
}

/// The repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A path in the material that is shared with other projects; says that the test is skipped where it is not there.
pub fn shared(path: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("COUNTERSIGN_SHARED").map(PathBuf::from);
    let found = folder.unwrap_or_else(|| repository().join("../shared")).join(path);
    if !found.exists() {
        eprintln!("skipped: no `{}`", found.display());
    }
    found.exists().then_some(found)
}
