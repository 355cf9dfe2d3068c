//! The words of findings: steps, deeds, sources and walks, as people would say them.

use crate::catalogue::catalogue;
use crate::facts::Facts;
use crate::logic::{Answer, keys_of};
use crate::provenance::{Origin, Source};
use crate::rules::Rule;
use workflow::{Confidence, Effect, Finding, Kind, StepIx, Text, TriggerKind, Walk};

/// A number with its noun: `1 workflow`, `2 people`.
#[must_use]
pub fn count<N: std::fmt::Display + PartialEq + From<u8>>(number: N, one: &str, many: &str) -> String {
    let noun = if number == N::from(1) { one } else { many };
    format!("{number} {noun}")
}

impl Facts<'_, '_> {
    /// A finding about a step, with the rule's severity (one step worse where the change is tier 3) and the shortest
    /// walk to the step.
    #[must_use]
    pub fn report(&self, rule: &Rule, step: StepIx, message: String, fix: impl Into<String>) -> Finding {
        let raised = self.change(step).is_some_and(|c| c.tier.0 >= 3);
        let place = self.step(step);
        Finding {
            rule: rule.id.into(),
            severity: if raised { rule.severity.raised() } else { rule.severity },
            confidence: Confidence::High,
            step: place.id.clone(),
            steps: vec![place.id.clone()],
            path: self.walk(step),
            line: place.span.line,
            message,
            fix: fix.into(),
        }
    }

    /// The shortest walk from a trigger to a step; where only a caller's trigger leads here, from the caller's.
    #[must_use]
    pub fn walk(&self, step: StepIx) -> Vec<Walk> {
        let own = self.graph.walk(self.reached, step);
        let callers = self.set.callers_to(self.place(step));
        let Some(call) = callers.first() else { return own };
        let (graph, reached) = (self.set.graph(call.from.workflow), self.set.reached(call.from.workflow));
        let short = graph.workflow.id.as_deref().unwrap_or(&graph.workflow.name);
        let mut walk = graph.walk(reached, call.from.step);
        for station in &mut walk {
            station.step = compact_str::format_compact!("{short}/{}", station.step);
            station.marked = false;
        }
        walk.extend(own);
        walk
    }

    /// A step by its name.
    #[must_use]
    pub fn name(&self, step: StepIx) -> String {
        let step = self.step(step);
        format!("`{}`", if step.name.is_empty() { &step.id } else { &step.name })
    }

    /// Several steps by their names.
    #[must_use]
    pub fn names(&self, steps: &[StepIx]) -> String {
        let names: Vec<String> = steps.iter().map(|s| self.name(*s)).collect();
        enumerate(&names)
    }

    /// What an access-changing step does: `disables an account in Microsoft Entra ID`.
    #[must_use]
    pub fn deed(&self, step: StepIx) -> String {
        let effects: Vec<&Effect> =
            self.step(step).live_effects().iter().filter(|e| e.kind.changes_access()).collect();
        let mut deeds: Vec<String> = Vec::new();
        for effect in &effects {
            let deed = deed(effect);
            if !deeds.contains(&deed) {
                deeds.push(deed);
            }
        }
        let mut told = if deeds.is_empty() { "may change access".to_owned() } else { enumerate(&deeds) };
        if let Some(system) = effects.iter().map(|e| &e.system).find(|s| !s.is_empty()) {
            told.push_str(&format!(" in {}", catalogue().title(system)));
        }
        let whom = effects.iter().map(|e| self.named(reference(&e.identity)));
        if let Some(whom) = whom.into_iter().find(|i| !i.is_empty() && i.len() <= 60) {
            told.push_str(&format!(" (`{whom}`)"));
        }
        told
    }

    /// A reference whose first part is a step's id in brackets (`[fb25-09].[dn]`), with the step's name instead.
    fn named(&self, text: String) -> String {
        let id = text.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        let step = id.and_then(|(id, rest)| Some((self.graph.find(id)?, rest)));
        match step.map(|(ix, rest)| (&self.step(ix).name, rest)) {
            Some((name, rest)) if !name.is_empty() => format!("[{name}]{rest}"),
            _ => text,
        }
    }

    /// What starts the workflow, as the subject of a sentence.
    #[must_use]
    pub fn start(&self, step: StepIx) -> String {
        let mut starts: Vec<String> = Vec::new();
        for t in self.set.triggers(self.place(step)) {
            let t = &self.workflow.triggers[t];
            let told = match t.kind {
                TriggerKind::Webhook => format!("a call to the webhook `{}`", t.name),
                TriggerKind::Schedule => "the schedule".to_owned(),
                TriggerKind::Event if t.event.is_empty() => format!("the event `{}`", t.name),
                TriggerKind::Event => format!("the event `{}`", t.event),
                TriggerKind::Manual => "whoever runs it".to_owned(),
                TriggerKind::Form => format!("the form `{}`", t.name),
                TriggerKind::Mail => "a mail".to_owned(),
                TriggerKind::Chat => "a chat message".to_owned(),
                TriggerKind::External => "an external call".to_owned(),
                TriggerKind::Subflow => self.caller(step),
            };
            if !starts.contains(&told) {
                starts.push(told);
            }
        }
        if starts.is_empty() { "the trigger".to_owned() } else { enumerate(&starts).replace(" and ", " or ") }
    }

    /// What calls the workflow.
    fn caller(&self, step: StepIx) -> String {
        let calls = self.set.callers_to(self.place(step));
        let other = calls
            .iter()
            .map(|c| self.set.graph(c.from.workflow).workflow)
            .find(|w| !std::ptr::eq(*w, self.workflow));
        other.map_or_else(
            || "a call from another workflow".to_owned(),
            |w| format!("a call from `{}`", w.name),
        )
    }

    /// Where a value comes from.
    #[must_use]
    pub fn source(&self, source: &Source) -> String {
        let keys = keys_of(&source.path).join(".");
        let graph = self.set.graph(source.workflow);
        match &source.origin {
            Origin::Trigger if keys.is_empty() => "the trigger's input".to_owned(),
            Origin::Trigger => format!("`{keys}` of the trigger's input"),
            Origin::Step(step) => {
                let step = graph.step(*step);
                let name = if step.name.is_empty() { &step.id } else { &step.name };
                if keys.is_empty() {
                    format!("the result of `{name}`")
                } else {
                    format!("`{keys}` of `{name}`")
                }
            }
            Origin::Parameter(name) => format!("the parameter `{name}`"),
            Origin::Secret(name) => format!("the secret `{name}`"),
            Origin::Constant(text) => format!("the constant `{text}`"),
            Origin::Environment => "the installation".to_owned(),
            Origin::Random => "chance".to_owned(),
            Origin::Now => "the clock".to_owned(),
            Origin::Unknown => "something that could not be read".to_owned(),
        }
    }
}

/// A value as people would write it: without the marks that an expression stands between, with gaps for what is put
/// into a text; empty where it is nothing but that.
#[must_use]
pub fn reference(value: &str) -> String {
    let inner = value.strip_prefix('=').unwrap_or(value).trim();
    let inner = inner.strip_prefix('@').unwrap_or(inner);
    let whole = [("{{", "}}"), ("${", "}"), ("{%", "%}"), ("{", "}")];
    let bare = |(open, close): (&str, &str)| inner.strip_prefix(open)?.strip_suffix(close);
    let bare = whole.into_iter().find_map(bare).filter(|b| !b.contains(['{', '}'])).unwrap_or(inner).trim();
    let told = bare.replace("{}", "…");
    if told.chars().any(char::is_alphanumeric) { told } else { String::new() }
}

/// What people say for an effect, by what it is about: `creates a group`.
fn deed(effect: &Effect) -> String {
    let told = verb(effect.kind);
    match &*effect.what {
        "" => told.to_owned(),
        what if what.starts_with('a') => told.replace("account", what),
        what => told.replace("an account", &format!("a {what}")),
    }
}

/// What people say for a kind of effect.
#[must_use]
pub(crate) fn verb(kind: Kind) -> &'static str {
    match kind {
        Kind::Grant => "gives access",
        Kind::Revoke => "takes access away",
        Kind::CreateIdentity => "creates an account",
        Kind::Enable => "enables an account",
        Kind::Disable => "disables an account",
        Kind::DeleteIdentity => "deletes an account",
        Kind::UpdateIdentity => "changes an account",
        Kind::IssueCredential => "issues a credential",
        Kind::ResetCredential => "resets a credential",
        Kind::RotateCredential => "rotates a credential",
        Kind::RevokeCredential => "revokes a credential",
        Kind::Decide => "answers an approval",
        Kind::Certify => "records an access-review decision",
        Kind::ChangePolicy => "changes who may get access",
        _ => "may change access",
    }
}

/// `a`, `a and b`, `a, b and c`.
#[must_use]
pub fn enumerate(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// Several ways in which a question may end.
#[must_use]
pub fn answers(leaks: &[Answer]) -> String {
    let told: Vec<String> = leaks.iter().map(Answer::tell).collect();
    enumerate(&told).replace(" and ", " or ")
}

/// Adds steps to those that a finding concerns.
pub trait Concerning {
    /// With further steps concerned.
    #[must_use]
    fn also(self, steps: impl IntoIterator<Item = Text>) -> Self;
    /// With a walk.
    #[must_use]
    fn along(self, path: Vec<Walk>) -> Self;
    /// With a confidence.
    #[must_use]
    fn sure(self, confidence: Confidence) -> Self;
}

impl Concerning for Finding {
    fn also(mut self, steps: impl IntoIterator<Item = Text>) -> Self {
        for step in steps {
            if !self.steps.contains(&step) {
                self.steps.push(step);
            }
        }
        self
    }

    fn along(mut self, path: Vec<Walk>) -> Self {
        self.path = path;
        self
    }

    fn sure(mut self, confidence: Confidence) -> Self {
        self.confidence = confidence;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::reference;

    #[test]
    fn a_reference_stands_without_the_marks_of_its_platform() {
        let told = [
            ("={{ $json.email }}", "$json.email"),
            ("@triggerBody()?['user']", "triggerBody()?['user']"),
            ("@{variables('id')}", "variables('id')"),
            ("={{ $a }}-{{ $b }}", "{{ $a }}-{{ $b }}"),
            ("CN={},DC=example", "CN=…,DC=example"),
            ("{}", ""),
            ("ada@example.com", "ada@example.com"),
        ];
        told.iter().for_each(|(value, plain)| assert_eq!(reference(value), *plain));
    }
}
