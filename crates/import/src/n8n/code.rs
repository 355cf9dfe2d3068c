//! Code that nodes run: JavaScript, Python, commands, SQL; and what JavaScript makes of the items that come in.

use super::defaults::Operation;
use super::types::{NodeType, code_language};
use super::value::{computed, opened};
use crate::js::{self, End, How, Local, Names};
use std::rc::Rc;
use workflow::{Code, CodeLanguage, Function, Map, Reference, Segment, Term, Text, Value};

/// The code that a node runs.
pub(super) fn code(node_type: NodeType<'_>, operation: &Operation, p: &Value) -> Vec<Code> {
    let one = |language, text: &Value| vec![Code { language, text: text.clone(), name: "".into() }];
    match node_type.short() {
        Some("ssh") if operation.resource.as_deref() == Some("file") => Vec::new(),
        Some("ssh" | "executeCommand") => one(CodeLanguage::Shell, p.get("command")),
        Some("code") if node_type.base.starts_with("@n8n/") => langchain(p),
        Some("code" | "toolCode") if is_python(p) => one(CodeLanguage::Python, p.get("pythonCode")),
        Some(short) if code_language(short).is_some() => {
            let texts = ["jsCode", "functionCode"].iter().map(|k| p.get(k)).find(|v| !v.is_empty());
            one(CodeLanguage::JavaScript, texts.unwrap_or(&Value::Null))
        }
        _ if runs_sql(operation) && !p.get("query").is_empty() => one(CodeLanguage::Sql, p.get("query")),
        _ => Vec::new(),
    }
}

fn is_python(p: &Value) -> bool {
    p.get("language").as_text().is_some_and(|l| l.starts_with("python"))
}

/// The LangChain code node: its code stands under `code.execute.code` or `code.supplyData.code`.
fn langchain(p: &Value) -> Vec<Code> {
    let texts = ["code.execute.code", "code.supplyData.code"].iter().map(|k| p.at(k));
    let code = texts.filter(|t| !t.is_empty());
    code.map(|t| Code { language: CodeLanguage::JavaScript, text: t.clone(), name: "".into() }).collect()
}

fn runs_sql(operation: &Operation) -> bool {
    operation.operation.as_deref() == Some("executeQuery")
}

/// What a node with code hands on.
pub(super) struct Made {
    /// The data of its items.
    pub(super) output: Value,
    /// The rest of each item stays as it came in.
    pub(super) passes_input: bool,
    /// When it hands on anything; nothing where it always does.
    pub(super) when: Option<Term>,
}

/// What names stand for that lead to the items that come in.
const ITEMS: &[&str] = &["items", "item", "$input", "$json", "_input", "_json", "_items", "_item", "query"];

/// What a node's code makes of the items that come in; nothing for nodes without.
pub(super) fn made(node_type: NodeType<'_>, p: &Value, names: &dyn Names, line: u32) -> Option<Made> {
    let short = node_type.short().filter(|s| code_language(s) == Some(CodeLanguage::JavaScript))?;
    if node_type.base.starts_with("@n8n/") && short == "code" {
        return None;
    }
    let texts = ["jsCode", "functionCode", "pythonCode"].iter().map(|k| p.get(k).as_text());
    let text = texts.flatten().find(|t| !t.trim().is_empty())?;
    let each = p.get("mode").as_text() == Some("runOnceForEachItem");
    let root = names.previous();
    let locals = match short {
        "functionItem" => vec![("item", Local::Value(root))],
        "toolCode" => vec![("query", Local::Value(names.model().unwrap_or(root)))],
        _ if each => vec![("item", Local::Item(root))],
        _ => vec![("items", Local::Items(root))],
    };
    let run = if is_python(p) { None } else { js::run(text, names, locals) };
    let Some(run) = run else {
        let output = computed("code", js::unknown(text, ITEMS, names), line);
        return Some(Made { output, passes_input: false, when: None });
    };
    let (mut values, mut kept, mut always) = (Vec::new(), Vec::new(), true);
    for end in run.ends {
        let Some((term, chosen)) = (end.how != How::Thrown).then(|| data(end.value, names)).flatten() else {
            always = false;
            continue;
        };
        always &= chosen.is_none();
        let when = end.when.into_iter().map(Rc::unwrap_or_clone).chain(chosen);
        let when: Vec<Rc<Term>> = when.map(|t| Rc::new(itemwise(t, names))).collect();
        kept.push(End { how: How::Returned, when: when.clone(), value: Term::Null });
        values.push((when, term));
    }
    let when = js::any_of(kept.iter()).filter(|_| !always && !kept.is_empty());
    let (output, passes_input) = shown(js::one_of(values), names, line);
    Some(Made { output, passes_input, when })
}

/// The data of the items that are returned, and what holds of those that are chosen; nothing where there are none.
fn data(term: Term, names: &dyn Names) -> Option<(Term, Option<Term>)> {
    match term {
        Term::Null => None,
        Term::List(items) => {
            let each = items.into_iter().filter_map(|t| data(t, names).map(|(t, _)| t));
            each.reduce(|a, b| js::either(None, a, b)).map(|t| (t, None))
        }
        Term::Call(Function::Map, args) if args.len() == 2 => data(args.into_iter().next_back()?, names),
        Term::Call(Function::Other(f), mut args)
            if matches!(
                f.as_str(),
                "spread" | "flat" | "flatMap" | "slice" | "sort" | "reverse" | "concat"
            ) && !args.is_empty() =>
        {
            let of = if f == "flatMap" { args.len() - 1 } else { 0 };
            data(args.swap_remove(of), names)
        }
        Term::Call(Function::Filter, args) => {
            let mut args = args.into_iter();
            let (list, chosen) = (args.next()?, args.next().map(|c| itemwise(c, names)));
            data(list, names).map(|(t, before)| (t, before.or(chosen)))
        }
        Term::Map(entries) if entries.iter().any(|(k, _)| k == "json") => {
            let json = entries.into_iter().rev().find(|(k, _)| k == "json");
            json.map(|(_, t)| (itemwise(t, names), None))
        }
        term => Some((itemwise(term, names), None)),
    }
}

/// A term in which any item of those that come in is the one at hand.
fn itemwise(term: Term, names: &dyn Names) -> Term {
    let all = |ts: Vec<Term>| ts.into_iter().map(|t| itemwise(t, names)).collect();
    let one = |mut r: Reference| {
        if r.root == names.previous() && matches!(r.path.first(), Some(Segment::Each | Segment::Dynamic)) {
            r.path.remove(0);
        }
        r
    };
    match term {
        Term::Ref(r) => Term::Ref(one(r)),
        Term::Template(ts) => Term::Template(all(ts)),
        Term::List(ts) => Term::List(all(ts)),
        Term::Call(f, ts) => Term::Call(f, all(ts)),
        Term::Map(es) => Term::Map(es.into_iter().map(|(k, t)| (k, itemwise(t, names))).collect()),
        Term::Unknown(rs) => Term::Unknown(rs.into_iter().map(one).collect()),
        other => other,
    }
}

/// Data as far as it is an object literal; what is spread into it from the item stays as it came in.
fn shown(term: Term, names: &dyn Names, line: u32) -> (Value, bool) {
    let whole = |t: &Term| matches!(t, Term::Ref(r) if r.root == names.previous() && js::is_whole(&r.path));
    if whole(&term) {
        return (Value::Map(Map::default()), true);
    }
    let Term::Map(mut entries) = term else { return (opened("code", term, line, names), false) };
    let passes = entries.first().is_some_and(|(k, t)| k == "..." && whole(t));
    if passes {
        entries.remove(0);
    }
    if entries.iter().any(|(k, _): &(Text, Term)| k == "..." || k == "*") {
        let spread = passes.then(|| {
            let item = Reference { root: names.previous(), path: Vec::new() };
            ("...".into(), Term::Ref(item))
        });
        let entries = spread.into_iter().chain(entries).collect();
        return (opened("code", Term::Map(entries), line, names), false);
    }
    (opened("code", Term::Map(entries), line, names), passes)
}
