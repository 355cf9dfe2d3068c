//! Making a bundle from a ledger: what was asked for, for whom, with the proofs.

use crate::act::ActBody;
use crate::bundle::{Bundle, Coverage, Manifest, SCHEMA};
use crate::population::csv;
use crate::select::Query;
use crate::verify::{Opened, write_hashes};
use ledger::commitment::Opening;
use ledger::count;
use ledger::merkle::{consistency_proof, inclusion_proof};
use ledger::{Checkpoint, Entry, Error, Hash, Nodes, Note, Result, encoding};
use std::collections::{BTreeMap, BTreeSet};

/// A ledger as it is read for a bundle.
pub struct Log<'a, N> {
    /// Its entries, byte for byte, from the first to that before the checkpoint's size.
    pub entries: &'a [Vec<u8>],
    /// Its tree.
    pub nodes: &'a N,
    /// A checkpoint with its cosignatures.
    pub note: &'a Note,
}

/// Whom a bundle is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// A word for it.
    pub name: String,
    /// Names of commitments that are not opened.
    pub withheld: Vec<String>,
    /// Whether evidence is handed out.
    pub evidence: bool,
}

impl Role {
    /// The roles that are known: `auditor` sees all, `reviewer` no reasons in people's own words nor identities,
    /// `public` numbers and digests only.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        let withheld: &[&str] = match word {
            "auditor" => &[],
            "reviewer" => {
                &["identity", "reason", "scim", "statement", "event", "facts", "decision", "refusal"]
            }
            "public" => &[
                "by",
                "content",
                "decision",
                "event",
                "facts",
                "groups",
                "identity",
                "people",
                "reason",
                "refusal",
                "scim",
                "shown",
                "statement",
            ],
            _ => return None,
        };
        let withheld = withheld.iter().map(|w| (*w).to_owned()).collect();
        Some(Self { name: word.to_owned(), withheld, evidence: word != "public" })
    }
}

impl Role {
    /// Whether values of this name are not opened: by the name itself, or without its number (`people-003`).
    #[must_use]
    pub fn withholds(&self, name: &str) -> bool {
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('-');
        self.withheld.iter().any(|w| w == name || w == stem)
    }
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// The question.
    pub query: Query,
    /// Whom it is for.
    pub role: Role,
    /// Everything that opens commitments and was not erased.
    pub openings: Vec<Opening>,
    /// Evidence that is kept.
    pub evidence: Vec<Vec<u8>>,
    /// Sizes of checkpoints that the reader may have kept.
    pub since: Vec<u64>,
}

/// Makes a bundle.
pub fn build<N: Nodes>(log: &Log<'_, N>, request: &Request) -> Result<Bundle> {
    let head = Checkpoint::parse(log.note.text())?;
    if log.entries.len() as u64 != head.size {
        return Err(Error::new(format!(
            "the ledger has {}, and its checkpoint {}",
            count(log.entries.len(), "entry", "entries"),
            head.size
        )));
    }
    let all = opened(log.entries, request)?;
    let coverage = coverage(&all, &request.query, head.size);
    let covered: Vec<Opened> = all.iter().filter(|o| coverage.has(o.entry.place.seq)).cloned().collect();
    let selection = request.query.select(&covered);
    let present = present(&all, coverage);
    let asked_for = with_referred(&all, selection.iter().copied().collect());
    let mut bundle = Bundle::default();
    let mut put = |name: &str, bytes: Vec<u8>| bundle.files.insert(name.to_owned(), bytes);
    put("checkpoint", log.note.to_string().into_bytes());
    put("entries", lines(log.entries, &present));
    put("proofs.json", proofs(log, &present, head.size)?);
    put("consistency.json", consistency(log, &request.since, head.size)?);
    put("README.txt", README.as_bytes().to_vec());
    let shown: Vec<Opened> = all.into_iter().filter(|o| present.contains(&o.entry.place.seq)).collect();
    put("populations/acts.csv", csv(&shown, &selection).into_bytes());
    put("report.html", crate::page::html(&shown, &selection, &request.query, head.size).into_bytes());
    disclose(&mut bundle, shown.iter().filter(|o| asked_for.contains(&o.entry.place.seq)), request)?;
    let (log, role, size) = (head.origin, request.role.name.clone(), head.size);
    let (query, withheld, schema) = (request.query.clone(), request.role.withheld.clone(), SCHEMA.to_owned());
    let (digest, files) = (String::new(), BTreeMap::new());
    bundle.seal(Manifest { coverage, digest, files, log, query, role, schema, selection, size, withheld })?;
    Ok(bundle)
}

/// The entries, each with what the role may see opened.
fn opened(entries: &[Vec<u8>], request: &Request) -> Result<Vec<Opened>> {
    let mut by_hash: BTreeMap<Hash, &Opening> = BTreeMap::new();
    for opening in request.openings.iter().filter(|o| !request.role.withholds(&o.name)) {
        by_hash.insert(opening.commitment()?, opening);
    }
    let open = |bytes: &Vec<u8>| {
        let entry = Entry::parse(bytes)?;
        let known =
            entry.commitments.iter().filter_map(|(n, h)| Some((n.clone(), (*by_hash.get(h)?).clone())));
        let openings = known.collect();
        // What cannot be read is handed out as it is: the verifier names it.
        let act = if entry.kind == crate::ACT { ActBody::of(&entry).ok() } else { None };
        Ok(Opened { entry, act, openings })
    };
    entries.iter().map(open).collect()
}

/// All entries, except for a period: then those from its beginning on, since what was done in it may be entered later.
fn coverage(all: &[Opened], query: &Query, size: u64) -> Coverage {
    let Query::Period { from, .. } = query else { return Coverage { from: 0, to: size } };
    let before = all.iter().take_while(|o| o.entry.place.time < *from).count();
    Coverage { from: before as u64, to: size }
}

/// The entries of the coverage, the one before them, and what they refer to.
fn present(all: &[Opened], coverage: Coverage) -> BTreeSet<u64> {
    let mut present: BTreeSet<u64> = (coverage.from..coverage.to).collect();
    present.extend(coverage.from.checked_sub(1));
    with_referred(all, present)
}

/// Some entries, with all that they refer to.
fn with_referred(all: &[Opened], mut present: BTreeSet<u64>) -> BTreeSet<u64> {
    let mut waiting: Vec<u64> = present.iter().copied().collect();
    while let Some(seq) = waiting.pop() {
        let Some(act) = all.get(seq as usize).and_then(|o| o.act.as_ref()) else { continue };
        for to in act.refers_to().filter(|to| *to < seq) {
            if present.insert(to) {
                waiting.push(to);
            }
        }
    }
    present
}

fn lines(entries: &[Vec<u8>], present: &BTreeSet<u64>) -> Vec<u8> {
    let chosen = present.iter().filter_map(|seq| entries.get(*seq as usize));
    chosen.flat_map(|e| e.iter().copied().chain([b'\n'])).collect()
}

fn proofs<N: Nodes>(log: &Log<'_, N>, present: &BTreeSet<u64>, size: u64) -> Result<Vec<u8>> {
    let proof = |seq: &u64| Ok((*seq, inclusion_proof(log.nodes, *seq, size)?));
    write_hashes(&present.iter().map(proof).collect::<Result<_>>()?)
}

fn consistency<N: Nodes>(log: &Log<'_, N>, since: &[u64], size: u64) -> Result<Vec<u8>> {
    let earlier = since.iter().filter(|s| (1..size).contains(*s));
    let proof = |old: &u64| Ok((*old, consistency_proof(log.nodes, *old, size)?));
    write_hashes(&earlier.map(proof).collect::<Result<_>>()?)
}

/// Values and evidence of what was asked for and of what it refers to; nothing of others.
fn disclose<'o>(
    bundle: &mut Bundle,
    asked_for: impl Iterator<Item = &'o Opened>,
    request: &Request,
) -> Result<()> {
    let mut named: BTreeSet<String> = BTreeSet::new();
    for opened in asked_for {
        named.extend(opened.entry.evidence.iter().map(|h| encoding::to_hex(h)));
        for opening in opened.openings.values() {
            let name = format!("openings/{}", encoding::to_hex(&opening.commitment()?));
            bundle.files.insert(name, opening.to_json()?);
        }
    }
    for bytes in request.evidence.iter().filter(|_| request.role.evidence) {
        let hex = crate::bundle::file_digest(bytes).sha256;
        if named.contains(&hex) {
            bundle.files.insert(format!("evidence/{hex}"), bytes.clone());
        }
    }
    Ok(())
}

const README: &str = "\
This is a bundle of evidence from a ledger of Countersign.

To verify it you need two things, and neither of them from whoever gave you this bundle:
1. The keys: a policy file (C2SP tlog-policy) with the verifier key of the ledger, the keys of its witnesses and how many
   of them it takes. Get it from the witnesses and from the published key of the ledger, once, and keep it.
2. A verifier: `countersign verify BUNDLE --policy POLICY`, or `python3 verify.py BUNDLE --policy POLICY`, which needs
   Python 3.9 or later and the package `cryptography`. Both work offline. They were written apart; use both.

Add `--known CHECKPOINT` with the checkpoint that you kept from the last time, and `--not-before TIME` with a time at which
the ledger must still have been witnessed. Keep this bundle's file `checkpoint` for the next time.

What is where:
  manifest.json         what was asked for, and a digest of every file
  checkpoint            the signed head of the ledger, with the cosignatures of witnesses
  entries               the entries, one a line
  proofs.json           for each entry, the way from it to the head
  consistency.json      the way from earlier checkpoints to this one
  openings/             values that stand in entries as commitments, as far as you may see them
  evidence/             definitions, test results and other files, by their SHA-256 digest
  populations/acts.csv  the acts that answer the question, as a table
  report.html           the same to read; a verifier does not vouch for it, and writes its own with `--report FILE`
";
