//! Gates and proofs on definitions in the platforms' own formats: what an answer, a silence or a failure does there, and
//! that findings and proofs say the same.

#![allow(clippy::panic, reason = "a test whose input is not there has failed")]

use check::{Context, Gate, Judged, check, classify};
use import::{NoFiles, Verdict, import};
use workflow::Workflow;

/// What is found about the one workflow of a definition.
fn judged(name: &str, text: &str) -> Judged {
    check(&read(name, text), &[Context::default()]).remove(0)
}

/// The workflow of a definition, with its effects.
fn read(name: &str, text: &str) -> Vec<Workflow> {
    let Verdict::Workflows(mut workflows) = import(name, text.as_bytes(), &NoFiles).verdict else {
        panic!("no workflow")
    };
    workflows.iter_mut().for_each(classify);
    workflows
}

fn rules(judged: &Judged) -> Vec<&str> {
    let about = ["unapproved-change", "approval-fails-open", "approval-ignored", "unhandled-failure"];
    judged.findings.iter().map(|f| f.rule.as_str()).filter(|r| about.contains(r)).collect()
}

fn verdict<'j>(judged: &'j Judged, property: &str) -> &'j str {
    judged.proofs.iter().find(|p| p.property == property).map_or("", |p| p.verdict.as_str())
}

/// The change that the Logic Apps below are about.
const ADD: &str = r#""type": "Http", "inputs": {"method": "POST",
    "uri": "https://graph.microsoft.com/v1.0/groups/aaaaaaaa-bbbb/members/$ref",
    "authentication": {"type": "ManagedServiceIdentity", "audience": "https://graph.microsoft.com"},
    "body": {"@odata.id": "https://graph.microsoft.com/v1.0/directoryObjects/@{triggerBody()?['who']}"}}"#;

/// An approval mail.
const ASK: &str = r#""type": "ApiConnectionWebhook", "inputs": {
    "host": {"connection": {"name": "@parameters('$connections')['office365']['connectionId']"}},
    "path": "/approvalmail/$subscriptions", "body": {"NotificationUrl": "@{listCallbackUrl()}",
    "Message": {"To": "lead@corp.example", "Subject": "May they?", "Options": "Approve, Reject"}}}"#;

fn logic_app(actions: &str) -> Judged {
    let text = format!(
        r#"{{"definition": {{"$schema": "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#",
        "contentVersion": "1.0.0.0", "triggers": {{"manual": {{"type": "Request", "kind": "Http", "inputs": {{}}}}}},
        "actions": {{{actions}}}}}}}"#
    );
    judged("app.json", &text)
}

fn choice(answer: &str) -> String {
    format!(
        r#""Ask": {{{ASK}, "runAfter": {{}}}}, "If": {{"type": "If", "runAfter": {{"Ask": ["Succeeded"]}},
        "expression": {{"and": [{{"equals": ["@body('Ask')?['SelectedOption']", "{answer}"]}}]}},
        "actions": {{"Add": {{{ADD}, "runAfter": {{}}}}}}, "else": {{"actions": {{}}}}}}"#
    )
}

#[test]
fn only_the_option_that_agrees_is_a_gate() {
    let yes = logic_app(&choice("Approve"));
    assert_eq!((yes.gate, verdict(&yes, "change-needs-approval")), (Gate::Present, "proved"));
    let no = logic_app(&choice("Reject"));
    assert_eq!((no.gate, verdict(&no, "change-needs-approval")), (Gate::FailsOpen, "refuted"));
    assert_eq!(rules(&no), ["approval-fails-open"]);
}

#[test]
fn a_condition_that_cannot_be_computed_fails_and_what_runs_after_its_failure_runs() {
    let after = |read: &str| {
        let inner = format!(r#""Add": {{{ADD}, "runAfter": {{}}}}"#);
        let asks = choice("Approve").replace(&inner, "").replace("body('Ask')?['SelectedOption']", read);
        logic_app(&format!(r#"{asks}, "Add": {{{ADD}, "runAfter": {{"If": ["Failed"]}}}}"#))
    };
    for strict in ["body('Ask')['SelectedOption']", "toUpper(body('Ask')?['SelectedOption'])"] {
        let failed = after(strict);
        assert_eq!(rules(&failed), ["approval-fails-open"], "{strict}");
        assert_eq!((failed.gate, verdict(&failed, "change-needs-approval")), (Gate::FailsOpen, "refuted"));
    }
    let total = after("body('Ask')?['SelectedOption']");
    assert_eq!(rules(&total), Vec::<&str>::new(), "nothing comes to it");
}

#[test]
fn an_until_asks_before_it_looks_and_is_left_when_its_rounds_are_used_up() {
    let until = |options: &str| {
        logic_app(&format!(
            r#""Until": {{"type": "Until", "runAfter": {{}}, "expression": "@equals(body('Ask')?['SelectedOption'], 'Approve')",
            "limit": {{"count": 3}}, {options} "actions": {{"Ask": {{{ASK}, "runAfter": {{}}}}}}}},
            "Add": {{{ADD}, "runAfter": {{"Until": ["Succeeded"]}}}}"#
        ))
    };
    let left = until("");
    assert_eq!((left.gate, verdict(&left, "change-needs-approval")), (Gate::FailsOpen, "refuted"));
    assert_eq!(rules(&left), ["approval-fails-open"]);
    let walk = left.findings.iter().find(|f| f.rule == "approval-fails-open").map(|f| &f.path);
    assert!(walk.is_some_and(|w| w.iter().any(|s| s.step.ends_with("Ask"))), "{walk:?}");
    assert_eq!(until(r#""operationOptions": "FailWhenLimitsReached","#).gate, Gate::Present);
}

#[test]
fn what_runs_after_a_scope_that_nobody_answered_in_fails_open() {
    let scope = logic_app(&format!(
        r#""Scope": {{"type": "Scope", "runAfter": {{}}, "actions": {{"Ask": {{{ASK}, "runAfter": {{}}}},
        "If": {{"type": "If", "runAfter": {{"Ask": ["Succeeded"]}}, "actions": {{}},
        "expression": {{"and": [{{"equals": ["@body('Ask')?['SelectedOption']", "Approve"]}}]}},
        "else": {{"actions": {{"Stop": {{"type": "Terminate", "inputs": {{"runStatus": "Cancelled"}}, "runAfter": {{}}}}}}}}}}}}}},
        "Add": {{{ADD}, "runAfter": {{"Scope": ["Succeeded", "Failed", "TimedOut"]}}}}"#
    ));
    assert_eq!((scope.gate, rules(&scope)), (Gate::FailsOpen, vec!["approval-fails-open"]));
    let found = scope.findings.iter().find(|f| f.rule == "approval-fails-open");
    let asked = found.and_then(|f| f.path.iter().find(|w| w.step.ends_with("Ask")));
    assert_eq!(asked.map(|w| w.leaves.as_str()), Some("timeout"));
}

#[test]
fn a_constant_is_set_without_fail() {
    let kept = logic_app(&format!(
        r#""Init": {{"type": "InitializeVariable", "runAfter": {{}}, "inputs": {{"variables": [{{"name": "ok", "type": "boolean", "value": true}}]}}}},
        "Ask": {{{ASK}, "runAfter": {{"Init": ["Succeeded"]}}}},
        "If": {{"type": "If", "runAfter": {{"Ask": ["Succeeded"]}},
        "expression": {{"and": [{{"equals": ["@body('Ask')?['SelectedOption']", "Reject"]}}]}},
        "actions": {{"No": {{"type": "SetVariable", "runAfter": {{}}, "inputs": {{"name": "ok", "value": false}}}}}}}},
        "Last": {{"type": "If", "runAfter": {{"If": ["Succeeded", "Failed", "Skipped"]}},
        "expression": {{"and": [{{"equals": ["@variables('ok')", true]}}]}}, "actions": {{"Add": {{{ADD}, "runAfter": {{}}}}}}}}"#
    ));
    assert_eq!((kept.gate, rules(&kept)), (Gate::FailsOpen, vec!["approval-fails-open"]));
}

fn states(states: &str) -> String {
    format!(r#"{{"StartAt": "Ask", "States": {{{states}}}}}"#)
}

fn machine(of: &str) -> Judged {
    judged("machine.asl.json", &states(of))
}

/// A question by a token that is handed out, then a choice of two states.
fn asked(more: &str, choices: &str) -> String {
    format!(
        r#""Ask": {{"Type": "Task", "Resource": "arn:aws:states:::sns:publish.waitForTaskToken", "Next": "Choice",
        "Parameters": {{"TopicArn": "arn:aws:sns:eu-west-1:111122223333:ask", "Message": {{"token.$": "$$.Task.Token"}}}},
        "ResultPath": "$.answer" {more}}},
        "Choice": {{"Type": "Choice", "Choices": [{choices}], "Default": "No"}}, "No": {{"Type": "Fail"}}"#
    )
}

const GIVE: &str = r#""Give": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:iam:addUserToGroup",
    "Parameters": {"UserName.$": "$.user", "GroupName": "ops"}, "ResultPath": null, "End": true}"#;

fn answer(word: &str) -> String {
    format!(r#"{{"Variable": "$.answer.decision", "StringEquals": "{word}", "Next": "Give"}}"#)
}

#[test]
fn a_task_token_that_is_answered_with_a_refusal_is_no_gate() {
    let of = |word: &str| machine(&format!("{}, {GIVE}", asked("", &answer(word))));
    assert_eq!(of("approve").gate, Gate::Present);
    assert_eq!((of("reject").gate, rules(&of("reject"))), (Gate::FailsOpen, vec!["approval-fails-open"]));
}

/// The refusal of the edge case is the one that the choice looks for, where it looks for it.
#[test]
fn the_edge_case_of_a_refusal_refuses() {
    let workflows = read("machine.asl.json", &states(&format!("{}, {GIVE}", asked("", &answer("reject")))));
    let program = machine::Program::new(&workflows);
    let cases = machine::edge_cases::edge_cases(&program, 0, &machine::edge_cases::Around::default());
    let refused = cases.iter().find(|c| c.name == "`Ask` is refused");
    let given = refused.and_then(|c| c.answers.first()).and_then(|r| r.result.as_ref());
    assert_eq!(given.map(ToString::to_string).as_deref(), Some(r#"{"decision":"reject"}"#));
}

#[test]
fn a_catcher_that_leads_back_to_the_choice_leaves_the_callers_own_answer() {
    let catch = r#", "TimeoutSeconds": 60, "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Choice"}]"#;
    let open = machine(&format!("{}, {GIVE}", asked(catch, &answer("approve"))));
    assert_eq!((open.gate, rules(&open)), (Gate::FailsOpen, vec!["approval-fails-open"]));
    let lost = catch.replace("$.error", "$.answer");
    let shut = machine(&format!("{}, {GIVE}", asked(&lost, &answer("approve"))));
    assert_ne!(shut.gate, Gate::Ignored);
}

#[test]
fn either_of_two_answers_is_a_gate() {
    let second = asked("", "").replace("\"Ask\"", "\"Ask2\"").replace("$.answer", "$.answer2");
    let second = second.split("\"Choice\": {").next().unwrap_or_default().to_owned();
    let both = |or: &str| {
        let first =
            asked("", &format!(r#"{{"Or": [{or}], "Next": "Give"}}"#)).replacen("\"Choice\"", "\"Ask2\"", 1);
        machine(&format!("{first}, {second} {GIVE}"))
    };
    let is = |of: &str| format!(r#"{{"Variable": "$.{of}.decision", "StringEquals": "approve"}}"#);
    let either = both(&format!("{}, {}", is("answer"), is("answer2")));
    assert_eq!((either.gate, verdict(&either, "change-needs-approval")), (Gate::Present, "proved"));
    let urgent = both(&format!("{}, {}, {}", is("answer"), is("answer2"), is("urgent")));
    assert_ne!(urgent.gate, Gate::Present);
    assert_eq!(verdict(&urgent, "change-needs-approval"), "refuted");
}

#[test]
fn what_a_map_tolerates_ends_as_a_success() {
    let map = |tolerated: &str| {
        machine(&format!(
            r#"{}, "Give": {{"Type": "Map", "ItemsPath": "$.users", {tolerated} "End": true, "ItemProcessor": {{
            "ProcessorConfig": {{"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}, "StartAt": "Delete", "States": {{
            "Delete": {{"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:iam:deleteUser",
            "Parameters": {{"UserName.$": "$.user"}}, "End": true}}}}}}}}"#,
            asked("", &answer("approve"))
        ))
    };
    let none = map("");
    assert_eq!((rules(&none), verdict(&none, "failure-is-told")), (Vec::new(), "proved"));
    for tolerated in [r#""ToleratedFailurePercentage": 100,"#, r#""ToleratedFailureCount": 5,"#] {
        let some = map(tolerated);
        assert_eq!((rules(&some), verdict(&some, "failure-is-told")), (vec!["unhandled-failure"], "refuted"));
    }
}

/// A form that is sent to whoever asked, and access for the identity that is looked up by the same id.
#[test]
fn whoever_is_looked_up_by_an_id_is_the_one_whose_id_it_is() {
    let flow = |looked_up: &str| {
        let text = format!(
            r#"{{"name": "Flow", "definition": {{"start": "Get", "steps": {{
            "Get": {{"type": "action", "actionId": "sp:get-identity", "versionNumber": 1, "attributes": {{"id.$": "{looked_up}"}}, "nextStep": "Form"}},
            "Form": {{"type": "action", "actionId": "sp:forms", "versionNumber": 1, "nextStep": "Choice",
                "attributes": {{"deadline": "3d", "formDefinitionId": "f", "recipient.$": "$.trigger.requesterId"}}}},
            "Choice": {{"type": "choice", "defaultStep": "End", "choiceList": [{{"comparator": "StringEquals",
                "variableA.$": "$.form.formData.decision", "variableB": "approve", "nextStep": "Give"}}]}},
            "Give": {{"type": "action", "actionId": "sp:access:manage", "versionNumber": 1, "nextStep": "End", "attributes": {{
                "requestType": "GRANT_ACCESS", "addIdentities.$": "$.get.id", "requestedItems": [{{"id": "1", "type": "ROLE", "name": "Payroll"}}]}}}},
            "End": {{"type": "success"}}}}}}, "trigger": {{"type": "EXTERNAL", "attributes": {{}}}}}}"#
        );
        judged("flow.json", &text)
    };
    let own = flow("$.trigger.requesterId");
    assert!(own.findings.iter().any(|f| f.rule == "self-approval"), "{:?}", own.findings);
    assert_eq!(verdict(&own, "approver-is-not-requester"), "refuted");
    // Whose access it is, is another matter; who answers is still the caller's word.
    assert_eq!(verdict(&flow("$.trigger.otherId"), "approver-is-not-requester"), "unknown");
}
