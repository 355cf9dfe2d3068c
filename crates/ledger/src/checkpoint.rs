//! Checkpoints (C2SP tlog-checkpoint): a log's name, its size and its root, as the text of a signed note.

use crate::{Error, Hash, Note, Result, count, encoding, error::refuse, merkle::empty_root};

/// The head of a log at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log it is.
    pub origin: String,
    /// How many entries it has.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// Further lines, without meaning here.
    pub extensions: Vec<String>,
}

impl Checkpoint {
    /// The head of this log.
    pub fn new(origin: &str, size: u64, root: Hash) -> Self {
        Self { origin: origin.to_owned(), size, root, extensions: Vec::new() }
    }

    /// Reads the text of a note. Nothing of it is verified here.
    pub fn parse(text: &str) -> Result<Self> {
        Self::parse_lines(text).map_err(|e| e.at("this is no checkpoint"))
    }

    fn parse_lines(text: &str) -> Result<Self> {
        let text = text.strip_suffix('\n').ok_or_else(|| Error::new("it does not end with a newline"))?;
        let lines: Vec<_> = text.split('\n').collect();
        let [origin, size, root, extensions @ ..] = lines.as_slice() else {
            refuse!(
                "it has {}, not the three lines of origin, size and root",
                count(lines.len(), "line", "lines")
            );
        };
        if lines.iter().any(|l| l.is_empty()) {
            refuse!("it has an empty line");
        }
        let size = encoding::decimal(size)?;
        let root = encoding::hash_from_base64(root)?;
        if size == 0 && root != empty_root() {
            refuse!("a log without entries has the hash of nothing as its root");
        }
        let extensions = extensions.iter().map(|e| (*e).to_owned()).collect();
        Ok(Self { origin: (*origin).to_owned(), size, root, extensions })
    }

    /// The note of this checkpoint, not signed yet.
    pub fn to_note(&self) -> Result<Note> {
        let text = self.to_string();
        if Self::parse(&text)? != *self {
            refuse!("origin or extension lines of the checkpoint of `{}` contain newlines", self.origin);
        }
        Note::new(text)
    }
}

impl std::fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\n{}\n{}\n", self.origin, self.size, encoding::to_base64(&self.root))?;
        self.extensions.iter().try_for_each(|e| writeln!(f, "{e}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_has_one_spelling() {
        let good = Checkpoint { extensions: vec!["more".to_owned()], ..Checkpoint::new("log", 7, [7; 32]) };
        let text = good.to_string();
        assert_eq!(Checkpoint::parse(&text).unwrap(), good);
        let others = [
            text.replace("7\n", "07\n"),
            text.replace("log\n", "\n"),
            text.replace("more\n", "\n"),
            text.replace("more\n", "more"),
            text.replace("=", ""),
            text.replacen("7\n", "0\n", 1),
            "log\n7\n".to_owned(),
            String::new(),
        ];
        for other in others {
            assert!(Checkpoint::parse(&other).is_err(), "{other:?}");
        }
        let split = Checkpoint { extensions: vec!["a\nb".to_owned()], ..good };
        assert!(split.to_note().is_err());
    }
}
