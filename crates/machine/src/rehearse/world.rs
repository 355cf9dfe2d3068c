//! The world of a scenario: what each request is answered, what effects do to the directory, how time passes.

use super::leads::Leads;
use super::replay::ERROR;
use super::scenario::{Crash, Duration, Fault, How, Reply, Scenario, Undecided};
use super::values::{texts, val_of};
use super::{Directory, Effect, Event, Outcome, Station, branches, is_named};
use crate::call::{changes, name, tells};
use crate::request::{Act, Answer, At, Call, Request};
use crate::scope::Here;
use crate::state::{Choice, Ended, State};
use crate::{Place, Program, Trail, Val, next, resume_traced, start_traced};
use std::collections::BTreeSet;
use workflow::{EdgeKind, Kind, Returns, Text};

/// A call takes so long, where nobody says otherwise.
const CALL: i64 = 100;
/// A person takes so long to answer, where nobody says otherwise.
const PERSON: i64 = 3_600_000;

/// A scenario under way.
pub(super) struct World<'s, 'p, 'w> {
    program: &'p Program<'w>,
    workflow: u32,
    scenario: &'s Scenario,
    replies: Vec<&'s Reply>,
    used: Vec<u32>,
    happened: Vec<u32>,
    before: Directory,
    started: Option<i64>,
    elapsed: i64,
    again: Option<i64>,
    leads: Option<Leads>,
    /// Loops that have had a round where nothing says how many they have.
    went: BTreeSet<Place>,
    out: Outcome,
}

/// Why the world says no more.
enum Stop {
    Ends(How),
    Open(String),
}

impl<'s, 'p, 'w> World<'s, 'p, 'w> {
    pub(super) fn new(
        program: &'p Program<'w>,
        workflow: u32,
        scenario: &'s Scenario,
        more: &'s [Reply],
        directory: &Directory,
    ) -> Self {
        let directory = scenario.directory.as_ref().unwrap_or(directory);
        let replies: Vec<&Reply> = scenario.answers.iter().chain(more).collect();
        let started = scenario.at.as_ref().and_then(|t| t.parse::<jiff::Timestamp>().ok());
        World {
            program,
            workflow,
            scenario,
            used: vec![0; replies.len()],
            replies,
            happened: vec![0; scenario.faults.len()],
            before: directory.clone(),
            started: started.map(jiff::Timestamp::as_millisecond),
            elapsed: 0,
            again: scenario.faults.iter().find_map(|f| f.deliver_again).map(|d| d.0),
            leads: (scenario.undecided == Undecided::TowardsChange).then(|| Leads::new(program)),
            went: BTreeSet::new(),
            out: Outcome { directory: directory.clone(), ..Outcome::default() },
        }
    }

    pub(super) fn play(mut self, most: usize) -> Outcome {
        let Some(trigger) = self.trigger() else { return self.out };
        let mut state = self.begin(trigger);
        for _ in 0..most {
            let request = next(self.program, &state);
            if let Request::Done(ends) = &request {
                self.out.ended.extend(ends.iter().map(|e| how(&e.how)));
                self.out.failure = ends.last().map(|e| failure(&e.how)).unwrap_or_default();
                let Some(after) = self.again.take() else { return self.end() };
                self.elapsed = self.elapsed.max(after);
                state = self.begin(trigger);
                continue;
            }
            let answer = match self.answer(&request, &state) {
                Ok(answer) => answer,
                Err(Stop::Ends(how)) => {
                    self.out.ended.extend(state.ended.iter().map(|e| self::how(&e.how)));
                    self.out.ended.push(how);
                    return self.end();
                }
                Err(Stop::Open(why)) => {
                    self.out.open = Some(why);
                    return self.end();
                }
            };
            self.note(&request, &answer);
            state.clock = self.clock();
            match resume_traced(self.program, state, &request, answer) {
                Ok((after, trail)) => {
                    self.follow(trail);
                    state = after;
                }
                Err(misfit) => {
                    self.out.open = Some(misfit.to_string());
                    return self.end();
                }
            }
        }
        self.out.open = Some(format!("the run did not end within {most} answers"));
        self.end()
    }

    fn end(mut self) -> Outcome {
        let own = self.scenario.answers.len();
        self.out.unused = (0..own).filter(|i| self.used[*i] == 0).collect();
        self.out
    }

    fn clock(&self) -> Option<i64> {
        self.started.map(|at| at + self.elapsed)
    }

    /// The trigger that the scenario names; what is wrong is told.
    fn trigger(&mut self) -> Option<u32> {
        let triggers = self.program.workflow(self.workflow).map_or(&[][..], |w| w.triggers.as_slice());
        let Some(name) = &self.scenario.trigger else { return Some(0) };
        let found = triggers.iter().position(|t| t.id == *name || t.name == *name);
        if found.is_none() {
            let names: Vec<String> = triggers.iter().map(|t| format!("`{}`", t.name)).collect();
            self.out.open = Some(format!("no trigger `{name}`; there are {}", names.join(", ")));
        }
        found.and_then(|i| u32::try_from(i).ok())
    }

    fn begin(&mut self, trigger: u32) -> State {
        self.went.clear();
        let input = self.scenario.input.as_ref().map_or_else(|| Val::unknown("trigger"), val_of);
        let (state, trail) = start_traced(self.program, self.workflow, trigger, input, self.clock());
        self.out.walk.push(Station { place: None, leaves: Text::default() });
        self.follow(trail);
        state
    }

    fn follow(&mut self, trail: Trail) {
        self.out.walk.extend(branches(self.program, &trail));
        self.out.trail.extend(trail);
    }

    /// A station for every step that asked something of the world.
    fn note(&mut self, request: &Request, answer: &Answer) {
        let leaves = match answer {
            Answer::Again | Answer::First(_) => return,
            Answer::Choose(_) => return,
            Answer::Decided(case) => case.clone(),
            Answer::Error(name, _) if name.is_empty() => "error".into(),
            Answer::Error(name, _) => format!("error: {name}").into(),
            Answer::Timeout => "timeout".into(),
            Answer::Cancelled => "cancelled".into(),
            Answer::Crash => "crash".into(),
            Answer::Result(_) | Answer::Over(_) => Text::default(),
        };
        let shown = |a: &&At| self.program.step(a.place).is_some_and(|s| !s.synthetic);
        if let Some(at) = request.at().filter(shown) {
            self.out.walk.push(Station { place: Some(at.place), leaves });
        }
    }

    fn answer(&mut self, request: &Request, state: &State) -> Result<Answer, Stop> {
        match request {
            Request::Call(call) | Request::Start(call) => Ok(self.called(call)),
            Request::Ask(call) => self.asked(call, state),
            Request::Wait(call) => Ok(self.waited(call)),
            Request::Choose(at, choice) => self.choose(at, choice, state),
            Request::Order(among) => Ok(self.order(among)),
            Request::Stuck(_) | Request::Done(_) => Err(Stop::Ends(How::Stuck)),
        }
    }

    /// The first answer of the scenario that fits a step and of which `is` holds, and how often it was used.
    fn reply(&mut self, at: Place, effects: &[Act], is: impl Fn(&Reply) -> bool) -> Option<(&'s Reply, u32)> {
        let program = self.program;
        let fits = |r: &Reply| {
            let step = r.step.as_ref().is_none_or(|s| is_named(program, at, s));
            let system = r.system.as_ref().is_none_or(|s| effects.iter().any(|e| e.system == *s));
            let effect = r.effect.is_none_or(|k| effects.iter().any(|e| e.kind == k));
            let named = r.step.is_some() || r.system.is_some() || r.effect.is_some();
            named && step && system && effect
        };
        let open = |i: usize, r: &Reply| r.times.is_none_or(|most| self.used[i] < most);
        let found = (0..).zip(&self.replies).find(|(i, r)| open(*i, r) && fits(r) && is(r));
        let (i, reply) = found.map(|(i, r)| (i, *r))?;
        self.used[i] += 1;
        Some((reply, self.used[i]))
    }

    /// The first fault at a step of which `is` holds; `most` is how often it happens where it does not say.
    fn fault<T>(&mut self, call: &Call, most: u32, is: impl Fn(&Fault) -> Option<T>) -> Option<T> {
        for (i, fault) in self.scenario.faults.iter().enumerate() {
            let at = fault.at.as_ref().is_some_and(|s| is_named(self.program, call.at.place, s));
            let system = fault.system.as_ref().is_some_and(|s| call.effects.iter().any(|e| e.system == *s));
            let open = self.happened[i] < fault.times.unwrap_or(most);
            if let Some(found) = is(fault).filter(|_| (at || system) && open) {
                self.happened[i] += 1;
                return Some(found);
            }
        }
        None
    }

    /// Lets time pass; the second delivery comes where its time lies within.
    fn passes(&mut self, takes: i64) -> Option<Answer> {
        if let Some(after) = self.again.filter(|a| *a <= self.elapsed.saturating_add(takes)) {
            self.again = None;
            self.elapsed = self.elapsed.max(after);
            return Some(Answer::Again);
        }
        self.elapsed = self.elapsed.saturating_add(takes);
        None
    }

    /// What stops or interrupts any step.
    fn interrupted(&mut self, call: &Call) -> Option<Answer> {
        if let Some(Duration(jump)) = self.fault(call, 1, |f| f.clock) {
            self.elapsed = self.elapsed.saturating_add(jump);
        }
        if self.fault(call, 1, |f| f.cancel.then_some(())).is_some() {
            return Some(Answer::Cancelled);
        }
        let crash = self.fault(call, 1, |f| f.crash)?;
        if crash == Crash::After {
            self.perform(call, None);
        }
        Some(Answer::Crash)
    }

    fn called(&mut self, call: &Call) -> Answer {
        let own = |r: &Reply| r.case.is_none() && r.rounds.is_none();
        let reply = self.reply(call.at.place, &call.effects, own).map(|(r, _)| r);
        let late = self.fault(call, u32::MAX, |f| f.late).map_or(0, |d| d.0);
        let takes = reply.and_then(|r| r.takes).map_or(CALL, |d| d.0) + late;
        if let Some(answer) = self.passes(takes).or_else(|| self.interrupted(call)) {
            return answer;
        }
        if let Some(name) = self.fault(call, u32::MAX, |f| f.fail.clone()) {
            return self.failed(call, Answer::Error(name, Val::Null));
        }
        if self.fault(call, u32::MAX, |f| f.time_out.then_some(())).is_some() {
            return self.failed(call, Answer::Timeout);
        }
        match reply {
            Some(Reply { error: Some(name), .. }) => {
                return self
                    .failed(call, Answer::Error(name.clone(), reply.and_then(data).unwrap_or_default()));
            }
            Some(Reply { timeout: true, .. }) => return self.failed(call, Answer::Timeout),
            _ => {}
        }
        let answer = match reply {
            Some(Reply { decided: Some(case), .. }) => Answer::Decided(case.clone()),
            Some(r) if r.result.is_some() => Answer::Result(data(r).unwrap_or_default()),
            _ => self.looked_up(call),
        };
        self.done(call, answer)
    }

    /// A step is done, perhaps in part, perhaps twice, perhaps unseen.
    fn done(&mut self, call: &Call, answer: Answer) -> Answer {
        if self.fault(call, u32::MAX, |f| f.silent.then_some(())).is_some() {
            return self.failed(call, Answer::Result(Val::Null));
        }
        let part = self.fault(call, u32::MAX, |f| f.partial);
        if let Answer::Result(_) | Answer::Decided(_) = answer {
            self.perform(call, part);
            if self.fault(call, 1, |f| f.twice.then_some(())).is_some() {
                self.perform(call, None);
            }
        }
        match self.fault(call, u32::MAX, |f| f.unseen.then_some(())) {
            Some(()) => self.failed(call, Answer::Error(Text::default(), Val::Null)),
            None => answer,
        }
    }

    /// What a read gives by the directory, where that knows the system; else something that is not known.
    fn looked_up(&mut self, call: &Call) -> Answer {
        let step = self.program.step(call.at.place);
        let unknown = Answer::Result(Val::unknown(format!("step.{}", step.map_or("", |s| s.id.as_str()))));
        let read = call.effects.iter().find(|e| e.kind == Kind::Read);
        let Some(read) = read.filter(|e| !e.identity.is_empty() && e.identity.iter().all(Val::is_known))
        else {
            return unknown;
        };
        let stale = self.fault(call, u32::MAX, |f| f.stale.then_some(())).is_some();
        let directory = if stale { &self.before } else { &self.out.directory };
        let Some(found) = directory.read(&read.system, &named(&read.identity)) else { return unknown };
        match (step.map(|s| s.target.returns), &found[..]) {
            (Some(Returns::List), all) => Answer::Result(Val::list(all.iter().map(val_of).collect())),
            (_, [only]) => Answer::Result(val_of(only)),
            (_, []) => Answer::Error("not found".into(), Val::Null),
            _ => unknown,
        }
    }

    fn asked(&mut self, call: &Call, state: &State) -> Result<Answer, Stop> {
        let place = call.at.place;
        let own = |r: &Reply| r.case.is_none() && r.rounds.is_none();
        let reply = self.reply(place, &call.effects, own).map(|(r, _)| r);
        let ask = self.program.step(place).and_then(|s| s.ask.as_ref());
        let deadline =
            ask.and_then(|a| a.timeout_seconds).and_then(|s| i64::try_from(s).ok()).map(|s| s * 1000);
        let late = self.fault(call, u32::MAX, |f| f.late).map_or(0, |d| d.0);
        let silent = reply.is_none_or(|r| r.timeout);
        let usual = deadline.map_or(PERSON, |d| PERSON.min(d / 2));
        let takes = reply.and_then(|r| r.takes).map_or(usual, |d| d.0).saturating_add(late);
        let takes = if silent { deadline.unwrap_or(i64::MAX) } else { takes };
        let first = self.out.events.iter().all(|e| e.place != place || e.at != self.elapsed);
        if first {
            self.put_to(call, state);
        }
        if let Some(answer) =
            self.passes(takes.min(deadline.unwrap_or(takes))).or_else(|| self.interrupted(call))
        {
            return Ok(answer);
        }
        if let Some(name) = self.fault(call, u32::MAX, |f| f.fail.clone()) {
            return Ok(Answer::Error(name, Val::Null));
        }
        let out = silent || deadline.is_some_and(|d| takes > d);
        if out || self.fault(call, u32::MAX, |f| f.time_out.then_some(())).is_some() {
            return if deadline.is_some() || self.times_out(place) {
                Ok(Answer::Timeout)
            } else {
                Err(Stop::Ends(How::Waiting))
            };
        }
        Ok(match reply {
            Some(Reply { error: Some(name), .. }) => Answer::Error(name.clone(), Val::Null),
            Some(Reply { decided: Some(case), .. }) => self.done(call, Answer::Decided(case.clone())),
            Some(r) if r.result.is_some() => self.done(call, Answer::Result(data(r).unwrap_or_default())),
            _ => self.done(call, Answer::Result(self.unknown(place))),
        })
    }

    fn unknown(&self, at: Place) -> Val {
        Val::unknown(format!("step.{}", self.program.step(at).map_or("", |s| s.id.as_str())))
    }

    fn times_out(&self, at: Place) -> bool {
        let is = |e: &u32| self.program.edge(at.workflow, *e).is_some_and(|e| e.kind == EdgeKind::Timeout);
        self.program.out(at).iter().any(is)
    }

    /// Notes whom a question is put to.
    fn put_to(&mut self, call: &Call, state: &State) {
        let mut whom: Vec<Text> =
            call.effects.iter().filter(|e| e.kind == Kind::Ask).flat_map(|e| named(&e.identity)).collect();
        let token = state.tokens.get(call.at.token as usize);
        if let (true, Some(token), Some(ask)) =
            (whom.is_empty(), token, self.program.step(call.at.place).and_then(|s| s.ask.as_ref()))
        {
            let here = Here { program: self.program, state, frame: token.frame, input: &token.input };
            texts(&here.value(&ask.approver).unwrap_or_default(), &mut whom);
        }
        let system = call.effects.iter().find(|e| e.kind == Kind::Ask).map(|e| e.system.clone());
        let effect = Effect {
            kind: Kind::Ask,
            system: system.unwrap_or_default(),
            identity: whom,
            entitlement: Vec::new(),
        };
        self.out.events.push(Event {
            at: self.elapsed,
            place: call.at.place,
            well: true,
            tells: true,
            effect,
        });
    }

    fn waited(&mut self, call: &Call) -> Answer {
        let own = |r: &Reply| r.case.is_none() && r.rounds.is_none();
        let reply = self.reply(call.at.place, &call.effects, own).map(|(r, _)| r);
        let takes = reply.and_then(|r| r.takes).map_or_else(|| waits(&call.input), |d| d.0);
        let late = self.fault(call, u32::MAX, |f| f.late).map_or(0, |d| d.0);
        if let Some(answer) = self.passes(takes.saturating_add(late)).or_else(|| self.interrupted(call)) {
            return answer;
        }
        if let Some(name) = self.fault(call, u32::MAX, |f| f.fail.clone()) {
            return Answer::Error(name, Val::Null);
        }
        let out = reply.is_some_and(|r| r.timeout);
        if out || self.fault(call, u32::MAX, |f| f.time_out.then_some(())).is_some() {
            return Answer::Timeout;
        }
        Answer::Over(reply.and_then(data).unwrap_or_default())
    }

    fn choose(&mut self, at: &At, choice: &Choice, state: &State) -> Result<Answer, Stop> {
        let name = name(self.program, at.place);
        match choice {
            Choice::Repeats | Choice::Tolerates(_) => Ok(Answer::Choose(true)),
            Choice::Catches(..) => {
                let told = self.reply(at.place, &[], |r| r.holds.is_some() && r.case == Some(ERROR));
                Ok(Answer::Choose(told.and_then(|(r, _)| r.holds).unwrap_or(true)))
            }
            Choice::Another => {
                let round = self.reply(at.place, &[], |r| r.rounds.is_some());
                match (round, &self.leads) {
                    (Some((reply, n)), _) => Ok(Answer::Choose(n <= reply.rounds.unwrap_or(0))),
                    // The worst case is one round.
                    (None, Some(_)) => Ok(Answer::Choose(self.went.insert(at.place))),
                    (None, None) => Err(Stop::Open(format!(
                        "how often {name} repeats is not known: give what it repeats over, or an answer with `step` and `rounds`"
                    ))),
                }
            }
            Choice::Condition(edge) => {
                let kind = self.program.edge(at.place.workflow, *edge).map(|e| &e.kind);
                let case: Text = kind.map(EdgeKind::label).unwrap_or_default().into();
                if let Some((Reply { error: Some(name), .. }, _)) =
                    self.reply(at.place, &[], |r| r.error.is_some() && r.case.is_none())
                {
                    return Ok(Answer::Error(name.clone(), Val::Null));
                }
                let told = self.reply(at.place, &[], |r| {
                    r.holds.is_some() && r.case.as_ref().is_none_or(|c| *c == case)
                });
                if let Some((reply, _)) = told {
                    return Ok(Answer::Choose(reply.holds.unwrap_or_default()));
                }
                if let Some(leads) = &self.leads {
                    let absent = self.of_what_is_absent(at, kind, state);
                    let holds = absent.unwrap_or_else(|| leads.over(self.program, at.place.workflow, *edge));
                    return Ok(Answer::Choose(holds));
                }
                let text = match kind {
                    Some(EdgeKind::When { condition, .. }) => condition.text.clone(),
                    _ => Text::default(),
                };
                Err(Stop::Open(format!(
                    "whether the case `{case}` of {name} holds is not known ({text}): give the values it reads, or an \
                     answer with `step`, `case` and `holds`"
                )))
            }
        }
    }

    fn of_what_is_absent(&self, at: &At, kind: Option<&EdgeKind>, state: &State) -> Option<bool> {
        let Some(EdgeKind::When { condition, .. }) = kind else { return None };
        let token = state.tokens.get(at.token as usize)?;
        let here = Here { program: self.program, state, frame: token.frame, input: &token.input };
        crate::condition::of_what_is_absent(condition, &here)
    }

    /// The first that a fault names which is not used up; where none does, the first there is.
    fn order(&mut self, among: &[At]) -> Answer {
        for (i, fault) in self.scenario.faults.iter().enumerate().filter(|(_, f)| f.first) {
            let Some(name) = fault.at.as_ref().filter(|_| fault.times.is_none_or(|t| self.happened[i] < t))
            else {
                continue;
            };
            if let Some(at) = among.iter().find(|at| is_named(self.program, at.place, name)) {
                self.happened[i] += 1;
                return Answer::First(at.token);
            }
        }
        Answer::First(among.first().map_or(0, |a| a.token))
    }

    /// Does what a call does: so many parts of it, or all.
    fn perform(&mut self, call: &Call, part: Option<u32>) {
        let tells = tells(self.program, call);
        for act in call.effects.iter().filter(|e| !matches!(e.kind, Kind::Read | Kind::Ask | Kind::Control)) {
            let mut effect = effect(act);
            if let Some(most) = part {
                effect.identity.truncate(most as usize);
            }
            if act.kind.changes_access() {
                for person in &effect.identity {
                    self.out.directory.apply(act.kind, &act.system, person, &effect.entitlement);
                }
            }
            let place = call.at.place;
            self.out.events.push(Event { at: self.elapsed, place, well: true, tells, effect });
        }
        if tells && call.effects.is_empty() {
            self.told_caller(call);
        }
    }

    /// A response to whoever called.
    fn told_caller(&mut self, call: &Call) {
        let caller = Text::const_new("caller");
        let effect = Effect {
            kind: Kind::Notify,
            system: Text::default(),
            identity: vec![caller],
            entitlement: vec![],
        };
        let place = call.at.place;
        self.out.events.push(Event { at: self.elapsed, place, well: true, tells: true, effect });
    }

    fn failed(&mut self, call: &Call, answer: Answer) -> Answer {
        if changes(call) {
            for act in call.effects.iter().filter(|e| e.kind.changes_access()) {
                let (at, place, effect) = (self.elapsed, call.at.place, effect(act));
                self.out.events.push(Event { at, place, well: false, tells: false, effect });
            }
        }
        answer
    }
}

/// How long a wait lasts by its own parameters; nothing where they do not say.
fn waits(input: &Val) -> i64 {
    match input {
        Val::Text(t) => t.parse::<Duration>().map_or(0, |d| d.0),
        Val::List(items) => items.iter().map(waits).max().unwrap_or(0),
        Val::Map(entries) => {
            let seconds = ["Seconds", "seconds", "SecondsPath"].iter().map(|k| input.get(k));
            if let Some(Val::Number(s)) = seconds.into_iter().find(|v| matches!(v, Val::Number(_))) {
                return Duration::of(s, "seconds");
            }
            let amounts =
                [("count", "unit"), ("amount", "unit"), ("resumeAmount", "resumeUnit"), ("duration", "unit")];
            let both = amounts.iter().find_map(|(n, u)| match (input.get(n), input.get(u)) {
                (Val::Number(n), Val::Text(u)) => Some(Duration::of(n, &u)),
                (Val::Text(n), Val::Text(u)) => n.parse().ok().map(|n| Duration::of(n, &u)),
                _ => None,
            });
            both.unwrap_or_else(|| entries.iter().map(|(_, v)| waits(v)).max().unwrap_or(0))
        }
        _ => 0,
    }
}

impl Duration {
    /// So many of a unit, in milliseconds.
    #[allow(clippy::cast_possible_truncation, reason = "saturates, and no wait is that long")]
    fn of(n: f64, unit: &str) -> i64 {
        let unit = unit.to_lowercase();
        let of = |ms: f64| (n * ms) as i64;
        match unit.trim_end_matches('s') {
            "second" => of(1_000.0),
            "minute" => of(60_000.0),
            "hour" => of(3_600_000.0),
            "day" => of(86_400_000.0),
            "week" => of(604_800_000.0),
            _ => 0,
        }
    }
}

fn data(reply: &Reply) -> Option<Val> {
    reply.result.as_ref().map(val_of)
}

fn named(values: &[Val]) -> Vec<Text> {
    let mut names = Vec::new();
    values.iter().for_each(|v| texts(v, &mut names));
    names.dedup();
    names
}

fn effect(act: &Act) -> Effect {
    let (identity, entitlement) = (named(&act.identity), named(&act.entitlement));
    Effect { kind: act.kind, system: act.system.clone(), identity, entitlement }
}

/// Why a run failed, as far as is said.
fn failure(ended: &Ended) -> String {
    match ended {
        Ended::Failure(fault) if fault.data == Val::Null => fault.name.to_string(),
        Ended::Failure(fault) => {
            format!("{} {}", fault.name, crate::evaluate::to_json(&fault.data)).trim().to_owned()
        }
        _ => String::new(),
    }
}

fn how(ended: &Ended) -> How {
    match ended {
        Ended::Success => How::Success,
        Ended::Failure(_) => How::Failure,
        Ended::Cancelled => How::Cancelled,
        Ended::Lost => How::Lost,
    }
}
