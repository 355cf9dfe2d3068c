//! What of a scan is shown: filters, baseline and ignores applied, the most important first.

use super::{Item, refuted};
use crate::accept::Acceptance;
use crate::args::Filter;
use crate::scan::Scan;
use crate::scan::model::Head;
use std::cmp::Reverse;
use std::io;
use workflow::{Finding, Severity};

/// Decides which findings count.
pub struct View<'v> {
    /// The command line's filter.
    pub filter: &'v Filter,
    /// What has been accepted: by ignores or a baseline.
    pub acceptance: &'v Acceptance,
}

impl View<'_> {
    /// Whether a workflow is shown at all.
    #[must_use]
    pub fn shows(&self, head: &Head) -> bool {
        let tier = self.filter.tier.is_none_or(|t| head.closure.tier >= t);
        tier && (self.filter.platform.is_empty() || self.filter.platform.contains(&head.platform))
    }

    /// Takes the findings out that are not shown; whether the workflow is.
    pub fn apply(&self, item: &mut Item<'_>) -> bool {
        if !self.shows(item.head) {
            return false;
        }
        self.acceptance.apply(item);
        let findings = std::mem::take(&mut item.body.findings);
        let marks = std::mem::take(&mut item.fingerprints);
        let shown = findings.into_iter().zip(marks).filter(|(f, _)| self.counts(f));
        (item.body.findings, item.fingerprints) = shown.unzip();
        item.accepted.retain(|a| self.counts(&a.finding));
        if self.shows_refuted() {
            item.refuted = refuted::unspoken(item);
        }
        true
    }

    /// Whether refutations that no rule speaks of are shown: not where some rules or severities are asked for.
    #[must_use]
    pub fn shows_refuted(&self) -> bool {
        self.filter.rule.is_empty() && self.severe(Severity::Info)
    }

    fn counts(&self, finding: &Finding) -> bool {
        self.severe(finding.severity)
            && (self.filter.rule.is_empty() || self.filter.rule.iter().any(|r| *r == finding.rule))
    }

    fn severe(&self, severity: Severity) -> bool {
        self.filter.severity.is_none_or(|s| severity >= s.into())
    }

    /// How many findings of a workflow are shown, where its head alone can say.
    fn count(&self, head: &Head) -> Option<Count> {
        if head.ignores || self.acceptance.concerns_all() || !self.filter.rule.is_empty() {
            return None;
        }
        let mut count = Count::default();
        for (i, severity) in SEVERITIES.into_iter().enumerate().filter(|(_, s)| self.severe(*s)) {
            count.0[i] = usize::from(head.severities[severity as usize]);
        }
        Some(count)
    }
}

/// The workflows shown, each as the number of its file and its number in the file, with how many findings of it are
/// shown: those that change access and are worst first.
///
/// # Errors
/// When results cannot be read back.
pub fn tally(scan: &Scan, view: &View<'_>) -> io::Result<Vec<((usize, usize), Count)>> {
    let mut counts = Vec::new();
    for (f, file) in scan.files.iter().enumerate() {
        for (h, head) in file.heads.iter().enumerate().filter(|(_, head)| view.shows(head)) {
            let count = match view.count(head) {
                Some(count) => count,
                None => {
                    let Some(body) = scan.body(file, h)? else { continue };
                    let mut item = Item::new(file, head, body);
                    view.apply(&mut item);
                    let mut count = Count::default();
                    count.add(&item.body.findings);
                    count
                }
            };
            counts.push(((f, h), count));
        }
    }
    counts.sort_by_cached_key(|((f, h), count)| {
        let head = &scan.files[*f].heads[*h];
        (Reverse((head.changes_access(), count.worst(), head.closure.tier)), *f, *h)
    });
    Ok(counts)
}

/// The workflows in the order of a report: those that change access and are worst first. Each is the number of its
/// file and its number in the file.
#[must_use]
pub fn order(scan: &Scan) -> Vec<(usize, usize)> {
    let all = scan.files.iter().enumerate().flat_map(|(f, file)| (0..file.heads.len()).map(move |h| (f, h)));
    let mut all: Vec<(usize, usize)> = all.collect();
    all.sort_by_key(|&(f, h)| {
        let head = &scan.files[f].heads[h];
        (Reverse((head.changes_access(), head.worst(), head.closure.tier)), f, h)
    });
    all
}

/// Calls `visit` with every workflow that is shown, in the order given, one file's bodies in memory at a time.
///
/// # Errors
/// When results cannot be read back, or `visit` fails.
pub fn each(
    scan: &Scan,
    view: &View<'_>,
    order: &[(usize, usize)],
    visit: &mut dyn FnMut(&Item<'_>) -> io::Result<()>,
) -> io::Result<()> {
    for &(f, h) in order {
        let file = &scan.files[f];
        let head = &file.heads[h];
        if !view.shows(head) {
            continue;
        }
        let Some(body) = scan.body(file, h)? else { continue };
        let mut item = Item::new(file, head, body);
        if view.apply(&mut item) {
            visit(&item)?;
        }
    }
    Ok(())
}

const SEVERITIES: [Severity; 5] =
    [Severity::Info, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

/// How many findings of each severity, from info to critical.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Count(pub [usize; 5]);

impl Count {
    /// Adds findings.
    pub fn add(&mut self, findings: &[Finding]) {
        findings.iter().for_each(|f| self.0[f.severity as usize] += 1);
    }

    /// Adds what a head counted.
    pub fn add_head(&mut self, head: &Head) {
        self.0.iter_mut().zip(head.severities).for_each(|(n, more)| *n += usize::from(more));
    }

    /// Adds another count.
    pub fn add_count(&mut self, other: &Count) {
        self.0.iter_mut().zip(other.0).for_each(|(n, more)| *n += more);
    }

    /// The worst severity counted.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        SEVERITIES.into_iter().zip(self.0).rev().find(|(_, n)| *n > 0).map(|(s, _)| s)
    }

    /// How many of this severity or worse.
    #[must_use]
    pub fn from(&self, severity: Severity) -> usize {
        self.0[severity as usize..].iter().sum()
    }

    /// `2 critical, 1 high`; `no findings` for none.
    #[must_use]
    pub fn text(&self) -> String {
        let parts: Vec<String> = SEVERITIES
            .iter()
            .zip(self.0)
            .rev()
            .filter(|(_, n)| *n > 0)
            .map(|(s, n)| format!("{n} {}", s.as_str()))
            .collect();
        if parts.is_empty() { "no findings".to_owned() } else { parts.join(", ") }
    }
}
