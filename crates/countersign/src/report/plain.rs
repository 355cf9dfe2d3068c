//! The report for a terminal: a summary, then each workflow with findings, each finding drawn as a walk with the source
//! line under it.

use super::view::{Count, View, each, order};
use super::{Item, source};
use crate::scan::Scan;
use crate::scan::model::{FileVerdict, named};
use std::collections::BTreeMap;
use std::io::{self, Write};
use workflow::{Finding, Severity, Walk};

/// Workflows shown in full unless all are asked for.
const SHOWN: usize = 25;
/// Widest line.
const WIDTH: usize = 110;

/// How to draw.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// With colours.
    pub colour: bool,
    /// Every workflow, however many.
    pub all: bool,
}

/// Writes the report.
///
/// # Errors
/// When it cannot be written, or results cannot be read back.
pub fn write(scan: &Scan, view: &View<'_>, style: Style, out: &mut dyn Write) -> io::Result<Count> {
    let mut shown = 0;
    let mut count = Count::default();
    let mut more = 0;
    summary(scan, view, style, out)?;
    each(scan, view, &order(scan), &mut |item| {
        count.add(&item.body.findings);
        if item.body.findings.is_empty() && !item.head.changes_access() {
            return Ok(());
        }
        shown += 1;
        if shown > SHOWN && !style.all {
            more += 1;
            return Ok(());
        }
        workflow(item, style, out)
    })?;
    if more > 0 {
        writeln!(out, "\n… and {more} more workflows: `--all` shows them, `--severity high` only the worst")?;
    }
    problems(scan, style, out)?;
    writeln!(out, "\n{}", count.text())?;
    Ok(count)
}

fn paint(style: Style, code: &str, text: &str) -> String {
    if style.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
}

fn bold(style: Style, text: &str) -> String {
    paint(style, "1", text)
}

fn dim(style: Style, text: &str) -> String {
    paint(style, "2", text)
}

fn severity(style: Style, severity: Severity) -> String {
    let code = match severity {
        Severity::Critical => "1;31",
        Severity::High => "31",
        Severity::Medium => "33",
        Severity::Low => "36",
        Severity::Info => "2",
    };
    paint(style, code, &format!("{:8}", severity.as_str()))
}

fn plural(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

fn summary(scan: &Scan, view: &View<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let heads: Vec<_> = scan.files.iter().flat_map(|f| &f.heads).filter(|h| view.shows(h)).collect();
    let others = scan.files.iter().filter(|f| matches!(f.verdict, FileVerdict::NotWorkflow(_))).count();
    let broken =
        scan.files.iter().filter(|f| f.verdict == FileVerdict::Unreadable).count() + scan.problems.len();
    let changing = heads.iter().filter(|h| h.changes_access()).count();
    let line = format!("{} in {}", plural(heads.len(), "workflow"), plural(scan.files.len(), "file"));
    writeln!(
        out,
        "{}: {changing} can change access; {others} files hold none, {broken} could not be read\n",
        bold(style, &line)
    )?;
    writeln!(out, "  {}", dim(style, "tier                        workflows   findings"))?;
    for tier in (0..=3_u8).rev() {
        let of: Vec<_> = heads.iter().filter(|h| h.closure.tier == tier && !h.closure.opaque).collect();
        let mut count = Count::default();
        of.iter().for_each(|h| count.add_head(h));
        writeln!(out, "  {tier} {:25} {:>9}   {}", tier_name(tier), of.len(), count.text())?;
        if tier == 3 {
            let of: Vec<_> = heads.iter().filter(|h| h.closure.opaque).collect();
            let mut count = Count::default();
            of.iter().for_each(|h| count.add_head(h));
            writeln!(out, "  3 {:25} {:>9}   {}", "opaque until declared", of.len(), count.text())?;
        }
    }
    platforms(&heads, style, out)
}

fn tier_name(tier: u8) -> &'static str {
    match tier {
        3 => "privileged or credentials",
        2 => "changes access",
        1 => "writes, tickets, requests",
        _ => "reads, notifies, asks",
    }
}

fn platforms(heads: &[&crate::scan::model::Head], style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut platforms: BTreeMap<_, (usize, usize, Count)> = BTreeMap::new();
    for head in heads {
        let (all, changing, count) = platforms.entry(head.platform).or_default();
        *all += 1;
        *changing += usize::from(head.changes_access());
        count.add_head(head);
    }
    writeln!(out, "\n  {}", dim(style, "platform                    workflows   access   findings"))?;
    for (platform, (all, changing, count)) in platforms {
        writeln!(out, "  {:27} {all:>9} {changing:>8}   {}", platform.title(), count.text())?;
    }
    Ok(())
}

fn workflow(item: &Item<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let (head, body) = (item.head, &item.body);
    let effects: Vec<&str> = named(head.effects).map(workflow::Kind::as_str).collect();
    let trigger = body.main_trigger().map_or("no trigger", |t| t.kind.as_str());
    writeln!(out, "\n{}", dim(style, &"─".repeat(WIDTH)))?;
    writeln!(
        out,
        "{}  {}",
        bold(style, &head.name),
        dim(style, &format!("{}:{}", item.file.path, body.line))
    )?;
    let tier = if head.opaque { "opaque (as tier 3)".to_owned() } else { format!("tier {}", head.tier) };
    let what = if effects.is_empty() { "changes no access itself".to_owned() } else { effects.join(", ") };
    let off = if head.off { ", switched off" } else { "" };
    let gate = if body.gate.is_empty() { String::new() } else { format!(", gate {}", body.gate) };
    writeln!(out, "{}, {tier}: {what}; started by {trigger}{gate}{off}", head.platform.title())?;
    item.body.findings.iter().try_for_each(|f| finding(item, f, style, out))
}

fn finding(item: &Item<'_>, f: &Finding, style: Style, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n  {} {}", severity(style, f.severity), bold(style, &f.rule))?;
    for line in wrap(&f.message, WIDTH - 4) {
        writeln!(out, "    {line}")?;
    }
    for line in walk(&f.path, style) {
        writeln!(out, "    {line}")?;
    }
    if let Some(text) = source::line(&item.file.path, f.line) {
        writeln!(
            out,
            "    {} {}",
            dim(style, &format!("{:>6} │", f.line)),
            shorten(text.trim(), WIDTH - 13)
        )?;
    }
    for (i, line) in wrap(&f.fix, WIDTH - 9).iter().enumerate() {
        writeln!(out, "    {} {line}", if i == 0 { dim(style, "fix:") } else { "    ".to_owned() })?;
    }
    Ok(())
}

/// A walk as lines: `webhook → Look up ─[true]→ ✗ Grant`.
fn walk(path: &[Walk], style: Style) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut width = 0;
    for (i, station) in path.iter().enumerate() {
        let arrow = match path.get(i.wrapping_sub(1)) {
            None => String::new(),
            Some(before) if before.leaves.is_empty() => " → ".to_owned(),
            Some(before) => format!(" ─[{}]→ ", shorten(&before.leaves, 30)),
        };
        let name = if station.marked { format!("✗ {}", station.step) } else { station.step.to_string() };
        let length = arrow.chars().count() + name.chars().count();
        if width + length > WIDTH - 6 && width > 0 {
            lines.push("  ".to_owned());
            width = 2;
        }
        width += length;
        let name = if station.marked { paint(style, "1;31", &name) } else { name };
        if let Some(line) = lines.last_mut() {
            line.push_str(&dim(style, &arrow));
            line.push_str(&name);
        }
    }
    lines.retain(|l| !l.trim().is_empty());
    lines
}

fn problems(scan: &Scan, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let all: Vec<_> = scan.problems.iter().chain(scan.files.iter().flat_map(|f| &f.problems)).collect();
    if all.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", bold(style, &plural(all.len(), "problem")))?;
    for problem in all.iter().take(if style.all { usize::MAX } else { SHOWN }) {
        writeln!(out, "  {}:{}: {}", problem.path, problem.line, problem.message)?;
    }
    if all.len() > SHOWN && !style.all {
        writeln!(out, "  … and {} more: `--all` shows them", all.len() - SHOWN)?;
    }
    Ok(())
}

fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
