//! Hostile files through the whole of import: each gets a verdict with a reason, none brings the program down.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot read its own files has failed")]

use import::{Files, Imported, NoFiles, Verdict};
use std::path::{Path, PathBuf};

/// The small definitions, by platform: file, bytes.
fn small() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/small");
    let entries = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|p| p.is_file() && !p.ends_with("README.md")).collect();
    files.sort();
    let read =
        |p: PathBuf| (p.file_stem().unwrap().to_string_lossy().into_owned(), std::fs::read(p).unwrap());
    files.into_iter().map(read).collect()
}

/// The steps of the SecOps playbook, with one file replaced.
struct Playbook<'b>(&'b str, &'b [u8]);

impl Files for Playbook<'_> {
    fn read(&self, relative: &str) -> Option<Vec<u8>> {
        if relative == self.0 {
            return Some(self.1.to_vec());
        }
        std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/small/google-secops").join(relative))
            .ok()
    }

    fn list(&self, relative: &str) -> Vec<String> {
        if relative == "steps" { vec!["a.yaml".to_owned(), "b.yaml".to_owned()] } else { Vec::new() }
    }
}

/// A verdict that says why.
fn told(imported: &Imported) -> bool {
    match &imported.verdict {
        Verdict::Workflows(workflows) => !workflows.is_empty(),
        Verdict::NotWorkflow(what) => !what.is_empty(),
        Verdict::Unreadable => imported.problems.iter().any(|p| !p.message.is_empty() && p.line > 0),
    }
}

fn read(bytes: &[u8]) -> Imported {
    let imported = import::import("f", bytes, &NoFiles);
    assert!(told(&imported), "{imported:?}");
    imported
}

fn problem(bytes: &[u8]) -> String {
    let imported = read(bytes);
    assert!(matches!(imported.verdict, Verdict::Unreadable), "{:?}", imported.verdict);
    imported.problems[0].message.clone()
}

fn digests(bytes: &[u8]) -> Vec<String> {
    let Verdict::Workflows(workflows) = read(bytes).verdict else { panic!("workflows") };
    workflows.iter().map(|w| w.digest.to_string()).collect()
}

#[test]
fn the_small_definitions_are_sound() {
    for (platform, bytes) in small() {
        let imported = read(&bytes);
        let Verdict::Workflows(workflows) = &imported.verdict else { panic!("{platform}: {imported:?}") };
        assert_eq!(workflows[0].platform.as_str(), platform);
        assert!(workflows.iter().all(|w| !w.steps.is_empty()), "{platform}");
        assert!(imported.problems.is_empty(), "{platform}: {:?}", imported.problems);
    }
}

#[test]
fn a_file_cut_off_anywhere_has_a_verdict() {
    for (_, bytes) in small() {
        (0..bytes.len()).for_each(|end| drop(read(&bytes[..end])));
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/small/google-secops");
    let definition = std::fs::read(folder.join("definition.yaml")).unwrap();
    for name in ["trigger.yaml", "steps/a.yaml", "steps/b.yaml"] {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        for end in 0..bytes.len() {
            assert!(told(&import::import("f", &definition, &Playbook(name, &bytes[..end]))), "{name} {end}");
        }
    }
}

#[test]
fn a_value_of_another_type_anywhere_has_a_verdict() {
    let others = ["null", "true", "-1", "1e999", "\"\"", "\"x\"", "[]", "[[]]", "{}", "{\"a\":{}}"];
    for (_, bytes) in small().into_iter().filter(|(_, b)| b[0] == b'{' || b[0] == b'[') {
        let text = String::from_utf8(bytes).unwrap();
        for (start, end) in values(&text) {
            for other in others {
                read(format!("{}{other}{}", &text[..start], &text[end..]).as_bytes());
            }
        }
    }
}

/// Where values stand in a JSON text: each from its first to its last byte.
fn values(text: &str) -> Vec<(usize, usize)> {
    let (mut found, mut open, mut at) = (Vec::new(), Vec::new(), 0);
    let bytes = text.as_bytes();
    while at < bytes.len() {
        let start = at;
        at += 1;
        match bytes[start] {
            b'{' | b'[' => open.push(start),
            b'}' | b']' => found.push((open.pop().unwrap(), at)),
            b'"' => {
                while bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                at += 1;
                let is_key = text[at..].trim_start().starts_with(':');
                found.extend((!is_key).then_some((start, at)));
            }
            b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => {
                while bytes
                    .get(at)
                    .is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'+'))
                {
                    at += 1;
                }
                found.push((start, at));
            }
            _ => {}
        }
    }
    found
}

#[test]
fn lines_of_xml_and_yaml_may_be_missing_or_doubled() {
    for (_, bytes) in small().into_iter().filter(|(_, b)| b[0] != b'{' && b[0] != b'[') {
        let text = String::from_utf8(bytes).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for i in 0..lines.len() {
            read([&lines[..i], &lines[i + 1..]].concat().join("\n").as_bytes());
            read([&lines[..=i], &lines[i..]].concat().join("\n").as_bytes());
        }
    }
}

/// As on a thread with little stack: what recursed would end the whole program.
fn with_little_stack(test: fn()) {
    std::thread::Builder::new().stack_size(512 << 10).spawn(test).unwrap().join().unwrap();
}

#[test]
fn nesting_a_million_deep_is_refused() {
    with_little_stack(|| {
        let million = 1_000_000;
        for open in ["[", "{\"a\":"] {
            assert!(problem(open.repeat(million).as_bytes()).contains("nested more than"), "{open}");
        }
        for open in ["a: [", "a: {b: ", "- "] {
            read(open.repeat(million).as_bytes());
        }
        let blocks: String = (0..3000).map(|i| format!("{}a:\n", " ".repeat(i))).collect();
        read(blocks.as_bytes());
        assert!(problem("<a>".repeat(million).as_bytes()).contains("XML"));
    });
}

#[test]
fn bombs_of_aliases_and_entities_are_refused() {
    let names: Vec<char> = ('a'..='i').collect();
    let lines = names
        .windows(2)
        .map(|w| format!("{}: &{} [{}]\n", w[1], w[1], vec![format!("*{}", w[0]); 10].join(",")));
    let yaml = format!("document: x\na: &a [x,x,x,x,x,x,x,x,x,x]\n{}", lines.collect::<String>());
    assert!(problem(yaml.as_bytes()).contains("aliases"), "{}", problem(yaml.as_bytes()));
    let entities =
        names.windows(2).map(|w| format!("<!ENTITY {} \"{}\">", w[1], format!("&{};", w[0]).repeat(10)));
    let xml = format!("<!DOCTYPE d [<!ENTITY a \"lol\">{}]><d>&i;</d>", entities.collect::<String>());
    assert!(problem(xml.as_bytes()).contains("XML"));
    let outside = b"<!DOCTYPE d [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><d>&a;</d>";
    assert!(!format!("{:?}", read(outside)).contains("root:"));
}

#[test]
fn encodings_are_read_or_named() {
    for (platform, bytes) in small() {
        let text = String::from_utf8(bytes.clone()).unwrap();
        let plain = digests(&bytes);
        let utf16 = |mark: bool, unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
            let mark = if mark { "\u{FEFF}" } else { "" };
            mark.encode_utf16().chain(text.encode_utf16()).flat_map(unit).collect()
        };
        let marked = [b"\xEF\xBB\xBF", bytes.as_slice()].concat();
        assert_eq!(digests(&marked), plain, "{platform}, UTF-8 with a mark");
        for (mark, unit) in [(true, u16::to_le_bytes as fn(u16) -> [u8; 2]), (true, u16::to_be_bytes)] {
            assert_eq!(digests(&utf16(mark, unit)), plain, "{platform}, UTF-16 with a mark");
        }
        if text.starts_with(['{', '[']) {
            read(&utf16(false, u16::to_le_bytes));
            read(&utf16(false, u16::to_be_bytes));
        }
    }
    assert!(problem(b"{\"name\": \"\xFF\xFE\xC3\"}").contains("UTF-8"));
    read(b"\x89PNG\r\n\x1a\n\0\0");
}

#[test]
fn odd_json_is_read_or_refused_with_its_line() {
    let n8n = small().into_iter().find(|(p, _)| p == "n8n").unwrap().1;
    let glued = [n8n.as_slice(), n8n.as_slice()].concat();
    assert!(problem(&glued).contains("second document"));
    assert!(problem(b"{\"a\": \"\0\"}").contains("NUL"));
    let text = String::from_utf8(n8n).unwrap();
    let twice = read(text.replace("\"name\":\"Offboard\"", "\"name\":\"A\",\"name\":\"B\"").as_bytes());
    assert!(matches!(twice.verdict, Verdict::Workflows(_)));
    assert!(twice.problems.iter().any(|p| p.message.contains("name")), "{:?}", twice.problems);
    for number in ["9".repeat(100_000), format!("1e{}", "9".repeat(1000)), "-0.0".to_owned()] {
        let odd = text.replace("\"typeVersion\":2", &format!("\"typeVersion\":{number}"));
        assert!(matches!(read(odd.as_bytes()).verdict, Verdict::Workflows(_)));
    }
}

#[test]
fn flat_files_may_be_long() {
    read(format!("{{{}}}", vec!["\"a\":1"; 100_000].join(",")).as_bytes());
    read(format!("{{\"a\":\"{}\"}}", "x".repeat(5_000_000)).as_bytes());
    read(format!("a:\n{}", "  - x\n".repeat(50_000)).as_bytes());
    let node = |i: usize| {
        format!(
            r#"{{"name":"N{i}","type":"n8n-nodes-base.set","typeVersion":3,"position":[0,0],"parameters":{{}}}}"#
        )
    };
    let flat = |count: usize| {
        let nodes: Vec<String> = (0..count).map(node).collect();
        let to: Vec<String> =
            (1..count).map(|i| format!(r#"[{{"node":"N{i}","type":"main","index":0}}]"#)).collect();
        format!(r#"{{"nodes":[{}],"connections":{{"N0":{{"main":[{}]}}}}}}"#, nodes.join(","), to.join(","))
    };
    let Verdict::Workflows(workflows) = read(flat(10_000).as_bytes()).verdict else { panic!("a workflow") };
    assert!(workflows[0].edges.len() >= 9_999);
    assert!(problem(flat(10_001).as_bytes()).contains("more than 10000 steps"));
    // What is no workflow stays one, however much there is of it.
    let records = format!("[{}]", vec!["{\"a\":1}"; 20_000].join(","));
    assert!(matches!(read(records.as_bytes()).verdict, Verdict::NotWorkflow(_)));
    let flows = "<sequenceFlow id=\"f\" sourceRef=\"a\" targetRef=\"a\"/>".repeat(10_001);
    let model = format!(
        "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\"><process id=\"p\"><task id=\"a\"/>{flows}</process></definitions>"
    );
    assert!(problem(model.as_bytes()).contains("side by side"));
    assert!(problem(format!("document:\n{}", "  - x: 1\n".repeat(130_000)).as_bytes()).contains("1 MiB"));
    let list = read(format!("a:\n{}", "  - x: 1\n".repeat(130_000)).as_bytes());
    assert!(matches!(list.verdict, Verdict::NotWorkflow(_)));
}
