//! Tests of the importer on definitions of our own.

use crate::{Files, Imported, NoFiles, Verdict};
use std::path::{Path, PathBuf};
use workflow::{
    CalleeKey, EdgeKind, Function, Node, Root, Segment, StepKind, Term, TriggerKind, Value, Workflow,
};

fn import(text: &str) -> Imported {
    crate::import("w.json", text.as_bytes(), &NoFiles)
}

fn one(text: &str) -> Workflow {
    match import(text).verdict {
        Verdict::Workflows(mut all) => all.pop().expect("a workflow"),
        other => panic!("{other:?}"),
    }
}

fn edges(w: &Workflow) -> String {
    let name = |n: Node| match n {
        Node::Trigger(_) => "trigger".to_owned(),
        Node::Step(s) => w.step(s).map(|s| s.id.to_string()).unwrap_or_default(),
    };
    let mut lines: Vec<String> = w
        .edges
        .iter()
        .map(|e| {
            let label = if e.kind == EdgeKind::Back { "back" } else { e.kind.label() };
            let label = if label.is_empty() { String::new() } else { format!(" [{label}]") };
            format!("{} -> {}{label}", name(e.from), name(Node::Step(e.to)))
        })
        .collect();
    lines.sort();
    lines.join("\n")
}

fn step<'w>(w: &'w Workflow, id: &str) -> &'w workflow::Step {
    w.steps.iter().find(|s| s.id == id).unwrap_or_else(|| panic!("no step {id}"))
}

fn reference(value: &Value) -> String {
    let Value::Expr(e) = value else { return format!("{value:?}") };
    match &e.term {
        Term::Ref(r) => {
            let path = r.path.iter().map(|s| match s {
                Segment::Key(k) => format!(".{k}"),
                Segment::Index(i) => format!("[{i}]"),
                other => format!("{other:?}"),
            });
            format!("{:?}{}", r.root, path.collect::<String>())
        }
        other => format!("{other:?}"),
    }
}

const LEAVER: &str = r#"{
 "name": "Leaver", "trigger": {"type": "EVENT", "attributes": {"id": "idn:identity-attributes-changed",
   "filter.$": "$.changes[?(@.attribute == 'cloudLifecycleState')]"}},
 "definition": {"start": "Ask Manager", "steps": {
  "Ask Manager": {"type": "action", "actionId": "sp:forms", "versionNumber": 1, "nextStep": "Agreed?",
    "attributes": {"deadline": "2d", "recipient.$": "$.trigger.identity.manager.id", "formDefinitionId": "f1"}},
  "Agreed?": {"type": "choice", "choiceList": [{"comparator": "StringEquals", "variableA.$": "$.askManager.formData.answer",
    "variableB": "yes", "nextStep": "Get Access"}], "defaultStep": "Refused"},
  "Get Access": {"type": "action", "actionId": "sp:access:get", "nextStep": "Loop 1",
    "attributes": {"query": "id:{{$.trigger.identity.id}} AND x:\"{{$.secrets.key}}\""}},
  "Loop 1": {"type": "action", "actionId": "sp:loop:iterator", "nextStep": "Done", "attributes": {
    "input.$": "$.getAccess.accessItems", "context.$": "$.trigger", "start": "Manage Access", "steps": {
     "Manage Access": {"type": "action", "actionId": "sp:access:manage", "nextStep": "End Loop", "attributes": {
       "requestType": "REVOKE_ACCESS", "removeIdentity.$": "$.loop.context.identity.id", "requestedItems.$": "$.loop.loopInput.id"}},
     "End Loop": {"type": "success"}}}},
  "Done": {"type": "success"}, "Refused": {"type": "failure", "failureName": "no"}}}}"#;

#[test]
fn steps_loops_and_questions_become_a_graph() {
    let w = one(LEAVER);
    let expected = "Agreed? -> Get Access [true]\nAgreed? -> Refused [false]\nAsk Manager -> Agreed?\n\
        Ask Manager -> Agreed? [timeout]\nGet Access -> Loop 1\nLoop 1 -> Done\nLoop 1 -> Loop 1/Manage Access [each]\n\
        Loop 1/#failed -> Loop 1/#end [ends]\nLoop 1/#failed -> Loop 1/#next [goes on]\n\
        Loop 1/#next -> Loop 1 [back]\nLoop 1/End Loop -> Loop 1 [back]\nLoop 1/Manage Access -> Loop 1/#failed [error]\n\
        Loop 1/Manage Access -> Loop 1/End Loop\ntrigger -> Ask Manager";
    assert_eq!(edges(&w), expected);
    assert_eq!(w.enabled, None);
    let ask = step(&w, "Ask Manager").ask.as_ref().expect("a question");
    assert_eq!((ask.timeout_seconds, ask.answer.as_str()), (Some(172_800), "formData"));
    assert_eq!(reference(&ask.approver), "Trigger.identity.manager.id");
    assert!(matches!(step(&w, "Loop 1").kind, StepKind::Loop(_)));
}

#[test]
fn references_find_steps_items_and_the_loop_context() {
    let w = one(LEAVER);
    let manage = &step(&w, "Loop 1/Manage Access").parameters;
    assert_eq!(reference(manage.get("removeIdentity")), "Trigger.identity.id");
    assert_eq!(reference(manage.get("requestedItems")), "Item(\"Loop 1\").id");
    let EdgeKind::When { condition, .. } = w
        .edges
        .iter()
        .filter(|e| e.from == Node::Step(w.find("Agreed?").expect("a choice")))
        .map(|e| e.kind.clone())
        .find(|k| matches!(k, EdgeKind::When { .. }))
        .expect("a condition")
    else {
        panic!()
    };
    let Term::Call(Function::Equals, arguments) = &condition.term else { panic!("{condition:?}") };
    let Term::Ref(answer) = &arguments[0] else { panic!() };
    assert_eq!(answer.root, Root::Step("Ask Manager".into()));
    let query = step(&w, "Get Access").parameters.get("query").as_expression().expect("a template");
    let roots: Vec<_> = query.references().iter().map(|r| r.root.clone()).collect();
    assert_eq!(roots, [Root::Trigger, Root::Secret("key".into())]);
}

#[test]
fn a_member_is_named_by_a_whole_text_in_quotes() {
    let members = |text: &str| super::jsonpath::parse(text).expect("a path").segments;
    assert_eq!(members("$['a b'].c"), [Segment::Key("a b".into()), Segment::Key("c".into())]);
    assert_eq!(members("$[\"a\"]"), [Segment::Key("a".into())]);
    // Half in quotes, it may be any.
    assert_eq!(members("$['a'é]"), [Segment::Dynamic]);
    assert_eq!(members("$['a'\"b\"]"), [Segment::Dynamic]);
}

#[test]
fn the_trigger_says_kind_and_filter() {
    let w = one(LEAVER);
    let t = &w.triggers[0];
    assert_eq!((t.kind, t.authenticated, t.after_approval), (TriggerKind::Event, Some(true), false));
    let Term::Call(Function::Not, _) = &t.filter.as_ref().expect("a filter").term else { panic!() };
    let external = r#"{"name":"x","definition":{"start":"A","steps":{"A":{"type":"success"}}},"trigger":{"type":"EXTERNAL",
        "attributes":{"url":"https://t.example/beta/workflows/execute/external/w-1"}}}"#;
    let w = one(external);
    assert_eq!(w.id.as_deref(), Some("w-1"));
    assert_eq!((w.triggers[0].kind, w.triggers[0].caller_data), (TriggerKind::External, true));
    let post = LEAVER.replace("idn:identity-attributes-changed", "idn:access-request-post-approval");
    assert!(one(&post).triggers[0].after_approval);
}

fn http(attributes: &str) -> Workflow {
    one(&format!(
        r#"{{"id":"own-1","name":"h","trigger":{{"type":"SCHEDULED","attributes":{{}}}},"definition":{{"start":"HTTP Request 2",
        "steps":{{"HTTP Request 2":{{"type":"action","actionId":"sp:http","nextStep":"E","attributes":{attributes}}},
        "E":{{"type":"success"}}}}}}}}"#
    ))
}

#[test]
fn requests_carry_method_url_and_body() {
    let w = http(
        r#"{"method":"patch","url":"https://t.example/v3/roles/{{$.hTTPRequest2.body[0].id}}","authenticationType":"OAuth",
        "oAuthClientId":"c","oAuthClientSecret":"","requestContentType":"json-patch+json","jsonRequestBody":{"old":1},
        "jsonPatchRequestBody":"[{\"op\":\"replace\",\"path\":\"/owner\",\"value\":{\"id\":\"{{$.trigger.id}}\"}}]"}"#,
    );
    let s = step(&w, "HTTP Request 2");
    let r = s.request.as_ref().expect("a request");
    assert_eq!((r.method.as_text(), r.governed, r.auth), (Some("PATCH"), false, workflow::Auth::Stored));
    assert_eq!(s.connector, "http");
    let Value::List(patch) = &r.body else { panic!("{:?}", r.body) };
    assert_eq!(patch[0].get("path").as_text(), Some("/owner"));
    assert_eq!(reference(patch[0].at("value.id")), "Trigger.id");
    assert_eq!(w.credentials[0].name, "c");
}

#[test]
fn what_a_saved_parameter_maps_is_no_value() {
    let w = http(
        r#"{"method":"post","url":"https://t.example/oauth/token","param_authenticationRef":"basic","param_basic":{
        "mapping":{"auth_password":"password","auth_username":"username"},"paramID":"p-1","refID":"r-1"}}"#,
    );
    let saved = step(&w, "HTTP Request 2").parameters.get("param_basic");
    assert_eq!(saved.get("paramID").as_text(), Some("p-1"));
    assert!(saved.get("mapping").is_empty());
}

#[test]
fn calls_by_the_execution_api_are_linked() {
    let key = |url: &str| {
        let w = http(&format!(r#"{{"method":"post","url":"{url}"}}"#));
        step(&w, "HTTP Request 2").calls.first().map(|c| c.key.clone())
    };
    let base = "https://t.example/beta/workflows/execute/external/";
    assert_eq!(key(&format!("{base}other-2")), Some(CalleeKey::Id("other-2".into())));
    assert_eq!(key(&format!("{base}own-1")), Some(CalleeKey::Itself));
    assert_eq!(key("{URL of this workflow's External Trigger}"), Some(CalleeKey::Itself));
    assert!(matches!(key(&format!("{base}{{{{$.trigger.id}}}}")), Some(CalleeKey::Dynamic(_))));
    assert_eq!(key("https://t.example/v3/roles"), None);
}

#[test]
fn variables_are_results_and_mails_read_their_context() {
    let w = one(
        r#"{"name":"v","trigger":{"type":"EVENT","attributes":{"id":"idn:identity-created"}},"definition":{"start":"Define Variable",
        "steps":{"Define Variable":{"type":"Mutation","nextStep":"Send Email","attributes":{"id":"sp:define-variable","variables":[
          {"name":"Full Name","variableA.$":"$.trigger.name","transforms":[{"id":"sp:transform:upper:string"}]}]}},
        "Send Email":{"type":"action","actionId":"sp:send-email","attributes":{"body":"Dear ${who}, hello","context":{
          "who.$":"$.defineVariable.fullName"},"recipientEmailList":[]}}}}}"#,
    );
    let set = step(&w, "Define Variable");
    assert_eq!(set.kind, StepKind::Set);
    let full = set.output.as_ref().expect("a result").get("fullName").as_expression().expect("computed");
    assert!(matches!(&full.term, Term::Call(Function::Upper, _)));
    let body = step(&w, "Send Email").parameters.get("body").as_expression().expect("a template");
    assert_eq!(body.references()[0].root, Root::Step("Define Variable".into()));
}

#[test]
fn an_approval_that_approves_itself_goes_the_approved_way() {
    let text = |action: &str| {
        format!(
            r#"{{"name":"a","trigger":{{"type":"EVENT","attributes":{{"id":"x"}}}},"definition":{{"start":"Ok","steps":{{
            "Check":{{"type":"choice","choiceList":[{{"comparator":"StringEquals","variableA.$":"$.ok.status","variableB":"APPROVED",
              "nextStep":"Grant"}}],"defaultStep":"No"}},
            "Ok":{{"type":"action","actionId":"sp:generic-approval","nextStep":"Check","attributes":{{"approvalTimeout":3,
              "approvalActionAtTimeout":"{action}","singleApproverIdentityId":"i"}}}},
            "Grant":{{"type":"success"}},"No":{{"type":"success"}}}}}}}}"#
        )
    };
    assert!(edges(&one(&text("APPROVED"))).contains("Ok -> Grant [timeout]"));
    assert!(edges(&one(&text("EXPIRED"))).contains("Ok -> Check [timeout]"));
}

#[test]
fn backups_hold_several_workflows_and_forms_are_none() {
    let form = r#"{"version":1,"self":{"type":"FORM_DEFINITION","id":"f","name":"F"},"object":{"formElements":[],"formInput":[]}}"#;
    let flow = r#"{"version":1,"self":{"type":"WORKFLOW","id":"w1","name":"W"},"object":{"name":"W","enabled":false,
        "owner":{"id":"o","name":"Olga"},"definition":{"start":"A","steps":{"A":{"type":"success"}}},"trigger":{"type":"EVENT"}}}"#;
    let backup = format!(r#"{{"version":1,"objects":[{form},{flow},{flow}]}}"#);
    let Verdict::Workflows(all) = import(&backup).verdict else { panic!() };
    assert_eq!(all.len(), 2);
    assert_eq!(
        (all[0].id.as_deref(), all[0].enabled, all[0].owners[0].as_str()),
        (Some("w1"), Some(false), "Olga")
    );
    for text in [form.to_owned(), format!("[{form}]"), format!(r#"{{"objects":[{form}]}}"#)] {
        assert!(matches!(import(&text).verdict, Verdict::NotWorkflow(what) if what == "a SailPoint form"));
    }
    assert!(matches!(import(r#"{"name":"x","steps":{}}"#).verdict, Verdict::NotWorkflow(_)));
}

#[test]
fn what_is_not_there_is_a_problem_and_never_a_panic() {
    let dangling =
        r#"{"name":"d","definition":{"start":"A","steps":{"A":{"type":"action","nextStep":"Gone"}}}}"#;
    let found = import(dangling);
    assert!(found.problems[0].message.contains("`Gone`"), "{:?}", found.problems);
    let odd = [
        r#"{"name":7,"definition":{"start":[],"steps":{"A":"text","B":null,"C":[],"D":{"type":{},"attributes":"x","choiceList":"y"}}}}"#,
        r#"{"definition":{"start":"L","steps":{"L":{"actionId":"sp:loop:iterator","attributes":{"steps":"no","input.$":5}}}},"trigger":"x"}"#,
        r#"{"definition":{"start":"H","steps":{"H":{"actionId":"sp:http","attributes":{"url":{"a":1},"method":[],"jsonRequestBody":"{bad"}}}}}"#,
        r#"{"definition":{"start":"M","steps":{"M":{"type":"Mutation","attributes":{"id":"sp:define-variable","variables":{"a":1}}}}},
            "trigger":{"attributes":{"filter.$":"$..[?(@.x=~/[/)]","id":{}}}}"#,
    ];
    for text in odd {
        assert!(matches!(import(text).verdict, Verdict::Workflows(_)), "{text}");
    }
}

#[test]
fn the_digest_sees_content_and_not_formatting() {
    let base = one(LEAVER);
    let spaced = LEAVER.replace("\": ", "\" :  ");
    assert_eq!(one(&spaced).digest, base.digest);
    let counted = LEAVER.replacen('{', "{\"modified\": \"2026\", \"executionCount\": 9,", 1);
    assert_eq!(one(&counted).digest, base.digest);
    let changed = one(&LEAVER.replace("\"REVOKE_ACCESS\"", "\"GRANT_ACCESS\""));
    let differ: Vec<_> =
        changed.parts.iter().zip(&base.parts).filter(|(a, b)| a != b).map(|(a, _)| a.name.clone()).collect();
    assert_eq!(differ, ["step/Loop 1/Manage Access"]);
}

#[test]
fn every_file_of_the_corpus_is_accounted_for() {
    let shared = std::env::var_os("COUNTERSIGN_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let root = shared.join("corpus/sailpoint");
    if !root.is_dir() {
        return println!("skipped: no {}", root.display());
    }
    let (mut workflows, mut others, mut steps, mut problems) = (0, 0, 0, 0);
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("readable").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "json") {
                let found =
                    crate::import("f", &std::fs::read(&path).expect("readable"), &NoFiles as &dyn Files);
                problems += found.problems.len();
                match found.verdict {
                    Verdict::Workflows(all) => {
                        workflows += all.len();
                        steps += all.iter().flat_map(Workflow::own_steps).count();
                    }
                    Verdict::NotWorkflow(_) => others += 1,
                    Verdict::Unreadable => panic!("{}", path.display()),
                }
            }
        }
    }
    assert_eq!((workflows, others, steps, problems), (15, 5, 131, 0));
}
