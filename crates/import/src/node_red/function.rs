//! Function nodes: what they do to the message, by which outputs it leaves and under which conditions.

use super::scope::Msg;
use crate::doc::Node;
use crate::js::{self, End, How, Local};
use std::rc::Rc;
use workflow::{Assignment, Function, Map, Reference, Root, Term, Text, Value};

/// What a function does to the message that passes through it.
#[derive(Debug)]
pub(super) struct Effects {
    /// The message that it sends: an object literal with the message that came in spread into it, or anything else.
    pub(super) message: Term,
    /// For each output, when a message leaves by it: nothing where it always does.
    pub(super) outputs: Vec<Option<Term>>,
    /// Variables that it sets.
    pub(super) variables: Vec<(Text, Term)>,
}

/// A node with more outputs than this has the rest of them unread.
const MOST_OUTPUTS: usize = 64;
/// Values that depend on conditions are taken apart so deep.
const MOST_DEPTH: u32 = 8;

/// A message on its way out: the output (none where it may be any), what holds then, and the message.
type Sent = (Option<usize>, Vec<Rc<Term>>, Term);

/// Reads a function with so many outputs.
pub(super) fn read(code: &str, outputs: usize) -> Option<Effects> {
    let run = js::run(code, &Msg, vec![("msg", Local::Value(Root::Previous))])?;
    let mut sent: Vec<Sent> = Vec::new();
    for end in run.ends.into_iter().filter(|e| e.how != How::Thrown) {
        leave(end.value, end.when, &mut sent, MOST_DEPTH);
    }
    let condition = |output: usize| {
        let by = |(o, when, _): &Sent| {
            o.is_none_or(|o| o == output).then(|| {
                let mut when = when.clone();
                when.extend(o.is_none().then(|| Rc::new(Term::Unknown(Vec::new()))));
                End { how: How::Sent, when, value: Term::Null }
            })
        };
        let ends: Vec<End> = sent.iter().filter_map(by).collect();
        if ends.is_empty() { Some(Term::Bool(false)) } else { js::any_of(ends.iter()) }
    };
    let outputs = (0..outputs.min(MOST_OUTPUTS)).map(condition).collect();
    let messages: Vec<(Vec<Rc<Term>>, Term)> = sent.into_iter().map(|(_, when, term)| (when, term)).collect();
    Some(Effects { message: js::one_of(messages), outputs, variables: run.variables })
}

/// What is returned or sent, by outputs: a list has a message, a list of messages, or nothing for each.
fn leave(value: Term, when: Vec<Rc<Term>>, sent: &mut Vec<Sent>, depth: u32) {
    match value {
        Term::Null => {}
        Term::Call(Function::If, mut args) if args.len() == 3 && depth > 0 => {
            let (no, yes, condition) = (args.pop(), args.pop(), args.pop());
            let (Some(no), Some(yes), Some(condition)) = (no, yes, condition) else { return };
            let with = |c| when.iter().cloned().chain([Rc::new(c)]).collect();
            leave(yes, with(condition.clone()), sent, depth - 1);
            leave(no, with(Term::Call(Function::Not, vec![condition])), sent, depth - 1);
        }
        Term::List(outputs) => {
            for (output, value) in outputs.into_iter().enumerate() {
                by_output(output, value, &when, sent, depth);
            }
        }
        value @ (Term::Map(_) | Term::Ref(_)) => sent.push((Some(0), when, value)),
        value => sent.push((None, when, value)),
    }
}

fn by_output(output: usize, value: Term, when: &[Rc<Term>], sent: &mut Vec<Sent>, depth: u32) {
    match value {
        Term::Null => {}
        Term::List(messages) => {
            messages.into_iter().for_each(|m| sent.push((Some(output), when.to_vec(), m)));
        }
        Term::Call(Function::If, _) if depth > 0 => {
            let mut parts = Vec::new();
            leave(value, when.to_vec(), &mut parts, depth - 1);
            sent.extend(parts.into_iter().map(|(_, when, message)| (Some(output), when, message)));
        }
        value => sent.push((Some(output), when.to_vec(), value)),
    }
}

impl Effects {
    /// The properties that are set where the rest of the message stays as it came in.
    pub(super) fn set(&self) -> Option<&[(Text, Term)]> {
        match &self.message {
            Term::Ref(r) if is_message(r) => Some(&[]),
            Term::Map(entries) => {
                let (first, rest) = entries.split_first()?;
                let passes = first.0 == "..." && matches!(&first.1, Term::Ref(r) if is_message(r));
                let plain = rest.iter().all(|(k, _)| k != "..." && k != "*");
                (passes && plain).then_some(rest)
            }
            _ => None,
        }
    }

    /// What comes out: the properties that are set, or the whole message; and whether the rest stays.
    pub(super) fn output(&self, value: impl Fn(&Term) -> Value) -> (Value, bool) {
        let Some(set) = self.set() else { return (value(&self.message), false) };
        let mut map = Map::default();
        set.iter().for_each(|(key, term)| map.push(key.clone(), value(term), 0));
        (Value::Map(map), true)
    }

    /// A property of the message that is set to a constant text or number.
    pub(super) fn constant(&self, path: &[&str]) -> Option<&str> {
        let mut at = &self.message;
        for key in path {
            let Term::Map(entries) = at else { return None };
            at = &entries.iter().rev().find(|(k, _)| k == key)?.1;
        }
        if let Term::Text(text) | Term::Number(text) = at { Some(text) } else { None }
    }

    /// The variables that were set.
    pub(super) fn assignments(&self, value: impl Fn(&Term) -> Value) -> Vec<Assignment> {
        let one = |(variable, term): &(Text, Term)| Assignment {
            variable: variable.clone(),
            value: value(term),
            adds: false,
        };
        self.variables.iter().map(one).collect()
    }
}

/// The modules that a function is given under names of its own, as the text that would bring them in.
/// Source: <https://nodered.org/docs/user-guide/writing-functions#using-the-functionexternalmodules-option>
pub(super) fn modules(node: Node<'_>) -> Option<String> {
    let one = |lib: Node<'_>| {
        let written = lib.str("module")?;
        let module = written
            .rsplit_once('@')
            .map_or(written, |(name, _)| if name.is_empty() { written } else { name });
        Some(format!("const {} = require({module:?});", lib.str("var").unwrap_or("_")))
    };
    let all: Vec<String> = node.get("libs").into_iter().flat_map(Node::items).filter_map(one).collect();
    (!all.is_empty()).then(|| all.join("\n"))
}

fn is_message(reference: &Reference) -> bool {
    reference.root == Root::Previous && reference.path.is_empty()
}

/// Sets a value at a path of keys.
pub(super) fn put(map: &mut Map, path: &[String], value: Value) {
    let Some((key, rest)) = path.split_first() else { return };
    if rest.is_empty() {
        map.0.retain(|e| e.key != key.as_str());
        return map.push(key.as_str(), value, 0);
    }
    let found = map.0.iter().position(|e| e.key == key.as_str() && matches!(e.value, Value::Map(_)));
    let ix = found.unwrap_or_else(|| {
        map.0.retain(|e| e.key != key.as_str());
        map.push(key.as_str(), Value::Map(Map::default()), 0);
        map.0.len() - 1
    });
    if let Some(workflow::Entry { value: Value::Map(inner), .. }) = map.0.get_mut(ix) {
        put(inner, rest, value);
    }
}
