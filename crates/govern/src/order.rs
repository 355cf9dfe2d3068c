//! The order of events, from their own links: what an event was made after stands before it; of what is left, the earlier
//! and then the smaller digest. So whatever way statements come together (a merge, a copy, a listing), they fold to one
//! state, and what has no place in it is refused with the reason.

use crate::apply::{Refusal, step};
use crate::event::Entry;
use crate::state::State;
use policy::{Act, Governed, Moment};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// A statement that has no place, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Refused {
    /// The statement.
    pub id: String,
    /// Why.
    #[serde(flatten)]
    pub refusal: Refusal,
}

/// What events came to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Folded {
    /// The state.
    pub state: State,
    /// Statements that have no place in it, in order.
    pub refused: Vec<Refused>,
    /// The statements in their order.
    pub order: Vec<String>,
}

/// Folds entries, in whatever order they are given, at a moment: what claims to be made later is refused.
#[must_use]
pub fn fold(entries: &[Entry], now: Moment) -> Folded {
    fold_with(entries, now, &|_, _| None)
}

/// What is asked of each entry before it is applied, with the state as it is then: why it is not lawful.
pub type Lawful<'l> = &'l dyn Fn(&State, &Entry) -> Option<Refusal>;

/// The same, and every entry is asked whether it is lawful; one that is not changes nothing.
#[must_use]
pub fn fold_with(entries: &[Entry], now: Moment, lawful: Lawful<'_>) -> Folded {
    let by_id: Places<'_> = entries.iter().enumerate().map(|(i, e)| (e.id.as_str(), i)).collect();
    let mut folded = Folded::default();
    let refuse = |folded: &mut Folded, id: &str, rule: &str, message| {
        let refusal = Refusal { rule: rule.to_owned(), message };
        folded.refused.push(Refused { id: id.to_owned(), refusal });
    };
    let order = ordered(entries, &by_id);
    for entry in order.iter().filter_map(|i| entries.get(*i)) {
        folded.order.push(entry.id.clone());
        let refused = folded.refused.len();
        if let Some((rule, message)) = out_of_place(entry, (entries, &by_id), now) {
            refuse(&mut folded, &entry.id, rule, message);
        } else if let Some(refusal) = lawful(&folded.state, entry) {
            folded.refused.push(Refused { id: entry.id.clone(), refusal });
        } else if let Err(refusal) = step(&mut folded.state, entry) {
            folded.refused.push(Refused { id: entry.id.clone(), refusal });
        }
        // What does not count is not named by what comes after it: it can be taken out.
        if folded.refused.len() == refused {
            folded.state.heads.retain(|head| !entry.event.after.contains(head));
            folded.state.heads.insert(entry.id.clone());
        }
    }
    let placed: HashSet<usize> = order.into_iter().collect();
    let circular: BTreeSet<&str> =
        by_id.iter().filter(|(_, i)| !placed.contains(i)).map(|(id, _)| *id).collect();
    for id in circular {
        refuse(&mut folded, id, "after", "it stands after itself".to_owned());
    }
    folded
}

/// Where each statement stands among the entries.
pub(crate) type Places<'e> = HashMap<&'e str, usize>;

/// Why an entry cannot stand where its links put it.
fn out_of_place(
    entry: &Entry,
    (entries, by_id): (&[Entry], &Places<'_>),
    now: Moment,
) -> Option<(&'static str, String)> {
    let event = &entry.event;
    if event.at > now {
        return Some((
            "later-than-now",
            format!("it says that it was made at {}, and it is {now}", event.at),
        ));
    }
    if !event.after.is_sorted_by(|a, b| a < b) {
        return Some((
            "after",
            "the statements it was made after are not in order, or stand twice".to_owned(),
        ));
    }
    for parent in &event.after {
        let Some(known) = by_id.get(parent.as_str()).and_then(|i| entries.get(*i)) else {
            return Some((
                "after",
                format!("it was made after {parent}, which is not here: was it deleted?"),
            ));
        };
        if known.event.at > event.at {
            let told = format!("it says {}, and was made after {parent} of {}", event.at, known.event.at);
            return Some(("at", told));
        }
    }
    None
}

/// The first statement in the order that puts a version of what governs in force, of each kind, where there is one: until then
/// that version is taken to be in force, on first use. What has no place at a moment, or a time that nothing bounds, is none.
#[must_use]
pub fn first_versions<'e>(
    entries: &'e [Entry],
    undated: &BTreeMap<String, Refusal>,
    now: Moment,
) -> BTreeMap<Governed, &'e Entry> {
    let of = |e: &Entry| match e.event.act {
        Act::Change(what) if e.event.replaces.is_none() && !undated.contains_key(&e.id) => Some(what),
        _ => None,
    };
    let mut all: Vec<&Entry> = entries.iter().filter(|e| of(e).is_some()).collect();
    let mut first = BTreeMap::new();
    if all.is_empty() {
        return first;
    }
    let by_id: Places<'_> = entries.iter().enumerate().map(|(i, e)| (e.id.as_str(), i)).collect();
    all.retain(|e| out_of_place(e, (entries, &by_id), now).is_none());
    let kinds: BTreeSet<Governed> = all.iter().filter_map(|e| of(e)).collect();
    if kinds.len() == all.len() {
        first.extend(all.iter().filter_map(|e| Some((of(e)?, *e))));
        return first;
    }
    // Several come first where histories were joined: the order says which does.
    let ids: HashSet<&str> = all.iter().map(|e| e.id.as_str()).collect();
    let ordered = ordered(entries, &by_id).into_iter().filter_map(|i| entries.get(i));
    for entry in ordered.filter(|e| ids.contains(e.id.as_str())) {
        if let Some(what) = of(entry) {
            first.entry(what).or_insert(entry);
        }
    }
    first
}

/// The places of entries in their order; those that stand after themselves are left out.
pub(crate) fn ordered(entries: &[Entry], by_id: &Places<'_>) -> Vec<usize> {
    // Of each place: how many it waits for, and who waits for it.
    let mut links: Vec<(usize, Vec<usize>)> = vec![(0, Vec::new()); entries.len()];
    let mut ready: BTreeSet<(Moment, &str, usize)> = BTreeSet::new();
    // Of statements with one name only the last has a place.
    for (i, entry) in by_id.values().filter_map(|i| Some((*i, entries.get(*i)?))) {
        let parents = entry.event.after.iter().filter_map(|p| by_id.get(p.as_str()).copied());
        let parents: BTreeSet<usize> = parents.collect();
        if parents.is_empty() {
            ready.insert((entry.event.at, &entry.id, i));
        }
        if let Some((waits, _)) = links.get_mut(i) {
            *waits = parents.len();
        }
        for parent in parents {
            if let Some((_, children)) = links.get_mut(parent) {
                children.push(i);
            }
        }
    }
    let mut order = Vec::with_capacity(by_id.len());
    while let Some((_, _, i)) = ready.pop_first() {
        order.push(i);
        let children = links.get_mut(i).map(|(_, children)| std::mem::take(children));
        for child in children.into_iter().flatten() {
            let Some((waits, entry)) = links.get_mut(child).map(|l| &mut l.0).zip(entries.get(child)) else {
                continue;
            };
            *waits -= 1;
            if *waits == 0 {
                ready.insert((entry.event.at, &entry.id, child));
            }
        }
    }
    order
}
