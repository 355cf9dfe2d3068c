//! The decision: the facts put to the policies, and the answer with its reasons.

use crate::act::{Act, Verdict};
use crate::cedar::{self, Answer, Which};
use crate::decision::{Because, Decision};
use crate::facts::{Facts, Mode};
use crate::reason::Telling;
use crate::set::PolicySet;
use crate::votes::{self, Parties, Standpoint, Tally};

/// Decides, and says what is missing where it is denied.
#[must_use]
pub fn decide(set: &PolicySet, facts: &Facts) -> Decision {
    let mut decision = answer(set, facts);
    if !decision.verdict && decision.errors.is_empty() {
        decision.missing = crate::missing::ways(set, facts);
    }
    decision
}

/// Decides, without saying what is missing: for many decisions at once, and for asking "what if".
#[must_use]
pub fn answer(set: &PolicySet, facts: &Facts) -> Decision {
    let mode = facts.mode();
    if !set.problems().is_empty() {
        return unreadable(set, mode);
    }
    let parties = Parties::of(facts);
    let asked = Asked::of(set, facts, &parties);
    let stand = votes::standpoint(facts, &parties, &facts.actor, facts.at);
    match asked {
        Err(error) => failed(mode, error),
        Ok(asked) => asked.decide(&stand, mode),
    }
}

/// Whether the policies allow it, all of them, whatever the mode: the question of the search for what is missing.
pub(crate) fn verdict(set: &PolicySet, facts: &Facts) -> bool {
    answer(set, facts).verdict
}

/// What is asked about, prepared once: the subject, the facts, the approvals.
pub(crate) struct Asked<'a> {
    set: &'a PolicySet,
    facts: &'a Facts,
    subject: cedar_policy::Entity,
    context: cedar_policy::Context,
    tally: Tally<'a>,
}

impl<'a> Asked<'a> {
    pub fn of(set: &'a PolicySet, facts: &'a Facts, parties: &Parties<'a>) -> Result<Self, String> {
        let subject = cedar::subject(facts)?;
        let none = Tally::default();
        let mut asked = Asked { set, facts, subject, context: cedar::context(facts, &none)?, tally: none };
        if !facts.approvals.is_empty() {
            let tally = votes::count(facts, parties, |stand, by| {
                let answer = asked.ask(Which::All, Act::Review(Verdict::Approve), stand);
                let act = Act::Review(Verdict::Approve);
                let approving = Telling { facts, act, actor: by, stand, tally: &asked.tally };
                let because = if answer.allow { Vec::new() } else { asked.told(&answer, &approving) };
                (answer.allow, because, answer.errors)
            });
            asked.context = cedar::context(facts, &tally)?;
            asked.tally = tally;
        }
        Ok(asked)
    }

    /// Ids of the humans whose approval counts.
    pub fn counted(&self) -> Vec<&str> {
        self.tally.votes.iter().filter(|v| v.counts).map(|v| v.who.as_str()).collect()
    }

    /// Whether an approval of somebody would count.
    pub fn would_count(&self, stand: &Standpoint<'_>) -> bool {
        self.ask(Which::All, Act::Review(Verdict::Approve), stand).allow
    }

    fn ask(&self, which: Which, act: Act, stand: &Standpoint<'_>) -> Answer {
        cedar::ask(self.set, which, act, stand, &self.subject, &self.context)
    }

    fn told(&self, answer: &Answer, telling: &Telling<'_>) -> Vec<Because> {
        let known = answer.because.iter().filter_map(|id| self.set.policy(id));
        let told: Vec<Because> = known.map(|info| telling.because(info)).collect();
        if told.is_empty() && answer.errors.is_empty() { vec![telling.default_deny()] } else { told }
    }

    fn decide(self, stand: &Standpoint<'_>, mode: Mode) -> Decision {
        let all = self.ask(Which::All, self.facts.act, stand);
        let lenient = !all.allow && Which::in_mode(mode) == Which::Always;
        let always = lenient.then(|| self.ask(Which::Always, self.facts.act, stand));
        let telling = Telling {
            facts: self.facts,
            act: self.facts.act,
            actor: &self.facts.actor,
            stand,
            tally: &self.tally,
        };
        let because = self.told(&all, &telling);
        let mut errors = all.errors;
        errors.extend(self.tally.errors);
        errors.sort();
        errors.dedup();
        let sound = errors.is_empty();
        Decision {
            allow: sound && (all.allow || always.is_some_and(|a| a.allow)),
            verdict: sound && all.allow,
            mode,
            because,
            votes: self.tally.votes,
            chain: stand.chain.iter().map(|&id| id.to_owned()).collect(),
            missing: Vec::new(),
            errors,
        }
    }
}

fn failed(mode: Mode, error: String) -> Decision {
    Decision {
        allow: false,
        verdict: false,
        mode,
        because: Vec::new(),
        votes: Vec::new(),
        chain: Vec::new(),
        missing: Vec::new(),
        errors: vec![error],
    }
}

/// A set with a problem denies everything.
fn unreadable(set: &PolicySet, mode: Mode) -> Decision {
    let errors = set.problems().iter().map(|p| format!("{}:{}: {}", p.file, p.line, p.message)).collect();
    Decision { errors, ..failed(mode, String::new()) }
}
