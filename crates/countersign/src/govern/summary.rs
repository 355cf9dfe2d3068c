//! The summary of a release for those who ask in the terms of the SLSA source track: a verification summary attestation
//! (<https://slsa.dev/verification_summary/v1>) about the commit and the closure, signed with the releaser's key.
//!
//! It names no level of the track: what a level asks of the source control system cannot be seen from here. It names what
//! the statements show, under names of the kind that the specification leaves to organisations (`ORG_SOURCE_…`).

use super::act::Desk;
use super::statement;
use govern::{Entry, Evidence, World};
use ledger::dsse::Envelope;
use ledger::intoto::{PAYLOAD_TYPE, ResourceDescriptor, Statement};
use policy::Mode;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// The type of a verification summary.
const PREDICATE: &str = "https://slsa.dev/verification_summary/v1";

/// Writes the summary of the release in force.
///
/// # Errors
/// When there is none, or it cannot be signed or written.
pub(super) fn write(desk: &Desk, world: &World, path: &Path) -> io::Result<()> {
    let repository = &desk.repository;
    let released = repository.folded.state.released(&world.subject.name, &world.environment);
    let entry = released.and_then(|r| repository.entries.iter().find(|e| e.id == r.id));
    let entry = entry.ok_or_else(|| io::Error::other("there is no release to summarise"))?;
    let mode = world.modes.get(&world.subject.effective_tier()).copied().unwrap_or_default();
    let payload = payload(entry, mode).map_err(io::Error::other)?;
    let mut envelope = Envelope::new(PAYLOAD_TYPE, &payload);
    let message = envelope.signed_bytes().map_err(io::Error::other)?;
    let armoured = desk.signer.sign_as(statement::SUMMARY, &message)?;
    envelope.add_signature(&desk.signer.fingerprint, armoured.as_bytes());
    let bytes = envelope.to_json().map_err(io::Error::other)?;
    std::fs::write(path, bytes).map_err(|e| io::Error::new(e.kind(), format!("`{}`: {e}", path.display())))
}

fn descriptor(name: &str, algorithm: &str, digest: &str) -> ResourceDescriptor {
    let hex = digest.strip_prefix("sha256:").unwrap_or(digest);
    ResourceDescriptor {
        name: Some(name.to_owned()),
        digest: BTreeMap::from([(algorithm.to_owned(), hex.to_owned())]),
        ..ResourceDescriptor::default()
    }
}

/// What is signed: the same release gives the same bytes.
fn payload(entry: &Entry, mode: Mode) -> ledger::Result<Vec<u8>> {
    let event = &entry.event;
    let mut subjects = vec![descriptor(&event.target(), "sha256", &event.subject.closure)];
    if !event.commit.is_empty() {
        subjects.push(descriptor("commit", "gitCommit", &event.commit));
    }
    let none = Evidence::default();
    let evidence = event.evidence.as_ref().unwrap_or(&none);
    let rests = evidence.rests_on.iter().chain([&entry.id]);
    let inputs: Vec<Value> =
        rests.map(|id| json!({"digest": {"sha256": id.strip_prefix("sha256:").unwrap_or(id)}})).collect();
    let policy = event.policy.strip_prefix("sha256:").unwrap_or(&event.policy);
    let predicate = json!({
        "verifier": {"id": "urn:countersign:gate", "version": {"countersign": env!("CARGO_PKG_VERSION")}},
        "timeVerified": event.at,
        "resourceUri": format!("urn:countersign:{}:{}", escaped(&event.environment), escaped(&event.target())),
        "policy": {"uri": "urn:countersign:policy", "digest": {"sha256": policy}},
        "inputAttestations": inputs,
        "verificationResult": "PASSED",
        "verifiedLevels": shown(evidence, mode == Mode::Enforce, event.subject.effective_tier() >= 2),
        "slsaVersion": "1.2",
    });
    let predicate: Map<String, Value> = predicate.as_object().cloned().unwrap_or_default();
    Statement::new(subjects, PREDICATE, predicate)?.to_json()
}

/// A name as part of a URI.
fn escaped(name: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
    name.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// What the statements show, in a fixed order.
fn shown(evidence: &Evidence, enforced: bool, control: bool) -> Vec<&'static str> {
    let tested = evidence.tests.as_ref().is_some_and(|t| t.failed == 0 && t.passed > 0);
    let all = [
        (true, "ORG_SOURCE_COUNTERSIGN_SIGNED_HISTORY"),
        (enforced, "ORG_SOURCE_COUNTERSIGN_POLICY_ENFORCED"),
        // Where it is enforced, control automation is not released without two people who have no part in the change.
        (enforced && control, "ORG_SOURCE_COUNTERSIGN_TWO_PARTY_REVIEW"),
        (tested, "ORG_SOURCE_COUNTERSIGN_TESTED"),
    ];
    all.into_iter().filter(|(holds, _)| *holds).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use govern::Event;
    use policy::{Act, Moment, Subject, TestEvidence};

    #[test]
    fn it_is_about_the_commit_and_the_closure_and_names_what_it_rests_on() {
        let closure = workflow::Digest::of(b"closure").to_string();
        let subject =
            Subject { name: "leaver".into(), closure: closure.clone(), tier: 2, ..Subject::default() };
        let tests = TestEvidence { passed: 4, mutation: 90, ..TestEvidence::default() };
        let rests_on = vec![workflow::Digest::of(b"approval").to_string()];
        let event = Event {
            commit: "a".repeat(40),
            policy: closure.clone(),
            evidence: Some(Evidence { tests: Some(tests), rests_on, ..Evidence::default() }),
            ..Event::of(Act::Release, "ann", Moment(1_795_600_800), subject)
        };
        let entry = Entry { id: closure.clone(), key: String::new(), event };
        let bytes = payload(&entry, Mode::Enforce).unwrap_or_default();
        assert_eq!(bytes, payload(&entry, Mode::Enforce).unwrap_or_default());
        let told: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        assert_eq!(told["subject"][0]["digest"]["sha256"], closure["sha256:".len()..]);
        assert_eq!(told["subject"][1]["digest"]["gitCommit"], "a".repeat(40));
        assert_eq!(told["predicate"]["inputAttestations"].as_array().map(Vec::len), Some(2));
        assert_eq!(told["predicate"]["verifiedLevels"].as_array().map(Vec::len), Some(4));
        let warned = payload(&entry, Mode::Warn).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&warned).contains("TWO_PARTY"));
    }
}
