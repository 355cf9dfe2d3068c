//! The offline verifier: a bundle and pinned keys in; what was verified, what was not, what cannot be proved, out.

use crate::act::{ACT, ActBody};
use crate::bundle::{Bundle, Coverage, MANIFEST, Manifest, SCHEMA, check_name, file_digest};
use crate::named::called;
use crate::population::csv;
use crate::select::Query;
use crate::{chain, time_text};
use ledger::commitment::Opening;
use ledger::count;
use ledger::merkle::{verify_consistency, verify_inclusion};
use ledger::policy::Accepted;
use ledger::{Checkpoint, Entry, Hash, Note, Policy, encoding, json, leaf_hash};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// What an auditor brings along.
#[derive(Clone, Debug)]
pub struct Pins<'a> {
    /// Whom to trust.
    pub policy: &'a Policy,
    /// A checkpoint that was kept from earlier.
    pub known: Option<&'a Checkpoint>,
    /// A quorum of witnesses has to have cosigned at this time or later, in seconds since 1970.
    pub not_before: Option<u64>,
}

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// Where: a file, or an entry (`entry 12`).
    pub place: String,
    /// What kind of thing, in a word.
    pub code: &'static str,
    /// What it is.
    pub message: String,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Whether everything that is there holds.
    pub holds: bool,
    /// What does not.
    pub problems: Vec<Problem>,
    /// What was verified.
    pub verified: Vec<String>,
    /// What is there and was not verified, or was withheld.
    pub not_verified: Vec<String>,
    /// What no bundle can prove.
    pub cannot_be_proved: Vec<String>,
}

/// An entry of a bundle with what was opened of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    /// The entry.
    pub entry: Entry,
    /// What it says, where it is an act.
    pub act: Option<ActBody>,
    /// The values disclosed, by name.
    pub openings: BTreeMap<String, Opening>,
}

impl Opened {
    /// The text of a disclosed value.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.openings.get(name).and_then(|o| o.value.as_str())
    }
}

/// Problems as they are met.
#[derive(Default)]
pub(crate) struct Found(Vec<Problem>);

impl Found {
    pub fn at(&mut self, place: impl Into<String>, code: &'static str, message: impl Into<String>) {
        self.0.push(Problem { place: place.into(), code, message: message.into() });
    }

    pub fn entry(&mut self, seq: u64, code: &'static str, message: impl Into<String>) {
        self.at(format!("entry {seq}"), code, message);
    }
}

/// Verifies a bundle.
#[must_use]
pub fn verify(bundle: &Bundle, pins: &Pins<'_>) -> Verdict {
    examine(bundle, pins).0
}

/// The first part of [`verify`], which adds to what this finds and takes nothing back: whether the files are those of the
/// manifest, byte for byte.
#[must_use]
pub fn verify_files(bundle: &Bundle) -> Vec<Problem> {
    let mut found = Found::default();
    manifest(bundle, &mut found);
    found.0
}

/// Verifies a bundle, and makes a page to read from what was verified; none where there is nothing to make it from.
#[must_use]
pub fn verify_and_report(bundle: &Bundle, pins: &Pins<'_>) -> (Verdict, Option<String>) {
    let (verdict, read) = examine(bundle, pins);
    let page = read.map(|(entries, m)| crate::page::html(&entries, &m.selection, &m.query, m.size));
    (verdict, page)
}

/// The verdict, and what was read.
fn examine(bundle: &Bundle, pins: &Pins<'_>) -> (Verdict, Option<(Vec<Opened>, Manifest)>) {
    let mut found = Found::default();
    let mut verdict = Verdict::default();
    let manifest = manifest(bundle, &mut found);
    let read = manifest.map(|manifest| {
        let accepted = checkpoint(bundle, pins, &manifest, &mut found);
        let mut entries = entries(bundle, &mut found);
        if let Some(accepted) = &accepted {
            proofs(bundle, &entries, &accepted.checkpoint, &mut found);
        }
        sequence(&entries, &manifest, &mut found);
        openings(bundle, &mut entries, &mut found);
        evidence(bundle, &entries, &mut found);
        let entries = acts(entries, &mut found);
        let signed = chain::judge(&entries, manifest.coverage, &mut found);
        answers(bundle, &entries, &manifest, &mut found);
        crate::report::tell((bundle, &manifest), (&entries, signed), accepted.as_ref(), pins, &mut verdict);
        (entries, manifest)
    });
    found.0.sort();
    found.0.dedup();
    verdict.holds = found.0.is_empty();
    verdict.problems = found.0;
    (verdict, read)
}

fn manifest(bundle: &Bundle, found: &mut Found) -> Option<Manifest> {
    let Some(bytes) = bundle.files.get(MANIFEST) else {
        found.at(MANIFEST, "file-missing", "there is no manifest");
        return None;
    };
    let read = Manifest::parse(bytes);
    let manifest = read.map_err(|e| found.at(MANIFEST, "manifest-unreadable", e.to_string())).ok()?;
    if manifest.schema != SCHEMA {
        found.at(MANIFEST, "manifest-unreadable", format!("its format is not `{SCHEMA}`"));
        return None;
    }
    if manifest.digest().as_ref() != Ok(&manifest.digest) {
        found.at(MANIFEST, "manifest-digest", "the manifest was changed");
    }
    for name in bundle.files.keys().filter(|n| *n != MANIFEST && !manifest.files.contains_key(*n)) {
        found.at(name, "file-extra", "the manifest does not have this file");
    }
    for (name, known) in &manifest.files {
        match bundle.files.get(name) {
            _ if check_name(name).is_err() => found.at(name, "file-name", "a name that is not allowed"),
            None => found.at(name, "file-missing", "the file is missing"),
            Some(bytes) if file_digest(bytes) != *known => {
                found.at(name, "file-digest", "the file was changed: it does not have its digest");
            }
            Some(_) => {}
        }
    }
    Some(manifest)
}

fn checkpoint<'p>(
    bundle: &Bundle,
    pins: &Pins<'p>,
    manifest: &Manifest,
    found: &mut Found,
) -> Option<Accepted<'p>> {
    let note = Note::parse(bundle.file("checkpoint"));
    let accepted = note.and_then(|n| pins.policy.accept(&n));
    let accepted = accepted.map_err(|e| found.at("checkpoint", "checkpoint", e.to_string())).ok()?;
    let head = &accepted.checkpoint;
    if (head.size, &head.origin) != (manifest.size, &manifest.log) {
        found.at(
            MANIFEST,
            "manifest-checkpoint",
            "it speaks of another checkpoint than the one that is here",
        );
    }
    if let Some(time) = pins.not_before {
        let late = accepted.witnesses.iter().filter(|(_, t)| *t >= time).map(|(w, _)| w.name.as_slice());
        let names: BTreeSet<&[u8]> = late.collect();
        if names.is_empty() || !pins.policy.is_quorum(&names) {
            let asked = time_text(time.saturating_mul(1000));
            found.at(
                "checkpoint",
                "stale",
                format!("too few witnesses cosigned it at {asked} or later: it may be an old one"),
            );
        }
    }
    known(bundle, pins.known, head, found);
    Some(accepted)
}

/// Holds the checkpoint against one that the auditor kept.
fn known(bundle: &Bundle, known: Option<&Checkpoint>, head: &Checkpoint, found: &mut Found) {
    let Some(known) = known else { return };
    let proofs = hashes_by_number(bundle, "consistency.json", found);
    let proof = proofs.get(&known.size).map(Vec::as_slice).unwrap_or_default();
    let holds = if known.origin != head.origin {
        Err(format!("the checkpoint kept from earlier is of the log `{}`", known.origin))
    } else if known.size > head.size {
        Err(format!(
            "the checkpoint kept from earlier has {}, this one {}: the end was cut off",
            count(known.size, "entry", "entries"),
            head.size
        ))
    } else if known.size == head.size {
        if known.root == head.root {
            Ok(())
        } else {
            Err("another history of the same size was seen earlier".to_owned())
        }
    } else {
        let told = |e| {
            let of = count(known.size, "entry", "entries");
            format!("it does not continue the checkpoint kept from earlier, of {of}: {e}")
        };
        verify_consistency((known.size, &known.root), (head.size, &head.root), proof).map_err(told)
    };
    if let Err(message) = holds {
        found.at("checkpoint", "known-checkpoint", message);
    }
}

/// A file that maps numbers to lists of hashes.
fn hashes_by_number(bundle: &Bundle, name: &str, found: &mut Found) -> BTreeMap<u64, Vec<Hash>> {
    let read = || -> Option<BTreeMap<u64, Vec<Hash>>> {
        let Value::Object(all) = json::parse_canonical(bundle.file(name)).ok()? else { return None };
        all.iter().map(|(number, list)| Some((decimal(number)?, hashes(list)?))).collect()
    };
    read().unwrap_or_else(|| {
        found.at(name, "proofs-unreadable", "it does not map numbers to lists of hashes");
        BTreeMap::new()
    })
}

fn decimal(text: &str) -> Option<u64> {
    text.parse::<u64>().ok().filter(|n| n.to_string() == text)
}

fn hashes(list: &Value) -> Option<Vec<Hash>> {
    list.as_array()?.iter().map(|h| encoding::hash_from_base64(h.as_str()?).ok()).collect()
}

/// The entries with their bytes, as far as they can be read.
fn entries(bundle: &Bundle, found: &mut Found) -> Vec<(Opened, Hash)> {
    let bytes = bundle.file("entries");
    let lines = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let mut out: Vec<(Opened, Hash)> = Vec::new();
    for (number, line) in (1..).zip(lines.split(|b| *b == b'\n')).filter(|_| !bytes.is_empty()) {
        match Entry::parse(line) {
            Err(e) => found.at(format!("entries:{number}"), "entry-unreadable", e.to_string()),
            Ok(entry) if out.last().is_some_and(|(o, _)| o.entry.place.seq >= entry.place.seq) => {
                found.entry(entry.place.seq, "entry-order", "entries are not in the order of their numbers");
            }
            Ok(entry) => {
                out.push((Opened { entry, act: None, openings: BTreeMap::new() }, leaf_hash(line)));
            }
        }
    }
    out
}

fn proofs(bundle: &Bundle, entries: &[(Opened, Hash)], head: &Checkpoint, found: &mut Found) {
    let mut proofs = hashes_by_number(bundle, "proofs.json", found);
    for (opened, leaf) in entries {
        let seq = opened.entry.place.seq;
        let proof = proofs.remove(&seq).unwrap_or_default();
        if let Err(e) = verify_inclusion(leaf, seq, head.size, &proof, &head.root) {
            found.entry(seq, "inclusion", format!("it is not in the ledger as it stands here: {e}"));
        }
    }
    for seq in proofs.keys() {
        found.entry(*seq, "proof-stray", "there is a proof, and no entry");
    }
}

/// Holds the numbers and times of the entries against one another, and against what is said to be all there.
fn sequence(entries: &[(Opened, Hash)], manifest: &Manifest, found: &mut Found) {
    let Coverage { from, to } = manifest.coverage;
    if from > to || to > manifest.size {
        found.at(
            MANIFEST,
            "coverage",
            format!("it says that entries {from} to {to} of {} are here", manifest.size),
        );
        return;
    }
    let missing = entries.iter().map(|(o, _)| o.entry.place.seq).filter(|s| (from..to).contains(s));
    let mut next = from;
    for seq in missing.chain([to]) {
        if seq > next {
            found.entry(next, "coverage", format!("it is missing, with all before entry {seq}"));
        }
        next = seq + 1;
    }
    let mut sources: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    let mut time = 0;
    for (opened, _) in entries {
        let place = opened.entry.place;
        if place.time < time {
            found.entry(place.seq, "time", "it is dated before the entry before it");
        }
        time = place.time;
        let whole = from == 0 && place.seq < to;
        let before = sources.insert(&opened.entry.source, (place.seq, place.source_seq));
        if !source_follows(before, place.seq, place.source_seq, whole, manifest.coverage) {
            let source = &opened.entry.source;
            found.entry(
                place.seq,
                "source-sequence",
                format!("its number in `{source}`, {}, does not follow", place.source_seq),
            );
        }
    }
    borders(entries, manifest, found);
}

/// Whether a number within a source follows the one before: exactly where all entries between are here.
fn source_follows(
    before: Option<(u64, u64)>,
    seq: u64,
    number: u64,
    whole: bool,
    coverage: Coverage,
) -> bool {
    match before {
        None if whole => number == 0,
        None => number <= seq,
        Some((earlier, last)) if coverage.has(earlier) && coverage.has(seq) => number == last + 1,
        Some((earlier, last)) => number > last && number - last <= seq - earlier,
    }
}

/// Only where every entry is here can none be left out that answers. A period may begin later, and shows its border: the
/// entry before it; all entries after it are here, since what was done in it may be entered later.
fn borders(entries: &[(Opened, Hash)], manifest: &Manifest, found: &mut Found) {
    let covered = manifest.coverage;
    let time =
        |seq: u64| entries.iter().find(|(o, _)| o.entry.place.seq == seq).map(|(o, _)| o.entry.place.time);
    let before = match (&manifest.query, covered.from.checked_sub(1)) {
        (_, None) => true,
        (Query::Period { from, .. }, Some(seq)) => time(seq).is_some_and(|t| t < *from),
        (_, Some(_)) => false,
    };
    if before && covered.to == manifest.size {
        return;
    }
    let border = if before { "end" } else { "beginning" };
    match manifest.query {
        Query::Period { .. } => found.at(
            MANIFEST,
            "period-border",
            format!("nothing shows that the {border} of the period is whole"),
        ),
        _ => found.at(
            MANIFEST,
            "coverage",
            format!(
                "entries are missing at the {border} of the ledger: any of them may answer what was asked"
            ),
        ),
    }
}

fn openings(bundle: &Bundle, entries: &mut [(Opened, Hash)], found: &mut Found) {
    let mut places: BTreeMap<Hash, (usize, String)> = BTreeMap::new();
    for (at, (opened, _)) in entries.iter().enumerate() {
        for (name, hash) in &opened.entry.commitments {
            places.insert(*hash, (at, name.clone()));
        }
    }
    for (file, bytes) in bundle.files.iter().filter(|(n, _)| n.starts_with("openings/")) {
        let opening = match Opening::parse(bytes) {
            Ok(opening) => opening,
            Err(e) => {
                found.at(file, "opening-unreadable", e.to_string());
                continue;
            }
        };
        let Ok(hash) = opening.commitment() else { continue };
        if *file != format!("openings/{}", encoding::to_hex(&hash)) {
            found.at(
                file,
                "opening-value",
                format!("the value of `{}` is not the one that was committed to", opening.name),
            );
            continue;
        }
        match places.get(&hash) {
            Some((at, name)) if *name == opening.name => {
                entries[*at].0.openings.insert(name.clone(), opening);
            }
            _ => found.at(file, "opening-stray", "no entry here has this commitment"),
        }
    }
}

fn evidence(bundle: &Bundle, entries: &[(Opened, Hash)], found: &mut Found) {
    let named: BTreeSet<String> =
        entries.iter().flat_map(|(o, _)| &o.entry.evidence).map(|h| encoding::to_hex(h)).collect();
    for (file, bytes) in &bundle.files {
        let Some(name) = file.strip_prefix("evidence/") else { continue };
        if file_digest(bytes).sha256 != name {
            found.at(file, "evidence-digest", "it does not have the digest that it is named by");
        } else if !named.contains(name) {
            found.at(file, "evidence-stray", "no entry here refers to it");
        }
    }
}

fn acts(entries: Vec<(Opened, Hash)>, found: &mut Found) -> Vec<Opened> {
    let read = |(mut opened, _): (Opened, Hash)| {
        if opened.entry.kind == ACT {
            match ActBody::of(&opened.entry) {
                Ok(act) => opened.act = Some(act),
                Err(e) => found.entry(opened.entry.place.seq, "act-unreadable", e.to_string()),
            }
        }
        opened
    };
    entries.into_iter().map(read).collect()
}

/// Asks the bundle's question again, and writes its table again. A value that names somebody may have been taken out since; what
/// is here and names them has to be among the answers.
fn answers(bundle: &Bundle, entries: &[Opened], manifest: &Manifest, found: &mut Found) {
    let covered: Vec<Opened> =
        entries.iter().filter(|o| manifest.coverage.has(o.entry.place.seq)).cloned().collect();
    let chosen = manifest.query.select(&covered);
    let mut same = chosen == manifest.selection;
    if let Query::Identity { name, names } = &manifest.query {
        same = chosen.iter().all(|seq| manifest.selection.contains(seq));
        if !called(name, entries).iter().all(|n| names.contains(n)) {
            found.at(MANIFEST, "names", "a directory that is here has more names for whom it is about");
        }
    }
    if !same {
        found.at(MANIFEST, "selection", "the entries that it names are not those that answer the question");
    }
    if bundle
        .files
        .get("populations/acts.csv")
        .is_none_or(|b| *b != csv(entries, &manifest.selection).into_bytes())
    {
        found.at("populations/acts.csv", "population", "the table is not what the entries come to");
    }
}

/// An object of texts as JSON, for [`hashes_by_number`].
pub(crate) fn write_hashes(all: &BTreeMap<u64, Vec<Hash>>) -> ledger::Result<Vec<u8>> {
    let text = |hashes: &Vec<Hash>| hashes.iter().map(|h| encoding::to_base64(h)).collect::<Vec<_>>();
    let map: Map<String, Value> = all.iter().map(|(n, h)| (n.to_string(), text(h).into())).collect();
    json::to_canonical(&Value::Object(map))
}
