//! Which workflow of the old state is which of the new: by the platform's id, by file and name, by name, by file.

use super::Side;
use std::collections::{HashMap, HashSet};
use workflow::Workflow;

/// A workflow and its file.
type Known<'s> = (&'s str, &'s Workflow);
/// Platform, file and id or name by which two are the same.
type Key = Option<(&'static str, String, String)>;

/// Pairs of indices; what has no counterpart stands alone. In the order of the new state, then what is gone.
pub(super) fn pairs(old: &Side, new: &Side) -> Vec<(Option<usize>, Option<usize>)> {
    let ways: [fn(Known<'_>) -> Key; 5] = [
        |(p, w)| Some((w.platform.as_str(), p.to_owned(), w.id.as_ref()?.to_string())),
        |(_, w)| Some((w.platform.as_str(), String::new(), w.id.as_ref()?.to_string())),
        |(p, w)| Some((w.platform.as_str(), p.to_owned(), w.name.to_string())),
        |(_, w)| Some((w.platform.as_str(), String::new(), w.name.to_string())),
        |(p, w)| Some((w.platform.as_str(), p.to_owned(), String::new())),
    ];
    let (old, new) = (all(old), all(new));
    let mut found: HashMap<usize, usize> = HashMap::new();
    let mut taken: HashSet<usize> = HashSet::new();
    for key in ways {
        let mut open: HashMap<_, Vec<usize>> = HashMap::new();
        for (i, known) in old.iter().enumerate().filter(|(i, _)| !taken.contains(i)) {
            if let Some(key) = key(*known) {
                open.entry(key).or_default().push(i);
            }
        }
        for (n, known) in new.iter().enumerate() {
            if found.contains_key(&n) {
                continue;
            }
            let same = key(*known).and_then(|key| open.get_mut(&key)).filter(|same| !same.is_empty());
            if let Some(same) = same {
                let o = same.remove(0);
                taken.insert(o);
                found.insert(n, o);
            }
        }
    }
    last_two(&old, &new, &mut found, &mut taken);
    let mut pairs: Vec<_> = (0..new.len()).map(|n| (found.get(&n).copied(), Some(n))).collect();
    pairs.extend((0..old.len()).filter(|o| !taken.contains(o)).map(|o| (Some(o), None)));
    pairs
}

fn all(side: &Side) -> Vec<Known<'_>> {
    side.paths.iter().map(String::as_str).zip(&side.workflows).collect()
}

/// One against one is the same workflow, whatever it is called now.
fn last_two(
    old: &[Known<'_>],
    new: &[Known<'_>],
    found: &mut HashMap<usize, usize>,
    taken: &mut HashSet<usize>,
) {
    if let ([(_, o)], [(_, n)]) = (old, new)
        && found.is_empty()
        && o.platform == n.platform
    {
        found.insert(0, 0);
        taken.insert(0);
    }
}
