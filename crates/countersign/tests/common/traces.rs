//! Where a value still stands, in whatever form.

#![allow(dead_code, reason = "not every test uses everything")]
#![allow(clippy::unwrap_used, reason = "a test that cannot read its files has failed")]

use std::path::{Path, PathBuf};

/// Every file beneath a folder; a file itself.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    if folder.is_file() {
        return vec![folder.to_path_buf()];
    }
    let listed = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    listed.flat_map(|p| if p.is_dir() { files(&p) } else { vec![p] }).collect()
}

/// The forms in which bytes may hide: as they are, in base64 at each alignment, in hex, as a URL has them, in UTF-16.
pub fn forms(value: &str) -> Vec<Vec<u8>> {
    let mut out = vec![value.as_bytes().to_vec()];
    for shift in 0..3 {
        let encoded = ledger::encoding::to_base64(&[&vec![b'x'; shift], value.as_bytes()].concat());
        let inner = &encoded.as_bytes()[4..encoded.len() - 4];
        out.push(inner.to_vec());
        out.push(
            inner
                .iter()
                .map(|b| match b {
                    b'+' => b'-',
                    b'/' => b'_',
                    b => *b,
                })
                .collect(),
        );
    }
    let hex = ledger::encoding::to_hex(value.as_bytes());
    let url = |b: u8| {
        if b.is_ascii_alphanumeric() || b == b'.' { (b as char).to_string() } else { format!("%{b:02X}") }
    };
    out.extend([hex.to_uppercase().into_bytes(), hex.into_bytes()]);
    out.push(value.bytes().map(url).collect::<String>().into_bytes());
    out.push(value.encode_utf16().flat_map(u16::to_le_bytes).collect());
    out
}

/// Where a value still stands, in whatever form. A gzip stream, in which it could hide, counts as a place.
pub fn traces(folder: &Path, value: &str) -> Vec<String> {
    let forms = forms(value);
    let mut found = Vec::new();
    for path in files(folder) {
        let bytes = std::fs::read(&path).unwrap();
        let has = |form: &[u8]| bytes.windows(form.len()).any(|w| w == form);
        if forms.iter().any(|f| has(f)) || has(&[0x1f, 0x8b, 0x08]) {
            found.push(path.display().to_string());
        }
    }
    found
}
