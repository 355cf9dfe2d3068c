//! The statements of a governed folder that are not on record yet, entered in their order, each decided again in the state in
//! which it was made.

use super::{Basis, Book, Decided, rests_on};
use crate::govern::files;
use crate::govern::{InForce, MISSING, Repository};
use govern::{Entry, Event, Ground, Law, NOBODY, Refusal, State, step, weighed};
use ledger::{Error, Result};
use policy::{Act, Found};
use std::collections::BTreeMap;

/// What was caught up with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caught {
    /// How many statements the folder has that somebody known signed.
    pub statements: usize,
    /// The entries of those that were not on record.
    pub entered: Vec<u64>,
    /// Statements that are not entered, for nobody whom the directory knows signed them.
    pub of_nobody: Vec<String>,
    /// Statements that are not entered, for what was in force when they were made is not here: by what is lacking.
    pub undecided: BTreeMap<String, Vec<String>>,
    /// Statements on record that the folder does not have, with their entries.
    pub missing: Vec<(String, u64)>,
}

/// Whether a statement is no act of anybody's: nobody known signed it.
#[must_use]
pub(crate) fn is_of_nobody(repository: &Repository, entry: &Entry, refusal: Option<&Refusal>) -> bool {
    let known = matches!(repository.people.find(&entry.key), Found::One(..));
    !known && refusal.is_some_and(|r| r.rule == NOBODY)
}

/// Enters the statements that are not on record yet. What was in force at a statement's place is asked for only where it has to
/// be decided: for what is on record, nothing old has to be here.
///
/// # Errors
/// When a file cannot be read again, or an entry was not acknowledged.
pub fn catch_up(book: &mut Book, repository: &Repository) -> Result<Caught> {
    let by_id: BTreeMap<&str, &Entry> = repository.entries.iter().map(|e| (e.id.as_str(), e)).collect();
    let refused = repository.refusals();
    let mut state = State::default();
    let mut now = None;
    let mut caught = Caught { statements: repository.entries.len(), ..Caught::default() };
    for entry in repository.folded.order.iter().filter_map(|id| by_id.get(id.as_str())) {
        let refusal = refused.get(entry.id.as_str()).copied();
        if is_of_nobody(repository, entry, refusal) {
            caught.of_nobody.push(entry.id.clone());
            continue;
        }
        if book.find(&entry.id, &entry.event).is_none() {
            match in_use(repository, &mut now, &state, entry, refusal) {
                Ok((now, next)) => {
                    caught.entered.push(one(book, repository, now, next.as_ref(), &state, entry, refusal)?);
                }
                Err(lacking) => caught.undecided.entry(lacking).or_default().push(entry.id.clone()),
            }
        }
        if refusal.is_none() {
            let _ = step(&mut state, entry);
            now = now.filter(|_| !matches!(entry.event.act, Act::Change(_)));
        }
    }
    caught.statements -= caught.of_nobody.len() + caught.undecided.values().map(Vec::len).sum::<usize>();
    let gone = book.statements().filter(|(id, _)| !by_id.contains_key(id.as_str()));
    caught.missing = gone.map(|(id, seq)| (id.clone(), seq)).collect();
    Ok(caught)
}

/// What is in use in a state, and what an act puts in use; what is lacking where one of them is not here.
fn in_use<'n>(
    repository: &Repository,
    now: &'n mut Option<InUse>,
    state: &State,
    entry: &Entry,
    refusal: Option<&Refusal>,
) -> std::result::Result<(&'n InUse, Option<Basis>), String> {
    if let Some(lacking) = refusal.filter(|r| r.rule == MISSING) {
        return Err(lacking.message.clone());
    }
    let of = |state: &State| repository.in_force_in(state).map_err(|lacking| lacking.message);
    let mut puts = None;
    if matches!(entry.event.act, Act::Change(_)) && refusal.is_none() {
        let mut after = state.clone();
        let _ = step(&mut after, entry);
        puts = Some(basis(&of(&after)?));
    }
    let now = match now {
        Some(known) => known,
        none => none.insert(InUse::of(of(state)?)),
    };
    Ok((now, puts))
}

/// What decisions are taken with.
#[must_use]
pub fn basis(of: &InForce) -> Basis {
    Basis::of(&of.people, &of.sources, of.set.version())
}

/// What is in force, and the same as a basis.
struct InUse {
    law: Law,
    basis: Basis,
}

impl InUse {
    fn of(in_force: InForce) -> Self {
        InUse { law: in_force.law(), basis: basis(&in_force) }
    }
}

fn one(
    book: &mut Book,
    repository: &Repository,
    now: &InUse,
    puts: Option<&Basis>,
    state: &State,
    entry: &Entry,
    refusal: Option<&Refusal>,
) -> Result<u64> {
    let history = |state: &State, event: &Event| repository.by_history(state, event);
    let measure = |event: &Event| {
        let unit = repository.units.iter().find(|u| u.name == event.subject.name)?;
        repository.measured(unit, event)
    };
    let law = |_: &State, _: &Entry| Ok(now.law.clone());
    let (history, measure, undated) = (&history, &measure, &BTreeMap::new());
    let ground = Ground { law: &law, organisation: &[], history, measure, undated };
    let (facts, decision) = weighed(ground, &now.law, state, entry);
    let file = files::bytes(&repository.root, &entry.id)
        .map_err(|e| Error::new(format!("the statement {}: {e}", entry.id)))?;
    // A refusal by a policy is in the decision; one of the transitions is not.
    let refusal = refusal.filter(|_| decision.allow);
    let decided = Decided {
        event: &entry.event,
        set: &now.law.set,
        facts: &facts,
        decision: &decision,
        refusal,
        statement: Some((&entry.id, &file)),
        page: None,
        rests_on: &rests_on(state, &entry.event, &decision),
    };
    book.enter(&now.basis, &decided, puts)
}
