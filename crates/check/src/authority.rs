//! Checks of authority: a branch that lets a change happen only when the requester is known to have a role, a
//! membership or a place on a list, and that fails closed.

use crate::gate::walks_without;
use crate::graph::Reach;
use crate::logic::{Subject, keys_of};
use crate::provenance::{Origin, Source};
use crate::set::{Place, Set};
use workflow::{EdgeKind, Kind, Node, Segment, Step, StepIx, Text, TriggerKind, Value};

/// What is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authority {
    /// A step that reads what the requester may do.
    Read(StepIx),
    /// The requester's own identity, as the platform vouches for it, against constants.
    Requester(Vec<Text>),
}

/// A check of the requester's authority, and what is reached when it finds nothing.
pub struct Check {
    /// What is checked.
    pub authority: Authority,
    /// Where the identity that is read about comes from.
    about: Vec<Source>,
    /// What is reached past it, when it fails, or when it finds nothing.
    without: Vec<Reach>,
}

impl Check {
    /// Whether the check stands on every path to a change, and is not about the one whose access changes.
    #[must_use]
    pub fn guards(&self, set: &Set<'_>, at: Place) -> bool {
        if self.without.iter().any(|r| r.has(at.step)) || self.authority == Authority::Read(at.step) {
            return false;
        }
        let target = set.all_sources(at, &set.graph(at.workflow).step(at.step).target.identity);
        let same = |s: &Source| target.iter().any(|t| t.origin == s.origin && t.path == s.path);
        self.about.is_empty() || self.about.iter().any(|s| !same(s))
    }
}

/// The checks of authority of a workflow.
#[must_use]
pub fn checks(set: &Set<'_>, workflow: u32) -> Vec<Check> {
    let triggers = &set.workflows[workflow as usize].triggers;
    if !triggers.iter().any(|t| t.authenticated == Some(true)) {
        return Vec::new();
    }
    let graph = set.graph(workflow);
    let mut found: Vec<Check> = Vec::new();
    for step in graph.steps().filter(|s| reads_authority(graph.step(*s))).take(16) {
        let asked = set.inputs(Place { workflow, step });
        let requester = |s: &Source| s.origin == Origin::Trigger && vouched(set, workflow, &s.path);
        let about: Vec<Source> = asked.iter().filter(|s| requester(s)).cloned().collect();
        if !about.is_empty() {
            let without = walks_without(graph, &Subject::Step(step, Vec::new()));
            found.push(Check { authority: Authority::Read(step), about, without });
        }
    }
    found.extend(by_requester(set, workflow));
    found
}

/// Whether a step reads memberships, roles or entitlements, by its operation and its path.
fn reads_authority(step: &Step) -> bool {
    let only_reads =
        !step.live_effects().is_empty() && step.live_effects().iter().all(|e| e.kind == Kind::Read);
    let mut words = step.operation.to_lowercase();
    if let Some(request) = &step.request {
        request.url.walk(&mut |v| {
            if let Value::Text(t) = v {
                words.push_str(&t.to_lowercase());
            }
        });
        request.url.expressions().iter().for_each(|e| words.push_str(&e.text.to_lowercase()));
    }
    let tells = ["member", "group", "role", "entitlement", "permission", "privilege", "admin"];
    only_reads && tells.iter().any(|w| words.contains(w))
}

/// Branches that compare the requester's own identity with constants.
fn by_requester(set: &Set<'_>, workflow: u32) -> Vec<Check> {
    let graph = set.graph(workflow);
    let mut tried: Vec<Vec<Text>> = Vec::new();
    for edge in graph.workflow.edges.iter().take(2000) {
        let (EdgeKind::When { condition, .. }, Node::Step(step)) = (&edge.kind, edge.from) else { continue };
        if step.0 as usize >= graph.len() {
            continue;
        }
        for source in set.term_sources(Place { workflow, step }, &condition.term) {
            let keys = keys_of(&source.path);
            let fits = source.origin == Origin::Trigger && vouched(set, workflow, &source.path);
            if fits && !tried.contains(&keys) && tried.len() < 8 {
                tried.push(keys);
            }
        }
    }
    let check = |keys: Vec<Text>| {
        let without = walks_without(graph, &Subject::Trigger(keys.clone()));
        Check { authority: Authority::Requester(keys), about: Vec::new(), without }
    };
    tried.into_iter().map(check).collect()
}

/// Whether a field of the trigger says who started the run, on the platform's word.
#[must_use]
pub fn vouched(set: &Set<'_>, workflow: u32, path: &[Segment]) -> bool {
    let triggers = &set.workflows[workflow as usize].triggers;
    let asked = |k: TriggerKind| !matches!(k, TriggerKind::Event | TriggerKind::Schedule | TriggerKind::Mail);
    let signed_in = triggers.iter().all(|t| t.authenticated == Some(true) && asked(t.kind));
    !triggers.is_empty() && signed_in && is_actor(path)
}

/// Whether a step asks the one who started the run, on the platform's word.
#[must_use]
pub fn asks_starter(set: &Set<'_>, at: Place) -> bool {
    let step = set.graph(at.workflow).step(at.step);
    let Some(ask) = step.ask.as_ref().filter(|a| !a.approver.is_empty()) else { return false };
    let named = set.all_sources(at, std::slice::from_ref(&ask.approver));
    let own = |s: &Source| s.origin == Origin::Trigger && vouched(set, s.workflow, &s.path);
    !named.is_empty() && named.iter().all(own)
}

/// Whether a value is what the one who started the run answered to a question of the workflow.
#[must_use]
pub fn answered_by_starter(set: &Set<'_>, source: &Source) -> bool {
    matches!(source.origin, Origin::Step(step) if asks_starter(set, Place { workflow: source.workflow, step }))
}

/// Whether a path names the person who acts, by the words that event formats use for it.
#[must_use]
pub fn is_actor(path: &[Segment]) -> bool {
    const ACTORS: [&str; 23] = [
        "actor",
        "userid",
        "username",
        "user",
        "from",
        "sender",
        "requester",
        "requestedby",
        "requestor",
        "submittedby",
        "submitter",
        "createdby",
        "initiator",
        "initiatedby",
        "triggeredby",
        "startedby",
        "launchedby",
        "caller",
        "admin",
        // Okta's delegated flows and Power Automate's buttons say who pressed them.
        "usercontext",
        "xmsuserid",
        "xmsuseremail",
        "xmsusername",
    ];
    keys_of(path).iter().any(|k| {
        let word: String = k.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        ACTORS.contains(&word.as_str()) || word.starts_with("xmsuser")
    })
}
