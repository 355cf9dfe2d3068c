//! Generated expressions, evaluated here and by independent implementations: JavaScript by Node, JSONata by its
//! reference, jq by jq. Where one is not installed the test says that it skips. `typed_peers.rs` has the languages whose
//! functions want values of one type.

use super::*;
use crate::evaluate::{from_json, jq, jsonata, to_json};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// The data that expressions read: by the language's own names.
struct Named(Vec<(&'static str, Val)>);

impl Scope for Named {
    fn read(&self, reference: &Reference) -> Val {
        match reference.root {
            Root::Trigger => self.0.first().map_or(Val::Null, |(_, v)| v.clone()),
            _ => Val::unknown("elsewhere"),
        }
    }

    fn name(&self, name: &str) -> Option<Val> {
        self.0.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone())
    }
}

const DATA: [&str; 4] = [
    r#"{"a": 1, "t": "Ada ", "e": "", "z": null, "b": true, "l": [1, 2, 3], "u": [{"n": "x", "on": true}, {"n": "y", "on": false}], "o": {"k": "v"}}"#,
    r#"{"a": 0, "t": "1", "e": "x", "z": 5, "b": false, "l": [], "u": [], "o": {}}"#,
    r#"{"a": 2.5, "t": "true", "e": "Ada", "z": "a", "b": true, "l": ["a", "Ada"], "u": [{"n": "z", "on": true}], "o": {"k": [1]}}"#,
    r#"{"t": "é", "l": [0], "o": null, "u": [{"n": null}], "b": false}"#,
];

/// So many texts of a grammar, the same each time: a list of alternatives, in which `E` stands for an expression.
fn texts((leaves, forms): (&'static [&'static str], &'static [&'static str]), count: usize) -> Vec<String> {
    let leaf = prop::sample::select(leaves).prop_map(str::to_owned);
    let grammar = leaf.prop_recursive(3, 12, 3, move |inner| {
        (prop::sample::select(forms), prop::collection::vec(inner, 3)).prop_map(|(form, parts)| {
            let mut parts = parts.into_iter();
            form.split('E').enumerate().fold(String::new(), |mut out, (i, piece)| {
                if i > 0 {
                    out.push_str(&parts.next().unwrap_or_default());
                }
                out.push_str(piece);
                out
            })
        })
    });
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    (0..count).filter_map(|_| grammar.new_tree(&mut runner).ok().map(|t| t.current())).collect()
}

#[derive(Debug, PartialEq)]
pub(super) enum Peer {
    Value(Val),
    Nothing,
    Failure,
}

/// What Node says to every text on every data; none where it, or a module, is not installed.
pub(super) fn node(
    language: &str,
    module: Option<&str>,
    texts: &[String],
) -> Option<Vec<(String, Val, Peer)>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let modules = root.join("../../tools/node_modules");
    if module.is_some_and(|m| !modules.join(m).is_dir()) {
        println!("skipped: {language} is not installed (./test installs it)");
        return None;
    }
    let cases: Vec<(String, Val)> =
        texts.iter().flat_map(|t| DATA.iter().map(move |d| (t.clone(), json(d)))).collect();
    let shown = cases
        .iter()
        .map(|(t, d)| Val::map(vec![("text".into(), Val::text(t.as_str())), ("data".into(), d.clone())]));
    let request = Val::map(vec![
        ("language".into(), Val::text(language)),
        ("modules".into(), Val::text(modules.to_string_lossy())),
        ("cases".into(), Val::list(shown.collect())),
    ]);
    let script = root.join("src/evaluate/tests/peer.js");
    let child = Command::new("node").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = child else {
        println!("skipped: no node");
        return None;
    };
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(to_json(&request).as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let Some(Val::List(answers)) = from_json(&String::from_utf8(output.stdout).unwrap()) else {
        panic!("node gave no answers")
    };
    let peers = answers.iter().map(|answer| match (answer.get("v"), answer) {
        (_, Val::Map(entries)) if entries[0].0 == "e" => Peer::Failure,
        (_, Val::Map(entries)) if entries[0].0 == "n" => Peer::Nothing,
        (value, _) => Peer::Value(value),
    });
    Some(cases.into_iter().zip(peers).map(|((t, d), p)| (t, d, p)).collect())
}

/// What n8n's importer makes of the JavaScript in a hole.
fn imported(text: &str) -> Option<Expression> {
    let quoted = to_json(&Val::text(format!("={{{{ {text} }}}}")));
    let definition = format!(
        r#"{{"nodes": [
            {{"id": "1", "name": "Start", "type": "n8n-nodes-base.webhook", "typeVersion": 2, "position": [0, 0], "parameters": {{"path": "x"}}}},
            {{"id": "2", "name": "Call", "type": "n8n-nodes-base.httpRequest", "typeVersion": 4, "position": [0, 0], "parameters": {{"url": {quoted}}}}}],
          "connections": {{"Start": {{"main": [[{{"node": "Call", "type": "main", "index": 0}}]]}}}}}}"#
    );
    let imported = import::import("x.json", definition.as_bytes(), &import::NoFiles);
    let import::Verdict::Workflows(workflows) = imported.verdict else { return None };
    let step = workflows[0].steps.iter().find(|s| s.name == "Call")?.clone();
    step.parameters.get("url").as_expression().cloned()
}

pub(super) fn agreed(differs: &[String]) {
    let mut shown: Vec<&str> = Vec::new();
    for line in differs {
        let text = |l: &str| l.split(" on {").next().unwrap_or_default().len();
        if shown.len() < 25 && !shown.iter().any(|l| l[..text(l)] == line[..text(line)]) {
            shown.push(line);
        }
    }
    assert!(differs.is_empty(), "{} differ:\n{}", differs.len(), shown.join("\n"));
}

/// Without the fields that are null.
fn bare(value: &Val) -> Val {
    match value {
        Val::Map(entries) => {
            let kept = entries.iter().filter(|(_, v)| *v != Val::Null);
            Val::map(kept.map(|(k, v)| (k.clone(), bare(v))).collect())
        }
        Val::List(items) => Val::list(items.iter().map(bare).collect()),
        other => other.clone(),
    }
}

/// Leaves and forms of javascript expressions.
const JAVASCRIPT: (&[&str], &[&str]) = (
    &[
        "$json.a",
        "$json.t",
        "$json.e",
        "$json.z",
        "$json.b",
        "$json.gone",
        "$json.l",
        "$json.o.k",
        "$json.o?.k",
        "$json.u[0].n",
        "1",
        "0",
        "'Ada'",
        "''",
        "'1'",
        "true",
        "null",
    ],
    &[
        "(E === E)",
        "(E == E)",
        "(E !== E)",
        "(E < E)",
        "(E >= E)",
        "(E && E)",
        "(E || E)",
        "(E ?? E)",
        "!(E)",
        "(E + E)",
        "(E - E)",
        "(E ? E : E)",
        "$json.t.toLowerCase()",
        "$json.t.trim()",
        "$json.t.includes(E)",
        "$json.l.includes(E)",
        "$json.l.length",
        "$json.t.length",
        "$json.t.startsWith('A')",
        "$json.u.some(x => x.on === E)",
        "$json.u.filter(x => x.n !== E).length",
        "$json.l.map(x => x)",
        "typeof E",
        "[E, E]",
        "({k: E})",
        "`a${E}`",
        "Boolean(E)",
        "String($json.t)",
        "Number($json.a)",
    ],
);

#[test]
fn javascript_agrees_with_node() {
    let texts = texts(JAVASCRIPT, 600);
    let Some(cases) = node("javascript", None, &texts) else { return };
    let (mut all, mut known, mut differs) = (0, 0, Vec::new());
    for (text, data, peer) in cases {
        let Some(expression) = imported(&text) else { continue };
        all += 1;
        let scope = Named(vec![("$json", data.clone())]);
        let ours = evaluate(&expression, &scope).unwrap();
        if !ours.is_known() {
            continue;
        }
        known += 1;
        // An error inside of `{{ }}` gives nothing in n8n.
        let expected = if let Peer::Value(value) = peer { value } else { Val::Null };
        // A field that is `undefined` is null here.
        if bare(&ours) != bare(&expected) {
            differs.push(format!("{text} on {}: {ours:?}, not {expected:?}", to_json(&data)));
        }
    }
    agreed(&differs);
    println!("javascript: {known} of {all} known, all as Node has them");
    assert!(known * 2 > all, "{known} of {all}");
}

/// Leaves and forms of jsonata expressions.
const JSONATA: (&[&str], &[&str]) = (
    &[
        "a",
        "t",
        "e",
        "z",
        "b",
        "gone",
        "l",
        "o.k",
        "u.n",
        "u[0].n",
        "u[on].n",
        "u[on = true].n",
        "l[-1]",
        "1",
        "0",
        "\"Ada\"",
        "\"\"",
        "true",
        "null",
        "$",
        "o",
        "u",
    ],
    &[
        "(E = E)",
        "(E != E)",
        "(E < E)",
        "(E and E)",
        "(E or E)",
        "$not(E)",
        "$exists(E)",
        "$boolean(E)",
        "(E & E)",
        "(E + E)",
        "(E - 1)",
        "(E ? E : E)",
        "(E in [E, E])",
        "[E, E]",
        "[1..3]",
        "{\"k\": E}",
        "$count(E)",
        "$string(E)",
        "$uppercase(t)",
        "$trim(t)",
        "$contains(t, \"A\")",
        "$length(t)",
        "$sum(l[$type($) = \"number\"])",
        "$map(l, function($v) { $v = E })",
        "$filter(u, function($v) { $v.on })",
        "u.{\"n\": n}",
        "u^(>n)",
        "u^(n).n",
        "$reverse(l)",
        "$append(E, E)",
        "$keys(o)",
        "$lookup(o, \"k\")",
        "$distinct(l)",
        "$merge([o, {\"x\": E}])",
        "( $x := E; $x )",
        "$split(t, \"a\")",
        "$join($split(t, \"d\"), \"-\")",
        "$substring(t, 1, 2)",
        "u.n[0]",
        "(u.n)[0]",
        "l[]",
        "u{n: on}",
        "$reduce(l, function($i, $j) { $string($i) & $string($j) })",
        "$type(E)",
        "*",
        "o.*",
    ],
);

#[test]
fn jsonata_agrees_with_its_reference() {
    let texts = texts(JSONATA, 700);
    let Some(cases) = node("jsonata", Some("jsonata"), &texts) else { return };
    let (mut all, mut known, mut differs) = (0, 0, Vec::new());
    for (text, data, peer) in cases {
        all += 1;
        let scope = Named(vec![("$", data.clone())]);
        let Some(ours) = jsonata::interpret(&text, &scope) else { continue };
        known += 1;
        let ours = ours.map_or(Peer::Failure, Peer::Value);
        let peer = if peer == Peer::Nothing { Peer::Value(Val::Null) } else { peer };
        if ours != peer {
            differs.push(format!("{text} on {}: {ours:?}, not {peer:?}", to_json(&data)));
        }
    }
    agreed(&differs);
    println!("jsonata: {known} of {all} known, all as the reference has them");
    assert!(known * 10 > all * 8, "{known} of {all}");
}

/// Leaves and forms of jq expressions.
const JQ: (&[&str], &[&str]) = (
    &[
        ".a", ".t", ".e", ".z", ".b", ".gone", ".l", ".o", ".u", ".u[0].n", ".l[-1]", "1", "0", "\"Ada\"",
        "true", "null",
    ],
    &[
        "(E == E)",
        "(E != E)",
        "(E < E)",
        "(E and E)",
        "(E or E)",
        "(E | not)",
        "(E // E)",
        "[E, E]",
        "{k: E}",
        "(if E then E else E end)",
        "(.l | length)",
        "(.t | length)",
        "(.u | map(.on))",
        "[.u[] | select(.on == E)]",
        "(.l | any(. == E))",
        "(.u | all(.n != E))",
        "(.t | startswith(\"A\"))",
        "(.t | ascii_downcase)",
        "(E | tostring)",
        "(E | type)",
        "(.o | keys)",
        "(.o | has(\"k\"))",
        "([E, E] | sort)",
        "([E, E, E] | unique)",
        "(.l | first)",
        "(.t | test(\"^A\"))",
        "(.l | map(. == E) | length)",
        "([E] | add)",
        "(.l | contains([1]))",
    ],
);

#[test]
fn jq_agrees_with_jq() {
    if Command::new("jq").arg("--version").output().is_err() {
        println!("skipped: no jq");
        return;
    }
    let (mut all, mut known, mut differs) = (0, 0, Vec::new());
    for text in texts(JQ, 120) {
        let all_data = DATA.join("\n");
        // Each data apart, so that a failure of one leaves the others.
        let program = format!("[try ({{v: ({text})}}) catch {{e: 1}}]");
        let child =
            Command::new("jq").args(["-c", &program]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.unwrap();
        child.stdin.take().unwrap().write_all(all_data.as_bytes()).unwrap();
        let output = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
        for (line, data) in output.lines().zip(DATA) {
            all += 1;
            let scope = Named(vec![(".", json(data))]);
            let expression = of(Language::Jq, &format!("${{ {text} }}"), Term::Unknown(vec![]));
            let Some(ours) = jq::whole(&expression, &scope) else { continue };
            known += 1;
            let ours = ours
                .map_or_else(|_| json("[{\"e\":1}]"), |v| Val::list(vec![Val::map(vec![("v".into(), v)])]));
            if ours != json(line) {
                differs.push(format!("{text} on {data}: {ours:?}, not {line}"));
            }
        }
    }
    agreed(&differs);
    println!("jq: {known} of {all} known, all as jq has them");
    assert!(known * 10 > all * 8, "{known} of {all}");
}
