//! Tests of the Node-RED importer, on flows of our own in its format.

use crate::{Imported, NoFiles, Verdict, import};
use workflow::{CalleeKey, EdgeKind, Node, StepKind, Term, TriggerKind, Value, Workflow};

fn imported(text: &str) -> Imported {
    import("flows.json", text.as_bytes(), &NoFiles)
}

fn workflows(text: &str) -> Vec<Workflow> {
    match imported(text).verdict {
        Verdict::Workflows(found) => found,
        other => panic!("{other:?}"),
    }
}

/// A node on tab `t1`, wired to others: outputs are separated by `|`, targets by blanks.
fn node(id: &str, kind: &str, wires: &str, more: &str) -> String {
    let targets = |o: &str| o.split_whitespace().map(|t| format!("{t:?}")).collect::<Vec<_>>().join(",");
    let wires: Vec<String> = wires.split('|').map(|o| format!("[{}]", targets(o))).collect();
    let more = if more.is_empty() { String::new() } else { format!(", {more}") };
    format!(
        r#"{{"id": "{id}", "type": "{kind}", "z": "t1", "x": 1, "y": 2, "wires": [{}]{more}}}"#,
        wires.join(",")
    )
}

fn tab(nodes: &[String]) -> Vec<Workflow> {
    let tab = r#"{"id": "t1", "type": "tab", "label": "Main", "disabled": false, "info": ""}"#;
    workflows(&format!("[{tab}, {}]", nodes.join(",")))
}

fn edges(w: &Workflow) -> Vec<String> {
    let name = |node: Node| match node {
        Node::Trigger(t) => w.triggers[t as usize].id.to_string(),
        Node::Step(s) => w.step(s).unwrap().id.to_string(),
    };
    let kind = |k: &EdgeKind| if *k == EdgeKind::Next { "next".to_owned() } else { k.label().to_owned() };
    w.edges
        .iter()
        .map(|e| format!("{} -{}> {}", name(e.from), kind(&e.kind), name(Node::Step(e.to))))
        .collect()
}

fn step<'w>(w: &'w Workflow, id: &str) -> &'w workflow::Step {
    w.step(w.find(id).unwrap()).unwrap()
}

fn shown(value: &Value) -> String {
    value.as_expression().map(|e| format!("{:?}", e.term)).unwrap_or_default()
}

#[test]
fn a_flow_is_a_workflow_with_conditions_and_failures() {
    let rules = r#""property": "payload.ok", "propertyType": "msg", "checkall": "false",
        "rules": [{"t": "eq", "v": "yes", "vt": "str"}, {"t": "else"}]"#;
    let all = tab(&[
        node("in", "http in", "sw", r#""url": "/leave", "method": "post""#),
        node("sw", "switch", "req|res", rules),
        node(
            "req",
            "http request",
            "res",
            r#""method": "DELETE", "url": "https://x/users/{{{payload.id}}}""#,
        ),
        node("res", "http response", "", ""),
        node("catch", "catch", "res", r#""scope": null"#),
    ]);
    let w = &all[0];
    assert_eq!((w.name.as_str(), w.id.as_deref(), w.enabled), ("Main", Some("t1"), Some(true)));
    assert_eq!((w.triggers[0].kind, w.triggers[0].authenticated), (TriggerKind::Webhook, Some(false)));
    let expected = [
        "in -next> sw",
        "sw -1> req",
        "sw -2> res",
        "req -next> res",
        "req -error> res",
        "catch -next> res",
        "req -error> catch",
        "res -error> catch",
    ];
    assert_eq!(edges(w), expected);
    let EdgeKind::When { condition, .. } = &w.edges[1].kind else { panic!("no condition") };
    assert!(format!("{:?}", condition.term).contains(
        "Equals, [Ref(Reference { root: Trigger, path: [Key(\"payload\"), Key(\"ok\")] }), Text(\"yes\")]"
    ));
    let request = step(w, "req").request.as_ref().unwrap();
    assert_eq!((request.method.as_text(), step(w, "req").connector.as_str()), (Some("DELETE"), "http"));
    assert!(matches!(&request.url.as_expression().unwrap().term, Term::Template(parts) if parts.len() == 2));
}

#[test]
fn messages_are_followed_to_what_set_them() {
    let func = r#""func": "// make it\nconst id = msg.payload.user;\nmsg.url = 'https://x/u/' + id;\nmsg.method = 'PATCH';\nmsg.payload = { accountEnabled: false };\nreturn msg;""#;
    let all = tab(&[
        node("in", "inject", "fn", r#""repeat": "", "crontab": "0 1 * * *""#),
        node("fn", "function", "wait", func),
        node("wait", "delay", "req", ""),
        node("req", "http request", "out", r#""method": "use", "url": """#),
        node("out", "debug", "", ""),
    ]);
    let w = &all[0];
    assert_eq!(w.triggers[0].kind, TriggerKind::Schedule);
    let output = step(w, "fn").output.as_ref().unwrap();
    assert_eq!(output.get("method").as_text(), Some("PATCH"));
    assert_eq!(output.at("payload.accountEnabled").as_bool(), Some(false));
    assert!(shown(output.get("url")).contains("root: Trigger, path: [Key(\"payload\"), Key(\"user\")]"));
    let request = step(w, "req").request.as_ref().unwrap();
    assert!(shown(&request.url).contains("Step(\"fn\"), path: [Key(\"url\")]"), "{:?}", request.url);
    assert!(shown(&request.body).contains("Step(\"fn\"), path: [Key(\"payload\")]"));
}

#[test]
fn a_function_says_when_a_message_leaves_by_which_output() {
    let func = r#""func": "if (msg.payload.state !== 'approved') {\n  return [null, msg];\n}\nmsg.who = msg.payload.user;\nreturn [msg, null];", "outputs": 2"#;
    let w = &tab(&[
        node("in", "http in", "fn", ""),
        node("fn", "function", "a|b", func),
        node("a", "debug", "", ""),
        node("b", "debug", "", ""),
    ])[0];
    assert_eq!(edges(w), ["in -next> fn", "fn -1> a", "fn -2> b"]);
    let condition = |edge: usize| match &w.edges[edge].kind {
        EdgeKind::When { condition, .. } => format!("{:?}", condition.term),
        other => panic!("{other:?}"),
    };
    let compared =
        r#"[Ref(Reference { root: Trigger, path: [Key("payload"), Key("state")] }), Text("approved")]"#;
    assert_eq!(condition(1), format!("Call(Not, [Call(NotEquals, {compared})])"));
    assert_eq!(condition(2), format!("Call(NotEquals, {compared})"));
    assert!(step(w, "fn").passes_input);
}

#[test]
fn a_function_that_may_return_nothing_is_a_condition() {
    let one = |func: &str| {
        let func = format!(r#""func": {func:?}"#);
        let w = &tab(&[
            node("in", "inject", "fn", ""),
            node("fn", "function", "a", &func),
            node("a", "file", "", ""),
        ])[0];
        edges(w)[1].clone()
    };
    assert_eq!(one("if (!msg.ok) return;\nreturn msg;"), "fn -1> a");
    assert_eq!(one("if (!msg.ok) { msg.ok = true; }\nreturn msg;"), "fn -next> a");
    assert_eq!(one("msg.topic = 'x';\nnode.send(msg);"), "fn -next> a");
    assert_eq!(one("return msg.ok ? msg : null;"), "fn -1> a");
}

#[test]
fn a_function_that_is_not_understood_gives_what_it_names() {
    let func = r#""func": "class A {}\nmsg.payload = new A(msg.req.body); return msg;""#;
    let w = &tab(&[
        node("in", "http in", "fn", ""),
        node("fn", "function", "a", func),
        node("a", "file", "", ""),
    ])[0];
    assert_eq!(edges(w)[1], "fn -next> a");
    assert!(shown(step(w, "fn").output.as_ref().unwrap()).starts_with("Unknown([Reference { root: Trigger"));
    assert!(!step(w, "fn").passes_input);
}

#[test]
fn what_is_called_gets_the_message() {
    let w = &tab(&[
        node("in", "http in", "set", ""),
        node(
            "set",
            "change",
            "call",
            r#""rules": [{"t": "set", "p": "user", "pt": "msg", "to": "req.body.u", "tot": "msg"}]"#,
        ),
        node("call", "link call", "", r#""links": ["l"]"#),
        node("l", "link in", "r", ""),
        node("r", "link out", "", r#""mode": "return""#),
    ])[0];
    assert!(shown(&step(w, "call").calls[0].input).contains("Step(\"set\"), path: []"));
}

#[test]
fn change_nodes_set_properties_and_variables() {
    let rules = r#""rules": [
        {"t": "set", "p": "payload", "pt": "msg", "to": "{\"a\": 1}", "tot": "json"},
        {"t": "set", "p": "who", "pt": "flow", "to": "req.body.user", "tot": "msg"},
        {"t": "set", "p": "ok", "pt": "msg", "to": "payload.n > 3 and $count(payload.list) = 0", "tot": "jsonata"},
        {"t": "delete", "p": "topic", "pt": "msg"}]"#;
    let all = tab(&[node("in", "http in", "c", r#""url": "/x""#), node("c", "change", "", rules)]);
    let change = step(&all[0], "c");
    let output = change.output.as_ref().unwrap();
    assert!(matches!(output.at("payload.a"), Value::Number(n) if n == "1"));
    assert_eq!(change.assigns[0].variable, "flow.who");
    assert!(
        shown(&change.assigns[0].value)
            .contains("Trigger, path: [Key(\"req\"), Key(\"body\"), Key(\"user\")]")
    );
    assert!(shown(output.get("ok")).starts_with("Call(And, [Call(Greater,"), "{}", shown(output.get("ok")));
}

#[test]
fn an_object_in_jsonata_is_data() {
    let rules = r#""rules": [{"t": "set", "p": "payload", "pt": "msg", "tot": "jsonata",
        "to": "{\"profile\": {\"login\": payload.mail}, \"groups\": [\"staff\"]}"}]"#;
    let all = tab(&[node("in", "http in", "c", r#""url": "/x""#), node("c", "change", "", rules)]);
    let output = step(&all[0], "c").output.as_ref().unwrap();
    let login = shown(output.at("payload.profile.login"));
    assert!(login.contains("Trigger, path: [Key(\"payload\"), Key(\"mail\")]"), "{login}");
    assert!(matches!(output.at("payload.groups"), Value::List(items) if items[0].as_text() == Some("staff")));
}

#[test]
fn a_dialog_asks_and_a_passing_message_does_not() {
    let all = tab(&[
        node("in", "inject", "yes no new old one", ""),
        node("one", "ui_toast", "", r#""position": "dialog", "ok": "OK", "cancel": """#),
        node("yes", "ui_toast", "", r#""position": "dialog", "ok": "Approve", "cancel": "Cancel""#),
        node("no", "ui_toast", "", r#""position": "top right""#),
        node("new", "ui-notification", "", r#""position": "center center", "allowConfirm": true"#),
        node("old", "ui-notification", "", r#""position": "top right", "allowConfirm": false"#),
    ]);
    let asks: Vec<_> = ["yes", "no", "new", "old"].iter().map(|id| step(&all[0], id).ask.as_ref()).collect();
    let buttons = asks[0].map(|a| (a.positive[0].as_str(), a.negative[0].as_str()));
    assert_eq!(buttons, Some(("Approve", "Cancel")));
    assert_eq!(asks[2].map(|a| a.positive[0].as_str()), Some("confirm_clicked"));
    assert!(asks[1].is_none() && asks[3].is_none());
    assert!(step(&all[0], "one").ask.is_none(), "one button leaves nothing to choose");
    assert_eq!(step(&all[0], "no").operation, "toast");
}

#[test]
fn what_is_called_is_a_workflow_of_its_own() {
    let text = r#"[
      {"id": "t1", "type": "tab", "label": "One"}, {"id": "t2", "type": "tab", "label": "Two"},
      {"id": "s1", "type": "subflow", "name": "Sub", "in": [{"wires": [{"id": "n1"}]}], "out": []},
      {"id": "n1", "type": "debug", "z": "s1", "x": 1, "y": 1, "wires": []},
      {"id": "i", "type": "inject", "z": "t1", "x": 1, "y": 1, "wires": [["u", "c", "o"]]},
      {"id": "u", "type": "subflow:s1", "z": "t1", "x": 1, "y": 1, "wires": [[]]},
      {"id": "c", "type": "link call", "links": ["l"], "z": "t1", "x": 1, "y": 1, "wires": [[]]},
      {"id": "o", "type": "link out", "mode": "link", "links": ["l2"], "z": "t1", "x": 1, "y": 1, "wires": []},
      {"id": "l", "type": "link in", "name": "Called", "z": "t1", "x": 1, "y": 1, "wires": [["r"]]},
      {"id": "r", "type": "link out", "mode": "return", "z": "t1", "x": 1, "y": 1, "wires": []},
      {"id": "l2", "type": "link in", "z": "t2", "x": 1, "y": 1, "wires": [["d"]]},
      {"id": "d", "type": "debug", "z": "t2", "x": 1, "y": 1, "wires": []}]"#;
    let all = workflows(text);
    let names: Vec<&str> = all.iter().map(|w| w.name.as_str()).collect();
    assert_eq!(names, ["Sub", "One", "Called", "Two"]);
    let keys: Vec<_> = ["u", "c", "o"].iter().map(|id| step(&all[1], id).calls[0].key.clone()).collect();
    assert_eq!(all[3].aliases, ["l2"]);
    assert_eq!(keys, ["s1", "l", "l2"].map(|id| CalleeKey::Id(id.into())));
    assert_eq!(edges(&all[0]), ["s1 -next> n1"]);
    assert_eq!(edges(&all[2]), ["l -next> r", "l -next> l"]);
    assert_eq!(edges(&all[3]), ["l2 -next> d", "l2 -next> l2"]);
    assert!(all[1].find("l").is_none());
}

#[test]
fn a_disabled_node_cuts_the_flow() {
    let all = tab(&[
        node("in", "inject", "gate", ""),
        node("gate", "switch", "go", r#""d": true, "rules": []"#),
        node("go", "debug", "", ""),
    ]);
    assert_eq!(edges(&all[0]), ["in -next> gate"]);
    assert!(!step(&all[0], "gate").enabled);
}

#[test]
fn configuration_nodes_are_credentials() {
    let all = tab(&[
        node("in", "mqtt in", "out", r#""topic": "hr/leavers", "broker": "b""#),
        node("out", "mqtt out", "", r#""broker": "b""#),
        r#"{"id": "b", "type": "mqtt-broker", "name": "HR broker", "broker": "mq.example.com"}"#.to_owned(),
    ]);
    let w = &all[0];
    assert_eq!(w.credentials.len(), 1);
    assert_eq!(
        (w.credentials[0].name.as_str(), w.credentials[0].kind.as_str()),
        ("HR broker", "mqtt-broker")
    );
    assert!(w.parts.iter().any(|p| p.name == "config/b"));
    let all = tab(&[
        node("in", "inject", "m", ""),
        node("m", "mongodb4", "", r#""clientNode": "c""#),
        r#"{"id": "c", "type": "mongodb4-client", "uri": "mongodb://bob:Winter2031@db.test/a"}"#.to_owned(),
    ]);
    assert!(!all[0].parameters.at("c.uri").is_empty());
}

#[test]
fn the_digest_leaves_out_presentation_only() {
    let digest = |x: u32, topic: &str| {
        let text = format!(
            r#"[{{"id": "a", "type": "inject", "z": "t", "x": {x}, "y": 1, "topic": "{topic}", "wires": [[]]}}]"#
        );
        workflows(&text)[0].digest
    };
    assert_eq!(digest(1, "a"), digest(2, "a"));
    assert_ne!(digest(1, "a"), digest(1, "b"));
}

#[test]
fn a_catch_for_the_rest_gets_no_failure_that_another_covers() {
    let w = &tab(&[
        node("in", "inject", "a", ""),
        node("a", "mqtt out", "b", ""),
        node("b", "file", "", ""),
        node("some", "catch", "", r#""scope": ["a"]"#),
        node("rest", "catch", "", r#""scope": null, "uncaught": true"#),
    ])[0];
    let caught: Vec<String> = edges(w).into_iter().filter(|e| e.contains("-error>")).collect();
    assert_eq!(caught, ["a -error> some", "b -error> rest"]);
}

#[test]
fn a_command_goes_on_when_it_fails() {
    let w = &tab(&[
        node("in", "inject", "c", ""),
        node("c", "exec", "out|err", ""),
        node("out", "file", "", ""),
        node("err", "file", "", ""),
    ])[0];
    let from: Vec<String> = edges(w).into_iter().filter(|e| e.starts_with("c ")).collect();
    assert_eq!(from, ["c -next> out", "c -error> out", "c -next> err", "c -error> err"]);
}

#[test]
fn a_bot_shows_what_it_is_told_to_send() {
    let w = &tab(&[
        node("in", "telegram receiver", "f g", ""),
        node("f", "function", "s", r#""func": "msg.payload.type = 'promoteChatMember';\nreturn msg;""#),
        node("g", "function", "s", r#""func": "msg.payload.type = 'message';\nreturn msg;""#),
        node("s", "telegram sender", "", ""),
    ])[0];
    assert_eq!(step(w, "s").parameters.get("sends").as_text(), Some(" message promoteChatMember"));
}

#[test]
fn a_reusable_flow_is_called_by_the_name_of_its_entrance() {
    let called = |target: &str| {
        let more = format!(r#""target": "{target}""#);
        let entrance = node("e", "reusable-in", "d", r#""name": "Load users""#);
        let w = &tab(&[
            node("in", "inject", "r", ""),
            node("r", "reusable", "", &more),
            entrance,
            node("d", "file", "", ""),
        ])[0];
        (step(w, "r").kind.clone(), step(w, "r").calls.len())
    };
    assert_eq!(called("load users"), (StepKind::Join, 0));
    assert_eq!(called("elsewhere"), (StepKind::Call, 1));
}

#[test]
fn a_node_for_a_service_calls_its_action() {
    let more = r#""operation": "AttachUserPolicy""#;
    let w = &tab(&[node("in", "inject", "p", ""), node("p", "AWS IAM", "", more)])[0];
    let request = step(w, "p").request.clone().unwrap();
    assert_eq!(request.url.as_text(), Some("https://iam.amazonaws.com/?Action=AttachUserPolicy"));
    assert!(request.governed && request.body.as_expression().is_some());
}

#[test]
fn what_a_flow_names_itself_goes_through_nodes_that_nobody_knows() {
    let w = &tab(&[
        node("in", "inject", "set", ""),
        node(
            "set",
            "change",
            "x",
            r#""rules": [{"t": "set", "p": "base", "to": "https://a.test", "tot": "str"}]"#,
        ),
        node("x", "acme-lookup", "get", ""),
        node("get", "http request", "", r#""method": "POST", "url": "{{{base}}}/{{{payload}}}""#),
    ])[0];
    let url = shown(&step(w, "get").request.clone().unwrap().url);
    assert!(url.contains("Step(\"set\")") && url.contains("Step(\"x\")"), "{url}");
}

#[test]
fn what_is_kept_has_parts_and_is_set_when_a_flow_starts() {
    let set = r#""func": "return msg;", "initialize": "global.set('api', {one: {url: 'https://a.test'}});""#;
    let get = r#""func": "msg.url = global.get('api.one.url') + '/users'; return msg;""#;
    let w = &tab(&[
        node("in", "inject", "s", ""),
        node("s", "function", "g", set),
        node("g", "function", "", get),
    ])[0];
    assert_eq!(step(w, "s").assigns[0].variable, "global.api");
    let url = shown(step(w, "g").output.as_ref().unwrap().get("url"));
    assert!(url.contains("Variable(\"global.api\")") && url.contains("Key(\"url\")"), "{url}");
}

#[test]
fn a_table_is_a_message_for_each_row() {
    let rows = |more: &str| {
        let w =
            &tab(&[node("in", "http in", "c", ""), node("c", "csv", "d", more), node("d", "debug", "", "")])
                [0];
        shown(step(w, "c").output.as_ref().unwrap().get("payload"))
    };
    assert!(rows(r#""multi": "one""#).contains("Each"));
    assert!(rows(r#""multi": "mult""#).contains("ParseJson"));
}

#[test]
fn passwords_of_configuration_nodes_are_seen() {
    let config = r#"{"id": "db", "type": "acme-db", "user": "app", "password": "k8Winter", "passwordFieldType": "str"}"#;
    let text = format!(
        "[{}, {}, {config}]",
        r#"{"id": "t1", "type": "tab", "label": "Main"}"#,
        [node("in", "inject", "q", ""), node("q", "acme", "", r#""server": "db""#)].join(",")
    );
    let all = workflows(&text);
    assert_eq!(all[0].parameters.get("db").get("password").as_text(), Some("k8Winter"));
    assert_eq!(all[0].parameters.get("db").get("user"), &Value::Null);
}

#[test]
fn a_node_for_github_calls_the_address_in_its_property() {
    let more = r#""endpoint": "PUT /orgs/{org}/memberships/{username}""#;
    let w = &tab(&[node("in", "inject", "p", ""), node("p", "github-rest-api", "", more)])[0];
    let request = step(w, "p").request.clone().unwrap();
    assert_eq!((request.method.as_text(), request.governed), (Some("PUT"), true));
    let url = shown(&request.url);
    assert!(
        url.contains("api.github.com") && url.contains("/memberships/") && url.contains("username"),
        "{url}"
    );
}

#[test]
fn look_alikes_and_damage_are_told() {
    for other in ["[]", r#"[{"id": "a", "type": "b"}]"#, r#"[{"id": 1, "type": "tab", "label": "x"}]"#] {
        assert!(matches!(imported(other).verdict, Verdict::NotWorkflow(_)), "{other}");
    }
    let sealed = format!(r#"{{"$": "{}"}}"#, "ab".repeat(40));
    assert!(matches!(imported(&sealed).verdict, Verdict::NotWorkflow(what) if what.contains("credentials")));
    let damaged = r#"[{"id": "a", "type": "switch", "z": 5, "wires": [["gone", 7], "b", null], "rules": "none", "x": "1"},
        {"id": "b", "type": "change", "wires": {}, "rules": [1, {"t": 5}], "y": 1}, {"id": "b", "type": "x", "wires": []},
        {"id": "c", "type": "http request", "wires": [[]], "headers": [5, {"keyType": 1}], "url": 5}]"#;
    let found = imported(damaged);
    assert!(found.problems.len() >= 3, "{:?}", found.problems);
    let Verdict::Workflows(all) = found.verdict else { panic!("not imported") };
    assert_eq!(all[0].steps.len(), 3);
}

#[test]
fn a_statement_is_told_apart_by_the_ways_it_may_have_come() {
    let all = tab(&[
        node("a", "inject", "one", r#""props": [{"p": "payload"}]"#),
        node("b", "inject", "two", r#""props": [{"p": "payload"}]"#),
        node("one", "function", "db", r#""func": "msg.topic = 'SELECT 1'; return msg;""#),
        node("two", "function", "slow", r#""func": "msg.topic = 'DELETE FROM t'; return msg;""#),
        node("slow", "delay", "db", ""),
        node("db", "mysql", "", r#""mydb": "x""#),
        node("go", "ui_button", "list", r#""topic": "SELECT 2", "topicType": "str""#),
        node("list", "mysql", "", ""),
        node("old", "sqlite", "", r#""sqlquery": "msg.topic", "sql": "DROP TABLE t""#),
    ]);
    let text = shown(&step(&all[0], "db").code[0].text);
    assert!(text.contains("If") && text.contains("\"one\"") && text.contains("\"two\""), "{text}");
    assert_eq!(step(&all[0], "list").code[0].text.as_text(), Some("SELECT 2"));
    assert!(step(&all[0], "old").code[0].text.as_text().is_none(), "what it still has is not run");
}

#[test]
fn nodes_are_told_by_constants_of_the_message_and_by_several_properties() {
    let all = tab(&[
        node("a", "inject", "f two new", r#""props": [{"p": "payload"}]"#),
        node("f", "function", "out", r#""func": "msg.topic = '$CONTROL/x'; return msg;""#),
        node("out", "mqtt out", "", r#""topic": "", "broker": "b""#),
        node("two", "api-call-service", "", r#""domain": "lock", "service": "set_usercode""#),
        node("new", "api-call-service", "", r#""action": "lock.open", "domain": "x", "service": "y""#),
        node("none", "function", "out", r#""func": """#),
    ]);
    let of = |id: &str| step(&all[0], id).operation.to_string();
    assert_eq!([of("two"), of("new")], ["lock.set_usercode", "lock.open"]);
    assert!(!step(&all[0], "none").code.is_empty());
    assert!(topic_of(&all[0]).is_empty(), "two ways lead to the broker: neither topic is certain");
    let one = tab(&[
        node("a", "inject", "f", r#""props": [{"p": "payload"}]"#),
        node("f", "function", "out", r#""func": "msg.topic = '$CONTROL/x'; return msg;""#),
        node("out", "mqtt out", "", r#""topic": "", "broker": "b""#),
    ]);
    assert_eq!(topic_of(&one[0]), "$CONTROL/x");
}

#[test]
fn a_widget_starts_messages_though_others_lead_to_it() {
    let all = tab(&[
        node("a", "inject", "form text page", r#""props": [{"p": "payload"}]"#),
        node("form", "ui_form", "db", ""),
        node("text", "ui_text_input", "db", r#""passthru": true"#),
        node("page", "ui_template", "db", r#""format": "<p>{{msg.payload}}</p>""#),
        node("db", "file", "", ""),
    ]);
    let w = &all[0];
    let started: Vec<&str> = w.triggers.iter().map(|t| t.id.as_str()).collect();
    assert_eq!(started, ["a", "form", "text"], "a page that sends nothing starts nothing");
    assert_eq!((w.triggers[1].kind, w.triggers[1].authenticated), (TriggerKind::Form, Some(false)));
    assert!(w.triggers[1].caller_data && !w.triggers[0].caller_data);
    let to = |id: &str| w.find(id).unwrap();
    let leads = |from: Node, id: &str| w.edges.iter().any(|e| e.from == from && e.to == to(id));
    assert!(
        leads(Node::Trigger(0), "form") && leads(Node::Trigger(1), "db") && leads(Node::Trigger(2), "db")
    );
    assert!(!leads(Node::Step(to("form")), "db"), "what fills a form ends there");
    assert!(leads(Node::Step(to("text")), "db") && leads(Node::Step(to("page")), "db"));
}

#[test]
fn what_a_widget_does_not_set_goes_through_it() {
    let more = r#""rules": [{"t": "set", "p": "who", "to": "ada", "tot": "str"}]"#;
    let w = &tab(&[
        node("a", "inject", "set", ""),
        node("set", "change", "pick", more),
        node("pick", "ui_dropdown", "get", r#""passthru": true"#),
        node(
            "get",
            "http request",
            "",
            r#""method": "POST", "url": "https://a.test/{{{payload}}}/{{{who}}}""#,
        ),
    ])[0];
    let url = shown(&step(w, "get").request.clone().unwrap().url);
    assert!(url.contains("Trigger, path: [Key(\"payload\")]"), "{url}");
    assert!(url.contains("Step(\"set\"), path: [Key(\"who\")]"), "{url}");
}

#[test]
fn a_button_that_others_lead_to_starts_with_what_it_is_set_to() {
    let w = &tab(&[
        node("a", "inject", "go", ""),
        node(
            "go",
            "ui-button",
            "db",
            r#""payload": "DROP TABLE t", "payloadType": "str", "emulateClick": false"#,
        ),
        node("db", "function", "", r#""func": "msg.topic = msg.payload; return msg;""#),
    ])[0];
    assert_eq!(w.triggers.len(), 2);
    assert!(!w.triggers[1].caller_data);
    assert_eq!(step(w, "db").output.as_ref().unwrap().get("topic").as_text(), Some("DROP TABLE t"));
}

#[test]
fn an_http_entrance_gives_no_topic() {
    let func = r#""func": "if (!msg.payload.ra) { return [null, msg]; }\nmsg.topic = 'SELECT 1'; return [msg, null];", "outputs": 2"#;
    let w = &tab(&[
        node("in", "http in", "f", ""),
        node("f", "function", "db|", func),
        node("db", "mysql", "", ""),
        node("seq", "sequelize", "", r#""usepayload": true"#),
    ])[0];
    let topic = shown(step(w, "f").output.as_ref().unwrap().get("topic"));
    assert!(topic.contains("SELECT 1") && !topic.contains("Trigger, path: [Key(\"topic\")]"), "{topic}");
    assert_eq!(step(w, "seq").code.len(), 1);
}

#[test]
fn a_call_of_a_contract_is_known_by_the_function() {
    let of = |more: &str| {
        let w = &tab(&[node("in", "inject", "c", ""), node("c", "contract-call", "|", more)])[0];
        (
            step(w, "c").operation.to_string(),
            step(w, "c").parameters.get("msg").get("payload") != &Value::Null,
        )
    };
    assert_eq!(of(r#""contractFunction": "grantRole""#), ("grantRole".to_owned(), true));
    assert_eq!(of(r#""contractFunction": """#).0, "-");
}

fn topic_of(w: &Workflow) -> String {
    step(w, "out").parameters.get("topic").as_text().unwrap_or_default().to_owned()
}

#[test]
fn modules_that_a_function_is_given_are_code_of_it() {
    let libs = r#""func": "return msg;", "libs": [{"var": "cp", "module": "child_process"}, {"var": "m", "module": "@a/m@2"}]"#;
    let w = &tab(&[node("in", "inject", "f", ""), node("f", "function", "", libs)])[0];
    let texts: Vec<_> = step(w, "f").code.iter().filter_map(|c| c.text.as_text()).collect();
    assert_eq!(
        texts,
        ["return msg;", "const cp = require(\"child_process\");\nconst m = require(\"@a/m\");"]
    );
}
