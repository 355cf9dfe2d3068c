//! Can the full decision path be exported, exceptions and rework with it?

use super::kept::{Kept, Known, days, kept};
use super::{Basis, Ledger, Marks, Organisation, Question, Subject, platforms};
use crate::tell::count;
use workflow::Kind;

/// The question.
pub static QUESTION: Question = Question {
    id: "decision-path",
    title: "Can the full decision path be exported, exceptions and rework with it?",
    yes_is_good: true,
    noun: "workflow that can or may change access",
    good: "what was decided can be exported",
    bad: "a part of the path is not kept",
    aspects: &[
        ("definition", "the rules as they were"),
        ("run", "each run: who asked, who answered, what was done"),
        ("changes", "each change of the rules: who proposed, reviewed, released"),
        ("exceptions", "exceptions and emergencies"),
        ("rework", "what was sent back and came again"),
    ],
    controls: &["AU-2", "AU-3", "AU-10", "AU-11", "AU-12"],
    one,
    whole,
};

const RECORD: &str =
    "Record runs in the ledger (`countersign record`), or export them before the platform deletes them.";
const SAVE: &str = "Let the platform save the runs: take the setting out of the definition.";
const KEPT: &str =
    "What the platform keeps of a run and for how long: its own export of runs, or its retention settings.";
const WHO: &str = "An exported run that shows whether the platform records who answered, not only what.";
const KNOWN: &str = "Find out whose keys these are: enter them in the directory, or take out the statements in a reviewed change.";
const LEDGER: &str =
    "Name a `[ledger]` in `countersign.toml`, and enter what the folder has: `countersign record --from`.";
const GOVERN: &str = "What the platform, or the organisation beside it, keeps of exceptions and of changes that were sent back; or a \
                      governed folder, in which both are statements.";

fn one(subject: &Subject, organisation: &Organisation, out: &mut Marks<'_>) {
    if !subject.matters() {
        return;
    }
    out.holds("definition", "The definition was exported: it is what was read here.", vec![file(subject)]);
    if !subject.unkept.is_empty() {
        let because = format!("By its definition {}.", subject.unkept.join(" and "));
        return out.fails("run", because, vec![file(subject)], SAVE);
    }
    let recorded = subject.standing.as_ref().map_or(0, |s| s.runs);
    if let Some(ledger) = organisation.ledger.as_ref().filter(|_| recorded > 0) {
        let because = format!("The ledger has entries about its runs: {recorded}.");
        return out.holds("run", because, vec![Basis::Ledger(ledger.place.clone())]);
    }
    match subject.platform.and_then(kept) {
        Some(kept) => run(subject, kept, out),
        None => out.unknown("run", "What its platform keeps is not known.", Vec::new(), KEPT),
    }
}

fn file(subject: &Subject) -> Basis {
    Basis::Definition(format!("{}:{}", subject.path, subject.line))
}

/// What the platform keeps of a run, against what the record asks for.
fn run(subject: &Subject, kept: &Kept, out: &mut Marks<'_>) {
    let told = format!("By its vendor, {}.", kept.says);
    let basis = vec![Basis::Vendor(kept.source.clone())];
    let wanted = subject.record.as_ref().and_then(|r| days(&r.retention));
    match (kept.runs, kept.days, wanted) {
        (Known::No, ..) => out.fails("run", told, basis, RECORD),
        (Known::Yes, Some(days), Some(wanted)) if wanted > days => {
            let because = format!("Its record asks for {wanted} days; the platform keeps runs for {days}.");
            out.fails("run", because, basis, RECORD);
        }
        (Known::Yes, ..) if kept.answers == Known::Unknown && subject.kinds.contains(&Kind::Ask) => {
            out.unknown("run", format!("{told} Whether that names who answered was not found."), basis, WHO);
        }
        (Known::Yes, ..) => out.holds("run", told, basis),
        (Known::Unknown, ..) => out.unknown("run", told, basis, KEPT),
    }
}

fn whole(subjects: &[Subject], organisation: &Organisation, out: &mut Marks<'_>) {
    if !subjects.iter().any(Subject::matters) {
        return;
    }
    if organisation.governed {
        return governed(organisation, out);
    }
    for platform in platforms(subjects) {
        let title = platform.title();
        let mut out = out.on(platform);
        for (aspect, what) in [
            ("changes", "who changed a workflow, and who agreed"),
            ("exceptions", "exceptions that somebody granted"),
            ("rework", "changes that were sent back"),
        ] {
            let because = format!("An export of {title} does not show {what}.");
            out.unknown(aspect, because, Vec::new(), GOVERN);
        }
    }
}

/// What a governed folder and its ledger keep.
fn governed(organisation: &Organisation, out: &mut Marks<'_>) {
    let Some(ledger) = &organisation.ledger else {
        let because = format!(
            "{} in the folder, and no ledger that would show that none is missing.",
            count(organisation.statements, "statement lies", "statements lie")
        );
        let basis = || vec![Basis::Register("countersign.toml".to_owned())];
        return ["changes", "exceptions", "rework"]
            .into_iter()
            .for_each(|aspect| out.fails(aspect, because.clone(), basis(), LEDGER));
    };
    let lines = [
        ("changes", organisation.statements, "statement"),
        ("exceptions", organisation.exceptions + organisation.emergencies, "exception or emergency"),
        ("rework", organisation.rework, "review that sent a change back"),
    ];
    for (aspect, n, what) in lines {
        let basis = vec![Basis::Ledger(ledger.place.clone())];
        match fault(ledger) {
            Some(fault) => out.fails(aspect, fault, basis, LEDGER),
            None if ledger.of_nobody > 0 => {
                let because = format!(
                    "{} by nobody whom the directory knows, and not on record: what it was is not known.",
                    count(
                        ledger.of_nobody,
                        "statement of the folder is signed",
                        "statements of the folder are signed"
                    )
                );
                out.unknown(aspect, because, basis, KNOWN);
            }
            None => {
                let because = format!(
                    "On record, and handed over by `countersign evidence` with proofs that none is missing: {n} of {what}."
                );
                out.holds(aspect, because, basis);
            }
        }
    }
}

fn fault(ledger: &Ledger) -> Option<String> {
    if let Some(why) = &ledger.broken {
        return Some(format!("The ledger cannot be read: {why}."));
    }
    (ledger.missing > 0).then(|| {
        format!("{} of the folder not on record.", count(ledger.missing, "statement is", "statements are"))
    })
}
