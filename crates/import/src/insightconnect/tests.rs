//! Exports of our own making, in the platform's real layout, and the public ones where they are at hand.

use crate::{NoFiles, Verdict, import};
use workflow::{EdgeKind, LoopKind, Node, StepKind, TriggerKind, Value, Workflow};

/// Steps as JSON members, edges as `id from>to name parent`, triggers as JSON items.
fn export(steps: &str, edges: &[&str], triggers: &str) -> String {
    let mut nodes = Vec::new();
    let each = edges.iter().map(|e| {
        let mut words = e.split(' ');
        let (id, way) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (from, to) = way.split_once('>').unwrap_or((way, ""));
        let (name, parent) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        if !parent.is_empty() {
            nodes.extend([from, to].iter().filter(|n| !n.is_empty() && **n != parent).map(|n| format!(r#""{n}":{{"id":"{n}","parentNodeId":"{parent}"}}"#)));
        }
        format!(r#""{id}":{{"id":"{id}","name":"{name}","parentNodeId":"{parent}","fromNodeId":"{from}","toNodeId":"{to}"}}"#)
    });
    let edges: Vec<String> = each.collect();
    nodes.sort();
    nodes.dedup();
    format!(
        r#"{{"kom":{{"komandVersion":"1","exportedAt":"2026","workflowVersions":[{{"name":"Leaver","graph":{{"edges":{{{}}},"nodes":{{{}}}}},"steps":{{{steps}}}}}],"triggers":[{triggers}]}}}}"#,
        edges.join(","),
        nodes.join(",")
    )
}

fn one(text: &str) -> Workflow {
    let imported = import("x.icon", text.as_bytes(), &NoFiles);
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

const TRIGGER: &str = r#""t":{"type":"trigger","name":"Start","triggerId":"tr"}"#;
const DISABLE: &str = r#""off":{"type":"action","name":"Off","identifier":"disable_user","continueOnFailure":true,"plugin":{"slugVendor":"rapid7","slugName":"active_directory_ldap","slugVersion":"5.0.1"},"parameters":{"input":{"distinguished_name":"{{[t].[user dn]}}"}}}"#;

fn decided(timeout: &str) -> String {
    let ask = format!(
        r#""ask":{{"type":"decision_chatops","name":"Sure?","chatOpsAppName":"slack","parameters":{{"recipient":"{{{{[t].[channel]}}}}","timeout":60,"timeoutDisplayUnit":"hours","timeoutEdgeId":"{timeout}","options":[{{"answer":"Yes","edgeId":"e2","isTimeoutOnly":false}},{{"answer":"No","edgeId":"e3","isTimeoutOnly":false}},{{"answer":"timeout","edgeId":"e4","isTimeoutOnly":true}}]}}}}"#
    );
    let steps = format!("{TRIGGER},{ask},{DISABLE}");
    export(
        &steps,
        &["e1 t>ask", "e2 ask>off Yes", "e3 ask> No", "e4 ask> timeout", "e5 off>"],
        r#"{"id":"tr","type":"trigger_api","options":{"webhookEnabled":true}}"#,
    )
}

#[test]
fn answers_are_edges_and_silence_has_its_own() {
    let w = one(&decided("e4"));
    assert_eq!(edges(&w), ["ask -=No> e3/end", "ask -=Yes> off", "ask -timeout> e4/end", "trigger -> ask"]);
    let ask = w.steps.iter().find(|s| s.id == "ask").and_then(|s| s.ask.clone()).unwrap_or_default();
    assert!(ask.decides && ask.timeout_seconds == Some(60) && !ask.approver.is_empty());
    assert_eq!((w.triggers[0].kind, w.triggers[0].authenticated), (TriggerKind::Webhook, Some(false)));
    let off = w.steps.iter().find(|s| s.id == "off");
    assert!(off.is_some_and(|s| s.connector == "active_directory_ldap"
        && s.operation == "disable_user"
        && s.connector_version == "5.0.1"
        && !s.third_party));
    let whom = off.map(|s| format!("{:?}", s.parameters.get("distinguished_name"))).unwrap_or_default();
    assert!(whom.contains("root: Trigger, path: [Key(\"user dn\")]"), "{whom}");
}

#[test]
fn silence_may_be_a_yes() {
    let w = one(&decided("e2"));
    assert!(edges(&w).contains(&"ask -timeout> off".to_owned()), "{:?}", edges(&w));
}

#[test]
fn loops_joins_and_breaks() {
    let condition = r#"{"type":"binary","op":"=","left":{"type":"variable","name":"each.$item.state"},"right":{"type":"literal","value":"left"}}"#;
    let steps = [
        TRIGGER.to_owned(),
        r#""each":{"type":"loop","name":"Each","parameters":{"innerEdgeId":"e2","nextEdgeId":"e7","repeatVariable":"{{[t].[users]}}","customOutput":[{"name":"Done","input":{"value":"{{[off].[success]}}"}}]}}"#.to_owned(),
        format!(r#""if":{{"type":"automated_decision","name":"Left?","parameters":{{"defaultEdgeId":"e4","stepControlParams":[{{"edgeId":"e3","expression":{condition},"expressionText":"state"}},{{"edgeId":"e4","expression":{{}}}}]}}}}"#),
        DISABLE.to_owned(),
        format!(r#""stop":{{"type":"break","name":"Stop","parameters":{{"stepControlParam":{{"edgeId":"e6","expression":{condition}}}}}}}"#),
        r#""join":{"type":"join","name":"J","parameters":{"decisionEdgeIds":["e3","e4"],"variableSets":[{"name":"Who","variables":{"e3":"{{[t].[a]}}","e4":"nobody"}}]}}"#.to_owned(),
        r#""after":{"type":"action_chatops","chatOpsAppName":"slack","name":"Tell","parameters":{"input":{"message":"{{[each].[Done]}}"}}}"#.to_owned(),
    ];
    let text = export(
        &steps.join(","),
        &[
            "e1 t>each",
            "e2 each>if - each",
            "e3 if>off yes each",
            "e4 if>join no each",
            "e5 off>join - each",
            "e8 join>stop - each",
            "e6 stop> - each",
            "e7 each>after",
        ],
        r#"{"id":"tr","type":"trigger_chatops"}"#,
    );
    let w = one(&text);
    assert_eq!(
        edges(&w),
        [
            "e3/values -> off",
            "e4/values -> join",
            "e6/end -back> each",
            "each -> after",
            "each -body> if",
            "if -=yes> e3/values",
            "if -~no> e4/values",
            "join -> stop",
            "off -> join",
            "off -error> join",
            "stop -=break> stop/break",
            "stop -~-> e6/end",
            "stop/break -back> each",
            "trigger -> each",
        ]
        .map(|e| if e == "stop -~-> e6/end" { "stop -~continue> e6/end" } else { e })
    );
    let each = w.steps.iter().find(|s| s.id == "each");
    assert!(each.is_some_and(|s| matches!(s.kind, StepKind::Loop(LoopKind::Each { bound: None, .. }))));
    let condition = w.edges.iter().find_map(|e| match &e.kind {
        EdgeKind::When { case, condition } if case == "yes" => Some(format!("{:?}", condition.term)),
        _ => None,
    });
    assert_eq!(
        condition.as_deref(),
        Some(
            "Call(Equals, [Ref(Reference { root: Item(\"each\"), path: [Key(\"state\")] }), Text(\"left\")])"
        )
    );
    assert!(w.steps.iter().any(|s| s.id == "e4/values"
        && s.assigns.iter().any(|a| a.variable == "join.Who" && a.value == Value::text("nobody"))));
    assert_eq!(w.triggers[0].kind, TriggerKind::Chat);
}

#[test]
fn code_requests_and_calls() {
    let steps = [
        TRIGGER.to_owned(),
        r#""py":{"type":"action","identifier":"run","plugin":{"slugVendor":"rapid7","slugName":"python_3_script"},"parameters":{"input":{"function":"def run(params={}):\n    return {{[t].[x]}}"}}}"#.to_owned(),
        r#""post":{"type":"action","identifier":"post","plugin":{"slugVendor":"acme","slugName":"rest"},"parameters":{"input":{"route":"/api/v1/users/{{[t].[id]}}","body":"{\"on\": false, \"why\": {{[t].[why]}}}"}}}"#.to_owned(),
        r#""start":{"type":"action","identifier":"post","plugin":{"slugVendor":"rapid7","slugName":"rest"},"parameters":{"input":{"route":"abc/events/execute","body":{"user":"{{[t].[id]}}"}}}}"#.to_owned(),
    ];
    let w = one(&export(&steps.join(","), &["e1 t>py", "e2 py>post", "e3 post>start"], ""));
    assert_eq!(w.steps[0].code.len(), 1);
    let request = w.steps[1].request.clone().unwrap_or_default();
    assert_eq!(request.body.get("on"), &Value::Bool(false));
    assert!(request.body.get("why").as_expression().is_some());
    assert!(w.steps[1].third_party);
    assert_eq!(format!("{:?}", w.steps[2].calls[0].key), "Id(\"abc\")");
}

#[test]
fn the_digest_knows_steps_and_not_icons() {
    let digest = |t: &str| one(t).digest;
    let first = decided("e4");
    assert_eq!(
        digest(&first),
        digest(&first.replace(r#""name":"Off""#, r#""name":"Off","defaultImageData":"AAAA""#))
    );
    assert_eq!(digest(&first), digest(&first.replace("2026", "2027")));
    assert_ne!(digest(&first), digest(&first.replace("disable_user", "enable_user")));
    assert_ne!(digest(&first), digest(&decided("e2")));
}

#[test]
fn what_is_broken_is_said() {
    let hostile = [
        r#"{"kom":{"workflowVersions":[{"name":5,"graph":{"edges":{"a":"b","c":{"fromNodeId":"x"}},"nodes":{"n":[]}},"steps":{"s":"text","u":{"type":[],"parameters":"p","plugin":"q"}}}],"komandVersion":1}}"#,
        r#"{"kom":{"workflowVersions":["text",{"graph":3}],"komandVersion":"1"}}"#,
    ];
    for text in hostile {
        assert!(!import("x", text.as_bytes(), &NoFiles).problems.is_empty());
    }
    let empty = import("x", br#"{"kom":{"workflowVersions":[],"komandVersion":"1"}}"#, &NoFiles);
    assert!(matches!(empty.verdict, Verdict::NotWorkflow(_)));
}

/// Counted apart with a script: 40 workflows with 526 steps besides their triggers.
#[test]
fn public_workflows() {
    let Some(root) = crate::corpus_tests::corpus("insightconnect") else { return };
    let (mut workflows, mut steps) = (0, 0);
    for path in crate::corpus_tests::files_below(&root) {
        let bytes = std::fs::read(&path).unwrap_or_default();
        let imported = import(&path.to_string_lossy(), &bytes, &NoFiles);
        assert!(imported.problems.is_empty(), "{:?}", imported.problems);
        if let Verdict::Workflows(all) = imported.verdict {
            workflows += all.len();
            steps += all.iter().flat_map(Workflow::own_steps).count();
            assert!(all.iter().all(|w| w.triggers.len() == 1));
        }
    }
    assert_eq!((workflows, steps), (40, 526));
}

#[test]
fn what_a_shaping_plugin_gives_is_what_it_was_given() {
    let strip = r#""strip":{"type":"action","name":"Strip","plugin":{"slugVendor":"rapid7","slugName":"html","slugVersion":"1.2.3"},"identifier":"text","parameters":{"input":{"doc":"{{[t].[message]}}"}}}"#;
    let text = export(
        &format!("{TRIGGER},{strip}"),
        &["e1 t>strip", "e2 strip>"],
        r#"{"id":"tr","type":"trigger_chatops"}"#,
    );
    let w = one(&text);
    let given =
        w.steps.iter().find(|s| s.id == "strip").map(|s| format!("{:?}", s.output)).unwrap_or_default();
    assert!(given.contains("root: Trigger, path: [Key(\"message\")]"), "{given}");
}

#[test]
fn a_script_that_is_kept_as_bytes_is_read() {
    let told = |operation: &str, script: &str| {
        let step = format!(
            r#""ps":{{"type":"action","name":"Run","identifier":"{operation}","plugin":{{"slugVendor":"rapid7","slugName":"powershell"}},"parameters":{{"input":{{"script":"{script}"}}}}}}"#
        );
        let w =
            one(&export(&format!("{TRIGGER},{step}"), &["e1 t>ps"], r#"{"id":"tr","type":"trigger_api"}"#));
        w.steps.iter().find(|s| s.id == "ps").map(|s| s.code[0].text.clone())
    };
    let bytes = "RGlzYWJsZS1BREFjY291bnQgLUlkZW50aXR5IGFkYQ==";
    assert_eq!(told("execute_script", bytes), Some(Value::text("Disable-ADAccount -Identity ada")));
    assert_eq!(told("powershell_string", bytes), Some(Value::text(bytes)));
    assert_eq!(told("execute_script", "Get-ADUser ada"), Some(Value::text("Get-ADUser ada")));
}
