//! Tests of expressions.

use super::*;
use workflow::Function;

pub(super) struct Two;

impl Names for Two {
    fn node(&self, name: &str) -> Target {
        Target { root: Root::Step(name.into()), many: name == "Search" }
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
}

/// A term in short form.
pub(super) fn show(term: &Term) -> String {
    let list = |ts: &[Term]| ts.iter().map(show).collect::<Vec<_>>().join(", ");
    match term {
        Term::Null => "null".into(),
        Term::Bool(b) => b.to_string(),
        Term::Number(n) => n.to_string(),
        Term::Text(t) => format!("{t:?}"),
        Term::Ref(r) => refer(r),
        Term::Template(ts) => format!("`{}`", list(ts)),
        Term::List(ts) => format!("[{}]", list(ts)),
        Term::Map(es) => {
            format!(
                "{{{}}}",
                es.iter().map(|(k, t)| format!("{k}: {}", show(t))).collect::<Vec<_>>().join(", ")
            )
        }
        Term::Call(Function::Other(name), ts) => format!("{name}({})", list(ts)),
        Term::Call(f, ts) => format!("{f:?}({})", list(ts)),
        Term::Unknown(rs) => format!("?[{}]", rs.iter().map(refer).collect::<Vec<_>>().join(", ")),
    }
}

fn refer(r: &Reference) -> String {
    let root = match &r.root {
        Root::Previous => "prev".to_owned(),
        Root::Step(s) => format!("@{s}"),
        other => format!("{other:?}"),
    };
    let path = r.path.iter().map(|s| match s {
        Segment::Key(k) => format!(".{k}"),
        Segment::Index(i) => format!("[{i}]"),
        Segment::Filter(_) => "[?]".to_owned(),
        Segment::Each => "[*]".to_owned(),
        Segment::Dynamic => "[~]".to_owned(),
    });
    root + &path.collect::<String>()
}

fn meaning(text: &str) -> String {
    show(&expression(text, &Two))
}

#[test]
fn references_are_followed_to_nodes() {
    for (text, expected) in [
        ("$json.a['b c'][0]?.d", "prev.a.b c[0].d"),
        ("$('X').item.json.a", "@X.a"),
        ("$('Search').first().json.a", "@Search[0].a"),
        ("$('X').first().json.a", "@X.a"),
        ("$('X').all()[2].json.a", "@X[2].a"),
        ("$node[\"X\"].json[\"a\"]", "@X.a"),
        ("$node.X.json.a", "@X.a"),
        ("$items('X')[0].json.a", "@X[0].a"),
        ("$item(0).$node['X'].json.a", "@X.a"),
        ("$input.first().json.a", "prev[0].a"),
        ("$input.item.json.a", "prev.a"),
        ("$env.HOME", "Environment(\"HOME\")"),
        ("$workflow.id", "Run(\"workflow.id\")"),
        ("$execution.resumeUrl", "Run(\"execution.resumeUrl\")"),
        ("$('X').all().map(i => i.json.a).join(',')", "join(Map(@X[*], @X[*].a), \",\")"),
        ("$json.users.find(u => u.id === 3).mail", "prev.users[?][0].mail"),
        ("$json.users.filter(u => u.on).length", "Length(Filter(prev.users, prev.users[*].on))"),
    ] {
        assert_eq!(meaning(text), expected, "{text}");
    }
}

#[test]
fn operators_and_functions_have_their_meaning() {
    for (text, expected) in [
        ("$json.a === 'x' && !$json.b", "And(Equals(prev.a, \"x\"), Not(prev.b))"),
        ("$json.a || 'none'", "Coalesce(prev.a, \"none\")"),
        ("$json.a > 1 || $json.b", "Or(Greater(prev.a, 1), prev.b)"),
        ("$json.a ? 1 : -2", "If(prev.a, 1, -2)"),
        ("'u-' + $json.id", "`\"u-\", prev.id`"),
        ("`u-${$json.id}!`", "`\"u-\", prev.id, \"!\"`"),
        ("$json.m.toLowerCase().trim().includes('@x')", "Contains(Trim(Lower(prev.m)), \"@x\")"),
        ("$json.list.length > 0", "Greater(Length(prev.list), 0)"),
        ("/a+/.test($json.x)", "Matches(prev.x, \"a+\")"),
        ("$json.x.isNotEmpty()", "Not(Empty(prev.x))"),
        ("JSON.stringify({a: $json.x, 'b': [1]})", "ToText({a: prev.x, b: [1]})"),
        ("$now.plus({days: 3}).toISO()", "ToText(AddTime(Now(), {days: 3}))"),
        ("encodeURIComponent($json.q)", "UrlEncode(prev.q)"),
        ("$if($json.a, 1, 2)", "If(prev.a, 1, 2)"),
        ("!!$json.a", "Truthy(prev.a)"),
        ("['a','b'].includes($json.x)", "Contains([\"a\", \"b\"], prev.x)"),
    ] {
        assert_eq!(meaning(text), expected, "{text}");
    }
}

#[test]
fn what_is_not_understood_keeps_its_references() {
    for (text, expected) in [
        ("(() => { const a = $json.x; return a + $('Y').item.json.z })()", "+(prev.x, @Y.z)"),
        ("(() => { class A {} return $json.x })()", "?[prev.x]"),
        ("let a = $json.b", "?[prev.b]"),
        ("$json.a = ", "?[prev.a]"),
        ("window.$json", "?[prev]"),
        ("", "?[]"),
        ("((((", "?[]"),
    ] {
        assert_eq!(meaning(text), expected, "{text}");
    }
}

#[test]
fn templates_are_texts_with_holes() {
    let shown = |text| show(&template(text, &Two));
    assert_eq!(shown("{{ $json.a }}\n"), "prev.a");
    assert_eq!(shown("https://x/{{ $json.a }}/y"), "`\"https://x/\", prev.a, \"/y\"`");
    assert_eq!(shown("plain"), "\"plain\"");
    assert_eq!(shown("{{ $json.a "), "prev.a");
}

#[test]
fn hostile_texts_end_soon() {
    for text in [
        "(".repeat(50_000),
        "$([".repeat(20_000),
        "!".repeat(50_000),
        "$json.a".repeat(5_000),
        "`${".repeat(9_000),
        "1-".repeat(200_000),
        "f().a".repeat(50_000),
        format!("$now{}", ".a()".repeat(50_000)),
    ] {
        let start = std::time::Instant::now();
        let _ = expression(&text, &Two);
        assert!(start.elapsed().as_secs() < 2, "{}", &text[..8]);
    }
}
