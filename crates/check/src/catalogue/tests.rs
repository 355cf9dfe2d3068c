//! The catalogue is well-formed: every word in it is one that the program understands.

use super::*;
use workflow::Kind;

fn entries() -> impl Iterator<Item = Found> {
    catalogue().files().iter().flat_map(|unpacked| {
        let file = unpacked.file();
        let operations = unpacked.platforms().flat_map(|platform| unpacked.operations(platform));
        let all = unpacked.requests().iter().chain(operations).chain(unpacked.commands());
        all.map(move |entry| Found { entry, file })
    })
}

#[test]
fn it_is_there() {
    assert!(catalogue().files().len() > 10);
    assert!(entries().count() > 500);
}

#[test]
fn every_entry_has_known_effects_and_a_source() {
    for found in entries() {
        let name = format!("{}: {:?}", found.file.system, found.entry.on);
        let kinds = found.entry.effects.iter().chain(found.entry.cases.iter().flat_map(|c| &c.effects));
        assert!(!found.entry.effects.is_empty(), "{name} has no effect");
        kinds.for_each(|k| assert!(k.parse::<Kind>().is_ok(), "{name}: `{k}` is no kind of effect"));
        assert!(found.source().starts_with("http"), "{name} has no source");
        let what = found.entry.what;
        assert!(["", "group", "team", "app"].contains(&what), "{name}: `{what}` is no word for an identity");
        let parts = found.entry.cases.iter().map(|c| (c.refuses, &c.effects));
        let mut refusals = parts.chain([(found.entry.refuses, &found.entry.effects)]).filter(|(r, _)| *r);
        assert!(refusals.all(|(_, e)| e.contains(&"decide")), "{name} refuses and decides nothing");
    }
}

#[test]
fn every_place_starts_with_a_known_word() {
    let known = ["path", "query", "header", "body", "body[]", "param", "arg", "result"];
    for found in entries() {
        let entry = found.entry;
        let places = [&entry.identity, &entry.entitlement, &entry.approver, &entry.recipient];
        for place in places.iter().flat_map(|p| &p.0) {
            let root = place.split('.').next().unwrap_or_default();
            assert!(known.contains(&root) || place.starts_with("const:"), "{}: `{place}`", found.file.system);
        }
    }
}

#[test]
fn every_pattern_has_its_shape() {
    for unpacked in catalogue().files() {
        let file = unpacked.file();
        assert!(file.requests.is_empty() && file.commands.is_empty() && file.operations.is_empty());
        for on in unpacked.requests().iter().flat_map(|e| &e.on) {
            let (method, path) = on.split_once(' ').unwrap_or_default();
            assert!(method.bytes().all(|b| b.is_ascii_uppercase() || b == b'*'), "{}: `{on}`", file.system);
            assert!(path.starts_with('/'), "{}: `{on}`", file.system);
        }
        for platform in unpacked.platforms() {
            for on in unpacked.operations(platform).iter().flat_map(|e| &e.on) {
                assert!(on.split(" / ").count() >= 3, "{}: `{on}`", file.system);
                assert!(on.starts_with(platform), "{}: `{on}`", file.system);
            }
        }
        for command in unpacked.commands() {
            assert_ne!(code_language(command.language), CodeLanguage::Unknown, "{:?}", command.on);
        }
    }
}

#[test]
fn systems_have_names_for_people() {
    let title = |system| catalogue().title(system);
    assert_eq!(title("entra"), "Microsoft Entra ID");
    assert_eq!(title("office365"), "Microsoft 365");
    assert_eq!(title("atlassian"), "Atlassian");
    assert_eq!(title("nobody-knows"), "nobody-knows");
}
