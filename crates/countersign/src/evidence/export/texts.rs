//! The sentences of exported documents, apart from the code that fills them in.

/// The sentences of a language.
pub(super) struct Texts {
    pub finding: &'static str,
    pub finding_at: &'static str,
    pub withheld: &'static str,
    pub scenarios: &'static str,
    pub failed: &'static str,
    pub untold: &'static str,
}

pub(super) const ENGLISH: Texts = Texts {
    finding: "`{subject}`, as released to `{environment}` in entry {entry}, has the finding `{rule}`.",
    finding_at: "`{subject}`, as released to `{environment}` in entry {entry}, has the finding `{rule}` at `{step}`.",
    withheld: "What was found in `{subject}`, as released to `{environment}` in entry {entry}, is withheld or erased.",
    scenarios: "scenarios as attested",
    failed: "{failed} of {all} failed when entry {entry} attested to `{subject}`.",
    untold: "What entry {entry} attested to is withheld or erased.",
};

/// A sentence with its names filled in.
pub(super) fn fill(text: &str, values: &[(&'static str, String)]) -> String {
    let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    evidence::fill(text, &values)
}
