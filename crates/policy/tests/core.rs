//! The cases of the core policies: each gives its answer, and without any one policy some case does not.

#![allow(clippy::unwrap_used, reason = "tests")]

use policy::{Case, CaseFile, PolicySet};

fn cases() -> Vec<Case> {
    let file: CaseFile = serde_saphyr::from_str(include_str!("../policies/core.policy-test.yaml")).unwrap();
    assert_eq!(file.schema, "countersign.policy-test/1");
    file.cases
}

#[test]
fn every_case_has_its_answer() {
    let set = PolicySet::core();
    let wrong: Vec<String> =
        cases().iter().filter_map(|c| c.fails(&set).map(|why| format!("{}: {why}", c.name))).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn deleting_any_policy_is_noticed() {
    let cases = cases();
    let ids: Vec<String> = PolicySet::core().policies().map(|p| p.id.clone()).collect();
    for id in ids {
        let set = PolicySet::core_without(&id);
        assert!(cases.iter().any(|c| c.fails(&set).is_some()), "nothing notices that `{id}` is gone");
    }
}

#[test]
fn every_policy_has_a_case_in_which_it_decides() {
    let cases = cases();
    for policy in PolicySet::core().policies() {
        let named = |c: &Case| c.expect.because.as_ref().is_some_and(|b| b.contains(&policy.id));
        assert!(cases.iter().any(named), "no case names `{}`", policy.id);
    }
}

#[test]
fn a_case_whose_expectation_is_wrong_fails() {
    let set = PolicySet::core();
    for case in cases() {
        let mut wrong = case.clone();
        wrong.expect.allow = !case.expect.allow;
        assert!(wrong.fails(&set).is_some(), "{}", case.name);
        wrong.expect.allow = case.expect.allow;
        wrong.expect.because = Some(vec!["another".to_owned()]);
        assert!(wrong.fails(&set).is_some(), "{}", case.name);
        wrong.change = serde_json::json!({"tiers": 2});
        assert!(wrong.fails(&set).is_some_and(|w| w.contains("tiers")), "{}", case.name);
    }
}
