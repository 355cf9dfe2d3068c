//! Signed notes (C2SP signed-note): a text and the signatures of those who stand for it.

use crate::{
    Error, Result, Signer, VerifierKey, encoding,
    error::refuse,
    key::{Algorithm, check_name},
};

/// More signatures than this on one note are refused; the standard asks for at least 16.
pub const MAX_SIGNATURES: usize = 100;

/// A larger note than this is refused.
pub const MAX_NOTE: usize = 1 << 20;

/// One signature line, not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureLine {
    /// The key's name.
    pub name: String,
    /// The key's id.
    pub id: u32,
    /// The signature itself.
    pub signature: Vec<u8>,
    /// The base64 it was read from, which need not be the canonical one: then it counts as a wrong signature.
    encoded: String,
}

impl SignatureLine {
    fn new(key: &VerifierKey, signature: Vec<u8>) -> Self {
        let encoded = encode(key.id(), &signature);
        Self { name: key.name().to_owned(), id: key.id(), signature, encoded }
    }

    fn parse(line: &str) -> Result<Self> {
        let parts = line.strip_prefix("— ").and_then(|l| l.split_once(' '));
        let Some((name, encoded)) = parts else { refuse!("`{line}` is no signature line") };
        check_name(name)?;
        let bytes = encoding::from_loose_base64(encoded)?;
        match bytes.split_first_chunk::<4>() {
            Some((id, signature)) if !signature.is_empty() => {
                let (name, signature, encoded) = (name.to_owned(), signature.to_vec(), encoded.to_owned());
                Ok(Self { name, id: u32::from_be_bytes(*id), signature, encoded })
            }
            _ => refuse!("the signature of `{name}` is too short"),
        }
    }

    /// Whether it claims to be of this key.
    pub fn is_of(&self, key: &VerifierKey) -> bool {
        self.name == key.name() && self.id == key.id()
    }

    fn verify(&self, key: &VerifierKey, text: &str) -> Result<Option<u64>> {
        if encode(self.id, &self.signature) != self.encoded {
            refuse!("the signature of `{}` is not written in canonical base64", self.name);
        }
        key.verify(text, &self.signature)
    }
}

fn encode(id: u32, signature: &[u8]) -> String {
    encoding::to_base64(&[&id.to_be_bytes(), signature].concat())
}

impl std::fmt::Display for SignatureLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "— {} {}", self.name, self.encoded)
    }
}

/// A signature that verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified<'k> {
    /// By which key.
    pub key: &'k VerifierKey,
    /// When, for a cosignature, in seconds since 1970.
    pub time: Option<u64>,
}

/// A note as read or signed. Reading verifies nothing: see [`Note::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<SignatureLine>,
}

impl Note {
    /// A note with this text and no signature yet.
    pub fn new(text: impl Into<String>) -> Result<Self> {
        let text = text.into();
        check_characters(&text)?;
        if !text.ends_with('\n') {
            refuse!("the text of a note ends with a newline");
        }
        Ok(Self { text, signatures: Vec::new() })
    }

    /// Reads a note: text, blank line, signature lines.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        if bytes.len() > MAX_NOTE {
            refuse!("the note has {} bytes, more than {MAX_NOTE}", bytes.len());
        }
        let note =
            std::str::from_utf8(bytes).map_err(|e| Error::new(format!("the note is not UTF-8: {e}")))?;
        check_characters(note)?;
        let blank =
            note.rfind("\n\n").ok_or_else(|| Error::new("the note has no blank line before signatures"))?;
        let (text, lines) = (&note[..=blank], &note[blank + 2..]);
        let Some(lines) = lines.strip_suffix('\n') else {
            refuse!("the note does not end with a signature line")
        };
        let signatures: Vec<_> = lines.split('\n').map(SignatureLine::parse).collect::<Result<_>>()?;
        if signatures.len() > MAX_SIGNATURES {
            refuse!("the note has {} signatures, more than {MAX_SIGNATURES}", signatures.len());
        }
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// The text; not to be believed before [`Note::verify`] has named who signed it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines, verified or not.
    pub fn signatures(&self) -> &[SignatureLine] {
        &self.signatures
    }

    /// Signs with a key of a log; a signature of the same key is replaced.
    pub fn sign(&mut self, signer: &Signer) -> Result<()> {
        if signer.verifier().algorithm() != Algorithm::Ed25519 {
            refuse!("`{}` cosigns: it needs a time", signer.verifier().name());
        }
        self.put(signer, 0)
    }

    /// Cosigns with a key of a witness at this time, in seconds since 1970.
    pub fn cosign(&mut self, signer: &Signer, time: u64) -> Result<()> {
        if signer.verifier().algorithm() != Algorithm::Cosignature {
            refuse!("`{}` is not the key of a witness", signer.verifier().name());
        }
        self.put(signer, time)
    }

    fn put(&mut self, signer: &Signer, time: u64) -> Result<()> {
        let key = signer.verifier();
        let signature = signer.sign(&self.text, time)?;
        self.signatures.retain(|s| !s.is_of(key));
        self.signatures.push(SignatureLine::new(key, signature));
        Ok(())
    }

    /// Adds the signature lines of a witness's answer, without judging them.
    pub fn add_lines(&mut self, lines: &str) -> Result<()> {
        for line in lines.lines() {
            let line = SignatureLine::parse(line)?;
            if !self.signatures.contains(&line) {
                self.signatures.push(line);
            }
        }
        Ok(())
    }

    /// Verifies the signatures of the keys given, and ignores those of others.
    ///
    /// A signature in the name of a key given that does not verify spoils the whole note. Of several by one key, as a
    /// witness gives at different times, the latest counts. The answer may be empty: whom to ask for is policy.
    pub fn verify<'k>(&self, keys: impl IntoIterator<Item = &'k VerifierKey>) -> Result<Vec<Verified<'k>>> {
        let mut out = Vec::new();
        for key in keys {
            let lines = self.signatures.iter().filter(|s| s.is_of(key));
            let times: Vec<_> = lines.map(|s| s.verify(key, &self.text)).collect::<Result<_>>()?;
            if let Some(time) = times.into_iter().max() {
                out.push(Verified { key, time });
            }
        }
        Ok(out)
    }
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|s| write!(f, "{s}"))
    }
}

fn check_characters(note: &str) -> Result<()> {
    match note.bytes().find(|b| *b < 0x20 && *b != b'\n') {
        Some(byte) => refuse!("a note has no control characters but newlines, this one has 0x{byte:02x}"),
        None => Ok(()),
    }
}
