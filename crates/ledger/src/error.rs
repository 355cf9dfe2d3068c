//! What went wrong, in words: every refusal of this crate says what was expected and what was found.

/// A refusal: input that cannot be read, or a claim that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(String);

/// What most of this crate answers with.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A refusal in these words.
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }

    /// The same refusal with the place it was met in before it.
    pub(crate) fn at(self, place: impl std::fmt::Display) -> Self {
        Self(format!("{place}: {}", self.0))
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

/// Refuses with the words of a format string.
macro_rules! refuse {
    ($($words:tt)*) => { return Err($crate::Error::new(format!($($words)*))) };
}
pub(crate) use refuse;
