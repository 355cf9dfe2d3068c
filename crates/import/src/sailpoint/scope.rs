//! Names that expressions may use: step outputs by camel-cased step name, the loop's item and context.
//!
//! SailPoint adds each step's result to the run's data under the step's name in camel case, so `HTTP Request 2`
//! is read as `$.hTTPRequest2`. Inside a loop, `$.loop.loopInput` is the item and `$.loop.context` what the loop's
//! `context` names.

use std::collections::HashMap;
use workflow::{Reference, Root, Segment, StepIx, Text};

/// The names in one list of steps.
pub(super) struct Scope<'s> {
    /// Step ids by camel-cased name.
    outputs: HashMap<String, Text>,
    /// The steps around, when these are a loop's.
    outer: Option<&'s Scope<'s>>,
    /// The loop whose steps these are.
    looped: Option<Looped>,
}

/// The loop around steps.
pub(super) struct Looped {
    /// Its step id.
    pub(super) id: Text,
    /// Its name in expressions.
    pub(super) name: String,
    /// What its `context` names, resolved outside the loop; nothing for the whole data.
    pub(super) context: Option<Reference>,
}

impl<'s> Scope<'s> {
    /// The scope of steps with these names, whose ids start with `prefix`.
    pub(super) fn new<'n>(
        names: impl Iterator<Item = &'n str>,
        prefix: &str,
        outer: Option<&'s Scope<'s>>,
        looped: Option<Looped>,
    ) -> Self {
        let outputs = names.map(|n| (camel(n), Text::from(format!("{prefix}{n}")))).collect();
        Scope { outputs, outer, looped }
    }

    /// What a path from the run's data (`trigger`, `getIdentity`, `loop`) refers to.
    pub(super) fn resolve(&self, path: Vec<Segment>) -> Reference {
        match path.first() {
            Some(Segment::Key(first)) => match first.as_str() {
                "trigger" => rooted(Root::Trigger, path, 1),
                "secrets" => secret(path),
                name => match self.step(name) {
                    Some(id) => rooted(Root::Step(id.clone()), path, 1),
                    None => self.of_loop(name, &path).unwrap_or_else(|| unknown(path)),
                },
            },
            _ => unknown(path),
        }
    }

    /// Own steps first, then those outside the loop: the platform only sees the loop's context there, but a
    /// reader means the step.
    fn step(&self, name: &str) -> Option<&Text> {
        if self.loop_named(name).is_some() {
            return None;
        }
        self.outputs.get(name).or_else(|| self.outer.and_then(|o| o.step(name)))
    }

    fn loop_named(&self, name: &str) -> Option<&Looped> {
        let own = self.looped.as_ref().filter(|l| name == "loop" || l.name == name);
        own.or_else(|| self.outer.and_then(|o| o.loop_named(name)))
    }

    fn of_loop(&self, name: &str, path: &[Segment]) -> Option<Reference> {
        let looped = self.loop_named(name)?;
        let Some(Segment::Key(part)) = path.get(1) else { return None };
        match part.as_str() {
            "loopInput" => Some(rooted(Root::Item(looped.id.clone()), path.to_vec(), 2)),
            "context" => Some(self.in_context(looped, path.get(2..).unwrap_or_default())),
            _ => Some(rooted(Root::Step(looped.id.clone()), path.to_vec(), 1)),
        }
    }

    fn in_context(&self, looped: &Looped, rest: &[Segment]) -> Reference {
        match (&looped.context, self.outer) {
            (Some(context), _) => {
                let path = context.path.iter().chain(rest).cloned().collect();
                Reference { root: context.root.clone(), path }
            }
            (None, Some(outer)) => outer.resolve(rest.to_vec()),
            (None, None) => unknown(rest.to_vec()),
        }
    }
}

/// A step's name as the run's data has it: words joined, the first letter small.
pub(super) fn camel(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut upper = false;
    for c in name.chars() {
        if !c.is_alphanumeric() {
            upper = !out.is_empty();
        } else if out.is_empty() {
            out.extend(c.to_lowercase());
        } else if upper {
            out.extend(c.to_uppercase());
            upper = false;
        } else {
            out.push(c);
        }
    }
    out
}

fn rooted(root: Root, mut path: Vec<Segment>, skip: usize) -> Reference {
    path.drain(..skip.min(path.len()));
    Reference { root, path }
}

fn secret(path: Vec<Segment>) -> Reference {
    match path.get(1) {
        Some(Segment::Key(name)) => Reference { root: Root::Secret(name.clone()), path: Vec::new() },
        _ => unknown(path),
    }
}

fn unknown(path: Vec<Segment>) -> Reference {
    match path.first() {
        Some(Segment::Key(name)) => rooted(Root::Unknown(name.clone()), path, 1),
        _ => Reference { root: Root::Unknown("$".into()), path },
    }
}

/// Steps of one list by name, for edges.
pub(super) type ByName<'n> = HashMap<&'n str, StepIx>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn step_names_become_camel_case() {
        let cases = [
            ("HTTP Request 2", "hTTPRequest2"),
            ("Get Identity 1", "getIdentity1"),
            ("Define Variable", "defineVariable"),
            ("End Step — Success", "endStepSuccess"),
            ("Start Date", "startDate"),
            ("", ""),
        ];
        for (name, expected) in cases {
            assert_eq!(camel(name), expected);
        }
    }
}
