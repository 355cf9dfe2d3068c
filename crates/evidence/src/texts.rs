//! The texts of explanations, apart from the code that fills them in, so that other languages can be added. Names in braces
//! are filled in.

use ledger::clean;

/// The texts of a language.
pub struct Texts {
    /// Who acted, where that is not disclosed.
    pub somebody: &'static str,
    /// What an act is called: its word, what was done, what was wanted.
    pub acts: &'static [(&'static str, &'static str, &'static str)],
    /// What a proposal is called that asks for something else than a change: what it asks for, what was done, what was
    /// wanted.
    pub intents: &'static [(&'static str, &'static str, &'static str)],
    /// What an act of a drill of break-glass is called.
    pub drills: &'static [(&'static str, &'static str, &'static str)],
    /// An act that happened.
    pub did: &'static str,
    /// An act that was refused.
    pub refused: &'static str,
    /// In an environment.
    pub environment: &'static str,
    /// The roles that a person has.
    pub roles: &'static str,
    /// For whom somebody acted.
    pub on_behalf: &'static str,
    /// The role that was claimed.
    pub authority: &'static str,
    /// What was signed.
    pub signed: &'static str,
    /// Where nothing was signed.
    pub unsigned: &'static str,
    /// What was shown.
    pub shown: &'static str,
    /// The page that was shown is the one whose digest was signed.
    pub shown_signed: &'static str,
    /// It is not.
    pub shown_other: &'static str,
    /// What it answers.
    pub answers: &'static str,
    /// The same, where the other entry is not here.
    pub answers_entry: &'static str,
    /// An entry in a list, with what it says; without; and how many more there are.
    pub entry_told: &'static str,
    /// An entry in a list.
    pub entry: &'static str,
    /// How many more there are.
    pub more: &'static str,
    /// No rule.
    pub no_rule: &'static str,
    /// Nobody is named.
    pub unnamed: &'static str,
    /// What it rests on.
    pub rests_on: &'static str,
    /// With what it was decided.
    pub decided: &'static str,
    /// No such thing is on record.
    pub none: &'static str,
    /// The entry of such a thing.
    pub that_of: &'static str,
    /// A policy that allows it.
    pub allows: &'static str,
    /// A policy that refuses it.
    pub forbids: &'static str,
    /// The facts that a reason rests on.
    pub facts: &'static str,
    /// A refusal that is none of a policy.
    pub refusal: &'static str,
    /// An approval that did not count.
    pub uncounted: &'static str,
    /// It happened although the policies would refuse it.
    pub let_through: &'static str,
    /// When it ends.
    pub ends: &'static str,
    /// What an exception leaves unasked, who answers for it, what is done instead.
    pub exception: &'static str,
    /// When a credential was rotated.
    pub rotated: &'static str,
    /// The ticket of a break-glass.
    pub ticket: &'static str,
    /// No ticket.
    pub no_ticket: &'static str,
    /// What came of the tests that were attested to, and of the faults put into the control.
    pub tests: &'static str,
    /// A scenario, and several.
    pub scenario: (&'static str, &'static str),
    /// No test was run.
    pub no_tests: &'static str,
    /// A time that is only that of the entry.
    pub entered: &'static str,
    /// The reason given.
    pub reason: &'static str,
    /// What came of it.
    pub after: &'static str,
    /// A part of a workflow, and several.
    pub part: (&'static str, &'static str),
    /// A person, and several.
    pub person: (&'static str, &'static str),
    /// A file of policies, and several.
    pub policies: (&'static str, &'static str),
    /// What took its place.
    pub replaced: &'static str,
    /// Nothing took its place.
    pub in_force: &'static str,
    /// Which parts a release changed.
    pub parts: &'static str,
    /// A first release.
    pub first: &'static str,
    /// What went live by break-glass while it was in force.
    pub overlaid: &'static str,
    /// One run of it.
    pub run: &'static str,
    /// Runs of it.
    pub runs: &'static str,
    /// A people directory in use.
    pub basis_people: &'static str,
    /// Policies in use.
    pub basis_policy: &'static str,
    /// Values erased, held, let go.
    pub custody: &'static str,
    /// An entry of another kind.
    pub other: &'static str,
    /// What was done to somebody's access.
    pub effect: &'static str,
    /// By which execution.
    pub by_execution: &'static str,
    /// About whom it is.
    pub about: &'static str,
    /// An execution.
    pub execution: &'static str,
    /// The join: a release.
    pub join_release: &'static str,
    /// The join: what went live by break-glass.
    pub join_glass: &'static str,
    /// The join: who opened the break-glass.
    pub join_opened: &'static str,
    /// The join: who looked at it afterwards, and that nobody has.
    pub join_looked: &'static str,
    /// The join: nobody has looked at it.
    pub join_not_looked: &'static str,
    /// The join: who proposed it.
    pub join_proposed: &'static str,
    /// The join: who had a part in it.
    pub join_contributors: &'static str,
    /// The join: who approved it.
    pub join_approved: &'static str,
    /// The join: which parts changed.
    pub join_parts: &'static str,
    /// The join: the parts of a first release.
    pub join_first: &'static str,
    /// The join: the statement is not disclosed.
    pub join_withheld: &'static str,
    /// The join: whose access it was about.
    pub join_whose: &'static str,
    /// The join: nothing ran.
    pub join_no_runs: &'static str,
}

/// English.
pub const ENGLISH: Texts = Texts {
    somebody: "somebody whose name is withheld or erased",
    acts: &[
        ("register", "put {subject} under governance", "put {subject} under governance"),
        ("propose", "proposed a change of {subject}", "propose a change of {subject}"),
        ("withdraw", "took back the proposal for {subject}", "take back the proposal for {subject}"),
        ("approve", "approved {subject}", "approve {subject}"),
        ("refuse", "refused {subject}", "refuse {subject}"),
        ("ask-rework", "asked for rework of {subject}", "ask for rework of {subject}"),
        ("release", "released {subject}", "release {subject}"),
        ("roll-back", "rolled {subject} back", "roll {subject} back"),
        ("retire", "retired {subject}", "retire {subject}"),
        ("kill", "stopped {subject}", "stop {subject}"),
        ("take-over", "took {subject} over", "take {subject} over"),
        ("approve-connector", "approved the connector {subject}", "approve the connector {subject}"),
        ("approve-script", "approved the script {subject}", "approve the script {subject}"),
        ("approve-webhook", "approved the webhook {subject}", "approve the webhook {subject}"),
        ("withdraw-connector", "withdrew the connector {subject}", "withdraw the connector {subject}"),
        ("withdraw-script", "withdrew the script {subject}", "withdraw the script {subject}"),
        ("withdraw-webhook", "withdrew the webhook {subject}", "withdraw the webhook {subject}"),
        ("grant-exception", "granted an exception for {subject}", "grant an exception for {subject}"),
        ("renew-exception", "renewed an exception for {subject}", "renew an exception for {subject}"),
        ("end-exception", "ended an exception for {subject}", "end an exception for {subject}"),
        ("open-break-glass", "opened break-glass for {subject}", "open break-glass for {subject}"),
        ("use-break-glass", "put {subject} live by break-glass", "put {subject} live by break-glass"),
        ("close-break-glass", "closed the break-glass for {subject}", "close the break-glass for {subject}"),
        (
            "post-change-review",
            "looked at what break-glass did to {subject}",
            "review what break-glass did to {subject}",
        ),
        ("change-policy", "put other policies in force", "put other policies in force"),
        ("change-people", "put another people directory in force", "put another people directory in force"),
        ("change-configuration", "put another configuration in force", "put another configuration in force"),
        ("attest", "attested to {subject}", "attest to {subject}"),
    ],
    intents: &[
        ("roll-back", "proposed to roll {subject} back", "propose to roll {subject} back"),
        ("take-over", "proposed to take {subject} over", "propose to take {subject} over"),
        ("rotation", "recorded a rotation of {subject}", "record a rotation of {subject}"),
    ],
    drills: &[
        (
            "open-break-glass",
            "opened break-glass for {subject} as a drill",
            "open break-glass for {subject} as a drill",
        ),
        (
            "use-break-glass",
            "used the drill of break-glass on {subject}, which put nothing live",
            "use the drill of break-glass on {subject}",
        ),
        (
            "close-break-glass",
            "closed the drill of break-glass for {subject}",
            "close the drill of break-glass for {subject}",
        ),
        (
            "post-change-review",
            "looked at what the drill of break-glass did to {subject}",
            "review what the drill of break-glass did to {subject}",
        ),
    ],
    did: "At {time} {who} {what}{where}.",
    refused: "At {time} {who} wanted to {what}{where}, and was refused.",
    environment: " in `{environment}`",
    roles: "`{who}` has the roles {roles} in the people directory of entry {entry}.",
    on_behalf: "They acted for `{who}`.",
    authority: "They acted in the role `{role}` only.",
    signed: "They signed it with the key {key}, as the statement {id}; it was entered at {time}.",
    unsigned: "Nothing was signed: it was asked for at the command line with the key {key}.",
    shown: "They were shown: {page}.",
    shown_signed: "That is the page whose digest they signed.",
    shown_other: "It is not the page whose digest they signed.",
    answers: "It answers entry {entry}, in which {who} {what}.",
    answers_entry: "It answers entry {entry}.",
    entry_told: "entry {entry} ({who} {what})",
    entry: "entry {entry}",
    more: " and {count} more",
    no_rule: "no rule",
    unnamed: "of nobody who is named",
    rests_on: "It rests on {list}.",
    decided: "It was decided under {policy} and {people}, by {rules}.",
    none: "no {what} on record",
    that_of: "the {what} of entry {entry}",
    allows: "`{rule}` allows it: {reason}",
    forbids: "`{rule}` refuses it: {reason}",
    facts: "The facts: {facts}.",
    refusal: "There is no such step, by the rule `{rule}`: {reason}.",
    uncounted: "The approval of `{who}` does not count: {reason}",
    let_through: "The policies would refuse it; the tier is in mode `{mode}`, so it happened.",
    ends: "It ends at {time}.",
    exception: "It leaves unasked: {covers}; {owner} answers for it; what is done instead: {compensating}.",
    rotated: "By this it was rotated at {time}.",
    ticket: "Its ticket: {ticket}.",
    no_ticket: "It names no ticket.",
    tests: "The tests: of {all} {passed} passed and {failed} failed; of 100 faults put into the control they notice {mutation}.",
    scenario: ("scenario", "scenarios"),
    no_tests: "The tests: no scenario was run.",
    entered: "{time} (when it was entered)",
    reason: "The reason given: {reason}.",
    after: "Afterwards: {list}.",
    replaced: "It was in force until entry {entry}, in which {who} {what}.",
    in_force: "Nothing has taken its place since.",
    parts: "It changed {parts}, compared with the release of entry {entry}.",
    first: "It is the first release there, of {count}.",
    part: ("part", "parts"),
    person: ("person", "people"),
    policies: ("file of policies", "files of policies"),
    overlaid: "While it was in force, other logic went live by break-glass: {list}.",
    run: "1 run names it: {list}.",
    runs: "{count} runs name it: {list}.",
    basis_people: "From entry {entry} on, decisions were taken with a directory of {count}, which no act had put in force.",
    basis_policy: "From entry {entry} on, decisions were taken with {count} beside those that the program ships with (version {version}), which no act had put in force.",
    custody: "At {time} {source} recorded `{act}` for values of the entries {list}.",
    other: "At {time} `{source}` recorded an entry of type `{kind}`{about}{execution}.",
    effect: "At {time} {done}{execution}.",
    by_execution: ", by execution `{execution}`",
    about: " about `{identity}`",
    execution: ", execution `{execution}`",
    join_release: "Entry {entry}: released at {time} for `{environment}` by {who}.",
    join_glass: "Entry {entry}: put live by break-glass at {time} in `{environment}` by {who}.",
    join_opened: "Who opened the way: {who} opened break-glass in entry {entry}.",
    join_looked: "It was looked at afterwards: {list}.",
    join_not_looked: "Nobody has looked at it afterwards, as far as is on record.",
    join_proposed: "Who changed it: {who} proposed it in entry {entry}.",
    join_contributors: "A part in it had {list}.",
    join_approved: "It was approved by {list}.",
    join_parts: "What changed since the release of entry {entry}: {list}.",
    join_first: "What changed: it is the first release there, with {list}.",
    join_withheld: "What changed: its statement is withheld or erased.",
    join_whose: "Whose access it was about: {list}.",
    join_no_runs: "Whose access it was about: no run of it is on record.",
};

/// A text with its names filled in; what is filled in stays in its line.
#[must_use]
pub fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out += before;
        let (name, tail) = after.split_once('}').unwrap_or((after, ""));
        // What is filled in is not looked at again: it may hold braces of its own.
        let value = values.iter().find(|(n, _)| *n == name).map(|(_, v)| clean(v));
        out += &value.unwrap_or_default();
        rest = tail;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_is_not_looked_at_again() {
        assert_eq!(fill("{a} and {b}.", &[("a", "{b}"), ("b", "2")]), "{b} and 2.");
        assert_eq!(fill("no names", &[]), "no names");
        assert_eq!(fill("{gone}!", &[]), "!");
        assert_eq!(fill("`{a}`", &[("a", "x\n::error::\u{1b}")]), "`x ::error::\u{fffd}`");
    }
}
