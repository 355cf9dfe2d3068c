//! What a finding is recognised by in later runs: the workflow, the rule and the steps, not lines, words or files.

use crate::scan::model::Head;
use std::collections::HashMap;
use workflow::{Digest, Finding};

/// The fingerprint of each finding of a workflow, in their order. All findings of the workflow must be given: equal
/// ones are told apart by their number.
#[must_use]
pub fn fingerprints(head: &Head, findings: &[Finding]) -> Vec<String> {
    let mut numbers: HashMap<Vec<&str>, u32> = HashMap::new();
    let mut marks = Vec::with_capacity(findings.len());
    for finding in findings {
        let mut parts = vec![
            head.platform.as_str(),
            head.id.as_deref().unwrap_or(&head.name),
            &finding.rule,
            &finding.step,
        ];
        let mut steps: Vec<&str> = finding.steps.iter().map(|s| s.as_str()).collect();
        steps.sort_unstable();
        parts.extend(steps);
        let mut text = parts.join("\0");
        let number = numbers.entry(parts).or_default();
        text.push_str(&format!("\0{number}"));
        *number += 1;
        // Half of SHA-256 is enough to tell findings apart, and easier on the eye.
        marks.push(
            Digest::of(text.as_bytes()).to_string().trim_start_matches("sha256:").chars().take(32).collect(),
        );
    }
    marks
}
