//! Azure deployment template expressions (`[concat(parameters('x'), variables('y'))]`), evaluated before
//! anything else: a default value or a variable gives its text, what only a deployment knows stays a reference.

use super::parse::{Ast, parse};
use super::pieces::{self, Holed, Piece};
use crate::doc::Node;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use workflow::{Function, Reference, Root, Segment, Term};

const MAX_DEPTH: usize = 24;
/// So many bytes are produced from one file before the rest stays unevaluated.
const MAX_OUTPUT: usize = 32 << 20;

/// The names that a template defines.
#[derive(Clone, Default)]
pub(crate) struct Scope<'d> {
    pub(crate) parameters: Option<Node<'d>>,
    pub(crate) variables: Option<Node<'d>>,
    /// Values that an outer template passes in, and the scopes they are evaluated in.
    pub(crate) passed: Option<(Node<'d>, Vec<usize>)>,
}

/// A scope whose names are found without regard to case.
struct Names<'d> {
    parameters: HashMap<String, Node<'d>>,
    variables: HashMap<String, Node<'d>>,
    passed: HashMap<String, Node<'d>>,
    passed_in: Vec<usize>,
}

/// All templates of a file.
#[derive(Default)]
pub(crate) struct Arm<'d> {
    scopes: Vec<Names<'d>>,
    memo: RefCell<HashMap<(usize, bool, String), Val<'d>>>,
    output: Cell<usize>,
}

/// What an expression gives.
#[derive(Clone)]
pub(super) enum Val<'d> {
    Pieces(Vec<Piece>),
    Node(Node<'d>, Vec<usize>),
    Term(Term),
}

impl<'d> Arm<'d> {
    /// Adds a template's names and gives its index.
    pub(crate) fn add(&mut self, scope: Scope<'d>) -> usize {
        let (passed, passed_in) = scope.passed.unzip();
        self.scopes.push(Names {
            parameters: names(scope.parameters),
            variables: names(scope.variables),
            passed: names(passed),
            passed_in: passed_in.unwrap_or_default(),
        });
        self.scopes.len() - 1
    }

    /// The constant text of a value, where it is known before deployment.
    pub(crate) fn constant(&self, node: Node<'d>, chain: &[usize]) -> Option<String> {
        let text = node.as_str()?;
        match self.text(text, chain, 0) {
            None => Some(text.to_owned()),
            Some(Val::Pieces(pieces)) => pieces::constant(&pieces),
            Some(Val::Node(node, _)) => node.scalar().map(str::to_owned),
            Some(Val::Term(_)) => None,
        }
    }

    /// A workflow's name of which only the deployment knows a part, as a call of it shows it.
    pub(crate) fn open_name(&self, node: Node<'d>, chain: &[usize]) -> Option<String> {
        let name = super::request::open_name(&term_of(self.text(node.as_str()?, chain, 0)?));
        (name.contains('{') && !name.contains("{}")).then_some(name)
    }

    /// The text of a value with `{name}` for what a deployment decides.
    pub(crate) fn display(&self, node: Node<'d>, chain: &[usize]) -> Option<String> {
        let text = node.as_str()?;
        let Some(Val::Pieces(pieces)) = self.text(text, chain, 0) else { return Some(text.to_owned()) };
        let shown = pieces.iter().map(|piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Hole(term) => format!("{{{}}}", name_of(term)),
        });
        Some(shown.collect())
    }

    /// Evaluates a text in each scope of a chain, outermost first; nothing where no expression stands in it.
    pub(super) fn text(&self, text: &str, chain: &[usize], depth: usize) -> Option<Val<'d>> {
        if !text.starts_with('[') || !text.ends_with(']') || chain.is_empty() {
            return None;
        }
        let mut now = Holed { text: text.to_owned(), holes: Vec::new() };
        for &scope in chain {
            match self.once(&now, scope, depth) {
                None => {}
                Some(Val::Pieces(pieces)) => now = Holed::of(pieces),
                Some(other) => return Some(other),
            }
        }
        Some(Val::Pieces(pieces::split(&now.text, &now.holes)))
    }

    fn once(&self, text: &Holed, scope: usize, depth: usize) -> Option<Val<'d>> {
        let inner = text.text.strip_prefix('[')?.strip_suffix(']')?;
        if inner.starts_with('[') {
            return Some(Val::Pieces(pieces::split(&text.text[1..], &text.holes)));
        }
        let at = Site { arm: self, scope, holes: &text.holes };
        let Some(ast) = parse(inner).filter(|_| self.output.get() < MAX_OUTPUT) else {
            return (!inner.trim_start().starts_with(['"', '{'])).then(|| unknown(inner));
        };
        let val = at.eval(&ast, depth);
        if let Val::Pieces(pieces) = &val {
            let size: usize = pieces.iter().map(|p| if let Piece::Text(t) = p { t.len() } else { 8 }).sum();
            self.output.set(self.output.get() + size);
        }
        Some(val)
    }

    /// The value of a node: its text evaluated, anything else as it stands.
    fn node(&self, node: Node<'d>, chain: &[usize], depth: usize) -> Val<'d> {
        let Some(text) = node.as_str() else { return Val::Node(node, chain.to_vec()) };
        if depth > MAX_DEPTH {
            return unknown(text);
        }
        let evaluated = self.text(text, chain, depth + 1);
        evaluated.unwrap_or_else(|| Val::Pieces(vec![Piece::Text(text.to_owned())]))
    }

    fn named(&self, scope: usize, parameter: bool, name: &str, depth: usize) -> Val<'d> {
        let key = (scope, parameter, name.to_lowercase());
        if let Some(known) = self.memo.borrow().get(&key) {
            return known.clone();
        }
        if depth > MAX_DEPTH {
            return missing(name);
        }
        let found =
            if parameter { self.parameter(scope, name, depth) } else { self.variable(scope, name, depth) };
        self.memo.borrow_mut().insert(key, found.clone());
        found
    }

    fn parameter(&self, index: usize, name: &str, depth: usize) -> Val<'d> {
        let Some(scope) = self.scopes.get(index) else { return missing(name) };
        let key = name.to_lowercase();
        let declared = scope.parameters.get(&key).copied();
        if declared.is_some_and(is_secret) {
            return Val::Term(Term::Ref(Reference::keys(Root::Secret(name.into()), "")));
        }
        if let Some(value) = scope.passed.get(&key).and_then(|v| v.get("value")) {
            return self.node(value, &scope.passed_in, depth + 1);
        }
        let default = declared.and_then(|d| d.get("defaultValue"));
        match default.filter(|d| !d.is_null() && d.as_str().is_none_or(|t| !t.trim().is_empty())) {
            Some(default) => self.node(default, &[index], depth + 1),
            None => missing(name),
        }
    }

    fn variable(&self, scope: usize, name: &str, depth: usize) -> Val<'d> {
        match self.scopes.get(scope).and_then(|s| s.variables.get(&name.to_lowercase())) {
            Some(node) => self.node(*node, &[scope], depth + 1),
            None => unknown(&format!("variables('{name}')")),
        }
    }
}

fn names(map: Option<Node<'_>>) -> HashMap<String, Node<'_>> {
    map.into_iter().flat_map(Node::entries).map(|(key, node)| (key.to_lowercase(), node)).collect()
}

/// A parameter of a type whose value is kept out of the template and of the logs.
pub(super) fn is_secret(declared: Node<'_>) -> bool {
    declared.str("type").is_some_and(|t| t.to_ascii_lowercase().starts_with("secure"))
}

/// The value of a key, without regard to case.
pub(super) fn ignore_case<'d>(node: Node<'d>, name: &str) -> Option<Node<'d>> {
    node.get(name).or_else(|| node.entries().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|e| e.1))
}

fn missing<'d>(name: &str) -> Val<'d> {
    Val::Term(Term::Ref(Reference::keys(Root::Parameter(name.into()), "")))
}

fn unknown<'d>(text: &str) -> Val<'d> {
    let short: String = text.chars().take(200).collect();
    Val::Term(Term::Unknown(vec![Reference::keys(Root::Unknown(short.into()), "")]))
}

/// What to call something only a deployment knows.
fn name_of(term: &Term) -> String {
    match term.references().first() {
        Some(Reference { root: Root::Parameter(name) | Root::Secret(name), .. }) => name.to_string(),
        Some(Reference { root: Root::Environment(name), .. }) => name.to_string(),
        _ => "?".to_owned(),
    }
}

struct Site<'a, 'd> {
    arm: &'a Arm<'d>,
    scope: usize,
    holes: &'a [Term],
}

impl<'d> Site<'_, 'd> {
    fn eval(&self, ast: &Ast<'_>, depth: usize) -> Val<'d> {
        match ast {
            Ast::Null => Val::Term(Term::Null),
            Ast::Bool(b) => Val::Term(Term::Bool(*b)),
            Ast::Number(n) => Val::Term(Term::Number((*n).into())),
            Ast::Text(text) => Val::Pieces(pieces::split(text, self.holes)),
            Ast::Call(name, arguments) => self.call(name, arguments, depth),
            Ast::Access(base, path) => self.access(base, path, depth),
        }
    }

    fn call(&self, name: &str, arguments: &[Ast<'_>], depth: usize) -> Val<'d> {
        let name = name.to_ascii_lowercase();
        let constant = |i: usize| arguments.get(i).and_then(|a| constant(&self.eval(a, depth + 1)));
        match (name.as_str(), constant(0)) {
            ("parameters", Some(key)) => self.arm.named(self.scope, true, &key, depth + 1),
            ("variables", Some(key)) => self.arm.named(self.scope, false, &key, depth + 1),
            ("subscription" | "resourcegroup" | "tenant" | "deployment" | "environment", _) => {
                environment(&name)
            }
            ("tolower", Some(text)) => plain(text.to_lowercase()),
            ("toupper", Some(text)) => plain(text.to_uppercase()),
            ("replace", Some(text)) => match (constant(1), constant(2)) {
                (Some(from), Some(to)) if !from.is_empty() => plain(text.replace(&from, &to)),
                _ => self.other(name, arguments, depth),
            },
            ("if", Some(test)) if test == "true" || test == "false" => {
                let chosen = arguments.get(if test == "true" { 1 } else { 2 });
                chosen.map_or(Val::Term(Term::Null), |a| self.eval(a, depth + 1))
            }
            ("empty", Some(text)) => Val::Term(Term::Bool(text.is_empty())),
            ("not", Some(text)) if text == "true" || text == "false" => {
                Val::Term(Term::Bool(text == "false"))
            }
            ("equals", Some(a)) if constant(1).is_some() => {
                Val::Term(Term::Bool(constant(1).is_some_and(|b| a.eq_ignore_ascii_case(&b))))
            }
            ("format", Some(pattern)) => self.format(&pattern, &arguments[1..], depth),
            ("concat" | "string" | "uri" | "resourceid" | "subscriptionresourceid", _) => {
                self.joined(&name, arguments, depth)
            }
            _ => self.other(name, arguments, depth),
        }
    }

    /// The functions whose result is a text made of their arguments.
    fn joined(&self, name: &str, arguments: &[Ast<'_>], depth: usize) -> Val<'d> {
        let mut parts: Vec<Vec<Piece>> =
            arguments.iter().map(|a| pieces_of(self.eval(a, depth + 1))).collect();
        if name == "uri" && parts.len() == 2 {
            let ends = matches!(parts[0].last(), Some(Piece::Text(t)) if t.ends_with('/'));
            let starts = matches!(parts[1].first(), Some(Piece::Text(t)) if t.starts_with('/'));
            if !ends && !starts {
                parts.insert(1, vec![Piece::Text("/".to_owned())]);
            }
        }
        if name.ends_with("resourceid") {
            return resource_id(parts, name == "resourceid");
        }
        let mut all = Vec::new();
        parts.into_iter().flatten().for_each(|piece| append(&mut all, piece));
        Val::Pieces(all)
    }

    fn format(&self, pattern: &str, arguments: &[Ast<'_>], depth: usize) -> Val<'d> {
        let mut all = Vec::new();
        let mut rest = pattern;
        while let Some(open) = rest.find('{') {
            let close = rest[open..].find('}').map(|i| open + i);
            let index = close.and_then(|end| rest[open + 1..end].split(':').next()?.parse::<usize>().ok());
            let (Some(close), Some(index)) = (close, index) else { break };
            pieces::push_text(&mut all, &rest[..open]);
            if let Some(argument) = arguments.get(index) {
                pieces_of(self.eval(argument, depth + 1)).into_iter().for_each(|p| append(&mut all, p));
            }
            rest = &rest[close + 1..];
        }
        pieces::push_text(&mut all, rest);
        Val::Pieces(all)
    }

    fn other(&self, name: String, arguments: &[Ast<'_>], depth: usize) -> Val<'d> {
        let terms = arguments.iter().map(|a| term_of(self.eval(a, depth + 1)));
        Val::Term(Term::Call(Function::Other(name.into()), terms.collect()))
    }

    fn access(&self, base: &Ast<'_>, path: &[Ast<'_>], depth: usize) -> Val<'d> {
        let mut val = self.eval(base, depth + 1);
        for member in path {
            let key = constant(&self.eval(member, depth + 1));
            val = self.member(val, key, depth);
        }
        val
    }

    fn member(&self, val: Val<'d>, key: Option<String>, depth: usize) -> Val<'d> {
        let segment = key.as_ref().map_or(Segment::Dynamic, |k| Segment::Key(k.as_str().into()));
        match (val, key) {
            (Val::Node(node, chain), Some(key)) => {
                let index = key.parse::<usize>().ok().and_then(|i| node.items().nth(i));
                match index.or_else(|| ignore_case(node, &key)) {
                    Some(found) => self.arm.node(found, &chain, depth + 1),
                    None => unknown(&key),
                }
            }
            (Val::Term(Term::Ref(mut reference)), _) => {
                reference.path.push(segment);
                Val::Term(Term::Ref(reference))
            }
            (Val::Term(Term::Call(function, mut arguments)), key) => {
                arguments.push(key.map_or(Term::Unknown(Vec::new()), |k| Term::Text(k.into())));
                Val::Term(Term::Call(function, arguments))
            }
            (other, _) => {
                Val::Term(Term::Unknown(term_of(other).references().into_iter().cloned().collect()))
            }
        }
    }
}

/// The full id of a resource, as far as its type and names are given.
fn resource_id<'d>(parts: Vec<Vec<Piece>>, group: bool) -> Val<'d> {
    let kind = parts.iter().position(|p| pieces::constant(p).is_some_and(|t| t.contains('/')));
    let kind = kind.unwrap_or(0);
    let mut all = vec![Piece::Text("/subscriptions/".to_owned()), Piece::Hole(env("subscription"))];
    if group {
        pieces::push_text(&mut all, "/resourceGroups/");
        all.push(Piece::Hole(env("resourcegroup")));
    }
    let kind_text = parts.get(kind).and_then(|p| pieces::constant(p)).unwrap_or_default();
    let mut kinds = kind_text.split('/');
    pieces::push_text(&mut all, "/providers/");
    pieces::push_text(&mut all, kinds.next().unwrap_or_default());
    for (kind, name) in kinds.zip(parts.into_iter().skip(kind + 1)) {
        pieces::push_text(&mut all, &format!("/{kind}/"));
        name.into_iter().for_each(|piece| append(&mut all, piece));
    }
    Val::Pieces(all)
}

fn append(all: &mut Vec<Piece>, piece: Piece) {
    match piece {
        Piece::Text(text) => pieces::push_text(all, &text),
        hole => all.push(hole),
    }
}

fn env(name: &str) -> Term {
    Term::Ref(Reference::keys(Root::Environment(name.into()), ""))
}

fn environment<'d>(name: &str) -> Val<'d> {
    Val::Term(env(name))
}

fn plain<'d>(text: String) -> Val<'d> {
    Val::Pieces(vec![Piece::Text(text)])
}

fn constant(val: &Val<'_>) -> Option<String> {
    match val {
        Val::Pieces(pieces) => pieces::constant(pieces),
        Val::Term(Term::Number(n)) => Some(n.to_string()),
        Val::Term(Term::Bool(b)) => Some(b.to_string()),
        Val::Node(node, _) => node.scalar().map(str::to_owned),
        Val::Term(_) => None,
    }
}

fn pieces_of(val: Val<'_>) -> Vec<Piece> {
    match (constant(&val), val) {
        (_, Val::Pieces(pieces)) => pieces,
        (Some(text), _) => vec![Piece::Text(text)],
        (None, val) => vec![Piece::Hole(term_of(val))],
    }
}

/// One term for what an expression gives.
pub(super) fn term_of(val: Val<'_>) -> Term {
    match val {
        Val::Pieces(pieces) => pieces::term(pieces),
        Val::Term(term) => term,
        Val::Node(node, _) => match node.scalar() {
            Some(text) if node.as_number().is_some() => Term::Number(text.into()),
            Some(text) if node.as_bool().is_some() => Term::Bool(text == "true"),
            Some(text) => Term::Text(text.into()),
            None if node.is_null() => Term::Null,
            None => Term::Unknown(Vec::new()),
        },
    }
}
