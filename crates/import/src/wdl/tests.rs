//! Definitions to graphs: order, containers, failures, expressions, requests, questions.

mod loops;

use crate::{NoFiles, Verdict};
use workflow::{
    EdgeKind, Function, Join, Node, Reference, Root, Segment, Step, StepKind, Term, Value, Workflow,
};

pub(crate) fn workflows(text: &str) -> Vec<Workflow> {
    match crate::import("x.json", text.as_bytes(), &NoFiles).verdict {
        Verdict::Workflows(workflows) => workflows,
        other => panic!("{other:?}"),
    }
}

/// A workflow with these actions, started by a request.
fn of(actions: &str) -> Workflow {
    let schema = "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#";
    let text = format!(
        r#"{{"$schema":"{schema}","triggers":{{"manual":{{"type":"Request","kind":"Http"}}}},"actions":{{{actions}}}}}"#
    );
    workflows(&text).remove(0)
}

fn edges(w: &Workflow) -> Vec<String> {
    let name = |node: Node| match node {
        Node::Trigger(t) => w.triggers[t as usize].id.to_string(),
        Node::Step(s) => w.step(s).unwrap().id.to_string(),
    };
    let kind = |kind: &EdgeKind| match kind {
        EdgeKind::When { case, .. } | EdgeKind::Otherwise { case } => case.to_string(),
        other => format!("{other:?}"),
    };
    let mut all: Vec<String> = w
        .edges
        .iter()
        .map(|e| format!("{} -{}-> {}", name(e.from), kind(&e.kind), name(Node::Step(e.to))))
        .collect();
    all.sort();
    all
}

fn step<'w>(w: &'w Workflow, id: &str) -> &'w Step {
    w.step(w.find(id).unwrap()).unwrap()
}

fn compose(name: &str, inputs: &str, after: &str) -> String {
    format!(r#""{name}":{{"type":"Compose","inputs":{inputs},"runAfter":{{{after}}}}}"#)
}

/// The term of an expression that a compose action has.
fn term(expression: &str) -> Term {
    let quoted = expression.replace('\\', "\\\\").replace('"', "\\\"");
    let w =
        of(&[compose("C", "{\"a\":1}", ""), compose("T", &format!("{{\"v\":\"{quoted}\"}}"), "")].join(","));
    match step(&w, "T").output.clone().unwrap().get("v") {
        Value::Expr(e) => e.term.clone(),
        Value::Text(t) => Term::Text(t.clone()),
        Value::Bool(b) => Term::Bool(*b),
        other => panic!("{other:?}"),
    }
}

fn reference(root: Root, keys: &str) -> Term {
    Term::Ref(Reference::keys(root, keys))
}

#[test]
fn order_is_read_backwards_and_statuses_make_edges() {
    let w = of(&[
        compose("A", "1", ""),
        compose("B", "1", r#""A":["SUCCEEDED"]"#),
        compose("C", "1", r#""A":["Failed","TimedOut"]"#),
        compose("Start", "1", ""),
    ]
    .join(","));
    assert_eq!(
        edges(&w),
        ["A -Error-> C", "A -Next-> B", "A -Timeout-> C", "manual -Next-> A", "manual -Next-> Start"]
    );
    assert_eq!(step(&w, "A").on_error, workflow::OnError::Route);
}

#[test]
fn missing_and_null_orders_start_at_once() {
    let w = of(r#""A":{"type":"Compose","inputs":1},"B":{"type":"Compose","inputs":1,"runAfter":null}"#);
    assert_eq!(edges(&w), ["manual -Next-> A", "manual -Next-> B"]);
}

#[test]
fn several_predecessors_are_all_waited_for() {
    let w = of(&[
        compose("A", "1", ""),
        compose("B", "1", ""),
        compose("C", "1", r#""A":["Succeeded"],"B":["Succeeded","Failed"]"#),
    ]
    .join(","));
    assert_eq!(step(&w, "C").join, Join::All);
    let expected = ["A -Next-> C", "B -Error-> C#after1", "B -Next-> C#after1", "C#after1 -Next-> C"];
    assert_eq!(edges(&w)[..4], expected);
}

#[test]
fn what_runs_after_a_skipped_action_runs_after_the_failure_that_skipped_it() {
    let every = r#"["Succeeded","Failed","TimedOut","Skipped"]"#;
    let w = of(&[
        compose("A", "1", ""),
        compose("B", "1", r#""A":["Succeeded"]"#),
        compose("Finally", "1", &format!(r#""B":{every}"#)),
    ]
    .join(","));
    let all = edges(&w);
    assert!(all.contains(&"A -Error-> Finally".to_owned()), "{all:?}");
    assert!(all.contains(&"B -Skipped-> Finally".to_owned()), "{all:?}");
}

#[test]
fn a_handler_that_was_not_needed_lets_the_next_run() {
    let w = of(&[
        compose("Try", "1", ""),
        compose("Catch", "1", r#""Try":["Failed"]"#),
        compose("Then", "1", r#""Catch":["Succeeded","Skipped"]"#),
    ]
    .join(","));
    let expected = [
        "Catch -Next-> Then",
        "Catch -Skipped-> Then",
        "Try -Error-> Catch",
        "Try -Next-> Then",
        "manual -Next-> Try",
    ];
    assert_eq!(edges(&w), expected);
}

#[test]
fn a_condition_has_two_ways_that_meet() {
    let inner = compose("Yes", "1", "");
    let w = of(&format!(
        r#""If":{{"type":"If","expression":{{"and":[{{"equals":["@body('Ask')?['SelectedOption']","Approve"]}}]}},"actions":{{{inner}}},"else":{{"actions":{{}}}},"runAfter":{{}}}},{}"#,
        compose("After", "1", r#""If":["Succeeded"]"#)
    ));
    let expected = [
        "If -false-> If#exit",
        "If -true-> Yes",
        "If#exit -Next-> After",
        "Yes -Next-> If#exit",
        "manual -Next-> If",
    ];
    assert_eq!(edges(&w), expected);
    let condition = w.edges.iter().find_map(|e| match &e.kind {
        EdgeKind::When { condition, .. } => Some(condition.term.clone()),
        _ => None,
    });
    let answer = reference(Root::Step("Ask".into()), "SelectedOption");
    assert_eq!(condition, Some(Term::Call(Function::Equals, vec![answer, Term::Text("Approve".into())])));
    assert_eq!(step(&w, "Yes").parent, w.find("If"));
}

#[test]
fn a_switch_has_a_way_for_each_case_and_one_for_the_rest() {
    let w = of(&format!(
        r#""S":{{"type":"Switch","expression":"@variables('v')","cases":{{"One":{{"case":"1","actions":{{{}}}}},"Two":{{"case":"2","actions":{{}}}}}}}}"#,
        compose("A", "1", "")
    ));
    let expected =
        ["A -Next-> S#exit", "S -One-> A", "S -Two-> S#exit", "S -default-> S#exit", "manual -Next-> S"];
    assert_eq!(edges(&w), expected);
}

#[test]
fn a_loop_has_a_body_that_comes_back() {
    let w = of(&format!(
        r#""L":{{"type":"foreach","foreach":"@triggerBody()?['users']","actions":{{{},{}}}}},{}"#,
        compose("A", r#""@item()?['id']""#, ""),
        compose("B", "1", ""),
        compose("After", "1", r#""L":["Succeeded"]"#)
    ));
    let expected = [
        "A -Next-> L#end0",
        "B -Next-> L#end0",
        "L -Body-> L#start0",
        "L -Next-> After",
        "L#end0 -Back-> L",
        "L#start0 -Next-> A",
        "L#start0 -Next-> B",
        "manual -Next-> L",
    ];
    assert_eq!(edges(&w), expected);
    let Some(Value::Expr(output)) = &step(&w, "A").output else { panic!("no output") };
    assert_eq!(output.term, reference(Root::Item("L".into()), "id"));
    assert!(matches!(step(&w, "L").kind, StepKind::Loop(workflow::LoopKind::Each { parallel: true, .. })));
}

#[test]
fn failures_inside_a_scope_go_to_what_runs_after_its_failure() {
    let w = of(&format!(
        r#""Scope":{{"type":"Scope","actions":{{{},{}}}}},{}"#,
        compose("A", "1", ""),
        compose("B", "1", r#""A":["Succeeded"]"#),
        compose("Handler", "1", r#""Scope":["FAILED"]"#)
    ));
    let expected = [
        "A -Error-> Scope#failed",
        "A -Next-> B",
        "B -Error-> Scope#failed",
        "B -Next-> Scope#exit",
        "Scope -Next-> A",
        "Scope#failed -Next-> Handler",
        "manual -Next-> Scope",
    ];
    assert_eq!(edges(&w), expected);
}

#[test]
fn a_terminated_branch_does_not_reach_the_exit() {
    let end = r#""End":{"type":"Terminate","inputs":{"runStatus":"Failed"}}"#;
    let w = of(&format!(
        r#""If":{{"type":"If","expression":"@equals(1,2)","actions":{{{end}}}}},{}"#,
        compose("After", "1", r#""If":["Succeeded"]"#)
    ));
    assert_eq!(
        edges(&w),
        ["If -false-> If#exit", "If -true-> End", "If#exit -Next-> After", "manual -Next-> If"]
    );
    assert_eq!(step(&w, "End").kind, StepKind::End(workflow::Outcome::Failure));
}

#[test]
fn references_are_precise() {
    assert_eq!(term("@body('C')?['a'][0].b"), {
        let path = vec![Segment::Key("a".into()), Segment::Index(0), Segment::Key("b".into())];
        Term::Ref(Reference { root: Root::Step("C".into()), path })
    });
    assert_eq!(term("@outputs('X')?['body/outcome']"), reference(Root::Step("X".into()), "outcome"));
    assert_eq!(term("@outputs('X')['body']['a']"), reference(Root::Step("X".into()), "a"));
    assert_eq!(term("@outputs('c')?['body']"), reference(Root::Step("C".into()), "body"));
    assert_eq!(term("@triggerOutputs()?['headers']?['x-id']"), reference(Root::Trigger, "headers.x-id"));
    assert_eq!(term("@triggerBody()?['a']"), reference(Root::Trigger, "a"));
    assert_eq!(term("@{variables('v')}"), reference(Root::Variable("v".into()), ""));
    assert_eq!(term("@first(body('X')?['value'])?['id']"), {
        let path = vec![Segment::Key("value".into()), Segment::Index(0), Segment::Key("id".into())];
        Term::Ref(Reference { root: Root::Step("X".into()), path })
    });
    assert_eq!(term("@json(body('X'))?['id']"), reference(Root::Step("X".into()), "id"));
    assert_eq!(term("@parameters('p')"), reference(Root::Parameter("p".into()), ""));
    assert_eq!(term("@appsetting('KEY')"), reference(Root::Environment("KEY".into()), ""));
}

#[test]
fn texts_escapes_and_interpolation() {
    assert_eq!(term("plain@example.org"), Term::Text("plain@example.org".into()));
    assert_eq!(term("@@handle"), Term::Text("@handle".into()));
    assert_eq!(term("a @@{b}"), Term::Text("a @{b}".into()));
    assert_eq!(term("/x/@{encodeURIComponent('Flow bot')}"), Term::Text("/x/Flow bot".into()));
    let user = Term::Call(Function::UrlEncode, vec![reference(Root::Trigger, "u")]);
    assert_eq!(term("/users/@{encodeUriComponent(triggerBody()?['u'])}/x"), {
        Term::Template(vec![Term::Text("/users/".into()), user, Term::Text("/x".into())])
    });
    assert_eq!(term("@true"), Term::Bool(true));
}

#[test]
fn conditions_use_shared_functions() {
    let a = || reference(Root::Trigger, "a");
    assert_eq!(term("@not(empty(triggerBody()?['a']))"), {
        Term::Call(Function::Not, vec![Term::Call(Function::Empty, vec![a()])])
    });
    assert_eq!(term("@greater(length(triggerBody()?['a']), 0)"), {
        let length = Term::Call(Function::Length, vec![a()]);
        Term::Call(Function::Greater, vec![length, Term::Number("0".into())])
    });
    assert_eq!(term("@addDays(utcNow(), 7)"), {
        let now = Term::Call(Function::Now, vec![]);
        Term::Call(Function::AddTime, vec![now, Term::Number("7".into()), Term::Text("day".into())])
    });
}

#[test]
fn what_is_not_understood_keeps_its_references() {
    let Term::Unknown(found) = term("@{body('X')?['a'] + variables('v')}") else { panic!("understood") };
    assert_eq!(
        found,
        [Reference::keys(Root::Step("X".into()), "a"), Reference::keys(Root::Variable("v".into()), ""),]
    );
}

#[test]
fn raw_calls_keep_method_address_body_and_authentication() {
    let w = of(
        r#""H":{"type":"Http","inputs":{"method":"patch","uri":"https://graph.microsoft.com/v1.0/users/@{triggerBody()?['id']}",
        "body":"{\"accountEnabled\": false, \"note\": \"by @{triggerBody()?['who']}\", \"n\": @{triggerBody()?['n']}}",
        "authentication":{"type":"Basic","username":"u","password":"hunter2"}}}"#,
    );
    let step = step(&w, "H");
    let request = step.request.as_ref().unwrap();
    assert_eq!((step.connector.as_str(), request.method.as_text()), ("http", Some("PATCH")));
    assert_eq!(request.body.get("accountEnabled"), &Value::Bool(false));
    assert_eq!(
        request.body.get("n").as_expression().map(|e| e.term.clone()),
        Some(reference(Root::Trigger, "n"))
    );
    assert_eq!(request.auth, workflow::Auth::Inline);
    assert_eq!(request.body.get("note").as_expression().map(|e| e.text.as_str()), Some("by …"));
    assert_eq!(step.parameters.at("authentication.password").as_text(), Some("hunter2"));
    assert_eq!(step.retries, 4);
}

#[test]
fn connector_calls_are_a_method_and_a_path() {
    let w = of(r#""U":{"type":"ApiConnection","inputs":{"method":"patch","body":{"accountEnabled":false},
        "path":"/v1.0/users/@{encodeURIComponent(triggerBody()?['id'])}/x?y=@{1}",
        "host":{"connection":{"name":"@parameters('$connections')['azuread_1']['connectionId']"}}}}"#);
    let step = step(&w, "U");
    assert_eq!((step.connector.as_str(), step.operation.as_str()), ("azuread", "PATCH /v1.0/users/{}/x"));
    assert!(step.request.as_ref().unwrap().governed);
    assert_eq!(w.credentials[0].id, "azuread_1");
}

#[test]
fn an_approval_mail_is_a_question() {
    let w = of(
        r#""Ask":{"type":"ApiConnectionWebhook","limit":{"timeout":"PT30M"},"inputs":{"path":"/approvalmail/$subscriptions",
        "body":{"Message":{"To":"it@example.org","Options":"Approve, Reject"},"NotificationUrl":"@{listCallbackUrl()}"},
        "host":{"connection":{"name":"@parameters('$connections')['office365']['connectionId']"}}}}"#,
    );
    let step = step(&w, "Ask");
    let ask = step.ask.as_ref().unwrap();
    assert_eq!(step.operation, "POST /approvalmail/$subscriptions");
    assert_eq!((ask.approver.as_text(), ask.answer.as_str()), (Some("it@example.org"), "SelectedOption"));
    assert_eq!((&ask.positive[..], &ask.negative[..]), (&["Approve".into()][..], &["Reject".into()][..]));
    assert_eq!(ask.timeout_seconds, Some(1800));
}

#[test]
fn variables_calls_code_and_built_in_services() {
    let w = of(
        r#""Init":{"type":"InitializeVariable","inputs":{"variables":[{"name":"v","type":"string","value":"x"}]}},
        "More":{"type":"AppendToArrayVariable","inputs":{"name":"v","value":"@item()"}},
        "Call":{"type":"Workflow","inputs":{"host":{"triggerName":"manual","workflow":{"id":"/subscriptions/s/resourceGroups/g/providers/Microsoft.Logic/workflows/Child"}},"body":{"a":1}}},
        "Js":{"type":"JavaScriptCode","inputs":{"code":"return 1;"}},
        "Secret":{"type":"ServiceProvider","inputs":{"parameters":{"secretName":"n"},"serviceProviderConfiguration":{"connectionName":"kv","operationId":"getSecret","serviceProviderId":"/serviceProviders/keyVault"}}},
        "Mocked":{"type":"Http","inputs":{"method":"GET","uri":"https://x"},"runtimeConfiguration":{"staticResult":{"staticResultOptions":"Enabled"}}}"#,
    );
    assert_eq!(step(&w, "Init").assigns[0].variable, "v");
    assert!(step(&w, "More").assigns[0].adds);
    assert_eq!(step(&w, "Call").calls[0].key, workflow::CalleeKey::Name("Child".into()));
    assert_eq!(step(&w, "Js").code[0].text.as_text(), Some("return 1;"));
    let secret = step(&w, "Secret");
    assert_eq!((secret.connector.as_str(), secret.operation.as_str()), ("keyvault", "getSecret"));
    assert!(!step(&w, "Mocked").enabled);
}

#[test]
fn a_model_has_tools() {
    let w = of(&format!(
        r#""Agent":{{"type":"Agent","inputs":{{}},"tools":{{"T":{{"actions":{{{}}}}}}}}}"#,
        compose("A", r#""@agentParameters('user')""#, "")
    ));
    assert_eq!(edges(&w), ["Agent -Tool-> A", "manual -Next-> Agent"]);
    assert_eq!(step(&w, "Agent").kind, StepKind::Agent);
    let Some(Value::Expr(output)) = &step(&w, "A").output else { panic!("no output") };
    assert_eq!(output.term, reference(Root::Step("Agent".into()), "user"));
}

#[test]
fn the_digest_is_of_content_not_of_layout() {
    let digest = |actions: &str| of(actions).digest;
    let one = digest(&[compose("A", "1", ""), compose("B", "2", r#""A":["Succeeded"]"#)].join(","));
    let turned = digest(&[compose("B", "2", r#""A":["Succeeded"]"#), compose("A", "1", "")].join(", \n"));
    let noted = digest(
        r#""A":{"type":"Compose","inputs":1,"runAfter":{},"metadata":{"operationMetadataId":"x"}},"B":{"type":"Compose","inputs":2,"runAfter":{"A":["Succeeded"]}}"#,
    );
    assert_eq!((one, one), (turned, noted));
    assert_ne!(one, digest(&[compose("A", "1", ""), compose("B", "3", r#""A":["Succeeded"]"#)].join(",")));
    let within = |slot: &str| digest(&format!(r#""If":{{"type":"If","expression":"@true",{slot}}}"#));
    let a = compose("A", "1", "");
    assert_ne!(
        within(&format!(r#""actions":{{{a}}},"else":{{"actions":{{}}}}"#)),
        within(&format!(r#""actions":{{}},"else":{{"actions":{{{a}}}}}"#))
    );
}

#[test]
fn nonsense_is_no_reason_to_panic() {
    for actions in [
        r#""A":1,"B":[],"C":{"type":3,"inputs":"x","runAfter":"y"}"#,
        r#""A":{"type":"If","actions":5,"else":[],"cases":"x"}"#,
        r#""A":{"type":"Foreach","foreach":{"a":[1]},"actions":{"A":{"type":"Http","inputs":"@"}}}"#,
        r#""A":{"type":"Http","runAfter":{"A":["Succeeded"]}},"B":{"runAfter":{"Nobody":[]}}"#,
        r#""A":{"type":"Compose","inputs":"@{","runAfter":{"B":[]}},"B":{"type":"Compose","inputs":"[","runAfter":{"A":[]}}"#,
        r#""A":{"type":"ApiConnection","inputs":{"host":[],"method":{},"path":["x"],"body":"{"}}"#,
        r#""A":{"type":"OpenApiConnection","inputs":{"host":"x","parameters":"@@"}}"#,
        r#""A":{"type":"Workflow","inputs":{"host":{"workflow":{"id":[]}}}},"":{"type":"Switch","cases":{"":{"actions":{}}}}"#,
        r#""A":{"type":"Until","limit":"x","expression":[],"actions":{"A":{"type":"Terminate"}}}"#,
    ] {
        let w = of(actions);
        assert_eq!(w.triggers.len(), 1, "{actions}");
    }
}

#[test]
fn long_chains_and_deep_nests_are_bounded() {
    let mut actions = vec![compose("A0", "1", "")];
    for i in 1..2000 {
        actions.push(compose(&format!("A{i}"), "1", &format!(r#""A{}":["Succeeded"]"#, i - 1)));
        actions.push(compose(&format!("F{i}"), "1", &format!(r#""A{i}":["Skipped","Failed"]"#)));
    }
    let w = of(&actions.join(","));
    assert!(w.edges.len() < 400_000, "{}", w.edges.len());
    let deep = (0..120).fold(compose("Last", "1", ""), |inner, i| {
        format!(r#""S{i}":{{"type":"Scope","actions":{{{inner}}}}}"#)
    });
    assert_eq!(of(&deep).own_steps().count(), 121);
}

/// The workflows of each file of a platform's corpus, or nothing where there is none. Every step is on an edge,
/// in a container or at the start, and ids are unique.
pub(crate) fn corpus(platform: &str) -> Option<Vec<Vec<Workflow>>> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared");
    let shared = std::env::var("COUNTERSIGN_SHARED").unwrap_or_else(|_| beside.to_owned());
    let mut folders = vec![std::path::Path::new(&shared).join("corpus").join(platform)];
    if !folders[0].is_dir() {
        return None;
    }
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            found.extend(file(&path.to_string_lossy(), &std::fs::read(&path).unwrap()));
        }
    }
    found.iter().flatten().for_each(sound);
    Some(found)
}

fn file(path: &str, bytes: &[u8]) -> Vec<Vec<Workflow>> {
    let inner = match crate::archive::entries(bytes) {
        None => vec![(String::new(), bytes.to_vec())],
        Some(files) => files.unwrap(),
    };
    let all = inner.iter().map(|(name, bytes)| {
        let imported = crate::import(&format!("{path}/{name}"), bytes, &NoFiles);
        match imported.verdict {
            Verdict::Workflows(workflows) => workflows,
            Verdict::NotWorkflow(_) => Vec::new(),
            Verdict::Unreadable => {
                assert!(!imported.problems.is_empty(), "{path}/{name}: no reason given");
                Vec::new()
            }
        }
    });
    all.collect()
}

fn sound(w: &Workflow) {
    let ids: std::collections::HashSet<&str> = w.steps.iter().map(|s| s.id.as_str()).collect();
    assert_eq!(ids.len(), w.steps.len(), "{} has two steps of one id", w.name);
    let led_to: std::collections::HashSet<u32> = w.edges.iter().map(|e| e.to.0).collect();
    for (index, step) in w.steps.iter().enumerate() {
        let led = led_to.contains(&u32::try_from(index).unwrap());
        assert!(led || step.synthetic || w.triggers.is_empty(), "{}: nothing leads to {}", w.name, step.id);
    }
}
