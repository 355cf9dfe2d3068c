//! Who touched which files since when, by the history: one reading of git's log answers for every workflow.

use super::log::{self, FORMAT, LOG, Told};
use policy::{AiMark, Contribution};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet};
use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

/// What git says of a folder.
///
/// # Errors
/// When git cannot be started, or says no.
pub(super) fn git(root: &Path, arguments: &[&str]) -> io::Result<String> {
    asked(root, arguments).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// The same, byte by byte. What somebody laid beside the history to show another one in its place (replaced objects, grafts)
/// is not looked at.
fn asked(root: &Path, arguments: &[&str]) -> io::Result<Vec<u8>> {
    let mut command = Command::new("git");
    command.env("GIT_NO_REPLACE_OBJECTS", "1").env("GIT_GRAFT_FILE", "/dev/null");
    let out = command.arg("-C").arg(root).args(arguments).output();
    let out = out.map_err(|e| io::Error::new(e.kind(), format!("`git` cannot be started ({e})")))?;
    if out.status.success() {
        return Ok(out.stdout);
    }
    let told = String::from_utf8_lossy(&out.stderr);
    Err(io::Error::other(format!("git cannot say who changed what: {}", told.trim())))
}

/// Whether a word is a commit's full name, and no revision that git would have to look up, and no option.
pub(super) fn is_name(word: &str) -> bool {
    matches!(word.len(), 40 | 64) && word.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// The commit that is checked out; empty where there is none yet.
fn head(root: &Path) -> io::Result<String> {
    let found = git(root, &["rev-parse", "--verify", "HEAD"]);
    // A branch without a commit is none of those that are there, and git passes over one that is written down and broken.
    let new = || {
        let branch = git(root, &["symbolic-ref", "HEAD"]).ok()?;
        let format = "--format=%(refname)";
        let known = git(root, &["for-each-ref", format]).ok()?;
        let file = git(root, &["rev-parse", "--git-path", branch.trim()]).ok()?;
        Some(!known.lines().any(|known| known == branch.trim()) && !root.join(file.trim()).exists())
    };
    match found {
        Ok(name) if is_name(name.trim()) => Ok(name.trim().to_owned()),
        Err(_) if new() == Some(true) => Ok(String::new()),
        Ok(told) => {
            Err(io::Error::other(format!("git says `{}` is checked out, which is no commit", told.trim())))
        }
        Err(error) => Err(error),
    }
}

#[derive(Debug, Default)]
struct Commit {
    hash: String,
    parents: Vec<String>,
    author: String,
    committer: String,
    trailers: Vec<(String, String)>,
    files: HashMap<Arc<str>, Change>,
}

/// What a commit did to a file.
#[derive(Debug, Default)]
struct Change {
    /// From how many parents it differs there.
    parents: usize,
    /// Whether it differs from the first parent; of a merge, where git can tell.
    first: Option<bool>,
    /// The file was there before.
    was: bool,
    /// Where it came from.
    from: Option<Arc<str>>,
    /// What is in it then.
    blob: Option<Arc<str>>,
}

/// The history behind what is checked out, and what is not committed.
#[derive(Debug, Default)]
pub struct History {
    /// The commit that is checked out; empty outside of git.
    pub head: String,
    /// The history is cut off, as continuous integration likes to have it: then it does not say who touched what.
    pub shallow: bool,
    /// Each before its parents.
    commits: Vec<Commit>,
    numbers: HashMap<String, usize>,
    /// For each file, the commits that touched it. Paths are those in git's repository.
    touching: BTreeMap<Arc<str>, Vec<usize>>,
    /// For each content, the files that got it, and when.
    came: HashMap<Arc<str>, Vec<(Arc<str>, usize)>>,
    uncommitted: BTreeSet<String>,
    /// Where other repositories are, whose commits are not here; or where they were.
    submodules: HashMap<Arc<str>, bool>,
    /// Folders that were asked about, and whether another repository is there.
    nested: Mutex<HashMap<PathBuf, bool>>,
    /// The folder.
    root: PathBuf,
    /// The folder's own path in git's repository, with a slash.
    prefix: String,
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

/// Somebody whom nobody can name: no directory knows them.
pub(super) const UNKNOWN: &str = "(unknown)";

/// Files without anything in them have nothing in common.
const EMPTY: [&str; 2] = [
    "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
];

/// Commits and everything behind each of them, worked out once.
type Behind = HashMap<usize, HashSet<usize>>;

impl History {
    /// Reads the history around a folder; paths are those below it. Outside of git it is empty.
    ///
    /// # Errors
    /// When the folder is in a repository that git cannot or will not read: then nobody would count as a contributor.
    pub fn read(root: &Path) -> io::Result<Self> {
        if !root.ancestors().any(|f| f.join(".git").exists()) {
            return Ok(History::default());
        }
        let line =
            |arguments: &[&str]| git(root, arguments).map(|t| t.trim_end_matches(['\r', '\n']).to_owned());
        let prefix = line(&["rev-parse", "--show-prefix"])?;
        let head = head(root)?;
        let mut history = History {
            root: root.to_path_buf(),
            head,
            prefix,
            // What an older git answers is not known to be whole.
            shallow: line(&["rev-parse", "--is-shallow-repository"])? != "false",
            // Nobody need have said who they are.
            me: line(&["config", "user.email"]).unwrap_or_default(),
            ..History::default()
        };
        if !history.head.is_empty() {
            let of = |more: &[&str]| asked(root, &[&LOG[..], more, &[FORMAT, "HEAD"]].concat());
            let all = log::commits(&of(&["-m", "-M", "-l1000"])?);
            let merges = all.iter().any(|c| c.parents.len() > 1);
            all.into_iter().for_each(|commit| history.add(commit));
            // An older git cannot tell: then every merge has a part in what it merges.
            let first = || of(&["--merges", "--no-renames", "--diff-merges=first-parent"]).ok();
            let first = merges.then(first).flatten().map(|bytes| log::commits(&bytes));
            first.into_iter().for_each(|merges| history.mark(&merges));
        }
        // Statements are by whom their signatures are: nobody has a part in a workflow by adding one.
        let others = [".", ":(exclude).countersign/statements"];
        let status = ["status", "--porcelain", "-z", "--untracked-files=all", "--no-renames"];
        let status = [&status[..], &["--ignore-submodules=none", "--"], &others].concat();
        let paths = git(root, &status)?;
        history.uncommitted =
            paths.split('\0').filter_map(|entry| Some(entry.get(3..)?.to_owned())).collect();
        Ok(history)
    }

    fn add(&mut self, told: Told) {
        let Told { hash, parents, author, committer, message, files } = told;
        let number = *self.numbers.entry(hash.clone()).or_insert(self.commits.len());
        if number == self.commits.len() {
            let (trailers, files) = (log::trailers(&message), HashMap::new());
            self.commits.push(Commit { hash, parents, author, committer, trailers, files });
        }
        let Some(commit) = self.commits.get_mut(number) else { return };
        for file in files {
            if let Some(is) = file.submodule {
                self.submodules.entry(Arc::from(file.path.as_str())).or_insert(is);
            }
            let from = file.from.map(Arc::<str>::from);
            let blob = file.blob.map(Arc::<str>::from);
            for (path, blob, was) in
                [(Some(Arc::<str>::from(file.path)), blob, file.was), (from.clone(), None, true)]
            {
                let Some(path) = path else { continue };
                let change = commit.files.entry(Arc::clone(&path)).or_default();
                if change.parents == 0 {
                    self.touching.entry(Arc::clone(&path)).or_default().push(number);
                }
                change.parents += 1;
                change.was |= was;
                let new = blob.filter(|b| !EMPTY.contains(&&**b) && change.blob.as_ref() != Some(b));
                if let Some(blob) = new {
                    self.came.entry(Arc::clone(&blob)).or_default().push((Arc::clone(&path), number));
                    change.from = from.clone();
                    change.blob = Some(blob);
                }
            }
        }
    }

    /// Notes where merges differ from their first parent.
    fn mark(&mut self, merges: &[Told]) {
        for commit in self.commits.iter_mut().filter(|c| c.parents.len() == 2) {
            commit.files.values_mut().for_each(|change| change.first = Some(false));
        }
        for merge in merges {
            let number = self.numbers.get(&merge.hash);
            let Some(commit) = number.and_then(|n| self.commits.get_mut(*n)) else { continue };
            for file in &merge.files {
                let change = commit.files.get_mut(file.path.as_str());
                change.into_iter().for_each(|change| change.first = Some(true));
            }
        }
    }

    fn parents(&self, commit: usize) -> impl Iterator<Item = usize> {
        let parents = self.commits.get(commit).into_iter().flat_map(|c| &c.parents);
        parents.filter_map(|p| self.numbers.get(p).copied())
    }

    /// A commit with everything behind it that is not behind another.
    fn between(&self, not: Option<usize>, last: usize) -> HashSet<usize> {
        // Children are met before their parents, so that what is met is known to be behind which of the two.
        let mut behind = BTreeMap::from([(last, false)]);
        behind.extend(not.map(|n| (n, true)));
        let mut open = usize::from(not != Some(last));
        let mut queue: BinaryHeap<Reverse<usize>> = behind.keys().map(|k| Reverse(*k)).collect();
        let mut found = HashSet::new();
        while open > 0 {
            let Some(Reverse(commit)) = queue.pop() else { break };
            let excluded = behind.remove(&commit).unwrap_or_default();
            if !excluded {
                open -= 1;
                found.insert(commit);
            }
            for parent in self.parents(commit) {
                match behind.get_mut(&parent) {
                    None => {
                        behind.insert(parent, excluded);
                        queue.push(Reverse(parent));
                        open += usize::from(!excluded);
                    }
                    Some(known) => {
                        open -= usize::from(excluded && !*known);
                        *known |= excluded;
                    }
                }
            }
        }
        found
    }

    /// Whether some files have changes that are not committed.
    #[must_use]
    pub fn is_dirty(&self, files: &[String]) -> bool {
        files.iter().any(|file| {
            let path = self.path(file);
            let folder = format!("{path}/");
            let mut below = self.uncommitted.range(folder.clone()..);
            self.uncommitted.contains(&path) || below.next().is_some_and(|u| u.starts_with(&folder))
        })
    }

    /// Whether the commit that is checked out has a folder, or something in it. What git cannot say may be there.
    #[must_use]
    pub fn is_checked_out(&self, folder: &str) -> bool {
        let ever = !self.head.is_empty() && !self.paths(folder).is_empty();
        let listed = || {
            git(
                &self.root,
                &["--literal-pathspecs", "ls-tree", "--name-only", "-z", &self.head, "--", folder],
            )
        };
        ever && listed().map_or(true, |names| !names.is_empty())
    }

    /// The first of some files of which this history knows nothing: it lies in a submodule or in another repository, or git was
    /// told to ignore it. Who wrote it, others know.
    #[must_use]
    pub fn elsewhere<'f>(&self, files: &'f [String]) -> Option<&'f String> {
        let unknown = |f: &&String| {
            let new = || self.is_dirty(std::slice::from_ref(*f));
            // The disk is asked last: it takes longest.
            let unheard = || self.paths(f).is_empty() && !new();
            (self.is_nested(f) || unheard()) && self.root.join(f.as_str()).exists()
        };
        files.iter().find(unknown).filter(|_| !self.head.is_empty())
    }

    /// Whether a file lies in another repository below this one, whatever lay at its place before, or outside of it.
    fn is_nested(&self, file: &str) -> bool {
        let top = self.root.ancestors().nth(self.prefix.matches('/').count());
        let path = inside(&format!("{}{file}", self.prefix)).filter(|_| Path::new(file).is_relative());
        let (Some(top), Some(path)) = (top, path) else { return true };
        let above = Path::new(&path).ancestors().skip(1).take_while(|a| !a.as_os_str().is_empty());
        let mut known = self.nested.lock().unwrap_or_else(PoisonError::into_inner);
        above.into_iter().any(|folder| {
            if let Some(known) = known.get(folder) {
                return *known;
            }
            let nested = top.join(folder).join(".git").exists();
            known.insert(folder.to_owned(), nested);
            nested
        })
    }

    /// A file's path in git's repository. What lies outside has none that a commit could have.
    fn path(&self, file: &str) -> String {
        let whole = format!("{}{file}", self.prefix);
        inside(&whole).unwrap_or_else(|| format!("../{whole}"))
    }

    /// Everybody who touched files (or folders) since one commit and until another: authors, committers, co-authors, and who
    /// has changes that are not committed. A first commit that is not behind what is checked out (a history that was written
    /// anew) counts as none: then everybody ever. So does a last one.
    #[must_use]
    pub fn touched(&self, files: &[String], since: &str, until: Option<&str>) -> Touched {
        let last = until.and_then(|u| self.numbers.get(u)).copied();
        let commits = self.having(files, self.numbers.get(since).copied(), last.unwrap_or_default());
        self.by(files, &commits, last.is_none())
    }

    /// The same for what a workflow is made of. Of what lies elsewhere, somebody wrote it whom nobody can name.
    #[must_use]
    pub fn authors(&self, files: &[String], since: &str, until: Option<&str>) -> Touched {
        let mut touched = self.touched(files, since, until);
        if let Some(file) = self.elsewhere(files) {
            let how = format!("no commit here has `{file}`");
            touched.by.insert(0, Contribution { account: UNKNOWN.to_owned(), how });
        }
        touched
    }

    /// Whether a commit is behind what is checked out.
    #[must_use]
    pub fn knows(&self, commit: &str) -> bool {
        self.numbers.contains_key(commit)
    }

    /// Whether a release can begin what is new in some files. It says itself which commit it is of, which is believed only of one
    /// that was there when its statement came, and after which nothing was touched until then.
    #[must_use]
    pub fn begins(&self, files: &[String], commit: &str, statement: &str) -> bool {
        let Some(commit) = self.numbers.get(commit).copied() else { return false };
        let Some(mut came) = self.came_in(statement) else { return true };
        came.any(|came| {
            let touched = || self.having(files, Some(commit), came);
            self.between(Some(came), commit).is_empty() && touched().iter().all(|t| *t == came)
        })
    }

    /// Whether a commit that a statement names has what was there in some files when the statement came: in what is checked out,
    /// where no commit has it yet.
    #[must_use]
    pub fn holds(&self, files: &[String], commit: &str, statement: &str) -> bool {
        let known = self.numbers.get(commit).copied();
        match self.came_in(statement) {
            Some(_) => self.begins(files, commit, statement),
            None => known.is_some_and(|c| self.having(files, Some(c), 0).is_empty()),
        }
    }

    /// The commits that brought a statement; nothing where none has it.
    fn came_in(&self, statement: &str) -> Option<impl Iterator<Item = usize>> {
        let path = self.path(statement);
        let came = self.touching.get(path.as_str())?;
        // A merge only hands it on.
        let new = move |c: &usize| {
            let commit = self.commits.get(*c);
            commit.is_some_and(|c| c.files.get(path.as_str()).is_some_and(|f| f.parents >= c.parents.len()))
        };
        Some(came.iter().copied().filter(new))
    }

    /// The commit with which something new begins in some files, where others say of a release's commit that they looked at the
    /// same: that one, or an earlier one of theirs after which something was touched. Nothing where these lie on another line.
    #[must_use]
    pub fn agreed<'c>(
        &self,
        files: &[String],
        commit: &'c str,
        others: impl Iterator<Item = &'c str>,
    ) -> Option<&'c str> {
        let mut begins = commit;
        for other in others.filter(|o| *o != commit) {
            let (Some(last), Some(known)) = (self.numbers.get(begins), self.numbers.get(other)) else {
                continue;
            };
            if !self.having(files, Some(*known), *last).is_empty() {
                begins = Some(other).filter(|_| self.between(Some(*last), *known).is_empty())?;
            }
        }
        Some(begins)
    }

    /// Everybody who had a part in what was released, since the release before. What it holds was settled when the release was
    /// signed: commits that have the signed statement are later, whatever they touch and whoever merged them. All others count,
    /// whatever commit the release says that it is of.
    #[must_use]
    pub fn settled(&self, files: &[String], since: &str, statement: &str) -> Touched {
        let mut commits = self.having(files, self.numbers.get(since).copied(), 0);
        let signed = self.touching.get(self.path(statement).as_str());
        if let Some(signed) = signed.filter(|_| !commits.is_empty()) {
            let mut later = vec![false; self.commits.len()];
            // Parents come after their children.
            for commit in (0..self.commits.len()).rev() {
                let is =
                    signed.contains(&commit) || self.parents(commit).any(|p| later.get(p) == Some(&true));
                later.get_mut(commit).into_iter().for_each(|l| *l = is);
            }
            commits.retain(|c| later.get(*c) != Some(&true));
        }
        self.by(files, &commits, signed.is_none())
    }

    /// Who had a part in commits, and in what is not committed.
    fn by(&self, files: &[String], commits: &BTreeSet<usize>, uncommitted: bool) -> Touched {
        let mut touched = Touched::default();
        for commit in commits.iter().filter_map(|c| self.commits.get(*c)) {
            add(&mut touched, commit);
        }
        if uncommitted && self.is_dirty(files) {
            let how = "changes that are not committed".to_owned();
            let account = if self.me.is_empty() { UNKNOWN.to_owned() } else { self.me.clone() };
            touched.by.push(Contribution { account, how });
        }
        touched.by.sort_by(|a, b| (&a.account, &a.how).cmp(&(&b.account, &b.how)));
        touched.by.dedup();
        touched
    }

    /// The commits that have a part in files since one commit and until another (0 is what is checked out), also in what these
    /// files hold before it came to where they are.
    fn having(&self, files: &[String], since: Option<usize>, until: usize) -> BTreeSet<usize> {
        let mut open: Vec<(&Arc<str>, Option<usize>, bool)> =
            files.iter().flat_map(|f| self.paths(f)).map(|path| (path, None, false)).collect();
        let (mut found, mut seen, mut behind) = (BTreeSet::new(), HashSet::new(), Behind::new());
        let all = open.is_empty() || (since, until) == (None, 0);
        let range = (!all).then(|| self.between(since, until));
        while let Some((path, bound, whole)) = open.pop() {
            if !seen.insert((path, bound, whole)) {
                continue;
            }
            let held = bound.map(|b| &*behind.entry(b).or_insert_with(|| self.between(None, b)));
            let here = self.touching.get(path).into_iter().flatten().copied();
            let here = here.filter(|c| whole || range.as_ref().is_none_or(|r| r.contains(c)));
            let here = here.filter(|c| held.is_none_or(|h| h.contains(c)) && self.has_a_part(*c, path));
            for commit in here.collect::<Vec<usize>>() {
                found.insert(commit);
                for (other, when, was) in self.before(commit, path, &mut behind) {
                    if other != path {
                        open.push((other, Some(when), was || whole));
                    } else if self.has_a_part(when, path) && !self.is_of(path, commit, since, &mut behind) {
                        found.insert(when);
                    }
                }
            }
        }
        found
    }

    /// Where a commit has the content of a file from, and when it came there: where git finds that it was moved or copied, and
    /// whatever held the same before, the file itself too. What takes the place of something else (so it is said) is followed
    /// to its beginning: no release has looked at it.
    fn before(&self, commit: usize, path: &Arc<str>, behind: &mut Behind) -> Vec<(&Arc<str>, usize, bool)> {
        let Some(change) = self.commits.get(commit).and_then(|c| c.files.get(path)) else {
            return Vec::new();
        };
        let mut all: Vec<_> = change.from.iter().map(|from| (from, commit, false)).collect();
        let came = change.blob.as_ref().and_then(|blob| self.came.get(blob)).into_iter().flatten();
        for (other, when) in came.filter(|(_, when)| *when != commit) {
            if behind.entry(commit).or_insert_with(|| self.between(None, commit)).contains(when) {
                all.push((other, *when, change.was));
            }
        }
        all
    }

    /// Whether a commit brings a file back to what it was at another.
    fn is_of(&self, path: &Arc<str>, commit: usize, then: Option<usize>, behind: &mut Behind) -> bool {
        let Some(then) = then else { return true };
        let behind = behind.entry(then).or_insert_with(|| self.between(None, then));
        let held = |c: usize| self.commits.get(c)?.files.get(path)?.blob.as_ref();
        let last = self.touching.get(path).into_iter().flatten().find(|c| behind.contains(c));
        last.is_some_and(|last| held(*last) == held(commit))
    }

    /// Whether a commit has a part in what a file holds. A merge that takes a file from the one side has none, where only that
    /// side touched it; where both did, it is the merge that decides.
    fn has_a_part(&self, commit: usize, path: &Arc<str>) -> bool {
        let Some(merge) = self.commits.get(commit).filter(|c| c.parents.len() > 1) else { return true };
        let Some(change) = merge.files.get(path) else { return false };
        let parents: Vec<usize> = self.parents(commit).collect();
        let (&[one, other], Some(first)) = (parents.as_slice(), change.first) else { return true };
        let (left, taken) = if first { (one, other) } else { (other, one) };
        change.parents > 1 || {
            let alone = self.between(Some(taken), left);
            self.touching.get(path).into_iter().flatten().any(|c| alone.contains(c))
        }
    }

    /// A file that commits touched, and those in a folder. What lies in an archive is touched as the archive is; what lies in a
    /// submodule is not told here.
    fn paths(&self, file: &str) -> Vec<&Arc<str>> {
        let path = self.path(file);
        let above = || path.match_indices('/').filter_map(|(i, _)| path.get(..i));
        if above().any(|folder| self.submodules.get(folder) == Some(&true)) {
            return Vec::new();
        }
        let folder = format!("{path}/");
        let below = self.touching.range::<str, _>((Bound::Included(folder.as_str()), Bound::Unbounded));
        let below = below.map(|(p, _)| p).take_while(|p| p.starts_with(&folder));
        let own = |path: &str| self.touching.get_key_value(path).map(|(p, _)| p);
        let found: Vec<&Arc<str>> = own(&path).into_iter().chain(below).collect();
        let archive = || above().filter(|f| !self.submodules.contains_key(*f)).filter_map(own);
        if found.is_empty() { archive().collect() } else { found }
    }
}

/// A path without its detours; nothing where it leads outside.
fn inside(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Who commits what people do on the pages of the platform.
const PLATFORM: &str = "noreply@github.com";

fn add(touched: &mut Touched, commit: &Commit) {
    let hash = commit.hash.get(..9).unwrap_or(&commit.hash);
    let mut say = |account: &str, how: String| {
        touched.by.push(Contribution { account: account.to_owned(), how });
    };
    say(&commit.author, format!("commit {hash}"));
    if commit.committer != commit.author && commit.committer != PLATFORM {
        say(&commit.committer, format!("committed {hash}"));
    }
    for (name, value) in &commit.trailers {
        match name.as_str() {
            "co-authored-by" | "signed-off-by" => {
                say(&log::named(value), format!("{name} of commit {hash}"));
            }
            _ => touched.ai = touched.ai.max(AiMark::Assisted),
        }
    }
}

#[cfg(test)]
#[path = "git_tests.rs"]
mod tests;
