//! Flows of packages and solutions, look-alikes, and every file of the corpus.

use crate::wdl::tests::workflows;
use crate::{NoFiles, Verdict};
use workflow::{CalleeKey, Platform, Root, Step, TriggerKind, Workflow};

fn step<'w>(w: &'w Workflow, id: &str) -> &'w Step {
    w.step(w.find(id).unwrap()).unwrap()
}

/// A flow of a legacy package with these actions.
fn flow(actions: &str) -> Workflow {
    workflows(&format!(
        r#"{{"name":"3F2504E0-4F89-41D3-9A0C-0305E82C3301","id":"/providers/Microsoft.Flow/flows/3F2504E0-4F89-41D3-9A0C-0305E82C3301","type":"Microsoft.Flow/flows",
        "properties":{{"displayName":"Join a team","state":"Stopped","connectionReferences":{{"shared_approvals":{{"id":"/providers/Microsoft.PowerApps/apis/shared_approvals"}},
        "shared_sharepointonline":{{"apiName":"sharepointonline"}}}},
        "definition":{{"triggers":{{"manual":{{"type":"Request","kind":"Button"}}}},"actions":{{{actions}}}}}}}}}"#
    ))
    .remove(0)
}

fn operation(name: &str, api: &str, operation: &str, parameters: &str) -> String {
    format!(
        r#""{name}":{{"type":"OpenApiConnection","inputs":{{"host":{{"connectionName":"{api}","operationId":"{operation}","apiId":"/providers/Microsoft.PowerApps/apis/{api}"}},"parameters":{{{parameters}}},"authentication":"@parameters('$authentication')"}}}}"#
    )
}

#[test]
fn a_package_has_its_identity_and_operations() {
    let w = flow(&operation(
        "Add",
        "shared_office365groups",
        "AddMemberToGroup",
        r#""groupId":"g","userUpn":"@triggerBody()['u']""#,
    ));
    assert_eq!(
        (w.platform, w.name.as_str(), w.enabled),
        (Platform::PowerAutomate, "Join a team", Some(false))
    );
    assert_eq!(w.id.as_deref(), Some("3f2504e0-4f89-41d3-9a0c-0305e82c3301"));
    assert_eq!((w.triggers[0].kind, w.triggers[0].authenticated), (TriggerKind::Manual, Some(true)));
    let step = step(&w, "Add");
    assert_eq!(
        (step.connector.as_str(), step.operation.as_str()),
        ("shared_office365groups", "AddMemberToGroup")
    );
    assert_eq!(step.parameters.get("groupId").as_text(), Some("g"));
    assert!(step.request.is_none());
}

#[test]
fn a_request_that_asks_nobody_who_he_is_is_open() {
    let asked = |inputs: &str| {
        let text = format!(
            r#"{{"properties":{{"connectionReferences":{{}},"definition":{{"triggers":{{"manual":{{"type":"Request","kind":"Http","inputs":{{{inputs}}}}}}},"actions":{{}}}}}}}}"#
        );
        workflows(&text)[0].triggers[0].authenticated
    };
    assert_eq!(asked(r#""triggerAuthenticationType":"All""#), Some(false));
    assert_eq!(asked(r#""triggerAuthenticationType":"Tenant""#), Some(true));
    assert_eq!(asked(r#""schema":{}"#), Some(true));
}

#[test]
fn the_callers_own_connection_is_known() {
    let callers = |said: &str| {
        let text = format!(
            r#"{{"properties":{{"connectionReferences":{{"shared_azuread":{{{said}"id":"/providers/Microsoft.PowerApps/apis/shared_azuread"}}}},
            "definition":{{"triggers":{{"manual":{{"type":"Request","kind":"Button"}}}},"actions":{{{}}}}}}}}}"#,
            operation("A", "shared_azuread", "GetUser", r#""id":"x""#)
        );
        workflows(&text)[0].credentials[0].callers
    };
    assert!(callers(r#""source":"Invoker","#));
    assert!(callers(r#""runtimeSource":"invoker","#));
    assert!(!callers(r#""source":"Embedded","#));
    assert!(!callers(""));
}

#[test]
fn what_was_typed_into_a_form_is_the_triggers_input() {
    let get = |id: &str| {
        let parameters = format!(r#""form_id":"f","response_id":"{id}""#);
        flow(&operation("Get", "shared_microsoftforms", "GetFormResponseById", &parameters))
    };
    let root = |w: &Workflow| {
        let output = step(w, "Get").output.clone();
        output.and_then(|o| o.as_expression().map(|e| e.references()[0].root.clone()))
    };
    let submitted = get("@triggerOutputs()?['body/resourceData/responseId']");
    assert_eq!(root(&submitted), Some(Root::Trigger));
    assert_eq!(root(&get("@outputs('List')?['body/id']")), None);
    assert_eq!(root(&get("17")), None);
}

#[test]
fn approvals_are_questions() {
    let start = operation(
        "Start",
        "shared_approvals",
        "StartAndWaitForAnApproval",
        r#""WebhookApprovalCreationInput/assignedTo":"a@example.org""#,
    );
    let create = operation(
        "Create",
        "shared_approvals",
        "CreateAnApproval",
        r#""ApprovalCreationInput/assignedTo":"b@example.org""#,
    );
    let wait = operation(
        "Wait",
        "shared_approvals",
        "WaitForAnApproval",
        r#""approvalName":"@outputs('Create')?['body/name']""#,
    );
    let w = flow(&[start, create, wait].join(","));
    let ask = step(&w, "Start").ask.as_ref().unwrap();
    assert_eq!((ask.approver.as_text(), ask.answer.as_str()), (Some("a@example.org"), ""));
    assert_eq!((ask.positive[0].as_str(), ask.negative[0].as_str()), ("Approve", "Reject"));
    assert!(step(&w, "Create").ask.is_none());
    assert_eq!(step(&w, "Wait").ask.as_ref().unwrap().approver.as_text(), Some("b@example.org"));
}

#[test]
fn any_request_through_a_connector_is_raw() {
    let w = flow(&operation(
        "Send",
        "shared_sharepointonline",
        "HttpRequest",
        r#""dataset":"https://contoso.sharepoint.com/sites/x/","parameters/method":"post","parameters/uri":"/_api/web/sitegroups(@{triggerBody()['g']})/users","parameters/body":"{\"LoginName\":\"@{triggerBody()['u']}\"}""#,
    ));
    let request = step(&w, "Send").request.as_ref().unwrap();
    assert_eq!((request.governed, request.method.as_text()), (false, Some("POST")));
    let url = &request.url.as_expression().unwrap().term;
    let workflow::Term::Template(terms) = url else { panic!("{url:?}") };
    assert_eq!(
        terms[0],
        workflow::Term::Text("https://contoso.sharepoint.com/sites/x/_api/web/sitegroups(".into())
    );
    assert!(request.body.get("LoginName").as_expression().is_some());
}

#[test]
fn calls_are_tried_again_as_often_as_the_best_licence_does() {
    let call = |policy: &str| {
        let action = format!(
            r#""Call":{{"type":"Http","inputs":{{"method":"GET","uri":"https://a.example"{policy}}}}}"#
        );
        let own = step(&flow(&action), "Call").retries;
        let schema = "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#";
        let naked = format!(r#"{{"$schema":"{schema}","triggers":{{}},"actions":{{{action}}}}}"#);
        (own, step(&workflows(&naked)[0], "Call").retries)
    };
    assert_eq!(call(""), (8, 4));
    assert_eq!(call(r#","retryPolicy":{"type":"exponential","interval":"PT5S"}"#), (8, 4));
    assert_eq!(call(r#","retryPolicy":{"type":"fixed","count":2,"interval":"PT5S"}"#), (2, 2));
    assert_eq!(call(r#","retryPolicy":{"type":"none"}"#), (0, 0));
}

#[test]
fn old_connections_and_custom_connectors() {
    let old = r#""Old":{"type":"ApiConnection","inputs":{"method":"post","path":"/v2/Mail","host":{"api":{"runtimeUrl":"https://x/apim/office365"},"connection":{"name":"@parameters('$connections')['shared_office365']['connectionId']"}}}}"#;
    let custom = operation("Custom", "shared_graph-5f04d5eb22c34423fb-5f448e0b83a75acf03", "Invite", "");
    let child = r#""Child":{"type":"Workflow","inputs":{"host":{"workflowReferenceName":"ABCDEF00-0000-0000-0000-000000000000"}}}"#;
    let w = flow(&[old.to_owned(), custom, child.to_owned()].join(","));
    assert_eq!(
        (step(&w, "Old").connector.as_str(), step(&w, "Old").operation.as_str()),
        ("shared_office365", "POST /v2/Mail")
    );
    assert!(step(&w, "Custom").third_party);
    let key = CalleeKey::Id("abcdef00-0000-0000-0000-000000000000".into());
    assert_eq!(step(&w, "Child").calls[0].key, key);
}

#[test]
fn a_solution_keeps_its_ids_in_the_names_of_files() {
    let text = r#"{"properties":{"connectionReferences":{},"definition":{"triggers":{},"actions":{}}},"schemaVersion":"1.0.0.0"}"#;
    let path = "Workflows/Offboard-ABCDEF00-0000-0000-0000-000000000000.json";
    let Verdict::Workflows(found) = crate::import(path, text.as_bytes(), &NoFiles).verdict else {
        panic!("none")
    };
    assert_eq!((found[0].name.as_str(), found[0].platform), ("Offboard", Platform::PowerAutomate));
    assert_eq!(found[0].id.as_deref(), Some("abcdef00-0000-0000-0000-000000000000"));
}

#[test]
fn what_stands_beside_flows_is_named() {
    let verdict = |text: &str| match crate::import("x", text.as_bytes(), &NoFiles).verdict {
        Verdict::NotWorkflow(what) => what,
        other => panic!("{other:?}"),
    };
    assert!(verdict(r#"{"packageSchemaVersion":"1.0","flowAssets":{}}"#).contains("manifest"));
    assert!(verdict(r#"{"schema":"1.0","details":{},"resources":{}}"#).contains("manifest"));
    assert!(verdict(r#"{"shared_teams":"3f2504e0"}"#).contains("connections"));
    assert!(verdict("<ImportExportXml><Workflows/></ImportExportXml>").contains("solution"));
    assert!(verdict(r#"{"swagger":"2.0","paths":{}}"#).contains("API"));
}

/// Counted by walking the parsed files and the zip packages: 23 in files, 24 in packages.
const CORPUS_FLOWS: usize = 47;

#[test]
fn every_file_of_the_corpus_has_a_verdict() {
    let Some(found) = crate::wdl::tests::corpus("powerautomate") else {
        println!("skipped: no corpus of Power Automate beside the repository");
        return;
    };
    let ours = found.iter().flatten().filter(|w| w.platform == Platform::PowerAutomate);
    assert!(ours.clone().count() >= CORPUS_FLOWS, "{}", ours.count());
}

#[test]
fn a_definition_alone_is_a_flow_by_its_actions() {
    let alone = |inner: &str| {
        let w = workflows(&format!(
            r#"{{"$schema":"https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#","triggers":{{"manual":{{"type":"Request","kind":"Button"}}}},"actions":{{{inner}}}}}"#
        ));
        w.into_iter().map(|w| w.platform).collect::<Vec<_>>()
    };
    let named = operation("Add", "shared_azuread", "AddUserToGroup", "");
    assert_eq!(alone(&named), [Platform::PowerAutomate]);
    assert_eq!(
        alone(&format!(r#""If":{{"type":"If","actions":{{}},"else":{{"actions":{{{named}}}}}}}"#)),
        [Platform::PowerAutomate]
    );
    assert_eq!(
        alone(r#""Call":{"type":"Http","inputs":{"method":"GET","uri":"https://a.example"}}"#),
        [Platform::LogicApps]
    );
}

#[test]
fn a_site_named_in_part_by_data_keeps_the_slash_after_it() {
    let w = flow(&operation(
        "Send",
        "shared_sharepointonline",
        "HttpRequest",
        r#""dataset":"https://contoso.sharepoint.com/sites/T-@{triggerBody()['n']}","parameters/method":"POST","parameters/uri":"_api/web/sitegroups(3)/users""#,
    ));
    let url = step(&w, "Send").request.as_ref().map(|r| r.url.clone()).unwrap();
    let workflow::Term::Template(terms) = &url.as_expression().unwrap().term else { panic!("{url:?}") };
    assert_eq!(terms.last(), Some(&workflow::Term::Text("/_api/web/sitegroups(3)/users".into())));
}
