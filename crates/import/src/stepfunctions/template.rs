//! CloudFormation and SAM templates: what their functions and placeholders stand for.
//!
//! Every function is first written as a text with `${Name}` holes (`!GetAtt Fn.Arn` is `${Fn.Arn}`), and holes
//! are then looked up: substitutions, resources of the template, parameters. What is not known stays a parameter.

use crate::doc::Node;
use std::collections::HashMap;
use workflow::{Reference, Root, Term, Text};

/// Functions may be nested so deep.
const MAX_DEPTH: usize = 16;

/// The resources and parameters of a template.
#[derive(Default)]
pub(super) struct Template<'d> {
    resources: HashMap<&'d str, Node<'d>>,
    /// Logical ids of Lambda functions by their names.
    named: HashMap<&'d str, &'d str>,
    /// What goes for all resources of a kind of a SAM template: `Function`, `Api`, `HttpApi`.
    globals: HashMap<&'d str, Node<'d>>,
}

impl<'d> Template<'d> {
    pub(super) fn new(root: Node<'d>) -> Self {
        let listed = root.get("Resources").into_iter().flat_map(Node::entries);
        let resources: HashMap<_, _> = listed.collect();
        let functions = resources.iter().filter(|(_, r)| is_function(**r));
        let named = functions
            .filter_map(|(id, r)| Some((r.at(&["Properties", "FunctionName"])?.as_str()?, *id)))
            .collect();
        let globals = root.get("Globals").into_iter().flat_map(Node::entries).collect();
        Template { resources, named, globals }
    }

    /// What goes for all resources of a kind: interfaces for REST (`Api`) and those for HTTP (`HttpApi`) share nothing.
    pub(super) fn globals(&self, kind: &str) -> Option<Node<'d>> {
        self.globals.get(kind).copied()
    }

    /// A property that all functions have.
    pub(super) fn global(&self, key: &str) -> Option<Node<'d>> {
        self.globals("Function")?.get(key)
    }

    /// A Lambda function by its logical id or its name, with or without an alias.
    pub(super) fn function(&self, name: &str) -> Option<(&'d str, Node<'d>)> {
        let name = name.split(':').next().unwrap_or(name);
        let logical = if self.resources.contains_key(name) { name } else { self.named.get(name)? };
        let found = self.resources.get_key_value(logical).map(|(k, r)| (*k, *r));
        found.filter(|(_, r)| is_function(*r))
    }

    pub(super) fn resource(&self, logical: &str) -> Option<Node<'d>> {
        self.resources.get(logical).copied()
    }

    pub(super) fn resources(&self) -> impl Iterator<Item = (&'d str, Node<'d>)> + '_ {
        self.resources.iter().map(|(k, n)| (*k, *n))
    }

    /// What `${Name}` or `${Name.Attribute}` stands for.
    fn hole(&self, name: &str) -> Option<Term> {
        let (logical, attribute) = name.split_once('.').unwrap_or((name, ""));
        let resource = self.resource(logical)?;
        let named = |key: &str| resource.at(&["Properties", key]).and_then(Node::as_str).unwrap_or(logical);
        let arn = |kind: &str, name: &str| Some(Term::Text(format!("arn:aws:{kind}:{name}").into()));
        match (resource.str("Type")?, attribute) {
            ("AWS::Serverless::Function" | "AWS::Lambda::Function", "") => Some(Term::Text(logical.into())),
            ("AWS::Serverless::Function" | "AWS::Lambda::Function", "Arn" | "Alias" | "Version") => {
                arn("lambda:::function", logical)
            }
            ("AWS::Lambda::Alias" | "AWS::Lambda::Version", "" | "AliasArn" | "FunctionArn") => {
                arn("lambda:::function", logical)
            }
            ("AWS::Serverless::StateMachine" | "AWS::StepFunctions::StateMachine", "" | "Arn") => {
                arn("states:::stateMachine", logical)
            }
            ("AWS::StepFunctions::Activity", "" | "Arn") => arn("states:::activity", named("Name")),
            ("AWS::SNS::Topic", "" | "TopicArn") => arn("sns::", named("TopicName")),
            _ => None,
        }
    }
}

fn is_function(resource: Node<'_>) -> bool {
    matches!(resource.str("Type"), Some("AWS::Serverless::Function" | "AWS::Lambda::Function"))
}

/// Where the lines of a definition are, for people.
#[derive(Debug, Clone, Copy)]
pub(super) enum Lines {
    /// In its own document.
    Own,
    /// All on one line of another.
    On(u32),
    /// In another, from this line on.
    After(u32),
}

/// What the holes in a definition stand for.
pub(super) struct Placeholders<'d> {
    pub(super) template: &'d Template<'d>,
    pub(super) substitutions: HashMap<Text, Term>,
    /// The definition itself is an object in a template, where functions may stand for texts.
    pub(super) functions: bool,
    pub(super) lines: Lines,
}

impl<'d> Placeholders<'d> {
    pub(super) fn new(template: &'d Template<'d>) -> Self {
        Placeholders { template, substitutions: HashMap::new(), functions: false, lines: Lines::Own }
    }

    /// Reads `DefinitionSubstitutions`.
    pub(super) fn substitute(&mut self, node: Option<Node<'_>>) {
        for (name, value) in node.into_iter().flat_map(Node::entries) {
            let text = flatten(value, 0).or_else(|| value.scalar().map(str::to_owned));
            let term = text.map(|t| self.term(&t).unwrap_or(Term::Text(t.into())));
            self.substitutions.extend(term.map(|t| (Text::from(name), t)));
        }
    }

    /// The line of a node.
    pub(super) fn line(&self, node: Node<'_>) -> u32 {
        match self.lines {
            Lines::Own => node.line(),
            Lines::On(line) => line,
            Lines::After(line) => line.saturating_add(node.line()),
        }
    }

    /// The text that a function of the template stands for, with holes; nothing where the node is none.
    pub(super) fn flattened(&self, node: Node<'_>) -> Option<String> {
        if self.functions { flatten(node, 0) } else { None }
    }

    /// A text with holes; nothing where it has none.
    pub(super) fn term(&self, text: &str) -> Option<Term> {
        if !text.contains("${") {
            return None;
        }
        let (mut parts, mut rest, mut found) = (Vec::new(), text, false);
        while let Some((before, name, after)) = next_hole(rest) {
            found = true;
            push_text(&mut parts, before);
            match self.hole(name) {
                Term::Text(text) => push_text(&mut parts, &text),
                Term::Template(more) => parts.extend(more),
                other => parts.push(other),
            }
            rest = after;
        }
        push_text(&mut parts, rest);
        match parts.len() {
            _ if !found => None,
            0 => Some(Term::Text(Text::default())),
            1 => parts.pop(),
            _ => Some(Term::Template(parts)),
        }
    }

    fn hole(&self, name: &str) -> Term {
        if name == "AWS::Partition" {
            // Only tells Amazon's separate clouds apart: what a service does is the same in all.
            return Term::Text("aws".into());
        }
        let known = self.substitutions.get(name).cloned().or_else(|| self.template.hole(name));
        known.unwrap_or_else(|| Term::Ref(Reference { root: Root::Parameter(name.into()), path: Vec::new() }))
    }

    /// A text in which known holes are filled and the others stand.
    pub(super) fn filled(&self, text: &str) -> String {
        shown(&self.term(text).unwrap_or_else(|| Term::Text(text.into())))
    }
}

/// A text with holes as `${Name}`.
pub(super) fn shown(term: &Term) -> String {
    match term {
        Term::Text(t) | Term::Number(t) => t.to_string(),
        Term::Template(parts) => parts.iter().map(shown).collect(),
        Term::Ref(Reference { root: Root::Parameter(name), .. }) => format!("${{{name}}}"),
        _ => "${}".to_owned(),
    }
}

fn push_text(parts: &mut Vec<Term>, text: &str) {
    match parts.last_mut() {
        _ if text.is_empty() => {}
        Some(Term::Text(last)) => last.push_str(text),
        _ => parts.push(Term::Text(text.into())),
    }
}

/// The next `${Name}`: what stands before, the name, what stands after.
pub(super) fn next_hole(text: &str) -> Option<(&str, &str, &str)> {
    text.match_indices("${").find_map(|(at, _)| {
        let inner = &text[at + 2..];
        let end = inner.find('}')?;
        let name = inner[..end].trim();
        let plain = |c: char| c.is_alphanumeric() || "_-.:/ ".contains(c);
        let named = !name.is_empty() && name.chars().all(plain);
        named.then(|| (&text[..at], name, &inner[end + 1..]))
    })
}

/// A function of the template: its short name and its argument.
fn function(node: Node<'_>) -> Option<(String, Node<'_>)> {
    if let Some(tag) = node.tag() {
        return Some((tag.trim_start_matches('!').to_owned(), node));
    }
    let mut entries = node.entries();
    let (key, value) = entries.next().filter(|_| node.is_map())?;
    if entries.next().is_some() {
        return None;
    }
    match key {
        "Ref" => Some(("Ref".to_owned(), value)),
        key => Some((key.strip_prefix("Fn::")?.to_owned(), value)),
    }
}

/// The text that a function stands for, with holes.
pub(super) fn flatten(node: Node<'_>, depth: usize) -> Option<String> {
    let (name, argument) = function(node)?;
    let known = if depth > MAX_DEPTH { None } else { apply(&name, argument, depth) };
    Some(known.unwrap_or_else(|| format!("${{Fn::{name}}}")))
}

fn apply(name: &str, argument: Node<'_>, depth: usize) -> Option<String> {
    match name {
        "Ref" => argument.as_str().map(|t| format!("${{{t}}}")),
        "GetAtt" => match argument.as_str() {
            Some(path) => Some(format!("${{{path}}}")),
            None => {
                let parts: Vec<&str> = argument.items().filter_map(Node::as_str).collect();
                Some(format!("${{{}}}", parts.join(".")))
            }
        },
        "Sub" => substituted(argument, depth),
        "Join" => {
            let mut items = argument.items();
            let separator = items.next()?.as_str()?;
            let list = items.next().filter(|l| l.is_list() && l.tag().is_none())?;
            let texts: Option<Vec<String>> = list.items().map(|i| text(i, depth + 1)).collect();
            Some(texts?.join(separator))
        }
        "ImportValue" => {
            Some(format!("${{Fn::ImportValue {}}}", text(argument, depth + 1)?.replace(['$', '{', '}'], "")))
        }
        _ => None,
    }
}

fn text(node: Node<'_>, depth: usize) -> Option<String> {
    flatten(node, depth).or_else(|| node.scalar().map(str::to_owned))
}

/// `Fn::Sub`: a text, or a text and what some of its holes stand for.
fn substituted(argument: Node<'_>, depth: usize) -> Option<String> {
    if let Some(text) = argument.as_str() {
        return Some(text.replace("${!", "${"));
    }
    let mut items = argument.items();
    let (template, map) = (items.next()?.as_str()?, items.next());
    let (mut out, mut rest) = (String::new(), template);
    while let Some((before, name, after)) = next_hole(rest) {
        out.push_str(before);
        match map.and_then(|m| m.get(name)).and_then(|v| text(v, depth + 1)) {
            Some(text) => out.push_str(&text),
            None => out.extend(["${", name, "}"]),
        }
        rest = after;
    }
    out.push_str(rest);
    Some(out.replace("${!", "${"))
}
