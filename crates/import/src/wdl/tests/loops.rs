//! Loops and ends: what a failed round, a reached limit and a cancelled run lead to.

use super::{edges, of, step};
use workflow::{LoopKind, Outcome, Step, StepKind, Value};

/// A loop that asks a service until it says yes.
fn until(more: &str) -> String {
    format!(
        r#""Poll":{{"type":"Until","expression":"@equals(body('Ask'),'ready')"{more},"actions":{{
            "Ask":{{"type":"Http","inputs":{{"method":"GET","uri":"https://jobs.example.com/1"}}}},
            "Note":{{"type":"Compose","inputs":1,"runAfter":{{"Ask":["Succeeded"]}}}}}}}}"#
    )
}

fn to_the_round(w: &workflow::Workflow) -> Vec<String> {
    edges(w).into_iter().filter(|e| e.contains('#') || e.contains("Error") || e.contains("Timeout")).collect()
}

#[test]
fn a_failure_in_a_round_leads_to_the_next_or_fails_the_loop() {
    let w = of(&until(""));
    assert_eq!(
        to_the_round(&w),
        [
            "Ask -Error-> Poll#round",
            "Note -Error-> Poll#round",
            "Poll#round -another round-> Ask",
            "Poll#round -last round-> Poll#ended",
        ]
    );
    assert_eq!(step(&w, "Poll#ended").kind, StepKind::End(Outcome::Failure));
}

#[test]
fn the_last_rounds_failure_goes_where_the_loops_own_does() {
    let after = r#""Tell":{"type":"Compose","inputs":1,"runAfter":{"Poll":["Failed"]}}"#;
    let w = of(&format!("{},{after}", until("")));
    assert_eq!(
        to_the_round(&w),
        [
            "Ask -Error-> Poll#round",
            "Note -Error-> Poll#round",
            "Poll -Error-> Poll#failed",
            "Poll#failed -Next-> Tell",
            "Poll#round -another round-> Ask",
            "Poll#round -last round-> Poll#failed",
        ]
    );
}

#[test]
fn a_loop_in_a_loop_fails_a_round_of_the_outer_one() {
    let w =
        of(&format!(r#""Outer":{{"type":"Until","expression":"@equals(1,2)","actions":{{{}}}}}"#, until("")));
    let edges = edges(&w);
    for edge in [
        "Poll#round -last round-> Outer#round",
        "Outer#round -another round-> Poll",
        "Poll -Error-> Outer#round",
    ] {
        assert!(edges.iter().any(|e| e == edge), "{edge} is not in {edges:#?}");
    }
}

#[test]
fn a_reached_limit_is_a_success_unless_it_is_set_to_fail() {
    let limit = r#","limit":{"count":5,"timeout":"PT10M"}"#;
    let w = of(&until(limit));
    assert!(!edges(&w).iter().any(|e| e.contains("Timeout")), "{:#?}", edges(&w));
    let w = of(&until(r#","operationOptions":"FailWhenLimitsReached""#));
    assert!(edges(&w).contains(&"Poll -Timeout-> Poll#limit".to_owned()), "{:#?}", edges(&w));
    assert_eq!(step(&w, "Poll#limit").kind, StepKind::End(Outcome::Failure));
}

#[test]
fn limits_are_the_platforms_where_the_definition_has_none() {
    let limits = |more: &str| {
        let w = of(&until(more));
        let limit = step(&w, "Poll").parameters.get("limit").clone();
        let StepKind::Loop(LoopKind::While { bound }) = step(&w, "Poll").kind else { panic!("no loop") };
        (limit.get("count").clone(), limit.get("timeout").clone(), bound)
    };
    let number = |n: &str| Value::Number(n.into());
    assert_eq!(limits(""), (number("60"), Value::text("PT1H"), Some(60)));
    assert_eq!(limits(r#","limit":{"count":7}"#), (number("7"), Value::text("PT1H"), Some(7)));
}

#[test]
fn a_foreach_in_a_foreach_takes_one_item_after_the_other() {
    let inner = r#""Inner":{"type":"Foreach","foreach":"@item()","actions":{}}"#;
    let w = of(&format!(
        r#""Outer":{{"type":"Foreach","foreach":"@triggerBody()","actions":{{
            "Again":{{"type":"Until","expression":"@equals(1,1)","actions":{{{inner}}}}}}}}}"#
    ));
    let parallel = |s: &Step| matches!(s.kind, StepKind::Loop(LoopKind::Each { parallel: true, .. }));
    assert!(parallel(step(&w, "Outer")));
    assert!(!parallel(step(&w, "Inner")));
}

#[test]
fn a_run_ends_with_the_status_that_it_is_given() {
    let end = |status: &str| {
        let w = of(&format!(r#""Stop":{{"type":"Terminate","inputs":{{"runStatus":"{status}"}}}}"#));
        step(&w, "Stop").kind.clone()
    };
    assert_eq!(end("Succeeded"), StepKind::End(Outcome::Success));
    assert_eq!(end("Failed"), StepKind::End(Outcome::Failure));
    assert_eq!(end("Cancelled"), StepKind::End(Outcome::Cancelled));
}

#[test]
fn a_doubled_at_sign_in_a_name_is_one() {
    let w = of(
        r#""Add":{"type":"Http","inputs":{"method":"POST","uri":"https://graph.microsoft.com/v1.0/groups/1/members/$ref",
            "body":{"@@odata.id":"https://graph.microsoft.com/v1.0/users/2"}}}"#,
    );
    let request = step(&w, "Add").request.clone().unwrap();
    assert_eq!(request.body.get("@odata.id").as_text(), Some("https://graph.microsoft.com/v1.0/users/2"));
}
