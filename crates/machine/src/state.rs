//! The state of runs, as data: where the tokens are, what is known, what was assumed. Cheap to copy, comparable,
//! hashable, serialisable at every point.

use crate::Val;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use workflow::{StepIx, Text};

/// The state of one or several runs of a program.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct State {
    /// Runs, called runs and rounds of loops, by their numbers; a number is free again when its frame has ended.
    pub frames: Vec<Option<Arc<Frame>>>,
    /// Where the runs are, the next to go first.
    pub tokens: Vec<Token>,
    /// The token whose turn it is, where several could go on.
    pub turn: Option<u32>,
    /// The moment, in milliseconds since 1970 (UTC); none while time is not known.
    pub clock: Option<i64>,
    /// What was assumed of conditions that could not be evaluated.
    pub facts: Facts,
    /// How runs ended, in order.
    pub ended: Vec<End>,
}

/// What was assumed: the path condition.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Facts {
    /// What unknown values turned out to be.
    pub values: BTreeMap<Text, Val>,
    /// Conditions on unknown values, by their names, and whether they hold.
    pub holds: BTreeMap<Text, bool>,
    /// For proofs: the condition (of which workflow, by its edge) that each was assumed for.
    pub of: BTreeMap<Text, (u32, u32)>,
}

impl Facts {
    /// Nothing was assumed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.holds.is_empty()
    }
}

/// A place in a run where something goes on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Token {
    /// The frame it is in.
    pub frame: u32,
    /// The step it is at.
    pub at: StepIx,
    /// What the step is doing.
    pub phase: Phase,
    /// What the steps directly before handed on.
    pub input: Val,
    /// How often the step was tried before, in this visit.
    pub attempt: u32,
    /// Where its items come from, each with its place; empty where there is one, or nothing to choose from.
    pub origins: Vec<Origin>,
    /// The items that the step handles one by one, while it does: the input is the current one of them.
    pub batch: Option<Box<Batch>>,
}

/// Where an item comes from: of steps that gave several, which of them.
pub type Origin = Vec<(StepIx, u32)>;

/// In origins: the trigger.
pub(crate) const TRIGGER: StepIx = StepIx(u32::MAX);

/// Items that a step handles one by one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Batch {
    /// All that came in.
    pub items: Arc<Vec<Val>>,
    /// The current one.
    pub at: u32,
    /// What was given so far, each with the item it was given for.
    pub given: Vec<(u32, Val)>,
    /// What became of items that failed and go a way of their own.
    pub failed: Vec<(u32, Val)>,
    /// The items that take each edge.
    pub sorted: BTreeMap<u32, Vec<u32>>,
}

impl Token {
    /// A token that reaches a step.
    #[must_use]
    pub fn arrives(frame: u32, at: StepIx, input: Val) -> Self {
        Token { frame, at, phase: Phase::Arrived, input, attempt: 0, origins: Vec::new(), batch: None }
    }
}

/// What a step is doing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Phase {
    /// It was reached and has done nothing.
    Arrived,
    /// It waits for the world's answer.
    Asks,
    /// A condition cannot be evaluated.
    Chooses(Choice),
    /// Rounds of its loop, or the workflow it called, are running.
    Inside,
    /// It stands still until a person resolves what went wrong.
    Stuck,
}

/// What cannot be known from the definition and the data.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Choice {
    /// Whether the condition of this edge holds, and whether an edge was taken before it.
    Condition(u32),
    /// Whether a loop has another round.
    Another,
    /// Whether this error edge takes the failure, and the failure.
    Catches(u32, Fault),
    /// Whether the step is done again after a crash.
    Repeats,
    /// Whether a loop tolerates that as many of its rounds have failed, and how this one has.
    Tolerates(Fault),
}

/// A failure.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Fault {
    /// The platform's name of the error; empty where it has none.
    pub name: Text,
    /// What else is known of it.
    pub data: Val,
    /// It took too long, or nobody answered.
    pub timeout: bool,
}

/// A run, a called run, or one round of a loop.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Frame {
    /// The workflow, by its index in the program.
    pub workflow: u32,
    /// What it is.
    pub kind: FrameKind,
    /// Results of steps, by step.
    pub results: BTreeMap<StepIx, Val>,
    /// Variables.
    pub variables: BTreeMap<Text, Val>,
    /// What arrived at steps that wait for all before them: edges and what they carried.
    pub joins: BTreeMap<StepIx, Vec<(u32, Val)>>,
    /// Loops under way.
    pub loops: BTreeMap<StepIx, Rounds>,
    /// Where the items come from that went over an edge, until they have arrived.
    pub origins: BTreeMap<u32, Vec<Origin>>,
    /// Containers that may be tried again: how often they were, and what they were given.
    pub attempts: BTreeMap<StepIx, (u32, Val)>,
    /// What the last step handed on.
    pub last: Val,
    /// Something failed that nothing dealt with, and the rest goes on.
    pub failed: Option<Fault>,
    /// A round that came back to its loop.
    pub returned: bool,
}

/// What a frame is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FrameKind {
    /// A run.
    Run {
        /// The trigger that started it.
        trigger: u32,
        /// What it was started with.
        input: Val,
        /// The frame and step that called it and wait for it.
        caller: Option<(u32, StepIx)>,
    },
    /// A round of a loop.
    Round {
        /// The frame that the loop is in.
        parent: u32,
        /// The loop.
        of: StepIx,
        /// Its number, from 0.
        index: u32,
        /// Its item.
        item: Val,
    },
}

/// A loop under way.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Rounds {
    /// What it repeats over; none where that is not known, or where it repeats until a condition holds.
    pub items: Option<Arc<Vec<Val>>>,
    /// The number of the next round.
    pub next: u32,
    /// Rounds that are running.
    pub open: u32,
    /// What rounds gave, by their numbers.
    pub results: BTreeMap<u32, Val>,
    /// How many rounds failed that the loop tolerates.
    pub fails: u32,
    /// The first failure of a round.
    pub failed: Option<Fault>,
    /// No more rounds start.
    #[serde(default)]
    pub all: bool,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct End {
    /// The workflow.
    pub workflow: u32,
    /// How.
    pub how: Ended,
    /// What it gives.
    pub output: Val,
}

/// How a run may end.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Ended {
    /// As a success.
    Success,
    /// As a failure.
    Failure(Fault),
    /// Somebody stopped it.
    Cancelled,
    /// The platform lost it.
    Lost,
}

impl Frame {
    /// A frame in which nothing has happened.
    #[must_use]
    pub fn new(workflow: u32, kind: FrameKind) -> Self {
        Frame {
            workflow,
            kind,
            results: BTreeMap::new(),
            variables: BTreeMap::new(),
            joins: BTreeMap::new(),
            origins: BTreeMap::new(),
            loops: BTreeMap::new(),
            attempts: BTreeMap::new(),
            last: Val::Null,
            failed: None,
            returned: false,
        }
    }

    /// The frame around: the loop's, or the caller's.
    #[must_use]
    pub fn outer(&self) -> Option<u32> {
        match &self.kind {
            FrameKind::Run { caller, .. } => caller.map(|(frame, _)| frame),
            FrameKind::Round { parent, .. } => Some(*parent),
        }
    }
}

impl State {
    /// A frame by its number.
    #[must_use]
    pub fn frame(&self, frame: u32) -> Option<&Frame> {
        self.frames.get(frame as usize)?.as_deref()
    }

    /// A frame, to change it.
    pub(crate) fn frame_mut(&mut self, frame: u32) -> Option<&mut Frame> {
        self.frames.get_mut(frame as usize)?.as_mut().map(Arc::make_mut)
    }

    /// Adds a frame with the lowest free number.
    pub(crate) fn open(&mut self, frame: Frame) -> u32 {
        let free = self.frames.iter().position(Option::is_none).unwrap_or(self.frames.len());
        if free == self.frames.len() {
            self.frames.push(None);
        }
        self.frames[free] = Some(Arc::new(frame));
        u32::try_from(free).unwrap_or(u32::MAX)
    }

    /// The frame of the run that a frame belongs to: itself, or the run around its loops.
    #[must_use]
    pub fn run_of(&self, frame: u32) -> u32 {
        self.chain(frame).last().unwrap_or(frame)
    }

    /// A frame and those around it, up to its run.
    pub fn chain(&self, frame: u32) -> impl Iterator<Item = u32> + '_ {
        std::iter::successors(Some(frame), |at| match &self.frame(*at)?.kind {
            FrameKind::Round { parent, .. } => Some(*parent),
            FrameKind::Run { .. } => None,
        })
    }

    /// Whether a frame is another or stands in it, over calls too.
    #[must_use]
    pub fn inside(&self, frame: u32, outer: u32) -> bool {
        let mut all = std::iter::successors(Some(frame), |at| self.frame(*at)?.outer());
        all.any(|f| f == outer)
    }

    /// The outermost run that a frame belongs to.
    #[must_use]
    pub fn root_of(&self, frame: u32) -> u32 {
        std::iter::successors(Some(frame), |at| self.frame(*at)?.outer()).last().unwrap_or(frame)
    }

    /// Nothing goes on any more.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.tokens.is_empty()
    }
}
