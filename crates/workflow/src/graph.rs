//! The workflow graph: triggers, steps, edges and what they carry.
//!
//! The graph is a control-flow graph in one plane. Containers (scopes, conditions with a body, loops) are steps
//! too; their children are steps with [`Step::parent`] set, and edges run through them:
//! - a *loop* step has a [`EdgeKind::Body`] edge to the first child, the last children have a [`EdgeKind::Back`] edge
//!   to the loop, and its other edges are taken when the loop is done;
//! - a *scope* or *branch container* step has edges to its first children; its children's ends go to a synthetic
//!   [`StepKind::Join`] step, whose edges are the container's own successors. So no path past the container leaves its
//!   children out;
//! - a step with several incoming edges runs when any arrives ([`Join::Any`]), when all its predecessors have
//!   ended in a way that one of their edges names ([`Join::All`]), or once when no more can arrive ([`Join::Settled`]).
//!
//! What a platform does on failure is spelled out in edges: a step that goes on after an error has an
//! [`EdgeKind::Error`] edge to where it goes; a step without one ends the run as a failure. Where a failure may go
//! one of two ways ([`OnError::Either`]), those of its error edges that a [`EdgeKind::Next`] edge runs beside are one
//! of them, the rest the other. A question that goes on when nobody answers has an [`EdgeKind::Timeout`] edge; without
//! one it waits for ever or ends the run. A loop that reaches its bound is done, unless it has a Timeout edge, which is
//! then taken. Where a failure ends only its round, or may, the error edges lead to a synthetic branch: to the next
//! round, or to the loop's failure.

use crate::{
    Ask, Assignment, Callee, Code, Credential, Digest, Effect, Expression, Part, Platform, Request, Span,
    Text, Value,
};
use serde::{Deserialize, Serialize};

/// Index of a step in [`Workflow::steps`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StepIx(pub u32);

/// One workflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Workflow {
    /// The platform it is written for.
    pub platform: Platform,
    /// The platform's own id, where the definition has one.
    pub id: Option<Text>,
    /// Its name for people.
    pub name: Text,
    /// Other names by which workflows call it (a function name, a URL, an ARM resource name).
    pub aliases: Vec<Text>,
    /// The author's description.
    pub description: String,
    /// Switched on; unknown where the definition does not say.
    pub enabled: Option<bool>,
    /// The files it was read from; the first is the one it was found in.
    pub files: Vec<Text>,
    /// Where it stands.
    pub span: Span,
    /// What starts it.
    pub triggers: Vec<Trigger>,
    /// What it does.
    pub steps: Vec<Step>,
    /// What may come after what.
    pub edges: Vec<Edge>,
    /// The credentials it uses.
    pub credentials: Vec<Credential>,
    /// Definition-level values: parameters, settings, variables with their defaults.
    pub parameters: Value,
    /// Every action runs once for each item that reaches it (n8n, Node-RED messages).
    pub itemwise: bool,
    /// Events that come together start a run each, in turn; when one fails, the rest start none (Okta's event cards).
    pub batched: bool,
    /// Names of who owns or supports it, as the definition says.
    pub owners: Vec<Text>,
    /// Texts of the definition that nothing runs, each with its line: notes, pinned results. A secret in one is published
    /// with the definition all the same.
    #[serde(default)]
    pub asides: Vec<(u32, Text)>,
    /// The parts its digest is made of.
    pub parts: Vec<Part>,
    /// The digest over all parts, see [`crate::merkle`].
    pub digest: Digest,
}

/// What kind of event starts a workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)] // the words of the report format
pub enum TriggerKind {
    Webhook,
    Schedule,
    Event,
    Manual,
    Form,
    Mail,
    Chat,
    External,
    Subflow,
}

/// What starts a workflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trigger {
    /// The platform's key or id.
    pub id: Text,
    /// Its name for people.
    pub name: Text,
    /// What kind of event.
    pub kind: TriggerKind,
    /// Whether the caller must prove who they are; unknown where the definition does not say.
    pub authenticated: Option<bool>,
    /// The event's own name (`idn:access-request-post-approval`, `okta.userCreated`).
    pub event: Text,
    /// Only events for which this holds start a run.
    pub filter: Option<Expression>,
    /// The platform starts this only after an approval of what it is about.
    pub after_approval: bool,
    /// The data in the trigger was chosen by its caller (a payload, a form, a message) rather than by the
    /// platform or a security product.
    pub caller_data: bool,
    /// The trigger's settings.
    pub parameters: Value,
    /// Where it stands.
    pub span: Span,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The platform's own key or id; `outer/inner` inside a container. Unique within the workflow.
    pub id: Text,
    /// Its name for people. Never evidence.
    pub name: Text,
    /// What kind of step.
    pub kind: StepKind,
    /// The container it is in.
    pub parent: Option<StepIx>,
    /// Made by the importer, not in the definition: never reported as a step.
    pub synthetic: bool,
    /// The connector, plugin, node type or service, normalised as the catalogue names it.
    pub connector: Text,
    /// The connector's version or other pin (`1.0.297`, a digest); empty where none is given.
    pub connector_version: Text,
    /// The operation, normalised as the catalogue names it.
    pub operation: Text,
    /// The connector is not the platform vendor's own (community node, custom connector).
    pub third_party: bool,
    /// The parameters, by the platform's own names, with the platform's defaults filled in.
    pub parameters: Value,
    /// A raw call: HTTP, or a connector operation that is a method and a path.
    pub request: Option<Request>,
    /// Code it runs.
    pub code: Vec<Code>,
    /// What it asks a person, where the definition shows it; completed by the catalogue.
    pub ask: Option<Ask>,
    /// The workflows it starts.
    pub calls: Vec<Callee>,
    /// Whether it waits for the workflows it calls.
    pub waits: bool,
    /// Credentials it uses: indices into [`Workflow::credentials`].
    pub credentials: Vec<u32>,
    /// Values it gives to variables.
    pub assigns: Vec<Assignment>,
    /// Its result, where it is known from the definition (a step that only shapes data).
    pub output: Option<Value>,
    /// Its result is what came in (with [`Step::output`]'s fields over it), as for waits, filters and no-ops.
    pub passes_input: bool,
    /// Its data flow exactly as the platform defines it, with expressions over what comes in ([`crate::Root::Previous`]),
    /// for running it; null where the other fields say all. `cases` holds the conditions of its [`EdgeKind::When`] edges,
    /// in their order.
    pub flow: Value,
    /// Switched on.
    pub enabled: bool,
    /// What happens when it fails.
    pub on_error: OnError,
    /// How often it is tried again after a failure, or [`Step::NO_LIMIT`].
    pub retries: u32,
    /// When several edges come in, what starts it.
    pub join: Join,
    /// What it does; filled in by `check` from the catalogue. Also of a step that is switched off: see
    /// [`Step::live_effects`].
    pub effects: Vec<Effect>,
    /// Whom and what it acts on, as values to follow; filled in by `check` from the catalogue.
    pub target: Target,
    /// Where it stands.
    pub span: Span,
}

/// Whom and what a step acts on, by the catalogue: values of the step's own parameters, for data flow.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Target {
    /// Whose access changes (or whose data is read).
    pub identity: Vec<Value>,
    /// Which access.
    pub entitlement: Vec<Value>,
    /// Who is told or asked.
    pub recipient: Vec<Value>,
    /// The step takes recipients, whether or not one is given.
    pub takes_recipient: bool,
    /// Where in the result a new or read secret stands; `result` is the whole of it, empty for none.
    pub secret: Text,
    /// What a read gives back.
    pub returns: Returns,
    /// A raw call where the platform has an operation of its own for the system.
    pub operation_exists: bool,
}

/// What a read gives back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Returns {
    /// Not said.
    #[default]
    Unknown,
    /// At most one.
    One,
    /// As many as match.
    List,
    /// A secret's value.
    Secret,
}

/// What kind of step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum StepKind {
    /// Calls something outside: an operation, a request.
    Action,
    /// Takes one (or several) of its edges by conditions on them.
    Branch,
    /// Goes on only when a condition holds (an edge with it); otherwise this path ends here, quietly.
    Guard,
    /// Repeats its body.
    Loop(LoopKind),
    /// Groups steps.
    Scope,
    /// Starts several paths at once.
    Fork,
    /// Where paths meet.
    Join,
    /// Waits for a time or an event.
    Wait,
    /// Shapes data or sets variables.
    Set,
    /// Runs code.
    Code,
    /// Starts another workflow.
    Call,
    /// A language model that chooses what to do, with the tools on its [`EdgeKind::Tool`] edges.
    Agent,
    /// Something that belongs to an agent and is no step of its own: a model, a memory, a parser.
    Part,
    /// Ends the run, this path or the container.
    End(Outcome),
}

/// How a loop repeats.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LoopKind {
    /// Once for each item of a list, one after the other or several at a time.
    Each {
        /// Iterations may overlap.
        parallel: bool,
        /// At most so many items, where the definition bounds it.
        bound: Option<u64>,
    },
    /// Until a condition holds.
    While {
        /// At most so many rounds, where the definition bounds it.
        bound: Option<u64>,
    },
}

/// How a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// As a success.
    Success,
    /// As a failure.
    Failure,
    /// Only this path or iteration ends.
    Path,
    /// As called off: neither a success nor a failure that anybody is told of.
    Cancelled,
}

/// What happens when a step fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnError {
    /// The run ends as a failure (unless a container's error edge takes it).
    #[default]
    Fail,
    /// The run goes on as if nothing had happened.
    Continue,
    /// An error edge takes it.
    Route,
    /// An error edge takes it, or the run goes on as if nothing had happened: which of the two depends on how the
    /// step fails, and the definition does not say.
    Either,
    /// An error edge takes failures that are named; any other ends the run or leaves it standing.
    Partly,
}

/// What starts a step with several incoming edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Join {
    /// Each arrival.
    #[default]
    Any,
    /// When every predecessor has ended in a way one of its edges names.
    All,
    /// Once, with what came, when every predecessor has ended in such a way or cannot any more.
    Settled,
}

/// An end of an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Node {
    /// Index into [`Workflow::triggers`].
    Trigger(u32),
    /// A step.
    Step(StepIx),
}

/// What may come after what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Edge {
    /// Where it starts.
    pub from: Node,
    /// Where it goes.
    pub to: StepIx,
    /// When it is taken.
    pub kind: EdgeKind,
}

/// When an edge is taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum EdgeKind {
    /// After success.
    Next,
    /// When the condition holds, and no earlier edge of the same step was taken (unless the step takes all).
    When {
        /// The case's name for people (`true`, `2`, `Approved`).
        case: Text,
        /// The condition; unknown where it could not be read.
        condition: Expression,
    },
    /// When no `When` edge of the same step holds.
    Otherwise {
        /// The case's name for people (`false`, `default`).
        case: Text,
    },
    /// After a failure.
    Error,
    /// When nobody answered, or it took too long.
    Timeout,
    /// When the step before was skipped.
    Skipped,
    /// From a loop into its body.
    Body,
    /// From the end of a loop's body to the loop.
    Back,
    /// From a language model to a tool it may choose.
    Tool,
}

impl Workflow {
    /// An empty workflow of a platform, found in a file.
    pub fn new(platform: Platform, name: impl Into<Text>, file: impl Into<Text>) -> Self {
        Workflow {
            platform,
            id: None,
            name: name.into(),
            aliases: Vec::new(),
            description: String::new(),
            enabled: None,
            files: vec![file.into()],
            span: Span::default(),
            triggers: Vec::new(),
            steps: Vec::new(),
            edges: Vec::new(),
            credentials: Vec::new(),
            parameters: Value::Null,
            itemwise: false,
            batched: false,
            owners: Vec::new(),
            asides: Vec::new(),
            parts: Vec::new(),
            digest: Digest::default(),
        }
    }

    /// The step at an index.
    #[must_use]
    pub fn step(&self, ix: StepIx) -> Option<&Step> {
        self.steps.get(ix.0 as usize)
    }

    /// The step with an id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<StepIx> {
        self.steps.iter().position(|s| s.id == id).and_then(|i| u32::try_from(i).ok()).map(StepIx)
    }

    /// Adds a step and gives its index.
    pub fn add(&mut self, step: Step) -> StepIx {
        self.steps.push(step);
        StepIx(u32::try_from(self.steps.len() - 1).unwrap_or(u32::MAX))
    }

    /// Adds an edge.
    pub fn connect(&mut self, from: Node, to: StepIx, kind: EdgeKind) {
        self.edges.push(Edge { from, to, kind });
    }

    /// Steps of the definition, without what the importer made.
    pub fn own_steps(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|s| !s.synthetic)
    }
}

impl Step {
    /// The number of [`Step::retries`] where nothing bounds them.
    pub const NO_LIMIT: u32 = u32::MAX;

    /// A step with nothing in it but its id, name and kind.
    pub fn new(id: impl Into<Text>, name: impl Into<Text>, kind: StepKind) -> Self {
        Step {
            id: id.into(),
            name: name.into(),
            kind,
            parent: None,
            synthetic: false,
            connector: Text::default(),
            connector_version: Text::default(),
            operation: Text::default(),
            third_party: false,
            parameters: Value::Null,
            request: None,
            code: Vec::new(),
            ask: None,
            calls: Vec::new(),
            waits: true,
            credentials: Vec::new(),
            assigns: Vec::new(),
            output: None,
            passes_input: false,
            flow: Value::Null,
            enabled: true,
            on_error: OnError::Fail,
            retries: 0,
            join: Join::Any,
            effects: Vec::new(),
            target: Target::default(),
            span: Span::default(),
        }
    }

    /// What it does in a run: nothing while it is switched off.
    #[must_use]
    pub fn live_effects(&self) -> &[Effect] {
        if self.enabled { &self.effects } else { &[] }
    }

    /// Whether it changes access in a run.
    #[must_use]
    pub fn changes_access(&self) -> bool {
        self.live_effects().iter().any(|e| e.kind.changes_access())
    }
}

impl TriggerKind {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            TriggerKind::Webhook => "webhook",
            TriggerKind::Schedule => "schedule",
            TriggerKind::Event => "event",
            TriggerKind::Manual => "manual",
            TriggerKind::Form => "form",
            TriggerKind::Mail => "mail",
            TriggerKind::Chat => "chat",
            TriggerKind::External => "external",
            TriggerKind::Subflow => "subflow",
        }
    }
}

impl EdgeKind {
    /// How a walk that takes this edge is told: `false`, `timeout`, a case's name; empty for the ordinary way.
    #[must_use]
    pub fn label(&self) -> &str {
        match self {
            EdgeKind::When { case, .. } | EdgeKind::Otherwise { case } => case,
            EdgeKind::Error => "error",
            EdgeKind::Timeout => "timeout",
            EdgeKind::Skipped => "skipped",
            EdgeKind::Body => "each",
            EdgeKind::Tool => "tool",
            EdgeKind::Next | EdgeKind::Back => "",
        }
    }
}
