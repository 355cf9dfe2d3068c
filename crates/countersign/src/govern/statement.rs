//! Statements: an event as an in-toto Statement in a DSSE envelope, signed with an SSH key. `docs/formats/statement.md`.
//!
//! There is one way to write a statement: canonical JSON inside and outside, one signature, one subject. What is written
//! another way is refused, so that one act cannot stand under two names.

use govern::{Entry, Event};
use ledger::dsse::{Envelope, pre_authentication_encoding};
use ledger::intoto::{PAYLOAD_TYPE, ResourceDescriptor, STATEMENT_TYPE, Statement};
use ledger::encoding::from_base64;
use ledger::sshsig::Verifier;
use ledger::{Error, Result, json};
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

/// A statement as it is written, without a copy of the event.
#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'e> {
    #[serde(rename = "_type")]
    kind: &'static str,
    predicate: &'e Event,
    predicate_type: &'static str,
    subject: [&'e ResourceDescriptor; 1],
}

/// The statement of an event, as the canonical bytes that are signed.
///
/// # Errors
/// When the event cannot be written as canonical JSON.
pub fn payload(event: &Event) -> Result<Vec<u8>> {
    let hex = event.subject.closure.strip_prefix("sha256:").unwrap_or(&event.subject.closure);
    let subject = ResourceDescriptor {
        name: Some(event.target()),
        digest: BTreeMap::from([("sha256".to_owned(), hex.to_owned())]),
        ..ResourceDescriptor::default()
    };
    let written = Written {
        kind: STATEMENT_TYPE,
        predicate: event,
        predicate_type: PREDICATE,
        subject: [&subject],
    };
    match json::to_canonical_quickly(&written) {
        Some(quickly) if !hex.is_empty() => Ok(quickly),
        _ => at_length(event, subject),
    }
}

/// The same by way of a value: whatever the names and numbers are, and with the reason where it is no statement.
fn at_length(event: &Event, subject: ResourceDescriptor) -> Result<Vec<u8>> {
    let predicate = serde_json::to_value(event).map_err(|e| Error::new(e.to_string()))?;
    let serde_json::Value::Object(predicate) = predicate else { return fail("an event is an object") };
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
    open_with(&Verifier::default(), name, bytes)
}

/// The same, one of many: the verifier remembers the keys that it meets.
///
/// # Errors
/// As [`open`].
pub fn open_with(verifier: &Verifier, name: &str, bytes: &[u8]) -> Result<Entry> {
    if bytes.len() > LARGEST {
        return fail(format!("it is larger than {} MiB", LARGEST >> 20));
    }
    let Enveloped { payload, key, armoured } = plainly(bytes).map_or_else(|| unpacked(bytes), Ok)?;
    let signed = verifier.read(&armoured)?;
    let fingerprint = signed.fingerprint();
    if key != fingerprint {
        return fail(format!("the key id is `{key}`, and the signature is of {fingerprint}"));
    }
    signed.verify(NAMESPACE, &pre_authentication_encoding(PAYLOAD_TYPE, &payload))?;
    let entry = Entry { id: id(&payload), key: fingerprint, event: event(&payload)? };
    if entry.id != name {
        return fail(format!("its name is {name}, and it is {}: it was copied or changed", entry.id));
    }
    Ok(entry)
}

/// What an envelope has in it.
#[derive(Debug, PartialEq)]
struct Enveloped {
    payload: Vec<u8>,
    key: String,
    armoured: String,
}

/// What an envelope has in it, where it is written as all of ours are. In other bytes it finds nothing; [`unpacked`] tells
/// whether and what is wrong with them.
fn plainly(bytes: &[u8]) -> Option<Enveloped> {
    let (payload, rest) = quoted(bytes.strip_prefix(br#"{"payload":""#)?)?;
    let rest =
        rest.strip_prefix(br#","payloadType":"application/vnd.in-toto+json","signatures":[{"keyid":""#)?;
    let (key, rest) = quoted(rest)?;
    let (signature, rest) = quoted(rest.strip_prefix(br#","sig":""#)?)?;
    (rest == b"}]}" && !key.is_empty()).then_some(())?;
    Some(Enveloped {
        payload: from_base64(payload).ok()?,
        key: key.to_owned(),
        armoured: String::from_utf8(from_base64(signature).ok()?).ok()?,
    })
}

/// A text up to its closing quote, where every character of it stands for itself, and what comes after.
fn quoted(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (text, rest) = bytes.split_at_checked(memchr::memchr(b'"', bytes)?)?;
    let itself = text.iter().all(|b| matches!(b, b' '..=b'~') && *b != b'\\');
    Some((std::str::from_utf8(text).ok().filter(|_| itself)?, rest.get(1..)?))
}

/// What any envelope has in it, or what is wrong with it.
fn unpacked(bytes: &[u8]) -> Result<Enveloped> {
    let envelope = Envelope::parse(bytes)?;
    if envelope.to_json()? != bytes {
        return fail("the envelope is not written canonically, or has fields that are not its own");
    }
    if envelope.payload_type() != PAYLOAD_TYPE {
        return fail(format!("the payload is a `{}`, not a `{PAYLOAD_TYPE}`", envelope.payload_type()));
    }
    let [signature] = envelope.signatures() else {
        return fail(format!("it has {} signatures, and one is expected", envelope.signatures().len()));
    };
    let armoured = String::from_utf8(from_base64(&signature.sig)?);
    let armoured = armoured.map_err(|_| Error::new("the signature is no text".to_owned()))?;
    Ok(Enveloped { payload: envelope.unverified()?, key: signature.keyid.clone(), armoured })
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
