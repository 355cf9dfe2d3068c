//! Tests of the importer on definitions of our own.

mod data;
mod graph;
mod shared;
mod statelint;
mod templates;

use crate::{Files, Imported, NoFiles, Verdict, import};
use workflow::{Node, Workflow};

fn imported(text: &str) -> Imported {
    import("machine.asl.json", text.as_bytes(), &NoFiles)
}

fn workflows(imported: Imported) -> Vec<Workflow> {
    match imported.verdict {
        Verdict::Workflows(workflows) => workflows,
        other => panic!("{other:?} {:?}", imported.problems),
    }
}

fn one(text: &str) -> Workflow {
    workflows(imported(text)).remove(0)
}

/// A machine with these states, which starts at `A`.
fn machine(states: &str) -> Workflow {
    one(&format!("{{\"StartAt\": \"A\", \"States\": {{{states}}}}}"))
}

/// A JSONata machine with these states, which starts at `A`.
fn jsonata(states: &str) -> Workflow {
    one(&format!("{{\"QueryLanguage\": \"JSONata\", \"StartAt\": \"A\", \"States\": {{{states}}}}}"))
}

fn edges(w: &Workflow) -> Vec<String> {
    let name = |n: Node| match n {
        Node::Trigger(_) => "trigger".to_owned(),
        Node::Step(s) => w.step(s).map(|s| s.id.to_string()).unwrap_or_default(),
    };
    let shown = |e: &workflow::Edge| {
        let kind = match &e.kind {
            workflow::EdgeKind::Back => "back",
            kind => kind.label(),
        };
        format!("{} -> {} {kind}", name(e.from), name(Node::Step(e.to))).trim_end().to_owned()
    };
    w.edges.iter().map(shown).collect()
}

fn step<'w>(w: &'w Workflow, id: &str) -> &'w workflow::Step {
    w.steps.iter().find(|s| s.id == id).unwrap_or_else(|| panic!("no step `{id}`"))
}

/// Every reference in a step's parameters, as text.
fn references(w: &Workflow, id: &str) -> Vec<String> {
    let all = step(w, id).parameters.expressions();
    all.iter().flat_map(|e| e.references()).map(shown).collect()
}

fn shown(r: &workflow::Reference) -> String {
    let mut out = format!("{:?}", r.root);
    for segment in &r.path {
        match segment {
            workflow::Segment::Key(key) => out.extend([".", key.as_str()]),
            other => out.push_str(&format!("{other:?}")),
        }
    }
    out
}

struct One(&'static str, &'static str);

impl Files for One {
    fn read(&self, relative: &str) -> Option<Vec<u8>> {
        (relative == self.0).then(|| self.1.as_bytes().to_vec())
    }

    fn list(&self, _: &str) -> Vec<String> {
        Vec::new()
    }
}
