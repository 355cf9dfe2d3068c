//! Proofs over small workflows: what holds is proved, what does not is refuted with a run that replays.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test whose input is not sound has failed")]

mod build;

use build::Build;
use machine::{
    Answer, Assumptions, Bounds, Place, Program, Request, Val, Verdict, next, prove, resume, start,
};
use workflow::{EdgeKind, Function, Platform, Reference, Root, StepIx, StepKind, Term, Workflow};

fn verdict(w: &Workflow, property: &str, step: &str, assume: &Assumptions) -> Verdict {
    let set = std::slice::from_ref(w);
    let program = Program::lean(set);
    let at = Some(Place { workflow: 0, step: w.find(step).unwrap() });
    let proofs = prove(&program, 0, assume, Bounds::default());
    proofs.into_iter().find(|p| p.property == property && p.step == at).unwrap().verdict
}

fn approved(w: &Workflow) -> Verdict {
    verdict(w, "change-needs-approval", "act", &Assumptions::default())
}

/// A question, a branch on its answer, and a change where the answer is `yes`.
fn gated(platform: Platform) -> Build {
    Build::new(platform)
        .asks("ask")
        .step("if", StepKind::Branch)
        .acts("act")
        .step("stop", StepKind::Set)
        .chain(&["start", "ask", "if"])
        .answered("if", "act", "ask", "yes")
        .otherwise("if", "stop")
}

#[test]
fn a_change_behind_a_positive_answer_is_proved_on_every_platform() {
    for platform in Platform::ALL {
        let found = approved(&gated(platform).done());
        assert!(matches!(found, Verdict::Proved { .. }), "{platform:?}: {found:?}");
    }
}

#[test]
fn a_change_on_the_other_branch_is_refuted() {
    let open = Build::new(Platform::SailPoint)
        .asks("ask")
        .step("if", StepKind::Branch)
        .acts("act")
        .step("stop", StepKind::Set)
        .chain(&["start", "ask", "if"])
        .answered("if", "stop", "ask", "no")
        .otherwise("if", "act")
        .done();
    assert!(matches!(approved(&open), Verdict::Refuted { .. }));
}

#[test]
fn silence_that_leads_to_the_change_is_refuted_by_a_time_out() {
    let late = gated(Platform::LogicApps).edge("ask", "act", EdgeKind::Timeout).done();
    let Verdict::Refuted { run, .. } = approved(&late) else { panic!("not refuted") };
    assert!(run.answers.iter().any(|(_, a)| *a == Answer::Timeout));
}

#[test]
fn a_refutation_replays_to_the_change() {
    let open = Build::new(Platform::SailPoint)
        .step("v", StepKind::Branch)
        .acts("act")
        .acts("other")
        .chain(&["start", "v"])
        .given("v", "act", "x", "go")
        .otherwise("v", "other")
        .done();
    let Verdict::Refuted { run, .. } = approved(&open) else { panic!("not refuted") };
    let set = [open];
    let program = Program::lean(&set);
    let mut state = start(&program, 0, run.trigger, Val::unknown("trigger"), None);
    for (_, answer) in run.answers {
        state = resume(&program, state, answer).unwrap();
    }
    assert!(matches!(next(&program, &state), Request::Call(c) if c.at.place.step == StepIx(1)));
}

#[test]
fn loops_of_unknown_length_have_few_states() {
    let w = Build::new(Platform::SailPoint)
        .repeats(
            "each",
            workflow::LoopKind::Each { parallel: false, bound: None },
            build::expression(workflow::Term::Ref(build::trigger("list"))),
        )
        .inside("each", "act")
        .chain(&["start", "each"])
        .edge("each", "act", EdgeKind::Body)
        .edge("act", "each", EdgeKind::Back)
        .done();
    let found = verdict(&w, "failure-is-told", "act", &Assumptions::default());
    assert!(matches!(found, Verdict::Proved { states, .. } if states < 40), "{found:?}");
}

#[test]
fn conditions_that_are_read_once_do_not_multiply_states() {
    let mut b = Build::new(Platform::SailPoint).acts("act");
    let mut before = "start".to_owned();
    for i in 0..20 {
        let (branch, meet) = (format!("if{i}"), format!("meet{i}"));
        b = b.step(&branch, StepKind::Branch).step(&meet, StepKind::Join).chain(&[&before, &branch]);
        b = b.given(&branch, &meet, &format!("x{i}"), "go").otherwise(&branch, &meet);
        before = meet;
    }
    let w = b.chain(&[&before, "act"]).done();
    let Verdict::Proved { states, .. } = verdict(&w, "failure-is-told", "act", &Assumptions::default())
    else {
        panic!("not proved")
    };
    assert!(states < 80, "{states}");
}

fn refuted(w: &Workflow, property: &str, step: &str, assume: &Assumptions) -> bool {
    matches!(verdict(w, property, step, assume), Verdict::Refuted { .. })
}

/// On n8n the order of branches is where they are drawn: a refusal that stops the run may come too late.
#[test]
fn a_second_way_past_the_question_is_refuted_on_every_platform() {
    for platform in Platform::ALL {
        let past = Build::new(platform)
            .asks("ask")
            .step("if", StepKind::Branch)
            .acts("act")
            .step("stop", StepKind::End(workflow::Outcome::Failure))
            .chain(&["start", "ask", "if"])
            .answered("if", "act", "ask", "yes")
            .otherwise("if", "stop")
            .chain(&["start", "act"])
            .done();
        let found = approved(&past);
        // One card or step after the other: nothing there branches without a condition.
        let expected = !matches!(platform, Platform::OktaWorkflows | Platform::InsightConnect);
        assert_eq!(matches!(found, Verdict::Refuted { .. }), expected, "{platform:?}: {found:?}");
    }
}

#[test]
fn what_follows_a_loop_over_a_long_list_is_explored() {
    let w = Build::new(Platform::SailPoint)
        .repeats(
            "each",
            workflow::LoopKind::Each { parallel: false, bound: None },
            workflow::Value::List(["a", "b", "c", "d"].map(workflow::Value::text).to_vec()),
        )
        .inside("each", "inner")
        .acts("act")
        .chain(&["start", "each", "act"])
        .edge("each", "inner", EdgeKind::Body)
        .edge("inner", "each", EdgeKind::Back)
        .done();
    assert!(matches!(approved(&w), Verdict::Refuted { .. }));
}

#[test]
fn a_list_that_a_condition_read_before_is_still_there_for_the_loop() {
    let list = || workflow::Reference::keys(workflow::Root::Step("get".into()), "list");
    let some = workflow::Term::Call(workflow::Function::Present, vec![workflow::Term::Ref(list())]);
    let condition = workflow::Expression {
        language: workflow::Language::Structured,
        text: "".into(),
        term: some,
        line: 0,
    };
    let w = Build::new(Platform::LogicApps)
        .step("get", StepKind::Action)
        .step("if", StepKind::Branch)
        .repeats(
            "each",
            workflow::LoopKind::Each { parallel: false, bound: None },
            build::expression(workflow::Term::Ref(list())),
        )
        .inside("each", "act")
        .chain(&["start", "get", "if"])
        .edge("if", "each", EdgeKind::When { case: "some".into(), condition })
        .edge("each", "act", EdgeKind::Body)
        .edge("act", "each", EdgeKind::Back)
        .done();
    assert!(matches!(approved(&w), Verdict::Refuted { .. }));
}

/// One branch gives access and takes it back, another does something that may fail and stop everything in between.
#[test]
fn a_failure_beside_it_that_ends_the_run_is_not_ordered_away() {
    let w = Build::new(Platform::ServerlessWorkflow)
        .step("fork", StepKind::Fork)
        .acts("act")
        .acts("back")
        .step("read", StepKind::Action)
        .step("stop", StepKind::End(workflow::Outcome::Failure))
        .chain(&["start", "fork", "act", "back"])
        .chain(&["fork", "read", "stop"])
        .done();
    let at = |step: &str| Place { workflow: 0, step: w.find(step).unwrap() };
    let mut assume = Assumptions::default();
    assume.temporary.insert(at("act"), [at("back")].into());
    assert!(refuted(&w, "temporary-access-ends", "act", &assume));
}

#[test]
fn a_repetition_that_goes_well_makes_up_for_a_failure() {
    let mut w = Build::new(Platform::SailPoint).acts("act").chain(&["start", "act"]).done();
    w.steps[0].retries = 2;
    assert!(!refuted(&w, "failure-is-told", "act", &Assumptions::default()));
}

#[test]
fn a_failure_that_comes_after_another_is_not_forgotten() {
    let w = Build::new(Platform::SailPoint)
        .acts("act")
        .acts("instead")
        .step("end", StepKind::Set)
        .chain(&["start", "act"])
        .edge("act", "instead", EdgeKind::Error)
        .edge("instead", "end", EdgeKind::Error)
        .done();
    for step in ["act", "instead"] {
        assert!(refuted(&w, "failure-is-told", step, &Assumptions::default()), "{step}");
    }
}

/// Whether the answer of a step is `yes`, or one of so many fields of the trigger is `go`.
fn answer_or_fields(step: &str, fields: usize) -> Term {
    let answer = build::equals(Reference::keys(Root::Step(step.into()), "decision"), "yes");
    let fields = (0..fields).map(|i| build::equals(build::trigger(&format!("x{i}")), "go"));
    Term::Call(Function::Or, std::iter::once(answer).chain(fields).collect())
}

#[test]
fn no_alternative_of_a_condition_is_forgotten() {
    let behind = |condition: Term, turned: bool| {
        let (held, rest) = if turned { ("stop", "act") } else { ("act", "stop") };
        let built = Build::new(Platform::SailPoint).asks("ask").step("if", StepKind::Branch).acts("act");
        let built = built.step("stop", StepKind::Set).chain(&["start", "ask", "if"]);
        approved(&built.holds("if", held, condition).otherwise("if", rest).done())
    };
    assert!(matches!(behind(answer_or_fields("ask", 0), false), Verdict::Proved { .. }));
    assert!(matches!(behind(answer_or_fields("ask", 100), false), Verdict::Refuted { .. }));
    assert!(matches!(behind(answer_or_fields("ask", 1_000), false), Verdict::Unknown { .. }));
    let not = Term::Call(Function::Not, vec![answer_or_fields("ask", 1)]);
    assert!(matches!(behind(not, true), Verdict::Refuted { .. }));
}

#[test]
fn what_was_not_looked_at_in_one_alternative_makes_it_twice() {
    let mut w = Build::new(Platform::NodeRed)
        .step("read", StepKind::Action)
        .step("if", StepKind::Branch)
        .acts("act")
        .step("stop", StepKind::Set)
        .chain(&["start", "read", "if"])
        .holds("if", "act", answer_or_fields("read", 1))
        .otherwise("if", "stop")
        .done();
    w.steps[2].effects[0].kind = workflow::Kind::IssueCredential;
    w.steps[0].effects = w.steps[2].effects.clone();
    w.steps[0].effects[0].kind = workflow::Kind::Read;
    assert!(refuted(&w, "at-most-once", "act", &Assumptions::default()));
    if let EdgeKind::When { condition, .. } = &mut w.edges[2].kind {
        condition.term = answer_or_fields("read", 0);
    }
    assert!(!refuted(&w, "at-most-once", "act", &Assumptions::default()), "it was looked at");
}
