//! What is on record already: statements by their names, and with what decisions are taken. It is made from the ledger and
//! what is kept beside it each time, so that no index keeps what was erased.

use super::basis::{self, Values};
use evidence::{Opened, ground};
use ledger::encoding;
use std::collections::BTreeMap;
use workflow::Digest;

/// How an act looks without its names: act, subject, closure, environment.
pub type Likeness = [String; 4];

/// What is on record.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The entries of statements.
    pub numbers: BTreeMap<String, u64>,
    /// Entries whose statement was erased, the last first.
    gone: BTreeMap<Likeness, Vec<u64>>,
    /// The last entries that put policies and people in use, with the marks of their values.
    grounds: BTreeMap<&'static str, (u64, Option<String>)>,
}

impl Known {
    /// What these entries come to.
    #[must_use]
    pub fn of(entries: &[Opened]) -> Self {
        let mut known = Known::default();
        entries.iter().for_each(|opened| known.take(opened));
        known.gone.values_mut().for_each(|all| all.reverse());
        known
    }

    fn take(&mut self, opened: &Opened) {
        let seq = opened.entry.place.seq;
        if let Some(change) = ground(opened) {
            self.grounds.insert(change, (seq, basis::kept(opened).map(|v| basis::mark(&v))));
        }
        let Some(act) = &opened.act else { return };
        if let Some(id) = statement_of(opened) {
            self.numbers.insert(id, seq);
        } else if opened.entry.commitments.contains_key("statement") {
            let like = [&act.act, &act.subject, &act.closure, &act.environment].map(String::clone);
            self.gone.entry(like).or_default().push(seq);
        }
    }

    /// The entry of a statement. One that looks like an act whose statement was erased is taken for that one.
    pub fn find(&mut self, id: &str, like: &Likeness) -> Option<u64> {
        if let Some(seq) = self.numbers.get(id) {
            return Some(*seq);
        }
        let seq = self.gone.get_mut(like).and_then(Vec::pop)?;
        self.numbers.insert(id.to_owned(), seq);
        Some(seq)
    }

    /// The entry that put these in use last.
    #[must_use]
    pub fn ground(&self, change: &str) -> Option<u64> {
        self.grounds.get(change).map(|(seq, _)| *seq)
    }

    /// Whether these are the values in use.
    #[must_use]
    pub fn uses(&self, change: &str, values: &Values) -> bool {
        self.grounds.get(change).is_some_and(|(_, mark)| mark.as_ref() == Some(&basis::mark(values)))
    }

    /// Takes in an entry that puts something in use.
    pub fn put(&mut self, change: &'static str, seq: u64, values: Option<&Values>) {
        self.grounds.insert(change, (seq, values.map(basis::mark)));
    }
}

/// The name of an entry's statement, where it is kept.
#[must_use]
pub fn statement_of(opened: &Opened) -> Option<String> {
    let envelope = &opened.openings.get("statement")?.value;
    let payload = encoding::from_base64(envelope["payload"].as_str()?).ok()?;
    Some(Digest::of(&payload).to_string())
}
