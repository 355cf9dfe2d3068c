//! Changes of control in the small notation: the first sentences name what changed and where.

use super::{Area, Difference, Direction, Side, compare};
use crate::dsl::workflows;

const BASE: &str = "
trigger hook webhook auth caller
step mail ask approver=boss@corp.test answer=approved yes=true no=false
step if branch
step add grant okta identity={trigger.user} entitlement=VPN-Admin
step take revoke okta identity={trigger.user} entitlement=VPN-Admin
step stop end
hook -> mail -> if
if -[step.mail.approved == true]-> add
if -[else]-> stop
add -> take
";

fn side(text: &str) -> Side {
    let mut side = Side::default();
    let mut all = workflows(text);
    for w in &mut all {
        // The importers' digest: over everything but presentation.
        let mut plain = w.clone();
        plain.steps.iter_mut().for_each(|s| s.span = workflow::Span::default());
        plain.triggers.iter_mut().for_each(|t| t.span = workflow::Span::default());
        w.digest = workflow::Digest::of(format!("{plain:?}").as_bytes());
    }
    let judged = crate::check(&all, &[]);
    side.add("main.json", &all, &judged);
    side
}

fn diff(old: &str, new: &str) -> Vec<Difference> {
    compare(&side(old), &side(new))
}

/// A base workflow with one text replaced, against the base.
fn edited(from: &str, to: &str) -> Difference {
    assert!(BASE.contains(from), "`{from}` is not in the base");
    let mut found = diff(BASE, &BASE.replace(from, to));
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

/// That one of the first three sentences is of a kind and about a step.
fn first(difference: &Difference, kind: &str, step: &str) -> String {
    let found = difference.changes.iter().take(3).find(|c| c.kind == kind && c.step == step);
    found.unwrap_or_else(|| panic!("no {kind} at {step} first in {:#?}", difference.changes)).sentence.clone()
}

#[test]
fn the_same_is_no_difference() {
    assert!(diff(BASE, BASE).is_empty());
}

#[test]
fn a_gate_that_is_passed_by_is_lost() {
    let d = edited(
        "hook -> mail -> if\nif -[step.mail.approved == true]-> add",
        "hook -> mail -> if\nif -[step.mail.approved == true]-> add\nhook -> add",
    );
    let told = first(&d, "gate-lost", "add");
    assert!(told.contains("`add`") && told.contains("without the approval that `mail` asked for"), "{told}");
    let change = d.changes.iter().find(|c| c.kind == "gate-lost").unwrap();
    assert_eq!(change.direction, Direction::Worse);
    assert!(change.before.iter().any(|w| w.step == "mail") && change.after.iter().all(|w| w.step != "mail"));
    assert!(d.gained.iter().any(|f| f.rule == "untrusted-target" && f.step == "add"), "{:?}", d.gained);
}

#[test]
fn a_gate_that_comes_back_is_gained() {
    let open = BASE.replace("hook -> mail -> if", "hook -> mail -> if\nhook -> add");
    let found = diff(&open, BASE);
    assert!(found[0].changes.iter().any(|c| c.kind == "gate-gained" && c.direction == Direction::Better));
    assert!(found[0].lost.iter().any(|f| f.rule == "untrusted-target" && f.step == "add"));
}

#[test]
fn silence_that_passes_weakens_the_gate() {
    let d = edited("add -> take", "add -> take ; mail -[timeout]-> add");
    let told = first(&d, "gate-weakened", "add");
    assert!(told.contains("no answer in time"), "{told}");
    first(&d, "timeout-path", "mail");
}

#[test]
fn a_failure_that_passes_weakens_the_gate() {
    let d = edited("add -> take", "add -> take ; mail -[error]-> add");
    assert!(first(&d, "gate-weakened", "add").contains("a failure of the question"));
    first(&d, "error-handling", "mail");
}

#[test]
fn conditions_are_told_by_their_terms() {
    let told = |to: &str| first(&edited("step.mail.approved == true", to), "condition", "if");
    assert!(told("step.mail.approved != true").contains("is now the opposite"));
    assert!(
        told("step.mail.approved == true || step.mail.approved == \"maybe\"")
            .contains("also accepts `maybe`")
    );
    assert!(told("step.mail.approved == true && trigger.level == \"low\"").contains("also requires"));
    assert!(told("step.mail.approved == false").contains("compares with `false` instead of `true`"));
}

#[test]
fn whom_it_asks_and_what_it_gives_are_told() {
    let told = first(&edited("boss@corp.test", "{trigger.user}"), "approver", "mail");
    assert!(told.contains("boss@corp.test") && told.contains("trigger.user"), "{told}");
    let wider = edited(
        "step add grant okta identity={trigger.user} entitlement=VPN-Admin",
        "step add grant okta identity={trigger.user} entitlement=Domain-Admins",
    );
    assert!(first(&wider, "effect-widened", "add").contains("Domain-Admins"));
    let open = edited(
        "step add grant okta identity={trigger.user} entitlement=VPN-Admin",
        "step add grant okta identity={trigger.user} entitlement={trigger.group}",
    );
    let change = open.changes.iter().find(|c| c.kind == "effect-widened").unwrap();
    assert_eq!(change.direction, Direction::Worse);
    assert_eq!(open.blast.1.systems, ["okta"]);
    assert!(open.blast.1.open);
    assert_eq!(open.blast.0.entitlements, ["VPN-Admin"]);
}

#[test]
fn a_revoke_that_is_dropped_is_told() {
    let d = edited("add -> take", "");
    let told = first(&d, "effect-lost", "take");
    assert!(told.contains("no longer reached"), "{told}");
    let gone = BASE
        .replace("step take revoke okta identity={trigger.user} entitlement=VPN-Admin\n", "")
        .replace("add -> take", "");
    let found = diff(BASE, &gone);
    assert!(first(&found[0], "effect-lost", "take").contains("`take` is gone"));
}

#[test]
fn errors_that_are_swallowed_and_settings_are_told() {
    let d = edited("entitlement=VPN-Admin\nstep take", "entitlement=VPN-Admin continue\nstep take");
    assert!(first(&d, "error-handling", "add").contains("as if nothing had happened"));
    let d = edited("step add grant okta", "step add grant okta version=2.0");
    first(&d, "connector-version", "add");
    let d = edited("webhook auth", "webhook open");
    first(&d, "trigger-authentication", "hook");
}

#[test]
fn a_renamed_step_is_still_itself() {
    let renamed = BASE.replace("mail", "manager");
    let found = diff(BASE, &renamed);
    assert_eq!(found.len(), 1);
    assert!(!found[0].acts_differently(), "{:#?}", found[0].changes);
    assert!(
        found[0]
            .cosmetic
            .iter()
            .any(|c| c.area == Area::Cosmetic && c.sentence.contains("`mail` is now called `manager`"))
    );
    assert!(found[0].gained.is_empty() && found[0].lost.is_empty());
}

#[test]
fn a_change_in_a_called_workflow_is_told_to_its_caller() {
    let text = "
trigger t schedule
step go call helper
t -> go
workflow helper id=h
trigger s subflow
step add grant okta identity={trigger.user} entitlement=Readers
s -> add
";
    let found = diff(text, &text.replace("Readers", "Owners"));
    let caller = found.iter().find(|d| d.name == "main").unwrap();
    let told = first(caller, "called-workflow", "go");
    assert!(told.contains("`helper`") && told.contains("Owners"), "{told}");
}

#[test]
fn scripts_are_compared_by_lines() {
    let js = |text: &str| workflow::Code {
        language: workflow::CodeLanguage::JavaScript,
        text: workflow::Value::text(text),
        name: workflow::Text::default(),
    };
    let told = super::script::tell(&[js("a\nb\nc")], &[js("a\nx\ny\nc")]).unwrap();
    assert_eq!(told, "loses 1 line from line 2 (`b`) and gains 2 lines at line 2 (`x`)");
    assert_eq!(super::script::tell(&[js("a")], &[js("a")]), None);
}

#[test]
fn the_same_pair_always_gives_the_same_sentences() {
    let new = BASE.replace("boss@corp.test", "{trigger.user}").replace("add -> take", "mail -[error]-> add");
    let told = || format!("{:?}", diff(BASE, &new));
    assert_eq!(told(), told());
}
