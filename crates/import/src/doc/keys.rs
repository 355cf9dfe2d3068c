//! The keys of objects: which stand twice, and how one of very many is found.

use super::{Doc, Node, index};

/// Of so many keys each is compared with each, of more they are sorted.
const FEW: usize = 12;
/// An object with more keys than this keeps them sorted, so that it is not searched from end to end for each key.
const MANY: usize = 1000;

/// What is known of keys.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// Those that stand in their object already.
    pub twice: Vec<u32>,
    /// Objects with many keys, and their values in the order of keys, then of places.
    many: Vec<(u32, Vec<u32>)>,
    /// The keys of the object that was closed last: kept for its room.
    last: Vec<u32>,
}

impl Keys {
    /// Forgets the values from this one on, which are those that were met last.
    pub fn truncate(&mut self, from: u32) {
        while self.twice.pop_if(|ix| *ix >= from).is_some() {}
        while self.many.pop_if(|(ix, _)| *ix >= from).is_some() {}
    }

    /// The document is whole.
    pub fn close(&mut self) {
        self.many.sort_unstable_by_key(|m| m.0);
    }
}

impl Doc<'_> {
    /// Marks keys that stand twice in the object at `ix`, and keeps very many in their order.
    pub(super) fn note_keys(&mut self, ix: u32) {
        let (mut child, end) = (ix + 1, self.nodes[ix as usize].end);
        let mut all = std::mem::take(&mut self.keys.last);
        all.clear();
        while child < end {
            all.push(child);
            child = self.nodes[child as usize].end;
        }
        let slice = |k: u32| self.nodes[k as usize].key;
        let key = |k: u32| self.slice(slice(k));
        let same = |a: u32, b: u32| slice(a).len() == slice(b).len() && key(a) == key(b);
        let again = |i: usize| all[..i].iter().any(|k| same(*k, all[i]));
        if all.len() > FEW || (1..all.len()).any(again) {
            let mut sorted: Vec<(&str, u32)> = all.iter().map(|&k| (key(k), k)).collect();
            sorted.sort_unstable();
            let twice: Vec<u32> = sorted.windows(2).filter(|w| w[0].0 == w[1].0).map(|w| w[1].1).collect();
            let many = (sorted.len() > MANY).then(|| (ix, sorted.iter().map(|s| s.1).collect()));
            self.keys.twice.extend(twice);
            self.keys.many.extend(many);
        }
        self.keys.last = all;
    }

    /// The value of a key of the object at `ix`, where the object has very many: the last one of those.
    pub(super) fn of_many(&self, ix: u32, key: &str) -> Option<Option<Node<'_>>> {
        let at = self.keys.many.binary_search_by_key(&ix, |m| m.0).ok()?;
        let values = &self.keys.many.get(at)?.1;
        let text = |k: &u32| self.nodes.get(*k as usize).map_or("", |n| self.slice(n.key));
        let after = values.partition_point(|k| text(k) <= key);
        let found = after.checked_sub(1).and_then(|i| values.get(i)).filter(|k| text(k) == key);
        Some(found.map(|k| Node { doc: self, ix: index(*k as usize) }))
    }
}
