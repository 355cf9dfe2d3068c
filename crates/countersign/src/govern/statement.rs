//! Statements: an event as an in-toto Statement in a DSSE envelope, signed with an SSH key. `docs/formats/statement.md`.
//!
//! There is one way to write a statement: canonical JSON inside and outside, one signature, one subject. What is written
//! another way is refused, so that one act cannot stand under two names.

use govern::{Entry, Event};
use ledger::dsse::Envelope;
use ledger::intoto::{PAYLOAD_TYPE, ResourceDescriptor, Statement};
use ledger::{Error, Result, json, sshsig};
use std::collections::BTreeMap;
use workflow::Digest;

/// What a signature of ours is given for; one for git or a file is none of ours.
pub const NAMESPACE: &str = "countersign-act@1";
/// What the signature of a summary is given for.
pub const SUMMARY: &str = "countersign-summary@1";
/// The type of what is stated.
pub const PREDICATE: &str = "urn:countersign:act:1";
/// A statement is not larger.
pub const LARGEST: usize = 4 << 20;

fn fail<T>(message: impl Into<String>) -> Result<T> {
    Err(Error::new(message.into()))
}

/// The statement of an event, as the canonical bytes that are signed.
///
/// # Errors
/// When the event cannot be written as canonical JSON.
pub fn payload(event: &Event) -> Result<Vec<u8>> {
    let predicate = serde_json::to_value(event).map_err(|e| Error::new(e.to_string()))?;
    let serde_json::Value::Object(predicate) = predicate else { return fail("an event is an object") };
    let hex = event.subject.closure.strip_prefix("sha256:").unwrap_or(&event.subject.closure);
    let subject = ResourceDescriptor {
        name: Some(event.target()),
        digest: BTreeMap::from([("sha256".to_owned(), hex.to_owned())]),
        ..ResourceDescriptor::default()
    };
    Statement::new(vec![subject], PREDICATE, predicate)?.to_json()
}

/// The name of a statement: the digest of what is signed.
#[must_use]
pub fn id(payload: &[u8]) -> String {
    Digest::of(payload).to_string()
}

/// What a signature is made over.
///
/// # Errors
/// When the payload cannot be put into an envelope.
pub fn to_sign(payload: &[u8]) -> Result<Vec<u8>> {
    Envelope::new(PAYLOAD_TYPE, payload).signed_bytes()
}

/// The file of a statement: the envelope with an SSH signature (as `ssh-keygen -Y sign` writes it).
///
/// # Errors
/// When it cannot be written as canonical JSON.
pub fn envelope(payload: &[u8], key: &str, armoured: &str) -> Result<Vec<u8>> {
    let mut envelope = Envelope::new(PAYLOAD_TYPE, payload);
    envelope.add_signature(key, armoured.as_bytes());
    envelope.to_json()
}

/// Reads a statement under its name, and verifies its signature.
///
/// # Errors
/// When it is not written in the one way, is not signed, or not for this.
pub fn open(name: &str, bytes: &[u8]) -> Result<Entry> {
    if bytes.len() > LARGEST {
        return fail(format!("it is larger than {} MiB", LARGEST >> 20));
    }
    // What is written again to the same bytes was written canonically; anything else is read slowly, for the reason.
    let envelope = serde_json::from_slice(bytes).or_else(|_| Envelope::parse(bytes))?;
    if envelope.to_json()? != bytes {
        return fail("the envelope is not written canonically, or has fields that are not its own");
    }
    if envelope.payload_type() != PAYLOAD_TYPE {
        return fail(format!("the payload is a `{}`, not a `{PAYLOAD_TYPE}`", envelope.payload_type()));
    }
    let [signature] = envelope.signatures() else {
        return fail(format!("it has {} signatures, and one is expected", envelope.signatures().len()));
    };
    let armoured = text(&ledger::encoding::from_base64(&signature.sig)?)?;
    let message = envelope.signed_bytes()?;
    let key = sshsig::embedded_key(&armoured)?;
    let fingerprint = sshsig::fingerprint(&key);
    if signature.keyid != fingerprint {
        return fail(format!("the key id is `{}`, and the signature is of {fingerprint}", signature.keyid));
    }
    sshsig::verify(&key, NAMESPACE, &message, &armoured)?;
    let payload = payload_of(&message);
    let entry = Entry { id: id(&payload), key: fingerprint, event: event(&payload)? };
    if entry.id != name {
        return fail(format!("its name is {name}, and it is {}: it was copied or changed", entry.id));
    }
    Ok(entry)
}

fn text(bytes: &[u8]) -> Result<String> {
    String::from_utf8(bytes.to_vec()).map_err(|_| Error::new("the signature is no text".to_owned()))
}

fn payload_of(message: &[u8]) -> Vec<u8> {
    // What is signed is "DSSEv1", the type and the payload, each with its length: the payload is its end.
    let head = format!("DSSEv1 {} {PAYLOAD_TYPE} ", PAYLOAD_TYPE.len());
    let rest = message.get(head.len()..).unwrap_or_default();
    let blank = rest.iter().position(|b| *b == b' ').map_or(rest.len(), |i| i + 1);
    rest.get(blank..).unwrap_or_default().to_vec()
}

/// The event of a payload, where nothing is wrong with it: what is written again to the same bytes was written in the one way.
fn quickly(payload: &[u8]) -> Option<Event> {
    #[derive(serde::Deserialize)]
    struct Stated {
        predicate: Event,
    }
    let stated: Stated = serde_json::from_slice(payload).ok()?;
    self::payload(&stated.predicate).is_ok_and(|again| again == payload).then_some(stated.predicate)
}

/// The event of a payload that is written in the one way, and names things so that people are not deceived.
fn event(payload: &[u8]) -> Result<Event> {
    let event = quickly(payload).map_or_else(|| slowly(payload), Ok)?;
    for (what, text) in
        [("subject", &event.subject.name), ("person", &event.by), ("environment", &event.environment)]
    {
        if let Some(c) = text.chars().find(|c| deceives(*c)) {
            return fail(format!(
                "the name of the {what} holds U+{:04X}, which is invisible or turns text around",
                c as u32
            ));
        }
    }
    Ok(event)
}

fn slowly(payload: &[u8]) -> Result<Event> {
    json::parse_canonical(payload)?;
    let statement = Statement::parse(payload)?;
    if statement.predicate_type != PREDICATE {
        return fail(format!("it states a `{}`, not a `{PREDICATE}`", statement.predicate_type));
    }
    let event: Event = serde_json::from_value(serde_json::Value::Object(statement.predicate))
        .map_err(|e| Error::new(format!("this is no act: {e}")))?;
    if self::payload(&event)? != payload {
        return fail("the statement says more, or something else, than its act does");
    }
    Ok(event)
}

/// Control characters, and those that take no room or turn the direction of text around.
fn deceives(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}
