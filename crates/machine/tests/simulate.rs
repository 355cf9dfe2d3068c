//! Chance finds nothing that exploration has not found: what a run with random answers breaks is refuted, unless the
//! exploration says itself that it has not seen everything.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test whose input is not sound has failed")]

mod build;

use build::Build;
use machine::explore::simulate;
use machine::{Assumptions, Bounds, Place, Program, Proof, Verdict, prove};
use proptest::prelude::*;
use workflow::{EdgeKind, Join, LoopKind, OnError, Outcome, Platform, StepIx, StepKind, Value, Workflow};

const STEPS: usize = 8;

fn step(b: Build, id: &str, kind: u8) -> Build {
    match kind {
        0 => b.asks(id),
        1 => b.step(id, StepKind::Branch),
        2 => b.step(id, StepKind::Fork),
        3 => b.join(id, Join::All),
        4 => b.repeats(
            id,
            LoopKind::Each { parallel: false, bound: None },
            Value::List(["x", "y", "z"].map(Value::text).to_vec()),
        ),
        5 => b.repeats(
            id,
            LoopKind::Each { parallel: false, bound: None },
            build::expression(workflow::Term::Ref(build::trigger("list"))),
        ),
        6 => b.step(id, StepKind::End(Outcome::Success)),
        7 => b.step(id, StepKind::Wait),
        8 => b.step(id, StepKind::Action),
        _ => b.acts(id),
    }
}

fn edge(b: Build, from: usize, to: usize, kind: u8) -> Build {
    let (from, to) = (from.to_string(), to.to_string());
    match kind {
        0 => b.given(&from, &to, "v", "yes"),
        1 => b.otherwise(&from, &to),
        2 => b.answered(&from, &to, "0", "yes"),
        3 => b.edge(&from, &to, EdgeKind::Error),
        4 => b.edge(&from, &to, EdgeKind::Body),
        5 => b.edge(&from, &to, EdgeKind::Back),
        _ => b.edge(&from, &to, EdgeKind::Next),
    }
}

/// Graphs that lead forward for the most part, with circles now and then; and which grants are to end by which step.
fn workflows() -> impl Strategy<Value = (Workflow, Assumptions)> {
    let kinds = prop::collection::vec(0..12u8, STEPS);
    let edges = prop::collection::vec((0..STEPS, 1..STEPS, 0..12u8), 3..16);
    let goes_on = prop::collection::vec(any::<bool>(), STEPS);
    let temporary = prop::option::of((1..STEPS, 1..STEPS));
    (kinds, edges, goes_on, temporary, 0..Platform::ALL.len()).prop_map(
        |(kinds, edges, goes_on, temporary, p)| {
            let mut b = Build::new(Platform::ALL[p]);
            for (i, kind) in kinds.iter().enumerate() {
                b = step(b, &i.to_string(), *kind);
            }
            b = b.chain(&["start", "0"]);
            for (from, ahead, kind) in edges {
                let to = if kind == 5 { ahead % (from + 1) } else { (from + ahead).min(STEPS - 1) };
                b = edge(b, from, to, kind);
            }
            let mut w = b.done();
            for (step, goes_on) in w.steps.iter_mut().zip(goes_on) {
                step.on_error = if goes_on { OnError::Continue } else { OnError::Fail };
            }
            let mut assume = Assumptions::default();
            let place = |i: usize| Place { workflow: 0, step: StepIx(u32::try_from(i).unwrap()) };
            if let Some((grant, end)) = temporary {
                assume.temporary.insert(place(grant), [place(end)].into());
            }
            (w, assume)
        },
    )
}

/// What is not refuted, although a run has broken it, and the exploration claims to know.
fn missed(proofs: &[Proof], broken: (&str, Option<Place>)) -> bool {
    let of = proofs.iter().find(|p| p.property == broken.0 && p.step == broken.1);
    of.is_some_and(|p| matches!(p.verdict, Verdict::Proved { .. }))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn chance_breaks_nothing_that_is_proved((w, assume) in workflows(), picks in prop::collection::vec(any::<u16>(), 300)) {
        let set = [w];
        let (program, lean) = (Program::new(&set), Program::lean(&set));
        let proofs = prove(&lean, 0, &assume, Bounds::default());
        let mut picks = picks.into_iter().cycle();
        for _ in 0..10 {
            let run = simulate((&program, &lean), 0, 0, &assume, 60, |n| picks.next().map_or(0, usize::from) % n);
            for broken in run.broken {
                prop_assert!(!missed(&proofs, broken), "{broken:?} is proved, and a run breaks it: {proofs:#?}");
            }
        }
    }
}
