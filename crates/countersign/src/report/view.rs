//! What of a scan is shown: filters, baseline and ignores applied, the most important first.

use super::Item;
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
    /// Whether a finding is accepted elsewhere: by a baseline or an ignore.
    pub accepted: &'v dyn Fn(&Item<'_>, &Finding) -> bool,
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
        let mut findings = std::mem::take(&mut item.body.findings);
        findings.retain(|f| self.counts(f) && !(self.accepted)(item, f));
        item.body.findings = findings;
        true
    }

    fn counts(&self, finding: &Finding) -> bool {
        let severe = self.filter.severity.is_none_or(|s| finding.severity >= s.into());
        severe && (self.filter.rule.is_empty() || self.filter.rule.iter().any(|r| *r == finding.rule))
    }
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
        let Some(body) = scan.bodies(file)?.into_iter().nth(h) else { continue };
        let mut item = Item { file, head, body };
        if view.apply(&mut item) {
            visit(&item)?;
        }
    }
    Ok(())
}

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

    /// How many of this severity or worse.
    #[must_use]
    pub fn from(&self, severity: Severity) -> usize {
        self.0[severity as usize..].iter().sum()
    }

    /// `2 critical, 1 high`; `no findings` for none.
    #[must_use]
    pub fn text(&self) -> String {
        let names = [Severity::Info, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];
        let parts: Vec<String> = names
            .iter()
            .zip(self.0)
            .rev()
            .filter(|(_, n)| *n > 0)
            .map(|(s, n)| format!("{n} {}", s.as_str()))
            .collect();
        if parts.is_empty() { "no findings".to_owned() } else { parts.join(", ") }
    }
}
