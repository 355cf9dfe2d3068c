//! Lines of checked files, to print under findings.

use import::doc::decode;
use std::fs;

/// Files larger than this are not read again for a line.
const MAX: u64 = 8 << 20;

/// A line (from 1) of a file; nothing when it is not there, or the file is in a package.
#[must_use]
pub fn line(path: &str, line: u32) -> Option<String> {
    let number = usize::try_from(line.checked_sub(1)?).ok()?;
    if fs::metadata(path).ok()?.len() > MAX {
        return None;
    }
    let bytes = fs::read(path).ok()?;
    let (text, _) = decode(&bytes).ok()?;
    text.lines().nth(number).map(str::to_owned)
}
