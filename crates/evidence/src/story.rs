//! What entries say, in sentences: who did what, when and with which authority, what they were shown, what was decided by
//! which rule on which facts, and what came of it. Each sentence names the entry and the fields that it rests on.

use crate::act::{ActBody, BASIS, directory};
use crate::join::{executions, whose};
use crate::moment::text;
use crate::said::{asked, changed_parts, intent, is_overlay, is_release, same, signed, told_time};
use crate::texts::{ENGLISH, Texts, fill};
use crate::verify::Opened;
use ledger::{clean, count, encoding};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;

/// The type of entries that say which values were erased, held or let go.
pub const CUSTODY: &str = "custody/1";

/// The most that a list names.
const MOST: usize = 12;

/// A sentence, and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sentence {
    /// The words.
    pub text: String,
    /// The entry and its fields.
    pub rests_on: String,
}

impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.text, self.rests_on)
    }
}

/// An entry in sentences, by itself.
#[must_use]
pub fn explain(opened: &Opened) -> Vec<String> {
    Stories::of(std::slice::from_ref(opened)).tell(opened).iter().map(Sentence::to_string).collect()
}

/// Entries in the order of their numbers, with what leads from one to another.
pub struct Stories<'a> {
    entries: &'a [Opened],
    /// What answers an entry.
    answers: BTreeMap<u64, Vec<u64>>,
    /// What ran by a release.
    runs: BTreeMap<u64, Vec<u64>>,
    /// Releases of a subject in an environment.
    releases: BTreeMap<(&'a str, &'a str), Vec<u64>>,
}

impl<'a> Stories<'a> {
    /// Those of some entries.
    #[must_use]
    pub fn of(entries: &'a [Opened]) -> Self {
        let (mut answers, mut runs) = (BTreeMap::new(), BTreeMap::new());
        let mut releases: BTreeMap<(&str, &str), Vec<u64>> = BTreeMap::new();
        for opened in entries {
            let seq = opened.entry.place.seq;
            let put = |map: &mut BTreeMap<u64, Vec<u64>>, of: u64| map.entry(of).or_default().push(seq);
            match &opened.act {
                Some(act) => {
                    act.of.into_iter().for_each(|of| put(&mut answers, of));
                    if act.allow && is_release(act) {
                        let place = (act.subject.as_str(), act.environment.as_str());
                        releases.entry(place).or_default().push(seq);
                    }
                }
                None => opened.entry.body["release"].as_u64().into_iter().for_each(|of| put(&mut runs, of)),
            }
        }
        Stories { entries, answers, runs, releases }
    }

    /// An entry in sentences: what it says, what it answers, and what came of it.
    #[must_use]
    pub fn tell(&self, opened: &Opened) -> Vec<Sentence> {
        let mut teller = Teller { all: self, opened, texts: &ENGLISH, out: Vec::new() };
        match &opened.act {
            Some(act) => teller.act(act),
            None if opened.entry.kind == BASIS => teller.basis(),
            None if opened.entry.kind == CUSTODY => teller.custody(),
            None => teller.other(),
        }
        teller.out
    }

    fn at(&self, seq: u64) -> Option<&'a Opened> {
        let at = self.entries.binary_search_by_key(&seq, |o| o.entry.place.seq).ok()?;
        self.entries.get(at)
    }

    /// What went live by break-glass in the place of a release, until the next.
    fn overlaid(&self, act: &ActBody, seq: u64, next: Option<u64>) -> Vec<u64> {
        let until = next.unwrap_or(u64::MAX);
        let within = self.entries.iter().filter(|o| o.entry.place.seq > seq && o.entry.place.seq < until);
        let live = within.filter(|o| o.act.as_ref().is_some_and(|a| is_overlay(a) && same(a, act)));
        live.map(|o| o.entry.place.seq).collect()
    }

    /// The release of the same before and after one.
    fn around(&self, act: &ActBody, seq: u64) -> (Option<&'a Opened>, Option<u64>) {
        let all = self.releases.get(&(act.subject.as_str(), act.environment.as_str()));
        let all = all.map(Vec::as_slice).unwrap_or_default();
        let before = all.iter().rev().find(|s| **s < seq).and_then(|s| self.at(*s));
        (before, all.iter().find(|s| **s > seq).copied())
    }
}

/// What an act was, in a few words: `ann released workflow/leaver`.
#[must_use]
pub fn title(opened: &Opened) -> String {
    let all = Stories::of(&[]);
    let teller = Teller { all: &all, opened, texts: &ENGLISH, out: Vec::new() };
    let who = capital(&teller.who(opened));
    match &opened.act {
        Some(act) if act.allow => format!("{who} {}", teller.what(opened, act)),
        Some(act) => format!("{who}: {} (refused)", teller.what(opened, act)),
        None => crate::export::effect_done(opened).unwrap_or_else(|| teller.entered()),
    }
}

/// The beginning of a sentence.
fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

struct Teller<'s, 'a> {
    all: &'s Stories<'a>,
    opened: &'s Opened,
    texts: &'static Texts,
    out: Vec<Sentence>,
}

impl Teller<'_, '_> {
    fn say(&mut self, text: &str, values: &[(&str, &str)], fields: &str) {
        self.say_of(self.opened.entry.place.seq, text, values, fields);
    }

    fn say_of(&mut self, seq: u64, text: &str, values: &[(&str, &str)], fields: &str) {
        let text = fill(text, values);
        self.out.push(Sentence { text, rests_on: format!("entry {seq}, {fields}") });
    }

    fn who(&self, opened: &Opened) -> String {
        opened.value("by").map_or(self.texts.somebody.to_owned(), |by| format!("`{}`", clean(by)))
    }

    /// What was done, or was wanted, in words.
    fn what(&self, opened: &Opened, act: &ActBody) -> String {
        let known = self.texts.acts.iter().find(|(word, ..)| *word == act.act);
        let prefixes = ["workflow/", "component/", "credential/"];
        let name = prefixes.iter().find_map(|kind| act.subject.strip_prefix(kind));
        let subject = format!("`{}`", name.unwrap_or(&act.subject));
        let asks = match act.act.as_str() {
            "propose" => intent(opened),
            "attest" if act.subject.starts_with("credential/") => "rotation".to_owned(),
            _ => String::new(),
        };
        let drill = self.texts.drills.iter().find(|(word, ..)| act.drill && *word == act.act);
        let other = drill.or(self.texts.intents.iter().find(|(word, ..)| *word == asks));
        match other.or(known) {
            Some((_, done, wanted)) => fill(if act.allow { done } else { wanted }, &[("subject", &subject)]),
            None => format!("`{}` {subject}", act.act),
        }
    }

    /// An act that happened before or after, as part of a sentence: who and what.
    fn told(&self, seq: u64) -> Option<(String, String)> {
        let opened = self.all.at(seq)?;
        Some((self.who(opened), self.what(opened, opened.act.as_ref()?)))
    }

    fn act(&mut self, act: &ActBody) {
        let texts = self.texts;
        let environment = match act.environment.as_str() {
            "" => String::new(),
            name => fill(texts.environment, &[("environment", name)]),
        };
        let values = [
            ("time", told_time(self.opened, act, self.texts)),
            ("who", self.who(self.opened)),
            ("what", self.what(self.opened, act)),
            ("where", environment),
        ];
        let values: Vec<(&str, &str)> = values.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let sentence = if act.allow { texts.did } else { texts.refused };
        let signed = self.opened.openings.contains_key("statement");
        let time = if act.at.is_some() {
            "at"
        } else if signed {
            "commitments.statement.at"
        } else {
            "time"
        };
        self.say(sentence, &values, &format!("{time}, act, subject, environment, commitments.by"));
        self.authority(act);
        self.signature();
        self.page(act);
        self.before(act);
        self.decision(act);
        self.lane();
        self.tests(act);
        self.rest(act);
        if act.allow {
            self.afterwards(act);
        }
    }

    /// With which authority: the roles of the directory, for whom, in which role.
    fn authority(&mut self, act: &ActBody) {
        let texts = self.texts;
        let by = self.opened.value("by").unwrap_or_default().to_owned();
        let ground = act.people.and_then(|seq| self.all.at(seq));
        let person = ground.and_then(|g| directory(g).find(|p| p["id"] == by.as_str()));
        let name = |role: &Value| role.as_str().or(role["role"].as_str()).map(|r| format!("`{r}`"));
        let roles = person.map(|p| p["roles"].as_array().into_iter().flatten().filter_map(name));
        let roles: Vec<String> = roles.into_iter().flatten().collect();
        if let (Some(seq), false) = (act.people, roles.is_empty()) {
            self.say_of(
                seq,
                texts.roles,
                &[("who", &by), ("roles", &roles.join(", ")), ("entry", &seq.to_string())],
                "commitments.people",
            );
        }
        let facts = self.opened.openings.get("facts").map(|o| &o.value["actor"]);
        let said = |name: &str| facts.and_then(|f| f[name].as_str()).unwrap_or_default().to_owned();
        let (behalf, role) = (said("on-behalf-of"), said("authority"));
        if !behalf.is_empty() {
            self.say(texts.on_behalf, &[("who", &behalf)], "commitments.facts.actor.on-behalf-of");
        }
        if !role.is_empty() {
            self.say(texts.authority, &[("role", &role)], "commitments.facts.actor.authority");
        }
    }

    fn signature(&mut self) {
        if let Some((id, _, key)) = self.statement() {
            let time = text(self.opened.entry.place.time);
            let values = [("time", time.as_str()), ("key", key.as_str()), ("id", id.as_str())];
            self.say(self.texts.signed, &values, "time, commitments.statement");
        } else if self.opened.openings.contains_key("event") {
            let facts = self.opened.openings.get("facts").map(|o| &o.value["actor"]["account"]);
            let key = facts.and_then(Value::as_str).unwrap_or_default();
            self.say(
                self.texts.unsigned,
                &[("key", key)],
                "commitments.event, commitments.facts.actor.account",
            );
        }
    }

    /// The statement's name, what it says, and whose key signed.
    fn statement(&self) -> Option<(String, Value, String)> {
        signed(self.opened)
    }

    fn page(&mut self, act: &ActBody) {
        let Some(page) = self.opened.value("shown") else { return };
        let lines: Vec<&str> = page.lines().map(str::trim).collect();
        self.say(self.texts.shown, &[("page", &lines.join("; "))], "commitments.shown");
        let Some((_, predicate, _)) = self.statement() else { return };
        let policy = predicate["policy"].as_str().unwrap_or_default();
        let whole = format!("{page}\n{}\n{policy}\n", act.closure);
        let digest = format!("sha256:{}", encoding::to_hex(&Sha256::digest(whole)));
        let same = predicate["shown"] == digest.as_str();
        let sentence = if same { self.texts.shown_signed } else { self.texts.shown_other };
        self.say(sentence, &[], "commitments.shown, commitments.statement.shown");
    }

    /// What it answers and rests on.
    fn before(&mut self, act: &ActBody) {
        if let Some(of) = act.of {
            let (who, what) = self.told(of).unwrap_or_default();
            let sentence = if who.is_empty() { self.texts.answers_entry } else { self.texts.answers };
            self.say(sentence, &[("entry", &of.to_string()), ("who", &who), ("what", &what)], "of");
        }
        if !act.rests_on.is_empty() {
            let list = self.list(&act.rests_on);
            self.say(self.texts.rests_on, &[("list", &list)], "rests_on");
        }
    }

    /// Entries in words: `entry 4, in which ann approved …`.
    fn list(&self, all: &[u64]) -> String {
        let one = |seq: &u64| {
            let (number, told) = (seq.to_string(), self.told(*seq));
            let (who, what) = told.clone().unwrap_or_default();
            let words = if told.is_some() { self.texts.entry_told } else { self.texts.entry };
            fill(words, &[("entry", &number), ("who", &who), ("what", &what)])
        };
        let shown: Vec<String> = all.iter().take(MOST).map(one).collect();
        let more = all.len().saturating_sub(MOST);
        let more =
            if more > 0 { fill(self.texts.more, &[("count", &more.to_string())]) } else { String::new() };
        shown.join(", ") + &more
    }

    /// By which rules, on which facts.
    fn decision(&mut self, act: &ActBody) {
        let texts = self.texts;
        let under = |what: &str, seq: Option<u64>| match seq {
            Some(seq) => fill(texts.that_of, &[("what", what), ("entry", &seq.to_string())]),
            None => fill(texts.none, &[("what", what)]),
        };
        let rules = match act.rules.join("`, `") {
            rules if rules.is_empty() => texts.no_rule.to_owned(),
            rules => format!("`{rules}`"),
        };
        let (policy, people) = (under("policy", act.policy), under("people directory", act.people));
        let values = [("policy", policy.as_str()), ("people", people.as_str()), ("rules", rules.as_str())];
        self.say(texts.decided, &values, "policy, people, rules");
        let Some(decision) = self.opened.openings.get("decision").map(|o| &o.value) else { return };
        self.because(&decision["because"], "commitments.decision.because");
        let votes = decision["votes"].as_array().into_iter().flatten().enumerate();
        for (i, vote) in votes.filter(|(_, v)| v["counts"] == false) {
            let who = vote["who"].as_str().unwrap_or_default();
            let reason = vote["because"][0]["reason"].as_str().unwrap_or_default();
            let fields = format!("commitments.decision.votes[{i}]");
            self.say(texts.uncounted, &[("who", who), ("reason", reason)], &fields);
        }
        if let Some(refusal) = self.opened.openings.get("refusal").map(|o| &o.value) {
            let text = |name: &str| refusal[name].as_str().unwrap_or_default();
            self.say(
                texts.refusal,
                &[("rule", text("rule")), ("reason", text("message"))],
                "commitments.refusal",
            );
        }
    }

    fn because(&mut self, all: &Value, field: &str) {
        for (i, because) in all.as_array().into_iter().flatten().enumerate() {
            let text = |name: &str| because[name].as_str().unwrap_or_default();
            let sentence = if text("effect") == "forbid" { self.texts.forbids } else { self.texts.allows };
            let fields = format!("{field}[{i}]");
            self.say(sentence, &[("rule", text("policy")), ("reason", text("reason"))], &fields);
            let facts = because["facts"].as_object().into_iter().flatten();
            let facts: Vec<String> =
                facts.map(|(n, v)| format!("{n} = {}", v.as_str().unwrap_or_default())).collect();
            if !facts.is_empty() {
                let fields = format!("{field}[{i}].facts");
                self.say(self.texts.facts, &[("facts", &facts.join("; "))], &fields);
            }
        }
    }

    /// What an exception leaves unasked, by whom and against what; on which ticket a break-glass was opened; when a credential
    /// was rotated.
    fn lane(&mut self) {
        let Some((says, field)) = asked(self.opened) else { return };
        let exception = &says["exception"];
        if exception.is_object() {
            let text = |name: &str| exception[name].as_str().filter(|t| !t.is_empty()).unwrap_or("nothing");
            let owner = exception["owner"].as_str().filter(|t| !t.is_empty());
            let owner = owner.map_or("nobody".to_owned(), |o| format!("`{o}`"));
            let covers = exception["covers"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let covers: Vec<String> = covers.map(|c| format!("`{c}`")).collect();
            let compensating = text("compensating").trim_end_matches('.');
            let values =
                [("covers", covers.join(", ")), ("owner", owner), ("compensating", compensating.to_owned())];
            let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
            self.say(self.texts.exception, &values, &format!("{field}.exception"));
        }
        if says["subject"]["kind"] == "credential" {
            let time = says["version"].as_str().unwrap_or_default();
            self.say(self.texts.rotated, &[("time", time)], &format!("{field}.version"));
        }
        if says["glass"].is_object() {
            let ticket = says["glass"]["ticket"].as_str().unwrap_or_default();
            let sentence = if ticket.is_empty() { self.texts.no_ticket } else { self.texts.ticket };
            let ticket = format!("`{ticket}`");
            self.say(sentence, &[("ticket", &ticket)], &format!("{field}.glass.ticket"));
        }
    }

    /// What came of the tests that somebody attested to.
    fn tests(&mut self, act: &ActBody) {
        let Some((says, field)) = asked(self.opened).filter(|_| act.act == "attest") else { return };
        let Some(tests) = says["tests"].as_object() else { return };
        let number = |name: &str| tests.get(name).and_then(Value::as_u64).unwrap_or_default();
        let (passed, failed) = (number("passed"), number("failed"));
        let values = [
            ("all", count(passed + failed, self.texts.scenario.0, self.texts.scenario.1)),
            ("passed", passed.to_string()),
            ("failed", failed.to_string()),
            ("mutation", number("mutation").to_string()),
        ];
        let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
        let sentence = if passed + failed == 0 { self.texts.no_tests } else { self.texts.tests };
        self.say(sentence, &values, &format!("{field}.tests"));
    }

    fn rest(&mut self, act: &ActBody) {
        if act.allow && !act.verdict {
            self.say(self.texts.let_through, &[("mode", &act.mode)], "mode, verdict");
        }
        if let Some(until) = act.until {
            self.say(self.texts.ends, &[("time", &text(until))], "until");
        }
        if let Some(reason) = self.opened.value("reason") {
            let reason = reason.trim_end_matches('.');
            self.say(self.texts.reason, &[("reason", reason)], "commitments.reason");
        }
    }

    /// What came of it: what it changed, what answers it, what took its place, what ran by it.
    fn afterwards(&mut self, act: &ActBody) {
        let (seq, all) = (self.opened.entry.place.seq, self.all);
        if let Some(answers) = all.answers.get(&seq) {
            let text = fill(self.texts.after, &[("list", &self.list(answers))]);
            self.out.push(Sentence { text, rests_on: format!("entry {}, of", numbers(answers)) });
        }
        if !is_release(act) {
            return;
        }
        let (before, next) = all.around(act, seq);
        self.changed(before);
        let overlaid = all.overlaid(act, seq, next);
        if !overlaid.is_empty() {
            let text = fill(self.texts.overlaid, &[("list", &self.list(&overlaid))]);
            let rests_on = format!("entry {}, act, subject, environment", numbers(&overlaid));
            self.out.push(Sentence { text, rests_on });
        }
        match next {
            Some(next) => {
                let (who, what) = self.told(next).unwrap_or_default();
                let number = next.to_string();
                let values = [("entry", number.as_str()), ("who", &who), ("what", &what)];
                self.say_of(next, self.texts.replaced, &values, "act, subject, environment");
            }
            None if all.entries.len() > 1 => self.say(self.texts.in_force, &[], "seq"),
            None => {}
        }
        if let Some(runs) = all.runs.get(&seq) {
            self.ran(runs);
        }
    }

    /// Whose access the runs of a release were about. What one execution recorded and did is one run.
    fn ran(&mut self, runs: &[u64]) {
        let entries: Vec<&Opened> = runs.iter().filter_map(|seq| self.all.at(*seq)).collect();
        let executions = executions(&entries);
        let about: Vec<String> = executions.iter().take(MOST).filter_map(|run| whose(run)).collect();
        let list = if about.is_empty() { self.texts.unnamed.to_owned() } else { about.join(", ") };
        let sentence = if executions.len() == 1 { self.texts.run } else { self.texts.runs };
        let text = fill(sentence, &[("count", &executions.len().to_string()), ("list", &list)]);
        let rests_on = format!("entry {}, release, execution, commitments.identity", numbers(runs));
        self.out.push(Sentence { text, rests_on });
    }

    /// Which parts a release changed, compared with the one before it.
    fn changed(&mut self, before: Option<&Opened>) {
        let Some((_, predicate, _)) = self.statement() else { return };
        let Some(before) = before else {
            let parts = predicate["parts"].as_object().map_or(0, serde_json::Map::len);
            let count = count(parts, self.texts.part.0, self.texts.part.1);
            return self.say(self.texts.first, &[("count", &count)], "commitments.statement.parts");
        };
        let Some((_, was, _)) = signed(before) else { return };
        let parts = changed_parts(&was["parts"], &predicate["parts"]);
        let shown: Vec<String> = parts.iter().take(MOST).map(|p| format!("`{p}`")).collect();
        let list = if shown.is_empty() { "nothing".to_owned() } else { shown.join(", ") };
        let values = [("parts", list.as_str()), ("entry", &before.entry.place.seq.to_string())];
        self.say(self.texts.parts, &values, "commitments.statement.parts");
    }

    fn basis(&mut self) {
        let seq = self.opened.entry.place.seq.to_string();
        let of = self.opened.entry.body["of"].as_str().unwrap_or_default();
        if of == "people" {
            let count = count(directory(self.opened).count(), self.texts.person.0, self.texts.person.1);
            let values = [("entry", seq.as_str()), ("count", &count)];
            return self.say(self.texts.basis_people, &values, "of, commitments.people");
        }
        let files = self.opened.openings.get("content").and_then(|o| o.value.as_object());
        let (one, many) = self.texts.policies;
        let count = files.map_or_else(|| format!("? {many}"), |f| count(f.len(), one, many));
        let version = self.opened.entry.body["version"].as_str().unwrap_or_default();
        let values = [("entry", seq.as_str()), ("count", &count), ("version", version)];
        self.say(self.texts.basis_policy, &values, "of, version, commitments.content");
    }

    fn custody(&mut self) {
        let body = &self.opened.entry.body;
        let entries = body["values"].as_object().into_iter().flatten();
        let list: Vec<String> = entries.map(|(entry, names)| format!("{entry} ({})", words(names))).collect();
        let time = text(self.opened.entry.place.time);
        let values = [
            ("time", time.as_str()),
            ("source", &self.opened.entry.source),
            ("act", body["act"].as_str().unwrap_or_default()),
            ("list", &list.join(", ")),
        ];
        self.say(self.texts.custody, &values, "act, values");
    }

    /// An entry that is no act, in a few words: its type, its source, whom it is about, its execution.
    fn entered(&self) -> String {
        let (entry, texts) = (&self.opened.entry, self.texts);
        let about = self.opened.value("identity").map(|i| fill(texts.about, &[("identity", i)]));
        let run = entry.body["execution"].as_str().map(|e| fill(texts.execution, &[("execution", e)]));
        let (about, run) = (about.unwrap_or_default(), run.unwrap_or_default());
        format!("{} by {}{about}{run}", entry.kind, entry.source)
    }

    /// An entry of another type: what was done to whom, as far as that is disclosed.
    fn other(&mut self) {
        let (entry, texts) = (&self.opened.entry, self.texts);
        if let Some(done) = crate::export::effect_done(self.opened) {
            let time = text(entry.place.time);
            let run = entry.body["execution"].as_str().map(|e| fill(texts.by_execution, &[("execution", e)]));
            let values = [("time", time.as_str()), ("done", &done), ("execution", &run.unwrap_or_default())];
            return self.say(
                texts.effect,
                &values,
                "time, source, effect, outcome, execution, commitments.identity",
            );
        }
        let about = self.opened.value("identity").map(|i| fill(texts.about, &[("identity", i)]));
        let run = entry.body["execution"].as_str().map(|e| fill(texts.execution, &[("execution", e)]));
        let time = text(entry.place.time);
        let values = [
            ("time", time.as_str()),
            ("source", &entry.source),
            ("kind", &entry.kind),
            ("about", &about.unwrap_or_default()),
            ("execution", &run.unwrap_or_default()),
        ];
        self.say(texts.other, &values, "time, source, type, execution, commitments.identity");
    }
}

fn words(names: &Value) -> String {
    let all: Vec<&str> = names.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    all.join(", ")
}

fn numbers(all: &[u64]) -> String {
    all.iter().take(MOST).map(u64::to_string).collect::<Vec<_>>().join(", ")
}
