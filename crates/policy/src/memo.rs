//! What was answered before: a decision rests on nothing but the values that the conditions of an act's policies read, so
//! where these are the same, so is the answer. Cedar is asked once for each combination.
//!
//! Which values are read is found in each policy as Cedar parsed it. Where a policy reads a whole person, subject or context
//! (and not one of its attributes), nothing is remembered. `agreement_tests` compares with Cedar asked anew each time.

use crate::cedar::{Answer, Datum, Pairs};
use cedar_policy::{Policy, PrincipalConstraint, ResourceConstraint};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;
use std::sync::{Arc, Mutex};

/// So many answers are kept; then it begins anew.
const MOST: usize = 10_000;

/// Who, what and the rest, as they are put to the policies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Put<'p, 'a> {
    pub person: &'p Pairs<'a>,
    pub subject: &'p Pairs<'a>,
    pub context: &'p Pairs<'a>,
}

/// The answers of some policies by the values that they read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memo {
    /// Variable and attribute; nothing where the policies read more than attributes.
    reads: Option<BTreeSet<(String, String)>>,
    known: Arc<Mutex<HashMap<String, Answer>>>,
}

impl Memo {
    pub fn of<'p>(mut policies: impl Iterator<Item = &'p Policy>) -> Self {
        let mut reads = BTreeSet::new();
        let clear = policies.all(|policy| {
            let open = policy.principal_constraint() == PrincipalConstraint::Any
                && policy.resource_constraint() == ResourceConstraint::Any;
            let parsed = policy.to_json().ok();
            open && parsed.is_some_and(|p| p.get("conditions").is_some_and(|c| read(c, &mut reads)))
        });
        Memo { reads: clear.then_some(reads), known: Arc::default() }
    }

    /// The answer as it was given before for the same values, or given now. Where something failed, it is not kept.
    pub fn answer(&self, put: Put<'_, '_>, ask: impl FnOnce() -> Answer) -> Answer {
        let Some(reads) = &self.reads else { return ask() };
        let key = key(reads, put);
        if let Some(known) = self.known.lock().ok().and_then(|known| known.get(&key).cloned()) {
            return known;
        }
        let answer = ask();
        if let Some(mut known) = self.known.lock().ok().filter(|_| answer.errors.is_empty()) {
            if known.len() >= MOST {
                known.clear();
            }
            known.insert(key, answer.clone());
        }
        answer
    }

    /// What the policies read: variable and attribute. Nothing is said where they read more than attributes.
    pub fn reads(&self) -> impl Iterator<Item = (&str, &str)> {
        self.reads.iter().flatten().map(|(variable, name)| (variable.as_str(), name.as_str()))
    }

    /// The attributes of a variable that the policies read.
    pub fn read_of<'p, 'a>(
        &self,
        variable: &str,
        pairs: &'p Pairs<'a>,
    ) -> impl Iterator<Item = &'p (&'static str, Datum<'a>)> {
        pairs.iter().filter(move |(name, _)| {
            let read = |(v, n): &(String, String)| v == variable && n == name;
            self.reads.as_ref().is_none_or(|reads| reads.iter().any(read))
        })
    }

    /// Forgets everything.
    pub fn forget(&self) {
        if let Ok(mut known) = self.known.lock() {
            known.clear();
        }
    }
}

/// Takes down the attributes that a condition reads; false where it reads a variable as a whole.
fn read(node: &Value, reads: &mut BTreeSet<(String, String)>) -> bool {
    match node {
        Value::Array(all) => all.iter().all(|n| read(n, reads)),
        Value::Object(map) => map.iter().all(|(operator, of)| match operator.as_str() {
            "Value" => true,
            "Var" => of == "action",
            "Record" => of.as_object().is_some_and(|fields| fields.values().all(|f| read(f, reads))),
            "." | "has" => {
                let (left, attribute) = (of.get("left"), of.get("attr").and_then(Value::as_str));
                match (left.and_then(|l| l.get("Var")).and_then(Value::as_str), attribute) {
                    (Some("action"), _) | (_, None) => false,
                    (Some(variable), Some(name)) => {
                        reads.insert((variable.to_owned(), name.to_owned()));
                        true
                    }
                    (None, Some(_)) => left.is_some_and(|l| read(l, reads)),
                }
            }
            _ => read(of, reads),
        }),
        _ => true,
    }
}

/// The values that are read, each so written that no two combinations look alike.
fn key(reads: &BTreeSet<(String, String)>, put: Put<'_, '_>) -> String {
    let mut out = String::with_capacity(16 * reads.len());
    for (variable, name) in reads {
        let pairs = match variable.as_str() {
            "principal" => put.person,
            "resource" => put.subject,
            _ => put.context,
        };
        match pairs.iter().find(|(n, _)| n == name) {
            Some((_, datum)) => write(datum, &mut out),
            None => out.push('-'),
        }
    }
    out
}

fn write(datum: &Datum<'_>, out: &mut String) {
    // Writing to a string cannot fail.
    match datum {
        Datum::Bool(true) => out.push('+'),
        Datum::Bool(false) => out.push('/'),
        Datum::Long(n) => {
            let _ = write!(out, "{n};");
        }
        Datum::Text(t) => {
            let _ = write!(out, "{}:{t}", t.len());
        }
        Datum::Set(all) => {
            for t in all {
                let _ = write!(out, "{}:{t}", t.len());
            }
            out.push(']');
        }
        Datum::Record(fields) => {
            fields.iter().for_each(|(_, d)| write(d, out));
            out.push('}');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cedar_policy::PolicySet;
    use std::str::FromStr;

    fn of(condition: &str) -> Memo {
        let text = format!("forbid (principal, action, resource) when {{ {condition} }};");
        Memo::of(PolicySet::from_str(&text).unwrap().policies())
    }

    #[test]
    fn what_a_condition_reads_is_found_and_a_variable_as_a_whole_is_told() {
        let reads = of(r#"principal.a && (context has b || context.c.d > 1) && {Var: resource.e}.Var == "x" && action == Action::"y""#).reads;
        let words: Vec<String> = reads.unwrap().iter().map(|(v, a)| format!("{v}.{a}")).collect();
        assert_eq!(words, ["context.b", "context.c", "principal.a", "resource.e"]);
        for whole in [
            "principal == resource",
            "[principal].isEmpty()",
            "context == {a: 1}",
            "principal is Person",
            "{a: context}.a.b",
        ] {
            assert_eq!(of(whole).reads, None, "{whole}");
        }
        let scoped = r#"forbid (principal == Person::"x", action, resource);"#;
        assert_eq!(Memo::of(PolicySet::from_str(scoped).unwrap().policies()).reads, None);
    }

    #[test]
    fn other_values_are_other_questions() {
        let memo = of("principal.a && context.set.contains(\"x\") && principal.t == \"\"");
        let ask = |a: bool, set: &[&str], t: &str, would: bool| {
            let set = Datum::Set(set.iter().map(|s| (*s).into()).collect());
            let person =
                vec![("a", Datum::Bool(a)), ("t", Datum::Text(t.into())), ("unread", Datum::Long(1))];
            let put = Put { person: &person, subject: &vec![], context: &vec![("set", set)] };
            memo.answer(put, || Answer { allow: would, because: vec![], errors: vec![] }).allow
        };
        assert!(ask(true, &["x", "y"], "", true));
        assert!(ask(true, &["x", "y"], "", false), "remembered");
        assert!(!ask(false, &["x", "y"], "", false));
        assert!(!ask(true, &["x", "y1:"], "", false));
        assert!(!ask(true, &["xy"], "", false));
        assert!(!ask(true, &["x"], "1:y", false));
        memo.forget();
        assert!(!ask(true, &["x", "y"], "", false));
    }

    #[test]
    fn every_act_of_the_core_is_remembered() {
        let core = crate::PolicySet::core();
        for act in crate::Act::all() {
            let slice = core.slice(act).unwrap();
            assert!(slice.memo.reads.is_some() && slice.memo_always.reads.is_some(), "{act}");
        }
    }
}
