//! `countersign erase`, `hold` and `expire`: values beside the ledger that are no longer to be kept, or have to be. What is
//! done is entered first, without a name; the entries and every proof stay as they are.

use super::args::{Custody, Erase, Expire, Hold};
use super::{done, question, tell};
use crate::book::{Book, Settings, clock};
use crate::check::Exit;
use crate::log::place::Place;
use evidence::{Opened, traces};
use ledger::count;
use ledger::{Error, Hash, Result, encoding};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// A value that is kept: its entry, its name, its commitment.
type Kept = (u64, String, Hash);

/// `countersign erase`: overwrites and removes values.
///
/// # Errors
/// When the ledger cannot be read or appended to, when nothing is found, or a legal hold forbids it.
pub fn erase(options: &Erase) -> io::Result<Exit> {
    done(run_erase(options))
}

/// `countersign hold`: forbids erasure, or allows it again.
///
/// # Errors
/// When the ledger cannot be read or appended to, or nothing is found.
pub fn hold(options: &Hold) -> io::Result<Exit> {
    done(run_hold(options))
}

/// `countersign expire`: erases the values whose time is over.
///
/// # Errors
/// When the ledger cannot be read or appended to.
pub fn expire(options: &Expire) -> io::Result<Exit> {
    done(run_expire(options))
}

fn settings(of: &Custody) -> Settings {
    Settings {
        place: of.ledger.clone(),
        values: of.beside.clone(),
        key: of.key.clone(),
        witnesses: of.policy.clone(),
        source: "custody".to_owned(),
        keep_days: None,
    }
}

fn entries(of: &Custody) -> Result<Vec<Opened>> {
    super::whole(Place::read(&of.ledger)?.store(), Some(&of.beside))
}

/// The values that are still kept, of what is named.
fn named(about: &str, entries: &[Opened]) -> Result<Vec<Kept>> {
    let found = match about.split_once(':') {
        Some(("identity", name)) => traces(name, entries),
        Some(("entry", number)) => {
            let seq =
                number.parse().map_err(|_| Error::new(format!("`{number}` is no number of an entry")))?;
            all(entries, &[seq])
        }
        _ => all(entries, &question(about)?.select(entries)),
    };
    if found.is_empty() {
        return Err(Error::new(format!("nothing that is kept beside the ledger is about `{about}`")));
    }
    Ok(found)
}

fn all(entries: &[Opened], chosen: &[u64]) -> Vec<Kept> {
    let mut out = Vec::new();
    for opened in entries.iter().filter(|o| chosen.contains(&o.entry.place.seq)) {
        let kept = opened.entry.commitments.iter().filter(|(name, _)| opened.openings.contains_key(*name));
        out.extend(kept.map(|(name, hash)| (opened.entry.place.seq, name.clone(), *hash)));
    }
    out
}

/// The body of the entry that says what is done to values: by their entries' numbers and their names' words.
fn body(act: &str, values: &[Kept]) -> Value {
    let mut by_entry: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    values.iter().for_each(|(seq, name, _)| by_entry.entry(seq.to_string()).or_default().push(name));
    json!({"act": act, "values": by_entry})
}

fn run_erase(options: &Erase) -> Result<Exit> {
    let entries = entries(&options.of)?;
    let values = named(&options.of.about, &entries)?;
    let mut book = Book::open(&settings(&options.of))?;
    for (seq, name, hash) in &values {
        let kept = book.beside().value(hash)?;
        if let Some(reason) = kept.as_ref().and_then(|k| k.holds.first()) {
            return Err(Error::new(format!(
                "`{name}` of entry {seq} is under a legal hold: {reason}; nothing was erased"
            )));
        }
    }
    finish(book_erase(&mut book, "erase", &values)?, book, &values, "erased", &options.of)
}

/// Enters what is erased, then erases it.
fn book_erase(book: &mut Book, act: &str, values: &[Kept]) -> Result<u64> {
    let seq = book.custody(&body(act, values))?;
    values.iter().try_for_each(|(_, _, hash)| book.beside().erase(hash))?;
    Ok(seq)
}

fn run_hold(options: &Hold) -> Result<Exit> {
    let entries = entries(&options.of)?;
    let mut values = named(&options.of.about, &entries)?;
    let (act, told) = if options.release { ("release-hold", "let go") } else { ("hold", "held") };
    let mut book = Book::open(&settings(&options.of))?;
    if options.release {
        values = held(&book, values, options)?;
    }
    let seq = book.custody(&body(act, &values))?;
    for (_, _, hash) in &values {
        match options.release {
            true => book.beside().release(hash, &options.reason)?,
            false => book.beside().hold(hash, &options.reason)?,
        }
    }
    finish(seq, book, &values, told, &options.of)
}

/// Those of the values that are held for the reason; where none is, the reasons that there are stand in the error.
fn held(book: &Book, values: Vec<Kept>, options: &Hold) -> Result<Vec<Kept>> {
    let mut reasons = BTreeSet::new();
    let mut out = Vec::new();
    for value in values {
        let holds = book.beside().value(&value.2)?.map(|k| k.holds).unwrap_or_default();
        if holds.contains(&options.reason) {
            out.push(value);
        }
        reasons.extend(holds);
    }
    if !out.is_empty() {
        return Ok(out);
    }
    let reasons: Vec<String> = reasons.into_iter().map(|r| format!("`{r}`")).collect();
    let (reason, about) = (&options.reason, &options.of.about);
    Err(Error::new(match reasons.is_empty() {
        true => format!("nothing about `{about}` is under a legal hold"),
        false => format!(
            "nothing about `{about}` is held for the reason `{reason}`: it is for {}; nothing was let go",
            reasons.join(", ")
        ),
    }))
}

fn run_expire(options: &Expire) -> Result<Exit> {
    let of = Custody {
        ledger: options.ledger.clone(),
        beside: options.beside.clone(),
        key: options.key.clone(),
        about: "all".to_owned(),
        policy: options.policy.clone(),
        format: options.format,
    };
    let entries = entries(&of)?;
    let now = clock();
    let mut book = Book::open(&settings(&of))?;
    let every: Vec<u64> = entries.iter().map(|o| o.entry.place.seq).collect();
    let mut values = Vec::new();
    for value in all(&entries, &every) {
        let kept = book.beside().value(&value.2)?;
        if kept.is_some_and(|k| k.holds.is_empty() && k.until.is_some_and(|until| until <= now)) {
            values.push(value);
        }
    }
    if values.is_empty() {
        book.close()?;
        tell(of.format, "no value's time is over", &json!({"values": 0}))?;
        return Ok(Exit::Clean);
    }
    finish(book_erase(&mut book, "expire", &values)?, book, &values, "erased, for their time is over", &of)
}

fn finish(seq: u64, book: Book, values: &[Kept], told: &str, of: &Custody) -> Result<Exit> {
    book.close()?;
    let mut in_entries: Vec<u64> = values.iter().map(|(seq, ..)| *seq).collect();
    in_entries.dedup();
    let (kept, entries) =
        (count(values.len(), "value", "values"), count(in_entries.len(), "entry", "entries"));
    let words = format!("{kept} of {entries} {told}; recorded as entry {seq}");
    let list: Vec<Value> = values
        .iter()
        .map(|(seq, name, hash)| json!({"entry": seq, "name": name, "commitment": encoding::to_hex(hash)}))
        .collect();
    tell(of.format, &words, &json!({"entry": seq, "values": list}))?;
    Ok(Exit::Clean)
}
