//! From marks to answers: counted over everything, by aspect and by platform, with what to do and what would have to be given.

use super::{Mark, Organisation, Place, QUESTIONS, Question, Stand, Subject, marks, platforms};
use serde::Serialize;
use std::collections::BTreeMap;
use workflow::Platform;

/// So many pieces of advice are given to a question.
const ADVICE: usize = 5;

/// An answer to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // the words say it
pub enum Answer {
    Yes,
    No,
    Partly,
    CannotBeTold,
}

impl Answer {
    /// In words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Answer::Yes => "yes",
            Answer::No => "no",
            Answer::Partly => "partly",
            Answer::CannotBeTold => "cannot be told",
        }
    }
}

/// How many places stand how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Count {
    /// As they should.
    pub holds: usize,
    /// As they should not.
    pub fails: usize,
    /// It cannot be told.
    pub unknown: usize,
}

impl Count {
    fn add(&mut self, stand: Stand) {
        match stand {
            Stand::Holds => self.holds += 1,
            Stand::Fails => self.fails += 1,
            Stand::Unknown => self.unknown += 1,
        }
    }

    /// How many in all.
    #[must_use]
    pub fn all(&self) -> usize {
        self.holds + self.fails + self.unknown
    }

    /// What they come to.
    #[must_use]
    pub fn answer(&self, yes_is_good: bool) -> Answer {
        let (good, bad) = if yes_is_good { (Answer::Yes, Answer::No) } else { (Answer::No, Answer::Yes) };
        match (self.holds, self.fails, self.unknown) {
            (0, 0, _) => Answer::CannotBeTold,
            (0, _, _) => bad,
            (_, 0, 0) => good,
            _ => Answer::Partly,
        }
    }
}

/// One aspect of an answer.
#[derive(Debug, Clone, Serialize)]
pub struct AspectAnswer {
    /// Its id.
    pub id: &'static str,
    /// Its title.
    pub title: &'static str,
    /// The answer; none where it does not arise.
    pub answer: Option<Answer>,
    /// The count.
    pub count: Count,
}

/// The answer for one platform.
#[derive(Debug, Clone, Serialize)]
pub struct PlatformAnswer {
    /// The platform.
    pub platform: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// The answer.
    pub answer: Answer,
    /// The count.
    pub count: Count,
    /// In a sentence.
    pub sentence: String,
}

/// A question with its answer.
pub struct Answered {
    /// The question.
    pub question: &'static Question,
    /// The answer.
    pub answer: Answer,
    /// Whether it is the one that is hoped for.
    pub good: bool,
    /// In a sentence.
    pub sentence: String,
    /// The workflows counted.
    pub count: Count,
    /// By aspect.
    pub aspects: Vec<AspectAnswer>,
    /// By platform.
    pub platforms: Vec<PlatformAnswer>,
    /// What to do, the most frequent first, with how often.
    pub fixes: Vec<(String, usize)>,
    /// What would have to be given, the same way.
    pub gives: Vec<(String, usize)>,
    /// Every judgement, in the order of the workflows.
    pub marks: Vec<Mark>,
}

/// The answers to all questions.
#[must_use]
pub fn answers(subjects: &[Subject], organisation: &Organisation) -> Vec<Answered> {
    QUESTIONS.iter().map(|q| answered(q, subjects, organisation)).collect()
}

fn answered(question: &'static Question, subjects: &[Subject], organisation: &Organisation) -> Answered {
    let marks = marks(question, subjects, organisation);
    let worst = worst(&marks);
    let mut count = Count::default();
    let mut around = Count::default();
    for (place, stand) in &worst {
        let of = if matches!(place, Place::Subject(_)) { &mut count } else { &mut around };
        of.add(*stand);
    }
    let both = Count {
        holds: count.holds + around.holds,
        fails: count.fails + around.fails,
        unknown: count.unknown + around.unknown,
    };
    let answer = both.answer(question.yes_is_good);
    let by_platform = platforms(subjects);
    let platforms =
        by_platform.into_iter().filter_map(|p| of_platform(question, subjects, &worst, p)).collect();
    Answered {
        question,
        answer,
        good: matches!((answer, question.yes_is_good), (Answer::Yes, true) | (Answer::No, false)),
        sentence: sentence(question, count) + &around_words(around),
        count,
        aspects: question.aspects.iter().map(|(id, title)| aspect(question, id, title, &marks)).collect(),
        platforms,
        fixes: advice(&marks, Stand::Fails),
        gives: advice(&marks, Stand::Unknown),
        marks,
    }
}

/// How each place stands: by the worst of its marks.
fn worst(marks: &[Mark]) -> BTreeMap<Place, Stand> {
    let mut worst: BTreeMap<Place, Stand> = BTreeMap::new();
    for mark in marks {
        let stand = worst.entry(mark.place).or_insert(Stand::Holds);
        *stand = (*stand).max(mark.stand);
    }
    worst
}

fn of_platform(
    question: &Question,
    subjects: &[Subject],
    worst: &BTreeMap<Place, Stand>,
    platform: Platform,
) -> Option<PlatformAnswer> {
    let (mut count, mut own) = (Count::default(), Count::default());
    for (place, stand) in worst {
        match place {
            Place::Subject(i) if subjects.get(*i).and_then(|s| s.platform) == Some(platform) => {
                count.add(*stand)
            }
            Place::Platform(p) if *p == platform => own.add(*stand),
            _ => {}
        }
    }
    let both = Count {
        holds: count.holds + own.holds,
        fails: count.fails + own.fails,
        unknown: count.unknown + own.unknown,
    };
    (both.all() > 0).then(|| PlatformAnswer {
        platform: platform.as_str(),
        title: platform.title(),
        answer: both.answer(question.yes_is_good),
        count,
        sentence: sentence(question, count),
    })
}

fn aspect(question: &Question, id: &'static str, title: &'static str, marks: &[Mark]) -> AspectAnswer {
    let mut count = Count::default();
    let own: Vec<Mark> = marks.iter().filter(|m| m.aspect == id).cloned().collect();
    worst(&own).into_values().for_each(|stand| count.add(stand));
    let answer = (count.all() > 0).then(|| count.answer(question.yes_is_good));
    AspectAnswer { id, title, answer, count }
}

/// The count in a sentence.
fn sentence(question: &Question, count: Count) -> String {
    let all = count.all();
    if all == 0 {
        return format!("There is no {} to ask this of.", question.noun);
    }
    let mut parts = Vec::new();
    if count.fails > 0 {
        parts.push(format!("{} in {}", question.bad, count.fails));
    }
    if count.holds > 0 {
        parts.push(format!("{} in {}", question.good, count.holds));
    }
    if count.unknown > 0 {
        parts.push(format!("it cannot be told in {}", count.unknown));
    }
    let of = if all == 1 { "the one".to_owned() } else { format!("{all}") };
    let noun = if all == 1 { question.noun.to_owned() } else { plural(question.noun) };
    format!("Of {of} {noun}: {}.", parts.join(", "))
}

/// `workflow that can change access` in the plural.
fn plural(noun: &str) -> String {
    noun.replacen("workflow", "workflows", 1)
}

fn around_words(around: Count) -> String {
    match (around.fails, around.unknown) {
        (0, 0) => String::new(),
        (0, _) => " Around them something cannot be told.".to_owned(),
        _ => " Around them something is missing.".to_owned(),
    }
}

/// The advice of marks that stand in one way, each once with how many places it is about, the most frequent first.
fn advice(marks: &[Mark], stand: Stand) -> Vec<(String, usize)> {
    let mut counts: Vec<(String, usize, Vec<Place>)> = Vec::new();
    for mark in marks.iter().filter(|m| m.stand == stand && !m.advice.is_empty()) {
        match counts.iter_mut().find(|(text, ..)| *text == mark.advice) {
            Some((_, n, places)) => {
                if places.last() != Some(&mark.place) {
                    places.push(mark.place);
                    *n += 1;
                }
            }
            None => counts.push((mark.advice.clone(), 1, vec![mark.place])),
        }
    }
    counts.sort_by_key(|(_, n, _)| std::cmp::Reverse(*n));
    counts.into_iter().take(ADVICE).map(|(text, n, _)| (text, n)).collect()
}
