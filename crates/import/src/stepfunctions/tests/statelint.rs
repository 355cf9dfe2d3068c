//! StateLint's own cases: a definition has the number of faults that StateLint finds in it.

use super::super::super::{NoFiles, import};
use crate::doc::Doc;
use std::path::Path;

#[test]
fn faults_are_those_that_statelint_finds() {
    let at = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors/statelint");
    let Ok(expected) = std::fs::read_to_string(at.join("expected.json")) else {
        println!("skipped: ../shared/vectors/statelint is not there");
        return;
    };
    let doc = Doc::json(&expected).unwrap();
    let (mut count, mut wrong) = (0, Vec::new());
    for case in doc.root().items() {
        let file = case.str("file").unwrap();
        let most: usize = case.get("problems").and_then(|n| n.as_number()).unwrap().parse().unwrap();
        let found = import(file, &std::fs::read(at.join("test").join(file)).unwrap(), &NoFiles).problems;
        count += 1;
        if found.len() != most || found.iter().any(|p| p.line == 0) {
            wrong.push(format!("{file}: {most} expected, {found:?}"));
        }
    }
    println!("{count} expectations, {} do not agree", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(count, 69);
}
