//! Both sides of witnessing (C2SP tlog-witness): a witness that keeps what it cosigned, and one who asks for cosignatures.

use crate::cell::Cell;
use crate::disk::Disk;
use crate::writer::Cosign;
use ledger::{
    Checkpoint, Error, Head, Note, Policy, Result, Signer, Store, VerifierKey, count,
    encoding::to_hex,
    leaf_hash,
    merkle::consistency_proof,
    tile::TiledTree,
    witness::{Answer, KnownLog, Request, add_checkpoint},
};
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a witness may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The largest answer that is read.
const MAX_ANSWER: u64 = 64 * 1024;
/// How often one witness is asked again because it is at another size.
const RETRIES: u8 = 3;

/// A witness: its key, the logs it knows, and what it cosigned last of each, in a cell on disk.
pub struct Witness {
    signer: Signer,
    logs: BTreeMap<String, (Vec<VerifierKey>, Mutex<Cell>)>,
}

impl Witness {
    /// A witness that knows these logs, by their keys, and keeps its state on this disk.
    pub fn open(disk: &dyn Disk, signer: Signer, keys: Vec<VerifierKey>) -> Result<Self> {
        let mut logs = BTreeMap::new();
        for key in keys {
            let origin = key.name().to_owned();
            let known: &mut (Vec<VerifierKey>, Option<Cell>) = logs.entry(origin.clone()).or_default();
            if known.1.is_none() {
                let mut cell =
                    Cell::open(disk, &format!("log-{}", &to_hex(&leaf_hash(origin.as_bytes()))[..32]))?;
                cell.settle()?;
                known.1 = Some(cell);
            }
            known.0.push(key);
        }
        disk.sync_folder().map_err(|e| Error::new(format!("the witness's folder: {e}")))?;
        let logs = logs.into_iter().filter_map(|(o, (keys, cell))| Some((o, (keys, Mutex::new(cell?)))));
        Ok(Self { signer, logs: logs.collect() })
    }

    /// Judges a request at this time, in seconds since 1970. What it cosigns is durable before the answer is returned; if it
    /// cannot be made so, there is no answer, and none for this log until the next start.
    pub fn add_checkpoint(&self, body: &[u8], time: u64) -> Result<Answer> {
        let origin = Request::parse(body)
            .ok()
            .and_then(|r| Checkpoint::parse(r.checkpoint.text()).ok())
            .map(|c| c.origin);
        let Some((keys, cell)) = origin.and_then(|o| self.logs.get(&o)) else {
            return Ok(add_checkpoint(&self.signer, body, time, |_| None));
        };
        let mut cell = cell.lock().unwrap_or_else(PoisonError::into_inner);
        if cell.is_broken() {
            return Err(Error::new("what was cosigned last is not known: start the witness again"));
        }
        let latest = cell.value().map(|v| Checkpoint::parse(&String::from_utf8_lossy(v))).transpose()?;
        let answer = add_checkpoint(&self.signer, body, time, |_| Some(KnownLog { keys, latest }));
        if let Answer::Cosigned { latest, .. } = &answer {
            cell.write(latest.to_string().as_bytes())?;
        }
        Ok(answer)
    }
}

/// What came back from a witness.
struct Asked {
    witness: usize,
    size: u64,
    result: std::result::Result<(u16, String), String>,
}

/// Asks the witnesses of a policy, all at once, and is content with a quorum.
pub struct Witnesses {
    policy: Policy,
    agent: ureq::Agent,
    /// What each is known to have cosigned.
    sizes: Vec<u64>,
    answers: (Sender<Asked>, Receiver<Asked>),
}

impl Witnesses {
    /// The witnesses of a policy; those without a URL are not asked.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        let config =
            ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false).build();
        let sizes = vec![0; policy.witnesses().len()];
        Self { policy, agent: config.into(), sizes, answers: channel() }
    }

    fn ask(&self, store: &dyn Store, head: &Head, witness: usize) -> Result<()> {
        let Some(url) = self.policy.witnesses()[witness].url.as_ref() else { return Ok(()) };
        let url = format!("{}/add-checkpoint", String::from_utf8_lossy(url).trim_end_matches('/'));
        let (old_size, size) = (self.sizes[witness], head.size());
        let proof = consistency_proof(&TiledTree::new(&store, size), old_size, size)?;
        let body = Request { old_size, proof, checkpoint: head.note.clone() }.to_string();
        let (agent, answers) = (self.agent.clone(), self.answers.0.clone());
        std::thread::spawn(move || {
            let result = send(&agent, &url, &body).map_err(|e| format!("`{url}`: {e}"));
            // Who asked may be content already, and gone.
            let _ = answers.send(Asked { witness, size, result });
        });
        Ok(())
    }

    /// The published checkpoint, if it is at least as large as this head and has its quorum.
    fn published_beyond(&self, store: &dyn Store, head: &Head) -> Result<Option<Note>> {
        let published = store.published()?;
        Ok(published.filter(|n| self.policy.accept(n).is_ok_and(|a| a.checkpoint.size >= head.size())))
    }

    /// Takes an answer in: a cosignature to add, or a reason to ask again, or what is wrong.
    fn take(&mut self, asked: Asked, note: &mut Note, current: u64) -> std::result::Result<bool, String> {
        let witness = &self.policy.witnesses()[asked.witness];
        let name = String::from_utf8_lossy(&witness.name).into_owned();
        let (status, body) = asked.result.map_err(|e| format!("{name}: {e}"))?;
        match status {
            200 => {
                self.sizes[asked.witness] = self.sizes[asked.witness].max(asked.size);
                if asked.size == current {
                    add(note, &witness.key, &body).map_err(|e| format!("{name}: {e}"))?;
                }
                Ok(false)
            }
            409 => {
                let size = body
                    .trim()
                    .parse()
                    .map_err(|_| format!("{name}: answered 409 with `{}`", body.trim()))?;
                if size > current {
                    return Err(format!(
                        "{name}: has cosigned {} of this log, which has {current}",
                        count(size, "entry", "entries")
                    ));
                }
                self.sizes[asked.witness] = size;
                Ok(asked.size == current)
            }
            other => Err(format!("{name}: answered {other}: {}", body.trim())),
        }
    }
}

fn send(agent: &ureq::Agent, url: &str, body: &str) -> std::result::Result<(u16, String), ureq::Error> {
    let mut response = agent.post(url).send(body)?;
    let text = response.body_mut().with_config().limit(MAX_ANSWER).read_to_string()?;
    Ok((response.status().as_u16(), text))
}

/// Adds the lines of an answer if there is a good cosignature of this witness among them, and only that one.
fn add(note: &mut Note, key: &VerifierKey, lines: &str) -> Result<()> {
    for line in lines.lines() {
        let mut alone = Note::new(note.text())?;
        alone.add_lines(line)?;
        if alone.signatures().first().is_some_and(|s| s.is_of(key)) && alone.verify([key])?.len() == 1 {
            return note.add_lines(line);
        }
    }
    Err(Error::new("its answer has no cosignature of its key"))
}

impl Cosign for Witnesses {
    fn cosign(&mut self, store: &dyn Store, head: &Head) -> Result<Note> {
        let mut note = head.note.clone();
        let until = Instant::now() + PATIENCE;
        let mut left = vec![RETRIES; self.sizes.len()];
        for witness in 0..self.sizes.len() {
            self.ask(store, head, witness)?;
        }
        let mut problems = Vec::new();
        while self.policy.accept(&note).is_err() {
            let Ok(asked) = self.answers.1.recv_timeout(until.saturating_duration_since(Instant::now()))
            else {
                break;
            };
            let witness = asked.witness;
            match self.take(asked, &mut note, head.size()) {
                Ok(true) if left[witness] > 0 => {
                    left[witness] -= 1;
                    self.ask(store, head, witness)?;
                }
                Ok(_) => {}
                Err(problem) => problems.push(problem),
            }
            let asked = self.policy.witnesses().iter().filter(|w| w.url.is_some()).count();
            if problems.len() >= asked {
                break;
            }
        }
        let refused = |e: Error| Error::new(format!("{e} ({})", problems.join("; ")));
        match self.policy.accept(&note) {
            Ok(_) => Ok(note),
            // Another sequencer may have gone on, and had its larger checkpoint cosigned.
            Err(e) => self.published_beyond(store, head)?.ok_or_else(|| refused(e)),
        }
    }
}
