//! Exceptions and break-glass: whether they hold at a moment. Enforcement, report, command line and replay all ask here.

use crate::moment::{Moment, Period};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How something with a beginning and an end stands at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It has not begun.
    NotYet,
    /// It holds.
    Holds,
    /// Its time is over.
    Expired,
    /// It was ended before its time was over.
    Ended,
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Standing::NotYet => "not yet",
            Standing::Holds => "holds",
            Standing::Expired => "expired",
            Standing::Ended => "ended",
        })
    }
}

/// The one evaluator. What was ended stands as ended from that moment on; before it, as it stood then.
fn standing(period: Period, ended: Option<Moment>, at: Moment) -> Standing {
    if ended.is_some_and(|ended| at >= ended) {
        return Standing::Ended;
    }
    match period {
        Period { from: Some(from), .. } if at < from => Standing::NotYet,
        Period { until: Some(until), .. } if at >= until => Standing::Expired,
        // What names no end is never open for ever: it does not hold.
        Period { until: None, .. } => Standing::Expired,
        Period { .. } => Standing::Holds,
    }
}

/// Leave, for a while, for something that a policy refuses.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Exception {
    /// Its id.
    pub id: String,
    /// What it leaves unasked: `tests`, `mutation`, `boundary`, `finding:RULE`, `proof:NAME`, `component:NAME`,
    /// `credential:ID`, `contributor:ADDRESS`.
    pub covers: Vec<String>,
    /// The workflow or other subject it is for.
    pub subject: String,
    /// Who answers for it.
    #[serde(default)]
    pub owner: String,
    /// Who granted it.
    #[serde(default)]
    pub granted_by: String,
    /// What is done instead.
    #[serde(default)]
    pub compensating: String,
    /// From when on.
    #[serde(default)]
    pub from: Option<Moment>,
    /// The first moment at which it no longer holds. One that names none does not hold.
    #[serde(default)]
    pub until: Option<Moment>,
    /// When it was ended early.
    #[serde(default)]
    pub ended: Option<Moment>,
    /// How often it was renewed.
    #[serde(default)]
    pub renewals: u32,
}

impl Exception {
    /// How it stands at a moment.
    #[must_use]
    pub fn standing(&self, at: Moment) -> Standing {
        standing(Period { from: self.from, until: self.until }, self.ended, at)
    }

    /// Whether it holds, at a moment, for something about a subject.
    #[must_use]
    pub fn covers(&self, what: &str, subject: &str, at: Moment) -> bool {
        self.subject == subject
            && self.standing(at) == Standing::Holds
            && self.covers.iter().any(|c| c == what)
    }

    /// How many hours it lasts, begun ones counted whole; `None` where it names no beginning or no end.
    #[must_use]
    pub fn hours(&self) -> Option<i64> {
        Some(hours(self.from?, self.until?))
    }
}

/// Hours from one moment to another, a begun one counted whole.
fn hours(from: Moment, until: Moment) -> i64 {
    until.0.saturating_sub(from.0).saturating_add(3599).div_euclid(3600)
}

/// The emergency lane, opened for a while.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct BreakGlass {
    /// Its id.
    pub id: String,
    /// Why.
    #[serde(default)]
    pub reason: String,
    /// The incident's ticket.
    #[serde(default)]
    pub ticket: String,
    /// The workflows it is for.
    #[serde(default)]
    pub scope: Vec<String>,
    /// Who opened it.
    #[serde(default)]
    pub opened_by: String,
    /// Who else used it.
    #[serde(default)]
    pub used_by: Vec<String>,
    /// Whether the way back was rehearsed before it was opened: what was released then had attested tests that pass.
    #[serde(default)]
    pub way_back: bool,
    /// Whether it is a drill.
    #[serde(default)]
    pub drill: bool,
    /// From when on.
    #[serde(default)]
    pub from: Option<Moment>,
    /// The first moment at which it no longer holds. One that names none does not hold.
    #[serde(default)]
    pub until: Option<Moment>,
    /// When it was closed early.
    #[serde(default)]
    pub closed: Option<Moment>,
}

impl BreakGlass {
    /// How it stands at a moment.
    #[must_use]
    pub fn standing(&self, at: Moment) -> Standing {
        standing(Period { from: self.from, until: self.until }, self.closed, at)
    }

    /// Whether it is open for a workflow at a moment.
    #[must_use]
    pub fn is_open_for(&self, workflow: &str, at: Moment) -> bool {
        self.standing(at) == Standing::Holds && self.scope.iter().any(|s| s == workflow)
    }

    /// How many hours it lasts, begun ones counted whole; `None` where it names no beginning or no end.
    #[must_use]
    pub fn hours(&self) -> Option<i64> {
        Some(hours(self.from?, self.until?))
    }
}

/// A review after an emergency that nobody has given yet.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct OpenReview {
    /// What is to be reviewed: the break-glass's id.
    pub of: String,
    /// When it must be given.
    #[serde(default)]
    pub due: Option<Moment>,
    /// Who opened or used the emergency lane.
    #[serde(default)]
    pub involved: Vec<String>,
}

impl OpenReview {
    /// Whether it should have been given by a moment. One without a day should have been given at once.
    #[must_use]
    pub fn overdue(&self, at: Moment) -> bool {
        self.due.is_none_or(|due| at >= due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Moment {
        text.parse().unwrap_or_else(|e| panic!("{e}"))
    }

    fn exception() -> Exception {
        Exception {
            subject: "leaver".into(),
            covers: vec!["tests".into()],
            from: Some(moment("2026-11-01T08:00:00+01:00")),
            until: Some(moment("2026-12-01T00:00:00+01:00")),
            ..Exception::default()
        }
    }

    #[test]
    fn it_changes_in_the_second_it_names_whatever_the_zone() {
        let e = exception();
        assert_eq!(e.standing(moment("2026-11-01T06:59:59Z")), Standing::NotYet);
        assert_eq!(e.standing(moment("2026-11-01T07:00:00Z")), Standing::Holds);
        assert_eq!(e.standing(moment("2026-11-30T22:59:59Z")), Standing::Holds);
        assert_eq!(e.standing(moment("2026-11-30T15:00:00-08:00")), Standing::Expired);
    }

    #[test]
    fn a_clock_that_jumps_back_gives_the_answer_of_that_moment_again() {
        let e = exception();
        let at = ["2026-11-30T22:59:59Z", "2026-11-30T23:00:01Z", "2026-11-30T22:59:59Z"].map(moment);
        assert_eq!(at.map(|m| e.standing(m)), [Standing::Holds, Standing::Expired, Standing::Holds]);
        assert_eq!(e.standing(Moment(i64::MAX)), Standing::Expired);
        assert_eq!(e.standing(Moment(i64::MIN)), Standing::NotYet);
    }

    #[test]
    fn what_was_ended_does_not_come_back_and_what_has_no_end_never_held() {
        let ended = Exception { ended: Some(moment("2026-11-10")), ..exception() };
        assert_eq!(ended.standing(moment("2026-11-09T23:59:59Z")), Standing::Holds);
        assert_eq!(ended.standing(moment("2026-11-10")), Standing::Ended);
        assert_eq!(ended.standing(moment("2027-01-01")), Standing::Ended);
        let endless = Exception { until: None, ..exception() };
        assert_eq!(endless.standing(moment("2026-11-10")), Standing::Expired);
    }

    #[test]
    fn it_covers_only_what_it_names_for_whom_it_names() {
        let at = moment("2026-11-10");
        assert!(exception().covers("tests", "leaver", at));
        assert!(!exception().covers("mutation", "leaver", at));
        assert!(!exception().covers("tests", "joiner", at));
        assert!(!exception().covers("tests", "leaver", moment("2026-12-24")));
    }

    #[test]
    fn break_glass_ends_by_itself() {
        let glass = BreakGlass {
            scope: vec!["erp".into()],
            from: Some(moment("2026-11-28T02:00:00+01:00")),
            until: Some(moment("2026-11-28T06:00:00+01:00")),
            ..BreakGlass::default()
        };
        assert_eq!(glass.hours(), Some(4));
        assert!(glass.is_open_for("erp", moment("2026-11-28T04:59:59Z")));
        assert!(!glass.is_open_for("erp", moment("2026-11-28T05:00:00Z")));
        assert!(!glass.is_open_for("crm", moment("2026-11-28T03:00:00Z")));
        let longer = BreakGlass { until: Some(moment("2026-11-28T06:00:01+01:00")), ..glass };
        assert_eq!(longer.hours(), Some(5));
    }

    #[test]
    fn a_review_is_overdue_from_its_moment_on() {
        let review = OpenReview { due: Some(moment("2026-12-01")), ..OpenReview::default() };
        assert!(!review.overdue(moment("2026-11-30T23:59:59Z")));
        assert!(review.overdue(moment("2026-12-01T01:00:00+01:00")));
        assert!(OpenReview::default().overdue(Moment(0)));
    }
}
