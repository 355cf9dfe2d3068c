//! Placeholders: `[Step.JsonResult | "path" | first(1)]`, `[Entity.Identifier]`, `[Event.user]`, `[Input.Name]`,
//! `[Loop.Entity.Identifier]`, alone or inside of texts.

use crate::values::{computed, dotted, reference, template};
use std::collections::{HashMap, HashSet};
use workflow::{Function, Language, Reference, Root, Segment, Term, Text, Value};

/// What placeholders of one playbook may name.
#[derive(Default)]
pub(super) struct Scope {
    /// Ids of steps by their names, in lower case.
    pub(super) steps: HashMap<String, Text>,
    /// The loops that go through the alert's entities, by their ids.
    pub(super) over_entities: HashSet<Text>,
    /// Context values that this playbook's own steps set, as `alert.key` in lower case.
    pub(super) context: HashSet<String>,
}

/// A placeholder is so long at most.
const MAX_LENGTH: usize = 2_000;

/// The heads that the platform itself fills.
const ROOTS: [&str; 9] =
    ["entity", "event", "alert", "case", "input", "general", "environment", "global", "playbook"];

impl Scope {
    /// A text with placeholders as a value. `looped` is the loop around it.
    pub(super) fn read(&self, text: &str, line: u32, looped: Option<&Text>) -> Value {
        if !text.contains('[') {
            return Value::text(text);
        }
        computed(Language::SecOps, text, self.term(text, looped), line)
    }

    /// A text with placeholders as a term.
    pub(super) fn term(&self, text: &str, looped: Option<&Text>) -> Term {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find('[') {
            parts.push(Term::Text(rest[..at].into()));
            rest = &rest[at..];
            match closing(rest).and_then(|end| Some((end, self.placeholder(&rest[1..end], looped)?))) {
                Some((end, term)) => {
                    parts.push(term);
                    rest = &rest[end + 1..];
                }
                None => {
                    parts.push(Term::Text("[".into()));
                    rest = &rest[1..];
                }
            }
        }
        parts.push(Term::Text(rest.into()));
        template(trimmed(parts))
    }

    /// The meaning of one placeholder; nothing where the brackets are only brackets.
    fn placeholder(&self, inside: &str, looped: Option<&Text>) -> Option<Term> {
        let mut stages = split_pipes(inside).into_iter();
        let head = stages.next()?.trim();
        let (owner, field) = self.owner(head)?;
        let start = self.root(owner, field, looped)?;
        Some(stages.fold(start, |term, stage| apply(term, stage.trim())))
    }

    /// What stands before the dot that ends the owner's name: the longest name of a step, or the first word.
    fn owner<'t>(&self, head: &'t str) -> Option<(&'t str, &'t str)> {
        let dots = head.match_indices('.').map(|(i, _)| i);
        let named = dots.rev().find(|i| self.steps.contains_key(&head[..*i].trim().to_lowercase()));
        let at = named.or_else(|| head.find('.'))?;
        let (owner, field) = (&head[..at], &head[at + 1..]);
        (!owner.is_empty() && !field.is_empty()).then_some((owner, field))
    }

    fn root(&self, owner: &str, field: &str, looped: Option<&Text>) -> Option<Term> {
        let word = owner.trim().to_lowercase();
        if let Some(id) = self.steps.get(&word) {
            return Some(reference(Root::Step(id.clone()), dotted(field)));
        }
        // In lower case it is a template's own loop.
        if owner == "Loop" {
            let root = looped.map_or_else(|| Root::Unknown(owner.into()), |l| Root::Item(l.clone()));
            return Some(reference(root, dotted(field)));
        }
        let variable = format!("{word}.{}", field.to_lowercase());
        if self.context.contains(&variable) {
            return Some(reference(Root::Variable(variable.into()), Vec::new()));
        }
        if ROOTS.contains(&word.as_str()) {
            let mut path = vec![Segment::Key(owner.into())];
            path.push(Segment::Key(field.into()));
            return Some(reference(Root::Trigger, path));
        }
        let like_a_name = owner.chars().all(|c| c.is_alphanumeric() || " _-?():/&".contains(c));
        let like_a_result = matches!(
            field.split(['.', '|']).next().unwrap_or_default(),
            "JsonResult" | "ScriptResult" | "ReturnValue" | "SelectedEntities" | "is_success"
        );
        (like_a_name && like_a_result)
            .then(|| Term::Ref(Reference { root: Root::Unknown(owner.into()), path: dotted(field) }))
    }
}

/// The editor keeps line ends after a lone placeholder.
fn trimmed(mut parts: Vec<Term>) -> Vec<Term> {
    let holes = parts.iter().filter(|p| !matches!(p, Term::Text(_))).count();
    if holes == 1 {
        let blank = |p: &Term| matches!(p, Term::Text(t) if t.trim().is_empty());
        if parts.iter().filter(|p| matches!(p, Term::Text(_))).all(blank) {
            parts.retain(|p| !blank(p));
        }
    }
    parts
}

/// Where the bracket that opens the text closes, outside of quotes.
fn closing(text: &str) -> Option<usize> {
    let (mut quoted, mut depth) = (false, 0usize);
    for (i, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => {
                depth -= 1;
                if depth == 0 {
                    return Some(i);
                }
            }
            _ if i > MAX_LENGTH => return None,
            _ => {}
        }
    }
    None
}

/// The stages between `|`, outside of quotes.
fn split_pipes(text: &str) -> Vec<&str> {
    let (mut stages, mut from, mut quoted) = (Vec::new(), 0, false);
    for (i, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '|' if !quoted => {
                stages.push(&text[from..i]);
                from = i + 1;
            }
            _ => {}
        }
    }
    stages.push(&text[from..]);
    stages
}

/// One stage of the expression builder.
fn apply(term: Term, stage: &str) -> Term {
    if let Some(path) = stage.strip_prefix('"').and_then(|s| s.strip_suffix('"')) {
        return below(term, dotted(path));
    }
    let (name, arguments) = stage.split_once('(').unwrap_or((stage, ""));
    let arguments = arguments.trim_end().trim_end_matches(')');
    let function = match name.trim().to_lowercase().as_str() {
        "first" => Function::First,
        "last" => Function::Last,
        "count" => Function::Length,
        "tolower" => Function::Lower,
        "toupper" => Function::Upper,
        "trim" => Function::Trim,
        "filter" => return below(term, vec![Segment::Filter(arguments.into())]),
        "distinct" => return term,
        _ => Function::Other(name.trim().into()),
    };
    let mut terms = vec![term];
    if matches!(function, Function::Other(_)) && !arguments.is_empty() {
        terms.push(Term::Text(arguments.into()));
    }
    Term::Call(function, terms)
}

fn below(term: Term, path: Vec<Segment>) -> Term {
    match term {
        Term::Ref(mut r) => {
            r.path.extend(path);
            Term::Ref(r)
        }
        Term::Call(f @ (Function::First | Function::Last), mut terms) if terms.len() == 1 => {
            let inner = below(terms.pop().unwrap_or(Term::Null), path);
            Term::Call(f, vec![inner])
        }
        other => Term::Call(Function::Other("get".into()), vec![other]),
    }
}
