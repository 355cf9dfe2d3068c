//! One side of a difference: a path on disk, or what a revision of git has, checked out into a folder of its own.

use crate::scan;
use crate::temporary::Temporary;
use crate::walk::shown;
use check::diff::Side;
use check::{Context, ControlRecord};
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use workflow::Problem;

/// Most bytes of a revision that are unpacked.
const MOST: usize = 1 << 30;

/// A side, and what of it could not be read, by paths as the side has them.
pub(super) type Loaded = (Side, Vec<Problem>);

/// Loads a side; what is wrong with its files comes beside it.
pub(super) fn side(word: &str) -> io::Result<Loaded> {
    let path = Path::new(word);
    if path.symlink_metadata().is_ok() {
        return read(path, &[path]);
    }
    let (revision, below) = match word.split_once(':') {
        Some((revision, below)) => (revision, below.trim_matches('/').to_owned()),
        None => (word, prefix(HERE)),
    };
    if revision.is_empty() || revision.starts_with('-') || !is_revision(revision) {
        let told = format!(
            "`{word}` is neither a path nor a revision of git: give a file, a folder, `REVISION` or `REVISION:PATH`"
        );
        return Err(io::Error::new(io::ErrorKind::NotFound, told));
    }
    unpacked(Path::new(HERE), revision, &below)
}

/// Where git is asked.
const HERE: &str = ".";

/// What a commit, or where none is named the folder, has at a path below a folder.
pub(super) fn at(root: &Path, commit: Option<&str>, path: &str) -> io::Result<Side> {
    let (side, problems) = match commit {
        None => read(&root.join(path), &[&root.join(path), root])?,
        Some(commit) => {
            let prefix = prefix(root);
            let below = if prefix.is_empty() { path.to_owned() } else { format!("{prefix}/{path}") };
            unpacked(root, commit, &below)?
        }
    };
    // Records of other workflows, and what else governs, say nothing of this one.
    match problems.iter().find(|p| !scan::governs(Path::new(&p.path))) {
        None => Ok(side),
        Some(problem) => Err(io::Error::other(problem.message.clone())),
    }
}

fn unpacked(root: &Path, revision: &str, below: &str) -> io::Result<Loaded> {
    let folder = Temporary::new()?;
    unpack(root, revision, below, &folder.0)?;
    let inner = folder.0.join(below);
    read(&inner, &[&inner, &folder.0])
}

/// Reads a side; its files are named by their place below the first of the roots that they are in.
fn read(path: &Path, roots: &[&Path]) -> io::Result<Loaded> {
    let mut side = Side::default();
    let roots: Vec<String> = roots.iter().map(|r| shown(r)).collect();
    let below = |file: &str| {
        let inner = roots.iter().find_map(|root| file.strip_prefix(root.as_str()));
        inner.unwrap_or(file).trim_start_matches('/').to_owned()
    };
    let mut problems = scan::load(path, &mut |file, workflows, judged, contexts| {
        side.add(&below(file), workflows, judged);
        side.record(contexts.iter().map(stated).collect());
        Ok(())
    })?;
    problems.iter_mut().for_each(|p| p.path = below(&p.path));
    Ok((side, problems))
}

/// The record of a workflow: an empty one where it has none, nothing where it could not be read.
fn stated(context: &Context) -> Option<ControlRecord> {
    let none = (!context.record_unread).then(ControlRecord::default);
    context.record.clone().or(none)
}

/// The folder of the repository that this is run in, as git writes it.
fn prefix(root: impl AsRef<Path>) -> String {
    let asked = git(root.as_ref(), &["rev-parse", "--show-prefix"]).output();
    let told = asked.map(|o| String::from_utf8_lossy(&o.stdout).into_owned()).unwrap_or_default();
    told.trim().trim_matches('/').to_owned()
}

fn is_revision(word: &str) -> bool {
    let name = format!("{word}^{{commit}}");
    let asked =
        git(Path::new(HERE), &["rev-parse", "--verify", "--quiet", "--end-of-options", &name]).output();
    asked.is_ok_and(|o| o.status.success())
}

fn git(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    // What stands in a commit counts, and nothing that is put in its place here.
    command.env("GIT_NO_REPLACE_OBJECTS", "1").arg("-C").arg(root).args(arguments);
    command.stdin(Stdio::null()).stderr(Stdio::piped());
    command
}

fn failed(what: &str, said: &[u8]) -> io::Error {
    io::Error::other(format!("git cannot {what}: {}", String::from_utf8_lossy(said).trim()))
}

/// Writes what a revision has below a path into a folder, file by file: links and submodules are left out. Of a file, its
/// whole folder is written, since what a definition names stands beside it; and of the whole revision what governs.
fn unpack(root: &Path, revision: &str, below: &str, folder: &Path) -> io::Result<()> {
    let mut files = list(root, revision, below)?;
    if files.iter().any(|(_, name)| name == below) {
        files = list(root, revision, below.rsplit_once('/').map_or("", |(parent, _)| parent))?;
    }
    let governing = list(root, revision, "")?.into_iter().filter(|(_, name)| scan::governs(Path::new(name)));
    if files.is_empty() {
        let told =
            format!("`{revision}` has no file `{below}`: `git ls-tree -r {revision}` lists what it has");
        return Err(io::Error::new(io::ErrorKind::NotFound, told));
    }
    files.extend(governing);
    files.sort();
    files.dedup();
    contents(root, &files, folder)
}

/// The files of a revision below a path: object and name.
fn list(root: &Path, revision: &str, below: &str) -> io::Result<Vec<(String, String)>> {
    let mut arguments = vec!["--literal-pathspecs", "ls-tree", "-r", "-z", "--full-tree", revision];
    if !below.is_empty() {
        arguments.extend(["--", below]);
    }
    let listed = git(root, &arguments).output()?;
    if !listed.status.success() {
        return Err(failed("list the revision", &listed.stderr));
    }
    let mut files: Vec<(String, String)> = Vec::new();
    for entry in listed.stdout.split(|b| *b == 0).filter(|e| !e.is_empty()) {
        let entry = String::from_utf8_lossy(entry);
        let Some((about, name)) = entry.split_once('\t') else { continue };
        let words: Vec<&str> = about.split(' ').collect();
        if let ["100644" | "100755", "blob", object] = words.as_slice() {
            files.push(((*object).to_owned(), name.to_owned()));
        }
    }
    Ok(files)
}

/// Reads all files by one `git cat-file --batch`.
fn contents(root: &Path, files: &[(String, String)], folder: &Path) -> io::Result<()> {
    let mut child = git(root, &["cat-file", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let wanted: String = files.iter().map(|(object, _)| format!("{object}\n")).collect();
    let mut input = child.stdin.take().ok_or_else(|| io::Error::other("git takes no input"))?;
    let feeding = std::thread::spawn(move || input.write_all(wanted.as_bytes()));
    let output = child.wait_with_output()?;
    let _ = feeding.join();
    let mut rest = output.stdout.as_slice();
    let mut total = 0;
    for (_, name) in files {
        let end = rest
            .iter()
            .position(|b| *b == b'\n')
            .ok_or_else(|| failed("read the revision", b"it ended early"))?;
        let head = String::from_utf8_lossy(&rest[..end]).into_owned();
        let size: usize = head.rsplit(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0);
        total += size;
        let body =
            rest.get(end + 1..end + 1 + size).ok_or_else(|| failed("read the revision", head.as_bytes()))?;
        if total > MOST {
            return Err(io::Error::other("the revision is larger than 1 GiB: name a folder in it"));
        }
        write(folder, name, body)?;
        rest = rest.get(end + 2 + size..).unwrap_or_default();
    }
    Ok(())
}

/// Writes a file below a folder; a name that would lead out of it is left out.
fn write(folder: &Path, name: &str, body: &[u8]) -> io::Result<()> {
    let inside = Path::new(name).components().all(|c| matches!(c, std::path::Component::Normal(_)));
    if !inside {
        return Ok(());
    }
    let path = folder.join(name);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    std::fs::write(path, body)
}
