//! The interpreter's own rules, on small workflows built here: sequence, branches, joins, loops, calls, failures.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test whose input is not sound has failed")]

mod build;

use build::{Build, ends, names};
use machine::{Answer, Ended, Program, Request, Val, next, resume, start};
use workflow::{EdgeKind, Join, LoopKind, Outcome, Platform, StepKind, Value};

fn ok() -> Answer {
    Answer::Result(Val::Null)
}

#[test]
fn a_sequence_asks_for_each_step_in_order_and_ends_as_a_success() {
    let w = Build::new(Platform::SailPoint).acts("a").acts("b").chain(&["start", "a", "b"]).done();
    let (asked, end) = names(&w, |_, _| ok());
    assert_eq!(asked, ["a", "b"]);
    assert_eq!(end, [Ended::Success]);
}

#[test]
fn branches_that_run_beside_each_other_are_ordered_by_the_world_and_meet() {
    let w = Build::new(Platform::StepFunctions)
        .step("fork", StepKind::Fork)
        .acts("a")
        .acts("b")
        .join("all", Join::All)
        .acts("last")
        .chain(&["start", "fork", "a", "all", "last"])
        .chain(&["fork", "b", "all"])
        .done();
    let (first, end) =
        names(&w, |r, _| if let Request::Order(of) = r { Answer::First(of[1].token) } else { ok() });
    assert_eq!(first, ["2 ready", "b", "a", "last"]);
    assert_eq!(end, [Ended::Success]);
}

#[test]
fn one_thing_at_a_time_where_the_platform_has_one_stack() {
    let w = Build::new(Platform::OktaWorkflows)
        .acts("a")
        .acts("after a")
        .acts("b")
        .chain(&["start", "a", "after a"])
        .chain(&["start", "b"])
        .done();
    assert_eq!(names(&w, |_, _| ok()).0, ["a", "after a", "b"]);
}

#[test]
fn a_loop_over_known_items_has_a_round_for_each_and_one_over_unknown_items_asks() {
    let each = |items: Value| {
        Build::new(Platform::SailPoint)
            .repeats("each", LoopKind::Each { parallel: false, bound: None }, items)
            .inside("each", "act")
            .acts("after")
            .chain(&["start", "each"])
            .edge("each", "act", EdgeKind::Body)
            .edge("act", "each", EdgeKind::Back)
            .chain(&["each", "after"])
            .done()
    };
    let known = each(Value::List(vec![Value::text("x"), Value::text("y")]));
    assert_eq!(names(&known, |_, _| ok()).0, ["act", "act", "after"]);
    let unknown = each(build::expression(workflow::Term::Ref(build::trigger("list"))));
    let mut rounds = 0;
    let (asked, _) = names(&unknown, |r, _| match r {
        Request::Choose(..) => {
            rounds += 1;
            Answer::Choose(rounds < 3)
        }
        _ => ok(),
    });
    assert_eq!(asked, ["? each", "act", "? each", "act", "? each", "after"]);
}

#[test]
fn a_failure_goes_by_the_step_then_its_containers_then_ends_the_run() {
    let fails = |r: &Request, _: &machine::State| match r {
        Request::Call(c) if c.at.place.step.0 == 1 => Answer::Error("boom".into(), Val::Null),
        _ => ok(),
    };
    let plain = Build::new(Platform::SailPoint)
        .step("scope", StepKind::Scope)
        .inside("scope", "act")
        .acts("after")
        .chain(&["start", "scope", "act", "after"]);
    let (asked, end) = names(&plain.clone().done(), fails);
    assert_eq!(asked, ["act"]);
    assert!(matches!(&end[..], [Ended::Failure(f)] if f.name == "boom"));
    let caught = plain.acts("handler").edge("scope", "handler", EdgeKind::Error).done();
    let (asked, end) = names(&caught, fails);
    assert_eq!(asked, ["act", "handler"]);
    assert_eq!(end, [Ended::Success]);
}

#[test]
fn a_failure_in_one_branch_stops_nothing_beside_it_on_logic_apps_and_the_run_still_fails() {
    let w = |platform| {
        Build::new(platform)
            .step("fork", StepKind::Fork)
            .acts("a")
            .acts("b")
            .acts("after b")
            .chain(&["start", "fork", "a"])
            .chain(&["fork", "b", "after b"])
            .done()
    };
    let fails = |r: &Request, _: &machine::State| match r {
        Request::Order(of) => Answer::First(of[0].token),
        Request::Call(c) if c.at.place.step.0 == 1 => Answer::Error("".into(), Val::Null),
        _ => ok(),
    };
    let (asked, end) = names(&w(Platform::LogicApps), fails);
    assert_eq!(asked, ["2 ready", "a", "b", "after b"]);
    assert!(matches!(&end[..], [Ended::Failure(_)]));
    assert_eq!(names(&w(Platform::StepFunctions), fails).0, ["2 ready", "a"]);
}

#[test]
fn a_retry_is_a_request_of_its_own() {
    let mut w = Build::new(Platform::N8n).acts("a").chain(&["start", "a"]).done();
    w.steps[0].retries = 2;
    let mut tries = Vec::new();
    let (_, end) = names(&w, |r, _| {
        if let Request::Call(c) = r {
            tries.push(c.attempt);
        }
        Answer::Error("".into(), Val::Null)
    });
    assert_eq!(tries, [0, 1, 2]);
    assert!(matches!(&end[..], [Ended::Failure(_)]));
}

#[test]
fn silence_goes_by_the_timeout_edge_and_else_is_a_failure() {
    let asks =
        Build::new(Platform::LogicApps).asks("ask").acts("yes").acts("late").chain(&["start", "ask", "yes"]);
    let silent =
        |r: &Request, _: &machine::State| if let Request::Ask(_) = r { Answer::Timeout } else { ok() };
    let (asked, end) = names(&asks.clone().done(), silent);
    assert_eq!((asked, end.len()), (vec!["ask".to_owned()], 1));
    let with = asks.edge("ask", "late", EdgeKind::Timeout).done();
    assert_eq!(names(&with, silent).0, ["ask", "late"]);
}

#[test]
fn a_called_workflow_runs_inside_and_its_failure_is_the_callers() {
    let mut caller = Build::new(Platform::N8n)
        .step("call", StepKind::Call)
        .acts("after")
        .chain(&["start", "call", "after"])
        .done();
    caller.steps[0].calls = vec![build::callee("helper")];
    let mut helper = Build::new(Platform::N8n).acts("inner").chain(&["start", "inner"]).done();
    helper.name = "helper".into();
    let set = [caller, helper];
    let program = Program::new(&set);
    let state = start(&program, 0, 0, Val::Null, None);
    assert!(matches!(next(&program, &state), Request::Call(c) if c.at.place.workflow == 1));
    let failed = resume(&program, state.clone(), Answer::Error("".into(), Val::Null)).unwrap();
    assert!(matches!(ends(&failed)[..], [Ended::Failure(_)]));
    let well = resume(&program, state, ok()).unwrap();
    assert!(matches!(next(&program, &well), Request::Call(c) if c.at.place.workflow == 0));
}

#[test]
fn an_end_step_ends_the_run_and_what_runs_beside_it() {
    let w = Build::new(Platform::LogicApps)
        .step("fork", StepKind::Fork)
        .acts("a")
        .step("stop", StepKind::End(Outcome::Success))
        .acts("b")
        .chain(&["start", "fork", "a", "stop"])
        .chain(&["fork", "b"])
        .done();
    let (asked, end) =
        names(&w, |r, _| if let Request::Order(of) = r { Answer::First(of[0].token) } else { ok() });
    assert_eq!(asked, ["2 ready", "a"]);
    assert_eq!(end, [Ended::Success]);
}

#[test]
fn a_run_that_calls_itself_off_is_cancelled() {
    let w = Build::new(Platform::LogicApps)
        .acts("a")
        .step("stop", StepKind::End(Outcome::Cancelled))
        .chain(&["start", "a", "stop"])
        .done();
    assert_eq!(names(&w, |_, _| ok()).1, [Ended::Cancelled]);
}

#[test]
fn an_answer_that_does_not_fit_is_an_error() {
    let w = [Build::new(Platform::SailPoint).acts("a").chain(&["start", "a"]).done()];
    let program = Program::new(&w);
    let state = start(&program, 0, 0, Val::Null, None);
    assert!(resume(&program, state.clone(), Answer::Choose(true)).is_err());
    assert!(resume(&program, state.clone(), Answer::First(7)).is_err());
    assert!(resume(&program, state, Answer::Decided("yes".into())).is_err());
}

#[test]
fn an_event_delivered_twice_is_two_runs() {
    let w = [Build::new(Platform::SailPoint).acts("a").chain(&["start", "a"]).done()];
    let program = Program::new(&w);
    let twice = resume(&program, start(&program, 0, 0, Val::Null, None), Answer::Again).unwrap();
    assert!(matches!(next(&program, &twice), Request::Order(of) if of.len() == 2));
}

#[test]
fn a_crash_repeats_the_step_loses_the_run_or_asks_which() {
    let after = |platform| {
        let w = [Build::new(platform).acts("a").chain(&["start", "a"]).done()];
        let program = Program::new(&w);
        let state = resume(&program, start(&program, 0, 0, Val::Null, None), Answer::Crash).unwrap();
        (next(&program, &state), ends(&state))
    };
    assert!(matches!(after(Platform::StepFunctions), (Request::Call(c), _) if c.attempt == 1));
    assert!(matches!(&after(Platform::NodeRed).1[..], [Ended::Lost]));
    assert!(matches!(after(Platform::SailPoint).0, Request::Choose(..)));
}
#[test]
fn a_known_condition_is_not_asked_and_an_unknown_one_is() {
    let branch = |value: Value| {
        Build::new(Platform::SailPoint)
            .sets("v", "x", value)
            .step("if", StepKind::Branch)
            .acts("yes")
            .acts("no")
            .chain(&["start", "v", "if"])
            .when("if", "yes", "x", "go")
            .otherwise("if", "no")
            .done()
    };
    assert_eq!(names(&branch(Value::text("go")), |_, _| ok()).0, ["yes"]);
    assert_eq!(names(&branch(Value::text("stop")), |_, _| ok()).0, ["no"]);
    let unknown = branch(build::expression(workflow::Term::Ref(build::trigger("field"))));
    for (holds, then) in [(true, "yes"), (false, "no")] {
        let (asked, _) = names(&unknown, |r, _| match r {
            Request::Choose(..) => Answer::Choose(holds),
            _ => ok(),
        });
        assert_eq!(asked, ["? if", then]);
    }
}

#[test]
fn what_was_assumed_of_a_condition_holds_for_the_rest_of_the_run() {
    let value = build::expression(workflow::Term::Ref(build::trigger("field")));
    let w = Build::new(Platform::SailPoint)
        .sets("v", "x", value)
        .step("if", StepKind::Branch)
        .acts("between")
        .step("again", StepKind::Branch)
        .acts("yes")
        .acts("no")
        .chain(&["start", "v", "if"])
        .when("if", "between", "x", "go")
        .otherwise("if", "between")
        .chain(&["between", "again"])
        .when("again", "yes", "x", "go")
        .otherwise("again", "no")
        .done();
    for (holds, then) in [(true, "yes"), (false, "no")] {
        let (asked, _) = names(&w, |r, _| match r {
            Request::Choose(..) => Answer::Choose(holds),
            _ => ok(),
        });
        assert_eq!(asked, ["? if", "between", then]);
    }
}

#[test]
fn a_join_runs_with_what_it_has_only_where_the_platform_says_so() {
    let w = |platform| {
        Build::new(platform)
            .step("fork", StepKind::Fork)
            .acts("a")
            .acts("b")
            .join("all", Join::All)
            .acts("last")
            .chain(&["start", "fork", "a", "all", "last"])
            .chain(&["fork", "b"])
            .when("b", "all", "missing", "never")
            .done()
    };
    let first = |r: &Request, _: &machine::State| match r {
        Request::Order(of) => Answer::First(of[0].token),
        Request::Choose(..) => Answer::Choose(false),
        _ => ok(),
    };
    assert_eq!(names(&w(Platform::N8n), first).0, ["2 ready", "a", "b", "last"]);
    assert!(!names(&w(Platform::Bpmn), first).0.contains(&"last".to_owned()));
}
