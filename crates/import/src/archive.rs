//! Zip packages (Power Automate exports, zipped backups) as the files inside them, within bounds: names that point out
//! of the archive are refused, and what unpacks to far more than it weighs is no package.

use std::io::{Cursor, Read};
use zip::ZipArchive;

/// At most so many files in a package.
const MAX_ENTRIES: usize = 20_000;
/// At most so many bytes unpacked.
const MAX_UNPACKED: u64 = 256 << 20;
/// Unpacked at most so many times larger than packed, beyond a first mebibyte.
const MAX_RATIO: u64 = 200;

/// A file in a package: its name and its bytes.
pub type Inner = (String, Vec<u8>);

/// The files in a package by name, sorted; nothing when the bytes are no package. Packages inside are not opened.
///
/// # Errors
/// Why the package was refused, with a hint.
#[must_use]
pub fn entries(bytes: &[u8]) -> Option<Result<Vec<Inner>, String>> {
    bytes.starts_with(b"PK\x03\x04").then(|| unpack(bytes))
}

fn unpack(bytes: &[u8]) -> Result<Vec<Inner>, String> {
    let broken = |e: zip::result::ZipError| format!("broken zip package: {e}: export it again");
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    if archive.len() > MAX_ENTRIES {
        return Err(format!("zip package with more than {MAX_ENTRIES} files: split it"));
    }
    let most = MAX_UNPACKED.min((bytes.len() as u64).saturating_mul(MAX_RATIO) + (1 << 20));
    let bomb = || format!("zip package that unpacks to more than {most} bytes: unpack it yourself");
    // What says itself that it is a bomb is not unpacked at all.
    if archive.decompressed_size().is_some_and(|all| all > u128::from(most)) {
        return Err(bomb());
    }
    let mut left = most;
    let mut files = Vec::new();
    for i in 0..archive.len() {
        let mut entry = archive.by_index(i).map_err(broken)?;
        if !entry.is_file() {
            continue;
        }
        let name = entry.name().map_err(broken)?.into_owned();
        let Some(name) = entry.enclosed_name().and_then(|n| n.to_str().map(|n| n.replace('\\', "/"))) else {
            return Err(format!(
                "zip package with a name that points out of it: `{}`",
                name.escape_default()
            ));
        };
        left = left.checked_sub(entry.size()).ok_or_else(bomb)?;
        let mut content = Vec::new();
        // One that is longer than it says is refused by the library.
        entry.read_to_end(&mut content).map_err(|e| format!("broken zip package: `{name}`: {e}"))?;
        files.push((name, content));
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    fn package(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in files {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn unpacks_in_the_order_of_names() {
        let bytes = package(&[("b/x.json", b"{}"), ("a.json", b"[]")]);
        let files = entries(&bytes).unwrap().unwrap();
        assert_eq!(files, [("a.json".to_owned(), b"[]".to_vec()), ("b/x.json".to_owned(), b"{}".to_vec())]);
    }

    #[test]
    fn refuses_a_bomb_and_a_name_that_points_out() {
        let bomb = package(&[("a", &vec![0; 64 << 20])]);
        assert!(entries(&bomb).unwrap().unwrap_err().contains("unpacks to more"));
        let piece = vec![0; 15 << 20];
        let shared = package(&[("a", &piece), ("b", &piece), ("c", &piece)]);
        assert!(entries(&shared).unwrap().unwrap_err().contains("unpacks to more"));
        let slip = package(&[("../../etc/x", b"{}")]);
        assert!(entries(&slip).unwrap().unwrap_err().contains("points out"));
    }

    #[test]
    fn refuses_a_file_that_is_longer_than_it_says() {
        let mut bytes = package(&[("a", &vec![b' '; 4 << 20])]);
        let said = (4_u32 << 20).to_le_bytes();
        for at in (0..bytes.len() - 4).rev() {
            if bytes[at..at + 4] == said {
                bytes[at..at + 4].copy_from_slice(&7_u32.to_le_bytes());
            }
        }
        let refused = entries(&bytes).unwrap().unwrap_err();
        assert!(refused.contains("`a`: File is larger than its declared"), "{refused}");
    }

    #[test]
    fn a_truncated_package_is_broken_and_other_bytes_are_none() {
        let bytes = package(&[("a", b"hello")]);
        assert!(entries(&bytes[..bytes.len() / 2]).unwrap().unwrap_err().contains("broken"));
        assert!(entries(b"{}").is_none());
    }
}
