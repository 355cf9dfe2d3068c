//! An application's own accounts: rows of a table of users, documents of a collection of them, a variable that keeps them.
//! A table counts by its name, and because a password, a role or the like stands in the statement, or elsewhere in the workflow
//! beside the table: people who are merely written about have neither.

mod registry;
mod statement;
mod words;

use super::apply::Outcome;
use super::called::is_called;
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
    /// Who calls the workflow: what its scripts show counts too.
    caller: Option<&'w Workflow>,
    shown: OnceCell<Shown>,
}

/// Tables with a column for a password, a role or the like, whether some script has a property for one, and the variables that
/// scripts compare with something.
#[derive(Default)]
struct Shown {
    tables: HashSet<String>,
    script: bool,
    compared: HashSet<String>,
}

impl<'w> Accounts<'w> {
    pub(super) fn new(workflow: &'w Workflow, caller: Option<&'w Workflow>) -> Self {
        Accounts { workflow, caller, shown: OnceCell::new() }
    }

    fn shown(&self, resolver: &Resolver<'_>) -> &Shown {
        self.shown.get_or_init(|| {
            let mut shown = Shown::default();
            let steps = self.workflow.steps.iter().chain(self.caller.into_iter().flat_map(|w| &w.steps));
            for code in steps.flat_map(|s| &s.code) {
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
        if !workflow::keeps_documents(&scene.step.connector) {
            return;
        }
        let change = document(scene);
        let secured = || self.shown(scene.resolver).script;
        let kinds = change.as_ref().map_or_else(Vec::new, |change| account(change, secured));
        match change {
            Some(change) if !kinds.is_empty() => add(&kinds, &change, scene.first(&WHOM), out),
            // What it then does to which documents, only the callers show.
            change if is_called(self.workflow) && is_handed(scene, change.as_ref()) => {
                out.add(Kind::Opaque, &scene.step.connector, Evidence::Operation);
            }
            _ => {}
        }
    }

    /// Adds what a script does to accounts that it keeps in a variable.
    pub(super) fn script(&self, text: &str, resolver: &Resolver<'_>, out: &mut Outcome) {
        let keeps = text.contains(".get(") || text.contains(".set(");
        if !keeps {
            return;
        }
        let shown = self.shown(resolver);
        let mut kinds = if shown.script { registry::changes(text) } else { Vec::new() };
        // A password that some script asks for is set by whoever sets the variable.
        let set = registry::keeps_given(text).iter().any(|name| shown.compared.contains(name));
        kinds.extend(set.then_some(Kind::ResetCredential));
        for kind in kinds {
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
                self.compared.extend(registry::compares(&text));
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
    let credential = words::hold_credential(change.sets.iter().map(|(column, _)| column.as_str()));
    let access = any(words::is_access);
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

/// Where a node for a store of documents has whose document it is.
const WHOM: [&str; 6] = [
    "param.msg.payload.username",
    "param.msg.payload.email",
    "param.msg.payload._id",
    "param.msg.query._id",
    "param.msg.query.username",
    "param.msg.query.email",
];

/// Where it names the collection.
const COLLECTIONS: [&str; 5] = ["collection", "ref", "childpath", "path", "database"];

/// What a node for a store of documents does to which collection. One that it leaves open is taken from the message.
/// Source: <https://flows.nodered.org/node/node-red-node-mongodb>
fn document(scene: &Scene<'_>) -> Option<Change> {
    let step = scene.step;
    let own = COLLECTIONS.iter().find_map(|p| step.parameters.get(p).as_text().filter(|t| !t.is_empty()));
    let said = scene.first(&["param.msg.collection"]);
    let named = own.or_else(|| said.first()?.as_text())?;
    let table = named.split('/').find(|part| words::keeps_accounts(part))?;
    let mut sets = Vec::new();
    let payload = step.parameters.at("msg.payload");
    set_before(payload, scene.resolver, &mut sets);
    let known = sets.len();
    let whole = scene.values("param.msg.payload").0;
    whole.iter().for_each(|v| fields(v, 4, &mut sets));
    let verb = document_verb(step, sets.len() > known && !whole.iter().any(is_kept))?;
    Some(Change { verb, table: table.to_owned(), sets })
}

/// Whether a record is one that a variable kept, with something of it set.
fn is_kept(value: &Value) -> bool {
    let Value::Expr(e) = value else { return false };
    let Term::Map(entries) = &e.term else { return false };
    let kept = |term: &Term| matches!(term, Term::Ref(r) if matches!(r.root, Root::Variable(_)));
    entries.iter().any(|(key, term)| key == "..." && kept(term))
}

/// Whether what decides on what is written comes wholly from whoever calls: the collection, where the node leaves it open, or
/// the record of an account.
fn is_handed(scene: &Scene<'_>, account: Option<&Change>) -> bool {
    let handed = |place: &str| {
        let trigger = |v: &Value| matches!(v.as_expression().map(|e| &e.term), Some(Term::Ref(r)) if r.root == Root::Trigger);
        scene.first(&[place]).iter().any(trigger)
    };
    let parameters = &scene.step.parameters;
    let named = COLLECTIONS.iter().any(|p| !parameters.get(p).is_empty());
    let open = !named && parameters.entries().iter().any(|e| COLLECTIONS.contains(&e.key.as_str()));
    let decides = account.is_some() && handed("param.msg.payload") || open && handed("param.msg.collection");
    decides && document_verb(scene.step, false).is_some()
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
            found.push((e.key.to_string(), constant(&e.value)));
            fields(&e.value, depth - 1, found);
        }),
        Value::List(items) if depth > 0 => items.iter().for_each(|v| fields(v, depth - 1, found)),
        Value::Expr(e) => of_term(&e.term, depth, found),
        _ => {}
    }
}

/// A constant as it would stand in a statement.
fn constant(value: &Value) -> Option<String> {
    match value {
        Value::Bool(b) => Some(b.to_string()),
        Value::Number(t) | Value::Text(t) => Some(t.to_string()),
        Value::Expr(e) => of_constant(&e.term),
        _ => None,
    }
}

fn of_constant(term: &Term) -> Option<String> {
    match term {
        Term::Bool(b) => Some(b.to_string()),
        Term::Number(t) | Term::Text(t) => Some(t.to_string()),
        _ => None,
    }
}

fn of_term(term: &Term, depth: usize, found: &mut Vec<(String, Option<String>)>) {
    match term {
        Term::Map(entries) if depth > 0 => entries.iter().for_each(|(key, value)| {
            found.push((key.to_string(), of_constant(value)));
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
