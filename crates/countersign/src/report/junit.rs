//! The report as JUnit XML, for a build server: a suite per file, a failed case per finding, a passed one for each
//! workflow without any; accepted findings are skipped cases, files that could not be read are errors.

use super::view::{Count, View};
use super::{Item, plain_text};
use crate::scan::Scan;
use crate::scan::model::FileEntry;
use std::fmt::Write as _;
use std::io::{self, Write};
use workflow::{Finding, Problem};

/// A suite while its cases are counted.
#[derive(Default)]
struct Suite {
    cases: String,
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

/// Writes the report.
///
/// # Errors
/// When it cannot be written, or results cannot be read back.
pub fn write(scan: &Scan, view: &View<'_>, out: &mut dyn Write) -> io::Result<Count> {
    let mut count = Count::default();
    out.write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"countersign\">\n")?;
    let mut lost = Suite::default();
    scan.problems.iter().for_each(|p| lost.problem(p));
    lost.write("paths", out)?;
    for file in &scan.files {
        suite(scan, view, file, &mut count)?.write(&file.path, out)?;
    }
    out.write_all(b"</testsuites>\n")?;
    Ok(count)
}

fn suite(scan: &Scan, view: &View<'_>, file: &FileEntry, count: &mut Count) -> io::Result<Suite> {
    let mut suite = Suite::default();
    file.problems.iter().for_each(|p| suite.problem(p));
    for (head, body) in file.heads.iter().zip(scan.bodies(file)?) {
        let mut item = Item::new(file, head, body);
        if !view.apply(&mut item) {
            continue;
        }
        count.add(&item.body.findings);
        if item.body.findings.is_empty() && item.accepted.is_empty() {
            suite.case(&head.name, "no findings", "");
        }
        for finding in &item.body.findings {
            suite.failures += 1;
            suite.case(&head.name, &title(&item, finding), &failure(&item, finding));
        }
        for accepted in &item.accepted {
            suite.skipped += 1;
            let why = format!("{} ({})", accepted.reason, accepted.place);
            let skipped = format!("<skipped type=\"accepted\" message=\"{}\"/>", escaped(&why));
            suite.case(&head.name, &title(&item, &accepted.finding), &skipped);
        }
    }
    Ok(suite)
}

fn title(item: &Item<'_>, finding: &Finding) -> String {
    if finding.step.is_empty() {
        return finding.rule.to_string();
    }
    format!("{} at {}", finding.rule, item.name(&finding.step))
}

fn failure(item: &Item<'_>, finding: &Finding) -> String {
    let walk: Vec<String> = finding
        .path
        .iter()
        .map(|w| {
            let mark = if w.marked { "(!) " } else { "" };
            let leaves = if w.leaves.is_empty() { String::new() } else { format!(" [{}]", w.leaves) };
            format!("{mark}{}{leaves}", item.name(&w.step))
        })
        .collect();
    let text = format!(
        "{}:{}: {}\n{}\nFix: {}",
        item.file_of(&finding.step),
        finding.line,
        finding.message,
        walk.join(" -> "),
        finding.fix
    );
    format!(
        "<failure type=\"{}\" message=\"{}\">{}</failure>",
        finding.severity.as_str(),
        escaped(&finding.message),
        lines(&text)
    )
}

impl Suite {
    fn case(&mut self, class: &str, name: &str, inside: &str) {
        self.tests += 1;
        let _ = writeln!(
            self.cases,
            "<testcase classname=\"{}\" name=\"{}\">{inside}</testcase>",
            escaped(class),
            escaped(name)
        );
    }

    fn problem(&mut self, problem: &Problem) {
        self.errors += 1;
        let error = format!("<error type=\"problem\" message=\"{}\"/>", escaped(&problem.message));
        self.case(&problem.path, &format!("line {}", problem.line), &error);
    }

    fn write(&self, name: &str, out: &mut dyn Write) -> io::Result<()> {
        if self.tests == 0 {
            return Ok(());
        }
        let (tests, failures, errors, skipped) = (self.tests, self.failures, self.errors, self.skipped);
        writeln!(
            out,
            "<testsuite name=\"{}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\">",
            escaped(name)
        )?;
        out.write_all(self.cases.as_bytes())?;
        out.write_all(b"</testsuite>\n")
    }
}

/// A text on one line, for XML.
pub(crate) fn escaped(text: &str) -> String {
    let text = plain_text(text).replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;").replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

pub(crate) fn lines(text: &str) -> String {
    text.lines().map(escaped).collect::<Vec<_>>().join("\n")
}
