//! What can change its answer at all, with cvc5: whatever is taken out of the core or added to it is found, with a case; what
//! only says the same in other words, or speaks of what cannot be, changes nothing. `./test` installs cvc5.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use policy::symbolic::{Example, Found, Shift, shifts};
use policy::{PolicySet, Source};
use std::io::Write;
use std::process::{Command, Stdio};

fn is_there() -> bool {
    let there = Command::new("cvc5").arg("--version").output().is_ok();
    let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(there || !ci, "cvc5 is not installed: `./test` installs it");
    if !there {
        println!("skipped: cvc5 is not installed; `./test` installs it");
    }
    there
}

fn cvc5(script: &str) -> Result<String, String> {
    let mut command = Command::new("cvc5");
    command.args(["--lang", "smt2", "--tlimit=60000"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|e| e.to_string())?;
    child.stdin.take().unwrap().write_all(script.as_bytes()).map_err(|e| e.to_string())?;
    Ok(String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap())
}

fn own(text: &str) -> PolicySet {
    let set = PolicySet::with(&[Source { file: "own.cedar".to_owned(), text: text.to_owned() }]);
    assert_eq!(set.problems(), []);
    set
}

fn policy(id: &str, scope: &str, condition: &str) -> String {
    format!(
        "@id(\"{id}\") @reason(\"No.\") @controls(\"soc2-2017-rev2022 CC8.1\")\nforbid (principal, {scope}, resource) when {{ {condition} }};\n"
    )
}

fn found(old: &PolicySet, new: &PolicySet) -> Vec<Shift> {
    shifts(old, new, &mut cvc5).unwrap()
}

fn case(found: &Found) -> &Example {
    let Found::Case(example) = found else { panic!("{found:?}") };
    example
}

/// Taking a policy out that forbids lets something pass, one that permits stops something, and nothing else happens.
fn taken_out(core: &PolicySet, id: &str) {
    let all = found(core, &PolicySet::core_without(id));
    let forbids = core.policy(id).unwrap().effect == policy::Effect::Forbid;
    let (some, none): (Vec<&Found>, Vec<&Found>) =
        all.iter().map(|s| if forbids { (&s.opened, &s.closed) } else { (&s.closed, &s.opened) }).unzip();
    assert!(none.iter().all(|f| **f == Found::Never), "{id}: {all:?}");
    let changed: Vec<&Example> =
        some.iter().filter(|f| matches!(f, Found::Case(_))).map(|f| case(f)).collect();
    assert!(changed.iter().any(|e| e.gone.iter().any(|gone| gone == id)), "{id}: {all:?}");
}

#[test]
fn a_policy_that_is_taken_out_is_noticed() {
    if !is_there() {
        return;
    }
    let core = PolicySet::core();
    let few = ["peer-approval", "exception-bounded", "people-approve"];
    let all: Vec<String> = core.policies().map(|p| p.id.clone()).collect();
    let slow = std::env::var_os("COUNTERSIGN_SLOW").is_some();
    all.iter().filter(|id| slow || few.contains(&id.as_str())).for_each(|id| taken_out(&core, id));
}

#[test]
fn a_policy_that_is_added_stops_just_what_it_names() {
    if !is_there() {
        return;
    }
    let contractors =
        policy("no-contractors", "action == Action::\"approve\"", "principal.employment == \"contractor\"");
    let [shift] = &found(&PolicySet::core(), &own(&contractors))[..] else { panic!() };
    assert_eq!((shift.act.as_str(), shift.enforced, &shift.opened), ("approve", true, &Found::Never));
    let example = case(&shift.closed);
    assert_eq!(example.new, ["no-contractors"]);
    assert_eq!(example.facts.get("principal.employment").map(String::as_str), Some("\"contractor\""));
}

#[test]
fn the_same_in_other_words_and_what_cannot_be_change_nothing() {
    if !is_there() {
        return;
    }
    let release = "action == Action::\"release\"";
    let one =
        own(&policy("a", release, "resource.tier >= 2 && !(context.votes.owner && resource.crossDomain)"));
    let other =
        own(&policy("b", release, "1 < resource.tier && (!resource.crossDomain || !context.votes.owner)"));
    let same = found(&one, &other);
    assert!(same.len() == 1 && same[0].is_none(), "{same:?}");
    for never in [
        "resource.tier > 3",
        "context.hour == 24",
        "context.votes.peer > context.votes.all",
        "resource.opaque && resource.tier < 3",
        "context.tests.passed && !context.tests.present",
    ] {
        let shifts = found(&PolicySet::core(), &own(&policy("never", release, never)));
        assert!(shifts.len() == 1 && shifts[0].is_none(), "{never}: {shifts:?}");
    }
}

#[test]
fn what_may_fail_and_what_no_solver_answers_stays_open() {
    if !is_there() {
        return;
    }
    let sum =
        own(&policy("sum", "action == Action::\"release\"", "context.votes.all + 9223372036854775806 < 0"));
    let [shift] = &found(&PolicySet::core(), &sum)[..] else { panic!() };
    let Found::Undecided { why } = &shift.closed else { panic!("{shift:?}") };
    assert!(why.contains("`sum` may fail"), "{why}");
    let friday = own(&policy("friday", "action == Action::\"release\"", "context.weekday == \"friday\""));
    for answer in ["unknown\n", "(error \"no\")\n", "sat\n(\n)\n"] {
        let [shift] = &shifts(&PolicySet::core(), &friday, &mut |_| Ok(answer.to_owned())).unwrap()[..]
        else {
            panic!()
        };
        assert!(matches!(shift.closed, Found::Undecided { .. }), "{answer}: {shift:?}");
    }
    let broken = PolicySet::with(&[Source { file: "x.cedar".to_owned(), text: "forbid".to_owned() }]);
    assert!(shifts(&PolicySet::core(), &broken, &mut |_| Ok("unsat\n".to_owned())).is_err());
}
