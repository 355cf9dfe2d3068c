//! Points to steps: what each task does with which values.

use super::calls;
use super::points::{Kind, Point, Slot, What, each_event};
use super::scope::Scope;
use crate::dataflow::Data;
use crate::doc::Node;
use workflow::{
    Ask, Assignment, Callee, CalleeKey, Code, CodeLanguage, Join, LoopKind, Map, Outcome, Root, Step,
    StepKind, Term, Text, Value,
};

/// What goes for all tasks.
#[derive(Clone, Copy)]
pub(super) struct Around<'d> {
    pub(super) root: Node<'d>,
    pub(super) loose: bool,
}

/// The scope of a task before it runs: `.` is its input, after `input.from`.
pub(super) fn scope(point: &Point<'_>, input: &Data, around: &Around<'_>) -> Scope {
    let raw = Scope::on(input, &point.variables, around.loose);
    let What::Task(_, node, defined) = &point.what else { return raw };
    let from = node.at(&["input", "from"]).map(|from| raw.data(from));
    let own = from.map_or(raw, |data| Scope::on(&data, &point.variables, around.loose));
    match (defined, node.get("with")) {
        // Inside a function, `.` is what it was called with.
        (Some(_), Some(with)) => {
            let given = crate::dataflow::bounded(own.value(with));
            Scope { dot: crate::dataflow::term_of(&given), ..own }
        }
        _ => own,
    }
}

/// What a point hands on.
pub(super) fn out(point: &Point<'_>, slot: Slot, input: &Data, around: &Around<'_>) -> Data {
    match (&point.what, slot) {
        (What::Task(_, node, defined), Slot::Inside) => {
            let own = scope(point, input, around);
            let changed = node.at(&["input", "from"]).is_some() || defined.is_some();
            if changed { Data::of(crate::dataflow::value_of(own.dot)) } else { input.clone() }
        }
        (What::Task(kind, node, _), Slot::Done) => {
            let own = scope(point, input, around);
            let raw = match kind {
                Kind::Call if each_event(*node).is_some() => input.clone(),
                Kind::Set | Kind::Call | Kind::Run | Kind::Unknown => {
                    Data::root(Root::Step(point.id.clone()))
                }
                Kind::Listen if each_event(*node).is_none() => Data::root(Root::Step(point.id.clone())),
                Kind::For | Kind::Listen => input.clone(),
                _ => Data::of(crate::dataflow::value_of(own.input.clone())),
            };
            shaped(*node, raw, own)
        }
        (What::Join(node, branches), Slot::Done) => {
            let raw = match branches {
                Some(_) => Data::root(Root::Step(point.id.clone())),
                None => input.clone(),
            };
            shaped(*node, raw, Scope::on(input, &point.variables, around.loose))
        }
        _ => input.clone(),
    }
}

/// A task's output, after `output.as`.
fn shaped(node: Node<'_>, raw: Data, own: Scope) -> Data {
    match node.at(&["output", "as"]) {
        Some(shape) => {
            let dot = raw.term();
            Scope { output: Some(dot.clone()), dot, ..own }.data(shape)
        }
        None => raw,
    }
}

/// What a task makes of the workflow's context.
fn exported(node: Node<'_>, output: &Data, own: &Scope) -> Option<Assignment> {
    let shape = node.at(&["export", "as"])?;
    let dot = output.term();
    let value = Scope { output: Some(dot.clone()), dot, ..own.clone() }.expression(shape);
    Some(Assignment { variable: "context".into(), value, adds: false })
}

/// The step of a point; nothing for one where only data arrives.
pub(super) fn step(point: &Point<'_>, input: &Data, before: &Data, around: &Around<'_>) -> Option<Step> {
    let own = scope(point, input, around);
    let mut step = Step::new(point.id.clone(), point.name.clone(), StepKind::Action);
    step.synthetic = true;
    match &point.what {
        What::Data => return None,
        What::If(node) | What::While(node) => {
            step.span = node.span();
            step.kind = StepKind::Branch;
            step.passes_input = true;
        }
        What::End => step.kind = StepKind::End(Outcome::Success),
        What::Join(node, branches) => {
            step.kind = StepKind::Join;
            step.passes_input = branches.is_none();
            step.join = if branches.is_some() { Join::All } else { Join::Any };
            step.span = node.span();
            let output = out(point, Slot::Done, input, around);
            step.assigns.extend(exported(*node, &output, &own));
        }
        What::Task(kind, node, defined) => {
            step.synthetic = false;
            step.span = node.span();
            fill(&mut step, *kind, (*node, defined.unwrap_or(*node)), &own, before, around);
            if !matches!(kind, Kind::Do | Kind::Try | Kind::Fork) {
                let output = out(point, Slot::Done, input, around);
                step.assigns.extend(exported(*node, &output, &own));
            }
        }
    }
    Some(step)
}

fn fill(
    step: &mut Step,
    kind: Kind,
    (node, of): (Node<'_>, Node<'_>),
    own: &Scope,
    before: &Data,
    around: &Around<'_>,
) {
    match kind {
        Kind::Call => {
            calls::fill(step, of, own, around.root);
            if each_event(of).is_some() {
                step.kind = StepKind::Loop(LoopKind::Each { parallel: false, bound: None });
            }
        }
        Kind::Run => of.get("run").into_iter().for_each(|run| start(step, run, own)),
        Kind::Set => {
            step.kind = StepKind::Set;
            step.output = of.get("set").map(|set| own.expression(set));
        }
        Kind::Emit => {
            (step.connector, step.operation) = ("event".into(), "emit".into());
            step.parameters = of.get("emit").map(|emit| own.value(emit)).unwrap_or_default();
            step.passes_input = true;
        }
        Kind::Listen => listen(step, node, own, around.root),
        Kind::For => {
            step.kind = StepKind::Loop(LoopKind::Each { parallel: false, bound: None });
            let first = Scope::on(before, &own.variables, own.loose);
            let items = node.at(&["for", "in"]).map(|items| first.expression(items)).unwrap_or_default();
            step.parameters = field("in", items, step.span.line);
        }
        Kind::Raise => {
            step.kind = StepKind::End(Outcome::Failure);
            step.parameters = of.get("raise").map(|raise| own.value(raise)).unwrap_or_default();
        }
        Kind::Wait => {
            step.kind = StepKind::Wait;
            step.passes_input = true;
            step.parameters =
                field("wait", of.get("wait").map(|w| own.value(w)).unwrap_or_default(), step.span.line);
        }
        Kind::Switch => {
            step.kind = StepKind::Branch;
            step.passes_input = true;
        }
        Kind::Do => step.kind = StepKind::Scope,
        Kind::Try => {
            step.kind = StepKind::Scope;
            step.on_error = caught(node);
            step.retries = retries(node, around.root);
        }
        Kind::Fork => step.kind = StepKind::Fork,
        Kind::Unknown => step.parameters = own.value(of),
    }
}

fn field(key: &str, value: Value, line: u32) -> Value {
    let mut map = Map::default();
    map.push(key, value, line);
    Value::Map(map)
}

/// Whether a `catch` takes whatever fails, or only errors that it names or tests.
fn caught(node: Node<'_>) -> workflow::OnError {
    let Some(catch) = node.get("catch") else { return workflow::OnError::Fail };
    let picks = ["errors", "when", "exceptWhen"].iter().any(|k| catch.get(k).is_some());
    if picks { workflow::OnError::Partly } else { workflow::OnError::Route }
}

/// How often a failed attempt is repeated: without a count, for ever.
fn retries(node: Node<'_>, root: Node<'_>) -> u32 {
    let policy = node.at(&["catch", "retry"]);
    let named = policy.and_then(Node::as_str).and_then(|name| root.at(&["use", "retries", name]));
    let limit = named.or(policy).and_then(|p| p.at(&["limit", "attempt", "count"]));
    match (policy, limit.and_then(Node::scalar)) {
        (None, _) => 0,
        (Some(_), count) => count.and_then(|c| c.parse().ok()).unwrap_or(Step::NO_LIMIT),
    }
}

/// `run`: a container, a script, a command or another workflow.
fn start(step: &mut Step, run: Node<'_>, own: &Scope) {
    step.waits = run.bool("await") != Some(false);
    step.parameters = own.value(run);
    step.kind = StepKind::Code;
    let text = |node: Option<Node<'_>>| node.map(|n| own.value(n)).unwrap_or_default();
    if let Some(workflow) = run.get("workflow") {
        step.kind = StepKind::Call;
        let name = workflow.str("name").unwrap_or_default();
        let key = match workflow.str("namespace") {
            _ if name.is_empty() || name.contains("${") => CalleeKey::Dynamic(name.into()),
            Some(namespace) => CalleeKey::Name(format!("{namespace}/{name}").into()),
            None => CalleeKey::Name(name.into()),
        };
        step.calls.push(Callee { key, input: text(workflow.get("input")) });
    } else if let Some(script) = run.get("script") {
        let language = language(script.str("language").unwrap_or_default());
        let name = script.at(&["source", "endpoint"]).or_else(|| script.get("source"));
        let name = name.and_then(|n| n.scalar().or_else(|| n.str("uri"))).unwrap_or_default();
        step.code.push(Code { language, text: text(script.get("code")), name: name.into() });
    } else if let Some(shell) = run.get("shell") {
        step.code.push(Code {
            language: CodeLanguage::Shell,
            text: command(shell, own),
            name: Text::default(),
        });
    } else {
        let container = run.get("container");
        let image = container.and_then(|c| c.str("image")).unwrap_or_default();
        step.connector_version = image.rsplit_once(['@', ':']).map_or("", |(_, v)| v).into();
        let command = container.map(|c| command(c, own)).unwrap_or_default();
        step.code.push(Code { language: CodeLanguage::Unknown, text: Value::Null, name: image.into() });
        if !command.is_empty() {
            step.code.push(Code { language: CodeLanguage::Shell, text: command, name: Text::default() });
        }
    }
}

/// A command and its arguments as one text.
fn command(node: Node<'_>, own: &Scope) -> Value {
    let mut parts: Vec<Term> = Vec::new();
    let mut add = |value: Value| {
        if !parts.is_empty() {
            parts.push(Term::Text(" ".into()));
        }
        parts.push(crate::dataflow::term_of(&value));
    };
    node.get("command").map(|c| own.value(c)).into_iter().for_each(&mut add);
    for argument in node.get("arguments").into_iter().flat_map(Node::children) {
        add(own.value(argument));
    }
    if parts.is_empty() {
        return Value::Null;
    }
    crate::values::computed(workflow::Language::Jq, "command", crate::values::template(parts), node.line())
}

fn language(name: &str) -> CodeLanguage {
    match name.to_ascii_lowercase().as_str() {
        "javascript" | "js" | "typescript" => CodeLanguage::JavaScript,
        "python" => CodeLanguage::Python,
        "powershell" => CodeLanguage::PowerShell,
        "bash" | "sh" | "shell" => CodeLanguage::Shell,
        _ => CodeLanguage::Unknown,
    }
}

/// `listen`: waits for events; one whose event is an approval waits for a person.
fn listen(step: &mut Step, node: Node<'_>, own: &Scope, root: Node<'_>) {
    step.kind = StepKind::Wait;
    // In the filters, `.` is the event, which is what the task gives.
    let event = Term::Ref(workflow::Reference { root: Root::Step(step.id.clone()), path: Vec::new() });
    let filters = Scope { dot: event, ..own.clone() };
    let given = node.get("listen").map(|l| filters.value(l)).unwrap_or_default();
    let approval = given_types(&given).iter().any(|t| t.to_ascii_lowercase().contains("approv"));
    step.parameters = given;
    if each_event(node).is_some() {
        step.kind = StepKind::Loop(LoopKind::Each { parallel: false, bound: None });
    } else if approval {
        let timeout_seconds = node.get("timeout").and_then(|t| timeout(t, root));
        step.ask = Some(Ask { timeout_seconds, ..Ask::default() });
    }
}

/// A timeout in seconds: its own, or one by its name.
fn timeout(node: Node<'_>, root: Node<'_>) -> Option<u64> {
    let named = node.as_str().and_then(|name| root.at(&["use", "timeouts", name]));
    let after = named.unwrap_or(node).get("after")?;
    if let Some(text) = after.as_str() {
        return iso8601(text);
    }
    let units = [("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1)];
    let parts = units.iter().filter_map(|(key, factor)| Some((after.get(key)?.scalar()?, *factor)));
    parts
        .map(|(n, factor)| n.parse::<u64>().ok()?.checked_mul(factor))
        .try_fold(0u64, |sum, n| sum.checked_add(n?))
}

/// `P1DT2H30M` in seconds; months and years have no certain length.
fn iso8601(text: &str) -> Option<u64> {
    let (mut total, mut number, mut time) = (0u64, String::new(), false);
    for c in text.strip_prefix('P')?.chars() {
        let factor = match c {
            'T' => {
                time = true;
                continue;
            }
            'W' => 604_800,
            'D' => 86_400,
            'H' => 3_600,
            'M' if time => 60,
            'S' => 1,
            c if c.is_alphabetic() => return None,
            c => {
                number.push(c);
                continue;
            }
        };
        total = total.checked_add(std::mem::take(&mut number).parse::<u64>().ok()?.checked_mul(factor)?)?;
    }
    Some(total)
}

/// The types of the events that are waited for.
fn given_types(listened: &Value) -> Vec<Text> {
    let mut found = Vec::new();
    listened.walk(&mut |value| found.extend(value.get("type").as_text().map(Text::from)));
    found
}
