//! Models of our own making, for several engines, and the public ones where they are at hand.

use crate::{NoFiles, Verdict, import};
use workflow::{CalleeKey, EdgeKind, LoopKind, Node, Outcome, StepKind, TriggerKind, Value, Workflow};

fn model(inside: &str) -> String {
    format!(
        r#"<?xml version="1.0"?><b:definitions xmlns:b="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:flowable="http://flowable.org/bpmn" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<b:process id="leaver" name="Leaver" isExecutable="true">{inside}</b:process></b:definitions>"#
    )
}

fn all(text: &str) -> Vec<Workflow> {
    let imported = import("m.bpmn", text.as_bytes(), &NoFiles);
    assert!(imported.problems.is_empty(), "{:?}", imported.problems);
    let Verdict::Workflows(all) = imported.verdict else { unreachable!("workflows") };
    all
}

pub(super) fn one(inside: &str) -> Workflow {
    all(&model(inside)).remove(0)
}

pub(super) fn flow(from: &str, to: &str) -> String {
    format!(r#"<b:sequenceFlow id="{from}_{to}" sourceRef="{from}" targetRef="{to}"/>"#)
}

fn when(from: &str, to: &str, name: &str, condition: &str) -> String {
    format!(
        r#"<b:sequenceFlow id="{from}_{to}" name="{name}" sourceRef="{from}" targetRef="{to}"><b:conditionExpression xsi:type="b:tFormalExpression">{condition}</b:conditionExpression></b:sequenceFlow>"#
    )
}

pub(super) fn edges(w: &Workflow) -> Vec<String> {
    let id = |n: Node| match n {
        Node::Trigger(t) => format!("trigger {t}"),
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

fn condition(w: &Workflow, case: &str) -> String {
    let found = w.edges.iter().find_map(|e| match &e.kind {
        EdgeKind::When { case: c, condition } if c == case => Some(format!("{:?}", condition.term)),
        _ => None,
    });
    found.unwrap_or_default()
}

fn asked() -> String {
    [
        r#"<b:startEvent id="s"/><b:userTask id="ask" name="Approve" camunda:assignee="${manager}"/><b:exclusiveGateway id="g" default="g_end"/>"#,
        r#"<b:serviceTask id="off" camunda:class="com.acme.Disable"/><b:endEvent id="end"/><b:boundaryEvent id="late" attachedToRef="ask"><b:timerEventDefinition><b:timeDuration>P2DT1H</b:timeDuration></b:timerEventDefinition></b:boundaryEvent>"#,
        r#"<b:boundaryEvent id="failed" attachedToRef="off"><b:errorEventDefinition/></b:boundaryEvent>"#,
        &flow("s", "ask"),
        &flow("ask", "g"),
        &when("g", "off", "yes", "${approved == true}"),
        &flow("g", "end"),
        &flow("off", "end"),
        &flow("late", "end"),
        &flow("failed", "end"),
    ]
    .concat()
}

#[test]
fn a_user_task_sets_what_the_gateway_after_it_reads() {
    let w = one(&asked());
    assert_eq!(
        edges(&w),
        [
            "ask -> g",
            "ask -timeout> late",
            "failed -> end",
            "g -=yes> off",
            "g -~default> end",
            "late -> end",
            "off -> end",
            "off -error> failed",
            "trigger 0 -> ask",
        ]
    );
    let ask = w.steps.iter().find(|s| s.id == "ask");
    assert!(ask.is_some_and(|s| s.assigns.iter().any(|a| a.variable == "approved")));
    assert_eq!(ask.and_then(|s| s.ask.as_ref()).and_then(|a| a.timeout_seconds), Some(2 * 86_400 + 3600));
    assert_eq!(
        condition(&w, "yes"),
        "Call(Equals, [Ref(Reference { root: Variable(\"approved\"), path: [] }), Bool(true)])"
    );
    let off = w.steps.iter().find(|s| s.id == "off");
    assert!(off.is_some_and(|s| s.kind == StepKind::Code && s.code[0].name == "com.acme.Disable"));
    assert_eq!((w.id.as_deref(), w.name.as_str(), w.enabled), (Some("leaver"), "Leaver", Some(true)));
    assert_eq!(w.triggers[0].kind, TriggerKind::Manual);
}

#[test]
fn sub_processes_repeat_end_and_throw() {
    let inner = [
        r#"<b:startEvent id="is"/>"#,
        r#"<b:task id="t"/><b:endEvent id="bad"><b:errorEventDefinition/></b:endEvent><b:exclusiveGateway id="ig"/><b:endEvent id="ie"/>"#,
        &flow("is", "t"),
        &flow("t", "ig"),
        &when("ig", "bad", "bad", "= not(ok)"),
        &when("ig", "ie", "good", "= ok and count(items) &gt; 0"),
    ]
    .concat();
    let text = [
        r#"<b:startEvent id="s"><b:timerEventDefinition><b:timeCycle>R/PT1H</b:timeCycle></b:timerEventDefinition></b:startEvent>"#,
        &format!(r#"<b:subProcess id="sub">{inner}</b:subProcess>"#),
        r#"<b:boundaryEvent id="caught" attachedToRef="sub"><b:errorEventDefinition/></b:boundaryEvent>"#,
        r#"<b:subProcess id="each"><b:multiInstanceLoopCharacteristics isSequential="true" camunda:collection="users" camunda:elementVariable="user"/><b:scriptTask id="x" scriptFormat="groovy"><b:script>println(1)</b:script></b:scriptTask></b:subProcess>"#,
        r#"<b:userTask id="m"><b:multiInstanceLoopCharacteristics><b:loopCardinality>3</b:loopCardinality></b:multiInstanceLoopCharacteristics></b:userTask>"#,
        r#"<b:endEvent id="e"/>"#,
        &flow("s", "sub"),
        &flow("sub", "each"),
        &flow("each", "m"),
        &flow("m", "e"),
        &flow("caught", "e"),
    ]
    .concat();
    let w = one(&text);
    assert_eq!(
        edges(&w),
        [
            "bad -> caught",
            "caught -> e",
            "each -> m/each",
            "each -body> x",
            "ie -> sub/end",
            "ig -=bad> bad",
            "ig -=good> ie",
            "is -> t",
            "m -back> m/each",
            "m/each -> e",
            "m/each -body> m",
            "sub -> is",
            "sub -error> caught",
            "sub/end -> each",
            "t -> ig",
            "trigger 0 -> sub",
            "x -back> each",
        ]
    );
    let kind = |id: &str| w.steps.iter().find(|s| s.id == id).map(|s| s.kind.clone());
    assert_eq!(kind("each"), Some(StepKind::Loop(LoopKind::Each { parallel: false, bound: None })));
    assert_eq!(kind("m/each"), Some(StepKind::Loop(LoopKind::Each { parallel: true, bound: Some(3) })));
    assert_eq!(kind("ie"), Some(StepKind::End(Outcome::Path)));
    assert_eq!(w.triggers[0].kind, TriggerKind::Schedule);
    assert!(condition(&w, "good").starts_with("Call(And, [Ref("), "{}", condition(&w, "good"));
    assert!(condition(&w, "bad").starts_with("Call(Not, [Ref("));
}

#[test]
fn parallel_gateways_wait_for_all() {
    let text = [
        r#"<b:startEvent id="s"/><b:parallelGateway id="f"/><b:task id="a"/><b:task id="c"/><b:parallelGateway id="j"/>"#,
        &flow("s", "f"),
        &flow("f", "a"),
        &flow("f", "c"),
        &flow("a", "j"),
        &flow("c", "j"),
    ]
    .concat();
    let w = one(&text);
    let join = w.steps.iter().find(|s| s.id == "j").map(|s| (s.kind.clone(), s.join));
    assert_eq!(join, Some((StepKind::Join, workflow::Join::All)));
    assert!(w.steps.iter().any(|s| s.id == "f" && s.kind == StepKind::Fork));
}

#[test]
fn connectors_are_requests_and_operations() {
    let text = [
        r#"<b:serviceTask id="z"><b:extensionElements><zeebe:taskDefinition type="io.camunda:http-json:1" retries="3"/><zeebe:ioMapping><zeebe:input source="PATCH" target="method"/><zeebe:input source="=&quot;https://graph.example/users/&quot; + userId" target="url"/><zeebe:input source="={accountEnabled: false}" target="body"/><zeebe:input source="bearer" target="authentication.type"/><zeebe:output source="=response.body.id" target="found"/></zeebe:ioMapping></b:extensionElements></b:serviceTask>"#,
        r#"<b:serviceTask id="c"><b:extensionElements><camunda:connector><camunda:inputOutput><camunda:inputParameter name="url">https://x.example/${userId}</camunda:inputParameter><camunda:inputParameter name="method">delete</camunda:inputParameter><camunda:inputParameter name="headers"><camunda:map><camunda:entry key="Authorization">Bearer ${token}</camunda:entry></camunda:map></camunda:inputParameter></camunda:inputOutput><camunda:connectorId>http-connector</camunda:connectorId></camunda:connector></b:extensionElements></b:serviceTask>"#,
        r#"<b:serviceTask id="f" flowable:type="http"><b:extensionElements><flowable:field name="requestMethod"><flowable:string>POST</flowable:string></flowable:field><flowable:field name="requestUrl" stringValue="https://x.example"/><flowable:field name="requestBody" stringValue="{&quot;on&quot;: false}"/></b:extensionElements></b:serviceTask>"#,
        r#"<b:serviceTask id="k"><b:extensionElements><zeebe:taskDefinition type="io.camunda:slack:1"/><zeebe:ioMapping><zeebe:input source="chat.postMessage" target="method"/><zeebe:input source="general" target="data.channel"/></zeebe:ioMapping></b:extensionElements></b:serviceTask>"#,
        r#"<b:serviceTask id="w"><b:extensionElements><zeebe:taskDefinition type="revoke-access"/></b:extensionElements></b:serviceTask>"#,
        r#"<b:callActivity id="call" calledElement="helper"><b:extensionElements><camunda:in source="userId" target="who"/></b:extensionElements></b:callActivity>"#,
        r#"<b:userTask id="u"><b:extensionElements><camunda:taskListener event="create" class="com.acme.Grant"/></b:extensionElements></b:userTask>"#,
    ]
    .concat();
    let w = one(&text);
    let by = |id: &str| w.steps.iter().find(|s| s.id == id).cloned();
    let request = |id: &str| by(id).and_then(|s| s.request).unwrap_or_default();
    assert_eq!(request("z").method, Value::text("PATCH"));
    assert_eq!(request("z").body.get("accountEnabled"), &Value::Bool(false));
    assert!(request("z").url.as_expression().is_some());
    assert_eq!(by("z").map(|s| s.retries), Some(2));
    assert_eq!(request("c").method, Value::text("DELETE"));
    assert_eq!(request("c").auth, workflow::Auth::Inline);
    assert_eq!(request("f").body.get("on"), &Value::Bool(false));
    let slack = by("k")
        .map(|s| (s.connector.to_string(), s.operation.to_string(), s.parameters.at("data.channel").clone()));
    assert_eq!(slack, Some(("io.camunda:slack:1".into(), "chat.postMessage".into(), Value::text("general"))));
    assert_eq!(by("w").map(|s| s.kind), Some(StepKind::Code));
    assert_eq!(by("call").map(|s| s.calls[0].key.clone()), Some(CalleeKey::Id("helper".into())));
    assert!(by("u").is_some_and(|s| s.ask.is_some() && s.code.iter().any(|c| c.name == "userCode")));
}

#[test]
fn what_nothing_sets_comes_from_the_start() {
    let starts = r#"<b:startEvent id="s"><b:extensionElements><zeebe:properties><zeebe:property name="inbound.type" value="io.camunda:webhook:1"/><zeebe:property name="inbound.auth.type" value="NONE"/></zeebe:properties></b:extensionElements></b:startEvent><b:exclusiveGateway id="g"/><b:task id="a"/><b:task id="c"/>"#;
    let text =
        [starts, &flow("s", "g"), &when("g", "a", "big", "${amount &gt; 5}"), &flow("g", "c")].concat();
    let w = one(&text);
    assert_eq!((w.triggers[0].kind, w.triggers[0].authenticated), (TriggerKind::Webhook, Some(false)));
    assert_eq!(
        condition(&w, "big"),
        "Call(Greater, [Ref(Reference { root: Trigger, path: [Key(\"amount\")] }), Number(\"5\")])"
    );
}

/// Where a parameter of a step comes from, in short.
fn given(w: &Workflow, step: &str, name: &str) -> String {
    let step = w.steps.iter().find(|s| s.id == step);
    let value = step.map(|s| s.parameters.get(name).clone()).unwrap_or_default();
    let root = |r: &workflow::Reference| match (&r.root, r.path.first()) {
        (workflow::Root::Trigger, Some(workflow::Segment::Key(k))) => format!("start {k}"),
        (workflow::Root::Variable(v), _) => format!("variable {v}"),
        (other, _) => format!("{other:?}"),
    };
    value
        .as_expression()
        .map(|e| e.references().into_iter().map(root).collect::<Vec<_>>().join(", "))
        .unwrap_or_default()
}

fn set(w: &Workflow, step: &str, variable: &str) -> Option<Value> {
    let step = w.steps.iter().find(|s| s.id == step)?;
    step.assigns.iter().find(|a| a.variable == variable).map(|a| a.value.clone())
}

#[test]
fn scripts_take_variables_and_give_some() {
    let text = [
        r#"<b:startEvent id="s"/><b:scriptTask id="first" scriptFormat="groovy"><b:script>def who = execution.getVariable("userId")
execution.setVariable("target", "managed/user/" + who)
execution.setVariable("decision", "accept")</b:script></b:scriptTask>"#,
        r#"<b:scriptTask id="second" scriptFormat="groovy"><b:script>openidm.patch(target, null, changes)</b:script></b:scriptTask>"#,
        r#"<b:serviceTask id="third" camunda:expression="${identityService.createMembership(userId, 'admins')}"/>"#,
        &flow("s", "first"),
        &flow("first", "second"),
        &flow("second", "third"),
    ]
    .concat();
    let w = one(&text);
    assert_eq!(given(&w, "first", "who"), "start userId");
    assert_eq!(given(&w, "second", "target"), "variable target");
    assert_eq!(given(&w, "second", "changes"), "start changes");
    assert_eq!(
        given(&w, "third", "userId"),
        "start userId",
        "an expression without the execution sets nothing"
    );
    assert_eq!(set(&w, "first", "decision"), Some(Value::text("accept")));
    let target = set(&w, "first", "target");
    assert!(target.is_some_and(|v| v.as_expression().is_some_and(|e| e.references().len() == 1)));
}

#[test]
fn what_a_class_may_have_set_is_not_known_after_it() {
    let form = r#"<b:startEvent id="s" camunda:initiator="starter"><b:extensionElements><camunda:formData><camunda:formField id="email" type="string"/></camunda:formData></b:extensionElements></b:startEvent>"#;
    let text = [
        form,
        r#"<b:serviceTask id="load" camunda:class="com.acme.Load"/>"#,
        r#"<b:scriptTask id="act" scriptFormat="groovy"><b:script>join(userId, email, starter)</b:script></b:scriptTask>"#,
        &flow("s", "load"),
        &flow("load", "act"),
    ]
    .concat();
    let w = one(&text);
    assert_eq!(given(&w, "act", "userId"), "variable userId");
    assert!(
        set(&w, "load", "userId").is_some_and(|v| v.expressions().iter().all(|e| e.references().is_empty()))
    );
    assert!(w.parameters.get("userId").as_expression().is_some(), "before it, the start gave it");
    assert_eq!(given(&w, "act", "email"), "start email", "the start's own form asks for it");
    assert_eq!(given(&w, "act", "starter"), "start initiator");
    assert_eq!(w.triggers[0].authenticated, Some(true));
}

#[test]
fn many_answers_are_read_one_by_one() {
    let text = [
        r#"<b:startEvent id="s"/><b:userTask id="ask"><b:multiInstanceLoopCharacteristics><b:extensionElements><zeebe:loopCharacteristics inputCollection="=owners" inputElement="owner" outputCollection="answers" outputElement="=approved"/></b:extensionElements></b:multiInstanceLoopCharacteristics></b:userTask>"#,
        r#"<b:exclusiveGateway id="g"/><b:endEvent id="yes"/><b:endEvent id="no"/>"#,
        &flow("s", "ask"),
        &flow("ask", "g"),
        &when("g", "yes", "all", "= every a in answers satisfies a = true"),
        &when("g", "no", "none", "= some"),
    ]
    .concat();
    let w = one(&text);
    assert_eq!(
        condition(&w, "all"),
        "Call(Equals, [Ref(Reference { root: Variable(\"answers\"), path: [Each] }), Bool(true)])"
    );
    assert!(set(&w, "ask", "answers").is_some());
    assert!(condition(&w, "none").starts_with("Unknown"));
}

#[test]
fn a_condition_may_be_a_line_of_script() {
    let scripted = |text: &str| {
        let flow = when("g", "a", "yes", text)
            .replace("<b:conditionExpression", r#"<b:conditionExpression language="javascript""#);
        let asked = r#"<b:startEvent id="s"/><b:exclusiveGateway id="g"/><b:task id="a"/><b:task id="c"/>"#;
        condition(&one(&[asked, &self::flow("s", "g"), &flow, &self::flow("g", "c")].concat()), "yes")
    };
    let equals = "Call(Equals, [Ref(Reference { root: Trigger, path: [Key(\"approved\")] }), Text(\"yes\")])";
    assert_eq!(scripted("execution.getVariable('approved') === 'yes';"), equals);
    assert_eq!(scripted("return approved == 'yes'"), equals);
    let unread = scripted("x = execution.getVariable('approved'); x > 3");
    assert!(unread.starts_with("Unknown") && unread.contains("approved"), "{unread}");
}

#[test]
fn scripts_stand_in_fields_and_headers_too() {
    let text = r#"<b:userTask id="u"><b:extensionElements><camunda:taskListener event="complete" class="org.alfresco.repo.workflow.activiti.tasklistener.ScriptTaskListener"><camunda:field name="script"><camunda:string>execution.setVariable('outcome', task.getVariable('wf_outcome'));</camunda:string></camunda:field></camunda:taskListener></b:extensionElements></b:userTask>
<b:serviceTask id="a" camunda:class="org.alfresco.repo.workflow.activiti.script.AlfrescoScriptDelegate"><b:extensionElements><camunda:field name="script"><camunda:string>people.deletePerson(who);</camunda:string></camunda:field></b:extensionElements></b:serviceTask>
<b:serviceTask id="q"><b:extensionElements><zeebe:taskDefinition type="io.camunda:connector-jdbc:1"/><zeebe:ioMapping><zeebe:input source="= &quot;DELETE FROM users&quot;" target="data.query"/></zeebe:ioMapping></b:extensionElements></b:serviceTask>
<b:serviceTask id="z"><b:extensionElements><zeebe:taskDefinition type="script"/><zeebe:taskHeaders><zeebe:header key="language" value="groovy"/><zeebe:header key="script" value="a + b"/></zeebe:taskHeaders></b:extensionElements></b:serviceTask>"#;
    let w = one(text);
    let code = |id: &str| w.steps.iter().find(|s| s.id == id).and_then(|s| s.code.last().cloned());
    let shown = |id: &str| code(id).map(|c| (c.language, c.text));
    assert!(set(&w, "u", "outcome").is_some());
    assert_eq!(code("u").map(|c| c.language), Some(workflow::CodeLanguage::JavaScript));
    let alfresco = Some((workflow::CodeLanguage::JavaScript, Value::text("people.deletePerson(who);")));
    assert_eq!(shown("a"), alfresco);
    assert_eq!(shown("q"), Some((workflow::CodeLanguage::Sql, Value::text("DELETE FROM users"))));
    assert_eq!(shown("z"), Some((workflow::CodeLanguage::Groovy, Value::text("a + b"))));
}

#[test]
fn links_events_and_compensation_are_edges() {
    let text = [
        r#"<b:startEvent id="s"/><b:task id="a"/><b:intermediateThrowEvent id="out"><b:linkEventDefinition name="L"/></b:intermediateThrowEvent>"#,
        r#"<b:intermediateCatchEvent id="in"><b:linkEventDefinition name="L"/></b:intermediateCatchEvent><b:endEvent id="e"><b:compensateEventDefinition/></b:endEvent>"#,
        r#"<b:boundaryEvent id="c" attachedToRef="a"><b:compensateEventDefinition/></b:boundaryEvent><b:task id="undo" isForCompensation="true"/><b:association id="x" sourceRef="c" targetRef="undo"/>"#,
        r#"<b:subProcess id="esp" triggeredByEvent="true"><b:startEvent id="es"><b:errorEventDefinition/></b:startEvent></b:subProcess>"#,
        r#"<b:serviceTask id="svc" camunda:expression="${bean.run()}"/>"#,
        &flow("s", "a"),
        &flow("a", "out"),
        &flow("in", "svc"),
        &flow("svc", "e"),
    ]
    .concat();
    let found = edges(&one(&text));
    for wanted in ["out -> in", "e -=compensate> undo", "svc -error> esp", "esp -> es", "es -> esp/end"] {
        assert!(found.contains(&wanted.to_owned()), "{wanted} in {found:?}");
    }
    assert!(!found.iter().any(|e| e.ends_with("trigger 0 -> undo") || e.ends_with("trigger 0 -> esp")));
}

/// The same elements in a model that no Camunda 8 modeler wrote.
pub(super) fn camunda7(text: &str) -> Workflow {
    let older = model(text).replace(" xmlns:zeebe=\"http://camunda.org/schema/zeebe/1.0\"", "");
    all(&older).remove(0)
}

#[test]
fn jobs_are_tried_three_times_unless_the_model_says_otherwise() {
    let job = |attributes: &str, inner: &str| {
        format!(
            r#"<b:serviceTask id="j" {attributes}><b:extensionElements>{inner}</b:extensionElements></b:serviceTask>"#
        )
    };
    let retries = |w: Workflow| w.steps[0].retries;
    assert_eq!(retries(one(&job("", r#"<zeebe:taskDefinition type="revoke"/>"#))), 2);
    assert_eq!(retries(one(&job("", r#"<zeebe:taskDefinition type="revoke" retries="1"/>"#))), 0);
    assert_eq!(retries(one(&job("", r#"<zeebe:taskDefinition type="revoke" retries="= n"/>"#))), 2);
    let class = r#"camunda:class="com.acme.Revoke""#;
    let cycle = |c: &str| format!("<camunda:failedJobRetryTimeCycle>{c}</camunda:failedJobRetryTimeCycle>");
    assert_eq!(retries(camunda7(&job(class, ""))), 0, "not a job of its own: rolled back to the last wait");
    let asynchronous = format!(r#"{class} camunda:asyncBefore="true""#);
    assert_eq!(retries(camunda7(&job(&asynchronous, ""))), 2);
    assert_eq!(retries(camunda7(&job(&asynchronous, &cycle("R5/PT10M")))), 4);
    assert_eq!(retries(camunda7(&job(&asynchronous, &cycle("PT1M,PT5M")))), 2);
}

#[test]
fn error_boundaries_catch_what_is_thrown_on_purpose() {
    let text = [
        r#"<b:startEvent id="s"/><b:serviceTask id="a" camunda:class="com.acme.Grant"/><b:boundaryEvent id="bad" attachedToRef="a"><b:errorEventDefinition/></b:boundaryEvent>"#,
        &flow("s", "a"),
    ]
    .concat();
    let w = one(&text);
    assert!(edges(&w).contains(&"a -error> bad".to_owned()));
    let a = w.steps.iter().find(|s| s.id == "a").map(|s| s.on_error);
    assert_eq!(a, Some(workflow::OnError::Partly));
}

#[test]
fn an_event_that_does_not_interrupt_starts_a_path_beside() {
    let reminder = |cancels: &str| {
        let text = [
            r#"<b:startEvent id="s"/><b:userTask id="ask"/><b:task id="remind"/><b:task id="next"/>"#,
            &format!(
                r#"<b:boundaryEvent id="late" name="a day" {cancels} attachedToRef="ask"><b:timerEventDefinition><b:timeDuration>P1D</b:timeDuration></b:timerEventDefinition></b:boundaryEvent>"#
            ),
            &flow("s", "ask"),
            &flow("ask", "next"),
            &flow("late", "remind"),
        ];
        one(&text.concat())
    };
    let w = reminder(r#"cancelActivity="false""#);
    let wanted = [
        "ask -> next",
        "ask/beside -=a day> late",
        "ask/beside -> ask",
        "late -> remind",
        "trigger 0 -> ask/beside",
    ];
    assert_eq!(edges(&w), wanted);
    let seconds = |w: &Workflow| w.steps.iter().find_map(|s| s.ask.as_ref()).and_then(|a| a.timeout_seconds);
    assert_eq!(seconds(&w), None, "the question stays open");
    assert!(w.steps.iter().any(|s| s.id == "ask/beside" && s.kind == StepKind::Fork && s.synthetic));
    let ends = reminder("");
    assert!(edges(&ends).contains(&"ask -timeout> late".to_owned()));
    assert_eq!(seconds(&ends), Some(86_400));
}

#[test]
fn an_error_end_goes_to_whoever_watches_for_it() {
    let watcher = r#"<b:subProcess id="esp" triggeredByEvent="true"><b:startEvent id="es"><b:errorEventDefinition errorRef="E1"/></b:startEvent></b:subProcess>"#;
    let ends = r#"<b:startEvent id="s"/><b:task id="t"/><b:endEvent id="bad"><b:errorEventDefinition errorRef="E1"/></b:endEvent>"#;
    let text = [ends, &flow("s", "t"), &flow("t", "bad")].concat();
    let caught = one(&(text.clone() + watcher));
    assert!(edges(&caught).contains(&"bad -> esp".to_owned()), "{:?}", edges(&caught));
    let other = one(&(text.clone() + &watcher.replace("E1", "E2")));
    assert!(!edges(&other).contains(&"bad -> esp".to_owned()));
    let how = |w: &Workflow| w.steps.iter().find(|s| s.id == "bad").map(|s| s.kind.clone());
    assert_eq!(how(&other), Some(StepKind::End(Outcome::Failure)), "an incident");
    assert_eq!(how(&camunda7(&text)), Some(StepKind::End(Outcome::Path)), "only this path ends");
}

#[test]
fn the_digest_knows_elements_and_not_drawings() {
    let first = one(&asked()).digest;
    let drawn = model(&asked()).replace(
        "</b:definitions>",
        r#"<d:BPMNDiagram xmlns:d="http://www.omg.org/spec/BPMN/20100524/DI" id="x"/></b:definitions>"#,
    );
    assert_eq!(all(&drawn)[0].digest, first);
    let prefixed = model(&asked()).replace("b:", "bpmn:").replace(":b=", ":bpmn=");
    assert_ne!(prefixed, model(&asked()));
    assert_eq!(all(&prefixed.replace("xsi:type=\"bpmn:", "xsi:type=\"b:"))[0].digest, first);
    assert_ne!(one(&asked().replace("com.acme.Disable", "com.acme.Enable")).digest, first);
    assert_ne!(one(&asked().replace("approved == true", "approved == false")).digest, first);
}

#[test]
fn what_is_no_process_is_said() {
    let said = |text: &str| match import("x", text.as_bytes(), &NoFiles).verdict {
        Verdict::NotWorkflow(what) => what,
        other => format!("{other:?}"),
    };
    assert!(said(r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><collaboration/></definitions>"#).contains("without a process"));
    assert!(said(r#"<task xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"/>"#).contains("fragment"));
    assert!(said(&model("")).contains("without any step"));
    assert!(said("<svg/>").contains("no workflow"));
    let wrapped =
        format!("<xmi>{}</xmi>", model(r#"<b:task id="a"/>"#).replace(r#"<?xml version="1.0"?>"#, ""));
    assert_eq!(all(&wrapped)[0].steps.len(), 1);
    let dangling = import(
        "x",
        model(r#"<b:task id="a"/><b:sequenceFlow id="f" sourceRef="a" targetRef="gone"/>"#).as_bytes(),
        &NoFiles,
    );
    assert_eq!(dangling.problems.len(), 1);
}

#[test]
fn deep_and_odd_models_do_no_harm() {
    let deep = format!(
        "{}<b:task id=\"t\"/>{}",
        "<b:subProcess id=\"x\">".repeat(120),
        "</b:subProcess>".repeat(120)
    );
    assert_eq!(all(&model(&deep)).len(), 1);
    let odd = when("a", "a", "", &"(".repeat(5000)) + &when("a", "a", "", "= x y z") + r#"<b:task id="a"/>"#;
    assert_eq!(all(&model(&odd)).len(), 1);
}

/// Counted apart with a script over the same files.
#[test]
fn public_models() {
    for (folder, workflows, steps) in [("corpus/bpmn", 338, 1516), ("vectors/bpmn-moddle", 47, 262)] {
        let Some(root) = crate::corpus_tests::shared(folder) else { return };
        let (mut found, mut own) = (0, 0);
        for path in crate::corpus_tests::files_below(&root)
            .into_iter()
            .filter(|p| p.extension().is_some_and(|e| e == "bpmn"))
        {
            let bytes = std::fs::read(&path).unwrap_or_default();
            if let Verdict::Workflows(all) = import(&path.to_string_lossy(), &bytes, &NoFiles).verdict {
                found += all.len();
                own += all.iter().flat_map(Workflow::own_steps).count();
            }
        }
        assert_eq!((found, own), (workflows, steps), "{folder}");
    }
}

#[test]
fn what_is_answered_in_a_sub_process_is_read_after_it() {
    let text = |sub: &str| {
        [
            r#"<b:startEvent id="s"/>"#,
            &format!(r#"<b:subProcess id="sub">{sub}<b:startEvent id="is"/><b:userTask id="ask"/><b:endEvent id="ie"/>{}{}</b:subProcess>"#, flow("is", "ask"), flow("ask", "ie")),
            r#"<b:exclusiveGateway id="g"/><b:task id="give"/>"#,
            &flow("s", "sub"),
            &flow("sub", "g"),
            &when("g", "give", "yes", "${approved}"),
        ]
        .concat()
    };
    assert!(condition(&one(&text("")), "yes").contains("Variable(\"approved\")"));
    // What a sub-process hands on by its own mapping is all that leaves it.
    let maps = r#"<b:extensionElements><z:ioMapping xmlns:z="http://camunda.org/schema/zeebe/1.0"><z:output source="=x" target="other"/></z:ioMapping></b:extensionElements>"#;
    assert!(!condition(&one(&text(maps)), "yes").contains("Variable(\"approved\")"));
}
