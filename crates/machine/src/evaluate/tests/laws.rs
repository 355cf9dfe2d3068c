//! What is known while some values are not stays so, whatever they turn out to be.

use super::*;
use crate::evaluate::js::CAUGHT;
use crate::evaluate::{condition, is_fresh};
use proptest::prelude::*;

const LANGUAGES: [Language; 12] = [
    Language::SailPointJsonPath,
    Language::Wdl,
    Language::N8n,
    Language::AslJsonPath,
    Language::Jsonata,
    Language::Jq,
    Language::Feel,
    Language::Juel,
    Language::SecOps,
    Language::SplunkDatapath,
    Language::OktaPin,
    Language::Structured,
];

const PLATFORMS: [Option<Platform>; 5] = [
    None,
    Some(Platform::N8n),
    Some(Platform::NodeRed),
    Some(Platform::StepFunctions),
    Some(Platform::SailPoint),
];

/// Texts that say something about operators, as the parsed form alone does not.
const WRITTEN: [&str; 6] = ["", "a === b", "a == b || c", "a?.b ?? c", "outputs('x')?['y']['z']", "json(x)"];

fn values() -> impl Strategy<Value = Val> {
    let leaf = prop_oneof![
        Just(Val::Null),
        any::<bool>().prop_map(Val::Bool),
        (-3..4_i32).prop_map(|n| Val::Number(f64::from(n))),
        prop::sample::select(vec!["", "a", "A", "b", "1", "true", "2026-01-02T03:04:05Z"])
            .prop_map(Val::text),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Val::list),
            prop::collection::vec((prop::sample::select(vec!["a", "b", "c"]), inner), 0..3).prop_map(
                |entries| {
                    let mut map: Vec<(Text, Val)> = Vec::new();
                    for (k, v) in entries {
                        if !map.iter().any(|(key, _)| key == k) {
                            map.push((k.into(), v));
                        }
                    }
                    Val::map(map)
                }
            ),
        ]
    })
}

fn functions() -> impl Strategy<Value = Function> {
    use Function as F;
    let shared = vec![
        F::And,
        F::Or,
        F::Not,
        F::Equals,
        F::EqualsIgnoreCase,
        F::NotEquals,
        F::Less,
        F::LessOrEquals,
        F::Greater,
        F::GreaterOrEquals,
        F::Contains,
        F::In,
        F::StartsWith,
        F::EndsWith,
        F::Matches,
        F::Empty,
        F::Present,
        F::Truthy,
        F::Length,
        F::First,
        F::Last,
        F::Coalesce,
        F::If,
        F::Lower,
        F::Upper,
        F::Trim,
        F::Concat,
        F::UrlEncode,
        F::ParseJson,
        F::ToText,
        F::ToNumber,
        F::Filter,
        F::Map,
    ];
    let names = [
        "+",
        "-",
        "*",
        "/",
        "get",
        "some",
        "every",
        "add",
        "union",
        "join",
        "take",
        "States.MathAdd",
        "States.ArrayUnique",
        "isString",
        "timestamp",
        "typeof",
        "merge",
    ];
    let all: Vec<F> = shared.into_iter().chain(names.iter().map(|n| F::Other((*n).into()))).collect();
    prop::sample::select(all)
}

/// References to three variables, and below them.
fn references() -> impl Strategy<Value = Term> {
    let segment = prop_oneof![
        prop::sample::select(vec!["a", "b"]).prop_map(|k| Segment::Key(k.into())),
        (-1..2_i64).prop_map(Segment::Index),
        Just(Segment::Each),
        Just(Segment::Filter("@.a == 'a'".into())),
    ];
    let root = prop::sample::select(vec!["x", "y", "z"]);
    (root, prop::collection::vec(segment, 0..3))
        .prop_map(|(root, path)| Term::Ref(Reference { root: Root::Variable(root.into()), path }))
}

fn terms() -> impl Strategy<Value = Term> {
    let leaf = prop_oneof![
        4 => references(),
        1 => Just(Term::Null),
        1 => any::<bool>().prop_map(Term::Bool),
        1 => prop::sample::select(vec!["0", "1", "2.5"]).prop_map(|n| Term::Number(n.into())),
        1 => prop::sample::select(vec!["", "a", "A", "1"]).prop_map(|t| Term::Text(t.into())),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            6 => (functions(), prop::collection::vec(inner.clone(), 1..4)).prop_map(|(f, args)| Term::Call(f, args)),
            1 => prop::collection::vec(inner.clone(), 1..3).prop_map(Term::Template),
            1 => prop::collection::vec(inner.clone(), 0..3).prop_map(Term::List),
            1 => inner.prop_map(|t| Term::Map(vec![("a".into(), t)])),
        ]
    })
}

/// What is not known of a value: the whole, or a part.
fn hidden(value: &Val, name: &str, how: u8) -> Val {
    match (how % 3, value) {
        (0, value) => value.clone(),
        (1, Val::List(items)) if !items.is_empty() => {
            let mut items = items.to_vec();
            items[0] = Val::unknown(format!("{name}.0"));
            Val::list(items)
        }
        (1, Val::Map(entries)) if !entries.is_empty() => {
            let mut entries = entries.to_vec();
            entries[0].1 = Val::unknown(format!("{name}.{}", entries[0].0));
            Val::map(entries)
        }
        _ => Val::unknown(name),
    }
}

/// Whether a value is what another, of which parts are not known, may turn out to be.
fn fits(partial: &Val, full: &Val) -> bool {
    match (partial, full) {
        (Val::Unknown(_), _) | (_, Val::Unknown(_)) => true,
        (Val::List(a), Val::List(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| fits(a, b)),
        (Val::Map(a), Val::Map(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|((k, a), (l, b))| k == l && fits(a, b))
        }
        (a, b) => a == b,
    }
}

fn data(values: &[Val], platform: Option<Platform>) -> Data {
    let named = ["x", "y", "z"].iter().zip(values);
    let roots = named.map(|(n, v)| (Root::Variable((*n).into()), v.clone())).collect();
    Data { roots, platform, now: Some(1_700_000_000_000) }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_known_stays_when_the_rest_is_known(
        term in terms(),
        full in prop::collection::vec(values(), 3),
        how in prop::array::uniform3(0..3_u8),
        language in prop::sample::select(LANGUAGES.to_vec()),
        platform in prop::sample::select(PLATFORMS.to_vec()),
        written in prop::sample::select(WRITTEN.to_vec()),
    ) {
        let named = ["x", "y", "z"];
        let partial: Vec<Val> = full.iter().zip(named).zip(how).map(|((v, n), h)| hidden(v, n, h)).collect();
        let expression = of(language, written, term);
        let (known, open) = (data(&full, platform), data(&partial, platform));
        CAUGHT.set(false);
        let full = evaluate(&expression, &known);
        // A member of a value that is not known is taken to be there: a failure for want of it says nothing here.
        if let (false, Ok(full)) = (CAUGHT.get(), full) {
            match evaluate(&expression, &open) {
                Ok(partial) => prop_assert!(fits(&partial, &full), "{partial:?} became {full:?}"),
                Err(failure) => prop_assert!(false, "{failure:?} became {full:?}"),
            }
            let answer = condition(&expression, &open);
            if let Ok(Some(answer)) = answer {
                let full = condition(&expression, &known);
                prop_assert!(full == Ok(Some(answer)) || full == Ok(None), "{answer} became {full:?}");
            }
        }
    }

    #[test]
    fn the_same_gives_the_same(
        term in terms(),
        full in prop::collection::vec(values(), 3),
        language in prop::sample::select(LANGUAGES.to_vec()),
    ) {
        let expression = of(language, "", term);
        let scope = data(&full, None);
        prop_assert_eq!(evaluate(&expression, &scope), evaluate(&expression, &scope));
    }
}

#[test]
fn the_same_symbol_is_the_same_value() {
    let scope = Data::default();
    for language in LANGUAGES {
        let same = call(Function::Equals, vec![field("user"), field("user")]);
        assert_eq!(value(language, same, &scope), Ok(Val::Bool(true)), "{language:?}");
        let lower = || call(Function::Lower, vec![field("user")]);
        let same = call(Function::Equals, vec![lower(), lower()]);
        let given = value(language, same, &scope).unwrap();
        assert!(given == Val::Bool(true) || !given.is_known(), "{language:?}: {given:?}");
    }
}

#[test]
fn chance_and_what_was_not_understood_are_never_the_same() {
    for term in [call(Function::Random, vec![]), Term::Unknown(vec![]), call(Function::Now, vec![])] {
        let same = call(Function::Equals, vec![term.clone(), term.clone()]);
        let given = value(Language::Wdl, same, &Data::default()).unwrap();
        assert!(matches!(&given, Val::Unknown(s) if is_fresh(s)), "{given:?}");
    }
}

#[test]
fn an_unknown_condition_is_decided_where_both_arms_agree() {
    let arms = |a, b| call(Function::If, vec![field("x"), a, b]);
    let scope = Data::default();
    assert_eq!(value(Language::Jq, arms(text("a"), text("a")), &scope), Ok(Val::text("a")));
    assert!(!value(Language::Jq, arms(text("a"), text("b")), &scope).unwrap().is_known());
}

#[test]
fn a_false_operand_decides_and_a_true_one_too() {
    let scope = Data::default();
    let open = || call(Function::Equals, vec![field("x"), text("a")]);
    for (function, by) in [(Function::And, false), (Function::Or, true)] {
        for term in [vec![open(), Term::Bool(by)], vec![Term::Bool(by), open()]] {
            assert_eq!(value(Language::Jq, call(function.clone(), term), &scope), Ok(Val::Bool(by)));
        }
        let undecided = call(function.clone(), vec![open(), Term::Bool(!by)]);
        assert!(!value(Language::Jq, undecided, &scope).unwrap().is_known());
    }
}

#[test]
fn work_is_bounded() {
    let mut term = field("list");
    for _ in 0..12 {
        term = call(Function::Map, vec![field("list"), Term::List(vec![term.clone(), term])]);
    }
    let many: Vec<String> = (0..1000).map(|i| i.to_string()).collect();
    let scope = trigger(&format!(r#"{{"list": [{}]}}"#, many.join(",")));
    let started = std::time::Instant::now();
    assert!(value(Language::Jq, term, &scope).is_ok());
    assert!(started.elapsed().as_secs() < 10);
}
