//! An application's own accounts: rows of a table of users, documents of a collection of them, a variable that keeps them.
//! A table counts by its name, and because a password, a role or the like stands in the statement, or elsewhere in the workflow
//! beside the table: people who are merely written about have neither.

mod registry;
mod statement;
mod words;

use super::apply::Outcome;
use super::code;
use super::look::Scene;
use super::resolve::{Piece, Resolver};
use statement::{Change, Verb};
use std::cell::OnceCell;
use std::collections::HashSet;
use workflow::{
    Code, CodeLanguage, Effect, Evidence, Function, Kind, Root, Step, Term, Text, Value, Workflow,
};

/// What a workflow shows of the accounts that it keeps.
pub(super) struct Accounts<'w> {
    workflow: &'w Workflow,
    shown: OnceCell<Shown>,
}

/// Tables with a column for a password, a role or the like, and whether some script has a property for one.
#[derive(Default)]
struct Shown {
    tables: HashSet<String>,
    script: bool,
}

impl<'w> Accounts<'w> {
    pub(super) fn new(workflow: &'w Workflow) -> Self {
        Accounts { workflow, shown: OnceCell::new() }
    }

    fn shown(&self, resolver: &Resolver<'_>) -> &Shown {
        self.shown.get_or_init(|| {
            let mut shown = Shown::default();
            for code in self.workflow.steps.iter().flat_map(|s| &s.code) {
                shown.add(code, resolver);
            }
            shown
        })
    }

    /// Adds what a statement does to accounts.
    pub(super) fn sql(&self, text: &str, code: &Code, resolver: &Resolver<'_>, out: &mut Outcome) {
        for change in text.split(';').flat_map(statement::read) {
            let kinds = if words::keeps_accounts(&change.table) {
                let secured = || self.shown(resolver).tables.contains(&change.table.to_lowercase());
                account(&change, secured)
            } else if words::keeps_access(&change.table) {
                access(change.verb)
            } else {
                Vec::new()
            };
            if !kinds.is_empty() {
                add(&kinds, &change, whom(change.verb, code, resolver), out);
            }
        }
    }

    /// Adds what a node for a store of documents does to accounts.
    pub(super) fn document(&self, scene: &Scene<'_>, out: &mut Outcome) {
        let Some(change) = document(scene) else { return };
        let kinds = account(&change, || self.shown(scene.resolver).script);
        if !kinds.is_empty() {
            let whom = scene.first(&[
                "param.msg.payload.username",
                "param.msg.payload.email",
                "param.msg.payload._id",
            ]);
            add(&kinds, &change, whom, out);
        }
    }

    /// Adds what a script does to accounts that it keeps in a variable.
    pub(super) fn script(&self, text: &str, resolver: &Resolver<'_>, out: &mut Outcome) {
        if !text.contains(".get(") || !self.shown(resolver).script {
            return;
        }
        for kind in registry::changes(text) {
            out.add(kind, "node-red", Evidence::Code);
        }
    }
}

impl Shown {
    fn add(&mut self, code: &Code, resolver: &Resolver<'_>) {
        let texts = match code.language {
            CodeLanguage::Sql => code::statements(&code.text, resolver).0,
            CodeLanguage::JavaScript => {
                let text = code::text_and_hole(&code.text, resolver).0;
                self.script |= registry::names_credential(&text);
                code::quoted(&text)
                    .filter(|t| code::is_statement(t.trim_start()))
                    .map(str::to_owned)
                    .collect()
            }
            _ => Vec::new(),
        };
        for text in texts.iter().flat_map(|t| t.split(';')) {
            let (tables, names) = statement::names(text);
            if names.iter().any(|n| words::is_credential(n) || words::is_access(n)) {
                self.tables.extend(tables);
            }
        }
    }
}

/// What a change does to a table of accounts.
fn account(change: &Change, secured: impl Fn() -> bool) -> Vec<Kind> {
    let any = |is: fn(&str) -> bool| change.sets.iter().any(|(column, _)| is(column));
    let (credential, access) = (any(words::is_credential), any(words::is_access));
    match change.verb {
        Verb::Insert => {
            let unnamed = change.sets.is_empty();
            if !(credential || access || secured()) {
                return Vec::new();
            }
            let mut kinds = vec![Kind::CreateIdentity];
            kinds.extend((credential || unnamed).then_some(Kind::IssueCredential));
            kinds.extend(access.then_some(Kind::Grant));
            kinds
        }
        Verb::Update => {
            let mut kinds: Vec<Kind> = credential.then_some(Kind::ResetCredential).into_iter().collect();
            if access {
                kinds.extend([Kind::Grant, Kind::Revoke]);
            }
            let switches = change.sets.iter().filter_map(|(column, to)| Some((words::switch(column)?, to)));
            kinds.extend(
                switches
                    .filter(|_| credential || access || secured())
                    .flat_map(|(on, to)| switched(on, to.as_deref())),
            );
            let more = change.sets.iter().any(|(column, _)| !words::is_bookkeeping(column));
            if kinds.is_empty() && (more || change.sets.is_empty()) && secured() {
                kinds.push(Kind::UpdateIdentity);
            }
            kinds
        }
        Verb::Delete if secured() => vec![Kind::DeleteIdentity],
        Verb::Delete => Vec::new(),
    }
}

fn switched(on: bool, to: Option<&str>) -> Vec<Kind> {
    match to {
        Some("1" | "true" | "y" | "yes" | "Y") => vec![if on { Kind::Enable } else { Kind::Disable }],
        Some("0" | "false" | "n" | "no" | "N") => vec![if on { Kind::Disable } else { Kind::Enable }],
        _ => vec![Kind::Enable, Kind::Disable],
    }
}

fn access(verb: Verb) -> Vec<Kind> {
    match verb {
        Verb::Insert => vec![Kind::Grant],
        Verb::Update => vec![Kind::Grant, Kind::Revoke],
        Verb::Delete => vec![Kind::Revoke],
    }
}

fn add(kinds: &[Kind], change: &Change, whom: Vec<Value>, out: &mut Outcome) {
    let identity: Text = whom.first().map_or_else(|| change.table.as_str().into(), super::show);
    let entitlement = Text::from(change.table.as_str());
    for kind in kinds {
        let (identity, entitlement) = (identity.clone(), entitlement.clone());
        let evidence = Evidence::Code;
        out.push(Effect {
            kind: *kind,
            system: "database".into(),
            identity,
            entitlement,
            evidence,
            privileged: false,
            refuses: false,
            what: Text::default(),
        });
    }
    let fresh: Vec<Value> = whom.into_iter().filter(|v| !out.target.identity.contains(v)).collect();
    out.target.identity.extend(fresh);
}

/// Whose row a statement writes: what is spliced into its condition, or first into what it inserts.
fn whom(verb: Verb, code: &Code, resolver: &Resolver<'_>) -> Vec<Value> {
    let mut inside = verb == Verb::Insert;
    for piece in resolver.pieces(&code.text) {
        match piece {
            Piece::Text(text) => inside |= text.to_lowercase().contains("where"),
            Piece::Hole(value) if inside && value != Value::Null => return vec![value],
            Piece::Hole(_) => {}
        }
    }
    Vec::new()
}

/// What a node for a store of documents does to which collection.
fn document(scene: &Scene<'_>) -> Option<Change> {
    let step = scene.step;
    if !workflow::keeps_documents(&step.connector) {
        return None;
    }
    let places = ["collection", "ref", "childpath", "path", "database"];
    let named = places.iter().find_map(|p| step.parameters.get(p).as_text().filter(|t| !t.is_empty()))?;
    let table = named.split('/').find(|part| words::keeps_accounts(part))?;
    let mut sets = Vec::new();
    let payload = step.parameters.at("msg.payload");
    set_before(payload, scene.resolver, &mut sets);
    let known = sets.len();
    scene.values("param.msg.payload").0.iter().for_each(|v| fields(v, 4, &mut sets));
    let verb = document_verb(step, sets.len() > known)?;
    Some(Change { verb, table: table.to_owned(), sets })
}

/// The verb of an operation; what is set at a path is new where all that it has stands there.
fn document_verb(step: &Step, whole: bool) -> Option<Verb> {
    let words = words::words(&step.operation);
    let is = |list: &[&str]| words.iter().any(|w| list.contains(&w.as_str()));
    if is(&["delete", "remove", "destroy"]) {
        Some(Verb::Delete)
    } else if is(&["update", "upsert", "replace", "modify", "merge"]) || is(&["set"]) && !whole {
        Some(Verb::Update)
    } else if is(&["insert", "store", "save", "add", "push", "create", "set"]) {
        Some(Verb::Insert)
    } else {
        None
    }
}

fn fields(value: &Value, depth: usize, found: &mut Vec<(String, Option<String>)>) {
    match value {
        Value::Map(map) if depth > 0 => map.0.iter().for_each(|e| {
            found.push((e.key.to_string(), e.value.as_text().map(str::to_owned)));
            fields(&e.value, depth - 1, found);
        }),
        Value::List(items) if depth > 0 => items.iter().for_each(|v| fields(v, depth - 1, found)),
        Value::Expr(e) => of_term(&e.term, depth, found),
        _ => {}
    }
}

fn of_term(term: &Term, depth: usize, found: &mut Vec<(String, Option<String>)>) {
    match term {
        Term::Map(entries) if depth > 0 => entries.iter().for_each(|(key, value)| {
            found.push((key.to_string(), None));
            of_term(value, depth - 1, found);
        }),
        Term::Call(Function::If | Function::Coalesce, args) | Term::List(args) if depth > 0 => {
            args.iter().for_each(|a| of_term(a, depth - 1, found));
        }
        _ => {}
    }
}

/// The properties for a password or a role that the scripts set from which a value comes.
fn set_before(value: &Value, resolver: &Resolver<'_>, found: &mut Vec<(String, Option<String>)>) {
    let Value::Expr(e) = value else { return };
    let ids = e.term.references().into_iter().filter_map(|r| match &r.root {
        Root::Step(id) => resolver.step(id),
        _ => None,
    });
    for code in ids.flat_map(|s| &s.code).filter(|c| c.language == CodeLanguage::JavaScript) {
        let names = registry::sets(&code::text_and_hole(&code.text, resolver).0);
        found.extend(names.into_iter().map(|name| (name, None)));
    }
}

#[cfg(test)]
mod tests;
