//! Small workflows for tests, and running them with answers from a closure.
#![allow(dead_code)]

pub mod exact;

use machine::{Answer, Ended, Program, Request, State, Val, run, start};
use workflow::{
    Ask, Assignment, Callee, CalleeKey, Edge, EdgeKind, Effect, Evidence, Expression, Function, Join, Kind,
    Language, LoopKind, Node, Reference, Root, Step, StepIx, StepKind, Term, Trigger, TriggerKind, Value,
    Workflow,
};

/// A workflow under construction; its trigger is named `start`.
#[derive(Clone)]
pub struct Build(Workflow);

pub fn trigger(path: &str) -> Reference {
    Reference::keys(Root::Trigger, path)
}

pub fn expression(term: Term) -> Value {
    Value::Expr(Box::new(condition(term)))
}

fn condition(term: Term) -> Expression {
    Expression { language: Language::Structured, text: "".into(), term, line: 0 }
}

/// That what is read is a text.
pub fn equals(reference: Reference, is: &str) -> Term {
    Term::Call(Function::Equals, vec![Term::Ref(reference), Term::Text(is.into())])
}

pub fn callee(name: &str) -> Callee {
    Callee { key: CalleeKey::Name(name.into()), input: Value::Null }
}

impl Build {
    pub fn new(platform: workflow::Platform) -> Self {
        let mut w = Workflow::new(platform, "test", "test");
        w.triggers.push(Trigger {
            id: "start".into(),
            name: "start".into(),
            kind: TriggerKind::Event,
            authenticated: None,
            event: "".into(),
            filter: None,
            after_approval: false,
            caller_data: true,
            parameters: Value::Null,
            span: workflow::Span::default(),
        });
        Build(w)
    }

    pub fn step(mut self, id: &str, kind: StepKind) -> Self {
        self.0.add(Step::new(id, id, kind));
        self
    }

    /// A step that grants access.
    pub fn acts(mut self, id: &str) -> Self {
        let mut step = Step::new(id, id, StepKind::Action);
        step.effects.push(Effect {
            kind: Kind::Grant,
            system: "okta".into(),
            identity: "".into(),
            entitlement: "".into(),
            evidence: Evidence::Operation,
            privileged: false,
            refuses: false,
            what: String::new().into(),
        });
        self.0.add(step);
        self
    }

    pub fn asks(mut self, id: &str) -> Self {
        let mut step = Step::new(id, id, StepKind::Action);
        step.ask = Some(Ask::default());
        self.0.add(step);
        self
    }

    pub fn inside(self, outer: &str, id: &str) -> Self {
        let parent = self.find(outer);
        let mut more = self.acts(id);
        if let Some(last) = more.0.steps.last_mut() {
            last.parent = Some(parent);
        }
        more
    }

    pub fn sets(mut self, id: &str, variable: &str, value: Value) -> Self {
        let mut step = Step::new(id, id, StepKind::Set);
        step.assigns.push(Assignment { variable: variable.into(), value, adds: false });
        self.0.add(step);
        self
    }

    pub fn join(mut self, id: &str, join: Join) -> Self {
        let mut step = Step::new(id, id, StepKind::Join);
        step.join = join;
        self.0.add(step);
        self
    }

    pub fn repeats(mut self, id: &str, kind: LoopKind, items: Value) -> Self {
        let mut step = Step::new(id, id, StepKind::Loop(kind));
        let mut map = workflow::Map::default();
        map.push("items", items, 0);
        step.parameters = Value::Map(map);
        self.0.add(step);
        self
    }

    fn find(&self, id: &str) -> StepIx {
        self.0.find(id).unwrap_or_else(|| panic!("no step `{id}`"))
    }

    pub fn edge(mut self, from: &str, to: &str, kind: EdgeKind) -> Self {
        let to = self.find(to);
        let from = if from == "start" { Node::Trigger(0) } else { Node::Step(self.find(from)) };
        self.0.edges.push(Edge { from, to, kind });
        self
    }

    pub fn chain(self, ids: &[&str]) -> Self {
        ids.windows(2).fold(self, |b, pair| b.edge(pair[0], pair[1], EdgeKind::Next))
    }

    /// An edge taken when a variable is a text.
    pub fn when(self, from: &str, to: &str, variable: &str, is: &str) -> Self {
        let variable = Term::Ref(Reference::keys(Root::Variable(variable.into()), ""));
        let term = Term::Call(Function::Equals, vec![variable, Term::Text(is.into())]);
        self.edge(from, to, EdgeKind::When { case: is.into(), condition: condition(term) })
    }

    /// An edge taken when a condition holds.
    pub fn holds(self, from: &str, to: &str, term: Term) -> Self {
        self.edge(from, to, EdgeKind::When { case: to.into(), condition: condition(term) })
    }

    /// An edge taken when a field of the trigger is a text.
    pub fn given(self, from: &str, to: &str, field: &str, is: &str) -> Self {
        let term = equals(trigger(field), is);
        self.edge(from, to, EdgeKind::When { case: is.into(), condition: condition(term) })
    }

    /// An edge taken when the answer to a question is a text.
    pub fn answered(self, from: &str, to: &str, question: &str, is: &str) -> Self {
        let term = equals(Reference::keys(Root::Step(question.into()), "decision"), is);
        self.edge(from, to, EdgeKind::When { case: is.into(), condition: condition(term) })
    }

    pub fn otherwise(self, from: &str, to: &str) -> Self {
        self.edge(from, to, EdgeKind::Otherwise { case: "else".into() })
    }

    pub fn done(self) -> Workflow {
        self.0
    }
}

pub fn ends(state: &State) -> Vec<Ended> {
    state.ended.iter().map(|e| e.how.clone()).collect()
}

/// Runs a workflow with answers: the names of what was asked, in order, and how it ended.
pub fn names(w: &Workflow, mut answer: impl FnMut(&Request, &State) -> Answer) -> (Vec<String>, Vec<Ended>) {
    let set = std::slice::from_ref(w);
    let program = Program::new(set);
    let mut asked = Vec::new();
    let begun = start(&program, 0, 0, Val::unknown("trigger"), None);
    let done = run(&program, begun, 1_000, |request, state| {
        let name = |at: &machine::At| w.steps[at.place.step.0 as usize].id.to_string();
        asked.push(match request {
            Request::Order(of) => format!("{} ready", of.len()),
            Request::Choose(at, _) => format!("? {}", name(at)),
            Request::Stuck(_) => return None,
            other => other.at().map(name).unwrap_or_default(),
        });
        Some(answer(request, state))
    });
    let state = done.unwrap_or_else(|misfit| panic!("{misfit}"));
    (asked, ends(&state))
}
