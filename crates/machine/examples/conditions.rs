//! Counts, per platform, how many branch conditions below a folder evaluate: given values for all that they refer to, to
//! true, to false or to a failure that their language documents. The rest is unknown, by reason. Choices that a
//! definition does not write as an expression (a label, a person's decision) are counted apart, as unwritten. Fails where
//! fewer than 95 % of a platform's conditions evaluate.
//!
//! `cargo run --release -p machine --features javascript --example conditions -- FOLDER [--reasons]`

use import::{Files, Verdict};
use machine::evaluate::{condition, is_fresh};
use machine::{Scope, Val, evaluate};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use workflow::{EdgeKind, Expression, Language, Platform, Reference, Root, Segment, Term, Workflow};

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

/// Values for the references of one condition.
struct Given<'w> {
    roots: Vec<(Root, Val)>,
    workflow: &'w Workflow,
}

impl Given<'_> {
    /// What an n8n expression's own name stands for: the one item that there is, or all of them.
    fn node(&self, name: &str) -> Option<Val> {
        let before = |root: &Root| match name {
            "$json" | "$input" => !matches!(root, Root::Variable(_) | Root::Parameter(_) | Root::Secret(_)),
            name => match (root, name.strip_prefix("$('").and_then(|n| n.strip_suffix("')"))) {
                (Root::Step(id), Some(n)) => self.workflow.steps.iter().any(|s| s.id == *id && s.name == n),
                (Root::Trigger, Some(n)) => self.workflow.triggers.iter().any(|t| t.name == n),
                _ => false,
            },
        };
        let found = self.roots.iter().find(|(root, _)| *root == Root::Previous && before(root));
        found.or_else(|| self.roots.iter().find(|(root, _)| before(root))).map(|(_, value)| value.clone())
    }
}

impl Scope for Given<'_> {
    fn name(&self, name: &str) -> Option<Val> {
        match name.strip_suffix(".all()") {
            Some(node) => self.node(node).map(|one| Val::list(vec![one])),
            None => self.node(name),
        }
    }

    fn read(&self, reference: &Reference) -> Val {
        let found = self.roots.iter().find(|(root, _)| *root == reference.root);
        let value = found.map_or(Val::Null, |(_, value)| value.clone());
        match reference.path.first() {
            None => value,
            // An item of a step that gives many is its result here, as it is the only one.
            Some(Segment::Each) => Val::list(vec![value]),
            Some(_) => value,
        }
    }

    fn now(&self) -> Option<i64> {
        Some(1_770_000_000_000)
    }

    fn platform(&self) -> Option<Platform> {
        Some(self.workflow.platform)
    }
}

/// A value in which a path leads to a leaf.
fn holding(value: Val, path: &[Segment], leaf: &Val) -> Val {
    let Some((first, rest)) = path.split_first() else { return leaf.clone() };
    match first {
        Segment::Key(key) => {
            let mut entries = if let Val::Map(entries) = &value { entries.to_vec() } else { Vec::new() };
            let at = entries.iter().position(|(k, _)| k == key);
            let inner = at.map_or(Val::Null, |i| entries[i].1.clone());
            let made = holding(inner, rest, leaf);
            match at {
                Some(i) => entries[i].1 = made,
                None => entries.push((key.clone(), made)),
            }
            Val::map(entries)
        }
        Segment::Index(i) => {
            let mut items = if let Val::List(items) = &value { items.to_vec() } else { Vec::new() };
            let at = usize::try_from(*i).unwrap_or(0).min(20);
            while items.len() <= at {
                items.push(Val::map(Vec::new()));
            }
            items[at] = holding(items[at].clone(), rest, leaf);
            Val::list(items)
        }
        _ => {
            let first = if let Val::List(items) = &value { items.first().cloned() } else { None };
            Val::list(vec![holding(first.unwrap_or_default(), rest, leaf)])
        }
    }
}

fn given<'w>(expression: &Expression, workflow: &'w Workflow, leaf: &Val) -> Given<'w> {
    let mut roots: Vec<(Root, Val)> = Vec::new();
    for reference in expression.references() {
        let skip = usize::from(
            matches!(reference.root, Root::Step(_))
                && matches!(workflow.platform, Platform::N8n | Platform::NodeRed)
                && matches!(reference.path.first(), Some(Segment::Each | Segment::Index(_))),
        );
        let path = &reference.path[skip..];
        match roots.iter_mut().find(|(root, _)| *root == reference.root) {
            Some((_, value)) => *value = holding(value.clone(), path, leaf),
            None => roots.push((reference.root.clone(), holding(Val::Null, path, leaf))),
        }
    }
    Given { roots, workflow }
}

/// Values worth trying: what the condition compares with, and one of each type.
fn leaves(term: &Term) -> Vec<Val> {
    let mut found = vec![
        Val::text("a"),
        Val::Number(1.0),
        Val::Bool(true),
        Val::list(vec![Val::text("a")]),
        Val::list(vec![Val::Number(1.0)]),
        Val::list(vec![Val::map(vec![("a".into(), Val::text("a"))])]),
        Val::map(vec![("a".into(), Val::text("a"))]),
        Val::text("2026-01-02T03:04:05Z"),
        Val::text("{\"a\": [1]}"),
    ];
    constants(term, &mut found);
    found
}

fn constants(term: &Term, found: &mut Vec<Val>) {
    match term {
        Term::Text(t) if found.len() < 16 => found.push(Val::Text(t.clone())),
        Term::Call(_, terms) | Term::List(terms) | Term::Template(terms) => {
            terms.iter().for_each(|t| constants(t, found));
        }
        _ => {}
    }
}

/// A choice that the definition does not write as an expression: a label, a person's or an engine's decision. What is
/// written has a line.
fn is_unwritten(expression: &Expression) -> bool {
    let blank = expression.language == Language::Structured || expression.text.trim().is_empty();
    let Term::Unknown(references) = &expression.term else { return false };
    blank && (references.is_empty() || expression.line == 0)
}

#[derive(Default)]
struct Count {
    all: usize,
    unwritten: usize,
    evaluates: usize,
    fails: usize,
    reasons: BTreeMap<String, (usize, String)>,
}

impl Count {
    fn add(&mut self, expression: &Expression, workflow: &Workflow, path: &Path) {
        if is_unwritten(expression) {
            self.unwritten += 1;
            return;
        }
        self.all += 1;
        let (mut known, mut failed, mut reason) = (false, false, String::new());
        for leaf in leaves(&expression.term) {
            let scope = given(expression, workflow, &leaf);
            match condition(expression, &scope) {
                Ok(Some(_)) => known = true,
                Err(_) => failed = true,
                Ok(None) if reason.is_empty() => {
                    if let Ok(Val::Unknown(symbol)) = evaluate(expression, &scope) {
                        reason =
                            if is_fresh(&symbol) { symbol.0.to_string() } else { "undecided".to_owned() };
                    }
                }
                Ok(None) => {}
            }
        }
        if known {
            self.evaluates += 1;
        } else if failed {
            self.fails += 1;
        } else {
            let kind: String = reason.split(':').next().unwrap_or_default().chars().take(60).collect();
            let entry = self.reasons.entry(kind).or_insert((0, String::new()));
            entry.0 += 1;
            if entry.0 <= 400 {
                let (place, line) = (path.display(), expression.line);
                let (language, text) = (expression.language, &expression.text);
                entry.1.push_str(&format!("\n      {place}:{line} {language:?} `{text}`: {reason}"));
            }
        }
    }
}

fn conditions(workflow: &Workflow) -> impl Iterator<Item = &Expression> {
    workflow.edges.iter().filter_map(|e| match &e.kind {
        EdgeKind::When { condition, .. } => Some(condition),
        _ => None,
    })
}

fn files(root: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(root).into_iter().flatten().flatten().map(|e| e.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let reasons = args.iter().any(|a| a == "--reasons");
    let mut paths = Vec::new();
    args.iter().filter(|a| !a.starts_with("--")).for_each(|a| files(Path::new(a), &mut paths));
    let mut counts: BTreeMap<Platform, Count> = BTreeMap::new();
    for path in paths {
        let Ok(bytes) = std::fs::read(&path) else { continue };
        let folder = Folder(path.parent().unwrap_or(Path::new(".")).to_path_buf());
        let imported = import::import(&path.to_string_lossy(), &bytes, &folder);
        if let Verdict::Workflows(workflows) = imported.verdict {
            for workflow in &workflows {
                let count = counts.entry(workflow.platform).or_default();
                conditions(workflow).for_each(|c| count.add(c, workflow, &path));
            }
        }
    }
    println!(
        "{:20} {:>10} {:>10} {:>8} {:>8} {:>7}",
        "platform", "conditions", "evaluate", "fail", "unknown", "share"
    );
    for (platform, count) in &counts {
        let unknown = count.all - count.evaluates - count.fails;
        let share = 100.0 * (count.all - unknown) as f64 / count.all.max(1) as f64;
        let name = platform.to_string();
        println!(
            "{name:20} {:>10} {:>10} {:>8} {unknown:>8} {share:>6.1}% {:>10}",
            count.all, count.evaluates, count.fails, count.unwritten
        );
        for (reason, (number, shown)) in &count.reasons {
            println!("    {number} {reason}{}", if reasons { shown } else { "" });
        }
    }
    let enough = |c: &Count| (c.evaluates + c.fails) * 100 >= c.all * 95;
    if counts.values().all(enough) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
