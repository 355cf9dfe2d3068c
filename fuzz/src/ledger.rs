//! Everything that the ledger reads: what is read is written back as it was, and nothing panics.

use ledger::{Checkpoint, Entry, Head, LogProof, Note, Policy, Tile, VerifierKey, commitment::Opening};

/// Any bytes through every parser.
pub fn ledger(data: &[u8]) {
    if let Ok(note) = Note::parse(data) {
        assert_eq!(note.to_string().as_bytes(), data);
        let _ = Checkpoint::parse(note.text()).map(|c| assert_eq!(c.to_string(), note.text()));
    }
    if let Ok(proof) = LogProof::parse(data) {
        assert_eq!(proof.to_string().as_bytes(), data);
    }
    if let Ok(request) = ledger::witness::Request::parse(data) {
        assert_eq!(request.to_string().as_bytes(), data);
    }
    if let Ok(head) = Head::parse(data) {
        assert_eq!(head.to_json().as_deref(), Ok(data));
    }
    if let Ok(opening) = Opening::parse(data) {
        assert_eq!(opening.to_json().as_deref(), Ok(data));
    }
    if let Ok(canonical) = ledger::json::canonicalise(data) {
        assert_eq!(ledger::json::canonicalise(&canonical), Ok(canonical.clone()));
    }
    let _ = (Entry::parse(data), Policy::parse(data), ledger::sequencer::split(data).count());
    let _ = (ledger::dsse::Envelope::parse(data), ledger::intoto::Statement::parse(data));
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = Tile::parse(text).map(|t| assert_eq!(t.path(), text));
        let _ = VerifierKey::parse(text).map(|k| assert_eq!(k.to_vkey(), text));
    }
}
