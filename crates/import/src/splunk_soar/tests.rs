//! Playbooks of our own making, in both layouts, and the public ones where they are at hand.

use crate::{NoFiles, Verdict, import};
use workflow::{EdgeKind, Join, Node, Outcome, StepKind, TriggerKind, Value, Workflow};

fn playbook(nodes: &str, edges: &[(&str, &str, Option<u32>)]) -> String {
    let each = edges.iter().map(|(from, to, case)| {
        let taken = case.map_or(String::new(), |c| format!(r#""conditions":[{{"index":{c}}}],"#));
        format!(r#"{{{taken}"id":"p","sourceNode":"{from}","sourcePort":"{from}_out","targetNode":"{to}","targetPort":"{to}_in"}}"#)
    });
    format!(
        r#"{{"labels":["events"],"create_time":"2026","coa":{{"schema":"5.0.10","playbook_type":"automation","data":{{"description":"d","nodes":{{"0":{{"id":"0","type":"start","data":{{"functionName":"on_start","type":"start"}}}},{nodes}}},"edges":[{}]}}}}}}"#,
        each.collect::<Vec<_>>().join(",")
    )
}

fn one(text: &str) -> Workflow {
    let imported = import("books/leaver.json", text.as_bytes(), &NoFiles);
    assert!(imported.problems.is_empty(), "{:?}", imported.problems);
    let Verdict::Workflows(mut all) = imported.verdict else { unreachable!("workflows") };
    all.remove(0)
}

fn edges(w: &Workflow) -> Vec<String> {
    let id = |n: Node| match n {
        Node::Trigger(_) => "trigger".to_owned(),
        Node::Step(s) => w.step(s).map(|s| s.id.to_string()).unwrap_or_default(),
    };
    let kind = |k: &EdgeKind| match k {
        EdgeKind::Next => String::new(),
        EdgeKind::When { case, .. } => format!("={case}"),
        EdgeKind::Otherwise { case } => format!("~{case}"),
        other => format!("{other:?}").to_lowercase(),
    };
    let mut found: Vec<String> = w
        .edges
        .iter()
        .map(|e| format!("{} -{}> {}", id(e.from), kind(&e.kind), id(Node::Step(e.to))))
        .collect();
    found.sort();
    found
}

const PROMPT: &str = r#""1":{"id":"1","type":"prompt","data":{"functionName":"ask_1","approver":{"type":"role","value":"Incident Commander"},"message":"{0}?","parameters":["artifact:*.cef.user"],"responseTime":30,"responses":[{"responseOptions":["Yes","No"],"responseType":"yes/no"}]}}"#;
const DECISION: &str = r#""2":{"id":"2","type":"decision","data":{"functionName":"decision_1","conditions":[{"customName":"go","type":"if","logic":"and","comparisons":[{"op":"==","param":"ask_1:action_result.summary.responses.0","value":"Yes"}]},{"display":"Else","type":"else","comparisons":[{"op":"==","param":"","value":""}]}]}}"#;
const DISABLE: &str = r#""3":{"id":"3","type":"action","x":5,"data":{"functionName":"off","connector":"AD LDAP","connectorVersion":"v1","connectorConfigs":["ad"],"action":"disable account","parameters":{"user":"filtered-data:filter_1:condition_1:artifact:*.cef.user"}}}"#;

fn asked() -> String {
    playbook(
        &format!("{PROMPT},{DECISION},{DISABLE}"),
        &[("0", "1", None), ("1", "2", None), ("2", "3", Some(0))],
    )
}

#[test]
fn a_prompt_goes_on_whatever_comes_of_it() {
    let w = one(&asked());
    assert_eq!(
        edges(&w),
        ["1 -> 2", "1 -error> 2", "1 -timeout> 2", "2 -=go> 3", "2 -~Else> 2/1/end", "trigger -> 1"]
    );
    let ask = w.steps.iter().find_map(|s| s.ask.clone()).unwrap_or_default();
    assert_eq!((ask.approver, ask.timeout_seconds), (Value::text("Incident Commander"), Some(1800)));
    assert_eq!((ask.positive, ask.negative), (vec!["Yes".into()], vec!["No".into()]));
    assert_eq!((w.name.as_str(), w.triggers[0].kind), ("leaver", TriggerKind::Event));
    assert_eq!(w.credentials[0].id, "ad");
    let condition = w.edges.iter().find_map(|e| match &e.kind {
        EdgeKind::When { condition, .. } => Some(format!("{:?}", condition.term)),
        _ => None,
    });
    let read = "path: [Key(\"action_result\"), Key(\"summary\"), Key(\"responses\"), Key(\"0\")]";
    assert_eq!(
        condition,
        Some(format!("Call(Equals, [Ref(Reference {{ root: Step(\"1\"), {read} }}), Text(\"Yes\")])"))
    );
    let user = w.steps.iter().find(|s| s.id == "3").map(|s| format!("{:?}", s.parameters.get("user")));
    assert!(user.is_some_and(|u| {
        u.contains("root: Trigger, path: [Key(\"artifact\"), Each, Key(\"cef\"), Key(\"user\")]")
    }));
}

#[test]
fn a_block_behind_several_waits_for_those_that_are_required() {
    let joined = |more: &str| {
        let action = |id: &str, more: &str| {
            format!(
                r#""{id}":{{"id":"{id}","type":"action","data":{{"functionName":"a{id}","action":"get user"{more}}}}}"#
            )
        };
        let nodes = [action("1", ""), action("2", ""), action("3", more)].join(",");
        let w =
            one(&playbook(&nodes, &[("0", "1", None), ("0", "2", None), ("1", "3", None), ("2", "3", None)]));
        w.steps[2].join
    };
    assert_eq!(joined(""), Join::All);
    assert_eq!(joined(r#","advanced":{"notRequiredJoins":["a2"]}"#), Join::Any);
}

#[test]
fn a_decision_without_an_else_fails_the_run() {
    let only = DECISION.replace(
        r#",{"display":"Else","type":"else","comparisons":[{"op":"==","param":"","value":""}]}"#,
        "",
    );
    let nodes = format!("{PROMPT},{only},{DISABLE}");
    let w = one(&playbook(&nodes, &[("0", "1", None), ("1", "2", None), ("2", "3", Some(0))]));
    assert!(edges(&w).contains(&"2 -~none> 2/else/end".to_owned()), "{:?}", edges(&w));
    let end = w.find("2/else/end").and_then(|i| w.step(i)).map(|s| s.kind.clone());
    assert_eq!(end, Some(StepKind::End(Outcome::Failure)));
}

#[test]
fn the_owner_of_a_run_is_whoever_started_it() {
    let prompt = PROMPT.replace(r#"{"type":"role","value":"Incident Commander"}"#, r#""Playbook run owner""#);
    let w = one(&playbook(&prompt, &[("0", "1", None)]));
    let approver = w.steps[0].ask.clone().map(|a| format!("{:?}", a.approver)).unwrap_or_default();
    assert!(approver.contains(r#"root: Trigger, path: [Key("playbook_run"), Key("owner")]"#), "{approver}");
}

#[test]
fn code_in_place_of_a_block_acts_as_the_block() {
    let code =
        r#"    phantom.act("disable account", parameters=p)\n    phantom.act("delete user", parameters=p)"#;
    let node =
        DISABLE.replacen(r#""type":"action""#, &format!(r#""type":"action","customCode":{code:?}"#), 1);
    let w = one(&playbook(&node, &[("0", "3", None)]));
    let text = w.steps[0].code[0].text.as_text().unwrap_or_default().to_owned();
    assert!(
        !text.contains(r#"phantom.act("disable account""#) && text.contains(r#"phantom.act("delete user""#),
        "{text}"
    );
}

#[test]
fn code_calls_and_formats() {
    let nodes = [
        r##""1":{"id":"1","type":"code","userCode":"\n    # Write your custom code here...\n\n","data":{"functionName":"idle","inputParameters":["container:id"]}}"##,
        r#""2":{"id":"2","type":"code","userCode":"    phantom.act('disable user')\n","data":{"functionName":"busy"}}"#,
        r#""4":{"id":"4","type":"action","userCode":"    parameters = build()\n","data":{"functionName":"run","connector":"HTTP","action":"post data","parameters":{"location":"/api/users","body":"{\"on\": false}"}}}"#,
        r#""5":{"id":"5","type":"format","data":{"functionName":"format_1","template":"user {0} {x}","parameters":["playbook_input:user"]}}"#,
        r#""6":{"id":"6","type":"playbook","data":{"functionName":"sub","playbookName":"local/revoke","synchronous":true,"inputs":{"user":{"datapaths":["artifact:*.cef.user"]}}}}"#,
        r#""7":{"id":"7","type":"utility","data":{"functionName":"tag","customFunction":{"name":"indicator_tag","repoName":"community"},"values":{"indicator_tag":{"indicator":"container:id","_internal":["x"]}}}}"#,
    ];
    let chain: Vec<(&str, &str, Option<u32>)> = vec![
        ("0", "1", None),
        ("1", "2", None),
        ("2", "4", None),
        ("4", "5", None),
        ("5", "6", None),
        ("6", "7", None),
    ];
    let w = one(&playbook(&nodes.join(","), &chain));
    let by = |id: &str| w.steps.iter().find(|s| s.id == id).cloned();
    assert_eq!(by("1").map(|s| s.kind), Some(StepKind::Set));
    assert_eq!(by("2").map(|s| s.kind), Some(StepKind::Code));
    let post = by("4");
    assert!(post.as_ref().is_some_and(|s| s.code.iter().any(|c| c.name == "userCode")));
    assert_eq!(post.and_then(|s| s.request).map(|r| r.body.get("on").clone()), Some(Value::Bool(false)));
    let formatted = by("5").and_then(|s| s.output).map(|o| format!("{:?}", o.get("formatted_data")));
    assert!(formatted.is_some_and(|f| f.contains("Template") && f.contains(" {x}")));
    let call = by("6").map(|s| format!("{:?}", s.calls));
    assert!(call.is_some_and(|c| c.contains("Name(\"revoke\")") && c.contains("playbook_input")));
    let tag =
        by("7").map(|s| (s.connector.to_string(), s.operation.to_string(), s.parameters.entries().len()));
    assert_eq!(tag, Some(("community".into(), "indicator_tag".into(), 1)));
}

#[test]
fn the_older_layout_keeps_conditions_in_code() {
    let code = r#"def decision_1():\n    matched = phantom.decision(\n        container=container,\n        conditions=[\n            [\"ask_1:action_result.summary.responses.0\", \"==\", \"Yes\"],\n            [\"artifact:*.cef.user\", \"!=\", \"\"],\n        ])\n\n    # call connected blocks if condition 1 matched\n    if matched:\n        off()\n"#;
    let cells = format!(
        r#"{{"coa":{{"schema":4,"data":{{"joint":{{"cells":[
        {{"type":"coa.StartEnd","title":"START","id":"s"}},
        {{"type":"coa.Prompt","id":"p","name":"prompt","previous_name":"ask_1","approver":"admin","respond_in":"30","responses":[{{"response_options":["Yes","No"]}}]}},
        {{"type":"coa.Decision","id":"d","name":"decision","previous_name":"decision_1","hasElse":true,"outPorts":["out-1","out-2"],"block_code":"{code}"}},
        {{"type":"coa.Action","id":"a","action":"disable user","custom_name":"off","active_values":{{"user":"artifact:*.cef.user"}},"assets":[{{"name":"ad","app_name":"LDAP","app_version":"1.2"}}]}},
        {{"type":"coa.StartEnd","title":"END","id":"e"}},
        {{"type":"link","id":"l1","source":{{"id":"s","port":null}},"target":{{"id":"p"}}}},
        {{"type":"link","id":"l2","source":{{"id":"p","port":null}},"target":{{"id":"d"}}}},
        {{"type":"link","id":"l3","source":{{"id":"d","port":"out-1"}},"target":{{"id":"a"}}}},
        {{"type":"link","id":"l4","source":{{"id":"d","port":"out-2"}},"target":{{"id":"e"}}}}
        ]}}}}}}}}"#
    );
    let w = one(&cells);
    assert_eq!(
        edges(&w),
        ["d -=condition 1> a", "d -~else> e", "p -> d", "p -error> d", "p -timeout> d", "trigger -> p"]
    );
    let action = w.steps.iter().find(|s| s.id == "a");
    assert!(action.is_some_and(|s| s.connector == "LDAP"
        && s.connector_version == "1.2"
        && s.operation == "disable user"));
    let condition = w.edges.iter().find_map(|e| match &e.kind {
        EdgeKind::When { condition, .. } => Some(format!("{:?}", condition.term)),
        _ => None,
    });
    assert!(
        condition
            .is_some_and(|c| c.starts_with("Call(And, [Call(Equals, [Ref(Reference { root: Step(\"p\")"))
    );
}

#[test]
fn the_older_layouts_functions_and_playbooks() {
    let cells = r#"{"coa":{"schema":4,"data":{"joint":{"cells":[
        {"type":"coa.StartEnd","title":"START","id":"s"},
        {"type":"coa.CustomFunctionBlock","id":"f","name":"collect","customFunction":"community/collect_by_cef_type","cfInputs":{"container":{"dataPath":"container:id","type":"item"}}},
        {"type":"coa.CallPlaybook","id":"p","name":"sub","playbook":"local/revoke"},
        {"type":"coa.API","id":"a","api":"set status, severity","configured":[{"key":"set-status","setStatusStatus":"closed"}]}
        ]}}}}"#;
    let w = one(cells);
    let names: Vec<(&str, &str)> =
        w.steps.iter().map(|s| (s.connector.as_str(), s.operation.as_str())).collect();
    assert_eq!(
        names,
        [("community", "collect_by_cef_type"), ("phantom", "playbook"), ("phantom", "set status")]
    );
    assert!(w.steps[0].parameters.get("container").as_expression().is_some());
    assert!(format!("{:?}", w.steps[1].calls).contains("Name(\"revoke\")"));
}

#[test]
fn the_digest_knows_blocks_and_not_places() {
    let digest = |t: &str| one(t).digest;
    let first = asked();
    assert_eq!(digest(&first), digest(&first.replace(r#""x":5"#, r#""x":7"#)));
    assert_eq!(digest(&first), digest(&first.replace("2026", "2027")));
    assert_ne!(digest(&first), digest(&first.replace("disable account", "enable account")));
    assert_ne!(digest(&first), digest(&first.replace(r#""index":0"#, r#""index":1"#)));
}

#[test]
fn look_alikes_and_broken_exports() {
    let function = import("f.json", br#"{"custom_function_id":"x","inputs":[],"outputs":[]}"#, &NoFiles);
    assert!(matches!(function.verdict, Verdict::NotWorkflow(w) if w.contains("custom function")));
    let hostile = r#"{"coa":{"data":{"nodes":{"1":"text","2":{"type":5,"data":[]},"3":{"type":"decision","data":{"conditions":["x",{"comparisons":[1]}]}}},"edges":[{"sourceNode":"2","targetNode":"9"},7]}}}"#;
    let imported = import("h.json", hostile.as_bytes(), &NoFiles);
    assert_eq!(imported.problems.len(), 1);
    assert!(matches!(imported.verdict, Verdict::Workflows(_)));
}

/// Counted apart with a script: 30 playbooks with 309 blocks besides their starts, and 10 custom functions.
#[test]
fn public_playbooks() {
    let Some(root) = crate::corpus_tests::corpus("splunk-soar") else { return };
    let (mut workflows, mut steps, mut functions) = (0, 0, 0);
    for path in crate::corpus_tests::files_below(&root) {
        let bytes = std::fs::read(&path).unwrap_or_default();
        let imported = import(&path.to_string_lossy(), &bytes, &NoFiles);
        assert!(imported.problems.is_empty(), "{:?}", imported.problems);
        match imported.verdict {
            Verdict::Workflows(all) => {
                workflows += all.len();
                steps += all.iter().flat_map(Workflow::own_steps).count();
            }
            Verdict::NotWorkflow(what) => functions += usize::from(what.contains("custom function")),
            Verdict::Unreadable => {}
        }
    }
    assert_eq!((workflows, steps, functions), (30, 309, 10));
}
