//! What is governed, in the ledger: every act that is decided here becomes an entry of type `act/1`, allowed or refused,
//! with what was signed, the facts, the decision and what was shown as commitments; and what decisions are taken with
//! becomes entries of type `basis/1` wherever it is not what was put in force. Nothing is kept as done before its entry is
//! acknowledged.

pub mod basis;
mod entry;
mod folder;
pub mod known;
pub mod settings;

pub use basis::Basis;
pub use entry::{Decided, rests_on};
pub(crate) use folder::is_of_nobody;
pub use folder::{Caught, basis as basis_of, catch_up};
pub use settings::Settings;

use crate::evidence::whole;
use crate::log::place::{Place, key};
use basis::Values;
use evidence::{ACT, BASIS, CUSTODY};
use known::Known;
use ledger::{Algorithm, Draft, Error, Policy, Result};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::beside::Beside;
use store::witness::Witnesses;
use store::{Cosign, Writer};

/// A ledger, opened to record what is governed.
pub struct Book {
    opened: Place,
    writer: Writer,
    beside: Beside,
    settings: Settings,
    known: Known,
    /// The entries that were made.
    pub entered: Vec<u64>,
}

impl Book {
    /// Opens it, and reads what is on record.
    ///
    /// # Errors
    /// When there is no ledger, or something cannot be read.
    pub fn open(settings: &Settings) -> Result<Self> {
        let signer = key(&settings.key, Algorithm::Ed25519, None)?;
        let read = |path: &std::path::PathBuf| {
            std::fs::read(path).map_err(|e| Error::new(format!("`{}`: {e}", path.display())))
        };
        let policy = settings.witnesses.as_ref().map(|p| Policy::parse(&read(p)?)).transpose()?;
        let cosign = policy.map(|p| Box::new(Witnesses::new(p)) as Box<dyn Cosign>);
        let opened = Place::open(&settings.place)?;
        let beside = Beside::open(&settings.values)?;
        let writer = Writer::start(opened.store(), signer, cosign, clock)?;
        let known = Known::of(&whole(opened.store(), Some(&settings.values))?);
        let (settings, entered) = (settings.clone(), Vec::new());
        Ok(Book { opened, writer, beside, settings, known, entered })
    }

    /// The entry of a statement, if it is on record.
    pub fn find(&mut self, id: &str, event: &govern::Event) -> Option<u64> {
        self.known.find(id, &entry::likeness(event))
    }

    /// The names of the statements on record.
    pub fn statements(&self) -> impl Iterator<Item = (&String, u64)> {
        self.known.numbers.iter().map(|(id, seq)| (id, *seq))
    }

    /// Enters an act that was decided on this basis, and returns the number of its entry; of a change of what governs, with what
    /// it puts in force.
    ///
    /// # Errors
    /// When it was not acknowledged: then it may or may not be there, and must not be done.
    pub fn enter(&mut self, basis: &Basis, decided: &Decided<'_>, puts: Option<&Basis>) -> Result<u64> {
        self.settle("change-people", &json!({"of": "people"}), &basis.people)?;
        let policy = json!({"of": "policy", "version": basis.version});
        self.settle("change-policy", &policy, &basis.policies)?;
        let body = decided.body(&self.known);
        let mut values = decided.values()?;
        let change = ["change-people", "change-policy"].into_iter().find(|c| *c == body.act && body.allow);
        let puts = change.zip(puts).and_then(|(change, next)| next.by(change));
        values.extend(puts.into_iter().flatten().map(|(n, v)| (n.clone(), v.clone())));
        let seq = self.append(ACT, &body.to_json()?, &values)?;
        if let Some((id, _)) = decided.statement {
            self.known.numbers.insert(id.to_owned(), seq);
        }
        if let Some(change) = change {
            self.known.put(change, seq, puts);
        }
        Ok(seq)
    }

    /// Enters what decisions are taken with from now on, where it is not what is in use.
    fn settle(&mut self, change: &'static str, body: &Value, values: &Values) -> Result<()> {
        if self.known.uses(change, values) {
            return Ok(());
        }
        let seq = self.append(BASIS, body, values)?;
        self.known.put(change, seq, Some(values));
        Ok(())
    }

    /// Keeps values durably, and appends the entry that commits to them.
    fn append(&mut self, kind: &str, body: &Value, values: &Values) -> Result<u64> {
        let until = self.settings.until(clock());
        let mut commitments = BTreeMap::new();
        for (name, value) in values {
            commitments.insert(name.clone(), self.beside.commit(name, value.clone(), until)?);
        }
        let draft = Draft::with(kind, &self.settings.source, body, &commitments, &[])?;
        let seq = self.writer.append(draft)?.seq;
        self.entered.push(seq);
        Ok(seq)
    }

    /// Enters what is done to values that are kept beside the ledger.
    ///
    /// # Errors
    /// When it was not acknowledged: then it must not be done.
    pub fn custody(&mut self, body: &Value) -> Result<u64> {
        self.append(CUSTODY, body, &Values::new())
    }

    /// What stands beside the ledger.
    #[must_use]
    pub fn beside(&self) -> &Beside {
        &self.beside
    }

    /// Brings it to rest.
    ///
    /// # Errors
    /// When it cannot be.
    pub fn close(self) -> Result<()> {
        drop(self.writer);
        self.opened.close()
    }
}

/// What a ledger has on record.
#[derive(Debug, Default)]
pub(crate) struct OnRecord {
    /// How many of some statements.
    pub entered: usize,
    /// How many runs of each workflow: entries of type `run/…` whose `release` names one of its releases.
    pub runs: BTreeMap<String, usize>,
}

/// What of some statements, and of runs, is on record.
///
/// # Errors
/// When the ledger cannot be read.
pub(crate) fn on_record(settings: &Settings, entries: &[&govern::Entry]) -> Result<OnRecord> {
    let all = whole(Place::read(&settings.place)?.store(), Some(&settings.values))?;
    let mut known = Known::of(&all);
    let entered = entries.iter().filter(|e| known.find(&e.id, &entry::likeness(&e.event)).is_some()).count();
    let acts: BTreeMap<u64, _> =
        all.iter().filter_map(|o| Some((o.entry.place.seq, o.act.as_ref()?))).collect();
    let mut runs: BTreeMap<String, usize> = BTreeMap::new();
    for of in all.iter().filter(|o| o.entry.kind.starts_with("run/")) {
        let act = of.entry.body["release"].as_u64().and_then(|seq| acts.get(&seq));
        if let Some(name) = act.filter(|a| a.allow).and_then(|a| a.subject.strip_prefix("workflow/")) {
            *runs.entry(name.to_owned()).or_default() += 1;
        }
    }
    Ok(OnRecord { entered, runs })
}

/// The time of entries. Builds for development take it from where acts take theirs.
pub(crate) fn clock() -> u64 {
    #[cfg(debug_assertions)]
    if std::env::var_os("COUNTERSIGN_NOW").is_some() {
        return u64::try_from(crate::govern::now().0).unwrap_or_default().saturating_mul(1000);
    }
    store::now()
}
