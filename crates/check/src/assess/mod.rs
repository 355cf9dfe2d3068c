//! The review of readiness: what an organisation should ask before it relies on low-code governance, answered from what was
//! found in its workflows and from what governs them.
//!
//! Each question is put to every workflow it concerns, aspect by aspect; each answer says what it rests on. Unknown is risk:
//! what cannot be told is never taken for good, and what would have to be given is said.

mod answer;
mod context_aware;
mod credentials;
mod decision_path;
mod extensions;
pub mod kept;
mod model;
mod one_person;
mod ownership;
mod versions;

#[cfg(test)]
mod tests;

pub use answer::{Answer, Answered, AspectAnswer, Count, PlatformAnswer, answers};
pub use model::{Credential, History, Ledger, Organisation, Person, Released, Standing, Subject, Tested};

use serde::Serialize;
use workflow::{Finding, Platform};

/// How a workflow stands to one aspect of a question, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stand {
    /// As it should be.
    Holds,
    /// It cannot be told.
    Unknown,
    /// As it should not be.
    Fails,
}

/// What a mark is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// A workflow, by its number.
    Subject(usize),
    /// A platform.
    Platform(Platform),
    /// All of it.
    Whole,
}

/// What a mark rests on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "of")]
pub enum Basis {
    /// A finding, by its number among the workflow's.
    Finding(usize),
    /// A property that was proved, refuted or left open, by its number among the workflow's.
    Proof(usize),
    /// A step of the definition, or the definition.
    Definition(String),
    /// The control record.
    Record(String),
    /// A signed statement.
    Statement(String),
    /// A policy.
    Policy(String),
    /// The history.
    History(String),
    /// A register of the governed folder.
    Register(String),
    /// What the platform's vendor says, with the source.
    Vendor(String),
    /// The ledger.
    Ledger(String),
}

/// One judgement.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// The aspect, by its id.
    pub aspect: &'static str,
    /// What it is about.
    pub place: Place,
    /// How it stands.
    pub stand: Stand,
    /// Why, in a sentence.
    pub because: String,
    /// What it rests on.
    pub basis: Vec<Basis>,
    /// What to do, or what would have to be given; the same words wherever it is the same.
    pub advice: String,
}

/// One question.
pub struct Question {
    /// Its id.
    pub id: &'static str,
    /// As it is asked.
    pub title: &'static str,
    /// Whether yes is the good answer.
    pub yes_is_good: bool,
    /// What is counted.
    pub noun: &'static str,
    /// What is so in the good ones, after `in 3`.
    pub good: &'static str,
    /// What is so in the bad ones, before `in 3`.
    pub bad: &'static str,
    /// Its aspects: id and title.
    pub aspects: &'static [(&'static str, &'static str)],
    /// Controls of NIST SP 800-53 Rev. 5 to which the answer is evidence.
    pub controls: &'static [&'static str],
    /// Judges a workflow.
    one: fn(&Subject, &Organisation, &mut Marks<'_>),
    /// Judges what is about no workflow.
    whole: fn(&[Subject], &Organisation, &mut Marks<'_>),
}

/// The questions, in the order of the report.
pub static QUESTIONS: [&Question; 7] = [
    &one_person::QUESTION,
    &context_aware::QUESTION,
    &decision_path::QUESTION,
    &extensions::QUESTION,
    &versions::QUESTION,
    &ownership::QUESTION,
    &credentials::QUESTION,
];

/// Takes marks about one place.
pub struct Marks<'m> {
    place: Place,
    all: &'m mut Vec<Mark>,
}

impl Marks<'_> {
    /// Notes a judgement.
    fn mark(
        &mut self,
        aspect: &'static str,
        stand: Stand,
        because: impl Into<String>,
        basis: Vec<Basis>,
        advice: &str,
    ) {
        let (because, advice) = (because.into(), advice.to_owned());
        self.all.push(Mark { aspect, place: self.place, stand, because, basis, advice });
    }

    fn holds(&mut self, aspect: &'static str, because: impl Into<String>, basis: Vec<Basis>) {
        self.mark(aspect, Stand::Holds, because, basis, "");
    }

    fn fails(&mut self, aspect: &'static str, because: impl Into<String>, basis: Vec<Basis>, fix: &str) {
        self.mark(aspect, Stand::Fails, because, basis, fix);
    }

    fn unknown(&mut self, aspect: &'static str, because: impl Into<String>, basis: Vec<Basis>, give: &str) {
        self.mark(aspect, Stand::Unknown, because, basis, give);
    }

    /// Notes that findings of some rules break an aspect; whether there is one.
    fn broken_by(&mut self, aspect: &'static str, subject: &Subject, rules: &[&str], fix: &str) -> bool {
        let found = subject.findings_of(rules);
        let Some((_, first)) = found.first() else { return false };
        let more = match found.len() {
            1 => String::new(),
            n => format!(" And {} more.", n - 1),
        };
        let because = format!("{}{more}", first.message);
        self.fails(aspect, because, found.iter().map(|(i, _)| Basis::Finding(*i)).collect(), fix);
        true
    }

    /// The same about a platform.
    fn on(&mut self, platform: Platform) -> Marks<'_> {
        Marks { place: Place::Platform(platform), all: self.all }
    }
}

impl Subject {
    /// Whether it can change access, or nobody can tell.
    #[must_use]
    pub fn matters(&self) -> bool {
        self.changes || self.opaque
    }

    /// Whether it is control automation: it needs an owner, tests, review and a release.
    #[must_use]
    pub fn is_control(&self) -> bool {
        self.tier >= 2 || self.opaque
    }

    /// The findings of some rules, each with its number.
    fn findings_of(&self, rules: &[&str]) -> Vec<(usize, &Finding)> {
        self.findings.iter().enumerate().filter(|(_, f)| rules.contains(&f.rule.as_str())).collect()
    }

    /// What was proved about a property: the numbers of those with a verdict.
    fn proofs_of(&self, property: &str, verdict: &str) -> Vec<usize> {
        let wanted =
            self.proofs.iter().enumerate().filter(|(_, p)| p.property == property && p.verdict == verdict);
        wanted.map(|(i, _)| i).collect()
    }

    /// Its control record as a basis, with what it says.
    fn says(&self, what: &str) -> Vec<Basis> {
        vec![Basis::Record(what.to_owned())]
    }
}

/// All marks of a question.
#[must_use]
pub fn marks(question: &Question, subjects: &[Subject], organisation: &Organisation) -> Vec<Mark> {
    let mut all = Vec::new();
    for (i, subject) in subjects.iter().enumerate() {
        (question.one)(subject, organisation, &mut Marks { place: Place::Subject(i), all: &mut all });
    }
    (question.whole)(subjects, organisation, &mut Marks { place: Place::Whole, all: &mut all });
    all
}

/// The platforms of the workflows that matter, each once, in order.
fn platforms(subjects: &[Subject]) -> Vec<Platform> {
    let mut all: Vec<Platform> = subjects.iter().filter(|s| s.matters()).filter_map(|s| s.platform).collect();
    all.sort();
    all.dedup();
    all
}

/// Names in backticks, at most four of them.
fn names<T: AsRef<str>>(all: &[T]) -> String {
    let shown: Vec<String> = all.iter().take(4).map(|n| format!("`{}`", n.as_ref())).collect();
    let more = if all.len() > 4 { format!(" and {} more", all.len() - 4) } else { String::new() };
    shown.join(", ") + &more
}
