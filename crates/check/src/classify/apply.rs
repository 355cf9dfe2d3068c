//! Applies a catalogue entry to a step: its cases, its places, and whether what it touches is privileged.

use super::look::{Scene, Truth};
use super::resolve::reference_text;
use crate::catalogue::data::{Case, Places};
use crate::catalogue::{Catalogue, Found};
use workflow::{Ask, Callee, Effect, Evidence, Kind, Returns, Step, Target, Term, Text, Value};

/// What was found about a step.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub effects: Vec<Effect>,
    pub target: Target,
    pub ask: Option<Ask>,
    /// Workflows that it starts by their addresses.
    pub calls: Vec<Callee>,
}

impl Outcome {
    /// Adds an effect of which no more than its kind is known.
    pub fn add(&mut self, kind: Kind, system: &str, evidence: Evidence) {
        let (identity, entitlement, what) = (Text::default(), Text::default(), Text::default());
        let (privileged, refuses) = (false, false);
        let system = system.into();
        self.push(Effect { kind, system, identity, entitlement, evidence, privileged, refuses, what });
    }

    /// Adds an effect unless the same one is there.
    pub fn push(&mut self, effect: Effect) {
        match self.effects.iter_mut().find(|e| e.kind == effect.kind && e.system == effect.system) {
            Some(known) => {
                known.privileged |= effect.privileged;
                known.refuses &= effect.refuses;
                if known.what != effect.what {
                    known.what.clear();
                }
            }
            None => self.effects.push(effect),
        }
    }

    /// Adds what another one of several requests does.
    pub fn merge(&mut self, other: Outcome) {
        other.effects.into_iter().for_each(|e| self.push(e));
        let (own, more) = (&mut self.target, other.target);
        let pairs = [
            (&mut own.identity, more.identity),
            (&mut own.entitlement, more.entitlement),
            (&mut own.recipient, more.recipient),
        ];
        for (known, more) in pairs {
            let fresh: Vec<Value> = more.into_iter().filter(|v| !known.contains(v)).collect();
            known.extend(fresh);
        }
        own.takes_recipient |= more.takes_recipient;
        own.operation_exists |= more.operation_exists;
        if own.secret.is_empty() {
            own.secret = more.secret;
        }
        if own.returns == Returns::Unknown {
            own.returns = more.returns;
        }
        self.ask = self.ask.take().or(other.ask);
        self.calls.extend(other.calls);
    }

    /// Writes it into the step.
    pub fn put(mut self, step: &mut Step) {
        self.effects.sort_by_key(|e| e.kind);
        step.effects = self.effects;
        step.target = self.target;
        if step.calls.is_empty() {
            step.calls = self.calls;
        }
        let Some(known) = self.ask else { return };
        let ask = step.ask.get_or_insert_default();
        if ask.approver.is_empty() {
            ask.approver = known.approver;
        }
        if ask.answer.is_empty() {
            ask.answer = known.answer;
        }
        if ask.positive.is_empty() {
            ask.positive = known.positive;
        }
    }
}

/// Applies an entry.
pub(super) fn apply(
    catalogue: &Catalogue,
    platform: &str,
    found: Found,
    scene: &Scene<'_>,
    evidence: Evidence,
    out: &mut Outcome,
) {
    let entry = found.entry;
    let truths: Vec<(Truth, &Case)> = entry.cases.iter().map(|c| (scene.holds(c.when), c)).collect();
    let evidence = if entry.governed == Some(false) { Evidence::Request } else { evidence };
    let hit: Vec<&Case> = truths.iter().filter(|(t, _)| *t > Truth::No).map(|(_, c)| *c).collect();
    let sure = truths.iter().any(|(t, _)| *t == Truth::Yes);
    let unknown_body = !sure && !hit.is_empty() && hit.len() == entry.cases.len();
    if hit.is_empty() || unknown_body {
        let part = Part {
            effects: &entry.effects,
            identity: &entry.identity,
            entitlement: &entry.entitlement,
            privileged: entry.privileged,
            refuses: entry.refuses,
        };
        part.add(catalogue, found, scene, evidence, out);
    }
    for case in &hit {
        let identity = either(&case.identity, &entry.identity);
        let entitlement = either(&case.entitlement, &entry.entitlement);
        let part = Part {
            effects: &case.effects,
            identity,
            entitlement,
            privileged: entry.privileged || case.privileged,
            refuses: entry.refuses || case.refuses,
        };
        part.add(catalogue, found, scene, evidence, out);
        secret(&case.secret, out);
    }
    secret(&entry.secret, out);
    if evidence == Evidence::Request {
        let own = hit.is_empty() || unknown_body;
        let applied = if own { vec![&entry.effects] } else { hit.iter().map(|c| &c.effects).collect() };
        let kinds = applied.into_iter().flatten().filter_map(|k| k.parse().ok());
        let kinds: Vec<Kind> = kinds.filter(|k: &Kind| k.changes_access()).collect();
        out.target.operation_exists |= catalogue.has_operations_for(platform, found.system(), &kinds);
    }
    finish(found, scene, out);
}

/// Whether a step that names no recipient lacks one: not where one stands in a path that was not taken apart.
fn takes_recipient(places: &[&str], scene: &Scene<'_>) -> bool {
    let in_path = |name: &str| scene.names.iter().any(|(n, _)| n == name);
    let hidden = places.iter().filter_map(|p| p.strip_prefix("path.")).any(|name| !in_path(name));
    !places.is_empty() && !hidden
}

/// What goes for the entry whatever its cases.
fn finish(found: Found, scene: &Scene<'_>, out: &mut Outcome) {
    let entry = found.entry;
    out.target.recipient.extend(scene.first(&entry.recipient.0));
    out.target.takes_recipient |= takes_recipient(&entry.recipient.0, scene);
    out.target.returns = match entry.returns {
        "one" => Returns::One,
        "list" => Returns::List,
        "secret" => Returns::Secret,
        _ => out.target.returns,
    };
    if entry.effects.contains(&"ask") {
        let approver = scene.first(&entry.approver.0).into_iter().next();
        let answer =
            entry.answer.0.first().map(|a| a.trim_start_matches("result.").trim_start_matches("result"));
        out.ask = Some(Ask {
            approver: approver.unwrap_or_default(),
            answer: answer.unwrap_or_default().into(),
            positive: entry.positive.0.iter().copied().map(Text::from).collect(),
            ..Ask::default()
        });
    }
}

struct Part<'e> {
    effects: &'e [&'static str],
    identity: &'e Places,
    entitlement: &'e Places,
    privileged: bool,
    refuses: bool,
}

impl Part<'_> {
    fn add(
        &self,
        catalogue: &Catalogue,
        found: Found,
        scene: &Scene<'_>,
        evidence: Evidence,
        out: &mut Outcome,
    ) {
        let changes = self.effects.iter().any(|k| k.parse().is_ok_and(Kind::changes_access));
        let app = app(found, scene, evidence).filter(|_| changes);
        let system = app.unwrap_or(found.system());
        let identity = scene.whom(&self.identity.0, changes);
        let entitlement = scene.first(&self.entitlement.0);
        let privileged = self.privileged
            || identity
                .iter()
                .chain(&entitlement)
                .any(|v| names_privileged(catalogue, if app.is_some() { "" } else { system }, v));
        for kind in self.effects.iter().filter_map(|k| k.parse().ok()) {
            let (identity, entitlement) = (show_all(&identity), show_all(&entitlement));
            let (system, what) = (system.into(), found.entry.what.into());
            let refuses = self.refuses && kind == Kind::Decide;
            out.push(Effect { kind, system, identity, entitlement, evidence, privileged, refuses, what });
        }
        merge(&mut out.target.identity, identity);
        merge(&mut out.target.entitlement, entitlement);
    }
}

/// The app that an action is of, where Splunk's list of action names says what it does: it is the app's system that it changes.
fn app<'s>(found: Found, scene: &Scene<'s>, evidence: Evidence) -> Option<&'s str> {
    let named = found.system() == "splunk-soar" && evidence == Evidence::Operation;
    let app = scene.step.connector.as_str();
    (named && !matches!(app, "" | "-" | "phantom" | "community")).then_some(app)
}

fn merge(known: &mut Vec<Value>, more: Vec<Value>) {
    for value in more {
        if !known.contains(&value) {
            known.push(value);
        }
    }
}

fn either<'p>(first: &'p Places, second: &'p Places) -> &'p Places {
    if first.0.is_empty() { second } else { first }
}

fn secret(places: &Places, out: &mut Outcome) {
    if let Some(place) = places.0.first() {
        out.target.secret = (*place).into();
    }
}

/// Whether a constant inside a value names something privileged.
fn names_privileged(catalogue: &Catalogue, system: &str, value: &Value) -> bool {
    let mut found = false;
    value.walk(&mut |v| {
        if let Value::Text(text) = v {
            found |= catalogue.is_privileged(system, text);
        }
        if let Value::Expr(e) = v {
            found |= constants(&e.term).iter().any(|t| catalogue.is_privileged(system, t));
        }
    });
    found
}

/// The constant texts that an expression may yield as a whole or ends in.
fn constants(term: &Term) -> Vec<&str> {
    match term {
        Term::Text(t) => vec![t],
        Term::List(ts) => ts.iter().flat_map(constants).collect(),
        Term::Call(workflow::Function::If | workflow::Function::Coalesce, ts) => {
            ts.iter().flat_map(constants).collect()
        }
        Term::Template(ts) => {
            ts.iter().rev().take(1).flat_map(constants).map(|t| t.rsplit('/').next().unwrap_or(t)).collect()
        }
        _ => Vec::new(),
    }
}

fn show_all(values: &[Value]) -> Text {
    let shown: Vec<String> = values.iter().take(3).map(|v| show(v).to_string()).collect();
    shown.join(", ").into()
}

/// A value for people: a constant as it is, an expression as it is written (or as the reference it is).
#[must_use]
pub fn show(value: &Value) -> Text {
    match value {
        Value::Null => Text::default(),
        Value::Bool(b) => Text::from(b.to_string()),
        Value::Number(t) | Value::Text(t) => t.clone(),
        Value::Expr(e) => match &e.term {
            Term::Ref(r) if e.text.is_empty() => reference_text(r),
            _ => e.text.clone(),
        },
        Value::List(items) => {
            items.iter().take(3).map(|i| show(i).to_string()).collect::<Vec<_>>().join(", ").into()
        }
        Value::Map(map) => map
            .0
            .iter()
            .take(3)
            .map(|e| format!("{}: {}", e.key, show(&e.value)))
            .collect::<Vec<_>>()
            .join(", ")
            .into(),
    }
}
