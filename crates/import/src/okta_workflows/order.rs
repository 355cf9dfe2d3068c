//! From the partial order in which a flow keeps its cards to the sequence in which they run.
//!
//! A flow's `orderings` say which card comes before which, with many redundant pairs; cards run one after the
//! other. An `if` card opens two branches, each from its own `noop` card, and a `join` card closes them.

use super::cards::Cards;
use crate::doc::Node;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// Branches are followed so deep; deeper ones run on in the branch around them.
const MAX_BRANCHES_DEEP: usize = 32;

/// Of the cards before a card so many are looked at to find the branch that it stands in.
const MAX_BEFORE: usize = 128;

/// A card, or an `if` with its branches.
pub(super) enum Item {
    Card(usize),
    If { card: usize, yes: Vec<Item>, no: Vec<Item>, join: Option<usize> },
}

/// One side of an `if`.
struct Side {
    card: usize,
    yes: bool,
    around: Option<usize>,
    depth: usize,
}

struct Order<'c, 'd> {
    cards: &'c Cards<'d>,
    /// Cards of the flow in an order that respects `orderings`.
    sorted: Vec<usize>,
    before: HashMap<usize, Vec<usize>>,
    sides: Vec<Side>,
    /// The sides of each `if`.
    opened: HashMap<usize, Vec<usize>>,
    /// The side in which a card stands.
    within: HashMap<usize, Option<usize>>,
    /// The join that closes an `if`.
    joins: HashMap<usize, usize>,
    /// Where a card stands in `sorted`.
    position: HashMap<usize, usize>,
}

/// The cards of a flow in the order in which they run.
pub(super) fn items(cards: &Cards<'_>, flow: usize) -> Vec<Item> {
    let mut order = Order {
        cards,
        sorted: Vec::new(),
        before: HashMap::new(),
        sides: Vec::new(),
        opened: HashMap::new(),
        within: HashMap::new(),
        joins: HashMap::new(),
        position: HashMap::new(),
    };
    order.sort(flow);
    order.place();
    let mut lists: HashMap<Option<usize>, Vec<usize>> = HashMap::new();
    for card in &order.sorted {
        lists.entry(order.within.get(card).copied().flatten()).or_default().push(*card);
    }
    order.build(None, &mut lists)
}

impl Order<'_, '_> {
    /// Kahn's algorithm; what a cycle holds back is appended as written.
    fn sort(&mut self, flow: usize) {
        let known = &self.cards.flows[flow];
        let mut after: HashMap<usize, Vec<usize>> = HashMap::new();
        let mut edges: Vec<(usize, usize)> = Vec::new();
        let find = |uuid: &str| self.cards.by_uuid.get(&(flow, uuid)).copied();
        for (_, edge) in known.node.get("orderings").into_iter().flat_map(Node::entries) {
            let ends: Vec<usize> = edge.items().filter_map(Node::as_str).filter_map(find).collect();
            if let [from, to] = ends[..] {
                edges.push((from, to));
            }
        }
        for &card in &known.cards {
            let branches = self.cards.cards[card].node.get("branches").into_iter().flat_map(Node::entries);
            edges.extend(branches.filter_map(|(uuid, _)| Some((card, find(uuid)?))));
        }
        edges.sort_unstable();
        edges.dedup();
        for (from, to) in edges.into_iter().filter(|(from, to)| from != to) {
            after.entry(from).or_default().push(to);
            self.before.entry(to).or_default().push(from);
        }
        let mut waits: HashMap<usize, usize> = self.before.iter().map(|(c, b)| (*c, b.len())).collect();
        let mut ready: BinaryHeap<Reverse<usize>> =
            known.cards.iter().filter(|c| !waits.contains_key(c)).map(|c| Reverse(*c)).collect();
        while let Some(Reverse(card)) = ready.pop() {
            self.sorted.push(card);
            for next in after.get(&card).into_iter().flatten() {
                let Some(left) = waits.get_mut(next) else { continue };
                *left -= 1;
                if *left == 0 {
                    ready.push(Reverse(*next));
                }
            }
        }
        let mut stuck: Vec<usize> = waits.into_iter().filter(|(_, left)| *left > 0).map(|(c, _)| c).collect();
        stuck.sort_unstable();
        self.sorted.extend(stuck);
    }

    /// Finds the side of which `if` each card stands in.
    fn place(&mut self) {
        let sorted = self.sorted.clone();
        for (at, &card) in sorted.iter().enumerate() {
            let before = self.latest(card);
            let opened = self.within.get(&card).copied().flatten();
            let mut side = opened.or_else(|| self.innermost(&before));
            if self.cards.cards[card].is("control.join")
                && let Some(own) = side
            {
                let closes = self.sides[own].card;
                side = self.sides[own].around;
                self.joins.insert(closes, card);
            }
            self.within.insert(card, side);
            self.position.insert(card, at);
            self.open(card, side);
        }
    }

    /// The cards right before a card; of very many, those that run last.
    fn latest(&self, card: usize) -> Vec<usize> {
        let mut before = self.before.get(&card).cloned().unwrap_or_default();
        if before.len() > MAX_BEFORE {
            before.sort_by_key(|b| std::cmp::Reverse(self.position.get(b).copied()));
            before.truncate(MAX_BEFORE);
        }
        before
    }

    /// The innermost side in which one of these cards stands and which is still open after all of them.
    fn innermost(&self, before: &[usize]) -> Option<usize> {
        let sides = before.iter().filter_map(|b| {
            let innermost = self.within.get(b).copied().flatten();
            let (mut side, mut open) = (innermost, innermost);
            while let Some(s) = side {
                side = self.sides[s].around;
                if self.is_closed(self.sides[s].card, before) {
                    open = side;
                }
            }
            open
        });
        sides.max_by_key(|s| self.sides[*s].depth)
    }

    /// Whether one of these cards stands outside an `if` and at or behind its join.
    fn is_closed(&self, card: usize, before: &[usize]) -> bool {
        let Some(join) = self.joins.get(&card).and_then(|j| self.position.get(j)) else { return false };
        let behind = before.iter().filter(|b| self.position.get(b).is_some_and(|at| at >= join));
        behind.into_iter().any(|b| !self.stands_in(*b, card))
    }

    fn stands_in(&self, card: usize, branch: usize) -> bool {
        let mut side = self.within.get(&card).copied().flatten();
        while let Some(s) = side {
            if self.sides[s].card == branch {
                return true;
            }
            side = self.sides[s].around;
        }
        false
    }

    /// Opens the two sides of an `if`.
    fn open(&mut self, card: usize, around: Option<usize>) {
        let depth = around.map_or(0, |a| self.sides[a].depth + 1);
        if depth >= MAX_BRANCHES_DEEP {
            return;
        }
        let known = &self.cards.cards[card];
        for (uuid, value) in known.node.get("branches").into_iter().flat_map(Node::entries) {
            let Some(&start) = self.cards.by_uuid.get(&(known.flow, uuid)) else { continue };
            self.opened.entry(card).or_default().push(self.sides.len());
            self.sides.push(Side { card, yes: value.as_bool() == Some(true), around, depth });
            self.within.insert(start, Some(self.sides.len() - 1));
        }
    }

    fn build(&self, side: Option<usize>, lists: &mut HashMap<Option<usize>, Vec<usize>>) -> Vec<Item> {
        let list = lists.remove(&side).unwrap_or_default();
        let at: HashMap<usize, usize> = list.iter().enumerate().map(|(i, c)| (*c, i)).collect();
        let mut done = vec![false; list.len()];
        let mut items = Vec::new();
        for i in 0..list.len() {
            if done[i] {
                continue;
            }
            let card = list[i];
            let Some(sides) = self.opened.get(&card).cloned() else {
                items.push(Item::Card(card));
                continue;
            };
            let join = self.joins.get(&card).copied();
            // What stands between an `if` and its join without needing the `if` runs before it.
            if let Some(&j) = join.and_then(|j| at.get(&j)) {
                for k in i + 1..j {
                    let needs = self.before.get(&list[k]).is_some_and(|b| b.contains(&card));
                    if !done[k] && !needs && !self.opened.contains_key(&list[k]) {
                        items.push(Item::Card(list[k]));
                        done[k] = true;
                    }
                }
                done[j] = true;
            }
            let (mut yes, mut no) = (Vec::new(), Vec::new());
            for s in sides {
                let inside = self.build(Some(s), lists);
                if self.sides[s].yes { yes.extend(inside) } else { no.extend(inside) }
            }
            items.push(Item::If { card, yes, no, join });
        }
        items
    }
}
