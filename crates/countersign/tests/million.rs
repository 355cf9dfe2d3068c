//! Replay over a generated history: every act is decided at the kernel, signed with a key of its person, and made into an
//! entry as the program makes it; the log alone then gives the same state and the same decisions. 600 acts; a million with
//! `COUNTERSIGN_SLOW=1`. One byte of a policy, altered, is noticed at the first decision that it changes.

#![allow(clippy::unwrap_used, reason = "a test that cannot have its facts has failed")]

use countersign::book::known::Known;
use countersign::book::{Basis, Decided, basis, rests_on};
use countersign::evidence::Replayer;
use countersign::govern::statement;
use evidence::{ACT, BASIS, Opened};
use govern::{Entry, Event, Evidence, Intent, State, World, closure_of, facts, step};
use ledger::commitment::Opening;
use ledger::entry::Place;
use policy::{
    Act, Actor, BreakGlass, ComponentKind, Exception, Facts, Moment, People, PolicySet, Source, Subject,
    SubjectKind, TestEvidence, Verdict, sample,
};
use serde_json::{Value, json};
use ssh_key::private::Ed25519Keypair;
use ssh_key::{HashAlg, LineEnding, PrivateKey};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Instant;
use workflow::Digest;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Nothing here has tier 3: with `>= 2` it forbids exceptions for all.
const OWN: &str = "@id(\"own-exceptions\") @reason(\"No exception for `{subject}`.\") @controls(\"soc2-2017-rev2022 CC8.1\") forbid(principal, action == Action::\"grant-exception\", resource) when { resource.tier >= 3 };";

fn digest(word: &str) -> String {
    Digest::of(word.as_bytes()).to_string()
}

/// The small company, everybody with a key.
fn company() -> (Arc<People>, BTreeMap<String, PrivateKey>) {
    let mut keys = BTreeMap::new();
    let with_key = |person: &policy::Person| {
        let seed: [u8; 32] = Digest::of(person.id.as_bytes()).0;
        let private = PrivateKey::from(Ed25519Keypair::from_seed(&seed));
        let key = private.public_key().to_openssh().unwrap();
        keys.insert(person.id.clone(), private);
        let key = policy::Key { key, period: policy::Period::default(), revoked: None };
        policy::Person { keys: vec![key], ..person.clone() }
    };
    let people = sample::people();
    let all = people.all().iter().map(with_key).collect();
    (Arc::new(People::new(all, people.groups().to_vec())), keys)
}

/// Where the change of a workflow is.
#[derive(Clone, Default)]
struct Change {
    stage: usize,
    version: u64,
    proposal: Option<String>,
    glass: Option<String>,
}

/// A history in the making.
struct Simulated {
    state: State,
    known: Known,
    basis: Basis,
    set: PolicySet,
    people: Arc<People>,
    keys: BTreeMap<String, PrivateKey>,
    ready: Facts,
    changes: Vec<Change>,
    seq: u64,
    dice: u64,
    /// One in so many acts grants an exception or opens break-glass, where that can be.
    rare: u64,
    acts: usize,
    refused: usize,
}

/// What an act says besides.
#[derive(Default)]
struct Says {
    of: Option<String>,
    exception: Option<Exception>,
    glass: Option<BreakGlass>,
    tests: Option<TestEvidence>,
    replaces: Option<String>,
    version: String,
}

impl Simulated {
    fn new(workflows: usize, rare: u64) -> Self {
        let (people, keys) = company();
        let sources = [Source { file: "own.cedar".into(), text: OWN.into() }];
        let set = PolicySet::with(&sources);
        assert!(set.problems().is_empty(), "{:?}", set.problems());
        let basis = Basis::of(&people, &sources, set.version());
        let (changes, ready) = (vec![Change::default(); workflows], sample::ready(Act::Release));
        let (state, known) = (State::default(), Known::default());
        let (seq, dice, acts, refused) = (0, 7, 0, 0);
        Simulated { state, known, basis, set, people, keys, ready, changes, seq, dice, rare, acts, refused }
    }

    fn roll(&mut self, sides: u64) -> u64 {
        self.dice = self.dice.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.dice ^ (self.dice >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) % sides
    }

    /// Two entries that say what is decided with.
    fn begin(&mut self) -> [Opened; 2] {
        let (people, policies) = (self.basis.people.clone(), self.basis.policies.clone());
        self.known.put("change-people", 0, Some(&people));
        self.known.put("change-policy", 1, Some(&policies));
        let version = json!({"of": "policy", "version": self.basis.version});
        [self.opened(BASIS, json!({"of": "people"}), people), self.opened(BASIS, version, policies)]
    }

    fn opened(&mut self, kind: &str, body: Value, values: basis::Values) -> Opened {
        let place = Place { seq: self.seq, source_seq: self.seq, time: self.seq };
        self.seq += 1;
        let commitments = values.keys().map(|name| (name.clone(), [0; 32])).collect();
        let opening = |(name, value): (String, Value)| (name.clone(), Opening { name, salt: [0; 32], value });
        let openings = values.into_iter().map(opening).collect();
        let (kind, source, evidence) = (kind.to_owned(), "gate".to_owned(), Vec::new());
        let entry = ledger::Entry { kind, source, place, body, commitments, evidence };
        let act = (entry.kind == ACT).then(|| evidence::ActBody::of(&entry).unwrap());
        Opened { entry, act, openings }
    }

    fn at(&self) -> Moment {
        Moment(sample::NOW.0 + i64::try_from(self.seq).unwrap())
    }

    /// What is measured of a workflow in its present version.
    fn world(&self, number: usize) -> World {
        let name = format!("w{number}");
        let version = self.changes[number].version;
        let parts = BTreeMap::from([
            (format!("{name}/step/Deactivate"), digest(&format!("{name} {version}"))),
            (format!("{name}/record"), digest("record")),
        ]);
        let ready = &self.ready;
        let subject = Subject { name, closure: closure_of(&parts).unwrap(), ..ready.subject.clone() };
        World { parts, ..self.measured(subject) }
    }

    fn measured(&self, subject: Subject) -> World {
        let ready = &self.ready;
        let evidence = Evidence {
            record: ready.record.clone(),
            proofs: ready.proofs.clone(),
            components: ready.components.clone(),
            credentials: vec![policy::Credential {
                rotation_due: Some(sample::NOW.plus_hours(24 * 3650)),
                ..ready.credentials[0].clone()
            }],
            ..Evidence::default()
        };
        World {
            people: self.people.clone(),
            at: self.at(),
            environment: "production".into(),
            policy: self.set.version().to_owned(),
            view: digest(&subject.closure),
            evidence,
            subject,
            ..World::default()
        }
    }

    /// An act as it is decided, signed where it is allowed, and entered.
    fn act(&mut self, act: Act, by: &str, world: &World, says: Says) -> (Opened, Option<String>) {
        let key = self.keys[by].fingerprint(HashAlg::Sha256).to_string();
        let actor = Actor {
            account: key.clone(),
            closure: Some(world.subject.closure.clone()),
            policy: Some(world.policy.clone()),
            environment: Some(world.environment.clone()),
            shown: Some(world.view.clone()),
            ..Actor::default()
        };
        let mut facts = facts(&self.state, world, act, actor, says.of.as_deref());
        facts.exception = says.exception.clone().or(facts.exception);
        facts.glass = says.glass.clone().or(facts.glass);
        let decision = policy::decide(&self.set, &facts);
        let event = self.event(act, by, world, says);
        let rests_on = rests_on(&self.state, &event, &decision);
        let file = self.signed(by, &key, &event);
        let mut entry = Entry { id: file.0.clone(), key, event };
        let refusal = match decision.allow {
            true => step(&mut self.state, &entry).err(),
            false => None,
        };
        let happened = decision.allow && refusal.is_none();
        if !happened {
            entry.id = "the act".to_owned();
        }
        let (event, statement) = (&entry.event, happened.then_some((file.0.as_str(), file.1.as_slice())));
        let decided = Decided {
            event,
            set: &self.set,
            facts: &facts,
            decision: &decision,
            refusal: refusal.as_ref(),
            statement,
            page: Some("a page"),
            rests_on: &rests_on,
        };
        let (body, values) = (decided.body(&self.known).to_json().unwrap(), decided.values().unwrap());
        (self.acts, self.refused) = (self.acts + 1, self.refused + usize::from(!happened));
        if happened {
            self.known.numbers.insert(file.0.clone(), self.seq);
            self.state.heads.retain(|head| !event.after.contains(head));
            self.state.heads.insert(file.0.clone());
        }
        (self.opened(ACT, body, values), happened.then_some(file.0))
    }

    fn event(&self, act: Act, by: &str, world: &World, says: Says) -> Event {
        let keeps = matches!(act, Act::Propose | Act::Release | Act::RollBack | Act::UseBreakGlass);
        let release = matches!(act, Act::Release).then(|| {
            let reviews = says.of.as_ref().and_then(|of| self.state.proposals.get(of)).map(|p| &p.reviews);
            let rests_on = reviews.into_iter().flatten().map(|r| r.id.clone()).collect();
            Evidence { rests_on, ..world.evidence.clone() }
        });
        Event {
            environment: world.environment.clone(),
            policy: world.policy.clone(),
            shown: world.view.clone(),
            after: self.state.heads.iter().cloned().collect(),
            of: says.of,
            replaces: says.replaces,
            parts: if keeps { world.parts.clone() } else { BTreeMap::new() },
            owner: world.evidence.record.owner.clone(),
            version: says.version,
            exception: says.exception,
            glass: says.glass,
            evidence: release,
            tests: says.tests,
            intent: Intent::Change,
            ..Event::of(act, by, world.at, world.subject.clone())
        }
    }

    fn signed(&self, by: &str, key: &str, event: &Event) -> (String, Vec<u8>) {
        let payload = statement::payload(event).unwrap();
        let message = statement::to_sign(&payload).unwrap();
        let signed = self.keys[by].sign(statement::NAMESPACE, HashAlg::Sha512, &message).unwrap();
        let armoured = signed.to_pem(LineEnding::LF).unwrap();
        (statement::id(&payload), statement::envelope(&payload, key, &armoured).unwrap())
    }

    /// The connector that all use, approved.
    fn connector(&mut self) -> Opened {
        let subject = Subject {
            kind: SubjectKind::Component,
            name: "okta".into(),
            closure: digest("okta"),
            tier: 2,
            ..Subject::default()
        };
        let world =
            World { environment: String::new(), evidence: Evidence::default(), ..self.measured(subject) };
        let says = Says { version: "1.0.703".into(), ..Says::default() };
        let (opened, id) = self.act(Act::ApproveComponent(ComponentKind::Connector), "sam", &world, says);
        assert!(id.is_some());
        opened
    }

    /// The next act of some workflow's change.
    fn next(&mut self) -> Opened {
        let number = usize::try_from(self.roll(self.changes.len() as u64)).unwrap();
        let (chance, rare) = (self.roll(100), self.roll(self.rare));
        let world = self.world(number);
        let of = self.changes[number].proposal.clone();
        let about = |of: Option<String>| Says { of, ..Says::default() };
        match self.changes[number].stage {
            0 => self.go(number, Act::Register, "ann", &world, Says::default()),
            1 => {
                let (opened, id) = self.act(Act::Propose, "ann", &world, Says::default());
                assert!(id.is_some());
                self.changes[number].proposal = id;
                self.changes[number].stage += 1;
                opened
            }
            2 if chance < 5 => self.act(Act::Review(Verdict::Approve), "ann", &world, about(of)).0,
            2 if chance < 6 => self.act(Act::Release, "ann", &world, about(of)).0,
            2 => self.go(number, Act::Review(Verdict::Approve), "ben", &world, about(of)),
            3 if rare == 0 => self.leave(&world),
            3 if rare == 1 => self.emergency(number, &world),
            3 => self.go(number, Act::Review(Verdict::Approve), "sam", &world, about(of)),
            4 => {
                let closure = world.subject.closure.clone();
                let tests = TestEvidence { closure, at: world.at, passed: 12, failed: 0, mutation: 90 };
                let says = Says { tests: Some(tests), ..Says::default() };
                self.go(number, Act::Attest, "ann", &world, says)
            }
            // A release that takes the place of what is not in force has no place.
            5 if chance < 5 => {
                let says = Says { of, replaces: Some("sha256:other".into()), ..Says::default() };
                self.act(Act::Release, "ann", &world, says).0
            }
            _ => {
                let replaces = self.state.released(&world.subject.name, "production").map(|r| r.id.clone());
                let opened =
                    self.go(number, Act::Release, "ann", &world, Says { of, replaces, ..Says::default() });
                let glass = self.changes[number].glass.take();
                let version = self.changes[number].version + 1;
                self.changes[number] = Change { stage: 1, version, glass, proposal: None };
                opened
            }
        }
    }

    /// An act that has to be allowed, after which the change is a stage further.
    fn go(&mut self, number: usize, act: Act, by: &str, world: &World, says: Says) -> Opened {
        let (opened, id) = self.act(act, by, world, says);
        let decision = &opened.openings["decision"].value["because"];
        assert!(id.is_some(), "{act} by {by}: {decision} {:?}", opened.openings.get("refusal"));
        self.changes[number].stage += 1;
        opened
    }

    fn leave(&mut self, world: &World) -> Opened {
        let exception = Exception {
            covers: vec!["mutation".into()],
            subject: world.subject.name.clone(),
            owner: "olga".into(),
            compensating: "two people watch".into(),
            from: Some(world.at),
            until: Some(world.at.plus_hours(24 * 30)),
            ..Exception::default()
        };
        let says = Says { exception: Some(exception), ..Says::default() };
        self.act(Act::GrantException, "sam", world, says).0
    }

    /// Break-glass is opened, or closed where it is open.
    fn emergency(&mut self, number: usize, world: &World) -> Opened {
        if let Some(of) = self.changes[number].glass.take() {
            return self.act(Act::CloseBreakGlass, "ivo", world, Says { of: Some(of), ..Says::default() }).0;
        }
        let glass = BreakGlass {
            reason: "leavers keep access".into(),
            ticket: "INC-1".into(),
            scope: vec![world.subject.name.clone()],
            drill: true,
            from: Some(world.at),
            until: Some(world.at.plus_hours(2)),
            ..BreakGlass::default()
        };
        let (opened, id) =
            self.act(Act::OpenBreakGlass, "ivo", world, Says { glass: Some(glass), ..Says::default() });
        self.changes[number].glass = id;
        opened
    }
}

/// The same entry with one byte of the policy altered.
fn altered(opened: &Opened) -> Opened {
    let mut opened = opened.clone();
    if let Some(opening) = opened.openings.get_mut("content") {
        opening.value["own.cedar"] = OWN.replace(">= 3", ">= 2").into();
    }
    opened
}

/// A log replayed, and replayed with one byte of the policy altered until that is noticed.
struct Replays {
    replayer: Replayer<'static>,
    /// The first decision that the byte changes.
    first: Option<u64>,
    /// Where it was noticed.
    changed: Option<u64>,
}

impl Replays {
    fn of(entries: Receiver<Opened>) -> Self {
        let mut other = Replayer::new(None);
        let mut replays = Replays { replayer: Replayer::new(None), first: None, changed: None };
        for opened in entries {
            replays.replayer.take(&opened);
            let granted = |act: &evidence::ActBody| act.act == "grant-exception" && act.allow;
            if replays.first.is_none() && opened.act.as_ref().is_some_and(granted) {
                replays.first = Some(opened.entry.place.seq);
            }
            if replays.changed.is_none() {
                other.take(&altered(&opened));
                replays.changed = other.found.different.first().map(|(seq, _)| *seq);
            }
        }
        replays
    }
}

#[test]
fn the_log_alone_gives_the_same_state_and_the_same_decisions() {
    let slow = std::env::var_os("COUNTERSIGN_SLOW").is_some();
    let (count, workflows, rare) = if slow { (1_000_000, 500, 400) } else { (600, 12, 6) };
    let began = Instant::now();
    let mut made = Simulated::new(workflows, rare);
    // One makes the log, the other replays it meanwhile.
    let (send, entries) = sync_channel(1024);
    let Replays { replayer, first, changed } = std::thread::scope(|scope| {
        let replays = scope.spawn(move || Replays::of(entries));
        for opened in made.begin() {
            send.send(opened).unwrap();
        }
        send.send(made.connector()).unwrap();
        while made.acts < count {
            send.send(made.next()).unwrap();
        }
        drop(send);
        replays.join().unwrap()
    });
    let found = &replayer.found;
    assert_eq!((&found.different, &found.not_replayed, &found.notes), (&vec![], &vec![], &vec![]));
    assert_eq!((found.same, made.acts), (count, count));
    assert!(replayer.state == made.state, "the state that the log comes to is another");
    assert!(made.refused * 100 > count, "too few acts were refused: {}", made.refused);
    assert!(
        changed.is_some() && changed == first,
        "noticed at {changed:?}, and {first:?} is the first that changes"
    );
    println!(
        "{count} acts, {} refused, {} proposals: made and replayed in {:.0?}; one byte noticed at entry {changed:?}",
        made.refused,
        made.state.proposals.len(),
        began.elapsed()
    );
}
