//! Generated calls of functions whose arguments have types, evaluated here and by independent implementations: the
//! functions of Logic Apps by Microsoft's library of adaptive expressions, the intrinsic functions of Step Functions by
//! `aws-local-stepfunctions`. Where these are known to differ from the services' documentation, the grammar leaves a
//! form out and says so.

use super::peers::{Peer, agreed, node};
use super::*;
use workflow::{Step, Value};

/// The texts of one type: its letter, those without arguments, and forms in which letters stand for arguments.
type Kind = (char, &'static [&'static str], &'static [&'static str]);

/// So many texts of a grammar, the same each time.
fn texts(kinds: &[Kind], count: usize) -> Vec<String> {
    let mut seed: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut pick = move |among: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed >> 33).unwrap() % among
    };
    (0..count).map(|i| one(kinds, kinds[i % kinds.len()].0, 3, &mut pick)).collect()
}

fn one(kinds: &[Kind], kind: char, depth: u32, pick: &mut impl FnMut(usize) -> usize) -> String {
    let (_, leaves, forms) = kinds.iter().find(|(letter, ..)| *letter == kind).unwrap();
    let leaf = depth == 0 || depth < 3 && pick(3) == 0;
    let among = if leaf { leaves } else { forms };
    let form = among[pick(among.len())];
    // An argument is a letter alone, in angle brackets.
    let mut parts = form.split('<');
    let mut made = parts.next().unwrap().to_owned();
    for part in parts {
        let mut chars = part.chars();
        made.push_str(&one(kinds, chars.next().unwrap(), depth.saturating_sub(1), pick));
        made.push_str(chars.as_str().strip_prefix('>').unwrap());
    }
    made
}

/// The steps of a definition.
fn steps(definition: &str) -> Vec<Step> {
    match import::import("x.json", definition.as_bytes(), &import::NoFiles).verdict {
        import::Verdict::Workflows(mut found) => found.remove(0).steps,
        _ => panic!("no workflow: {definition}"),
    }
}

/// The first expression in a value.
fn expression(value: &Value) -> Option<Expression> {
    match value {
        Value::Expr(e) => Some((**e).clone()),
        Value::List(items) => items.iter().find_map(expression),
        Value::Map(map) => map.0.iter().find_map(|e| expression(&e.value)),
        _ => None,
    }
}

fn of_steps(definition: &str) -> Option<Expression> {
    let steps = steps(definition);
    let output = |s: &Step| s.output.as_ref().and_then(expression);
    steps.iter().find_map(|s| output(s).or_else(|| expression(&s.parameters)))
}

/// Compares all that is known here with what the peer says, on data whose number `a` is as asked for; most are known.
fn compare(
    language: &str,
    module: &str,
    kinds: &[Kind],
    platform: Platform,
    number: impl Fn(f64) -> bool,
    imported: impl Fn(&str) -> Option<Expression>,
) {
    let texts = texts(kinds, 500);
    let Some(cases) = node(language, Some(module), &texts) else { return };
    let (mut all, mut known, mut differs) = (0, 0, Vec::new());
    for (text, data, peer) in cases {
        if !matches!(data.get("a"), Val::Number(n) if number(n)) {
            continue;
        }
        all += 1;
        let Some(expression) = imported(&text) else { continue };
        let roots = vec![(Root::Trigger, data.clone()), (Root::Previous, data.clone())];
        let scope = Data { roots, platform: Some(platform), now: None };
        let ours = match evaluate(&expression, &scope) {
            Ok(value) if !value.is_known() => continue,
            Ok(value) => Peer::Value(value),
            Err(_) => Peer::Failure,
        };
        known += 1;
        if ours != peer {
            differs.push(format!("{text} on {}: {ours:?}, not {peer:?}", crate::evaluate::to_json(&data)));
        }
    }
    agreed(&differs);
    println!("{language}: {known} of {all} known, all as {module} has them");
    assert!(known * 10 > all * 8, "{known} of {all}");
}

/// Not `startsWith` and `endsWith`, and `indexOf` of no letter, since the service documents that they take no notice of case; no
/// texts of truth values, which it writes `True`; `div` and `mod` of whole numbers above zero, as the library rounds down
/// and takes no other; no null among numbers, which it lets pass where the service fails.
const WDL: [Kind; 4] = [
    (
        'S',
        &["triggerBody()?['t']", "'Ada'", "''", "'1'", "'a b'"],
        &[
            "concat(<S>,<S>)",
            "toUpper(<S>)",
            "toLower(<S>)",
            "trim(<S>)",
            "replace(<S>,'a',<S>)",
            "if(<B>,<S>,<S>)",
            "string(<N>)",
            "substring('payroll',1,3)",
            "base64(<S>)",
            "base64ToString(base64(<S>))",
            "join(<L>,'-')",
            "coalesce(triggerBody()?['gone'],<S>)",
        ],
    ),
    (
        'N',
        &["triggerBody()?['a']", "0", "1", "2", "7"],
        &[
            "add(<N>,<N>)",
            "sub(<N>,<N>)",
            "mul(<N>,<N>)",
            "div(length(<S>),2)",
            "mod(length(<S>),3)",
            "max(<N>,<N>)",
            "min(<N>,<N>)",
            "length(<S>)",
            "indexOf(<S>,' ')",
            "lastIndexOf(<S>,' ')",
            "int('3')",
            "if(<B>,<N>,<N>)",
        ],
    ),
    (
        'B',
        &["triggerBody()?['b']", "true", "false"],
        &[
            "equals(<S>,<S>)",
            "equals(<N>,<N>)",
            "equals(<S>,<N>)",
            "greater(<N>,<N>)",
            "greaterOrEquals(<N>,<N>)",
            "less(<N>,<N>)",
            "lessOrEquals(<N>,<N>)",
            "not(<B>)",
            "and(<B>,<B>)",
            "or(<B>,<B>)",
            "empty(<S>)",
            "empty(<L>)",
            "contains(<L>,<N>)",
            "contains(<S>,<S>)",
            "bool('true')",
        ],
    ),
    (
        'L',
        &["triggerBody()?['l']", "createArray(1,2)", "createArray('a','b')"],
        &[
            "union(<L>,<L>)",
            "intersection(<L>,<L>)",
            "take(<L>,1)",
            "skip(<L>,1)",
            "split(<S>,'a')",
            "range(1,3)",
            "createArray(<N>,<S>)",
        ],
    ),
];

#[test]
fn functions_of_logic_apps_agree_with_adaptive_expressions() {
    let imported = |text: &str| {
        let quoted = crate::evaluate::to_json(&Val::text(format!("@{text}")));
        of_steps(&format!(
            r#"{{"definition": {{"$schema": "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#",
                "contentVersion": "1.0.0.0",
                "triggers": {{"manual": {{"type": "Request", "kind": "Http", "inputs": {{}}}}}},
                "actions": {{"Only": {{"type": "Compose", "inputs": {quoted}, "runAfter": {{}}}}}}}}}}"#
        ))
    };
    compare("wdl", "adaptive-expressions", &WDL, Platform::LogicApps, |_| true, imported);
}

/// Not `States.ArrayGetItem` beyond the end, which the service documents to fail; no hashes of hashes, as the peer hashes
/// their JSON; no fractions, which the service rounds; texts are split by one character, with something on both sides.
const ASL: [Kind; 5] = [
    (
        'S',
        &["$.t", "'Ada'", "'a.b'"],
        &[
            "States.Format('x {} y {}', <S>, <N>)",
            "States.Base64Encode(<S>)",
            "States.Base64Decode(States.Base64Encode(<S>))",
            "States.Hash('Ada', 'MD5')",
            "States.Hash('Ada', 'SHA-1')",
            "States.Hash('Ada', 'SHA-256')",
            "States.Hash('Ada', 'SHA-384')",
            "States.Hash('Ada', 'SHA-512')",
            "States.JsonToString(<J>)",
            "States.JsonToString(<L>)",
            "States.ArrayGetItem(States.Array(<S>, <N>), 0)",
        ],
    ),
    (
        'N',
        &["$.a", "1", "5", "-2", "0"],
        &[
            "States.MathAdd(<N>, <N>)",
            "States.ArrayLength(<L>)",
            "States.ArrayGetItem(States.Array(<S>, <N>), 1)",
        ],
    ),
    ('B', &["$.b"], &["States.ArrayContains(<L>, <N>)", "States.ArrayContains(<L>, <S>)"]),
    (
        'L',
        &["$.l", "States.Array()"],
        &[
            "States.Array(<N>, <S>)",
            "States.Array(<L>, <J>)",
            "States.ArrayPartition(<L>, 2)",
            "States.ArrayRange(1, 9, 2)",
            "States.ArrayRange(<N>, 5, 1)",
            "States.ArrayUnique(<L>)",
            "States.StringSplit('a.b.c', '.')",
        ],
    ),
    (
        'J',
        &["$.o", "States.StringToJson('{\"a\":1}')"],
        &["States.JsonMerge(<J>, <J>, false)", "States.StringToJson(States.JsonToString(<J>))"],
    ),
];

#[test]
fn intrinsic_functions_agree_with_a_local_implementation() {
    let imported = |text: &str| {
        let quoted = crate::evaluate::to_json(&Val::text(text));
        of_steps(&format!(
            r#"{{"StartAt": "Only", "States": {{"Only": {{"Type": "Pass", "Parameters": {{"v.$": {quoted}}}, "End": true}}}}}}"#
        ))
    };
    compare("asl", "aws-local-stepfunctions", &ASL, Platform::StepFunctions, |n| n.fract() == 0.0, imported);
}
