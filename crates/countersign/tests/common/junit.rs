//! JUnit XML held against the schema that Jenkins reads it by, with `xmllint`, and against its own counts.

#![allow(dead_code, reason = "not every test uses everything")]
#![allow(clippy::unwrap_used, reason = "a test that cannot read its report has failed")]

use super::shared;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// What is wrong with a report by the schema; nothing where the schema or `xmllint` is not at hand, which is said, and fails
/// in CI where it is the program that is missing.
pub fn faults(report: &str) -> Option<String> {
    let schema = shared("vectors/junit/junit-10.xsd")?;
    let mut command = Command::new("xmllint");
    command.args(["--nonet", "--noout", "--schema"]).arg(schema).arg("-");
    let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let Ok(mut child) = child else {
        let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(!ci, "`xmllint` is not installed: `./test` installs it");
        println!("skipped: `xmllint` is not installed; `./test` installs it");
        return None;
    };
    child.stdin.take().unwrap().write_all(report.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    Some(if output.status.success() { String::new() } else { told })
}

/// Holds a report against the schema, and each suite's counts against its cases.
pub fn hold(report: &str) {
    if let Some(faults) = faults(report) {
        assert_eq!(faults, "", "{report}");
    }
    let report = roxmltree::Document::parse(report).unwrap();
    for suite in report.descendants().filter(|n| n.has_tag_name("testsuite")) {
        let count = |name: &str| suite.descendants().filter(|n| n.has_tag_name(name)).count().to_string();
        for (attribute, name) in
            [("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")]
        {
            let told = suite.attribute(attribute).unwrap_or("0");
            assert_eq!(told, count(name), "{attribute} of {:?}", suite.attribute("name"));
        }
    }
}
