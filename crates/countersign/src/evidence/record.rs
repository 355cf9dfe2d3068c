//! Entering acts and runs with their personal data as commitments.

use super::args::Record;
use super::gather::file;
use super::{done, tell};
use crate::book::settings::gate;
use crate::book::{self, Book, Settings};
use crate::check::Exit;
use crate::govern::{Repository, now};
use crate::log::place::{Place, key};
use ledger::{Algorithm, Draft, Error, Hash, Policy, Result, count, json};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};
use store::beside::Beside;
use store::witness::Witnesses;
use store::{Cosign, Writer};

/// The longest line that is read.
const MAX_LINE: u64 = 1 << 24;

/// `countersign record`: an entry a line in, with values that are committed to and files of evidence.
///
/// # Errors
/// When a line is not understood, or an entry was not acknowledged.
pub fn record(options: &Record) -> io::Result<Exit> {
    done(run(options))
}

fn run(options: &Record) -> Result<Exit> {
    let settings = settings(options)?;
    match &options.from {
        Some(folder) => catch_up(options, &settings, folder),
        None => lines(options, &settings),
    }
}

/// Where to record: as the command line says, else as the governed folder's configuration does.
fn settings(options: &Record) -> Result<Settings> {
    if let (Some(place), Some(values), Some(key)) = (&options.ledger, &options.beside, &options.key) {
        let (place, values, key) = (place.clone(), values.clone(), key.clone());
        let (witnesses, keep_days) = (options.policy.clone(), options.keep_days);
        return Ok(Settings { place, values, key, witnesses, source: gate(), keep_days });
    }
    let folder = options.from.clone().unwrap_or_else(|| PathBuf::from("."));
    Settings::read(&folder)?.ok_or_else(|| {
        Error::new(format!(
            "`{}` names no ledger: name one with its `--beside` and `--key`, or in `[ledger]` of its `countersign.toml`",
            folder.display()
        ))
    })
}

/// Enters what a governed folder has and the ledger has not.
fn catch_up(options: &Record, settings: &Settings, folder: &Path) -> Result<Exit> {
    let repository = Repository::open(folder, now()).map_err(|e| Error::new(e.to_string()))?;
    let mut book = Book::open(settings)?;
    let caught = book::catch_up(&mut book, &repository)?;
    let entered = book.entered.clone();
    book.close()?;
    let mut out = match (entered.first(), entered.last()) {
        (Some(first), Some(last)) => {
            let acts = count(caught.entered.len(), "act and what it was", "acts and what they were");
            format!("entries {first} to {last}: {acts} decided with\n")
        }
        _ => "nothing to enter\n".to_owned(),
    };
    out += &format!("{} on record\n", count(caught.statements, "statement is", "statements are"));
    for id in &caught.of_nobody {
        out += &format!("statement {id} is not entered: its key belongs to nobody, or to more than one\n");
    }
    for (lacking, ids) in &caught.undecided {
        let statements =
            count(ids.len(), "statement is not entered, for it", "statements are not entered, for they");
        out += &format!("{statements} cannot be decided: {lacking}\n");
    }
    for (id, seq) in &caught.missing {
        out += &format!("entry {seq}: its statement {id} is not in the folder: was it deleted?\n");
    }
    let object = json!({"statements": caught.statements, "entered": entered, "of-nobody": caught.of_nobody, "undecided": caught.undecided, "missing": caught.missing});
    tell(options.format, out.trim_end(), &object)?;
    let whole = caught.missing.is_empty() && caught.undecided.is_empty();
    Ok(if whole { Exit::Clean } else { Exit::Findings })
}

/// Enters a line at a time.
fn lines(options: &Record, settings: &Settings) -> Result<Exit> {
    let signer = key(&settings.key, Algorithm::Ed25519, None)?;
    let policy = settings.witnesses.as_deref().map(|p| Policy::parse(&file(p)?)).transpose()?;
    let cosign = policy.map(|p| Box::new(Witnesses::new(p)) as Box<dyn Cosign>);
    let opened = Place::open(&settings.place)?;
    let beside = Beside::open(&settings.values)?;
    let writer = Writer::start(opened.store(), signer, cosign, book::clock)?;
    let until = settings.until(book::clock());
    let result = each_line(|line| {
        let receipt = writer.append(draft(&beside, line, until)?)?;
        tell(options.format, &format!("entry {}", receipt.seq), &json!({"entry": receipt.seq}))
    });
    drop(writer);
    opened.close()?;
    result.map(|()| Exit::Clean)
}

fn each_line(mut act: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let mut input = io::stdin().lock();
    for number in 1.. {
        let mut line = Vec::new();
        let length = (&mut input).take(MAX_LINE).read_until(b'\n', &mut line);
        match length.map_err(|e| Error::new(format!("standard input: {e}")))? {
            0 => break,
            n if n as u64 == MAX_LINE => {
                return Err(Error::new(format!("line {number} is longer than {MAX_LINE} bytes")));
            }
            _ if line.trim_ascii().is_empty() => {}
            _ => act(line.trim_ascii()).map_err(|e| Error::new(format!("line {number}: {e}")))?,
        }
    }
    Ok(())
}

/// Keeps values and evidence durably, and makes the entry that commits to them.
fn draft(beside: &Beside, line: &[u8], until: Option<u64>) -> Result<Draft> {
    let value = json::parse(line)?;
    let text =
        |name: &str| value[name].as_str().ok_or_else(|| Error::new(format!("it has no text `{name}`")));
    let known = ["type", "source", "body", "values", "evidence"];
    if let Some(other) = value.as_object().and_then(|o| o.keys().find(|k| !known.contains(&k.as_str()))) {
        return Err(Error::new(format!(
            "`{other}` is not known: write `type`, `source`, `body`, `values` and `evidence`"
        )));
    }
    let mut commitments = BTreeMap::new();
    for (name, personal) in value["values"].as_object().into_iter().flatten() {
        commitments.insert(name.clone(), beside.commit(name, personal.clone(), until)?);
    }
    let files = value["evidence"].as_array().map(Vec::as_slice).unwrap_or_default();
    let put = |path: &Value| -> Result<Hash> {
        let path = path.as_str().ok_or_else(|| Error::new("`evidence` is a list of files"))?;
        beside.put_evidence(&file(&PathBuf::from(path))?)
    };
    let evidence: Vec<Hash> = files.iter().map(put).collect::<Result<_>>()?;
    Draft::with(text("type")?, text("source")?, &value["body"], &commitments, &evidence)
}
