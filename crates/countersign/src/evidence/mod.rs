//! Evidence from a ledger: recording with commitments, bundles, their verification, populations, completeness, controls.

mod about;
mod again;
pub mod args;
mod around;
mod control;
mod custody;
mod explain;
pub mod export;
mod gather;
mod record;
mod replay;
mod theirs;
mod time;

use crate::check::Exit;
use crate::log::args::Output;
use args::{Evidence, Population, Verify};
use evidence::{Item, Kind, Log, Pins, Query, Request, Role, Stage, Verdict};
use gather::Whole;
use ledger::{Checkpoint, Error, Note, Policy, Result, clean, count};
use serde::Serialize;
use std::io;
use std::path::Path;
use std::sync::Arc;

pub use control::controls;
pub use custody::{erase, expire, hold};
pub use explain::explain;
pub use export::export;
pub use record::record;
pub use replay::{Replayed, Replayer, again, replay};
pub use theirs::reconcile;

/// All entries of a ledger that is open, witnessed or not, with what is kept beside it.
///
/// # Errors
/// When there is none, or something cannot be read.
pub(crate) fn whole(store: Arc<dyn ledger::Store>, beside: Option<&Path>) -> Result<Vec<evidence::Opened>> {
    let head = store.head()?;
    let head = head.ok_or_else(|| Error::new("there is no ledger yet: make one with `ledger init`"))?;
    Whole::under(store, head.note, beside)?.opened()
}

/// Ends a command: errors of the ledger as those of the program.
fn done(result: Result<Exit>) -> io::Result<Exit> {
    result.map_err(io::Error::other)
}

/// Prints words, or an object.
fn tell(out: Output, words: &str, object: &impl Serialize) -> Result<()> {
    use io::Write;
    let object = serde_json::to_string(object).map_err(|e| Error::new(e.to_string()))?;
    // A reader who has gone is no reason to stop.
    let _ = match out {
        Output::Plain => writeln!(io::stdout(), "{words}"),
        Output::Json => writeln!(io::stdout(), "{object}"),
    };
    Ok(())
}

/// `countersign evidence`: writes a bundle.
///
/// # Errors
/// When the ledger cannot be read, the question is not understood, or the bundle cannot be written.
pub fn evidence(options: &Evidence) -> io::Result<Exit> {
    done(hand_over(options))
}

fn hand_over(options: &Evidence) -> Result<Exit> {
    let asked = question(&options.about)?;
    let role = Role::named(&options.role).ok_or_else(|| {
        Error::new(format!("no role `{}`: there are auditor, reviewer, public", options.role))
    })?;
    let whole = Whole::read(&options.from)?;
    let mut entries = whole.opened()?;
    entries.iter_mut().for_each(|o| o.openings.retain(|name, _| !role.withholds(name)));
    let query = about::settled(asked, &entries)?;
    let since = options.since.iter().map(|p| Ok(checkpoint(p)?.size)).collect::<Result<_>>()?;
    let (openings, evidence) = (whole.openings.clone(), whole.evidence.clone());
    let request = Request { query, role, openings, evidence, since };
    let bundle = whole.with_tree(|nodes| {
        evidence::build(&Log { entries: &whole.entries, nodes, note: &whole.note }, &request)
    })?;
    gather::write(&bundle, &options.output, options.one_file)?;
    let manifest = bundle.files.get(evidence::MANIFEST).and_then(|m| serde_json::from_slice(m).ok());
    if manifest.is_some_and(|m: evidence::Manifest| m.selection.is_empty()) {
        eprintln!(
            "nothing in the ledger answers that, as far as values are disclosed: the bundle shows just this"
        );
    }
    let words = format!(
        "wrote {} about {} to `{}`: hand them over with the ledger's published key, and not with your own word",
        count(bundle.files.len(), "file", "files"),
        clean(&request.query.words()),
        options.output.display()
    );
    tell(
        options.from.format,
        &words,
        &serde_json::json!({"files": bundle.files.len(), "output": options.output}),
    )?;
    Ok(Exit::Clean)
}

fn question(about: &str) -> Result<Query> {
    let unknown = || {
        Error::new(format!(
            "`{about}` is not understood: write `all`, `change:ENTRY`, `workflow:NAME`, `identity:NAME`, `control:ID` or `period:FROM..TO`"
        ))
    };
    if about == "all" {
        return Ok(Query::All {});
    }
    let (kind, value) = about.split_once(':').ok_or_else(unknown)?;
    Ok(match kind {
        "change" => Query::Change { entry: value.parse().map_err(|_| unknown())? },
        "workflow" if value.contains('/') => Query::Workflow { name: value.to_owned() },
        "workflow" => Query::Workflow { name: format!("workflow/{value}") },
        // Its names are those that the ledger has: `about` finds them.
        "identity" => Query::Identity { name: value.to_owned(), names: vec![value.to_owned()] },
        "control" => Query::Control { id: control(value)? },
        "period" => {
            let (from, to) = value.split_once("..").ok_or_else(unknown)?;
            let (from, to) = time::period(Some(from), Some(to))?;
            Query::Period { from, to }
        }
        _ => return Err(unknown()),
    })
}

/// A requirement as acts have it (`nist-csf-2.0 PR.AA-05`): its id alone is enough, and superseded ids are understood. What is
/// known nowhere may be an organisation's own.
fn control(cited: &str) -> Result<String> {
    let citation = check::frameworks::correct(cited);
    match &citation.right[..] {
        [] => Ok(cited.to_owned()),
        [right] => {
            if right != cited {
                eprintln!("`{cited}`: {}", citation.told());
            }
            Ok(right.clone())
        }
        several => {
            Err(Error::new(format!("`{cited}` means `{}`: ask for one of them", several.join("` or `"))))
        }
    }
}

fn checkpoint(path: &Path) -> Result<Checkpoint> {
    let note = Note::parse(&gather::file(path)?);
    note.and_then(|n| Checkpoint::parse(n.text()))
        .map_err(|e| Error::new(format!("`{}`: {e}", path.display())))
}

/// `countersign verify`: verifies a bundle offline.
///
/// # Errors
/// When the bundle or a pinned file cannot be read.
pub fn verify(options: &Verify) -> io::Result<Exit> {
    done(verify_bundle(options))
}

fn verify_bundle(options: &Verify) -> Result<Exit> {
    let policy = Policy::parse(&gather::file(&options.policy)?)?;
    let known = options.known.as_deref().map(checkpoint).transpose()?;
    let not_before = options.not_before.as_deref().map(|t| time::parse(t).map(|ms| ms / 1000)).transpose()?;
    let bundle = gather::bundle(&options.bundle)?;
    let (verdict, page) =
        evidence::verify_and_report(&bundle, &Pins { policy: &policy, known: known.as_ref(), not_before });
    if let Some(path) = &options.report {
        let Some(page) = page.filter(|_| verdict.holds) else {
            tell(options.format, &words(&verdict), &verdict)?;
            return Err(Error::new("no report is written of a bundle that does not hold"));
        };
        std::fs::write(path, page).map_err(|e| gather::at(path, &e))?;
    }
    tell(options.format, &words(&verdict), &verdict)?;
    Ok(if verdict.holds { Exit::Clean } else { Exit::Findings })
}

fn words(verdict: &Verdict) -> String {
    let mut out = match verdict.problems.len() {
        0 => "Everything that is in this bundle holds.\n".to_owned(),
        1 => "This bundle does not hold: 1 problem.\n".to_owned(),
        n => format!("This bundle does not hold: {n} problems.\n"),
    };
    for problem in &verdict.problems {
        out += &format!("  {}: {} ({})\n", clean(&problem.place), clean(&problem.message), problem.code);
    }
    let mut part = |title: &str, list: &[String]| {
        if !list.is_empty() {
            out += &format!("{title}\n");
        }
        list.iter().for_each(|s| out += &format!("  - {}\n", clean(s)));
    };
    if verdict.holds {
        part("Verified:", &verdict.verified);
    }
    part("Not verified:", &verdict.not_verified);
    part("Cannot be proved by a bundle:", &verdict.cannot_be_proved);
    out.trim_end().to_owned()
}

/// The most entries of a stage that are shown.
const SHOWN: usize = 8;

/// The chain of an item, from the request to the effect.
fn chain(item: &Item) -> String {
    let stage = |s: &Stage| {
        let shown: Vec<String> = s.entries.iter().take(SHOWN).map(u64::to_string).collect();
        let more = s.entries.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{} {}{more}", s.stage, shown.join(" "))
    };
    item.stages.iter().map(stage).collect::<Vec<_>>().join(" → ")
}

/// `countersign population`: every item of a kind in a period, and a sample.
///
/// # Errors
/// When the ledger cannot be read, or a word is not understood.
pub fn population(options: &Population) -> io::Result<Exit> {
    done(populated(options))
}

fn populated(options: &Population) -> Result<Exit> {
    let found = Kind::ALL.iter().find(|(_, word, _)| *word == options.of);
    let all = || Kind::ALL.map(|(_, word, _)| word).join(", ");
    let (kind, ..) =
        found.ok_or_else(|| Error::new(format!("no population `{}`: there are {}", options.of, all())))?;
    let (from, to) = time::period(options.since.as_deref(), options.until.as_deref())?;
    let mut population = evidence::population(&Whole::read(&options.from)?.opened()?, *kind, from, to);
    let seed = options.seed.as_deref().unwrap_or_default();
    let of = population.count;
    if let Some(size) = options.sample {
        population.items = evidence::sample(&population, size, seed, options.weight);
    }
    let what = if of == 1 { options.of.strip_suffix('s').filter(|w| !w.ends_with('s')) } else { None };
    let mut out = format!("{of} {} ({})\n", what.unwrap_or(&options.of), population.query);
    if population.unknown > 0 {
        out += &format!("  of {} of them it is not known whether they happened\n", population.unknown);
    }
    for (source, entries) in &population.sources {
        let entries = count(*entries, "entry", "entries");
        out += &format!("  found in {entries} of `{source}`, whose numbers are dense\n");
    }
    if options.sample.is_some() {
        out += &format!(
            "sample of {} of {of}, seed `{seed}`, weight {}\n",
            population.items.len(),
            options.weight
        );
    }
    for item in &population.items {
        let mark = match (item.emergency, item.drill) {
            (true, _) => " emergency",
            (false, true) => " drill",
            (false, false) => "",
        };
        let day = if item.weekend { " weekend" } else { "" };
        let is_effect = item.stages.iter().any(|s| s.stage == "effect" && s.entries.contains(&item.entry));
        let done = match (item.allow, is_effect) {
            (Some(true), _) => "",
            (Some(false), true) => " failed",
            (Some(false), false) => " refused",
            (None, _) => " unknown",
        };
        out += &format!(
            "{:>6}  {}  {} {}{mark}{day}{done}\n          {}\n",
            item.entry,
            item.time,
            clean(&item.act),
            clean(&item.subject),
            chain(item)
        );
    }
    tell(options.from.format, out.trim_end(), &population)?;
    Ok(Exit::Clean)
}
