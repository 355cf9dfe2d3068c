//! Statements: an event as an in-toto Statement in a DSSE envelope, signed with an SSH key. `docs/formats/statement.md`.
//!
//! There is one way to write a statement: canonical JSON inside and outside, one signature, one subject. What is written
//! another way is refused, so that one act cannot stand under two names.

use govern::{Entry, Event};
use ledger::dsse::{Envelope, pre_authentication_encoding};
use ledger::encoding::from_base64;
use ledger::intoto::{PAYLOAD_TYPE, ResourceDescriptor, STATEMENT_TYPE, Statement};
use ledger::sshsig::{Claim, Verifier, hold};
use ledger::{Error, Result, is_hidden, json};
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
    let subject = subject(event);
    let written =
        Written { kind: STATEMENT_TYPE, predicate: event, predicate_type: PREDICATE, subject: [&subject] };
    let sound = subject.digest.values().all(|hex| !hex.is_empty());
    match json::to_canonical_quickly(&written).filter(|_| sound) {
        Some(quickly) => Ok(quickly),
        None => at_length(event, subject),
    }
}

/// What the statement of an event is about.
fn subject(event: &Event) -> ResourceDescriptor {
    let hex = event.subject.closure.strip_prefix("sha256:").unwrap_or(&event.subject.closure);
    ResourceDescriptor {
        name: Some(event.target()),
        digest: BTreeMap::from([("sha256".to_owned(), hex.to_owned())]),
        ..ResourceDescriptor::default()
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
    format!("sha256:{}", ledger::encoding::to_hex(&Digest::of(payload).0))
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
    let (entry, claim) = read(&Verifier::default(), name, bytes)?;
    if hold(&[claim]) == [true] { Ok(entry) } else { fail(FORGED) }
}

/// What is said of a signature that does not hold.
pub const FORGED: &str = "the SSH signature does not verify: it is of another key or another text";

/// The same, one of many: that it is signed is left to be verified. The verifier remembers the keys that it meets.
///
/// # Errors
/// As [`open`].
pub fn read(verifier: &Verifier, name: &str, bytes: &[u8]) -> Result<(Entry, Claim)> {
    if bytes.len() > LARGEST {
        return fail(format!("it is larger than {} MiB", LARGEST >> 20));
    }
    let Enveloped { payload, key, armoured } = plainly(bytes).map_or_else(|| unpacked(bytes), Ok)?;
    let signed = verifier.read(&armoured)?;
    let fingerprint = signed.fingerprint();
    if key != fingerprint {
        return fail(format!("the key id is `{key}`, and the signature is of {fingerprint}"));
    }
    let claim = signed.claim(NAMESPACE, &pre_authentication_encoding(PAYLOAD_TYPE, &payload))?;
    let named = |event| {
        let entry = Entry { id: id(&payload), key: fingerprint, event };
        if entry.id == name {
            return Ok(entry);
        }
        fail(format!("its name is {name}, and it is {}: it was copied or changed", entry.id))
    };
    match event(&payload).and_then(named) {
        Ok(entry) => Ok((entry, claim)),
        // What is not signed is told as that, whatever it says.
        Err(error) => {
            if hold(&[claim]) == [true] {
                Err(error)
            } else {
                fail(FORGED)
            }
        }
    }
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
    // All are looked at, whatever the first ones are: that goes many at a time.
    let itself = text.iter().fold(true, |all, b| all & matches!(b, b' '..=b'~') & (*b != b'\\'));
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
    let stated: Stated = serde_json::from_str(std::str::from_utf8(payload).ok()?).ok()?;
    self::payload(&stated.predicate).is_ok_and(|again| again == payload).then_some(stated.predicate)
}

/// The event of a payload that is written in the one way, and names things so that people are not deceived.
pub(super) fn event(payload: &[u8]) -> Result<Event> {
    let event = quickly(payload).map_or_else(|| slowly(payload), Ok)?;
    for (what, text) in
        [("subject", &event.subject.name), ("person", &event.by), ("environment", &event.environment)]
    {
        if let Some(c) = text.chars().find(|c| is_hidden(*c)) {
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

#[cfg(test)]
mod tests {
    use super::{at_length, envelope, payload, plainly, subject, unpacked};
    use govern::{Event, Evidence, Looked};
    use ledger::encoding::to_base64;
    use policy::{Act, Contribution, Mode, Moment, Subject, SystemFact};
    use std::collections::BTreeMap;

    fn event(name: &str) -> Event {
        let closure = format!("sha256:{}", "0a".repeat(32));
        let systems = vec![SystemFact { name: "okta".into(), ..SystemFact::default() }];
        let subject = Subject { name: name.into(), closure, systems, tier: 2, ..Subject::default() };
        let how = "line\nbreak \u{1} \"quoted\" \\ \u{7f} é \u{1f600}".to_owned();
        Event {
            parts: BTreeMap::from([(format!("{name}/step"), "x".into()), ("connector/a".into(), "y".into())]),
            modes: BTreeMap::from([(2, Mode::Warn), (10, Mode::Observe)]),
            evidence: Some(Evidence { boundary: vec!["system okta".into()], ..Evidence::default() }),
            looked: Some(Looked { seconds: Some(u32::MAX), at_once: 1 }),
            contributors: vec![Contribution { account: "ann".into(), how }],
            ..Event::of(Act::Release, "ann", Moment(0), subject)
        }
    }

    /// The directory and the statements have one idea of what deceives; the crates share none.
    #[test]
    fn what_is_hidden_in_a_name_is_so_in_the_directory_and_in_statements() {
        assert!(('\0'..=char::MAX).all(|c| ledger::is_hidden(c) == policy::is_hidden(c)));
    }

    #[test]
    fn the_short_way_to_a_payload_writes_what_the_long_one_writes() {
        for name in ["leaver", "départ", "\u{ff61}\u{1f600}", ""] {
            let event = event(name);
            assert_eq!(payload(&event).unwrap(), at_length(&event, subject(&event)).unwrap(), "{name}");
        }
        let mut nothing = event("leaver");
        nothing.subject.closure = "sha256:".into();
        assert!(payload(&nothing).is_err(), "a subject has a digest");
    }

    #[test]
    fn an_envelope_read_plainly_has_in_it_what_it_has() {
        let payload = payload(&event("leaver")).unwrap();
        let good = envelope(&payload, "SHA256:abc", "-----BEGIN SSH SIGNATURE-----\n").unwrap();
        assert_eq!(plainly(&good), Some(unpacked(&good).unwrap()));
        assert_eq!(plainly(&good).unwrap().payload, payload);
        for at in 0..good.len() {
            for byte in [b'"', b'\\', b'A', b'=', b'-', b'\n', 0x80, good[at] ^ 1] {
                let mut bad = good.clone();
                bad[at] = byte;
                assert!(plainly(&bad).is_none_or(|found| unpacked(&bad).unwrap() == found), "{at} {byte}");
            }
        }
        let url_safe = String::from_utf8(envelope(&[0xfb, 0xff], "k", "s").unwrap()).unwrap();
        let url_safe = url_safe.replace(&to_base64(&[0xfb, 0xff]), "-_8");
        assert!(plainly(url_safe.as_bytes()).is_none() && unpacked(url_safe.as_bytes()).is_ok());
        let nameless = envelope(&payload, "", "s").unwrap();
        assert!(plainly(&nameless).is_none(), "the long way has it without the field");
    }
}
