//! Is every version known, reviewed and what is live?

use super::{Basis, Marks, Organisation, Question, Subject, names};
use crate::tell::count;

/// The question.
pub static QUESTION: Question = Question {
    id: "versions",
    title: "Are versions kept and reviewed, and is what lies here what was released?",
    yes_is_good: true,
    noun: "workflow of control automation",
    good: "all of that holds",
    bad: "something of that is missing",
    aspects: &[
        ("history", "its versions are kept"),
        ("review", "its release was reviewed by others"),
        ("drift", "what lies here is what was released"),
    ],
    controls: &["CM-2(3)", "CM-3", "CM-3(7)", "SI-7(1)"],
    one,
    whole,
};

const COMMIT: &str = "Commit it: then every version has an author, a time and a reason.";
const GIT: &str =
    "The history of these definitions: a git repository that they are exported to, with all of its history.";
const RELEASE: &str = "Propose it, have it reviewed, release it: `countersign propose`, `review`, `release`.";
const AGAIN: &str = "Propose and release what lies here, or bring back what was released: `countersign diff` says what differs.";
const STATEMENTS: &str = "A governed folder with the statements of reviews and releases.";

fn one(subject: &Subject, organisation: &Organisation, out: &mut Marks<'_>) {
    if !subject.is_control() {
        return;
    }
    history(subject, out);
    let Some(standing) = subject.standing.as_ref() else {
        let because = if organisation.governed {
            "It lies outside of the governed folder."
        } else {
            "Who reviewed and released it, and what, is not said."
        };
        ["review", "drift"].into_iter().for_each(|a| out.unknown(a, because, Vec::new(), STATEMENTS));
        return;
    };
    if let Some(until) = &standing.emergency {
        let because = format!("It is live by break-glass until {until}, and not by a release.");
        return out.fails("drift", because, vec![Basis::Register("its break-glass".to_owned())], AGAIN);
    }
    let Some(release) = &standing.release else {
        ["review", "drift"]
            .into_iter()
            .for_each(|a| out.fails(a, "It was never released.", Vec::new(), RELEASE));
        return;
    };
    let statement = || vec![Basis::Statement(release.statement.clone())];
    match release.approvals {
        0 => out.fails(
            "review",
            format!("Nobody else approved the release of {}.", release.at),
            statement(),
            RELEASE,
        ),
        n => {
            let because =
                format!("The release of {} has {} by others.", release.at, count(n, "approval", "approvals"));
            out.holds("review", because, statement());
        }
    }
    match release.same {
        true => out.holds("drift", format!("It is what was released on {}.", release.at), statement()),
        false => {
            let because =
                format!("It is not what was released on {}: {} differ.", release.at, names(&release.changed));
            out.fails("drift", because, statement(), AGAIN);
        }
    }
}

fn history(subject: &Subject, out: &mut Marks<'_>) {
    let Some(history) = subject.history else {
        return out.unknown("history", "There is no history around its file.", Vec::new(), GIT);
    };
    let told = format!(
        "{} by {}",
        count(history.commits, "commit", "commits"),
        count(history.authors, "person", "people")
    );
    let basis = vec![Basis::History(told.clone())];
    match history {
        h if h.commits == 0 => out.fails("history", "Its file was never committed.", basis, COMMIT),
        h if h.dirty => {
            out.fails("history", format!("{told}, and changes that are not committed."), basis, COMMIT)
        }
        h if h.shallow => out.unknown("history", format!("{told}; the history is cut off."), basis, GIT),
        _ => out.holds("history", format!("{told}."), basis),
    }
}

fn whole(_: &[Subject], organisation: &Organisation, out: &mut Marks<'_>) {
    if organisation.refused > 0 {
        let because = format!(
            "{} of the folder not counted.",
            count(organisation.refused, "statement is", "statements are")
        );
        let fix =
            "Take out the statements that do not count, or make them anew: `countersign status` names them.";
        out.fails("review", because, vec![Basis::Register("the statements".to_owned())], fix);
    }
}
