//! Measures the ledger, each figure beside what it is compared with, in one run. `bench/ledger` builds and runs it.
//!
//! Arguments choose parts: `append postgres witness verify audit`; none means all.

#![allow(clippy::unwrap_used, reason = "a bench that cannot run has failed")]
#![allow(missing_docs, reason = "a program")]

#[path = "../tests/common/postgres.rs"]
mod postgres;

use ledger::{
    Algorithm, Draft, Head, LogProof, Policy, Sequencer, Signer, Store, audit, leaf_hash,
    merkle::inclusion_proof, tile::TiledTree,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};
use store::disk::RealDisk;
use store::witness::{Witness, Witnesses};
use store::{Cosign, Folder, Postgres, Sqlite, Writer, http};

fn signer() -> Signer {
    Signer::from_seed("example.com/bench", Algorithm::Ed25519, &[9; 32]).unwrap()
}

fn draft(i: usize) -> Draft {
    let body =
        serde_json::json!({"change": format!("leaver-{i}"), "decision": "approved", "rule": "four-eyes"});
    Draft::new("review/1", "gate", &body).unwrap()
}

fn create(store: &dyn Store) {
    store.create(&Head::empty(&signer()).unwrap()).unwrap();
}

/// Keeps so many entries in flight for a while; returns entries a second and latencies in milliseconds, sorted.
fn load(writer: &Writer, in_flight: usize, time: Duration) -> (f64, Vec<f64>) {
    let (sender, answers) = channel();
    let submit = |i: usize| {
        let (sender, started) = (sender.clone(), Instant::now());
        writer.submit(draft(i), move |receipt| {
            receipt.unwrap();
            sender.send(started.elapsed()).unwrap();
        });
    };
    let start = Instant::now();
    (0..in_flight).for_each(submit);
    let (mut latencies, mut open) = (Vec::new(), in_flight);
    while open > 0 {
        latencies.push(answers.recv().unwrap().as_secs_f64() * 1e3);
        open -= 1;
        if start.elapsed() < time {
            submit(latencies.len() + in_flight);
            open += 1;
        }
    }
    let rate = latencies.len() as f64 / start.elapsed().as_secs_f64();
    latencies.sort_by(f64::total_cmp);
    (rate, latencies)
}

fn at(sorted: &[f64], share: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * share) as usize]
}

fn row(what: &str, (rate, latencies): &(f64, Vec<f64>)) {
    println!(
        "{what:<44} {rate:>10.0}/s  p50 {:>7.2} ms  p99 {:>7.2} ms",
        at(latencies, 0.5),
        at(latencies, 0.99)
    );
}

/// Two writes to preallocated files, each made durable, one after the other: what a lone append has to cost.
fn two_syncs(folder: &Path, time: Duration) -> (f64, Vec<f64>) {
    use std::os::unix::fs::FileExt;
    let file = |name: &str| {
        let path = folder.join(name);
        std::fs::write(&path, vec![0; 1 << 20]).unwrap();
        let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
        file.sync_all().unwrap();
        file
    };
    let (first, second) = (file("one"), file("two"));
    let (start, mut latencies) = (Instant::now(), Vec::new());
    while start.elapsed() < time {
        let began = Instant::now();
        for (file, length) in [(&first, 300), (&second, 1000)] {
            file.write_all_at(&vec![1; length], (latencies.len() * length % (1 << 19)) as u64).unwrap();
            file.sync_data().unwrap();
        }
        latencies.push(began.elapsed().as_secs_f64() * 1e3);
    }
    let rate = latencies.len() as f64 / start.elapsed().as_secs_f64();
    latencies.sort_by(f64::total_cmp);
    (rate, latencies)
}

fn bench_append(folder: &Path, time: Duration) {
    let store: Arc<dyn Store> = Arc::new(Folder::open(&folder.join("append")).unwrap());
    create(&*store);
    let writer = Writer::start(store, signer(), None, store::now).unwrap();
    let before = two_syncs(folder, time);
    row("two fdatasyncs in sequence", &before);
    let alone = load(&writer, 1, time);
    row("folder, 1 in flight", &alone);
    println!("{:<44} {:>10.2}", "  ratio (at least 0.6)", alone.0 / before.0);
    for in_flight in [64, 256, 1024] {
        row(&format!("folder, {in_flight} in flight"), &load(&writer, in_flight, time));
    }
    drop(writer);
    let store: Arc<dyn Store> = Arc::new(Sqlite::open(&folder.join("append.db")).unwrap());
    create(&*store);
    let writer = Writer::start(store, signer(), None, store::now).unwrap();
    for in_flight in [1, 64, 1024] {
        row(&format!("SQLite, {in_flight} in flight"), &load(&writer, in_flight, time));
    }
}

fn bench_postgres(folder: &Path, time: Duration) {
    let Some(server) = postgres::Server::start() else { return };
    let url = server.database();
    let stores: Vec<Arc<dyn Store>> = (0..3).map(|_| Arc::new(Postgres::open(&url).unwrap()) as _).collect();
    create(&*stores[0]);
    for in_flight in [1, 64, 256] {
        let rates: Vec<_> = std::thread::scope(|scope| {
            let run = |store: &Arc<dyn Store>| {
                let writer = Writer::start(Arc::clone(store), signer(), None, store::now).unwrap();
                load(&writer, in_flight, time)
            };
            let threads: Vec<_> = stores.iter().map(|s| scope.spawn(move || run(s))).collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        let mut all: Vec<f64> = rates.iter().flat_map(|r| r.1.clone()).collect();
        all.sort_by(f64::total_cmp);
        row(
            &format!("PostgreSQL, 3 writers, {in_flight} in flight each"),
            &(rates.iter().map(|r| r.0).sum(), all),
        );
    }
    let script = folder.join("insert.sql");
    std::fs::write(&script, "INSERT INTO single (data) VALUES (repeat('x', 250)::bytea);\n").unwrap();
    let table = "CREATE TABLE IF NOT EXISTS single (seq BIGSERIAL PRIMARY KEY, data BYTEA NOT NULL)";
    server.sql(&url, table);
    for clients in [1, 3] {
        println!(
            "pgbench, single-row inserts, {clients} clients: {}",
            server.pgbench(&url, &script, clients, time.as_secs())
        );
    }
}

fn witness(folder: &Path, number: u8) -> String {
    let name = format!("example.com/w{number}");
    let signer = Signer::from_seed(&name, Algorithm::Cosignature, &[number; 32]).unwrap();
    let vkey = signer.verifier().to_vkey();
    let disk = RealDisk::new(folder.join(format!("w{number}"))).unwrap();
    let witness = Witness::open(&disk, signer, vec![self::signer().verifier().clone()]).unwrap();
    let server = http::witness(witness, "127.0.0.1:0").unwrap();
    let address = server.address().unwrap();
    std::thread::spawn(move || server.run());
    format!("witness w{number} {vkey} http://{address}\n")
}

fn policy(folder: &Path) -> Policy {
    let witnesses: String = (1..=3).map(|i| witness(folder, i)).collect();
    let log = signer().verifier().to_vkey();
    Policy::parse(format!("log {log}\n{witnesses}group g 2 w1 w2 w3\nquorum g\n").as_bytes()).unwrap()
}

fn bench_witness(folder: &Path, time: Duration) {
    let store: Arc<dyn Store> = Arc::new(Folder::open(&folder.join("witnessed")).unwrap());
    create(&*store);
    let witnesses = Box::new(Witnesses::new(policy(folder)));
    let writer = Writer::start(store, signer(), Some(witnesses), store::now).unwrap();
    for in_flight in [1, 64, 1024] {
        row(&format!("folder, 2 of 3 witnesses, {in_flight} in flight"), &load(&writer, in_flight, time));
    }
}

fn bench_verify(folder: &Path, time: Duration) {
    let folder = folder.join("verify");
    let policy = policy(&folder);
    let store = Folder::open(&folder.join("log")).unwrap();
    create(&store);
    fill(&store, 100_000);
    let head = store.head().unwrap().unwrap();
    let checkpoint = Witnesses::new(policy.clone()).cosign(&store, &head).unwrap();
    let files: Vec<_> = (0..500)
        .map(|i| {
            let (index, size) = (i * 199, head.size());
            let hashes = inclusion_proof(&TiledTree::new(&store, size), index, size).unwrap();
            let tile = ledger::Tile::of(ledger::tile::Kind::Entries, index / 256, size).unwrap();
            let bundle = ledger::ReadTiles::read_tile(&store, &tile).unwrap();
            let entry = ledger::tile::entries(&tile, &bundle).unwrap()[(index % 256) as usize].to_vec();
            (LogProof { extra: None, index, hashes, checkpoint: checkpoint.clone() }.to_string(), entry)
        })
        .collect();
    let (start, mut count) = (Instant::now(), 0);
    while start.elapsed() < time {
        let (file, entry) = &files[count % files.len()];
        LogProof::parse(file.as_bytes()).unwrap().verify(&leaf_hash(entry), &policy).unwrap();
        count += 1;
    }
    let signatures = checkpoint.signatures().len();
    println!(
        "{:<44} {:>10.0}/s on one core",
        format!("verify offline, {signatures} signatures each"),
        count as f64 / start.elapsed().as_secs_f64()
    );
}

fn fill(store: &Folder, entries: usize) {
    let mut sequencer = Sequencer::new(signer(), store.head().unwrap().unwrap()).unwrap();
    let drafts: Vec<_> = (0..8192).map(draft).collect();
    let mut left = entries;
    while left > 0 {
        let count = left.min(drafts.len());
        let batch = sequencer.prepare(&drafts[..count], store::now()).unwrap();
        let base = sequencer.head().clone();
        let back = store.stage(&base, &batch).unwrap();
        let sealed = sequencer.seal(&batch, &back).unwrap();
        store.commit(&base, &batch, &sealed).unwrap();
        sequencer.follow(sealed);
        left -= count;
    }
}

fn bench_audit(folder: &Path) {
    let path = folder.join("audit");
    let store = Folder::open(&path).unwrap();
    create(&store);
    let start = Instant::now();
    fill(&store, 10_000_000);
    store.close().unwrap();
    println!(
        "{:<44} {:>10.1} s",
        "10,000,000 entries appended in groups of 8,192",
        start.elapsed().as_secs_f64()
    );
    // In a process of its own, for its memory.
    let this = std::env::current_exe().unwrap();
    let done = std::process::Command::new(this).arg("audit-folder").arg(&path).output().unwrap();
    print!("{}", String::from_utf8_lossy(&done.stdout));
}

fn audit_folder(path: &Path) {
    let start = Instant::now();
    let store = Folder::open_to_read(path).unwrap();
    let checkpoint = store.head().unwrap().unwrap().verify(signer().verifier()).unwrap();
    let audited = audit(&store, &checkpoint, |_, _| Ok(())).unwrap();
    let took = start.elapsed().as_secs_f64();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap().trim();
    println!("{:<44} {took:>10.1} s  {} entries, peak memory {peak}", "audit", audited.entries);
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, path] = arguments.as_slice()
        && first == "audit-folder"
    {
        return audit_folder(Path::new(path));
    }
    let folder =
        PathBuf::from(std::env::var("BENCH_FOLDER").unwrap_or_else(|_| "target/bench-ledger".into()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let time =
        Duration::from_secs(std::env::var("BENCH_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(5));
    let wanted = |part: &str| arguments.is_empty() || arguments.iter().any(|a| a == part);
    let parts: [(&str, &dyn Fn()); 5] = [
        ("append", &|| bench_append(&folder, time)),
        ("postgres", &|| bench_postgres(&folder, time)),
        ("witness", &|| bench_witness(&folder, time)),
        ("verify", &|| bench_verify(&folder, time)),
        ("audit", &|| bench_audit(&folder)),
    ];
    parts.iter().filter(|(name, _)| wanted(name)).for_each(|(_, run)| run());
    let _ = std::fs::remove_dir_all(&folder);
}
