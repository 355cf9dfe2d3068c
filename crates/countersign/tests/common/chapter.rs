//! Chapters of the manual, replayed as they are written, in a copy of the examples with keys for three of its people.

#![allow(dead_code, reason = "not every test uses everything")]
#![allow(clippy::unwrap_used, reason = "a test that cannot run the program has failed")]

use super::{Folder, repository};
use std::path::Path;
use std::process::Command;

/// Saturday evening in the harbour: every command is a minute later than the one before.
pub const BEGIN: i64 = 1_795_600_800;

pub fn sh(folder: &Path, command: &str, minute: i64) -> String {
    let seconds = BEGIN + 60 * minute;
    let now = format!("@{seconds}");
    let bin = Path::new(env!("CARGO_BIN_EXE_countersign")).parent().unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let date = policy::Moment(seconds).to_string();
    let out = Command::new("sh")
        .args(["-c", command])
        .current_dir(folder)
        .env("PATH", path)
        .env("COUNTERSIGN_NOW", date)
        .env("COUNTERSIGN_CACHE", folder.with_extension("cache"))
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_AUTHOR_DATE", &now)
        .env("GIT_COMMITTER_DATE", &now)
        .output()
        .unwrap();
    let text = String::from_utf8(out.stdout).unwrap() + &String::from_utf8(out.stderr).unwrap();
    text.lines().map(|l| hidden(l.trim_end())).collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

/// A line with its digests hidden: as many hexadecimal digits as digests have, or their beginnings, that stand alone.
pub fn hidden(line: &str) -> String {
    let word = |w: &str| matches!(w.len(), 9 | 12 | 32 | 64) && w.bytes().all(|b| b.is_ascii_hexdigit());
    // A key's print: 43 characters of base64.
    let mut parts = line.split("SHA256:");
    let first = parts.next().unwrap_or_default().to_owned();
    let line =
        parts.fold(first, |out, p| format!("{out}SHA256:············{}", p.get(43..).unwrap_or_default()));
    let mut out = String::new();
    let mut rest = line.as_str();
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len()).max(1);
        let end = if rest.is_char_boundary(end) { end } else { rest.chars().next().unwrap().len_utf8() };
        let part = &rest[..end];
        out.push_str(if word(part) { "············" } else { part });
        rest = &rest[end..];
    }
    out
}

/// A clone of the examples, with keys for the three, and a directory that knows them.
pub fn company() -> Folder {
    let folder = Folder::empty();
    let from = repository().join("examples");
    let to = folder.path().join("keelhaven");
    let copy =
        format!("cp -r '{}' '{}' && rm -rf '{}/.countersign'", from.display(), to.display(), to.display());
    assert!(Command::new("sh").args(["-c", &copy]).status().unwrap().success());
    let mut people = std::fs::read_to_string(to.join("people.yaml")).unwrap();
    for (id, name) in [("adaeze.obi", "adaeze"), ("priya.nair", "priya"), ("tomasz.wrona", "tomasz")] {
        let path = folder.path().join(name);
        let make = ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"];
        assert!(Command::new("ssh-keygen").args(make).arg(&path).status().unwrap().success());
        let public = std::fs::read_to_string(path.with_extension("pub")).unwrap();
        let line = format!("  - id: {id}\n    keys: [{}]\n", public.trim().rsplit_once(' ').unwrap().0);
        people = without_keys(&people, id).replace(&format!("  - id: {id}\n"), &line);
    }
    std::fs::write(to.join("people.yaml"), people).unwrap();
    let git = "git init -q -b main && git config user.name Adaeze && git config user.email adaeze.obi@keelhaven.example \
               && git add -A && git commit -q -m 'Begin'";
    assert_eq!(sh(&to, git, 0), "");
    folder
}

/// The directory without the keys that somebody has in it.
fn without_keys(people: &str, id: &str) -> String {
    let start = people.find(&format!("  - id: {id}\n")).unwrap();
    let end = people[start + 5..].find("\n  - id: ").map_or(people.len(), |i| start + 5 + i + 1);
    let mut lines = Vec::new();
    let mut inside = false;
    for line in people[start..end].lines() {
        inside = line.starts_with("    keys:") || inside && line.starts_with("      ");
        if !inside {
            lines.push(line);
        }
    }
    format!("{}{}\n{}", &people[..start], lines.join("\n"), &people[end..])
}

/// A chapter as it happens, from some minute on, and the minute after it. What `skipped` names is left as it is written.
pub fn replay(text: &str, root: &Path, mut minute: i64, skipped: &[&str]) -> (String, i64) {
    let (mut fresh, mut rest) = (String::new(), text);
    while let Some(start) = rest.find("```console\n") {
        let body = start + "```console\n".len();
        let end = body + rest[body..].find("```").unwrap();
        fresh.push_str(&rest[..body]);
        let block = format!("\n{}", &rest[body..end]);
        for part in block.split("\n$ ").skip(1) {
            let (command, written) = part.split_once('\n').unwrap_or((part, ""));
            let leave = skipped.iter().any(|s| command.starts_with(s));
            let printed = if leave { written.trim_end().to_owned() } else { sh(root, command, minute) };
            fresh.push_str(&format!("$ {command}\n"));
            if !printed.is_empty() {
                fresh.push_str(&format!("{printed}\n"));
            }
            minute += 1;
        }
        rest = &rest[end..];
    }
    fresh.push_str(rest);
    (fresh, minute)
}

/// Holds a chapter against what happens; `UPDATE=1` accepts that.
pub fn hold(chapter: &str, text: &str, fresh: &str) {
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(repository().join(chapter), fresh).unwrap();
    } else if fresh != text {
        let differs = fresh.lines().zip(text.lines()).find(|(a, b)| a != b);
        panic!("{chapter} is not what happens: {differs:?}; UPDATE=1 accepts");
    }
}
