//! From bytes to the right importer: decoding, parsing, asking each importer whether the shape is its own.

use crate::IMPORTERS;
use crate::doc::{Doc, Encoding, Fault, MAX_CROWD, MAX_DEPTH, decode};
use crate::nesting::too_deep;
use workflow::{Problem, Workflow};

/// The other files of the folder under inspection, for definitions that are spread over several.
pub trait Files {
    /// The bytes of a file, by its path relative to the file at hand (`steps/a.yaml`, `../x.json`); nothing when it
    /// is not there, not readable, or outside the folder under inspection.
    fn read(&self, relative: &str) -> Option<Vec<u8>>;
    /// The names of the files in a folder, sorted, by its path relative to the file at hand.
    fn list(&self, relative: &str) -> Vec<String>;
}

/// No other files: a definition that stands alone.
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn list(&self, _: &str) -> Vec<String> {
        Vec::new()
    }
}

/// A parsed file.
pub enum Content<'s> {
    /// JSON or YAML.
    Tree(&'s Doc<'s>),
    /// XML.
    Xml(&'s roxmltree::Document<'s>),
}

/// A file as importers see it.
pub struct Source<'s> {
    /// Its path as given, with what lies below it.
    pub path: &'s str,
    /// What is in it.
    pub content: Content<'s>,
    /// The files around it.
    pub files: &'s dyn Files,
}

impl<'s> Source<'s> {
    /// The tree of a JSON or YAML file.
    #[must_use]
    pub fn tree(&self) -> Option<&'s Doc<'s>> {
        match self.content {
            Content::Tree(doc) => Some(doc),
            Content::Xml(_) => None,
        }
    }
}

/// What a file turned out to be.
#[derive(Debug, Default)]
pub enum Verdict {
    /// It holds workflows.
    Workflows(Vec<Workflow>),
    /// It holds none; what it is instead, for people (`a SailPoint form`, `a step of the playbook in ..`).
    NotWorkflow(String),
    /// It could not be read: see the problems.
    #[default]
    Unreadable,
}

/// What came of importing a file.
#[derive(Debug, Default)]
pub struct Imported {
    /// What the file is.
    pub verdict: Verdict,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
    /// Other files that were read for it, relative to it: they need no verdict of their own.
    pub used: Vec<String>,
}

impl Imported {
    /// A file with workflows.
    #[must_use]
    pub fn workflows(workflows: Vec<Workflow>) -> Self {
        Imported { verdict: Verdict::Workflows(workflows), ..Self::default() }
    }

    /// A file that is something else.
    #[must_use]
    pub fn not_workflow(what: impl Into<String>) -> Self {
        Imported { verdict: Verdict::NotWorkflow(what.into()), ..Self::default() }
    }

    fn unreadable(path: &str, line: u32, message: String) -> Self {
        let problems = vec![Problem { path: path.to_owned(), line, message }];
        Imported { problems, ..Self::default() }
    }
}

/// Imports one file. Never fails and never panics: the verdict and the problems say what happened.
#[must_use]
pub fn import(path: &str, bytes: &[u8], files: &dyn Files) -> Imported {
    let text = match decode(bytes) {
        Ok((text, Encoding::Utf8 | Encoding::Utf16)) => text,
        Err(_) if !starts_like_a_document(bytes) => return Imported::not_workflow("not text"),
        Err(fault) => return Imported::unreadable(path, 1, fault.message),
    };
    match text.trim_start().as_bytes().first() {
        Some(b'/') if !starts_like_a_document(after_comments(&text).as_bytes()) => {
            Imported::not_workflow("neither JSON, YAML nor XML")
        }
        Some(b'{' | b'[' | b'/') => tree(path, &text, Doc::json(&text), files),
        Some(b'<') => xml(path, &text, files),
        Some(_) if looks_like_yaml(&text) && text.len() > MAX_YAML => large_yaml(path, &text),
        Some(_) if looks_like_yaml(&text) => match Doc::yaml(&text) {
            Err(_) if !speaks_of_a_definition(&text) => Imported::not_workflow("text that is not YAML"),
            parsed => tree(path, &text, parsed, files),
        },
        Some(_) => Imported::not_workflow("neither JSON, YAML nor XML"),
        None => Imported::not_workflow("an empty file"),
    }
}

/// Larger YAML is not parsed, which takes ten times as long as JSON: the largest that a platform takes is a
/// CloudFormation template of 1 MB.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>
const MAX_YAML: usize = 1 << 20;

/// YAML that is too large to be any platform's: a problem where it may yet be meant as a definition.
fn large_yaml(path: &str, text: &str) -> Imported {
    if !speaks_of_a_definition(text) {
        return Imported::not_workflow("YAML of more than 1 MiB");
    }
    let message =
        "YAML of more than 1 MiB, larger than any platform's definitions: split it or save it as JSON";
    Imported::unreadable(path, 1, message.to_owned())
}

/// Whether a file that starts with these bytes may be a definition or a package of them; what is surely neither need
/// not be read to its end.
#[must_use]
pub fn may_be_a_definition(start: &[u8]) -> bool {
    let text = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start);
    let utf16 = matches!(start, [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [b'{', 0, ..] | [0, b'{', ..]);
    let begins = || {
        let valid = str::from_utf8(text).or_else(|e| str::from_utf8(&text[..e.valid_up_to()]));
        valid.is_ok_and(|valid| valid.trim_start().starts_with('/') || looks_like_yaml(valid))
    };
    text.is_empty() || utf16 || start.starts_with(b"PK\x03\x04") || starts_like_a_document(text) || begins()
}

/// A text without the comments that it begins with (`//`, `/* */`), as JSON with comments has them.
fn after_comments(text: &str) -> &str {
    let mut rest = text.trim_start();
    loop {
        let after = match (rest.strip_prefix("//"), rest.strip_prefix("/*")) {
            (Some(line), _) => line.split_once('\n').map_or("", |(_, after)| after),
            (None, Some(block)) => block.split_once("*/").map_or("", |(_, after)| after),
            (None, None) => return rest,
        };
        rest = after.trim_start();
    }
}

fn starts_like_a_document(bytes: &[u8]) -> bool {
    let first = bytes.iter().find(|b| !b.is_ascii_whitespace());
    matches!(first, Some(b'{' | b'[' | b'<'))
}

/// A first line of the shape `key:`, `- item`, `---` or a comment.
fn looks_like_yaml(text: &str) -> bool {
    let line =
        text.lines().map(str::trim_end).find(|l| !l.trim().is_empty() && !l.trim_start().starts_with('#'));
    line.is_some_and(|l| l == "---" || l.starts_with("- ") || l.starts_with("%YAML") || is_yaml_key(l))
}

/// Whether a line starts with a key that some platform's definitions start with: only then is broken YAML a problem
/// and not simply another text (a test's script, a letter).
fn speaks_of_a_definition(text: &str) -> bool {
    let keys = [
        "document",
        "do",
        "AWSTemplateFormatVersion",
        "Transform",
        "Resources",
        "StartAt",
        "States",
        "identifier",
        "definition",
        "objects",
        "nodes",
        "name",
        "steps",
        "workflows",
        "trigger",
    ];
    text.lines().any(|l| l.split_once(':').is_some_and(|(key, _)| keys.contains(&key)))
}

fn is_yaml_key(line: &str) -> bool {
    let Some((key, rest)) = line.split_once(':') else { return false };
    let word = key.trim_matches(['"', '\'']);
    let plain = !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.$ ".contains(&b));
    plain && (rest.is_empty() || rest.starts_with(' '))
}

fn tree(path: &str, text: &str, parsed: Result<Doc<'_>, Fault>, files: &dyn Files) -> Imported {
    let doc = match parsed {
        Ok(doc) => doc,
        Err(_) if is_section(text.trim_start().lines().next().unwrap_or_default()) => {
            return Imported::not_workflow("settings in sections (TOML or INI)");
        }
        Err(fault) => {
            let line = crate::doc::Lines::default().line(text, fault.at);
            return Imported::unreadable(path, line, fault.message);
        }
    };
    let mut imported = ask(&Source { path, content: Content::Tree(&doc), files });
    if let (Verdict::Workflows(_), Some(line)) = (&imported.verdict, doc.crowd()) {
        return too_large(path, line);
    }
    if matches!(imported.verdict, Verdict::Workflows(_)) {
        imported.problems.extend(doc.duplicate_keys(path));
    }
    imported
}

/// A definition with more steps than any platform runs is not read: nothing in it is known to be safe.
fn too_large(path: &str, line: u32) -> Imported {
    let message = format!(
        "more than {MAX_CROWD} steps or workflows side by side: split the file; what it does is not known"
    );
    Imported::unreadable(path, line, message)
}

/// A line such as `[tool.section]` or `[[item]]`: a file that starts with one and is no JSON is no broken list.
fn is_section(line: &str) -> bool {
    let line = line.split('#').next().unwrap_or_default().trim();
    let name = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')).unwrap_or_default();
    let name = name.strip_prefix('[').and_then(|l| l.strip_suffix(']')).unwrap_or(name);
    let word = |c: char| c.is_alphanumeric() || "_-. :\"'".contains(c);
    name.starts_with(|c: char| c.is_alphabetic() || c == '_') && name.chars().all(word)
}

fn xml(path: &str, text: &str, files: &dyn Files) -> Imported {
    if let Some(at) = too_deep(text, MAX_DEPTH).filter(|_| !is_page(text)) {
        let line = crate::doc::Lines::default().line(text, at);
        let message = format!("broken XML: nested more than {MAX_DEPTH} deep");
        return Imported::unreadable(path, line, message);
    }
    let options = roxmltree::ParsingOptions { nodes_limit: 2_000_000, ..Default::default() };
    match roxmltree::Document::parse_with_options(text, options) {
        Ok(doc) => match Some(&doc).filter(|d| is_bpmn(d)).and_then(|d| crowd(d)) {
            Some(crowd) => too_large(path, doc.text_pos_at(crowd.range().start).row),
            None => ask(&Source { path, content: Content::Xml(&doc), files }),
        },
        Err(_) if is_page(text) => Imported::not_workflow("an HTML page"),
        Err(e) => Imported::unreadable(path, e.pos().row, format!("broken XML: {e}")),
    }
}

/// An element that holds more others than are read.
fn crowd<'a, 'i>(doc: &'a roxmltree::Document<'i>) -> Option<roxmltree::Node<'a, 'i>> {
    let most = MAX_CROWD as usize;
    doc.descendants().find(|n| n.children().filter(roxmltree::Node::is_element).nth(most).is_some())
}

fn is_bpmn(doc: &roxmltree::Document<'_>) -> bool {
    doc.root_element().tag_name().namespace() == Some("http://www.omg.org/spec/BPMN/20100524/MODEL")
}

/// A page for browsers, or a text with its marks, which need be no XML.
fn is_page(text: &str) -> bool {
    let start: String = text.trim_start().chars().take(14).collect::<String>().to_ascii_lowercase();
    let tags = [
        "<!doctype html",
        "<html",
        "<p>",
        "<p ",
        "<div",
        "<img",
        "<h1",
        "<h2",
        "<a ",
        "<br",
        "<center",
        "<table",
    ];
    tags.iter().any(|t| start.starts_with(t))
}

fn ask(source: &Source<'_>) -> Imported {
    let answer = IMPORTERS.iter().find_map(|(_, importer)| importer(source));
    answer.unwrap_or_else(|| Imported::not_workflow("no workflow of a known platform"))
}

#[cfg(test)]
mod tests {
    use super::{NoFiles, Verdict, import, is_section};

    #[test]
    fn settings_in_sections_are_no_broken_lists() {
        assert!(is_section("[check]") && is_section("[[ignore]] # one") && is_section("[a.\"b c\"]"));
        assert!(!is_section("[1, 2") && !is_section("[{}]") && !is_section("[\"a\"") && !is_section("[]"));
        let told = import("x.toml", b"[check]\nfail-on = \"high\"\n", &NoFiles);
        assert!(matches!(told.verdict, Verdict::NotWorkflow(_)) && told.problems.is_empty());
        let broken = import("x.json", b"[{\"nodes\": ", &NoFiles);
        assert!(matches!(broken.verdict, Verdict::Unreadable));
    }

    #[test]
    fn texts_for_people_are_no_broken_definitions() {
        let readme = b"# Joiner\n\nWhat it does: it adds people.\nIt runs every night,\nasks nobody,\nand says so\n- and tells\nthe help desk.\nGood luck\n";
        let policy = b"// policies\n/* of ours */\nforbid (principal, action, resource);";
        assert!(matches!(import("own.cedar", policy, &NoFiles).verdict, Verdict::NotWorkflow(_)));
        let json = import("x.json", b"// a comment\n{\"a\": }", &NoFiles);
        assert!(matches!(json.verdict, Verdict::Unreadable), "broken JSON after a comment is a problem");
        let told = import("readme.md", readme, &NoFiles);
        assert!(matches!(told.verdict, Verdict::NotWorkflow(_)) && told.problems.is_empty());
        let page = import("readme.md", b"<p align=center>\n<img src=x>\n# Joiner\n", &NoFiles);
        assert!(matches!(page.verdict, Verdict::NotWorkflow(_)) && page.problems.is_empty());
        let schema = import("w.yaml", b"$schema: https://acme.example/w.json\nnodes: []\n", &NoFiles);
        assert!(matches!(schema.verdict, Verdict::NotWorkflow(told) if told.contains("platform")));
        let broken = b"document:\n  dsl: '1.0.3'\ndo:\n  - a: {\nuse: x\nnow what\n";
        assert!(matches!(import("w.yaml", broken, &NoFiles).verdict, Verdict::Unreadable));
    }
}
