//! Tests of the importer on definitions of our own, and on the specification's where they are at hand.

mod graph;
mod shared;
mod values;

use crate::{Imported, NoFiles, Verdict, import};
use workflow::{Node, Workflow};

fn imported(text: &str) -> Imported {
    import("workflow.yaml", text.as_bytes(), &NoFiles)
}

fn workflows(imported: Imported) -> Vec<Workflow> {
    match imported.verdict {
        Verdict::Workflows(workflows) => workflows,
        other => panic!("{other:?} {:?}", imported.problems),
    }
}

/// A workflow with what is written below its document.
fn flow(text: &str) -> Workflow {
    let document = "document: {dsl: '1.0.0', namespace: acme, name: demo, version: '1.2.0'}\n";
    workflows(imported(&format!("{document}{text}"))).remove(0)
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
    let mut all: Vec<String> = w.edges.iter().map(shown).collect();
    all.sort();
    all
}

fn step<'w>(w: &'w Workflow, id: &str) -> &'w workflow::Step {
    w.steps.iter().find(|s| s.id == id).unwrap_or_else(|| panic!("no step `{id}`"))
}

fn references(value: &workflow::Value) -> Vec<String> {
    value.expressions().iter().flat_map(|e| e.references()).map(shown).collect()
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
