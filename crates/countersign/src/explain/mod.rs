//! `countersign explain`: what a rule or a property means, or what a workflow does.

mod rule;
mod workflow;

use crate::args::Explain;
use crate::check::{Exit, width};
use crate::people::Format;
use crate::report::plain::Style;
use crate::scan::{self, load};
use serde_json::{Value, json};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

/// The schema of the JSON.
const SCHEMA: &str = "countersign.explanation/1";

/// Runs the command.
///
/// # Errors
/// When the subject is neither a rule nor a file with workflows, or nothing can be printed.
pub fn run(explain: &Explain) -> io::Result<Exit> {
    let mut out = BufWriter::new(io::stdout().lock());
    let word = explain.subject.to_string_lossy();
    let json = explain.format == Format::Json;
    if let Some(ledger) = &explain.ledger {
        let told = crate::evidence::explain(&word, ledger, explain.beside.as_deref())?;
        match json {
            true => print(&word, "sentences", &json!(told), &mut out)?,
            false => told.iter().try_for_each(|sentence| writeln!(out, "{sentence}"))?,
        }
    } else if let Some(known) = check::rule(&word) {
        match json {
            true => print(&word, "rules", &json!([rule::data(known)]), &mut out)?,
            false => rule::write(known, style(), &mut out)?,
        }
    } else if let Some(known) = machine::properties::property(&word) {
        match json {
            true => print(&word, "properties", &json!([rule::property(known)]), &mut out)?,
            false => rule::write_property(known, style(), &mut out)?,
        }
    } else if word == "rules" {
        let all = || check::RULES.iter().map(|known| rule::data(known)).collect::<Vec<_>>();
        match json {
            true => print(&word, "rules", &all().into(), &mut out)?,
            false => rule::list(style(), &mut out)?,
        }
    } else {
        file(Path::new(&explain.subject), explain.workflow.as_deref(), json, &mut out)?;
    }
    out.flush()?;
    Ok(Exit::Clean)
}

fn style() -> Style {
    let colour = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    Style { colour, all: true, width: width().min(100) }
}

fn print(subject: &str, name: &str, told: &Value, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{:#}", json!({"schema": SCHEMA, "subject": subject, name: told}))
}

fn file(path: &Path, wanted: Option<&str>, json: bool, out: &mut dyn Write) -> io::Result<()> {
    if path.symlink_metadata().is_err() {
        let name = path.display();
        let word = path.to_string_lossy();
        let recorded = word.contains(':') || word.parse::<u64>().is_ok();
        let hint = match recorded {
            true => "of what a ledger has, `--ledger LEDGER` names the ledger",
            false => "`countersign explain rules` lists the rules",
        };
        let told = format!("`{name}` is neither a rule nor a file: {hint}");
        return Err(io::Error::new(io::ErrorKind::NotFound, told));
    }
    let mut data = Vec::new();
    let mut names = Vec::new();
    let mut told = 0;
    let problems = load(path, &mut |file, workflows, judged, _| {
        for (workflow, judged) in workflows.iter().zip(judged) {
            let name = workflow.name.as_str();
            let same = |w: &str| w == name || workflow.id.as_deref() == Some(w);
            names.push(name.to_owned());
            if wanted.is_none_or(same) {
                told += 1;
                match json {
                    true => data.push(workflow::data(file, workflow, judged)),
                    false => {
                        write!(out, "{}", if told > 1 { "\n" } else { "" })?;
                        workflow::write(file, workflow, judged, style(), out)?;
                    }
                }
            }
        }
        Ok(())
    })?;
    if told > 0 {
        return if json { print(&path.to_string_lossy(), "workflows", &data.into(), out) } else { Ok(()) };
    }
    let shown = path.display();
    Err(io::Error::other(match (wanted, problems.iter().find(|p| !scan::governs(Path::new(&p.path)))) {
        (Some(name), _) if !names.is_empty() => {
            format!("`{shown}` has no workflow `{name}`: it has `{}`", names.join("`, `"))
        }
        (_, Some(problem)) => format!("`{shown}` cannot be explained: {}", problem.message),
        _ => format!("`{shown}` holds no workflow: `countersign check {shown}` says what it is"),
    }))
}
