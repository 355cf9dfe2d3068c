//! Prints what an importer makes of files: triggers, steps, edges, references. For people who write importers.

use import::{Files, Verdict};
use std::path::{Path, PathBuf};
use workflow::{Node, Workflow};

struct Folder(PathBuf);

impl Files for Folder {
    fn read(&self, relative: &str) -> Option<Vec<u8>> {
        std::fs::read(self.0.join(relative)).ok()
    }

    fn list(&self, relative: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.join(relative)).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

fn main() {
    for path in std::env::args().skip(1) {
        let Ok(bytes) = std::fs::read(&path) else { continue };
        let folder = Folder(Path::new(&path).parent().unwrap_or(Path::new(".")).to_path_buf());
        let imported = import::import(&path, &bytes, &folder);
        for problem in &imported.problems {
            println!("problem {}:{} {}", problem.path, problem.line, problem.message);
        }
        match imported.verdict {
            Verdict::Workflows(workflows) => workflows.iter().for_each(print),
            Verdict::NotWorkflow(what) => println!("{path}: not a workflow: {what}"),
            Verdict::Unreadable => println!("{path}: unreadable"),
        }
    }
}

fn print(w: &Workflow) {
    println!("== {} `{}` id={:?} enabled={:?} {}", w.platform, w.name, w.id, w.enabled, w.digest);
    for t in &w.triggers {
        println!(
            "T {} {:?} authenticated={:?} event={} line {}",
            t.id, t.kind, t.authenticated, t.event, t.span.line
        );
    }
    for s in &w.steps {
        println!(
            "S {} {:?} [{} / {}] line {} {}",
            s.id, s.kind, s.connector, s.operation, s.span.line, s.span.path
        );
        if let Some(r) = &s.request {
            println!("    request {:?} {:?}", r.method, r.url);
        }
        for e in s.parameters.expressions() {
            println!("    {} => {:?}", e.text, e.term);
        }
    }
    for e in &w.edges {
        println!("E {} -> {} {:?}", end(w, e.from), end(w, Node::Step(e.to)), e.kind);
    }
}

fn end(w: &Workflow, node: Node) -> String {
    match node {
        Node::Trigger(t) => format!("trigger {t}"),
        Node::Step(s) => w.step(s).map(|s| s.id.to_string()).unwrap_or_default(),
    }
}
