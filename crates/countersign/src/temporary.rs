//! A folder of our own below the system's temporary one: under a name that nobody can guess, and gone afterwards.

use std::io;
use std::path::PathBuf;

/// A folder that is gone afterwards.
pub(crate) struct Temporary(pub PathBuf);

impl Temporary {
    /// A new one.
    ///
    /// # Errors
    /// When it cannot be made, or is there already.
    pub fn new() -> io::Result<Self> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|e| io::Error::other(e.to_string()))?;
        let name: String = random.iter().map(|b| format!("{b:02x}")).collect();
        let path = std::env::temp_dir().join(format!("countersign-{name}"));
        std::fs::create_dir(&path)?;
        Ok(Temporary(path))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // What is left of it is nobody's result.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
