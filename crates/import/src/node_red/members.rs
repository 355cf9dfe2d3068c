//! Which nodes make up which workflow: a tab, a subflow, or what a `link call` runs.

use super::kinds;
use super::network::Network;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// What a workflow is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frame<'d> {
    /// A tab, by its id; nodes that are on no tab have the empty id.
    Tab(&'d str),
    /// A subflow.
    Subflow(usize),
    /// What stands behind a `link in` node that is called.
    Called(usize),
}

/// A workflow's nodes.
pub(super) struct Group<'d> {
    pub(super) frame: Frame<'d>,
    /// In the order of the file.
    pub(super) members: BTreeSet<usize>,
}

/// At most so many called parts become workflows of their own.
const MOST_CALLED: usize = 200;

/// The workflows of a file.
pub(super) fn groups<'d>(network: &Network<'d>) -> Vec<Group<'d>> {
    let mut flows: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for (ix, item) in network.items.iter().enumerate().filter(|(_, item)| item.is_active) {
        flows.entry(item.flow).or_default().insert(ix);
    }
    let called: BTreeSet<usize> = called(network).into_iter().take(MOST_CALLED).collect();
    let mut groups = Vec::new();
    for (flow, members) in flows {
        let heads: Vec<usize> = called.iter().copied().filter(|ix| members.contains(ix)).collect();
        let (rest, parts) = split(network, members, &heads);
        if !rest.is_empty() {
            groups.push(Group { frame: frame(network, flow), members: rest });
        }
        groups.extend(parts);
    }
    groups.sort_by_key(|g| g.members.first().copied());
    groups
}

fn frame<'d>(network: &Network<'d>, flow: &'d str) -> Frame<'d> {
    match network.ids.get(flow) {
        Some(&ix) if network.items[ix].kind == "subflow" => Frame::Subflow(ix),
        _ => Frame::Tab(flow),
    }
}

/// The `link in` nodes that some `link call` names.
fn called(network: &Network<'_>) -> BTreeSet<usize> {
    let callers = (0..network.items.len()).filter(|ix| network.items[*ix].kind == "link call");
    callers
        .flat_map(|ix| network.listed(ix, "links"))
        .filter(|ix| network.items[*ix].kind == "link in")
        .collect()
}

/// Takes out of a tab what only calls reach.
fn split<'d>(
    network: &Network<'d>,
    members: BTreeSet<usize>,
    heads: &[usize],
) -> (BTreeSet<usize>, Vec<Group<'d>>) {
    let mut reached: Vec<HashSet<usize>> = Vec::new();
    let mut total = 0;
    for head in heads {
        let own = reach(network, &members, &[*head]);
        total += own.len();
        // Parts that hold much of each other stay in the tab, so that no file grows without bound.
        if total > 1000 + 4 * members.len() {
            break;
        }
        reached.push(own);
    }
    let all: HashSet<usize> = reached.iter().flatten().copied().collect();
    let others: Vec<usize> = members.iter().copied().filter(|ix| !all.contains(ix)).collect();
    let shared = reach(network, &members, &others);
    let rest = members.iter().copied().filter(|ix| shared.contains(ix)).collect();
    let catches: Vec<usize> =
        others.iter().copied().filter(|ix| network.items[*ix].kind == "catch").collect();
    let mut caught = reach(network, &members, &catches);
    if caught.len() * reached.len() > 1000 + 4 * members.len() {
        caught.clear();
    }
    let part = |(head, own): (&usize, HashSet<usize>)| {
        let members = own.into_iter().chain(caught.iter().copied()).collect();
        Group { frame: Frame::Called(*head), members }
    };
    (rest, heads.iter().zip(reached).map(part).collect())
}

/// Everything that a message may come to from some nodes, on their own tab.
fn reach(network: &Network<'_>, members: &BTreeSet<usize>, from: &[usize]) -> HashSet<usize> {
    let mut seen: HashSet<usize> = HashSet::new();
    let mut open = from.to_vec();
    while let Some(ix) = open.pop() {
        if members.contains(&ix) && seen.insert(ix) {
            open.extend(network.items[ix].wires.iter().flatten());
            if kinds::links_on(network.items[ix].node) {
                open.extend(network.listed(ix, "links"));
            }
        }
    }
    seen
}
