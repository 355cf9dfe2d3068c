//! What the tests of governing share: the small company of `policy::sample`, a log of statements, numbers from a number.

#![allow(dead_code, reason = "not every test uses everything")]

use govern::{
    Entry, Event, Evidence, Folded, Intent, Law, Performed, Refusal, State, Wish, World, closure_of, fold,
    weigh,
};
use policy::{
    Act, ComponentKind, Governed, Moment, People, PolicySet, Subject, SubjectKind, TestEvidence, Verdict,
    sample,
};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use workflow::Digest;

pub const NOW: Moment = sample::NOW;
pub const LEAVER: &str = "leaver";

pub fn core() -> &'static Arc<PolicySet> {
    static CORE: LazyLock<Arc<PolicySet>> = LazyLock::new(|| Arc::new(PolicySet::core()));
    &CORE
}

/// The core policies and these people, at every moment.
pub fn law(people: &Arc<People>) -> impl Fn(&State, &Entry) -> Result<Law, Refusal> {
    let law = Law { set: core().clone(), people: people.clone() };
    move |_, _| Ok(law.clone())
}

/// A digest of a word.
pub fn digest(word: &str) -> String {
    Digest::of(word.as_bytes()).to_string()
}

/// The parts of a closure whose one step is in some version.
pub fn parts(version: &str) -> BTreeMap<String, String> {
    let part = |name: &str, of: &str| (name.to_owned(), digest(of));
    BTreeMap::from([
        part("leaver/step/Deactivate", version),
        part("leaver/trigger", "hr"),
        part("record/leaver", "r"),
    ])
}

/// A closure from its parts.
pub fn closure(parts: &BTreeMap<String, String>) -> String {
    closure_of(parts).unwrap()
}

/// The world of the sample's tier 2 workflow, in some version, with everything there but approvals.
pub fn world(version: &str) -> World {
    let ready = sample::ready(Act::Release);
    let parts = parts(version);
    let subject = Subject { closure: closure(&parts), ..ready.subject };
    World {
        people: sample::people(),
        at: NOW,
        environment: "production".into(),
        policy: digest("policy 1"),
        view: digest(&format!("view of {version}")),
        contributors: ready.contributors,
        evidence: Evidence {
            record: ready.record,
            proofs: ready.proofs,
            components: ready.components,
            credentials: ready.credentials,
            ..Evidence::default()
        },
        commit: "3f2a91c".into(),
        parts,
        subject,
        ..World::default()
    }
}

/// The world of something that governs, or of a component.
pub fn other(kind: SubjectKind, name: &str, version: &str) -> World {
    let base = world("v1");
    let subject =
        Subject { kind, name: name.into(), closure: digest(version), tier: 2, ..Subject::default() };
    World { subject, parts: BTreeMap::new(), contributors: Vec::new(), evidence: Evidence::default(), ..base }
}

/// A log of statements, as a repository keeps them.
#[derive(Clone, Default)]
pub struct Log {
    pub entries: Vec<Entry>,
    pub at: i64,
}

impl Log {
    /// A log in which the leaver workflow is registered, and its connector approved.
    pub fn registered() -> Log {
        let mut log = Log::default();
        let okta = other(SubjectKind::Component, "okta", "okta 1.0.703");
        let wish = Wish {
            version: "1.0.703".into(),
            ..Wish::of(Act::ApproveComponent(ComponentKind::Connector), "sam")
        };
        log.must(&okta, &wish);
        log.must(&world("v1"), &Wish::of(Act::Register, "ann"));
        log
    }

    pub fn now(&self) -> Moment {
        Moment(NOW.0 + self.at)
    }

    pub fn fold(&self) -> Folded {
        fold(&self.entries, Moment(i64::MAX))
    }

    /// Tries an act at the log's time; what is allowed is kept.
    pub fn act(&mut self, world: &World, wish: &Wish) -> Performed {
        self.at += 60;
        let world = World { at: self.now(), ..world.clone() };
        let done = weigh(core(), &self.fold().state, &world, wish);
        if let Some(event) = &done.event {
            self.keep(&wish.key, event.clone());
        }
        done
    }

    /// An act that has to be allowed; its statement.
    pub fn must(&mut self, world: &World, wish: &Wish) -> String {
        let done = self.act(world, wish);
        let why: Vec<&str> = done.decision.because.iter().map(|b| b.reason.as_str()).collect();
        assert!(done.event.is_some(), "{} by {}: {why:?} {:?}", wish.act, wish.key, done.refusal);
        self.entries.last().unwrap().id.clone()
    }

    /// An act that has to be refused; the policy or the transition that refuses it.
    pub fn refused(&mut self, world: &World, wish: &Wish) -> Vec<String> {
        let done = self.act(world, wish);
        assert!(done.event.is_none(), "{} by {} was allowed", wish.act, wish.key);
        let policies =
            done.decision.because.iter().filter(|_| !done.decision.allow).map(|b| b.policy.clone());
        policies.chain(done.refusal.map(|r| r.rule)).collect()
    }

    /// Keeps a statement as if it had been signed.
    pub fn keep(&mut self, key: &str, event: Event) {
        let id = digest(&format!("{key} {}", serde_json::to_string(&event).unwrap()));
        self.entries.push(Entry { id, key: key.to_owned(), event });
    }

    /// Has ann attest to the tests of a world, which pass.
    pub fn tested(&mut self, world: &World) -> String {
        let at = Moment(self.now().0 + 60);
        self.must(world, &Wish { tests: Some(tests(world, at)), ..Wish::of(Act::Attest, "ann") })
    }

    /// Proposes a version as ann, tests it, and has ben and sam approve it.
    pub fn approved(&mut self, version: &str) -> String {
        let world = world(version);
        let id = self.must(&world, &Wish::of(Act::Propose, "ann"));
        self.tested(&world);
        self.must(&world, &approve("ben"));
        self.must(&world, &approve("sam"));
        id
    }

    /// The same, released.
    pub fn released(&mut self, version: &str) -> String {
        self.approved(version);
        self.must(&world(version), &Wish::of(Act::Release, "ann"))
    }
}

/// Tests of a world's closure that pass, and notice what they should.
pub fn tests(world: &World, at: Moment) -> TestEvidence {
    TestEvidence { closure: world.subject.closure.clone(), at, passed: 6, failed: 0, mutation: 96 }
}

pub fn approve(who: &str) -> Wish {
    Wish::of(Act::Review(Verdict::Approve), who)
}

/// Numbers from a number (SplitMix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % sides as u64).unwrap()
    }

    pub fn of<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.roll(items.len())].clone()
    }
}

/// How many random cases: few, or what `COUNTERSIGN_SLOW` says.
pub fn cases(ordinary: u64, slow: u64) -> u64 {
    if std::env::var_os("COUNTERSIGN_SLOW").is_some() { slow } else { ordinary }
}

pub fn intent(word: usize) -> Intent {
    [Intent::Change, Intent::RollBack, Intent::TakeOver][word % 3]
}

pub const GOVERNED: [Governed; 3] = [Governed::Policy, Governed::People, Governed::Configuration];
