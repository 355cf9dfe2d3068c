//! A difference as Markdown, for a merge request.

use super::{Names, Told, Unknown, plain};
use check::diff::{Change, Difference, Direction};
use std::io::{self, Write};
use workflow::Finding;

pub(super) fn write(told: &Told, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "## Countersign: {}", told.headline())?;
    for difference in &told.differences {
        workflow(difference, &told.names(difference), out)?;
    }
    if !told.unknown.is_empty() {
        writeln!(out, "\n### What became of these is not known\n")?;
        let one = |u: &Unknown| format!("{}: `{}` of the {} side could not be read", u.name, u.path, u.side);
        told.unknown.iter().try_for_each(|u| writeln!(out, "- {}", escaped(&one(u))))?;
    }
    if !told.problems.is_empty() {
        writeln!(out, "\n### Files that could not be read\n")?;
        told.problems.iter().try_for_each(|p| writeln!(out, "- {}", escaped(p)))?;
    }
    Ok(())
}

fn workflow(d: &Difference, names: &Names<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n### {}\n", escaped(&d.name))?;
    if !d.acts_differently() {
        writeln!(out, "No change in what it does.")?;
    }
    d.changes.iter().try_for_each(|c| told(c, names, out))?;
    for (title, kind) in plain::PROOFS {
        let of: Vec<&Change> = d.proofs.iter().filter(|c| c.kind == kind).collect();
        if !of.is_empty() {
            writeln!(out, "\n{title}:\n")?;
            of.into_iter().try_for_each(|c| told(c, names, out))?;
        }
    }
    findings("New findings", &d.gained, out)?;
    findings("Findings that are gone", &d.lost, out)?;
    let touched = plain::touched(d);
    if !touched.is_empty() {
        writeln!(out, "\n| Touches | before | after |\n| --- | --- | --- |")?;
        for [title, before, after] in &touched {
            writeln!(out, "| {title} | {} | {} |", escaped(before), escaped(after))?;
        }
    }
    if !d.cosmetic.is_empty() {
        writeln!(out, "\n<details><summary>For people only</summary>\n")?;
        d.cosmetic.iter().try_for_each(|c| writeln!(out, "- {}", escaped(&c.sentence)))?;
        writeln!(out, "\n</details>")?;
    }
    Ok(())
}

fn told(change: &Change, names: &Names<'_>, out: &mut dyn Write) -> io::Result<()> {
    let word = match change.direction {
        Direction::Worse => "**less control:** ",
        Direction::Better => "**more control:** ",
        Direction::Open => "",
    };
    writeln!(out, "- {word}{}", escaped(&change.sentence))?;
    for (when, walk) in plain::walked(change, names) {
        writeln!(out, "  - {when}: {}", escaped(&walk))?;
    }
    Ok(())
}

fn findings(title: &str, findings: &[Finding], out: &mut dyn Write) -> io::Result<()> {
    if findings.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{title}:\n")?;
    for f in findings {
        writeln!(out, "- {} `{}`: {}", f.severity.as_str(), f.rule, escaped(&f.message))?;
    }
    Ok(())
}

/// Text from a definition that cannot become markup or break a line.
fn escaped(text: &str) -> String {
    let mut told = String::new();
    for c in crate::report::plain::clean(text).chars() {
        match c {
            '<' => told.push_str("&lt;"),
            '>' => told.push_str("&gt;"),
            '|' => told.push_str("\\|"),
            '@' => told.push_str("&#64;"),
            c if c.is_control() => told.push(' '),
            c => told.push(c),
        }
    }
    told
}
