//! The state: what is proposed, released, approved, excepted and open, as the events left it. Times stay in it, so that
//! it can be asked about any moment.

use crate::apply::Refusal;
use crate::event::{Digest32, Intent};
use policy::{
    Actor, Approval, BreakGlass, ComponentKind, Contribution, Exception, FindingFact, Governed, Mode, Moment,
    OpenReview, Record, Standing, Subject, SubjectKind, TestEvidence, Verdict,
};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use workflow::Severity;

/// How long a post-change review may take after the emergency lane has ended, in hours.
pub const REVIEW_HOURS: i64 = 72;

/// Everything that events have come to.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct State {
    /// Workflows under governance, by name.
    pub workflows: BTreeMap<String, WorkflowState>,
    /// Proposals, by the statement that made them.
    pub proposals: BTreeMap<String, Proposal>,
    /// The statements that proposed something, by its kind and name, in order, with when.
    pub proposed: BTreeMap<(SubjectKind, String), Vec<(Moment, String)>>,
    /// The statements that proposed a closure, in order.
    #[serde(skip)]
    pub closures: BTreeMap<String, Vec<String>>,
    /// Versions of components that were approved: kind, name.
    pub components: BTreeMap<(ComponentKind, String), Vec<Approved>>,
    /// Rotations of credentials that somebody recorded: when each was, and by which statement.
    pub rotations: BTreeMap<String, Vec<(Moment, String)>>,
    /// Exceptions, by the statement that granted them.
    pub exceptions: BTreeMap<String, Leave>,
    /// Break-glass, by the statement that opened it.
    pub glasses: BTreeMap<String, Glass>,
    /// The exceptions and break-glass of each workflow.
    #[serde(skip)]
    pub lanes: BTreeMap<String, Lanes>,
    /// The proposals that reviewers answered, by the closure.
    pub reviewed: BTreeMap<String, BTreeSet<String>>,
    /// What governs, in the version in force.
    pub governed: BTreeMap<Governed, Version>,
    /// The modes that a change of the configuration set last.
    pub modes: BTreeMap<u8, Mode>,
    /// Statements that nothing followed yet.
    pub heads: BTreeSet<String>,
}

/// A workflow under governance.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct WorkflowState {
    /// Where it is in its life.
    pub phase: Phase,
    /// Who answers for it, as the last statement said.
    pub owner: String,
    /// The record that was released last.
    pub record: Option<Record>,
    /// What was released, by environment, in order.
    pub releases: BTreeMap<String, Vec<Release>>,
    /// Tests that were attested to, by environment, and by which statement.
    pub tests: BTreeMap<String, Vec<(String, TestEvidence)>>,
}

/// What was granted and opened for a workflow, by the statements that did.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Lanes {
    /// Exceptions.
    pub exceptions: BTreeSet<String>,
    /// Break-glass in whose scope it is.
    pub glasses: BTreeSet<String>,
}

/// Where a workflow is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Under governance.
    #[default]
    Registered,
    /// Stopped at once; a release brings it back.
    Killed,
    /// At its end; registering begins anew.
    Retired,
}

/// A release, or a roll-back.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Release {
    /// The statement.
    pub id: String,
    /// The proposal it carries out; of a roll-back in an emergency, the break-glass.
    pub of: String,
    /// The closure.
    pub closure: String,
    /// Its parts.
    pub parts: BTreeMap<String, Digest32>,
    /// When.
    pub at: Moment,
    /// The key that signed.
    pub key: String,
    /// The commit that was looked at.
    pub commit: String,
    /// The commits at which its proposer and those who approved it say that they looked.
    #[serde(skip)]
    pub looked: Vec<String>,
    /// It goes back to an earlier one.
    pub back: bool,
    /// The highest tier that anybody said it has: its proposer, a reviewer, who released it.
    pub tier: u8,
}

/// What is live, and by which right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Live<'s> {
    /// By a release.
    Released(&'s Release),
    /// By a break-glass that holds.
    Emergency(&'s str, &'s Glass),
}

/// A proposal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Proposal {
    /// What it asks for.
    pub intent: Intent,
    /// Something was put in it for reviewers to find.
    pub drill: bool,
    /// What the proposer said.
    pub reason: String,
    /// What it is about.
    pub kind: SubjectKind,
    /// Its name.
    pub name: String,
    /// The environment.
    pub environment: String,
    /// The closure.
    pub closure: String,
    /// Its parts.
    pub parts: BTreeMap<String, Digest32>,
    /// The policy version it was made under.
    pub policy: String,
    /// Who asks: the key that signed.
    pub key: String,
    /// When.
    pub at: Moment,
    /// Who had a part in it, as recorded.
    pub contributors: Vec<Contribution>,
    /// Whether a machine made it, or helped.
    pub ai: policy::AiMark,
    /// The highest tier that the proposer and reviewers said it has.
    pub tier: u8,
    /// Who answers for it, by the record that the proposer saw; nothing where the statement does not say.
    #[serde(skip)]
    pub record: Option<Record>,
    /// The commit that the proposer looked at.
    #[serde(skip)]
    pub commit: String,
    /// What reviewers said.
    pub reviews: Vec<Review>,
    /// What became of it.
    pub status: ProposalStatus,
    /// Its number in the order of all statements.
    pub number: u64,
}

/// What became of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // the words say it
pub enum ProposalStatus {
    Open,
    Withdrawn,
    Done,
}

/// What a reviewer said.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Review {
    /// The statement.
    pub id: String,
    /// Who, bound to what.
    pub by: Actor,
    /// What.
    pub verdict: Verdict,
    /// When.
    pub at: Moment,
    /// How it was done.
    pub looked: Option<crate::event::Looked>,
    /// The control record that they saw; nothing where the statement does not say.
    #[serde(skip)]
    pub record: Option<Record>,
    /// The commit that they looked at.
    #[serde(skip)]
    pub commit: String,
}

/// A version that was approved.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Approved {
    /// The statement.
    pub id: String,
    /// The version or digest.
    pub version: String,
    /// From when on.
    pub from: Moment,
    /// Until when.
    pub withdrawn: Option<Moment>,
}

/// An exception, with the periods that it was granted for: asked about a moment, it answers as it stood then.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Leave {
    /// As it stands now.
    pub exception: Exception,
    /// The environment that it is for.
    pub environment: String,
    /// The statements that granted and renewed it.
    pub statements: Vec<String>,
    /// The tier that the workflow had then: of a higher one it lets nothing pass.
    pub tier: u8,
    /// How bad the findings were then that it covers: a worse one it does not let pass.
    pub findings: BTreeMap<String, Severity>,
}

/// A break-glass.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Glass {
    /// As it stands now.
    pub glass: BreakGlass,
    /// The environment that it is for.
    pub environment: String,
    /// The tier that it was opened for: what is of a higher one is not put live by it.
    pub tier: u8,
    /// The closures that were put live by it: workflow, closure, when.
    pub uses: Vec<(String, String, Moment)>,
    /// When it was looked at, and by which statement.
    pub reviewed: Option<(Moment, String)>,
}

/// The version of what governs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Version {
    /// The statement.
    pub id: String,
    /// The digest.
    pub digest: String,
    /// The proposal that it carries out.
    pub of: String,
    /// When.
    pub at: Moment,
}

impl Leave {
    /// As far as it reaches for a workflow of this tier with these findings; nothing where it does not reach to the tier.
    #[must_use]
    pub fn reaching(&self, tier: u8, findings: &[FindingFact]) -> Option<Exception> {
        let mut exception = Some(&self.exception).filter(|_| tier <= self.tier)?.clone();
        exception.covers.retain(|what| {
            let Some(rule) = what.strip_prefix("finding:") else { return true };
            let was = self.findings.get(rule);
            findings.iter().filter(|f| f.rule == rule).all(|f| was.is_some_and(|was| f.severity <= *was))
        });
        Some(exception)
    }
}

impl Glass {
    /// Why a workflow of this tier is not put live by it, where it is not.
    #[must_use]
    pub fn out_of_reach(&self, workflow: &str, tier: u8) -> Option<Refusal> {
        let (id, opened) = (&self.glass.id, self.tier);
        let message = format!(
            "the break-glass {id} was opened for tier {opened}, and `{workflow}` is tier {tier} now: open another"
        );
        (tier > opened).then(|| Refusal { rule: "break-glass-tier".to_owned(), message })
    }

    /// When it ended: closed, or its time was over.
    #[must_use]
    pub fn ended(&self) -> Option<Moment> {
        self.glass.closed.or(self.glass.until)
    }

    /// The review that is owed for it at a moment, if one is.
    #[must_use]
    pub fn owed(&self, at: Moment) -> Option<OpenReview> {
        let over = matches!(self.glass.standing(at), Standing::Expired | Standing::Ended);
        let given = self.reviewed.as_ref().is_some_and(|(when, _)| *when <= at);
        (over && !given && !self.glass.drill).then(|| OpenReview {
            of: self.glass.id.clone(),
            due: self.ended().map(|end| end.plus_hours(REVIEW_HOURS)),
            involved: self.glass.used_by.iter().chain([&self.glass.opened_by]).cloned().collect(),
        })
    }
}

impl Proposal {
    /// What reviewers said, as the policies count it.
    #[must_use]
    pub fn approvals(&self) -> Vec<Approval> {
        self.reviews.iter().map(Review::counted).collect()
    }
}

impl Review {
    /// The review, as the policies count it.
    #[must_use]
    pub fn counted(&self) -> Approval {
        Approval { by: self.by.clone(), verdict: self.verdict, at: self.at }
    }
}

impl State {
    /// The exceptions that were granted for a workflow.
    pub fn exceptions_of(&self, workflow: &str) -> impl Iterator<Item = &Leave> {
        let ids = self.lanes.get(workflow).into_iter().flat_map(|l| &l.exceptions);
        ids.filter_map(|id| self.exceptions.get(id))
    }

    /// The break-glass in whose scope a workflow is.
    pub fn glasses_of(&self, workflow: &str) -> impl Iterator<Item = &Glass> {
        let ids = self.lanes.get(workflow).into_iter().flat_map(|l| &l.glasses);
        ids.filter_map(|id| self.glasses.get(id))
    }

    /// The release in force for an environment.
    #[must_use]
    pub fn released(&self, workflow: &str, environment: &str) -> Option<&Release> {
        self.workflows.get(workflow)?.releases.get(environment)?.last()
    }

    /// What may be live at a moment: what a break-glass that holds put there last, else the release. Nothing of a
    /// workflow that is stopped or retired.
    #[must_use]
    pub fn live(&self, workflow: &str, environment: &str, at: Moment) -> Option<Live<'_>> {
        if self.workflows.get(workflow)?.phase != Phase::Registered {
            return None;
        }
        let here = self.glasses_of(workflow).filter(|g| g.environment == environment && !g.glass.drill);
        let open = here.filter(|g| g.glass.is_open_for(workflow, at));
        let used = open.flat_map(|g| {
            let mine = g.uses.iter().filter(|(name, _, when)| name == workflow && *when <= at);
            mine.map(move |(_, closure, when)| (*when, closure.as_str(), g))
        });
        let emergency = used.max_by_key(|(when, ..)| *when);
        let release = self.released(workflow, environment);
        match (emergency, release) {
            (Some((when, closure, glass)), release) if release.is_none_or(|r| r.at <= when) => {
                Some(Live::Emergency(closure, glass))
            }
            (_, release) => release.map(Live::Released),
        }
    }

    /// The newest tests of a closure that somebody attested to for an environment, not later than a moment.
    #[must_use]
    pub fn tested(
        &self,
        workflow: &str,
        closure: &str,
        environment: &str,
        at: Moment,
    ) -> Option<&(String, TestEvidence)> {
        let attested = self.workflows.get(workflow).and_then(|w| w.tests.get(environment));
        let attested = attested.into_iter().flatten();
        attested.filter(|(_, t)| t.closure == closure && t.at <= at).max_by_key(|(_, t)| t.at)
    }

    /// Whether the way back from an emergency was rehearsed: what is released of each workflow in the scope was attested to by
    /// tests, the newest of which pass. Where nothing is released, the way back is to stop the workflow.
    #[must_use]
    pub fn way_back(&self, scope: &[String], environment: &str, at: Moment) -> bool {
        scope.iter().filter_map(|name| Some((name, self.released(name, environment)?))).all(
            |(name, release)| {
                let tested = self.tested(name, &release.closure, environment, at);
                tested.is_some_and(|(_, t)| t.passed > 0 && t.failed == 0)
            },
        )
    }

    /// A break-glass as it would be opened: whether its way back was rehearsed is read here, whatever it claims.
    pub(crate) fn rehearsed(&self, glass: &BreakGlass, environment: &str, at: Moment) -> BreakGlass {
        BreakGlass { way_back: self.way_back(&glass.scope, environment, at), ..glass.clone() }
    }

    /// Who answers for a workflow: by the record that was released, whatever lies in the folder now; before that, by who was
    /// named when it was registered.
    #[must_use]
    pub fn answering(&self, workflow: &str) -> Option<Record> {
        let known = self.workflows.get(workflow).filter(|w| !w.owner.is_empty())?;
        let record = known.record.clone().unwrap_or_else(|| Record { present: true, ..Record::default() });
        Some(Record { owner: known.owner.clone(), ..record })
    }

    /// The newest open proposal about something that asks for this: of its closure, or where there is none, of another.
    #[must_use]
    pub fn open_proposal(
        &self,
        subject: &Subject,
        environment: &str,
        intent: Intent,
    ) -> Option<(&String, &Proposal)> {
        let mine = |p: &Proposal| {
            p.status == ProposalStatus::Open && p.intent == intent && p.environment == environment
        };
        self.proposals_of(subject.kind, &subject.name)
            .filter(|(_, p)| mine(p))
            .max_by_key(|(id, p)| (p.closure == subject.closure, p.number, *id))
    }

    /// The proposals about something, in order.
    pub fn proposals_of(
        &self,
        kind: SubjectKind,
        name: &str,
    ) -> impl DoubleEndedIterator<Item = (&String, &Proposal)> {
        self.proposals_since(kind, name, Moment(i64::MIN))
    }

    /// The proposals about something that were made at a moment or later, in order: of a long history only these are looked up.
    pub(crate) fn proposals_since(
        &self,
        kind: SubjectKind,
        name: &str,
        since: Moment,
    ) -> impl DoubleEndedIterator<Item = (&String, &Proposal)> {
        let ids = self.proposed.get(&(kind, name.to_owned())).map_or(&[][..], Vec::as_slice);
        let recent = ids.iter().filter(move |(at, _)| *at >= since);
        recent.filter_map(|(_, id)| self.proposals.get_key_value(id))
    }

    /// The versions of a component that are approved at a moment.
    #[must_use]
    pub fn approved(&self, kind: ComponentKind, name: &str, at: Moment) -> Vec<String> {
        let all = self.components.get(&(kind, name.to_owned())).into_iter().flatten();
        all.filter(|a| a.from <= at && a.withdrawn.is_none_or(|w| at < w))
            .map(|a| a.version.clone())
            .collect()
    }

    /// When the approval of a version of a component was withdrawn, where no other is in force at a moment.
    #[must_use]
    pub fn withdrawn(&self, kind: ComponentKind, name: &str, version: &str, at: Moment) -> Option<Moment> {
        let all = self.components.get(&(kind, name.to_owned())).into_iter().flatten();
        let of_version = || all.clone().filter(|a| a.version == version && a.from <= at);
        let ended = |a: &Approved| a.withdrawn.filter(|w| *w <= at);
        of_version().all(|a| ended(a).is_some()).then(|| of_version().filter_map(ended).max()).flatten()
    }

    /// What reviewers said of a proposal, in order; and a last word on the same closure in other proposals where it was no, which
    /// asking again does not take away.
    #[must_use]
    pub fn said(&self, of: &str) -> Vec<&Review> {
        let Some(proposal) = self.proposals.get(of) else { return Vec::new() };
        let same = |p: &&Proposal| {
            (p.kind, &p.name, &p.environment) == (proposal.kind, &proposal.name, &proposal.environment)
                && !p.drill
        };
        let ids = self.reviewed.get(&proposal.closure).into_iter().flatten().filter(|id| *id != of);
        let others = ids.filter_map(|id| self.proposals.get(id)).filter(same);
        let mut words: Vec<&Review> = others.flat_map(|p| &p.reviews).collect();
        words.sort_by_key(|r| r.at);
        let last: BTreeMap<&str, &Review> = words.into_iter().map(|r| (r.by.account.as_str(), r)).collect();
        let mut all: Vec<&Review> =
            last.into_values().filter(|r| r.verdict != Verdict::Approve).chain(&proposal.reviews).collect();
        all.sort_by_key(|r| r.at);
        all
    }

    /// The post-change reviews that are owed at a moment for emergencies of an owner's workflows.
    #[must_use]
    pub fn owed(&self, owner: &str, workflow: &str, at: Moment) -> Vec<OpenReview> {
        let theirs = |g: &Glass| {
            g.glass.scope.iter().any(|name| {
                let owned = self.workflows.get(name).is_some_and(|w| !owner.is_empty() && w.owner == owner);
                name == workflow || owned
            })
        };
        let open = self.glasses.values().filter(|g| g.reviewed.as_ref().is_none_or(|(when, _)| *when > at));
        open.filter(|g| theirs(g)).filter_map(|g| g.owed(at)).collect()
    }
}
