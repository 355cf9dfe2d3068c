//! What the tests share: the folder of published vectors, a folder as a log, keys.

#![allow(clippy::unwrap_used, reason = "a test whose input is not there or not sound has failed")]
#![allow(dead_code, reason = "each test file uses a part")]

use ledger::{Error, ReadTiles, Result, Tile};
use std::path::{Path, PathBuf};

/// A folder of published vectors, or none, said aloud, where it is not there.
pub fn vectors(name: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("COUNTERSIGN_SHARED").map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let found = Some(shared.unwrap_or_else(beside).join("vectors").join(name)).filter(|p| p.is_dir());
    if found.is_none() {
        println!("skipped: there are no vectors `{name}`");
    }
    found
}

/// All files beneath a folder with this ending, in order.
pub fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            out.extend(files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            out.push(path);
        }
    }
    out.sort();
    out
}

pub fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

pub fn bytes(value: &serde_json::Value) -> Vec<u8> {
    ledger::encoding::from_base64(value.as_str().unwrap()).unwrap()
}

/// A log in a folder, read as it lies there.
pub struct Folder(pub PathBuf);

impl ReadTiles for Folder {
    fn read_tile(&self, tile: &Tile) -> Result<Vec<u8>> {
        std::fs::read(self.0.join(tile.path())).map_err(|e| Error::new(format!("`{tile}`: {e}")))
    }
}
