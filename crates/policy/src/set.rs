//! A set of policies, read, validated, and laid out for answering: the core, and what an organisation adds.
//!
//! An organisation can tighten and never loosen. Its policies must forbid: a `permit` of its own is refused when it is
//! read, as is an id of the core's, and a set with a problem denies everything. So whatever the core denies stays denied.

use crate::act::Act;
use crate::decision::Effect;
use crate::memo::Memo;
use crate::quick::Quick;
use cedar_policy as cedar;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::{LazyLock, OnceLock};
use workflow::Digest;

/// The schema that policies are validated against.
pub const SCHEMA: &str = include_str!("../countersign.cedarschema");

/// The core policies: file and text.
const CORE: [(&str, &str); 7] = [
    ("who.cedar", include_str!("../policies/who.cedar")),
    ("identity.cedar", include_str!("../policies/identity.cedar")),
    ("review.cedar", include_str!("../policies/review.cedar")),
    ("authors.cedar", include_str!("../policies/authors.cedar")),
    ("release.cedar", include_str!("../policies/release.cedar")),
    ("evidence.cedar", include_str!("../policies/evidence.cedar")),
    ("lanes.cedar", include_str!("../policies/lanes.cedar")),
];

/// The most text that a set may have.
const LARGEST: usize = 4 << 20;

/// A file of policies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Its name, for messages.
    pub file: String,
    /// Its text.
    pub text: String,
}

/// What a policy says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyInfo {
    /// Its id.
    pub id: String,
    /// The file it stands in.
    pub file: String,
    /// The line of its id.
    pub line: u32,
    /// Whether it permits or forbids.
    pub effect: Effect,
    /// Its reason, with the names of facts in braces.
    pub reason: String,
    /// The framework requirements, as `framework id`.
    pub controls: Vec<String>,
    /// Whether it is one of the core.
    pub core: bool,
    /// Whether it holds in every mode.
    pub always: bool,
    /// Its text.
    pub text: String,
}

/// What is wrong with a set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PolicyProblem {
    /// The file.
    pub file: String,
    /// The line, from 1; 0 where it is about the file.
    pub line: u32,
    /// What is wrong and what to do.
    pub message: String,
}

/// The policies of one act: all, and those that hold in every mode (all permits are among them).
#[derive(Debug, Clone, Default)]
pub(crate) struct Slice {
    pub all: cedar::PolicySet,
    pub always: cedar::PolicySet,
    pub quick: Option<Quick>,
    pub quick_always: Option<Quick>,
    pub memo: Memo,
    pub memo_always: Memo,
}

/// A set of policies.
#[derive(Debug, Clone)]
pub struct PolicySet {
    /// By act, each laid out when it is first asked for.
    slices: BTreeMap<Act, OnceLock<Slice>>,
    pub(crate) whole: cedar::PolicySet,
    info: BTreeMap<String, PolicyInfo>,
    problems: Vec<PolicyProblem>,
    version: String,
}

/// The schema, parsed.
pub(crate) fn schema() -> Option<&'static cedar::Schema> {
    static PARSED: LazyLock<Option<cedar::Schema>> =
        LazyLock::new(|| cedar::Schema::from_cedarschema_str(SCHEMA).ok().map(|(schema, _)| schema));
    PARSED.as_ref()
}

/// The core policies, as files.
fn core() -> [Source; 7] {
    CORE.map(|(file, text)| Source { file: format!("core/{file}"), text: text.to_owned() })
}

impl PolicySet {
    /// The core alone.
    #[must_use]
    pub fn core() -> Self {
        Self::with(&[])
    }

    /// The core, and an organisation's own policies.
    #[must_use]
    pub fn with(organisation: &[Source]) -> Self {
        Self::read(&core(), organisation)
    }

    /// The core without one of its policies, for the test that each of them matters.
    #[must_use]
    pub fn core_without(id: &str) -> Self {
        static CORE: LazyLock<PolicySet> = LazyLock::new(PolicySet::core);
        let mut set = CORE.clone();
        set.slices = Act::all().map(|act| (act, OnceLock::new())).collect();
        set.info.remove(id);
        set.whole = collect(set.whole.policies().filter(|policy| policy.id().to_string() != id));
        set
    }

    fn read(core: &[Source], organisation: &[Source]) -> Self {
        let mut set = PolicySet {
            slices: Act::all().map(|act| (act, OnceLock::new())).collect(),
            whole: cedar::PolicySet::new(),
            info: BTreeMap::new(),
            problems: Vec::new(),
            version: Self::version_of(&version(SCHEMA, core), organisation),
        };
        core.iter().for_each(|source| set.add(source, true));
        organisation.iter().for_each(|source| set.add(source, false));
        set.validate();
        set.problems.sort();
        set
    }

    /// Forgets what it answered before: for measuring what an answer costs that was never given.
    pub fn forget(&self) {
        let laid_out = self.slices.values().filter_map(OnceLock::get);
        laid_out.for_each(|s| [&s.memo, &s.memo_always].into_iter().for_each(Memo::forget));
    }

    /// What is wrong with it. A set with a problem denies everything.
    #[must_use]
    pub fn problems(&self) -> &[PolicyProblem] {
        &self.problems
    }

    /// The version of the core that this program ships with: a digest over the schema and its texts.
    #[must_use]
    pub fn core_version() -> &'static str {
        static VERSION: LazyLock<String> = LazyLock::new(|| version(SCHEMA, &core()));
        &VERSION
    }

    /// The version of an organisation's policies with a core of some version.
    #[must_use]
    pub fn version_of(core: &str, organisation: &[Source]) -> String {
        version(core, organisation)
    }

    /// Its version: a digest over that of the core and the organisation's texts.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What a policy says of itself.
    #[must_use]
    pub fn policy(&self, id: &str) -> Option<&PolicyInfo> {
        self.info.get(id)
    }

    /// All policies, by id.
    pub fn policies(&self) -> impl Iterator<Item = &PolicyInfo> {
        self.info.values()
    }

    /// The policies that an act is decided by, whatever they come to.
    pub fn concerning(&self, act: Act) -> impl Iterator<Item = &PolicyInfo> {
        let asked = self.whole.policies().filter(move |policy| concerns(policy, act));
        asked.filter_map(|policy| self.info.get(&policy.id().to_string()))
    }

    fn add(&mut self, source: &Source, core: bool) {
        if source.text.len() > LARGEST {
            return self.problem(source, 0, "is larger than 4 MiB; split it".to_owned());
        }
        match cedar::PolicySet::from_str(&source.text) {
            Err(errors) => {
                for error in errors.iter() {
                    self.problem(source, line_of_error(error, &source.text), parse_message(error));
                }
            }
            Ok(parsed) if parsed.templates().next().is_some() => {
                self.problem(source, 0, "holds a template (`?principal`); write it out".to_owned());
            }
            Ok(parsed) => {
                let mut policies: Vec<&cedar::Policy> = parsed.policies().collect();
                policies.sort_by_key(|p| number(p));
                policies.into_iter().for_each(|policy| self.add_policy(source, policy, core));
            }
        }
    }

    fn add_policy(&mut self, source: &Source, policy: &cedar::Policy, core: bool) {
        let annotation = |key: &str| policy.annotation(key).unwrap_or_default().trim().to_owned();
        let id = annotation("id");
        let line =
            if id.is_empty() { line_of(&source.text, number(policy)) } else { line_of_id(&source.text, &id) };
        let effect = match policy.effect() {
            cedar::Effect::Permit => Effect::Permit,
            cedar::Effect::Forbid => Effect::Forbid,
        };
        let info = PolicyInfo {
            file: source.file.clone(),
            line,
            effect,
            reason: annotation("reason"),
            controls: controls(&annotation("controls")),
            core,
            always: effect == Effect::Permit || annotation("holds") == "always",
            text: policy.to_string(),
            id,
        };
        if let Some(message) = self.refuse(&info, &annotation("holds")) {
            return self.problem(source, line, message);
        }
        let named = policy.new_id(cedar::PolicyId::new(&info.id));
        if let Err(error) = self.whole.add(named) {
            return self.problem(source, line, format!("`{}`: {error}", info.id));
        }
        self.info.insert(info.id.clone(), info);
    }

    /// Why a policy cannot be part of the set.
    fn refuse(&self, info: &PolicyInfo, holds: &str) -> Option<String> {
        let id = &info.id;
        let unknown = crate::reason::unknown_fields(&info.reason);
        match self.info.get(id) {
            _ if id.is_empty() => Some("a policy has no `@id(\"…\")`; give it one".to_owned()),
            Some(known) if known.core && !info.core => {
                Some(format!("`{id}` is a policy of the core, which cannot be replaced; choose another id"))
            }
            Some(known) => {
                Some(format!("`{id}` stands a second time; the first is at {}:{}", known.file, known.line))
            }
            None if info.effect == Effect::Permit && !info.core => Some(format!(
                "`{id}` permits; an organisation's policies can only forbid what the core allows. Write a `forbid … unless`"
            )),
            None if info.reason.is_empty() => {
                Some(format!("`{id}` has no `@reason(\"…\")`: the sentence that a refused person reads"))
            }
            None if !holds.is_empty() && holds != "always" => {
                Some(format!("`{id}` has `@holds(\"{holds}\")`; the only word there is `always`"))
            }
            None => unknown.first().map(|field| {
                format!(
                    "the reason of `{id}` names `{{{field}}}`; there are {}",
                    crate::reason::FIELDS.join(", ")
                )
            }),
        }
    }

    fn problem(&mut self, source: &Source, line: u32, message: String) {
        self.problems.push(PolicyProblem { file: source.file.clone(), line, message });
    }

    /// Validates what an organisation adds against the schema, strictly. The core is what it is: a test validates it.
    fn validate(&mut self) {
        let added = |p: &&cedar::Policy| self.info.get(&p.id().to_string()).is_none_or(|i| !i.core);
        let added = collect(self.whole.policies().filter(added));
        if !added.is_empty() {
            self.validated(&added);
        }
    }

    fn validated(&mut self, policies: &cedar::PolicySet) {
        let Some(schema) = schema() else {
            self.problems.push(PolicyProblem {
                file: "countersign.cedarschema".into(),
                line: 0,
                message: "cannot be read".into(),
            });
            return;
        };
        let result = cedar::Validator::new(schema.clone()).validate(policies, cedar::ValidationMode::Strict);
        let errors = result.validation_errors().map(|e| (e.policy_id().to_string(), (false, e.to_string())));
        let idle = result
            .validation_warnings()
            .filter(|w| matches!(w, cedar::ValidationWarning::ImpossiblePolicy(_)));
        let idle = idle.map(|w| (w.policy_id().to_string(), (true, w.to_string())));
        // One error is told for each act that it concerns; one of them is enough for a reader.
        let mut found: BTreeMap<String, Vec<(bool, String)>> = BTreeMap::new();
        errors.chain(idle).for_each(|(id, message)| found.entry(id).or_default().push(message));
        for (id, mut messages) in found {
            messages.sort();
            let more = messages.len() - 1;
            let more = if more == 0 { String::new() } else { format!(" (and {more} more like it)") };
            let problem = self.invalid(&id, &format!("{}{more}", messages.first().map_or("", |(_, m)| m)));
            self.problems.push(problem);
        }
    }

    fn invalid(&self, id: &str, message: &str) -> PolicyProblem {
        let info = self.info.get(id);
        let (file, line) = info.map_or((String::new(), 0), |i| (i.file.clone(), i.line));
        PolicyProblem { file, line, message: message.to_owned() }
    }

    /// The policies of an act. A policy whose scope names other acts can neither be satisfied nor fail for this one, so leaving
    /// it out changes no answer; `agreement_tests` holds that against Cedar asked for everything.
    pub(crate) fn slice(&self, act: Act) -> Option<&Slice> {
        self.slices.get(&act).map(|slice| slice.get_or_init(|| self.lay_out(act)))
    }

    fn lay_out(&self, act: Act) -> Slice {
        let always = |p: &&cedar::Policy| self.info.get(&p.id().to_string()).is_some_and(|i| i.always);
        let of = || self.whole.policies().filter(|p| concerns(p, act));
        let always_of = || of().filter(always);
        Slice {
            all: collect(of()),
            always: collect(always_of()),
            quick: Quick::of(of()),
            quick_always: Quick::of(always_of()),
            memo: Memo::of(of()),
            memo_always: Memo::of(always_of()),
        }
    }
}

fn collect<'a>(policies: impl Iterator<Item = &'a cedar::Policy>) -> cedar::PolicySet {
    cedar::PolicySet::from_policies(policies.cloned()).unwrap_or_default()
}

/// Whether a policy's scope holds an act.
pub(crate) fn concerns(policy: &cedar::Policy, act: Act) -> bool {
    let is = |uid: &cedar::EntityUid| {
        let id: &str = uid.id().as_ref();
        id == act.as_str()
    };
    match policy.action_constraint() {
        cedar::ActionConstraint::Any => true,
        cedar::ActionConstraint::Eq(uid) => is(&uid),
        cedar::ActionConstraint::In(uids) => uids.iter().any(is),
    }
}

/// The place of a policy in its file, from the id that the parser gave it (`policy12`).
fn number(policy: &cedar::Policy) -> usize {
    policy.id().to_string().trim_start_matches("policy").parse().unwrap_or(usize::MAX)
}

/// `framework id, id; framework id` as `framework id` each.
fn controls(text: &str) -> Vec<String> {
    let parts = text.split(';').filter_map(|part| part.trim().split_once(' '));
    parts
        .flat_map(|(framework, ids)| ids.split(',').map(move |id| format!("{framework} {}", id.trim())))
        .collect()
}

fn line_of_id(text: &str, id: &str) -> u32 {
    let needle = format!("@id(\"{id}\")");
    let line = text.lines().position(|l| l.contains(&needle)).map_or(0, |i| i + 1);
    u32::try_from(line).unwrap_or(0)
}

/// The line on which the n-th policy of a file begins, where it begins a line; else the first.
fn line_of(text: &str, n: usize) -> u32 {
    let begins = |line: &str| ["permit", "forbid"].iter().any(|w| line.trim_start().starts_with(w));
    let line = text.lines().enumerate().filter(|(_, l)| begins(l)).nth(n).map_or(1, |(i, _)| i + 1);
    u32::try_from(line).unwrap_or(1)
}

fn line_of_error(error: &cedar::ParseError, text: &str) -> u32 {
    use miette::Diagnostic;
    let offset = error.labels().and_then(|mut labels| labels.next()).map(|label| label.offset());
    let lines = offset.and_then(|o| text.get(..o)).map_or(0, |before| before.matches('\n').count() + 1);
    u32::try_from(lines).unwrap_or(0)
}

fn parse_message(error: &cedar::ParseError) -> String {
    use miette::Diagnostic;
    let help = error.help().map(|h| format!(" ({h})")).unwrap_or_default();
    format!("{error}{help}")
}

/// A digest over a beginning and files.
fn version(begins: &str, files: &[Source]) -> String {
    let mut all = begins.as_bytes().to_vec();
    for source in files {
        all.push(0);
        all.extend_from_slice(source.file.as_bytes());
        all.push(0);
        all.extend_from_slice(source.text.as_bytes());
    }
    Digest::of(&all).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_core_is_valid() {
        let mut core = PolicySet::core();
        let whole = core.whole.clone();
        core.validated(&whole);
        assert_eq!(core.problems, []);
    }
}
