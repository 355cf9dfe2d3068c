//! Playbook folders of our own making, in the platform's real layout, and the public ones where they are at hand.

use crate::{Files, Imported, Verdict, import};
use std::collections::BTreeMap;
use workflow::{EdgeKind, LoopKind, Node, StepKind, TriggerKind, Value, Workflow};

struct Folder(BTreeMap<String, String>);

impl Files for Folder {
    fn read(&self, relative: &str) -> Option<Vec<u8>> {
        self.0.get(relative).map(|t| t.clone().into_bytes())
    }

    fn list(&self, relative: &str) -> Vec<String> {
        let below = self.0.keys().filter_map(|k| k.strip_prefix(&format!("{relative}/")));
        below.map(str::to_owned).collect()
    }
}

const DEFINITION: &str = "identifier: pb-1\nis_enable: true\nname: Contain account\ntype: playbook\ncreator: someone\ndefault_access_level: edit\noriginal_workflow_identifier: pb-0\n";

/// A step: id, name, type, action, parents, further lines.
fn step(
    id: &str,
    kind: &str,
    integration: &str,
    action: &str,
    parents: &[&str],
    more: &str,
) -> (String, String) {
    let list: Vec<String> = parents.iter().map(|p| format!("- {p}\n")).collect();
    let list = if list.is_empty() { " []\n".to_owned() } else { format!("\n{}", list.concat()) };
    let automatic = if more.contains("is_automatic") { "" } else { "is_automatic: true\n" };
    let text = format!(
        "identifier: {id}\nplaybook_id: pb-1\ninstance_name: {id} name\naction_name: {action}\nintegration: {integration}\ntype: {kind}\nparent_step_ids:{list}{automatic}{more}"
    );
    (format!("steps/{id}.yaml"), text)
}

fn parameters(pairs: &[(&str, &str)]) -> String {
    let each = pairs.iter().map(|(n, v)| format!("-   name: {n}\n    value: '{v}'\n"));
    format!("parameters:\n{}", each.collect::<String>())
}

fn read(definition: &str, files: Vec<(String, String)>) -> Imported {
    import("pb/definition.yaml", definition.as_bytes(), &Folder(files.into_iter().collect()))
}

fn one(files: Vec<(String, String)>) -> Workflow {
    let imported = read(DEFINITION, files);
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

fn asked() -> Vec<(String, String)> {
    vec![
        step(
            "ask",
            "multi_choice_question",
            "Flow",
            "MultiChoiceQuestion",
            &[],
            &parameters(&[("Answers", r#"{"1":"Yes","2":"No"}"#), ("AssignedUsers", r#"["@Tier2"]"#)]),
        ),
        step(
            "off",
            "action",
            "Okta",
            "Okta_Disable User",
            &["ask"],
            &format!(
                "{}previous_result_condition: '{{\"ask\":\"1\"}}'\n",
                parameters(&[(
                    "ScriptParametersEntityFields",
                    r#"{"User IDs":"[Event.user]","Is Scope":false}"#
                )])
            ),
        ),
        step(
            "note",
            "action",
            "Siemplify",
            "Siemplify_Case Comment",
            &["ask"],
            "previous_result_condition: '{\"ask\":\"2\"}'\n",
        ),
    ]
}

#[test]
fn answers_of_a_question_are_branches() {
    let w = one(asked());
    assert_eq!(edges(&w), ["ask -=No> note", "ask -=Yes> off", "trigger -> ask"]);
    let ask = w.steps.iter().find(|s| s.id == "ask").and_then(|s| s.ask.clone()).unwrap_or_default();
    assert!(ask.decides);
    assert_eq!(ask.approver, Value::List(vec![Value::text("@Tier2")]));
    let off = w.steps.iter().find(|s| s.id == "off").map(|s| (s.connector.clone(), s.operation.clone()));
    assert_eq!(off, Some(("Okta".into(), "Disable User".into())));
    assert_eq!((w.id.as_deref(), w.aliases.as_slice()), (Some("pb-1"), &["pb-0".into()][..]));
}

#[test]
fn a_step_released_by_hand_stands_behind_its_own_question() {
    let more = format!(
        "is_automatic: false\nauto_skip_on_failure: true\n{}",
        parameters(&[("PendingActionTimeout", "600"), ("MessageToAssignee", "Disable?")])
    );
    let w = one(vec![
        step("off", "action", "Okta", "Okta_Disable User", &[], &more),
        step("after", "action", "Siemplify", "Siemplify_Case Comment", &["off"], ""),
    ]);
    assert_eq!(
        edges(&w),
        [
            "off -> after",
            "off -error> after",
            "off/release -=decline> after",
            "off/release -=decline> off/declined",
            "off/release -=execute> off",
            "off/release -=skip> after",
            "off/release -timeout> after",
            "trigger -> off/release",
        ]
    );
    let release = w.steps.iter().find(|s| s.id == "off/release");
    assert!(
        release
            .is_some_and(|s| s.synthetic && s.ask.as_ref().is_some_and(|a| a.timeout_seconds == Some(600)))
    );
    assert!(w.steps.iter().any(|s| s.id == "off" && s.ask.is_some()));
}

#[test]
fn a_step_runs_on_the_entities_in_its_scope() {
    let whom = |conditions: &str, loop_type: &str| {
        let selection = parameters(&[
            ("SelectedScopeName", "All users"),
            ("ConditionOperator", "0"),
            ("Conditions", conditions),
        ]);
        let scope = parameters(&[
            ("SelectedScopeName", if loop_type == "1" { "All users" } else { "pick name.SelectedEntities" }),
            ("UseEntitiesLoopScope", "true"),
        ]);
        let w = one(vec![
            step("pick", "action", "Flow", "EntitySelection", &[], &selection),
            step(
                "each",
                "for_each_start_loop",
                "Loop",
                "ForEachStartLoop",
                &["pick"],
                &parameters(&[("LoopType", loop_type)]),
            ),
            step(
                "off",
                "action",
                "Okta",
                "Okta_Disable User",
                &["each"],
                &format!("start_loop_step_id: each\n{scope}"),
            ),
        ]);
        let of = |id: &str| w.steps.iter().find(|s| s.id == id).expect("step");
        let given = |v: &Value| v.as_expression().map(|e| format!("{:?}", e.term)).unwrap_or_default();
        let output = of("pick").output.as_ref().map(|o| given(o.get("SelectedEntities")));
        (output.unwrap_or_default(), given(of("off").parameters.get("SelectedScopeName")))
    };
    let (selected, scope) = whom(r#"[{"FieldName":"Entity.Type","Operator":0,"Value":"USERUNIQNAME"}]"#, "3");
    assert!(selected.starts_with("Call(Filter") && selected.contains("All users"), "{selected}");
    assert!(scope.contains("Step(\"pick\")"), "{scope}");
    let (selected, scope) =
        whom(r#"[{"FieldName":"Entity.Identifier","Operator":0,"Value":"[Event.user]"}]"#, "1");
    assert!(
        selected.contains("Trigger") && !selected.contains("Filter"),
        "the one that is asked for: {selected}"
    );
    assert!(scope.contains("Item(\"each\")"), "this round's: {scope}");
}

#[test]
fn conditions_are_read_from_json_in_texts() {
    let branches = r#"[{"LogicalOperator":1,"Conditions":[{"Operator":0,"FieldName":"[get name.JsonResult| \"user.role\" | first(1)]","Value":"admin"},{"Operator":2,"FieldName":"[Alert.MODE]","Value":"[Alert.MODE"}],"Order":1,"IsDefaultBranch":false,"Name":"Branch"},{"LogicalOperator":0,"Conditions":[],"Order":2,"IsDefaultBranch":true,"Name":"Branch"}]"#;
    let w = one(vec![
        step("get", "action", "Okta", "Okta_Get User", &[], ""),
        step("if", "condition", "Flow", "IfFlowCondition", &["get"], &parameters(&[("Branches", branches)])),
        step("a", "action", "X", "X_A", &["if"], "previous_result_condition: '{\"if\":\"1\"}'\n"),
        step("b", "action", "X", "X_B", &["if"], "previous_result_condition: '{\"if\":\"2\"}'\n"),
    ]);
    assert_eq!(edges(&w), ["get -> if", "if -=Branch 1> a", "if -~Branch 2> b", "trigger -> get"]);
    let condition = w.edges.iter().find_map(|e| match &e.kind {
        EdgeKind::When { condition, .. } => Some(format!("{:?}", condition.term)),
        _ => None,
    });
    let condition = condition.unwrap_or_default();
    assert!(
        condition.starts_with("Call(Or, [Call(Equals, [Call(First, [Ref(Reference { root: Step(\"get\")"),
        "{condition}"
    );
    assert!(condition.contains("Call(Empty, [Ref(Reference { root: Trigger"), "{condition}");
}

#[test]
fn loops_and_containers_lead_through_their_steps() {
    let inner = "start_loop_step_id: each\n";
    let parallel = "parallel_actions:\n- identifier: p1\n  instance_name: one\n  type: action\n  action_name: Okta_Get User\n  integration: Okta\n  is_automatic: true\n- identifier: p2\n  instance_name: two\n  type: action\n  action_name: Okta_Get Group\n  integration: Okta\n  is_automatic: true\n";
    let w = one(vec![
        step("each", "for_each_start_loop", "Loop", "ForEachStartLoop", &[], inner),
        step(
            "off",
            "action",
            "Okta",
            "Okta_Disable User",
            &["each"],
            &format!(
                "{inner}{}",
                parameters(&[("ScriptParametersEntityFields", r#"{"User":"[Loop.Entity.Identifier]"}"#)])
            ),
        ),
        step("end", "for_each_end_loop", "Loop", "ForEachEndLoop", &["off"], inner),
        step("all", "parallel_actions_container", "null", "ParallelActionsContainer", &["end"], parallel),
        step("last", "output", "Flow", "OutputAction", &["all"], ""),
    ]);
    assert_eq!(
        edges(&w),
        [
            "all -> p1",
            "all -> p2",
            "all/end -> last",
            "each -> all",
            "each -body> off",
            "end -back> each",
            "off -> end",
            "p1 -> all/end",
            "p2 -> all/end",
            "trigger -> each",
        ]
    );
    let off = w.steps.iter().find(|s| s.id == "off");
    let each = w.steps.iter().find(|s| s.id == "each").map(|s| s.kind.clone());
    assert_eq!(each, Some(StepKind::Loop(LoopKind::Each { parallel: false, bound: Some(100) })));
    let user = off.map(|s| format!("{:?}", s.parameters.get("User"))).unwrap_or_default();
    assert!(user.contains("Item(\"each\")"), "{user}");
    assert!(
        off.and_then(|s| s.parent)
            .and_then(|p| w.step(p))
            .is_some_and(|s| matches!(s.kind, StepKind::Loop(_)))
    );
}

#[test]
fn inputs_that_nobody_filled_in_are_not_given() {
    let inputs = r#"{"Email Address":"[Loop.Item]","Given Name":"","Is Admin":false}"#;
    let w = one(vec![step(
        "u",
        "action",
        "GSuite",
        "GSuite_Update User",
        &[],
        &parameters(&[("ScriptParametersEntityFields", inputs)]),
    )]);
    let given: Vec<&str> = w.steps[0].parameters.entries().iter().map(|e| e.key.as_str()).collect();
    assert_eq!(given, ["Email Address", "Is Admin"]);
}

#[test]
fn blocks_are_calls_with_inputs() {
    let inputs = r#"[{"FieldName":"User","Value":"[Entity.Identifier]"}]"#;
    let w = one(vec![step(
        "block",
        "block",
        "Siemplify",
        "NestedAction",
        &[],
        &parameters(&[("NestedWorkflowIdentifier", "pb-2"), ("NestedWorkflowInputs", inputs)]),
    )]);
    let call = w.steps[0].calls.first().cloned();
    assert!(
        call.is_some_and(
            |c| format!("{:?}", c.key) == "Id(\"pb-2\")" && !c.input.at("Input.User").is_constant()
        )
    );
}

#[test]
fn triggers_say_what_starts_it() {
    let trigger = "identifier: t1\nplaybook_id: pb-1\ntype_: product_name\nis_enabled: true\nconditions:\n- field_name: '[Event.product]'\n  value: Okta\n  match_type: equal\nlogical_operator: and\n";
    let mut files = asked();
    files.push(("trigger.yaml".into(), trigger.into()));
    let w = one(files);
    assert_eq!((w.triggers[0].kind, w.triggers[0].authenticated), (TriggerKind::Event, Some(true)));
    assert!(w.triggers[0].filter.is_some());
    assert_eq!(w.triggers[0].span.file, 1);
}

#[test]
fn the_digest_knows_every_file_and_not_recorded_results() {
    let first = one(asked()).digest;
    let mut recorded = asked();
    recorded[1].1.push_str("step_debug_data:\n  result_value: x\n");
    assert_eq!(one(recorded).digest, first);
    let mut changed = asked();
    changed[1].1 = changed[1].1.replace("Disable User", "Enable User");
    assert_ne!(one(changed).digest, first);
}

#[test]
fn parts_alone_are_no_workflows() {
    let (_, text) = step("a", "action", "Okta", "Okta_Disable User", &[], "");
    let said = import("a.yaml", text.as_bytes(), &crate::NoFiles);
    assert!(matches!(said.verdict, Verdict::NotWorkflow(w) if w.contains("step of the playbook")));
}

#[test]
fn broken_parts_are_problems() {
    let broken = vec![
        ("trigger.yaml".to_owned(), "type_: [\n".to_owned()),
        ("steps/a.yaml".to_owned(), "just text".to_owned()),
        ("steps/b.yaml".to_owned(), "identifier: b\nparameters: 5\nparent_step_ids: gone\nprevious_result_condition: 7\ntype: [x]\n".to_owned()),
        ("steps/c.yaml".to_owned(), "identifier: c\nparent_step_ids:\n- gone\nparameters:\n- name: Branches\n  value: '[1, {\"Order\": {}}]'\n".to_owned()),
    ];
    let imported = read(DEFINITION, broken);
    assert_eq!(imported.problems.len(), 2, "{:?}", imported.problems);
    assert!(
        matches!(imported.verdict, Verdict::Workflows(w) if w.len() == 1 && w[0].own_steps().count() == 2)
    );
}

/// Counted apart with a script: 30 definitions with 198 step files in all.
#[test]
fn public_playbooks() {
    let Some(root) = crate::corpus_tests::corpus("google-secops") else { return };
    let (mut workflows, mut steps) = (0, 0);
    for path in crate::corpus_tests::files_below(&root) {
        let bytes = std::fs::read(&path).unwrap_or_default();
        let folder =
            crate::corpus_tests::Beside(path.parent().map(std::path::Path::to_path_buf).unwrap_or_default());
        let imported = import(&path.to_string_lossy(), &bytes, &folder);
        assert!(imported.problems.is_empty(), "{:?}", imported.problems);
        if let Verdict::Workflows(all) = imported.verdict {
            workflows += all.len();
            steps += all
                .iter()
                .flat_map(|w| w.own_steps())
                .filter(|s| !s.span.path.starts_with("parallel"))
                .count();
        }
    }
    assert_eq!((workflows, steps), (30, 198));
}

#[test]
fn an_action_that_attaches_playbooks_starts_them() {
    let called = |action: &str, named: &str| {
        let integration = action.split('_').next().unwrap_or_default();
        let inputs =
            parameters(&[("ScriptParametersEntityFields", &format!(r#"{{"Playbook Name":"{named}"}}"#))]);
        let w = one(vec![step("go", "action", integration, action, &[], &inputs)]);
        w.steps[0].calls.iter().map(|c| c.key.clone()).collect::<Vec<_>>()
    };
    let name = |n: &str| workflow::CalleeKey::Name(n.into());
    for action in [
        "Siemplify_Attach Playbook to Alert",
        "Tools_Attach Playbook to All Case Alerts",
        "Tools_Re-Attach Playbook",
    ] {
        assert_eq!(called(action, "Foo, Leaver"), [name("Foo, Leaver")], "{action} takes one");
    }
    let several = called("Tools_Attach Playbook to Alert", "Foo, Leaver,");
    assert_eq!(several, [name("Foo"), name("Leaver")]);
    assert!(matches!(
        called("Tools_Attach Playbook to Alert", "[Event.name]")[..],
        [workflow::CalleeKey::Dynamic(_)]
    ));
}
