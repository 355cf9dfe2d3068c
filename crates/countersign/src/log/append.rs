//! `countersign ledger append`: an entry a line in, an acknowledgement a line out, many in flight.

use super::args::Output;
use super::place::{Place, key};
use super::{read, tell};
use crate::check::Exit;
use ledger::{Algorithm, Checkpoint, Draft, Error, Policy, Result, count};
use serde_json::{Value, json};
use std::io::{self, BufRead, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use store::witness::Witnesses;
use store::{Cosign, Receipt, Writer};

/// The longest line that is read.
const MAX_LINE: u64 = 1 << 20;

pub(super) fn run(place: &str, path: &Path, policy: Option<&Path>, out: Output) -> Result<Exit> {
    let signer = key(path, Algorithm::Ed25519, None)?;
    let policy = policy.map(|p| Policy::parse(&read(p)?)).transpose()?;
    let cosign = policy.map(|p| Box::new(Witnesses::new(p)) as Box<dyn Cosign>);
    let opened = Place::open(place)?;
    let writer = Writer::start(opened.store(), signer, cosign, store::now)?;
    let failed = Arc::new(Mutex::new(None));
    let read = each_line(|number, line| {
        let draft = parse(line).map_err(|e| Error::new(format!("line {number}: {e}")))?;
        let failed = Arc::clone(&failed);
        writer.submit(draft, move |receipt| acknowledge(receipt, out, &failed));
        writer.stopped().map_or(Ok(()), Err)
    });
    drop(writer);
    if let Some(error) = failed.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return Err(error);
    }
    opened.close()?;
    read.map(|()| Exit::Clean)
}

/// Tells of an acknowledged entry, at once; keeps the first failure.
fn acknowledge(receipt: Result<Receipt>, out: Output, failed: &Mutex<Option<Error>>) {
    let size = receipt.and_then(|r| Ok((r.seq, Checkpoint::parse(r.checkpoint.text())?.size)));
    match size {
        Ok((seq, size)) => {
            tell(
                out,
                &format!("entry {seq}, under a checkpoint of {}", count(size, "entry", "entries")),
                &json!({"entry": seq, "size": size}),
            );
            let _ = io::stdout().flush();
        }
        Err(error) => {
            failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
    }
}

fn each_line(mut act: impl FnMut(u64, &[u8]) -> Result<()>) -> Result<()> {
    let mut input = io::stdin().lock();
    for number in 1.. {
        let mut line = Vec::new();
        let mut bounded = io::Read::take(&mut input, MAX_LINE);
        let length = bounded.read_until(b'\n', &mut line);
        match length.map_err(|e| Error::new(format!("standard input: {e}")))? {
            0 => break,
            n if n as u64 == MAX_LINE => {
                return Err(Error::new(format!("line {number} is longer than {MAX_LINE} bytes")));
            }
            _ if line.trim_ascii().is_empty() => {}
            _ => act(number, line.trim_ascii())?,
        }
    }
    Ok(())
}

fn parse(line: &[u8]) -> Result<Draft> {
    let value: Value = ledger::json::parse(line)?;
    let text = |name: &str| {
        value[name]
            .as_str()
            .ok_or_else(|| Error::new(format!("it has no text `{name}`: write `type`, `source` and `body`")))
    };
    if let Some(other) =
        value.as_object().and_then(|o| o.keys().find(|k| !["type", "source", "body"].contains(&k.as_str())))
    {
        return Err(Error::new(format!("`{other}` is not known: write `type`, `source` and `body`")));
    }
    Draft::new(text("type")?, text("source")?, &value["body"])
}
