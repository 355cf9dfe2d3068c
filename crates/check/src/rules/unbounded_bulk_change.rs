//! `unbounded-bulk-change`: one run can change an unbounded number of identities.

use super::{Rule, Scope};
use crate::facts::{Change, Facts};
use crate::gate::Gate;
use crate::provenance::{How, Origin, Source, loop_lists};
use crate::set::Place;
use workflow::{Finding, Kind, LoopKind, Platform, Returns, Segment, Severity, Step, StepIx, StepKind, Value};

/// The rule.
pub static RULE: Rule = Rule {
    id: "unbounded-bulk-change",
    severity: Severity::High,
    scope: Scope::Changes,
    page: include_str!("unbounded_bulk_change.md"),
    check,
};

/// A list this short is a bound.
const SHORT: u64 = 250;

fn check(facts: &Facts<'_, '_>, out: &mut Vec<Finding>) {
    for change in facts.live_changes().filter(|c| c.verdict.gate != Gate::Present) {
        let identity = &facts.step(change.step).target.identity;
        let sources = facts.set.deep(facts.place(change.step), identity);
        let told = everyone(identity)
            .or_else(|| in_loop(facts, change.step, &sources))
            .or_else(|| itemwise(facts, &sources))
            .or_else(|| given_list(facts, &sources))
            .or_else(|| fanned_out(facts, &sources));
        if let Some(told) = told.filter(|_| !asked_for_each(facts, change)) {
            let message = format!("{} {} {told}.", facts.name(change.step), facts.deed(change.step));
            out.push(facts.report(&RULE, change.step, message, FIX));
        }
    }
    for step in facts.reached.steps().filter(|s| !facts.step(*s).changes_access()) {
        if let Some(told) = helper(facts, step) {
            let mut finding = facts.report(&RULE, step, told, FIX);
            finding.severity = RULE.severity;
            out.push(finding);
        }
    }
}

const FIX: &str = "Stop above a number of identities that is normal for one run and ask a person who sees the list, \
                   or ask for each.";

/// A question inside the same loop is asked for each, however badly its answer is read.
fn asked_for_each(facts: &Facts<'_, '_>, change: &Change) -> bool {
    let own = facts.graph.loop_of(change.step);
    let asked = change.verdict.question.filter(|_| change.verdict.gate == Gate::FailsOpen);
    own.is_some() && asked.is_some_and(|q| facts.graph.loop_of(q) == own)
}

/// A loop without a bound, of which each round changes another identity.
fn in_loop(facts: &Facts<'_, '_>, step: StepIx, sources: &[Source]) -> Option<String> {
    let by_item = |outer: &StepIx| sources.iter().any(|s| s.workflow == facts.index && s.how.item == Some(*outer));
    let loops = facts.graph.loops_of(step);
    let open = loops.iter().copied().find(|l| is_unbounded(facts, *l) && (by_item(l) || follows(facts, *l, sources)));
    open.filter(|l| !of_one_identity(facts, *l)).map(|l| {
        format!("for everything that {} goes through, however much that is", facts.name(l))
    })
}

/// The identity comes out of a step inside the loop that works on the loop's item.
fn follows(facts: &Facts<'_, '_>, outer: StepIx, sources: &[Source]) -> bool {
    sources.iter().any(|s| match s.origin {
        Origin::Step(step) if s.workflow == facts.index && facts.graph.contains(outer, step) => {
            facts.set.inputs(facts.place(step)).iter().any(|i| i.how.item == Some(outer))
        }
        _ => false,
    })
}

fn is_unbounded(facts: &Facts<'_, '_>, step: StepIx) -> bool {
    let StepKind::Loop(LoopKind::Each { bound, .. }) = facts.step(step).kind else { return false };
    bound.is_none_or(|b| b > SHORT)
}

/// The list belongs to one identity (its accounts, its groups) or is short by the read that made it.
fn of_one_identity(facts: &Facts<'_, '_>, outer: StepIx) -> bool {
    let place = facts.place(outer);
    let lists = loop_lists(facts.step(outer));
    let sources: Vec<Source> = lists.iter().flat_map(|e| facts.set.term_sources(place, &e.term)).collect();
    let reads: Vec<Place> = sources
        .iter()
        .filter_map(|s| match s.origin {
            Origin::Step(step) => Some(Place { workflow: s.workflow, step }),
            _ => None,
        })
        .collect();
    !reads.is_empty() && reads.iter().all(|r| about_one(facts, *r) || limited(facts, *r))
}

/// A read that is asked about a single identity.
fn about_one(facts: &Facts<'_, '_>, at: Place) -> bool {
    let step = facts.set.graph(at.workflow).step(at.step);
    step.live_effects().iter().any(|e| e.kind == Kind::Read) && !step.target.identity.is_empty()
}

/// A read with a constant limit.
fn limited(facts: &Facts<'_, '_>, at: Place) -> bool {
    limit(facts, at, &["limit", "$top", "top", "pagesize", "maxresults", "count"]).is_some_and(|n| n <= SHORT)
}

/// How many a read gives at most by a constant under one of these keys, or in its address; nothing where it goes on to
/// further pages. A limit of 0 is none: Okta's table cards export one that is not set so.
fn limit(facts: &Facts<'_, '_>, at: Place, keys: &[&str]) -> Option<u64> {
    let step = facts.set.graph(at.workflow).step(at.step);
    let (mut least, mut all): (Option<u64>, bool) = (None, false);
    let mut add = |n: Option<u64>| least = least.into_iter().chain(n.filter(|n| *n >= 1)).min();
    let mut look = |v: &Value| {
        for entry in v.entries() {
            let key = entry.key.to_lowercase();
            // Logic Apps collects pages until there are at least so many.
            all |= key == "returnall" && entry.value.as_bool() == Some(true) || key == "minimumitemcount";
            if keys.contains(&key.as_str()) {
                add(match &entry.value {
                    Value::Number(n) | Value::Text(n) => n.parse().ok(),
                    _ => None,
                });
            }
        }
    };
    step.parameters.walk(&mut look);
    if let Some(request) = &step.request {
        request.query.walk(&mut look);
        let text = request.url.as_text().map(str::to_owned);
        let text = text.or_else(|| request.url.as_expression().map(|e| e.text.to_string())).unwrap_or_default();
        for part in text.split(['?', '&']) {
            let limit = part.strip_prefix("limit=").or_else(|| part.strip_prefix("$top="));
            add(limit.and_then(|n| n.parse().ok()));
        }
    }
    least.filter(|_| !all)
}

/// How many rounds a loop has at most, because its list is what a read with a constant limit gives.
pub(super) fn rounds_at_most(facts: &Facts<'_, '_>, outer: StepIx) -> Option<u64> {
    let lists = loop_lists(facts.step(outer));
    let sources: Vec<Source> =
        lists.iter().flat_map(|e| facts.set.term_sources(facts.place(outer), &e.term)).collect();
    // A list that is gathered from several is as long as all of them.
    let whole = |s: &Source| s.how == How::default() && s.path.iter().all(|p| matches!(p, Segment::Key(_)));
    let of = |s: &Source| match s.origin {
        Origin::Step(step) if whole(s) => {
            limit(facts, Place { workflow: s.workflow, step }, &["limit", "$top", "top", "maxresults"])
        }
        _ => None,
    };
    let limits: Vec<u64> = sources.iter().map(of).collect::<Option<_>>()?;
    (lists.len() == 1).then(|| limits.into_iter().max()).flatten()
}

/// A read that gives back as many as there are.
fn gives_many(step: &Step) -> bool {
    let reads = step.live_effects().iter().any(|e| e.kind == Kind::Read);
    let all = || {
        step.parameters.get("returnAll").as_bool() == Some(true)
            || step.operation.to_lowercase().ends_with("getall")
    };
    step.target.returns == Returns::List || (reads && all())
}

/// A platform that runs every step once for each item, fed by a read of a whole list.
fn itemwise(facts: &Facts<'_, '_>, sources: &[Source]) -> Option<String> {
    if !facts.workflow.itemwise {
        return None;
    }
    let list = sources.iter().find_map(|s| {
        let Origin::Step(read) = s.origin else { return None };
        if s.workflow != facts.index {
            return None;
        }
        let at = facts.place(read);
        // A list inside of the one result, taken apart into items.
        let inside = s.path.contains(&Segment::Each) && facts.does(read, Kind::Read);
        let many = (gives_many(facts.step(read)) || inside) && !s.how.first;
        let each = many && !limited(facts, at) && !about_one(facts, at);
        each.then_some(read)
    })?;
    
    Some(format!("for every item that {} gives back, however many there are", facts.name(list)))
}

/// An operation on all that there are; the catalogue says so of those that name nobody.
fn everyone(identity: &[Value]) -> Option<String> {
    let all = identity.iter().filter_map(Value::as_text).find(|t| t.starts_with("every "));
    all.map(|all| format!("for {all} at once, however many there are"))
}

/// A platform that runs every step once for each item, fed by a list that whoever starts the run hands over.
fn given_list(facts: &Facts<'_, '_>, sources: &[Source]) -> Option<String> {
    let listed = |s: &Source| {
        let each = s.path.contains(&Segment::Each) && !s.how.first;
        s.origin == Origin::Trigger && s.caller && s.workflow == facts.index && each
    };
    let told = || "for every entry of the list that it is given, however many there are".to_owned();
    (facts.workflow.itemwise && sources.iter().any(listed)).then(told)
}

/// An action that its platform runs once for each value it is given, however many there are.
fn fanned_out(facts: &Facts<'_, '_>, sources: &[Source]) -> Option<String> {
    match facts.workflow.platform {
        Platform::SplunkSoar => over_values(facts, sources),
        Platform::GoogleSecops => over_entities(sources),
        _ => None,
    }
}

/// Google SecOps runs an action once for each entity in the step's scope: a group of the alert's entities. Its loops end
/// after so many rounds.
fn over_entities(sources: &[Source]) -> Option<String> {
    let scope = |s: &Source| {
        let [Segment::Key(head), Segment::Filter(which), ..] = &*s.path else { return None };
        (s.origin == Origin::Trigger && &**head == "Entity").then(|| which.clone())
    };
    let rounds = sources.iter().any(|s| s.how.item.is_some());
    let which = sources.iter().filter(|_| !rounds).find_map(scope)?;
    Some(format!("for every entity of the alert in its scope (`{which}`), however many there are"))
}

/// Splunk SOAR runs an action once for each value that its data path finds: the artifacts of a case, the values that a
/// playbook is given, a path through a list inside of a result (`data.*` alone is the list of results, one for each that
/// was asked about).
fn over_values(facts: &Facts<'_, '_>, sources: &[Source]) -> Option<String> {
    let read = sources.iter().find_map(|s| {
        let Origin::Step(read) = s.origin else { return None };
        let lists = s.path.iter().filter(|p| **p == Segment::Each).count();
        let step = (s.workflow == facts.index).then(|| facts.step(read))?;
        let many = lists > 1 || lists == 1 && (gives_many(step) || step.operation.starts_with("list "));
        (many && !limited(facts, facts.place(read))).then_some(read)
    });
    if let Some(read) = read {
        return Some(format!("for everything that {} finds, however much that is", facts.name(read)));
    }
    sources.iter().find_map(|s| {
        let Some(Segment::Key(head)) = s.path.first() else { return None };
        let told = match &**head {
            "artifact" if s.path.contains(&Segment::Each) => "for every artifact of the case",
            "playbook_input" => "for every value that it is given",
            _ => return None,
        };
        (s.origin == Origin::Trigger).then(|| format!("{told}, however many there are"))
    })
}

/// A call, once for each item of a list, of a workflow that changes access of the one it is given.
pub(super) fn helper(facts: &Facts<'_, '_>, step: StepIx) -> Option<String> {
    let place = facts.place(step);
    let call = facts.set.calls(place).find(|c| c.to.is_some() && !c.itself)?;
    if !facts.calls_change(step) || facts.judge.verdict(place).gate == Gate::Present {
        return None;
    }
    let given = facts.set.deep(place, std::slice::from_ref(call.input));
    let own_loop = is_unbounded(facts, step);
    let by_item = given.iter().any(|s| s.how.item == Some(step));
    let streams = facts.workflow.platform == Platform::OktaWorkflows
        && facts.does(step, Kind::Read)
        && facts.step(step).target.returns == Returns::List;
    let outer = in_loop(facts, step, &given);
    let open = (own_loop || by_item) && !of_one_identity(facts, step) || streams || outer.is_some();
    let identity = changed_identity(facts, step, call.to?);
    (open && identity).then(|| {
        let called = &facts.set.workflows[call.to.unwrap_or_default() as usize].name;
        format!("{} runs `{called}`, which changes access, once for each item, however many there are.", facts.name(step))
    })
}

/// What a streaming card hands on besides each record is the same for all.
fn is_state(source: &Source) -> bool {
    matches!(source.path.first(), Some(Segment::Key(k)) if k == "State")
}

/// A called workflow changes the identity that this step gives it from its list.
fn changed_identity(facts: &Facts<'_, '_>, step: StepIx, workflow: u32) -> bool {
    facts.set.closure(workflow).into_iter().any(|w| {
        let graph = facts.set.graph(w);
        graph.steps().filter(|s| graph.step(*s).changes_access()).any(|s| {
            let at = Place { workflow: w, step: s };
            let identity = &graph.step(s).target.identity;
            let from_item = |x: &Source| {
                let here = x.workflow == facts.index;
                let list = x.origin == Origin::Step(step);
                let given = x.origin == Origin::Trigger && x.workflow == w && !is_state(x);
                here && (x.how.item.is_some() || list) || given
            };
            identity.is_empty() || facts.set.deep(at, identity).iter().any(from_item)
        })
    })
}
