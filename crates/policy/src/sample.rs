//! Invented cases: a small company, a change that is ready to be released, and as many variations of it as are wanted, each
//! from its number alone. Simulation, comparison of policies and tests use them.

use crate::act::{Act, ComponentKind, Governed, Verdict};
use crate::facts::{
    Actor, AiMark, Approval, Component, Contribution, Credential, Criticality, Entitlement, Facts,
    FindingFact, IdentityKind, Mode, Proof, Record, ReleaseTarget, Subject, SubjectKind, SystemFact,
    TestEvidence,
};
use crate::moment::Moment;
use crate::people::{Group, People};
use crate::person::{Account, Bot, Delegate, Employment, Person, Role};
use crate::standing::{BreakGlass, Exception, OpenReview};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use workflow::{Kind, Severity};

/// The moment of all cases: 2026-11-25T10:00:00Z, a Wednesday.
pub const NOW: Moment = Moment(1_795_600_800);

/// Id, roles, employment, highest tier for exceptions.
const STAFF: [(&str, &[&str], Employment, u8); 12] = [
    ("ann", &["workflow-author"], Employment::Employee, 0),
    ("ben", &["workflow-author"], Employment::Employee, 0),
    ("cleo", &["workflow-author"], Employment::Contractor, 0),
    ("olga", &["process-owner"], Employment::Employee, 0),
    ("sam", &["security-approver"], Employment::Employee, 3),
    ("sue", &["security-approver"], Employment::Employee, 2),
    ("ivo", &["incident-manager", "break-glass"], Employment::Employee, 0),
    ("pia", &["policy-owner"], Employment::Employee, 0),
    ("adi", &["internal-audit"], Employment::Employee, 0),
    ("lea", &["security-approver", "workflow-author"], Employment::Employee, 3),
    ("hal", &[], Employment::Agent, 0),
    ("max", &[], Employment::Employee, 0),
];

/// The people of the small company: authors (ann, ben, the contractor cleo), an owner (olga), security (sam, sue), an
/// incident manager (ivo), a policy owner (pia), an auditor (adi), a leaver (lea), an agent (hal), somebody (max).
#[must_use]
pub fn people() -> Arc<People> {
    static PEOPLE: LazyLock<Arc<People>> = LazyLock::new(|| {
        let groups = vec![Group { id: "owners@corp.test".into(), members: vec!["olga".into()] }];
        Arc::new(People::new(STAFF.iter().map(person).collect(), groups))
    });
    PEOPLE.clone()
}

fn person((id, roles, employment, limit): &(&str, &[&str], Employment, u8)) -> Person {
    let account = |system: &str| (system.to_owned(), Account::One(format!("{id}@corp.test")));
    let mut person = Person {
        id: (*id).to_owned(),
        name: id.chars().take(1).flat_map(char::to_uppercase).chain(id.chars().skip(1)).collect(),
        accounts: BTreeMap::from([account("git"), account("okta")]),
        former_accounts: vec![format!("old:{id}")],
        roles: roles
            .iter()
            .map(|r| Role { role: (*r).to_owned(), period: crate::Period::default() })
            .collect(),
        employment: *employment,
        exception_limit: *limit,
        active: *id != "lea",
        ..Person::default()
    };
    match *id {
        "ann" => {
            person.bots = vec![bot("ci:ann", Employment::Service), bot("ai:ann", Employment::Agent)];
            person.aliases = vec!["ann@home.test".to_owned()];
        }
        "sam" => person.delegates = vec![delegate("ann"), delegate("max"), delegate("ben")],
        "max" => person.delegates = vec![delegate("pia")],
        "hal" => person.manager = Some("ben".to_owned()),
        _ => {}
    }
    person
}

fn bot(account: &str, kind: Employment) -> Bot {
    Bot { account: account.to_owned(), kind }
}

fn delegate(to: &str) -> Delegate {
    Delegate { to: to.to_owned(), roles: Vec::new(), from: None, until: Some(NOW.plus_hours(24 * 30)) }
}

/// An approval of the present closure, by somebody who was shown it, an hour ago.
#[must_use]
pub fn approval(account: &str) -> Approval {
    let by = Actor {
        closure: Some("sha256:now".to_owned()),
        shown: Some("sha256:view".to_owned()),
        ..actor(account)
    };
    Approval { by, verdict: Verdict::Approve, at: NOW.plus_hours(-1) }
}

fn actor(account: &str) -> Actor {
    Actor { account: account.to_owned(), shown: Some("sha256:view".to_owned()), ..Actor::default() }
}

/// Facts with which an act on a tier 2 workflow of ann's is allowed: everything is there, ben and sam approve.
#[must_use]
pub fn ready(act: Act) -> Facts {
    let mut facts = Facts {
        people: people(),
        actor: actor(usual_actor(act)),
        at: NOW,
        environment: "production".to_owned(),
        subject: subject(act),
        policy: "sha256:policy".to_owned(),
        requester: "git:ann@corp.test".to_owned(),
        contributors: vec![Contribution {
            account: "ann@corp.test".to_owned(),
            how: "commit 3f2a91c".to_owned(),
        }],
        approvals: vec![approval("ben"), approval("sam")],
        record: Record {
            present: true,
            owner: "owners@corp.test".to_owned(),
            security_approver: "sam".to_owned(),
            ..Record::default()
        },
        exception: Some(exception()),
        glass: Some(glass()),
        break_glass: if act == Act::UseBreakGlass { vec![glass()] } else { Vec::new() },
        target: Some(ReleaseTarget { closure: "sha256:before".to_owned(), released_before: true }),
        ..Facts::of(act)
    };
    evidence(&mut facts);
    facts
}

fn usual_actor(act: Act) -> &'static str {
    match act {
        Act::Review(_) => "ben",
        Act::RollBack | Act::Retire | Act::Kill | Act::TakeOver => "olga",
        Act::ApproveComponent(_) | Act::WithdrawComponent(_) => "sam",
        Act::GrantException | Act::RenewException | Act::EndException => "sam",
        Act::OpenBreakGlass | Act::UseBreakGlass | Act::CloseBreakGlass => "ivo",
        Act::PostChangeReview => "adi",
        Act::Change(_) => "pia",
        _ => "ann",
    }
}

fn subject(act: Act) -> Subject {
    let kind = match act {
        Act::ApproveComponent(_) | Act::WithdrawComponent(_) => SubjectKind::Component,
        Act::Change(Governed::Policy) => SubjectKind::Policy,
        Act::Change(Governed::People) => SubjectKind::People,
        Act::Change(Governed::Configuration) => SubjectKind::Configuration,
        _ => SubjectKind::Workflow,
    };
    Subject {
        kind,
        name: "leaver".to_owned(),
        closure: "sha256:now".to_owned(),
        tier: 2,
        effects: vec![Kind::Revoke, Kind::Disable],
        systems: vec![SystemFact { name: "okta".to_owned(), criticality: Criticality::High }],
        entitlements: vec![Entitlement { system: "okta".into(), name: "Everyone".into(), privileged: false }],
        identities: vec![IdentityKind::Employee],
        ..Subject::default()
    }
}

fn evidence(facts: &mut Facts) {
    facts.proofs = vec![Proof { name: "gate dominates".to_owned(), holds: true }];
    facts.tests = Some(TestEvidence {
        closure: "sha256:now".to_owned(),
        at: NOW.plus_hours(-5),
        passed: 12,
        failed: 0,
        mutation: 90,
    });
    facts.components = vec![Component {
        kind: ComponentKind::Connector,
        name: "okta".to_owned(),
        version: "1.0.703".to_owned(),
        approved: vec!["1.0.702".to_owned(), "1.0.703".to_owned()],
        owner: "sam".to_owned(),
    }];
    facts.credentials = vec![Credential {
        id: "okta-lifecycle".to_owned(),
        owner: "olga".to_owned(),
        rotation_due: Some(NOW.plus_hours(24 * 20)),
        expires: None,
    }];
}

fn exception() -> Exception {
    Exception {
        id: "x-1".to_owned(),
        covers: vec!["tests".to_owned()],
        subject: "leaver".to_owned(),
        owner: "olga".to_owned(),
        granted_by: "sam".to_owned(),
        compensating: "two people watch every run".to_owned(),
        from: Some(NOW),
        until: Some(NOW.plus_hours(24 * 30)),
        ended: None,
        renewals: 0,
    }
}

fn glass() -> BreakGlass {
    BreakGlass {
        id: "bg-1".to_owned(),
        reason: "leavers keep access since the night".to_owned(),
        ticket: "INC-2041".to_owned(),
        scope: vec!["leaver".to_owned()],
        opened_by: "ivo".to_owned(),
        used_by: Vec::new(),
        way_back: true,
        drill: false,
        from: Some(NOW.plus_hours(-1)),
        until: Some(NOW.plus_hours(3)),
        closed: None,
    }
}

/// Numbers from a number (SplitMix64): the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let sides = sides.max(1) as u64;
        usize::try_from((z ^ (z >> 31)) % sides).unwrap_or(0)
    }

    fn one_in(&mut self, sides: usize) -> bool {
        self.roll(sides) == 0
    }

    fn of<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.roll(items.len()))
    }

    /// A name by which somebody of the company may show themselves, or nobody may.
    fn name(&mut self) -> String {
        let id = self.of(&STAFF).map_or("ann", |s| s.0);
        match self.roll(9) {
            0 => format!("git:{id}@corp.test"),
            1 => format!("{id}@corp.test"),
            2 => format!("old:{id}"),
            3 => (*self.of(&["ci:ann", "ai:ann", "ann@home.test", "mallory", ""]).unwrap_or(&"")).to_owned(),
            _ => id.to_owned(),
        }
    }
}

/// The case of a number: [`ready`] for some act, with some things changed. Near to what is allowed, so that most policies
/// decide some of the cases.
#[must_use]
pub fn case(number: u64) -> Facts {
    let mut dice = Dice(number);
    let acts: Vec<Act> = Act::all().collect();
    let act = if dice.one_in(3) { Act::Release } else { dice.of(&acts).copied().unwrap_or(Act::Release) };
    let mut facts = ready(act);
    for _ in 0..dice.roll(6) {
        match dice.roll(4) {
            0 => vary_people(&mut facts, &mut dice),
            1 => vary_subject(&mut facts, &mut dice),
            2 => vary_evidence(&mut facts, &mut dice),
            _ => vary_lanes(&mut facts, &mut dice),
        }
    }
    facts
}

fn vary_people(facts: &mut Facts, dice: &mut Dice) {
    match dice.roll(8) {
        0 => facts.actor = actor(&dice.name()),
        1 => facts.actor.on_behalf_of = Some(dice.name()),
        2 => {
            facts.actor.authority =
                dice.of(&["security-approver", "process-owner", "break-glass"]).map(|r| (*r).into())
        }
        3 => facts
            .contributors
            .push(Contribution { account: dice.name(), how: "co-author of commit 77b0".into() }),
        4 => facts.requester = dice.name(),
        5 => drop(facts.approvals.pop()),
        6 => {
            let mut more = approval(&dice.name());
            if dice.one_in(3) {
                more.verdict = *dice.of(&[Verdict::Refuse, Verdict::Rework]).unwrap_or(&Verdict::Refuse);
            }
            if dice.one_in(4) {
                more.by.on_behalf_of = Some(dice.name());
            }
            facts.approvals.push(more);
        }
        _ => stale(facts, dice),
    }
}

/// Something that was said no longer fits what is present.
fn stale(facts: &mut Facts, dice: &mut Dice) {
    let other = || Some("sha256:other".to_owned());
    let which = dice.roll(5);
    let at_actor = dice.one_in(2);
    let said = facts.approvals.first_mut().map(|a| &mut a.by).filter(|_| !at_actor);
    let Some(by) = said.or(Some(&mut facts.actor)) else { return };
    match which {
        0 => by.closure = other(),
        1 => by.policy = other(),
        2 => by.environment = Some("test".to_owned()),
        3 => by.shown = None,
        _ => facts.view = "sha256:view".to_owned(),
    }
}

fn vary_subject(facts: &mut Facts, dice: &mut Dice) {
    let subject = &mut facts.subject;
    match dice.roll(8) {
        0 => subject.tier = u8::try_from(dice.roll(4)).unwrap_or(3),
        1 => subject.opaque = true,
        2 => subject.cross_domain = true,
        3 => {
            let levels = [Criticality::Low, Criticality::Medium, Criticality::High, Criticality::Critical];
            subject
                .systems
                .iter_mut()
                .for_each(|s| s.criticality = dice.of(&levels).copied().unwrap_or_default());
        }
        4 => subject.entitlements.iter_mut().for_each(|e| e.privileged = true),
        5 => subject.identities.push(if dice.one_in(2) {
            IdentityKind::Contractor
        } else {
            IdentityKind::Guest
        }),
        6 => facts.ai = if dice.one_in(2) { AiMark::Assisted } else { AiMark::Made },
        _ => {
            let mode = if dice.one_in(2) { Mode::Observe } else { Mode::Warn };
            facts.modes.insert(u8::try_from(2 + dice.roll(2)).unwrap_or(2), mode);
        }
    }
}

fn vary_evidence(facts: &mut Facts, dice: &mut Dice) {
    match dice.roll(11) {
        0 => facts.record.lacks = vec!["tests".to_owned()],
        1 => facts.record.owner = "lea".to_owned(),
        2 => {
            let severity =
                *dice.of(&[Severity::Medium, Severity::High, Severity::Critical]).unwrap_or(&Severity::High);
            facts.findings.push(FindingFact {
                rule: "unrevoked-access".into(),
                severity,
                step: "Grant".into(),
            });
        }
        3 => facts.proofs.iter_mut().for_each(|p| p.holds = false),
        4 => facts.tests = None,
        5 => vary_tests(facts, dice),
        6 => facts.boundary = vec!["system github".to_owned()],
        7 => facts.components.iter_mut().for_each(|c| "1.0.704".clone_into(&mut c.version)),
        8 => facts.credentials.iter_mut().for_each(|c| c.rotation_due = Some(NOW)),
        9 => {
            let (account, how) = ("ghost@nowhere.test".to_owned(), "commit 5e1c02d".to_owned());
            facts.contributors.push(Contribution { account, how });
        }
        _ => {
            let due = Some(NOW.plus_hours(if dice.one_in(2) { -1 } else { 48 }));
            facts.open_reviews.push(OpenReview { of: "bg-0".into(), due, involved: vec!["ivo".into()] });
        }
    }
}

fn vary_tests(facts: &mut Facts, dice: &mut Dice) {
    let Some(tests) = facts.tests.as_mut() else { return };
    match dice.roll(4) {
        0 => tests.failed = 1,
        1 => tests.mutation = u8::try_from(dice.roll(101)).unwrap_or(100),
        2 => tests.at = NOW.plus_hours(-i64::try_from(dice.roll(400)).unwrap_or(0)),
        _ => tests.closure = "sha256:before".to_owned(),
    }
}

fn vary_lanes(facts: &mut Facts, dice: &mut Dice) {
    let hours = i64::try_from(dice.roll(24 * 120)).unwrap_or(0);
    match dice.roll(10) {
        0 => {
            let covers = dice.of(&[
                "tests",
                "mutation",
                "boundary",
                "finding:unrevoked-access",
                "component:okta",
                "contributor:ghost@nowhere.test",
            ]);
            let from = Some(NOW.plus_hours(hours / 40 - 36));
            let covers = covers.map(|c| vec![(*c).to_owned()]).unwrap_or_default();
            facts.exceptions.push(Exception { covers, from, ..exception() });
        }
        1 => facts.exception.iter_mut().for_each(|e| e.until = Some(NOW.plus_hours(hours))),
        2 => facts.exception.iter_mut().for_each(|e| e.renewals += 2),
        3 => facts.exception.iter_mut().for_each(|e| e.compensating.clear()),
        4 => facts.glass.iter_mut().for_each(|g| g.reason.clear()),
        5 => facts.glass.iter_mut().for_each(|g| g.until = Some(NOW.plus_hours(hours / 200 - 2))),
        6 => facts
            .glass
            .iter_mut()
            .for_each(|g| g.used_by.push(if hours % 2 == 0 { "adi" } else { "ben" }.into())),
        7 => facts.break_glass.push(glass()),
        8 => facts.exception.iter_mut().for_each(|e| "lea".clone_into(&mut e.owner)),
        _ => facts.target.iter_mut().for_each(|t| t.released_before = false),
    }
}
