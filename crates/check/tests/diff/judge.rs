//! Whether sentences name what a mutant did. Judged by the edit and by walks over both graphs that this file makes on its
//! own: nothing of the difference's kinds, gates or proofs is asked.

use machine::mutate::{Edit, Mutant};
use std::collections::VecDeque;
use workflow::{
    Edge, EdgeKind, LoopKind, Node, Reference, Root, Segment, Step, StepIx, StepKind, Term, Value, Workflow,
};

/// A workflow before and after an edit.
pub struct Pair<'w> {
    pub old: &'w Workflow,
    pub new: &'w Workflow,
    pub mutant: &'w Mutant,
}

impl Pair<'_> {
    /// Whether a sentence names what was done.
    pub fn is_named_by(&self, sentence: &str) -> bool {
        let says = |words: &[&str]| words.iter().any(|w| sentence.contains(w));
        let names = |step: StepIx| names(sentence, &self.old.steps[step.0 as usize]);
        match &self.mutant.edit {
            Edit::Constant(edge, _) => {
                let freed = self.freed();
                let Some(step) = source(self.old, *edge) else { return false };
                let condition = names(step) && says(&["always", "never"]);
                if freed.is_empty() {
                    condition
                } else {
                    freed.iter().any(|c| names(*c)) && says(&["without", "whatever"])
                }
            }
            Edit::Negate(edge) => {
                let Some(step) = source(self.old, *edge) else { return false };
                let turned = names(step) && says(&["opposite", "not ", "≠", "instead of"]);
                turned
                    || self.behind(step).iter().any(|c| names(*c)) && says(&["without", "whatever", "answer"])
            }
            Edit::Drop(edge, part) => {
                let Some(step) = source(self.old, *edge) else { return false };
                let dropped = self.dropped(*edge, *part);
                // A part that compares nothing with nothing has no words.
                let told = dropped.is_empty() || dropped.iter().any(|word| sentence.contains(word.as_str()));
                names(step) && told && says(&["no longer"])
                    || self.freed().iter().any(|c| names(*c)) && says(&["without", "whatever"])
            }
            Edit::Redirect(edge, _) => {
                let kind = &self.old.edges[*edge as usize].kind;
                source(self.old, *edge).is_some_and(names) && says(silence(kind))
            }
            Edit::Add(from, _, kind) => names(*from) && says(silence(kind)),
            Edit::Bypass(asked, past) => {
                let freed = self.reached_without(*asked);
                if freed.is_empty() {
                    names(*past) && names(*asked)
                } else {
                    freed.iter().any(|c| names(*c)) && says(&["without"])
                }
            }
            Edit::Approver(step, whom) => {
                let words: Vec<String> = whom.iter().flat_map(of_value).collect();
                names(*step) && (words.is_empty() || words.iter().any(|w| sentence.contains(w.as_str())))
            }
            Edit::Everybody(step) => names(*step) && says(&["everybody"]),
            Edit::Everything(step) => names(*step) && says(&["everything"]),
            Edit::Off(step) => names(*step) && says(&["switched off", "no longer"]),
            Edit::Delay(step, days) => names(*step) && sentence.contains(&format!("{days} days")),
            Edit::Swallow(step) => {
                names(*step) && says(&["fails", "failure"]) && says(&["goes on", "go on", "no longer"])
            }
            Edit::Double(step) => names(*step) && says(&["twice", "again", "a second time"]),
            Edit::Raise(step) => names(*step) && sentence.contains(&bound(&self.new.steps[step.0 as usize])),
        }
    }

    /// The changes of access that a run now reaches without a condition on somebody's answer, as none did before.
    fn freed(&self) -> Vec<StepIx> {
        let (before, after) = (reach(self.old, &asks_first), reach(self.new, &asks_first));
        changes(self.old).filter(|s| after[s.0 as usize] && !before[s.0 as usize]).collect()
    }

    /// The changes of access that a run may come to from a step, before or after.
    fn behind(&self, step: StepIx) -> Vec<StepIx> {
        let (before, after) =
            (reach_from(self.old, Node::Step(step)), reach_from(self.new, Node::Step(step)));
        changes(self.old).filter(|s| before[s.0 as usize] || after[s.0 as usize]).collect()
    }

    /// The changes of access that a run now reaches without passing a step, as none did before.
    fn reached_without(&self, step: StepIx) -> Vec<StepIx> {
        let past = move |_: &Workflow, e: &Edge| e.to == step;
        let (before, after) = (reach(self.old, &past), reach(self.new, &past));
        changes(self.old).filter(|s| after[s.0 as usize] && !before[s.0 as usize]).collect()
    }

    /// The words of the part of a condition that was left out.
    fn dropped(&self, edge: u32, part: usize) -> Vec<String> {
        let EdgeKind::When { condition, .. } = &self.old.edges[edge as usize].kind else { return Vec::new() };
        let Term::Call(_, parts) = &condition.term else { return Vec::new() };
        parts.get(part).map(of_term).unwrap_or_default()
    }
}

/// Whether a sentence has a step's name, or its id, as names stand in sentences.
fn names(sentence: &str, step: &Step) -> bool {
    let has = |name: &str| {
        let line: String = name.split_whitespace().collect::<Vec<_>>().join(" ").replace('`', "'");
        let start: String = line.chars().take(40).collect();
        !start.is_empty() && sentence.contains(&format!("`{start}"))
    };
    has(&step.name) || has(&step.id)
}

fn silence(kind: &EdgeKind) -> &'static [&'static str] {
    if *kind == EdgeKind::Timeout { &["in time", "no answer", "time-out"] } else { &["fail", "error"] }
}

fn source(w: &Workflow, edge: u32) -> Option<StepIx> {
    match w.edges.get(edge as usize)?.from {
        Node::Step(step) => Some(step),
        Node::Trigger(_) => None,
    }
}

fn changes(w: &Workflow) -> impl Iterator<Item = StepIx> + '_ {
    (0u32..).zip(&w.steps).filter(|(_, s)| s.changes_access()).map(|(i, _)| StepIx(i))
}

/// An edge that is only taken by what somebody answered, or never.
fn asks_first(w: &Workflow, edge: &Edge) -> bool {
    let asks = |id: &str| {
        w.steps.iter().any(|s| {
            s.id == id && (s.ask.is_some() || s.effects.iter().any(|e| e.kind == workflow::Kind::Ask))
        })
    };
    match &edge.kind {
        EdgeKind::When { condition, .. } => {
            let asked =
                references(&condition.term).iter().any(|r| matches!(&r.root, Root::Step(id) if asks(id)));
            let own = source_step(w, edge).is_some_and(|s| s.ask.as_ref().is_some_and(|a| a.decides));
            let constant = matches!(condition.term, Term::Bool(_));
            condition.term == Term::Bool(false) || asked || own && !constant
        }
        _ => false,
    }
}

fn source_step<'w>(w: &'w Workflow, edge: &Edge) -> Option<&'w Step> {
    match edge.from {
        Node::Step(step) => w.step(step),
        Node::Trigger(_) => None,
    }
}

/// The steps that a run reaches from any trigger without some edges.
fn reach(w: &Workflow, without: &dyn Fn(&Workflow, &Edge) -> bool) -> Vec<bool> {
    walk(w, (0u32..).zip(&w.triggers).map(|(i, _)| Node::Trigger(i)).collect(), without)
}

fn reach_from(w: &Workflow, from: Node) -> Vec<bool> {
    walk(w, VecDeque::from([from]), &|_, _| false)
}

fn walk(w: &Workflow, mut open: VecDeque<Node>, without: &dyn Fn(&Workflow, &Edge) -> bool) -> Vec<bool> {
    let mut seen = vec![false; w.steps.len()];
    while let Some(at) = open.pop_front() {
        for edge in w.edges.iter().filter(|e| e.from == at && !without(w, e)) {
            if !std::mem::replace(&mut seen[edge.to.0 as usize], true) {
                open.push_back(Node::Step(edge.to));
            }
        }
    }
    seen
}

fn references(term: &Term) -> Vec<&Reference> {
    match term {
        Term::Ref(r) => vec![r],
        Term::Unknown(all) => all.iter().collect(),
        Term::Template(ts) | Term::List(ts) | Term::Call(_, ts) => ts.iter().flat_map(references).collect(),
        Term::Map(entries) => entries.iter().flat_map(|(_, t)| references(t)).collect(),
        _ => Vec::new(),
    }
}

/// The constants and the last names of references in a term.
fn of_term(term: &Term) -> Vec<String> {
    let mut found: Vec<String> = references(term).into_iter().filter_map(of_reference).collect();
    constants(term, &mut found);
    found
}

fn of_reference(r: &Reference) -> Option<String> {
    let key =
        r.path.iter().rev().find_map(|s| if let Segment::Key(k) = s { Some(k.to_string()) } else { None });
    key.or_else(|| match &r.root {
        Root::Step(n) | Root::Variable(n) | Root::Parameter(n) | Root::Secret(n) => Some(n.to_string()),
        _ => None,
    })
}

fn constants(term: &Term, found: &mut Vec<String>) {
    match term {
        Term::Text(t) | Term::Number(t) if !t.is_empty() => found.push(t.to_string()),
        Term::Bool(b) => found.push(b.to_string()),
        Term::Template(ts) | Term::List(ts) | Term::Call(_, ts) => {
            ts.iter().for_each(|t| constants(t, found))
        }
        Term::Map(entries) => entries.iter().for_each(|(_, t)| constants(t, found)),
        _ => {}
    }
}

/// The words of a value: its constants, and what its expressions refer to.
pub fn of_value(value: &Value) -> Vec<String> {
    match value {
        Value::Text(t) | Value::Number(t) if !t.is_empty() => vec![t.chars().take(40).collect()],
        Value::Expr(e) => {
            let mut found = of_term(&e.term);
            found.push(e.text.chars().take(30).collect());
            found
        }
        Value::List(items) => items.iter().flat_map(of_value).collect(),
        Value::Map(m) => m.0.iter().flat_map(|e| of_value(&e.value)).collect(),
        _ => Vec::new(),
    }
}

/// How often a loop may repeat, as a number.
fn bound(step: &Step) -> String {
    match &step.kind {
        StepKind::Loop(LoopKind::Each { bound: Some(n), .. } | LoopKind::While { bound: Some(n) }) => {
            n.to_string()
        }
        _ => "a number".to_owned(),
    }
}
