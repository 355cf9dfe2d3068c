//! Statements whose time nothing bounds. Who signs says when; that it was not later is shown by what others made after it. It
//! has to be shown of a key that is revoked by now, whose holder could write what is dated before, and of a statement that
//! names nothing that it was made after, though it was not the first. Of a revoked key only what others made before the
//! revocation shows it: what they made later may follow what its holder made later.

use crate::apply::Refusal;
use crate::event::Entry;
use crate::order::{Places, ordered};
use policy::{Found, Moment, People};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

/// Who signed: the id of the human behind the key, and since when the key is revoked.
type Signer<'p> = Option<(&'p str, Option<Moment>)>;

/// When the first two people who did, made a statement after one.
#[derive(Clone, Copy, Default)]
struct After<'p>([Option<(Moment, &'p str)>; 2]);

impl<'p> After<'p> {
    fn and(self, other: After<'p>) -> Self {
        other.0.into_iter().flatten().fold(self, After::with)
    }

    fn with(self, (at, who): (Moment, &'p str)) -> Self {
        let others = self.0.into_iter().flatten().filter(|(_, known)| *known != who);
        let same = self.0.into_iter().flatten().filter(|(_, known)| *known == who);
        let own = same.chain([(at, who)]).min();
        let mut all: Vec<(Moment, &str)> = others.chain(own).collect();
        all.sort_unstable();
        After([all.first().copied(), all.get(1).copied()])
    }

    /// When the first other than one of this id did.
    fn by_other_than(self, id: &str) -> Option<Moment> {
        self.0.into_iter().flatten().find(|(_, who)| *who != id).map(|(at, _)| at)
    }
}

/// Of entries that come together at a moment, those whose time nothing bounds, with why each does not count: nobody else who is
/// known, by a key that still counts, made a statement after it; of a revoked key, before it was revoked.
#[must_use]
pub fn undated(entries: &[Entry], people: &People, now: Moment) -> BTreeMap<String, Refusal> {
    let mut keys: HashMap<&str, Signer<'_>> = HashMap::new();
    for entry in entries {
        keys.entry(&entry.key).or_insert_with(|| signer(people, &entry.key, now));
    }
    let of = |entry: &Entry| keys.get(entry.key.as_str()).copied().flatten();
    let is_root = |e: &&Entry| e.event.after.is_empty();
    let revoked = |e: &Entry| of(e).and_then(|(_, revoked)| revoked);
    if entries.iter().filter(is_root).count() < 2 && !entries.iter().any(|e| revoked(e).is_some()) {
        return BTreeMap::new();
    }
    let by_id: Places<'_> = entries.iter().enumerate().map(|(i, e)| (e.id.as_str(), i)).collect();
    let order = ordered(entries, &by_id);
    let first = first(entries, &by_id, &order, |e| of(e).is_some());
    let after = followed(entries, &by_id, &order, |e| {
        let vouches = || e.event.at <= now && people.signer(&e.key, e.event.at).is_ok();
        of(e).filter(|(_, revoked)| revoked.is_none() && vouches()).map(|(id, _)| id)
    });
    let refused = entries.iter().zip(after).enumerate().filter_map(|(i, (entry, after))| {
        let (id, revoked) = of(entry)?;
        let seen = after.by_other_than(id);
        let told = match revoked {
            Some(at) if seen.is_none_or(|seen| seen >= at) => {
                let told = format!("its key is `{id}`'s and was revoked at {at}; nobody else made a statement after it before that");
                ("key-revoked", told)
            }
            None if seen.is_none() && entry.event.after.is_empty() && first != Some(i) => {
                let told = "it names no statement that it was made after, and is not the first; nobody else made a statement after it";
                ("after", told.to_owned())
            }
            _ => return None,
        };
        let message = format!("{}, so its time is not believed", told.1);
        Some((entry.id.clone(), Refusal { rule: told.0.to_owned(), message }))
    });
    refused.collect()
}

fn signer<'p>(people: &'p People, key: &str, now: Moment) -> Signer<'p> {
    let Found::One(person, _) = people.find(key) else { return None };
    let mine = person.keys.iter().filter(|k| k.is(key));
    let revoked = mine.filter_map(|k| k.revoked).filter(|at| *at <= now).min();
    Some((people.human(person).unwrap_or(person).id.as_str(), revoked))
}

/// Who made statements after each entry, and when. One that says it was made before what it follows has no place, and shows
/// nothing.
fn followed<'p>(
    entries: &[Entry],
    by_id: &Places<'_>,
    order: &[usize],
    counts: impl Fn(&Entry) -> Option<&'p str>,
) -> Vec<After<'p>> {
    let mut after = vec![After::default(); entries.len()];
    for i in order.iter().rev() {
        let Some(entry) = entries.get(*i) else { continue };
        let known = after.get(*i).copied().unwrap_or_default();
        let all = counts(entry).map_or(known, |who| known.with((entry.event.at, who)));
        for parent in entry.event.after.iter().filter_map(|p| by_id.get(p.as_str())) {
            let earlier = entries.get(*parent).is_some_and(|p| p.event.at <= entry.event.at);
            after.get_mut(*parent).filter(|_| earlier).into_iter().for_each(|known| *known = known.and(all));
        }
    }
    after
}

/// The first of all statements: of those that name nothing before them, the one that most others go back to by the first that
/// each names; of as many, the earlier.
fn first(
    entries: &[Entry],
    by_id: &Places<'_>,
    order: &[usize],
    counts: impl Fn(&Entry) -> bool,
) -> Option<usize> {
    let mut roots: HashMap<usize, usize> = HashMap::new();
    let mut sizes: BTreeMap<usize, usize> = BTreeMap::new();
    for i in order {
        let Some(entry) = entries.get(*i) else { continue };
        let parents = entry.event.after.iter().filter_map(|p| by_id.get(p.as_str()));
        let root = parents.filter_map(|p| roots.get(p)).next().copied();
        let root = root.or_else(|| entry.event.after.is_empty().then_some(*i));
        if let Some(root) = root.filter(|_| counts(entry)) {
            roots.insert(*i, root);
            *sizes.entry(root).or_default() += 1;
        }
    }
    let rank =
        |(i, size): &(usize, usize)| (*size, entries.get(*i).map(|e| Reverse((e.event.at, e.id.clone()))));
    sizes.into_iter().max_by_key(rank).map(|(i, _)| i)
}
