//! Follows the data through a graph: what each point's input is, whichever way led there.
//!
//! Where ways meet with different data, each differing part becomes a variable that every point before the meeting
//! sets, so that an analysis can tell which way gave it which value.

use super::data::{Data, bounded, value_of};
use crate::values::term as term_of;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::rc::Rc;
use workflow::{Function, Root, Segment, Term, Text, Value};

/// A way from one point to another.
pub(crate) struct Way<S> {
    /// The point it leaves; nothing for the start of the run.
    pub(crate) from: Option<usize>,
    /// How it leaves.
    pub(crate) slot: S,
    pub(crate) to: usize,
}

/// What was found.
pub(crate) struct Followed {
    /// The input of each point.
    pub(crate) inputs: Vec<Data>,
    /// Variables to set: by which point (nothing for the start), which, to what.
    pub(crate) sets: Vec<(Option<usize>, Text, Value)>,
    /// Variables to set on one way only, by its number: the point is left by others with another value.
    pub(crate) apart: Vec<(usize, Text, Value)>,
}

/// What a point hands on by one of its ways, given its input.
pub(crate) type Out<'o, S> = &'o dyn Fn(usize, S, &Data) -> Data;

#[derive(Clone, Default)]
struct Input {
    data: Data,
    reached: bool,
    /// Paths whose value depends on the way.
    varying: BTreeSet<Vec<Text>>,
}

/// So many differing parts are told apart at one place.
const MAX_VARYING: usize = 64;
/// So many visits per point, before the rest is left as it is.
const MAX_VISITS: usize = 40;
/// Documents are told apart so deep.
const MAX_KEYS: usize = 16;

/// Follows all ways from the start. `names` are the names of the points for people; `alone` says of which ways variables
/// can be set on that way only.
pub(crate) fn follow<S: Copy>(
    ways: &[Way<S>],
    names: &[Text],
    start: &Data,
    out: Out<'_, S>,
    alone: fn(S) -> bool,
) -> Followed {
    let mut leaving: Vec<Vec<&Way<S>>> = (0..names.len()).map(|_| Vec::new()).collect();
    for way in ways {
        if let Some(from) = way.from {
            leaving[from].push(way);
        }
    }
    let mut inputs: Vec<Input> = vec![Input::default(); names.len()];
    let (mut queue, mut waiting) = (VecDeque::new(), vec![false; names.len()]);
    for way in ways.iter().filter(|w| w.from.is_none()) {
        arrive(&mut inputs[way.to], start, &names[way.to]);
        queue.push_back(way.to);
    }
    let mut budget = MAX_VISITS * names.len() + 100;
    while let Some(at) = queue.pop_front() {
        waiting[at] = false;
        let Some(left) = budget.checked_sub(1) else {
            // No end in sight: nothing that was found so far is certain.
            inputs.iter_mut().for_each(|i| *i = Input::default());
            break;
        };
        budget = left;
        for way in &leaving[at] {
            let data = out(at, way.slot, &inputs[at].data);
            if arrive(&mut inputs[way.to], &data, &names[way.to]) && !waiting[way.to] {
                waiting[way.to] = true;
                queue.push_back(way.to);
            }
        }
    }
    let given = given(ways, &inputs, names, start, out);
    let nowhere = || Data::root(Root::Unknown("$".into()));
    let inputs = inputs.into_iter().map(|i| if i.reached { i.data } else { nowhere() }).collect();
    parted(given, inputs, |way| ways.get(way).is_some_and(|w| alone(w.slot)))
}

/// Data arrives at a point; whether that changed what is known there.
fn arrive(input: &mut Input, data: &Data, name: &str) -> bool {
    if !std::mem::replace(&mut input.reached, true) {
        input.data = data.clone();
        return true;
    }
    let mut path = Vec::new();
    merge(&mut input.data, data, name, &mut path, &mut input.varying)
}

/// Takes in what comes another way. What was told apart once stays told apart, so that this comes to an end.
fn merge(
    known: &mut Data,
    other: &Data,
    name: &str,
    path: &mut Vec<Text>,
    varying: &mut BTreeSet<Vec<Text>>,
) -> bool {
    if known == other || given_up(known) {
        return false;
    }
    if varying.len() > MAX_VARYING || path.len() > MAX_KEYS {
        *known = Data::of(value_of(Term::Unknown(Vec::new())));
        return true;
    }
    let before = Data::of(known.base.clone());
    let mut changed = false;
    if known.base != other.base && !varying.contains(path) {
        varying.insert(path.clone());
        known.base = Data::root(Root::Variable(variable(name, path))).base;
        changed = true;
    }
    for at in 0..known.over.len() {
        let (key, ours) = known.over[at].clone();
        let theirs = other.laid_near(&key, at);
        if theirs.is_some_and(|t| Rc::ptr_eq(t, &ours) || *t == ours) {
            continue;
        }
        let theirs = theirs.cloned().unwrap_or_else(|| Rc::new(other.part(&[Segment::Key(key.clone())])));
        let mut merged = Data::clone(&ours);
        path.push(key);
        if merge(&mut merged, &theirs, name, path, varying) {
            known.over[at].1 = Rc::new(merged);
            changed = true;
        }
        path.pop();
    }
    let own = known.over.len();
    for (at, (key, theirs)) in other.over.iter().enumerate() {
        if known.over[..own].get(at).is_some_and(|(k, _)| k == key) || known.laid(key).is_some() {
            continue;
        }
        let mut merged = before.part(&[Segment::Key(key.clone())]);
        path.push(key.clone());
        merge(&mut merged, theirs, name, path, varying);
        path.pop();
        known.over.push((key.clone(), Rc::new(merged)));
        changed = true;
    }
    changed
}

/// Nothing is known any more.
fn given_up(data: &Data) -> bool {
    matches!(&data.base, Value::Expr(e) if matches!(&e.term, Term::Unknown(seen) if seen.is_empty()))
}

/// The variable for a part that depends on the way.
fn variable(name: &str, path: &[Text]) -> Text {
    let mut out = String::from("$");
    path.iter().for_each(|key| out.extend([".", key]));
    out.extend([" before ", name]);
    out.into()
}

/// A variable that a point (nothing for the start) sets, with the value that each way gives it.
type Given = (Option<usize>, Text, Vec<(usize, Value)>);

/// What the points before each meeting set, so that the varying parts have their values.
fn given<S: Copy>(
    ways: &[Way<S>],
    inputs: &[Input],
    names: &[Text],
    start: &Data,
    out: Out<'_, S>,
) -> Vec<Given> {
    let mut sets: Vec<Given> = Vec::new();
    let mut known: HashMap<(Option<usize>, Text), usize> = HashMap::new();
    for (number, way) in ways.iter().enumerate().filter(|(_, w)| !inputs[w.to].varying.is_empty()) {
        let data = match way.from {
            Some(from) if !inputs[from].reached => continue,
            Some(from) => out(from, way.slot, &inputs[from].data),
            None => start.clone(),
        };
        for path in &inputs[way.to].varying {
            let keys: Vec<_> = path.iter().map(|k| Segment::Key(k.clone())).collect();
            let value = data.part(&keys).base;
            let name = variable(&names[way.to], path);
            let at = *known.entry((way.from, name.clone())).or_insert(sets.len());
            match sets.get_mut(at) {
                Some((.., values)) => values.push((number, value)),
                None => sets.push((way.from, name, vec![(number, value)])),
            }
        }
    }
    sets
}

/// What is given, by the point that sets it; on a way of its own where that can be and another way gives something else.
fn parted(given: Vec<Given>, inputs: Vec<Data>, alone: impl Fn(usize) -> bool) -> Followed {
    let (mut sets, mut apart) = (Vec::new(), Vec::new());
    for (from, name, mut values) in given {
        let differ = values.windows(2).any(|w| matches!(w, [(_, a), (_, b)] if a != b));
        if from.is_some() && differ {
            let own = values.iter().filter(|(way, _)| alone(*way));
            apart.extend(own.map(|(way, value)| (*way, name.clone(), value.clone())));
            values.retain(|(way, _)| !alone(*way));
        }
        let values = values.into_iter().map(|(_, value)| value);
        let one = values.reduce(|old, value| if old == value { old } else { either(&old, &value) });
        sets.extend(one.map(|value| (from, name, value)));
    }
    Followed { inputs, sets, apart }
}

/// One of two values, by which way a point was left.
fn either(a: &Value, b: &Value) -> Value {
    let which = Term::Unknown(Vec::new());
    bounded(value_of(Term::Call(Function::If, vec![which, term_of(a), term_of(b)])))
}
