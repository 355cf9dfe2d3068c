//! Entries: small canonical envelopes (RFC 8785) around what happened, each with its place in the log and in its source.
//!
//! ```json
//! {"body":{…},"commitments":{"login":"sha256:…"},"evidence":["sha256:…"],"seq":7,"source":"gate",
//!  "source_seq":2,"time":1764360000000,"type":"review/1","v":1}
//! ```
//!
//! What `body` holds is for `type` to say; `docs/formats/ledger-entry.md` describes the envelope. A [`Draft`] is an entry
//! that has no place yet: the sequencer gives it one.

use crate::{Error, Hash, Result, encoding, error::refuse, json, tile::MAX_ENTRY};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The version of the envelope.
pub const VERSION: u64 = 1;

/// More sources than this are refused; a source is a writer of its own (a gate, a platform's reconciler), not a person.
pub const MAX_SOURCES: usize = 256;

/// The longest name of a source, in bytes.
pub const MAX_NAME: usize = 64;

/// What the envelope needs for place, time and punctuation.
const FRAME: usize = 256;

/// The largest number that canonical JSON can hold exactly.
const MAX_NUMBER: u64 = (1 << 53) - 1;

/// An entry before it has a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    source: String,
    /// The envelope up to `seq`, and after `time`.
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl Draft {
    /// An entry of this type (`review/1`) from this source, with a JSON object as its body.
    pub fn new(kind: &str, source: &str, body: &Value) -> Result<Self> {
        Self::with(kind, source, body, &BTreeMap::new(), &[])
    }

    /// The same, with commitments to personal data by name, and digests of large evidence.
    pub fn with(
        kind: &str,
        source: &str,
        body: &Value,
        commitments: &BTreeMap<String, Hash>,
        evidence: &[Hash],
    ) -> Result<Self> {
        check_kind(kind)?;
        check_source(source)?;
        if !body.is_object() {
            refuse!("the body of an entry of type `{kind}` is a JSON object");
        }
        let mut head = b"{\"body\":".to_vec();
        head.append(&mut json::to_canonical(body)?);
        let named: Map<_, _> = commitments.iter().map(|(n, h)| (n.clone(), digest(h).into())).collect();
        field(&mut head, "commitments", &named.into())?;
        field(&mut head, "evidence", &evidence.iter().map(digest).collect())?;
        head.extend_from_slice(b",\"seq\":");
        let mut tail = Vec::new();
        field(&mut tail, "type", &kind.into())?;
        tail.extend_from_slice(b",\"v\":1}");
        let length = head.len() + tail.len() + FRAME;
        if length > MAX_ENTRY {
            refuse!(
                "an entry has at most {} bytes of content, this one has {}: keep large evidence in the content store and \
                 refer to it by digest",
                MAX_ENTRY - FRAME,
                length - FRAME
            );
        }
        Ok(Self { source: source.to_owned(), head, tail })
    }

    /// Where it comes from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Writes the entry into `out` with its place and time.
    pub(crate) fn write(&self, place: Place, out: &mut Vec<u8>) {
        let Place { seq, source_seq, time } = place;
        out.extend_from_slice(&self.head);
        number(out, seq);
        out.extend_from_slice(b",\"source\":\"");
        out.extend_from_slice(self.source.as_bytes());
        out.extend_from_slice(b"\",\"source_seq\":");
        number(out, source_seq);
        out.extend_from_slice(b",\"time\":");
        number(out, time);
        out.extend_from_slice(&self.tail);
    }
}

fn number(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(number.to_string().as_bytes());
}

fn field(out: &mut Vec<u8>, name: &str, value: &Value) -> Result<()> {
    out.extend_from_slice(format!(",\"{name}\":").as_bytes());
    out.append(&mut json::to_canonical(value)?);
    Ok(())
}

fn digest(hash: &Hash) -> String {
    format!("sha256:{}", encoding::to_hex(hash))
}

/// Reads a digest as it stands in entries: `sha256:` and 64 hex digits.
pub fn parse_digest(text: &str) -> Result<Hash> {
    let hash = text.strip_prefix("sha256:").map(encoding::from_hex).transpose()?;
    let hash = hash.and_then(|h| h.try_into().ok());
    hash.ok_or_else(|| Error::new(format!("`{text}` is no digest: write `sha256:` and 64 hex digits")))
}

/// A type is a name and a version: `release.revoked/1`.
fn check_kind(kind: &str) -> Result<()> {
    let sound = kind.len() <= MAX_NAME
        && kind
            .split_once('/')
            .is_some_and(|(name, version)| is_name(name) && encoding::decimal(version).is_ok_and(|v| v > 0));
    if !sound {
        refuse!("`{kind}` is no type of an entry: write a name and a version, as in `review/1`");
    }
    Ok(())
}

fn check_source(source: &str) -> Result<()> {
    if source.len() > MAX_NAME || !is_name(source) {
        refuse!(
            "`{source}` is no name of a source: use up to {MAX_NAME} of a-z, 0-9, `.`, `-`, `_`, beginning with a letter"
        );
    }
    Ok(())
}

fn is_name(text: &str) -> bool {
    let all = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-_".contains(&b));
    all && text.starts_with(|c: char| c.is_ascii_lowercase())
}

/// Where an entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its number in the log, from 0: the index of its leaf.
    pub seq: u64,
    /// Its number among those of its source, from 0.
    pub source_seq: u64,
    /// When it was given its place, in milliseconds since 1970; never less than that of the entry before it.
    pub time: u64,
}

/// An entry as read.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// What `body` means: a name and a version.
    pub kind: String,
    /// Where it comes from.
    pub source: String,
    /// Where it stands.
    pub place: Place,
    /// What happened.
    pub body: Value,
    /// Commitments to personal data, by name.
    pub commitments: BTreeMap<String, Hash>,
    /// Digests of large evidence.
    pub evidence: Vec<Hash>,
}

impl Entry {
    /// Reads an entry; only the canonical spelling, with these fields and no others, is taken.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        Self::parse_fields(json::parse_canonical(bytes)?).map_err(|e| e.at("this is no entry"))
    }

    fn parse_fields(value: Value) -> Result<Self> {
        let Value::Object(mut fields) = value else { refuse!("it is no object") };
        let mut take =
            |name: &str| fields.remove(name).ok_or_else(|| Error::new(format!("it has no field `{name}`")));
        if take("v")? != VERSION {
            refuse!("its version is not {VERSION}");
        }
        let kind = text(take("type")?)?;
        let source = text(take("source")?)?;
        check_kind(&kind)?;
        check_source(&source)?;
        let place = Place {
            seq: whole(&take("seq")?)?,
            source_seq: whole(&take("source_seq")?)?,
            time: whole(&take("time")?)?,
        };
        let body = take("body")?;
        let (commitments, evidence) = (commitments(take("commitments")?)?, evidence(take("evidence")?)?);
        if !body.is_object() {
            refuse!("its body is no object");
        }
        match fields.keys().next() {
            Some(other) => refuse!("it has a field `{other}`, which is not known"),
            None => Ok(Self { kind, source, place, body, commitments, evidence }),
        }
    }
}

fn text(value: Value) -> Result<String> {
    match value {
        Value::String(text) => Ok(text),
        other => refuse!("`{other}` is no text"),
    }
}

fn whole(value: &Value) -> Result<u64> {
    let number = value.as_u64().filter(|n| *n <= MAX_NUMBER);
    number.ok_or_else(|| Error::new(format!("`{value}` is no whole number up to 2^53")))
}

fn commitments(value: Value) -> Result<BTreeMap<String, Hash>> {
    let Value::Object(fields) = value else { refuse!("its commitments are no object") };
    fields.into_iter().map(|(name, hash)| Ok((name, parse_digest(&text(hash)?)?))).collect()
}

fn evidence(value: Value) -> Result<Vec<Hash>> {
    let Value::Array(items) = value else { refuse!("its evidence is no array") };
    items.into_iter().map(|item| parse_digest(&text(item)?)).collect()
}

/// The numbers and the time that the next entry gets. Dense: a missing entry leaves a gap that [`Sequence::follow`] names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sequence {
    /// The next number in the log.
    pub next: u64,
    /// The next number of each source.
    pub sources: BTreeMap<String, u64>,
    /// The latest time, in milliseconds since 1970.
    pub time: u64,
}

impl Sequence {
    /// The place of the next entry of this source at this time by the clock, which may have gone back: the log's does not.
    pub fn place(&mut self, source: &str, now: u64) -> Result<Place> {
        self.time = self.time.max(now);
        if self.next > MAX_NUMBER || self.time > MAX_NUMBER {
            refuse!("the log's numbers have run out: entry {}, time {}", self.next, self.time);
        }
        let place = Place { seq: self.next, source_seq: self.count(source)?, time: self.time };
        self.next += 1;
        Ok(place)
    }

    fn count(&mut self, source: &str) -> Result<u64> {
        if let Some(next) = self.sources.get_mut(source) {
            *next += 1;
            return Ok(*next - 1);
        }
        if self.sources.len() >= MAX_SOURCES {
            refuse!("`{source}` would be the log's source {}: it can have {MAX_SOURCES}", MAX_SOURCES + 1);
        }
        self.sources.insert(source.to_owned(), 1);
        Ok(0)
    }

    /// Takes an entry in, if it is the next one.
    pub fn follow(&mut self, entry: &Entry) -> Result<()> {
        let found = entry.place;
        if found.time < self.time {
            refuse!(
                "entry {} is dated {}, before the entry before it ({})",
                found.seq,
                found.time,
                self.time
            );
        }
        let expected = self.place(&entry.source, found.time)?;
        if found.seq != expected.seq {
            refuse!("entry {} says it is entry {}", expected.seq, found.seq);
        }
        if found.source_seq != expected.source_seq {
            refuse!(
                "entry {} says it is number {} of `{}`, and number {} comes next",
                found.seq,
                found.source_seq,
                entry.source,
                expected.source_seq
            );
        }
        Ok(())
    }
}
