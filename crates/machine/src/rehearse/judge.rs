//! What a scenario expects against what came of it.

use super::pattern::{fits, line};
use super::scenario::{Eventually, Expect, Holds, How, Pattern};
use super::{Event, Outcome, Scenario};
use crate::{Place, Program};
use workflow::{Kind, Text};

/// An expectation that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The expectation (`effects`, `never`, `ends` …).
    pub of: &'static str,
    /// What was expected, in lines.
    pub expected: Vec<String>,
    /// What came instead, in lines.
    pub actual: Vec<String>,
    /// The step that shows it.
    pub at: Option<Place>,
}

/// Everything that is not as a scenario expects.
#[must_use]
pub fn judge(program: &Program<'_>, scenario: &Scenario, outcome: &Outcome) -> Vec<Difference> {
    let seen = Seen { program, outcome };
    let expect = &scenario.expect;
    let mut found = Vec::new();
    if let Some(why) = &outcome.open {
        let expected = vec!["the scenario says what the run asks".to_owned()];
        found.push(Difference { of: "answers", expected, actual: vec![why.clone()], at: None });
    }
    found.extend(expect.ends.and_then(|e| seen.ends(e)));
    found.extend(expect.effects.as_ref().and_then(|e| seen.exactly("effects", e, is_change)));
    found
        .extend(expect.asked.as_ref().and_then(|e| seen.exactly("asked", e, |e| e.effect.kind == Kind::Ask)));
    found.extend(expect.never.iter().filter_map(|p| seen.never(p)));
    found.extend(expect.at_most.iter().filter_map(|m| seen.at_most(&m.what, m.times)));
    found.extend(expect.eventually.iter().filter_map(|e| seen.eventually(e)));
    found.extend(expect.told.as_ref().and_then(|t| seen.told(t)));
    found.extend(expect.directory.iter().filter_map(|h| seen.holds(h)));
    found.extend(seen.failures_told(expect));
    found.extend(expect.identities.and_then(|most| seen.identities(most)));
    found.extend(seen.once_each().filter(|_| expect.once_each));
    found
}

fn is_change(event: &Event) -> bool {
    event.well && event.effect.kind.changes_access()
}

struct Seen<'a, 'w> {
    program: &'a Program<'w>,
    outcome: &'a Outcome,
}

impl Seen<'_, '_> {
    fn fits(&self, pattern: &Pattern, event: &Event, any: fn(Kind) -> bool) -> bool {
        fits(self.program, &self.outcome.directory, pattern, event, any)
    }

    fn events(&self, is: impl Fn(&Event) -> bool) -> Vec<&Event> {
        self.outcome.events.iter().filter(|e| is(e)).collect()
    }

    fn lines(&self, events: &[&Event]) -> Vec<String> {
        events.iter().map(|e| line(self.program, e)).collect()
    }

    fn ends(&self, expected: How) -> Option<Difference> {
        let ended = |h: &How| match expected {
            How::Ended => !matches!(h, How::Waiting | How::Stuck),
            _ => *h == expected,
        };
        if self.outcome.open.is_some() || self.outcome.ended.iter().all(ended) {
            return None;
        }
        let mut actual: Vec<String> = self.outcome.ended.iter().map(|h| h.as_str().to_owned()).collect();
        if let Some(last) = actual.last_mut().filter(|_| !self.outcome.failure.is_empty()) {
            last.push_str(&format!(": {}", self.outcome.failure));
        }
        let at = self.outcome.walk.last().and_then(|s| s.place);
        Some(Difference { of: "ends", expected: vec![expected.as_str().to_owned()], actual, at })
    }

    /// These events and no others, in this order.
    fn exactly(&self, of: &'static str, expected: &[Pattern], is: fn(&Event) -> bool) -> Option<Difference> {
        let actual = self.events(is);
        let kind = |k: Kind| k.changes_access() || k == Kind::Ask;
        let first =
            (0..expected.len().max(actual.len())).find(|i| match (expected.get(*i), actual.get(*i)) {
                (Some(p), Some(e)) => !self.fits(p, e, kind),
                _ => true,
            })?;
        let at = actual.get(first).map(|e| e.place);
        let any = if of == "asked" { "ask" } else { "any change" };
        let expected = expected.iter().map(|p| p.line(any)).collect();
        Some(Difference { of, expected, actual: self.lines(&actual), at })
    }

    fn never(&self, pattern: &Pattern) -> Option<Difference> {
        let found = self.events(|e| e.well && self.fits(pattern, e, Kind::changes_access));
        let at = Some(found.first()?.place);
        let expected = vec![format!("never {}", pattern.line("any access change"))];
        Some(Difference { of: "never", expected, actual: self.lines(&found), at })
    }

    fn at_most(&self, pattern: &Pattern, times: u32) -> Option<Difference> {
        let found = self.events(|e| e.well && self.fits(pattern, e, Kind::changes_access));
        let over = found.get(times as usize)?;
        let expected = vec![format!("{} at most {times} times", pattern.line("any access change"))];
        Some(Difference { of: "at-most", expected, at: Some(over.place), actual: self.lines(&found) })
    }

    fn eventually(&self, expected: &Eventually) -> Option<Difference> {
        let what = |e: &&Event| e.well && self.fits(&expected.what, e, Kind::changes_access);
        let starts: Vec<Option<&Event>> = match &expected.after {
            None => vec![None],
            Some(after) => self
                .events(|e| e.well && self.fits(after, e, Kind::changes_access))
                .into_iter()
                .map(Some)
                .collect(),
        };
        let late = starts.into_iter().find(|start| {
            let from = start.map_or(0, |e| e.at);
            let position = start.and_then(|s| self.outcome.events.iter().position(|e| std::ptr::eq(e, s)));
            let mut rest = self.outcome.events.iter().skip(position.map_or(0, |p| p + 1));
            !rest.any(|e| what(&e) && expected.within.is_none_or(|d| e.at - from <= d.0))
        })?;
        let mut line = expected.what.line("any access change");
        line += &expected.within.map_or_else(String::new, |d| format!(" within {d}"));
        line += &expected
            .after
            .as_ref()
            .map_or_else(String::new, |a| format!(" after {}", a.line("any access change")));
        let done = self.events(|e| what(&e));
        let mut actual: Vec<String> = done
            .iter()
            .map(|e| {
                format!(
                    "{} after {}",
                    self::line(self.program, e),
                    super::Duration(e.at - late.map_or(0, |s| s.at))
                )
            })
            .collect();
        if actual.is_empty() {
            actual.push("it is not done".into());
        }
        let at = late.map(|e| e.place).or_else(|| done.first().map(|e| e.place));
        Some(Difference { of: "eventually", expected: vec![line], actual, at })
    }

    fn told(&self, expected: &[Pattern]) -> Option<Difference> {
        let told = self.events(|e| e.well && e.tells && e.effect.kind != Kind::Ask);
        let missing = expected.iter().any(|p| !told.iter().any(|e| self.fits(p, e, |_| true)));
        let nobody = expected.is_empty() && !told.is_empty();
        if !missing && !nobody {
            return None;
        }
        let lines = expected.iter().map(|p| p.line("tell")).collect();
        let at = told.first().filter(|_| nobody).map(|e| e.place);
        Some(Difference { of: "told", expected: lines, actual: self.lines(&told), at })
    }

    fn holds(&self, expected: &Holds) -> Option<Difference> {
        let account = self.outcome.directory.account(&expected.system, &expected.person);
        let (mut want, mut have) = (Vec::new(), Vec::new());
        let mut wrong = |holds: bool, wanted: String, actual: String| {
            if !holds {
                want.push(wanted);
                have.push(actual);
            }
        };
        let yes = |b: bool, word: &str| if b { word.to_owned() } else { format!("not {word}") };
        let there = account.is_some();
        wrong(
            expected.exists.is_none_or(|e| e == there),
            yes(expected.exists == Some(true), "there"),
            yes(there, "there"),
        );
        let usable = account.is_some_and(|a| a.enabled);
        let as_wanted = expected.enabled.is_none_or(|e| e == usable);
        wrong(as_wanted, yes(expected.enabled == Some(true), "enabled"), yes(usable, "enabled"));
        let has = |t: &Text| account.is_some_and(|a| a.access.contains(t));
        for access in &expected.has {
            wrong(has(access), format!("has {access}"), format!("has not {access}"));
        }
        for access in &expected.lacks {
            wrong(!has(access), format!("lacks {access}"), format!("has {access}"));
        }
        let keys = account.map_or(0, |a| a.keys);
        wrong(
            expected.keys.is_none_or(|k| k == keys),
            format!("{} keys", expected.keys.unwrap_or(0)),
            format!("{keys} keys"),
        );
        let who = format!("{} on {}: ", expected.person, expected.system);
        let named = |all: Vec<String>| all.into_iter().map(|l| format!("{who}{l}")).collect();
        (!want.is_empty()).then(|| Difference {
            of: "directory",
            expected: named(want),
            actual: named(have),
            at: None,
        })
    }

    /// Changes that failed, of which nobody heard although the run ends as a success.
    fn failures_told(&self, expect: &Expect) -> Option<Difference> {
        if !expect.failures_told || self.outcome.ended.last() != Some(&How::Success) {
            return None;
        }
        let events = &self.outcome.events;
        let heard = |i: usize, of: &Event| {
            events
                .iter()
                .skip(i + 1)
                .any(|e| e.well && (e.tells || e.place == of.place && e.effect == of.effect))
        };
        let lost = events.iter().enumerate().find(|(i, e)| !e.well && !heard(*i, e)).map(|(_, e)| e)?;
        let expected = vec!["somebody hears of the failure, or the run ends as a failure".to_owned()];
        let actual = vec![format!(
            "{} failed, the run ends as a success, and nobody is told",
            line(self.program, lost)
        )];
        Some(Difference { of: "failures-told", expected, actual, at: Some(lost.place) })
    }

    fn identities(&self, most: u64) -> Option<Difference> {
        let changes = self.events(is_change);
        let mut whose: Vec<&Text> = changes.iter().flat_map(|e| &e.effect.identity).collect();
        whose.sort_unstable();
        whose.dedup();
        let over = whose.len() as u64 > most;
        let last = changes.last().map(|e| e.place);
        over.then(|| Difference {
            of: "identities",
            expected: vec![format!("at most {most} identities are changed")],
            actual: vec![format!("{} are", whose.len())],
            at: last,
        })
    }

    /// A change that a step made of somebody, and made again.
    fn once_each(&self) -> Option<Difference> {
        let changes = self.events(is_change);
        let same = |a: &Event, b: &Event| a.place == b.place && a.effect == b.effect;
        let again = (0..changes.len()).find(|i| changes[..*i].iter().any(|e| same(e, changes[*i])))?;
        let at = changes[again].place;
        let expected = vec!["no step makes the same change twice".to_owned()];
        Some(Difference { of: "once-each", expected, actual: self.lines(&changes), at: Some(at) })
    }
}
