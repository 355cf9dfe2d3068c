//! Approval gates: for each access-changing step, whether a person's positive answer (or a check of the
//! requester's authority) stands on every path to it, and what silence, failure and unexpected answers do.
//!
//! For each question the graph is walked once for every way in which the question may end; branches that read the
//! answer go only where that answer leads. A step that some walk reaches although nobody said yes is not gated.

use crate::graph::{From, Graph, Reach};
use crate::logic::{Answer, Logic, Subject, Supposition, is_answer, keys_of, same};
use crate::set::{Place, Set};
use workflow::{Ask, EdgeKind, Expression, Function, Kind, Node, Reference, Root, StepIx, Term, Text};

/// How a change is gated, from the best to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gate {
    /// Nothing here changes access.
    NotApplicable,
    /// A person's positive answer is needed on every path.
    Present,
    /// The requester's authority is checked on every path.
    Authorised,
    /// Some path has no gate.
    None,
    /// The only approval comes after the change.
    AfterChange,
    /// A person is asked, and the answer does not matter.
    Ignored,
    /// There is an approval, and something other than a positive answer passes it.
    FailsOpen,
}

/// What one question means for one change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effectiveness {
    /// Some path to the change does not pass the question.
    Bypassed,
    /// Only a definite answer that is no refusal lets the change happen.
    Holds,
    /// Some answers stop the change, but a refusal or none at all does not: see [`Question::leaks`].
    Leaks,
    /// No answer stops the change.
    NotRead,
}

/// A question to a person (or a check), walked in every way in which it may end.
pub struct Question {
    /// The step that asks.
    pub step: StepIx,
    /// It asks for a decision: some answers are known to mean yes.
    pub is_approval: bool,
    without: Reach,
    ends: Vec<(Answer, Reach)>,
    negative: Vec<Text>,
    /// Every answer that may be given is among the ends.
    closed: bool,
    /// Branches that go on by the answer or by something else.
    around: Vec<StepIx>,
}

impl Gate {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Gate::NotApplicable => "n/a",
            Gate::Present => "present",
            Gate::Authorised => "authorised",
            Gate::None => "none",
            Gate::AfterChange => "after-change",
            Gate::Ignored => "ignored",
            Gate::FailsOpen => "fails-open",
        }
    }
}

impl Answer {
    /// What happened, for people.
    #[must_use]
    pub fn tell(&self) -> String {
        match self {
            Answer::Silence => "no answer in time".into(),
            Answer::Failure => "a failure of the question itself".into(),
            Answer::Empty => "an empty answer".into(),
            Answer::Unexpected => "any unexpected answer".into(),
            Answer::LastRound => "the last round without the answer that is waited for".into(),
            Answer::Pressed(button) => format!("a press of `{button}`, which no branch reads,"),
            Answer::Given(_, v) | Answer::Refused(_, v) => format!("the answer `{v}`"),
        }
    }

    /// Whether it is a refusal, or no answer that a person chose from those offered.
    #[must_use]
    pub fn is_unwanted(&self) -> bool {
        !matches!(self, Answer::Given(..))
    }
}

impl Question {
    /// Walks the graph for a question that a step asks.
    #[must_use]
    pub fn of(graph: &Graph<'_>, step: StepIx) -> Self {
        Question::of_with(graph, step, &[])
    }

    /// The same where nothing leaves some other steps.
    #[must_use]
    pub fn of_with(graph: &Graph<'_>, step: StepIx, closed: &[StepIx]) -> Self {
        let ask = graph.step(step).ask.clone().unwrap_or_default();
        let (subject, _) = subject_of(graph, step);
        let mut values = constants_compared(graph, &subject);
        if ask.decides {
            values.extend(cases(graph, step));
        }
        let places: Vec<&[Text]> = values.iter().map(|(place, _)| place.as_slice()).collect();
        let refusal = crate::card::unread_refusal(graph, step, &places).filter(|_| !places.is_empty());
        // Where a branch reads the answer, an option that it does not name stands there too.
        let mut read: Vec<Vec<Text>> = places.into_iter().map(<[Text]>::to_vec).collect();
        read.dedup();
        if read.is_empty() {
            read.push(ask.answer.split('.').filter(|k| !k.is_empty()).map(Text::from).collect());
        }
        for value in ask.positive.iter().chain(&ask.negative) {
            if !values.iter().any(|(_, v)| same(v, value)) {
                values.extend(read.iter().map(|place| (place.clone(), value.clone())));
            }
        }
        let refusals = refusals(&ask, &values);
        let boolean = !values.is_empty() && values.iter().all(|(_, v)| v == "true" || v == "false");
        let mut negative = ask.negative.clone();
        negative.extend(values.iter().map(|(_, v)| v).filter(|v| means_no(v)).cloned());
        let is_approval = !ask.positive.is_empty() || ask.decides || values.iter().any(|(_, v)| means_yes(v));
        let mut question = Question::walk(graph, (step, closed), &subject, ask.decides, values, boolean);
        question.negative = negative;
        question.around = ways_around(graph, &subject);
        question.closed = ask.decides;
        question.ends.extend(refusals.into_iter().map(|answer| {
            let suppose = Supposition { subject: subject.clone(), answer, decides: ask.decides };
            walk_of(graph, suppose, closed)
        }));
        if let Some(button) = refusal {
            question.ends.push((Answer::Pressed(button), graph.reachable()));
        }
        question.is_approval = is_approval;
        question
    }

    /// Walks the graph for a machine's check: a step whose result is branched on.
    #[must_use]
    pub fn check(graph: &Graph<'_>, step: StepIx) -> Self {
        let subject = Subject::Step(step, Vec::new());
        let values = constants_compared(graph, &subject);
        Question::walk(graph, (step, &[]), &subject, false, values, true)
    }

    fn walk(
        graph: &Graph<'_>,
        (step, closed): (StepIx, &[StepIx]),
        subject: &Subject,
        decides: bool,
        values: Vec<(Vec<Text>, Text)>,
        boolean: bool,
    ) -> Self {
        let caught = Caught::new(graph, step);
        let past = |e: u32| graph.edge(e).from != Node::Step(step) && !shuts(graph, closed, e);
        let without = graph.reach_where(
            From::Triggers,
            |s| s != step && !closed.contains(&s),
            |e| past(e) && !caught.shuts(e, None),
        );
        let mut ways = vec![Answer::Silence, Answer::Failure, Answer::Empty];
        if !boolean {
            ways.push(Answer::Unexpected);
        }
        if is_asked_again(graph, step) {
            ways.push(Answer::LastRound);
        }
        ways.extend(values.into_iter().take(16).map(|(place, v)| Answer::Given(place, v)));
        let walked = ways
            .into_iter()
            .map(|answer| walk_of(graph, Supposition { subject: subject.clone(), answer, decides }, closed));
        let ends = walked.collect();
        Question {
            step,
            is_approval: false,
            without,
            ends,
            negative: Vec::new(),
            closed: false,
            around: Vec::new(),
        }
    }

    /// What the question means for a step.
    #[must_use]
    pub fn effectiveness(&self, at: StepIx) -> Effectiveness {
        if self.without.has(at) {
            return Effectiveness::Bypassed;
        }
        let stops = |a: &Answer| !matches!(a, Answer::Silence | Answer::Failure);
        let refusal = |a: &Answer| matches!(a, Answer::Refused(..));
        let leaks = self.ends.iter().any(|(a, r)| a.is_unwanted() && !refusal(a) && r.has(at));
        let refusal = self.ends.iter().any(|(a, r)| refusal(a) && r.has(at));
        let reads = self.ends.iter().any(|(a, r)| stops(a) && !r.has(at));
        let given = || self.ends.iter().filter(|(a, _)| !a.is_unwanted());
        let refused = |a: &Answer| matches!(a, Answer::Given(_, v) if self.negative.contains(v));
        let all_known = self.closed || given().any(|(a, _)| refused(a));
        let no_matter = given().count() > 1 && all_known && given().all(|(_, r)| r.has(at));
        match (leaks, reads) {
            (_, false) => Effectiveness::NotRead,
            (false, true) if no_matter => Effectiveness::NotRead,
            (false, true) if refusal => Effectiveness::Leaks,
            (false, true) => Effectiveness::Holds,
            (true, true) => Effectiveness::Leaks,
        }
    }

    /// The refusals, and the ways other than a definite answer, with which the step is still reached, each with its walk.
    pub fn leaks(&self, at: StepIx) -> impl Iterator<Item = &(Answer, Reach)> {
        self.ends.iter().filter(move |(a, r)| a.is_unwanted() && r.has(at))
    }

    /// The definite answers with which the step is reached.
    pub fn accepted(&self, at: StepIx) -> impl Iterator<Item = &Text> {
        self.ends.iter().filter_map(move |(a, r)| match a {
            Answer::Given(_, v) if r.has(at) => Some(v),
            _ => None,
        })
    }

    /// Whether the step is reached with a definite answer that is no refusal.
    #[must_use]
    pub fn is_granted(&self, at: StepIx) -> bool {
        self.accepted(at).any(|v| !self.negative.contains(v))
    }

    /// The ends with which nobody has agreed.
    fn refused(&self) -> Vec<&Answer> {
        self.ends.iter().map(|(a, _)| a).filter(|a| a.is_unwanted()).collect()
    }

    /// Whether a branch on the way to a step goes on by the answer or by something else: it is read, and there is a way
    /// around it.
    #[must_use]
    pub fn has_way_around(&self, graph: &Graph<'_>, to: StepIx) -> bool {
        self.around.iter().any(|branch| graph.leads(*branch, to))
    }

    /// What is reached without passing the question.
    #[must_use]
    pub fn without(&self) -> &Reach {
        &self.without
    }
}

/// What is reached when a check is passed by, fails, or finds nothing: a change that authority guards is in none.
#[must_use]
pub fn walks_without(graph: &Graph<'_>, subject: &Subject) -> Vec<Reach> {
    let mut walks = Vec::new();
    if let Subject::Step(asked, _) = subject {
        walks.push(graph.reach(From::Triggers, |e| graph.edge(e).from != Node::Step(*asked)));
    }
    walks.extend([Answer::Silence, Answer::Failure, Answer::Empty, Answer::Unexpected].map(|answer| {
        let suppose = Supposition { subject: subject.clone(), answer, decides: false };
        reach_supposing(graph, &[suppose], |_| true)
    }));
    walks
}

/// Whether a question stands in a loop that goes on until something holds, and is left when its rounds are used up.
fn is_asked_again(graph: &Graph<'_>, step: StepIx) -> bool {
    let fails = |l: StepIx| graph.out(l).iter().any(|e| graph.edge(*e).kind == EdgeKind::Timeout);
    graph.loops_of(step).into_iter().any(|l| graph.is_body_first(l) && !fails(l))
}

/// What is reached when a question ends so.
fn walk_of(graph: &Graph<'_>, suppose: Supposition, closed: &[StepIx]) -> (Answer, Reach) {
    let suppose = [suppose];
    let caught: Vec<Caught> = suppose.iter().filter_map(|s| Caught::of(graph, s)).collect();
    let open = |e: u32| {
        let end = |c: &Caught| c.shuts(e, suppose.first().map(|s| &s.answer));
        !shuts(graph, closed, e) && !caught.iter().any(end)
    };
    let reach = reach_supposing(graph, &suppose, open);
    let [Supposition { answer, .. }] = suppose;
    (answer, reach)
}

/// What is reached whatever stands for a yes being missing from several questions at once: a walk for each way in which
/// they may all end. Nothing where there are too many ways.
#[must_use]
pub fn walks_refused(graph: &Graph<'_>, questions: &[&Question]) -> Option<Vec<Reach>> {
    let mut ways: Vec<Vec<Supposition>> = vec![Vec::new()];
    let size = graph.len() + graph.workflow.edges.len();
    for question in questions {
        let ends = question.refused();
        let walks = ways.len() * ends.len();
        if walks > MOST_TOGETHER || walks * size > MOST_WALKED_OVER {
            return None;
        }
        let with = |way: &Vec<Supposition>, answer: &Answer| {
            let (subject, decides) = subject_of(graph, question.step);
            let next = Supposition { subject, answer: answer.clone(), decides };
            way.iter().cloned().chain([next]).collect()
        };
        ways = ways.iter().flat_map(|way| ends.iter().map(move |a| with(way, a))).collect();
    }
    let walk = |way: &Vec<Supposition>| {
        let caught: Vec<(Caught, &Answer)> =
            way.iter().filter_map(|s| Some((Caught::of(graph, s)?, &s.answer))).collect();
        reach_supposing(graph, way, |e| !caught.iter().any(|(c, a)| c.shuts(e, Some(a))))
    };
    Some(ways.iter().map(walk).collect())
}

/// In so many ways at most are several questions walked together.
const MOST_TOGETHER: usize = 150;
/// So many steps and edges are walked over for that in all.
const MOST_WALKED_OVER: usize = 2_000_000;

/// A question as a subject, and whether its own edges carry the answer.
fn subject_of(graph: &Graph<'_>, step: StepIx) -> (Subject, bool) {
    let ask = graph.step(step).ask.as_ref();
    let answer = ask.map(|a| a.answer.as_str()).unwrap_or_default();
    let place = answer.split('.').filter(|k| !k.is_empty()).map(Text::from).collect();
    (Subject::Step(step, place), ask.is_some_and(|a| a.decides))
}

/// Whether an edge leaves a step that nothing leaves, or one by a failure that it cannot have.
fn shuts(graph: &Graph<'_>, closed: &[StepIx], e: u32) -> bool {
    let edge = graph.edge(e);
    let Node::Step(from) = edge.from else { return false };
    closed.contains(&from) || edge.kind == EdgeKind::Error && !graph.may_fail(from)
}

/// The edges of containers that are taken when a question in them fails, or when nobody answers it.
struct Caught {
    failed: Vec<u32>,
    silent: Vec<u32>,
}

impl Caught {
    fn new(graph: &Graph<'_>, step: StepIx) -> Self {
        let outer = |kind| {
            let edges = graph.caught_by(step, &kind).into_iter();
            edges.filter(|e| graph.edge(*e).from != Node::Step(step)).collect()
        };
        Caught { failed: outer(EdgeKind::Error), silent: outer(EdgeKind::Timeout) }
    }

    fn of(graph: &Graph<'_>, suppose: &Supposition) -> Option<Self> {
        match suppose.subject {
            Subject::Step(step, _) => Some(Caught::new(graph, step)),
            Subject::Trigger(_) => None,
        }
    }

    /// Whether an edge is not taken, the question having ended so, or not having been come to.
    fn shuts(&self, e: u32, end: Option<&Answer>) -> bool {
        self.failed.contains(&e) && end != Some(&Answer::Failure)
            || self.silent.contains(&e) && end != Some(&Answer::Silence)
    }
}

/// What is reached under a supposition. The first walk lets every assignment count, each further one only those in
/// steps that the walk before reached, until nothing more falls away.
#[must_use]
pub fn reach_supposing(graph: &Graph<'_>, suppose: &[Supposition], open: impl Fn(u32) -> bool) -> Reach {
    let answered = |s: StepIx| {
        let mut of = suppose.iter().filter(|x| matches!(x.subject, Subject::Step(asked, _) if asked == s));
        of.any(|x| !matches!(x.answer, Answer::Silence | Answer::Failure))
    };
    let mut reach: Option<Reach> = None;
    for _ in 0..6 {
        let logic = Logic { graph, suppose, live: reach.as_ref() };
        let next = graph.reach_where(From::Triggers, |s| !answered(s), |e| open(e) && logic.open(e));
        if reach.as_ref() == Some(&next) {
            break;
        }
        reach = Some(next);
    }
    reach.unwrap_or_else(|| graph.reachable())
}

/// The constants that conditions compare with a subject's answer, by the place that is read.
fn constants_compared(graph: &Graph<'_>, subject: &Subject) -> Vec<(Vec<Text>, Text)> {
    let mut found: Vec<(Vec<Text>, Text)> = Vec::new();
    for edge in &graph.workflow.edges {
        let (EdgeKind::When { condition, .. }, Node::Step(at)) = (&edge.kind, edge.from) else { continue };
        if at.0 as usize >= graph.len() {
            continue;
        }
        let places = places_read(graph, at, condition, subject);
        if places.is_empty() {
            continue;
        }
        let mut texts = Vec::new();
        compared(&condition.term, &mut texts);
        for (place, text) in places.iter().flat_map(|p| texts.iter().map(move |t| (p, t))) {
            if found.len() < MOST_COMPARED && !found.iter().any(|(p, t)| p == place && t == text) {
                found.push((place.clone(), text.clone()));
            }
        }
    }
    // Which ones are kept must not hang on the order in which steps are written.
    found.sort();
    found.truncate(MOST_WALKED);
    found
}

/// The branches with a condition of which one alternative reads the answer and another does not.
fn ways_around(graph: &Graph<'_>, subject: &Subject) -> Vec<StepIx> {
    let mut found = Vec::new();
    for edge in &graph.workflow.edges {
        let (EdgeKind::When { condition, .. }, Node::Step(at)) = (&edge.kind, edge.from) else { continue };
        let Term::Call(Function::Or, alternatives) = &condition.term else { continue };
        let reads = |term: &Term| {
            let alone = Expression { term: term.clone(), ..condition.clone() };
            (at.0 as usize) < graph.len() && !places_read(graph, at, &alone, subject).is_empty()
        };
        let reading = alternatives.iter().take(50).filter(|term| reads(term)).count();
        if (1..alternatives.len().min(50)).contains(&reading) {
            found.push(at);
        }
    }
    found
}

/// So many constants are looked at, and so many of them are walked.
const MOST_COMPARED: usize = 1000;
const MOST_WALKED: usize = 32;

/// The places of the subject's result that a condition reads, directly or through shaping steps.
fn places_read(graph: &Graph<'_>, at: StepIx, condition: &Expression, subject: &Subject) -> Vec<Vec<Text>> {
    let Subject::Step(subject, place) = subject else { return Vec::new() };
    let mut found = Vec::new();
    let mut work: Vec<(StepIx, Reference)> =
        condition.references().into_iter().map(|r| (at, r.clone())).collect();
    let mut seen: Vec<(StepIx, Reference)> = Vec::new();
    while let Some((at, r)) = work.pop() {
        if seen.len() > 200 || seen.contains(&(at, r.clone())) {
            continue;
        }
        seen.push((at, r.clone()));
        for (from, path) in results_read(graph, at, &r) {
            if from == *subject && is_answer(place, &path) {
                found.push(keys_of(&path));
            } else if from != *subject {
                let step = graph.step(from);
                let inner = step.output.iter().flat_map(|o| o.expressions());
                work.extend(inner.flat_map(|e| e.references()).map(|r| (from, r.clone())));
                if step.passes_input || step.output.is_none() && step.live_effects().is_empty() {
                    work.push((from, Reference { root: Root::Previous, path }));
                }
            }
        }
        if let Root::Variable(name) = &r.root {
            let (definitions, _) = crate::provenance::definitions(graph, at, name, |_| true);
            for (step, value) in definitions {
                let inner = value.expressions().into_iter().flat_map(|e| e.references());
                work.extend(inner.map(|r| (step, r.clone())));
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

/// The steps whose results a reference reads.
fn results_read(graph: &Graph<'_>, at: StepIx, r: &Reference) -> Vec<(StepIx, Vec<workflow::Segment>)> {
    match &r.root {
        Root::Step(id) => graph.find(id).into_iter().map(|s| (s, r.path.clone())).collect(),
        Root::Previous => graph.before(at).map(|s| (s, r.path.clone())).collect(),
        // An item of what a loop goes through is a part of it.
        Root::Item(id) => {
            let lists =
                graph.find(id).map(|of| crate::provenance::loop_lists(graph.step(of))).unwrap_or_default();
            let whole = lists.into_iter().flat_map(Expression::references);
            let of = whole
                .filter_map(|w| if let Root::Step(id) = &w.root { Some((graph.find(id)?, w)) } else { None });
            of.map(|(step, w)| (step, w.path.iter().chain(&r.path).cloned().collect())).collect()
        }
        _ => Vec::new(),
    }
}

/// The answers that mean no, each standing wherever branches look for the decision.
fn refusals(ask: &Ask, values: &[(Vec<Text>, Text)]) -> Vec<Answer> {
    let known = |v: &Text| ask.negative.iter().any(|n| same(n, v));
    let decides =
        |v: &Text| means_yes(v) || means_no(v) || known(v) || ask.positive.iter().any(|p| same(p, v));
    let mut places: Vec<Vec<Text>> = Vec::new();
    let mut words: Vec<&Text> = Vec::new();
    for (place, value) in values.iter().filter(|(_, v)| decides(v)) {
        if !places.contains(place) {
            places.push(place.clone());
        }
        if (known(value) || means_no(value)) && !words.iter().any(|w| same(w, value)) {
            words.push(value);
        }
    }
    words.into_iter().take(8).map(|w| Answer::Refused(places.clone(), w.clone())).collect()
}

/// The cases of a step's own edges, as answers.
fn cases(graph: &Graph<'_>, step: StepIx) -> Vec<(Vec<Text>, Text)> {
    let edges = graph.out(step).iter().map(|e| &graph.edge(*e).kind);
    edges
        .filter_map(|k| match k {
            EdgeKind::When { case, .. } if !case.is_empty() => Some((Vec::new(), case.clone())),
            _ => None,
        })
        .collect()
}

/// The constants a condition compares something with.
fn compared(term: &Term, found: &mut Vec<Text>) {
    let mut work = vec![(term, 0)];
    while let Some((term, depth)) = work.pop() {
        let Term::Call(f, args) = term else {
            if let Term::Ref(_) = term
                && depth == 0
            {
                found.push("true".into());
            }
            continue;
        };
        if matches!(f, Function::Truthy) {
            found.push("true".into());
        }
        for arg in args {
            match arg {
                Term::Text(t) if !t.trim().is_empty() => found.push(t.clone()),
                Term::Bool(b) => found.push(if *b { "true".into() } else { "false".into() }),
                Term::Ref(_) if matches!(f, Function::And | Function::Or | Function::Not) => {
                    found.push("true".into());
                }
                Term::List(items) => work.extend(items.iter().map(|t| (t, depth + 1))),
                other if depth < 30 => work.push((other, depth + 1)),
                _ => {}
            }
        }
    }
}

/// Words that mean yes wherever they are an answer.
#[must_use]
pub fn means_yes(word: &str) -> bool {
    let word = word.trim().to_lowercase();
    let starts = ["approv", "accept", "allow", "confirm", "grant", "permit", "authoris", "authoriz"];
    matches!(&*word, "yes" | "true" | "ok" | "y" | "agree" | "agreed")
        || starts.iter().any(|s| word.starts_with(s))
}

/// Words that mean no wherever they are an answer.
#[must_use]
pub fn means_no(word: &str) -> bool {
    let word = word.trim().to_lowercase();
    let starts = ["reject", "den", "declin", "disapprov", "refus", "cancel", "ignor", "disallow"];
    matches!(&*word, "no" | "false" | "n" | "none") || starts.iter().any(|s| word.starts_with(s))
}

/// Whether a step asks a person.
#[must_use]
pub fn asks(graph: &Graph<'_>, step: StepIx) -> bool {
    graph.step(step).live_effects().iter().any(|e| e.kind == Kind::Ask)
}

/// The questions of a workflow: its steps that ask a person, and its calls of workflows that ask one and give the
/// answer back.
#[must_use]
pub fn questions(set: &Set<'_>, workflow: u32) -> Vec<Question> {
    let graph = set.graph(workflow);
    let passes_on = |step: StepIx| {
        let mut called =
            set.calls(Place { workflow, step }).filter_map(|c| c.to).filter(|to| *to != workflow);
        graph.step(step).waits
            && called.any(|to| {
                let helper = set.graph(to);
                helper.steps().any(|s| asks(helper, s))
            })
    };
    let asking = graph.steps().filter(|s| asks(graph, *s) || passes_on(*s));
    asking.take(24).map(|s| Question::of(graph, s)).collect()
}
