//! Checks of authority: a branch that lets a change happen only when the requester is known to have a role, a
//! membership or a place on a list, and that fails closed.

use crate::gate::stops_without;
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

/// The check of authority that stands on every path to a change, if there is one.
#[must_use]
pub fn authority(set: &Set<'_>, at: Place) -> Option<Authority> {
    let graph = set.graph(at.workflow);
    let target = set.all_sources(at, &graph.step(at.step).target.identity);
    let mut read = graph.steps().filter(|s| *s != at.step && reads_authority(graph.step(*s)));
    let by_read = read.find(|s| {
        let here = Place { workflow: at.workflow, step: *s };
        is_about_requester(set, here, &target)
            && stops_without(graph, &Subject::Step(*s, Vec::new()), at.step)
    });
    by_read.map(Authority::Read).or_else(|| by_requester(set, at))
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

/// Whether what is read is about the person who started the run, and not about the person whose access changes.
fn is_about_requester(set: &Set<'_>, read: Place, target: &[Source]) -> bool {
    let asked = set.inputs(read);
    let same = |s: &Source| target.iter().any(|t| t.origin == s.origin && t.path == s.path);
    asked.iter().any(|s| s.origin == Origin::Trigger && !same(s) && vouched(set, read.workflow, &s.path))
}

fn by_requester(set: &Set<'_>, at: Place) -> Option<Authority> {
    let graph = set.graph(at.workflow);
    let mut tried: Vec<Vec<Text>> = Vec::new();
    for edge in &graph.workflow.edges {
        let (EdgeKind::When { condition, .. }, Node::Step(branch)) = (&edge.kind, edge.from) else {
            continue;
        };
        if branch.0 as usize >= graph.len() {
            continue;
        }
        for source in set.term_sources(Place { workflow: at.workflow, step: branch }, &condition.term) {
            let keys = keys_of(&source.path);
            let fits = source.origin == Origin::Trigger && vouched(set, at.workflow, &source.path);
            if !fits || tried.contains(&keys) || tried.len() > 8 {
                continue;
            }
            if stops_without(graph, &Subject::Trigger(keys.clone()), at.step) {
                return Some(Authority::Requester(keys));
            }
            tried.push(keys);
        }
    }
    None
}

/// Whether a field of the trigger says who started the run, on the platform's word.
#[must_use]
pub fn vouched(set: &Set<'_>, workflow: u32, path: &[Segment]) -> bool {
    let triggers = &set.workflows[workflow as usize].triggers;
    let asked = |k: TriggerKind| !matches!(k, TriggerKind::Event | TriggerKind::Schedule | TriggerKind::Mail);
    let signed_in = triggers.iter().all(|t| t.authenticated == Some(true) && asked(t.kind));
    !triggers.is_empty() && signed_in && is_actor(path)
}

/// Whether a path names the person who acts, by the words that event formats use for it.
#[must_use]
pub fn is_actor(path: &[Segment]) -> bool {
    const ACTORS: [&str; 22] = [
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
