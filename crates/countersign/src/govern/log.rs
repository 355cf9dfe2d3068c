//! git's log as it is told on its standard output, read so that nothing in a commit can pass for something else: every field
//! ends with a NUL, which no commit, no name and no path can hold, and fields are told apart by their place alone.

use std::borrow::Cow;

/// How git is asked. What a repository says of itself changes no answer: its configuration and attributes are its own, and
/// whoever can write to it would choose who is told to have written. So names are as the commits have them (`%ae`, no
/// `.mailmap`), the first commit has its files, merges are shown against each parent, and paths stand below the repository.
pub(super) const LOG: [&str; 19] = [
    "-c",
    "log.mailmap=false",
    "-c",
    "log.showRoot=true",
    "-c",
    "log.showSignature=false",
    "-c",
    "log.diffMerges=separate",
    "-c",
    "diff.relative=false",
    "-c",
    "diff.ignoreSubmodules=none",
    "log",
    "-z",
    "--topo-order",
    "--no-notes",
    "--encoding=UTF-8",
    "--raw",
    "--no-abbrev",
];
/// Hash, parents, author, committer, message: the fields of a commit.
pub(super) const FORMAT: &str = "--format=%H%x00%P%x00%ae%x00%ce%x00%B%x00";

/// A commit as it is told; a merge is told once for each parent from which it differs.
pub(super) struct Told {
    pub hash: String,
    pub parents: Vec<String>,
    pub author: String,
    pub committer: String,
    pub message: String,
    pub files: Vec<File>,
}

/// A file that a commit changed.
pub(super) struct File {
    /// Where it is.
    pub path: String,
    /// Where it was, where git finds that it was moved or copied.
    pub from: Option<String>,
    /// The digest of its content; none where it is gone.
    pub blob: Option<String>,
    /// It was there before.
    pub was: bool,
    /// It is another repository's commit, a submodule; or it was one and is none any more.
    pub submodule: Option<bool>,
}

/// All commits, in the order in which they are told.
pub(super) fn commits(bytes: &[u8]) -> Vec<Told> {
    let mut fields = bytes.split(|b| *b == 0).map(String::from_utf8_lossy).peekable();
    let mut all = Vec::new();
    while let Some(hash) = fields.next() {
        // Between commits, and before their files, git puts newlines and empty fields.
        if hash.trim().is_empty() {
            continue;
        }
        let mut field = || fields.next().unwrap_or_default();
        let (parents, author, committer, message) = (field(), field(), field(), field());
        let parents = parents.split_whitespace().map(str::to_owned).collect();
        let (author, committer) = (address(&author), address(&committer));
        let (hash, message) = (hash.trim().to_owned(), message.into_owned());
        let mut files = Vec::new();
        while let Some(meta) = fields.next_if(|f| f.trim().is_empty() || f.trim_start().starts_with(':')) {
            files.extend(file(&meta, &mut fields));
        }
        all.push(Told { hash, parents, author, committer, message, files });
    }
    all
}

/// The mode of a submodule.
const SUBMODULE: &str = "160000";

/// A file: modes, digests and what was done, then its path; its two paths, where it was moved or copied.
fn file<'t>(meta: &str, fields: &mut dyn Iterator<Item = Cow<'t, str>>) -> Option<File> {
    let mut words = meta.trim().trim_start_matches(':').split(' ');
    let mut word = || words.next();
    let (was, is, old, new, done) = (word()?, word()?, word()?, word()?, word()?);
    let submodule = (was == SUBMODULE || is == SUBMODULE).then_some(is == SUBMODULE);
    let first = fields.next()?.into_owned();
    let there = |digest: &str| digest.bytes().any(|b| b != b'0');
    let blob = there(new).then(|| new.to_owned());
    if done.starts_with(['R', 'C']) {
        return Some(File {
            path: fields.next()?.into_owned(),
            from: Some(first),
            blob,
            was: false,
            submodule,
        });
    }
    Some(File { path: first, from: None, blob, was: there(old), submodule })
}

/// An address as it is kept: control characters in it are none of ours.
fn address(text: &str) -> String {
    let shown = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    let text: String = text.trim().chars().map(shown).collect();
    if text.is_empty() { "(no address)".to_owned() } else { text }
}

/// The lines of a message that name somebody or something (`co-authored-by`, in lower case), wherever they stand in it: where
/// its trailers begin is a matter of configuration. A line that begins with a blank goes on with the one before.
pub(super) fn trailers(message: &str) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    let mut open = false;
    for line in message.lines() {
        let named = line.split_once(':').map(|(n, v)| (n.trim().to_lowercase(), v.trim()));
        match named.filter(|(name, _)| NAMED.contains(&name.as_str())) {
            Some((name, value)) => all.push((name, value.to_owned())),
            None if open && line.starts_with([' ', '\t']) => {
                all.last_mut().into_iter().for_each(|(_, value)| *value = format!("{value} {}", line.trim()));
            }
            None => {
                open = false;
                continue;
            }
        }
        open = true;
    }
    all
}

/// The lines that are read.
const NAMED: [&str; 5] = ["co-authored-by", "signed-off-by", "assisted-by", "generated-by", "ai-assisted"];

/// Whom such a line names: the address in it, or else the name.
pub(super) fn named(value: &str) -> String {
    let (name, rest) = value.split_once('<').unwrap_or((value, ""));
    let inside = rest.split_once('>').map_or(rest, |(inside, _)| inside);
    address(if inside.trim().is_empty() { name } else { inside })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(bytes: &str) -> Vec<Told> {
        commits(bytes.as_bytes())
    }

    #[test]
    fn a_message_is_a_message_whatever_it_says() {
        let forged = "Note: x\u{1e}ffff\u{1f}aaaa\u{1f}ghost@x\u{1f}ghost@x\n:100644 100644 1 2 M\nCo-authored-by: A\n <a@x>";
        let text = format!(
            "aaaa\0\0ann@x\0bo\u{7}b@x\0{forged}\0\0\n:000000 100644 0000 12ab A\0a\"b\\c\nd\0:100644 100644 12ab 34cd R090\0old\0new\0bbbb\0aaaa\0\0b@x\0\0\0"
        );
        let all = told(&text);
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].author.as_str(), all[0].committer.as_str()), ("ann@x", "bo\u{fffd}b@x"));
        assert_eq!(trailers(&all[0].message), [("co-authored-by".to_owned(), "A <a@x>".to_owned())]);
        let files: Vec<(&str, Option<&str>, bool)> =
            all[0].files.iter().map(|f| (f.path.as_str(), f.from.as_deref(), f.was)).collect();
        assert_eq!(files, [("a\"b\\c\nd", None, false), ("new", Some("old"), false)]);
        assert_eq!((all[1].hash.as_str(), all[1].author.as_str()), ("bbbb", "(no address)"));
        assert_eq!(all[1].parents, ["aaaa"]);
    }

    #[test]
    fn who_is_named_is_told_by_the_address_and_else_by_the_name() {
        assert_eq!(named("Ann <ann@x>"), "ann@x");
        assert_eq!(named("Ann Lee"), "Ann Lee");
        assert_eq!(named("Ann Lee <>"), "Ann Lee");
        assert_eq!(named("<ann@x"), "ann@x");
    }
}
