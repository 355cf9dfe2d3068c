//! The other languages: what their documentation says of truth, equality, coercion and what is absent.

use super::*;
use crate::evaluate::condition;

/// A condition with its text on a trigger's input.
fn holds(language: Language, written: &str, term: Term, input: &str) -> Result<Option<bool>, Failure> {
    condition(&of(language, written, term), &trigger(input))
}

fn equals(a: Term, b: Term) -> Term {
    call(Function::Equals, vec![a, b])
}

#[test]
fn javascript_compares_as_its_text_says() {
    let same = || equals(field("n"), text("1"));
    let input = r#"{"n": 1, "f": false, "t": "x"}"#;
    assert_eq!(holds(Language::N8n, "={{ $json.n === '1' }}", same(), input), Ok(Some(false)));
    assert_eq!(holds(Language::N8n, "={{ $json.n == '1' }}", same(), input), Ok(Some(true)));
    let or = |t: &str| call(Function::Coalesce, vec![field("f"), text(t)]);
    let value = |written: &str| evaluate(&of(Language::N8n, written, or("x")), &trigger(input));
    assert_eq!(value("={{ $json.f || 'x' }}"), Ok(Val::text("x")));
    assert_eq!(value("={{ $json.f ?? 'x' }}"), Ok(Val::Bool(false)));
    let sum = named("+", vec![field("n"), number("2")]);
    assert_eq!(evaluate(&of(Language::N8n, "", sum), &trigger(input)), Ok(Val::Number(3.0)));
}

#[test]
fn an_error_inside_of_a_hole_gives_nothing_in_n8n_only() {
    let (written, term) = ("={{ $json.a.b.c }}", field("a.b.c"));
    let given = |language| evaluate(&of(language, written, term.clone()), &trigger(r#"{"a": {"b": null}}"#));
    assert_eq!(given(Language::N8n), Ok(Val::Null));
}

#[test]
fn conditions_of_n8n_leave_conversions_open() {
    let data = Data { platform: Some(Platform::N8n), ..trigger(r#"{"n": 5, "t": "Yes", "l": ["a"]}"#) };
    let rule =
        |f: Function, a, b| condition(&of(Language::Structured, "", call(f, vec![a, b])), &data).unwrap();
    assert_eq!(rule(Function::Greater, field("n"), number("4")), Some(true));
    assert_eq!(rule(Function::Equals, field("t"), text("Yes")), Some(true));
    assert_eq!(rule(Function::EqualsIgnoreCase, field("t"), text("yes")), Some(true));
    assert_eq!(rule(Function::Equals, field("n"), text("5")), None);
    assert_eq!(rule(Function::Contains, field("l"), text("a")), Some(true));
    assert_eq!(rule(Function::Matches, field("t"), text("^Y.s$")), Some(true));
    assert_eq!(rule(Function::Matches, field("t"), text("/^yes$/i")), Some(true));
    assert_eq!(rule(Function::Present, field("gone"), Term::Null), Some(false));
}

#[test]
fn what_n8n_and_node_red_have_as_data_is_a_condition_only_where_one_is_asked_for() {
    for platform in [Platform::N8n, Platform::NodeRed] {
        let data = Data { platform: Some(platform), ..trigger(r#"{"t": "Yes"}"#) };
        let name = Term::Template(vec![text("CN="), field("t")]);
        let given = |term: Term| evaluate(&of(Language::Structured, "", term), &data);
        assert_eq!(given(name), Ok(Val::text("CN=Yes")), "{platform:?}");
        assert_eq!(given(field("t")), Ok(Val::text("Yes")));
        assert_eq!(condition(&of(Language::Structured, "", field("t")), &data), Ok(Some(true)));
    }
}

#[test]
fn functions_of_javascript_without_their_text() {
    let data = Data {
        now: Some(1_000_000),
        ..trigger(r#"{"o": {"b": 1, "a": [2]}, "l": [5], "t": "a@b", "n": 3, "2": 0}"#)
    };
    let js = |name: &str, args: Vec<Term>| value(Language::N8n, named(name, args), &data).unwrap();
    assert_eq!(js("Object.keys", vec![field("o")]), json(r#"["b", "a"]"#));
    assert_eq!(js("Object.values", vec![field("o")]), json("[1, [2]]"));
    assert_eq!(js("Object.keys", vec![field("l")]), json(r#"["0"]"#));
    // A name that is a number would come first.
    assert!(!js("Object.keys", vec![field("")]).is_known());
    assert_eq!(js("Array.isArray", vec![field("l")]), Val::Bool(true));
    assert_eq!(js("Array.isArray", vec![field("o")]), Val::Bool(false));
    assert_eq!(js("Array.isArray", vec![field("gone")]), Val::Bool(false));
    assert_eq!(js("split", vec![field("t"), text("@")]), json(r#"["a", "b"]"#));
    // `/a/i` and `"a"` differ, and have one parsed form.
    assert!(!js("split", vec![field("t"), text("a")]).is_known());
    let numeric = |t: &str| js("isNumeric", vec![text(t)]);
    assert_eq!((numeric("12.50"), numeric("twelve")), (Val::Bool(true), Val::Bool(false)));
    assert!(!numeric("1e3").is_known() && !numeric("Infinity").is_known());
    // A moment less a number is a number, however the moment was asked; without a clock it is not known.
    let earlier = named("-", vec![call(Function::Now, vec![]), number("400000")]);
    assert_eq!(value(Language::N8n, earlier.clone(), &data), Ok(Val::Number(600_000.0)));
    assert!(!value(Language::N8n, earlier, &trigger("{}")).unwrap().is_known());
    // A method that is a condition of its own.
    let rule = Data { platform: Some(Platform::N8n), ..data.clone() };
    let is_list = |of: &str| value(Language::Structured, named("Array.isArray", vec![field(of)]), &rule);
    assert_eq!((is_list("l"), is_list("t")), (Ok(Val::Bool(true)), Ok(Val::Bool(false))));
}

#[test]
fn jq_orders_everything_and_fails_on_members_of_scalars() {
    let jq = |written: &str, term: Term| {
        evaluate(&of(Language::Jq, written, term), &trigger(r#"{"t": "x", "n": null}"#))
    };
    assert_eq!(jq(".n.a", field("n.a")), Ok(Val::Null));
    assert_eq!(jq(".t.a", field("t.a")).unwrap_err().name, "errors/expression");
    assert_eq!(jq("1 < \"a\"", call(Function::Less, vec![number("1"), text("a")])), Ok(Val::Bool(true)));
    assert_eq!(jq(".n // 1", call(Function::Coalesce, vec![field("n"), number("1")])), Ok(Val::Number(1.0)));
    // Nothing but null and false is false.
    assert_eq!(holds(Language::Jq, ".t", field("t"), r#"{"t": 0}"#), Ok(Some(true)));
    assert!(!jq(".[] | .a", field("t")).unwrap().is_known());
}

#[test]
fn feel_makes_null_of_what_does_not_fit() {
    let feel = |term: Term| value(Language::Feel, term, &trigger(r#"{"n": 5, "t": "x", "b": true}"#));
    assert_eq!(feel(equals(field("n"), text("5"))), Ok(Val::Null));
    assert_eq!(feel(call(Function::Less, vec![field("t"), number("5")])), Ok(Val::Null));
    assert_eq!(feel(call(Function::And, vec![field("b"), field("gone")])), Ok(Val::Null));
    assert_eq!(feel(call(Function::Or, vec![field("b"), field("gone")])), Ok(Val::Bool(true)));
    assert_eq!(feel(call(Function::Concat, vec![field("n"), number("1")])), Ok(Val::Number(6.0)));
    assert_eq!(feel(call(Function::Concat, vec![field("t"), text("y")])), Ok(Val::text("xy")));
    assert_eq!(feel(call(Function::Concat, vec![field("t"), number("1")])), Ok(Val::Null));
    assert_eq!(
        feel(call(Function::In, vec![number("5"), Term::List(vec![number("4"), field("n")])])),
        Ok(Val::Bool(true))
    );
    assert_eq!(holds(Language::Feel, "", field("gone"), "{}"), Ok(Some(false)));
}

#[test]
fn juel_coerces_and_knows_every_variable() {
    let juel =
        |term: Term| value(Language::Juel, term, &trigger(r#"{"n": 5, "t": "5", "z": null, "w": "x"}"#));
    assert_eq!(juel(equals(field("n"), field("t"))), Ok(Val::Bool(true)));
    assert_eq!(juel(equals(field("z"), field("n"))), Ok(Val::Bool(false)));
    assert_eq!(juel(call(Function::Concat, vec![field("t"), number("1")])), Ok(Val::Number(6.0)));
    assert_eq!(juel(call(Function::Empty, vec![field("z")])), Ok(Val::Bool(true)));
    assert_eq!(juel(equals(field("gone"), number("1"))).unwrap_err().name, "PropertyNotFoundException");
    assert_eq!(juel(equals(field("w"), number("1"))).unwrap_err().name, "ELException");
}

#[test]
fn jsonata_makes_nothing_of_what_is_absent() {
    let of = |term: Term| value(Language::Jsonata, term, &trigger(r#"{"n": 5, "t": "x", "l": [0, false]}"#));
    assert_eq!(of(equals(field("gone"), field("gone"))), Ok(Val::Bool(false)));
    assert_eq!(of(named("+", vec![field("n"), field("gone")])), Ok(Val::Null));
    assert_eq!(
        of(call(Function::Less, vec![field("n"), field("t")])).unwrap_err().name,
        "States.QueryEvaluationError"
    );
    assert_eq!(of(call(Function::Truthy, vec![field("l")])), Ok(Val::Bool(false)));
    assert_eq!(of(Term::Template(vec![field("t"), field("gone"), field("n")])), Ok(Val::text("x5")));
}

#[test]
fn sailpoint_comparators() {
    let data = Data {
        platform: Some(Platform::SailPoint),
        ..trigger(r#"{"d": "2026-01-02T00:00:00Z", "b": true}"#)
    };
    let rule = |term: Term| value(Language::Structured, term, &data);
    assert_eq!(rule(equals(field("b"), text("true"))), Ok(Val::Bool(true)));
    let before = call(Function::Less, vec![field("d"), text("2026-01-02T01:00:00+02:00")]);
    assert_eq!(rule(before), Ok(Val::Bool(false)));
    assert_eq!(rule(call(Function::Present, vec![field("gone")])), Ok(Val::Bool(false)));
    assert!(!rule(equals(field("gone"), text("x"))).unwrap().is_known());
}

#[test]
fn security_platforms_leave_open_what_is_not_documented() {
    let rule = |language, term: Term| {
        value(language, term, &trigger(r#"{"l": ["High", "Low"], "s": "High", "n": "7"}"#))
    };
    let open = |given: Result<Val, Failure>| !given.unwrap().is_known();
    assert_eq!(rule(Language::SplunkDatapath, equals(field("l"), text("Low"))), Ok(Val::Bool(true)));
    assert!(open(rule(Language::SecOps, equals(field("s"), text("high")))));
    // What is not known may be a list as well, and equal.
    let part = Val::map(vec![("none".into(), Val::list(vec![])), ("open".into(), Val::unknown("open"))]);
    let data = Data { roots: vec![(Root::Trigger, part)], platform: None, now: None };
    assert!(open(value(Language::SplunkDatapath, equals(field("none"), field("open")), &data)));
    assert_eq!(rule(Language::SecOps, equals(field("s"), text("low"))), Ok(Val::Bool(false)));
    assert_eq!(
        rule(Language::SecOps, call(Function::Greater, vec![field("n"), number("5")])),
        Ok(Val::Bool(true))
    );
    assert!(open(rule(Language::InsightConnect, equals(field("n"), number("7")))));
    assert_eq!(rule(Language::OktaPin, call(Function::Empty, vec![field("gone")])), Ok(Val::Bool(true)));
}

#[test]
fn stages_of_the_expression_builder() {
    let stage = |name: &str, of: &str, argument: &str| {
        value(
            Language::SecOps,
            named(name, vec![field(of), text(argument)]),
            &trigger(r#"{"l": [5, 6], "t": "a,b"}"#),
        )
    };
    assert_eq!(stage("getByIndex", "l", "\"1\""), Ok(Val::Number(6.0)));
    assert_eq!(stage("split", "t", "\",\""), Ok(json(r#"["a","b"]"#)));
    assert!(!stage("dateFormat", "t", "\"yyyy\"").unwrap().is_known());
}

#[test]
fn sailpoint_splices_values_into_filters() {
    let filter = Segment::Filter("@.number=='{{$.trigger.n}}'".into());
    let path = vec![Segment::Key("result".into()), filter, Segment::Key("state".into())];
    let list = Term::Ref(Reference { root: Root::Trigger, path });
    let filled = Term::Template(vec![text("@.number=='"), field("n"), text("'")]);
    let chosen = call(Function::Filter, vec![list, filled]);
    let given = |input: &str| value(Language::SailPointJsonPath, chosen.clone(), &trigger(input)).unwrap();
    let result = r#""result": [{"number": "T1", "state": "open"}, {"number": "T2", "state": "closed"}]"#;
    assert_eq!(given(&format!(r#"{{"n": "T2", {result}}}"#)), json(r#"["closed"]"#));
    assert_eq!(given(&format!(r#"{{"n": "T3", {result}}}"#)), json("[]"));
    // Whether a list from a filter stands for its item is not documented: it matters where the item is the same.
    let is_open = |input: &str| {
        let data = Data { platform: Some(Platform::SailPoint), ..trigger(input) };
        value(Language::Structured, equals(chosen.clone(), text("open")), &data).unwrap()
    };
    assert_eq!(is_open(&format!(r#"{{"n": "T2", {result}}}"#)), Val::Bool(false));
    assert_eq!(is_open(&format!(r#"{{"n": "T3", {result}}}"#)), Val::Bool(false));
    assert!(!is_open(&format!(r#"{{"n": "T1", {result}}}"#)).is_known());
    let unknown = Data { roots: vec![], ..Data::default() };
    assert!(!value(Language::SailPointJsonPath, chosen, &unknown).unwrap().is_known());
}

#[test]
fn juel_reads_json_variables() {
    let age = named("numberValue", vec![named("prop", vec![field("customer"), text("age")])]);
    let adult = |input: &str| {
        let older = call(Function::GreaterOrEquals, vec![age.clone(), number("21")]);
        holds(Language::Juel, "${customer.prop(\"age\").numberValue() >= 21}", older, input)
    };
    assert_eq!(adult(r#"{"customer": {"age": 30}}"#), Ok(Some(true)));
    assert_eq!(adult(r#"{"customer": {"age": 20}}"#), Ok(Some(false)));
    assert_eq!(adult(r#"{"customer": {"age": "30"}}"#).unwrap_err().name, "SpinJsonException");
    assert_eq!(adult(r#"{"customer": {}}"#).unwrap_err().name, "SpinJsonException");
}
