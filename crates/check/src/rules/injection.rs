//! `injection`: untrusted text is spliced into code, a command, a query, a URL or a filter on the way to a change.

use super::{Rule, Scope};
use crate::authority::{answered_by_starter, asks_starter};
use crate::facts::Facts;
use crate::provenance::{Origin, Source};
use crate::tell::Concerning;
use workflow::{Code, CodeLanguage, Finding, Function, Kind, Language, Severity, Step, StepIx, StepKind, Term, Value};

/// The rule.
pub static RULE: Rule = Rule {
    id: "injection",
    severity: Severity::High,
    scope: Scope::Changes,
    page: include_str!("injection.md"),
    check,
};

/// A place where text is read as something else.
struct Splice<'v> {
    into: &'static str,
    key: &'v str,
    value: &'v Value,
}

fn check(facts: &Facts<'_, '_>, out: &mut Vec<Finding>) {
    let called = facts.set.callers(facts.index).next().is_some();
    let told = || facts.reached.steps().any(|s| asks_starter(facts.set, facts.place(s)));
    if !called && !facts.workflow.triggers.iter().any(|t| t.caller_data) && !told() {
        return;
    }
    let mut changes = facts.live_changes().peekable();
    if changes.peek().is_some() && changes.all(|c| facts.does(c.step, Kind::Decide)) {
        return; // the event that asks for a decision is the platform's own
    }
    let spliced: Vec<Spliced> =
        facts.bounded(&RULE, 400, facts.reached.steps().filter_map(|s| tainted(facts, s))).collect();
    let mut told = Vec::new();
    for change in facts.some_changes(&RULE) {
        let on_the_way = |s: StepIx| s == change.step || facts.graph.leads(s, change.step);
        let own = spliced.iter().find(|(s, ..)| *s == change.step);
        if let Some(found) = own.or_else(|| spliced.iter().find(|(s, ..)| on_the_way(*s))) {
            told.push(found.0);
            out.push(finding(facts, change.step, found));
        }
    }
    let code = |(at, into, _): &&Spliced| *into == "the code" && facts.is_opaque(*at) && !told.contains(at);
    out.extend(spliced.iter().filter(code).map(|found| finding(facts, found.0, found)));
}

/// A step, what it puts the caller's text into, and where that text is from.
type Spliced = (StepIx, &'static str, Source);

/// What is told of a step that changes access, or may, behind a step that puts the caller's text into something.
fn finding(facts: &Facts<'_, '_>, change: StepIx, (at, into, source): &Spliced) -> Finding {
    let way = if *at == change { String::new() } else { format!(" on the way to {},", facts.name(change)) };
    let message = format!(
        "{} is put unescaped into {into} of {},{way} which {}.",
        facts.source(source),
        facts.name(*at),
        facts.deed(change)
    );
    let fix = "Pass the value as a parameter, or escape it for the place it is put in, or let only an expected \
               form (an id, a number) through.";
    let also = (*at != change).then(|| facts.step(*at).id.clone());
    facts.report(&RULE, change, super::capital(message), fix).also(also)
}

/// Where a step splices what the caller chooses.
fn tainted(facts: &Facts<'_, '_>, at: StepIx) -> Option<Spliced> {
    let step = facts.step(at);
    if step.synthetic || !step.enabled || !works(step) {
        return None;
    }
    let place = facts.place(at);
    splices(step).into_iter().find_map(|splice| {
        let sources = facts.set.sources(place, splice.value);
        let bad = sources.into_iter().find(|s| {
            let told = s.origin == Origin::Trigger && s.caller || answered_by_starter(facts.set, s);
            told && (s.how.spliced || splice.into == "the code") && !s.how.encoded
        });
        bad.filter(|_| !is_paging(splice.key)).map(|s| (at, splice.into, s))
    })
}

/// Steps that ask or change something outside, or run code.
fn works(step: &Step) -> bool {
    let harmless = [Kind::Notify, Kind::Ask, Kind::Ticket, Kind::Control];
    matches!(step.kind, StepKind::Action | StepKind::Code)
        && step.live_effects().iter().any(|e| !harmless.contains(&e.kind))
}

fn splices(step: &Step) -> Vec<Splice<'_>> {
    let mut found: Vec<Splice<'_>> = step.code.iter().filter_map(of_code).collect();
    if let Some(request) = step.request.as_ref().filter(|r| !r.governed) {
        found.push(Splice { into: "the URL", key: paging_key(&request.url), value: &request.url });
        let entries = request.query.entries().iter();
        found.extend(entries.filter(|e| is_query(&e.key)).map(|e| Splice {
            into: "the query",
            key: &e.key,
            value: &e.value,
        }));
        if request.body.as_expression().is_some_and(|e| !structured(e.language)) {
            found.push(Splice { into: "the body", key: "", value: &request.body });
        }
    }
    let mut work = vec![&step.parameters];
    while let Some(value) = work.pop() {
        for entry in value.entries() {
            if is_query(&entry.key) || is_json_text(&entry.value) {
                let into = if is_query(&entry.key) { "the query" } else { "the body" };
                found.push(Splice { into, key: &entry.key, value: &entry.value });
            }
            work.push(&entry.value);
        }
        work.extend(value.items());
    }
    found
}

/// Code with holes; a statement may be put together before the step that runs it.
fn of_code(code: &Code) -> Option<Splice<'_>> {
    let into = match code.text.as_expression()?.term {
        Term::Template(_) => "the code",
        _ if code.language == CodeLanguage::Sql => "the statement",
        _ => return None,
    };
    Some(Splice { into, key: "", value: &code.text })
}

/// A JSON document written as a text with holes.
fn is_json_text(value: &Value) -> bool {
    let Some(Term::Template(parts)) = value.as_expression().map(|e| &e.term) else { return false };
    matches!(parts.first(), Some(Term::Text(t)) if t.trim_start().starts_with(['{', '[']) && t.contains('"'))
        && parts.iter().any(|p| !matches!(p, Term::Text(_) | Term::Call(Function::Escape | Function::ToText, _)))
}

fn structured(language: Language) -> bool {
    matches!(language, Language::Structured | Language::Wdl)
}

/// A parameter whose text is a query, a filter or a command.
fn is_query(key: &str) -> bool {
    let key: String = key.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    const WORDS: [&str; 14] = [
        "query", "filter", "search", "where", "sql", "statement", "jql", "soql", "formula", "command", "script",
        "expression", "cypher", "kql",
    ];
    WORDS.iter().any(|w| key == *w || key.ends_with(w) || key.starts_with(w)) || key == "q"
}

/// Paging moves over a list, it does not choose from it.
fn is_paging(key: &str) -> bool {
    matches!(&*key.to_lowercase(), "offset" | "limit" | "page" | "pagesize" | "count" | "start" | "cursor" | "top" | "skip")
}

/// The query parameter directly before a URL's only hole.
fn paging_key(url: &Value) -> &str {
    let Some(Term::Template(parts)) = url.as_expression().map(|e| &e.term) else { return "" };
    let holes = parts.iter().filter(|p| !matches!(p, Term::Text(_))).count();
    let before = parts.iter().rev().skip_while(|p| matches!(p, Term::Text(_))).nth(1);
    match before {
        Some(Term::Text(t)) if holes <= 2 && t.ends_with('=') => {
            t.trim_end_matches('=').rsplit(['?', '&']).next().unwrap_or_default()
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use crate::classify::classify;
    use crate::record::Context;
    use crate::{check, dsl};

    /// The steps of what is found where a platform may put `{trigger.payload}` into code as text.
    fn found(platform: &str) -> Vec<String> {
        let text = format!(
            "workflow main platform={platform}\ntrigger ask chat auth caller\n\
             step shape code connector=python_3_script operation=run script=\"let x = '''{{trigger.payload}}'''\"\n\
             step off connector=active_directory_ldap operation=disable_user distinguished_name={{step.shape.dn}}\n\
             ask -> shape -> off"
        );
        let mut workflows = dsl::workflows(&text);
        workflows.iter_mut().for_each(classify);
        let judged = check(&workflows, &[Context::default()]);
        judged[0].findings.iter().filter(|f| f.rule == "injection").map(|f| f.steps.join(", ")).collect()
    }

    #[test]
    fn code_that_a_platform_fills_with_text_can_be_broken_out_of() {
        assert_eq!(found("insightconnect"), ["off, shape"]);
        assert!(found("n8n").is_empty());
    }
}
