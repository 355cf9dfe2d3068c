//! The join of three questions about a workflow, release by release: who changed it, what logic changed, whose access was
//! affected.

use crate::act::ActBody;
use crate::said::{changed_parts, is_overlay, is_release, same, signed, told_time};
use crate::story::Sentence;
use crate::texts::{ENGLISH, Texts, fill};
use crate::verify::Opened;
use serde_json::Value;
use std::collections::BTreeMap;

/// The sentences, in the order of the releases.
#[must_use]
pub fn join(entries: &[Opened], subject: &str) -> Vec<Sentence> {
    let acts = || entries.iter().filter_map(|o| Some((o, o.act.as_ref()?)));
    let of = |a: &ActBody| a.subject == subject && (a.allow && is_release(a) || is_overlay(a));
    let live = || acts().filter(|(_, a)| of(a));
    let mut out = Vec::new();
    for (opened, act) in live() {
        let seq = opened.entry.place.seq;
        let earlier = |o: &Opened, a: &ActBody| o.entry.place.seq < seq && same(a, act) && is_release(a);
        let before = live().rfind(|(o, a)| earlier(o, a));
        let mut join = Join { entries, texts: &ENGLISH, seq, out: &mut out };
        join.release(opened, act);
        match is_overlay(act) {
            true => join.glass(act),
            false => join.who(act),
        }
        join.what(opened, before.map(|(o, _)| o));
        join.whose();
    }
    out
}

struct Join<'a, 'o> {
    entries: &'a [Opened],
    texts: &'static Texts,
    seq: u64,
    out: &'o mut Vec<Sentence>,
}

impl Join<'_, '_> {
    fn say(&mut self, words: &str, values: &[(&str, &str)], rests_on: String) {
        self.out.push(Sentence { text: fill(words, values), rests_on });
    }

    fn by(&self, seq: u64) -> String {
        let opened = self.entries.iter().find(|o| o.entry.place.seq == seq);
        let by = opened.and_then(|o| o.value("by"));
        by.map_or(self.texts.somebody.to_owned(), |by| format!("`{by}`"))
    }

    fn release(&mut self, opened: &Opened, act: &ActBody) {
        let (entry, time) = (self.seq.to_string(), told_time(opened, act, self.texts));
        let who = self.by(self.seq);
        let values =
            [("entry", entry.as_str()), ("time", &time), ("who", &who), ("environment", &act.environment)];
        let words = if is_overlay(act) { self.texts.join_glass } else { self.texts.join_release };
        let time = if act.at.is_some() { "at" } else { "commitments.statement.at" };
        self.say(words, &values, format!("entry {entry}, act, {time}, commitments.by"));
    }

    /// Who opened the break-glass by which it went live, and who looked at it afterwards.
    fn glass(&mut self, act: &ActBody) {
        let Some(of) = act.of else { return };
        let (who, entry) = (self.by(of), of.to_string());
        let values = [("who", who.as_str()), ("entry", &entry)];
        self.say(self.texts.join_opened, &values, format!("entry {of}, commitments.by"));
        let looked = |a: &ActBody| a.allow && a.of == Some(of) && a.act == "post-change-review";
        let looked = self.entries.iter().filter(|o| o.act.as_ref().is_some_and(looked));
        let looked: Vec<u64> = looked.map(|o| o.entry.place.seq).collect();
        let list: Vec<String> = looked.iter().map(|s| format!("{} (entry {s})", self.by(*s))).collect();
        match looked.is_empty() {
            true => self.say(self.texts.join_not_looked, &[], format!("no entry answers entry {of} so")),
            false => {
                let numbers: Vec<String> = looked.iter().map(u64::to_string).collect();
                let fields = format!("entry {}, of, commitments.by", numbers.join(", "));
                self.say(self.texts.join_looked, &[("list", &list.join(", "))], fields);
            }
        }
    }

    /// Who proposed it, who had a part in it, who approved it.
    fn who(&mut self, act: &ActBody) {
        if let Some(of) = act.of {
            let (who, entry) = (self.by(of), of.to_string());
            let values = [("who", who.as_str()), ("entry", &entry)];
            self.say(self.texts.join_proposed, &values, format!("entry {of}, commitments.by"));
            let proposal = self.entries.iter().find(|o| o.entry.place.seq == of).and_then(signed);
            let had = proposal.map(|(_, says, _)| contributors(&says["contributors"])).unwrap_or_default();
            if !had.is_empty() {
                let fields = format!("entry {of}, commitments.statement.contributors");
                self.say(self.texts.join_contributors, &[("list", &had)], fields);
            }
        }
        let approved = |seq: &&u64| {
            let on = self.entries.iter().find(|o| o.entry.place.seq == **seq).and_then(|o| o.act.as_ref());
            on.is_some_and(|a| a.act == "approve" && a.closure == act.closure)
        };
        let approvals: Vec<u64> = act.rests_on.iter().filter(approved).copied().collect();
        if !approvals.is_empty() {
            let list: Vec<String> =
                approvals.iter().map(|s| format!("{} (entry {s})", self.by(*s))).collect();
            let fields = format!("entry {}, rests_on", self.seq);
            self.say(self.texts.join_approved, &[("list", &list.join(", "))], fields);
        }
    }

    /// Which parts are others than in the release before.
    fn what(&mut self, opened: &Opened, before: Option<&Opened>) {
        let fields = format!("entry {}, commitments.statement.parts", self.seq);
        let Some((_, says, _)) = signed(opened) else {
            return self.say(self.texts.join_withheld, &[], fields);
        };
        let was = before.and_then(signed).map(|(_, says, _)| says);
        let parts = changed_parts(&was.as_ref().map_or(Value::Null, |w| w["parts"].clone()), &says["parts"]);
        let list: Vec<String> = parts.iter().map(|p| format!("`{p}`")).collect();
        let list = if list.is_empty() { "nothing".to_owned() } else { list.join(", ") };
        match before {
            Some(before) => {
                let entry = before.entry.place.seq.to_string();
                self.say(self.texts.join_parts, &[("list", &list), ("entry", &entry)], fields);
            }
            None => self.say(self.texts.join_first, &[("list", &list)], fields),
        }
    }

    /// Whose access the runs of it were about.
    fn whose(&mut self) {
        let runs: Vec<&Opened> =
            self.entries.iter().filter(|o| o.entry.body["release"] == self.seq).collect();
        if runs.is_empty() {
            let fields = format!("no entry names release {}", self.seq);
            return self.say(self.texts.join_no_runs, &[], fields);
        }
        let hidden = |run: &[&Opened]| {
            let entries: Vec<String> = run.iter().map(|o| o.entry.place.seq.to_string()).collect();
            let word = if run.len() == 1 { "entry" } else { "entries" };
            format!("somebody who is not disclosed ({word} {})", entries.join(", "))
        };
        let all = executions(&runs);
        let list: Vec<String> = all.iter().map(|run| whose(run).unwrap_or_else(|| hidden(run))).collect();
        let numbers: Vec<String> = runs.iter().map(|o| o.entry.place.seq.to_string()).collect();
        let fields = format!("entry {}, release, commitments.identity", numbers.join(", "));
        self.say(self.texts.join_whose, &[("list", &list.join(", "))], fields);
    }
}

fn contributors(all: &Value) -> String {
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let one = |c: &Value| format!("`{}` ({})", text(&c["account"]), text(&c["how"]));
    all.as_array().into_iter().flatten().map(one).collect::<Vec<_>>().join(", ")
}

/// Entries that belong to one execution, together; what names none is by itself.
pub(crate) fn executions<'o>(entries: &[&'o Opened]) -> Vec<Vec<&'o Opened>> {
    let mut out: Vec<Vec<&Opened>> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for opened in entries.iter().copied() {
        let execution = opened.entry.body["execution"].as_str().filter(|e| !e.is_empty());
        let place = execution.map_or(out.len(), |e| *places.entry(e).or_insert(out.len()));
        match out.get_mut(place) {
            Some(run) => run.push(opened),
            None => out.push(vec![opened]),
        }
    }
    out
}

/// Whose access an execution was about, as far as that is disclosed, with its entries.
pub(crate) fn whose(run: &[&Opened]) -> Option<String> {
    let mut names: Vec<String> =
        run.iter().filter_map(|o| o.value("identity")).map(|i| format!("`{i}`")).collect();
    names.sort();
    names.dedup();
    let word = if run.len() == 1 { "entry" } else { "entries" };
    let entries: Vec<String> = run.iter().map(|o| o.entry.place.seq.to_string()).collect();
    (!names.is_empty()).then(|| format!("{} ({word} {})", names.join(" and "), entries.join(", ")))
}
