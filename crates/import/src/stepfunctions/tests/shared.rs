//! The importer on public definitions, where they are at hand: counts that were made by other means, and no panic.

use super::*;
use crate::corpus_tests::{corpus, files_below, shared};

#[test]
fn public_machines_are_all_read() {
    let Some(folder) = corpus("stepfunctions") else { return };
    let (mut machines, mut states) = (0, 0);
    for path in files_below(&folder) {
        let Ok(bytes) = std::fs::read(&path) else { continue };
        let imported = import(&path.to_string_lossy(), &bytes, &NoFiles);
        if let Verdict::Workflows(found) = imported.verdict {
            machines += found.len();
            states += found.iter().flat_map(Workflow::own_steps).count();
        }
    }
    // Files with `StartAt` and all objects with a known `Type` below `States`, counted by a script.
    assert_eq!((machines, states), MACHINES_AND_STATES);
}

#[test]
fn other_tools_test_machines_do_not_panic() {
    let folders = ["vectors/statelint", "vectors/asl-localstack"];
    let mut machines = 0;
    for path in folders.iter().filter_map(|f| shared(f)).flat_map(|f| files_below(&f)) {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let text = without_trailing_commas(&text);
        if let Verdict::Workflows(found) = import("vector.json", text.as_bytes(), &NoFiles).verdict {
            machines += found.len();
        }
    }
    println!("{machines} machines");
}

/// Those files are in a laxer form of JSON.
fn without_trailing_commas(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut pending = String::new();
    for c in text.chars() {
        match c {
            ',' => out.push_str(&std::mem::replace(&mut pending, ",".to_owned())),
            c if c.is_whitespace() && !pending.is_empty() => pending.push(c),
            c => {
                let dropped = matches!(c, ']' | '}') && pending.starts_with(',');
                out.push_str(if dropped { &pending[1..] } else { &pending });
                pending.clear();
                out.push(c);
            }
        }
    }
    out + &pending
}

const MACHINES_AND_STATES: (usize, usize) = (77, 454);
