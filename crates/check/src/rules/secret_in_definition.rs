//! `secret-in-definition`: a literal credential stands in the definition.

use super::{Rule, Scope};
use crate::facts::Facts;
use super::exposed_credential::{given_secrets, makes_secret};
use crate::provenance::Origin;
use crate::classify::code::quoted;
use crate::secrets::{Found, in_address, in_code, in_command, in_connection, in_signing, in_url, is_example, named, shaped};
use std::collections::{BTreeMap, HashMap, HashSet};
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
    let settings = &facts.workflow.parameters;
    let mut hits = in_value(settings);
    hits.extend(in_parameters(settings));
    for hit in each_once(hits) {
        let line = facts.workflow.span.line;
        out.push(finding(Text::default(), "The workflow's settings", hit, line));
    }
    let mut told = HashSet::new();
    for (line, text) in &facts.workflow.asides {
        for found in shaped(text) {
            if told.insert(found.text) {
                out.push(finding(Text::default(), "A note or pinned result", hit(&found, "", *line), *line));
            }
        }
    }
}

/// Literals of parameters that deploy with the definition: a default, or the value that is given for one, which another place
/// declares. What a type keeps secret is a secret whatever its name.
fn in_parameters(settings: &Value) -> Vec<Hit> {
    let all = || settings.entries().iter().flat_map(|group| group.value.entries());
    let is_secure = |v: &Value| v.get("type").as_text().is_some_and(|t| t.to_lowercase().starts_with("secure"));
    let secure = |key: &Text| all().any(|e| e.key.eq_ignore_ascii_case(key) && is_secure(&e.value));
    let literal = |e: &workflow::Entry| {
        let text = ["defaultValue", "value"].iter().find_map(|key| single(e.value.get(key)))?;
        // Addresses and words of a choice are put into secure parameters too.
        let drawn = !text.contains("://") && text.bytes().any(|b| b.is_ascii_digit());
        let name = if drawn && secure(&e.key) { "password" } else { e.key.as_str() };
        named(name, text).map(|f| hit(&f, &e.key, e.line))
    };
    all().filter_map(literal).collect()
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
    let mut add = |more: Vec<Hit>| hits.extend(more);
    if let Some(request) = &step.request {
        [&request.url, &request.headers, &request.query, &request.body].into_iter().for_each(|v| add(in_value(v)));
    }
    step.output.iter().for_each(|v| add(in_value(v)));
    for assignment in &step.assigns {
        add(in_entry(&assignment.variable, &assignment.value, 0).into_iter().collect());
    }
    for code in &step.code {
        add(constants(&code.text).flat_map(in_script).map(|f| hit(&f, "the code", 0)).collect());
    }
    each_once(hits)
}

/// The hits with each text once, as it was first found.
fn each_once(mut hits: Vec<Hit>) -> Vec<Hit> {
    let mut known = HashSet::new();
    hits.retain(|h| known.insert(h.text.clone()));
    hits
}

/// Every literal credential in code, each once; of one within another what was found first.
fn in_script(text: &str) -> Vec<Found<'_>> {
    let all = [shaped(text), in_code(text), in_command(text), in_address(text), in_signing(text)].into_iter().flatten();
    let (mut once, mut known, mut places) = (Vec::new(), HashSet::new(), BTreeMap::new());
    for found in all.chain(quoted(text).flat_map(in_connection)) {
        let start = found.text.as_ptr() as usize;
        let end = start + found.text.len();
        let within = places.range(..=start).next_back().is_some_and(|(_, e)| *e >= end);
        let around = places.range(start..end).any(|(_, e)| *e <= end);
        if !within && !around && known.insert(found.text) {
            places.insert(start, end);
            once.push(found);
        }
    }
    once
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
        hits.extend(in_authentication(value));
        work.extend(value.items());
        if value.entries().is_empty() {
            let found = constants(value).flat_map(|t| [shaped(t), in_url(t), in_connection(t)]);
            // What is not taken apart, and what functions are given, stand in the expression's own text.
            let whole = if let Value::Expr(e) = value { shaped(&e.text) } else { Vec::new() };
            hits.extend(found.flatten().chain(whole).map(|f| hit(&f, "", 0)));
        }
    }
    told_best(hits)
}

/// One within another stands near it: among so many of the last.
const NEAR: usize = 64;

/// Each once, by the key that it has in one place and by the shape that it has in another.
fn told_best(hits: Vec<Hit>) -> Vec<Hit> {
    let (mut once, mut places) = (Vec::<Hit>::new(), HashMap::new());
    for hit in hits {
        let near = once.len().saturating_sub(NEAR);
        let overlaps = |h: &Hit| h.text.contains(&hit.text) || hit.text.contains(&h.text);
        let same = places.get(&hit.text).copied();
        let at = same.or_else(|| once[near..].iter().position(overlaps).map(|i| near + i)).unwrap_or(once.len());
        places.insert(hit.text.clone(), at);
        match once.get_mut(at) {
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

/// How a call of Azure's workflows proves itself: `{type: "Raw", value: "Bearer …"}`, `{type: "ActiveDirectoryOAuth", secret: "…"}`.
/// Source: <https://learn.microsoft.com/en-us/azure/logic-apps/logic-apps-securing-a-logic-app#add-authentication-outbound>
fn in_authentication(value: &Value) -> Option<Hit> {
    let (key, name) = match value.get("type").as_text()? {
        "ActiveDirectoryOAuth" if value.get("secret").is_empty() => ("pfx", "password"),
        "ActiveDirectoryOAuth" => ("secret", "password"),
        "ClientCertificate" => ("pfx", "password"),
        "Raw" => ("value", "authorization"),
        _ => return None,
    };
    let line = value.entries().first().map_or(0, |e| e.line);
    named(name, single(value.get(key))?).map(|f| hit(&f, key, line))
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

#[cfg(test)]
mod tests {
    use super::*;
    use workflow::{Entry, Map};

    fn map(entries: &[(&str, Value)]) -> Value {
        let entry = |(key, value): &(&str, Value)| Entry { key: (*key).into(), value: value.clone(), line: 1 };
        Value::Map(Map(entries.iter().map(entry).collect()))
    }

    fn texts(hits: Vec<Hit>) -> Vec<String> {
        hits.into_iter().map(|h| h.text).collect()
    }

    #[test]
    fn how_a_call_proves_itself_is_no_literal() {
        let with = |kind: &str, key: &str, value: &str| {
            let entries = [("type", Value::text(kind)), (key, Value::text(value))];
            texts(in_value(&map(&[("authentication", map(&entries))])))
        };
        assert_eq!(with("ActiveDirectoryOAuth", "secret", "Kx83jdkfQ2mPz"), ["Kx83jdkfQ2mPz"]);
        assert_eq!(with("Raw", "value", "Bearer Kx83jdkfQ2mPzTTq"), ["Kx83jdkfQ2mPzTTq"]);
        assert!(with("ActiveDirectoryOAuth", "secret", "@parameters('secret')").is_empty());
        assert!(with("Raw", "value", "[parameters('key')]").is_empty());
        assert!(with("object", "secret", "Kx83jdkfQ2mPz").is_empty(), "a short text under such a name may be any word");
    }

    #[test]
    fn parameters_of_a_secure_type_have_no_literal() {
        let secure = map(&[("type", Value::text("SecureString"))]);
        let given = map(&[("value", Value::text("Winter2031"))]);
        let own = map(&[("type", Value::text("securestring")), ("defaultValue", Value::text("Summer2031"))]);
        let named = map(&[("type", Value::text("string")), ("defaultValue", Value::text("q8Zt55vYw0Lr2mNx91"))]);
        let blank = map(&[("type", Value::text("securestring")), ("defaultValue", Value::text(""))]);
        let address = map(&[("value", Value::text("https://api4.corp.test"))]);
        let word = map(&[("value", Value::text("Minute"))]);
        let settings = map(&[
            ("template parameters", map(&[("pw", own), ("apiKey", named.clone()), ("name", named), ("no", blank)])),
            ("parameters", map(&[("code", secure.clone()), ("base", secure.clone()), ("every", secure)])),
            ("given", map(&[("code", given.clone()), ("other", given), ("base", address), ("every", word)])),
        ]);
        assert_eq!(texts(in_parameters(&settings)), ["Summer2031", "q8Zt55vYw0Lr2mNx91", "Winter2031"]);
    }

    #[test]
    fn every_token_is_told_wherever_it_stands() {
        let token = |end: &str| format!("ghp_{}{end}", "a8Kd93mZqPwL2xVn7RtYbC5sHj1Gf0QeUi");
        let (one, two) = (token("4T"), token("7Q"));
        assert_eq!(in_script(&format!("a('{one}'); b('{two}'); token = '{one}'")).len(), 2);
        assert_eq!(texts(in_value(&Value::text(format!("{one} {two}")))), [one.as_str(), two.as_str()]);
        let called = workflow::Expression {
            language: workflow::Language::Wdl,
            text: format!("concat('Bearer ', '{one}')").into(),
            term: Term::Unknown(Vec::new()),
            line: 1,
        };
        assert_eq!(texts(in_value(&Value::Expr(Box::new(called)))), [one]);
    }

    #[test]
    fn a_token_in_a_note_is_published_with_the_definition() {
        let mut workflow = workflow::Workflow::new(workflow::Platform::N8n, "w", "w.json");
        let token = format!("ghp_{}", "a8Kd93mZqPwL2xVn7RtYbC5sHj1Gf0QeUi4T");
        workflow.asides = vec![(7, format!("token: {token}").into()), (9, "a text of the note".into())];
        let found = crate::judge::check(&[workflow], &[]).remove(0).findings;
        assert_eq!(found.iter().map(|f| (&*f.rule, f.line)).collect::<Vec<_>>(), [("secret-in-definition", 7)]);
        assert!(!found[0].message.contains(&token), "{}", found[0].message);
    }
}
