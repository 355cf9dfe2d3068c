//! What each step does: the catalogue applied to operations, requests and code.
//!
//! The order is that of certainty: a raw call is judged by its method, address and body, a connector's operation by its
//! entry, code by the commands in plain sight. What none of these knows is `opaque` or `code`, never nothing.

mod accounts;
mod apply;
mod called;
pub mod code;
mod links;
mod look;
mod people;
mod request;
pub mod resolve;
pub mod url;
mod variants;
mod webhook;

pub use apply::show;
pub use look::{Scene, Truth};

use crate::catalogue::{Catalogue, Found, catalogue, verbs};
use accounts::Accounts;
use apply::{Outcome, apply};
use resolve::{Piece, Resolver};
use std::borrow::Cow;
use workflow::{Code, CodeLanguage, Effect, Evidence, Kind, Step, StepKind, Text, Tier, Value, Workflow};

/// Fills in the effects and targets of every step, and what it asks.
pub fn classify(workflow: &mut Workflow) {
    classify_all(std::slice::from_mut(workflow));
}

/// The same for the workflows of a file, which may hand things to each other.
pub fn classify_all(workflows: &mut [Workflow]) {
    let calls = called::Calls::new(workflows);
    let found: Vec<Vec<Outcome>> = workflows.iter().map(|w| calls.outcomes(w)).collect();
    for (workflow, outcomes) in workflows.iter_mut().zip(found) {
        for (step, outcome) in workflow.steps.iter_mut().zip(outcomes) {
            outcome.put(step);
        }
    }
}

/// What the steps of a workflow do, where a caller hands it something too.
fn outcomes(workflow: &Workflow, call: Option<(&Workflow, &Value)>) -> Vec<Outcome> {
    let resolver = Resolver::new(workflow).handed(call.map(|(_, handed)| handed));
    let judge = Judge {
        catalogue: catalogue(),
        resolver: &resolver,
        accounts: Accounts::new(workflow, call.map(|(caller, _)| caller)),
        platform: workflow.platform.as_str(),
    };
    workflow.steps.iter().map(|s| judge.step(s)).collect()
}

/// The tier of a workflow by its own live steps, and whether some may do what is not known.
#[must_use]
pub fn tier(workflow: &Workflow) -> (Tier, bool) {
    let effects = || workflow.own_steps().flat_map(Step::live_effects);
    let tier = effects().map(Effect::tier).max().unwrap_or_default();
    let opaque = effects().any(|e| e.kind.is_opaque());
    (if opaque { Tier(3) } else { tier }, opaque)
}

struct Judge<'w> {
    catalogue: &'static Catalogue,
    resolver: &'w Resolver<'w>,
    accounts: Accounts<'w>,
    platform: &'static str,
}

impl Judge<'_> {
    fn step(&self, step: &Step) -> Outcome {
        let mut out = Outcome::default();
        if step.synthetic {
            // A step that a person must release stands behind a question of its own, made by the importer.
            if step.ask.is_some() {
                out.add(Kind::Ask, self.platform, Evidence::Operation);
            }
            return out;
        }
        if step.request.as_ref().is_some_and(|r| !r.governed) {
            self.request(step, &mut out);
        } else {
            self.operation(step, &mut out);
        }
        if out.effects.iter().all(|e| matches!(e.kind, Kind::Code | Kind::Opaque)) && !step.code.is_empty() {
            out.effects.clear();
            self.code(step, &mut out);
        } else if step.code.iter().any(|c| c.name == "userCode") {
            // Code written by hand into a block that does something of its own besides.
            self.code(step, &mut out);
        }
        if !step.calls.is_empty() || !out.calls.is_empty() {
            out.effects.retain(|e| !matches!(e.kind, Kind::Opaque | Kind::Write | Kind::Code));
            out.add(Kind::Call, self.platform, Evidence::Operation);
        }
        if step.ask.is_some() {
            out.add(Kind::Ask, self.platform, Evidence::Operation);
        }
        let unknown = step.code.is_empty() && out.effects.iter().all(|e| e.kind == Kind::Code);
        if unknown && step.kind == StepKind::Action {
            self.given_statement(step, &mut out);
        }
        if out.effects.is_empty() {
            self.by_kind(step, &mut out);
        }
        out
    }

    /// A connector's operation; one that is a method and a path also by its path.
    fn operation(&self, step: &Step, out: &mut Outcome) {
        // Amazon's library is called by the same names everywhere.
        let platform = if step.connector.starts_with("aws-sdk:") { "stepfunctions" } else { self.platform };
        let found = self.catalogue.operation(platform, &step.connector, &step.operation);
        if let Some(found) = found.filter(|_| !step.connector.is_empty()) {
            let (url, names) = self.path(step, found).unzip();
            let names = names.unwrap_or_default();
            let scene = Scene { step, resolver: self.resolver, url: url.as_ref(), names: &names, call: None };
            apply(self.catalogue, self.platform, found, &scene, Evidence::Operation, out);
        }
        if self.platform == "node-red" {
            let scene = Scene { step, resolver: self.resolver, url: None, names: &[], call: None };
            self.accounts.document(&scene, out);
        }
        if out.effects.is_empty() && step.request.is_some() {
            self.request(step, out);
        }
    }

    /// The path of an operation that is a method and a path, and where its names stand.
    fn path(&self, step: &Step, found: Found) -> Option<(url::Url, Vec<(String, usize)>)> {
        let request = step.request.as_ref().filter(|_| step.operation.contains(" /"))?;
        let (method, url) =
            (request.method.as_text().map(str::to_ascii_uppercase), url::parse(&request.url, self.resolver));
        let names = found.names(method.as_deref(), &url.path);
        Some((url, names))
    }

    fn request(&self, step: &Step, out: &mut Outcome) {
        request::judge(self.catalogue, self.platform, self.resolver, step, out);
    }

    fn code(&self, step: &Step, out: &mut Outcome) {
        let mut reaches = false;
        for code in &step.code {
            if code.language == CodeLanguage::Sql {
                reaches |= self.sql(step, code, out);
                continue;
            }
            let (whole, spliced) = code::text_and_hole(&code.text, self.resolver);
            let inner = code::powershell(&whole).filter(|_| code.language == CodeLanguage::Shell);
            let (language, text) = match inner {
                Some(text) => (CodeLanguage::PowerShell, text),
                None => (code.language, &*whole),
            };
            let blank = text.trim().is_empty();
            let plain = code::without_comments(language, text);
            let text = &*plain;
            let text = &*self.own_reads(language, text, out);
            let (ran, rest) = self.actions(language, text);
            ran.into_iter().for_each(|found| self.ran(step, found, out));
            let text = &*rest;
            let before = out.effects.len();
            // Where a script is given objects of Java's, no word of JavaScript's own tells what it reaches.
            let readable = !blank && !self.calls_java(language);
            let whole = !self.splices_into_code(&code.text);
            let shapes = is_default(code) || readable && whole && code::only_shapes_data(language, text);
            let too_much = self.commands(step, (language, text, shapes), spliced.as_ref(), out);
            if shapes {
                // Nothing here can run a command: what stands in its texts counts only where it would change access.
                let mut at = 0..;
                out.effects.retain(|e| {
                    at.next().is_some_and(|i| i < before) || e.tier() > Tier(1) && !e.kind.is_opaque()
                });
            }
            reaches |= too_much
                || !(shapes
                    || (language == CodeLanguage::Shell && code::is_plain(self.catalogue, text))
                    || (self.calls_java(language) && code::is_plain_groovy(self.catalogue, text))
                    || self.reads_only(language, text, out)
                    || (language == CodeLanguage::PowerShell
                        && code::is_plain_powershell(self.catalogue, text)));
        }
        first_password(out);
        if self.platform == "node-red" {
            for code in step.code.iter().filter(|c| c.language == CodeLanguage::JavaScript) {
                let (text, _) = code::text_and_hole(&code.text, self.resolver);
                let text = code::without_comments(code.language, &text);
                self.accounts.script(&text, self.resolver, out);
            }
        }
        let system = step.connector.as_str();
        if reaches {
            out.add(Kind::Code, system, Evidence::Code);
        } else if out.effects.is_empty() {
            out.add(Kind::Control, "", Evidence::Code);
        }
    }

    /// Whether the platform puts values of the run into a code's text, as text: what runs is then not what stands here, for
    /// a quote in a value ends the text that it was put in.
    /// Source: <https://docs.rapid7.com/insightconnect/input-and-output>
    fn splices_into_code(&self, text: &Value) -> bool {
        let hole = |piece: &Piece| matches!(piece, Piece::Hole(_));
        self.platform == "insightconnect" && self.resolver.pieces(text).iter().any(hole)
    }

    /// Code of Splunk SOAR without what only reads the platform's own records.
    fn own_reads<'t>(&self, language: CodeLanguage, text: &'t str, out: &mut Outcome) -> Cow<'t, str> {
        if self.platform != "splunk-soar" || language != CodeLanguage::Python {
            return Cow::Borrowed(text);
        }
        let (read, rest) = code::own_reads(text);
        if read {
            out.add(Kind::Read, self.platform, Evidence::Code);
        }
        rest
    }

    /// The platform's own actions that code runs by name, and the code without them where the catalogue knows them all.
    fn actions<'t>(&self, language: CodeLanguage, text: &'t str) -> (Vec<Found>, Cow<'t, str>) {
        let none = (Vec::new(), Cow::Borrowed(text));
        if self.platform != "splunk-soar" || language != CodeLanguage::Python {
            return none;
        }
        let (names, rest) = code::run_actions(text);
        let known = names.iter().map(|name| self.catalogue.operation(self.platform, "-", name));
        known.collect::<Option<Vec<Found>>>().map_or(none, |known| (known, rest))
    }

    /// What an action does that code runs; with what, is not read.
    fn ran(&self, step: &Step, found: Found, out: &mut Outcome) {
        let scene = Scene { step, resolver: self.resolver, url: None, names: &[], call: None };
        apply(self.catalogue, self.platform, found, &scene, Evidence::Code, out);
    }

    /// What the statements do that a step may be given; whether they may do more than is known.
    fn sql(&self, step: &Step, code: &Code, out: &mut Outcome) -> bool {
        let (texts, all) = code::statements(&code.text, self.resolver);
        let mut reaches = !all || texts.is_empty();
        let (_, spliced) = code::text_and_hole(&code.text, self.resolver);
        let plain = texts.iter().map(|t| code::without_comments(CodeLanguage::Sql, t));
        for text in plain.filter(|t| !t.trim().is_empty()) {
            let text = &*text;
            let before = out.effects.len();
            let too_much = self.commands(step, (code.language, text, false), spliced.as_ref(), out);
            let known = out.effects.len() > before;
            self.accounts.sql(text, code, self.resolver, out);
            reaches |= too_much || !(known || self.reads_only(CodeLanguage::Sql, text, out));
        }
        reaches
    }

    /// A node that nobody knows, or that runs whatever it is given, with statements under names that mean one. They say what
    /// it does where nothing else of it may change something.
    fn given_statement(&self, step: &Step, out: &mut Outcome) {
        let body = step.request.as_ref().map_or(&Value::Null, |r| &r.body);
        let places = [&step.parameters, step.parameters.get("body"), body];
        let keys = ["query", "sql", "statement", "query/query"];
        let given = places.iter().flat_map(|place| keys.iter().map(move |key| place.get(key)));
        let given: Vec<&Value> = given.filter(|v| !v.is_empty()).collect();
        let is_statement = |v: &&Value| code::is_statement(&code::text_and_hole(v, self.resolver).0);
        let named =
            out.effects.is_empty() && [&step.connector, &step.operation].iter().any(|n| verbs::changes(n));
        let runs = places
            .iter()
            .flat_map(|place| place.entries())
            .any(|e| !e.value.is_empty() && verbs::is_run(&e.key));
        if given.is_empty() || !given.iter().all(is_statement) || named || runs {
            return;
        }
        out.effects.clear();
        for text in given {
            let code = Code { language: CodeLanguage::Sql, text: text.clone(), name: Text::default() };
            if self.sql(step, &code, out) {
                out.add(Kind::Code, &step.connector, Evidence::Code);
            }
        }
    }

    /// Process engines hand the same Java objects to Groovy and to JavaScript.
    fn calls_java(&self, language: CodeLanguage) -> bool {
        language == CodeLanguage::Groovy || language == CodeLanguage::JavaScript && self.platform == "bpmn"
    }

    /// What the commands, calls and addresses in code do; whether there are more than can be judged. A function of Node-RED that
    /// only shapes data hands an address on in the message, and the node that asks there is the one that acts.
    fn commands(
        &self,
        step: &Step,
        (language, text, shapes): (CodeLanguage, &str, bool),
        spliced: Option<&Value>,
        out: &mut Outcome,
    ) -> bool {
        let language = if self.calls_java(language) { CodeLanguage::Groovy } else { language };
        let hands_on = shapes && self.platform == "node-red";
        let web = if hands_on { Vec::new() } else { code::web_calls(language, text) };
        let hits = code::read(self.catalogue, language, text);
        let too_much = code::is_too_much(&hits, &web);
        for mut hit in hits {
            if let Some(spliced) = spliced {
                hit.call.fill(spliced);
            }
            if self.platform == "bpmn" {
                hit.call.bind(&step.parameters);
            }
            let scene = Scene { step, resolver: self.resolver, url: None, names: &[], call: Some(&hit.call) };
            apply(self.catalogue, self.platform, hit.found, &scene, Evidence::Code, out);
        }
        for web in web {
            request::in_code(self.catalogue, self.resolver, step, &web, out);
        }
        too_much
    }

    /// SQL that only selects, or writes rows; PowerShell that only gets.
    fn reads_only(&self, language: CodeLanguage, text: &str, out: &mut Outcome) -> bool {
        if language == CodeLanguage::PowerShell && code::only_gets(text) {
            out.add(Kind::Read, "", Evidence::Code);
            return true;
        }
        if language != CodeLanguage::Sql {
            return false;
        }
        let statements = text.split(';').filter(|s| !s.trim().is_empty());
        let kinds: Option<Vec<Kind>> = statements.map(verbs::sql).collect();
        let Some(kinds) = kinds.filter(|k| !k.is_empty()) else { return false };
        kinds.into_iter().for_each(|k| out.add(k, "sql", Evidence::Code));
        true
    }

    fn by_kind(&self, step: &Step, out: &mut Outcome) {
        let kind = match step.kind {
            StepKind::Action | StepKind::Code if step.connector.is_empty() && step.operation.is_empty() => {
                Kind::Opaque
            }
            StepKind::Action => by_verb(step)
                .or_else(|| self.platform_type(step))
                .or_else(|| self.about_first(step))
                .or_else(|| asks_to_get(step))
                .unwrap_or(Kind::Opaque),
            StepKind::Code => Kind::Code,
            StepKind::Call => Kind::Call,
            StepKind::Agent => Kind::Read,
            _ => Kind::Control,
        };
        let system = if kind == Kind::Control { Text::default() } else { step.connector.clone() };
        out.add(kind, &system, Evidence::Operation);
    }
}

impl Judge<'_> {
    /// Publishers of Microsoft's connectors often put first what an operation is about.
    fn about_first(&self, step: &Step) -> Option<Kind> {
        let theirs = matches!(self.platform, "powerautomate" | "logicapps");
        theirs.then(|| verbs::anywhere(&step.operation)).flatten()
    }

    /// Node-RED's palette names nodes by what they do, and most have no operation besides.
    fn platform_type(&self, step: &Step) -> Option<Kind> {
        let bare = self.platform == "node-red" && step.operation == "-";
        bare.then(|| verbs::node_type(&step.connector)).flatten()
    }
}

/// A script that makes an account and sets a password gives the account its first one.
fn first_password(out: &mut Outcome) {
    let by_code = |e: &Effect, kind| e.kind == kind && e.evidence == Evidence::Code;
    if out.effects.iter().any(|e| by_code(e, Kind::CreateIdentity)) {
        let resets = out.effects.iter_mut().filter(|e| by_code(e, Kind::ResetCredential));
        resets.for_each(|e| e.kind = Kind::IssueCredential);
    }
}

/// What an operation that is not known does by its verb.
fn by_verb(step: &Step) -> Option<Kind> {
    if step.connector.starts_with("aws-sdk:") {
        return verbs::of_amazon(&step.operation);
    }
    verbs::operation(&step.operation)
}

/// An operation that is not known, but says by a parameter that it is a `GET`.
fn asks_to_get(step: &Step) -> Option<Kind> {
    let methods = ["method", "requestMethod", "httpMethod"];
    let said = methods.iter().find_map(|key| step.parameters.get(key).as_text())?;
    said.eq_ignore_ascii_case("get").then_some(Kind::Read)
}

/// Inline code that the definition leaves out is the platform's own example, which shapes data.
fn is_default(code: &Code) -> bool {
    let scripted = matches!(code.language, CodeLanguage::JavaScript | CodeLanguage::Python);
    scripted && code.name.is_empty() && code.text == Value::Null
}

#[cfg(test)]
mod code_tests;
#[cfg(test)]
mod connector_tests;
#[cfg(test)]
mod microsoft_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod unknown_tests;
