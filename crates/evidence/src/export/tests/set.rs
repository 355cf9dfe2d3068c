//! Tokens are read back, verified by others, and hold what their standards ask for.

use super::super::{EFFECTS, Event, Issuer, Key, Signal};
use super::{EFFECT, VALUES, effect_body, entry, everything};
use ledger::{dsse, encoding};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

/// Base64 for URLs.
pub(super) fn decode(text: &str) -> Vec<u8> {
    let padded =
        format!("{}{}", text.replace('-', "+").replace('_', "/"), "=".repeat((4 - text.len() % 4) % 4));
    encoding::from_base64(&padded).unwrap()
}

fn issuers() -> [Issuer; 2] {
    let issuer = |key| Issuer {
        name: "https://governance.corp.test".into(),
        audience: vec!["https://app.test".into()],
        key,
    };
    [issuer(Key::ed25519(&[3; 32])), issuer(Key::p256(&[3; 32]).unwrap())]
}

fn event(effect: &str, of: &str, outcome: &str, shown: &[&str]) -> Event {
    let (opened, bytes) = entry(4, EFFECT, &effect_body(effect, of, outcome), VALUES, shown);
    Event::of(&opened, &bytes)
}

fn claims(token: &str) -> Value {
    serde_json::from_slice(&decode(token.split('.').nth(1).unwrap())).unwrap()
}

/// The public key of an issuer as the ledger's verifier takes it.
fn verifier(issuer: &Issuer) -> dsse::Key {
    let key = issuer.key.jwks().unwrap()["keys"][0].clone();
    let number = |name: &str| decode(key[name].as_str().unwrap());
    match key["kty"].as_str() {
        Some("OKP") => dsse::Key::ed25519(&number("x").try_into().unwrap()).unwrap(),
        _ => dsse::Key::ecdsa_p256(&[vec![4], number("x"), number("y")].concat()).unwrap(),
    }
}

#[test]
fn every_token_parses_and_verifies() {
    for issuer in issuers() {
        let (key, mut kinds, mut ids) = (verifier(&issuer), BTreeSet::new(), BTreeSet::new());
        for event in everything() {
            for token in issuer.tokens(&event).unwrap() {
                let (signed, signature) = token.rsplit_once('.').unwrap();
                key.verify(signed.as_bytes(), &decode(signature)).unwrap();
                assert!(key.verify(format!("{signed}A").as_bytes(), &decode(signature)).is_err());
                let header: Value =
                    serde_json::from_slice(&decode(signed.split('.').next().unwrap())).unwrap();
                assert_eq!(header["typ"], "secevent+jwt");
                assert_eq!(header["kid"], issuer.key.jwks().unwrap()["keys"][0]["kid"]);
                let claims = claims(&token);
                hold(&claims);
                kinds.extend(claims["events"].as_object().unwrap().keys().cloned());
                assert!(ids.insert(claims["jti"].as_str().unwrap().to_owned()), "one `jti`, one token");
            }
        }
        assert_eq!(kinds, told_by_the_table());
    }
}

/// The event types that the table tells by, as their specifications write them.
fn told_by_the_table() -> BTreeSet<String> {
    let kind = |signal: &Signal| match signal {
        Signal::Credential(_) => {
            "https://schemas.openid.net/secevent/caep/event-type/credential-change".to_owned()
        }
        Signal::SessionRevoked => {
            "https://schemas.openid.net/secevent/caep/event-type/session-revoked".to_owned()
        }
        Signal::Risc(name) => format!("https://schemas.openid.net/secevent/risc/event-type/{name}"),
        Signal::Scim(name) => format!("urn:ietf:params:scim:event:prov:{name}"),
        Signal::ScimNotice(act, _) => format!("urn:ietf:params:scim:event:prov:{act}:notice"),
    };
    EFFECTS.iter().flat_map(|r| r.signals).map(kind).collect()
}

/// What RFC 8417, the Shared Signals Framework, CAEP and RFC 9967 ask of claims.
fn hold(claims: &Value) {
    assert!(claims["iss"].is_string() && claims["jti"].is_string() && claims["txn"].is_string());
    assert!(claims["iat"].is_u64() && claims["aud"] == json!(["https://app.test"]));
    assert!(claims["sub"].is_null() && claims["exp"].is_null(), "{claims}");
    let events = claims["events"].as_object().unwrap();
    assert_eq!(events.len(), 1, "one event in a token: {claims}");
    let (kind, payload) = events.iter().next().unwrap();
    let subject = &claims["sub_id"];
    if kind.starts_with("urn:ietf:params:scim:") {
        assert!(subject["format"] == "scim" && subject["uri"].as_str().unwrap().starts_with('/'), "{claims}");
        let notice = kind.ends_with(":notice");
        assert_eq!(payload["attributes"].as_array().is_some_and(|a| !a.is_empty()), notice, "{claims}");
        assert!(payload["data"].is_null());
        return;
    }
    match subject["format"].as_str().unwrap() {
        "email" => assert!(subject["email"].as_str().unwrap().contains('@')),
        "opaque" => assert!(subject["id"].as_str().is_some_and(|id| !id.is_empty())),
        other => panic!("{other}"),
    }
    if kind.contains("/caep/") {
        assert!(payload["event_timestamp"].is_u64() && payload["initiating_entity"] == "system", "{claims}");
    }
    if kind.ends_with("credential-change") {
        let change = payload["change_type"].as_str().unwrap();
        assert!(
            ["create", "revoke", "update", "delete"].contains(&change)
                && payload["credential_type"].is_string()
        );
    }
}

#[test]
fn a_token_says_what_happened_and_to_whom() {
    let [issuer, _] = issuers();
    let tokens = issuer.tokens(&event("disable", "", "succeeded", &["identity", "scim"])).unwrap();
    let told: Vec<Value> = tokens.iter().map(|t| claims(t)).collect();
    assert_eq!(told[0]["sub_id"], json!({"format": "email", "email": "kim@corp.test"}));
    assert_eq!(
        told[0]["events"],
        json!({"https://schemas.openid.net/secevent/risc/event-type/account-disabled": {}})
    );
    assert_eq!(told[1]["sub_id"], json!({"format": "scim", "uri": "/Users/2819c223"}));
    assert_eq!(told[1]["events"], json!({"urn:ietf:params:scim:event:prov:deactivate": {}}));
    assert_eq!((told[0]["iat"].as_u64(), told[0]["txn"].as_str()), (Some(1_795_600_800), Some("x-1")));
    assert_eq!(tokens, issuer.tokens(&event("disable", "", "succeeded", &["identity", "scim"])).unwrap());
}

#[test]
fn what_was_only_tried_or_is_about_nobody_is_no_signal() {
    let [issuer, _] = issuers();
    for outcome in ["failed", "unknown", "succeeded?"] {
        assert_eq!(issuer.tokens(&event("disable", "", outcome, &["identity", "scim"])).unwrap(), [""; 0]);
    }
    let (opened, bytes) = entry(4, EFFECT, &effect_body("disable", "", "succeeded"), &[], &[]);
    assert_eq!(issuer.tokens(&Event::of(&opened, &bytes)).unwrap(), [""; 0]);
    // Withheld: no name, and no SCIM event, which would need the resource's path.
    let tokens = issuer.tokens(&event("disable", "", "succeeded", &[])).unwrap();
    assert_eq!(tokens.len(), 1);
    assert!(claims(&tokens[0])["sub_id"]["id"].as_str().unwrap().starts_with("sha256:"));
}

/// The examples of RFC 8037 (A.2 and A.3): the key of RFC 8032's first test vector, and its thumbprint.
#[test]
fn keys_are_named_as_the_standard_names_them() {
    let seed =
        encoding::from_hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60").unwrap();
    let key = Key::ed25519(&seed.try_into().unwrap());
    let jwks = key.jwks().unwrap();
    assert_eq!(jwks["keys"][0]["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    assert_eq!(jwks["keys"][0]["kid"], "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    assert!(Key::p256(&[0; 32]).is_err() && Key::p256(&[0xff; 32]).is_err());
}

/// Reads tokens and a key set, and verifies each with the package `cryptography`.
const PYTHON: &str = r#"
import base64, json, sys
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils
def raw(text): return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
whole = json.load(sys.stdin)
for keys, tokens in whole:
    known = {k["kid"]: k for k in keys["keys"]}
    for token in tokens:
        head, body, signature = token.split(".")
        header, signed = json.loads(raw(head)), (head + "." + body).encode()
        key, sig = known[header["kid"]], raw(signature)
        assert key["alg"] == header["alg"]
        if header["alg"] == "EdDSA":
            ed25519.Ed25519PublicKey.from_public_bytes(raw(key["x"])).verify(sig, signed)
        else:
            number = lambda b: int.from_bytes(b, "big")
            public = ec.EllipticCurvePublicNumbers(number(raw(key["x"])), number(raw(key["y"])), ec.SECP256R1())
            der = utils.encode_dss_signature(number(sig[:32]), number(sig[32:]))
            public.public_key().verify(der, signed, ec.ECDSA(hashes.SHA256()))
        json.loads(raw(body))["events"]
print("verified", sum(len(tokens) for _, tokens in whole))
"#;

#[test]
fn an_independent_verifier_agrees() {
    let there = Command::new("python3").args(["-c", "import cryptography"]).output();
    if !there.is_ok_and(|o| o.status.success()) {
        println!("skipped: there is no python3 with the package `cryptography`");
        return;
    }
    let tokens = |i: &Issuer| everything().iter().flat_map(|e| i.tokens(e).unwrap()).collect::<Vec<_>>();
    let mut all: Vec<Value> = issuers().iter().map(|i| json!([i.key.jwks().unwrap(), tokens(i)])).collect();
    let count: usize = all.iter().map(|pair| pair[1].as_array().unwrap().len()).sum();
    assert_eq!(python(&all), format!("verified {count}\n"));
    let last = all[1][1][0].as_str().unwrap().replacen('.', ".e", 1);
    all[1][1][0] = last.into();
    assert_eq!(python(&all), "", "a token that was changed does not verify");
}

fn python(input: &[Value]) -> String {
    let mut command = Command::new("python3");
    command.args(["-c", PYTHON]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(json!(input).to_string().as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}
