//! What the page is given: a row for every workflow, small, for the inventory and its search; its details, read only
//! when they are shown; the pages of the rules that found something; and what is said of the whole.

use crate::accept::{Accepted, Note};
use crate::report::view::{Count, View};
use crate::report::{Item, words};
use crate::scan::Scan;
use crate::scan::model::{Body, FileVerdict, StepReport, TriggerReport, kinds, named};
use crate::test::tested::Tested;
use machine::properties::property;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use workflow::{Finding, Kind, Problem, Text, Walk};

#[derive(Serialize)]
pub struct Row<'s> {
    name: &'s str,
    id: Option<&'s str>,
    path: &'s str,
    line: u32,
    platform: &'s str,
    title: &'s str,
    /// By the closure, as in the terminal's summary: 0 to 3, 4 for opaque.
    tier: u8,
    access: bool,
    off: bool,
    kinds: Vec<Kind>,
    /// Where it changes access.
    systems: Vec<&'s str>,
    /// What else it uses.
    others: Vec<&'s str>,
    trigger: &'s str,
    open: bool,
    gate: &'s str,
    /// Findings from info to critical.
    count: [usize; 5],
    rules: BTreeSet<&'s str>,
}

/// The row of a workflow.
pub fn row<'s>(item: &'s Item<'_>) -> Row<'s> {
    let (head, body) = (item.head, &item.body);
    let trigger = body.main_trigger();
    let mut count = Count::default();
    count.add(&body.findings);
    let changed = systems(item, &BTreeSet::new(), |kind| kind <= Kind::ChangePolicy);
    let named_so_far: BTreeSet<&str> = changed.iter().copied().collect();
    Row {
        name: &head.name,
        id: head.id.as_deref(),
        path: &item.file.path,
        line: body.line,
        platform: head.platform.as_str(),
        title: head.platform.title(),
        tier: if head.closure.opaque { 4 } else { head.closure.tier.min(3) },
        access: head.changes_access(),
        off: head.off,
        kinds: named(head.effects).collect(),
        systems: changed,
        others: systems(item, &named_so_far, |_| true),
        trigger: trigger.map_or("", |t| t.kind.as_str()),
        open: trigger.is_some_and(|t| t.authenticated == Some(false)),
        gate: &body.gate,
        count: count.0,
        rules: body.findings.iter().map(|f| f.rule.as_str()).collect(),
    }
}

/// The systems that effects of some kinds act on, without those already named.
fn systems<'s>(item: &'s Item<'_>, but: &BTreeSet<&str>, of: fn(Kind) -> bool) -> Vec<&'s str> {
    let effects = item.body.steps.iter().flat_map(|s| &s.effects).filter(|e| of(e.kind));
    let known = effects.map(|e| e.system.as_str()).filter(|s| !s.is_empty() && !but.contains(s));
    known.collect::<BTreeSet<_>>().into_iter().collect()
}

#[derive(Serialize)]
pub struct Detail<'s> {
    description: &'s str,
    told: String,
    gated: &'s str,
    class: &'s str,
    digest: String,
    closure: Closure<'s>,
    triggers: Vec<Trigger<'s>>,
    steps: Vec<Step<'s>>,
    /// From, to, label: numbers of steps, triggers as -1, -2, …
    edges: Vec<(i32, i32, &'s str)>,
    findings: Vec<Told<'s>>,
    /// What some run breaks and no rule speaks of, with the properties' names as rules.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refuted: Vec<Told<'s>>,
    accepted: Vec<AcceptedTold<'s>>,
    /// What scenarios covered: a step or one of its ways, and whether some scenario went there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    coverage: Vec<(&'s str, &'s str, bool)>,
    /// Names of stations of walks that are no steps of this workflow.
    callers: BTreeMap<&'s str, &'s str>,
}

#[derive(Serialize)]
struct Closure<'s> {
    kinds: Vec<Kind>,
    calls: &'s [String],
    missing: &'s [Text],
    digest: String,
}

#[derive(Serialize)]
struct Trigger<'s> {
    id: &'s str,
    name: &'s str,
    words: String,
    open: bool,
    line: u32,
}

#[derive(Serialize)]
struct Step<'s> {
    id: &'s str,
    name: &'s str,
    #[serde(skip_serializing_if = "str::is_empty")]
    operation: &'s str,
    line: u32,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    off: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    gate: &'s str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    effects: Vec<Effect<'s>>,
}

#[derive(Serialize)]
struct Effect<'s> {
    kind: Kind,
    #[serde(skip_serializing_if = "str::is_empty")]
    system: &'s str,
    #[serde(skip_serializing_if = "str::is_empty")]
    identity: &'s str,
    #[serde(skip_serializing_if = "str::is_empty")]
    entitlement: &'s str,
    evidence: workflow::Evidence,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    privileged: bool,
}

#[derive(Serialize)]
struct Told<'s> {
    rule: &'s str,
    severity: &'s str,
    confidence: &'s str,
    steps: &'s [Text],
    path: &'s [Walk],
    line: u32,
    message: &'s str,
    fix: &'s str,
}

#[derive(Serialize)]
struct AcceptedTold<'s> {
    finding: Told<'s>,
    by: crate::accept::By,
    place: &'s str,
    reason: &'s str,
    expires: &'s str,
}

/// What the scenarios of a workflow covered, over all its files of scenarios.
fn coverage<'s>(item: &Item<'_>, tested: &'s [Tested]) -> Vec<(&'s str, &'s str, bool)> {
    let own = tested.iter().filter(|t| t.path == item.file.path && t.workflow == item.head.name);
    let mut all: Vec<(&str, &str, bool)> = Vec::new();
    for one in own.filter_map(|t| t.coverage.as_ref()).flat_map(|c| &c.items) {
        match all.iter_mut().find(|(step, way, _)| *step == one.step && *way == one.way) {
            Some((_, _, covered)) => *covered |= one.covered,
            None => all.push((&one.step, &one.way, one.covered)),
        }
    }
    all
}

/// The details of a workflow.
pub fn detail<'s>(item: &'s Item<'_>, tested: &'s [Tested]) -> Detail<'s> {
    let (head, body) = (item.head, &item.body);
    Detail {
        description: &body.description,
        told: format!("{} {}", words::start(item), words::deeds(item)),
        gated: words::gate(item),
        class: head.class(),
        digest: head.digest.to_string(),
        closure: Closure {
            kinds: kinds(head.closure.effects).filter(|k| *k != Kind::Control).collect(),
            calls: &head.closure.calls,
            missing: &head.closure.missing,
            digest: head.closure.digest.to_string(),
        },
        triggers: body.triggers.iter().map(trigger).collect(),
        steps: body.steps.iter().map(step).collect(),
        edges: body.edges.iter().map(|e| (e.from, e.to, e.label.as_str())).collect(),
        findings: body.findings.iter().map(told).collect(),
        refuted: item.refuted.iter().map(told).collect(),
        accepted: item.accepted.iter().map(accepted).collect(),
        coverage: coverage(item, tested),
        callers: body.callers.iter().map(|c| (c.id.as_str(), c.name.as_str())).collect(),
    }
}

/// What is needed to draw a workflow.
#[derive(Serialize)]
pub struct Drawing<'s> {
    triggers: Vec<Trigger<'s>>,
    steps: Vec<Step<'s>>,
    edges: Vec<(i32, i32, &'s str)>,
}

/// A workflow as it is drawn.
pub fn drawing(body: &Body) -> Drawing<'_> {
    Drawing {
        triggers: body.triggers.iter().map(trigger).collect(),
        steps: body.steps.iter().map(step).collect(),
        edges: body.edges.iter().map(|e| (e.from, e.to, e.label.as_str())).collect(),
    }
}

fn trigger(trigger: &TriggerReport) -> Trigger<'_> {
    Trigger {
        id: &trigger.id,
        name: words::trigger_name(trigger),
        words: words::trigger_words(trigger),
        open: trigger.authenticated == Some(false),
        line: trigger.line,
    }
}

fn step(step: &StepReport) -> Step<'_> {
    let effects = step.effects.iter().filter(|e| e.kind != Kind::Control).map(|e| Effect {
        kind: e.kind,
        system: &e.system,
        identity: &e.identity,
        entitlement: &e.entitlement,
        evidence: e.evidence,
        privileged: e.privileged,
    });
    Step {
        id: &step.id,
        name: &step.name,
        operation: &step.operation,
        line: step.line,
        off: step.off,
        gate: &step.gate,
        effects: effects.collect(),
    }
}

fn told(finding: &Finding) -> Told<'_> {
    Told {
        rule: &finding.rule,
        severity: finding.severity.as_str(),
        confidence: finding.confidence.as_str(),
        steps: &finding.steps,
        path: &finding.path,
        line: finding.line,
        message: &finding.message,
        fix: &finding.fix,
    }
}

fn accepted(accepted: &Accepted) -> AcceptedTold<'_> {
    AcceptedTold {
        finding: told(&accepted.finding),
        by: accepted.by,
        place: &accepted.place,
        reason: &accepted.reason,
        expires: &accepted.expires,
    }
}

/// The rules that found something, and the properties that are refuted beside them.
#[derive(Default)]
pub struct Rules(BTreeSet<Text>);

impl Rules {
    /// Adds the rules of a workflow's findings.
    pub fn add(&mut self, item: &Item<'_>) {
        let accepted = item.accepted.iter().map(|a| &a.finding);
        for finding in item.body.findings.iter().chain(accepted).chain(&item.refuted) {
            if !self.0.contains(&finding.rule) {
                self.0.insert(finding.rule.clone());
            }
        }
    }

    /// Their pages, by rule.
    pub fn pages(&self) -> BTreeMap<&str, &'static str> {
        let page = |id: &str| match check::rule(id) {
            Some(rule) => Some(rule.page),
            None => property(id).map(|p| p.page),
        };
        self.0.iter().filter_map(|id| page(id).map(|page| (id.as_str(), page))).collect()
    }
}

#[derive(Serialize)]
pub struct Summary<'s> {
    version: &'static str,
    files: usize,
    unreadable: usize,
    problems: Vec<&'s Problem>,
    /// Paths of files that hold no workflow, by what they are instead.
    others: BTreeMap<&'s str, Vec<&'s str>>,
    ignores: Vec<Note>,
}

/// What is said of the whole.
pub fn summary<'s>(scan: &'s Scan, view: &View<'_>) -> Summary<'s> {
    let mut others: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for file in &scan.files {
        if let FileVerdict::NotWorkflow(reason) = &file.verdict {
            others.entry(reason).or_default().push(&file.path);
        }
    }
    Summary {
        version: env!("CARGO_PKG_VERSION"),
        files: scan.files.len(),
        unreadable: scan.files.iter().filter(|f| f.verdict == FileVerdict::Unreadable).count(),
        problems: scan.problems.iter().chain(scan.files.iter().flat_map(|f| &f.problems)).collect(),
        others,
        ignores: view.acceptance.notes(),
    }
}
