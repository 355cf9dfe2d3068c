//! The program's ledger: from making one to a proof that is verified offline, and what is left after it was killed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test whose input is not there or not sound has failed"
)]

mod common;
#[path = "../../store/tests/common/postgres.rs"]
mod postgres;

use common::Folder;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

fn line(text: &str) -> String {
    format!("{}\n", json!({"type": "note/1", "source": "test", "body": {"text": text}}))
}

/// Runs a command with this on its standard input.
fn feed(folder: &Folder, arguments: &[&str], input: &str) -> (i32, String, String) {
    let mut child = spawn(folder, arguments, Stdio::piped());
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (done.status.code().unwrap(), text(done.stdout), text(done.stderr))
}

fn spawn(folder: &Folder, arguments: &[&str], errors: Stdio) -> Child {
    let mut command: Command = folder.command(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors).spawn().unwrap()
}

fn init(folder: &Folder, place: &str) -> String {
    let made = folder.run(&[
        "ledger",
        "init",
        place,
        "--name",
        "example.com/log",
        "--key",
        "key",
        "--format",
        "json",
    ]);
    assert_eq!(made.code, 0, "{}", made.err);
    made.json()["vkey"].as_str().unwrap().to_owned()
}

#[test]
fn from_making_a_ledger_to_a_proof_verified_offline() {
    let folder = Folder::empty();
    for place in ["log", "sqlite:log.db", "objects:bucket"] {
        let vkey = init(&folder, place);
        let again = folder.run(&["ledger", "init", place, "--name", "example.com/log", "--key", "key"]);
        assert!(again.code == 2 && again.err.contains("already"), "{}", again.err);
        let other = folder.run(&["ledger", "init", place, "--name", "example.com/log", "--key", "other-key"]);
        assert!(other.code == 2 && other.err.contains("already"), "{}", other.err);
        assert!(!folder.path().join("other-key").exists(), "a secret key is for nothing");
        let input: String = (0..300).map(|i| line(&format!("number {i}"))).collect();
        let (code, out, err) =
            feed(&folder, &["ledger", "append", place, "--key", "key", "--format", "json"], &input);
        assert_eq!((code, out.lines().count()), (0, 300), "{err}");
        let (code, out, _) = feed(&folder, &["ledger", "append", place, "--key", "key"], &line("one more"));
        assert_eq!((code, out.as_str()), (0, "entry 300, under a checkpoint of 301 entries\n"));
        let checked = folder.run(&["ledger", "fsck", place, "--vkey", &vkey]);
        assert_eq!((checked.code, checked.out.as_str()), (0, "301 entries, and everything holds\n"));
        folder.write("policy", &format!("log {vkey}\nquorum none\n"));
        folder.write("proof", &folder.run(&["ledger", "prove", place, "42"]).out);
        folder.write("entry", &folder.run(&["ledger", "show", place, "42"]).out);
        let verify = ["ledger", "verify", "proof", "--entry", "entry", "--policy", "policy"];
        let verified = folder.run(&verify);
        assert_eq!(verified.code, 0, "{} {}", verified.out, verified.err);
        assert!(
            verified.out.starts_with("this is entry 42 of `example.com/log`, under a checkpoint of 301"),
            "{}",
            verified.out
        );
        folder.write("entry", &folder.run(&["ledger", "show", place, "43"]).out);
        assert_eq!(folder.run(&verify).code, 1);
        assert!(folder.run(&["ledger", "show", place, "301"]).err.contains("none is 301"));
        assert!(folder.run(&["ledger", "checkpoint", place]).out.starts_with("example.com/log\n301\n"));
    }
}

/// A ledger that was only begun is gone on with; one that is damaged, or something else, is left as it is.
#[test]
fn what_cannot_be_read_is_not_made_anew() {
    let folder = Folder::empty();
    let make = || folder.run(&["ledger", "init", "log", "--name", "example.com/log", "--key", "key"]);
    std::fs::create_dir(folder.path().join("log")).unwrap();
    folder.write("log/head", "");
    assert_eq!(make().code, 0);
    feed(&folder, &["ledger", "append", "log", "--key", "key"], &line("an entry"));
    let entries = std::fs::read(folder.path().join("log/entries-000000")).unwrap();
    std::fs::rename(folder.path().join("key"), folder.path().join("kept")).unwrap();
    std::fs::write(folder.path().join("log/head"), vec![7; 4 * 32 * 1024]).unwrap();
    std::fs::remove_file(folder.path().join("log/published")).unwrap();
    for missing in [false, true] {
        if missing {
            std::fs::remove_file(folder.path().join("log/head")).unwrap();
        }
        let told = make();
        assert!(told.code == 2 && told.err.contains("restore it from a copy"), "{}", told.err);
        assert_eq!(std::fs::read(folder.path().join("log/entries-000000")).unwrap(), entries);
    }
    folder.write("data.db", "this is no database, and somebody's");
    let told = folder.run(&["ledger", "init", "sqlite:data.db", "--name", "example.com/log", "--key", "key"]);
    assert_eq!(told.code, 2, "{}", told.err);
    assert_eq!(std::fs::read(folder.path().join("data.db")).unwrap(), b"this is no database, and somebody's");
    assert!(!folder.path().join("key").exists(), "a secret key is for nothing");
}

/// The schema in the manual takes what the program writes, and nothing that it would not read.
#[test]
fn entries_are_what_their_schema_says() {
    let path = common::repository().join("docs/formats/ledger-entry.schema.json");
    let schema: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let folder = Folder::empty();
    init(&folder, "log");
    feed(&folder, &["ledger", "append", "log", "--key", "key"], &line("an entry"));
    let entry = folder.run(&["ledger", "show", "log", "0"]);
    let entry = entry.json();
    assert!(schema.is_valid(&entry), "{entry}");
    for field in entry.as_object().unwrap().keys() {
        let mut other = entry.clone();
        other.as_object_mut().unwrap().remove(field);
        assert!(!schema.is_valid(&other), "without {field}");
    }
    for (field, value) in [
        ("v", json!(2)),
        ("seq", json!(-1)),
        ("type", json!("note")),
        ("more", json!(1)),
        ("evidence", json!(["x"])),
    ] {
        let mut other = entry.clone();
        other[field] = value;
        assert!(!schema.is_valid(&other), "{other}");
        assert!(ledger::Entry::parse(&ledger::json::to_canonical(&other).unwrap()).is_err(), "{other}");
    }
}

#[test]
fn what_cannot_be_appended_is_told_with_its_line() {
    let folder = Folder::empty();
    let missing = feed(&folder, &["ledger", "append", "log", "--key", "key"], "");
    assert!(missing.0 == 2 && missing.2.contains("`key` cannot be read"), "{}", missing.2);
    for place in ["nowhere", "sqlite:nowhere.db", "objects:nowhere"] {
        let missing = folder.run(&["ledger", "checkpoint", place]);
        assert!(missing.code == 2 && missing.err.contains("there is no ledger in"), "{}", missing.err);
        assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "reading makes nothing");
    }
    init(&folder, "log");
    let input = line("good")
        + "{\"type\": \"note/1\", \"source\": \"test\", \"body\": {}, \"who\": 1}\n"
        + &line("not reached");
    let (code, out, err) = feed(&folder, &["ledger", "append", "log", "--key", "key"], &input);
    assert_eq!((code, out.lines().count()), (2, 1));
    assert!(err.contains("line 2: `who` is not known"), "{err}");
    let (_, out, _) = feed(&folder, &["ledger", "append", "log", "--key", "key"], &line("next"));
    assert_eq!(out, "entry 1, under a checkpoint of 2 entries\n");
}

/// A witness that runs until the test ends.
struct Witness {
    child: Child,
    line: String,
}

impl Drop for Witness {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Witness {
    fn start(folder: &Folder, number: usize, log: &str) -> Self {
        let (state, name, key) =
            (format!("w{number}"), format!("example.com/w{number}"), format!("w{number}.key"));
        let arguments = ["ledger", "serve-witness", &state, "--name", &name, "--key", &key, "--log", log];
        let arguments = [&arguments[..], &["--listen", "127.0.0.1:0", "--format", "json"]].concat();
        let mut child = spawn(folder, &arguments, Stdio::inherit());
        let mut told = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut told).unwrap();
        let told: Value = serde_json::from_str(&told).unwrap();
        let (address, vkey) = (told["address"].as_str().unwrap(), told["vkey"].as_str().unwrap());
        Self { line: format!("witness w{number} {vkey} http://{address}\n"), child }
    }
}

#[test]
fn two_of_three_witnesses_are_enough_and_a_fork_finds_none() {
    let folder = Folder::empty();
    let vkey = init(&folder, "log");
    let mut witnesses: Vec<_> = (1..=3).map(|i| Witness::start(&folder, i, &vkey)).collect();
    let lines: String = witnesses.iter().map(|w| w.line.clone()).collect();
    folder.write("policy", &format!("log {vkey}\n{lines}group g 2 w1 w2 w3\nquorum g\n"));
    let append = ["ledger", "append", "log", "--key", "key", "--policy", "policy"];
    let (code, _, err) = feed(&folder, &append, &line("first"));
    assert_eq!(code, 0, "{err}");
    drop(witnesses.pop());
    let (code, _, err) = feed(&folder, &append, &(line("second") + &line("third")));
    assert_eq!(code, 0, "{err}");
    folder.write("proof", &folder.run(&["ledger", "prove", "log", "2"]).out);
    folder.write("entry", &folder.run(&["ledger", "show", "log", "2"]).out);
    let verified = folder.run(&["ledger", "verify", "proof", "--entry", "entry", "--policy", "policy"]);
    assert!(verified.code == 0 && verified.out.contains("cosigned by w1, w2"), "{}", verified.out);
    // The same key, another history: the witnesses have seen the first.
    init(&folder, "fork");
    let fork = ["ledger", "append", "fork", "--key", "key", "--policy", "policy"];
    let (code, out, err) =
        feed(&folder, &fork, &(line("other") + &line("history") + &line("of three") + &line("and more")));
    assert!(code == 2 && out.is_empty() && err.contains("not acknowledged"), "{code} {out} {err}");
    drop(witnesses.pop());
    let (code, out, err) = feed(&folder, &append, &line("fourth"));
    assert!(code == 2 && out.is_empty() && err.contains("too few for the policy's quorum"), "{out} {err}");
}

#[test]
fn tiles_are_served_as_they_are() {
    let folder = Folder::empty();
    init(&folder, "log");
    let input: String = (0..260).map(|i| line(&format!("number {i}"))).collect();
    feed(&folder, &["ledger", "append", "log", "--key", "key"], &input);
    let mut child = spawn(
        &folder,
        &["ledger", "serve", "log", "--listen", "127.0.0.1:0", "--format", "json"],
        Stdio::inherit(),
    );
    let mut told = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut told).unwrap();
    let told: Value = serde_json::from_str(&told).unwrap();
    let get = |path: &str| http_get(told["address"].as_str().unwrap(), path);
    let paths = [
        "/checkpoint",
        "/tile/0/000",
        "/tile/0/001.p/4",
        "/tile/1/000.p/1",
        "/tile/entries/001.p/3",
        "/tile/0/001",
        "/tile/x",
        "/tile/0/../1",
    ];
    let found: Vec<_> = paths.iter().map(|p| get(p)).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    let status: Vec<_> = found.iter().map(|f| f.0).collect();
    assert_eq!(status, [200, 200, 200, 200, 200, 404, 404, 404]);
    assert_eq!((found[1].1.len(), found[2].1.len(), found[3].1.len()), (8192, 128, 32));
    assert!(String::from_utf8_lossy(&found[0].1).starts_with("example.com/log\n260\n"));
}

fn http_get(address: &str, path: &str) -> (u16, Vec<u8>) {
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    std::io::Read::read_to_end(&mut stream, &mut answer).unwrap();
    let end = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
    (String::from_utf8_lossy(&answer[9..12]).parse().unwrap(), answer.split_off(end))
}

/// Kills the program while it appends, again and again, each time at another moment.
fn kills(folder: &Folder, place: &str, count: usize) {
    let vkey = init(folder, place);
    let mut acknowledged: Vec<(u64, String)> = Vec::new();
    let started = Instant::now();
    for round in 0..count {
        let mut child =
            spawn(folder, &["ledger", "append", place, "--key", "key", "--format", "json"], Stdio::null());
        let mut input = child.stdin.take().unwrap();
        let feeder = std::thread::spawn(move || {
            for i in 0..100_000 {
                if input.write_all(line(&format!("{round}-{i}")).as_bytes()).is_err() {
                    break;
                }
                // Many groups, and not one large one: what matters is in which step of a commit a kill falls.
                if i % 16 == 0 {
                    std::thread::sleep(Duration::from_micros(300));
                }
            }
        });
        let output = BufReader::new(child.stdout.take().unwrap());
        let (told, first) = std::sync::mpsc::channel();
        let reader = std::thread::spawn(move || {
            let lines = output.lines().map_while(Result::ok);
            lines.inspect(|_| told.send(()).unwrap_or(())).collect::<Vec<_>>()
        });
        // Each third time from before the start has ended; else at some moment after the first acknowledgement.
        if round % 3 != 0 {
            first.recv_timeout(Duration::from_secs(30)).unwrap();
        }
        std::thread::sleep(Duration::from_micros((round as u64 * 7_919) % 40_000));
        child.kill().unwrap();
        child.wait().unwrap();
        feeder.join().unwrap();
        let answers =
            reader.join().unwrap().into_iter().filter_map(|l| serde_json::from_str::<Value>(&l).ok());
        acknowledged
            .extend((0..).zip(answers).map(|(i, a)| (a["entry"].as_u64().unwrap(), format!("{round}-{i}"))));
    }
    let (code, _, err) = feed(folder, &["ledger", "append", place, "--key", "key"], &line("after"));
    assert_eq!(code, 0, "{err}");
    let checked = folder.run(&["ledger", "fsck", place, "--vkey", &vkey]);
    assert!(checked.code == 0 && checked.out.contains("everything holds"), "{}", checked.out);
    let bodies = bodies(folder, place);
    for (number, text) in &acknowledged {
        assert_eq!(bodies[*number as usize], *text, "entry {number} was acknowledged");
    }
    println!(
        "{place}: killed {count} times in {:.0?}; {} entries acknowledged, none lost; {} in the ledger",
        started.elapsed(),
        acknowledged.len(),
        bodies.len()
    );
    assert!(!acknowledged.is_empty(), "no entry was acknowledged before a kill: the kills came too early");
}

/// The texts of all entries, read through the library.
fn bodies(folder: &Folder, place: &str) -> Vec<String> {
    let place = match place.strip_prefix("sqlite:") {
        Some(file) => format!("sqlite:{}", folder.path().join(file).display()),
        None if place.contains("://") => place.to_owned(),
        None => folder.path().join(place).display().to_string(),
    };
    let store = countersign::log::place::Place::read(&place).unwrap().store();
    let head = store.head().unwrap().unwrap();
    let checkpoint = ledger::Checkpoint::parse(head.note.text()).unwrap();
    let mut out = Vec::new();
    ledger::audit(&&*store, &checkpoint, |_, entry| {
        out.push(ledger::Entry::parse(entry)?.body["text"].as_str().unwrap().to_owned());
        Ok(())
    })
    .unwrap();
    out
}

fn count() -> usize {
    if std::env::var_os("COUNTERSIGN_SLOW").is_some() { 10_000 } else { 24 }
}

#[test]
fn killed_on_a_folder_nothing_acknowledged_is_lost() {
    kills(&Folder::empty(), "log", count());
}

#[test]
fn killed_on_sqlite_nothing_acknowledged_is_lost() {
    kills(&Folder::empty(), "sqlite:log.db", count());
}

#[test]
fn killed_on_postgresql_nothing_acknowledged_is_lost() {
    let Some(server) = postgres::Server::start() else { return };
    kills(&Folder::empty(), &server.database(), count());
    let folder = Folder::empty();
    let place = server.database();
    let vkey = init(&folder, &place);
    feed(&folder, &["ledger", "append", &place, "--key", "key"], &line("before the crash"));
    server.crash();
    assert_eq!(folder.run(&["ledger", "fsck", &place, "--vkey", &vkey]).code, 0);
}
