//! Proofs over small workflows: what holds is proved, what does not is refuted with a run that replays.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test whose input is not sound has failed")]

mod build;

use build::Build;
use machine::{
    Answer, Assumptions, Bounds, Place, Program, Request, Val, Verdict, next, prove, resume, start,
};
use workflow::{EdgeKind, Platform, StepIx, StepKind, Workflow};

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
    assert!(matches!(found, Verdict::Proved { states } if states < 40), "{found:?}");
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
    let Verdict::Proved { states } = verdict(&w, "failure-is-told", "act", &Assumptions::default()) else {
        panic!("not proved")
    };
    assert!(states < 80, "{states}");
}
