//! The intrinsic functions and choice rules of Step Functions, by the developer's guide.

use super::*;

fn intrinsic(name: &str, args: Vec<Term>) -> Result<Val, Failure> {
    value(Language::AslJsonPath, named(name, args), &trigger(r#"{"list": [1, 2, 2, "a"], "t": "x"}"#))
}

fn list(items: &[&str]) -> Term {
    Term::List(items.iter().map(|i| number(i)).collect())
}

#[test]
fn arrays() {
    let cases = [
        (intrinsic("States.ArrayPartition", vec![list(&["1", "2", "3"]), number("2")]), "[[1,2],[3]]"),
        (intrinsic("States.ArrayRange", vec![number("1"), number("9"), number("4")]), "[1,5,9]"),
        (intrinsic("States.ArrayRange", vec![number("3"), number("0"), number("-2")]), "[3,1]"),
        (intrinsic("States.ArrayGetItem", vec![list(&["7", "8"]), number("1")]), "8"),
        (intrinsic("States.ArrayUnique", vec![field("list")]), "[1,2,\"a\"]"),
    ];
    for (given, expected) in cases {
        assert_eq!(given, Ok(json(expected)));
    }
    let contains = call(Function::Contains, vec![field("list"), number("2")]);
    let data = trigger(r#"{"list": [1, 2]}"#);
    assert_eq!(value(Language::AslJsonPath, contains, &data), Ok(Val::Bool(true)));
}

#[test]
fn texts_and_hashes() {
    let cases = [
        (intrinsic("States.Base64Encode", vec![text("Data")]), "RGF0YQ=="),
        (intrinsic("States.Base64Decode", vec![text("RGF0YQ==")]), "Data"),
        (intrinsic("States.Hash", vec![text("abc"), text("MD5")]), "900150983cd24fb0d6963f7d28e17f72"),
        (
            intrinsic("States.Hash", vec![text("abc"), text("SHA-1")]),
            "a9993e364706816aba3e25717850c26c9cd0d89d",
        ),
        (
            intrinsic("States.Hash", vec![text("abc"), text("SHA-256")]),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ),
        (intrinsic("States.Format", vec![field("t"), text("x")]), ""),
    ];
    for (given, expected) in cases.iter().take(5) {
        assert_eq!(*given, Ok(Val::text(*expected)));
    }
    assert_eq!(cases[5].0.as_ref().unwrap_err().name, "States.IntrinsicFailure");
    let split = intrinsic("States.StringSplit", vec![text("a.b+c"), text(".+")]);
    assert_eq!(split, Ok(json(r#"["a","b","c"]"#)));
}

#[test]
fn json_and_numbers() {
    let map = |key: &str, n: &str| Term::Map(vec![(key.into(), number(n))]);
    let merged = intrinsic("States.JsonMerge", vec![map("a", "1"), map("b", "2"), Term::Bool(false)]);
    assert_eq!(merged, Ok(json(r#"{"a":1,"b":2}"#)));
    let deep = intrinsic("States.JsonMerge", vec![map("a", "1"), map("b", "2"), Term::Bool(true)]);
    assert_eq!(deep.unwrap_err().name, "States.IntrinsicFailure");
    assert_eq!(intrinsic("States.MathAdd", vec![number("111"), number("-1")]), Ok(Val::Number(110.0)));
    let parsed = call(Function::ParseJson, vec![text(r#"{"n": 1}"#)]);
    assert_eq!(value(Language::AslJsonPath, parsed, &Data::default()), Ok(json(r#"{"n": 1}"#)));
    let shown = call(Function::ToText, vec![text("a")]);
    assert_eq!(value(Language::AslJsonPath, shown, &Data::default()), Ok(Val::text("\"a\"")));
    assert!(!intrinsic("States.UUID", vec![]).is_ok_and(|v| v.is_known()));
}

#[test]
fn a_path_to_nothing_fails_by_the_place_where_it_stands() {
    let data = Data { platform: Some(Platform::StepFunctions), ..trigger(r#"{"a": null}"#) };
    let failure = value(Language::AslJsonPath, field("b"), &data).unwrap_err();
    assert_eq!(failure.name, "States.ParameterPathFailure");
    let rule = call(Function::Equals, vec![field("b"), text("x")]);
    assert_eq!(value(Language::Structured, rule, &data).unwrap_err().name, "States.Runtime");
    for (path, there) in [("a", true), ("b", false)] {
        let rule = call(Function::Present, vec![field(path)]);
        assert_eq!(value(Language::Structured, rule, &data), Ok(Val::Bool(there)));
    }
}

#[test]
fn rules_do_not_match_values_of_another_type() {
    let data = Data { platform: Some(Platform::StepFunctions), ..trigger(r#"{"n": 5, "t": "5"}"#) };
    let rule = |f, a, b| value(Language::Structured, call(f, vec![a, b]), &data);
    assert_eq!(rule(Function::Equals, field("n"), text("5")), Ok(Val::Bool(false)));
    assert_eq!(rule(Function::Less, field("t"), number("6")), Ok(Val::Bool(false)));
    assert_eq!(rule(Function::Less, field("n"), number("6")), Ok(Val::Bool(true)));
    for (pattern, matches) in [("log-*.txt", true), ("log-*", true), ("*.csv", false), ("log-\\*", false)] {
        let rule = named("StringMatches", vec![text("log-7.txt"), text(pattern)]);
        assert_eq!(value(Language::Structured, rule, &data), Ok(Val::Bool(matches)), "{pattern}");
    }
}

#[test]
fn moments_are_ordered_as_moments() {
    let moment = |t: &str| named("timestamp", vec![text(t)]);
    let rule =
        call(Function::Less, vec![moment("2026-01-01T01:00:00+02:00"), moment("2026-01-01T00:00:00Z")]);
    let data = Data { platform: Some(Platform::StepFunctions), ..Data::default() };
    assert_eq!(value(Language::Structured, rule, &data), Ok(Val::Bool(true)));
}

#[test]
fn filters_and_every_item() {
    let data = trigger(r#"{"users": [{"name": "a", "on": true}, {"name": "b", "on": false}, {"on": true}]}"#);
    let path = |segments| Term::Ref(Reference { root: Root::Trigger, path: segments });
    let key = |k: &str| Segment::Key(k.into());
    let cases = [
        (vec![key("users"), Segment::Each, key("name")], r#"["a","b"]"#),
        (vec![key("users"), Segment::Filter("?(@.on == true)".into()), key("name")], r#"["a"]"#),
        (vec![key("users"), Segment::Filter("?(@.name)".into()), key("on")], "[true,false]"),
        (vec![key("users"), Segment::Index(1), key("name")], "\"b\""),
    ];
    for (segments, expected) in cases {
        assert_eq!(value(Language::AslJsonPath, path(segments), &data), Ok(json(expected)));
    }
}
