//! Steps and the edges between them.

use super::people::{self, Silence};
use super::scope::{ByName, Looped, Scope, camel};
use super::{choice, jsonpath, request, value};
use crate::doc::Node;
use workflow::{
    Assignment, EdgeKind, Expression, Function, Language, LoopKind, Map, Node as End, OnError, Outcome,
    Problem, Step, StepIx, StepKind, Term, Text, Value, Workflow,
};

/// The platform refuses loops in loops; ours are followed so deep.
pub(super) const MAX_NESTING: usize = 16;

/// Adds steps to a workflow.
pub(super) struct Builder<'w> {
    pub(super) w: &'w mut Workflow,
    pub(super) problems: &'w mut Vec<Problem>,
    pub(super) depth: usize,
}

/// What may be said of a reference to a step that is not there.
pub(super) fn dangling(w: &Workflow, node: Node<'_>, what: &str, name: &str) -> Problem {
    let path = w.files.first().map(ToString::to_string).unwrap_or_default();
    let message = format!("{what} `{name}`, which is not a step here; the workflow stops there as written");
    Problem { path, line: node.line(), message }
}

impl Builder<'_> {
    /// Adds the steps of one list with the edges between them. `prefix` leads their ids, `parent` is their loop.
    pub(super) fn steps<'n>(
        &mut self,
        listed: Node<'n>,
        prefix: &str,
        parent: Option<StepIx>,
        scope: &Scope<'_>,
    ) -> ByName<'n> {
        let mut by_name = ByName::new();
        let mut added = Vec::new();
        for (name, node) in listed.entries() {
            let mut step = step(name, node, prefix, scope, &self.own_names());
            step.parent = parent;
            if let (Some(_), StepKind::End(Outcome::Success)) = (parent, &step.kind) {
                step.kind = StepKind::End(Outcome::Path);
            }
            self.note_credential(&mut step, node);
            let looped = matches!(step.kind, StepKind::Loop(_));
            let ix = self.w.add(step);
            by_name.insert(name, ix);
            added.push((ix, name, node));
            if looped {
                self.body(ix, name, node, prefix, scope);
            }
        }
        for (ix, _, node) in &added {
            self.edges(*ix, *node, &by_name, parent, scope);
        }
        for (ix, name, node) in added {
            let next = node.str("nextStep").and_then(|next| by_name.get(next)).copied();
            if let Some(next) = next {
                self.silence(ix, name, next, scope);
            }
        }
        by_name
    }

    fn own_names(&self) -> Vec<Text> {
        self.w.id.iter().chain(&self.w.aliases).cloned().collect()
    }

    fn note_credential(&mut self, step: &mut Step, node: Node<'_>) {
        let Some(credential) = request::credential(&step.parameters, node.line()) else { return };
        let known = self.w.credentials.iter().position(|c| c.id == credential.id);
        let ix = known.unwrap_or_else(|| {
            self.w.credentials.push(credential);
            self.w.credentials.len() - 1
        });
        step.credentials.extend(u32::try_from(ix).ok());
    }

    /// The steps inside a loop.
    fn body(&mut self, ix: StepIx, name: &str, node: Node<'_>, prefix: &str, outer: &Scope<'_>) {
        let attributes = node.get("attributes");
        let Some(listed) = attributes.and_then(|a| a.get("steps")).filter(|s| s.is_map()) else { return };
        if self.depth >= MAX_NESTING {
            return self.problems.push(dangling(self.w, node, "loops are nested too deep in", name));
        }
        let id = Text::from(format!("{prefix}{name}"));
        let looped =
            Looped { id: id.clone(), name: camel(name), context: attributes.and_then(|a| context(a, outer)) };
        let prefix = format!("{id}/");
        let names = listed.entries().map(|(n, _)| n);
        let scope = Scope::new(names, &prefix, Some(outer), Some(looped));
        let depth = self.depth + 1;
        let mut inner = Builder { w: &mut *self.w, problems: &mut *self.problems, depth };
        let by_name = inner.steps(listed, &prefix, Some(ix), &scope);
        let start = attributes.and_then(|a| a.str("start")).unwrap_or_default();
        match by_name.get(start) {
            Some(first) => self.w.connect(End::Step(ix), *first, EdgeKind::Body),
            None => self.problems.push(dangling(self.w, node, "the loop starts with", start)),
        }
        self.failed_rounds(ix, &prefix, &by_name);
    }

    /// Whether a failed iteration ends the run or only itself is not documented: it may do either.
    fn failed_rounds(&mut self, ix: StepIx, prefix: &str, by_name: &ByName<'_>) {
        let mut made = |what: &str, kind: StepKind| {
            let mut step = Step::new(format!("{prefix}#{what}"), what, kind);
            (step.synthetic, step.passes_input, step.parent) = (true, true, Some(ix));
            self.w.add(step)
        };
        let branch = made("failed", StepKind::Branch);
        let next = made("next", StepKind::Join);
        let end = made("end", StepKind::End(Outcome::Failure));
        let unknown = Expression::unknown(Language::Structured, "the other iterations go on", Vec::new(), 0);
        let goes_on = EdgeKind::When { case: "goes on".into(), condition: unknown };
        self.w.connect(End::Step(branch), next, goes_on);
        self.w.connect(End::Step(branch), end, EdgeKind::Otherwise { case: "ends".into() });
        self.w.connect(End::Step(next), ix, EdgeKind::Back);
        let mut inner: Vec<StepIx> = by_name.values().copied().collect();
        inner.sort_unstable();
        for at in inner {
            let Some(step) = self.w.steps.get_mut(at.0 as usize) else { continue };
            if matches!(step.kind, StepKind::Action | StepKind::Call | StepKind::Loop(_)) {
                step.on_error = OnError::Route;
                self.w.connect(End::Step(at), branch, EdgeKind::Error);
            }
        }
    }

    fn edges(
        &mut self,
        ix: StepIx,
        node: Node<'_>,
        by_name: &ByName<'_>,
        parent: Option<StepIx>,
        scope: &Scope<'_>,
    ) {
        let from = End::Step(ix);
        let before = self.w.edges.len();
        for (i, entry) in node.get("choiceList").into_iter().flat_map(Node::items).enumerate() {
            let condition = choice::condition(entry, scope);
            let case = Text::from(if i == 0 { "true".to_owned() } else { format!("choice {}", i + 1) });
            self.connect(from, entry, entry.str("nextStep"), by_name, EdgeKind::When { case, condition });
        }
        if let Some(target) = node.str("defaultStep") {
            let kind = EdgeKind::Otherwise { case: "false".into() };
            self.connect(from, node, Some(target), by_name, kind);
        }
        if let Some(target) = node.str("nextStep").filter(|t| !t.is_empty()) {
            self.connect(from, node, Some(target), by_name, EdgeKind::Next);
        }
        let failed = self.w.step(ix).is_some_and(|s| s.kind == StepKind::End(Outcome::Failure));
        if let (Some(parent), true, false) = (parent, self.w.edges.len() == before, failed) {
            self.w.connect(from, parent, EdgeKind::Back);
        }
    }

    fn connect(
        &mut self,
        from: End,
        node: Node<'_>,
        target: Option<&str>,
        by_name: &ByName<'_>,
        kind: EdgeKind,
    ) {
        let target = target.unwrap_or_default();
        match by_name.get(target) {
            Some(to) => self.w.connect(from, *to, kind),
            None => self.problems.push(dangling(self.w, node, "a step goes on to", target)),
        }
    }

    /// The edge that a question takes when nobody answers.
    fn silence(&mut self, ix: StepIx, name: &str, next: StepIx, scope: &Scope<'_>) {
        let Some(step) = self.w.step(ix) else { return };
        let silence = people::ask(&step.operation, &step.parameters).map(|(_, silence)| silence);
        match silence {
            Some(Silence::GoesOn) => self.w.connect(End::Step(ix), next, EdgeKind::Timeout),
            Some(Silence::Approves) => {
                let to = self.approved(&camel(name), next, scope).unwrap_or(next);
                self.w.connect(End::Step(ix), to, EdgeKind::Timeout);
            }
            Some(Silence::Waits) | None => {}
        }
    }

    /// Where a choice sends an approval that was given: an approval that approves itself when nobody answers
    /// takes the same way.
    fn approved(&self, output: &str, choice: StepIx, scope: &Scope<'_>) -> Option<StepIx> {
        let status = jsonpath::path_term(&format!("$.{output}.status"), scope);
        let yes = Term::Call(Function::Equals, vec![status, Term::Text("APPROVED".into())]);
        self.w.edges.iter().find_map(|e| match &e.kind {
            EdgeKind::When { condition, .. } if e.from == End::Step(choice) && condition.term == yes => {
                Some(e.to)
            }
            _ => None,
        })
    }
}

/// What a loop's `context` names; nothing where it is all data.
fn context(attributes: Node<'_>, outer: &Scope<'_>) -> Option<workflow::Reference> {
    let text = attributes.str("context.$").or_else(|| attributes.str("context"))?;
    let path = jsonpath::parse(text)?.segments;
    (!path.is_empty()).then(|| outer.resolve(path))
}

fn step(name: &str, node: Node<'_>, prefix: &str, scope: &Scope<'_>, own: &[Text]) -> Step {
    let attributes = node.get("attributes").filter(|a| a.is_map());
    let written = node.str("type").unwrap_or_default();
    let inner_id = attributes.and_then(|a| a.str("id")).filter(|id| id.starts_with("sp:"));
    let action = node.str("actionId").or(inner_id).unwrap_or_default();
    let shown = node.str("displayName").map(str::trim).filter(|d| !d.is_empty()).unwrap_or(name);
    let mut step = Step::new(format!("{prefix}{name}"), shown, kind(written, action));
    step.span = node.span();
    step.connector = if action == "sp:http" { "http".into() } else { connector(action).into() };
    step.operation = action.into();
    step.connector_version = node.get("versionNumber").and_then(Node::scalar).unwrap_or_default().into();
    let mut parameters = attributes.map(|a| value::map(a, scope, &["steps"])).unwrap_or_default();
    without_mappings(&mut parameters);
    step.parameters = Value::Map(parameters);
    match action {
        "sp:http" => http(&mut step, attributes, scope, own),
        "sp:send-email" => mail(&mut step),
        "sp:define-variable" | "sp:update-variable" => variables(&mut step, node),
        _ => step.ask = people::ask(action, &step.parameters).map(|(ask, _)| ask),
    }
    step
}

/// The `mapping` of a saved parameter says which of its fields goes where: names, no values.
fn without_mappings(parameters: &mut Map) {
    for entry in parameters.0.iter_mut().filter(|e| e.key.starts_with("param_")) {
        if let Value::Map(saved) = &mut entry.value {
            saved.0.retain(|e| e.key != "mapping");
        }
    }
}

fn connector(action: &str) -> &str {
    action.split_once(':').map_or("", |(vendor, _)| vendor)
}

fn kind(written: &str, action: &str) -> StepKind {
    let each = |parallel, bound| StepKind::Loop(LoopKind::Each { parallel, bound: Some(bound) });
    match (written, action) {
        (_, "sp:loop:iterator") => each(true, 250),
        (_, "sp:serial:iterator") => each(false, 50),
        ("choice", _) => StepKind::Branch,
        ("success", _) | (_, "sp:operator-success") => StepKind::End(Outcome::Success),
        ("failure", _) | (_, "sp:operator-failure") => StepKind::End(Outcome::Failure),
        ("Mutation" | "mutation", _) | (_, "sp:define-variable" | "sp:update-variable") => StepKind::Set,
        (_, "sp:sleep") => StepKind::Wait,
        _ => StepKind::Action,
    }
}

fn http(step: &mut Step, attributes: Option<Node<'_>>, scope: &Scope<'_>, own: &[Text]) {
    let request = request::request(attributes, &step.parameters, scope);
    if let Some(callee) = request::callee(&request, own) {
        step.kind = StepKind::Call;
        step.waits = false;
        step.calls.push(callee);
    }
    step.request = Some(request);
}

/// A mail's texts are templates over its `context`.
fn mail(step: &mut Step) {
    let context = step.parameters.get("context").clone();
    let Value::Map(map) = &mut step.parameters else { return };
    for entry in map.0.iter_mut().filter(|e| e.key == "body" || e.key == "subject") {
        entry.value = value::mail(&entry.value, &context);
    }
}

/// Variables become fields of the step's result, under their names in camel case.
fn variables(step: &mut Step, node: Node<'_>) {
    let mut output = Map::default();
    for variable in step.parameters.get("variables").items() {
        let name = variable.get("name").as_text().unwrap_or_default();
        let value = transformed(variable, node.line());
        step.assigns.push(Assignment { variable: name.into(), value: value.clone(), adds: false });
        let short = camel(name);
        if short != name {
            output.push(short, value.clone(), node.line());
        }
        output.push(name, value, node.line());
    }
    step.output = Some(Value::Map(output));
}

/// A variable's value after its transforms.
fn transformed(variable: &Value, line: u32) -> Value {
    let first = variable.get("variableA");
    let transforms = variable.get("transforms").items();
    if transforms.is_empty() {
        return first.clone();
    }
    let mut term = choice::to_term(first);
    let mut text = String::from("transforms");
    for transform in transforms {
        let id = transform.get("id").as_text().unwrap_or_default();
        let name = id.strip_prefix("sp:transform:").unwrap_or(id).split(':').next().unwrap_or_default();
        let input = transform.get("input");
        let mut arguments = vec![term];
        // By name: the order in which an object is written says nothing.
        let mut named: Vec<_> = input.entries().iter().collect();
        named.sort_by(|a, b| a.key.cmp(&b.key));
        arguments.extend(named.iter().map(|e| choice::to_term(&e.value)));
        term = Term::Call(function(name), arguments);
        text.push(' ');
        text.push_str(name);
    }
    let language = Language::Structured;
    Value::Expr(Box::new(Expression { language, text: text.into(), term, line }))
}

fn function(name: &str) -> Function {
    match name.to_ascii_lowercase().as_str() {
        "lower" | "tolower" | "lowercase" => Function::Lower,
        "upper" | "toupper" | "uppercase" => Function::Upper,
        "trim" => Function::Trim,
        "concatenate" | "concat" => Function::Concat,
        "length" | "count" => Function::Length,
        "first" => Function::First,
        "last" => Function::Last,
        "tostring" => Function::ToText,
        "tonumber" | "tointeger" => Function::ToNumber,
        _ => Function::Other(name.into()),
    }
}
