//! `countersign ledger`: makes, grows, checks, proves, serves and witnesses a ledger.

mod append;
pub mod args;
pub mod place;

use crate::check::Exit;
use args::{Act, Ledger, Output};
use ledger::{
    Algorithm, Checkpoint, Error, Failure, Head, LogProof, Note, Policy, Result, Tile, VerifierKey, count,
    leaf_hash,
    merkle::inclusion_proof,
    tile::{Kind, TiledTree, WIDTH, entries},
};
use place::{Place, key};
use serde_json::{Value, json};
use std::io;
use std::path::Path;
use store::disk::RealDisk;
use store::witness::{Witness, Witnesses};
use store::{Cosign, Folder, http};

/// Runs the command.
///
/// # Errors
/// When something cannot be read or written, or an append was not acknowledged.
pub fn run(options: &Ledger) -> io::Result<Exit> {
    let out = options.format;
    let done = match &options.act {
        Act::Init { place, name, key } => init(place, name, key, out),
        Act::Append { place, key, policy } => append::run(place, key, policy.as_deref(), out),
        Act::Fsck { place, vkey } => fsck(place, vkey, out),
        Act::Checkpoint { place } => checkpoint(place, out),
        Act::Show { place, entry } => show(place, *entry),
        Act::Prove { place, entry } => prove(place, *entry, out),
        Act::Verify { proof, entry, policy } => verify(proof, entry, policy, out),
        Act::Serve { place, listen } => serve(place, listen, out),
        Act::ServeWitness { state, name, key, log, listen } => {
            serve_witness(state, name, key, log, listen, out)
        }
        Act::Witness { place, policy } => witness(place, policy, out),
    };
    done.map_err(io::Error::other)
}

/// Prints a result: words for people, or an object.
fn tell(out: Output, words: &str, object: &Value) {
    use io::Write;
    // A reader who has gone is no reason to stop.
    let _ = match out {
        Output::Plain => writeln!(io::stdout(), "{words}"),
        Output::Json => writeln!(io::stdout(), "{object}"),
    };
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|e| Error::new(format!("`{}` cannot be read ({e})", path.display())))
}

fn init(place: &str, name: &str, path: &Path, out: Output) -> Result<Exit> {
    let there = || Error::new(format!("there is a ledger in `{place}` already"));
    // A key is made only for a ledger that can be: a secret that is for nothing is not left behind. What is there and cannot be
    // read is not taken for nothing; what was only begun is gone on with.
    match Place::read(place).and_then(|p| p.store().head()) {
        Ok(Some(_)) => return Err(there()),
        Err(e) if Place::is_begun(place) => return Err(e),
        _ => {}
    }
    let opened = Place::open(place)?;
    let signer = key(path, Algorithm::Ed25519, Some(name))?;
    match opened.store().create(&Head::empty(&signer)?) {
        Ok(()) => {}
        Err(Failure::Moved) => return Err(there()),
        Err(Failure::Broken(e)) => return Err(e),
    }
    opened.close()?;
    let vkey = signer.verifier().to_vkey();
    tell(
        out,
        &format!("made the ledger `{name}`; whoever verifies it pins this key:\n{vkey}"),
        &json!({"name": name, "vkey": vkey}),
    );
    Ok(Exit::Clean)
}

fn fsck(place: &str, vkey: &str, out: Output) -> Result<Exit> {
    let key = VerifierKey::parse(vkey)?;
    let report = match Place::read(place)? {
        Place::Folder(folder) => folder.fsck(&key)?,
        Place::Other(store) => store::fsck(&*store, &key)?,
    };
    let mut words: Vec<String> = report.problems.iter().map(|p| format!("problem: {p}")).collect();
    words.extend(report.notes.iter().map(|n| format!("note: {n}")));
    words.push(match report.problems.len() {
        0 => format!("{}, and everything holds", in_words(report.entries)),
        n => format!(
            "{}: restore a copy, and compare its checkpoint with those others have",
            count(n, "problem", "problems")
        ),
    });
    let object = json!({"entries": report.entries, "problems": report.problems, "notes": report.notes});
    tell(out, &words.join("\n"), &object);
    Ok(if report.problems.is_empty() { Exit::Clean } else { Exit::Findings })
}

fn checkpoint(place: &str, out: Output) -> Result<Exit> {
    let note = http::shown(&*Place::read(place)?.store())?;
    tell(out, note.to_string().trim_end(), &json!({"checkpoint": note.to_string()}));
    Ok(Exit::Clean)
}

/// The bytes of an entry.
fn entry(place: &Place, number: u64) -> Result<Vec<u8>> {
    let store = place.store();
    let size = store.head()?.map_or(0, |h| h.size());
    let tile = Tile::of(Kind::Entries, number / WIDTH, size).filter(|_| number < size);
    let tile = tile.ok_or_else(|| {
        Error::new(format!(
            "the ledger has {}, numbered from 0: none is {number}",
            count(size, "entry", "entries")
        ))
    })?;
    let bundle = store.read_tile(&tile)?;
    let found = entries(&tile, &bundle)?.get((number % WIDTH) as usize).map(|e| e.to_vec());
    found.ok_or_else(|| Error::new(format!("`{tile}` has no entry {number}")))
}

fn show(place: &str, number: u64) -> Result<Exit> {
    use io::Write;
    let bytes = entry(&Place::read(place)?, number)?;
    io::stdout().write_all(&bytes).map_err(|e| Error::new(e.to_string()))?;
    Ok(Exit::Clean)
}

fn prove(place: &str, number: u64, out: Output) -> Result<Exit> {
    let store = Place::read(place)?.store();
    let head = store.head()?.ok_or_else(|| Error::new("there is no ledger"))?;
    let covers = |note: &Note| Checkpoint::parse(note.text()).is_ok_and(|c| c.size > number);
    let checkpoint = store.published()?.filter(covers).unwrap_or(head.note);
    let size = Checkpoint::parse(checkpoint.text())?.size;
    let hashes = inclusion_proof(&TiledTree::new(&&*store, size), number, size)?;
    let proof = LogProof { extra: None, index: number, hashes, checkpoint }.to_string();
    tell(out, proof.trim_end(), &json!({"proof": proof}));
    Ok(Exit::Clean)
}

fn verify(proof: &Path, entry: &Path, policy: &Path, out: Output) -> Result<Exit> {
    let policy = Policy::parse(&read(policy)?)?;
    let leaf = leaf_hash(&read(entry)?);
    match LogProof::parse(&read(proof)?).and_then(|p| p.verify(&leaf, &policy)) {
        Ok(proven) => {
            let checkpoint = &proven.accepted.checkpoint;
            let witnesses: Vec<_> =
                proven.accepted.witnesses.iter().map(|(w, _)| String::from_utf8_lossy(&w.name)).collect();
            let words = format!(
                "this is entry {} of `{}`, under a checkpoint of {}, cosigned by {}",
                proven.index,
                checkpoint.origin,
                in_words(checkpoint.size),
                if witnesses.is_empty() { "no witness".to_owned() } else { witnesses.join(", ") }
            );
            let object = json!({"holds": true, "entry": proven.index, "log": checkpoint.origin, "size": checkpoint.size, "witnesses": witnesses});
            tell(out, &words, &object);
            Ok(Exit::Clean)
        }
        Err(e) => {
            tell(out, &format!("not proven: {e}"), &json!({"holds": false, "reason": e.to_string()}));
            Ok(Exit::Findings)
        }
    }
}

fn serve(place: &str, listen: &str, out: Output) -> Result<Exit> {
    let server = http::tiles(Place::read(place)?.store(), listen)?;
    let address = server.address()?.to_string();
    tell(out, &format!("serving on http://{address}"), &json!({"address": address}));
    server.run().map(|()| Exit::Clean)
}

fn serve_witness(
    state: &Path,
    name: &str,
    path: &Path,
    logs: &[String],
    listen: &str,
    out: Output,
) -> Result<Exit> {
    let signer = key(path, Algorithm::Cosignature, Some(name))?;
    let vkey = signer.verifier().to_vkey();
    let logs = logs.iter().map(|l| VerifierKey::parse(l)).collect::<Result<_>>()?;
    let disk = RealDisk::new(state)
        .map_err(|e| Error::new(format!("`{}` cannot be made ({e})", state.display())))?;
    let _lock = Folder::lock(state)?;
    let server = http::witness(Witness::open(&disk, signer, logs)?, listen)?;
    let address = server.address()?.to_string();
    tell(
        out,
        &format!("witness {vkey}\nserving on http://{address}"),
        &json!({"address": address, "vkey": vkey}),
    );
    server.run().map(|()| Exit::Clean)
}

fn witness(place: &str, policy: &Path, out: Output) -> Result<Exit> {
    let mut witnesses = Witnesses::new(Policy::parse(&read(policy)?)?);
    let opened = Place::open(place)?;
    let store = opened.store();
    let head = store.head()?.ok_or_else(|| Error::new("there is no ledger"))?;
    let note = witnesses.cosign(&*store, &head)?;
    store.publish(&note)?;
    drop(store);
    opened.close()?;
    let signed = note.signatures().len() - 1;
    let words = format!(
        "the checkpoint of {} has {}",
        in_words(head.size()),
        count(signed, "cosignature", "cosignatures")
    );
    tell(out, &words, &json!({"size": head.size(), "cosignatures": signed, "checkpoint": note.to_string()}));
    Ok(Exit::Clean)
}

/// `1 entry`, `2 entries`.
fn in_words(entries: u64) -> String {
    count(usize::try_from(entries).unwrap_or(usize::MAX), "entry", "entries")
}
