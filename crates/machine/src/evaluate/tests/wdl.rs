//! Functions of Logic Apps and Power Automate, by Microsoft's reference.

use super::*;

fn wdl(term: Term) -> Result<Val, Failure> {
    let input = r#"{"name": "Ada", "list": [1, 2, 3], "none": null, "box": {"a": 1}}"#;
    let data = Data { now: Some(1_770_000_000_123), ..trigger(input) };
    value(Language::Wdl, term, &data)
}

fn texts(name: &str, args: &[&str]) -> Term {
    named(name, args.iter().map(|a| text(a)).collect())
}

#[track_caller]
fn gives(term: Term, expected: &str) {
    assert_eq!(wdl(term.clone()), Ok(json(expected)), "{term:?}");
}

#[track_caller]
fn fails(term: Term) {
    assert_eq!(wdl(term.clone()).map_err(|f| f.name), Err("InvalidTemplate".into()), "{term:?}");
}

#[test]
fn strings() {
    gives(call(Function::StartsWith, vec![text("Quarterly"), text("quart")]), "true");
    gives(call(Function::EndsWith, vec![text("report.PDF"), text(".pdf")]), "true");
    gives(texts("indexof", &["one two one", "ONE"]), "0");
    gives(texts("lastindexof", &["one two one", "one"]), "8");
    gives(texts("indexof", &["one", "x"]), "-1");
    gives(named("nthindexof", vec![text("1-2-3"), text("-"), number("2")]), "3");
    gives(texts("replace", &["the old key", "old", "new"]), "\"the new key\"");
    gives(texts("split", &["a,b,,c", ","]), r#"["a","b","","c"]"#);
    gives(named("substring", vec![text("payroll"), number("3"), number("2")]), "\"ro\"");
    gives(named("slice", vec![text("payroll"), number("-4"), number("-1")]), "\"rol\"");
    gives(named("slice", vec![text("payroll"), number("3"), number("1")]), "\"\"");
    gives(named("chunk", vec![text("abcde"), number("2")]), r#"["ab","cd","e"]"#);
    gives(texts("isint", &["10"]), "true");
    gives(texts("isint", &["10.5"]), "false");
    gives(texts("isfloat", &["10.5"]), "true");
    gives(named("formatnumber", vec![number("1234567.891"), text("#,##0.00")]), "\"1,234,567.89\"");
    gives(named("formatnumber", vec![number("17"), text("F3")]), "\"17.000\"");
    gives(call(Function::Concat, vec![text("a"), number("1"), Term::Bool(true)]), "\"a1True\"");
    fails(named("substring", vec![text("abc"), number("2"), number("2")]));
    fails(call(Function::Upper, vec![number("1")]));
}

#[test]
fn collections() {
    gives(call(Function::Contains, vec![field("list"), number("2")]), "true");
    gives(call(Function::Contains, vec![text("abc"), text("B")]), "false");
    gives(call(Function::Contains, vec![field("box"), text("a")]), "true");
    gives(call(Function::Empty, vec![field("none")]), "true");
    gives(call(Function::Length, vec![text("héllo")]), "5");
    gives(call(Function::First, vec![text("abc")]), "\"a\"");
    gives(call(Function::Last, vec![field("list")]), "3");
    gives(named("join", vec![field("list"), text("; ")]), "\"1; 2; 3\"");
    gives(named("skip", vec![field("list"), number("2")]), "[3]");
    gives(named("take", vec![field("list"), number("2")]), "[1,2]");
    gives(named("reverse", vec![field("list")]), "[3,2,1]");
    let other = Term::List(vec![number("3"), number("4")]);
    gives(named("union", vec![field("list"), other.clone()]), "[1,2,3,4]");
    gives(named("intersection", vec![field("list"), other]), "[3]");
    gives(named("sort", vec![Term::List(vec![number("3"), number("1")])]), "[1,3]");
    gives(named("setproperty", vec![field("box"), text("a"), number("2")]), r#"{"a":2}"#);
    gives(named("addproperty", vec![field("box"), text("b"), number("2")]), r#"{"a":1,"b":2}"#);
    gives(named("removeproperty", vec![field("box"), text("a")]), "{}");
    fails(named("addproperty", vec![field("box"), text("a"), number("2")]));
    fails(call(Function::Length, vec![number("1")]));
}

#[test]
fn logic() {
    gives(call(Function::Equals, vec![number("1"), text("1")]), "false");
    gives(call(Function::Greater, vec![text("b"), text("a")]), "true");
    gives(call(Function::Coalesce, vec![field("none"), text("x")]), "\"x\"");
    gives(call(Function::If, vec![Term::Bool(true), text("a"), text("b")]), "\"a\"");
    fails(call(Function::Greater, vec![text("b"), number("1")]));
    // Whether the arm that is not taken is evaluated is not documented.
    let broken = named("div", vec![number("1"), number("0")]);
    let open = wdl(call(Function::If, vec![Term::Bool(true), text("a"), broken]));
    assert!(!open.unwrap().is_known());
}

#[test]
fn conversions() {
    gives(texts("base64", &["hello"]), "\"aGVsbG8=\"");
    gives(texts("base64tostring", &["aGVsbG8="]), "\"hello\"");
    gives(texts("bool", &["TRUE"]), "true");
    gives(named("array", vec![text("a")]), r#"["a"]"#);
    gives(texts("datauri", &["hi"]), "\"data:text/plain;charset=utf-8;base64,aGk=\"");
    gives(texts("datauritostring", &["data:text/plain;base64,aGk="]), "\"hi\"");
    gives(texts("decodeuricomponent", &["a%20%26b"]), "\"a &b\"");
    gives(call(Function::UrlEncode, vec![text("a b/c")]), "\"a%20b%2Fc\"");
    gives(call(Function::ToNumber, vec![text("12")]), "12");
    gives(call(Function::ToText, vec![field("box")]), r#""{\"a\":1}""#);
    gives(call(Function::ParseJson, vec![text("[1]")]), "[1]");
    gives(texts("urihost", &["https://Example.com:81/a?b=c"]), "\"example.com\"");
    gives(texts("uriport", &["https://example.com/a"]), "443");
    gives(texts("uripathandquery", &["https://example.com/a/b?c=d"]), "\"/a/b?c=d\"");
    gives(texts("uriquery", &["https://example.com/a?c=d"]), "\"?c=d\"");
    gives(texts("urischeme", &["https://example.com"]), "\"https\"");
    fails(texts("bool", &["yes"]));
    fails(call(Function::ToNumber, vec![text("twelve")]));
    fails(call(Function::ParseJson, vec![text("{")]));
}

#[test]
fn mathematics() {
    gives(named("div", vec![number("11"), number("5")]), "2");
    gives(named("div", vec![number("11.5"), number("5")]), "2.3");
    gives(named("mod", vec![number("-5"), number("3")]), "-2");
    gives(named("max", vec![field("list")]), "3");
    gives(named("min", vec![number("4"), number("2")]), "2");
    gives(named("range", vec![number("1"), number("3")]), "[1,2,3]");
    fails(named("div", vec![number("1"), number("0")]));
    fails(named("range", vec![number("0"), number("100001")]));
    assert!(!wdl(call(Function::Random, vec![])).unwrap().is_known());
}

#[test]
fn moments() {
    let at = "2026-03-15T13:45:30Z";
    gives(call(Function::Now, vec![]), "\"2026-02-02T02:40:00.1230000Z\"");
    let add = |amount: &str, unit: &str| call(Function::AddTime, vec![text(at), number(amount), text(unit)]);
    gives(add("10", "day"), "\"2026-03-25T13:45:30.0000000Z\"");
    gives(add("-1", "Month"), "\"2026-02-15T13:45:30.0000000Z\"");
    gives(texts("startofday", &[at]), "\"2026-03-15T00:00:00.0000000Z\"");
    gives(texts("startofmonth", &[at, "yyyy-MM-dd"]), "\"2026-03-01\"");
    gives(texts("dayofweek", &[at]), "0");
    gives(texts("dayofyear", &[at]), "74");
    gives(texts("formatdatetime", &[at, "dddd, MMM d yyyy hh:mm tt"]), "\"Sunday, Mar 15 2026 01:45 PM\"");
    gives(texts("formatdatetime", &["1970-01-02", "D"]), "\"Friday, 02 January 1970\"");
    gives(texts("ticks", &["1970-01-01T00:00:00Z"]), "621355968000000000");
    gives(texts("datedifference", &["2026-01-01", "2026-01-03T01:00:00"]), "\"2.01:00:00\"");
    let zone = texts("convertfromutc", &[at, "W. Europe Standard Time"]);
    gives(zone, "\"2026-03-15T14:45:30.0000000\"");
    let zone = texts("converttimezone", &["2026-07-01T12:00:00", "Tokyo Standard Time", "UTC", "HH:mm"]);
    gives(zone, "\"03:00\"");
}

#[test]
fn absent_properties_are_null_or_fail_as_they_are_asked() {
    let data = trigger(r#"{"a": {}}"#);
    let given = |written: &str| evaluate(&of(Language::Wdl, written, field("a.b")), &data);
    assert_eq!(given("@triggerBody()?['a']?['b']"), Ok(Val::Null));
    assert_eq!(given("@triggerBody()['a']['b']").unwrap_err().name, "InvalidTemplate");
    assert!(!given("@triggerBody()?['a']['b']").unwrap().is_known());
}

#[test]
fn what_json_reads_is_looked_into() {
    let data = trigger(r#"{"body": "{\"id\": 7}"}"#);
    let expression = of(Language::Wdl, "@json(triggerBody()['body'])['id']", field("body.id"));
    assert_eq!(evaluate(&expression, &data), Ok(Val::Number(7.0)));
}
