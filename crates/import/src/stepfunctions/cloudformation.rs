//! State machines as resources of CloudFormation and SAM templates.

use super::machine::{Given, define};
use super::template::{Lines, Placeholders, Template, flatten, next_hole};
use super::{digest, events, functions, is_machine};
use crate::doc::{Doc, Node, decode};
use crate::{Files, Imported, Source, Verdict};
use workflow::{Map, Problem, Step, StepKind, Text, Value, Workflow, merkle};

/// Has the shape of a template.
pub(super) fn is_template(root: Node<'_>) -> bool {
    let Some(resources) = root.get("Resources").filter(|r| r.is_map()) else { return false };
    let first = resources.children().next().and_then(|r| r.str("Type"));
    root.get("AWSTemplateFormatVersion").is_some()
        || first.is_some_and(|t| t.starts_with("AWS::") || t.starts_with("Custom::"))
}

fn is_machine_resource(resource: Node<'_>) -> bool {
    let kind = resource.str("Type");
    matches!(kind, Some("AWS::StepFunctions::StateMachine" | "AWS::Serverless::StateMachine"))
}

/// Imports every state machine of a template.
pub(super) fn import(source: &Source<'_>, root: Node<'_>) -> Imported {
    let template = Template::new(root);
    let mut found =
        Found { files: source.files, workflows: Vec::new(), problems: Vec::new(), used: Vec::new() };
    let listed = root.get("Resources").into_iter().flat_map(Node::entries);
    for (logical, resource) in listed.filter(|(_, r)| is_machine_resource(*r)) {
        found.machine(source, root, logical, resource, &template);
    }
    if found.workflows.is_empty() {
        return Imported::not_workflow("a CloudFormation template without state machines");
    }
    Imported { verdict: Verdict::Workflows(found.workflows), problems: found.problems, used: found.used }
}

struct Found<'f> {
    files: &'f dyn Files,
    workflows: Vec<Workflow>,
    problems: Vec<Problem>,
    used: Vec<String>,
}

impl Found<'_> {
    fn machine(
        &mut self,
        source: &Source<'_>,
        root: Node<'_>,
        logical: &str,
        resource: Node<'_>,
        template: &Template<'_>,
    ) {
        let properties = resource.get("Properties").unwrap_or(resource);
        let mut placeholders = Placeholders::new(template);
        placeholders.substitute(properties.get("DefinitionSubstitutions"));
        let mut w = Workflow::new(workflow::Platform::StepFunctions, logical, source.path);
        w.id = Some(logical.into());
        w.span = resource.span();
        let named = ["StateMachineName", "Name"].into_iter().find_map(|k| properties.get(k));
        if let Some(name) =
            named.map(|n| flatten(n, 0).unwrap_or_else(|| n.scalar().unwrap_or_default().to_owned()))
        {
            w.aliases.push(placeholders.filled(&name).into());
        }
        w.triggers = events::triggers(logical, properties, template, resource);
        w.parameters = parameters(root);
        let read = if let Some(machine) = properties.get("Definition").filter(|d| is_machine(*d)) {
            placeholders.functions = true;
            self.define(w.clone(), machine, &placeholders, resource, (0, Text::default()));
            true
        } else if let Some(text) = properties.get("DefinitionString") {
            self.embedded(&w, text, &mut placeholders, resource)
        } else if let Some(uri) = properties.get("DefinitionUri").and_then(Node::as_str) {
            self.external(&w, uri, source, &placeholders, resource)
        } else {
            false
        };
        if !read {
            self.unread(w, resource);
        }
    }

    fn define(
        &mut self,
        mut w: Workflow,
        machine: Node<'_>,
        placeholders: &Placeholders<'_>,
        resource: Node<'_>,
        (file, within): (u16, Text),
    ) {
        w.description = machine.str("Comment").unwrap_or_default().to_owned();
        let given = Given { machine, placeholders, file, within };
        define(&mut w, &given, &mut self.problems);
        digest::parts(machine, &mut w.parts);
        let rest = crate::doc::canonical(resource, &|n| {
            let definition = matches!(n.key(), Some("Definition" | "DefinitionString"));
            definition && n.parent().is_some_and(|p| p.key() == Some("Properties"))
        });
        w.parts.push(digest::part("resource", &rest));
        self.used.extend(functions::read(&mut w, placeholders.template, self.files));
        for (name, used) in used_resources(&w, placeholders.template) {
            w.parts.push(digest::whole(&format!("resource/{name}").into(), used));
        }
        w.digest = merkle(&w.parts);
        self.workflows.push(w);
    }

    /// A definition written as a text, often put together by functions.
    fn embedded(
        &mut self,
        w: &Workflow,
        node: Node<'_>,
        placeholders: &mut Placeholders<'_>,
        resource: Node<'_>,
    ) -> bool {
        let written = flatten(node, 0).or_else(|| node.as_str().map(str::to_owned));
        let Some(text) = written else { return false };
        let quoted;
        let doc = match parse(&text) {
            Some(doc) => doc,
            None => {
                quoted = quote_holes(&text);
                match parse(&quoted) {
                    Some(doc) => doc,
                    None => return false,
                }
            }
        };
        if !is_machine(doc.root()) {
            return false;
        }
        let many = node.as_str().is_some_and(|t| t.contains('\n')) && node.tag().is_some();
        placeholders.lines = if many { Lines::After(node.line()) } else { Lines::On(node.line()) };
        self.define(w.clone(), doc.root(), placeholders, resource, (0, node.path()));
        true
    }

    /// A definition in a file beside the template.
    fn external(
        &mut self,
        w: &Workflow,
        uri: &str,
        source: &Source<'_>,
        placeholders: &Placeholders<'_>,
        resource: Node<'_>,
    ) -> bool {
        let Some(bytes) = source.files.read(uri) else { return false };
        let Ok((text, _)) = decode(&bytes) else { return false };
        let Some(doc) = parse(&text).filter(|d| is_machine(d.root())) else { return false };
        let mut w = w.clone();
        w.files.push(beside(source.path, uri).into());
        self.used.push(uri.to_owned());
        self.define(w, doc.root(), placeholders, resource, (1, Text::default()));
        true
    }

    /// A machine whose definition is not here: what it does is not known.
    fn unread(&mut self, mut w: Workflow, resource: Node<'_>) {
        let message =
            "the state machine's definition is not in the template and no file beside it could be read; \
                       keep its definition with the template"
                .to_owned();
        let path = w.files.first().map(ToString::to_string).unwrap_or_default();
        self.problems.push(Problem { path, line: resource.line(), message });
        let mut step = Step::new("definition", "definition kept elsewhere", StepKind::Action);
        step.span = resource.span();
        let ix = w.add(step);
        for trigger in 0..u32::try_from(w.triggers.len()).unwrap_or(0) {
            w.connect(workflow::Node::Trigger(trigger), ix, workflow::EdgeKind::Next);
        }
        w.parts.push(digest::whole(&"resource".into(), resource));
        w.digest = merkle(&w.parts);
        self.workflows.push(w);
    }
}

fn parse(text: &str) -> Option<Doc<'_>> {
    if text.trim_start().starts_with(['{', '/']) { Doc::json(text).ok() } else { Doc::yaml(text).ok() }
}

/// Numbers may be substituted too, and stand without quotes: `"Seconds": ${Wait}`.
fn quote_holes(text: &str) -> String {
    let (mut out, mut rest, mut inside) = (String::with_capacity(text.len()), text, false);
    while let Some((before, name, after)) = next_hole(rest) {
        out.push_str(before);
        inside ^= quotes(before) % 2 == 1;
        let quote = if inside { "" } else { "\"" };
        out.extend([quote, "${", name, "}", quote]);
        rest = after;
    }
    out.push_str(rest);
    out
}

fn quotes(text: &str) -> usize {
    let bytes = text.as_bytes();
    let quote = |i: usize| bytes[i] == b'"' && (i == 0 || bytes[i - 1] != b'\\');
    (0..bytes.len()).filter(|i| quote(*i)).count()
}

/// A path relative to a file, from where that file's own path starts.
fn beside(path: &str, relative: &str) -> String {
    let folder = path.rfind(['/', '\\']).map_or("", |at| &path[..=at]);
    format!("{folder}{}", relative.trim_start_matches("./"))
}

/// The template's parameters and their defaults.
fn parameters(root: Node<'_>) -> Value {
    let mut map = Map::default();
    let listed = root.get("Parameters").into_iter().flat_map(Node::entries);
    for (name, parameter) in listed {
        let default = parameter.get("Default").and_then(Node::scalar);
        map.push(name, default.map(Value::text).unwrap_or_default(), parameter.line());
    }
    if map.0.is_empty() { Value::Null } else { Value::Map(map) }
}

/// Functions that the template defines and the machine calls.
fn used_resources<'d>(w: &Workflow, template: &Template<'d>) -> Vec<(Text, Node<'d>)> {
    let names = w.steps.iter().flat_map(|s| s.code.iter().map(|c| c.name.clone()));
    let mut found: Vec<(Text, Node<'d>)> =
        names.filter_map(|n| template.function(&n).map(|(id, r)| (Text::from(id), r))).collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found.dedup_by(|a, b| a.0 == b.0);
    found
}
