//! Tests of documents.

use super::*;

fn json(text: &str) -> Doc<'_> {
    Doc::json(text).unwrap()
}

fn fault(text: &str) -> Fault {
    Doc::json(text).unwrap_err()
}

#[test]
fn reads_values_lines_and_paths() {
    let doc = json("{\n \"a b\": [1, {\"c\": \"x\\ny\"}]\n}");
    let c = doc.root().get("a b").unwrap().items().nth(1).unwrap().get("c").unwrap();
    assert_eq!((c.as_str(), c.line(), c.path().as_str()), (Some("x\ny"), 2, "[\"a b\"][1].c"));
}

#[test]
fn refuses_what_is_no_document_and_says_where() {
    for (text, hint) in [
        ("{\"a\":1}{\"b\":2}", "second document"),
        ("{\"a\":1,}", "comma before"),
        ("{\"a\": \"b", "cut off"),
        ("{\"a\"", "cut off"),
        ("[1 2]", "expected `,`"),
        ("{\"a\":\"\u{0}\"}", "NUL"),
        ("{\"a\":1e}", "number"),
        ("", "cut off"),
    ] {
        assert!(fault(text).message.contains(hint), "{text}: {:?}", fault(text));
    }
}

#[test]
fn texts_of_every_length_end_where_they_end() {
    for length in 0..120 {
        let (long, blank) = ("é".repeat(length / 2) + &"x".repeat(length % 2), " ".repeat(length));
        let text = format!("{{{blank}\"a\":{blank}\"{long}\\n{long}\\\"\",\"b\":\"{long}\"{blank}}}");
        let doc = json(&text);
        assert_eq!(doc.root().str("a"), Some(format!("{long}\n{long}\"").as_str()));
        assert_eq!(doc.root().str("b"), Some(long.as_str()));
        for wrong in ['\n', '\0'] {
            let told = fault(&format!("[\"{long}\\t{long}{wrong}\"]"));
            assert!(told.message.contains("line break or NUL"), "{told:?}");
            assert_eq!(told.at, 4 + 2 * long.len());
            let told = fault(&format!("[\"{long}{wrong}\"]"));
            assert!(told.message.contains("line break or NUL") && told.at == 1, "{told:?}");
        }
        assert!(fault(&format!("[\"{long}")).message.contains("does not end"));
    }
}

#[test]
fn a_key_that_stands_twice_is_found_among_few_and_many() {
    for count in [2, 3, 12, 13, 40] {
        let keys: Vec<String> = (0..count).map(|i| format!("\"k{i}\": {i}")).collect();
        let plain = format!("{{{}}}", keys.join(","));
        assert!(json(&plain).duplicate_keys("x").is_empty());
        let twice = format!("{{{}, \"k1\": true}}", keys.join(","));
        let told = json(&twice).duplicate_keys("x");
        assert_eq!((told.len(), json(&twice).root().bool("k1")), (1, Some(true)));
        assert!(told[0].message.contains("`k1`"));
    }
}

#[test]
fn canonical_keys_stand_in_the_order_of_utf_16() {
    let doc = json("{\"\u{ffee}\": 1, \"\u{1f600}\": 2, \"é\": 3, \"z\u{1}\": \"\u{7f}\\u0001\\n\"}");
    let canonical = String::from_utf8(canonical(doc.root(), &|_| false)).unwrap();
    assert_eq!(canonical, "{\"z\\u0001\":\"\u{7f}\\u0001\\n\",\"é\":3,\"\u{1f600}\":2,\"\u{ffee}\":1}");
}

#[test]
fn canonical_texts_are_the_same_however_they_are_written() {
    for (written, canonical_text) in [
        (r#""a\/b""#, r#""a/b""#),
        (r#""\u0041\u00e9""#, "\"A\u{e9}\""),
        ("\"a\tb\"", r#""a\tb""#),
        ("\"plain and long\u{1}\"", r#""plain and long\u0001""#),
        (r#""\n\t\r\b\f\"\\""#, r#""\n\t\r\b\f\"\\""#),
        (r#""\u000a\u001F""#, r#""\n\u001f""#),
        ("\"\u{7f}é\u{10000}\"", "\"\u{7f}é\u{10000}\""),
    ] {
        let text = format!("{{\"list\": [{written}], {written}: 1}}");
        let told = String::from_utf8(canonical(json(&text).root(), &|_| false)).unwrap();
        let parts = [format!("{canonical_text}:1"), format!("\"list\":[{canonical_text}]")];
        assert!(parts.iter().all(|p| told.contains(p)), "{told}");
        assert_eq!(told.len(), parts.concat().len() + 3, "{told}");
    }
}

#[test]
fn lines_are_counted_past_blanks_and_comments() {
    let doc = json("\n\r\n  // one\n/* two\nthree */ {\n          \"a\": [\n1,\n\n         2]}");
    let root = doc.root();
    let lines: Vec<u32> = root.get("a").unwrap().items().map(|n| n.line()).collect();
    assert_eq!((root.line(), root.get("a").unwrap().line(), lines), (5, 6, vec![7, 9]));
}

#[test]
fn depth_is_bounded() {
    let deep = "[".repeat(1_000_000);
    assert!(fault(&deep).message.contains("nested"));
    assert!(Doc::yaml(&deep).is_err());
}

#[test]
fn the_last_of_two_keys_counts_and_is_reported() {
    let doc = json("{\"a\":1,\n\"a\":2}");
    assert_eq!(doc.root().get("a").unwrap().as_number(), Some("2"));
    assert_eq!(doc.duplicate_keys("f")[0].line, 2);
    assert_eq!(canonical(doc.root(), &|_| false), b"{\"a\":2}");
}

#[test]
fn comments_are_white_space() {
    assert!(json("// x\n{\"a\": /* y */ 1}").root().get("a").is_some());
}

#[test]
fn yaml_and_json_of_one_content_have_the_same_canonical_bytes() {
    let yaml = Doc::yaml("b: [1, 2.50, null]\na: \"é\\n\"\n").unwrap();
    let json = json("{\"a\":\"é\\n\",\"b\":[1,2.5,null]}");
    assert_eq!(canonical(yaml.root(), &|_| false), canonical(json.root(), &|_| false));
}

#[test]
fn yaml_knows_lines_tags_and_aliases() {
    let doc = Doc::yaml("x: &a\n  k: v\ny: *a\nz: !Sub \"${A}\"\nn: no\n").unwrap();
    let root = doc.root();
    assert_eq!(root.at(&["y", "k"]).unwrap().as_str(), Some("v"));
    assert_eq!(root.get("z").unwrap().tag(), Some("!Sub"));
    assert_eq!(root.get("z").unwrap().line(), 4);
    assert_eq!(root.get("n").unwrap().as_str(), Some("no"));
}

#[test]
fn an_alias_bomb_is_refused() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..9 {
        bomb.push_str(&format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 9].join(", ")));
    }
    assert!(Doc::yaml(&bomb).unwrap_err().message.contains("aliases"));
}

#[test]
fn utf16_and_byte_order_marks_are_read() {
    let utf16: Vec<u8> = "\u{FEFF}{\"a\":1}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(decode(&utf16).unwrap().0, "{\"a\":1}");
    assert_eq!(decode(b"\xEF\xBB\xBF{}").unwrap().0, "{}");
    assert!(decode(b"{\"a\": \"\xff\"}").unwrap_err().message.contains("UTF-8"));
}

#[test]
fn a_key_of_very_many_is_found_and_the_last_one_counts() {
    let (json, yaml): (String, String) =
        (0..3000).map(|i| (format!("\"k{}\":[{i}],", i % 2000), format!("j{i}: {{a: {i}}}\n"))).unzip();
    let (json, yaml) =
        (format!("{{{}\"z\":{{\"z\":7}}}}", json), format!("in:\n{}", yaml.replace('j', "  j")));
    let doc = self::json(&json);
    let item = |key: &str| doc.root().get(key).and_then(|n| n.items().next()?.as_number());
    for i in 0..2000 {
        let last = if i < 1000 { i + 2000 } else { i };
        assert_eq!(item(&format!("k{i}")), Some(last.to_string().as_str()));
    }
    assert_eq!(doc.root().at(&["z", "z"]).and_then(Node::as_number), Some("7"));
    assert!(["", "k", "k2000", "zz"].iter().all(|key| doc.root().get(key).is_none()));
    let doc = Doc::yaml(&yaml).unwrap();
    assert_eq!(doc.root().at(&["in", "j2999", "a"]).and_then(Node::as_number), Some("2999"));
    assert!(doc.root().at(&["in", "j3000"]).is_none());
}

#[test]
fn of_what_a_crowd_leaves_out_no_key_is_told() {
    let many: String = (0..1100).map(|i| format!("\"k{i}\":0,")).collect();
    let twice = format!("{{\"a\":{{{many}\"k7\":1}},\"a\":0}},");
    let text = format!("{{\"l\":[{}{twice}0],\"m\":{{\"a\":1,\"b\":2,\"c\":3}}}}", "{},".repeat(12_000));
    let doc = json(&text);
    assert!(doc.crowd().is_some());
    assert_eq!(doc.duplicate_keys("x"), []);
    assert_eq!(doc.root().at(&["m", "b"]).and_then(Node::as_number), Some("2"));
}
