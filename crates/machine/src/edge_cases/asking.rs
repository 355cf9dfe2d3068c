//! Edge cases of approvals: refused, unanswered, late, malformed, empty, answered by the requester, or never asked for.

use super::{Cases, name};
use crate::rehearse::{Duration, Expect, Pattern, Reply, Scenario};
use serde_json::{Map, Value as Json};
use workflow::{Ask, EdgeKind, Function, Kind, Root, Segment, Step, StepIx, Term, Text};

/// A late answer comes so long after the deadline.
const LATE: i64 = 3_600_000;

pub(super) fn cases(cases: &Cases<'_, '_>, all: &mut Vec<Scenario>) {
    for question in cases.questions() {
        let behind = cases.behind(question);
        if let Some(step) = cases.step(question).filter(|_| !behind.is_empty()) {
            of_question(cases, question, step, &behind, all);
        }
    }
    nobody_asked(cases, all);
}

/// Changes that no question comes before, where the record does not say that they were approved before the run.
fn nobody_asked(cases: &Cases<'_, '_>, all: &mut Vec<Scenario>) {
    let (asked, around, open) = (cases.questions(), cases.around, cases.is_open());
    let free = cases.changes.iter().copied().filter(|c| !asked.iter().any(|q| cases.behind(*q).contains(c)));
    // What answers a question itself was approved by nobody before.
    let answers = |s: &Step| s.live_effects().iter().any(|e| matches!(e.kind, Kind::Decide | Kind::Certify));
    let counts = |s: &Step| {
        (answers(s) || !around.approved.contains(&s.id)) && (open || around.ungated.contains(&s.id))
    };
    let free: Vec<StepIx> = free.filter(|c| cases.step(*c).is_some_and(counts)).collect();
    if free.is_empty() {
        return;
    }
    let name = if open { "a stranger starts it" } else { "it is started, and nobody is asked" };
    let mut scenario = cases.scenario(name.into(), Vec::new());
    scenario.expect = never(cases, &free);
    all.push(scenario);
}

fn of_question(
    cases: &Cases<'_, '_>,
    question: StepIx,
    step: &Step,
    behind: &[StepIx],
    all: &mut Vec<Scenario>,
) {
    let (name, nobody) = (name(step), Ask::default());
    let ask = step.ask.as_ref().unwrap_or(&nobody);
    let mut add = |what: &str, reply: Reply| {
        let reply = Reply { step: Some(cases.label(step)), ..reply };
        let mut scenario = cases.scenario(format!("{name} {what}"), vec![reply]);
        scenario.expect = never(cases, behind);
        all.push(scenario);
    };
    let gives = |result: Json| Reply { result: Some(result), ..Reply::default() };
    if ask.decides {
        for case in refusing(cases, question) {
            add(&format!("is answered `{case}`"), Reply { decided: Some(case), ..Reply::default() });
        }
    } else {
        let read = read_refusal(cases, step).filter(|_| ask.negative.is_empty());
        add("is refused", gives(read.unwrap_or_else(|| refusal(ask))));
        add("is answered with something else", gives(value(&ask.answer, Json::from("?"))));
        add("is answered with nothing", gives(Json::Null));
    }
    add("is not answered", Reply { timeout: true, ..Reply::default() });
    add("cannot be asked", Reply { error: Some("unavailable".into()), ..Reply::default() });
    if let Some(seconds) = ask.timeout_seconds.and_then(|s| i64::try_from(s).ok()) {
        let takes = Some(Duration(seconds.saturating_mul(1000).saturating_add(LATE)));
        let yes = cases.says_yes(question).unwrap_or_default();
        add("is answered with yes, too late", Reply { takes, ..yes });
    }
    if cases.around.own_approver.contains(&step.id) {
        let yes = cases.says_yes(question).unwrap_or_default();
        add("is answered by whoever asked or benefits", yes);
    }
}

/// The ways of a question that do not mean yes; where all lead to a change, those whose words mean no, else all but the
/// first.
fn refusing(cases: &Cases<'_, '_>, question: StepIx) -> Vec<Text> {
    let (yes, no) = cases.ways(question);
    if !no.is_empty() {
        return no;
    }
    let negative: Vec<Text> = yes.iter().filter(|w| means_no(w)).cloned().collect();
    if negative.is_empty() { yes.into_iter().skip(1).collect() } else { negative }
}

/// Words that mean no wherever they are an answer.
fn means_no(word: &str) -> bool {
    let word = word.trim().to_lowercase();
    let starts = ["reject", "den", "declin", "refus", "cancel", "ignor", "leave", "keep", "not "];
    matches!(&*word, "no" | "false" | "n" | "none") || starts.iter().any(|s| word.starts_with(s))
}

/// The answer no.
fn refusal(ask: &Ask) -> Json {
    let no = match (ask.negative.first(), ask.positive.first()) {
        (Some(no), _) => word(no),
        (None, Some(yes)) if yes == "true" => Json::Bool(false),
        _ => Json::from("Reject"),
    };
    value(&ask.answer, no)
}

/// The refusal that a condition looks for, where it looks for it; where the definition says nowhere else how a no is given.
fn read_refusal(cases: &Cases<'_, '_>, step: &Step) -> Option<Json> {
    let conditions = cases.w.edges.iter().filter_map(|e| match &e.kind {
        EdgeKind::When { condition, .. } => Some(&condition.term),
        _ => None,
    });
    let mut work: Vec<&Term> = conditions.collect();
    while let Some(term) = work.pop() {
        let Term::Call(f, args) = term else { continue };
        match (f, args.as_slice()) {
            (Function::Equals | Function::EqualsIgnoreCase, [Term::Ref(r), Term::Text(word)])
                if r.root == Root::Step(step.id.clone()) && means_no(word) =>
            {
                let keys: Option<Vec<&str>> = r.path.iter().map(key).collect();
                return Some(value(&keys?.join(".").into(), Json::from(word.as_str())));
            }
            _ => work.extend(args),
        }
    }
    None
}

fn key(segment: &Segment) -> Option<&str> {
    if let Segment::Key(key) = segment { Some(key) } else { None }
}

/// A word of an answer as the platform gives it.
pub(super) fn word(word: &Text) -> Json {
    match word.as_str() {
        "true" => Json::Bool(true),
        "false" => Json::Bool(false),
        other => Json::from(other),
    }
}

/// A value where a question's answer stands in its result.
pub(super) fn value(path: &Text, answer: Json) -> Json {
    let keys: Vec<&str> = path.split('.').filter(|k| !k.is_empty()).collect();
    keys.into_iter().rev().fold(answer, |inner, key| {
        let mut map = Map::new();
        map.insert(key.to_owned(), inner);
        Json::Object(map)
    })
}

/// None of these changes is ever made.
pub(super) fn never(cases: &Cases<'_, '_>, changes: &[StepIx]) -> Expect {
    let pattern =
        |c: &StepIx| cases.step(*c).map(|s| Pattern { step: Some(cases.label(s)), ..Pattern::default() });
    Expect { never: changes.iter().filter_map(pattern).collect(), ..Expect::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_stand_where_the_question_says() {
        assert_eq!(
            value(&"formData.decision".into(), word(&"No".into())),
            serde_json::json!({"formData": {"decision": "No"}})
        );
        assert_eq!(value(&Text::default(), word(&"false".into())), Json::Bool(false));
        let ask = Ask { answer: "data.approved".into(), positive: vec!["true".into()], ..Ask::default() };
        assert_eq!(refusal(&ask), serde_json::json!({"data": {"approved": false}}));
    }
}
