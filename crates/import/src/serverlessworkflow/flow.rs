//! The data flow of a task exactly as the DSL defines it, for running it: its transformations, conditions and policies,
//! with expressions over the task's own data. What the graph says of it elsewhere is followed through the workflow
//! beforehand, for proofs.

use super::points::{Kind, Point, What, each_event, tasks};
use super::scope::Scope;
use super::steps::Around;
use crate::dataflow::Data;
use crate::doc::Node;
use workflow::{Map, Root, Value};

/// The data flow of a point; null where data only passes.
pub(super) fn flow(point: &Point<'_>, around: &Around<'_>) -> Value {
    let scope = Scope::on(&Data::root(Root::Previous), &[], around.loose);
    let map = match &point.what {
        What::Data | What::End => return Value::Null,
        What::If(node) => cases("if", [node.get("if").or_else(|| node.get("when"))], &scope),
        What::While(node) => cases("while", [node.get("while")], &scope),
        What::Join(..) if !point.id.ends_with("/(end)") => return Value::Null,
        What::Join(node, branches) => {
            let mut map = shared(*node, &scope);
            let of = point.id.strip_suffix("/(end)").unwrap_or_default();
            map.push("of", Value::text(of), 0);
            map.push("kind", Value::text("join"), 0);
            let competes = node.get("fork").is_some() && branches.is_none();
            map.push("compete", Value::Bool(competes), 0);
            map
        }
        What::Task(kind, node, defined) => task(*kind, (*node, defined.unwrap_or(*node)), &scope, around),
    };
    Value::Map(map)
}

/// The workflow's own transformations of its input and output.
pub(super) fn whole(root: Node<'_>, loose: bool) -> Value {
    let map = shared(root, &Scope::on(&Data::root(Root::Previous), &[], loose));
    if map.0.is_empty() { Value::Null } else { Value::Map(map) }
}

/// Conditions, in the order of the edges that they stand on.
fn cases<'d>(kind: &str, nodes: impl IntoIterator<Item = Option<Node<'d>>>, scope: &Scope) -> Map {
    let mut map = Map::default();
    let given = nodes.into_iter().flatten().map(|n| Value::Expr(Box::new(scope.condition(n))));
    map.push("cases", Value::List(given.collect()), 0);
    map.push("kind", Value::text(kind), 0);
    map
}

/// What every task may have: the shaping of its input, output and the context, and their schemas.
fn shared(node: Node<'_>, scope: &Scope) -> Map {
    let mut map = Map::default();
    for (part, shape) in [("input", "from"), ("output", "as"), ("export", "as")] {
        let Some(given) = node.get(part) else { continue };
        let mut inner = Map::default();
        if let Some(shape) = given.get(shape) {
            inner.push("shape", scope.expression(shape), shape.line());
        }
        if let Some(schema) = given.at(&["schema", "document"]) {
            let plain = Scope { loose: false, ..scope.clone() };
            inner.push("schema", plain.value(schema), schema.line());
        }
        map.push(part, Value::Map(inner), given.line());
    }
    map
}

fn task(kind: Kind, (node, of): (Node<'_>, Node<'_>), scope: &Scope, around: &Around<'_>) -> Map {
    let mut map = shared(node, scope);
    let word = match kind {
        Kind::Switch => {
            let listed = node.get("switch").into_iter().flat_map(tasks);
            map.0.extend(cases("switch", listed.map(|(_, case)| case.get("when")), scope).0);
            "switch"
        }
        Kind::Set => field(&mut map, "set", of.get("set").map(|n| (n, scope.expression(n)))),
        Kind::Call => {
            if of.get("call").is_some() && each_event(of).is_none() {
                field(&mut map, "with", of.get("with").map(|n| (n, called(n, scope))));
            }
            "call"
        }
        Kind::Run => field(&mut map, "run", of.get("run").map(|n| (n, scope.value(n)))),
        Kind::Emit => field(&mut map, "emit", of.at(&["emit", "event", "with"]).map(|n| (n, scope.value(n)))),
        Kind::Listen => field(&mut map, "listen", of.get("listen").map(|n| (n, scope.value(n)))),
        Kind::Wait => field(&mut map, "wait", of.get("wait").map(|n| (n, scope.value(n)))),
        Kind::Raise => {
            let error = of.at(&["raise", "error"]);
            let named =
                error.and_then(Node::as_str).and_then(|name| around.root.at(&["use", "errors", name]));
            field(&mut map, "raise", named.or(error).map(|n| (n, scope.value(n))))
        }
        Kind::For => {
            let given = node.get("for");
            let name = |key: &str, default: &str| {
                Value::text(given.and_then(|g| g.str(key)).unwrap_or(default).trim_start_matches('$'))
            };
            map.push("each", name("each", "item"), 0);
            map.push("at", name("at", "index"), 0);
            field(&mut map, "for", node.at(&["for", "in"]).map(|n| (n, scope.expression(n))))
        }
        Kind::Try => {
            if let Some(catch) = node.get("catch") {
                map.push("catch", caught(catch, scope, around), catch.line());
            }
            "try"
        }
        Kind::Do => "do",
        Kind::Fork => "fork",
        Kind::Unknown => "unknown",
    };
    map.push("kind", Value::text(word), 0);
    map.push("reference", Value::text(pointer(&node.path())), 0);
    if let Some(timeout) = node.get("timeout") {
        let named = timeout.as_str().and_then(|name| around.root.at(&["use", "timeouts", name]));
        map.push("timeout", scope.value(named.unwrap_or(timeout)), timeout.line());
    }
    map
}

fn field<'k>(map: &mut Map, key: &'k str, given: Option<(Node<'_>, Value)>) -> &'k str {
    if let Some((node, value)) = given {
        map.push(key, value, node.line());
    }
    key
}

/// What a call is made with; the fields of the input are filled into its address.
fn called(with: Node<'_>, scope: &Scope) -> Value {
    let Value::Map(mut map) = scope.value(with) else { return Value::Null };
    if let (Some(entry), Some(endpoint)) =
        (map.0.iter_mut().find(|e| e.key == "endpoint"), with.get("endpoint"))
    {
        match (&mut entry.value, endpoint.get("uri")) {
            (Value::Map(inner), Some(uri)) => {
                inner.0.iter_mut().filter(|e| e.key == "uri").for_each(|e| e.value = scope.uri(uri));
            }
            (given, _) => *given = scope.uri(endpoint),
        }
    }
    Value::Map(map)
}

fn caught(catch: Node<'_>, scope: &Scope, around: &Around<'_>) -> Value {
    let mut map = Map::default();
    let name = catch.str("as").unwrap_or("error").trim_start_matches('$');
    map.push("as", Value::text(name), catch.line());
    if let Some(with) = catch.at(&["errors", "with"]) {
        map.push("with", scope.value(with), with.line());
    }
    conditions(&mut map, catch, scope);
    let policy = catch.get("retry");
    let named = policy.and_then(Node::as_str).and_then(|name| around.root.at(&["use", "retries", name]));
    if let Some(policy) = named.or(policy) {
        let Value::Map(mut inner) = scope.value(policy) else { return Value::Map(map) };
        inner.0.retain(|e| e.key != "when" && e.key != "exceptWhen");
        conditions(&mut inner, policy, scope);
        map.push("retry", Value::Map(inner), policy.line());
    }
    Value::Map(map)
}

fn conditions(map: &mut Map, node: Node<'_>, scope: &Scope) {
    for key in ["when", "exceptWhen"] {
        if let Some(given) = node.get(key) {
            map.push(key, Value::Expr(Box::new(scope.condition(given))), given.line());
        }
    }
}

/// A path (`do[0].name`) as a JSON pointer (`/do/0/name`).
fn pointer(path: &str) -> String {
    let mut out = String::from("/");
    let mut quoted = false;
    for c in path.chars() {
        match c {
            '"' => quoted = !quoted,
            ']' if !quoted => {}
            '.' | '[' if !quoted => out.push('/'),
            c => out.push(c),
        }
    }
    out
}
