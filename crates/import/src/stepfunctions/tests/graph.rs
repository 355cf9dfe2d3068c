//! Steps and edges of machines.

use super::*;
use workflow::{CalleeKey, LoopKind, OnError, Outcome, StepKind, TriggerKind};

#[test]
fn a_machine_is_started_by_an_authenticated_call() {
    let w = machine(r#""A": {"Type": "Succeed"}"#);
    assert_eq!(w.triggers[0].kind, TriggerKind::External);
    assert_eq!(w.triggers[0].authenticated, Some(true));
    assert_eq!(edges(&w), ["trigger -> A"]);
    assert_eq!(step(&w, "A").kind, StepKind::End(Outcome::Success));
}

#[test]
fn services_keep_their_names_and_lose_how_they_are_waited_for() {
    let w = machine(
        r#""A": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:iam:deleteAccessKey",
                 "Parameters": {"UserName.$": "$.user", "AccessKeyId": "AKIA0"}, "Next": "B"},
           "B": {"Type": "Task", "Resource": "arn:aws:states:::ecs:runTask.sync", "End": true}"#,
    );
    let a = step(&w, "A");
    assert_eq!((a.connector.as_str(), a.operation.as_str()), ("aws-sdk:iam", "deleteAccessKey"));
    assert_eq!(a.parameters.get("AccessKeyId").as_text(), Some("AKIA0"));
    assert_eq!(step(&w, "B").operation, "runTask");
}

#[test]
fn functions_are_code_kept_elsewhere() {
    let w = machine(
        r#""A": {"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:offboard", "Next": "B"},
           "B": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
                 "Parameters": {"FunctionName": "arn:aws:lambda:eu-west-1:1:function:tidy:live"}, "End": true}"#,
    );
    assert_eq!(step(&w, "A").code[0].name, "offboard");
    assert_eq!(step(&w, "A").parameters.get("FunctionName").as_text().map(|t| t.len()), Some(55));
    assert_eq!(step(&w, "B").code[0].name, "tidy:live");
    assert_eq!(step(&w, "B").kind, StepKind::Code);
}

#[test]
fn a_placeholder_for_a_resource_stays_unknown() {
    let w = machine(r#""A": {"Type": "Task", "Resource": "${OffboardArn}", "End": true}"#);
    assert_eq!(step(&w, "A").kind, StepKind::Action);
    assert_eq!(step(&w, "A").connector, "");
    assert_eq!(references(&w, "A")[0], "Parameter(\"OffboardArn\")");
}

#[test]
fn an_http_task_is_a_raw_request() {
    let w = machine(
        r#""A": {"Type": "Task", "Resource": "arn:aws:states:::http:invoke", "End": true, "Parameters": {
             "ApiEndpoint.$": "States.Format('https://acme.okta.com/api/v1/users/{}/lifecycle/suspend', $.id)",
             "Method": "post", "Authentication": {"ConnectionArn": "arn:aws:events:::connection/okta"}}}"#,
    );
    let request = step(&w, "A").request.as_ref().expect("a request");
    assert_eq!(request.method.as_text(), Some("POST"));
    assert!(!request.governed);
    assert_eq!(request.auth, workflow::Auth::Stored);
    assert_eq!(w.credentials[0].kind, "eventbridge-connection");
    let workflow::Term::Template(parts) = &request.url.as_expression().expect("computed").term else {
        panic!("{:?}", request.url)
    };
    assert_eq!(parts.len(), 3);
}

#[test]
fn other_machines_are_called_by_name() {
    let start = |arn: &str| {
        let w = machine(&format!(
            r#""A": {{"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2", "End": true,
                 "Parameters": {{"StateMachineArn{arn}, "Input": {{"x.$": "$.y"}}}}}}"#
        ));
        step(&w, "A").calls[0].key.clone()
    };
    let named = start(r#"": "arn:aws:states:eu-west-1:1:stateMachine:child:prod""#);
    assert_eq!(named, CalleeKey::Name("child".into()));
    assert_eq!(start(r#".$": "$$.StateMachine.Id""#), CalleeKey::Itself);
    assert_eq!(start(r#"": "${Child}""#), CalleeKey::Dynamic("${Child}".into()));
}

#[test]
fn catchers_are_error_and_timeout_edges() {
    let w = machine(
        r#""A": {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Next": "Z",
                 "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 5}],
                 "Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "Y"}, {"ErrorEquals": ["States.ALL"], "Next": "X"}]},
           "X": {"Type": "Fail"}, "Y": {"Type": "Succeed"}, "Z": {"Type": "Succeed"}"#,
    );
    assert_eq!(edges(&w), ["A -> Z", "A -> Y timeout", "A -> X error", "trigger -> A"]);
    assert_eq!(step(&w, "A").retries, 5);
}

#[test]
fn a_task_that_waits_for_its_token_asks() {
    let w = machine(
        r#""A": {"Type": "Task", "Resource": "arn:aws:states:::sns:publish.waitForTaskToken", "TimeoutSeconds": 3600,
                 "Parameters": {"TopicArn.$": "$.managers", "Message": {"token.$": "$$.Task.Token"}},
                 "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "N"}], "Next": "C"},
           "C": {"Type": "Choice", "Choices": [{"Variable": "$.decision", "StringEquals": "approve", "Next": "Y"}], "Default": "N"},
           "N": {"Type": "Fail"}, "Y": {"Type": "Succeed"}"#,
    );
    let ask = step(&w, "A").ask.as_ref().expect("a question");
    assert_eq!(ask.timeout_seconds, Some(3600));
    assert!(ask.approver.as_expression().is_some());
    assert!(!ask.decides, "the choice reads the answer");
    assert_eq!(
        edges(&w),
        [
            "A -> C",
            "A -> N error",
            "A -> N timeout",
            "C -> Y $.decision StringEquals approve",
            "C -> N default",
            "trigger -> A"
        ]
    );
}

#[test]
fn a_refusal_by_failing_is_an_answer() {
    let w = machine(
        r#""A": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "Next": "Y",
                 "Parameters": {"FunctionName": "ask", "Payload": {"approverMail.$": "$.boss"}},
                 "Catch": [{"ErrorEquals": ["Rejected"], "Next": "N"}]},
           "N": {"Type": "Fail"}, "Y": {"Type": "Succeed"}"#,
    );
    let ask = step(&w, "A").ask.as_ref().expect("a question");
    assert!(ask.decides);
    assert!(!ask.approver.is_empty());
    assert_eq!(edges(&w), ["A -> Y SendTaskSuccess", "A -> N error", "trigger -> A"]);
}

#[test]
fn a_container_that_reports_back_is_no_person() {
    let w = machine(
        r#""A": {"Type": "Task", "Resource": "arn:aws:states:::ecs:runTask.waitForTaskToken", "End": true}"#,
    );
    assert!(step(&w, "A").ask.is_none());
}

#[test]
fn branches_meet_before_what_follows() {
    let w = machine(
        r#""A": {"Type": "Parallel", "Next": "Z", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "E"}], "Branches": [
             {"StartAt": "B", "States": {"B": {"Type": "Pass", "End": true}}},
             {"StartAt": "C", "States": {
               "C": {"Type": "Choice", "Choices": [{"Variable": "$.x", "IsPresent": true, "Next": "D"}], "Default": "F"},
               "D": {"Type": "Pass", "End": true}, "F": {"Type": "Succeed"}}}]},
           "E": {"Type": "Fail"}, "Z": {"Type": "Succeed"}"#,
    );
    assert_eq!(
        edges(&w),
        [
            "A -> A/B",
            "A/B -> A/(all branches)",
            "A -> A/C",
            "A/(end of branch 2) -> A/(all branches)",
            "A/D -> A/(end of branch 2)",
            "A/F -> A/(end of branch 2)",
            "A/(all branches) -> Z",
            "A -> E error",
            "A/C -> A/D $.x IsPresent true",
            "A/C -> A/F default",
            "trigger -> A"
        ]
    );
    assert_eq!(step(&w, "A/(all branches)").join, workflow::Join::All);
    assert_eq!(step(&w, "A/B").parent, w.find("A"));
    assert_eq!(step(&w, "A/F").kind, StepKind::Set);
}

#[test]
fn a_map_repeats_its_body() {
    let w = machine(
        r#""A": {"Type": "Map", "ItemsPath": "$.users", "MaxConcurrency": 1, "End": true, "ItemProcessor": {
             "StartAt": "B", "States": {"B": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:iam:deleteUser",
               "Parameters": {"UserName.$": "$.name"}, "End": true}}}}"#,
    );
    assert_eq!(edges(&w), ["A -> A/B each", "A/B -> A back", "trigger -> A"]);
    assert_eq!(step(&w, "A").kind, StepKind::Loop(LoopKind::Each { parallel: false, bound: None }));
    assert_eq!(references(&w, "A"), ["Trigger.users"]);
    assert_eq!(references(&w, "A/B"), ["Item(\"A\").name"]);
}

#[test]
fn broken_machines_are_read_as_far_as_they_go() {
    let texts = [
        r#"{"StartAt": "A", "States": {}}"#,
        r#"{"StartAt": "A", "States": {"A": "x", "B": [], "C": null}}"#,
        r#"{"StartAt": "A", "States": {"A": {"Type": "Choice", "Choices": {"x": 1}, "Default": []}}}"#,
        r#"{"StartAt": "A", "States": {"A": {"Type": "Parallel", "Branches": "none", "Next": "?"}}}"#,
        r#"{"StartAt": "A", "States": {"A": {"Type": "Map", "ItemProcessor": [], "Catch": [1, {"Next": {}}]}}}"#,
        r#"{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": {"x": []}, "ResultPath": 7, "Retry": {}}}}"#,
        r#"{"StartAt": 5, "States": {"A": {"Type": "Pass", "Parameters": "${", "InputPath": "$[?(", "Next": "A"}}}"#,
    ];
    for text in texts {
        let imported = imported(text);
        assert!(matches!(imported.verdict, Verdict::Workflows(_)), "{text}");
        assert!(
            !imported.problems.is_empty() || text.contains("null") || text.contains("\"A\": {"),
            "{text}"
        );
    }
}

#[test]
fn comments_and_layout_do_not_change_the_digest() {
    let digest = |text: &str| machine(text).digest;
    let a = digest(r#""A": {"Type": "Pass", "Comment": "x", "End": true}, "B": {"Type": "Succeed"}"#);
    let b = digest(r#""B": {"Type": "Succeed"},   "A": {"End": true, "Type": "Pass"}"#);
    let c = digest(r#""B": {"Type": "Succeed"}, "A": {"Next": "B", "Type": "Pass"}"#);
    assert_eq!(a, b);
    assert_ne!(a, c);
    let nested = |body: &str| {
        digest(&format!(
            r#""A": {{"Type": "Map", "End": true, "Iterator": {{"StartAt": "B", "States": {{"B": {body}}}}}}}"#
        ))
    };
    assert_ne!(nested(r#"{"Type": "Succeed"}"#), nested(r#"{"Type": "Fail"}"#));
}

#[test]
fn other_documents_are_left_alone() {
    let texts = [
        r#"{"States": ["a"], "StartAt": "x"}"#,
        r#"{"title": "pattern", "services": {"from": "a"}}"#,
        r#"{"States": {"open": {"color": "red"}}}"#,
    ];
    for text in texts {
        assert!(matches!(imported(text).verdict, Verdict::NotWorkflow(_)), "{text}");
    }
}

#[test]
fn hostile_sizes_are_bounded() {
    let deep = format!("$.a{}", ".b".repeat(50_000));
    let sum = format!("{{% 1{} %}}", "+1".repeat(50_000));
    let path = format!(
        r#""A": {{"Type": "Pass", "Parameters": {{"x.$": "{deep}"}}, "ResultPath": "{deep}", "End": true}}"#
    );
    assert_eq!(machine(&path).steps.len(), 1);
    let output = format!(r#""A": {{"Type": "Pass", "Output": "{sum}", "End": true}}"#);
    assert_eq!(jsonata(&output).steps.len(), 1);
    let doubling = |i: usize| {
        let next = if i == 60 { r#""End": true"#.to_owned() } else { format!(r#""Next": "S{}""#, i + 1) };
        let output = r#"{"a": "{% $states.input %}", "b": "{% $states.input %}"}"#;
        let name = if i == 0 { "A".to_owned() } else { format!("S{i}") };
        format!(
            r#""{name}": {{"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Output": {output}, {next}}}"#
        )
    };
    let states: Vec<String> = (0..=60).map(doubling).collect();
    assert_eq!(jsonata(&states.join(",")).steps.len(), 61);
}

#[test]
fn retriers_add_up_and_a_catcher_takes_what_it_names() {
    let w = machine(
        r#""A": {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Next": "Z",
                 "Retry": [{"ErrorEquals": ["Sns.Busy"], "MaxAttempts": 2}, {"ErrorEquals": ["States.Timeout"]}],
                 "Catch": [{"ErrorEquals": ["Sns.Gone"], "Next": "Z"}]},
           "B": {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "End": true,
                 "Catch": [{"ErrorEquals": ["States.TaskFailed"], "Next": "Z"}]},
           "C": {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "End": true}, "Z": {"Type": "Succeed"}"#,
    );
    assert_eq!(step(&w, "A").retries, 5, "two of the one and three, the default, of the other");
    let each = ["A", "B", "C"].map(|id| step(&w, id).on_error);
    assert_eq!(each, [OnError::Partly, OnError::Route, OnError::Fail]);
}

#[test]
fn the_machines_own_time_bounds_its_questions() {
    let asked = |own: &str| {
        let w = machine(&format!(
            r#""A": {{"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": true{own}}}}}, "TimeoutSeconds": 600, "Also": {{"#
        ));
        let ends = edges(&w);
        assert_eq!(ends, ["trigger -> A"], "no catcher sees the end of the machine's time");
        step(&w, "A").ask.as_ref().and_then(|a| a.timeout_seconds)
    };
    assert_eq!(asked(""), Some(600));
    assert_eq!(asked(r#", "TimeoutSeconds": 60"#), Some(60));
    assert_eq!(asked(r#", "TimeoutSeconds": 6000"#), Some(600));
}
