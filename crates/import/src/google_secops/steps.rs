//! Steps of a playbook: actions of integrations, conditions, questions, blocks, loops, containers.

use super::build::{Piece, Placed};
use super::expression::Scope;
use crate::doc::{Doc, Node};
use crate::values::{opened, reference, value};
use workflow::{
    Ask, Assignment, Auth, Callee, CalleeKey, EdgeKind, Entry, Expression, Function, Join, Language,
    LoopKind, Map, Node as End, OnError, Outcome, Problem, Reference, Request, Root, Segment, Step, StepIx,
    StepKind, Term, Text, Value, Workflow,
};

/// Actions that set a value of the alert, the case or all cases: scope, key and value by their parameters' names.
const SETTERS: [(&str, [&str; 3]); 4] = [
    ("Tools_Set Context Value", ["Scope", "Key", "Value"]),
    ("Siemplify_Set Scope Context Value", ["Context Scope", "Key Name", "Key Value"]),
    ("Tools_Append to Context Value", ["Scope", "Key", "Value"]),
    ("SiemplifyUtilities_Set Context Value", ["Scope", "Key", "Value"]),
];

/// Actions that attach a playbook to an alert, which starts it, and whether they take several, joined by commas.
const ATTACHERS: [(&str, bool); 4] = [
    ("Siemplify_Attach Playbook to Alert", false),
    ("Tools_Attach Playbook to Alert", true),
    ("Tools_Attach Playbook to All Case Alerts", false),
    ("Tools_Re-Attach Playbook", false),
];

/// The platform ends a loop after so many rounds.
const MOST_ROUNDS: u64 = 100;

/// The kind of loop that goes through the alert's entities; others go through a list.
const OVER_ENTITIES: &str = "1";

/// The answer that releases a step, and the one that goes on without it.
pub(super) const EXECUTE: &str = "execute";
/// See [`EXECUTE`].
pub(super) const SKIP: &str = "skip";
/// What a collaborator answers who may only approve or decline.
const DECLINE: &str = "decline";

/// What placeholders of these steps may name.
pub(super) fn scope(parts: &[&Piece<'_>]) -> Scope {
    let mut scope = Scope::default();
    let inner = |p: &&&Piece<'_>| p.node.get("parallel_actions").is_some_and(|l| !l.is_empty());
    let contained =
        parts.iter().filter(inner).flat_map(|p| p.node.get("parallel_actions")).flat_map(Node::items);
    for node in parts.iter().map(|p| p.node).chain(contained) {
        let (Some(id), Some(name)) = (node.str("identifier"), node.str("instance_name")) else { continue };
        scope.steps.insert(name.trim().to_lowercase(), id.into());
        if parameter(node, "LoopType") == Some(OVER_ENTITIES) {
            scope.over_entities.insert(id.into());
        }
        if let Some((context, key)) = sets(node) {
            scope.context.insert(variable(&context, &key));
        }
    }
    scope
}

fn sets(node: Node<'_>) -> Option<(String, String)> {
    let name = node.str("action_name")?;
    let (_, [scope, key, _]) = SETTERS.iter().find(|(n, _)| *n == name)?;
    let inputs = parameter(node, "ScriptParametersEntityFields")?;
    let doc = Doc::json(inputs).ok()?;
    let text = |k: &str| doc.root().str(k).map(str::to_owned);
    Some((text(scope)?, text(key)?))
}

fn variable(scope: &str, key: &str) -> String {
    format!("{}.{}", scope.to_lowercase(), key.to_lowercase())
}

/// The text of a parameter.
pub(super) fn parameter<'d>(node: Node<'d>, name: &str) -> Option<&'d str> {
    let list = node.get("parameters")?;
    list.items().find(|p| p.str("name") == Some(name))?.get("value").and_then(Node::scalar)
}

/// Adds every step, with the question for its release where a person must release it.
pub(super) fn add<'d>(
    parts: &[&Piece<'d>],
    scope: &Scope,
    w: &mut Workflow,
    problems: &mut Vec<Problem>,
) -> Vec<Placed<'d>> {
    let mut placed: Vec<Placed<'d>> = Vec::new();
    for piece in parts {
        let Some(id) = piece.node.str("identifier").filter(|i| !i.is_empty()) else {
            let path = w.files.get(usize::from(piece.file)).map(ToString::to_string).unwrap_or_default();
            let message = "a step without `identifier`; export the playbook again".to_owned();
            problems.push(Problem { path, line: piece.node.line(), message });
            continue;
        };
        let at = place(piece.node, id, piece.file, scope, w);
        let (outer, exit) = (at.ix, at.exit);
        placed.push(at);
        for inner in piece.node.get("parallel_actions").into_iter().flat_map(Node::items) {
            let Some(id) = inner.str("identifier") else { continue };
            let at = place(inner, id, piece.file, scope, w);
            w.steps[at.ix.0 as usize].parent = Some(outer);
            w.connect(End::Step(outer), at.entry, EdgeKind::Next);
            w.connect(End::Step(at.exit), exit, EdgeKind::Next);
            edges_of_release(&at, inner, exit, w);
        }
    }
    placed
}

/// Inside of a container: what goes on after a skip or a failure.
fn edges_of_release(at: &Placed<'_>, node: Node<'_>, exit: StepIx, w: &mut Workflow) {
    if at.entry != at.ix {
        w.connect(End::Step(at.entry), exit, skipped(&at.id));
        w.connect(End::Step(at.entry), exit, passed_by(&at.id));
    }
    if node.bool("auto_skip_on_failure") == Some(true) {
        w.connect(End::Step(at.ix), exit, EdgeKind::Error);
    }
}

fn place<'d>(node: Node<'d>, id: &str, file: u16, scope: &Scope, w: &mut Workflow) -> Placed<'d> {
    let mut step = step(node, id, scope);
    step.span.file = file;
    let span = step.span.clone();
    let (fork, manual) = (step.kind == StepKind::Fork, step.ask.clone().filter(|a| !a.decides));
    let ix = w.add(step);
    let (mut entry, mut exit) = (ix, ix);
    if let Some(ask) = manual {
        let name = format!("release of {}", w.steps[ix.0 as usize].name);
        let mut release = Step::new(format!("{id}/release"), name, StepKind::Branch);
        let ask = Ask { negative: vec![SKIP.into(), DECLINE.into()], ..ask };
        (release.synthetic, release.span, release.ask) = (true, span.clone(), Some(ask));
        entry = w.add(release);
        w.connect(End::Step(entry), ix, released(id));
        declined(entry, id, w);
    }
    if fork {
        let mut join = Step::new(format!("{id}/end"), "", StepKind::Join);
        (join.synthetic, join.span, join.join) = (true, span, Join::All);
        exit = w.add(join);
    }
    Placed { node, id: id.into(), ix, entry, exit }
}

/// Whether a step that is declined fails or is only passed by is not documented: either may be. Here it fails.
fn declined(release: StepIx, id: &str, w: &mut Workflow) {
    let mut end = Step::new(format!("{id}/declined"), "", StepKind::End(Outcome::Failure));
    end.synthetic = true;
    end.span = w.steps[release.0 as usize].span.clone();
    let end = w.add(end);
    w.connect(End::Step(release), end, answered(id, DECLINE));
}

/// The edge past a step that was declined, for all that is known.
pub(super) fn passed_by(id: &str) -> EdgeKind {
    let asked = Reference { root: Root::Step(format!("{id}/release").into()), path: Vec::new() };
    let text = "declined, and passed by";
    let condition = Expression::unknown(Language::Structured, text, vec![asked], 0);
    EdgeKind::When { case: DECLINE.into(), condition }
}

/// The edge that only a person's release takes.
fn released(id: &str) -> EdgeKind {
    answered(id, EXECUTE)
}

/// The edge past a step that a person chose to skip.
pub(super) fn skipped(id: &str) -> EdgeKind {
    answered(id, SKIP)
}

fn answered(id: &str, answer: &str) -> EdgeKind {
    let asked = reference(Root::Step(format!("{id}/release").into()), Vec::new());
    let term = Term::Call(Function::Equals, vec![asked, Term::Text(answer.into())]);
    let text = format!("released by hand: {answer}");
    let condition = Expression { language: Language::Structured, text: text.into(), term, line: 0 };
    EdgeKind::When { case: answer.into(), condition }
}

fn step(node: Node<'_>, id: &str, scope: &Scope) -> Step {
    let name = node.str("instance_name").or_else(|| node.str("name")).unwrap_or(id);
    let looped = node.str("start_loop_step_id").filter(|l| !l.is_empty() && *l != id).map(Text::from);
    let mut step = Step::new(id, name, kind(node));
    step.span = node.span();
    step.connector = node.str("integration").unwrap_or("Flow").into();
    step.operation = operation(node).into();
    step.parameters = Value::Map(parameters(node, scope, looped.as_ref()));
    if node.bool("auto_skip_on_failure") == Some(true) {
        step.on_error = OnError::Continue;
    }
    step.retries = retries(node);
    step.ask = ask(node, scope, looped.as_ref());
    step.calls = calls(node, scope, looped.as_ref(), &step.parameters);
    step.waits = step.kind == StepKind::Call;
    step.assigns = assigns(node, &step.parameters);
    step.output = output(node, &step.parameters);
    step.request = request(&step);
    step
}

fn kind(node: Node<'_>) -> StepKind {
    match node.str("type").unwrap_or_default() {
        "condition" => StepKind::Branch,
        "multi_choice_question" => StepKind::Action,
        "output" => StepKind::End(Outcome::Success),
        "block" => StepKind::Call,
        "parallel_actions_container" => StepKind::Fork,
        "for_each_start_loop" => StepKind::Loop(LoopKind::Each { parallel: false, bound: Some(MOST_ROUNDS) }),
        "for_each_end_loop" => StepKind::Join,
        _ if sets(node).is_some() || node.str("action_name") == Some("EntitySelection") => StepKind::Set,
        _ => StepKind::Action,
    }
}

/// `Okta_Disable User` of the integration `Okta` is `Disable User`.
fn operation<'d>(node: Node<'d>) -> &'d str {
    let written = node.str("action_name").unwrap_or_default();
    let prefix = node.str("integration").unwrap_or_default();
    let own = written.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_'));
    own.or_else(|| written.split_once('_').map(|(_, rest)| rest)).unwrap_or(written)
}

/// The step's own settings, and the action's inputs beside them by their names. Settings that are null are left out.
fn parameters(node: Node<'_>, scope: &Scope, looped: Option<&Text>) -> Map {
    let mut map = Map::default();
    for entry in node.get("parameters").into_iter().flat_map(Node::items) {
        let (Some(name), Some(given)) = (entry.str("name"), entry.get("value")) else { continue };
        let line = given.line();
        match (name, given.as_str()) {
            (_, None) if given.is_null() => {}
            ("ScriptParametersEntityFields", Some(text)) => inputs(text, line, scope, looped, &mut map),
            ("SelectedScopeName", Some(text)) => {
                let one = looped.filter(|l| {
                    scope.over_entities.contains(*l)
                        && parameter(node, "UseEntitiesLoopScope") == Some("true")
                });
                map.push(
                    name,
                    one.map_or_else(|| selected(text, line, scope), |l| of_round(l, text, line)),
                    line,
                );
            }
            ("Branches" | "Conditions" | "NestedWorkflowInputs" | "Answers", Some(text)) => {
                map.push(name, read_json(text, line, scope, looped), line);
            }
            (_, Some(text)) => map.push(name, scope.read(text, line, looped), line),
            (_, None) => map.push(name, value(given, &|t, l| scope.read(t, l, looped)), line),
        }
    }
    map
}

fn inputs(text: &str, line: u32, scope: &Scope, looped: Option<&Text>, map: &mut Map) {
    match read_json(text, line, scope, looped) {
        Value::Map(mut inputs) => {
            inputs.0.iter_mut().for_each(encrypted);
            // Inputs that nobody filled in are exported as empty texts.
            inputs.0.retain(|e| e.value.as_text() != Some(""));
            map.0.extend(inputs.0);
        }
        other => map.push("ScriptParametersEntityFields", other, line),
    }
}

/// Inputs of the kind password are exported encrypted (`<salt>.<text>`, both base64): the platform keeps the value.
fn encrypted(entry: &mut Entry) {
    let Value::Text(text) = &entry.value else { return };
    let block = |t: &str| t.len() >= 24 && t.len().is_multiple_of(4) && t.bytes().all(is_base64);
    let salted = |salt: &str| salt.len() == 24 && salt.ends_with("==") && block(salt);
    if text.split_once('.').is_some_and(|(salt, rest)| salted(salt) && block(rest)) {
        let secret = reference(Root::Secret(entry.key.clone()), Vec::new());
        entry.value = crate::values::computed(Language::SecOps, "encrypted", secret, entry.line);
    }
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)
}

fn read_json(text: &str, line: u32, scope: &Scope, looped: Option<&Text>) -> Value {
    match Doc::json(text) {
        Ok(doc) => {
            let mut read = value(doc.root(), &|t, _| scope.read(t, line, looped));
            relined(&mut read, line);
            read
        }
        Err(_) => scope.read(text, line, looped),
    }
}

/// Lines of JSON inside of a text are the text's.
fn relined(value: &mut Value, line: u32) {
    match value {
        Value::Map(map) => map.0.iter_mut().for_each(|e| {
            e.line = line;
            relined(&mut e.value, line);
        }),
        Value::List(items) => items.iter_mut().for_each(|v| relined(v, line)),
        _ => {}
    }
}

/// The entities a step runs on: a group of the alert's, or those that a step before selected.
fn selected(text: &str, line: u32, scope: &Scope) -> Value {
    if let Some(name) = text.strip_suffix(".SelectedEntities")
        && let Some(id) = scope.steps.get(&name.trim().to_lowercase())
    {
        let term = reference(Root::Step(id.clone()), vec![Segment::Key("SelectedEntities".into())]);
        return crate::values::computed(Language::SecOps, text, term, line);
    }
    let path = vec![Segment::Key("Entity".into()), Segment::Filter(text.into())];
    crate::values::computed(Language::SecOps, text, reference(Root::Trigger, path), line)
}

/// The entity of this round of a loop over entities.
fn of_round(looped: &Text, text: &str, line: u32) -> Value {
    let term = reference(Root::Item(looped.clone()), vec![Segment::Key("Entity".into())]);
    crate::values::computed(Language::SecOps, text, term, line)
}

/// The one entity that a selection leaves, where it asks for its identifier.
fn the_one(parameters: &Value) -> Option<Term> {
    let Value::List(conditions) = parameters.get("Conditions") else { return None };
    let all = parameters.get("ConditionOperator").as_text() == Some(ALL_OF);
    let named = |c: &&Value| {
        c.get("FieldName").as_text() == Some("Entity.Identifier") && is_number(c.get("Operator"), EQUALS)
    };
    let one = conditions.iter().find(named).filter(|_| all || conditions.len() == 1)?;
    Some(crate::values::term(one.get("Value")))
}

/// How a selection joins its conditions where all of them must hold.
const ALL_OF: &str = "0";
/// The number of the operator that compares for equality.
const EQUALS: &str = "0";

fn is_number(value: &Value, wanted: &str) -> bool {
    matches!(value, Value::Number(n) if &**n == wanted)
}

fn retries(node: Node<'_>) -> u32 {
    let Some(doc) = parameter(node, "RetryConfiguration").and_then(|t| Doc::json(t).ok()) else { return 0 };
    let on = doc.root().bool("Enabled") == Some(true);
    let times = doc.root().get("NumberOfRetries").and_then(Node::as_number).and_then(|n| n.parse().ok());
    times.filter(|_| on).unwrap_or(0)
}

/// A question of the playbook, or the release of a step that does not run by itself.
fn ask(node: Node<'_>, scope: &Scope, looped: Option<&Text>) -> Option<Ask> {
    let question = node.str("type") == Some("multi_choice_question");
    let by_hand = node.bool("is_automatic") == Some(false);
    let released = matches!(node.str("type"), Some("action" | "block" | "parallel_actions_container"));
    if !(question || by_hand && released) {
        return None;
    }
    let assigned = parameter(node, "AssignedUsers").unwrap_or_default();
    let approver = if assigned.is_empty() { Value::Null } else { read_json(assigned, 0, scope, looped) };
    let seconds = parameter(node, "PendingActionTimeout").and_then(|t| t.trim().parse().ok());
    let timeout_seconds = seconds.filter(|s| *s > 0);
    Some(Ask { approver, timeout_seconds, decides: question, ..Ask::default() })
}

fn calls(node: Node<'_>, scope: &Scope, looped: Option<&Text>, parameters: &Value) -> Vec<Callee> {
    if let Some((_, several)) = ATTACHERS.iter().find(|(name, _)| node.str("action_name") == Some(*name)) {
        return attached(parameters.get("Playbook Name"), *several);
    }
    if node.str("type") != Some("block") {
        return Vec::new();
    }
    let key = match parameter(node, "NestedWorkflowIdentifier").filter(|i| !i.is_empty()) {
        Some(id) => CalleeKey::Id(id.into()),
        None => CalleeKey::Name(node.str("name").unwrap_or_default().into()),
    };
    let mut given = Map::default();
    let inputs = parameter(node, "NestedWorkflowInputs").unwrap_or("[]");
    if let Ok(doc) = Doc::json(inputs) {
        for entry in doc.root().items() {
            let Some(name) = entry.str("FieldName") else { continue };
            let written = entry.get("Value").and_then(Node::scalar).unwrap_or_default();
            given.push(name, scope.read(written, node.line(), looped), node.line());
        }
    }
    let mut input = Map::default();
    input.push("Input", Value::Map(given), node.line());
    vec![Callee { key, input: Value::Map(input) }]
}

/// The playbooks that an action attaches.
fn attached(named: &Value, several: bool) -> Vec<Callee> {
    let keys = match named {
        Value::Text(list) if several => list
            .split(',')
            .map(str::trim)
            .filter(|n| !n.is_empty())
            .map(|n| CalleeKey::Name(n.into()))
            .collect(),
        Value::Text(name) => vec![CalleeKey::Name(name.clone())],
        Value::Expr(e) => vec![CalleeKey::Dynamic(e.text.clone())],
        _ => Vec::new(),
    };
    keys.into_iter().map(|key| Callee { key, input: Value::Null }).collect()
}

fn assigns(node: Node<'_>, parameters: &Value) -> Vec<Assignment> {
    let (Some((context, key)), Some(name)) = (sets(node), node.str("action_name")) else { return Vec::new() };
    let setter = SETTERS.iter().find(|(n, _)| *n == name);
    let given = setter.map(|(_, [_, _, value])| parameters.get(value).clone()).unwrap_or_default();
    vec![Assignment {
        variable: variable(&context, &key).into(),
        value: given,
        adds: name.contains("Append"),
    }]
}

/// What shaping steps give: the selected entities, a block's return value.
fn output(node: Node<'_>, parameters: &Value) -> Option<Value> {
    let mut map = Map::default();
    if node.str("action_name") == Some("EntitySelection") {
        let all = || {
            let of = crate::values::term(parameters.get("SelectedScopeName"));
            let conditions = crate::values::term(parameters.get("Conditions"));
            Term::Call(Function::Filter, vec![of, conditions])
        };
        let term = the_one(parameters).unwrap_or_else(all);
        let line = node.line();
        map.push(
            "SelectedEntities",
            crate::values::computed(Language::SecOps, "selected entities", term, line),
            line,
        );
        return Some(Value::Map(map));
    }
    let returned =
        (node.str("type") == Some("output")).then(|| parameters.get("NestedWorkflowOutput").clone())?;
    map.push("ReturnValue", returned, node.line());
    Some(Value::Map(map))
}

/// The platform's HTTP actions.
fn request(step: &Step) -> Option<Request> {
    if !matches!(step.connector.as_str(), "HTTP" | "HTTPV2") {
        return None;
    }
    let find = |names: &[&str]| {
        let found = names.iter().map(|n| step.parameters.get(n)).find(|v| !v.is_empty());
        found.cloned().unwrap_or_default()
    };
    let url = find(&["URL Path", "Url", "URL"]);
    if url.is_empty() {
        return None;
    }
    let method = match find(&["Method"]) {
        Value::Text(m) => Value::text(m.to_uppercase()),
        Value::Null => Value::text(if step.operation.starts_with("Post") { "POST" } else { "GET" }),
        other => other,
    };
    Some(Request {
        method,
        url,
        query: opened(find(&["URL Params"])),
        headers: opened(find(&["Headers"])),
        body: opened(find(&["Body Payload", "Data", "Body"])),
        auth: Auth::Stored,
        governed: false,
    })
}
