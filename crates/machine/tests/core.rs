//! The interpreter's own rules, on small workflows built here: sequence, branches, joins, loops, calls, failures.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test whose input is not sound has failed")]

mod build;

use build::{Build, ends, names};
use machine::{Answer, Ended, Program, Request, Val, next, resume, start};
use workflow::{EdgeKind, Join, LoopKind, OnError, Outcome, Platform, StepKind, Value};

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
fn a_join_runs_with_what_it_has_only_where_it_is_settled() {
    let w = |join| {
        Build::new(Platform::InsightConnect)
            .step("fork", StepKind::Fork)
            .acts("a")
            .acts("b")
            .join("all", join)
            .acts("last")
            .chain(&["start", "fork", "a", "all", "last"])
            .chain(&["fork", "b"])
            .when("b", "all", "missing", "never")
            .done()
    };
    let no = |r: &Request, _: &machine::State| match r {
        Request::Choose(..) => Answer::Choose(false),
        _ => ok(),
    };
    assert_eq!(names(&w(Join::Settled), no).0, ["a", "b", "last"]);
    assert_eq!(names(&w(Join::All), no).0, ["a", "b"]);
    let yes = |_: &Request, _: &machine::State| ok();
    let both = Build::new(Platform::InsightConnect)
        .acts("a")
        .acts("b")
        .join("all", Join::Settled)
        .acts("last")
        .chain(&["start", "a", "all", "last"])
        .chain(&["start", "b", "all"])
        .done();
    assert_eq!(names(&both, yes).0, ["a", "b", "last"], "once, not for each arrival");
}

#[test]
fn of_two_joins_that_wait_the_one_before_goes_first() {
    // The second stands first in the definition, and so has the lower position.
    let w = Build::new(Platform::InsightConnect)
        .join("second", Join::Settled)
        .join("first", Join::Settled)
        .acts("a")
        .acts("never")
        .acts("between")
        .acts("last")
        .chain(&["start", "a", "first", "between", "second", "last"])
        .chain(&["a", "second"])
        .chain(&["never", "first"])
        .chain(&["never", "second"])
        .done();
    assert_eq!(names(&w, |_, _| ok()).0, ["a", "between", "last"]);
}

/// A step that fails, with an ordinary way to `after` and a way of its own for failures to `handler`.
fn either() -> workflow::Workflow {
    let mut w = Build::new(Platform::N8n)
        .acts("a")
        .acts("after")
        .acts("handler")
        .chain(&["start", "a", "after"])
        .edge("a", "after", EdgeKind::Error)
        .edge("a", "handler", EdgeKind::Error)
        .done();
    w.steps[0].on_error = OnError::Either;
    w
}

#[test]
fn a_failure_that_may_go_two_ways_goes_the_one_that_the_world_says_and_never_both() {
    for (own, then) in [(true, "handler"), (false, "after")] {
        let (asked, end) = names(&either(), |r, _| match r {
            Request::Choose(..) => Answer::Choose(own),
            Request::Call(c) if c.at.place.step.0 == 0 => Answer::Error("boom".into(), Val::Null),
            _ => ok(),
        });
        assert_eq!(asked, ["a", "? a", then]);
        assert_eq!(end, [Ended::Success]);
    }
    // The way for failures leads nowhere: the path may end there.
    let mut w = either();
    w.edges.pop();
    let (asked, _) = names(&w, |r, _| match r {
        Request::Choose(..) => Answer::Choose(false),
        Request::Call(c) if c.at.place.step.0 == 0 => Answer::Error("boom".into(), Val::Null),
        _ => ok(),
    });
    assert_eq!(asked, ["a", "? a"]);
}

#[test]
fn a_node_that_throws_hands_its_input_on_and_by_its_own_way_what_went_wrong_too() {
    let w = [either()];
    let program = Program::new(&w);
    let input = Val::map(vec![("user".into(), Val::text("anna"))]);
    let failed =
        resume(&program, start(&program, 0, 0, input.clone(), None), Answer::Error("boom".into(), Val::Null));
    for (own, error) in [(true, Val::text("boom")), (false, Val::Null)] {
        let state = resume(&program, failed.clone().unwrap(), Answer::Choose(own)).unwrap();
        let given = &state.tokens[0].input;
        assert_eq!((given.get("user"), given.get("error")), (Val::text("anna"), error));
    }
}

#[test]
fn whether_only_some_failures_are_caught_is_asked_and_what_is_not_goes_outwards() {
    let mut w = Build::new(Platform::Bpmn)
        .acts("a")
        .acts("handler")
        .chain(&["start", "a"])
        .edge("a", "handler", EdgeKind::Error)
        .done();
    w.steps[0].on_error = OnError::Partly;
    for caught in [true, false] {
        let (asked, end) = names(&w, |r, _| match r {
            Request::Choose(..) => Answer::Choose(caught),
            Request::Call(c) if c.at.place.step.0 == 0 => Answer::Error("boom".into(), Val::Null),
            _ => ok(),
        });
        assert_eq!(asked[..2], ["a", "? a"]);
        assert_eq!(asked.get(2).map(String::as_str), caught.then_some("handler"));
        assert_eq!(end.is_empty(), !caught, "a technical failure stands still");
    }
}

#[test]
fn an_answer_about_an_error_edge_counts_for_one_failure() {
    let mut w = Build::new(Platform::Bpmn)
        .step("scope", StepKind::Scope)
        .inside("scope", "a")
        .inside("scope", "b")
        .acts("handler")
        .chain(&["start", "scope", "a", "b"])
        .edge("scope", "handler", EdgeKind::Error)
        .edge("a", "b", EdgeKind::Error)
        .done();
    w.steps[0].on_error = OnError::Partly;
    let mut asked = 0;
    let (names, _) = names(&w, |r, _| match r {
        Request::Choose(..) => {
            asked += 1;
            Answer::Choose(true)
        }
        Request::Call(c) if c.at.place.step.0 < 3 => Answer::Error("boom".into(), Val::Null),
        _ => ok(),
    });
    assert_eq!(names, ["a", "b", "? b", "handler"]);
    assert_eq!(asked, 1);
}

#[test]
fn a_step_that_a_person_released_is_not_waited_for_again() {
    let mut w = Build::new(Platform::GoogleSecops)
        .asks("off/release")
        .asks("off")
        .chain(&["start", "off/release", "off"])
        .done();
    w.steps[0].synthetic = true;
    let waits = |w: &workflow::Workflow| {
        let mut asked = Vec::new();
        names(w, |r, _| {
            asked.push(matches!(r, Request::Ask(_)));
            ok()
        });
        asked
    };
    assert_eq!(waits(&w), [true, false]);
    w.steps[0].id = "other/release".into();
    assert_eq!(waits(&w), [true, true]);
}
