//! One workflow of the terminal report, with its findings in groups of one rule.

use super::style::{Style, clean, end, shorten, wrap};
use super::walk;
use crate::report::words::times;
use crate::report::{Item, refuted, source, words};
use std::io::{self, Write};
use unicode_width::UnicodeWidthStr;
use workflow::{Finding, Text};

/// Findings of one rule drawn in full unless all are asked for.
const DRAWN: usize = 3;
/// Columns before the text of a finding.
const INDENT: usize = 4;

/// Writes a workflow.
///
/// # Errors
/// When it cannot be written.
pub fn write(item: &Item<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    head(item, style, out)?;
    groups(item, &item.body.findings, None, style, out)?;
    groups(item, &item.refuted, Some(refuted::LABEL), style, out)
}

/// Findings in groups of one rule, with a label in place of their severity where there is one.
fn groups(
    item: &Item<'_>,
    findings: &[Finding],
    label: Option<&str>,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut rules: Vec<&Text> = Vec::new();
    findings.iter().for_each(|f| {
        if !rules.contains(&&f.rule) {
            rules.push(&f.rule);
        }
    });
    for rule in rules {
        let of: Vec<&Finding> = findings.iter().filter(|f| f.rule == *rule).collect();
        group(item, &of, label, style, out)?;
    }
    Ok(())
}

fn head(item: &Item<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let tier = words::tier_with_calls(item.head);
    let name = shorten(&clean(&item.head.name), style.width.saturating_sub(tier.width() + 12));
    let fill = style.width.saturating_sub(name.width() + tier.width() + 8);
    let line = format!(" {} {tier} ──", "─".repeat(fill));
    writeln!(out, "\n{} {}{}", style.dim("──"), style.bold(&name), style.dim(&line))?;
    let place = format!("{}:{}", clean(&item.file.path), item.body.line);
    writeln!(out, "   {} {}", item.head.platform.title(), style.dim(&format!("· {place}")))?;
    let named = item.body.findings.iter().any(|f| f.rule == "opaque-step");
    let missing = if named { String::new() } else { words::missing(item.head) };
    let told =
        [words::start(item), words::deeds(item), missing, words::gate(item).to_owned(), words::proofs(item)];
    let told: Vec<String> = told.into_iter().filter(|t| !t.is_empty()).collect();
    wrap(&told.join(" "), style.width - 3).iter().try_for_each(|line| writeln!(out, "   {line}"))
}

/// The findings of one rule: each told and drawn, and at the end what to do.
fn group(
    item: &Item<'_>,
    findings: &[&Finding],
    label: Option<&str>,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Some(first) = findings.first() else { return Ok(()) };
    let many = if findings.len() > 1 { format!("  ({} times)", findings.len()) } else { String::new() };
    let label = style.severity(first.severity, &format!("{:8}", label.unwrap_or(first.severity.as_str())));
    writeln!(out, "\n  {label} {}{}", style.bold(&first.rule), style.dim(&many))?;
    let drawn =
        if style.all || findings.len() == DRAWN + 1 { findings.len() } else { findings.len().min(DRAWN) };
    for (i, f) in findings[..drawn].iter().enumerate() {
        if i > 0 {
            writeln!(out)?;
        }
        finding(item, f, style, out)?;
        if findings.get(i + 1).is_none_or(|next| next.fix != f.fix || i + 1 == drawn) {
            fix(f, style, out)?;
        }
    }
    if drawn < findings.len() {
        let names: Vec<String> =
            findings[drawn..].iter().map(|f| format!("`{}`", clean(item.name(&f.step)))).collect();
        let more =
            format!("… and {} more, at {}", times(findings.len() - drawn, "finding"), names.join(", "));
        let lines = wrap(&more, style.width - INDENT);
        lines.iter().take(3).try_for_each(|line| writeln!(out, "    {}", style.dim(line)))?;
    }
    Ok(())
}

fn finding(item: &Item<'_>, f: &Finding, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for line in wrap(&clean(&f.message), style.width - INDENT) {
        writeln!(out, "    {line}")?;
    }
    for line in walk::draw(item, &f.path, style.width - INDENT - 2, style) {
        writeln!(out, "      {line}")?;
    }
    let words = [item.name(&f.step), f.step.as_str()];
    let file = item.file_of(&f.step);
    let Some((at, text)) = source::line(file, f.line, &words) else { return Ok(()) };
    if file != item.file.path {
        writeln!(
            out,
            "    {}",
            style.dim(&format!("{:>6}   {}", "", end(&clean(file), style.width - INDENT - 10)))
        )?;
    }
    // A whole definition may stand on one line: only what is shown of it is cleaned.
    let excerpt = clean(&source::excerpt(text.trim(), &words, style.width - INDENT - 10));
    writeln!(out, "    {} {}", style.dim(&format!("{at:>6} │")), style.dim(&excerpt))
}

fn fix(f: &Finding, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for (i, line) in wrap(&clean(&f.fix), style.width - INDENT - 5).iter().enumerate() {
        let label = if i == 0 { "Fix:" } else { "    " };
        writeln!(out, "    {} {line}", style.bold(label))?;
    }
    Ok(())
}
