//! Groups of nodes to workflows.

use super::edges::{self, Places};
use super::kinds::{self, Starts};
use super::members::{Frame, Group, groups};
use super::network::Network;
use super::properties::map;
use super::rules;
use super::scope::{self, At, Scope};
use super::{digest, steps, triggers};
use crate::doc::Node as Source;
use std::collections::{BTreeSet, HashMap};
use workflow::{
    Credential, EdgeKind, Node, Platform, Problem, Span, StepIx, Text, Trigger, TriggerKind, Value, Workflow,
};

/// At most so many faults of a file are told one by one.
const MOST_FAULTS: usize = 20;

/// The workflows of a file and what is wrong with it.
pub(super) fn build(network: &Network<'_>, path: &str) -> (Vec<Workflow>, Vec<Problem>) {
    let linked = linked_from_elsewhere(network);
    let groups = groups(network);
    let workflows = groups.iter().map(|group| Builder::new(network, group, path, &linked).finish()).collect();
    let problem = |(line, message): &(u32, String)| Problem {
        path: path.to_owned(),
        line: *line,
        message: message.clone(),
    };
    let mut problems: Vec<Problem> = network.faults.iter().take(MOST_FAULTS).map(problem).collect();
    if network.faults.len() > MOST_FAULTS {
        let message =
            format!("{} more faults of this kind: the export is damaged", network.faults.len() - MOST_FAULTS);
        problems.push(Problem { path: path.to_owned(), line: 0, message });
    }
    (workflows, problems)
}

/// The `link in` nodes that a `link out` of another tab leads to.
fn linked_from_elsewhere(network: &Network<'_>) -> BTreeSet<usize> {
    let outs = (0..network.items.len()).filter(|ix| kinds::links_on(network.items[*ix].node));
    let away = |from: usize| {
        let flow = network.items[from].flow;
        network.listed(from, "links").into_iter().filter(move |to| network.items[*to].flow != flow)
    };
    outs.flat_map(away).collect()
}

struct Builder<'n> {
    network: &'n Network<'n>,
    group: &'n Group<'n>,
    workflow: Workflow,
    places: Places,
    scope: Scope<'n>,
    /// Items that start messages.
    sources: Vec<usize>,
    configs: Vec<usize>,
    credentials: HashMap<usize, u32>,
    linked: &'n BTreeSet<usize>,
}

impl<'n> Builder<'n> {
    fn new(network: &'n Network<'n>, group: &'n Group<'n>, path: &str, linked: &'n BTreeSet<usize>) -> Self {
        let places = Places::default();
        let mut scope = Scope::new(network, group);
        edges::fill(&mut scope, network, group);
        let workflow = head(network, group, path);
        let (sources, configs, credentials) = (Vec::new(), Vec::new(), HashMap::new());
        Builder { network, group, workflow, places, scope, sources, configs, credentials, linked }
    }

    fn finish(mut self) -> Workflow {
        self.find_sources();
        for ix in self.sources.clone() {
            self.trigger(ix);
        }
        for &ix in &self.group.members {
            if self.scope.sources.get(&ix) != Some(&Starts::Only) {
                self.step(ix);
            }
        }
        edges::connect(&mut self.workflow, self.network, self.group, &self.places);
        self.entrances();
        digest::fill(&mut self.workflow, self.network, self.group, &self.sources, &self.configs);
        self.workflow
    }

    /// Nodes that are switched off start nothing, unless all are: then the flow is judged as if they were on.
    fn find_sources(&mut self) {
        let starts = |ix: usize| {
            let item = &self.network.items[ix];
            let has_output = item.wires.iter().any(|o| !o.is_empty());
            let how = kinds::starts(item.node, self.scope.before.contains_key(&ix), has_output);
            how.map(|how| (ix, how))
        };
        let all: Vec<(usize, Starts)> = self.group.members.iter().copied().filter_map(starts).collect();
        self.scope.sources.extend(all.iter().copied());
        let all: Vec<usize> = all.into_iter().map(|(ix, _)| ix).collect();
        let on: Vec<usize> = all.iter().copied().filter(|ix| !self.network.items[*ix].disabled).collect();
        self.sources = if on.is_empty() { all } else { on };
        let ends = |(ix, how): (&usize, &Starts)| (*how == Starts::AndTakes).then_some(*ix);
        self.places.ends = self.scope.sources.iter().filter_map(ends).collect();
    }

    fn span(&self, node: Source<'_>) -> Span {
        Span {
            file: 0,
            line: node.line(),
            path: Text::from(format!("[{:?}]", node.str("id").unwrap_or_default())),
        }
    }

    fn trigger(&mut self, ix: usize) {
        let item = &self.network.items[ix];
        let (kind, authenticated) = triggers::entrance(item.kind, item.node);
        let at = At { scope: &self.scope, item: ix };
        let trigger = Trigger {
            id: item.id.into(),
            name: self.network.name(ix).into(),
            kind,
            authenticated,
            event: triggers::event(item.kind, item.node).into(),
            filter: None,
            after_approval: false,
            caller_data: triggers::is_caller_data(kind) && !scope::gives(item.kind),
            parameters: Value::Map(map(item.node, steps::FRAME, &at)),
            span: self.span(item.node),
        };
        self.credentials_of(ix);
        let number = u32::try_from(self.workflow.triggers.len()).unwrap_or(u32::MAX);
        self.places.triggers.insert(ix, number);
        self.workflow.triggers.push(trigger);
    }

    fn step(&mut self, ix: usize) {
        let at = At { scope: &self.scope, item: ix };
        let item = &self.network.items[ix];
        let mut step = steps::step(self.network, ix, &at);
        if item.kind == "switch" {
            self.places.cases.insert(ix, rules::cases(item.node, &at));
        } else if let Some(effects) = self.scope.functions.get(&ix) {
            self.places.cases.insert(ix, rules::function_cases(effects, item.node.line(), &at));
        }
        step.span = self.span(item.node);
        step.credentials = self.credentials_of(ix);
        let made = self.workflow.add(step);
        self.places.steps.insert(ix, made);
    }

    /// The configuration nodes that a node uses: accounts, servers, brokers.
    fn credentials_of(&mut self, ix: usize) -> Vec<u32> {
        let values = self.network.items[ix].node.entries().filter(|(key, _)| !steps::FRAME.contains(key));
        let named = values.filter_map(|(_, n)| n.as_str()).filter_map(|id| self.network.ids.get(id).copied());
        let frame = |ix: usize| matches!(self.network.items[ix].kind, "tab" | "subflow" | "group");
        let configs: Vec<usize> = named.filter(|c| !self.network.items[*c].is_active && !frame(*c)).collect();
        configs.into_iter().map(|config| self.credential(config)).collect()
    }

    fn credential(&mut self, config: usize) -> u32 {
        if let Some(known) = self.credentials.get(&config) {
            return *known;
        }
        let item = &self.network.items[config];
        let number = u32::try_from(self.workflow.credentials.len()).unwrap_or(u32::MAX);
        self.workflow.credentials.push(Credential {
            id: item.id.into(),
            name: self.network.name(config).into(),
            kind: item.kind.into(),
            personal: None,
            callers: false,
            line: item.node.line(),
        });
        self.literals(config);
        self.configs.push(config);
        self.credentials.insert(config, number);
        number
    }

    /// Passwords and keys that stand in a configuration node itself, and not among the sealed credentials; also addresses with
    /// somebody's name before the host.
    fn literals(&mut self, config: usize) {
        let item = &self.network.items[config];
        let secret = |key: &&str| {
            let key = key.to_ascii_lowercase();
            key == "key"
                || ["password", "passwd", "secret", "token", "apikey", "api_key"]
                    .iter()
                    .any(|w| key.ends_with(w))
        };
        let mut map = workflow::Map::default();
        let signed_in =
            |value: Source<'_>| value.as_str().is_some_and(|t| t.contains("://") && t.contains('@'));
        for (key, value) in item.node.entries().filter(|(key, value)| secret(key) || signed_in(*value)) {
            let typed = item.node.str(&format!("{key}FieldType")).is_none_or(|kind| kind == "str");
            if let Some(text) = value.as_str().filter(|t| typed && !t.is_empty()) {
                map.push(if key == "key" { "apiKey" } else { key }, Value::text(text), value.line());
            }
        }
        if map.0.is_empty() {
            return;
        }
        if self.workflow.parameters == Value::Null {
            self.workflow.parameters = Value::Map(workflow::Map::default());
        }
        if let Value::Map(all) = &mut self.workflow.parameters {
            all.push(item.id, Value::Map(map), item.node.line());
        }
    }

    /// Ways in from other workflows: calls, and links from other tabs.
    fn entrances(&mut self) {
        let network = self.network;
        let inputs: Vec<usize> = match self.group.frame {
            Frame::Called(head) => vec![head],
            Frame::Subflow(ix) => subflow_inputs(network, ix),
            Frame::Tab(_) => Vec::new(),
        };
        if !inputs.is_empty() {
            let id = match self.group.frame {
                Frame::Subflow(ix) | Frame::Called(ix) => network.items[ix].id,
                Frame::Tab(id) => id,
            };
            self.entrance(id, "called", &inputs);
        }
        for &ix in self.group.members.iter().filter(|ix| self.linked.contains(ix)) {
            if self.group.frame != Frame::Called(ix) {
                // Links name the node, not the tab.
                self.workflow.aliases.push(network.items[ix].id.into());
                self.entrance(network.items[ix].id, network.name(ix), &[ix]);
            }
        }
    }

    fn entrance(&mut self, id: &str, name: &str, to: &[usize]) {
        let number = u32::try_from(self.workflow.triggers.len()).unwrap_or(u32::MAX);
        let span = to.first().map(|ix| self.span(self.network.items[*ix].node)).unwrap_or_default();
        self.workflow.triggers.push(Trigger {
            id: id.into(),
            name: name.into(),
            kind: TriggerKind::Subflow,
            authenticated: Some(true),
            event: "link".into(),
            filter: None,
            after_approval: false,
            caller_data: false,
            parameters: Value::Null,
            span,
        });
        let steps: Vec<StepIx> = to.iter().filter_map(|ix| self.places.steps.get(ix).copied()).collect();
        for step in steps {
            self.workflow.connect(Node::Trigger(number), step, EdgeKind::Next);
        }
    }
}

/// The nodes that a subflow's input leads to.
fn subflow_inputs(network: &Network<'_>, ix: usize) -> Vec<usize> {
    let inputs = network.items[ix].node.get("in").into_iter().flat_map(Source::items);
    let wires = inputs.flat_map(|i| i.get("wires").into_iter().flat_map(Source::items));
    wires.filter_map(|w| network.ids.get(w.str("id")?).copied()).collect()
}

/// What stands around a workflow's nodes.
fn head(network: &Network<'_>, group: &Group<'_>, path: &str) -> Workflow {
    let (frame, id) = match group.frame {
        Frame::Tab(id) => (network.ids.get(id).copied(), id),
        Frame::Subflow(ix) | Frame::Called(ix) => (Some(ix), network.items[ix].id),
    };
    let name = frame.map_or("unnamed flow", |ix| network.name(ix));
    let mut workflow = Workflow::new(Platform::NodeRed, name, path);
    workflow.id = (!id.is_empty()).then(|| id.into());
    workflow.itemwise = true;
    if let Some(ix) = frame {
        let node = network.items[ix].node;
        workflow.description = node.str("info").unwrap_or_default().to_owned();
        workflow.enabled = node.bool("disabled").map(|off| !off);
        workflow.span = Span { file: 0, line: node.line(), path: node.path() };
        let at = At {
            scope: &Scope::new(network, &Group { frame: group.frame, members: BTreeSet::new() }),
            item: ix,
        };
        let mut parameters = workflow::Map::default();
        for entry in node.get("env").into_iter().flat_map(Source::items) {
            let Some(name) = entry.str("name") else { continue };
            let kind = entry.str("type").unwrap_or("str");
            let value = entry.get("value").map(|v| super::properties::typed(v, kind, &at));
            parameters.push(name, value.unwrap_or_default(), entry.line());
        }
        workflow.parameters = Value::Map(parameters);
    }
    workflow
}
