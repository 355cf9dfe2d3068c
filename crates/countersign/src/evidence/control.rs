//! Was the control on, every day? The modes, the policy and the directory in force, day by day, and what went around them.

use super::args::Controls;
use super::around::{Able, Around};
use super::gather::Whole;
use super::{done, tell, time};
use crate::check::Exit;
use evidence::{ActBody, BASIS, Opened, day_text, ground, time_of};
use ledger::{Error, Result};
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::io;

const DAY: u64 = 86_400_000;

/// A day of the control.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
struct Day {
    day: String,
    /// The weakest mode of each tier on that day; a tier that is not named is enforced.
    modes: BTreeMap<String, String>,
    /// The modes as the day ended.
    in_force: BTreeMap<String, String>,
    /// The entries that put policy and people directory in force, as the day ended.
    policy: Option<u64>,
    people: Option<u64>,
    /// What happened although the policies would refuse it.
    let_through: Vec<u64>,
    /// Break-glass that was open at some moment of the day, by the entries that opened it; no drills.
    open: Vec<u64>,
    /// Uses of break-glass.
    emergencies: Vec<u64>,
    /// Uses of break-glass in a drill.
    drills: Vec<u64>,
    /// Changes of what governs, by which the control could be weakened.
    governance: Vec<u64>,
    /// Policies and directories that were decided with, and that no act had put in force.
    without_act: Vec<u64>,
    /// The tiers in which everybody could have gone around it, for nothing was held back at some moment of the day.
    everybody: Vec<String>,
    /// Who else could have gone around it alone; nothing where the policies or the directory of that day are not disclosed.
    around: Option<Around>,
    /// Break-glass that is open, with its end in milliseconds since 1970.
    #[serde(skip)]
    glasses: BTreeMap<u64, u64>,
}

/// `countersign controls`: the control day by day.
///
/// # Errors
/// When the ledger cannot be read.
pub fn controls(options: &Controls) -> io::Result<Exit> {
    done(run(options))
}

fn run(options: &Controls) -> Result<Exit> {
    let entries = Whole::read(&options.from)?.opened()?;
    let (since, until) = time::period(options.since.as_deref(), options.until.as_deref())?;
    let mut days = days(&entries, since, until);
    if days.is_empty() {
        return Err(Error::new(none(&entries)));
    }
    let mut able = Able::of(&entries);
    days.iter_mut().for_each(|(number, day)| day.around = able.on(*number, day.policy, day.people));
    let days: Vec<Day> = days.into_iter().map(|(_, day)| day).collect();
    let mut out: String = days.iter().map(line).collect();
    out += &told(&days);
    tell(options.from.format, out.trim_end(), &json!({ "days": days }))?;
    let off = days.iter().any(|d| !d.let_through.is_empty() || d.modes.values().any(|m| m != "enforce"));
    Ok(if off { Exit::Findings } else { Exit::Clean })
}

/// Why there is no day to show.
fn none(entries: &[Opened]) -> String {
    let times = times(entries);
    match (times.first(), times.last()) {
        (Some((first, _)), Some((last, _))) => format!(
            "the ledger tells nothing of that period: it is about {} to {}",
            day_text(*first),
            day_text(*last)
        ),
        _ => "the ledger has no entries: there is no day to show".to_owned(),
    }
}

fn line(day: &Day) -> String {
    let weak: Vec<_> =
        day.modes.iter().filter(|(_, m)| *m != "enforce").map(|(t, m)| format!("tier {t} {m}")).collect();
    let list = |title: &str, entries: &[u64]| {
        let all: Vec<_> = entries.iter().map(u64::to_string).collect();
        if all.is_empty() { String::new() } else { format!("; {title}: entries {}", all.join(" ")) }
    };
    let on = if weak.is_empty() { "enforced in every tier".to_owned() } else { weak.join(", ") };
    format!(
        "{}  {on}{}{}{}{}\n",
        day.day,
        list("let through against the policies", &day.let_through),
        list("break-glass open", &day.open) + &list("break-glass", &day.emergencies),
        list("drill of break-glass", &day.drills),
        list("policy, people or configuration changed", &day.governance)
            + &list("policy or people in use that no act put in force", &day.without_act)
    )
}

/// Who could have gone around it, days with the same people together.
fn told(days: &[Day]) -> String {
    let mut out = String::new();
    for same in days.chunk_by(|a, b| (&a.around, &a.everybody) == (&b.around, &b.everybody)) {
        let (Some(first), Some(last)) = (same.first(), same.last()) else { continue };
        let span = if same.len() == 1 { first.day.clone() } else { format!("{} to {}", first.day, last.day) };
        let who = first.around.as_ref().map_or_else(
            || "not known: the policies or the people in force are withheld or erased".to_owned(),
            ToString::to_string,
        );
        let all: String = first.everybody.iter().map(|t| format!("in tier {t} everybody; ")).collect();
        out += &format!("Who could go around it alone, on record: {span}  {all}{who}\n");
    }
    out
}

/// The entries in the order of when they were done. What is entered as in use, for acts that were done before, was in use when
/// the first of them was done.
fn times(entries: &[Opened]) -> Vec<(u64, &Opened)> {
    let mut used: BTreeMap<u64, u64> = BTreeMap::new();
    for opened in entries {
        let act = opened.act.iter();
        for ground in act.flat_map(|a| [a.policy, a.people]).flatten() {
            let first = used.entry(ground).or_insert(u64::MAX);
            *first = time_of(opened).min(*first);
        }
    }
    let time = |opened: &Opened| {
        let first = used.get(&opened.entry.place.seq).filter(|_| opened.entry.kind == BASIS);
        time_of(opened).min(first.copied().unwrap_or(u64::MAX))
    };
    let mut out: Vec<(u64, &Opened)> = entries.iter().map(|o| (time(o), o)).collect();
    out.sort_by_key(|(time, opened)| (*time, opened.entry.place.seq));
    out
}

/// Every day from the first entry to the last with its number since 1970, days without entries too.
fn days(entries: &[Opened], since: u64, until: u64) -> Vec<(u64, Day)> {
    let mut out: Vec<Day> = Vec::new();
    let mut state = Day::default();
    let mut next = None;
    let times = times(entries);
    for (time, opened) in &times {
        let at = time / DAY;
        while let Some(day) = next.filter(|d| *d < at) {
            out.push(state.close(day));
            next = Some(day + 1);
        }
        next = Some(at);
        state.ground(opened);
        if let Some(act) = &opened.act {
            state.take(opened.entry.place.seq, *time, act);
        }
    }
    out.extend(next.map(|day| state.close(day)));
    let first = times.first().map_or(0, |(time, _)| time / DAY);
    let wanted = |d: u64| (since..until).contains(&(d * DAY));
    (first..).zip(out).filter(|(d, _)| wanted(*d)).collect()
}

impl Day {
    /// Takes in what decisions are taken with from an entry on.
    fn ground(&mut self, opened: &Opened) {
        let seq = opened.entry.place.seq;
        match ground(opened) {
            Some("change-policy") => self.policy = Some(seq),
            Some(_) => self.people = Some(seq),
            None => return,
        }
        if opened.entry.kind == BASIS {
            self.without_act.push(seq);
        }
    }

    fn take(&mut self, seq: u64, time: u64, act: &ActBody) {
        if let Some(tier) = act.tier {
            // It was decided in this mode, whatever the configurations on record say.
            self.weaken(&tier.to_string(), &act.mode);
        }
        if act.allow && !act.verdict {
            self.let_through.push(seq);
        }
        if !act.allow {
            return;
        }
        match (act.act.as_str(), act.of) {
            ("open-break-glass", _) if !act.drill => {
                self.glasses.insert(seq, act.until.unwrap_or(u64::MAX));
            }
            ("close-break-glass", Some(of)) => {
                self.glasses.entry(of).and_modify(|end| *end = time.min(*end));
            }
            _ => {}
        }
        if act.act == "use-break-glass" {
            if act.drill { &mut self.drills } else { &mut self.emergencies }.push(seq);
        }
        if act.act.starts_with("change-") {
            self.governance.push(seq);
        }
        if act.act == "change-configuration" {
            self.modes(&act.modes);
        }
    }

    /// Other modes are in force: all of them, as a configuration has them. Of the day the weakest stays.
    fn modes(&mut self, modes: &BTreeMap<String, String>) {
        modes.iter().for_each(|(tier, mode)| self.weaken(tier, mode));
        self.in_force.clone_from(modes);
    }

    /// Keeps a mode of a tier, where it is the weakest of the day.
    fn weaken(&mut self, tier: &str, mode: &str) {
        let weakest = self.modes.entry(tier.to_owned()).or_insert_with(|| mode.to_owned());
        if strength(mode) < strength(weakest) {
            mode.clone_into(weakest);
        }
    }

    /// The day as it ended; what was in force stays.
    fn close(&mut self, day: u64) -> Day {
        let weak = self.modes.iter().filter(|(_, mode)| *mode != "enforce");
        let everybody = weak.map(|(tier, _)| tier.clone()).collect();
        let (start, end) = (day * DAY, (day + 1) * DAY);
        let open = self.glasses.iter().filter(|(_, until)| **until > start).map(|(seq, _)| *seq).collect();
        self.glasses.retain(|_, until| *until > end);
        let closed = Day { day: day_text(start), everybody, open, ..self.clone() };
        self.modes.clone_from(&self.in_force);
        self.let_through.clear();
        self.emergencies.clear();
        self.drills.clear();
        self.governance.clear();
        self.without_act.clear();
        closed
    }
}

/// How much a mode holds back; a word that is not known holds nothing.
fn strength(mode: &str) -> u8 {
    match mode {
        "enforce" => 2,
        "warn" => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::entry::Place;
    use serde_json::json;

    fn act(seq: u64, day: u64, word: &str, modes: &serde_json::Value, verdict: bool) -> Opened {
        let body = json!({
            "act": word, "allow": true, "closure": "", "controls": [], "environment": "", "mode": "enforce", "modes": modes,
            "of": null, "people": null, "policy": null, "rests_on": [], "rules": [], "subject": "workflow/w",
            "tier": 2, "until": null, "verdict": verdict,
        });
        let place = Place { seq, source_seq: seq, time: day * DAY + 5 };
        let entry = ledger::Entry {
            kind: evidence::ACT.to_owned(),
            source: "gate".to_owned(),
            place,
            body,
            commitments: BTreeMap::new(),
            evidence: Vec::new(),
        };
        let act = ActBody::of(&entry).ok();
        Opened { entry, act, openings: BTreeMap::new() }
    }

    /// A mode that was weakened and restored within a day shows on that day, and days without entries are there.
    #[test]
    fn the_weakest_mode_of_each_day_shows() {
        let entries = [
            act(0, 10, "change-configuration", &json!({"3": "enforce"}), true),
            act(1, 12, "change-configuration", &json!({"3": "observe"}), true),
            act(2, 12, "release", &json!({}), false),
            act(3, 12, "change-configuration", &json!({"3": "enforce"}), true),
            act(4, 13, "use-break-glass", &json!({}), true),
        ];
        let days: Vec<Day> = days(&entries, 0, u64::MAX).into_iter().map(|(_, day)| day).collect();
        let modes: Vec<_> = days.iter().map(|d| d.modes["3"].as_str()).collect();
        assert_eq!(modes, ["enforce", "enforce", "observe", "enforce"]);
        assert_eq!((days[0].day.as_str(), days[1].day.as_str()), ("1970-01-11", "1970-01-12"));
        assert_eq!(
            (days[2].let_through.as_slice(), days[2].governance.as_slice()),
            ([2].as_slice(), [1, 3].as_slice())
        );
        assert_eq!((days[3].emergencies.as_slice(), days[3].governance.len()), ([4].as_slice(), 0));
        let everybody: Vec<_> = days.iter().map(|d| d.everybody.len()).collect();
        assert_eq!(everybody, [0, 0, 1, 0]);
    }

    /// A configuration has all modes that there are: a tier that it does not name is enforced again. No other act sets any.
    #[test]
    fn a_configuration_replaces_all_modes() {
        let entries = [
            act(0, 10, "change-configuration", &json!({"2": "observe"}), true),
            act(1, 11, "release", &json!({}), true),
            act(2, 12, "change-configuration", &json!({}), true),
            act(3, 13, "release", &json!({}), true),
        ];
        let days: Vec<Day> = days(&entries, 0, u64::MAX).into_iter().map(|(_, day)| day).collect();
        let of = |modes: &BTreeMap<String, String>| modes.get("2").cloned().unwrap_or_default();
        let told: Vec<_> = days.iter().map(|d| (of(&d.modes), of(&d.in_force))).collect();
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let observed = pair("observe", "observe");
        assert_eq!(told, [observed.clone(), observed, pair("observe", ""), pair("enforce", "")]);
    }

    /// An act that was decided in a weaker mode than any configuration on record has shows that the control was not on.
    #[test]
    fn the_mode_of_a_decision_counts_too() {
        let mut entries = [act(0, 10, "release", &json!({}), true), act(1, 11, "release", &json!({}), true)];
        entries[0].act.iter_mut().for_each(|a| a.mode = "warn".to_owned());
        let days: Vec<Day> = days(&entries, 0, u64::MAX).into_iter().map(|(_, day)| day).collect();
        assert_eq!([&days[0].modes["2"], &days[1].modes["2"]], ["warn", "enforce"]);
        assert_eq!([days[0].everybody.len(), days[1].everybody.len()], [1, 0]);
        assert!(line(&days[0]).contains("tier 2 warn"), "{}", line(&days[0]));
    }

    /// Break-glass is open from its opening to its end or to its closing, on every day between.
    #[test]
    fn open_break_glass_shows_on_every_day_that_it_is_open() {
        let mut entries = [
            act(0, 10, "open-break-glass", &json!({}), true),
            act(1, 11, "open-break-glass", &json!({}), true),
            act(2, 11, "open-break-glass", &json!({}), true),
            act(3, 12, "close-break-glass", &json!({}), true),
            act(4, 14, "release", &json!({}), true),
        ];
        for (opened, (until, of, drill)) in entries.iter_mut().zip([
            (Some(20 * DAY), None, false),
            (Some(12 * DAY), None, false),
            (Some(20 * DAY), None, true),
            (None, Some(0), false),
        ]) {
            opened.act.iter_mut().for_each(|a| (a.until, a.of, a.drill) = (until, of, drill));
        }
        let days: Vec<Day> = days(&entries, 0, u64::MAX).into_iter().map(|(_, day)| day).collect();
        let open: Vec<&[u64]> = days.iter().map(|d| d.open.as_slice()).collect();
        assert_eq!(open, [&[0][..], &[0, 1], &[0], &[], &[]]);
    }

    /// What was done is of the day on which it was done, and so is what it was decided with, whenever they were entered.
    #[test]
    fn a_day_has_what_was_done_on_it() {
        let mut basis = act(0, 20, "basis", &json!({}), true);
        (basis.act, basis.entry.kind, basis.entry.body) = (None, BASIS.to_owned(), json!({"of": "people"}));
        let mut done = act(1, 20, "use-break-glass", &json!({}), true);
        done.act.iter_mut().for_each(|a| (a.at, a.people) = (Some(15 * DAY), Some(0)));
        let days = days(&[basis, done], 15 * DAY, 16 * DAY);
        let [(number, day)] = &days[..] else { panic!("{days:?}") };
        assert_eq!(
            (*number, day.people, &day.emergencies[..], &day.without_act[..]),
            (15, Some(0), &[1][..], &[0][..])
        );
    }
}
