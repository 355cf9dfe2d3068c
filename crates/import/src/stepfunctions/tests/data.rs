//! What paths mean, whichever way led to a state.

use super::*;
use workflow::{EdgeKind, Function, Root, Term};

fn publish(id: &str, path: &str) -> String {
    format!(
        r#""{id}": {{"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "End": true, "Parameters": {{"v.$": "{path}"}}}}"#
    )
}

#[test]
fn results_stand_where_result_path_puts_them() {
    let call = |path: &str| {
        let w = machine(&format!(
            r#""A": {{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "ResultPath": "$.looked.up",
                 "ResultSelector": {{"name.$": "$.Payload.user.name", "fixed": 1}}, "Next": "B"}}, {}"#,
            publish("B", path)
        ));
        references(&w, "B")
    };
    assert_eq!(call("$.looked.up.name"), ["Step(\"A\").Payload.user.name"]);
    assert_eq!(call("$.requester"), ["Trigger.requester"]);
    assert_eq!(call("$.looked.other"), ["Trigger.looked.other"]);
    assert_eq!(call("$$.Execution.Input.id"), ["Trigger.id"]);
    assert_eq!(call("$.looked.up.fixed"), Vec::<String>::new());
}

#[test]
fn paths_select_and_discard() {
    let w = machine(&format!(
        r#""A": {{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "ResultPath": null,
             "InputPath": "$.in", "OutputPath": "$.detail", "Parameters": {{"p.$": "$.x"}}, "Next": "B"}}, {}"#,
        publish("B", "$.user['name']")
    ));
    assert_eq!(references(&w, "A"), ["Trigger.in.x"]);
    assert_eq!(references(&w, "B"), ["Trigger.detail.user.name"]);
}

#[test]
fn ways_that_differ_meet_in_a_variable() {
    let w = machine(&format!(
        r#""A": {{"Type": "Choice", "Choices": [{{"Variable": "$.x", "BooleanEquals": true, "Next": "P"}}], "Default": "Q"}},
           "P": {{"Type": "Pass", "Result": true, "ResultPath": "$.ok", "Next": "B"}},
           "Q": {{"Type": "Pass", "Result": false, "ResultPath": "$.ok", "Next": "B"}}, {}"#,
        publish("B", "$.ok")
    ));
    assert_eq!(references(&w, "B"), ["Variable(\"$.ok before B\")"]);
    let value = |id: &str| &step(&w, id).assigns[0];
    assert_eq!(value("P").variable, "$.ok before B");
    assert_eq!(shown(value("Q").value.expressions()[0].references()[0]), "Step(\"Q\")");
    assert_eq!(step(&w, "Q").output, Some(workflow::Value::Bool(false)));
}

#[test]
fn loops_come_to_an_end() {
    let w = machine(&format!(
        r#""A": {{"Type": "Pass", "Parameters": {{"deeper.$": "$.tree", "n.$": "States.MathAdd($.n, 1)"}}, "ResultPath": "$.tree", "Next": "C"}},
           "C": {{"Type": "Choice", "Choices": [{{"Variable": "$.n", "NumericLessThan": 3, "Next": "A"}}], "Default": "B"}}, {}"#,
        publish("B", "$.tree.deeper")
    ));
    assert_eq!(references(&w, "B"), ["Step(\"A\").deeper"]);
    assert!(w.steps.iter().any(|s| s.id == "(start)" && s.synthetic));
}

#[test]
fn comparators_become_terms() {
    let term = |rule: &str| {
        let w = machine(&format!(
            r#""A": {{"Type": "Choice", "Choices": [{{{rule}, "Next": "B"}}]}}, "B": {{"Type": "Succeed"}}"#
        ));
        let when = w.edges.iter().find_map(|e| match &e.kind {
            EdgeKind::When { condition, .. } => Some(condition.term.clone()),
            _ => None,
        });
        when.expect("a rule")
    };
    let x = || Term::Ref(workflow::Reference::keys(Root::Trigger, "x"));
    let cases = [
        (r#""Variable": "$.x", "StringEquals": "yes""#, Function::Equals, Term::Text("yes".into())),
        (
            r#""Variable": "$.x", "NumericLessThanEquals": 3"#,
            Function::LessOrEquals,
            Term::Number("3".into()),
        ),
        (r#""Variable": "$.x", "BooleanEquals": true"#, Function::Equals, Term::Bool(true)),
        (
            r#""Variable": "$.x", "StringMatches": "admin-*""#,
            Function::StartsWith,
            Term::Text("admin-".into()),
        ),
        (r#""Variable": "$.x", "IsNull": true"#, Function::Equals, Term::Null),
        (
            r#""Variable": "$.x", "NumericGreaterThanPath": "$.x""#,
            Function::Greater,
            Term::Ref(workflow::Reference::keys(Root::Trigger, "x")),
        ),
    ];
    for (rule, function, right) in cases {
        assert_eq!(term(rule), Term::Call(function, vec![x(), right]), "{rule}");
    }
    let moment = |t| Term::Call(Function::Other("timestamp".into()), vec![t]);
    let later = Term::Call(Function::Greater, vec![moment(x()), moment(x())]);
    assert_eq!(term(r#""Variable": "$.x", "TimestampGreaterThanPath": "$.x""#), later);
    let present = Term::Call(Function::Present, vec![x()]);
    let absent = Term::Call(Function::Not, vec![present.clone()]);
    assert_eq!(term(r#""Variable": "$.x", "IsPresent": false"#), absent);
    assert_eq!(term(r#""Not": {"Variable": "$.x", "IsPresent": true}"#), absent);
    let and =
        term(r#""And": [{"Variable": "$.x", "IsPresent": true}, {"Variable": "$.x", "IsPresent": true}]"#);
    assert_eq!(and, Term::Call(Function::And, vec![present.clone(), present]));
}

#[test]
fn intrinsics_become_terms() {
    let term = |text: &str| {
        let w = machine(&publish("A", text));
        step(&w, "A").parameters.get("v").as_expression().expect("computed").term.clone()
    };
    let x = || Term::Ref(workflow::Reference::keys(Root::Trigger, "x"));
    assert_eq!(
        term("States.Format('hi {} \\\\{{}\\\\}', $.x, 1)"),
        Term::Template(vec![
            Term::Text("hi ".into()),
            x(),
            Term::Text(" {".into()),
            Term::Number("1".into()),
            Term::Text("}".into())
        ])
    );
    assert_eq!(
        term("States.ArrayGetItem($.x, 0)"),
        Term::Ref(workflow::Reference {
            root: Root::Trigger,
            path: vec![workflow::Segment::Key("x".into()), workflow::Segment::Index(0)]
        })
    );
    assert_eq!(term("States.StringToJson($.x)"), Term::Call(Function::ParseJson, vec![x()]));
    assert_eq!(term("States.UUID()"), Term::Call(Function::Random, vec![]));
    assert_eq!(term("States.Format($.x"), Term::Unknown(vec![workflow::Reference::keys(Root::Trigger, "x")]));
}

#[test]
fn jsonata_reads_input_result_and_variables() {
    let w = jsonata(
        r#""A": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
               "Arguments": {"FunctionName": "f", "Payload": "{% {'id': $states.input.user.id, 'by': $states.context.Execution.Input.who} %}"},
               "Assign": {"manager": "{% $states.result.Payload.manager %}"},
               "Output": {"user": "{% $states.input.user %}", "found": "{% $states.result.Payload %}"}, "Next": "C"},
           "C": {"Type": "Choice", "Default": "N", "Choices": [{"Next": "Y",
               "Condition": "{% $states.input.found.decision = 'approve' and $not($exists($states.input.user.locked)) %}",
               "Assign": {"approved": true}}]},
           "Y": {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "End": true,
               "Arguments": {"TopicArn": "{% 'arn:' & $manager & '/x' %}", "Message": "{% $states.input.user.name %}"}},
           "N": {"Type": "Fail", "Cause": "{% 'no' %}"}"#,
    );
    assert_eq!(references(&w, "A"), ["Trigger.user.id", "Trigger.who"]);
    assert_eq!(references(&w, "Y"), ["Variable(\"manager\")", "Trigger.user.name"]);
    assert_eq!(step(&w, "A").assigns[0].variable, "manager");
    let condition = w.edges.iter().find_map(|e| match &e.kind {
        EdgeKind::When { condition, .. } => Some(condition),
        _ => None,
    });
    let condition = condition.expect("a rule");
    assert!(condition.term.is_understood(), "{condition:?}");
    assert_eq!(shown(condition.references()[0]), "Step(\"A\").Payload.decision");
    assert_eq!(step(&w, "C/(rule 1)").assigns[0].variable, "approved");
    assert!(edges(&w).contains(&"C/(rule 1) -> Y".to_owned()));
}

#[test]
fn jsonata_expressions_become_terms() {
    let term = |text: &str| {
        let w = jsonata(&format!(
            r#""A": {{"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Arguments": {{"v": "{{% {text} %}}"}}, "End": true}}"#
        ));
        match step(&w, "A").parameters.get("v") {
            workflow::Value::Expr(e) => e.term.clone(),
            other => panic!("{other:?}"),
        }
    };
    let understood = [
        "$states.input.a.b[0].c",
        "$states.input.a ? 'x' : 'y'",
        "($x := $states.input.a; $y := 2; $x = $y)",
        "$states.input.a in ['x', 'y'] or $states.input.b > 3",
        "$lowercase($states.input.a) & '-' & $string(5)",
        "$states.input.list[role = 'admin'].name",
        "$count($states.input.list) >= 1",
        "$merge([$states.input, {'x': 1}])",
        "$states.input.a ~> $uppercase()",
        "-5 + $states.input.`odd name`",
        "$states.input.list.{'id': id}",
    ];
    for text in understood {
        assert!(term(text).is_understood(), "{text}: {:?}", term(text));
    }
    let broken = [
        "$states.input.a +",
        "function($x){ $x.b }",
        "$map($states.input.a, function($v) { $v.b })",
        "((((",
        "'",
    ];
    for text in broken {
        assert!(!term(text).is_understood(), "{text}: {:?}", term(text));
    }
    let merged = term("$merge([$states.input, {'x': $states.context.Execution.Id}]).x");
    assert_eq!(
        merged,
        Term::Ref(workflow::Reference { root: Root::Run("Execution.Id".into()), path: vec![] })
    );
}
