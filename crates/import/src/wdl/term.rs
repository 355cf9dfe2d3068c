//! The meaning of workflow expressions: functions to shared functions, `body('x')?['y']` to references.

use super::context::{Context, Known, Place};
use super::parse::{Ast, parse, parse_prefix};
use super::pieces::{self, Piece, hole};
use workflow::{Function, Reference, Root, Segment, Term, Text};

/// So many broken references in a text that is no expression, and the rest is not looked at.
const MAX_FAILED: usize = 256;

impl Context<'_, '_> {
    /// The term of a text with interpolation (`a @{x} b`), a whole expression (`@x`) or neither.
    pub(super) fn template(&self, text: &str, holes: &[Term], place: Place<'_>) -> Term {
        match text.as_bytes() {
            [b'@', b'{', ..] | [b'@'] => {}
            [b'@', b'@', ..] => return pieces::term(pieces::split(&text[1..], holes)),
            [b'@', ..] => return self.whole(&text[1..], holes, place),
            _ => {}
        }
        let mut all = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find("@{") {
            let escaped = rest[..open].ends_with('@');
            all.extend(pieces::split(&rest[..open - usize::from(escaped)], holes));
            rest = &rest[open + 2..];
            if escaped {
                all.push(Piece::Text("@{".to_owned()));
                continue;
            }
            let (term, end) = self.interpolated(rest, holes, place);
            all.push(Piece::Hole(term));
            rest = &rest[end..];
        }
        all.extend(pieces::split(rest, holes));
        join(all)
    }

    /// The expression after `@{` and the offset after its `}`.
    fn interpolated(&self, text: &str, holes: &[Term], place: Place<'_>) -> (Term, usize) {
        if let Some((ast, end)) = parse_prefix(text) {
            let after = text[end..].trim_start();
            if after.starts_with('}') {
                return (self.term(&ast, holes, place), text.len() - after.len() + 1);
            }
        }
        let end = text.find('}').map_or(text.len(), |i| i + 1);
        (self.scan(&text[..end], holes, place), end)
    }

    /// A text that is one expression, without its `@`.
    pub(super) fn whole(&self, text: &str, holes: &[Term], place: Place<'_>) -> Term {
        match parse(text) {
            Some(ast) => self.term(&ast, holes, place),
            None => self.scan(text, holes, place),
        }
    }

    /// The references in a text that is no expression of this grammar.
    fn scan(&self, text: &str, holes: &[Term], place: Place<'_>) -> Term {
        const SOURCES: [&str; 9] = [
            "body(",
            "outputs(",
            "actions(",
            "variables(",
            "parameters(",
            "items(",
            "item(",
            "triggerBody(",
            "triggerOutputs(",
        ];
        let mut found = Vec::new();
        let (mut at, mut failed) = (0, 0);
        while at < text.len() && failed < MAX_FAILED {
            let here = &text[at..];
            let word = at > 0 && text.as_bytes()[at - 1].is_ascii_alphanumeric();
            let starts = !word
                && SOURCES.iter().any(|s| here.get(..s.len()).is_some_and(|h| h.eq_ignore_ascii_case(s)));
            let parsed = if starts { parse_prefix(here) } else { None };
            failed += usize::from(starts && parsed.is_none());
            let step = here.chars().next().map_or(1, char::len_utf8);
            if let Some((ast, end)) = parsed {
                found.extend(self.term(&ast, holes, place).references().into_iter().cloned());
                at += end.max(step);
            } else {
                at += step;
            }
        }
        if failed == MAX_FAILED {
            found.push(Reference::keys(Root::Unknown("unreadable expression".into()), ""));
        }
        found.extend(text.chars().filter_map(|c| hole(c, holes)).flat_map(Term::references).cloned());
        Term::Unknown(found)
    }

    pub(super) fn term(&self, ast: &Ast<'_>, holes: &[Term], place: Place<'_>) -> Term {
        match ast {
            Ast::Null => Term::Null,
            Ast::Bool(b) => Term::Bool(*b),
            Ast::Number(n) => Term::Number((*n).into()),
            Ast::Text(text) => pieces::term(pieces::split(text, holes)),
            Ast::Call(name, arguments) => {
                let arguments = arguments.iter().map(|a| self.term(a, holes, place)).collect();
                self.call(&name.to_ascii_lowercase(), arguments, place)
            }
            Ast::Access(base, path) => {
                let base_term = self.term(base, holes, place);
                let path: Vec<Term> = path.iter().map(|a| self.term(a, holes, place)).collect();
                access(base_term, path, self.body_of(base))
            }
        }
    }

    /// Whether the expression gives a whole output, in which the body is a member of its own.
    fn body_of(&self, base: &Ast<'_>) -> bool {
        let Ast::Call(name, arguments) = base else { return false };
        let bare = match arguments.first() {
            Some(Ast::Text(action)) => self.action(action).is_some_and(|a| a.bare),
            _ => false,
        };
        let whole = ["outputs", "triggerOutputs", "actionOutputs", "actions", "trigger"];
        !bare && whole.iter().any(|w| w.eq_ignore_ascii_case(name))
    }

    fn call(&self, name: &str, mut arguments: Vec<Term>, place: Place<'_>) -> Term {
        let first = match arguments.first() {
            Some(Term::Text(text)) => Some(text.clone()),
            _ => None,
        };
        match (name, first) {
            ("body" | "outputs" | "actionbody" | "actionoutputs" | "actions" | "result", Some(action)) => {
                reference(Root::Step(self.id(&action)))
            }
            ("body" | "outputs" | "actions" | "result", None) => Term::Unknown(collect(&arguments)),
            ("items" | "iterationindexes", Some(of)) => reference(Root::Item(self.id(&of))),
            ("item", _) => match place.item {
                Some(of) => reference(Root::Item(of.into())),
                None => reference(Root::Unknown("item()".into())),
            },
            ("triggerbody" | "triggeroutputs" | "trigger", _) => reference(Root::Trigger),
            ("triggerformdatavalue" | "triggerformdatamultivalues", Some(key)) => {
                Term::Ref(Reference { root: Root::Trigger, path: vec![Segment::Key(key)] })
            }
            ("variables", Some(name)) => reference(Root::Variable(name)),
            ("parameters", Some(name)) => self.parameter_term(name),
            ("agentparameters", Some(name)) => match place.item {
                Some(of) => {
                    Term::Ref(Reference { root: Root::Step(of.into()), path: vec![Segment::Key(name)] })
                }
                None => reference(Root::Unknown("agentParameters".into())),
            },
            ("appsetting", Some(name)) => reference(Root::Environment(name)),
            ("workflow" | "listcallbackurl", _) => reference(Root::Run(name.into())),
            ("formdatavalue" | "formdatamultivalues", Some(action)) if arguments.len() > 1 => {
                let path = vec![segment(arguments.swap_remove(1))];
                Term::Ref(Reference { root: Root::Step(self.id(&action)), path })
            }
            _ => pure(name, arguments),
        }
    }

    fn id(&self, action: &str) -> Text {
        self.action(action).map_or_else(|| action.into(), |named| named.id.clone())
    }

    fn parameter_term(&self, name: Text) -> Term {
        match self.parameter(&name) {
            Some(Known::Term(term)) => term.clone(),
            Some(Known::Secret) => reference(Root::Secret(name)),
            None => reference(Root::Parameter(name)),
        }
    }
}

fn reference(root: Root) -> Term {
    Term::Ref(Reference { root, path: Vec::new() })
}

fn collect(terms: &[Term]) -> Vec<Reference> {
    terms.iter().flat_map(Term::references).cloned().collect()
}

fn segment(term: Term) -> Segment {
    match term {
        Term::Text(key) => Segment::Key(key),
        Term::Number(n) => n.parse().map_or(Segment::Dynamic, Segment::Index),
        _ => Segment::Dynamic,
    }
}

/// Takes members of a value. The body of an output is the step's result itself.
fn access(base: Term, path: Vec<Term>, output: bool) -> Term {
    let Some(mut found) = as_reference(&base) else {
        let mut arguments = vec![base];
        arguments.extend(path);
        return Term::Call(Function::Other("at".into()), arguments);
    };
    let mut keys: Vec<Segment> = path.into_iter().map(segment).collect();
    if output {
        strip_body(&mut keys);
    }
    found.path.extend(keys);
    Term::Ref(found)
}

/// `outputs`, `body` and `body/a/b` at the start of a path through an action's record.
fn strip_body(keys: &mut Vec<Segment>) {
    if matches!(keys.first(), Some(Segment::Key(k)) if k == "outputs") {
        keys.remove(0);
    }
    let Some(Segment::Key(first)) = keys.first() else { return };
    let inner = if first == "body" { Some("") } else { first.strip_prefix("body/") };
    let Some(inner) = inner.map(str::to_owned) else { return };
    keys.splice(0..1, inner.split('/').filter(|k| !k.is_empty()).map(|k| Segment::Key(k.into())));
}

/// What a term refers to, seen through parsing and through taking the first or last item.
fn as_reference(term: &Term) -> Option<Reference> {
    match term {
        Term::Ref(reference) => Some(reference.clone()),
        Term::Call(Function::ParseJson | Function::ToText, arguments) => as_reference(arguments.first()?),
        Term::Call(end @ (Function::First | Function::Last), arguments) => {
            let mut reference = as_reference(arguments.first()?)?;
            reference.path.push(Segment::Index(if *end == Function::First { 0 } else { -1 }));
            Some(reference)
        }
        _ => None,
    }
}

/// Joined terms, with constants melted together.
pub(super) fn melt(terms: Vec<Term>) -> Term {
    join(terms.into_iter().map(Piece::Hole).collect())
}

/// Joined pieces, with constants melted together.
fn join(all: Vec<Piece>) -> Term {
    let mut melted = Vec::new();
    for piece in all {
        match piece {
            Piece::Text(text) => pieces::push_text(&mut melted, &text),
            Piece::Hole(Term::Text(text)) => pieces::push_text(&mut melted, &text),
            Piece::Hole(term) => melted.push(Piece::Hole(term)),
        }
    }
    pieces::term(melted)
}

/// Functions that depend on nothing but their arguments (and the clock).
fn pure(name: &str, mut arguments: Vec<Term>) -> Term {
    let function = match shared(name) {
        Some(function) => function,
        None if name == "createarray" => return Term::List(arguments),
        None => match time(name) {
            Some(unit) => {
                if name.starts_with("getfuture") || name.starts_with("getpast") {
                    arguments.insert(0, Term::Call(Function::Now, Vec::new()));
                }
                if !unit.is_empty() {
                    arguments.insert(arguments.len().min(2), Term::Text(unit.into()));
                }
                Function::AddTime
            }
            None => Function::Other(name.into()),
        },
    };
    fold(function, arguments)
}

/// The unit that a function moves a moment by; empty where it is an argument.
fn time(name: &str) -> Option<&'static str> {
    Some(match name {
        "adddays" => "day",
        "addhours" => "hour",
        "addminutes" => "minute",
        "addseconds" => "second",
        "addtotime" | "subtractfromtime" | "getfuturetime" | "getpasttime" => "",
        _ => return None,
    })
}

fn shared(name: &str) -> Option<Function> {
    Some(match name {
        "and" => Function::And,
        "or" => Function::Or,
        "not" => Function::Not,
        "equals" => Function::Equals,
        "greater" => Function::Greater,
        "greaterorequals" => Function::GreaterOrEquals,
        "less" => Function::Less,
        "lessorequals" => Function::LessOrEquals,
        "contains" => Function::Contains,
        "startswith" => Function::StartsWith,
        "endswith" => Function::EndsWith,
        "empty" => Function::Empty,
        "length" => Function::Length,
        "first" => Function::First,
        "last" => Function::Last,
        "coalesce" => Function::Coalesce,
        "if" => Function::If,
        "tolower" => Function::Lower,
        "toupper" => Function::Upper,
        "trim" => Function::Trim,
        "concat" => Function::Concat,
        "encodeuricomponent" | "uricomponent" => Function::UrlEncode,
        "json" => Function::ParseJson,
        "string" => Function::ToText,
        "int" | "float" | "decimal" => Function::ToNumber,
        "utcnow" => Function::Now,
        "rand" | "guid" => Function::Random,
        _ => return None,
    })
}

/// Folds what is certain: joined and encoded constants.
fn fold(function: Function, mut arguments: Vec<Term>) -> Term {
    if let (Function::UrlEncode | Function::ToText | Function::Trim, [Term::Text(text)]) =
        (&function, &arguments[..])
    {
        let safe = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.~ ".contains(&b));
        if function != Function::UrlEncode || safe {
            return Term::Text(if function == Function::Trim { text.trim().into() } else { text.clone() });
        }
    }
    if function == Function::Concat {
        if arguments.iter().all(|a| matches!(a, Term::Text(_))) {
            return join(arguments.into_iter().map(Piece::Hole).collect());
        }
        if arguments.len() == 1 && matches!(arguments[0], Term::Template(_)) {
            return arguments.remove(0);
        }
    }
    Term::Call(function, arguments)
}
