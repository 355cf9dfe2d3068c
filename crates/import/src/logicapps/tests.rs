//! Templates, resources, Standard workflows, look-alikes, and every file of the corpus.

use crate::wdl::tests::workflows;
use crate::{Files, NoFiles, Verdict};
use workflow::{CalleeKey, Platform, Reference, Root, Step, Term, TriggerKind, Value, Workflow};

fn step<'w>(w: &'w Workflow, id: &str) -> &'w Step {
    w.step(w.find(id).unwrap()).unwrap()
}

/// A template with these parameters, variables, properties of a workflow beside its definition, and actions.
fn template(parameters: &str, variables: &str, beside: &str, actions: &str) -> Vec<Workflow> {
    workflows(&format!(
        r#"{{"$schema":"https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#","contentVersion":"1.0.0.0",
        "metadata":{{"support":{{"tier":"community"}},"author":{{"name":"Alex"}}}},
        "parameters":{{{parameters}}},"variables":{{{variables}}},
        "resources":[{{"type":"Microsoft.Logic/workflows","name":"[parameters('Name')]","properties":{{"state":"Disabled",{beside}
        "definition":{{"triggers":{{}},"actions":{{{actions}}}}}}}}}]}}"#
    ))
}

#[test]
fn template_expressions_come_first() {
    let w = template(
        r#""Name":{"type":"string","defaultValue":"Block"},"Org":{"type":"string"},"Key":{"type":"securestring"},"Host":{"defaultValue":"example.okta.com"}"#,
        r#""base":"[concat('https://', parameters('Host'))]""#,
        "",
        r#""A":{"type":"Http","inputs":{"method":"DELETE","uri":"[concat(variables('base'), '/api/v1/users/@{triggerBody()?[''id'']}/', parameters('Org'))]","headers":{"Authorization":"[parameters('Key')]"}}},
        "B":{"type":"Compose","inputs":"[[not evaluated]"},
        "C":{"type":"Compose","inputs":"[format('{0}-{1}', parameters('Host'), 'x')]"}"#,
    )
    .remove(0);
    assert_eq!((w.name.as_str(), w.enabled, w.owners[0].as_str()), ("Block", Some(false), "Alex"));
    let url = step(&w, "A").request.as_ref().unwrap().url.as_expression().unwrap().term.clone();
    assert_eq!(
        url,
        Term::Template(vec![
            Term::Text("https://example.okta.com/api/v1/users/".into()),
            Term::Ref(Reference::keys(Root::Trigger, "id")),
            Term::Text("/".into()),
            Term::Ref(Reference::keys(Root::Parameter("Org".into()), "")),
        ])
    );
    let header = step(&w, "A").parameters.at("headers.Authorization").as_expression().unwrap().term.clone();
    assert_eq!(header, Term::Ref(Reference::keys(Root::Secret("Key".into()), "")));
    assert_eq!(step(&w, "B").output, Some(Value::text("[not evaluated]")));
    assert_eq!(step(&w, "C").output, Some(Value::text("example.okta.com-x")));
}

#[test]
fn connections_are_resolved_to_their_connectors() {
    let w = template(
        r#""Name":{"type":"string"},"Custom":{"defaultValue":"HrConnector"}"#,
        "",
        r#""parameters":{"$connections":{"value":{"dir":{"id":"[concat('/subscriptions/', subscription().subscriptionId, '/providers/Microsoft.Web/locations/x/managedApis/azuread')]"},
        "hr":{"id":"[resourceId('Microsoft.Web/customApis', parameters('Custom'))]"}}}},"#,
        r#""A":{"type":"ApiConnection","inputs":{"method":"get","path":"/v1.0/users/x","host":{"connection":{"name":"@parameters('$connections')['dir']['connectionId']"}}}},
        "B":{"type":"ApiConnection","inputs":{"method":"get","path":"/p","host":{"connection":{"name":"@parameters('$connections')['hr']['connectionId']"}}}}"#,
    )
    .remove(0);
    assert_eq!(w.name, "[parameters('Name')]");
    assert_eq!((step(&w, "A").connector.as_str(), step(&w, "A").third_party), ("azuread", false));
    assert_eq!((step(&w, "B").connector.as_str(), step(&w, "B").third_party), ("hrconnector", true));
}

#[test]
fn callees_are_named_by_the_end_of_their_resource_id() {
    let w = template(
        r#""Name":{"type":"string"},"Base":{"defaultValue":"Base_Playbook"}"#,
        "",
        "",
        r#""A":{"type":"Workflow","inputs":{"host":{"workflow":{"id":"[concat(resourceGroup().id, '/providers/Microsoft.Logic/workflows/', parameters('Base'))]"}}}},
        "B":{"type":"Http","inputs":{"method":"POST","uri":"[listCallbackURL(concat(resourceId('Microsoft.Logic/workflows', parameters('Base')), '/triggers/manual'), '2017-07-01').value]"}},
        "C":{"type":"Workflow","inputs":{"host":{"workflow":{"id":"[parameters('Name')]"}}}}"#,
    )
    .remove(0);
    let name = CalleeKey::Name("Base_Playbook".into());
    assert_eq!(step(&w, "A").calls[0].key, name);
    assert_eq!(step(&w, "B").calls[0].key, name);
    assert!(matches!(step(&w, "C").calls[0].key, CalleeKey::Dynamic(_)));
}

#[test]
fn a_call_by_a_name_that_only_the_deployment_knows_means_the_workflow_of_that_name() {
    let workflow = |name: &str, actions: &str| {
        format!(
            r#"{{"type":"Microsoft.Logic/workflows","name":"{name}","properties":{{"definition":{{"triggers":{{}},"actions":{{{actions}}}}}}}}}"#
        )
    };
    let call = |step: &str, name: &str| {
        format!(
            r#""{step}":{{"type":"Workflow","inputs":{{"host":{{"triggerName":"manual","workflow":{{"id":"[resourceId('Microsoft.Logic/workflows',{name})]"}}}}}}}}"#
        )
    };
    let calls = [
        call("A", "parameters('Sub')"),
        call("B", "concat(parameters('Main'),'-x')"),
        call("C", "parameters('Other')"),
    ];
    let resources = [
        workflow("[parameters('Main')]", &calls.join(",")),
        workflow("[parameters('Sub')]", ""),
        workflow("[concat(parameters('Main'), '-x')]", ""),
    ];
    let all = workflows(&format!(
        r#"{{"contentVersion":"1.0.0.0","parameters":{{"Main":{{"type":"string"}},"Sub":{{"type":"string"}}}},"resources":[{}]}}"#,
        resources.join(",")
    ));
    let key = |id: &str| step(&all[0], id).calls[0].key.clone();
    assert_eq!(
        (key("A"), all[1].aliases.clone()),
        (CalleeKey::Name("{Sub}#1".into()), vec!["{Sub}#1".into()])
    );
    assert_eq!(
        (key("B"), all[2].aliases.clone()),
        (CalleeKey::Name("{Main}-x#1".into()), vec!["{Main}-x#1".into()])
    );
    assert!(all[0].aliases.is_empty());
    assert_eq!(key("C"), CalleeKey::Dynamic("{Other}".into()));
}

#[test]
fn the_connector_of_azure_hands_on_its_path() {
    let of = |resource: &str| {
        let path = format!(
            "/subscriptions/@{{encodeURIComponent('s')}}/resourcegroups/@{{encodeURIComponent(triggerBody()?['g'])}}/providers/@{{encodeURIComponent('Microsoft.Authorization')}}/@{{encodeURIComponent({resource})}}"
        );
        let action = format!(
            r#""A":{{"type":"ApiConnection","inputs":{{"method":"delete","path":"{path}","host":{{"connection":{{"name":"@parameters('$connections')['arm']['connectionId']"}}}}}}}}"#
        );
        let w = template(r#""Name":{"type":"string"}"#, "", "", &action).remove(0);
        let step = step(&w, "A").clone();
        let Value::Expr(url) = &step.request.as_ref().unwrap().url else { panic!() };
        let Term::Template(parts) = &url.term else { panic!() };
        (step.operation.to_string(), parts.clone())
    };
    let (operation, parts) = of("'roleAssignments/1'");
    let start = "/subscriptions/s/resourcegroups/";
    assert_eq!(operation, format!("DELETE {start}{{}}/providers/Microsoft.Authorization/roleAssignments/1"));
    assert_eq!(parts[0], Term::Text(format!("https://management.azure.com/{start}").into()));
    assert_eq!(parts[1], Term::Ref(Reference::keys(Root::Trigger, "g")));
    let (operation, parts) = of("triggerBody()?['resource']");
    assert_eq!(operation, format!("DELETE {start}{{}}/providers/Microsoft.Authorization/{{}}"));
    assert_eq!((parts.len(), &parts[0]), (2, &Term::Text("https://management.azure.com/".into())));
}

#[test]
fn a_connection_whose_key_is_computed_is_not_guessed() {
    let connector = |key: &str| {
        let action = format!(
            r#""A":{{"type":"ApiConnection","inputs":{{"method":"post","path":"/x","host":{{"connection":{{"name":"@parameters('$connections')[{key}]['connectionId']"}}}}}}}}"#
        );
        let w = template(r#""Name":{"type":"string"}"#, "", "", &action).remove(0);
        step(&w, "A").connector.clone()
    };
    assert_eq!(connector("concat('servicebus_', rand(1,3))"), "servicebus");
    assert_eq!(connector("variables('c')"), "");
    assert_eq!(connector(" 'azuread' "), "azuread");
}

#[test]
fn nested_templates_have_names_of_their_own() {
    let logic = r#"{"type":"Microsoft.Logic/workflows","name":"[parameters('n')]","properties":{"definition":{"triggers":{},"actions":{}}}}"#;
    let nested = |scope: &str| {
        let text = format!(
            r#"{{"contentVersion":"1","parameters":{{"n":{{"defaultValue":"outer"}}}},"resources":[{{"type":"Microsoft.Resources/deployments","name":"d","properties":{{
            "expressionEvaluationOptions":{{"scope":"{scope}"}},"parameters":{{"n":{{"value":"[concat('from ', parameters('n'))]"}}}},
            "template":{{"parameters":{{"n":{{"type":"string"}}}},"resources":[{logic}]}}}}}}]}}"#
        );
        workflows(&text).remove(0).name
    };
    assert_eq!(nested("inner"), "from outer");
    assert_eq!(nested("outer"), "outer");
    let kept = logic.replace("[parameters", "[[parameters");
    let content = format!(
        r#"{{"contentVersion":"1","resources":[{{"type":"contentTemplates","properties":{{"mainTemplate":{{"parameters":{{"n":{{"defaultValue":"installed"}}}},"resources":[{kept},{kept}]}}}}}}]}}"#
    );
    let both = workflows(&content);
    assert_eq!((both.len(), both[0].name.as_str()), (2, "installed"));
}

#[test]
fn variables_that_grow_or_turn_in_circles_end() {
    let mut variables =
        vec![r#""v0":"xxxxxxxxxxxxxxxxxxxx","a":"[variables('b')]","b":"[variables('a')]""#.to_owned()];
    for i in 1..40 {
        variables.push(format!(r#""v{i}":"[concat(variables('v{0}'), variables('v{0}'))]""#, i - 1));
    }
    let actions = r#""A":{"type":"Compose","inputs":"[variables('v39')]"},"B":{"type":"Compose","inputs":"[variables('a')]"}"#;
    let w = template(r#""Name":{"type":"string"}"#, &variables.join(","), "", actions).remove(0);
    assert_eq!(w.steps.len(), 2);
}

#[test]
fn triggers_say_who_may_start() {
    let of = |trigger: &str| {
        let w = workflows(&format!(
            r#"{{"definition":{{"triggers":{{"t":{trigger}}},"actions":{{}}}},"kind":"Stateful"}}"#
        ));
        let t = &w[0].triggers[0];
        (t.kind, t.authenticated, t.caller_data)
    };
    let hook = |api: &str, path: &str| {
        of(&format!(
            r#"{{"type":"ApiConnectionWebhook","inputs":{{"path":"{path}","host":{{"connection":{{"referenceName":"{api}"}}}}}}}}"#
        ))
    };
    assert_eq!(of(r#"{"type":"Request","kind":"Http"}"#), (TriggerKind::External, Some(true), true));
    assert_eq!(of(r#"{"type":"Recurrence"}"#), (TriggerKind::Schedule, Some(true), false));
    assert_eq!(hook("azuresentinel", "/incident-creation"), (TriggerKind::Event, Some(true), false));
    assert_eq!(hook("office365", "/Mail/OnNewEmail"), (TriggerKind::Mail, Some(false), true));
    assert_eq!(hook("teams", "/trigger/x"), (TriggerKind::Chat, Some(true), true));
}

struct Application;

impl Files for Application {
    fn read(&self, relative: &str) -> Option<Vec<u8>> {
        let text = match relative {
            "../connections.json" => {
                r#"{"managedApiConnections":{"dir":{"api":{"id":"/subscriptions/s/providers/Microsoft.Web/locations/l/managedApis/azuread"}}}}"#
            }
            "../parameters.json" => r#"{"tenant":{"type":"String","value":"contoso"}}"#,
            _ => return None,
        };
        Some(text.as_bytes().to_vec())
    }

    fn list(&self, _: &str) -> Vec<String> {
        Vec::new()
    }
}

#[test]
fn a_standard_workflow_takes_its_name_and_connections_from_its_application() {
    let text = r#"{"definition":{"triggers":{},"actions":{"A":{"type":"ApiConnection","inputs":{"method":"get","path":"/p/@{parameters('tenant')}","host":{"connection":{"referenceName":"dir"}}}}}},"kind":"Stateful"}"#;
    let imported = crate::import("app/Offboard/workflow.json", text.as_bytes(), &Application);
    let Verdict::Workflows(found) = imported.verdict else { panic!("no workflow") };
    assert_eq!(found[0].name, "Offboard");
    let step = step(&found[0], "A");
    assert_eq!((step.connector.as_str(), step.operation.as_str()), ("azuread", "GET /p/contoso"));
}

#[test]
fn what_stands_beside_logic_apps_is_named() {
    let verdict = |text: &str| match crate::import("x.json", text.as_bytes(), &NoFiles).verdict {
        Verdict::NotWorkflow(what) => what,
        other => panic!("{other:?}"),
    };
    assert!(
        verdict(r#"{"$schema":"https://x/deploymentTemplate.json#","resources":[]}"#)
            .contains("without a logic app")
    );
    let custom =
        r#"{"contentVersion":"1","resources":[{"type":"Microsoft.Web/customApis","properties":{}}]}"#;
    assert!(verdict(custom).contains("custom connector"));
    assert!(
        verdict(r#"{"$schema":"https://x/deploymentParameters.json#","parameters":{}}"#)
            .contains("parameters")
    );
    assert!(verdict(r#"{"managedApiConnections":{}}"#).contains("connections"));
    assert!(verdict(r#"{"version":"2.0","extensionBundle":{}}"#).contains("host settings"));
}

/// Counted by walking the parsed files for maps with `actions` beside `triggers`.
const CORPUS_WORKFLOWS: usize = 582;

#[test]
fn every_file_of_the_corpus_has_a_verdict() {
    let Some(found) = crate::wdl::tests::corpus("logicapps") else {
        println!("skipped: no corpus of Logic Apps beside the repository");
        return;
    };
    let ours = found.iter().flatten().filter(|w| w.platform == Platform::LogicApps);
    assert!(ours.clone().count() >= CORPUS_WORKFLOWS, "{}", ours.count());
    let steps: usize = ours.map(|w| w.own_steps().count()).sum();
    assert!(steps >= 9_000, "{steps}");
}
