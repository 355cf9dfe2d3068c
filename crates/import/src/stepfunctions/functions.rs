//! Lambda functions that a template defines: their code, where it stands in the template or in a file beside it.

use super::digest;
use super::template::Template;
use crate::doc::{Node, decode};
use crate::source::Files;
use workflow::{CodeLanguage, Value, Workflow};

/// Larger files are no handlers but bundles, which nobody reads.
const MAX_BYTES: usize = 512 * 1024;

/// Fills in the code of the functions that a machine calls; gives the files that were read.
pub(super) fn read(w: &mut Workflow, template: &Template<'_>, files: &dyn Files) -> Vec<String> {
    let mut used = Vec::new();
    for code in w.steps.iter_mut().flat_map(|s| &mut s.code) {
        let Some((logical, function)) = template.function(&code.name) else { continue };
        let Some(found) = find(function, template, files) else { continue };
        let part = digest::part(&format!("code/{logical}"), found.text.as_bytes());
        if !w.parts.contains(&part) {
            w.parts.push(part);
        }
        used.extend(found.file);
        code.language = found.language;
        code.text = Value::text(found.text);
    }
    used.sort();
    used.dedup();
    used
}

struct Found {
    language: CodeLanguage,
    text: String,
    file: Option<String>,
}

fn find(function: Node<'_>, template: &Template<'_>, files: &dyn Files) -> Option<Found> {
    let given = |key: &str| function.at(&["Properties", key]).or_else(|| template.global(key));
    let runtime = given("Runtime").and_then(Node::as_str).unwrap_or_default();
    let (language, endings) = language(runtime)?;
    let inline = given("InlineCode").or_else(|| given("Code").and_then(|c| c.get("ZipFile")));
    if let Some(text) = inline.and_then(Node::as_str) {
        return Some(Found { language, text: text.to_owned(), file: None });
    }
    let folder = given("CodeUri").or_else(|| given("Code"))?.as_str()?;
    let folder = folder.trim_start_matches("./").trim_end_matches('/');
    let (module, _) = given("Handler")?.as_str()?.rsplit_once('.')?;
    let within =
        if folder.is_empty() || folder == "." { module.to_owned() } else { format!("{folder}/{module}") };
    let candidates = endings.iter().map(|ending| format!("{within}.{ending}"));
    candidates.filter(|path| !path.contains("://")).find_map(|path| {
        let bytes = files.read(&path).filter(|b| b.len() <= MAX_BYTES)?;
        let (text, _) = decode(&bytes).ok()?;
        Some(Found { language, text: text.into_owned(), file: Some(path) })
    })
}

fn language(runtime: &str) -> Option<(CodeLanguage, &'static [&'static str])> {
    if runtime.starts_with("python") {
        Some((CodeLanguage::Python, &["py"]))
    } else if runtime.starts_with("nodejs") {
        Some((CodeLanguage::JavaScript, &["js", "mjs", "cjs", "ts"]))
    } else {
        None
    }
}
