//! Exceptions and break-glass end in the second that they name, for everybody who asks: who enforces (the door), who reports,
//! who replays. The clock is an argument; it may jump, and moments may be written with any offset.

#![allow(clippy::unwrap_used, reason = "a test that cannot have its facts has failed")]

mod common;

use common::{LEAVER, Log, NOW, approve, core, world};
use govern::{Live, Wish, World, due, judge, perform};
use policy::{Act, BreakGlass, Exception, Moment};

/// The end, as people in different places write it: one moment.
const END: [&str; 3] = ["2026-12-20T18:00:00+01:00", "2026-12-20T17:00:00Z", "2026-12-20T09:00:00-08:00"];

fn moment(text: &str) -> Moment {
    text.parse().unwrap()
}

fn excepted(end: &str) -> (Log, World) {
    let mut log = Log::registered();
    let mut here = world("v1");
    here.evidence.credentials.clear();
    let exception = Exception {
        covers: vec!["tests".into(), "mutation".into()],
        subject: LEAVER.into(),
        owner: "olga".into(),
        compensating: "two people watch every run".into(),
        from: Some(Moment(log.now().0 + 60)),
        until: Some(moment(end)),
        ..Exception::default()
    };
    log.must(&here, &Wish { exception: Some(exception), ..Wish::of(Act::GrantException, "sam") });
    log.must(&here, &Wish::of(Act::Propose, "ann"));
    log.must(&here, &approve("ben"));
    log.must(&here, &approve("sam"));
    (log, here)
}

#[test]
fn an_exception_ends_for_everybody_in_the_same_second() {
    for end in END {
        let (log, here) = excepted(end);
        let state = log.fold().state;
        let wish = Wish::of(Act::Release, "ann");
        let enforced =
            |at: Moment| perform(core(), &state, &World { at, ..here.clone() }, &wish).decision.allow;
        let reported =
            |at: Moment| due(&state, "production", at).iter().any(|(kind, ..)| *kind == "exception");
        let listed = |at: Moment| {
            state.exceptions.values().any(|l| l.exception.standing(at) == policy::Standing::Holds)
        };
        let last = Moment(moment(END[0]).0 - 1);
        let event = perform(core(), &state, &World { at: last, ..here.clone() }, &wish).event.unwrap();
        let replayed = |at: Moment| {
            let then = govern::Event { at, ..event.clone() };
            judge(core(), &state, &here, ("ann", &then), None).1.allow
        };
        // Forth and back, as a clock that is put right jumps.
        for (offset, holds) in
            [(-1, true), (0, false), (1, false), (-1, true), (86_400, false), (-3600, true)]
        {
            let at = Moment(moment(END[0]).0 + offset);
            let answers = [enforced(at), reported(at), listed(at), replayed(at)];
            assert_eq!(answers, [holds; 4], "{end} {offset:+}");
        }
    }
}

#[test]
fn break_glass_ends_for_everybody_in_the_same_second() {
    let mut log = Log::registered();
    log.released("v1");
    let fix = world("v2");
    let from = Moment(log.now().0 + 60);
    let end = from.plus_hours(3);
    let glass = BreakGlass {
        reason: "r".into(),
        ticket: "INC-1".into(),
        scope: vec![LEAVER.into()],
        from: Some(from),
        until: Some(end),
        ..BreakGlass::default()
    };
    let id = log.must(&fix, &Wish { glass: Some(glass), ..Wish::of(Act::OpenBreakGlass, "ivo") });
    let wish = Wish { of: Some(id), ..Wish::of(Act::UseBreakGlass, "ivo") };
    log.must(&fix, &wish);
    let event = log.entries.last().unwrap().event.clone();
    let state = log.fold().state;
    let enforced = |at: Moment| perform(core(), &state, &World { at, ..fix.clone() }, &wish).event.is_some();
    let reported = |at: Moment| due(&state, "production", at).iter().any(|(kind, ..)| *kind == "break-glass");
    let live = |at: Moment| matches!(state.live(LEAVER, "production", at), Some(Live::Emergency(..)));
    let replayed = |at: Moment| {
        let then = govern::Event { at, ..event.clone() };
        judge(core(), &state, &fix, ("ivo", &then), None).1.allow
    };
    for (offset, holds) in [(-1, true), (0, false), (-60, true), (1, false), (-1, true), (7200, false)] {
        let at = Moment(end.0 + offset);
        assert_eq!([enforced(at), reported(at), live(at), replayed(at)], [holds; 4], "{offset:+}");
    }
    assert!(NOW < from);
}
