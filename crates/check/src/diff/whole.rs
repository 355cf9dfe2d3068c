//! Two sides compared as wholes: pairs of workflows, what each pair's parts say, and what that means for callers.

use super::gates::View;
use super::steps::Matched;
use super::{
    Area, Blast, Change, Difference, Direction, Side, blast, flow, gates, hidden, pair, record, step_change,
    values, words,
};
use crate::facts::{Facts, Judge};
use crate::proofs::Proof;
use crate::record::Context;
use crate::set::Set;
use std::collections::{BTreeSet, HashMap};
use workflow::{CalleeKey, Finding, Text, Workflow};

/// What is common to all pairs.
struct Both<'s, 'w> {
    old: &'s Side,
    new: &'s Side,
    judges: (&'s Judge<'s, 'w>, &'s Judge<'s, 'w>),
    nothing: &'s Context,
}

pub(super) fn compare(old: &Side, new: &Side) -> Vec<Difference> {
    let pairs = pair::pairs(old, new);
    let sets = (Set::new(&old.workflows), Set::new(&new.workflows));
    let (first, second) = (Judge::new(&sets.0, &[]), Judge::new(&sets.1, &[]));
    let nothing = Context::default();
    let both = Both { old, new, judges: (&first, &second), nothing: &nothing };
    let mut found: Vec<Difference> = pairs.iter().map(|p| both.pair(*p)).collect();
    called(&sets.1, &pairs, &mut found);
    for difference in &mut found {
        let (cosmetic, changes) = std::mem::take(&mut difference.changes)
            .into_iter()
            .partition(|c: &Change| c.area == Area::Cosmetic);
        (difference.cosmetic, difference.changes) = (cosmetic, changes);
        difference.changes.sort_by_key(order);
    }
    found.retain(|d| {
        let told = d.is_changed() || !d.cosmetic.is_empty();
        told || !d.gained.is_empty() || !d.lost.is_empty() || d.digests.0 != d.digests.1
    });
    found.sort_by_key(|d| {
        d.changes.first().map_or((Area::Cosmetic, Direction::Better), |c| (c.area, c.direction))
    });
    found
}

/// What is told first.
fn order(c: &Change) -> (Area, Direction, u8) {
    (c.area, c.direction, rank(c.kind))
}

/// Within an area and a direction: what is about the run before what is about a setting.
fn rank(kind: &str) -> u8 {
    match kind {
        "gate-lost" | "gate-weakened" => 0,
        "effect-gained" | "effect-widened" | "effect-lost" | "approver" | "condition" => 1,
        "parameter" | "path" => 3,
        _ => 2,
    }
}

impl Both<'_, '_> {
    fn pair(&self, (o, n): (Option<usize>, Option<usize>)) -> Difference {
        match (o, n) {
            (Some(o), Some(n)) => {
                let mut difference = self.two(o, n);
                let record = |side: &Side, i: usize| side.records.get(i).cloned().flatten();
                let (was, is) = (record(self.old, o), record(self.new, n));
                difference.changes.extend(record::changes(was.as_ref(), is.as_ref()));
                difference
            }
            (None, Some(n)) => alone(self.new, n, true),
            (Some(o), None) => alone(self.old, o, false),
            (None, None) => alone(self.new, 0, true),
        }
    }

    fn two(&self, o: usize, n: usize) -> Difference {
        let (old, new) = (&self.old.workflows[o], &self.new.workflows[n]);
        let mut difference = Difference {
            name: new.name.clone(),
            old: Some(o),
            new: Some(n),
            changes: Vec::new(),
            cosmetic: Vec::new(),
            gained: Vec::new(),
            lost: Vec::new(),
            proofs: Vec::new(),
            blast: Default::default(),
            renamed: Vec::new(),
            digests: (Some(old.digest), Some(new.digest)),
        };
        let judged = (&self.old.judged[o], &self.new.judged[n]);
        let same = old.digest == new.digest && old.name == new.name;
        if same && judged.0.gates == judged.1.gates && judged.0.findings == judged.1.findings && *old == *new
        {
            return difference;
        }
        let matched = Matched::new(old, new);
        difference.renamed = matched.renamed.iter().map(|(a, b)| (a.clone(), b.clone())).collect();
        difference.renamed.sort();
        difference.changes = step_change::changes(old, new, &matched);
        difference.changes.extend(flow::changes(old, new, &matched));
        difference.changes.extend(flow::starts(old, new, &matched));
        difference.changes.extend(definition(old, new, &matched));
        let index = |i: usize| u32::try_from(i).unwrap_or(u32::MAX);
        let was = Facts::new(self.judges.0, index(o), self.nothing);
        let is = Facts::new(self.judges.1, index(n), self.nothing);
        let views = (
            View { judge: self.judges.0, facts: &was, judged: judged.0 },
            View { judge: self.judges.1, facts: &is, judged: judged.1 },
        );
        difference.changes.extend(gates::changes(&views.0, &views.1, &matched));
        difference.proofs = proofs(&views.0, &views.1, &matched);
        gate_of_new(&mut difference.changes, &views.1, &matched);
        difference.gained = findings(
            &judged.1.findings,
            &judged.0.findings,
            |f| f.step.clone(),
            |f| matched.now(&f.step).clone(),
        );
        difference.lost = findings(
            &judged.0.findings,
            &judged.1.findings,
            |f| matched.now(&f.step).clone(),
            |f| f.step.clone(),
        );
        let logic = difference.changes.iter().any(|c| c.area != Area::Cosmetic);
        if !logic {
            difference.changes.extend(hidden::change(old, new, &matched, &difference.changes));
        }
        difference.blast = blast::of(&difference.changes, &was, &is);
        difference
    }
}

/// Says of an access change that is new how it is gated.
fn gate_of_new(changes: &mut [Change], new: &View<'_, '_>, matched: &Matched) {
    for change in changes.iter_mut().filter(|c| c.kind == "effect-gained") {
        let Some(step) = new.facts.graph.find(&change.step) else { continue };
        if matched.back.get(step.0 as usize).copied().flatten().is_some() {
            continue;
        }
        let gate = new.judged.gates.iter().find(|(s, _)| *s == step).map(|(_, g)| *g);
        change.after = new.facts.walk(step);
        change.sentence.push_str(match gate {
            Some(gate) if gates::holds(gate) => " An approval or a check of authority stands before it.",
            Some(_) => " No approval that holds stands before it.",
            None => "",
        });
    }
}

/// Properties that were proved and are not any more, and the other way round.
fn proofs(old: &View<'_, '_>, new: &View<'_, '_>, matched: &Matched) -> Vec<Change> {
    let mut found = Vec::new();
    for is in &new.judged.proofs {
        let same = |p: &&Proof| p.property == is.property && *matched.now(&p.step) == is.step;
        let Some(was) = old.judged.proofs.iter().find(same) else { continue };
        let property = words::code(&is.property);
        let place = new.facts.graph.find(&is.step).map_or("the workflow".to_owned(), |s| new.facts.name(s));
        let (kind, direction, told) = match (was.verdict == "proved", is.verdict == "proved") {
            (true, false) => {
                let told = format!("That {property} holds at {place} is no longer proved: {}.", is.because);
                ("proof-lost", Direction::Worse, told)
            }
            (false, true) => {
                let told = format!("That {property} holds at {place} is now proved.");
                ("proof-gained", Direction::Better, told)
            }
            _ => continue,
        };
        let change = Change::new(Area::Control, kind, &is.step, told).going(direction).on("proofs");
        found.push(Change { before: was.walk.clone(), after: is.walk.clone(), ..change });
    }
    found
}

/// A workflow that only one side has.
fn alone(side: &Side, i: usize, came: bool) -> Difference {
    let (w, judged) = (&side.workflows[i], &side.judged[i]);
    let can: Vec<String> = judged.closure.effects.iter().map(|k| words::code(k.as_str())).collect();
    let can = if can.is_empty() {
        "changes no access".to_owned()
    } else {
        format!("can do {}", crate::tell::enumerate(&can))
    };
    let (area, direction) = match (judged.closure.access_changing || judged.closure.opaque, came) {
        (true, true) => (Area::Access, Direction::Worse),
        (true, false) => (Area::Access, Direction::Open),
        (false, _) => (Area::Data, Direction::Open),
    };
    let (kind, what) = if came { ("workflow-added", "is new") } else { ("workflow-removed", "is gone") };
    let told = format!("The workflow {} {what}: it {can}.", words::code(&w.name));
    let mut change = Change::new(area, kind, &Text::default(), told).going(direction).on("workflows");
    change = if came { change.at(0, w.span.line) } else { change.at(w.span.line, 0) };
    let (gained, lost) =
        if came { (judged.findings.clone(), Vec::new()) } else { (Vec::new(), judged.findings.clone()) };
    let touched = blast::all(w);
    let blast = if came { (Blast::default(), touched) } else { (touched, Blast::default()) };
    Difference {
        name: w.name.clone(),
        old: (!came).then_some(i),
        new: came.then_some(i),
        changes: vec![change],
        cosmetic: Vec::new(),
        gained,
        lost,
        proofs: Vec::new(),
        blast,
        renamed: Vec::new(),
        digests: ((!came).then_some(w.digest), came.then_some(w.digest)),
    }
}

/// What changed about the definition as a whole.
fn definition(old: &Workflow, new: &Workflow, matched: &Matched) -> Vec<Change> {
    let mut found = Vec::new();
    let whole = Text::default();
    let now = |id: &Text| matched.now(id).clone();
    for d in values::apart(&old.parameters, &new.parameters, &now).iter().take(8) {
        let (a, b) = (d.old.as_deref().unwrap_or("nothing"), d.new.as_deref().unwrap_or("nothing"));
        let told = format!("The variable or setting `{}` was {a} and is now {b}.", d.path);
        let step: Text = d.path.as_str().into();
        found.push(Change::new(Area::Control, "variable", &step, told).on("parameters"));
    }
    if old.enabled != new.enabled {
        let told = match new.enabled {
            Some(true) => "The workflow is now switched on.",
            Some(false) => "The workflow is now switched off.",
            None => "The definition no longer says whether the workflow is switched on.",
        };
        found.push(Change::new(Area::Access, "switched", &whole, told.to_owned()).on("enabled"));
    }
    let held = |w: &Workflow| {
        w.credentials
            .iter()
            .map(|c| (c.id.clone(), c.kind.clone(), c.personal, c.callers))
            .collect::<BTreeSet<_>>()
    };
    let (a, b) = (held(old), held(new));
    for (id, kind, ..) in b.difference(&a) {
        let told = format!("The workflow now holds the credential {} ({}).", words::code(id), kind);
        found.push(Change::new(Area::Control, "credential", &whole, told).on("credentials"));
    }
    for (id, kind, ..) in a.difference(&b) {
        let told = format!("The workflow no longer holds the credential {} ({}).", words::code(id), kind);
        found.push(Change::new(Area::Control, "credential", &whole, told).on("credentials"));
    }
    if old.name != new.name {
        let told =
            format!("The workflow {} is now called {}.", words::code(&old.name), words::code(&new.name));
        found.push(Change::new(Area::Cosmetic, "name", &whole, told).on("name"));
    }
    if old.description != new.description || old.owners != new.owners {
        let told = "The workflow's description or owners changed.".to_owned();
        found.push(Change::new(Area::Cosmetic, "description", &whole, told).on("description"));
    }
    found
}

/// The findings of one side that the other does not have.
fn findings(
    these: &[Finding],
    those: &[Finding],
    own: impl Fn(&Finding) -> Text,
    other: impl Fn(&Finding) -> Text,
) -> Vec<Finding> {
    let mut known: HashMap<(Text, Text), usize> = HashMap::new();
    those.iter().for_each(|f| *known.entry((f.rule.clone(), other(f))).or_default() += 1);
    let mut only = Vec::new();
    for finding in these {
        match known.get_mut(&(finding.rule.clone(), own(finding))) {
            Some(n) if *n > 0 => *n -= 1,
            _ => only.push(finding.clone()),
        }
    }
    only
}

/// What a change in a called workflow means for those that call it.
fn called(set: &Set<'_>, pairs: &[(Option<usize>, Option<usize>)], found: &mut [Difference]) {
    let place: HashMap<usize, usize> =
        pairs.iter().enumerate().filter_map(|(i, (_, n))| Some(((*n)?, i))).collect();
    let mut told: Vec<(usize, Change)> = Vec::new();
    for (i, (_, n)) in pairs.iter().enumerate() {
        let Some(caller) = n else { continue };
        for member in set.closure(u32::try_from(*caller).unwrap_or(u32::MAX)).into_iter().skip(1) {
            let Some(at) = place.get(&(member as usize)) else { continue };
            let other = &found[*at];
            let mut changes: Vec<&Change> =
                other.changes.iter().filter(|c| c.area != Area::Cosmetic && !c.is_of_record()).collect();
            changes.sort_by_key(|c| order(c));
            let Some(first) = changes.first() else { continue };
            let step = calling(set, *caller, member).unwrap_or_default();
            let sentence =
                format!("{}, which it starts, changed: {}", words::code(&other.name), first.sentence);
            let change = Change::new(first.area, "called-workflow", &step, sentence).going(first.direction);
            told.push((
                i,
                Change { before: first.before.clone(), after: first.after.clone(), ..change.on("calls") },
            ));
        }
    }
    told.into_iter().for_each(|(i, change)| found[i].changes.push(change));
}

/// The step that starts a workflow, or what leads to it.
fn calling(set: &Set<'_>, caller: usize, member: u32) -> Option<Text> {
    let caller = u32::try_from(caller).ok()?;
    let leads = |to: u32| to == member || set.closure(to).contains(&member);
    let call = set.calls_from(caller).find(|c| c.to.is_some_and(leads))?;
    Some(set.graph(caller).step(call.from.step).id.clone())
}

/// A called workflow, by how it is named.
pub(super) fn callee(key: &CalleeKey) -> String {
    match key {
        CalleeKey::Id(k) | CalleeKey::Name(k) => words::code(k),
        CalleeKey::Itself => "itself".to_owned(),
        CalleeKey::Dynamic(k) => format!("a workflow chosen in the run ({})", words::code(k)),
    }
}
