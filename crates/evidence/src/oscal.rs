//! OSCAL assessment results: the parts of NIST's model that a readiness review and an export of a ledger write, with
//! identifiers made of what they identify, so that the same input gives the same document.
//!
//! The model is <https://pages.nist.gov/OSCAL-Reference/models/v1.2.1/assessment-results/>. Lists that are empty are left
//! out, as the schema asks for.

use serde::Serialize;
use sha1::{Digest, Sha1};

/// The version of the model.
pub const VERSION: &str = "1.2.1";

/// The namespace of properties that are ours.
pub const NAMESPACE: &str = "urn:countersign:oscal:1";

/// The document.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Document {
    /// Its only part.
    pub assessment_results: AssessmentResults,
}

/// What an assessment came to.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct AssessmentResults {
    /// See [`uuid`].
    pub uuid: String,
    /// About the document.
    pub metadata: Metadata,
    /// The plan that was followed: a link, also to a resource of this document (`#uuid`).
    pub import_ap: Link,
    /// One for each assessment.
    pub results: Vec<Outcome>,
    /// What links lead to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub back_matter: Option<BackMatter>,
}

/// About a document.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Metadata {
    /// One line.
    pub title: String,
    /// RFC 3339 with a zone.
    pub last_modified: String,
    /// The document's own version.
    pub version: String,
    /// [`VERSION`].
    pub oscal_version: &'static str,
    /// What else is known of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub props: Vec<Property>,
}

/// A name with a value.
#[derive(Debug, Clone, Serialize)]
pub struct Property {
    /// A token, see [`token`].
    pub name: String,
    /// Whose name it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ns: Option<&'static str>,
    /// One line, not empty.
    pub value: String,
}

/// A link.
#[derive(Debug, Clone, Serialize)]
pub struct Link {
    /// Where to: an address, or `#uuid` within the document.
    pub href: String,
    /// What it is to the thing that has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rel: Option<&'static str>,
    /// One line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// One assessment.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Outcome {
    /// See [`uuid`].
    pub uuid: String,
    /// One line.
    pub title: String,
    /// In words.
    pub description: String,
    /// When it began: RFC 3339 with a zone.
    pub start: String,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    /// What else is known of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub props: Vec<Property>,
    /// What is defined here because no plan defines it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_definitions: Option<LocalDefinitions>,
    /// Which controls were looked at.
    pub reviewed_controls: ReviewedControls,
    /// What was seen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub observations: Vec<Observation>,
    /// What follows from it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

/// What is defined in a result itself.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LocalDefinitions {
    /// What was assessed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<Component>,
}

/// Something that was assessed, or that assessed.
#[derive(Debug, Clone, Serialize)]
pub struct Component {
    /// See [`uuid`].
    pub uuid: String,
    /// `service`, `software`, `process-procedure` …
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// One line.
    pub title: String,
    /// In words.
    pub description: String,
    /// What else is known of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub props: Vec<Property>,
    /// Whether it is in use.
    pub status: Status,
}

/// A state, of a component (`operational`, `other` …) or of a finding's target (`satisfied`, `not-satisfied`).
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// The word.
    pub state: &'static str,
    /// Why, as the model words it (`pass`, `fail`, `other`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// Why, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remarks: Option<String>,
}

/// Which controls were looked at.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ReviewedControls {
    /// One for each catalogue.
    pub control_selections: Vec<ControlSelection>,
}

/// Controls of a catalogue.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ControlSelection {
    /// Which catalogue, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The controls.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub include_controls: Vec<ControlId>,
}

/// A control of a catalogue.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ControlId {
    /// Its id as OSCAL catalogues write it, see [`control`].
    pub control_id: String,
}

/// Something that was seen.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Observation {
    /// See [`uuid`].
    pub uuid: String,
    /// One line.
    pub title: String,
    /// In words.
    pub description: String,
    /// What else is known of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub props: Vec<Property>,
    /// `EXAMINE`, `INTERVIEW`, `TEST`.
    pub methods: Vec<&'static str>,
    /// `finding`, `control-objective`, `discovery` …
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<&'static str>,
    /// What it is about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subjects: Vec<SubjectReference>,
    /// What shows it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub relevant_evidence: Vec<RelevantEvidence>,
    /// When it was seen: RFC 3339 with a zone.
    pub collected: String,
    /// In words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remarks: Option<String>,
}

/// What an observation is about.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SubjectReference {
    /// The identifier of a component.
    pub subject_uuid: String,
    /// `component`, `party`, `resource` …
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// One line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// What shows an observation.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RelevantEvidence {
    /// Where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub href: Option<String>,
    /// In words.
    pub description: String,
}

/// What follows from observations.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Finding {
    /// See [`uuid`].
    pub uuid: String,
    /// One line.
    pub title: String,
    /// In words.
    pub description: String,
    /// What else is known of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub props: Vec<Property>,
    /// What it is about, and whether that is satisfied.
    pub target: Target,
    /// The observations it follows from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub related_observations: Vec<RelatedObservation>,
    /// In words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remarks: Option<String>,
}

/// What a finding is about.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Target {
    /// `objective-id` or `statement-id`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// A token, see [`token`].
    pub target_id: String,
    /// `satisfied` or `not-satisfied`.
    pub status: Status,
}

/// A link to an observation.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RelatedObservation {
    /// Its identifier.
    pub observation_uuid: String,
}

/// What links lead to.
#[derive(Debug, Clone, Serialize)]
pub struct BackMatter {
    /// The resources.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Resource>,
}

/// Something that links lead to.
#[derive(Debug, Clone, Serialize)]
pub struct Resource {
    /// See [`uuid`].
    pub uuid: String,
    /// One line.
    pub title: String,
    /// In words.
    pub description: String,
}

/// An identifier made of what it identifies: a version 5 UUID (RFC 9562) in a name space of our own. The parts are told
/// apart whatever stands in them.
#[must_use]
pub fn uuid(parts: &[&str]) -> String {
    /// The version 5 UUID of `urn:countersign:oscal:1` in the name space of URLs.
    const SPACE: [u8; 16] =
        [0xfc, 0x6e, 0x46, 0xde, 0x89, 0xe8, 0x51, 0xc2, 0xbd, 0x1d, 0x9b, 0x23, 0x97, 0xa7, 0x36, 0xb9];
    let name: String = parts.iter().map(|p| format!("{}:{p},", p.len())).collect();
    version_5(&SPACE, &name)
}

fn version_5(space: &[u8; 16], name: &str) -> String {
    let mut bytes: [u8; 16] = [0; 16];
    let hash = Sha1::new().chain_update(space).chain_update(name.as_bytes()).finalize();
    bytes.iter_mut().zip(hash.iter()).for_each(|(to, from)| *to = *from);
    bytes[6] = bytes[6] & 0x0f | 0x50;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// A text on one line without space around it; `-` where nothing is left.
#[must_use]
pub fn line(text: &str) -> String {
    let shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words: Vec<&str> = shown.split_whitespace().collect();
    if words.is_empty() { "-".to_owned() } else { words.join(" ") }
}

/// A text as a token: letters, digits (of ASCII), `.`, `-` and `_`, with a letter or `_` first.
#[must_use]
pub fn token(text: &str) -> String {
    let word: String =
        text.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' }).collect();
    if word.starts_with(|c: char| c.is_ascii_alphabetic()) { word } else { format!("_{word}") }
}

/// The id of a control as OSCAL catalogues write it: `AC-2(1)` is `ac-2.1`, `PR.AA-05` is `pr.aa-05`.
#[must_use]
pub fn control(id: &str) -> String {
    token(&id.to_lowercase().replace('(', ".").replace(')', ""))
}

/// A property of our own.
#[must_use]
pub fn property(name: &str, value: &str) -> Property {
    Property { name: token(name), ns: Some(NAMESPACE), value: line(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `uuid.uuid5(uuid.NAMESPACE_DNS, "python.org")` of the Python documentation.
    #[test]
    fn identifiers_are_version_5() {
        let dns =
            [0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8];
        assert_eq!(version_5(&dns, "python.org"), "886313e1-3b8a-5372-9b90-0c9aee199e5d");
        let mut url = dns;
        url[3] = 0x11;
        assert_eq!(version_5(&url, NAMESPACE), "fc6e46de-89e8-51c2-bd1d-9b2397a736b9");
        assert_ne!(uuid(&["a", "b"]), uuid(&["ab"]));
        assert_ne!(uuid(&["a,1:b"]), uuid(&["a", "b"]));
    }

    #[test]
    fn words_are_those_that_the_model_allows() {
        assert_eq!(line("  two\nlines\t of \u{7} text "), "two lines of text");
        assert_eq!(line(" \n"), "-");
        assert_eq!(token("1 step/inner"), "_1-step-inner");
        assert_eq!(token(""), "_");
        assert_eq!([control("AC-2(1)"), control("PR.AA-05")], ["ac-2.1", "pr.aa-05"]);
    }
}
