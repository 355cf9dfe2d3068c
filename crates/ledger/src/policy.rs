//! Trust policies (C2SP tlog-policy): which logs and witnesses are known, and how many witnesses it takes.

use crate::{
    Checkpoint, Error, Note, Result, VerifierKey, encoding, error::refuse, key::Algorithm, note::Verified,
};
use std::collections::{BTreeMap, BTreeSet};

/// More names than this are refused; the standard asks for at least 32 witnesses and 32 groups.
const MAX_NAMES: usize = 1024;

/// Names are octets, as the standard asks: what looks alike need not be the same.
type Name = Vec<u8>;

/// A log that is trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// Its key; the key's name is the log's origin.
    pub key: VerifierKey,
    /// Where it is.
    pub url: Option<Vec<u8>>,
}

/// A witness that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// Its name within the policy.
    pub name: Vec<u8>,
    /// Its key.
    pub key: VerifierKey,
    /// Where it takes checkpoints.
    pub url: Option<Vec<u8>>,
}

/// A witness, by its place in the list, or at least `k` of some members.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    Witness(usize),
    Group { k: usize, members: Vec<Name> },
}

/// A policy, read and found sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<Log>,
    witnesses: Vec<Witness>,
    rules: BTreeMap<Name, Rule>,
    /// None where the policy asks for no witness at all.
    quorum: Option<Name>,
}

/// A checkpoint that a policy accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted<'p> {
    /// The head of the log.
    pub checkpoint: Checkpoint,
    /// The log's key that signed it.
    pub log: &'p VerifierKey,
    /// The witnesses that cosigned it, with the time of each.
    pub witnesses: Vec<(&'p Witness, u64)>,
}

impl Policy {
    /// Reads a policy.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader::default();
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        for (number, line) in bytes.split(|b| *b == b'\n').enumerate() {
            reader.line(line).map_err(|e| e.at(format!("line {} of the policy", number + 1)))?;
        }
        let quorum = reader.quorum.ok_or_else(|| {
            Error::new("the policy has no quorum: say `quorum NAME`, or `quorum none` for no witnesses")
        })?;
        Ok(Self { logs: reader.logs, witnesses: reader.witnesses, rules: reader.rules, quorum })
    }

    /// The logs that are trusted.
    pub fn logs(&self) -> &[Log] {
        &self.logs
    }

    /// The witnesses that are known.
    pub fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }

    /// Whether these witnesses, by their names in the policy, are enough.
    pub fn is_quorum(&self, present: &BTreeSet<&[u8]>) -> bool {
        self.quorum.as_ref().is_none_or(|name| self.holds(name, present))
    }

    fn holds(&self, name: &[u8], present: &BTreeSet<&[u8]>) -> bool {
        match self.rules.get(name) {
            Some(Rule::Witness(at)) => present.contains(self.witnesses[*at].name.as_slice()),
            Some(Rule::Group { k, members }) => {
                members.iter().filter(|m| self.holds(m, present)).count() >= *k
            }
            None => false,
        }
    }

    /// Verifies a checkpoint: signed by a known log under its own name, and cosigned by enough witnesses.
    ///
    /// A signature that claims to be of a known key and is not spoils the checkpoint, even where others suffice.
    pub fn accept(&self, note: &Note) -> Result<Accepted<'_>> {
        let checkpoint = Checkpoint::parse(note.text())?;
        let keys: Vec<_> =
            self.logs.iter().map(|l| &l.key).filter(|k| k.name() == checkpoint.origin).collect();
        if keys.is_empty() {
            refuse!("the policy knows no log `{}`", checkpoint.origin);
        }
        let Some(log) = note.verify(keys)?.first().map(|v| v.key) else {
            refuse!("no key that the policy has for `{}` signed the checkpoint", checkpoint.origin);
        };
        let witnesses = self.cosigned(note)?;
        let names = witnesses.iter().map(|(w, _)| w.name.as_slice()).collect();
        if !self.is_quorum(&names) {
            refuse!("the checkpoint has cosignatures of {}: too few for the policy's quorum", listed(&names));
        }
        Ok(Accepted { checkpoint, log, witnesses })
    }

    fn cosigned(&self, note: &Note) -> Result<Vec<(&Witness, u64)>> {
        let mut out = Vec::new();
        for witness in &self.witnesses {
            if let [Verified { time: Some(time), .. }] = note.verify([&witness.key])?.as_slice() {
                out.push((witness, *time));
            }
        }
        Ok(out)
    }
}

fn listed(names: &BTreeSet<&[u8]>) -> String {
    let names: Vec<_> = names.iter().map(|n| shown(n)).collect();
    if names.is_empty() { "no known witness".to_owned() } else { names.join(", ") }
}

fn shown(name: &[u8]) -> String {
    format!("`{}`", String::from_utf8_lossy(name))
}

/// A policy while it is read.
#[derive(Default)]
struct Reader {
    logs: Vec<Log>,
    witnesses: Vec<Witness>,
    rules: BTreeMap<Name, Rule>,
    quorum: Option<Option<Name>>,
    members: BTreeSet<Name>,
}

impl Reader {
    fn line(&mut self, line: &[u8]) -> Result<()> {
        if let Some(byte) = line.iter().find(|b| (**b < 0x20 && **b != b'\t') || **b == 0x7f) {
            refuse!("the control character 0x{byte:02x} is not allowed");
        }
        let words: Vec<_> = line.split(|b| matches!(b, b' ' | b'\t')).filter(|w| !w.is_empty()).collect();
        match words.as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with(b"#") => Ok(()),
            [b"log", vkey, url @ ..] if url.len() < 2 => self.log(vkey, url.first()),
            [b"witness", name, vkey, url @ ..] if url.len() < 2 => self.witness(name, vkey, url.first()),
            [b"group", name, k, members @ ..] if !members.is_empty() => self.group(name, k, members),
            [b"quorum", name] => self.set_quorum(name),
            [other, ..] => refuse!(
                "{} is not understood: a line is `log VKEY [URL]`, `witness NAME VKEY [URL]`, \
                 `group NAME all|any|NUMBER NAME...` or `quorum NAME`",
                shown(other)
            ),
        }
    }

    fn log(&mut self, vkey: &[u8], url: Option<&&[u8]>) -> Result<()> {
        let key = key(vkey, Algorithm::Ed25519)?;
        if self.logs.iter().any(|l| l.key.public_bytes() == key.public_bytes()) {
            refuse!("the key of log `{}` stands in the policy twice", key.name());
        }
        self.logs.push(Log { key, url: url.map(|u| u.to_vec()) });
        Ok(())
    }

    fn witness(&mut self, name: &[u8], vkey: &[u8], url: Option<&&[u8]>) -> Result<()> {
        let key = key(vkey, Algorithm::Cosignature)?;
        if self.witnesses.iter().any(|w| w.key.public_bytes() == key.public_bytes()) {
            refuse!("the key of witness {} stands in the policy twice", shown(name));
        }
        self.define(name, Rule::Witness(self.witnesses.len()))?;
        self.witnesses.push(Witness { name: name.to_vec(), key, url: url.map(|u| u.to_vec()) });
        Ok(())
    }

    fn define(&mut self, name: &[u8], rule: Rule) -> Result<()> {
        if name == b"none" {
            refuse!("`none` is predefined and cannot be a name");
        }
        if self.rules.len() == MAX_NAMES {
            refuse!("the policy defines more than {MAX_NAMES} witnesses and groups");
        }
        if self.rules.insert(name.to_vec(), rule).is_some() {
            refuse!("{} is defined twice", shown(name));
        }
        Ok(())
    }

    fn group(&mut self, name: &[u8], k: &[u8], members: &[&[u8]]) -> Result<()> {
        for member in members {
            if !self.rules.contains_key(*member) {
                refuse!("{} is not defined on a line before", shown(member));
            }
            if !self.members.insert(member.to_vec()) {
                refuse!("{} is a member twice; it can count in one way only", shown(member));
            }
        }
        let k = threshold(k, members.len())?;
        self.define(name, Rule::Group { k, members: members.iter().map(|m| m.to_vec()).collect() })
    }

    fn set_quorum(&mut self, name: &[u8]) -> Result<()> {
        if self.quorum.is_some() {
            refuse!("the policy has more than one quorum");
        }
        if name != b"none" && !self.rules.contains_key(name) {
            refuse!("{} is not defined on a line before", shown(name));
        }
        self.quorum = Some((name != b"none").then(|| name.to_vec()));
        Ok(())
    }
}

fn key(vkey: &[u8], wanted: Algorithm) -> Result<VerifierKey> {
    let vkey = std::str::from_utf8(vkey).map_err(|_| Error::new(format!("{} is not UTF-8", shown(vkey))))?;
    let key = VerifierKey::parse(vkey)?;
    if key.algorithm() != wanted {
        refuse!(
            "a log has an Ed25519 key (type 01), a witness one for cosignatures (type 04), unlike `{vkey}`"
        );
    }
    Ok(key)
}

fn threshold(word: &[u8], members: usize) -> Result<usize> {
    let text = String::from_utf8_lossy(word);
    let k = match text.as_ref() {
        "any" => 1,
        "all" => members as u64,
        number => encoding::decimal(number)?,
    };
    if k < 1 || k > members as u64 {
        refuse!("a group of {members} cannot ask for {k}");
    }
    Ok(k as usize)
}
