//! Calls: raw HTTP, and connector operations that are a method and a path.

use super::context::{Context, Place};
use super::pieces::{self, Holed, Piece};
use super::value::{expression, term_of};
use crate::doc::{Doc, Node};
use workflow::{Auth, Function, Language, Map, Reference, Request, Root, Term, Text, Value};

impl<'d> Context<'_, 'd> {
    /// The call of an HTTP action.
    pub(super) fn http(&self, inputs: Node<'d>, item: Option<&str>) -> Request {
        let uri = ["uri", "url"].into_iter().find_map(|key| inputs.get(key));
        let headers = self.member(inputs, "headers", item);
        Request {
            method: method(self.member(inputs, "method", item), "GET"),
            url: uri.map_or(Value::Null, |n| self.value(n, item)),
            query: self.member(inputs, "queries", item),
            auth: self.auth(inputs, &headers, item),
            headers,
            body: self.body(inputs.get("body"), item),
            governed: false,
        }
    }

    /// The call of a connector action.
    pub(super) fn connector_call(&self, inputs: Node<'d>, default: &str, item: Option<&str>) -> Request {
        Request {
            method: method(self.member(inputs, "method", item), default),
            url: self.member(inputs, "path", item),
            query: self.member(inputs, "queries", item),
            headers: self.member(inputs, "headers", item),
            body: self.body(inputs.get("body"), item),
            auth: Auth::Stored,
            governed: true,
        }
    }

    fn auth(&self, inputs: Node<'d>, headers: &Value, item: Option<&str>) -> Auth {
        let Some(authentication) = inputs.get("authentication") else {
            let header = headers.entries().iter().find(|e| e.key.eq_ignore_ascii_case("authorization"));
            return match header.map(|h| h.value.is_constant()) {
                None => Auth::None,
                Some(true) => Auth::Inline,
                Some(false) => Auth::Stored,
            };
        };
        match authentication.str("type").unwrap_or_default().to_ascii_lowercase().as_str() {
            "managedserviceidentity" => Auth::Managed,
            "none" => Auth::None,
            _ => {
                let secrets = ["secret", "password", "value", "pfx", "parameter", "clientSecret"];
                let literal = |key: &str| matches!(self.member(authentication, key, item), Value::Text(t) if !t.is_empty());
                if secrets.into_iter().any(literal) { Auth::Inline } else { Auth::Stored }
            }
        }
    }

    /// A body; JSON text is read as the object it will be.
    fn body(&self, node: Option<Node<'d>>, item: Option<&str>) -> Value {
        let Some(node) = node else { return Value::Null };
        reread(self.value(node, item))
    }
}

/// A text that is JSON, read as the value it stands for; anything else as it is.
pub(super) fn reread(value: Value) -> Value {
    let (pieces, line) = match &value {
        Value::Text(text) => (vec![Piece::Text(text.to_string())], 0),
        Value::Expr(e) => (flatten(&e.term), e.line),
        _ => return value,
    };
    let opens = matches!(pieces.first(), Some(Piece::Text(t)) if t.trim_start().starts_with(['{', '[']));
    let parsed = if opens { json(Holed::of(pieces), Place { item: None, line }) } else { None };
    parsed.unwrap_or(value)
}

/// The parts of a term that is a text with holes.
fn flatten(term: &Term) -> Vec<Piece> {
    match term {
        Term::Text(text) => vec![Piece::Text(text.to_string())],
        Term::Template(terms) | Term::Call(Function::Concat, terms) => {
            terms.iter().flat_map(flatten).collect()
        }
        Term::Call(Function::ParseJson | Function::ToText, terms) if terms.len() == 1 => flatten(&terms[0]),
        other => vec![Piece::Hole(other.clone())],
    }
}

/// A JSON text with holes as a value; nothing where it is no JSON.
fn json(holed: Holed, place: Place<'_>) -> Option<Value> {
    let mut quoted = String::with_capacity(holed.text.len());
    let (mut inside, mut escaped) = (false, false);
    for c in holed.text.chars() {
        let bare = !inside && pieces::hole(c, &holed.holes).is_some();
        if bare {
            quoted.push('"');
        }
        quoted.push(c);
        if bare {
            quoted.push('"');
        }
        inside ^= c == '"' && !escaped;
        escaped = inside && c == '\\' && !escaped;
    }
    let doc = Doc::json(&quoted).ok()?;
    Some(filled(doc.root(), &holed.holes, place))
}

fn filled(node: Node<'_>, holes: &[Term], place: Place<'_>) -> Value {
    if node.is_map() {
        let mut map = Map::default();
        for (key, value) in node.entries() {
            map.push(key, filled(value, holes, place), place.line);
        }
        return Value::Map(map);
    }
    if node.is_list() {
        return Value::List(node.items().map(|n| filled(n, holes, place)).collect());
    }
    match (node.as_str(), node.as_bool(), node.as_number()) {
        (Some(text), ..) => match pieces::term(pieces::split(text, holes)) {
            Term::Text(text) => Value::Text(text),
            term => expression(Language::Wdl, &pieces::shown(text, holes), term, place),
        },
        (_, Some(b), _) => Value::Bool(b),
        (.., Some(number)) => Value::Number(number.into()),
        _ => Value::Null,
    }
}

fn method(value: Value, default: &str) -> Value {
    match value {
        Value::Null => Value::text(default),
        Value::Text(text) => Value::Text(text.trim().to_uppercase().into()),
        other => other,
    }
}

/// A path as the catalogue writes it: `{}` for everything only known at run time, no query.
pub(super) fn path_template(path: &Value) -> String {
    let mut template = String::new();
    if path.is_empty() {
        return template;
    }
    for piece in flatten(&term_of(path.clone())) {
        match piece {
            Piece::Text(text) => template.push_str(&text),
            Piece::Hole(_) if template.ends_with("{}") => {}
            Piece::Hole(_) => template.push_str("{}"),
        }
    }
    let end = template.find('?').unwrap_or(template.len());
    template.truncate(end);
    if !template.starts_with('/') && !template.is_empty() {
        template.insert(0, '/');
    }
    template
}

/// The path that the connector of Azure Resource Manager hands on: a resource's own path is one part of it, whose slashes
/// are encoded on their way.
/// Source: <https://learn.microsoft.com/en-us/connectors/arm/>
pub(super) fn handed_on(path: &Value) -> Value {
    joined(vec![unencoded(&term_of(path.clone()))], path)
}

/// The address that such a path is handed on to. Where only the run knows the resource, nothing of the path is certain.
pub(super) fn resource_manager(path: &Value) -> Value {
    let (address, term) = (Term::Text("https://management.azure.com/".into()), term_of(path.clone()));
    let template = path_template(path);
    let mut parts = template.split('/').skip_while(|part| !part.eq_ignore_ascii_case("providers"));
    let hidden = parts.nth(2).is_some_and(|resource| resource == "{}");
    joined(vec![address, if hidden { Term::Call(Function::UrlEncode, vec![term]) } else { term }], path)
}

/// Terms in a row as one value, written as another was; nothing for no path.
fn joined(terms: Vec<Term>, written: &Value) -> Value {
    let (text, line) = match written {
        Value::Expr(e) => (e.text.clone(), e.line),
        Value::Text(_) => (Text::default(), 0),
        _ => return written.clone(),
    };
    let pieces = terms.iter().flat_map(flatten).map(|piece| match piece {
        Piece::Text(text) => Term::Text(text.into()),
        Piece::Hole(term) => term,
    });
    match super::term::melt(pieces.collect()) {
        Term::Text(text) => Value::Text(text),
        term => expression(Language::Wdl, &text, term, Place { item: None, line }),
    }
}

fn unencoded(term: &Term) -> Term {
    match term {
        Term::Template(parts) | Term::Call(Function::Concat | Function::UrlEncode, parts) => {
            Term::Template(parts.iter().map(unencoded).collect())
        }
        Term::Text(text) => Term::Text(text.replace("%2F", "/").replace("%2f", "/").into()),
        other => other.clone(),
    }
}

/// A name of which only the deployment knows a part: `{PlaybookName}-sub`; `{}` for what only a run knows.
pub(super) fn open_name(term: &Term) -> String {
    let shown = flatten(term).into_iter().map(|piece| match piece {
        Piece::Text(text) => text,
        Piece::Hole(Term::Ref(Reference { root: Root::Parameter(name), path })) if path.is_empty() => {
            format!("{{{name}}}")
        }
        Piece::Hole(_) => "{}".to_owned(),
    });
    let name: String = shown.collect();
    name.split('?').next().unwrap_or_default().trim_start_matches('/').to_owned()
}

/// The name of the workflow in the URL or id of one of its triggers.
pub(super) fn workflow_name(term: &Term) -> Option<Term> {
    let term = match term {
        Term::Call(Function::Other(name), arguments) if name == "listcallbackurl" => arguments.first()?,
        term => term,
    };
    let (mut found, mut after) = (Vec::new(), false);
    for piece in flatten(term) {
        match piece {
            Piece::Text(text) => {
                let rest = match text.to_ascii_lowercase().find("/workflows/") {
                    Some(at) => {
                        (found, after) = (Vec::new(), true);
                        &text[at + "/workflows/".len()..]
                    }
                    None => &text[..],
                };
                if after {
                    let end = rest.find('/').unwrap_or(rest.len());
                    pieces::push_text(&mut found, &rest[..end]);
                    after = end == rest.len();
                }
            }
            hole if after => found.push(hole),
            Piece::Hole(_) => {}
        }
    }
    (!found.is_empty()).then(|| pieces::term(found))
}
