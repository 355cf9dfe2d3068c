//! What is missing: asked of the policies themselves, by deciding again in worlds where more is there. There is no second
//! table of who approves what.
//!
//! First everything that could be there is put there. If that is not enough, nothing is. Else what cannot be left out is
//! kept, and to it are added the fewest of the rest that are enough. The answer is enough, and no part of it is.

use crate::candidates;
use crate::decide::verdict;
use crate::decision::{Need, Way};
use crate::facts::Facts;
use crate::set::PolicySet;

/// The most needs that are added to those that cannot be left out before the search takes whatever is enough.
const MOST_ADDED: usize = 3;
/// The most ways that are told.
const MOST_WAYS: usize = 3;
/// Up to this many needs, every part of a way is tried, for policies in which more can be worse.
const MOST_PARTS: usize = 8;

/// What would make it allowed, the smallest first.
pub(crate) fn ways(set: &PolicySet, facts: &Facts) -> Vec<Way> {
    let offered = candidates::of(set, facts);
    let mut ways = from(set, facts, &offered);
    if ways.is_empty() {
        let others = candidates::actors(facts);
        let (able, unable): (Vec<Need>, Vec<Need>) =
            others.into_iter().partition(|other| verdict(set, &with(facts, &[other])));
        ways = match candidates::any_of(able) {
            Some(need) => vec![Way { needs: vec![need] }],
            None => unable.iter().find_map(|other| by_another(set, facts, other)).unwrap_or_default(),
        };
    }
    ways.sort_by(|a, b| a.needs.len().cmp(&b.needs.len()).then_with(|| a.needs.cmp(&b.needs)));
    ways.dedup();
    ways.truncate(MOST_WAYS);
    ways
}

/// The ways in which somebody else can do it with something more, if there are any.
fn by_another(set: &PolicySet, facts: &Facts, other: &Need) -> Option<Vec<Way>> {
    let there = with(facts, &[other]);
    let ways = from(set, &there, &candidates::of(set, &there));
    let add = |way: Way| Way { needs: [other.clone()].into_iter().chain(way.needs).collect() };
    (!ways.is_empty()).then(|| ways.into_iter().map(add).collect())
}

/// The facts with needs met.
fn with(facts: &Facts, needs: &[&Need]) -> Facts {
    let mut there = facts.clone();
    needs.iter().for_each(|need| need.apply(&mut there));
    there
}

fn enough(set: &PolicySet, facts: &Facts, needs: &[&Need]) -> bool {
    verdict(set, &with(facts, needs))
}

/// The ways that can be made of what is offered.
fn from(set: &PolicySet, facts: &Facts, offered: &[Need]) -> Vec<Way> {
    let all: Vec<&Need> = offered.iter().collect();
    if all.is_empty() || !enough(set, facts, &all) {
        return Vec::new();
    }
    let without =
        |i: usize| all.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, n)| *n).collect::<Vec<_>>();
    let (kept, rest): (Vec<usize>, Vec<usize>) =
        (0..all.len()).partition(|&i| !enough(set, facts, &without(i)));
    let pick = |of: &[usize]| of.iter().filter_map(|&i| all.get(i).copied()).collect::<Vec<_>>();
    let (kept, rest) = (pick(&kept), pick(&rest));
    let mut found = added(set, facts, &kept, &rest);
    if found.is_empty() {
        found.push(thinned(set, facts, all));
    }
    let finish = |needs: Vec<&Need>| finished(set, facts, smallest_part(set, facts, needs), &rest);
    found.into_iter().map(finish).collect()
}

/// The fewest of the rest that are enough together with what is kept: all choices of that many, in order.
fn added<'a>(set: &PolicySet, facts: &Facts, kept: &[&'a Need], rest: &[&'a Need]) -> Vec<Vec<&'a Need>> {
    for many in 0..=MOST_ADDED.min(rest.len()) {
        let mut found: Vec<Vec<&Need>> = Vec::new();
        for chosen in choices(rest.len(), many) {
            let more = chosen.iter().filter_map(|&i| rest.get(i).copied());
            let needs: Vec<&Need> = kept.iter().copied().chain(more).collect();
            if !found.contains(&needs) && enough(set, facts, &needs) {
                found.push(needs);
                if found.len() == MOST_WAYS {
                    break;
                }
            }
        }
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

/// All ways to choose some of so many, in order.
fn choices(of: usize, many: usize) -> Vec<Vec<usize>> {
    if many == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for first in choices(of, many - 1) {
        let from = first.last().map_or(0, |l| l + 1);
        all.extend((from..of).map(|next| first.iter().copied().chain([next]).collect::<Vec<_>>()));
    }
    all
}

/// Leaves out what can be left out, one after the other.
fn thinned<'a>(set: &PolicySet, facts: &Facts, mut needs: Vec<&'a Need>) -> Vec<&'a Need> {
    let mut i = 0;
    while i < needs.len() {
        let gone = needs.remove(i);
        if !enough(set, facts, &needs) {
            needs.insert(i, gone);
            i += 1;
        }
    }
    needs
}

/// The smallest part of a way that is enough: the whole, unless a policy makes more worse.
fn smallest_part<'a>(set: &PolicySet, facts: &Facts, needs: Vec<&'a Need>) -> Vec<&'a Need> {
    if needs.len() > MOST_PARTS {
        return thinned(set, facts, needs);
    }
    let parts = (1..needs.len()).flat_map(|many| choices(needs.len(), many));
    let part =
        |chosen: Vec<usize>| chosen.into_iter().filter_map(|i| needs.get(i).copied()).collect::<Vec<_>>();
    parts.map(part).find(|part| enough(set, facts, part)).unwrap_or_else(|| needs.clone())
}

/// A way as it is told: the least score that is enough, and for every approval all who could give it.
fn finished(set: &PolicySet, facts: &Facts, needs: Vec<&Need>, rest: &[&Need]) -> Way {
    let mut needs: Vec<Need> = needs.into_iter().cloned().collect();
    for i in 0..needs.len() {
        lower(set, facts, &mut needs, i);
        widen(set, facts, &mut needs, i, rest);
    }
    for need in &mut needs {
        if let Need::Approval { by, .. } = need {
            by.sort();
        }
    }
    needs.sort();
    Way { needs }
}

fn all_met(set: &PolicySet, facts: &Facts, needs: &[Need]) -> bool {
    enough(set, facts, &needs.iter().collect::<Vec<_>>())
}

/// The least mutation score that is enough, with everything else that is needed.
fn lower(set: &PolicySet, facts: &Facts, needs: &mut [Need], i: usize) {
    let Some(Need::Mutation { now, needed, .. }) = needs.get(i) else { return };
    let (mut low, mut high) = (*now, *needed);
    let try_with = |score: u8, needs: &mut [Need]| {
        if let Some(Need::Mutation { needed, .. }) = needs.get_mut(i) {
            *needed = score;
        }
        all_met(set, facts, needs)
    };
    while high.saturating_sub(low) > 1 {
        let middle = low + (high - low) / 2;
        if try_with(middle, needs) {
            high = middle;
        } else {
            low = middle;
        }
    }
    try_with(high, needs);
}

/// Adds to an approval those of the other groups of people who could give it in place of the first.
fn widen(set: &PolicySet, facts: &Facts, needs: &mut [Need], i: usize, rest: &[&Need]) {
    for other in rest {
        let (Some(Need::Approval { by, group }), Need::Approval { by: more, group: of }) =
            (needs.get(i).cloned(), *other)
        else {
            continue;
        };
        if of != &group || more.iter().any(|m| by.contains(m)) {
            continue;
        }
        let mut instead = needs.to_vec();
        if let Some(need) = instead.get_mut(i) {
            *need = (*other).clone();
        }
        if all_met(set, facts, &instead) {
            let wider = by.into_iter().chain(more.iter().cloned()).collect();
            if let Some(need) = needs.get_mut(i) {
                *need = Need::Approval { group, by: wider };
            }
        }
    }
}
