//! Data and expressions.

use super::*;
use workflow::{Auth, EdgeKind, Function, Reference, Root, Segment, Term, Value};

#[test]
fn each_task_gets_what_the_last_one_gave() {
    let w = flow(
        "do:
- find: {call: http, with: {method: get, endpoint: 'https://a.example/users/{login}'}, export: {as: {manager: '${ .manager }'}}}
- keep: {set: {id: '${ .id }', who: '${ $workflow.input.login }'}, output: {as: '${ {user: .} }'}}
- send: {call: http, with: {method: post, endpoint: '${ $context.manager.url }', headers: {t: '${ $secrets.token }'}, body: {id: '${ .user.id }'}}}",
    );
    assert_eq!(references(&step(&w, "find").request.as_ref().expect("a request").url), ["Trigger.login"]);
    let kept = step(&w, "keep").output.as_ref().expect("a value");
    assert_eq!(references(kept), ["Step(\"find\").id", "Trigger.login"]);
    let request = step(&w, "send").request.as_ref().expect("a request");
    assert_eq!(references(&request.body), ["Step(\"keep\").id"]);
    assert_eq!(references(&request.url), ["Variable(\"context\").manager.url"]);
    assert_eq!(references(&request.headers), ["Secret(\"token\")"]);
    assert_eq!(step(&w, "find").assigns[0].variable, "context");
    assert_eq!(references(&step(&w, "find").assigns[0].value), ["Step(\"find\").manager"]);
}

#[test]
fn ways_that_differ_meet_in_a_variable() {
    let w = flow(
        "do:
- check: {if: .strict, set: {ok: false}}
- decide: {switch: [{yes: {when: .ok, then: end}}]}",
    );
    let condition = w.edges.iter().find_map(|e| match &e.kind {
        EdgeKind::When { condition, case } if case == "yes" => Some(condition),
        _ => None,
    });
    assert_eq!(shown(condition.expect("a case").references()[0]), "Variable(\"$ before decide\").ok");
    assert_eq!(step(&w, "check").assigns.len(), 1);
    assert_eq!(step(&w, "check/(if)").assigns.len(), 1);
}

#[test]
fn how_a_call_proves_who_it_is() {
    let auth = |authentication: &str| {
        let w = flow(&format!(
            "use: {{authentications: {{named: {{basic: {{username: u, password: p}}}}}}}}
do: [{{a: {{call: http, with: {{method: get, endpoint: {{uri: 'https://a.example', authentication: {authentication}}}}}}}}}]"
        ));
        (step(&w, "a").request.as_ref().map(|r| r.auth), w.credentials.len())
    };
    assert_eq!(auth("{bearer: {token: '${ $secrets.t }'}}"), (Some(Auth::Stored), 0));
    assert_eq!(auth("{bearer: {token: abc}}"), (Some(Auth::Inline), 0));
    assert_eq!(auth("{use: named}"), (Some(Auth::Inline), 1));
    assert_eq!(auth("{oauth2: {use: vaulted}}"), (Some(Auth::Stored), 1));
}

fn term(text: &str) -> Term {
    let text = text.replace('\'', "''");
    let w = flow(&format!("do: [{{a: {{set: {{v: '${{ {text} }}'}}}}}}]"));
    match &step(&w, "a").output {
        Some(Value::Map(map)) => match map.get("v") {
            Some(Value::Expr(e)) => e.term.clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn x(path: &str) -> Term {
    Term::Ref(Reference::keys(Root::Trigger, path))
}

#[test]
fn jq_paths_and_operators_become_terms() {
    let equals = |a, b| Term::Call(Function::Equals, vec![a, b]);
    let cases = [
        (".a.b", x("a.b")),
        (".a | .b", x("a.b")),
        (".[\"a\"].b?", x("a.b")),
        (".a == \"yes\"", equals(x("a"), Term::Text("yes".into()))),
        (
            ".a != null and .b",
            Term::Call(
                Function::And,
                vec![Term::Call(Function::NotEquals, vec![x("a"), Term::Null]), x("b")],
            ),
        ),
        (".a // \"none\"", Term::Call(Function::Coalesce, vec![x("a"), Term::Text("none".into())])),
        ("(.a | not)", Term::Call(Function::Not, vec![x("a")])),
        (".a | startswith(\"x\")", Term::Call(Function::StartsWith, vec![x("a"), Term::Text("x".into())])),
        (
            ".a | length > 0",
            Term::Call(
                Function::Greater,
                vec![Term::Call(Function::Length, vec![x("a")]), Term::Number("0".into())],
            ),
        ),
        (
            "if .a then 1 else 2 end",
            Term::Call(Function::If, vec![x("a"), Term::Number("1".into()), Term::Number("2".into())]),
        ),
        ("has(\"a\")", Term::Call(Function::Present, vec![x("a")])),
        (".a as $v | $v.b", x("a.b")),
        ("\"u-\\(.a)\"", Term::Template(vec![Term::Text("u-".into()), x("a")])),
        ("\"u-\" + .a", Term::Template(vec![Term::Text("u-".into()), x("a")])),
        (". + {b: 1} | .a", x("a")),
        ("{a: .b} | .a", x("b")),
        ("@uri \"\\(.a)\"", Term::Call(Function::UrlEncode, vec![x("a")])),
    ];
    for (text, expected) in cases {
        assert_eq!(term(text), expected, "{text}");
    }
}

#[test]
fn jq_lists_keep_how_items_are_chosen() {
    let listed = |last: Segment| {
        let path = vec![Segment::Key("users".into()), last, Segment::Key("id".into())];
        Term::Ref(Reference { root: Root::Trigger, path })
    };
    assert_eq!(term(".users[0].id"), listed(Segment::Index(0)));
    assert_eq!(term("[.users[].id]"), listed(Segment::Each));
    assert_eq!(term(".users | map(.id)"), listed(Segment::Each));
    assert_eq!(
        term("[.users[] | select(.role == \"admin\") | .id]"),
        listed(Segment::Filter(".role == \"admin\"".into()))
    );
}

#[test]
fn jq_that_is_not_understood_keeps_its_references() {
    for text in ["reduce .a[] as $i (0; . + $i)", "def f: .a; f", ".a |= 3", ".a.(", "[.a"] {
        let Term::Unknown(seen) = term(text) else { panic!("{text}: {:?}", term(text)) };
        assert!(seen.iter().any(|r| shown(r).starts_with("Trigger.a")), "{text}: {seen:?}");
    }
}

#[test]
fn hostile_sizes_are_bounded() {
    let texts = [
        "-".repeat(50_000),
        "{a:".repeat(50_000),
        "1+".repeat(50_000),
        ".a".repeat(50_000),
        "(".repeat(50_000),
        ".|".repeat(50_000),
    ];
    for text in texts {
        let start = &text[..2];
        assert!(matches!(term(&text), Term::Unknown(_)), "{start}");
    }
    let doubling: Vec<String> = (0..60)
        .map(|i| format!("- t{i}: {{call: http, output: {{as: '${{ {{a: $input, b: $input}} }}'}}}}"))
        .collect();
    assert_eq!(flow(&format!("do:\n{}", doubling.join("\n"))).steps.len(), 60);
}
