//! Results for a terminal: every scenario in a line, of a failure what was expected, what came, and the walk of the run.

use super::tested::{Covered, Differs, Mutants, Ran, Summary, Tested};
use crate::report::plain::{Style, clean, walk, wrap};
use crate::report::words::times;
use machine::rehearse::coverage::Part;
use std::io::{self, Write};
use workflow::Text;

/// Columns before the lines of a scenario.
const INDENT: usize = 6;

/// Writes the report.
pub fn write(all: &[Tested], summary: &Summary, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for tested in all {
        file(tested, style, out)?;
    }
    let mut parts = vec![format!("{} passed", summary.passed)];
    if summary.failed > 0 {
        parts.push(format!("{} failed", summary.failed));
    }
    if summary.problems > 0 {
        parts.push(times(summary.problems, "problem"));
    }
    let count = times(summary.passed + summary.failed, "scenario");
    writeln!(out, "{count} in {}: {}", times(summary.files, "file"), parts.join(", "))
}

fn file(tested: &Tested, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let name =
        if tested.workflow.is_empty() { String::new() } else { format!("{} · ", clean(&tested.workflow)) };
    writeln!(out, "{}{}", style.bold(&name), style.dim(&clean(&tested.file)))?;
    if let Some(problem) = &tested.problem {
        writeln!(out, "  {} {}", style.fault("!"), clean(problem))?;
    }
    for ran in &tested.scenarios {
        scenario(ran, style, out)?;
    }
    if let Some(coverage) = &tested.coverage {
        covered(tested, coverage, style, out)?;
    }
    if let Some(found) = &tested.mutants {
        mutants(found, style, out)?;
    }
    writeln!(out)
}

fn scenario(ran: &Ran, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mark = if ran.passed { "✓".to_owned() } else { style.fault("✗") };
    writeln!(out, "  {mark} {}", clean(&ran.name))?;
    if !ran.unused.is_empty() {
        let told = format!("nobody asked for the answer of {}", ran.unused.join(", "));
        writeln!(out, "    {}", style.dim(&clean(&told)))?;
    }
    if ran.passed {
        return Ok(());
    }
    for d in &ran.differences {
        writeln!(out, "      {}", d.of)?;
        column("expected", &d.expected, style, out)?;
        column("but got", &d.actual, style, out)?;
    }
    for line in walk::draw_named(|id| ran.name_of(id), &ran.walk, style.width - INDENT - 2, style) {
        writeln!(out, "        {line}")?;
    }
    Ok(())
}

/// Lines beside a word.
fn column(word: &str, all: &[String], style: Style, out: &mut dyn Write) -> io::Result<()> {
    let nothing = ["nothing".to_owned()];
    let all = if all.is_empty() { &nothing[..] } else { all };
    let mut label = word;
    for line in all {
        for part in wrap(&clean(line), style.width.saturating_sub(INDENT + 11)) {
            writeln!(out, "        {label:<8} {part}")?;
            label = "";
        }
    }
    Ok(())
}

/// What did not hold, in lines.
pub fn told(ran: &Ran) -> Vec<String> {
    ran.differences.iter().flat_map(difference).collect()
}

fn difference(d: &Differs) -> Vec<String> {
    let each = |mark: &str, all: &[String]| -> Vec<String> {
        all.iter().map(|l| format!("{mark} {}: {l}", d.of)).collect()
    };
    [each("-", &d.expected), each("+", &d.actual)].concat()
}

fn covered(tested: &Tested, coverage: &Covered, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let of = |parts: &[Part], what: &str| {
        let (covered, all) = coverage.count(parts);
        (all > 0).then(|| format!("{covered} of {}", times(all, what)))
    };
    let parts = [
        of(&[Part::Change, Part::Branch], "access-changing way"),
        of(&[Part::Refusal], "refusing way"),
        of(&[Part::Error], "error way"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        return Ok(());
    }
    writeln!(out, "  covers {}", parts.join(", "))?;
    for item in coverage.items.iter().filter(|i| !i.covered) {
        let way = if item.way.is_empty() { String::new() } else { format!(" on the way `{}`", item.way) };
        let what = match item.part {
            Part::Change => "no scenario makes the change",
            Part::Branch => "no scenario goes",
            Part::Refusal => "no scenario is refused",
            Part::Error => "no scenario fails",
        };
        writeln!(
            out,
            "    {}",
            style.dim(&clean(&format!("{what} at `{}`{way}", tested.name_of(&item.step))))
        )?;
    }
    Ok(())
}

fn mutants(found: &Mutants, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let all = found.killed + found.survivors.len();
    let equivalent = if found.equivalent > 0 {
        format!("; {} cannot be told from the original", times(found.equivalent, "more"))
    } else {
        String::new()
    };
    let equivalent = equivalent.replace("mores", "more");
    writeln!(
        out,
        "  notices {} of {} ({} %){equivalent}",
        found.killed,
        times(all, "mutant"),
        found.percent()
    )?;
    for survivor in &found.survivors {
        writeln!(out, "    {} {}: {}", style.fault("✗"), survivor.operator, clean(&survivor.does))?;
        if !survivor.original.is_empty() {
            let (o, m) = (clean(&survivor.original), clean(&survivor.mutant));
            writeln!(out, "      the original {o}; the mutant {m}; this scenario would notice:")?;
            for line in survivor.kills.lines() {
                writeln!(out, "        {}", style.dim(&clean(line)))?;
            }
        }
    }
    Ok(())
}

impl Tested {
    /// The name of a step.
    fn name_of<'n>(&'n self, id: &'n Text) -> &'n Text {
        self.names.iter().find(|(i, _)| i == id).map_or(id, |(_, name)| name)
    }
}

impl Ran {
    /// The name of a station of the walk.
    #[must_use]
    pub fn name_of(&self, id: &str) -> String {
        let found = self.names.iter().find(|(i, _)| i == id).map(|(_, n)| n.as_str());
        found.filter(|n| !n.is_empty()).unwrap_or(id).to_owned()
    }
}
