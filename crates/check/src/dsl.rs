//! A small notation for workflows in tests and rule pages.
//!
//! ```text
//! workflow helper id=h1                      # further ones of the same set; the first needs no line
//! trigger hook webhook open caller           # open | auth; caller: its data is the caller's; approved; filter={..}
//! step mail ask approver=boss@corp.example answer=approved yes=true no=false
//! step add grant okta identity={trigger.user} entitlement=admins privileged   # decide sailpoint refuses
//! step get read okta list in={trigger.user}
//! step each loop list={trigger.users} ; step x wait until={..} ; step if branch ; step s set out.a={..} var.v={..}
//! step post http POST "https://x/{trigger.id}" disable entra body.accountEnabled=false
//! step c call helper input.user={trigger.user}
//! hook -> mail -> if
//! if -[step.mail.approved == true]-> add
//! if -[else]-> stop ; mail -[timeout]-> stop ; add -[error]-> stop
//! add in each                                # container
//! ```

use workflow::{
    Ask, Assignment, Callee, CalleeKey, Code, CodeLanguage, Credential, EdgeKind, Effect, Evidence,
    Expression, Function, Join, Kind, Language, LoopKind, Map, Node, OnError, Outcome, Platform, Reference,
    Request, Returns, Root, Segment, Step, StepKind, Term, Text, Trigger, TriggerKind, Value, Workflow,
};

/// Reads workflows in the notation; panics on what it does not understand.
pub fn workflows(text: &str) -> Vec<Workflow> {
    let mut all = vec![Workflow::new(Platform::N8n, "main", "main")];
    for (i, line) in text.lines().enumerate() {
        for part in split_top(line, ';') {
            let words = words(&part);
            let line_no = u32::try_from(i + 1).unwrap();
            let w = all.last_mut().unwrap();
            match words.first().map(String::as_str) {
                None => {}
                Some("workflow") => header(&mut all, &words),
                Some("trigger") => trigger(w, &words, line_no),
                Some("step") => step(w, &words, line_no),
                Some("credential") => w.credentials.push(Credential {
                    id: words[1].as_str().into(),
                    name: words[1].as_str().into(),
                    kind: "oauth2".into(),
                    personal: words.iter().any(|x| x == "personal").then_some(true),
                    callers: words.iter().any(|x| x == "callers"),
                    line: line_no,
                }),
                Some(inner) if words.get(1).is_some_and(|x| x == "in") => {
                    let outer = w.find(&words[2]).expect("container");
                    let inner = w.find(inner).expect("step in container");
                    w.steps[inner.0 as usize].parent = Some(outer);
                }
                Some(_) => edges(w, &part),
            }
        }
    }
    all.retain(|w| !w.steps.is_empty());
    all
}

fn header(all: &mut Vec<Workflow>, words: &[String]) {
    let mut w = Workflow::new(Platform::N8n, words[1].as_str(), "main");
    for word in &words[2..] {
        match word.split_once('=') {
            Some(("id", id)) => w.id = Some(id.into()),
            Some(("platform", p)) => {
                w.platform = Platform::ALL.into_iter().find(|x| x.as_str() == p).expect("platform");
            }
            Some(("description", d)) => w.description = d.into(),
            _ if word == "itemwise" => w.itemwise = true,
            _ => panic!("workflow {word}?"),
        }
    }
    all.push(w);
}

fn trigger(w: &mut Workflow, words: &[String], line: u32) {
    let kinds = ["webhook", "schedule", "event", "manual", "form", "mail", "chat", "external", "subflow"];
    let of = [
        TriggerKind::Webhook,
        TriggerKind::Schedule,
        TriggerKind::Event,
        TriggerKind::Manual,
        TriggerKind::Form,
        TriggerKind::Mail,
        TriggerKind::Chat,
        TriggerKind::External,
        TriggerKind::Subflow,
    ];
    let kind = of[kinds.iter().position(|k| *k == words[2]).expect("trigger kind")];
    let has = |x: &str| words.iter().any(|w| w == x);
    let filter =
        words.iter().find_map(|w| w.strip_prefix("filter=")).map(|t| expression(t.trim_matches(['{', '}'])));
    w.triggers.push(Trigger {
        id: words[1].as_str().into(),
        name: words[1].as_str().into(),
        kind,
        authenticated: if has("open") { Some(false) } else { has("auth").then_some(true) },
        event: Text::default(),
        filter,
        after_approval: has("approved"),
        caller_data: has("caller"),
        parameters: Value::Null,
        span: workflow::Span { file: 0, line, path: Text::default() },
    });
}

fn step(w: &mut Workflow, words: &[String], line: u32) {
    let mut s = Step::new(words[1].as_str(), words[1].as_str(), StepKind::Action);
    s.span.line = line;
    let mut i = 2;
    while i < words.len() {
        let word = words[i].as_str();
        i += 1;
        if let Some((key, value)) = word.split_once('=').filter(|(k, _)| !k.contains(['{', '"'])) {
            set(&mut s, key, value);
            continue;
        }
        if word == "http" {
            let (method, url) = (words[i].clone(), words[i + 1].trim_matches('"').to_owned());
            s.connector = "http".into();
            s.request = Some(Request { method: Value::text(method), url: value(&url), ..Request::default() });
            i += 2;
        } else if word == "call" {
            s.kind = StepKind::Call;
            let key = match words[i].as_str() {
                "itself" => CalleeKey::Itself,
                name => CalleeKey::Name(name.into()),
            };
            s.calls.push(Callee { key, input: Value::Map(Map::default()) });
            push_effect(&mut s, Kind::Call, "");
            i += 1;
        } else if word == "code" {
            s.kind = StepKind::Code;
        } else if let Ok(kind) = word.parse::<Kind>() {
            let system = words.get(i).filter(|x| is_plain(x)).cloned().unwrap_or_default();
            i += usize::from(!system.is_empty());
            push_effect(&mut s, kind, &system);
            if kind == Kind::Ask && s.ask.is_none() {
                s.ask = Some(Ask::default());
            }
        } else {
            flag(&mut s, word);
        }
    }
    if let (Some(ask), true) = (&s.ask, s.target.recipient.is_empty()) {
        s.target.recipient = vec![ask.approver.clone()];
    }
    w.add(s);
}

fn is_plain(word: &str) -> bool {
    const FLAGS: [&str; 24] = [
        "privileged",
        "refuses",
        "group",
        "off",
        "list",
        "one",
        "branch",
        "guard",
        "loop",
        "while",
        "wait",
        "set",
        "scope",
        "fork",
        "join",
        "all",
        "agent",
        "parallel",
        "end",
        "fail",
        "continue",
        "recipients",
        "http",
        "code",
    ];
    !word.contains('=') && !FLAGS.contains(&word) && word.parse::<Kind>().is_err()
}

fn push_effect(s: &mut Step, kind: Kind, system: &str) {
    let evidence = if s.request.is_some() { Evidence::Request } else { Evidence::Operation };
    let (identity, entitlement) = (Text::default(), Text::default());
    s.effects.push(Effect {
        kind,
        system: system.into(),
        identity,
        entitlement,
        evidence,
        privileged: false,
        refuses: false,
        what: Text::default(),
    });
}

fn flag(s: &mut Step, word: &str) {
    match word {
        "privileged" => s.effects.iter_mut().for_each(|e| e.privileged = true),
        "refuses" => s.effects.iter_mut().for_each(|e| e.refuses = true),
        "group" => s.effects.iter_mut().for_each(|e| e.what = "group".into()),
        "off" => s.enabled = false,
        "list" => s.target.returns = Returns::List,
        "one" => s.target.returns = Returns::One,
        "branch" => s.kind = StepKind::Branch,
        "guard" => s.kind = StepKind::Guard,
        "loop" => s.kind = StepKind::Loop(LoopKind::Each { parallel: false, bound: None }),
        "parallel" => s.kind = StepKind::Loop(LoopKind::Each { parallel: true, bound: None }),
        "while" => s.kind = StepKind::Loop(LoopKind::While { bound: None }),
        "wait" => s.kind = StepKind::Wait,
        "set" => s.kind = StepKind::Set,
        "scope" => s.kind = StepKind::Scope,
        "fork" => s.kind = StepKind::Fork,
        "join" => s.kind = StepKind::Join,
        "all" => s.join = Join::All,
        "settled" => s.join = Join::Settled,
        "agent" => s.kind = StepKind::Agent,
        "end" => s.kind = StepKind::End(Outcome::Success),
        "fail" => s.kind = StepKind::End(Outcome::Failure),
        "continue" => s.on_error = OnError::Continue,
        "route" => s.on_error = OnError::Route,
        "either" => s.on_error = OnError::Either,
        "recipients" => s.target.takes_recipient = true,
        "decides" => s.ask.get_or_insert_default().decides = true,
        "operation-exists" => s.target.operation_exists = true,
        "stored" => {
            if let Some(r) = s.request.as_mut() {
                r.auth = workflow::Auth::Stored;
            }
        }
        "third-party" => s.third_party = true,
        other => panic!("step word `{other}`?"),
    }
}

fn set(s: &mut Step, key: &str, text: &str) {
    let v = value(text.trim_matches('"'));
    let words = || text.split(',').map(Text::from).collect::<Vec<Text>>();
    match key.split_once('.') {
        Some(("out", k)) => {
            let out = s.output.get_or_insert(Value::Map(Map::default()));
            put(out, k, v);
        }
        Some(("var", k)) => s.assigns.push(Assignment { variable: k.into(), value: v, adds: false }),
        Some(("body", k)) => put(s.request.as_mut().map(|r| &mut r.body).expect("body of http"), k, v),
        Some(("param", k)) => put(&mut s.parameters, k, v),
        Some(("input", k)) => put(&mut s.calls.last_mut().expect("input of call").input, k, v),
        Some(_) => panic!("step key `{key}`?"),
        None => match key {
            "approver" => s.ask.get_or_insert_default().approver = v,
            "answer" => s.ask.get_or_insert_default().answer = text.into(),
            "yes" => s.ask.get_or_insert_default().positive = words(),
            "no" => s.ask.get_or_insert_default().negative = words(),
            "identity" => {
                s.effects.iter_mut().for_each(|e| e.identity = text.trim_matches('"').into());
                put(&mut s.parameters, key, v.clone());
                s.target.identity.push(v);
            }
            "entitlement" => {
                s.effects.iter_mut().for_each(|e| e.entitlement = text.into());
                put(&mut s.parameters, key, v.clone());
                s.target.entitlement.push(v);
            }
            "to" => {
                s.target.takes_recipient = true;
                s.target.recipient.push(v);
            }
            "secret" => s.target.secret = text.into(),
            "out" => s.output = Some(v),
            "script" => {
                s.code.push(Code { language: CodeLanguage::JavaScript, text: v, name: Text::default() });
            }
            "connector" => s.connector = text.into(),
            "operation" => s.operation = text.into(),
            "version" => s.connector_version = text.into(),
            "uses" => s.credentials.push(text.parse().expect("credential index")),
            _ => put(&mut s.parameters, key, v),
        },
    }
}

fn put(map: &mut Value, key: &str, v: Value) {
    if *map == Value::Null {
        *map = Value::Map(Map::default());
    }
    let Value::Map(m) = map else { panic!("not an object") };
    m.push(key, v, 0);
}

fn edges(w: &mut Workflow, text: &str) {
    let mut rest = text.trim();
    let mut from: Option<String> = None;
    let mut kind = EdgeKind::Next;
    loop {
        let end = rest.find(" -").unwrap_or(rest.len());
        let name = rest[..end].trim().to_owned();
        rest = rest[end..].trim_start();
        if let Some(from) = from.replace(name.clone()) {
            let to = w.find(&name).unwrap_or_else(|| panic!("no step `{name}`"));
            let node = match w.triggers.iter().position(|t| t.id == from) {
                Some(t) => Node::Trigger(u32::try_from(t).unwrap()),
                None => Node::Step(w.find(&from).unwrap_or_else(|| panic!("no step `{from}`"))),
            };
            w.connect(node, to, kind.clone());
        }
        if rest.is_empty() {
            return;
        }
        if let Some(after) = rest.strip_prefix("->") {
            kind = EdgeKind::Next;
            rest = after.trim_start();
        } else {
            let close = rest.find("]->").expect("]->");
            kind = edge_kind(rest[2..close].trim());
            rest = rest[close + 3..].trim_start();
        }
    }
}

fn edge_kind(text: &str) -> EdgeKind {
    match text {
        "else" => EdgeKind::Otherwise { case: "false".into() },
        "error" => EdgeKind::Error,
        "timeout" => EdgeKind::Timeout,
        "skipped" => EdgeKind::Skipped,
        "body" => EdgeKind::Body,
        "back" => EdgeKind::Back,
        "tool" => EdgeKind::Tool,
        condition => {
            let (case, condition) = condition.split_once(": ").unwrap_or(("true", condition));
            EdgeKind::When { case: case.into(), condition: expression(condition) }
        }
    }
}

/// A value: `{expression}`, a text with holes, a number or a plain text.
fn value(text: &str) -> Value {
    if let Some(whole) = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')).filter(|t| !t.contains('{'))
    {
        return Value::Expr(Box::new(expression(whole)));
    }
    if text.contains('{') {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            let close = rest[open..].find('}').map(|c| c + open).expect("}");
            if open > 0 {
                parts.push(Term::Text(rest[..open].into()));
            }
            parts.push(expression(&rest[open + 1..close]).term);
            rest = &rest[close + 1..];
        }
        if !rest.is_empty() {
            parts.push(Term::Text(rest.into()));
        }
        let (language, term) = (Language::Structured, Term::Template(parts));
        return Value::Expr(Box::new(Expression { language, text: text.into(), term, line: 0 }));
    }
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "" => Value::Null,
        _ => Value::text(text),
    }
}

fn expression(text: &str) -> Expression {
    let mut tokens = tokens(text);
    tokens.reverse();
    let term = or(&mut tokens);
    assert!(tokens.is_empty(), "left over in `{text}`: {tokens:?}");
    Expression { language: Language::Structured, text: text.into(), term, line: 0 }
}

fn tokens(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            ' ' => {}
            '"' => {
                let inner: String = chars.by_ref().take_while(|c| *c != '"').collect();
                found.push(format!("\"{inner}"));
            }
            '(' | ')' | ',' => found.push(c.to_string()),
            '=' | '!' | '&' | '|' | '<' | '>' => {
                let mut op = c.to_string();
                if chars.peek().is_some_and(|n| matches!(n, '=' | '&' | '|')) {
                    op.extend(chars.next());
                }
                found.push(op);
            }
            _ => {
                let mut word = c.to_string();
                while chars.peek().is_some_and(|n| {
                    n.is_alphanumeric() || matches!(n, '.' | '_' | '-' | '[' | ']' | '*' | '?')
                }) {
                    word.extend(chars.next());
                }
                found.push(word);
            }
        }
    }
    found
}

fn or(tokens: &mut Vec<String>) -> Term {
    let mut left = and(tokens);
    while tokens.pop_if(|t| t == "||").is_some() {
        left = Term::Call(Function::Or, vec![left, and(tokens)]);
    }
    left
}

fn and(tokens: &mut Vec<String>) -> Term {
    let mut left = comparison(tokens);
    while tokens.pop_if(|t| t == "&&").is_some() {
        left = Term::Call(Function::And, vec![left, comparison(tokens)]);
    }
    left
}

fn comparison(tokens: &mut Vec<String>) -> Term {
    let left = unary(tokens);
    let function = match tokens.last().map(String::as_str) {
        Some("==") => Function::Equals,
        Some("!=") => Function::NotEquals,
        Some("<") => Function::Less,
        Some("<=") => Function::LessOrEquals,
        Some(">") => Function::Greater,
        _ => return left,
    };
    tokens.pop();
    Term::Call(function, vec![left, unary(tokens)])
}

fn unary(tokens: &mut Vec<String>) -> Term {
    let token = tokens.pop().expect("more");
    if token == "!" {
        return Term::Call(Function::Not, vec![unary(tokens)]);
    }
    if token == "(" {
        let inner = or(tokens);
        tokens.pop();
        return inner;
    }
    if let Some(text) = token.strip_prefix('"') {
        return Term::Text(text.into());
    }
    if tokens.last().is_some_and(|t| t == "(") {
        tokens.pop();
        let mut args = Vec::new();
        while tokens.last().is_some_and(|t| t != ")") {
            args.push(or(tokens));
            tokens.pop_if(|t| t == ",");
        }
        tokens.pop();
        return Term::Call(function(&token), args);
    }
    match token.as_str() {
        "true" => Term::Bool(true),
        "false" => Term::Bool(false),
        "null" => Term::Null,
        t if t.parse::<f64>().is_ok() => Term::Number(t.into()),
        t => Term::Ref(reference(t)),
    }
}

fn function(name: &str) -> Function {
    match name {
        "empty" => Function::Empty,
        "length" => Function::Length,
        "first" => Function::First,
        "contains" => Function::Contains,
        "urlencode" => Function::UrlEncode,
        "concat" => Function::Concat,
        "now" => Function::Now,
        "random" => Function::Random,
        "addtime" => Function::AddTime,
        "in" => Function::In,
        "truthy" => Function::Truthy,
        other => Function::Other(other.into()),
    }
}

/// `trigger.a.b`, `step.NAME.a[0]`, `item.LOOP.a`, `prev.a`, `var.NAME`, `secret.NAME`, `param.NAME`.
fn reference(text: &str) -> Reference {
    let mut parts = text.split('.');
    let root = match parts.next().unwrap_or_default() {
        "trigger" => Root::Trigger,
        "step" => Root::Step(named(&mut parts)),
        "item" => Root::Item(named(&mut parts)),
        "prev" => Root::Previous,
        "var" => Root::Variable(named(&mut parts)),
        "secret" => Root::Secret(named(&mut parts)),
        "param" => Root::Parameter(named(&mut parts)),
        other => panic!("reference `{other}`?"),
    };
    let mut path = Vec::new();
    for part in parts {
        let (key, index) =
            part.split_once('[').map_or((part, None), |(k, i)| (k, Some(i.trim_end_matches(']'))));
        path.push(Segment::Key(key.into()));
        path.extend(index.map(|i| match i.strip_prefix('?') {
            Some(which) => Segment::Filter(which.into()),
            None => i.parse().map_or(Segment::Each, Segment::Index),
        }));
    }
    Reference { root, path }
}

fn named<'t>(parts: &mut impl Iterator<Item = &'t str>) -> Text {
    parts.next().expect("a name").into()
}

fn split_top(line: &str, at: char) -> Vec<String> {
    let line = line.split(" # ").next().unwrap_or_default();
    let line = if line.trim_start().starts_with('#') { "" } else { line };
    line.split(at).map(|p| p.trim().to_owned()).filter(|p| !p.is_empty()).collect()
}

fn words(text: &str) -> Vec<String> {
    let (mut found, mut word, mut deep, mut quoted) = (Vec::new(), String::new(), 0, false);
    for c in text.chars() {
        match c {
            '{' => deep += 1,
            '}' => deep -= 1,
            '"' if deep == 0 => quoted = !quoted,
            _ => {}
        }
        if c == ' ' && deep == 0 && !quoted {
            if !word.is_empty() {
                found.push(std::mem::take(&mut word));
            }
        } else {
            word.push(c);
        }
    }
    if !word.is_empty() {
        found.push(word);
    }
    found
}
