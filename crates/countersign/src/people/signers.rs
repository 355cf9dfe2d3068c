//! Keys from OpenSSH's `allowed_signers` (ssh-keygen(1), ALLOWED SIGNERS): each line names whom a key signs for.

use policy::{Key, Moment, Period};

/// A key and whom it signs for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// The line of the file, from 1.
    pub line: usize,
    /// Mail addresses or accounts.
    pub principals: Vec<String>,
    /// The key.
    pub key: Key,
    /// The namespaces it may sign in; any, where there is none.
    pub namespaces: Vec<String>,
}

/// Reads a file; what is not understood is told with its line, and the rest is read.
#[must_use]
pub fn from_signers(text: &str) -> (Vec<Signer>, Vec<(usize, String)>) {
    let (mut signers, mut problems) = (Vec::new(), Vec::new());
    for (i, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match signer(line) {
            Ok(signer) => signers.push(Signer { line: i + 1, ..signer }),
            Err(message) => problems.push((i + 1, message)),
        }
    }
    (signers, problems)
}

/// The words of a line; blanks inside double quotes do not part them.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => words.push(std::mem::take(&mut word)),
            c => word.push(c),
        }
    }
    words.push(word);
    words.retain(|w| !w.is_empty());
    words
}

fn signer(line: &str) -> Result<Signer, String> {
    let words = words(line);
    let is_type = |w: &String| ["ssh-", "ecdsa-", "sk-"].iter().any(|t| w.starts_with(t));
    let at = words.iter().skip(1).position(is_type).map(|i| i + 1).ok_or("holds no key")?;
    let (Some(kind), Some(blob)) = (words.get(at), words.get(at + 1)) else {
        return Err("holds no key".to_owned());
    };
    let principals: Vec<String> =
        words.first().into_iter().flat_map(|w| w.split(',')).map(str::to_owned).collect();
    if let Some(pattern) = principals.iter().find(|p| p.contains(['*', '?', '!'])) {
        return Err(format!("`{pattern}` stands for many; a key signs for one person"));
    }
    let key = Key { key: format!("{kind} {blob}"), period: Period::default(), revoked: None };
    let mut signer = Signer { line: 0, principals, key, namespaces: Vec::new() };
    for option in words.get(1..at).into_iter().flatten().flat_map(|w| options(w)) {
        set(&mut signer, &option)?;
    }
    Ok(signer)
}

/// Options parted by commas; the list of namespaces has commas of its own, and comes in one piece here.
fn options(word: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for part in word.split(',') {
        let begins = part.eq_ignore_ascii_case("cert-authority") || part.contains('=');
        match parts.last_mut().filter(|_| !begins) {
            Some(last) => {
                last.push(',');
                last.push_str(part);
            }
            None => parts.push(part.to_owned()),
        }
    }
    parts
}

fn set(signer: &mut Signer, option: &str) -> Result<(), String> {
    let (name, value) = option.split_once('=').unwrap_or((option, ""));
    match name.to_lowercase().as_str() {
        "namespaces" => signer.namespaces = value.split(',').map(str::to_owned).collect(),
        "valid-after" => signer.key.period.from = Some(moment(value)?),
        "valid-before" => signer.key.period.until = Some(moment(value)?),
        "cert-authority" => {
            return Err("certificates are not understood; list the keys themselves".to_owned());
        }
        other => return Err(format!("option `{other}` is not understood")),
    }
    Ok(())
}

/// `YYYYMMDD`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`, with `Z` for UTC. Without it OpenSSH means the time zone of whoever checks,
/// which would make the answer depend on the machine: it is refused.
fn moment(word: &str) -> Result<Moment, String> {
    let digits = word.strip_suffix(['Z', 'z']).ok_or_else(|| {
        format!("`{word}` is in the time zone of whoever checks; write it in UTC, with a `Z` at its end")
    })?;
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or("00");
    let fits = matches!(digits.len(), 8 | 12 | 14) && digits.bytes().all(|b| b.is_ascii_digit());
    let seconds = if digits.len() == 14 { part(12, 14) } else { "00" };
    let (hours, minutes) = if digits.len() >= 12 { (part(8, 10), part(10, 12)) } else { ("00", "00") };
    let text = format!("{}-{}-{}T{hours}:{minutes}:{seconds}Z", part(0, 4), part(4, 6), part(6, 8));
    text.parse().ok().filter(|_| fits).ok_or_else(|| format!("`{word}` is no time; write `YYYYMMDDHHMMSSZ`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOB: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIE5kQXQZ2JxVxR8wFJgXvQWz1q0nB3m6v2o9sT4yU7aK";

    #[test]
    fn lines_are_read_as_openssh_reads_them() {
        let text = format!(
            "# comment\n\nada@corp.test ssh-ed25519 {BLOB} ada@laptop\n\
             \"bo@corp.test,bo\" namespaces=\"git,countersign\",valid-after=\"20260101Z\",valid-before=202702281800Z ssh-ed25519 {BLOB}\n"
        );
        let (signers, problems) = from_signers(&text);
        assert_eq!(problems, []);
        let [ada, bo] = &signers[..] else { panic!("{signers:?}") };
        assert_eq!(ada.principals, ["ada@corp.test"]);
        assert_eq!(ada.key.key, format!("ssh-ed25519 {BLOB}"));
        assert_eq!(bo.principals, ["bo@corp.test", "bo"]);
        assert_eq!(bo.namespaces, ["git", "countersign"]);
        let ends = |at: Option<Moment>| at.map(|m| m.to_string()).unwrap_or_default();
        assert_eq!(ends(bo.key.period.from), "2026-01-01T00:00:00Z");
        assert_eq!(ends(bo.key.period.until), "2027-02-28T18:00:00Z");
    }

    #[test]
    fn what_could_let_in_too_many_is_refused_with_its_line() {
        let lines = [
            (format!("*@corp.test ssh-ed25519 {BLOB}"), "stands for many"),
            (format!("ca@corp.test cert-authority ssh-ed25519 {BLOB}"), "certificates"),
            (format!("a@corp.test valid-before=20270228 ssh-ed25519 {BLOB}"), "time zone"),
            (format!("a@corp.test valid-before=20271328Z ssh-ed25519 {BLOB}"), "no time"),
            (format!("a@corp.test verify-required ssh-ed25519 {BLOB}"), "`verify-required`"),
            ("a@corp.test ssh-ed25519".to_owned(), "no key"),
            ("a@corp.test".to_owned(), "no key"),
        ];
        for (line, part) in lines {
            let (signers, problems) = from_signers(&format!("\n{line}\n"));
            assert_eq!(signers, [], "{line}");
            assert!(problems.iter().any(|(n, m)| *n == 2 && m.contains(part)), "{line}: {problems:?}");
        }
    }
}
