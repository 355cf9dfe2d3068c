//! What the fuzz targets run: bytes through the library as the program would send them, with nothing asserted but that
//! it comes back. Overflows and broken assertions inside are crashes, as the profile turns their checks on.

mod evaluate;
mod mutate;
mod wrap;

pub use evaluate::evaluate;
pub use mutate::tree as mutate_tree;
pub use wrap::expression;

use import::doc::{Doc, canonical};
use import::{Content, Files, IMPORTERS, NoFiles, Source, Verdict};
use workflow::{CodeLanguage, Workflow};

/// Stands between the files of a definition that has several.
pub const NEXT_FILE: &str = "\n#----\n";

/// Steps `a.yaml`, `b.yaml` .. around a definition.
struct Steps(Vec<String>);

impl Files for Steps {
    fn read(&self, relative: &str) -> Option<Vec<u8>> {
        let number = match relative {
            "trigger.yaml" => 0,
            step => usize::from(step.strip_prefix("steps/")?.bytes().next()?.checked_sub(b'a')?) + 1,
        };
        self.0.get(number).map(|t| t.clone().into_bytes())
    }

    fn list(&self, relative: &str) -> Vec<String> {
        let steps = (1..self.0.len().min(27)).filter_map(|i| char::from_u32(96 + i as u32));
        if relative == "steps" { steps.map(|c| format!("{c}.yaml")).collect() } else { Vec::new() }
    }
}

/// One importer on bytes of its format, and everything that is done with what it gives.
pub fn importer(name: &str, data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut files: Vec<String> = text.split(NEXT_FILE).map(str::to_owned).collect();
    let first = files.remove(0);
    let steps = Steps(files);
    let Some((_, importer)) = IMPORTERS.iter().find(|(n, _)| *n == name) else { return };
    let imported = if first.trim_start().starts_with('<') {
        let Ok(doc) = import_xml(&first) else { return };
        importer(&Source { path: "f", content: Content::Xml(&doc), files: &steps })
    } else {
        let json = first.trim_start().starts_with(['{', '[']);
        let Ok(doc) = (if json { Doc::json(&first) } else { Doc::yaml(&first) }) else { return };
        importer(&Source { path: "f", content: Content::Tree(&doc), files: &steps })
    };
    if let Some(Verdict::Workflows(workflows)) = imported.map(|i| i.verdict) {
        workflows.iter().for_each(consistent);
    }
}

fn import_xml(text: &str) -> Result<roxmltree::Document<'_>, roxmltree::Error> {
    roxmltree::Document::parse(text)
}

/// Edges lead from and to what is there.
fn consistent(w: &Workflow) {
    for edge in &w.edges {
        assert!(w.step(edge.to).is_some(), "an edge to nowhere");
        match edge.from {
            workflow::Node::Step(s) => assert!(w.step(s).is_some(), "an edge from nowhere"),
            workflow::Node::Trigger(t) => assert!((t as usize) < w.triggers.len(), "an edge from no trigger"),
        }
    }
}

/// A whole file: whatever it is, through detection, import, classification and all rules.
pub fn check(data: &[u8]) {
    let mut imported = import::import("f", data, &NoFiles);
    let Verdict::Workflows(workflows) = &mut imported.verdict else { return };
    workflows.iter_mut().for_each(check::classify);
    let contexts: Vec<check::Context> = workflows.iter().map(|_| check::Context::default()).collect();
    let judged = check::check(workflows, &contexts);
    assert_eq!(judged.len(), workflows.len());
}

/// Detection and import alone.
pub fn file(data: &[u8]) {
    let _ = import::may_be_a_definition(data);
    let _ = import::import("f", data, &NoFiles);
}

/// JSON: what is parsed can be written canonically, and that parses to the same.
pub fn json(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(doc) = Doc::json(text) {
        same_again(&doc);
    }
}

/// YAML likewise.
pub fn yaml(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(doc) = Doc::yaml(text) {
        same_again(&doc);
    }
}

fn same_again(doc: &Doc<'_>) {
    let once = canonical(doc.root(), &|_| false);
    let text = String::from_utf8(once.clone()).expect("canonical JSON is UTF-8");
    let again = Doc::json(&text).expect("canonical JSON is JSON");
    assert_eq!(once, canonical(again.root(), &|_| false));
}

/// A zip package.
pub fn archive(data: &[u8]) {
    let mut bytes = b"PK\x03\x04".to_vec();
    bytes.extend_from_slice(data);
    for (_, content) in import::archive::entries(&bytes).into_iter().flatten().flatten() {
        file(&content);
    }
}

/// Commands and calls in code, in every language.
pub fn code(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let all = [
        CodeLanguage::PowerShell,
        CodeLanguage::Shell,
        CodeLanguage::Sql,
        CodeLanguage::Python,
        CodeLanguage::JavaScript,
        CodeLanguage::CSharp,
        CodeLanguage::Groovy,
        CodeLanguage::Unknown,
    ];
    let Some(first) = text.bytes().next() else { return };
    let _ = check::classify::code::read(check::catalogue::catalogue(), all[usize::from(first) % all.len()], text);
    let _ = check::classify::code::web_calls(text);
}
