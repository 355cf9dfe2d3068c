//! `countersign frameworks`: which requirements of which frameworks our rules, policies and records give evidence towards.
//! Evidence towards a requirement is never compliance with it.

use crate::check::Exit;
use crate::people::Format;
use check::ControlRecord;
use check::frameworks::{cited, correct, frameworks};
use policy::PolicySet;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Options of `frameworks`.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Requirements (`PR.AC-4`, `nist-csf-2.0 PR.AA-05`), or folders whose control records are to be looked at; without any,
    /// everything that rules and policies give evidence towards.
    pub subjects: Vec<String>,
    /// How to print the result.
    #[arg(long, short, value_enum, default_value_t = Format::Plain)]
    pub format: Format,
}

/// What gives evidence: by requirement, the rules, policies and records.
type Map = BTreeMap<String, Vec<String>>;

/// Runs the command. Exits with 1 where something is cited that is not known.
///
/// # Errors
/// When a folder or a record cannot be read.
pub fn run(options: &Options) -> io::Result<Exit> {
    let mut out = io::stdout().lock();
    if options.subjects.is_empty() {
        let map = everything();
        match options.format {
            Format::Json => {
                writeln!(out, "{:#}", json!({"schema": "countersign.evidence/1", "evidence-towards": map}))?
            }
            Format::Plain => tell(&map, &mut out)?,
        }
        return Ok(Exit::Clean);
    }
    let mut citations = Vec::new();
    for subject in &options.subjects {
        match Path::new(subject) {
            path if path.exists() => records(path, &mut citations)?,
            _ => citations.push((String::new(), subject.clone())),
        }
    }
    told(&citations, options.format, &mut out)
}

/// What rules and policies give evidence towards.
fn everything() -> Map {
    let mut map = Map::new();
    for rule in check::RULES {
        for (framework, i) in cited(rule.page) {
            let id = framework.controls.get(i).map_or("", |(id, _)| id);
            map.entry(format!("{} {id}", framework.id)).or_default().push(format!("rule {}", rule.id));
        }
    }
    for policy in PolicySet::core().policies() {
        for control in &policy.controls {
            for right in correct(control).right {
                map.entry(right).or_default().push(format!("policy {}", policy.id));
            }
        }
    }
    map
}

fn tell(map: &Map, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "Evidence towards, which is never compliance with:")?;
    for framework in frameworks() {
        let here = framework
            .controls
            .iter()
            .filter_map(|(id, title)| Some((id, title, map.get(&format!("{} {id}", framework.id))?)));
        let here: Vec<_> = here.collect();
        if here.is_empty() {
            continue;
        }
        writeln!(
            out,
            "\n{} {} ({}; {})",
            framework.name, framework.version, framework.publisher, framework.id
        )?;
        for (id, title, by) in here {
            writeln!(out, "  {id}  {title}")?;
            writeln!(out, "      {}", by.join(", "))?;
        }
    }
    Ok(())
}

/// What the control records below a path cite: the record and the requirement.
fn records(path: &Path, citations: &mut Vec<(String, String)>) -> io::Result<()> {
    let mut files = Vec::new();
    descend(path, 32, &mut files)?;
    for file in files {
        let shown = file.display().to_string();
        let text = std::fs::read_to_string(&file)
            .map_err(|e| io::Error::new(e.kind(), format!("`{shown}`: {e}")))?;
        let found: Vec<ControlRecord> = serde_saphyr::from_str(&text)
            .or_else(|_| serde_saphyr::from_str::<ControlRecord>(&text).map(|one| vec![one]))
            .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, format!("{shown}: {e}")))?;
        let all = found.iter().flat_map(|r| &r.frameworks);
        citations.extend(all.map(|cited| (shown.clone(), cited.to_string())));
    }
    Ok(())
}

fn descend(path: &Path, depth: usize, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if path.is_file() {
        files.push(path.to_path_buf());
        return Ok(());
    }
    let mut entries: Vec<PathBuf> = std::fs::read_dir(path)?.flatten().map(|e| e.path()).collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() && !entry.is_symlink() && depth > 0 {
            descend(&entry, depth - 1, files)?;
        } else if entry.to_string_lossy().ends_with(".control.yaml") {
            files.push(entry);
        }
    }
    Ok(())
}

fn told(citations: &[(String, String)], format: Format, out: &mut dyn Write) -> io::Result<Exit> {
    let corrected: Vec<_> = citations.iter().map(|(at, cited)| (at, correct(cited))).collect();
    let unknown = corrected.iter().any(|(_, c)| c.right.is_empty());
    if format == Format::Json {
        let one = |(at, c): &(&String, check::frameworks::Citation)| -> Value {
            json!({"record": at, "cited": c.cited, "evidence-towards": c.right, "reason": c.reason})
        };
        let all: Vec<Value> = corrected.iter().map(one).collect();
        writeln!(out, "{:#}", json!({"schema": "countersign.citations/1", "citations": all}))?;
    } else {
        for (at, citation) in &corrected {
            let at = if at.is_empty() { String::new() } else { format!("{at}: ") };
            writeln!(out, "{at}evidence towards {}", citation.told())?;
        }
    }
    Ok(if unknown { Exit::Findings } else { Exit::Clean })
}
