//! Random definitions of the platforms whose runs follow their own data flow, as people write them: read by the importers.

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use workflow::Workflow;

/// A few states or tasks, each by its kind and how far on the next one is.
fn parts() -> impl Strategy<Value = Vec<(u8, usize)>> {
    prop::collection::vec((0..10u8, 1..3usize), 1..6)
}

/// Random definitions of Step Functions.
pub fn step_functions() -> impl Strategy<Value = Workflow> {
    parts().prop_map(|parts| {
        let all = parts.iter().enumerate().map(|(i, (kind, on))| {
            let next = i + on;
            let last = next >= parts.len();
            let mut state = state(*kind, i);
            if kind % 10 == 3 {
                state["Choices"][0]["Next"] = json!(if last { "End".into() } else { name(next) });
                state["Default"] = json!("End");
            } else if kind % 10 < 8 {
                state["Next"] = json!(if last { "End".into() } else { name(next) });
            }
            (name(i), state)
        });
        let mut states: serde_json::Map<String, Json> = all.collect();
        states.insert("End".into(), json!({"Type": "Succeed"}));
        read("machine.asl.json", &json!({"StartAt": name(0), "States": states}))
    })
}

fn name(i: usize) -> String {
    format!("S{i}")
}

fn task() -> Json {
    json!({"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sns:publish", "Parameters": {"n.$": "$.n"}})
}

fn state(kind: u8, i: usize) -> Json {
    let branch = json!({"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:1:function:f", "End": true}}});
    let catch = |name: &str| json!([{"ErrorEquals": [name], "ResultPath": "$.error", "Next": "End"}]);
    match kind {
        0 => json!({"Type": "Pass", "Result": i, "ResultPath": "$.n"}),
        1 | 2 => {
            let mut task = task();
            task["ResultPath"] = json!("$.r");
            if kind == 1 {
                task["Retry"] = json!([{"ErrorEquals": ["boom"], "MaxAttempts": 1}]);
                task["Catch"] = catch("boom");
            }
            task
        }
        3 => json!({"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericLessThan": 3}]}),
        4 => json!({"Type": "Wait", "Seconds": 1}),
        5 => {
            json!({"Type": "Parallel", "Branches": [branch, branch], "ResultPath": "$.r", "Catch": catch("States.ALL")})
        }
        6 => json!({"Type": "Map", "ItemsPath": "$.list", "ItemProcessor": branch, "ResultPath": "$.r"}),
        7 => json!({"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)", "list.$": "$.list"}}),
        8 => json!({"Type": "Fail", "Error": "boom"}),
        _ => json!({"Type": "Succeed", "OutputPath": "$.n"}),
    }
}

/// Random definitions of Serverless Workflow.
pub fn serverless() -> impl Strategy<Value = Workflow> {
    parts().prop_map(|parts| {
        let all = parts.iter().enumerate().map(|(i, (kind, on))| {
            let then = if i + on >= parts.len() { "end".into() } else { name(i + on) };
            json!({ name(i): todo(*kind, &then) })
        });
        let tasks: Vec<Json> = all.collect();
        let document = json!({"dsl": "1.0.0", "namespace": "t", "name": "t", "version": "1.0.0"});
        read("workflow.json", &json!({"document": document, "do": tasks}))
    })
}

fn todo(kind: u8, then: &str) -> Json {
    let call = json!({"call": "http", "with": {"method": "post", "endpoint": "https://example.com/x"}});
    let one = json!([{"inner": call}]);
    match kind {
        0 => json!({"set": {"n": "${ .n + 1 }", "list": "${ .list }"}}),
        1 => json!({
            "try": one,
            "catch": {
                "errors": {"with": {"type": "https://serverlessworkflow.io/spec/1.0.0/errors/boom"}},
                "retry": {"delay": {"seconds": 1}, "limit": {"attempt": {"count": 1}}},
                "do": [{"handler": {"set": {"n": 9, "list": []}}}]
            }
        }),
        2 => json!({"call": "http", "with": call["with"], "output": {"as": "${ $input + {r: .} }"}}),
        3 => json!({"switch": [{"few": {"when": "${ .n < 3 }", "then": then}}, {"many": {"then": "end"}}]}),
        4 => json!({"wait": {"seconds": 1}}),
        5 => json!({"fork": {"branches": [{"a": call}, {"b": call}]}, "output": {"as": "${ $input }"}}),
        6 => json!({"for": {"each": "x", "in": "${ .list }"}, "do": one, "output": {"as": "${ $input }"}}),
        7 => json!({"if": "${ .n == 1 }", "set": {"n": 5, "list": [1]}}),
        8 => json!({"raise": {"error": {"type": "https://example.com/no", "status": 400, "title": "no"}}}),
        _ => json!({"set": {"n": 2, "list": []}, "then": then}),
    }
}

fn read(name: &str, definition: &Json) -> Workflow {
    let text = definition.to_string();
    match import::import(name, text.as_bytes(), &import::NoFiles).verdict {
        import::Verdict::Workflows(mut all) if all.len() == 1 => all.remove(0),
        _ => panic!("not one workflow: {text}"),
    }
}
