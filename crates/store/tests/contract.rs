//! What every store promises, asked of all four: folder, object store, SQLite, PostgreSQL.

#![allow(clippy::unwrap_used, reason = "a test whose input is not there or not sound has failed")]

mod common;

use common::{Temporary, append, assert_continues, draft, lines, postgres::Server, sequencer, signer, texts};
use ledger::{Checkpoint, Failure, Head, Note, Store, Tile, VerifierKey, merkle, tile::TiledTree};
use object_store::local::LocalFileSystem;
use std::sync::{Arc, Mutex};
use store::{Bucket, Folder, Postgres, Receipt, Sqlite, Writer};

/// Opens the same ledger again.
type Open<'a> = &'a dyn Fn() -> Arc<dyn Store>;

fn bucket(path: &std::path::Path) -> Arc<dyn Store> {
    Arc::new(
        Bucket::open(Arc::new(LocalFileSystem::new_with_prefix(path).unwrap().with_fsync(true))).unwrap(),
    )
}

#[test]
fn a_folder_keeps_the_contract() {
    let folder = Temporary::new();
    contract(&|| Arc::new(Folder::open(folder.path()).unwrap()));
}

#[test]
fn an_object_store_keeps_the_contract() {
    let folder = Temporary::new();
    contract(&|| bucket(folder.path()));
    let folder = Temporary::new();
    races(&|| bucket(folder.path()));
}

#[test]
fn sqlite_keeps_the_contract() {
    let folder = Temporary::new();
    contract(&|| Arc::new(Sqlite::open(&folder.path().join("ledger.db")).unwrap()));
    races(&|| Arc::new(Sqlite::open(&folder.path().join("races.db")).unwrap()));
}

#[test]
fn postgresql_keeps_the_contract() {
    let Some(server) = Server::start() else { return };
    let (first, second) = (server.database(), server.database());
    contract(&|| Arc::new(Postgres::open(&first).unwrap()));
    races(&|| Arc::new(Postgres::open(&second).unwrap()));
}

fn contract(open: Open<'_>) {
    begins_empty(open);
    grows_over_restarts(open);
    what_was_staged_and_not_committed_is_not_there(open);
    a_head_that_moved_is_not_moved_again(open);
    a_flip_between_hashing_and_signing_is_never_signed(open);
    keeps_the_largest_published_checkpoint(open);
    a_writer_answers_each_with_its_number(open);
}

fn begins_empty(open: Open<'_>) {
    let store = open();
    assert_eq!((store.head().unwrap(), store.published().unwrap()), (None, None));
    store.create(&Head::empty(&signer()).unwrap()).unwrap();
    assert_eq!(store.create(&Head::empty(&signer()).unwrap()), Err(Failure::Moved));
    assert_eq!(store.head().unwrap().unwrap().size(), 0);
    assert!(store.read_tile(&Tile::parse("tile/0/000.p/1").unwrap()).is_err());
    assert!(texts(&*store).is_empty());
}

/// Over bundles and tiles, with every partial tile that a reader may ask for.
fn grows_over_restarts(open: Open<'_>) {
    let mut all = Vec::new();
    let mut notes = Vec::new();
    for (round, count) in [1, 254, 1, 1, 300, 700].into_iter().enumerate() {
        let store = open();
        let mut sequencer = sequencer(&*store).unwrap();
        let more = lines(all.len(), count);
        // The clock goes back half of the time: the log's does not.
        append(&*store, &mut sequencer, &more, if round % 2 == 0 { 5_000 } else { 10 }).unwrap();
        all.extend(more);
        assert_eq!(texts(&*store), all);
        assert_eq!(sequencer.head().sequence.time, 5_000);
        notes.push(sequencer.head().note.clone());
        notes.iter().for_each(|n| assert_continues(&*store, n));
    }
    let store = open();
    assert_eq!(texts(&*store), all);
    for width in 1..=255 {
        let tile = Tile { kind: ledger::tile::Kind::Level(0), index: 2, width };
        assert_eq!(store.read_tile(&tile).unwrap().len(), usize::from(width) * 32);
    }
    let size = all.len() as u64;
    let proof = merkle::inclusion_proof(&TiledTree::new(&&*store, size), 300, size).unwrap();
    assert!(proof.len() > 8);
}

fn what_was_staged_and_not_committed_is_not_there(open: Open<'_>) {
    let (before, head) = {
        let store = open();
        let sequencer = sequencer(&*store).unwrap();
        let batch = sequencer.prepare(&[draft("never")], 1).unwrap();
        store.stage(sequencer.head(), &batch).unwrap();
        (sequencer.head().size(), store.head().unwrap().unwrap())
    };
    assert_eq!(head.size(), before);
    let store = open();
    assert!(!texts(&*store).contains(&"never".to_owned()));
    let mut sequencer = sequencer(&*store).unwrap();
    append(&*store, &mut sequencer, &["instead".to_owned()], 1).unwrap();
    assert_eq!(texts(&*store).last().unwrap(), "instead");
}

fn a_head_that_moved_is_not_moved_again(open: Open<'_>) {
    let store = open();
    let mut first = sequencer(&*store).unwrap();
    let mut second = sequencer(&*store).unwrap();
    append(&*store, &mut first, &["one".to_owned()], 1).unwrap();
    let lost = append(&*store, &mut second, &["other".to_owned()], 1).unwrap_err();
    assert_eq!(lost, Failure::Moved);
    second.advance(store.head().unwrap().unwrap()).unwrap();
    append(&*store, &mut second, &["other".to_owned()], 1).unwrap();
    assert!(texts(&*store).ends_with(&["one".to_owned(), "other".to_owned()]));
}

fn a_flip_between_hashing_and_signing_is_never_signed(open: Open<'_>) {
    let store = open();
    let sequencer = sequencer(&*store).unwrap();
    let drafts: Vec<_> = lines(0, 5).iter().map(|t| draft(t)).collect();
    let batch = sequencer.prepare(&drafts, 1).unwrap();
    let mut back = store.stage(sequencer.head(), &batch).unwrap();
    assert_eq!(back, batch.bytes);
    for bit in 0..back.len() * 8 {
        back[bit / 8] ^= 1 << (bit % 8);
        assert!(sequencer.seal(&batch, &back).is_err(), "bit {bit}");
        back[bit / 8] ^= 1 << (bit % 8);
    }
    assert!(sequencer.seal(&batch, &[]).is_err());
    let mut twice = back.clone();
    twice.extend_from_slice(&back);
    assert!(sequencer.seal(&batch, &twice).is_err());
    assert_eq!(store.head().unwrap().unwrap(), *sequencer.head());
}

fn keeps_the_largest_published_checkpoint(open: Open<'_>) {
    let store = open();
    let mut sequencer = sequencer(&*store).unwrap();
    let small = sequencer.head().note.clone();
    append(&*store, &mut sequencer, &["more".to_owned()], 1).unwrap();
    let large = sequencer.head().note.clone();
    store.publish(&large).unwrap();
    store.publish(&small).unwrap();
    assert_eq!(store.published().unwrap(), Some(large.clone()));
    drop(store);
    assert_eq!(open().published().unwrap(), Some(large));
}

fn a_writer_answers_each_with_its_number(open: Open<'_>) {
    let store = open();
    let before = store.head().unwrap().unwrap().size();
    let writer = Writer::start(Arc::clone(&store), signer(), None, || 9_000).unwrap();
    let of =
        |i: usize| (0..20).map(|k| writer.append(draft(&format!("{i}-{k}"))).unwrap()).collect::<Vec<_>>();
    let receipts: Vec<Receipt> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|i| {
                scope.spawn({
                    let of = &of;
                    move || of(i)
                })
            })
            .collect();
        threads.into_iter().flat_map(|t| t.join().unwrap()).collect()
    });
    drop(writer);
    let mut numbers: Vec<u64> = receipts.iter().map(|r| r.seq).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (before..before + 160).collect::<Vec<_>>());
    for receipt in &receipts {
        assert!(size(&receipt.checkpoint, signer().verifier()) > receipt.seq);
        assert_continues(&*store, &receipt.checkpoint);
    }
    assert_eq!(texts(&*store).len() as u64, before + 160);
}

fn size(note: &Note, key: &VerifierKey) -> u64 {
    assert_eq!(note.verify([key]).unwrap().len(), 1);
    Checkpoint::parse(note.text()).unwrap().size
}

/// Three sequencers, each on its own connection, at once: one log, with everything that was acknowledged, once.
fn races(open: Open<'_>) {
    let stores: Vec<_> = (0..3).map(|_| open()).collect();
    sequencer(&*stores[0]).unwrap();
    let acknowledged = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for (i, store) in stores.iter().enumerate() {
            let acknowledged = &acknowledged;
            scope.spawn(move || {
                let writer = Writer::start(Arc::clone(store), signer(), None, store::now).unwrap();
                for k in 0..40 {
                    let text = format!("writer {i}, entry {k}");
                    let receipt = writer.append(draft(&text)).unwrap();
                    acknowledged.lock().unwrap().push((receipt.seq, text, receipt.checkpoint));
                }
            });
        }
    });
    let acknowledged = acknowledged.into_inner().unwrap();
    let found = texts(&*stores[1]);
    assert_eq!((found.len(), acknowledged.len()), (120, 120));
    for (seq, text, note) in acknowledged {
        assert_eq!(found[seq as usize], text);
        assert_continues(&*stores[2], &note);
    }
}

#[test]
fn a_folder_has_one_writer_and_many_readers() {
    let folder = Temporary::new();
    let writing = Folder::open(folder.path()).unwrap();
    let refused = Folder::open(folder.path()).err().unwrap().to_string();
    assert!(refused.contains("another process"), "{refused}");
    let mut sequencer = sequencer(&writing).unwrap();
    let reading = Folder::open_to_read(folder.path()).unwrap();
    for round in 1..4 {
        append(&writing, &mut sequencer, &lines(0, 100), 1).unwrap();
        assert_eq!(texts(&reading).len(), round * 100);
    }
    assert!(matches!(
        reading.stage(sequencer.head(), &sequencer.prepare(&[draft("x")], 1).unwrap()),
        Ok(_) | Err(_)
    ));
}
