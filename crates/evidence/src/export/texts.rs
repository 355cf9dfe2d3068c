//! The sentences of exports, apart from the code that fills them in. Names in braces are filled in.

use super::event::{Effect, What};
use crate::texts::fill;
use crate::verify::Opened;

/// The sentences of a language.
struct Sentences {
    /// What an effect is called where it happened, and where it was only tried.
    effects: &'static [(&'static str, &'static str, &'static str)],
    /// The same of an effect that is not named.
    other_effect: (&'static str, &'static str),
    place: &'static str,
    happened: &'static str,
    failed: &'static str,
    unknown: &'static str,
    nobody: &'static str,
    something: &'static str,
    basis: &'static str,
    custody: &'static str,
    other: &'static str,
}

const ENGLISH: Sentences = Sentences {
    effects: &[
        ("grant", "gave {what} to {whom}", "give {what} to {whom}"),
        ("revoke", "took {what} from {whom}", "take {what} from {whom}"),
        ("create-identity", "made the account {whom}", "make the account {whom}"),
        ("enable", "enabled the account {whom}", "enable the account {whom}"),
        ("disable", "disabled the account {whom}", "disable the account {whom}"),
        ("delete-identity", "deleted the account {whom}", "delete the account {whom}"),
        ("update-identity", "changed the account {whom}", "change the account {whom}"),
        ("issue-credential", "issued a credential to {whom}", "issue a credential to {whom}"),
        ("reset-credential", "reset a credential of {whom}", "reset a credential of {whom}"),
        ("rotate-credential", "rotated a credential of {whom}", "rotate a credential of {whom}"),
        ("revoke-credential", "revoked a credential of {whom}", "revoke a credential of {whom}"),
        ("read-secret", "read the secret {what}", "read the secret {what}"),
        ("decide", "decided a request of {whom}", "decide a request of {whom}"),
        ("certify", "certified access of {whom}", "certify access of {whom}"),
        ("change-policy", "changed the policy {what}", "change the policy {what}"),
    ],
    other_effect: ("did `{effect}`", "do `{effect}`"),
    place: " in `{system}`",
    happened: "`{source}` {done}{where}",
    failed: "`{source}` tried to {wanted}{where}, and failed",
    unknown: "`{source}` tried to {wanted}{where}; whether it happened is not known",
    nobody: "somebody whose name is withheld or erased",
    something: "access",
    basis: "Decisions are taken with another {of} from here on, which no act had put in force.",
    custody: "`{source}` recorded `{act}` for values beside the ledger.",
    other: "`{source}` recorded an entry of type `{kind}`.",
};

/// What happened, in a sentence.
pub(super) fn message(opened: &Opened, what: &What) -> String {
    let all = &ENGLISH;
    let (source, kind) = (opened.entry.source.as_str(), opened.entry.kind.as_str());
    match what {
        What::Act(_) => format!("{}.", crate::story::title(opened)),
        What::Basis(of) => fill(all.basis, &[("of", if of == "people" { "people directory" } else { of })]),
        What::Custody(act) => fill(all.custody, &[("source", source), ("act", act)]),
        What::Other { .. } => fill(all.other, &[("source", source), ("kind", kind)]),
        What::Effect(effect) => format!("{}.", effect_told(all, opened, effect)),
    }
}

/// What an entry of type `effect/1` says that was done to somebody's access, without the end of the sentence.
pub(crate) fn effect_done(opened: &Opened) -> Option<String> {
    let effect = super::event::effect(opened)?;
    Some(effect_told(&ENGLISH, opened, &effect))
}

fn effect_told(all: &Sentences, opened: &Opened, effect: &Effect) -> String {
    let quoted = |text: &str| format!("`{text}`");
    let or = |text: &str, other: &str| if text.is_empty() { other.to_owned() } else { quoted(text) };
    let whom = opened.value("identity").map_or(all.nobody.to_owned(), quoted);
    let what = or(&effect.entitlement, all.something);
    let known = all.effects.iter().find(|(word, ..)| *word == effect.effect);
    let (done, wanted) = known.map_or(all.other_effect, |(_, done, wanted)| (*done, *wanted));
    let parts = [("what", what.as_str()), ("whom", whom.as_str()), ("effect", effect.effect.as_str())];
    let (done, wanted) = (fill(done, &parts), fill(wanted, &parts));
    let sentence = match effect.outcome.as_str() {
        "succeeded" => all.happened,
        "failed" => all.failed,
        _ => all.unknown,
    };
    let place = if effect.system.is_empty() { "" } else { all.place };
    let place = fill(place, &[("system", &effect.system)]);
    let source = opened.entry.source.as_str();
    fill(sentence, &[("source", source), ("done", &done), ("wanted", &wanted), ("where", &place)])
}
