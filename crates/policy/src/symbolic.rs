//! Which acts can change their answer at all when the policies change: asked over every case that the schema can say and
//! that can be, by a solver (SMT-LIB), not over cases that somebody thought of. Acts whose policies are the same in both
//! sets are not asked about: their answers are the same.
//!
//! Cedar's own compiler to SMT writes the questions; the solver is a function from a script to what it says, for nothing
//! here starts programs. Each case that the solver finds is put to both sets again, and counts only if they answer so.

use crate::act::Act;
use crate::cedar::{self, Which};
use crate::memo::Memo;
use crate::set::{PolicySet, schema};
use cedar_policy::{Entities, EvalResult, Policy, Request, RequestEnv};
use cedar_policy_symcc::err::SolverError;
use cedar_policy_symcc::solver::{Decision, DecisionWithModel, Solver};
use cedar_policy_symcc::{CedarSymCompiler, CompiledPolicy, CompiledPolicySet, ResetMode};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};
use tokio::io::AsyncWrite;

/// A solver: what it prints for an SMT-LIB script, or why there is nothing.
pub type Ask<'a> = dyn FnMut(&str) -> Result<String, String> + Send + 'a;

/// What the solver found about one direction of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "answer")]
pub enum Found {
    /// No case does.
    Never,
    /// A case does.
    Case(Example),
    /// It could not be found out.
    Undecided {
        /// Why.
        why: String,
    },
}

/// A case that changes its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Example {
    /// The values that the changed policies read, by name (`principal.employment`).
    pub facts: BTreeMap<String, String>,
    /// The policies that decided and no longer do.
    pub gone: Vec<String>,
    /// The policies that decide now and did not.
    pub new: Vec<String>,
}

/// What a change of policies can change about an act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shift {
    /// The act.
    pub act: Act,
    /// Whether all policies are asked, as where they are enforced; else those that hold in every mode.
    pub enforced: bool,
    /// Whether a case that was refused is allowed.
    pub opened: Found,
    /// Whether a case that was allowed is refused.
    pub closed: Found,
}

impl Shift {
    /// Whether the answer of every case is known to stay.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.opened == Found::Never && self.closed == Found::Never
    }
}

/// What can change, for every act with policies that differ.
///
/// # Errors
/// When one of the sets has problems, and so denies everything.
pub fn shifts(old: &PolicySet, new: &PolicySet, ask: &mut Ask<'_>) -> Result<Vec<Shift>, String> {
    if !old.problems().is_empty() || !new.problems().is_empty() {
        return Err("a set of policies with problems denies everything".to_owned());
    }
    let mut found = Vec::new();
    for act in Act::all() {
        for which in [Which::All, Which::Always] {
            let Some(pair) = Pair::of(old, new, act, which) else { continue };
            let (opened, closed) = pair.both(ask);
            found.push(Shift { act, enforced: which == Which::All, opened, closed });
        }
    }
    Ok(found)
}

/// What can be at all, as policies that refuse the rest.
fn possible() -> &'static cedar_policy::PolicySet {
    static POSSIBLE: LazyLock<cedar_policy::PolicySet> = LazyLock::new(|| {
        cedar_policy::PolicySet::from_str(include_str!("../possible.cedar")).unwrap_or_default()
    });
    &POSSIBLE
}

/// The policies of an act in two sets that differ there.
struct Pair<'p> {
    act: Act,
    old: &'p cedar_policy::PolicySet,
    new: &'p cedar_policy::PolicySet,
    /// Those that stand in one of the two only.
    differ: Vec<&'p Policy>,
}

impl<'p> Pair<'p> {
    fn of(old: &'p PolicySet, new: &'p PolicySet, act: Act, which: Which) -> Option<Self> {
        let of =
            |set: &'p PolicySet| set.slice(act).map(|s| if which == Which::All { &s.all } else { &s.always });
        let (old, new) = (of(old)?, of(new)?);
        let texts =
            |set: &cedar_policy::PolicySet| set.policies().map(ToString::to_string).collect::<BTreeSet<_>>();
        let (before, after) = (texts(old), texts(new));
        let only = |set: &'p cedar_policy::PolicySet, other: &BTreeSet<String>| {
            let mut all: Vec<&Policy> = set.policies().filter(|p| !other.contains(&p.to_string())).collect();
            all.sort_by_key(|p| p.id().to_string());
            all
        };
        let differ = [only(old, &after), only(new, &before)].concat();
        (!differ.is_empty()).then_some(Pair { act, old, new, differ })
    }

    fn both(&self, ask: &mut Ask<'_>) -> (Found, Found) {
        let mut script = Script { text: Vec::new(), ask };
        let undecided = |why: String| Found::Undecided { why };
        match self.compiled(&mut script) {
            Err(why) => (undecided(why.clone()), undecided(why)),
            Ok((old, new)) => {
                let opened = self.direction(&mut script, (&new, &old), false).unwrap_or_else(undecided);
                (opened, self.direction(&mut script, (&old, &new), true).unwrap_or_else(undecided))
            }
        }
    }

    fn environment(&self) -> Result<RequestEnv, String> {
        let [person, subject, _] = cedar::types().ok_or("the entity types of the schema cannot be read")?;
        let action = cedar::action(self.act).ok_or("the act is none of the schema")?;
        Ok(RequestEnv::new(person.clone(), action, subject.clone()))
    }

    /// Both sets, compiled, each without what cannot be. Cedar leaves out a policy that fails, and here it denies; so a policy
    /// that stands in one set only and that may fail leaves the question open.
    fn compiled(
        &self,
        script: &mut Script<'_, '_>,
    ) -> Result<(CompiledPolicySet, CompiledPolicySet), String> {
        let schema = schema().ok_or("the schema cannot be read")?;
        let environment = self.environment()?;
        for policy in &self.differ {
            let compiled = CompiledPolicy::compile(policy, &environment, schema).map_err(told)?;
            if !now(compiler(script)?.check_never_errors_opt(&compiled))?.map_err(told)? {
                return Err(format!(
                    "`{}` may fail (a number may become too large), and then refuses",
                    policy.id()
                ));
            }
        }
        let whole = |set: &cedar_policy::PolicySet| {
            let parts =
                set.policies().chain(possible().policies().filter(|p| crate::set::concerns(p, self.act)));
            // Names of what is possible are taken by no policy: the core has them all.
            let named =
                parts.enumerate().map(|(i, p)| p.new_id(cedar_policy::PolicyId::new(format!("p{i}"))));
            let whole = cedar_policy::PolicySet::from_policies(named).map_err(told)?;
            CompiledPolicySet::compile(&whole, &environment, schema).map_err(told)
        };
        Ok((whole(self.old)?, whole(self.new)?))
    }

    /// Whether a case is allowed by the first and not by the second. `closing` where the first is the old one.
    fn direction(
        &self,
        script: &mut Script<'_, '_>,
        (allows, refuses): (&CompiledPolicySet, &CompiledPolicySet),
        closing: bool,
    ) -> Result<Found, String> {
        let asked = now(compiler(script)?.check_implies_with_counterexample_opt(allows, refuses))?;
        let Some(case) = asked.map_err(told)? else { return Ok(Found::Never) };
        let before = cedar::answer(&case.request, self.old, &case.entities);
        let after = cedar::answer(&case.request, self.new, &case.entities);
        if (before.allow, after.allow) != (closing, !closing) {
            return Err("the policies do not answer the solver's case as it says".to_owned());
        }
        let only = |these: &[String], those: &[String]| {
            these.iter().filter(|id| !those.contains(id)).cloned().collect::<Vec<_>>()
        };
        Ok(Found::Case(Example {
            facts: self.facts(&case.request, &case.entities),
            gone: only(&before.because, &after.because),
            new: only(&after.because, &before.because),
        }))
    }

    /// The values of a case that the policies read which differ.
    fn facts(&self, request: &Request, entities: &Entities) -> BTreeMap<String, String> {
        let memo = Memo::of(self.differ.iter().copied());
        let attribute = |uid: Option<&cedar_policy::EntityUid>, name: &str| {
            uid.and_then(|uid| entities.get(uid)).and_then(|e| e.attr(name)).and_then(Result::ok)
        };
        let value = |variable: &str, name: &str| match variable {
            "principal" => attribute(request.principal(), name),
            "resource" => attribute(request.resource(), name),
            _ => request.context().and_then(|c| c.get(name)),
        };
        let read = memo.reads().filter_map(|(variable, name)| {
            Some((format!("{variable}.{name}"), text(&value(variable, name)?)))
        });
        read.collect()
    }
}

/// A value as Cedar writes it.
fn text(value: &EvalResult) -> String {
    match value {
        EvalResult::Bool(b) => b.to_string(),
        EvalResult::Long(n) => n.to_string(),
        EvalResult::String(s) => format!("\"{s}\""),
        EvalResult::Set(all) => {
            let all: BTreeSet<String> = all.iter().map(text).collect();
            format!("[{}]", all.into_iter().collect::<Vec<_>>().join(", "))
        }
        EvalResult::Record(fields) => {
            let all: BTreeMap<&String, String> =
                fields.iter().map(|(name, value)| (name, text(value))).collect();
            let all: Vec<String> = all.into_iter().map(|(name, value)| format!("{name}: {value}")).collect();
            format!("{{{}}}", all.join(", "))
        }
        EvalResult::EntityUid(uid) => uid.to_string(),
        EvalResult::ExtensionValue(value) => value.clone(),
    }
}

fn told(error: impl std::error::Error) -> String {
    error.to_string()
}

/// The question as it is written, and whom it is put to.
struct Script<'s, 'a> {
    text: Vec<u8>,
    ask: &'s mut Ask<'a>,
}

/// The compiler of one question, which is a script of its own.
fn compiler<'c, 's, 'a>(
    script: &'c mut Script<'s, 'a>,
) -> Result<CedarSymCompiler<&'c mut Script<'s, 'a>>, String>
where
    &'c mut Script<'s, 'a>: Solver,
{
    script.text.clear();
    CedarSymCompiler::new(script).map(|c| c.with_reset_mode(ResetMode::Comment)).map_err(told)
}

impl Script<'_, '_> {
    /// Ends the script with a command, and has it answered.
    fn put(&mut self, command: &str) -> Result<String, SolverError> {
        self.text.extend_from_slice(command.as_bytes());
        let script = String::from_utf8_lossy(&self.text).into_owned();
        self.text.clear();
        (self.ask)(&script).map_err(SolverError::Solver)
    }
}

impl Solver for &mut Script<'_, '_> {
    fn smtlib_input(&mut self) -> &mut (dyn AsyncWrite + Unpin + Send) {
        &mut self.text
    }

    async fn enable_models(&mut self) -> Result<(), SolverError> {
        self.text.extend_from_slice(b"(set-option :produce-models true)\n");
        Ok(())
    }

    async fn check_sat(&mut self) -> Result<Decision, SolverError> {
        decision(&self.put("(check-sat)\n")?).map(|(decision, _)| decision)
    }

    async fn check_sat_with_model(&mut self) -> Result<DecisionWithModel, SolverError> {
        let said = self.put("(check-sat)\n(get-model)\n")?;
        Ok(match decision(&said)? {
            (Decision::Sat, model) => DecisionWithModel::Sat { model: model.to_owned() },
            (Decision::Unsat, _) => DecisionWithModel::Unsat,
            (Decision::Unknown, _) => DecisionWithModel::Unknown,
        })
    }
}

/// The first line of what a solver said, as a decision, and the rest.
fn decision(said: &str) -> Result<(Decision, &str), SolverError> {
    let (line, rest) = said.split_once('\n').unwrap_or((said, ""));
    match line.trim() {
        "sat" => Ok((Decision::Sat, rest)),
        "unsat" => Ok((Decision::Unsat, rest)),
        "unknown" => Ok((Decision::Unknown, rest)),
        other => Err(SolverError::UnrecognizedSolverOutput(other.to_owned())),
    }
}

/// The outcome of a future that waits for nothing: solvers are asked, and answer, in one call.
fn now<T>(future: impl Future<Output = T>) -> Result<T, String> {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => Ok(outcome),
        Poll::Pending => Err("the solver did not answer at once".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::Asked;
    use crate::sample;
    use crate::votes::{Parties, standpoint};

    #[test]
    fn what_is_possible_is_of_the_schema() {
        let validator = cedar_policy::Validator::new(schema().unwrap().clone());
        let result = validator.validate(possible(), cedar_policy::ValidationMode::Strict);
        assert_eq!(result.validation_errors().map(ToString::to_string).collect::<Vec<_>>(), [""; 0]);
        assert_eq!(possible().policies().count(), 6);
    }

    /// Were a case that can be called impossible, a change of its answer would be missed.
    #[test]
    fn whatever_is_put_to_the_policies_is_possible() {
        let set = PolicySet::core();
        for number in 0..3000 {
            let facts = sample::case(number);
            let parties = Parties::of(&facts);
            let asked = Asked::of(&set, &facts, &parties);
            let (subject, context) = asked.put();
            let speakers = facts.approvals.iter().map(|a| &a.by).chain([&facts.actor]);
            for actor in speakers {
                let stand = standpoint(&facts, &parties, actor, facts.at);
                let person = (stand.id, cedar::values(&cedar::person(&stand)));
                let subject = ("leaver", cedar::values(subject));
                let (request, entities) =
                    cedar::posed(facts.act, person, subject, cedar::values(context)).unwrap();
                let said = cedar::answer(&request, possible(), &entities);
                assert_eq!((said.because, said.errors), (vec![], vec![]), "case {number}: {facts:?}");
            }
        }
    }
}
