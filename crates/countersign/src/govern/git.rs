//! Who touched which files since when, by the history: one reading of git's log answers for every workflow.

use policy::{AiMark, Contribution};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io;
use std::path::Path;
use std::process::Command;

/// What git says of a folder.
///
/// # Errors
/// When git cannot be started, or says no.
pub(super) fn git(root: &Path, arguments: &[&str]) -> io::Result<String> {
    let out = Command::new("git").arg("-C").arg(root).args(arguments).output();
    let out = out.map_err(|e| io::Error::new(e.kind(), format!("`git` cannot be started ({e})")))?;
    if out.status.success() {
        return Ok(String::from_utf8_lossy(&out.stdout).into_owned());
    }
    let told = String::from_utf8_lossy(&out.stderr);
    Err(io::Error::other(format!("git cannot say who changed what: {}", told.trim())))
}

#[derive(Debug, Default)]
struct Commit {
    parents: Vec<String>,
    author: String,
    committer: String,
    trailers: Vec<(String, String)>,
    files: HashSet<String>,
}

/// The history behind what is checked out, and what is not committed.
#[derive(Debug, Default)]
pub struct History {
    /// The commit that is checked out; empty outside of git.
    pub head: String,
    /// The history is cut off, as continuous integration likes to have it: then it does not say who touched what.
    pub shallow: bool,
    commits: HashMap<String, Commit>,
    /// For each file, the commits that touched it.
    touching: BTreeMap<String, Vec<String>>,
    uncommitted: BTreeSet<String>,
    me: String,
}

/// Who had a part in some files, and whether a machine did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Touched {
    /// Everybody, sorted.
    pub by: Vec<Contribution>,
    /// Whether a commit says that a machine made it, or helped.
    pub ai: AiMark,
}

// Commits begin with a record separator, fields end with a unit separator: neither can stand in a name. Merges are shown
// against each parent, so that no branch hides who was on it.
const FORMAT: &str = "--format=%x1e%H%x1f%P%x1f%aE%x1f%cE%x1f%(trailers:only,unfold)%x1f";

impl History {
    /// Reads the history around a folder; paths are those below it. Outside of git it is empty.
    ///
    /// # Errors
    /// When the folder is in a repository that git cannot or will not read: then nobody would count as a contributor.
    pub fn read(root: &Path) -> io::Result<Self> {
        if !root.ancestors().any(|f| f.join(".git").exists()) {
            return Ok(History::default());
        }
        git(root, &["rev-parse", "--git-dir"])?;
        let line = |arguments: &[&str]| git(root, arguments).map(|t| t.trim().to_owned()).unwrap_or_default();
        let head = line(&["rev-parse", "--verify", "-q", "HEAD"]);
        let prefix = line(&["rev-parse", "--show-prefix"]);
        let mut history = History {
            shallow: line(&["rev-parse", "--is-shallow-repository"]) == "true",
            me: line(&["config", "user.email"]),
            head,
            ..History::default()
        };
        let log = ["-c", "core.quotePath=false", "log", "-m", "--name-only", "--no-renames", FORMAT, "HEAD"];
        if !history.head.is_empty() {
            let text = git(root, &log)?;
            text.split('\u{1e}').skip(1).for_each(|commit| history.add(commit, &prefix));
        }
        // Statements are by whom their signatures are: nobody has a part in a workflow by adding one.
        let others = [".", ":(exclude).countersign/statements"];
        let status =
            ["-c", "core.quotePath=false", "status", "--porcelain", "-z", "--untracked-files=all", "--"];
        let status = [&status[..], &others].concat();
        for entry in git(root, &status)?.split('\0') {
            let path = entry.get(3..).and_then(|p| p.strip_prefix(&prefix));
            history.uncommitted.extend(path.map(str::to_owned));
        }
        Ok(history)
    }

    fn add(&mut self, text: &str, prefix: &str) {
        let mut fields = text.splitn(6, '\u{1f}');
        let mut next = || fields.next().unwrap_or_default().trim();
        let (hash, parents, author, committer) = (next().to_owned(), next(), next(), next());
        let trailers = next().lines().filter_map(|l| l.split_once(':'));
        let commit = self.commits.entry(hash.clone()).or_insert_with(|| Commit {
            parents: parents.split_whitespace().map(str::to_owned).collect(),
            author: author.to_owned(),
            committer: committer.to_owned(),
            trailers: trailers.map(|(n, v)| (n.trim().to_lowercase(), v.trim().to_owned())).collect(),
            files: HashSet::new(),
        });
        for file in next().lines().filter_map(|f| f.strip_prefix(prefix)).filter(|f| !f.is_empty()) {
            if commit.files.insert(file.to_owned()) {
                self.touching.entry(file.to_owned()).or_default().push(hash.clone());
            }
        }
    }

    /// Whether a commit is behind what is checked out.
    #[must_use]
    pub fn knows(&self, commit: &str) -> bool {
        self.commits.contains_key(commit)
    }

    /// A commit with everything behind it.
    fn behind(&self, commit: &str) -> HashSet<&str> {
        let mut seen: HashSet<&str> = HashSet::new();
        let mut open: Vec<&str> =
            self.commits.get_key_value(commit).map(|(h, _)| h.as_str()).into_iter().collect();
        while let Some(hash) = open.pop() {
            if seen.insert(hash) {
                open.extend(
                    self.commits.get(hash).into_iter().flat_map(|c| c.parents.iter().map(String::as_str)),
                );
            }
        }
        seen
    }

    /// Whether some files have changes that are not committed.
    #[must_use]
    pub fn is_dirty(&self, files: &[String]) -> bool {
        let below = |f: &String| {
            let folder = format!("{f}/");
            self.uncommitted.range(folder.clone()..).next().is_some_and(|u| u.starts_with(&folder))
        };
        files.iter().any(|f| self.uncommitted.contains(f) || below(f))
    }

    /// Everybody who touched files (or folders) since one commit and until another: authors, committers, co-authors, and who
    /// has changes that are not committed. A first commit that is not behind what is checked out (a history that was written
    /// anew) counts as none: then everybody ever. So does a last one.
    #[must_use]
    pub fn touched(&self, files: &[String], since: &str, until: Option<&str>) -> Touched {
        let mut hashes: BTreeSet<&str> = files.iter().flat_map(|f| self.commits_of(f)).collect();
        if !since.is_empty() && !hashes.is_empty() {
            let before = self.behind(since);
            hashes.retain(|h| !before.contains(h));
        }
        let last = until.filter(|u| self.commits.contains_key(*u));
        if let Some(last) = last.filter(|_| !hashes.is_empty()).map(|l| self.behind(l)) {
            hashes.retain(|h| last.contains(h));
        }
        let mut touched = Touched::default();
        for (hash, commit) in hashes.iter().filter_map(|h| Some((*h, self.commits.get(*h)?))) {
            add(&mut touched, hash.get(..9).unwrap_or(hash), commit);
        }
        if last.is_none() && self.is_dirty(files) && !self.me.is_empty() {
            let how = "changes that are not committed".to_owned();
            touched.by.push(Contribution { account: self.me.clone(), how });
        }
        touched.by.sort_by(|a, b| (&a.account, &a.how).cmp(&(&b.account, &b.how)));
        touched.by.dedup();
        touched
    }

    /// The commits that touched a file, or anything in a folder.
    fn commits_of(&self, file: &str) -> impl Iterator<Item = &str> {
        let folder = format!("{file}/");
        let below = self.touching.range(folder.clone()..).take_while(move |(p, _)| p.starts_with(&folder));
        let own = self.touching.get(file).into_iter();
        own.chain(below.map(|(_, hashes)| hashes)).flatten().map(String::as_str)
    }

    /// Whether some files were touched after a commit.
    #[must_use]
    pub fn is_touched_after(&self, files: &[String], commit: &str) -> bool {
        !self.commits.contains_key(commit) || !self.touched(files, commit, None).by.is_empty()
    }
}

fn add(touched: &mut Touched, hash: &str, commit: &Commit) {
    let mut say = |account: &str, how: String| {
        touched.by.push(Contribution { account: account.to_owned(), how });
    };
    say(&commit.author, format!("commit {hash}"));
    if commit.committer != commit.author {
        say(&commit.committer, format!("committed {hash}"));
    }
    for (name, value) in &commit.trailers {
        let address = value
            .split_once('<')
            .and_then(|(_, rest)| rest.split_once('>'))
            .map_or(value.as_str(), |(a, _)| a);
        match name.as_str() {
            "co-authored-by" | "signed-off-by" => say(address, format!("{name} of commit {hash}")),
            "assisted-by" | "generated-by" | "ai-assisted" => touched.ai = touched.ai.max(AiMark::Assisted),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::History;

    #[test]
    fn a_repository_that_git_cannot_read_is_not_an_empty_history() {
        let folder = std::env::temp_dir().join(format!("countersign-git-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        assert!(History::read(&folder).unwrap().head.is_empty());
        std::fs::write(folder.join(".git"), "gitdir: gone\n").unwrap();
        let told = History::read(&folder).unwrap_err().to_string();
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(told.starts_with("git cannot say who changed what: "), "{told}");
    }
}
