//! JavaScript itself: what it gives where every name is known, and that it is shut in.

use super::*;

struct Item(Val);

impl Scope for Item {
    fn read(&self, _: &Reference) -> Val {
        Val::unknown("elsewhere")
    }

    fn name(&self, name: &str) -> Option<Val> {
        match name {
            "$json" | "$('Users')" => Some(self.0.clone()),
            "$('Users').all()" => Some(Val::list(vec![self.0.clone(), json(r#"{"t": "second"}"#)])),
            _ => None,
        }
    }
}

fn given(text: &str) -> Val {
    let expression = of(Language::N8n, &format!("={{{{ {text} }}}}"), Term::Unknown(vec![]));
    evaluate(&expression, &Item(json(r#"{"t": "Ada", "l": [1, 2, 3]}"#))).unwrap()
}

#[test]
fn javascript_is_interpreted_where_every_name_is_known() {
    let cases = [
        ("$json.l.map(x => x * 2).join('-')", "\"2-4-6\""),
        ("$json.t.replace(/a/gi, 'o')", "\"odo\""),
        ("$('Users').all().map(i => i.json.t)", r#"["Ada","second"]"#),
        ("$node[\"Users\"].json.t", "\"Ada\""),
        ("$json.l.last()", "3"),
        ("$json.gone.deeper", "null"),
        ("$ifEmpty($json.gone, 'none')", "\"none\""),
    ];
    for (text, expected) in cases {
        assert_eq!(given(text), json(expected), "{text}");
    }
}

#[test]
fn javascript_is_shut_in() {
    let cases = [
        "(() => { while (true) {} })()",
        "'x'.repeat(1e9)",
        "(function f() { return f(); })()",
        "new Date().getTime()",
        "Math.random()",
        "process.env.HOME",
        "require('fs')",
        "$vars.secret",
        "1); (2",
        "$json.t.noSuchMethod()",
    ];
    for text in cases {
        assert!(!given(text).is_known(), "{text}: {:?}", given(text));
    }
}
