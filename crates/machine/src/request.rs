//! What a run asks of the world, and what it may be told.

use crate::state::{Choice, End};
use crate::{Place, Val};
use serde::{Deserialize, Serialize};
use workflow::{Kind, Text};

/// What a run asks of the world.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Request {
    /// Do what a step says.
    Call(Call),
    /// Ask a person.
    Ask(Call),
    /// Wait until a time, or for an event.
    Wait(Call),
    /// Start a workflow that is not in the program.
    Start(Call),
    /// Say what cannot be evaluated.
    Choose(At, Choice),
    /// Say which of several goes on first, or whose answer comes first: tokens by their position.
    Order(Vec<At>),
    /// Some person has to resolve what stands still; nothing else goes on.
    Stuck(Vec<At>),
    /// Nothing more: how the runs ended.
    Done(Vec<End>),
}

/// Where something is asked.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct At {
    /// The position of the token in the state.
    pub token: u32,
    /// The step.
    pub place: Place,
    /// Numbers of the rounds of the loops around it, the outermost first.
    pub rounds: Vec<u32>,
}

/// What a step wants done.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Call {
    /// Where.
    pub at: At,
    /// How often it was tried before in this visit.
    pub attempt: u32,
    /// How long the platform waits before it, in milliseconds, before any jitter.
    pub delay_ms: u64,
    /// What it is given: its parameters, evaluated.
    pub input: Val,
    /// What it does, each with whom and what it acts on.
    pub effects: Vec<Act>,
}

/// An effect with its values.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Act {
    /// What it does.
    pub kind: Kind,
    /// The target system; empty where not known.
    pub system: Text,
    /// Whose access changes, or who is told or asked.
    pub identity: Vec<Val>,
    /// Which access.
    pub entitlement: Vec<Val>,
}

/// What a run may be told.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Answer {
    /// It went well: what it gives; of a person, the answer.
    Result(Val),
    /// A person chose this of the ways that the step itself offers.
    Decided(Text),
    /// It failed, by the platform's name of the error.
    Error(Text, Val),
    /// It took too long, or nobody answered in time.
    Timeout,
    /// What is waited for has come: the time, or an event with data.
    Over(Val),
    /// What cannot be evaluated holds or does not.
    Choose(bool),
    /// This token, by its position, goes first.
    First(u32),
    /// Somebody stopped the run.
    Cancelled,
    /// The platform broke down between asking and being told; whether the step had happened only the world knows.
    Crash,
    /// The event that started the run is delivered once more.
    Again,
}

/// An answer that does not fit the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// What was asked, for people.
    pub asked: String,
    /// What was answered.
    pub answer: Answer,
}

impl std::fmt::Display for Misfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the answer `{:?}` does not fit what was asked: {}", self.answer, self.asked)
    }
}

impl std::error::Error for Misfit {}

impl Request {
    /// Where it is asked; nothing where several places or none are concerned.
    #[must_use]
    pub fn at(&self) -> Option<&At> {
        match self {
            Request::Call(c) | Request::Ask(c) | Request::Wait(c) | Request::Start(c) => Some(&c.at),
            Request::Choose(at, _) => Some(at),
            Request::Order(_) | Request::Stuck(_) | Request::Done(_) => None,
        }
    }
}
