//! Escalations and compensation: what throws them starts what catches them, and nothing else does.

use super::tests::{edges, flow, one};

/// A manager approves; a yes escalates, and what watches for that suspends somebody.
fn approved(throw: &str, after: &str) -> String {
    let parts = [
        r#"<b:startEvent id="s"/><b:userTask id="approve"/><b:exclusiveGateway id="yes"/><b:endEvent id="no"/>"#,
        throw,
        after,
        &flow("s", "approve"),
        &flow("approve", "yes"),
        &flow("yes", "no"),
        &flow("yes", "up"),
    ];
    parts.concat()
}

const END: &str = r#"<b:endEvent id="up"><b:escalationEventDefinition escalationRef="E1"/></b:endEvent>"#;

fn watcher(about: &str, attributes: &str) -> String {
    format!(
        r#"<b:subProcess id="esp" triggeredByEvent="true"><b:startEvent id="es" {attributes}><b:{about}EventDefinition/></b:startEvent></b:subProcess>"#
    )
}

fn into(text: &str, to: &str) -> Vec<String> {
    let to = format!("> {to}");
    edges(&one(text)).into_iter().filter(|e| e.ends_with(&to)).collect()
}

#[test]
fn only_a_throw_starts_what_waits_for_an_escalation() {
    let text = approved(END, &watcher("escalation", ""));
    assert_eq!(one(&text).triggers.len(), 1);
    assert_eq!(into(&text, "esp"), ["up -> esp"]);
    let calls = text.clone() + r#"<b:callActivity id="other" calledElement="P2"/>"#;
    assert_eq!(into(&calls, "esp"), ["other -=escalation> esp", "up -> esp"], "it may escalate too");
    let unseen = text.replace("escalationEventDefinition escalationRef=\"E1\"", "terminateEventDefinition");
    assert_eq!(into(&unseen, "esp"), ["approve -=escalation> esp"]);
    assert_eq!(one(&unseen).triggers.len(), 1);
}

#[test]
fn a_path_goes_on_after_an_escalation_that_interrupts_nothing() {
    let throw = r#"<b:intermediateThrowEvent id="up"><b:escalationEventDefinition/></b:intermediateThrowEvent><b:task id="next"/>"#;
    let text = |attributes: &str| approved(throw, &watcher("escalation", attributes)) + &flow("up", "next");
    assert_eq!(into(&text(""), "esp"), ["up -> esp"]);
    assert_eq!(into(&text(""), "next"), ["trigger 0 -> next"; 0]);
    assert_eq!(into(&text(r#"isInterrupting="false""#), "next"), ["up -> next"]);
}

#[test]
fn a_boundary_catches_what_its_sub_process_throws() {
    let boundary = |attributes: &str| {
        format!(
            r#"<b:boundaryEvent id="caught" {attributes} attachedToRef="sub"><b:escalationEventDefinition/></b:boundaryEvent>"#
        )
    };
    let around = |attributes: &str| {
        let inner = approved(END, "").replace(r#"id="s""#, r#"id="i""#).replace(r#""s""#, r#""i""#);
        let outer = r#"<b:startEvent id="s"/><b:subProcess id="sub">"#;
        [outer, &inner, "</b:subProcess>", &boundary(attributes), &flow("s", "sub")].concat()
    };
    assert_eq!(into(&around(""), "caught"), ["up -> caught"]);
    assert_eq!(into(&around(""), "sub/end"), ["no -> sub/end"]);
    let beside = around(r#"cancelActivity="false""#);
    assert_eq!(into(&beside, "caught"), ["up -> caught"]);
    assert_eq!(into(&beside, "sub/end"), ["no -> sub/end", "up -> sub/end"]);
    let task =
        r#"<b:startEvent id="s"/><b:userTask id="sub"/>"#.to_owned() + &boundary("") + &flow("s", "sub");
    assert_eq!(into(&task, "caught"), ["sub -=caught> caught"], "whoever does the task may escalate");
}

#[test]
fn compensation_runs_what_waits_for_it() {
    let throw = r#"<b:endEvent id="up"><b:compensateEventDefinition/></b:endEvent>"#;
    let text = approved(throw, &watcher("compensate", ""));
    assert_eq!(one(&text).triggers.len(), 1);
    assert_eq!(into(&text, "esp"), ["up -=compensate> esp"]);
}
