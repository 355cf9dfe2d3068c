//! For tests over public definitions, which are kept beside the repository and not in it: where they are, and the
//! files around one.

use crate::Files;
use std::path::{Path, PathBuf};

/// The folder of a platform's public definitions; nothing, and a line that says so, where it is not there.
pub(crate) fn corpus(platform: &str) -> Option<PathBuf> {
    shared(&format!("corpus/{platform}"))
}

/// A folder below the shared one.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("COUNTERSIGN_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let folder = root.join(path);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no {}", folder.display());
    None
}

/// Every file below a folder, sorted.
pub(crate) fn files_below(root: &Path) -> Vec<PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![root.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

/// The files beside one.
pub(crate) struct Beside(pub(crate) PathBuf);

impl Files for Beside {
    fn read(&self, relative: &str) -> Option<Vec<u8>> {
        std::fs::read(self.0.join(relative)).ok()
    }

    fn list(&self, relative: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.join(relative)).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}
