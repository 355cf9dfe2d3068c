//! What the tests of stores share: keys, drafts, folders that go away, and the questions asked of every ledger.

#![allow(clippy::unwrap_used, reason = "a test whose input is not there or not sound has failed")]
#![allow(dead_code, reason = "each test file uses a part")]

pub mod postgres;
pub mod sim;

use ledger::{
    Algorithm, Batch, Checkpoint, Draft, Entry, Failure, Head, Note, Sequencer, Signer, Store, audit, merkle,
    tile::TiledTree,
};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

pub fn signer() -> Signer {
    Signer::from_seed("example.com/ledger", Algorithm::Ed25519, &[9; 32]).unwrap()
}

pub fn draft(text: &str) -> Draft {
    Draft::new("note/1", "test", &serde_json::json!({ "text": text })).unwrap()
}

/// A folder that is gone after the test.
pub struct Temporary(PathBuf);

impl Temporary {
    pub fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("countersign-store-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Makes the ledger where there is none, and goes on from its head.
pub fn sequencer(store: &dyn Store) -> Result<Sequencer, Failure> {
    if store.head()?.is_none() {
        match store.create(&Head::empty(&signer())?) {
            Ok(()) | Err(Failure::Moved) => {}
            Err(e) => return Err(e),
        }
    }
    let head = store.head()?.unwrap();
    Ok(Sequencer::new(signer(), head)?)
}

/// One append, as the writer does it.
pub fn append(
    store: &dyn Store,
    sequencer: &mut Sequencer,
    texts: &[String],
    now: u64,
) -> Result<Batch, Failure> {
    let drafts: Vec<_> = texts.iter().map(|t| draft(t)).collect();
    let batch = sequencer.prepare(&drafts, now)?;
    let base = sequencer.head().clone();
    let read_back = store.stage(&base, &batch)?;
    let sealed = sequencer.seal(&batch, &read_back)?;
    store.commit(&base, &batch, &sealed)?;
    sequencer.follow(sealed);
    Ok(batch)
}

/// The texts of all entries, once the whole ledger has been found sound.
pub fn texts(store: &dyn Store) -> Vec<String> {
    let head = store.head().unwrap().unwrap();
    let checkpoint = head.verify(signer().verifier()).unwrap();
    let mut out = Vec::new();
    audit(&store, &checkpoint, |_, entry| {
        out.push(Entry::parse(entry)?.body["text"].as_str().unwrap().to_owned());
        Ok(())
    })
    .unwrap();
    let report = store::fsck(store, signer().verifier()).unwrap();
    assert_eq!((report.problems, report.entries), (vec![], checkpoint.size));
    out
}

/// Whether a checkpoint that was handed out is of the log as it stands: it has one history.
pub fn assert_continues(store: &dyn Store, note: &Note) {
    let old = Checkpoint::parse(note.text()).unwrap();
    let head = store.head().unwrap().unwrap();
    assert!(head.size() >= old.size, "the log has {} entries, a checkpoint {}", head.size(), old.size);
    assert_eq!(
        merkle::root(&TiledTree::new(&store, old.size), old.size).unwrap(),
        old.root,
        "the log has forked"
    );
}

pub fn lines(from: usize, count: usize) -> Vec<String> {
    (from..from + count).map(|i| format!("entry {i}")).collect()
}
