//! The specification's own examples and conformance kit, where they are at hand.

use super::*;
use crate::corpus_tests::{corpus, files_below, shared};

#[test]
fn the_specifications_examples_are_all_workflows() {
    let folders = [corpus("serverlessworkflow"), shared("vectors/serverless-workflow")];
    for folder in folders.into_iter().flatten() {
        let examples =
            files_below(&folder).into_iter().filter(|p| p.components().any(|c| c.as_os_str() == "examples"));
        let mut count = 0;
        for path in examples.filter(|p| p.extension().is_some_and(|e| e == "yaml" || e == "json")) {
            let bytes = std::fs::read(&path).unwrap_or_default();
            let imported = import(&path.to_string_lossy(), &bytes, &NoFiles);
            assert!(imported.problems.is_empty(), "{}: {:?}", path.display(), imported.problems);
            let found = workflows(imported);
            assert!(found[0].own_steps().count() > 0, "{}", path.display());
            count += found.len();
        }
        assert!(count >= 65, "{count} in {}", folder.display());
    }
}

#[test]
fn the_conformance_kits_workflows_are_read() {
    let Some(folder) = corpus("serverlessworkflow") else { return };
    let (mut count, mut problems) = (0, Vec::new());
    for path in files_below(&folder).into_iter().filter(|p| p.extension().is_some_and(|e| e == "feature")) {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        for definition in definitions(&text) {
            let imported = imported(&definition);
            problems.extend(imported.problems.iter().map(|p| p.message.clone()));
            assert!(matches!(imported.verdict, Verdict::Workflows(_)), "{definition}");
            count += 1;
        }
    }
    assert_eq!((count, problems.len()), (DEFINITIONS, 0), "{problems:?}");
}

/// Scenarios of the kit that give a definition, counted by a script.
const DEFINITIONS: usize = 21;

/// The texts between `"""yaml` and `"""` after `a workflow with definition`.
fn definitions(text: &str) -> Vec<String> {
    let after = text.split("a workflow with definition:").skip(1);
    let quoted = after.filter_map(|t| Some(t.split_once("\"\"\"yaml")?.1.split_once("\"\"\"")?.0.to_owned()));
    quoted
        .map(|t| t.lines().map(|l| l.strip_prefix("    ").unwrap_or(l)).collect::<Vec<_>>().join("\n"))
        .collect()
}
