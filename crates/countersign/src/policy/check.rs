//! `countersign policy check`.

use super::{Format, Loaded, Place, load};
use crate::check::Exit;
use ledger::count;
use policy::Ignored;
use serde_json::json;
use std::io::{self, Write};

/// What a check comes to.
struct Result {
    /// File, line, what is wrong.
    problems: Vec<(String, u64, String)>,
    ignored: Vec<Ignored>,
    passed: usize,
}

pub(super) fn run(place: &Place, out: &mut dyn Write) -> io::Result<Exit> {
    let loaded = load(&place.paths)?;
    let result = judge(&loaded);
    match place.format {
        Format::Json => data(&loaded, &result, out)?,
        Format::Plain => tell(&loaded, &result, out)?,
    }
    let serious = result.ignored.iter().any(|i| i.serious);
    Ok(if result.problems.is_empty() && !serious { Exit::Clean } else { Exit::Findings })
}

fn judge(loaded: &Loaded) -> Result {
    let mut problems: Vec<(String, u64, String)> = loaded.problems.clone();
    problems
        .extend(loaded.set.problems().iter().map(|p| (p.file.clone(), u64::from(p.line), p.message.clone())));
    let (mut passed, mut ignored) = (0, Vec::new());
    if loaded.set.problems().is_empty() {
        for (file, line, case) in &loaded.cases {
            match case.fails(&loaded.set) {
                Some(why) => problems.push((file.clone(), *line, format!("{}: {why}", case.name))),
                None => passed += 1,
            }
        }
        problems.extend(citations(loaded));
        ignored = policy::ignored(&loaded.set);
    }
    problems.sort();
    Result { problems, ignored, passed }
}

/// Requirements that policies cite and nobody knows, or that have another id.
fn citations(loaded: &Loaded) -> Vec<(String, u64, String)> {
    let own = loaded.set.policies().filter(|p| !p.core);
    let cited = own.flat_map(|p| p.controls.iter().map(move |c| (p, c)));
    let wrong = cited.filter_map(|(p, c)| Some((p, check::frameworks::correct(c).complaint()?)));
    wrong.map(|(p, told)| (p.file.clone(), u64::from(p.line), format!("`{}`: {told}", p.id))).collect()
}

fn tell(loaded: &Loaded, result: &Result, out: &mut dyn Write) -> io::Result<()> {
    for (file, line, message) in &result.problems {
        writeln!(out, "{file}:{line}: {message}")?;
    }
    for i in &result.ignored {
        writeln!(out, "{}: {}", if i.serious { "ignored context" } else { "note" }, i.message)?;
    }
    let core = loaded.set.policies().filter(|p| p.core).count();
    let own = loaded.set.policies().count() - core;
    writeln!(
        out,
        "{} of the core, {own} of {}; {} of {} right; {}",
        count(core, "policy", "policies"),
        count(loaded.files, "own file", "own files"),
        result.passed,
        count(loaded.cases.len(), "case", "cases"),
        count(result.problems.len(), "problem", "problems")
    )
}

fn data(loaded: &Loaded, result: &Result, out: &mut dyn Write) -> io::Result<()> {
    let problem = |(path, line, message): &(String, u64, String)| json!({"path": path, "line": line, "message": message});
    let result = json!({
        "schema": "countersign.policy-check/1",
        "version": loaded.set.version(),
        "policies": loaded.set.policies().count(),
        "cases": {"passed": result.passed, "all": loaded.cases.len()},
        "problems": result.problems.iter().map(problem).collect::<Vec<_>>(),
        "ignored": result.ignored,
    });
    writeln!(out, "{result:#}")
}
