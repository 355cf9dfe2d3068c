//! What an organisation adds: it tightens, it never loosens, and what cannot be read or evaluated denies.

#![allow(clippy::unwrap_used, reason = "tests")]

use policy::{Act, PolicySet, Source, answer, sample};
use proptest::prelude::*;
use std::sync::LazyLock;

static CORE: LazyLock<PolicySet> = LazyLock::new(PolicySet::core);

fn with(text: &str) -> PolicySet {
    PolicySet::with(&[Source { file: "own.cedar".into(), text: text.into() }])
}

/// The one problem of a set: line and message.
fn problem(text: &str) -> (u32, String) {
    let set = with(text);
    let all: Vec<_> = set.problems().iter().map(|p| (p.line, p.message.clone())).collect();
    assert_eq!(all.len(), 1, "{text}: {all:?}");
    assert_eq!(set.problems()[0].file, "own.cedar");
    let decision = answer(&set, &sample::ready(Act::Release));
    assert!(!decision.allow && !decision.errors.is_empty(), "a set with a problem denies everything");
    all[0].clone()
}

const FORBID: &str = r#"@id("x") @reason("Never.") forbid (principal, action, resource) when { false };"#;

#[test]
fn what_is_wrong_is_told_with_its_line_and_denies() {
    for (text, line, part) in [
        ("// a comment\n\nforbid (principal, action, resource", 3, "unexpected"),
        ("@id(\"x\") @reason(\"Yes.\")\npermit (principal, action, resource);", 1, "can only forbid"),
        (
            "\n@id(\"peer-approval\") @reason(\"No.\")\nforbid (principal, action, resource);",
            2,
            "of the core",
        ),
        ("@reason(\"No.\")\nforbid (principal, action, resource);", 2, "no `@id"),
        ("@id(\"x\")\nforbid (principal, action, resource);", 1, "no `@reason"),
        ("@id(\"x\") @reason(\"{shoe}\")\nforbid (principal, action, resource);", 1, "`{shoe}`"),
        (
            "@id(\"x\") @reason(\"No.\") @holds(\"often\")\nforbid (principal, action, resource);",
            1,
            "`always`",
        ),
        ("@id(\"x\") @reason(\"No.\")\nforbid (principal == ?principal, action, resource);", 0, "template"),
        (
            "\n\n@id(\"x\") @reason(\"No.\")\nforbid (principal, action, resource) when { context.shoe > 39 };",
            3,
            "shoe",
        ),
        (
            "@id(\"x\") @reason(\"No.\")\nforbid (principal, action, resource) when { resource.tier == \"3\" };",
            1,
            "type",
        ),
        ("@id(\"x\") @reason(\"No.\")\nforbid (principal, action == Action::\"fly\", resource);", 1, "fly"),
    ] {
        let (at, message) = problem(text);
        assert!(at == line && message.contains(part), "{text}: {at}: {message}");
    }
    let twice = with(&format!("{FORBID}\n{FORBID}"));
    assert!(twice.problems()[0].message.contains("a second time"));
}

#[test]
fn an_error_in_any_policy_denies_what_all_others_allow() {
    let text = r#"@id("sum") @reason("Sums.") forbid (principal, action == Action::"release", resource)
        when { context.votes.all + 9223372036854775807 < 0 };"#;
    let set = with(text);
    assert_eq!(set.problems(), [], "it is valid by the schema, and overflows when it is evaluated");
    let decision = answer(&set, &sample::ready(Act::Release));
    assert!(!decision.allow && !decision.verdict);
    assert!(decision.errors.iter().any(|e| e.contains("sum")), "{:?}", decision.errors);
    let mut facts = sample::ready(Act::Release);
    facts.modes.insert(2, policy::Mode::Observe);
    assert!(!answer(&set, &facts).allow, "in every mode");
    assert!(
        answer(&set, &sample::ready(Act::Kill)).allow,
        "an act that the policy does not concern is not touched"
    );
}

/// Conditions that an organisation may write.
fn condition() -> impl Strategy<Value = String> {
    let atom = prop::sample::select(vec![
        "resource.tier >= 2",
        "resource.privileged",
        "resource.identities.contains(\"contractor\")",
        "context.hour > 9",
        "principal.employment == \"contractor\"",
        "context.environment == \"production\"",
        "context.weekday == \"wednesday\"",
        "resource.systems.contains(\"okta\")",
        "principal.roles.contains(\"security-approver\")",
        "context.ai != \"none\"",
    ]);
    prop::collection::vec((atom, any::<bool>(), any::<bool>()), 1..4).prop_map(|atoms| {
        let words = atoms.into_iter().map(|(atom, not, and)| {
            format!("{}({atom}) {}", if not { "!" } else { "" }, if and { "&& " } else { "|| " })
        });
        format!("{}true", words.collect::<String>())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_is_added_what_the_core_denies_stays_denied(
        conditions in prop::collection::vec((condition(), any::<bool>()), 1..4),
        from in 0_u64..100_000,
    ) {
        let policy = |(i, (when, unless)): (usize, &(String, bool))| {
            let word = if *unless { "unless" } else { "when" };
            format!("@id(\"own-{i}\") @reason(\"No.\") forbid (principal, action, resource) {word} {{ {when} }};\n")
        };
        let set = with(&conditions.iter().enumerate().map(policy).collect::<String>());
        prop_assert!(set.problems().iter().all(|p| p.message.contains("impossible") || p.message.contains("never")), "{:?}", set.problems());
        for number in from..from + 12 {
            let facts = sample::case(number);
            let (core, own) = (answer(&CORE, &facts), answer(&set, &facts));
            prop_assert!(core.verdict || !own.verdict, "case {number}");
            prop_assert!(core.allow || !own.allow, "case {number}");
        }
    }
}

#[test]
fn the_version_changes_with_any_letter() {
    let versions = [PolicySet::core(), with(""), with(FORBID), with(&FORBID.replace("Never", "never"))];
    let mut seen: Vec<&str> = versions.iter().map(PolicySet::version).collect();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 4);
    assert_eq!(PolicySet::core().version(), PolicySet::core().version());
}
