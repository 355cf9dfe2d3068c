//! Sigstore's conformance bundles, as far as they are of this crate's matter: inclusion proofs under checkpoints of
//! Rekor, and DSSE envelopes with in-toto statements. Certificates, timestamps and identities are not judged.

#![allow(clippy::unwrap_used, reason = "a test whose input is not there or not sound has failed")]

mod common;

use common::{bytes, files, vectors};
use ledger::{Checkpoint, Error, Note, Result, dsse, intoto, leaf_hash, merkle::verify_inclusion};
use serde_json::Value;

fn number(value: &Value) -> u64 {
    value.as_str().unwrap_or_default().parse().unwrap_or_default()
}

/// Whether each entry of the bundle is under the checkpoint it comes with; none where it has no such entry.
fn included(bundle: &Value) -> Option<Result<()>> {
    let entries = bundle["verificationMaterial"]["tlogEntries"].as_array()?;
    let proven: Vec<_> =
        entries.iter().filter(|e| e["inclusionProof"]["checkpoint"]["envelope"].is_string()).collect();
    (!proven.is_empty()).then(|| proven.into_iter().try_for_each(entry_included))
}

fn entry_included(entry: &Value) -> Result<()> {
    let proof = &entry["inclusionProof"];
    let note = Note::parse(proof["checkpoint"]["envelope"].as_str().unwrap().as_bytes())?;
    let head = Checkpoint::parse(note.text())?;
    let hashes = proof["hashes"].as_array().into_iter().flatten();
    let hashes: Vec<_> = hashes
        .map(|h| ledger::encoding::hash_from_base64(h.as_str().unwrap_or_default()))
        .collect::<Result<_>>()?;
    let leaf = leaf_hash(&bytes(&entry["canonicalizedBody"]));
    verify_inclusion(&leaf, number(&proof["logIndex"]), head.size, &hashes, &head.root)
}

/// The P-256 key of a certificate: what follows the curve's object identifier.
fn certified_key(bundle: &Value) -> Option<dsse::Key> {
    let material = &bundle["verificationMaterial"];
    let one = &material["certificate"]["rawBytes"];
    let raw =
        if one.is_string() { one } else { &material["x509CertificateChain"]["certificates"][0]["rawBytes"] };
    let der = raw.is_string().then(|| bytes(raw))?;
    let curve = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00];
    let at = der.windows(curve.len()).position(|w| w == curve)? + curve.len();
    dsse::Key::ecdsa_p256(der.get(at..at + 65)?).ok()
}

fn attested(bundle: &Value) -> Option<Result<()>> {
    let envelope = bundle.get("dsseEnvelope")?.to_string();
    let open = || {
        let key = certified_key(bundle).ok_or_else(|| Error::new("no P-256 certificate"))?;
        let opened =
            dsse::Envelope::parse(envelope.as_bytes())?.verify(intoto::PAYLOAD_TYPE, &[key], 1)?.payload;
        let statement: Value = serde_json::from_slice(&opened).map_err(|e| Error::new(e.to_string()))?;
        // Statements of the version before are signed all the same; only those of v1 are read here.
        if statement["_type"] == intoto::STATEMENT_TYPE {
            intoto::Statement::parse(&opened)?;
        }
        Ok(())
    };
    Some(open())
}

#[test]
fn bundles_of_sigstore() {
    let Some(folder) = vectors("sigstore-bundles") else { return };
    let (mut proofs, mut envelopes, mut wrong) = ([0, 0], [0, 0], Vec::new());
    for path in files(&folder, "bundle.sigstore.json") {
        let name = path.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
        let Ok(bundle) = serde_json::from_slice::<Value>(&std::fs::read(&path).unwrap()) else {
            assert!(name.ends_with("_fail"), "{name} is no JSON");
            continue;
        };
        for (what, result, count) in
            [("inclusion", included(&bundle), &mut proofs), ("envelope", attested(&bundle), &mut envelopes)]
        {
            let Some(result) = result else { continue };
            count[usize::from(result.is_err())] += 1;
            let Err(e) = result else { continue };
            println!("sigstore-bundles: {name}: {what}: {e}");
            if !name.ends_with("_fail") {
                wrong.push(name.clone());
            }
        }
    }
    println!("sigstore-bundles: inclusion proofs {proofs:?}, envelopes {envelopes:?} (hold, do not)");
    assert!(wrong.is_empty() && proofs[0] > 0 && envelopes[0] > 0, "{wrong:?}");
}
