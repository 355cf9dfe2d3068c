//! The decision: the facts put to the policies, and the answer with its reasons.

use crate::act::{Act, Verdict};
use crate::cedar::{self, Answer, Pairs, Which};
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
    asked(set, facts, |asked, stand, mode| {
        let all = asked.ask(Which::All, facts.act, stand);
        asked.decide(all, stand, mode)
    })
    .unwrap_or_else(|mode| unreadable(set, mode))
}

/// The decision where the policies do not allow it, all of them; nothing where they do. The same as [`answer`], which also says
/// why something is allowed: of acts by the thousand nobody asks that, and telling takes as long as deciding.
#[must_use]
pub fn objection(set: &PolicySet, facts: &Facts) -> Option<Decision> {
    asked(set, facts, |asked, stand, mode| {
        let all = asked.ask(Which::All, facts.act, stand);
        let passes = all.allow && all.errors.is_empty() && asked.tally.errors.is_empty();
        (!passes).then(|| asked.decide(all, stand, mode))
    })
    .unwrap_or_else(|mode| Some(unreadable(set, mode)))
}

/// Asks something of prepared facts; the mode alone comes back of a set that cannot be read.
fn asked<T>(
    set: &PolicySet,
    facts: &Facts,
    ask: impl FnOnce(Asked<'_>, &Standpoint<'_>, Mode) -> T,
) -> Result<T, Mode> {
    let mode = facts.mode();
    if !set.problems().is_empty() {
        return Err(mode);
    }
    let parties = Parties::of(facts);
    let asked = Asked::of(set, facts, &parties);
    let stand = votes::standpoint(facts, &parties, &facts.actor, facts.at);
    Ok(ask(asked, &stand, mode))
}

/// Whether the policies allow it, all of them, whatever the mode: the question of the search for what is missing.
pub(crate) fn verdict(set: &PolicySet, facts: &Facts) -> bool {
    objection(set, facts).is_none()
}

/// What is asked about, prepared once: the subject, the facts, the approvals.
pub(crate) struct Asked<'a> {
    set: &'a PolicySet,
    facts: &'a Facts,
    subject: Pairs<'a>,
    context: Pairs<'a>,
    tally: Tally<'a>,
}

/// The act by which an approval is given: whether it counts is whether that is allowed.
const APPROVE: Act = Act::Review(Verdict::Approve);

impl<'a> Asked<'a> {
    /// What the facts' own act is asked about.
    pub fn of(set: &'a PolicySet, facts: &'a Facts, parties: &Parties<'a>) -> Self {
        if !cedar::is_approved(facts.act) || facts.approvals.is_empty() {
            return Self::about(set, facts, facts.act, Tally::default());
        }
        let each = Self::about(set, facts, APPROVE, Tally::default());
        let tally = votes::count(facts, parties, |stand, by| {
            let answer = each.ask(Which::All, APPROVE, stand);
            let approving = Telling { facts, act: APPROVE, actor: by, stand, tally: &each.tally };
            let because = if answer.allow { Vec::new() } else { each.told(&answer, &approving) };
            (answer.allow, because, answer.errors)
        });
        Asked { context: cedar::context(facts, facts.act, &tally), tally, ..each }
    }

    /// What an act is asked about, given what the approvals come to.
    fn about(set: &'a PolicySet, facts: &'a Facts, act: Act, tally: Tally<'a>) -> Self {
        let (subject, context) = (cedar::subject(facts), cedar::context(facts, act, &tally));
        Asked { set, facts, subject, context, tally }
    }

    /// What an approval is asked about.
    pub fn approving(set: &'a PolicySet, facts: &'a Facts) -> Self {
        Self::about(set, facts, APPROVE, Tally::default())
    }

    /// What the approvals come to.
    #[cfg(test)]
    pub fn tally(&self) -> &Tally<'a> {
        &self.tally
    }

    /// What it is done to, and the rest, as they are put to the policies.
    #[cfg(test)]
    pub fn put(&self) -> (&Pairs<'a>, &Pairs<'a>) {
        (&self.subject, &self.context)
    }

    /// Cedar's answer to all policies of an act.
    #[cfg(test)]
    pub fn ask_all(&self, act: Act, stand: &Standpoint<'_>) -> Answer {
        self.ask(Which::All, act, stand)
    }

    /// Ids of the humans whose approval counts.
    pub fn counted(&self) -> Vec<&str> {
        self.tally.votes.iter().filter(|v| v.counts).map(|v| v.who.as_str()).collect()
    }

    /// Whether an approval of somebody would count: for what was prepared by `approving`.
    pub fn would_count(&self, stand: &Standpoint<'_>) -> bool {
        self.ask(Which::All, APPROVE, stand).allow
    }

    fn ask(&self, which: Which, act: Act, stand: &Standpoint<'_>) -> Answer {
        cedar::ask(self.set, which, act, stand, (&self.facts.subject.name, &self.subject, &self.context))
    }

    fn told(&self, answer: &Answer, telling: &Telling<'_>) -> Vec<Because> {
        let known = answer.because.iter().filter_map(|id| self.set.policy(id));
        let told: Vec<Because> = known.map(|info| telling.because(info)).collect();
        if told.is_empty() && answer.errors.is_empty() { vec![telling.default_deny()] } else { told }
    }

    /// The decision, by the answer of all policies.
    fn decide(self, all: Answer, stand: &Standpoint<'_>, mode: Mode) -> Decision {
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

/// A set with a problem denies everything.
fn unreadable(set: &PolicySet, mode: Mode) -> Decision {
    let errors = set.problems().iter().map(|p| format!("{}:{}: {}", p.file, p.line, p.message)).collect();
    Decision {
        allow: false,
        verdict: false,
        mode,
        because: Vec::new(),
        votes: Vec::new(),
        chain: Vec::new(),
        missing: Vec::new(),
        errors,
    }
}
