//! The grammar of JSONata, as its reference implementation parses it.

use std::rc::Rc;

/// Expressions are nested at most so deep.
const MAX_DEPTH: u32 = 60;

/// A parsed expression.
#[derive(Debug, Clone)]
pub(super) enum Node {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    /// A field of the context.
    Field(String),
    /// `$name`; the context itself where the name is empty.
    Variable(String),
    /// `*`: every field's value.
    Every,
    /// `a.b[0].c`
    Path(Vec<Step>, Shape),
    /// `[a, b]`
    List(Vec<Node>),
    /// `{key: value}`
    Object(Vec<(Node, Node)>),
    /// `(a; b; c)`
    Block(Vec<Node>),
    /// `$name := value`
    Bind(String, Box<Node>),
    Binary(&'static str, Box<Node>, Box<Node>),
    Negate(Box<Node>),
    Choice(Box<Node>, Box<Node>, Option<Box<Node>>),
    Call(Box<Node>, Vec<Node>),
    Function(Rc<Lambda>),
}

/// A function that an expression makes.
#[derive(Debug)]
pub(super) struct Lambda {
    pub(super) parameters: Vec<String>,
    pub(super) body: Node,
}

/// One step of a path.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) node: Node,
    /// `[condition]`, one after the other.
    pub(super) filters: Vec<Node>,
    /// `^(a, >b)`: the orders, and whether each descends.
    pub(super) orders: Vec<(Node, bool)>,
}

/// What a path does with what it finds.
#[derive(Debug, Clone, Default)]
pub(super) struct Shape {
    /// `a[]`: one value stays a list.
    pub(super) keeps_list: bool,
    /// `a{key: value}`
    pub(super) groups: Option<Vec<(Node, Node)>>,
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Text(String),
    Number(f64),
    Name(String),
    Variable(String),
    Sign(&'static str),
}

const SIGNS: [&str; 34] = [
    "..", ":=", "!=", ">=", "<=", "~>", "**", "?:", "??", ".", "[", "]", "{", "}", "(", ")", ",", "@", "#",
    ";", ":", "?", "+", "-", "*", "/", "%", "|", "=", "<", ">", "^", "&", "!",
];

/// Parses a whole text; none where it has what is not understood (regular expressions, `%`, `@`, `#`, `|`).
pub(super) fn parse(text: &str) -> Option<Node> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens, at: 0, depth: 0 };
    let node = parser.expression(0)?;
    (parser.at == parser.tokens.len()).then_some(node)
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(c) = rest.chars().next() {
        let word = |t: &str| t.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(t.len());
        if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.split_once("*/")?.1.trim_start();
            continue;
        }
        let (token, len) = match c {
            '"' | '\'' => quoted(rest, c)?,
            '`' => {
                let end = rest[1..].find('`')?;
                (Token::Name(rest[1..=end].to_owned()), end + 2)
            }
            '$' => {
                let len = if rest.starts_with("$$") { 2 } else { 1 + word(&rest[1..]) };
                (Token::Variable(rest[1..len].to_owned()), len)
            }
            c if c.is_ascii_digit() => number(rest)?,
            c if c.is_alphabetic() || c == '_' => {
                let len = word(rest);
                (Token::Name(rest[..len].to_owned()), len)
            }
            // Where an operand is expected, a slash starts a regular expression.
            '/' if !ends_operand(found.last()) => return None,
            _ => {
                let sign = SIGNS.into_iter().find(|s| rest.starts_with(s))?;
                (Token::Sign(sign), sign.len())
            }
        };
        found.push(token);
        rest = rest[len..].trim_start();
    }
    Some(found)
}

fn ends_operand(token: Option<&Token>) -> bool {
    match token {
        None => false,
        Some(Token::Sign(s)) => matches!(*s, ")" | "]" | "}" | "*" | "**"),
        Some(_) => true,
    }
}

fn number(text: &str) -> Option<(Token, usize)> {
    let mut len = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let digits = |t: &str| t.find(|c: char| !c.is_ascii_digit()).unwrap_or(t.len());
    if let Some(after) = text[len..].strip_prefix('.')
        && digits(after) > 0
    {
        len += 1 + digits(after);
    }
    if let Some(after) = text[len..].strip_prefix(['e', 'E']) {
        let sign = usize::from(after.starts_with(['+', '-']));
        let more = digits(&after[sign..]);
        len += if more > 0 { 1 + sign + more } else { 0 };
    }
    Some((Token::Number(text[..len].parse().ok().filter(|n: &f64| n.is_finite())?), len))
}

fn quoted(text: &str, quote: char) -> Option<(Token, usize)> {
    let mut out = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((i, c)) = chars.next() {
        match c {
            c if c == quote => return Some((Token::Text(out), i + 1)),
            '\\' => match chars.next()?.1 {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                'r' => out.push('\r'),
                'b' => out.push('\u{8}'),
                'f' => out.push('\u{c}'),
                c @ ('"' | '\'' | '\\' | '/') => out.push(c),
                'u' => {
                    let hex: String = chars.by_ref().take(4).map(|(_, c)| c).collect();
                    out.push(char::from_u32(u32::from_str_radix(&hex, 16).ok()?)?);
                }
                _ => return None,
            },
            c => out.push(c),
        }
    }
    None
}

fn binding(sign: &str) -> u8 {
    match sign {
        "[" | "(" => 80,
        "." => 75,
        "{" => 70,
        "*" | "/" | "%" => 60,
        "+" | "-" | "&" => 50,
        "=" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "~>" | "^" => 40,
        "and" => 30,
        "or" => 25,
        "?" | "?:" | "??" => 20,
        ":=" => 10,
        _ => 0,
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: u32,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn eat(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Sign(s)) if *s == sign);
        self.at += usize::from(found);
        found
    }

    fn operator(&self) -> Option<&'static str> {
        match self.peek()? {
            Token::Sign(s) => Some(s),
            Token::Name(n) => ["and", "or", "in"].into_iter().find(|w| w == n),
            _ => None,
        }
    }

    fn expression(&mut self, power: u8) -> Option<Node> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let mut left = self.start()?;
        let mut turns = 0;
        while let Some(sign) = self.operator() {
            let binds = binding(sign);
            turns += 1;
            if binds <= power {
                break;
            }
            if turns > 200 {
                return None;
            }
            self.at += 1;
            left = self.after(left, sign, binds)?;
        }
        self.depth -= 1;
        Some(left)
    }

    fn start(&mut self) -> Option<Node> {
        let token = self.peek()?.clone();
        self.at += 1;
        Some(match token {
            Token::Text(t) => Node::Text(t),
            Token::Number(n) => Node::Number(n),
            Token::Variable(name) => Node::Variable(name),
            Token::Name(name) => match name.as_str() {
                "true" => Node::Bool(true),
                "false" => Node::Bool(false),
                "null" => Node::Null,
                "function" | "λ" if self.peek() == Some(&Token::Sign("(")) => return self.lambda(),
                _ => Node::Field(name),
            },
            Token::Sign("(") => self.block()?,
            Token::Sign("[") => Node::List(self.list("]")?),
            Token::Sign("{") => Node::Object(self.pairs()?),
            Token::Sign("-") => match self.expression(70)? {
                Node::Number(n) => Node::Number(-n),
                other => Node::Negate(Box::new(other)),
            },
            Token::Sign("*") => Node::Every,
            Token::Sign(_) => return None,
        })
    }

    fn lambda(&mut self) -> Option<Node> {
        self.at += 1;
        let mut parameters = Vec::new();
        while !self.eat(")") {
            let Some(Token::Variable(name)) = self.peek().cloned() else { return None };
            self.at += 1;
            parameters.push(name);
            if !self.eat(",") && self.peek() != Some(&Token::Sign(")")) {
                return None;
            }
        }
        if !self.eat("{") {
            return None;
        }
        let body = self.expression(0)?;
        self.eat("}").then(|| Node::Function(Rc::new(Lambda { parameters, body })))
    }

    fn block(&mut self) -> Option<Node> {
        let mut parts = Vec::new();
        while !self.eat(")") {
            parts.push(self.expression(0)?);
            if !self.eat(";") && self.peek() != Some(&Token::Sign(")")) {
                return None;
            }
        }
        Some(Node::Block(parts))
    }

    fn list(&mut self, end: &str) -> Option<Vec<Node>> {
        let mut items = Vec::new();
        while !self.eat(end) {
            if !items.is_empty() && !self.eat(",") {
                return None;
            }
            let item = self.expression(0)?;
            items.push(if self.eat("..") {
                Node::Binary("..", Box::new(item), Box::new(self.expression(0)?))
            } else {
                item
            });
        }
        Some(items)
    }

    fn pairs(&mut self) -> Option<Vec<(Node, Node)>> {
        let mut pairs = Vec::new();
        while !self.eat("}") {
            if !pairs.is_empty() && !self.eat(",") {
                return None;
            }
            let key = self.expression(0)?;
            let value = self.eat(":").then(|| self.expression(0))??;
            pairs.push((key, value));
        }
        Some(pairs)
    }

    fn after(&mut self, left: Node, sign: &'static str, binds: u8) -> Option<Node> {
        Some(match sign {
            "." => {
                let right = self.expression(binds)?;
                let (mut steps, mut shape) = steps(left);
                let (more, of) = steps_of_right(right);
                steps.extend(more);
                shape.keeps_list |= of.keeps_list;
                shape.groups = of.groups;
                Node::Path(steps, shape)
            }
            "[" => {
                let (mut steps, mut shape) = steps(left);
                if self.eat("]") {
                    shape.keeps_list = true;
                    return Some(Node::Path(steps, shape));
                }
                let filter = self.expression(0)?;
                if !self.eat("]") {
                    return None;
                }
                steps.last_mut()?.filters.push(filter);
                Node::Path(steps, shape)
            }
            "(" => Node::Call(Box::new(left), self.list(")")?),
            "{" => {
                let (steps, mut shape) = steps(left);
                shape.groups = Some(self.pairs()?);
                Node::Path(steps, shape)
            }
            "^" => return self.ordered(left),
            "?" => {
                let yes = self.expression(0)?;
                let no = if self.eat(":") { Some(Box::new(self.expression(0)?)) } else { None };
                Node::Choice(Box::new(left), Box::new(yes), no)
            }
            "?:" => Node::Choice(Box::new(left.clone()), Box::new(left), Some(Box::new(self.expression(0)?))),
            ":=" => {
                let Node::Variable(name) = left else { return None };
                Node::Bind(name, Box::new(self.expression(binds - 1)?))
            }
            sign => Node::Binary(sign, Box::new(left), Box::new(self.expression(binds)?)),
        })
    }

    /// `list^(a, >b)`
    fn ordered(&mut self, left: Node) -> Option<Node> {
        if !self.eat("(") {
            return None;
        }
        let (mut steps, shape) = steps(left);
        let mut orders = Vec::new();
        while !self.eat(")") {
            if !orders.is_empty() && !self.eat(",") {
                return None;
            }
            let descends = self.eat(">");
            if !descends {
                self.eat("<");
            }
            orders.push((self.expression(0)?, descends));
        }
        steps.push(Step { node: Node::Variable(String::new()), filters: Vec::new(), orders });
        Some(Node::Path(steps, shape))
    }
}

fn steps(node: Node) -> (Vec<Step>, Shape) {
    match node {
        Node::Path(steps, shape) if shape.groups.is_none() => (steps, shape),
        node => (vec![Step { node, filters: Vec::new(), orders: Vec::new() }], Shape::default()),
    }
}

/// A quoted text after a dot names a field.
fn steps_of_right(node: Node) -> (Vec<Step>, Shape) {
    let (mut steps, shape) = match node {
        Node::Path(steps, shape) => (steps, shape),
        node => (vec![Step { node, filters: Vec::new(), orders: Vec::new() }], Shape::default()),
    };
    if let Some(first) = steps.first_mut()
        && let Node::Text(name) = &first.node
    {
        first.node = Node::Field(name.clone());
    }
    (steps, shape)
}
