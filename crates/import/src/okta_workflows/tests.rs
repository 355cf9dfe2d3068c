//! Tests of the importer on flows of our own.

use crate::{Files, Imported, NoFiles, Verdict};
use std::path::{Path, PathBuf};
use workflow::{
    CalleeKey, EdgeKind, Function, LoopKind, Node, OnError, Reference, Root, Segment, Step, StepKind, Term,
    TriggerKind, Value, Workflow,
};

/// A card; `inputs` and `outputs` as `id:group/key=json`, pins as `output>card.input`.
fn card(uuid: &str, address: &str, inputs: &[&str], outputs: &[&str], pins: &[&str], more: &str) -> String {
    let field = |text: &&str| {
        let (id, rest) = text.split_once(':').unwrap_or((text, ""));
        let (name, data) = rest.split_once('=').unwrap_or((rest, "\"\""));
        let (group, key) = match name.split_once('/') {
            Some((group, key)) => (format!("\"{group}\""), key),
            None => ("null".to_owned(), name),
        };
        let kind = if key == "flo" || key == "Flow" { "flo" } else { "string" };
        format!(
            r#""{id}":{{"id":"{id}","group":{group},"key":"{key}","value":{{"type":"{kind}","data":{data},"available":[]}}}}"#
        )
    };
    let fields = |list: &[&str]| list.iter().map(field).collect::<Vec<_>>().join(",");
    let pinned = |text: &&str| {
        let (output, to) = text.split_once('>').expect("a pin");
        let (card, input) = to.split_once('.').expect("a target");
        format!(r#""{output}":{{"{card}":[{{"input":"{input}","transform":null}}]}}"#)
    };
    let pins = pins.iter().map(pinned).collect::<Vec<_>>().join(",");
    let policy = if more.contains("policy") {
        String::new()
    } else {
        r#""policy":{"error":{"type":"finish"}},"#.into()
    };
    let (branches, model) = more.split_once('|').unwrap_or(("{}", more));
    let branches = if branches.is_empty() { "{}" } else { branches };
    let model = if model.is_empty() { String::new() } else { format!("{model},") };
    format!(
        r#"{{"uuid":"{uuid}","address":"root:{address}","joins":{{}},"branches":{branches},"pins":{{{pins}}},
        "node":{{"key":"k","data":{{"name":"Card {uuid}"}},"model":{{{policy}{model}
        "inputs":{{"data":{{{}}}}},"outputs":{{"data":{{{}}}}}}}}}}}"#,
        fields(inputs),
        fields(outputs)
    )
}

/// The data of a flow: cards and their order, written `a>b>c, b>d`.
fn flow(cards: &[String], order: &str, more: &str) -> String {
    let mut pairs = Vec::new();
    for chain in order.split(',').filter(|c| !c.trim().is_empty()) {
        let names: Vec<&str> = chain.trim().split('>').collect();
        pairs.extend(names.windows(2).map(|w| (w[0].to_owned(), w[1].to_owned())));
    }
    let orderings = pairs.iter().enumerate().map(|(i, (a, b))| format!(r#""o{i}":["{a}","{b}"]"#));
    let orderings = orderings.collect::<Vec<_>>().join(",");
    format!(r#"{{"methods":[{}],"orderings":{{{orderings}}},"model":{{}}{more}}}"#, cards.join(","))
}

fn pack(id: &str, data: &str) -> String {
    format!(
        r#"{{"type":"flopack","version":"1.5.0","data":{{"flos":{{"{id}":{{"id":"{id}","name":"F","data":{data}}}}},
        "configs":{{"c1":{{"name":"Our Okta","module":"okta","data":null}}}},"tables":{{}},"groups":{{}}}}}}"#
    )
}

fn import(text: &str) -> Imported {
    crate::import("f", text.as_bytes(), &NoFiles)
}

fn one(text: &str) -> Workflow {
    match import(text).verdict {
        Verdict::Workflows(mut all) => all.pop().expect("a flow"),
        other => panic!("{other:?} of {text}"),
    }
}

fn step<'w>(w: &'w Workflow, id: &str) -> &'w Step {
    w.steps.iter().find(|s| s.id == id).unwrap_or_else(|| panic!("no step {id}"))
}

fn edges(w: &Workflow) -> String {
    let name = |n: Node| match n {
        Node::Trigger(_) => "trigger".to_owned(),
        Node::Step(s) => w.step(s).map(|s| s.id.to_string()).unwrap_or_default(),
    };
    let line = |e: &workflow::Edge| {
        let label = e.kind.label();
        let label = if label.is_empty() { String::new() } else { format!(" [{label}]") };
        format!("{}->{}{label}", name(e.from), name(Node::Step(e.to)))
    };
    let mut lines: Vec<String> = w.edges.iter().map(line).collect();
    lines.sort();
    lines.join(", ")
}

fn term(value: &Value) -> &Term {
    &value.as_expression().expect("computed").term
}

const HELPER: &str = "kernel:control:0.0.1:callable";

fn helper(outputs: &[&str], pins: &[&str]) -> String {
    card("start", HELPER, &[], outputs, pins, "")
}

#[test]
fn cards_run_in_the_order_of_the_orderings() {
    let cards = [
        card("off", "channels:http:okta:1.0.297:suspendUser", &["i1:User/id"], &[], &[], "\"config\":\"c1\""),
        helper(&["o1:Email"], &["o1>find.i2"]),
        card(
            "find",
            "channels:http:okta:1.0.297:readUser",
            &["i2:User/ID or Login"],
            &["o2:System Properties/ID"],
            &["o2>off.i1"],
            "",
        ),
        card("note", "kernel:control:0.0.1:comment", &[], &[], &[], ""),
    ];
    let w = one(&pack("f1", &flow(&cards, "start>note>find>off, start>find", "")));
    assert_eq!(edges(&w), "find->off, trigger->find");
    assert_eq!((w.triggers[0].kind, w.triggers[0].id.as_str()), (TriggerKind::Subflow, "start"));
    let off = step(&w, "off");
    assert_eq!(
        (off.connector.as_str(), off.connector_version.as_str(), off.operation.as_str()),
        ("okta", "1.0.297", "suspendUser")
    );
    let path = vec![Segment::Key("System Properties".into()), Segment::Key("ID".into())];
    let expected = Term::Ref(Reference { root: Root::Step("find".into()), path });
    assert_eq!(term(off.parameters.at("User.id")), &expected);
    assert_eq!(w.credentials[off.credentials[0] as usize].name, "Our Okta");
}

#[test]
fn if_has_two_branches_and_continue_if_stops_quietly() {
    let operands = ["a:left-operand", "b:operator=\"==\"", "c:right-operand=\"gone\""];
    let cards = [
        helper(&["o1:state"], &["o1>test.a"]),
        card("test", "kernel:control:0.0.1:if", &operands, &[], &[], r#"{"yes":true,"no":false}|"#),
        card("yes", "kernel:control:0.0.1:noop", &[], &[], &[], ""),
        card("no", "kernel:control:0.0.1:noop", &[], &[], &[], ""),
        card("close", "kernel:control:0.0.1:join", &[], &[], &[], ""),
        card("off", "channels:http:okta:1:suspendUser", &[], &[], &[], ""),
        card(
            "guard",
            "kernel:control:0.0.1:continueIf",
            &["g:left-operand", "h:operator=\"is not empty\""],
            &[],
            &[],
            "",
        ),
        card("on", "channels:http:okta:1:activateUser", &[], &[], &[], ""),
    ];
    let order = "start>test>close>guard>on, yes>off>close, yes>close, no>close";
    let w = one(&pack("f1", &flow(&cards, order, "")));
    assert_eq!(
        edges(&w),
        "close->guard, guard->on [true], off->close, test->close [false], test->off [true], trigger->test"
    );
    let EdgeKind::When { condition, .. } =
        w.edges.iter().map(|e| e.kind.clone()).find(|k| k.label() == "true").expect("a condition")
    else {
        panic!()
    };
    assert_eq!(condition.text, "Card start.state == 'gone'");
    assert!(matches!(&condition.term, Term::Call(Function::Equals, a) if a[1] == Term::Text("gone".into())));
    assert_eq!(step(&w, "guard").kind, StepKind::Guard);
}

#[test]
fn if_error_takes_failures_to_its_handler() {
    let body = flow(
        &[
            card("in", HELPER, &[], &["x:context/u"], &["x>off.i"], ""),
            card("off", "channels:http:okta:1:deactivateUser", &["i:User/id"], &[], &[], ""),
            card("stop", "kernel:control:0.0.1:continueIf", &["l:left-operand"], &[], &[], ""),
            card("back", "kernel:control:0.0.1:return", &["r:done=true"], &[], &[], ""),
        ],
        "in>off>stop>back",
        "",
    );
    let handler = flow(
        &[
            card("h", HELPER, &[], &[], &[], ""),
            card("tell", "channels:http:slack:1:post", &[], &[], &[], ""),
        ],
        "h>tell",
        "",
    );
    let cards = [
        helper(&["o1:User"], &["o1>try.u"]),
        card(
            "try",
            "kernel:control:0.0.1:tryCatch",
            &[&format!("f:flo={body}"), "u:context/u"],
            &["d:done"],
            &[],
            &format!(r#"|"policy":{{"error":{{"type":"handler","merge":"join","flo":{handler}}}}}"#),
        ),
        card("next", "channels:http:okta:1:readUser", &[], &[], &[], ""),
    ];
    let w = one(&pack("f1", &flow(&cards, "start>try>next", "")));
    assert_eq!(
        edges(&w),
        "back->try/end, off->stop, stop->back [true], stop->try/end [false], tell->try/end, trigger->try, \
         try->off, try->tell [error], try/end->next"
    );
    assert_eq!(
        term(step(&w, "off").parameters.at("User.id")),
        &Term::Ref(Reference::keys(Root::Trigger, "User"))
    );
    let scope = step(&w, "try");
    assert_eq!((&scope.kind, scope.on_error), (&StepKind::Scope, OnError::Route));
    assert_eq!(scope.output.as_ref().expect("outputs").get("done").as_bool(), Some(true));
}

#[test]
fn an_event_is_unwrapped_and_its_fields_are_the_triggers() {
    let inner = flow(
        &[
            card("in", HELPER, &[], &["x:Output/Okta User"], &["x>open.o"], ""),
            card(
                "open",
                "kernel:object:0.0.1:expand",
                &["o:object"],
                &["k:g1/key=[\"ID\"]", "v:g1/value"],
                &["v>add.i"],
                "",
            ),
            card(
                "add",
                "channels:http:okta:1:addUserToGroup",
                &["i:User/id", "j:Group/id=\"00g1\""],
                &[],
                &[],
                "",
            ),
        ],
        "in>open>add, in>add, open>open",
        "",
    );
    let cards = [
        card(
            "ev",
            "channels:http:okta:1:userCreated",
            &["t:type=\"invoke\""],
            &["c:collection"],
            &["c>each.l"],
            "",
        ),
        card("each", "kernel:list:0.0.1:asyncEach", &["l:list", &format!("f:flo={inner}")], &[], &[], ""),
    ];
    let w = one(&pack("f1", &flow(&cards, "ev>each", "")));
    assert!(w.batched, "events shortly after one another come as one batch");
    assert_eq!((w.triggers[0].kind, w.triggers[0].event.as_str()), (TriggerKind::Event, "okta.userCreated"));
    assert_eq!(step(&w, "each").kind, StepKind::Scope);
    assert_eq!(edges(&w), "add->each/end, each->open, open->add, trigger->each");
    let user =
        step(&w, "open").output.as_ref().expect("a result").at("g1.value").as_expression().expect("computed");
    let keys: Vec<Segment> =
        ["Output", "Okta User", "ID"].iter().map(|k| Segment::Key((*k).into())).collect();
    assert_eq!(user.term, Term::Ref(Reference { root: Root::Trigger, path: keys }));
}

#[test]
fn helper_flows_are_called_and_lists_looped() {
    let cards = [
        helper(&[], &[]),
        card("call", "kernel:control:0.0.1:spawn", &["a:flo=\"f2\"", "b:UserID=\"u\""], &[], &[], ""),
        card("self", "kernel:control:0.0.1:run", &["c:flo=\"f1\""], &[], &[], ""),
        card("each", "kernel:list:0.0.1:asyncEach", &["d:list", "e:flo=\"f3\"", "g:Item=null"], &[], &[], ""),
        card("read", "channels:http:okta:1:listGroupMembers", &["h:Streaming/Flow=\"f4\""], &[], &[], ""),
    ];
    let w = one(&pack("f1", &flow(&cards, "start>call>self>each>read", "")));
    let key = |id: &str| step(&w, id).calls[0].key.clone();
    assert_eq!((key("call"), key("self")), (CalleeKey::Id("f2".into()), CalleeKey::Itself));
    assert_eq!((step(&w, "call").waits, step(&w, "self").waits), (true, false));
    assert_eq!(step(&w, "call").calls[0].input.get("UserID").as_text(), Some("u"));
    assert!(matches!(step(&w, "each").kind, StepKind::Loop(LoopKind::Each { parallel: false, bound: None })));
    assert_eq!(
        term(step(&w, "each").calls[0].input.get("Item")),
        &Term::Ref(Reference::keys(Root::Item("each".into()), ""))
    );
    assert!(edges(&w).contains("each->read [error]"), "{}", edges(&w));
    assert!(matches!(step(&w, "read").kind, StepKind::Loop(_)));
    assert_eq!(key("read"), CalleeKey::Id("f4".into()));
}

#[test]
fn raw_requests_are_put_together_from_their_cards() {
    let cards = [
        card(
            "start",
            "kernel:http:0.0.1:accept",
            &[],
            &["o:raw/body", "o2:raw/query"],
            &["o>url.h", "o2>body.x1"],
            "",
        ),
        card(
            "url",
            "kernel:string:0.0.1:compose",
            &["t:_text_=\"/api/v1/users/{{{h1}}}\\n\"", "h:h1"],
            &["u:output"],
            &["u>call.r"],
            "",
        ),
        card(
            "body",
            "kernel:string:0.0.1:compose",
            &["t2:_text_=\"{\\\"profile\\\": {\\\"n\\\": {{{x}}}}}\"", "x1:x"],
            &["b:output"],
            &["b>call.q"],
            "",
        ),
        card(
            "call",
            "channels:http:okta:1:hTTPRequest",
            &["m:parameters/requestType=\"POST\"", "r:Request/Relative URL", "q:Request/Body"],
            &[],
            &[],
            "\"config\":\"c1\"",
        ),
        card(
            "raw",
            "channels:http:httpfunctions:1:delete",
            &["w:Request/URL=\"https://h.example/x\""],
            &[],
            &[],
            "",
        ),
    ];
    let w = one(&pack("f1", &flow(&cards, "start>url>body>call>raw", ",\"security_level\":\"open\"")));
    assert_eq!((w.triggers[0].kind, w.triggers[0].authenticated), (TriggerKind::Webhook, Some(false)));
    let r = step(&w, "call").request.as_ref().expect("a request");
    assert_eq!((r.method.as_text(), r.governed, r.auth), (Some("POST"), false, workflow::Auth::Stored));
    let Term::Template(parts) = term(&r.url) else { panic!("{:?}", r.url) };
    assert_eq!(parts[0], Term::Text("/api/v1/users/".into()));
    assert_eq!(term(r.body.at("profile.n")), &Term::Ref(Reference::keys(Root::Trigger, "raw.query")));
    let named = r.body.at("profile.n").as_expression().map(|e| e.text.as_str());
    assert_eq!(named, Some("{query}"), "a hole in a text is shown by what is put in");
    let raw = step(&w, "raw");
    assert_eq!(
        (raw.connector.as_str(), raw.request.as_ref().and_then(|r| r.method.as_text())),
        ("http", Some("DELETE"))
    );
}

#[test]
fn an_answer_to_an_inline_hook_is_an_act_and_then_the_end() {
    let text = r#"t:_text_="{\"commands\": [{\"type\": \"com.okta.action.update\", \"value\": {\"result\": \"LINK_USER\"}}]}""#;
    let cards = [
        card("start", "kernel:http:0.0.1:accept", &[], &["o:raw/body"], &[], ""),
        card("say", "kernel:string:0.0.1:compose", &[text], &["b:output"], &["b>back.q"], ""),
        card("back", "kernel:control:0.0.1:returnRaw", &["s:statusCode=200", "q:body"], &[], &[], ""),
    ];
    let w = one(&pack("f1", &flow(&cards, "start>say>back", "")));
    let back = step(&w, "back");
    assert_eq!((&back.kind, step(&w, "back/end").synthetic), (&StepKind::Action, true));
    let Value::List(commands) = back.parameters.get("commands") else { panic!("{:?}", back.parameters) };
    assert_eq!(commands[0].at("value.result").as_text(), Some("LINK_USER"));
    assert!(edges(&w).contains("back->back/end"), "{}", edges(&w));
}

#[test]
fn triggers_of_every_kind() {
    let kind = |address: &str, more: &str| {
        let w =
            one(&pack("f1", &flow(&[card("a", address, &["t:type=\"invoke\""], &[], &[], "")], "", more)));
        (w.triggers[0].kind, w.triggers[0].authenticated)
    };
    let endpoint = flow(&[card("a", "kernel:http:0.0.1:accept", &[], &[], &[], "")], "", "");
    assert!(!one(&pack("f1", &endpoint)).batched, "an endpoint gets a whole batch as one run");
    assert_eq!(kind("kernel:http:0.0.1:delegated", ""), (TriggerKind::Manual, Some(true)));
    assert_eq!(kind("kernel:control:0.0.1:noop", ""), (TriggerKind::Manual, Some(true)));
    assert_eq!(
        kind("kernel:http:0.0.1:accept", ",\"security_level\":\"medium\""),
        (TriggerKind::Webhook, Some(true))
    );
    assert_eq!(kind(HELPER, ",\"scheduled\":true"), (TriggerKind::Schedule, Some(true)));
    assert_eq!(kind("channels:http:slack:1:newMessage", ""), (TriggerKind::Chat, Some(true)));
    assert_eq!(kind("channels:http:gmail:1:newEmail", ""), (TriggerKind::Mail, Some(false)));
}

#[test]
fn hostile_flows_are_read_as_far_as_they_go() {
    let odd = [
        r#"{"type":"flopack","data":{"flos":{"a":{"data":{"methods":["x",{"uuid":7},{"uuid":"u","address":5,"node":"n","pins":[],"branches":"b"}],"orderings":[1]}}}}}"#,
        r#"{"type":"flopack","data":{"flos":{"a":{"data":{"methods":[{"uuid":"u","address":"root:kernel:control:0.0.1:if","branches":{"u":true},"pins":{"z":{"u":[{}]}}}],"orderings":{"o":["u","u"],"p":["u"]}}}}}}"#,
    ];
    for text in odd {
        assert!(matches!(import(text).verdict, Verdict::Workflows(_)), "{text}");
    }
    assert!(matches!(import(r#"{"type":"flopack","data":{"flos":{}}}"#).verdict, Verdict::NotWorkflow(_)));
    assert!(!import(r#"{"type":"flopack","data":{"flos":{"a":3}}}"#).problems.is_empty());
    let cards: Vec<String> = (0..300)
        .map(|i| {
            card(
                &format!("c{i}"),
                "kernel:control:0.0.1:if",
                &[],
                &[],
                &[],
                &format!(r#"{{"c{}":true}}|"#, i + 1),
            )
        })
        .collect();
    assert_eq!(one(&pack("f1", &flow(&cards, "", ""))).own_steps().count(), 300);
}

#[test]
fn the_digest_sees_content_and_not_presentation() {
    let text = pack(
        "f1",
        &flow(
            &[
                helper(&[], &[]),
                card("a", "channels:http:okta:1:suspendUser", &["i:User/id=\"x\""], &[], &[], ""),
            ],
            "start>a",
            "",
        ),
    );
    let base = one(&text);
    assert_eq!(one(&text.replace("\"available\":[]", "\"available\":[\"*\"]")).digest, base.digest);
    assert_ne!(one(&text.replace("\"data\":\"x\"", "\"data\":\"y\"")).digest, base.digest);
    let body = text.replace("\"data\":\"x\"", "\"data\":{\"display\":1,\"comments\":2}");
    assert_ne!(one(&body).digest, one(&body.replace("\"comments\":2", "\"comments\":3")).digest);
    assert_ne!(one(&text.replace("\"o0\":[\"start\",\"a\"]", "")).digest, base.digest);
}

#[test]
fn every_file_of_the_corpus_is_accounted_for() {
    let shared = std::env::var_os("COUNTERSIGN_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let root = shared.join("corpus/okta-workflows");
    if !root.is_dir() {
        return println!("skipped: no {}", root.display());
    }
    let (mut files, mut flows, mut cards) = (0, 0, 0);
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("readable").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let found = crate::import("f", &std::fs::read(&path).expect("readable"), &NoFiles as &dyn Files);
            assert!(found.problems.is_empty(), "{:?}", found.problems);
            if let Verdict::Workflows(all) = found.verdict {
                files += 1;
                flows += all.len();
                cards += all.iter().flat_map(Workflow::own_steps).count();
            }
        }
    }
    assert_eq!((files, flows, cards), (8, 22, 128));
}
