//! A witness's judgement (C2SP tlog-witness 1.0.0, `add-checkpoint`): cosign a checkpoint only if it continues the last.
//!
//! Pure: it has no server and keeps nothing. Whoever calls it looks up the latest state of the log, and stores the new
//! one, durably and by compare-and-swap, before the answer goes out.

use crate::{
    Checkpoint, Error, Hash, Note, Result, Signer, VerifierKey, encoding,
    error::refuse,
    merkle::{empty_root, verify_consistency},
};

/// More hashes than this are refused, as the standard says.
const MAX_PROOF_LINES: usize = 63;

/// A request to cosign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The size of the checkpoint that the witness cosigned last.
    pub old_size: u64,
    /// The proof from it to the new one.
    pub proof: Vec<Hash>,
    /// The new checkpoint.
    pub checkpoint: Note,
}

impl Request {
    /// Reads the body of a request.
    pub fn parse(body: &[u8]) -> Result<Self> {
        let text =
            std::str::from_utf8(body).map_err(|e| Error::new(format!("the request is not UTF-8: {e}")))?;
        let Some((head, checkpoint)) = text.split_once("\n\n") else {
            refuse!("the request has no blank line before its checkpoint");
        };
        let mut lines = head.split('\n');
        let Some(old) = lines.next().and_then(|l| l.strip_prefix("old ")) else {
            refuse!("the request does not begin with `old SIZE`");
        };
        let old_size = encoding::decimal(old)?;
        let proof: Vec<_> = lines.map(encoding::hash_from_base64).collect::<Result<_>>()?;
        if proof.len() > MAX_PROOF_LINES {
            refuse!("the request has {} proof lines, more than {MAX_PROOF_LINES}", proof.len());
        }
        Ok(Self { old_size, proof, checkpoint: Note::parse(checkpoint.as_bytes())? })
    }
}

impl std::fmt::Display for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "old {}", self.old_size)?;
        self.proof.iter().try_for_each(|h| writeln!(f, "{}", encoding::to_base64(h)))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

/// What the witness answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// 200: the new state, to be stored first, and the signature line to send then.
    Cosigned {
        /// The checkpoint to keep as the latest of this log.
        latest: Checkpoint,
        /// The body of the answer.
        line: String,
    },
    /// 400: the request cannot be read or contradicts itself.
    Malformed(Error),
    /// 403: no valid signature of the log.
    NotSigned(Error),
    /// 404: the log is not known.
    UnknownLog(Error),
    /// 409: the witness is at another size, which the body states.
    Conflict(u64),
    /// 422: the checkpoint does not continue the last one.
    NotConsistent(Error),
}

impl Answer {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Self::Cosigned { .. } => 200,
            Self::Malformed(_) => 400,
            Self::NotSigned(_) => 403,
            Self::UnknownLog(_) => 404,
            Self::Conflict(_) => 409,
            Self::NotConsistent(_) => 422,
        }
    }

    /// The HTTP content type.
    pub fn content_type(&self) -> &'static str {
        if matches!(self, Self::Conflict(_)) { "text/x.tlog.size" } else { "text/plain; charset=utf-8" }
    }

    /// The HTTP body.
    pub fn body(&self) -> String {
        match self {
            Self::Cosigned { line, .. } => line.clone(),
            Self::Conflict(size) => format!("{size}\n"),
            Self::Malformed(e) | Self::NotSigned(e) | Self::UnknownLog(e) => format!("{e}\n"),
            Self::NotConsistent(e) => format!("consistency proof: {e}\n"),
        }
    }
}

/// What a witness knows of one log.
#[derive(Clone, Debug)]
pub struct KnownLog<'a> {
    /// The keys trusted for its origin.
    pub keys: &'a [VerifierKey],
    /// The last checkpoint cosigned, if there was one.
    pub latest: Option<Checkpoint>,
}

/// Judges a request at this time, in seconds since 1970. `known` looks a log up by its origin.
pub fn add_checkpoint<'a>(
    signer: &Signer,
    body: &[u8],
    time: u64,
    known: impl FnOnce(&str) -> Option<KnownLog<'a>>,
) -> Answer {
    judge(signer, body, time, known).unwrap_or_else(|refusal| refusal)
}

fn judge<'a>(
    signer: &Signer,
    body: &[u8],
    time: u64,
    known: impl FnOnce(&str) -> Option<KnownLog<'a>>,
) -> std::result::Result<Answer, Answer> {
    let mut request = Request::parse(body).map_err(Answer::Malformed)?;
    let new = Checkpoint::parse(request.checkpoint.text()).map_err(Answer::Malformed)?;
    let unknown = || Answer::UnknownLog(Error::new(format!("unknown log `{}`", new.origin)));
    let log = known(&new.origin).ok_or_else(unknown)?;
    let signed = request.checkpoint.verify(log.keys);
    let signed = signed.map_err(|e| Answer::NotSigned(e.at("invalid signature")))?;
    if signed.is_empty() {
        return Err(Answer::NotSigned(Error::new(format!("no key of `{}` has signed", new.origin))));
    }
    if request.old_size > new.size {
        return Err(Answer::Malformed(Error::new("the old size is larger than the new one")));
    }
    let size = log.latest.as_ref().map_or(0, |l| l.size);
    if request.old_size != size {
        return Err(Answer::Conflict(size));
    }
    continues(log.latest.as_ref(), &new, &request.proof).map_err(Answer::NotConsistent)?;
    request.checkpoint.cosign(signer, time).map_err(Answer::Malformed)?;
    let line = request.checkpoint.signatures().last().map(ToString::to_string).unwrap_or_default();
    Ok(Answer::Cosigned { latest: new, line })
}

fn continues(latest: Option<&Checkpoint>, new: &Checkpoint, proof: &[Hash]) -> Result<()> {
    let root = latest.map_or_else(empty_root, |l| l.root);
    let size = latest.map_or(0, |l| l.size);
    if size == 0 && new.size > 0 {
        if !proof.is_empty() {
            refuse!("from size 0 there is nothing to prove, yet there is a proof");
        }
        return Ok(());
    }
    verify_consistency((size, &root), (new.size, &new.root), proof)
}
