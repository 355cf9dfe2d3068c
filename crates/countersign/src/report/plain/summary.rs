//! The head of the terminal report: what was checked, by tier and by platform.

use super::style::{Style, column};
use crate::report::view::Count;
use crate::report::words::times;
use crate::scan::Scan;
use crate::scan::model::{FileVerdict, Head};
use std::collections::BTreeMap;
use std::io::{self, Write};
use workflow::Severity;

const SEVERITIES: [Severity; 4] = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low];

/// A row of a table: workflows, how many of them change access, findings.
#[derive(Default)]
struct Row {
    workflows: usize,
    changing: usize,
    findings: Count,
}

impl Row {
    fn add(&mut self, head: &Head, count: &Count) {
        self.workflows += 1;
        self.changing += usize::from(head.changes_access());
        self.findings.add_count(count);
    }
}

/// Writes the summary.
///
/// # Errors
/// When it cannot be written.
pub fn write(
    scan: &Scan,
    counts: &[((usize, usize), Count)],
    total: &Count,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut tiers: [Row; 5] = Default::default();
    let mut platforms: BTreeMap<workflow::Platform, Row> = BTreeMap::new();
    for ((f, h), count) in counts {
        let head = &scan.files[*f].heads[*h];
        let tier = if head.closure.opaque { 4 } else { usize::from(head.closure.tier.min(3)) };
        tiers[tier].add(head, count);
        platforms.entry(head.platform).or_default().add(head, count);
    }
    let changing = tiers.iter().map(|r| r.changing).sum::<usize>();
    writeln!(out, "{}", style.bold(&headline(counts.len(), scan.files.len(), changing)))?;
    let all: usize = scan.files.iter().map(|f| f.heads.len()).sum();
    writeln!(out, "{}{}", told(scan, total), hidden(all - counts.len()))?;
    if counts.is_empty() {
        return if all == 0 { nothing(scan, out) } else { Ok(()) };
    }
    header("Tier", style, out)?;
    let names =
        ["reads, notifies, asks", "writes, tickets, requests", "changes access", "privileged or credentials"];
    row("3  opaque until declared", &tiers[4], style, out)?;
    for (tier, name) in names.iter().enumerate().rev() {
        row(&format!("{tier}  {name}"), &tiers[tier], style, out)?;
    }
    header("Platform", style, out)?;
    platforms.iter().try_for_each(|(platform, r)| row(platform.title(), r, style, out))
}

fn headline(workflows: usize, files: usize, changing: usize) -> String {
    let of = if changing == 1 {
        "1 can change access".to_owned()
    } else {
        format!("{changing} can change access")
    };
    format!("{} in {}: {of}", times(workflows, "workflow"), times(files, "file"))
}

fn told(scan: &Scan, total: &Count) -> String {
    let others = scan.files.iter().filter(|f| matches!(f.verdict, FileVerdict::NotWorkflow(_))).count();
    let broken =
        scan.files.iter().filter(|f| f.verdict == FileVerdict::Unreadable).count() + scan.problems.len();
    let mut told = match total.from(Severity::Info) {
        0 => "No findings".to_owned(),
        n => format!("{}: {}", times(n, "finding"), total.text()),
    };
    if others > 0 {
        told.push_str(&format!(
            "; {} no workflow",
            if others == 1 { "1 file holds".to_owned() } else { format!("{others} files hold") }
        ));
    }
    if broken > 0 {
        told.push_str(&format!("; {} could not be read", times(broken, "file")));
    }
    told
}

/// How many workflows the filters leave out.
fn hidden(count: usize) -> String {
    match count {
        0 => String::new(),
        n => format!("; {} not shown: `--tier` and `--platform` leave it out", times(n, "workflow")),
    }
}

/// What was there instead of workflows.
fn nothing(scan: &Scan, out: &mut dyn Write) -> io::Result<()> {
    let mut others: BTreeMap<&str, usize> = BTreeMap::new();
    for file in &scan.files {
        if let FileVerdict::NotWorkflow(what) = &file.verdict {
            *others.entry(what).or_default() += 1;
        }
    }
    let mut others: Vec<_> = others.into_iter().collect();
    others.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    let told = others.iter().take(8).try_for_each(|(what, n)| writeln!(out, "  {n:>6}  {what}"));
    if scan.files.iter().any(|f| f.verdict == FileVerdict::Unreadable) {
        return told;
    }
    told.and_then(|()| {
        writeln!(out, "\nGive a folder with exports, or see what is understood in docs/manual.md.")
    })
}

fn header(name: &str, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let line = format!("{} {:>9} {:>8}", column(name, 28), "workflows", "access");
    let severities: String = SEVERITIES.iter().map(|s| format!(" {:>9}", s.as_str())).collect();
    writeln!(out, "\n  {}", style.dim(&(line + &severities)))
}

fn row(name: &str, row: &Row, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let number = |n: usize, width: usize| match n {
        0 => style.dim(&format!("{:>width$}", "·")),
        n => format!("{n:>width$}"),
    };
    write!(out, "  {} {} {}", column(name, 28), number(row.workflows, 9), number(row.changing, 8))?;
    for severity in SEVERITIES {
        let mut n = row.findings.0[severity as usize];
        if severity == Severity::Low {
            n += row.findings.0[Severity::Info as usize];
        }
        let cell = number(n, 9);
        write!(out, " {}", if n > 0 { style.severity(severity, &cell) } else { cell })?;
    }
    writeln!(out)
}
