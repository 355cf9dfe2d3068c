//! Targets that read definitions: bytes through the library as the program would send them, with little asserted but
//! that it comes back. Overflows and broken assertions inside are crashes, as the profile turns their checks on.

use crate::wrap::Wrap;
use import::doc::{Doc, canonical};
use import::{Content, Files, Importer, NoFiles, Source, Verdict};
use workflow::{CodeLanguage, Workflow};

/// Stands between the files of a definition that has several.
const NEXT_FILE: &str = "\n#----\n";

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

/// An importer on bytes of its format, and everything that is done with what it gives.
pub fn importer(importer: Importer, data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut files = text.split(NEXT_FILE);
    let first = files.next().unwrap_or_default();
    let steps = Steps(files.map(str::to_owned).collect());
    if let Some(Verdict::Workflows(workflows)) = imported(importer, first, &steps) {
        workflows.iter().for_each(consistent);
    }
}

/// An expression in its definition, which stays sound whatever the expression is.
pub fn expression(wrap: &Wrap, data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = around(wrap, text);
}

/// The workflows of the definition around an expression.
pub fn around(wrap: &Wrap, text: &str) -> Vec<Workflow> {
    match imported(wrap.importer(), &wrap.definition(text), &NoFiles) {
        Some(Verdict::Workflows(workflows)) => workflows,
        other => panic!("the definition around `{text}` is sound, and gave {other:?}"),
    }
}

fn imported(importer: Importer, text: &str, files: &dyn Files) -> Option<Verdict> {
    let start = text.trim_start();
    let source = |content| Source { path: "f", content, files };
    let imported = if start.starts_with('<') {
        importer(&source(Content::Xml(&roxmltree::Document::parse(text).ok()?)))
    } else {
        let json = start.starts_with(['{', '[']);
        let doc = if json { Doc::json(text) } else { Doc::yaml(text) }.ok()?;
        importer(&source(Content::Tree(&doc)))
    };
    imported.map(|i| i.verdict)
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
    check::classify_all(workflows);
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
    let language = all[usize::from(first) % all.len()];
    let _ = check::classify::code::read(check::catalogue::catalogue(), language, text);
    let _ = check::classify::code::web_calls(language, text);
    let _ = check::classify::code::only_shapes_data(language, text);
}
