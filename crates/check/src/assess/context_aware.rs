//! Are approval rules context-aware? A route that treats every role, system, person and hour alike is a finding where the
//! definition leaves those open.

use super::{Basis, Marks, Organisation, Question, Subject, names};
use crate::route::{Choice, Context, Route};

/// The question.
pub static QUESTION: Question = Question {
    id: "context-aware",
    title: "Are approval rules context-aware?",
    yes_is_good: true,
    noun: "workflow that can change access",
    good: "the route fits what it leads to",
    bad: "the route ignores context that matters",
    aspects: &[
        ("tier", "the tier of the change"),
        ("privilege", "whether what is given is privileged"),
        ("criticality", "how critical the system is"),
        ("identity", "the kind of identity"),
        ("cross-domain", "whether it crosses domains"),
        ("environment", "the environment"),
        ("time", "time"),
        ("emergency", "emergency"),
    ],
    controls: &["AC-24", "AC-16", "AC-6", "AC-2(2)"],
    one,
    whole,
};

const PERSON: &str =
    "Ask a person before what is tier 3: privileged access, credentials, decisions, deletions, policy.";
const PRIVILEGE: &str =
    "Let the route depend on what is given (its risk, its owner, a list of what is privileged), or fix it.";
const CRITICAL: &str =
    "Ask a person before what changes a system that the organisation rates high or critical.";
const RATE: &str = "Which systems are critical: `[systems]` in `countersign.toml`.";
const IDENTITY: &str = "Let the route depend on the kind of identity (employee, contractor, guest, service account), or name the \
                        one population in the control record.";
const DOMAIN: &str = "Let the route depend on whose domain it is, and ask the owner of the other one.";
const PLACE: &str = "Fix the environment that a call goes to, or let the route depend on it.";
const TIME: &str = "Bound how long access lasts, and end it on every way out.";
const EMERGENCY: &str = "Keep the gate on the urgent way too, or give emergencies a lane of their own that expires and is reviewed.";
const EXPRESSIONS: &str =
    "What the conditions do that could not be read (`countersign explain FILE` shows them).";

fn one(subject: &Subject, organisation: &Organisation, out: &mut Marks<'_>) {
    if !subject.changes {
        return;
    }
    tier(subject, out);
    privilege(subject, out);
    criticality(subject, organisation, out);
    identity(subject, out);
    domain(subject, out);
    place(subject, out);
    time(subject, out);
    emergency(subject, out);
}

/// Whether nothing but a definite yes leads on.
fn is_gated(route: &Route) -> bool {
    matches!(route.gate.as_str(), "present" | "authorised")
}

/// The steps of routes as a basis, at most four.
fn steps<'r>(routes: impl IntoIterator<Item = &'r Route>) -> Vec<Basis> {
    routes.into_iter().take(4).map(|r| Basis::Definition(r.step.to_string())).collect()
}

/// The fields that routes read of a context, as a basis.
fn fields<'r>(routes: impl IntoIterator<Item = &'r Route>, context: Context) -> Vec<Basis> {
    let mut all: Vec<String> = routes
        .into_iter()
        .flat_map(|r| &r.reads)
        .filter(|(c, _)| *c == context)
        .map(|(_, f)| f.to_string())
        .collect();
    all.sort();
    all.dedup();
    all.truncate(4);
    all.into_iter().map(Basis::Definition).collect()
}

fn reads(route: &Route, context: Context) -> bool {
    route.reads.iter().any(|(c, _)| *c == context)
}

fn tier(subject: &Subject, out: &mut Marks<'_>) {
    let high: Vec<&Route> = subject.routes.iter().filter(|r| r.tier >= 3).collect();
    let weak: Vec<&Route> = high.iter().copied().filter(|r| r.gate != "present").collect();
    match (high.as_slice(), weak.first()) {
        (_, Some(first)) => {
            let because = format!(
                "{} is tier 3, and its way is no stricter than any other ({}).",
                name(first),
                gate(first)
            );
            out.fails("tier", because, steps(weak.iter().copied()), PERSON);
        }
        ([], None) => {}
        (high, None) => out.holds(
            "tier",
            "A person stands before everything that is tier 3.",
            steps(high.iter().copied()),
        ),
    }
}

fn name(route: &Route) -> String {
    format!("`{}`", route.name)
}

fn gate(route: &Route) -> String {
    format!("gate: {}", route.gate)
}

/// A context that the definition leaves open: read by all routes, ignored by some, or not to be told.
struct Open {
    aspect: &'static str,
    context: Context,
    /// What is looked at, after `the way looks at`.
    what: &'static str,
    /// What is wrong with a route that does not, after its step.
    blind: &'static str,
    fix: &'static str,
}

impl Open {
    fn judge(&self, left: &[&Route], out: &mut Marks<'_>) {
        let blind: Vec<&Route> = left.iter().copied().filter(|r| !reads(r, self.context)).collect();
        let told: Vec<&Route> = blind.iter().copied().filter(|r| !r.unread).collect();
        match (left, blind.as_slice(), told.first()) {
            ([], ..) => {}
            (_, [], _) => {
                let basis = fields(left.iter().copied(), self.context);
                out.holds(self.aspect, format!("The way looks at {}.", self.what), basis);
            }
            (_, _, Some(first)) => {
                let because = format!("{} {}.", name(first), self.blind);
                out.fails(self.aspect, because, steps(told.iter().copied()), self.fix);
            }
            _ => {
                let because = format!(
                    "Conditions on the way could not be read: whether they look at {} is not known.",
                    self.what
                );
                out.unknown(self.aspect, because, steps(blind.iter().copied()), EXPRESSIONS);
            }
        }
    }
}

const GIVEN: Open = Open {
    aspect: "privilege",
    context: Context::Privilege,
    what: "what is given",
    blind: "gives whatever the data names, and all of it goes the same way",
    fix: PRIVILEGE,
};

const WHO: Open = Open {
    aspect: "identity",
    context: Context::Identity,
    what: "the kind of identity",
    blind: "gives to whomever the data names, and every kind of identity goes the same way",
    fix: IDENTITY,
};

const WHERE: Open = Open {
    aspect: "environment",
    context: Context::Environment,
    what: "the environment",
    blind: "goes wherever the data says, and every environment the same way",
    fix: PLACE,
};

fn privilege(subject: &Subject, out: &mut Marks<'_>) {
    let gives = || subject.routes.iter().filter(|r| r.adds);
    let left: Vec<&Route> = gives().filter(|r| r.entitlement == Choice::Chosen).collect();
    if !left.is_empty() {
        return GIVEN.judge(&left, out);
    }
    let fixed: Vec<&Route> = gives().filter(|r| r.entitlement == Choice::Fixed).collect();
    if let Some(bare) = fixed.iter().copied().find(|r| r.privileged && !is_gated(r)) {
        let because = format!(
            "{} gives what is privileged, and nothing stands before it ({}).",
            name(bare),
            gate(bare)
        );
        return out.fails("privilege", because, steps([bare]), PERSON);
    }
    if !fixed.is_empty() {
        out.holds(
            "privilege",
            "What is given is fixed by the definition, so one route is enough.",
            steps(fixed),
        );
    }
}

fn criticality(subject: &Subject, organisation: &Organisation, out: &mut Marks<'_>) {
    let register = || vec![Basis::Register("countersign.toml".to_owned())];
    if !organisation.rates {
        return;
    }
    let Some(standing) = &subject.standing else { return };
    let critical: Vec<&str> = standing.critical.iter().map(|(s, _)| s.as_str()).collect();
    let weak = |r: &&Route| r.gate != "present" && r.systems.iter().any(|s| critical.contains(&s.as_str()));
    if let Some(bare) = subject.routes.iter().find(weak) {
        let because = format!(
            "{} changes {}, which is rated high or critical, and no person stands before it ({}).",
            name(bare),
            names(&critical),
            gate(bare)
        );
        return out.fails("criticality", because, register(), CRITICAL);
    }
    if !standing.unrated.is_empty() {
        let because = format!("How critical {} is has not been said.", names(&standing.unrated));
        return out.unknown("criticality", because, register(), RATE);
    }
    out.holds(
        "criticality",
        "Its systems are rated, and a person stands before the critical ones.",
        register(),
    );
}

fn identity(subject: &Subject, out: &mut Marks<'_>) {
    let left: Vec<&Route> =
        subject.routes.iter().filter(|r| r.adds && r.identity == Choice::Chosen).collect();
    let populations = subject.record.as_ref().map_or(&[][..], |r| r.boundary.populations.as_slice());
    match populations {
        [only] if !left.is_empty() => {
            let because = format!("The record bounds it to one kind: `{only}`.");
            out.holds("identity", because, subject.says("boundary.populations"));
        }
        _ => WHO.judge(&left, out),
    }
}

fn domain(subject: &Subject, out: &mut Marks<'_>) {
    let mut systems: Vec<&str> = subject.routes.iter().flat_map(|r| &r.systems).map(|s| s.as_str()).collect();
    systems.sort_unstable();
    systems.dedup();
    let adds: Vec<&Route> = subject.routes.iter().filter(|r| r.adds).collect();
    if systems.len() < 2 || adds.is_empty() {
        return;
    }
    let blind: Vec<&Route> = adds.iter().copied().filter(|r| !reads(r, Context::Domain)).collect();
    if blind.is_empty() {
        let basis = fields(adds.iter().copied(), Context::Domain);
        return out.holds("cross-domain", "The way looks at whose domain it is.", basis);
    }
    let because =
        format!("It changes access in {}, by a route that does not look at whose they are.", names(&systems));
    if blind.iter().all(|r| r.unread) {
        return out.unknown("cross-domain", because, steps(blind), EXPRESSIONS);
    }
    out.fails("cross-domain", because, steps(blind), DOMAIN);
}

fn place(subject: &Subject, out: &mut Marks<'_>) {
    let left: Vec<&Route> = subject.routes.iter().filter(|r| r.place == Choice::Chosen).collect();
    if !left.is_empty() {
        return WHERE.judge(&left, out);
    }
    if !subject.routes.is_empty() && subject.routes.iter().all(|r| r.place == Choice::Fixed) {
        let because = "Where it acts is fixed by the definition and its connections.";
        out.holds("environment", because, steps(&subject.routes));
    }
}

fn time(subject: &Subject, out: &mut Marks<'_>) {
    if out.broken_by("time", subject, &["unbounded-expiry", "unrevoked-access"], TIME) {
        return;
    }
    let (ends, open) = (
        subject.proofs_of("temporary-access-ends", "proved"),
        subject.proofs_of("temporary-access-ends", "unknown"),
    );
    if let [_, ..] = open.as_slice() {
        let because = "Access is meant to end, and whether it does in every run was not settled.";
        let basis = open.into_iter().map(Basis::Proof).collect();
        return out.unknown("time", because, basis, "What the open proofs ask to be declared.");
    }
    if subject.routes.iter().any(|r| r.temporary) && !ends.is_empty() {
        let basis = ends.into_iter().map(Basis::Proof).collect();
        return out.holds("time", "Access that is meant to end ends in every run.", basis);
    }
    let looks: Vec<&Route> = subject.routes.iter().filter(|r| reads(r, Context::Time)).collect();
    if !looks.is_empty() {
        out.holds("time", "The way looks at time.", fields(looks, Context::Time));
    }
}

fn emergency(subject: &Subject, out: &mut Marks<'_>) {
    let urgent: Vec<&Route> = subject.routes.iter().filter(|r| reads(r, Context::Emergency)).collect();
    let basis = || fields(urgent.iter().copied(), Context::Emergency);
    match urgent.iter().find(|r| !is_gated(r)) {
        _ if urgent.is_empty() => {}
        Some(bare) => {
            let because =
                format!("The way looks at urgency, and nothing holds {} ({}).", name(bare), gate(bare));
            out.fails("emergency", because, basis(), EMERGENCY);
        }
        None => {
            out.holds("emergency", "The way looks at urgency, and the gate stands on every one.", basis())
        }
    }
}

/// The aspects by what policies look at.
const POLICIES: [(&str, Context); 7] = [
    ("privilege", Context::Privilege),
    ("criticality", Context::Criticality),
    ("identity", Context::Identity),
    ("cross-domain", Context::Domain),
    ("environment", Context::Environment),
    ("time", Context::Time),
    ("emergency", Context::Emergency),
];

/// What the policies for changes of workflows look at.
fn whole(subjects: &[Subject], organisation: &Organisation, out: &mut Marks<'_>) {
    if !subjects.iter().any(Subject::matters) {
        return;
    }
    if !organisation.rates {
        let because = "How critical the systems are is not said: a route that treats all alike cannot be told from one that may.";
        out.unknown("criticality", because, Vec::new(), RATE);
    }
    if !organisation.governed {
        return;
    }
    for (aspect, context) in POLICIES {
        let ids = organisation
            .policies
            .iter()
            .find(|(c, _)| *c == context)
            .map_or(&[][..], |(_, ids)| ids.as_slice());
        let title = QUESTION.aspects.iter().find(|(id, _)| *id == aspect).map_or(aspect, |(_, title)| title);
        if ids.is_empty() {
            let because = format!("No policy that decides changes of workflows looks at this: {title}.");
            out.fails(
                aspect,
                because,
                Vec::new(),
                "Add a policy that looks at it, where it matters (`policies/*.cedar`).",
            );
        } else {
            let because = format!("Policies that decide changes of workflows look at this: {title}.");
            out.holds(aspect, because, ids.iter().take(6).cloned().map(Basis::Policy).collect());
        }
    }
}
