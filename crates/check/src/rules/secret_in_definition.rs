//! `secret-in-definition`: a literal credential stands in the definition.

use super::{Rule, Scope};
use crate::facts::Facts;
use super::exposed_credential::{given_secrets, makes_secret};
use crate::provenance::Origin;
use crate::secrets::{Found, in_address, in_code, in_command, in_url, is_example, named, shaped};
use workflow::{Confidence, Finding, Severity, Step, StepIx, Term, Text, Value};

/// The rule.
pub static RULE: Rule = Rule {
    id: "secret-in-definition",
    severity: Severity::Critical,
    scope: Scope::Everything,
    page: include_str!("secret_in_definition.md"),
    check,
};

/// Where a credential stands.
struct Hit {
    what: &'static str,
    text: String,
    key: Text,
    line: u32,
}

fn check(facts: &Facts<'_, '_>, out: &mut Vec<Finding>) {
    for step in facts.graph.steps().filter(|s| !facts.step(*s).synthetic) {
        let own = facts.step(step);
        for hit in in_step(own) {
            out.push(finding(own.id.clone(), &facts.name(step), hit, own.span.line));
        }
    }
    for change in facts.some_changes(&RULE).filter(|c| makes_secret(facts, c.step)) {
        out.extend(set_for_real(facts, change.step));
    }
    for trigger in &facts.workflow.triggers {
        for hit in in_value(&trigger.parameters) {
            out.push(finding(trigger.id.clone(), &format!("`{}`", trigger.name), hit, trigger.span.line));
        }
    }
    for hit in in_value(&facts.workflow.parameters) {
        let line = facts.workflow.span.line;
        out.push(finding(Text::default(), "The workflow's settings", hit, line));
    }
}

/// A password that looks like an example, but is given to an account.
fn set_for_real(facts: &Facts<'_, '_>, step: StepIx) -> Option<Finding> {
    let given = given_secrets(facts, step).into_iter().find_map(|s| match s.origin {
        Origin::Constant(text) if !s.how.spliced && is_example(&text) => Some(text),
        _ => None,
    })?;
    let own = facts.step(step);
    let hit = Hit { what: "a password that it really sets", text: given.to_string(), key: Text::default(), line: 0 };
    Some(finding(own.id.clone(), &facts.name(step), hit, own.span.line))
}

fn finding(step: Text, name: &str, hit: Hit, line: u32) -> Finding {
    let place = if hit.key.is_empty() { String::new() } else { format!(" in `{}`", hit.key) };
    let shown: String = hit.text.chars().take(3).collect();
    let count = hit.text.chars().count();
    Finding {
        rule: RULE.id.into(),
        severity: RULE.severity,
        confidence: if hit.what.starts_with("a key") { Confidence::Medium } else { Confidence::High },
        steps: if step.is_empty() { Vec::new() } else { vec![step.clone()] },
        step,
        path: Vec::new(),
        line: if hit.line > 0 { hit.line } else { line },
        message: format!("{name} holds {}{place} as plain text (`{shown}…`, {count} characters).", hit.what),
        fix: "Revoke it, make a new one, and keep that in the platform's credential store or a vault; the definition \
              only refers to it."
            .into(),
    }
}

fn in_step(step: &Step) -> Vec<Hit> {
    let mut hits = in_value(&step.parameters);
    let mut add = |more: Vec<Hit>| {
        for hit in more {
            if !hits.iter().any(|h: &Hit| h.text == hit.text) {
                hits.push(hit);
            }
        }
    };
    if let Some(request) = &step.request {
        [&request.url, &request.headers, &request.query, &request.body].into_iter().for_each(|v| add(in_value(v)));
    }
    step.output.iter().for_each(|v| add(in_value(v)));
    for assignment in &step.assigns {
        add(in_entry(&assignment.variable, &assignment.value, 0).into_iter().collect());
    }
    for code in &step.code {
        let found = constants(&code.text)
            .filter_map(|t| shaped(t).or_else(|| in_code(t)).or_else(|| in_command(t)).or_else(|| in_address(t)));
        add(found.map(|f| hit(&f, "the code", 0)).collect());
    }
    hits
}

/// Every literal credential in a value, each once.
fn in_value(value: &Value) -> Vec<Hit> {
    let mut hits: Vec<Hit> = Vec::new();
    let mut work = vec![value];
    while let Some(value) = work.pop() {
        for entry in value.entries() {
            hits.extend(in_entry(&entry.key, &entry.value, entry.line));
            work.push(&entry.value);
        }
        hits.extend(in_pair(value));
        work.extend(value.items());
        if value.entries().is_empty() {
            let found = constants(value).filter_map(|t| shaped(t).or_else(|| in_url(t)));
            hits.extend(found.map(|f| hit(&f, "", 0)));
        }
    }
    let mut once: Vec<Hit> = Vec::new();
    for hit in hits {
        match once.iter_mut().find(|h| h.text.contains(&hit.text) || hit.text.contains(&h.text)) {
            Some(known) if known.key.is_empty() && known.text != hit.text => {
                (known.key, known.line) = (hit.key, hit.line);
            }
            Some(known) if known.key.is_empty() => *known = hit,
            Some(known) if hit.key.is_empty() && known.text != hit.text => {
                (known.what, known.text) = (hit.what, hit.text);
            }
            Some(_) => {}
            None => once.push(hit),
        }
    }
    once
}

fn in_entry(key: &str, value: &Value, line: u32) -> Option<Hit> {
    let text = single(value)?;
    named(key, text).map(|f| hit(&f, key, line))
}

/// Objects that hold a name and a value apart: `{name: "password", value: "…"}`.
fn in_pair(value: &Value) -> Option<Hit> {
    single(value.get("value"))?;
    let name = ["name", "key", "parameter", "header"].iter().find_map(|k| value.get(k).as_text())?;
    let line = value.entries().first().map_or(0, |e| e.line);
    in_entry(name, value.get("value"), line)
}

fn hit(found: &Found<'_>, key: &str, line: u32) -> Hit {
    Hit { what: found.what, text: found.text.to_owned(), key: key.into(), line }
}

/// The text of a constant, also of an expression that holds nothing else.
fn single(value: &Value) -> Option<&str> {
    match value {
        Value::Text(t) => Some(t),
        Value::Expr(e) => match &e.term {
            Term::Text(t) => Some(t),
            Term::Template(parts) => match parts.as_slice() {
                [Term::Text(t)] => Some(t),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

/// The constant texts of a value that is no object or list.
fn constants(value: &Value) -> impl Iterator<Item = &str> {
    let (text, parts) = match value {
        Value::Text(t) => (Some(t), &[][..]),
        Value::Expr(e) => match &e.term {
            Term::Text(t) => (Some(t), &[][..]),
            Term::Template(parts) => (None, parts.as_slice()),
            _ => (None, &[][..]),
        },
        _ => (None, &[][..]),
    };
    let parts = parts.iter().filter_map(|p| if let Term::Text(t) = p { Some(t) } else { None });
    text.into_iter().chain(parts).map(|t| t.as_str())
}
