//! Populations: every item of a kind in a period, with the count, where it ties out, and a sample that can be drawn again.

use crate::act::{ActBody, is_within, time_of};
use crate::export::known_outcome;
use crate::moment::{is_weekend, text};
use crate::verify::Opened;
use ledger::is_hidden;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// What a population is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Proposals.
    Change,
    /// Releases and roll-backs.
    Release,
    /// Acts that were decided, allowed or refused.
    Decision,
    /// Exceptions granted or renewed.
    Exception,
    /// Break-glass opened.
    BreakGlass,
    /// Rotations of credentials, as attested, or as a runtime did them.
    Rotation,
    /// What was done to somebody's access.
    Effect,
    /// Changes of what governs: policy, people, configuration.
    Governance,
}

impl Kind {
    /// All of them, with their words and the query that finds their items.
    pub const ALL: [(Kind, &'static str, &'static str); 8] = [
        (Kind::Change, "changes", "act = propose"),
        (Kind::Release, "releases", "act in (release, roll-back)"),
        (Kind::Decision, "decisions", "every act"),
        (Kind::Exception, "exceptions", "act in (grant-exception, renew-exception)"),
        (Kind::BreakGlass, "break-glass", "act = open-break-glass"),
        (
            Kind::Rotation,
            "rotations",
            "act = attest and subject begins with credential/, or effect = rotate-credential",
        ),
        (Kind::Effect, "effects", "every entry of type effect/1"),
        (Kind::Governance, "governance", "act begins with change-"),
    ];

    /// Whether an entry is one of its items.
    #[must_use]
    pub fn takes(self, opened: &Opened) -> bool {
        match (&opened.act, effect(opened)) {
            (Some(act), _) => self.takes_act(act),
            (None, Some(word)) => {
                self == Kind::Effect || self == Kind::Rotation && word == "rotate-credential"
            }
            (None, None) => false,
        }
    }

    fn takes_act(self, act: &ActBody) -> bool {
        let word = act.act.as_str();
        match self {
            Kind::Change => word == "propose",
            Kind::Release => matches!(word, "release" | "roll-back"),
            Kind::Decision => true,
            Kind::Exception => matches!(word, "grant-exception" | "renew-exception"),
            Kind::BreakGlass => word == "open-break-glass",
            Kind::Rotation => word == "attest" && act.subject.starts_with("credential/"),
            Kind::Governance => word.starts_with("change-"),
            Kind::Effect => false,
        }
    }
}

/// Whether what an entry tells of happened; nothing where that is not known, or where it tells of nothing that could.
pub(crate) fn happened(opened: &Opened) -> Option<bool> {
    let outcome = || effect(opened).and(opened.entry.body["outcome"].as_str());
    opened.act.as_ref().map_or_else(|| known_outcome(outcome()?), |act| Some(act.allow))
}

/// The word for what was done to access, of an entry that says so.
fn effect(opened: &Opened) -> Option<&str> {
    (opened.entry.kind == crate::export::EFFECT)
        .then(|| opened.entry.body["effect"].as_str().unwrap_or_default())
}

/// An item, and the entries that it is connected with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Its entry.
    pub entry: u64,
    /// When it was done, in UTC; when it was entered, where its entry does not say.
    pub time: String,
    /// What was done.
    pub act: String,
    /// What it was done to.
    pub subject: String,
    /// Whether it happened; nothing where that is not known.
    pub allow: Option<bool>,
    /// Whether it is about an emergency.
    pub emergency: bool,
    /// Whether it belongs to a drill of an emergency.
    pub drill: bool,
    /// Whether it was on a weekend (UTC).
    pub weekend: bool,
    /// The entries of its chain, in order: what it answers, what answers that, what they rest on, what came of it.
    pub chain: Vec<u64>,
    /// The same by stages, from the request to the effect.
    pub stages: Vec<Stage>,
}

/// A stage of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stage {
    /// Its name: `request`, `review`, `effect`.
    pub stage: &'static str,
    /// Its entries.
    pub entries: Vec<u64>,
}

/// The stages in their order, with the acts of each. What is no act is a run, or an effect.
const STAGES: [(&str, &[&str]); 10] = [
    ("request", &["register", "propose"]),
    ("test", &["attest"]),
    ("component", &["approve-connector", "approve-script", "approve-webhook"]),
    ("exception", &["grant-exception", "renew-exception", "end-exception"]),
    ("break-glass", &["open-break-glass", "close-break-glass"]),
    ("break-glass drill", &[]),
    ("review", &["approve", "refuse", "ask-rework", "post-change-review", "withdraw"]),
    ("release", &["release", "roll-back", "use-break-glass", "take-over", "retire", "kill"]),
    ("run", &[]),
    ("effect", &[]),
];

/// All items of a kind in a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Population {
    /// Of what.
    pub kind: Kind,
    /// What finds them.
    pub query: &'static str,
    /// From then on (milliseconds since 1970).
    pub from: u64,
    /// Until just before; nothing for no end.
    pub to: Option<u64>,
    /// How many there are.
    pub count: usize,
    /// Of how many of them it is not known whether they happened.
    pub unknown: usize,
    /// How many entries were looked at: by source, in numbers that are dense.
    pub sources: Vec<(String, u64)>,
    /// The items.
    pub items: Vec<Item>,
}

/// The items of a kind that were done from a time until just before another.
#[must_use]
pub fn population(entries: &[Opened], kind: Kind, from: u64, to: u64) -> Population {
    let within: Vec<&Opened> = entries.iter().filter(|o| is_within(o, from, to)).collect();
    let links = Links::of(entries);
    let items: Vec<Item> = within.iter().filter(|o| kind.takes(o)).map(|o| item(&links, o)).collect();
    let mut sources: BTreeMap<String, u64> = BTreeMap::new();
    within.iter().for_each(|o| *sources.entry(o.entry.source.clone()).or_default() += 1);
    let query = Kind::ALL.iter().find(|(k, ..)| *k == kind).map_or("", |(.., query)| query);
    let (to, count) = ((to < u64::MAX).then_some(to), items.len());
    let unknown = items.iter().filter(|i| i.allow.is_none()).count();
    Population { kind, query, from, to, count, unknown, sources: sources.into_iter().collect(), items }
}

fn item(links: &Links<'_>, opened: &Opened) -> Item {
    let (seq, time) = (opened.entry.place.seq, time_of(opened));
    let chain = links.chain(opened);
    let text_of = |name: &str| opened.entry.body[name].as_str().unwrap_or_default();
    let (act, subject, emergency) = match &opened.act {
        Some(act) => (act.act.clone(), act.subject.clone(), act.is_emergency()),
        None => {
            let target = [text_of("system"), text_of("entitlement")].into_iter().filter(|t| !t.is_empty());
            let target = target.collect::<Vec<_>>().join("/");
            (text_of("effect").to_owned(), target, false)
        }
    };
    Item {
        entry: seq,
        time: text(time),
        act,
        subject,
        allow: happened(opened),
        emergency,
        drill: opened.act.as_ref().is_some_and(|a| a.drill),
        weekend: is_weekend(time),
        stages: links.stages(&chain),
        chain,
    }
}

/// What leads from one entry to another.
struct Links<'a> {
    entries: BTreeMap<u64, &'a Opened>,
    /// What answers an entry.
    answers: BTreeMap<u64, Vec<u64>>,
    /// What ran by a release.
    ran: BTreeMap<u64, Vec<u64>>,
}

impl<'a> Links<'a> {
    fn of(entries: &'a [Opened]) -> Self {
        let mut links = Links { entries: BTreeMap::new(), answers: BTreeMap::new(), ran: BTreeMap::new() };
        for opened in entries {
            let seq = opened.entry.place.seq;
            links.entries.insert(seq, opened);
            if let Some(of) = opened.act.as_ref().and_then(|a| a.of) {
                links.answers.entry(of).or_default().push(seq);
            }
            if let Some(release) = opened.entry.body["release"].as_u64() {
                links.ran.entry(release).or_default().push(seq);
            }
        }
        links
    }

    /// What an item answers, what answers the same, what they rest on, and what ran by them. Of what ran by a release, the chain
    /// is that of the release, without the others that ran.
    fn chain(&self, opened: &Opened) -> Vec<u64> {
        let seq = opened.entry.place.seq;
        let release = opened.entry.body["release"].as_u64().filter(|_| opened.act.is_none());
        let from = release.unwrap_or(seq);
        let act = |of: u64| self.entries.get(&of).and_then(|o| o.act.as_ref());
        let root = act(from).and_then(|a| a.of).unwrap_or(from);
        let mut chain: BTreeSet<u64> = [root, from, seq].into();
        chain.extend(self.answers.get(&root).into_iter().flatten());
        for of in chain.clone() {
            chain.extend(act(of).into_iter().flat_map(|a| &a.rests_on));
            if release.is_none() {
                chain.extend(self.ran.get(&of).into_iter().flatten());
            }
        }
        chain.into_iter().filter(|of| self.entries.contains_key(of)).collect()
    }

    fn stages(&self, chain: &[u64]) -> Vec<Stage> {
        let of = |seq: &u64| self.entries.get(seq).map_or("run", |opened| stage(opened));
        let entries = |stage: &str| chain.iter().filter(|seq| of(seq) == stage).copied().collect();
        let all = STAGES.iter().map(|(stage, _)| Stage { stage, entries: entries(stage) });
        all.filter(|s| !s.entries.is_empty()).collect()
    }
}

fn stage(opened: &Opened) -> &'static str {
    match &opened.act {
        // What a drill does is never live.
        Some(act) if act.drill => "break-glass drill",
        // What puts a policy or a directory in force is its release.
        Some(act) => {
            STAGES.iter().find(|(_, acts)| acts.contains(&act.act.as_str())).map_or("release", |(s, _)| s)
        }
        None if opened.entry.kind == crate::export::EFFECT => "effect",
        None => "run",
    }
}

/// A sample of a size, the same for the same seed: the items with the smallest SHA-256 over seed and entry.
///
/// `weight` counts an item of an emergency or a weekend as so many; an item is in the sample once at most.
#[must_use]
pub fn sample(population: &Population, size: usize, seed: &str, weight: u32) -> Vec<Item> {
    let draw = |item: &Item, ticket: u32| -> [u8; 32] {
        Sha256::digest(format!("countersign sample v1\n{seed}\n{}\n{ticket}", item.entry)).into()
    };
    let best = |item: &Item| {
        let tickets = if item.emergency || item.weekend { weight.max(1) } else { 1 };
        (0..tickets).map(|t| draw(item, t)).min()
    };
    let mut drawn: Vec<_> = population.items.iter().map(|i| (best(i), i)).collect();
    drawn.sort_by(|a, b| (&a.0, a.1.entry).cmp(&(&b.0, b.1.entry)));
    let mut chosen: Vec<Item> = drawn.into_iter().take(size).map(|(_, i)| i.clone()).collect();
    chosen.sort_by_key(|i| i.entry);
    chosen
}

/// The chosen acts as a table. Cells hold nothing that a spreadsheet would take for a formula or that needs quoting.
pub(crate) fn csv(entries: &[Opened], chosen: &[u64]) -> String {
    let mut out =
        "entry,time,act,subject,environment,closure,allowed,mode,answers,rests on,rules\n".to_owned();
    for opened in entries.iter().filter(|o| chosen.contains(&o.entry.place.seq)) {
        let Some(act) = &opened.act else { continue };
        let place = opened.entry.place;
        let cells = [
            place.seq.to_string(),
            text(time_of(opened)),
            cell(&act.act),
            cell(&act.subject),
            cell(&act.environment),
            cell(&act.closure),
            if act.allow { "yes" } else { "no" }.to_owned(),
            cell(&act.mode),
            act.of.map(|of| of.to_string()).unwrap_or_default(),
            act.rests_on.iter().map(u64::to_string).collect::<Vec<_>>().join(" "),
            cell(&act.rules.join(" ")),
        ];
        out += &cells.join(",");
        out.push('\n');
    }
    out
}

/// Text of a cell: quotes, commas, what is not seen and a first character that begins a formula become `_`.
fn cell(text: &str) -> String {
    let plain: String =
        text.chars().map(|c| if matches!(c, '"' | ',') || is_hidden(c) { '_' } else { c }).collect();
    match plain.strip_prefix(['=', '+', '-', '@']) {
        Some(rest) => format!("_{rest}"),
        None => plain,
    }
}
