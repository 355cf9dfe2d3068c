//! The data flow of one state: what its expressions read, what it takes of its input, what it hands on.
//!
//! Sources: states-language.net/spec.html, "Input and Output Processing", "Data flow using JSONata", "Variables";
//! docs.aws.amazon.com/step-functions, "Processing input and output", "Passing data between states with variables".

use super::Left;
use crate::evaluate::{Failure, condition, exactly};
use crate::scope::{Here, made};
use crate::state::{Fault, FrameKind};
use crate::{Place, Scope, Val};
use workflow::{Expression, Map, Platform, Reference, Root, Step, Text, Value};

/// The failure of a path that a state's own fields hold.
const RUNTIME: &str = "States.Runtime";

/// States hand on at most so much.
const MOST_BYTES: usize = 256 * 1024;

/// One state, where it runs.
#[derive(Clone, Copy)]
pub(super) struct Flow<'a, 'w> {
    pub(super) here: &'a Here<'a, 'w>,
    pub(super) step: &'a Step,
    /// The item that a round is made for, and its number.
    pub(super) item: Option<(&'a Val, u32)>,
}

/// What `$`, `$states.result` and `$states.errorOutput` are at one place of a state.
#[derive(Clone, Copy, Default)]
pub(super) struct Docs<'d> {
    pub(super) dot: Option<&'d Val>,
    pub(super) result: Option<&'d Val>,
    pub(super) error: Option<&'d Val>,
}

/// Expressions at one place of a state.
struct Names<'a, 'w> {
    flow: Flow<'a, 'w>,
    docs: Docs<'a>,
}

impl Scope for Names<'_, '_> {
    fn read(&self, reference: &Reference) -> Val {
        match &reference.root {
            Root::Previous => self.docs.dot.unwrap_or(self.flow.here.input).clone(),
            Root::Run(name) if name == "$$" => self.flow.context(),
            Root::Run(name) if name == "result" => self.docs.result.cloned().unwrap_or_default(),
            Root::Run(name) if name == "error" => self.docs.error.cloned().unwrap_or_default(),
            Root::Variable(name) => {
                self.flow.variable(name).unwrap_or_else(|| Val::unknown(format!("variable.{name}")))
            }
            _ => self.flow.here.read(&Reference { root: reference.root.clone(), path: Vec::new() }),
        }
    }

    fn now(&self) -> Option<i64> {
        self.flow.here.state.clock
    }

    fn resolve(&self, value: Val) -> Val {
        self.flow.here.resolve(value)
    }

    fn platform(&self) -> Option<Platform> {
        Some(Platform::StepFunctions)
    }

    fn is_whole(&self) -> bool {
        true
    }

    fn name(&self, name: &str) -> Option<Val> {
        let name = name.strip_prefix('$')?;
        match name {
            "states" => Some(self.states()),
            "" => None,
            name => self.flow.variable(name),
        }
    }
}

impl Names<'_, '_> {
    /// `$states`; without the parts that only the world knows, so that reading others is possible.
    fn states(&self) -> Val {
        let mut entries = vec![(Text::from("input"), self.flow.here.input.clone())];
        entries.extend(self.docs.result.map(|r| ("result".into(), r.clone())));
        entries.extend(self.docs.error.map(|e| ("errorOutput".into(), e.clone())));
        entries.push(("context".into(), known(&self.flow.context())));
        Val::map(entries)
    }
}

/// An object without the fields that are not known.
fn known(val: &Val) -> Val {
    match val {
        Val::Map(entries) => {
            let kept = entries.iter().filter(|(_, v)| !matches!(v, Val::Unknown(_)));
            Val::map(kept.map(|(k, v)| (k.clone(), known(v))).collect())
        }
        other => other.clone(),
    }
}

/// What the Parallel state was given whose branches meet at a step.
pub(super) fn before(here: &Here<'_, '_>, join: &Step) -> Val {
    let id = join.id.rsplit_once('/').map_or("", |(fork, _)| fork);
    let fork = here.state.frame(here.frame).and_then(|f| {
        let fork = here.program.find(f.workflow, id)?;
        f.attempts.get(&fork)
    });
    fork.map(|(_, input)| input.clone()).unwrap_or_default()
}

impl<'a, 'w> Flow<'a, 'w> {
    pub(super) fn of(here: &'a Here<'a, 'w>, step: &'a Step) -> Self {
        Flow { here, step, item: None }
    }

    /// A field of the state; nothing where it is absent.
    pub(super) fn field(&self, name: &str) -> Option<&'a Value> {
        fields(&self.step.flow)?.get(name)
    }

    pub(super) fn is_jsonata(&self) -> bool {
        self.field("QueryLanguage").and_then(Value::as_text) == Some("JSONata")
    }

    fn is(&self, kind: &str) -> bool {
        self.field("Type").and_then(Value::as_text) == Some(kind)
    }

    /// The value of a value of the state.
    pub(super) fn value(&self, value: &Value, docs: Docs<'_>) -> Result<Val, Failure> {
        let names = Names { flow: *self, docs };
        made(value, &|e: &Expression| exactly(e, &names))
    }

    /// The value of a field of the state.
    fn valued(&self, name: &str, docs: Docs<'_>) -> Result<Option<Val>, Failure> {
        self.field(name).map(|v| self.value(v, docs)).transpose()
    }

    /// What a path field of the state takes from a document; an empty object where it is null.
    fn selected(&self, name: &str, from: &Val) -> Result<Val, Failure> {
        match self.field(name) {
            None => Ok(from.clone()),
            Some(Value::Null) => Ok(Val::map(Vec::new())),
            Some(path) => {
                let docs = Docs { dot: Some(from), ..Docs::default() };
                self.value(path, docs).map_err(|f| Failure { name: RUNTIME.into(), ..f })
            }
        }
    }

    /// The input after `InputPath`.
    pub(super) fn effective(&self) -> Result<Val, Failure> {
        if self.is_jsonata() {
            Ok(self.here.input.clone())
        } else {
            self.selected("InputPath", self.here.input)
        }
    }

    /// What a task, a wait or a callback is asked with.
    pub(super) fn asked(&self) -> Result<Val, Failure> {
        let effective = self.effective()?;
        let docs = Docs { dot: Some(&effective), ..Docs::default() };
        for name in ["TimeoutSecondsPath", "HeartbeatSecondsPath", "TimeoutSeconds", "HeartbeatSeconds"] {
            self.timed(name, docs)?;
        }
        if self.is("Wait") {
            return self.moment(docs);
        }
        match self.valued("Parameters", docs)? {
            Some(parameters) => Ok(parameters),
            None => Ok(self.valued("Arguments", docs)?.unwrap_or(effective)),
        }
    }

    /// A bound on the time that a task takes has to be a whole number.
    fn timed(&self, name: &str, docs: Docs<'_>) -> Result<(), Failure> {
        let given = self.valued(name, docs);
        let given = if name.ends_with("Path") {
            given.map_err(|f| Failure { name: RUNTIME.into(), ..f })
        } else {
            given
        };
        match given? {
            Some(Val::Number(n)) if n >= 1.0 && n.fract() == 0.0 => Ok(()),
            None | Some(Val::Unknown(_)) => Ok(()),
            Some(_) => Err(self.failure(&format!("`{name}` gives no number of seconds"))),
        }
    }

    /// The failure of a field whose value does not fit.
    pub(super) fn failure(&self, message: &str) -> Failure {
        let name = if self.is_jsonata() { "States.QueryEvaluationError" } else { RUNTIME };
        Failure::new(name, format!("{message} (state `{}`)", self.step.name))
    }

    /// Until when a Wait state waits: an object with `Seconds` or `Timestamp`.
    fn moment(&self, docs: Docs<'_>) -> Result<Val, Failure> {
        for (name, plain) in [
            ("Seconds", "Seconds"),
            ("SecondsPath", "Seconds"),
            ("Timestamp", "Timestamp"),
            ("TimestampPath", "Timestamp"),
        ] {
            let given = self.valued(name, docs);
            let given =
                if name == plain { given } else { given.map_err(|f| Failure { name: RUNTIME.into(), ..f }) };
            let Some(given) = given? else { continue };
            let fits = match (&given, plain) {
                (Val::Unknown(_), _) => true,
                (Val::Number(n), "Seconds") => *n >= 0.0 && n.fract() == 0.0 && *n <= 99_999_999.0,
                (Val::Text(t), "Timestamp") => crate::evaluate::is_moment(t),
                _ => false,
            };
            if !fits {
                return Err(self.failure(&format!("`{name}` gives no moment to wait until")));
            }
            return Ok(Val::map(vec![(plain.into(), given)]));
        }
        Ok(Val::Null)
    }

    /// What the branches of a Parallel state start with.
    pub(super) fn inside(&self) -> Result<Val, Failure> {
        let effective = self.effective()?;
        let docs = Docs { dot: Some(&effective), ..Docs::default() };
        let given = if self.is_jsonata() { "Arguments" } else { "Parameters" };
        Ok(self.valued(given, docs)?.unwrap_or(effective))
    }

    /// The items of a Map state.
    pub(super) fn items(&self) -> Result<Val, Failure> {
        let effective = self.effective()?;
        let docs = Docs { dot: Some(&effective), ..Docs::default() };
        for name in ["MaxConcurrency", "MaxConcurrencyPath"] {
            if let Some(given) = self.valued(name, docs)? {
                self.counts(name, &given)?;
            }
        }
        for name in ["Count", "CountPath", "Percentage", "PercentagePath"] {
            self.tolerance(name, docs)?;
        }
        let items = if self.is_jsonata() {
            self.valued("Items", docs)?.unwrap_or(effective)
        } else {
            match self.field("ItemsPath") {
                Some(_) => self.selected("ItemsPath", &effective)?,
                None => effective,
            }
        };
        match items {
            Val::List(_) | Val::Unknown(_) => Ok(items),
            _ => Err(self.failure("the items of a Map state are no list")),
        }
    }

    fn counts(&self, name: &str, given: &Val) -> Result<(), Failure> {
        match numeric(given) {
            Some(n) if n >= 0.0 && n.fract() == 0.0 => Ok(()),
            None if matches!(given, Val::Unknown(_)) => Ok(()),
            _ => Err(self.failure(&format!("`{name}` gives no number of rounds"))),
        }
    }

    /// How many failed rounds, or how much of a hundred, a Map state tolerates.
    pub(super) fn tolerance(&self, name: &str, docs: Docs<'_>) -> Result<Option<f64>, Failure> {
        let full = format!("ToleratedFailure{name}");
        let most = if name.starts_with('P') { 100.0 } else { f64::MAX };
        let Some(given) = self.valued(&full, docs)? else { return Ok(None) };
        match numeric(&given) {
            Some(n) if (0.0..=most).contains(&n) && (most < f64::MAX || n.fract() == 0.0) => Ok(Some(n)),
            None if matches!(given, Val::Unknown(_)) => Ok(None),
            _ => Err(self.failure(&format!("`{full}` is out of its range"))),
        }
    }

    /// What a round of a Map state starts with.
    pub(super) fn round(&self) -> Result<Val, Failure> {
        let effective = self.effective()?;
        let docs = Docs { dot: Some(&effective), ..Docs::default() };
        let selector = if self.is_jsonata() { None } else { self.valued("Parameters", docs)? };
        match (selector, self.valued("ItemSelector", docs)?) {
            (_, Some(selected)) | (Some(selected), None) => Ok(selected),
            _ => Ok(self.item.map(|(item, _)| item.clone()).unwrap_or_default()),
        }
    }

    /// What a state is left with that has given `raw`.
    pub(super) fn left(&self, raw: Val) -> Result<Left, Fault> {
        let mut left = if self.is_jsonata() { self.jsonata(raw, None)? } else { self.json_path(raw)? };
        left.variables.extend(self.forgotten());
        match size(&left.output) > MOST_BYTES {
            true => Err(Failure::new("States.DataLimitExceeded", "the state gave more than 256 KiB").into()),
            false => Ok(left),
        }
    }

    /// Counts of retries end with the visit.
    pub(super) fn forgotten(&self) -> Option<(Text, Val)> {
        let name = self.retries();
        let counted = self.here.state.frame(self.here.frame).is_some_and(|f| f.variables.contains_key(&name));
        counted.then_some((name, Val::Null))
    }

    /// The variable that counts the retries of this state.
    pub(super) fn retries(&self) -> Text {
        let id = self.step.id.strip_suffix("/(all branches)").unwrap_or(&self.step.id);
        format!("(retries) {id}").into()
    }

    fn json_path(&self, raw: Val) -> Result<Left, Failure> {
        let effective = self.effective()?;
        let on_input = Docs { dot: Some(&effective), ..Docs::default() };
        if self.is("Succeed") || self.is("Wait") || self.is("Choice") {
            let variables = self.assigned(self.field("Assign"), on_input)?;
            return Ok(Left { variables, ..Left::with(self.selected("OutputPath", &effective)?) });
        }
        let raw = match self.is("Pass") {
            false => raw,
            true => match self.valued("Result", on_input)? {
                Some(result) => result,
                None => self.valued("Parameters", on_input)?.unwrap_or(effective),
            },
        };
        let of_raw = Docs { dot: Some(&raw), result: Some(&raw), error: None };
        let result = if self.is("Pass") { None } else { self.valued("ResultSelector", of_raw)? };
        let result = result.unwrap_or_else(|| raw.clone());
        let variables = self.assigned(self.field("Assign"), Docs { dot: Some(&result), ..of_raw })?;
        let whole = self.placed(self.field("ResultPath"), self.here.input, result)?;
        Ok(Left { variables, ..Left::with(self.selected("OutputPath", &whole)?) })
    }

    /// A result put into a document where `ResultPath` says.
    pub(super) fn placed(&self, path: Option<&Value>, input: &Val, result: Val) -> Result<Val, Failure> {
        match path {
            None => Ok(result),
            Some(Value::Null) => Ok(input.clone()),
            Some(path) => put(input, path.items(), result).ok_or_else(|| {
                Failure::new("States.ResultPathMatchFailure", "the place of `ResultPath` is not there")
            }),
        }
    }

    /// The values that `Assign` gives to variables, all from what was there before.
    pub(super) fn assigned(
        &self,
        assign: Option<&Value>,
        docs: Docs<'_>,
    ) -> Result<Vec<(Text, Val)>, Failure> {
        let scope = self.field("Scope").and_then(Value::as_text).unwrap_or_default();
        let entries = assign.map_or(&[][..], Value::entries);
        entries
            .iter()
            .map(|e| Ok((format!("{scope}{}", e.key).into(), self.value(&e.value, docs)?)))
            .collect()
    }

    /// A state in JSONata: `Output` and `Assign`, of the state or of the rule that was chosen.
    fn jsonata(&self, raw: Val, rule: Option<&Value>) -> Result<Left, Failure> {
        let gives = self.is("Task") || self.is("Parallel") || self.is("Map");
        let docs = Docs { result: gives.then_some(&raw), ..Docs::default() };
        let field = |name| rule.and_then(|r| fields(r)?.get(name));
        let own = |name| if rule.is_some() { None } else { self.field(name) };
        let variables = self.assigned(field("Assign").or_else(|| own("Assign")), docs)?;
        let output = match field("Output").or_else(|| self.field("Output")) {
            Some(output) => self.value(output, docs)?,
            None if gives => raw,
            None => self.here.input.clone(),
        };
        Ok(Left { variables, ..Left::with(output) })
    }

    /// The rule that a Choice state takes, and what it is then left with.
    pub(super) fn chosen(&self) -> Result<Left, Fault> {
        let effective = self.effective()?;
        let docs = Docs { dot: Some(&effective), ..Docs::default() };
        let rules = self.field("Choices").map_or(&[][..], Value::items);
        let mut chosen = None;
        for (number, case) in self.step.flow.get("cases").items().iter().enumerate() {
            match self.holds(case, docs)? {
                Some(true) => {
                    chosen = Some(number);
                    break;
                }
                Some(false) => {}
                None => return Ok(Left { output: self.here.input.clone(), ..Left::default() }),
            }
        }
        let rule = chosen.and_then(|number| rules.get(number));
        let mut left = match self.is_jsonata() {
            true => self.jsonata(Val::Null, rule)?,
            false => {
                let assign = rule.map_or_else(|| self.field("Assign"), |r| fields(r)?.get("Assign"));
                let variables = self.assigned(assign, docs)?;
                Left { variables, ..Left::with(self.selected("OutputPath", &effective)?) }
            }
        };
        left.case = Some(chosen);
        Ok(left)
    }

    /// Whether a rule's condition holds; nothing where that is not known.
    fn holds(&self, case: &Value, docs: Docs<'_>) -> Result<Option<bool>, Failure> {
        let names = Names { flow: *self, docs };
        let Value::Expr(e) = case else { return Ok(Some(false)) };
        if !self.is_jsonata() {
            return condition(e, &names);
        }
        match exactly(e, &names)? {
            Val::Bool(b) => Ok(Some(b)),
            Val::Unknown(_) => condition(e, &names),
            _ => Err(self.failure("a condition gives no boolean")),
        }
    }

    /// What a Fail state raises.
    pub(super) fn raised(&self) -> Result<Fault, Failure> {
        let docs = Docs { dot: Some(self.here.input), ..Docs::default() };
        let part = |plain: &str, path: &str| {
            let given = match self.valued(plain, docs)? {
                Some(given) => Some(given),
                None => self.valued(path, docs).map_err(|f| Failure { name: RUNTIME.into(), ..f })?,
            };
            match given {
                None | Some(Val::Text(_) | Val::Unknown(_)) => Ok(given),
                Some(_) => Err(self.failure(&format!("`{plain}` of a Fail state is no text"))),
            }
        };
        let (error, cause) = (part("Error", "ErrorPath")?, part("Cause", "CausePath")?);
        let name = match error {
            Some(Val::Text(t)) => t,
            _ => Text::default(),
        };
        Ok(Fault { name, data: cause.unwrap_or_default(), timeout: false })
    }

    /// The value of a variable, from the innermost scope outwards.
    fn variable(&self, name: &str) -> Option<Val> {
        let mut scope = self.field("Scope").and_then(Value::as_text).unwrap_or_default();
        loop {
            let full = format!("{scope}{name}");
            let all = &mut self.here.state.chain(self.here.frame);
            let found = all.find_map(|f| self.here.state.frame(f)?.variables.get(full.as_str()));
            if let Some(found) = found {
                return Some(found.clone());
            }
            let outer = scope.strip_suffix('\n')?;
            scope = &scope[..outer.rfind('\n').map_or(0, |at| at + 1)];
        }
    }

    /// The context object: what is known of it here, and what the platform alone knows.
    fn context(&self) -> Val {
        let map =
            |entries: Vec<(&str, Val)>| Val::map(entries.into_iter().map(|(k, v)| (k.into(), v)).collect());
        let unknown = |name: &str| Val::unknown(name);
        let run = self.here.read(&Reference { root: Root::Trigger, path: Vec::new() });
        let mut state = vec![
            ("EnteredTime", unknown("State.EnteredTime")),
            ("Name", Val::text(self.field("Name").and_then(Value::as_text).unwrap_or_default())),
        ];
        if self.is("Task") || self.is("Parallel") || self.is("Map") {
            state.push(("RetryCount", Val::Number(self.tries())));
        }
        let machine = vec![("Id", unknown("StateMachine.Id")), ("Name", unknown("StateMachine.Name"))];
        let mut all = vec![
            (
                "Execution",
                map(vec![
                    ("Id", unknown("Execution.Id")),
                    ("Input", self.distributed_item().unwrap_or(run)),
                    ("Name", unknown("Execution.Name")),
                    ("RoleArn", unknown("Execution.RoleArn")),
                    ("StartTime", unknown("Execution.StartTime")),
                    ("RedriveCount", Val::Number(0.0)),
                ]),
            ),
            ("State", map(state)),
            ("StateMachine", map(machine)),
        ];
        let resource = self.field("Resource").and_then(Value::as_text).unwrap_or_default();
        if resource.contains(".waitForTaskToken")
            || resource.contains(".sync")
            || resource.contains(":activity:")
        {
            all.push(("Task", map(vec![("Token", unknown("Task.Token"))])));
        }
        if let Some((index, value)) = self.around() {
            let item = map(vec![("Index", Val::Number(f64::from(index))), ("Value", value)]);
            all.push(("Map", map(vec![("Item", item)])));
        }
        map(all)
    }

    /// How often the state was tried before, in this visit.
    fn tries(&self) -> f64 {
        let noted = self.here.state.frame(self.here.frame).and_then(|f| f.variables.get(&self.retries()));
        let counts = match noted {
            Some(Val::List(parts)) => parts.first().cloned().unwrap_or_default(),
            _ => Val::Null,
        };
        let count = |val: &Val| if let Val::Number(n) = val { *n } else { 0.0 };
        if let Val::List(counts) = counts { counts.iter().map(count).sum() } else { 0.0 }
    }

    /// The number and item of the round that this is for, or that is around.
    fn around(&self) -> Option<(u32, Val)> {
        if let Some((item, index)) = self.item {
            return Some((index, item.clone()));
        }
        self.here.state.chain(self.here.frame).find_map(|f| match &self.here.state.frame(f)?.kind {
            FrameKind::Round { index, item, .. } => Some((*index, item.clone())),
            FrameKind::Run { .. } => None,
        })
    }

    /// A distributed Map state starts an execution for each item, whose input the item is.
    fn distributed_item(&self) -> Option<Val> {
        self.here.state.chain(self.here.frame).find_map(|f| {
            let frame = self.here.state.frame(f)?;
            let FrameKind::Round { of, item, .. } = &frame.kind else { return None };
            let of = self.here.program.step(Place { workflow: frame.workflow, step: *of })?;
            (of.flow.get("Distributed").as_bool() == Some(true)).then(|| item.clone())
        })
    }
}

/// A number, or a text that holds one: the platform takes both where a path gives a count.
fn numeric(val: &Val) -> Option<f64> {
    match val {
        Val::Number(n) => Some(*n),
        Val::Text(t) => t.parse().ok(),
        _ => None,
    }
}

/// About how long a value is as JSON text; never more than that.
fn size(val: &Val) -> usize {
    match val {
        Val::Text(t) => t.len() + 2,
        Val::List(items) => items.iter().map(|v| size(v) + 1).sum::<usize>() + 1,
        Val::Map(entries) => entries.iter().map(|(k, v)| k.len() + size(v) + 4).sum::<usize>() + 1,
        _ => 1,
    }
}

/// A value's fields, where it is an object.
pub(super) fn fields(value: &Value) -> Option<&Map> {
    match value {
        Value::Map(map) => Some(map),
        _ => None,
    }
}

/// A document with a value at a place; fields on the way are made.
fn put(into: &Val, path: &[Value], val: Val) -> Option<Val> {
    let Some((part, rest)) = path.split_first() else { return Some(val) };
    match (part, into) {
        (Value::Text(key), Val::Map(entries)) => {
            let mut entries = entries.to_vec();
            match entries.iter_mut().find(|(k, _)| k == key) {
                Some((_, old)) => *old = put(old, rest, val)?,
                None => entries.push((key.clone(), put(&Val::map(Vec::new()), rest, val)?)),
            }
            Some(Val::map(entries))
        }
        (Value::Number(at), Val::List(items)) => {
            let (at, mut items) = (at.parse::<usize>().ok()?, items.to_vec());
            let old = items.get_mut(at)?;
            *old = put(old, rest, val)?;
            Some(Val::list(items))
        }
        (_, Val::Unknown(symbol)) => Some(Val::unknown(format!("{} with a result", symbol.0))),
        _ => None,
    }
}
