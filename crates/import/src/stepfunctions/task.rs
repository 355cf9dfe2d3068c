//! Task states: which service does what, from the resource they name.

use super::value::Reader;
use crate::doc::Node;
use workflow::{
    Auth, Callee, CalleeKey, Code, CodeLanguage, Expression, Map, Reference, Request, Root, Step, StepKind,
    Term, Text, Value,
};

/// What a resource is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Resource<'r> {
    /// A service integration: connector, operation, how it is waited for (empty, `sync`, `waitForTaskToken`).
    Service(&'r str, &'r str, &'r str),
    /// A Lambda function by its ARN.
    Function(&'r str),
    /// A queue of work that some worker takes.
    Activity(&'r str),
    /// Only known when it is deployed.
    Unknown,
}

/// What follows `arn:<partition>:states:<region>:<account>:`; region and account are usually left empty.
fn integration(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once(":states:").filter(|(s, _)| s.starts_with("arn:"))?;
    let (region, rest) = rest.split_once(':')?;
    let (account, rest) = rest.split_once(':')?;
    let plain =
        |part: &str| part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') || part.starts_with("${");
    (plain(region) && plain(account)).then_some(rest)
}

/// Reads the resource of a Task state.
pub(super) fn resource(text: &str) -> Resource<'_> {
    if let Some(rest) = integration(text) {
        if let Some(name) = rest.strip_prefix("activity:") {
            return Resource::Activity(name);
        }
        let (whole, pattern) = rest.split_once('.').unwrap_or((rest, ""));
        let pattern = pattern.split(':').next().unwrap_or_default();
        return match whole.rsplit_once(':') {
            Some((service, operation)) => Resource::Service(service, operation, pattern),
            None => Resource::Unknown,
        };
    }
    match (text.split_once(":function:"), text.split_once(":activity:")) {
        (Some((start, name)), _) if start.contains(":lambda:") => Resource::Function(name),
        (_, Some((start, name))) if start.contains(":states:") => Resource::Activity(name),
        _ => Resource::Unknown,
    }
}

/// Fills in what a Task state does; gives how it is waited for.
pub(super) fn fill(step: &mut Step, node: Node<'_>, reader: &Reader<'_>) -> Text {
    let given = node.get("Resource").map(|r| reader.value(r)).unwrap_or_default();
    let text = super::template::shown(&crate::dataflow::term_of(&given));
    let arguments = arguments(node, reader);
    match resource(&text) {
        Resource::Service(service, operation, pattern) => {
            (step.connector, step.operation) = (service.into(), operation.into());
            step.parameters = arguments;
            step.waits = !pattern.is_empty() || !starts_execution(service, operation);
            serve(step);
            pattern.into()
        }
        Resource::Function(name) => {
            (step.connector, step.operation) = ("lambda".into(), "invoke".into());
            step.kind = StepKind::Code;
            step.code.push(elsewhere(name));
            let mut map = Map::default();
            map.push("FunctionName", given, step.span.line);
            map.push("Payload", arguments, step.span.line);
            step.parameters = Value::Map(map);
            Text::default()
        }
        Resource::Activity(name) => {
            (step.connector, step.operation) = ("activity".into(), name.into());
            step.kind = StepKind::Code;
            step.code.push(elsewhere(name));
            step.parameters = arguments;
            Text::default()
        }
        Resource::Unknown => {
            let mut map = Map::default();
            map.push("Resource", given, step.span.line);
            map.push("Parameters", arguments, step.span.line);
            step.parameters = Value::Map(map);
            pattern_of(&text)
        }
    }
}

/// How an unknown resource is waited for, where its text still says so.
fn pattern_of(text: &str) -> Text {
    if text.ends_with(".waitForTaskToken") { "waitForTaskToken".into() } else { Text::default() }
}

/// Parameters are made from the input; without them the input itself is what the service gets.
fn arguments(node: Node<'_>, reader: &Reader<'_>) -> Value {
    match node.get("Parameters").or_else(|| node.get("Arguments")) {
        Some(given) => match reader.value(given) {
            // `"Arguments": "{% {...} %}"` is an object too.
            Value::Expr(e) if matches!(e.term, Term::Map(_)) => crate::dataflow::value_of(e.term.clone()),
            value => value,
        },
        None => reader.scope.input.value(),
    }
}

fn starts_execution(service: &str, operation: &str) -> bool {
    service == "states" && operation == "startExecution"
        || service == "aws-sdk:sfn" && matches!(operation, "startExecution" | "startSyncExecution")
}

/// Services whose parameters say more than data.
fn serve(step: &mut Step) {
    let (service, operation) = (step.connector.clone(), step.operation.clone());
    match (service.as_str(), operation.as_str()) {
        ("lambda" | "aws-sdk:lambda", name) if name.starts_with("invoke") => {
            step.kind = StepKind::Code;
            let function = step.parameters.get("FunctionName");
            let name = super::template::shown(&crate::dataflow::term_of(function));
            step.code.push(elsewhere(name.rsplit_once(":function:").map_or(name.as_str(), |(_, n)| n)));
        }
        ("http", "invoke") => step.request = Some(request(&step.parameters)),
        (service, operation) if starts_execution(service, operation) => {
            step.kind = StepKind::Call;
            step.waits |= operation == "startSyncExecution";
            let key = callee(step.parameters.get("StateMachineArn"));
            step.calls.push(Callee { key, input: step.parameters.get("Input").clone() });
        }
        _ => {}
    }
}

fn elsewhere(name: &str) -> Code {
    Code { language: CodeLanguage::Unknown, text: Value::Null, name: name.into() }
}

fn request(parameters: &Value) -> Request {
    let given = |key: &str| parameters.get(key).clone();
    let method = match parameters.get("Method") {
        Value::Text(method) => Value::text(method.to_ascii_uppercase()),
        other => other.clone(),
    };
    let auth = if parameters.get("Authentication").is_empty() { Auth::None } else { Auth::Stored };
    Request {
        method,
        url: given("ApiEndpoint"),
        query: given("QueryParameters"),
        headers: given("Headers"),
        body: given("RequestBody"),
        auth,
        governed: false,
    }
}

/// Which state machine is started.
fn callee(arn: &Value) -> CalleeKey {
    if let Some(Expression { term: Term::Ref(Reference { root: Root::Run(name), .. }), .. }) =
        arn.as_expression()
        && name == "StateMachine.Id"
    {
        return CalleeKey::Itself;
    }
    let text = match arn {
        Value::Text(text) => text.to_string(),
        Value::Expr(e) => match &e.term {
            Term::Template(_) => super::template::shown(&e.term),
            _ => return CalleeKey::Dynamic(e.text.clone()),
        },
        _ => return CalleeKey::Dynamic(Text::default()),
    };
    match text.rsplit_once(":stateMachine:") {
        Some((_, name)) if !name.contains("${") => {
            CalleeKey::Name(name.split([':', '/']).next().unwrap_or_default().into())
        }
        _ => CalleeKey::Dynamic(text.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_read_whatever_the_partition() {
        let cases = [
            (
                "arn:aws:states:::aws-sdk:iam:deleteAccessKey",
                Resource::Service("aws-sdk:iam", "deleteAccessKey", ""),
            ),
            (
                "arn:aws-cn:states:::sqs:sendMessage.waitForTaskToken",
                Resource::Service("sqs", "sendMessage", "waitForTaskToken"),
            ),
            (
                "arn:${Partition}:states:::states:startExecution.sync:2",
                Resource::Service("states", "startExecution", "sync"),
            ),
            (
                "arn:aws:lambda:eu-west-1:123456789012:function:offboard:live",
                Resource::Function("offboard:live"),
            ),
            ("arn:aws:states:eu-west-1:123456789012:activity:review", Resource::Activity("review")),
            (
                "arn:aws:states:eu-west-1:123456789012:aws-sdk:s3:getObject",
                Resource::Service("aws-sdk:s3", "getObject", ""),
            ),
            (
                "arn:aws:states:${Region}:${Account}:sns:publish.waitForTaskToken",
                Resource::Service("sns", "publish", "waitForTaskToken"),
            ),
            ("${OffboardFunctionArn}", Resource::Unknown),
            ("", Resource::Unknown),
        ];
        for (text, expected) in cases {
            assert_eq!(resource(text), expected, "{text}");
        }
    }
}
