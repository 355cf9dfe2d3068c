//! Results as JUnit XML, for a build server: a suite per file, a case per scenario.

use super::plain::told;
use super::tested::{Ran, Tested};
use crate::report::junit::{escaped, lines};
use std::io::{self, Write};

/// Writes the report.
pub fn write(all: &[Tested], out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"countersign test\">\n")?;
    for tested in all {
        suite(tested, out)?;
    }
    out.write_all(b"</testsuites>\n")
}

fn suite(tested: &Tested, out: &mut dyn Write) -> io::Result<()> {
    let errors = usize::from(tested.problem.is_some());
    let (tests, failures) =
        (tested.scenarios.len() + errors, tested.scenarios.iter().filter(|r| !r.passed).count());
    let name = escaped(&tested.file);
    writeln!(
        out,
        "<testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\">"
    )?;
    if let Some(problem) = &tested.problem {
        let problem = escaped(problem);
        writeln!(
            out,
            "<testcase classname=\"{name}\" name=\"scenarios\"><error type=\"problem\" message=\"{problem}\"/></testcase>"
        )?;
    }
    for ran in &tested.scenarios {
        let (class, name) = (escaped(&tested.workflow), escaped(&ran.name));
        writeln!(out, "<testcase classname=\"{class}\" name=\"{name}\">{}</testcase>", failure(ran))?;
    }
    out.write_all(b"</testsuite>\n")
}

fn failure(ran: &Ran) -> String {
    if ran.passed {
        return String::new();
    }
    let first = ran.differences.first();
    let message = first.map(|d| format!("{}: {}", d.of, d.actual.join("; "))).unwrap_or_default();
    let walk: Vec<String> = ran
        .walk
        .iter()
        .map(|w| {
            let mark = if w.marked { "(!) " } else { "" };
            let leaves = if w.leaves.is_empty() { String::new() } else { format!(" [{}]", w.leaves) };
            format!("{mark}{}{leaves}", ran.name_of(&w.step))
        })
        .collect();
    let text = format!("{}\n{}", told(ran).join("\n"), walk.join(" -> "));
    format!("<failure type=\"expectation\" message=\"{}\">{}</failure>", escaped(&message), lines(&text))
}
