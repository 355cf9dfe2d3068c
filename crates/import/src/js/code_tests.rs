//! Tests of code: what it returns, under which conditions, what it sets.

use super::tests::{Two, show};
use super::*;

struct Messages;

impl Names for Messages {
    fn node(&self, name: &str) -> Target {
        Target { root: Root::Step(name.into()), many: false }
    }

    fn previous(&self) -> Root {
        Root::Previous
    }

    fn title(&self, _: &str) -> Option<&str> {
        None
    }

    fn model(&self) -> Option<Root> {
        None
    }

    fn variable(&self, name: &str) -> Option<Term> {
        (name == "msg").then(|| reference(Root::Previous, Vec::new()))
    }

    fn is_global(&self, name: &str) -> bool {
        matches!(name, "flow" | "node")
    }

    fn sets(&self, name: &str, args: &[Term]) -> Option<(Text, Term)> {
        match (name, args) {
            ("flow.set", [Term::Text(key), value]) => Some((key.clone(), value.clone())),
            _ => None,
        }
    }
}

/// The ends of code in short form, each with its conditions.
fn ends(code: &str) -> String {
    let locals = vec![("items", Local::Items(Root::Previous)), ("msg", Local::Value(Root::Previous))];
    let Some(run) = run(code, &Messages, locals) else { return "not understood".into() };
    let end = |e: &End| {
        let how = match e.how {
            How::Returned => "",
            How::Sent => "sends ",
            How::Thrown => "throws ",
        };
        let when = e.when.iter().map(|t| show(t)).collect::<Vec<_>>().join(" & ");
        let value = show(&e.value);
        if when.is_empty() { format!("{how}{value}") } else { format!("{how}{value} if {when}") }
    };
    run.ends.iter().map(end).collect::<Vec<_>>().join("; ")
}

#[test]
fn a_straight_line_sets_properties() {
    for (code, expected) in [
        ("msg.payload = {a: msg.req.body.b}; return msg;", "{...: prev, payload: {a: prev.req.body.b}}"),
        ("msg.payload.x = 1\nreturn msg", "{...: prev, payload: {...: prev.payload, x: 1}}"),
        ("msg = {payload: 2};\nreturn msg;", "{payload: 2}"),
        (
            "const p = msg.payload; p.x = p.y; return msg;",
            "{...: prev, payload: {...: prev.payload, x: prev.payload.y}}",
        ),
        // A variable keeps what it was given when its place gets something else.
        (
            "const old = msg.payload; msg.payload = {u: old.u}; return msg;",
            "{...: prev, payload: {u: prev.payload.u}}",
        ),
        ("let {a, b: {c}} = msg.payload; return [a, c];", "[prev.payload.a, prev.payload.b.c]"),
        ("const [x, , y] = msg.list; return {x, y};", "{x: prev.list[0], y: prev.list[2]}"),
        ("var s = 'a'; s += msg.b; return s;", "`\"a\", prev.b`"),
        ("delete msg.req; return {r: msg.req};", "{r: null}"),
        ("Object.assign(msg.payload, {x: 1}); return msg.payload.x;", "1"),
    ] {
        assert_eq!(ends(code), expected, "{code}");
    }
}

#[test]
fn conditions_stand_with_the_ends() {
    for (code, expected) in [
        (
            "if (msg.ok === true) { return [msg, null]; }\nreturn [null, msg];",
            "[prev, null] if Equals(prev.ok, true); [null, prev] if Not(Equals(prev.ok, true))",
        ),
        ("if (!msg.a) return null; return msg;", "null if Not(prev.a); prev if Truthy(prev.a)"),
        ("if (msg.a) { msg.b = 1 } else { msg.b = 2 } return msg.b;", "If(prev.a, 1, 2)"),
        (
            "if (msg.a) { if (msg.b) return null; } return 1;",
            "null if prev.a & prev.b; 1 if Or(And(prev.a, Not(prev.b)), Not(prev.a))",
        ),
        (
            "if (!msg.a) { throw new Error('no'); } return 1;",
            "throws new Error(\"no\") if Not(prev.a); 1 if Truthy(prev.a)",
        ),
        (
            "switch (msg.c) { case 'on': msg.x = 1; break; default: return null; } return msg.x;",
            "null if Not(Or(Equals(prev.c, \"on\"))); 1 if Or(Equals(prev.c, \"on\"))",
        ),
        ("if (msg.a) node.send(msg);", "sends prev if prev.a; null"),
    ] {
        assert_eq!(ends(code), expected, "{code}");
    }
}

#[test]
fn loops_go_over_any_item() {
    for (code, expected) in [
        (
            "for (const item of items) { item.json.n = item.json.a; } return items;",
            "{...: prev[*], n: prev[*].a}",
        ),
        ("return items.map(i => ({json: {...i.json, n: 1}}));", "Map(prev[*], {json: {...: prev[*], n: 1}})"),
        (
            "const out = []; items.forEach(i => { out.push({json: {m: i.json.mail}}); }); return out;",
            "[{json: {m: prev[*].mail}}]",
        ),
        (
            "let out = []; for (let i = 0; i < items.length; i++) { out.push({json: {m: items[i].json.m}}) } return out",
            "[{json: {m: prev[~].m}}]",
        ),
        ("items[0].json.x = 2; return items;", "{...: prev[*], x: 2}"),
        ("return items.filter(i => i.json.role === 'x');", "Filter(prev[*], Equals(prev[*].role, \"x\"))"),
        (
            "return items.filter(i => i.json.a).filter(i => i.json.l.filter(x => x.y).length);",
            "Filter(prev[*], And(prev[*].a, Length(Filter(prev[*].l, prev[*].l[*].y))))",
        ),
    ] {
        assert_eq!(ends(code), expected, "{code}");
    }
}

#[test]
fn functions_are_called_where_they_are_used() {
    for (code, expected) in [
        ("const id = (u) => u.id; return id(msg.payload);", "prev.payload.id"),
        (
            "return mail(msg.user);\nfunction mail(u) { if (!u) return null; return u.mail; }",
            "If(Not(prev.user), null, prev.user.mail)",
        ),
        ("const f = function(x = 1) { return {x}; }; return f().x;", "1"),
        ("function loop(x) { return loop(x); } return 1;", "1"),
    ] {
        assert_eq!(ends(code), expected, "{code}");
    }
}

#[test]
fn what_comes_from_elsewhere_says_so() {
    let code = "const axios = require('axios'); const r = await axios.get(msg.url); return {r: r.data};";
    assert!(ends(code).contains("Unknown(\"require\")"), "{}", ends(code));
    let caught = "let v = 1; try { v = JSON.parse(msg.a); } catch (e) { v = 2; } return v;";
    assert_eq!(ends(caught), "If(?[], ParseJson(prev.a), 2)");
}

#[test]
fn variables_of_the_surroundings_are_told() {
    let run = run("flow.set('who', msg.user.id); return msg;", &Messages, Vec::new()).unwrap();
    let (name, value) = &run.variables[0];
    assert_eq!((name.as_str(), show(value).as_str()), ("who", "prev.user.id"));
}

#[test]
fn what_is_not_understood_gives_nothing() {
    for code in ["class A {} return 1;", "with (a) { b }", "return {", "if (a return;", "label: for (;;) {}"]
    {
        assert_eq!(ends(code), "not understood", "{code}");
    }
    let term = unknown("yield $('Get').first().json.id + items[0]", &["items"], &Two);
    assert_eq!(show(&term), "?[@Get.id, prev, Unknown(\"code\")]");
}

#[test]
fn texts_comments_and_expressions_hide_no_brackets() {
    let code = "// don't {\nconst a = `}${msg.x}`; const r = /[{'\"]/; /* } */ if (r.test(a)) { return '}'; }\nreturn 2;";
    assert_eq!(ends(code).matches("if").count(), 2, "{}", ends(code));
}

#[test]
fn deep_or_long_code_is_bounded() {
    for code in [
        "if (a) {".repeat(5_000),
        "f(".repeat(5_000),
        format!("function f(x) {{ return f(x) + f(x); }} return {};", "f(1) + ".repeat(300) + "1"),
        "let x = {}; ".to_owned() + &"x = {a: x, b: x};".repeat(500) + "return x;",
        "msg.a.b.c = msg;".repeat(3_000) + "return msg;",
    ] {
        let started = std::time::Instant::now();
        let _ = ends(&code);
        assert!(started.elapsed().as_secs() < 5, "{}", &code[..20]);
    }
}
