//! `countersign explain`: what a rule means, or what a workflow does.

mod rule;
mod workflow;

use crate::args::Explain;
use crate::check::{Exit, width};
use crate::report::plain::Style;
use crate::scan::load;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

/// Runs the command.
///
/// # Errors
/// When the subject is neither a rule nor a file with workflows, or nothing can be printed.
pub fn run(explain: &Explain) -> io::Result<Exit> {
    let colour = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    let style = Style { colour, all: true, width: width().min(100) };
    let mut out = BufWriter::new(io::stdout().lock());
    let word = explain.subject.to_string_lossy();
    if let Some(ledger) = &explain.ledger {
        crate::evidence::explain(&word, ledger, explain.beside.as_deref(), &mut out)?;
        out.flush()?;
        return Ok(Exit::Clean);
    }
    if let Some(known) = check::rule(&word) {
        rule::write(known, style, &mut out)?;
    } else if word == "rules" {
        rule::list(style, &mut out)?;
    } else {
        file(Path::new(&explain.subject), explain.workflow.as_deref(), style, &mut out)?;
    }
    out.flush()?;
    Ok(Exit::Clean)
}

fn file(path: &Path, wanted: Option<&str>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if path.symlink_metadata().is_err() {
        let name = path.display();
        let told =
            format!("`{name}` is neither a rule nor a file: `countersign explain rules` lists the rules");
        return Err(io::Error::new(io::ErrorKind::NotFound, told));
    }
    let mut names = Vec::new();
    let mut told = 0;
    let problems = load(path, &mut |file, workflows, judged, _| {
        for (workflow, judged) in workflows.iter().zip(judged) {
            let name = workflow.name.as_str();
            let same = |w: &str| w == name || workflow.id.as_deref() == Some(w);
            names.push(name.to_owned());
            if wanted.is_none_or(same) {
                if told > 0 {
                    writeln!(out)?;
                }
                told += 1;
                workflow::write(file, workflow, judged, style, out)?;
            }
        }
        Ok(())
    })?;
    if told > 0 {
        return Ok(());
    }
    let shown = path.display();
    Err(io::Error::other(match (wanted, problems.first()) {
        (Some(name), _) if !names.is_empty() => {
            format!("`{shown}` has no workflow `{name}`: it has `{}`", names.join("`, `"))
        }
        (_, Some(problem)) => format!("`{shown}` cannot be explained: {problem}"),
        _ => format!("`{shown}` holds no workflow: `countersign check {shown}` says what it is"),
    }))
}
