//! Blocks to steps.

use super::blocks::{Block, Kind};
use super::datapath::Scope;
use super::{code, scalar};
use crate::doc::Node;
use crate::values::{computed, opened, reference, template, term, value};
use workflow::{
    Ask, Auth, Callee, CalleeKey, Code, CodeLanguage, Language, Map, OnError, Outcome, Request, Root,
    Segment, Step, StepKind, Term, Text, Value,
};

/// The name of code that people wrote into a block of another kind, beside what the block does.
const HAND_WRITTEN: &str = "userCode";

/// One step.
pub(super) fn step(block: &Block<'_>, scope: &Scope<'_>) -> Step {
    let mut step = Step::new(block.id, block.title, kind(block));
    step.span = block.node.span();
    step.connector = block.connector.into();
    step.connector_version = block.version.into();
    step.operation = block.operation.into();
    step.parameters = parameters(block, scope);
    if matches!(block.kind, Kind::Action | Kind::Prompt | Kind::Playbook) {
        // What comes next is called when the block is done, well or badly.
        step.on_error = OnError::Continue;
    }
    step.ask = (block.kind == Kind::Prompt).then(|| ask(block, scope));
    step.output = output(block, scope);
    step.code = codes(block, &step);
    step.calls = calls(block, &step.parameters);
    step.waits = block.data.bool("synchronous") != Some(false);
    step.request = request(&step);
    step.third_party = block.kind == Kind::Utility && !matches!(block.connector, "phantom" | "community");
    step
}

fn kind(block: &Block<'_>) -> StepKind {
    match block.kind {
        Kind::Decision => StepKind::Branch,
        Kind::Filter => StepKind::Guard,
        Kind::Format => StepKind::Set,
        Kind::Code if block.code.and_then(code::written).is_none() => StepKind::Set,
        Kind::Code => StepKind::Code,
        Kind::Playbook => StepKind::Call,
        Kind::End => StepKind::End(Outcome::Success),
        Kind::Start | Kind::Action | Kind::Prompt | Kind::Utility | Kind::Unknown => StepKind::Action,
    }
}

fn parameters(block: &Block<'_>, scope: &Scope<'_>) -> Value {
    let read = |text: &str, line: u32| scope.read(text, line);
    let Some(given) = block.parameters else { return Value::Null };
    let whole = value(given, &read);
    let mut map = Map::default();
    match (block.kind, whole) {
        // Functions of the utility block stand by name; their inputs are the parameters.
        (Kind::Utility, Value::Map(mut functions)) => {
            functions.0.sort_by(|a, b| a.key.cmp(&b.key));
            functions.0.into_iter().for_each(|f| match f.value {
                Value::Map(inputs) => match inputs.get("dataPath") {
                    Some(path) => map.push(f.key, path.clone(), f.line),
                    None => map.0.extend(inputs.0.into_iter().filter(|e| e.key != "_internal")),
                },
                other => map.push(f.key, other, f.line),
            });
        }
        (Kind::Utility, Value::List(calls)) => calls.into_iter().for_each(|c| {
            if let Value::Map(inputs) = c {
                map.0.extend(inputs.0);
            }
        }),
        (_, Value::Map(inputs)) => map = inputs,
        (_, other) => map.push("parameters", other, given.line()),
    }
    Value::Map(map)
}

/// A prompt: who is asked, what may be answered, how long.
fn ask(block: &Block<'_>, scope: &Scope<'_>) -> Ask {
    let approver = match block.data.get("approver") {
        Some(node) if node.is_map() => scalar(node, "value"),
        Some(node) => node.scalar(),
        None => None,
    };
    let minutes =
        ["responseTime", "respond_in"].iter().find_map(|k| scalar(block.data, k)?.trim().parse::<u64>().ok());
    let options: Vec<&str> = block
        .data
        .get("responses")
        .into_iter()
        .flat_map(Node::items)
        .filter_map(|r| r.get("responseOptions").or_else(|| r.get("response_options")))
        .flat_map(Node::items)
        .filter_map(Node::as_str)
        .collect();
    let known = |word: &str| {
        options.iter().filter(|o| o.eq_ignore_ascii_case(word)).map(|o| Text::from(*o)).collect()
    };
    Ask {
        approver: approver
            .filter(|a| !a.is_empty())
            .map_or(Value::Null, |a| owner(a, block).unwrap_or_else(|| scope.read(a, block.node.line()))),
        answer: "action_result.summary".into(),
        positive: known("yes"),
        negative: known("no"),
        timeout_seconds: minutes.filter(|m| *m > 0).map(|m| m.saturating_mul(60)),
        decides: false,
    }
}

/// The owner of the run is whoever started it, and nobody where automation did: then the prompt fails unsent. A case's
/// owner stands in the case.
fn owner(approver: &str, block: &Block<'_>) -> Option<Value> {
    let word: String =
        approver.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    let path: &[&str] = match word.as_str() {
        "playbookrunowner" | "runowner" => &["playbook_run", "owner"],
        "containerowner" | "eventowner" | "caseowner" => &["container", "owner"],
        _ => return None,
    };
    let path = path.iter().map(|k| Segment::Key((*k).into())).collect();
    Some(computed(Language::SplunkDatapath, approver, reference(Root::Trigger, path), block.node.line()))
}

/// A format block joins texts and data paths: `{0}` is the first of its parameters.
fn output(block: &Block<'_>, scope: &Scope<'_>) -> Option<Value> {
    if block.kind != Kind::Format {
        return None;
    }
    let (text, line) = (block.data.str("template")?, block.node.line());
    let given: Vec<Term> = block
        .parameters
        .into_iter()
        .flat_map(Node::items)
        .map(|p| p.as_str().or_else(|| p.str("value")).unwrap_or_default())
        .map(|p| term(&scope.read(p, line)))
        .collect();
    let mut map = Map::default();
    let formatted = computed(Language::SplunkDatapath, text, filled(text, &given), line);
    map.push("formatted_data", formatted, line);
    Some(Value::Map(map))
}

fn filled(text: &str, given: &[Term]) -> Term {
    let (mut parts, mut rest) = (Vec::new(), text);
    while let Some((before, after)) = rest.split_once('{') {
        let close = after.bytes().take(8).position(|b| b == b'}');
        let hole = close
            .map(|at| (&after[..at], &after[at + 1..]))
            .and_then(|(n, next)| Some((given.get(n.parse::<usize>().ok()?)?, next)));
        parts.push(Term::Text(before.into()));
        match hole {
            Some((term, next)) => {
                parts.push(term.clone());
                rest = next;
            }
            None => {
                parts.push(Term::Text("{".into()));
                rest = after;
            }
        }
    }
    parts.push(Term::Text(rest.into()));
    template(parts)
}

fn codes(block: &Block<'_>, step: &Step) -> Vec<Code> {
    let python = |text: Value, name: &str| Code { language: CodeLanguage::Python, text, name: name.into() };
    let own = block.code.and_then(code::written);
    match block.kind {
        Kind::Code => vec![python(Value::text(own.unwrap_or("pass")), "")],
        Kind::Utility if block.connector != "phantom" && block.connector != "community" => {
            vec![python(Value::Null, &format!("{}/{}", block.connector, block.operation))]
        }
        Kind::Action => {
            let own = own.map(|c| python(Value::text(code::without(c, block.operation)), HAND_WRITTEN));
            remote(step).into_iter().chain(own).collect()
        }
        _ => own.map(|c| python(Value::text(c), HAND_WRITTEN)).into_iter().collect(),
    }
}

/// Apps that run a command or script on another machine.
fn remote(step: &Step) -> Option<Code> {
    let language = match step.connector.as_str() {
        "SSH" | "Carbon Black Response" => CodeLanguage::Shell,
        "Windows Remote Management" | "WinRM" => CodeLanguage::PowerShell,
        _ => return None,
    };
    let runs = ["execute program", "run script", "run command", "execute script"];
    let keys = ["script_str", "script", "command", "script_file", "commands"];
    let text = keys.iter().map(|k| step.parameters.get(k)).find(|v| !v.is_empty());
    runs.contains(&step.operation.as_str()).then(|| Code {
        language,
        text: text.cloned().unwrap_or_default(),
        name: Text::default(),
    })
}

fn calls(block: &Block<'_>, parameters: &Value) -> Vec<Callee> {
    if block.kind != Kind::Playbook {
        return Vec::new();
    }
    let name = block.data.str("playbookName").or_else(|| block.data.str("playbook")).unwrap_or(block.title);
    let name = name.rsplit('/').next().unwrap_or(name);
    let mut given = Map::default();
    for entry in parameters.entries() {
        let paths = entry.value.get("datapaths").items();
        let one = if let [one] = paths { one.clone() } else { Value::List(paths.to_vec()) };
        given.push(entry.key.clone(), one, entry.line);
    }
    let mut input = Map::default();
    input.push("playbook_input", Value::Map(given), block.node.line());
    vec![Callee { key: CalleeKey::Name(name.into()), input: Value::Map(input) }]
}

/// The HTTP app: the base address stands in its asset.
fn request(step: &Step) -> Option<Request> {
    if !step.connector.eq_ignore_ascii_case("http") {
        return None;
    }
    let method = step.operation.strip_suffix(" data")?.to_uppercase();
    let method =
        if matches!(method.as_str(), "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" | "OPTIONS") {
            method
        } else {
            return None;
        };
    Some(Request {
        method: Value::text(method),
        url: step.parameters.get("location").clone(),
        query: Value::Null,
        headers: opened(step.parameters.get("headers").clone()),
        body: opened(step.parameters.get("body").clone()),
        auth: Auth::Stored,
        governed: false,
    })
}
