//! Wires to edges: outputs with their conditions, failures and where they are caught, links.

use super::function::Effects;
use super::kinds::{self, Writes};
use super::members::Group;
use super::network::Network;
use super::rules::Case;
use super::scope::Scope;
use std::collections::{BTreeSet, HashMap, HashSet};
use workflow::{EdgeKind, Expression, Language, Node, OnError, StepIx, StepKind, Term, Workflow};

/// At most so many nodes that catch every failure are wired to everything.
const MOST_CATCHES: usize = 8;

/// Where the nodes of a workflow went.
#[derive(Default)]
pub(super) struct Places {
    /// Steps by item.
    pub(super) steps: HashMap<usize, StepIx>,
    /// Triggers by item.
    pub(super) triggers: HashMap<usize, u32>,
    /// Outputs of switches and functions by item.
    pub(super) cases: HashMap<usize, Vec<Case>>,
    /// Steps at which messages end, though the node starts others.
    pub(super) ends: HashSet<usize>,
}

/// Adds the edges of a workflow.
pub(super) fn connect(workflow: &mut Workflow, network: &Network<'_>, group: &Group<'_>, places: &Places) {
    for &ix in &group.members {
        let item = &network.items[ix];
        let outputs = item.wires.iter().enumerate();
        for (output, to) in outputs.flat_map(|(o, targets)| targets.iter().map(move |to| (o, *to))) {
            let Some(&to) = places.steps.get(&to) else { continue };
            if let Some(&trigger) = places.triggers.get(&ix) {
                workflow.connect(Node::Trigger(trigger), to, EdgeKind::Next);
            }
            if let Some(&from) =
                places.steps.get(&ix).filter(|_| !item.disabled && !places.ends.contains(&ix))
            {
                wire(workflow, from, to, output, item.wires.len(), places.cases.get(&ix));
            }
        }
        let linked = if kinds::links_on(item.node) && !item.disabled {
            network.listed(ix, "links")
        } else {
            Vec::new()
        };
        for to in linked {
            if let (Some(&from), Some(&to)) = (places.steps.get(&ix), places.steps.get(&to)) {
                workflow.connect(Node::Step(from), to, EdgeKind::Next);
            }
        }
    }
    caught(workflow, network, group, places);
}

fn wire(
    w: &mut Workflow,
    from: StepIx,
    to: StepIx,
    output: usize,
    outputs: usize,
    cases: Option<&Vec<Case>>,
) {
    let Some(step) = w.step(from) else { return };
    let continues = step.on_error == OnError::Continue;
    let (is_guard, is_command) = (step.kind == StepKind::Guard, step.connector == "exec");
    let unknown = || Expression {
        language: Language::NodeRed,
        text: "".into(),
        term: Term::Unknown(Vec::new()),
        line: 0,
    };
    let when = |case: String, condition| EdgeKind::When { case: case.into(), condition };
    let kind = match cases.and_then(|c| c.get(output)) {
        Some(Case::When(case, condition)) => {
            EdgeKind::When { case: case.clone(), condition: condition.clone() }
        }
        Some(Case::Otherwise(case)) => EdgeKind::Otherwise { case: case.clone() },
        Some(Case::Always) => EdgeKind::Next,
        None if is_guard => when("changed".to_owned(), unknown()),
        // A command gives its output, its errors and its return code, each by its own output.
        None if outputs > 1 && !is_command => when((output + 1).to_string(), unknown()),
        None => EdgeKind::Next,
    };
    w.connect(Node::Step(from), to, kind);
    if continues && (output == 0 || is_command) {
        w.connect(Node::Step(from), to, EdgeKind::Error);
    }
}

/// Failures go to the nodes that catch them, completion to those that wait for it.
fn caught(workflow: &mut Workflow, network: &Network<'_>, group: &Group<'_>, places: &Places) {
    let mut open = 0;
    let covered = covered(network, group);
    for &ix in &group.members {
        let item = &network.items[ix];
        let Some(&to) = places.steps.get(&ix) else { continue };
        let kind = match item.kind {
            "catch" => EdgeKind::Error,
            "complete" => EdgeKind::Next,
            _ => continue,
        };
        if item.disabled {
            continue;
        }
        let named = item.node.get("scope").is_some_and(|s| s.is_list());
        open += usize::from(!named);
        let from: Vec<usize> = match named {
            true => network.listed(ix, "scope"),
            false if open > MOST_CATCHES || item.kind == "complete" => Vec::new(),
            false => group.members.iter().copied().collect(),
        };
        // One for what nothing else catches gets no failure of a node that another covers.
        let rest = item.kind == "catch" && item.node.bool("uncaught") == Some(true);
        for from in from.into_iter().filter(|from| !rest || !covered.contains(from)) {
            fails(workflow, network, places, from, to, &kind);
        }
    }
}

/// Nodes whose failures go to a catch node that is not only for uncaught ones.
fn covered(network: &Network<'_>, group: &Group<'_>) -> BTreeSet<usize> {
    let catches = group.members.iter().copied().filter(|ix| {
        let item = &network.items[*ix];
        item.kind == "catch" && !item.disabled && item.node.bool("uncaught") != Some(true)
    });
    let named = |ix: usize| network.items[ix].node.get("scope").is_some_and(|s| s.is_list());
    let (some, all): (Vec<usize>, Vec<usize>) = catches.partition(|ix| named(*ix));
    if all.is_empty() {
        some.into_iter().flat_map(|ix| network.listed(ix, "scope")).collect()
    } else {
        group.members.clone()
    }
}

fn fails(w: &mut Workflow, network: &Network<'_>, places: &Places, from: usize, to: StepIx, kind: &EdgeKind) {
    let may = |s: &workflow::Step| {
        matches!(s.kind, StepKind::Action | StepKind::Code | StepKind::Call | StepKind::Set)
    };
    let Some(&step) = places.steps.get(&from).filter(|s| **s != to) else { return };
    if network.items[from].disabled || !w.step(step).is_some_and(may) {
        return;
    }
    if *kind == EdgeKind::Error
        && let Some(failing) = w.steps.get_mut(step.0 as usize)
        && failing.on_error == OnError::Fail
    {
        failing.on_error = OnError::Route;
    }
    w.connect(Node::Step(step), to, kind.clone());
}

/// Completes what is known of messages: what each node changes, and which nodes start them.
pub(super) fn fill(scope: &mut Scope<'_>, network: &Network<'_>, group: &Group<'_>) {
    for &ix in &group.members {
        let item = &network.items[ix];
        if item.kind == "function" {
            let outputs = item.wires.len().max(1);
            let mut read = super::function::read(item.node.str("func").unwrap_or_default(), outputs);
            // What runs when the flow starts sets the variables that others read.
            let first = item.node.str("initialize").filter(|code| !code.trim().is_empty());
            if let (Some(effects), Some(first)) =
                (&mut read, first.and_then(|code| super::function::read(code, 0)))
            {
                effects.variables.splice(0..0, first.variables);
            }
            scope.functions.extend(read.map(|effects| (ix, effects)));
        }
        let writes = match item.kind {
            "change" => Writes::Keys(super::rules::written(item.node)),
            "function" => match scope.functions.get(&ix).and_then(Effects::set) {
                Some(set) => Writes::Keys(set.iter().map(|(key, _)| key.to_string()).collect()),
                None => Writes::Anything,
            },
            kind => kinds::writes(kind, item.node),
        };
        scope.writes.insert(ix, writes);
    }
}
