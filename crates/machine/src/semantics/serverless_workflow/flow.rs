//! The data flow of one task: `input.from`, what it does, `output.as`, `export.as`, and their schemas.
//!
//! Source: github.com/serverlessworkflow/specification, `dsl.md`, "Data Flow", "Runtime Expressions";
//! `dsl-reference.md`, the tasks.

use super::Left;
use super::errors::{self, standard};
use crate::evaluate::{Failure, condition, exactly, to_json};
use crate::scope::{Here, made};
use crate::state::{Fault, FrameKind};
use crate::{Place, Program, Scope, Val};
use workflow::{Expression, Platform, Reference, Root, Step, StepKind, Text, Value};

/// One task, where it runs.
#[derive(Clone, Copy)]
pub(super) struct Task<'a, 'w> {
    pub(super) here: &'a Here<'a, 'w>,
    pub(super) step: &'a Step,
}

/// Expressions at one place of a task.
pub(super) struct Names<'a, 'w> {
    pub(super) task: Task<'a, 'w>,
    /// What `.` is.
    pub(super) dot: &'a Val,
    /// What `$input` is.
    pub(super) input: &'a Val,
    /// What `$output` is.
    pub(super) output: Option<&'a Val>,
    /// A variable that only holds here: an error that is being looked at.
    pub(super) error: Option<(&'a str, &'a Val)>,
}

impl Scope for Names<'_, '_> {
    fn read(&self, reference: &Reference) -> Val {
        match &reference.root {
            Root::Previous => self.dot.clone(),
            Root::Variable(name) => self.name(&format!("${name}")).unwrap_or_default(),
            Root::Unknown(name) if name.starts_with('$') => {
                self.name(name).unwrap_or_else(|| Val::unknown(name.clone()))
            }
            _ => self.task.here.read(&Reference { root: reference.root.clone(), path: Vec::new() }),
        }
    }

    fn now(&self) -> Option<i64> {
        self.task.here.state.clock
    }

    fn resolve(&self, value: Val) -> Val {
        self.task.here.resolve(value)
    }

    fn platform(&self) -> Option<Platform> {
        Some(Platform::ServerlessWorkflow)
    }

    fn name(&self, name: &str) -> Option<Val> {
        let plain = name.strip_prefix('$');
        let own = |(n, v): (&str, &Val)| (plain == Some(n)).then(|| v.clone());
        match name {
            "." => Some(self.dot.clone()),
            "$input" => Some(self.input.clone()),
            "$output" => self.output.cloned(),
            "$context" => Some(self.task.variable("context").unwrap_or_default()),
            "$workflow" => Some(self.task.about_workflow()),
            "$task" => Some(self.task.about_task(self.input)),
            _ => self.error.and_then(own).or_else(|| self.task.named(plain?)),
        }
    }
}

/// What the first tasks get of what a run is started with.
pub(super) fn run_starts(program: &Program<'_>, workflow: u32, input: &Val) -> Result<Val, Fault> {
    let Some(flow) = program.workflow(workflow).map(|w| w.parameters.get("(data flow)")) else {
        return Ok(input.clone());
    };
    let given = flow.get("input");
    fits(given, input, "/")?;
    let (step, state) = (Step::new("", "", StepKind::Scope), crate::State::default());
    let here = Here { program, state: &state, frame: 0, input };
    let task = Task { here: &here, step: &step };
    shaped(&task, given, input, (input, None)).map_err(|f| standard("expression", "/", f.message))
}

/// What a run gives in the end.
pub(super) fn run_ends(here: &Here<'_, '_>) -> Result<Val, Fault> {
    let workflow = here.state.frame(here.frame).and_then(|f| here.program.workflow(f.workflow));
    let Some(given) = workflow.map(|w| w.parameters.get("(data flow)").get("output")) else {
        return Ok(here.input.clone());
    };
    let step = Step::new("", "", StepKind::Scope);
    let output = shaped(&Task { here, step: &step }, given, here.input, (here.input, Some(here.input)))
        .map_err(|f| standard("expression", "/", f.message))?;
    fits(given, &output, "/")?;
    Ok(output)
}

/// A document after a transformation, where there is one.
fn shaped(
    task: &Task<'_, '_>,
    given: &Value,
    dot: &Val,
    (input, output): (&Val, Option<&Val>),
) -> Result<Val, Failure> {
    match given.get("shape") {
        shape if shape.is_empty() => Ok(dot.clone()),
        shape => task.value(shape, &Names { task: *task, dot, input, output, error: None }),
    }
}

/// Whether a document fits a schema.
fn fits(given: &Value, document: &Val, reference: &str) -> Result<(), Fault> {
    let schema = given.get("schema");
    if schema.is_empty() || !document.is_known() {
        return Ok(());
    }
    let schema = made(schema, &|_: &Expression| Ok::<_, Failure>(Val::Null)).unwrap_or_default();
    let read = |v: &Val| serde_json::from_str::<serde_json::Value>(&to_json(v)).unwrap_or_default();
    match jsonschema::validate(&read(&schema), &read(document)) {
        Ok(()) => Ok(()),
        Err(wrong) => Err(standard("validation", reference, wrong.to_string())),
    }
}

/// What a step is left with that has given `raw`.
pub(super) fn left(here: &Here<'_, '_>, step: &Step, raw: Val) -> Result<Left, Fault> {
    let task = Task { here, step };
    match (task.kind(), &step.kind) {
        ("if" | "while", _) => Ok(Left { case: task.case(here.input)?, ..Left::with(here.input.clone()) }),
        (_, StepKind::Fork | StepKind::Scope) => Ok(Left::with(task.effective()?)),
        ("join", _) => {
            let of = step.flow.get("of").as_text().unwrap_or_default();
            let input = task.before(of);
            let stops = (step.flow.get("compete").as_bool() == Some(true)).then(|| of.into());
            let outer = Here { input: &input, ..*here };
            Ok(Left { stops, ..Task { here: &outer, step }.done(raw)? })
        }
        ("switch", _) => {
            let effective = task.effective()?;
            let case = task.case(&effective)?;
            Ok(Left { case, ..task.done(effective)? })
        }
        ("set", _) => {
            let effective = task.effective()?;
            let names = task.names(&effective);
            let raw = task.value(step.flow.get("set"), &names)?;
            task.done(raw)
        }
        ("wait", _) => task.done(task.effective()?),
        (_, StepKind::Loop(_)) => {
            let last = if let Val::List(results) = &raw { results.last().cloned() } else { None };
            match last {
                Some(last) => task.done(last),
                None => task.done(task.effective()?),
            }
        }
        ("run", _) if step.flow.get("run").get("await").as_bool() == Some(false) => {
            task.done(task.effective()?)
        }
        _ => task.done(raw),
    }
}

impl<'a, 'w> Task<'a, 'w> {
    fn kind(&self) -> &'a str {
        self.step.flow.get("kind").as_text().unwrap_or_default()
    }

    /// Where the task stands in the workflow, as a JSON pointer.
    pub(super) fn reference(&self) -> &'a str {
        self.step.flow.get("reference").as_text().unwrap_or_default()
    }

    pub(super) fn names<'n>(&self, effective: &'n Val) -> Names<'n, 'w>
    where
        'a: 'n,
    {
        Names { task: *self, dot: effective, input: effective, output: None, error: None }
    }

    /// The value of a value of the task.
    pub(super) fn value(&self, value: &Value, names: &Names<'_, '_>) -> Result<Val, Failure> {
        made(value, &|e: &Expression| exactly(e, names))
    }

    /// The task's input after `input.from`.
    pub(super) fn effective(&self) -> Result<Val, Failure> {
        let raw = self.here.input;
        shaped(self, self.step.flow.get("input"), raw, (raw, None))
    }

    /// What the world is asked with.
    pub(super) fn asked(&self) -> Result<Val, Failure> {
        if let Err(fault) = fits(self.step.flow.get("input"), self.here.input, self.reference()) {
            return Err(Failure { name: fault.name, message: to_json(&fault.data) });
        }
        let effective = self.effective()?;
        let names = self.names(&effective);
        let given = ["with", "emit", "run", "listen", "wait"].map(|key| self.step.flow.get(key));
        match given.into_iter().find(|v| !v.is_empty()) {
            Some(given) => self.value(given, &names),
            None => Ok(effective),
        }
    }

    /// What is repeated over.
    pub(super) fn items(&self) -> Result<Val, Failure> {
        let effective = self.effective()?;
        match self.value(self.step.flow.get("for"), &self.names(&effective))? {
            items @ (Val::List(_) | Val::Unknown(_) | Val::Null) => Ok(items),
            _ => Err(Failure { name: "expression".into(), message: "`for.in` gives no list".to_owned() }),
        }
    }

    /// The case whose condition holds first; nothing where that is not known.
    fn case(&self, dot: &Val) -> Result<Option<Option<usize>>, Failure> {
        for (number, case) in self.step.flow.get("cases").items().iter().enumerate() {
            let Value::Expr(e) = case else { continue };
            let names = self.names(dot);
            let holds = match exactly(e, &names)? {
                Val::Unknown(_) => condition(e, &names)?,
                val => Some(!matches!(val, Val::Null | Val::Bool(false))),
            };
            match holds {
                Some(true) => return Ok(Some(Some(number))),
                Some(false) => {}
                None => return Ok(None),
            }
        }
        Ok(Some(None))
    }

    /// What the task is left with: its output as it is shaped, and what it makes of the context.
    fn done(&self, raw: Val) -> Result<Left, Fault> {
        let flow = &self.step.flow;
        let effective = self.effective()?;
        let output = shaped(self, flow.get("output"), &raw, (&effective, Some(&raw)))?;
        fits(flow.get("output"), &output, self.reference())?;
        let export = flow.get("export");
        let mut variables: Vec<(Text, Val)> = errors::forgotten(self).into_iter().collect();
        if !export.get("shape").is_empty() {
            let context = shaped(self, export, &output, (&effective, Some(&output)))?;
            fits(export, &context, self.reference())?;
            variables.push(("context".into(), context));
        }
        Ok(Left { variables, ..Left::with(output) })
    }

    /// What a container was given, by its id.
    fn before(&self, id: &str) -> Val {
        let frame = self.here.state.frame(self.here.frame);
        let found = frame.and_then(|f| f.attempts.get(&self.here.program.find(f.workflow, id)?));
        found.map(|(_, input)| input.clone()).unwrap_or_default()
    }

    pub(super) fn variable(&self, name: &str) -> Option<Val> {
        let state = self.here.state;
        let found = state.chain(self.here.frame).find_map(|f| state.frame(f)?.variables.get(name));
        found.cloned()
    }

    /// A variable of a loop or a catcher around.
    fn named(&self, name: &str) -> Option<Val> {
        let looped = self.here.state.chain(self.here.frame).find_map(|f| {
            let frame = self.here.state.frame(f)?;
            let FrameKind::Round { of, index, item, .. } = &frame.kind else { return None };
            let of = self.here.program.step(Place { workflow: frame.workflow, step: *of })?;
            match name {
                n if of.flow.get("each").as_text() == Some(n) => Some(item.clone()),
                n if of.flow.get("at").as_text() == Some(n) => Some(Val::Number(f64::from(*index))),
                _ => None,
            }
        });
        looped.or_else(|| self.variable(&format!("${name}")))
    }

    fn about_workflow(&self) -> Val {
        let input = self.here.read(&Reference { root: Root::Trigger, path: Vec::new() });
        Val::map(vec![("input".into(), input)])
    }

    fn about_task(&self, input: &Val) -> Val {
        let name = Val::Text(self.step.name.clone());
        let reference = Val::text(self.reference());
        Val::map(vec![
            ("name".into(), name),
            ("reference".into(), reference),
            ("input".into(), input.clone()),
        ])
    }
}
