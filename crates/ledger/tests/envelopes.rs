//! The published vectors of signatures and encodings: canonical JSON, DSSE, in-toto, SSH signatures, Wycheproof.

#![allow(clippy::unwrap_used, reason = "a test whose input is not there or not sound has failed")]

mod common;

use common::{files, json, vectors};
use ledger::{
    Algorithm, VerifierKey,
    dsse::{Envelope, Key, pre_authentication_encoding},
    encoding::from_hex,
    intoto::{ResourceDescriptor, Statement},
    json::{canonicalise, parse_canonical},
    sshsig,
};
use p256::ecdsa::signature::Signer as _;
use serde_json::json;

#[test]
fn canonical_json() {
    let Some(folder) = vectors("jcs") else { return };
    let inputs = files(&folder.join("testdata/input"), ".json");
    for path in &inputs {
        let canonical = canonicalise(&std::fs::read(path).unwrap()).unwrap();
        let of = |f: &str, e: &str| {
            folder.join("testdata").join(f).join(path.file_name().unwrap()).with_extension(e)
        };
        assert_eq!(canonical, std::fs::read(of("output", "json")).unwrap(), "{}", path.display());
        let hex: String = std::fs::read_to_string(of("outhex", "txt")).unwrap().split_whitespace().collect();
        assert_eq!(canonical, from_hex(&hex).unwrap(), "{}", path.display());
        parse_canonical(&canonical).unwrap();
    }
    println!("jcs: {} files, each as text and as hex", inputs.len());
    assert_eq!(inputs.len(), files(&folder.join("testdata/output"), ".json").len());
    assert_eq!(inputs.len(), files(&folder.join("testdata/outhex"), ".txt").len());
}

/// A decimal number as 32 bytes.
fn number(decimal: &str) -> [u8; 32] {
    let mut out = [0; 32];
    for digit in decimal.bytes() {
        let mut carry = u32::from(digit - b'0');
        for byte in out.iter_mut().rev() {
            carry += u32::from(*byte) * 10;
            *byte = (carry & 0xff) as u8;
            carry >>= 8;
        }
    }
    out
}

/// The worked example of the DSSE protocol, with its key.
#[test]
fn the_worked_example_of_dsse() {
    let (kind, secret) = (
        "http://example.com/HelloWorld",
        number("97358161215184420915383655311931858321456579547487070936769975997791359926199"),
    );
    let mut point = vec![4];
    point.extend(number("46950820868899156662930047687818585632848591499744589407958293238635476079160"));
    point.extend(number("5640078356564379163099075877009565129882514886557779369047442380624545832820"));
    let keys = [Key::ecdsa_p256(&point).unwrap()];
    assert_eq!(
        pre_authentication_encoding(kind, b"hello world"),
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    );
    let text = r#"{"payload": "aGVsbG8gd29ybGQ=", "payloadType": "http://example.com/HelloWorld", "signatures": [{"sig":
        "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA=="}]}"#;
    let read = Envelope::parse(text.as_bytes()).unwrap();
    assert_eq!(read.verify(kind, &keys, 1).unwrap().payload, b"hello world");
    let mut made = Envelope::new(kind, b"hello world");
    let key = p256::ecdsa::SigningKey::from_slice(&secret).unwrap();
    let signature: p256::ecdsa::Signature = key.sign(&made.signed_bytes().unwrap());
    made.add_signature("", &signature.to_bytes());
    assert_eq!(made, read);
    assert!(read.verify("text/plain", &keys, 1).is_err() && read.verify(kind, &keys, 2).is_err());
}

#[test]
fn envelopes_count_keys_once_and_hold_to_their_type() {
    let signer = |seed| ed25519(&[seed; 32]);
    let keys = [signer(1), signer(1), signer(2)];
    let mut envelope = Envelope::new("a/b", b"payload");
    envelope.sign_ed25519("hint", &[1; 32]).unwrap();
    envelope.sign_ed25519("another", &[1; 32]).unwrap();
    assert_eq!(envelope.verify("a/b", &keys, 1).unwrap().keys, [&keys[0]]);
    assert!(envelope.verify("a/b", &keys, 2).is_err() && envelope.verify("a/b", &keys, 0).is_err());
    envelope.sign_ed25519("", &[2; 32]).unwrap();
    let read = Envelope::parse(&envelope.to_json().unwrap()).unwrap();
    assert_eq!(read.verify("a/b", &keys, 2).unwrap().keys, [&keys[0], &keys[2]]);
    let text = String::from_utf8(envelope.to_json().unwrap()).unwrap();
    for (from, to) in [("cGF5", "cGF6"), ("a/b", "a/c")] {
        let other = Envelope::parse(text.replace(from, to).as_bytes()).unwrap();
        assert!(other.verify(other.payload_type(), &keys, 1).is_err(), "{from} as {to}");
    }
    assert!(Envelope::parse(br#"{"payload":"","payload":"","payloadType":"","signatures":[]}"#).is_err());
}

fn ed25519(seed: &[u8; 32]) -> Key {
    let signer = ledger::Signer::from_seed("k", Algorithm::Ed25519, seed).unwrap();
    Key::ed25519(signer.verifier().public_bytes()).unwrap()
}

#[test]
fn statements() {
    let digest = "ab".repeat(32);
    let subject = ResourceDescriptor {
        name: Some("flow.json".to_owned()),
        digest: [("sha256".to_owned(), digest.clone()), ("md5".to_owned(), "00".to_owned())].into(),
        ..Default::default()
    };
    let statement = Statement::new(vec![subject], "https://example.com/p/v1", Default::default()).unwrap();
    let read = Statement::parse(&statement.to_json().unwrap()).unwrap();
    assert_eq!(read, statement);
    assert!(read.subject_with("sha256", &digest).is_some());
    assert!(read.subject_with("md5", "00").is_none() && read.subject_with("sha256", "").is_none());
    let good = json!({"_type": "https://in-toto.io/Statement/v1", "subject": [{"digest": {"sha256": digest}}],
        "predicateType": "https://example.com/p/v1", "unknown": {"ignored": true}});
    assert!(Statement::parse(good.to_string().as_bytes()).is_ok());
    let bad = [
        ("_type", json!("https://in-toto.io/Statement/v0.1")),
        ("subject", json!([])),
        ("subject", json!([{"name": "x"}])),
        ("subject", json!(null)),
        ("predicateType", json!("no-uri")),
        ("predicate", json!([])),
    ];
    for (field, value) in bad {
        let mut other = good.clone();
        other[field] = value;
        assert!(Statement::parse(other.to_string().as_bytes()).is_err(), "{other}");
    }
}

/// Signatures of kinds that are refused; each is named, so that a change shows.
const REFUSED: &[&str] = &["ecdsa_sk_webauthn", "mldsa44-ed25519"];

#[test]
fn ssh_signatures_of_openssh() {
    let Some(folder) = vectors("sshsig") else { return };
    let data = folder.join("regress/unittests/sshsig/testdata");
    let text = |name: &str| std::fs::read_to_string(data.join(name)).unwrap();
    let (message, namespace) = (text("signed-data"), text("namespace"));
    let (mut verified, mut refused) = (Vec::new(), Vec::new());
    for path in files(&data, ".sig") {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let check = |namespace: &str, message: &[u8]| {
            sshsig::verify(
                &sshsig::public_key(&text(&format!("{name}.pub")))?,
                namespace,
                message,
                &text(&format!("{name}.sig")),
            )
        };
        match check(&namespace, message.as_bytes()) {
            Ok(()) => verified.push(name.clone()),
            Err(e) => {
                println!("sshsig: {name}: {e}");
                refused.push(name.clone());
            }
        }
        assert!(
            check("other", message.as_bytes()).is_err() && check(&namespace, b"other").is_err(),
            "{name}"
        );
        let other = sshsig::public_key(&text(if name == "rsa" { "ed25519.pub" } else { "rsa.pub" })).unwrap();
        assert!(
            sshsig::verify(&other, &namespace, message.as_bytes(), &text(&format!("{name}.sig"))).is_err()
        );
    }
    println!("sshsig: {} verified: {verified:?}; refused: {refused:?}", verified.len());
    assert_eq!(refused, REFUSED);
    assert_eq!(verified.len() + refused.len(), files(&data, ".sig").len());
}

#[test]
fn wycheproof_ed25519() {
    let Some(folder) = vectors("wycheproof") else { return };
    judge(&json(&folder.join("ed25519_test.json")), "ed25519", |group| {
        let public = from_hex(group["publicKey"]["pk"].as_str().unwrap()).unwrap().try_into().unwrap();
        let key = VerifierKey::new("k", Algorithm::Ed25519, &public);
        assert_eq!(key.is_ok(), Key::ed25519(&public).is_ok());
        Key::ed25519(&public).ok()
    });
}

#[test]
fn wycheproof_ecdsa_p256() {
    let Some(folder) = vectors("wycheproof") else { return };
    judge(&json(&folder.join("ecdsa_secp256r1_sha256_test.json")), "ecdsa", |group| {
        Key::ecdsa_p256(&from_hex(group["publicKey"]["uncompressed"].as_str().unwrap()).unwrap()).ok()
    });
}

fn judge(all: &serde_json::Value, name: &str, key: impl Fn(&serde_json::Value) -> Option<Key>) {
    let (mut count, mut wrong) = (0, Vec::new());
    for group in all["testGroups"].as_array().unwrap() {
        let key = key(group);
        for test in group["tests"].as_array().unwrap() {
            let field = |f: &str| from_hex(test[f].as_str().unwrap()).unwrap();
            let holds = key.as_ref().is_some_and(|k| k.verify(&field("msg"), &field("sig")).is_ok());
            if holds != (test["result"] == "valid") {
                wrong.push(format!("{} {} {}", test["tcId"], test["comment"], test["flags"]));
            }
            count += 1;
        }
    }
    println!("wycheproof {name}: {} of {count} as expected", count - wrong.len());
    assert_eq!(count, all["numberOfTests"].as_u64().unwrap() as usize);
    assert!(wrong.is_empty(), "{wrong:#?}");
}
