//! What the gate says of files: what cannot be read may do anything, what is not looked at too, and what is released has to be
//! here.

use super::gate::{Stop, own};
use super::gate_sarif::Rule;
use super::repository::Repository;
use super::status::released_elsewhere;
use super::view::short;
use crate::scan::model::FileVerdict;
use crate::walk::real;
use policy::Mode;
use std::path::Path;
use workflow::Problem;

/// Folders of the governed folder itself, which hold no workflows.
const OWN: [&str; 2] = [".git", ".countersign"];

/// Everything that stops for what lies here or does not.
pub(super) fn stops(repository: &Repository, environment: &str) -> Vec<Stop> {
    let here = unread(repository).chain(unfollowed(repository)).chain(skipped(repository));
    here.chain(gone(repository, environment)).collect()
}

/// The mode of a tier; what is not known counts as the highest.
fn mode(repository: &Repository, tier: u8) -> Mode {
    repository.folded.state.modes.get(&tier).copied().unwrap_or_default()
}

fn stop(repository: &Repository, rule: Rule, path: &str, message: String, fix: &str) -> Stop {
    Stop { fix: fix.to_owned(), ..own(rule, path, path, message, mode(repository, 3)) }
}

/// What `check` could not read.
fn unread(repository: &Repository) -> impl Iterator<Item = Stop> + '_ {
    let files = repository.scan.files.iter().filter(|f| f.verdict == FileVerdict::Unreadable);
    let files = files.flat_map(|f| &f.problems).map(|p| (p, "; what it does is not known"));
    let all = files.chain(repository.scan.problems.iter().map(|p| (p, "")));
    all.map(move |(Problem { path, line, message }, so)| {
        let path = repository.below(path);
        let at = if *line > 0 { format!(", line {line}") } else { String::new() };
        let message = format!("`{path}`{at}: {message}{so}");
        stop(repository, Rule::FileUnread, &path, message, "mend it, or take it out")
    })
}

/// Links, unless what they lead to is looked at where it is.
fn unfollowed(repository: &Repository) -> impl Iterator<Item = Stop> + '_ {
    let looked_at = move |link: &&String| {
        let target = real(Path::new(link));
        let inside = target.strip_prefix(&repository.root).is_ok_and(|p| p != Path::new(""));
        let skipped = |s: &String| target.starts_with(s);
        inside && target.exists() && !repository.scan.skipped.iter().any(skipped)
    };
    repository.scan.links.iter().filter(move |l| !looked_at(l)).map(move |link| {
        let path = repository.below(link);
        let message = format!("`{path}` is a link or special file, and what is behind it is not looked at");
        stop(
            repository,
            Rule::LinkNotFollowed,
            &path,
            message,
            "put the file itself there, or take the link out",
        )
    })
}

/// Folders of tools in which somebody has committed files.
fn skipped(repository: &Repository) -> impl Iterator<Item = Stop> + '_ {
    let paths = repository.scan.skipped.iter().map(move |folder| repository.below(folder));
    let held =
        paths.filter(move |path| !OWN.contains(&path.as_str()) && repository.history.is_checked_out(path));
    held.map(move |path| {
        let message = format!("`{path}` is committed, and nobody looks for workflows there");
        stop(
            repository,
            Rule::FolderNotLookedAt,
            &path,
            message,
            "take it out of what is committed, or give it another name",
        )
    })
}

/// What is live and not here.
fn gone<'r>(repository: &'r Repository, environment: &'r str) -> impl Iterator<Item = Stop> + 'r {
    released_elsewhere(repository, environment).map(move |(name, id)| {
        let event = repository.entries.iter().find(|e| e.id == id).map(|e| &e.event.subject);
        // A statement may say less than the workflow was reviewed with.
        let releases = repository.folded.state.workflows.get(name).map(|w| w.releases.values().flatten());
        let known = releases.into_iter().flatten().map(|r| r.tier).max().unwrap_or_default();
        let tier = event.map_or(3, policy::Subject::effective_tier).max(known);
        let message = format!("`{name}` is live as {}, and is not here", short(id));
        let fix = "bring it back; or have its owner retire it, and take it out then".to_owned();
        Stop { fix, ..own(Rule::ReleasedNotHere, name, "", message, mode(repository, tier)) }
    })
}
