//! Tests of the n8n importer, on definitions of our own in n8n's format.

use crate::{Imported, NoFiles, Verdict, import};
use workflow::{CalleeKey, EdgeKind, Join, Node, OnError, StepKind, Term, TriggerKind, Workflow};

fn imported(text: &str) -> Imported {
    import("flow.json", text.as_bytes(), &NoFiles)
}

fn workflows(text: &str) -> Vec<Workflow> {
    match imported(text).verdict {
        Verdict::Workflows(found) => found,
        other => panic!("{other:?}"),
    }
}

/// A definition with nodes (`name type parameters…`) and connections in n8n's own form.
fn flow(nodes: &str, connections: &str) -> Workflow {
    let text = format!(r#"{{"name": "Test", "nodes": [{nodes}], "connections": {{{connections}}}}}"#);
    workflows(&text).remove(0)
}

/// A node named as its id, with further members.
fn node(name: &str, node_type: &str, more: &str) -> String {
    format!(r#"{{"id": "{name}", "name": "{name}", "type": "{node_type}", "position": [0, 0]{more}}}"#)
}

fn base(name: &str, short: &str, parameters: &str) -> String {
    let more = format!(r#", "typeVersion": 2, "parameters": {{{parameters}}}"#);
    node(name, &format!("n8n-nodes-base.{short}"), &more)
}

fn wire(from: &str, to: &[&[&str]]) -> String {
    let target = |t: &&str| format!(r#"{{"node": "{t}", "type": "main", "index": 0}}"#);
    let output = |o: &&[&str]| format!("[{}]", o.iter().map(target).collect::<Vec<_>>().join(","));
    format!(r#""{from}": {{"main": [{}]}}"#, to.iter().map(output).collect::<Vec<_>>().join(","))
}

/// The edges as text: `from -kind> to`.
fn edges(w: &Workflow) -> Vec<String> {
    let name = |node: Node| match node {
        Node::Trigger(t) => w.triggers[t as usize].id.to_string(),
        Node::Step(s) => w.step(s).unwrap().id.to_string(),
    };
    let kind = |k: &EdgeKind| match k {
        EdgeKind::Next => "next".to_owned(),
        EdgeKind::Back => "back".to_owned(),
        other => other.label().to_owned(),
    };
    w.edges
        .iter()
        .map(|e| format!("{} -{}> {}", name(e.from), kind(&e.kind), name(Node::Step(e.to))))
        .collect()
}

#[test]
fn branches_have_conditions_and_failures_have_ways() {
    let condition = r#""conditions": {"combinator": "and", "conditions": [{"leftValue": "={{ $json.ok }}",
        "rightValue": true, "operator": {"type": "boolean", "operation": "true"}}]}"#;
    let nodes = [
        base("Start", "webhook", ""),
        base("If", "if", condition),
        node("Call", "n8n-nodes-base.httpRequest", r#", "onError": "continueErrorOutput", "parameters": {}"#),
        base("Yes", "noOp", ""),
        base("No", "noOp", ""),
    ];
    let wires =
        [wire("Start", &[&["If"]]), wire("If", &[&["Call"], &["No"]]), wire("Call", &[&["Yes"], &["No"]])];
    let w = flow(&nodes.join(","), &wires.join(","));
    let expected = [
        "Start -next> If",
        "If -true> Call",
        "If -false> No",
        "Call -next> Yes",
        "Call -error> Yes",
        "Call -error> No",
    ];
    assert_eq!(edges(&w), expected);
    assert_eq!(w.steps[1].on_error, OnError::Either);
    let EdgeKind::When { condition, .. } = &w.edges[1].kind else { panic!("no condition") };
    assert_eq!(
        format!("{:?}", condition.term),
        "Call(Equals, [Ref(Reference { root: Trigger, path: [Key(\"ok\")] }), Bool(true)])"
    );
    assert_eq!((w.triggers[0].kind, w.triggers[0].authenticated), (TriggerKind::Webhook, Some(false)));
}

#[test]
fn a_loop_has_a_body_and_a_way_back() {
    let nodes = [
        base("Start", "manualTrigger", ""),
        node("Loop", "n8n-nodes-base.splitInBatches", r#", "typeVersion": 3, "parameters": {}"#),
        base("Work", "if", r#""conditions": {"string": [{"value1": "={{ $json.x }}", "value2": "y"}]}"#),
        base("Done", "noOp", r#""x": "={{ $('Loop').item.json.a }}""#),
    ];
    let wires = [
        wire("Start", &[&["Loop"]]),
        wire("Loop", &[&["Done"], &["Work"]]),
        wire("Work", &[&["Loop"], &["Loop"]]),
    ];
    let w = flow(&nodes.join(","), &wires.join(","));
    let expected = [
        "Start -next> Loop",
        "Loop -next> Done",
        "Loop -each> Work",
        "Loop/next -back> Loop",
        "Work -true> Loop/next",
        "Work -false> Loop/next",
    ];
    assert_eq!(edges(&w), expected);
    let work = w.step(w.find("Work").unwrap()).unwrap();
    assert_eq!(work.parent, w.find("Loop"));
    assert!(format!("{:?}", work.parameters).contains("Item(\"Loop\")"));
    assert!(format!("{:?}", w.step(w.find("Done").unwrap()).unwrap().parameters).contains("Step(\"Loop\")"));
}

#[test]
fn tools_are_reached_from_the_model() {
    let nodes = [
        base("Chat", "telegramTrigger", ""),
        node("Agent", "@n8n/n8n-nodes-langchain.agent", r#", "parameters": {}"#),
        node("Model", "@n8n/n8n-nodes-langchain.lmChatOpenAi", r#", "parameters": {}"#),
        node(
            "Tool",
            "n8n-nodes-base.oktaTool",
            r#", "parameters": {"operation": "delete", "userId": "={{ $fromAI('who') }}"}"#,
        ),
    ];
    let wires = [
        wire("Chat", &[&["Agent"]]),
        r#""Tool": {"ai_tool": [[{"node": "Agent", "type": "ai_tool", "index": 0}]]}"#.to_owned(),
        r#""Model": {"ai_languageModel": [[{"node": "Agent", "type": "ai_languageModel", "index": 0}]]}"#
            .to_owned(),
    ];
    let w = flow(&nodes.join(","), &wires.join(","));
    assert_eq!(edges(&w), ["Chat -next> Agent", "Agent -tool> Tool"]);
    let kinds: Vec<_> =
        w.steps.iter().map(|s| (&s.kind, s.connector.as_str(), s.operation.as_str())).collect();
    assert_eq!(kinds[0].0, &StepKind::Agent);
    assert_eq!(kinds[1].0, &StepKind::Part);
    assert_eq!((kinds[2].1, kinds[2].2), ("n8n-nodes-base.okta", "user:delete"));
    assert!(
        format!("{:?}", w.steps[2].parameters.get("userId"))
            .contains("Step(\"Agent\"), path: [Key(\"who\")]")
    );
}

#[test]
fn a_question_has_its_answer_and_its_silence() {
    let wait = r#""operation": "sendAndWait", "sendTo": "boss@example.com",
        "options": {"limitWaitTime": {"values": {"resumeUnit": "hours", "resumeAmount": 2}}}"#;
    let nodes = [base("Start", "scheduleTrigger", ""), base("Ask", "gmail", wait), base("Go", "noOp", "")];
    let w = flow(&nodes.join(","), &[wire("Start", &[&["Ask"]]), wire("Ask", &[&["Go"]])].join(","));
    assert_eq!(edges(&w), ["Start -next> Ask", "Ask -next> Go", "Ask -timeout> Go"]);
    let ask = w.steps[0].ask.as_ref().unwrap();
    assert_eq!((ask.answer.as_str(), ask.timeout_seconds), ("data.approved", Some(7200)));
    assert_eq!(ask.approver.as_text(), Some("boss@example.com"));
    assert_eq!(w.steps[0].operation, "message:sendAndWait");
}

#[test]
fn a_disabled_node_hands_its_input_on() {
    let nodes = [
        base("Start", "manualTrigger", ""),
        node("Gate", "n8n-nodes-base.if", r#", "disabled": true, "parameters": {}"#),
        base("A", "noOp", ""),
        base("B", "noOp", ""),
    ];
    let w = flow(&nodes.join(","), &[wire("Start", &[&["Gate"]]), wire("Gate", &[&["A"], &["B"]])].join(","));
    assert_eq!(edges(&w), ["Start -next> Gate", "Gate -next> A"]);
    assert!(!w.steps[0].enabled);
}

#[test]
fn requests_of_all_versions_are_read() {
    let old = r#""requestMethod": "patch", "url": "https://x/u", "jsonParameters": true,
        "bodyParametersJson": "={\"accountEnabled\": false, \"id\": {{ $json.id }}}""#;
    let new = r#""method": "POST", "url": "=https://x/{{ $json.id }}/y", "sendBody": true, "specifyBody": "json",
        "jsonBody": "={{ JSON.stringify({ a: $json.b }) }}", "authentication": "predefinedCredentialType""#;
    let pairs = r#""method": "PUT", "url": "https://x", "sendBody": true,
        "bodyParameters": {"parameters": [{"name": "k", "value": "v"}]}"#;
    let v = |n: &str, version: &str, p: &str| {
        node(
            n,
            "n8n-nodes-base.httpRequest",
            &format!(r#", "typeVersion": {version}, "parameters": {{{p}}}"#),
        )
    };
    let w = flow(&[v("A", "1", old), v("B", "4.2", new), v("C", "4.2", pairs)].join(","), "");
    let request = |i: usize| w.steps[i].request.as_ref().unwrap();
    assert_eq!(request(0).method.as_text(), Some("PATCH"));
    assert_eq!(request(0).body.get("accountEnabled").as_bool(), Some(false));
    assert!(request(0).body.get("id").as_expression().is_some());
    assert!(
        matches!(&request(1).url.as_expression().unwrap().term, Term::Template(parts) if parts.len() == 3)
    );
    assert!(matches!(request(1).body.get("a").as_expression().unwrap().term, Term::Ref(_)));
    assert_eq!(request(1).auth, workflow::Auth::Stored);
    assert_eq!(request(2).body.get("k").as_text(), Some("v"));
    assert_eq!((w.steps[1].connector.as_str(), w.steps[1].operation.as_str()), ("http", "POST"));
}

#[test]
fn set_nodes_show_what_they_give() {
    let new = r#""assignments": {"assignments": [{"name": "user.mail", "value": "={{ $json.m }}", "type": "string"}]}"#;
    let old = r#""keepOnlySet": true, "values": {"string": [{"name": "a", "value": "b"}]}"#;
    let set = |n: &str, version: &str, p: &str| {
        node(n, "n8n-nodes-base.set", &format!(r#", "typeVersion": {version}, "parameters": {{{p}}}"#))
    };
    let w = flow(&[set("A", "3.4", new), set("B", "1", old)].join(","), "");
    assert!(w.steps[0].output.as_ref().unwrap().at("user.mail").as_expression().is_some());
    assert_eq!(w.steps[1].output.as_ref().unwrap().get("a").as_text(), Some("b"));
    assert!(!w.steps[0].passes_input && !w.steps[1].passes_input);
}

/// What a code node behind a webhook hands on, and its way on.
fn code(text: &str, more: &str) -> (Workflow, String) {
    let nodes = [
        base("Hook", "webhook", ""),
        base("Code", "code", &format!(r#""jsCode": {text:?}{more}"#)),
        base("Next", "noOp", ""),
    ];
    let w = flow(&nodes.join(","), &[wire("Hook", &[&["Code"]]), wire("Code", &[&["Next"]])].join(","));
    let way = edges(&w)[1].clone();
    (w, way)
}

#[test]
fn code_shows_where_its_data_comes_from() {
    for (text, more, path, expected) in [
        (
            "return items.map(i => ({json: {...i.json, id: i.json.body.id}}));",
            "",
            "id",
            "Trigger, path: [Key(\"body\"), Key(\"id\")]",
        ),
        (
            "const {body} = $input.first().json; return [{json: {id: body.user}}];",
            "",
            "id",
            "Trigger, path: [Key(\"body\"), Key(\"user\")]",
        ),
        (
            "item.json.id = item.json.body.a; return item;",
            r#", "mode": "runOnceForEachItem""#,
            "id",
            "Key(\"a\")",
        ),
        (
            "return {id: $('Hook').item.json.query.u};",
            r#", "mode": "runOnceForEachItem""#,
            "id",
            "Key(\"query\"), Key(\"u\")",
        ),
        ("class X {}\nreturn [{json: {id: $json.body}}];", "", "", "Unknown([Reference { root: Trigger"),
    ] {
        let (w, way) = code(text, more);
        assert_eq!(way, "Code -next> Next", "{text}");
        let output = w.steps[0].output.clone().unwrap();
        let value = if path.is_empty() { &output } else { output.at(path) };
        let shown = format!("{:?}", value.as_expression().map(|e| &e.term));
        assert!(shown.contains(expected), "{text}: {shown}");
    }
    let (w, _) = code("for (const i of items) { i.json.n = 1 } return items;", "");
    assert!(
        w.steps[0].passes_input && w.steps[0].output.as_ref().unwrap().get("n") != &workflow::Value::Null
    );
}

#[test]
fn code_that_may_return_nothing_is_a_condition() {
    let condition = |text: &str| {
        let (w, _) = code(text, "");
        match &w.edges[1].kind {
            EdgeKind::When { condition, .. } => format!("{:?}", condition.term),
            EdgeKind::Next => "always".into(),
            other => panic!("{other:?}"),
        }
    };
    assert!(
        condition("if ($json.body.ok !== true) { return []; } return items;")
            .starts_with("Call(Not, [Call(NotEquals")
    );
    assert!(condition("if (!$json.body.ok) throw new Error('no'); return items;").contains("Key(\"ok\")"));
    assert!(condition("return items.filter(i => i.json.role === 'admin');").starts_with("Call(Equals"));
    assert_eq!(condition("return items;"), "always");
    assert_eq!(
        condition("const out = []; for (const i of items) { if (i.json.a) out.push(i); } return out;"),
        "always"
    );
}

#[test]
fn a_model_is_asked_what_the_chat_says() {
    let agent = r#", "typeVersion": 2, "parameters": {"options": {}}"#;
    let nodes = [
        node("Chat", "@n8n/n8n-nodes-langchain.chatTrigger", r#", "parameters": {"public": true}"#),
        node("Agent", "@n8n/n8n-nodes-langchain.agent", agent),
    ];
    let w = flow(&nodes.join(","), &wire("Chat", &[&["Agent"]]));
    let text = format!("{:?}", w.steps[0].parameters.get("text"));
    assert!(text.contains("root: Trigger, path: [Key(\"chatInput\")]"), "{text}");
}

#[test]
fn a_called_workflow_gets_what_comes_in() {
    let nodes = [base("Hook", "webhook", ""), base("Run", "executeWorkflow", r#""workflowId": "w2""#)];
    let w = flow(&nodes.join(","), &wire("Hook", &[&["Run"]]));
    let input = format!("{:?}", w.steps[0].calls[0].input);
    assert!(input.contains("root: Trigger, path: []"), "{input}");
}

#[test]
fn calls_are_by_id_or_to_a_definition_in_the_node() {
    let inner = r#"{\"nodes\": [{\"name\": \"T\", \"type\": \"n8n-nodes-base.manualTrigger\"}], \"connections\": {}}"#;
    let nodes = [
        base("A", "executeWorkflow", r#""workflowId": {"__rl": true, "mode": "list", "value": "w7"}"#),
        base("B", "executeWorkflow", r#""workflowId": "={{ $workflow.id }}""#),
        base("C", "executeWorkflow", &format!(r#""source": "parameter", "workflowJson": "{inner}""#)),
    ];
    let text = format!(r#"{{"id": "w1", "name": "N", "nodes": [{}], "connections": {{}}}}"#, nodes.join(","));
    let all = workflows(&text);
    assert_eq!(all.len(), 2);
    let key = |i: usize| all[0].steps[i].calls[0].key.clone();
    assert_eq!((key(0), key(1)), (CalleeKey::Id("w7".into()), CalleeKey::Itself));
    assert_eq!(Some(key(2)), all[1].id.clone().map(CalleeKey::Id));
}

#[test]
fn the_digest_leaves_out_presentation_only() {
    let digest = |nodes: &str| flow(nodes, "").digest;
    let plain = r#"{"id": "1", "name": "A", "type": "n8n-nodes-base.noOp", "position": [1, 2], "parameters": {"position": 1}}"#;
    let moved = r#"{"position": [9, 9], "notes": "x", "parameters": {"position": 1}, "type": "n8n-nodes-base.noOp", "name": "A", "id": "1"}"#;
    let other = r#"{"id": "1", "name": "A", "type": "n8n-nodes-base.noOp", "position": [1, 2], "parameters": {"position": 2}}"#;
    assert_eq!(digest(plain), digest(moved));
    assert_ne!(digest(plain), digest(other));
}

#[test]
fn wrappings_are_opened_and_look_alikes_told() {
    let inner =
        r#"{"nodes": [{"name": "A", "type": "n8n-nodes-base.noOp", "parameters": {}}], "connections": {}}"#;
    let page = format!(
        r#"{{"workflow": {{"name": "Page", "nodes": [{{"id": 1, "name": "n8n-nodes-base.noOp"}}], "workflow": {inner}}}}}"#
    );
    assert_eq!(workflows(&page)[0].name, "Page");
    assert_eq!(workflows(&format!("[{inner}, {inner}]")).len(), 2);
    assert_eq!(workflows(&format!(r#"{{"data": [{inner}], "nextCursor": null}}"#)).len(), 1);
    let run = format!(r#"{{"finished": true, "workflowData": {inner}}}"#);
    assert!(matches!(imported(&run).verdict, Verdict::NotWorkflow(what) if what.contains("run")));
    for other in [
        r#"{"nodes": [], "edges": []}"#,
        r#"{"nodes": "x", "connections": {}}"#,
        "[]",
        "{}",
        r#"{"nodes": [1], "connections": []}"#,
    ] {
        assert!(matches!(imported(other).verdict, Verdict::NotWorkflow(_)), "{other}");
    }
}

#[test]
fn damaged_definitions_are_kept_as_far_as_they_go() {
    let text = r#"{"name": 7, "settings": "x", "pinData": [], "active": "yes", "nodes": [
        {"name": "A", "type": "n8n-nodes-base.if", "parameters": "none", "typeVersion": "2", "credentials": "x"},
        {"name": "A", "type": "n8n-nodes-base.set", "parameters": [], "position": "here", "onError": 3},
        {"type": 5}, 6, null,
        {"name": "S", "type": "n8n-nodes-base.switch", "parameters": {"rules": [], "conditions": 1}}],
      "connections": {"A": {"main": [null, [{"node": "S"}, {"node": "Gone"}, 1, {}], {"node": "S"}], "odd": [[]]},
        "Gone": {"main": [[]]}, "S": 4}}"#;
    let found = imported(text);
    assert!(found.problems.len() >= 6, "{:?}", found.problems);
    let Verdict::Workflows(all) = found.verdict else { panic!("not imported") };
    assert_eq!(all[0].steps.len(), 3);
    let ids: Vec<_> = all[0].steps.iter().map(|s| s.id.clone()).collect();
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn going_on_after_a_failure_is_an_error_edge() {
    let nodes = [
        base("T", "manualTrigger", ""),
        node(
            "H",
            "n8n-nodes-base.okta",
            r#", "continueOnFail": true, "retryOnFail": true, "parameters": {}"#,
        ),
        base("N", "noOp", ""),
    ];
    let w = flow(&nodes.join(","), &[wire("T", &[&["H"]]), wire("H", &[&["N"]])].join(","));
    assert_eq!(edges(&w), ["T -next> H", "H -next> N", "H -error> N"]);
    assert_eq!((w.steps[0].on_error, w.steps[0].retries), (OnError::Continue, 2));
}

#[test]
fn tries_are_brought_into_two_to_five() {
    let tries = |more: &str| {
        let more = format!(r#", "retryOnFail": true{more}, "parameters": {{}}"#);
        flow(&node("H", "n8n-nodes-base.okta", &more), "").steps[0].retries
    };
    assert_eq!([tries(""), tries(r#", "maxTries": 9"#), tries(r#", "maxTries": 0"#)], [2, 4, 1]);
}

#[test]
fn several_inputs_wait_for_each_other() {
    let joined = |mode: &str, index: u32| {
        let nodes = [
            base("T", "manualTrigger", ""),
            base("A", "okta", ""),
            base("B", "okta", ""),
            base("M", "merge", &format!(r#""mode": "{mode}""#)),
        ];
        let second = format!(r#""B": {{"main": [[{{"node": "M", "type": "main", "index": {index}}}]]}}"#);
        let wires = [wire("T", &[&["A", "B"]]), wire("A", &[&["M"]]), second];
        flow(&nodes.join(","), &wires.join(",")).steps[2].join
    };
    assert_eq!(joined("append", 1), Join::Settled);
    assert_eq!(joined("append", 0), Join::Any);
    assert_eq!(joined("chooseBranch", 1), Join::All);
}

#[test]
fn a_command_on_another_host_hands_on_its_exit_code() {
    let nodes =
        [base("T", "manualTrigger", ""), base("S", "ssh", r#""command": "ls""#), base("N", "noOp", "")];
    let w = flow(&nodes.join(","), &[wire("T", &[&["S"]]), wire("S", &[&["N"]])].join(","));
    assert_eq!(edges(&w), ["T -next> S", "S -next> N", "S -error> N"]);
}

#[test]
fn every_file_of_the_corpus_is_a_workflow() {
    let shared = std::env::var("COUNTERSIGN_SHARED")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").to_owned());
    let folder = std::path::Path::new(&shared).join("corpus/n8n/n8nworkflow.com/backup_data/workflows");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        return println!("skipped: no corpus at {}", folder.display());
    };
    let (mut files, mut steps, mut triggers, mut edges) = (0, 0, 0, 0);
    for file in entries.flatten().flat_map(|e| std::fs::read_dir(e.path()).into_iter().flatten().flatten()) {
        let bytes = std::fs::read(file.path()).unwrap();
        let found = import(&file.path().to_string_lossy(), &bytes, &NoFiles);
        let Verdict::Workflows(all) = found.verdict else { panic!("{}: no workflow", file.path().display()) };
        files += 1;
        steps += all[0].own_steps().count();
        triggers += all[0].triggers.len();
        edges += all[0].edges.len();
    }
    // Counted by a script of its own: nodes by their types, connections by their ends.
    assert_eq!(files, 377);
    assert_eq!((steps, triggers), (4908, 514));
    assert!(edges >= 4881, "{edges} edges");
}

#[test]
fn hostile_definitions_end_soon() {
    let rules: Vec<String> = (0..9_000).map(|i| format!(r#"{{"value2": {i}, "output": {i}}}"#)).collect();
    let fields: Vec<String> =
        (0..9_000).map(|i| format!(r#"{{"name": "f{i}", "value": "={{{{ $json.f{i}"}}"#)).collect();
    let same: Vec<String> = (0..4_990).map(|_| base("A", "noOp", "")).collect();
    let ring: Vec<String> =
        (0..4_990).map(|i| node(&format!("L{i}"), "n8n-nodes-base.splitInBatches", "")).collect();
    let wires: Vec<String> =
        (0..4_990).map(|i| wire(&format!("L{i}"), &[&[], &[&format!("L{}", (i + 1) % 4_990)]])).collect();
    let nodes = [
        base("S", "switch", &format!(r#""rules": {{"rules": [{}]}}"#, rules.join(","))),
        base("F", "set", &format!(r#""values": {{"string": [{}]}}"#, fields.join(","))),
        same.join(","),
        ring.join(","),
        base("X", "noOp", &format!(r#""a": "={{{{ {} }}}}""#, "$([1,".repeat(100_000))),
        base("Y", "noOp", &format!(r#""a": "={{{{ {} }}}}""#, "function x".repeat(50_000))),
    ];
    let start = std::time::Instant::now();
    let w = flow(&nodes.join(","), &wires.join(","));
    assert_eq!(w.own_steps().count(), 9_984);
    // A debug build on a busy machine: a quadratic importer takes minutes.
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

#[test]
fn notes_and_pinned_results_are_kept_as_texts() {
    let text = r#"{"nodes": [{"name": "N", "type": "n8n-nodes-base.stickyNote", "parameters": {"content": "a note that is long"}},
        {"name": "A", "type": "n8n-nodes-base.noOp", "parameters": {}}], "connections": {},
        "pinData": {"A": [{"json": {"headers": {"authorization": "Bearer what was sent"}}}]}}"#;
    let Verdict::Workflows(all) = imported(text).verdict else { panic!("not imported") };
    let texts: Vec<&str> = all[0].asides.iter().map(|(_, text)| text.as_str()).collect();
    assert!(texts.contains(&"a note that is long") && texts.contains(&"Bearer what was sent"), "{texts:?}");
    assert_eq!(all[0].asides.iter().map(|(line, _)| *line).max(), Some(3));
}

#[test]
fn a_webhook_is_a_name_by_which_requests_start_the_workflow() {
    let names = |parameters: &str| flow(&base("Hook", "webhook", parameters), "").aliases;
    assert_eq!(names(r#""path": "give""#), ["GET /webhook/give"]);
    assert_eq!(names(r#""path": "/a/b", "httpMethod": "POST""#), ["POST /webhook/a/b"]);
    let several = r#""path": "x", "multipleMethods": true, "httpMethod": ["GET", "POST"]"#;
    assert_eq!(names(several), ["GET /webhook/x", "POST /webhook/x"]);
    assert!(names(r#""path": "users/:id""#).is_empty(), "its address has a part of its own before that");
}
