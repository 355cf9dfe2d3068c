//! Steps and edges.

use super::*;
use workflow::{CalleeKey, CodeLanguage, Join, LoopKind, OnError, Outcome, StepKind, TriggerKind};

#[test]
fn schedules_and_events_start_workflows() {
    let kind = |text: &str| {
        let w = flow(&format!("{text}\ndo: []"));
        (w.triggers[0].kind, w.triggers[0].authenticated)
    };
    assert_eq!(kind(""), (TriggerKind::External, None));
    assert_eq!(kind("schedule: {cron: 0 0 * * *}"), (TriggerKind::Schedule, Some(true)));
    assert_eq!(kind("schedule: {on: {one: {with: {type: com.acme.leaver}}}}"), (TriggerKind::Event, None));
    assert_eq!(flow("do: []").id.as_deref(), Some("acme/demo"));
}

#[test]
fn flow_directives_lead_where_they_say() {
    let w = flow(
        "do:
- a: {set: {x: 1}, then: c}
- b: {set: {x: 2}, then: end}
- c: {do: [{d: {set: {y: 1}, then: exit}}, {e: {set: {y: 2}, then: end}}]}
- f: {set: {z: 1}, then: nowhere}",
    );
    assert_eq!(
        edges(&w),
        [
            "a -> c",
            "b -> (end)",
            "c -> c/d",
            "c/(end) -> f",
            "c/d -> c/(end)",
            "c/e -> (end)",
            "trigger -> a"
        ]
    );
    assert_eq!(step(&w, "(end)").kind, StepKind::End(Outcome::Success));
}

#[test]
fn a_switch_has_an_edge_for_each_case() {
    let w = flow(
        "do:
- decide: {switch: [{yes: {when: .ok == true, then: grant}}, {no: {when: .ok == false, then: end}}]}
- other: {set: {x: 1}, then: end}
- grant: {set: {x: 2}}",
    );
    assert_eq!(
        edges(&w),
        [
            "decide -> (end) no",
            "decide -> grant yes",
            "decide -> other default",
            "other -> (end)",
            "trigger -> decide"
        ]
    );
}

#[test]
fn a_task_may_be_skipped() {
    let w = flow("do:\n- a: {if: .x, set: {y: 1}, then: end}\n- b: {set: {z: 1}}");
    assert_eq!(edges(&w), ["a -> (end)", "a/(if) -> a true", "a/(if) -> b skipped", "trigger -> a/(if)"]);
    assert!(step(&w, "a/(if)").synthetic);
}

#[test]
fn loops_run_for_each_item_while_a_condition_holds() {
    let w = flow(
        "do:
- each: {for: {each: user, in: .users}, while: .go, do: [{get: {call: http, with: {method: get, endpoint: 'https://a.example/{id}', query: {u: '${ $user.id }'}}}}]}
- after: {set: {x: 1}}",
    );
    assert_eq!(
        edges(&w),
        [
            "(start) -> each",
            "each -> after",
            "each -> each/(while) each",
            "each/(while) -> each done",
            "each/(while) -> each/get true",
            "each/get -> each back",
            "trigger -> (start)"
        ]
    );
    assert_eq!(step(&w, "each").kind, StepKind::Loop(LoopKind::Each { parallel: false, bound: None }));
    assert_eq!(references(&step(&w, "each").parameters), ["Trigger.users"]);
    assert_eq!(
        references(&step(&w, "each/get").request.as_ref().expect("a request").query),
        ["Item(\"each\").id"]
    );
}

#[test]
fn branches_all_meet_or_compete() {
    let forked = |compete: &str| {
        flow(&format!(
            "do:\n- f: {{fork: {{compete: {compete}, branches: [{{a: {{set: {{x: 1}}}}}}, {{b: {{if: .y, set: {{x: 2}}}}}}]}}}}\n- z: {{set: {{r: '${{ .[1].x }}'}}}}"
        ))
    };
    let w = forked("false");
    assert_eq!(
        edges(&w),
        [
            "f -> f/a",
            "f -> f/b/(if)",
            "f/(end of branch 2) -> f/(end)",
            "f/(end) -> z",
            "f/a -> f/(end)",
            "f/b -> f/(end of branch 2)",
            "f/b/(if) -> f/(end of branch 2) skipped",
            "f/b/(if) -> f/b true",
            "trigger -> f"
        ]
    );
    assert_eq!(step(&w, "f/(end)").join, Join::All);
    assert_eq!(references(step(&w, "z").output.as_ref().expect("a value")), ["Step(\"f/(end)\")Index(1).x"]);
    assert_eq!(step(&forked("true"), "f/(end)").join, Join::Any);
}

#[test]
fn errors_are_caught() {
    let w = flow(
        "do:
- t: {try: [{a: {call: http, with: {method: post, endpoint: 'https://a.example'}}}], catch: {as: e, retry: {limit: {attempt: {count: 4}}}, do: [{tell: {set: {why: '${ $e.detail }'}}}]}}
- z: {set: {x: 1}}",
    );
    assert_eq!(
        edges(&w),
        [
            "t -> t/a",
            "t -> t/tell error",
            "t/(end) -> z",
            "t/a -> t/(end)",
            "t/tell -> t/(end)",
            "trigger -> t"
        ]
    );
    assert_eq!(step(&w, "t").retries, 4);
    assert_eq!(step(&w, "t/a").parent, w.find("t"));
    assert_eq!(step(&w, "t/tell").parent, None);
}

#[test]
fn programs_and_workflows_are_run() {
    let w = flow(
        "do:
- c: {run: {container: {image: 'acme/tool:1.2', command: 'run', arguments: ['${ .user }']}}}
- s: {run: {script: {language: python, code: 'print(1)'}}}
- h: {run: {shell: {command: 'net user /delete'}}}
- w: {run: {workflow: {namespace: acme, name: child, version: '1', input: {u: .x}}, await: false}}",
    );
    assert_eq!(
        (step(&w, "c").code[0].name.as_str(), step(&w, "c").connector_version.as_str()),
        ("acme/tool:1.2", "1.2")
    );
    assert_eq!(references(&step(&w, "c").code[1].text), ["Trigger.user"]);
    assert_eq!(step(&w, "s").code[0].language, CodeLanguage::Python);
    assert_eq!(step(&w, "h").code[0].text.as_text(), Some("net user /delete"));
    assert_eq!(step(&w, "w").calls[0].key, CalleeKey::Name("acme/child".into()));
    assert!(!step(&w, "w").waits);
}

#[test]
fn an_approval_event_is_a_question_and_silence_is_caught() {
    let w = flow(
        "do:
- t: {try: [{ask: {listen: {to: {one: {with: {type: com.acme.access.approval}}}}, timeout: {after: {hours: 2}}}}], catch: {do: [{no: {raise: {error: {status: 408}}}}]}}
- beat: {listen: {to: {one: {with: {type: com.acme.heartbeat}}}}}",
    );
    assert_eq!(step(&w, "t/ask").ask.as_ref().and_then(|a| a.timeout_seconds), Some(7200));
    assert!(edges(&w).contains(&"t/ask -> t/no timeout".to_owned()));
    assert!(step(&w, "beat").ask.is_none());
}

#[test]
fn functions_of_the_document_are_what_they_define() {
    let w = flow(
        "use: {functions: {suspend: {call: http, with: {method: post, endpoint: 'https://acme.okta.com/api/v1/users/{id}/lifecycle/suspend'}}}}
do:
- a: {call: suspend, with: {id: '${ .user.id }'}}
- b: {call: 'log:1.0.0@hub', with: {message: hi}}",
    );
    let request = step(&w, "a").request.as_ref().expect("a request");
    assert_eq!(references(&request.url), ["Trigger.user.id"]);
    assert_eq!(
        (step(&w, "b").connector.as_str(), step(&w, "b").connector_version.as_str()),
        ("log", "1.0.0")
    );
    assert_eq!(step(&w, "b").kind, StepKind::Code);
}

#[test]
fn extensions_are_not_lost() {
    let w = flow(
        "use: {extensions: [{audit: {extend: all, before: [{send: {call: http, with: {method: post, endpoint: 'https://log.example'}}}]}}]}
do: [{a: {set: {x: 1}}}]",
    );
    assert_eq!(
        edges(&w),
        ["audit/(before) -> audit/before/send", "audit/before/send -> a", "trigger -> audit/(before)"]
    );
}

#[test]
fn broken_documents_are_read_as_far_as_they_go() {
    let texts = [
        "do: x",
        "do: [1, {a: 2}, {b: []}, {c: {for: x, do: y}}]",
        "do:\n- a: {fork: {branches: {b: {set: 1}}}}\n- t: {try: nothing, catch: 3}\n- s: {switch: {x: y}}",
        "do:\n- a: {call: [x], with: {endpoint: {uri: {}}}}\n- r: {run: {}}\n- l: {listen: []}",
        "use: {functions: [], extensions: {x: {before: {y: {wait: 1}}}}}\ndo: {a: {call: y}}",
        "do:\n- a: {set: '${ .[ }', export: {as: [1]}, output: {as: '${ ((( }'}, if: '${'}",
    ];
    for text in texts {
        assert_eq!(flow(text).name, "demo", "{text}");
    }
}

#[test]
fn order_counts_in_the_digest_and_a_title_does_not() {
    let of = |text: &str| workflows(imported(text)).remove(0).digest;
    let a = of("document: {dsl: 1.0.1, name: x, title: T}\ndo: [{a: {set: {x: 1}}}, {b: {wait: PT1S}}]");
    let b = of("document: {name: x, dsl: 1.0.1}\ndo:\n- a:\n    set: {x: 1}\n- b: {wait: PT1S}");
    let c = of("document: {name: x, dsl: 1.0.1}\ndo: [{b: {wait: PT1S}}, {a: {set: {x: 1}}}]");
    assert_eq!(a, b);
    assert_ne!(a, c);
}

/// YAML tells of a value only its line: a title of something else on it is not the document's.
#[test]
fn what_stands_on_one_line_counts_by_itself_in_the_digest() {
    let digest = |title: &str, inner: &str| {
        let text = format!(
            "---\n{{document: {{dsl: 1.0.1, name: x}}, use: {{errors: {{e: {{status: 500, title: {title}}}}}}}, do: [{{a: \
             {{call: http, with: {{endpoint: 'https://a.example', method: post, body: {{do: {inner}}}}}}}}}]}}"
        );
        workflows(imported(&text)).remove(0).digest
    };
    assert_ne!(digest("a", "x"), digest("b", "x"));
    assert_ne!(digest("a", "x"), digest("a", "y"));
}

#[test]
fn a_retry_without_a_count_has_no_limit() {
    let retries = |retry: &str| {
        let w = flow(&format!("do:\n- t: {{try: [{{a: {{set: {{x: 1}}}}}}], catch: {{{retry}}}}}"));
        (step(&w, "t").retries, step(&w, "t").on_error)
    };
    assert_eq!(retries("retry: {delay: {seconds: 1}}"), (workflow::Step::NO_LIMIT, OnError::Route));
    assert_eq!(retries("retry: {limit: {attempt: {count: 2}}}"), (2, OnError::Route));
    assert_eq!(retries("as: e"), (0, OnError::Route));
    assert_eq!(retries("errors: {with: {status: 503}}").1, OnError::Partly, "other errors go on outwards");
}

#[test]
fn the_time_out_of_any_task_is_caught_around_it() {
    let timeouts = |catch: &str| {
        let w = flow(&format!(
            "do:
- t: {{try: [{{a: {{call: http, with: {{method: get, endpoint: 'https://a.example'}}, timeout: {{after: {{seconds: 5}}}}}}}}, {{b: {{set: {{x: 1}}}}}}], catch: {{{catch}do: [{{late: {{set: {{y: 1}}}}}}]}}}}"
        ));
        edges(&w).into_iter().filter(|e| e.ends_with("timeout")).collect::<Vec<_>>()
    };
    assert_eq!(timeouts(""), ["t/a -> t/late timeout"]);
    let of_type = |t: &str| {
        format!("errors: {{with: {{type: 'https://serverlessworkflow.io/spec/1.0.0/errors/{t}'}}}}, ")
    };
    assert_eq!(timeouts(&of_type("timeout")), ["t/a -> t/late timeout"]);
    assert!(timeouts(&of_type("communication")).is_empty());
}
