//! Documents as trees that can be edited and written again: JSON as JSON, YAML as YAML with its tags.

use import::doc::{Doc, Node, NodeKind};

/// A value; numbers as written.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
    Tagged(String, Box<Tree>),
}

/// Where a value stands: by positions, for finding it again, and by keys (`#` for an item of a list).
#[derive(Debug, Clone)]
pub struct Leaf {
    pub at: Vec<usize>,
    pub keys: Vec<String>,
}

/// A document: how it is written, and what is in it.
#[derive(Debug, Clone)]
pub enum Document {
    Json(Tree),
    Yaml(Tree),
    Xml(String),
}

impl Document {
    /// Reads a document; nothing where it is none of these.
    pub fn read(bytes: &[u8]) -> Option<Document> {
        let (text, _) = import::doc::decode(bytes).ok()?;
        match text.trim_start().as_bytes().first()? {
            b'<' => Some(Document::Xml(text.into_owned())),
            b'{' | b'[' | b'/' => Some(Document::Json(Tree::of(Doc::json(&text).ok()?.root()))),
            _ => Some(Document::Yaml(Tree::of(Doc::yaml(&text).ok()?.root()))),
        }
    }

    pub fn tree_mut(&mut self) -> Option<&mut Tree> {
        match self {
            Document::Json(tree) | Document::Yaml(tree) => Some(tree),
            Document::Xml(_) => None,
        }
    }

    /// The text of the document. JSON is YAML, with the mark of a document before it.
    pub fn text(&self) -> String {
        match self {
            Document::Json(tree) => tree.text(),
            Document::Yaml(tree) => format!("---\n{}\n", tree.text()),
            Document::Xml(text) => text.clone(),
        }
    }
}

impl Tree {
    fn of(node: Node<'_>) -> Tree {
        let plain = match node.kind() {
            NodeKind::Null => Tree::Null,
            NodeKind::Bool(b) => Tree::Bool(b),
            NodeKind::Number => Tree::Number(node.as_number().unwrap_or("0").to_owned()),
            NodeKind::Text => Tree::Text(node.as_str().unwrap_or_default().to_owned()),
            NodeKind::List => Tree::List(node.items().map(Tree::of).collect()),
            NodeKind::Map => Tree::Map(entries(node)),
        };
        match node.tag() {
            Some(tag) => Tree::Tagged(tag.to_owned(), Box::new(plain)),
            None => plain,
        }
    }

    pub fn map(&self) -> &[(String, Tree)] {
        if let Tree::Map(entries) = self { entries } else { &[] }
    }

    pub fn get(&self, key: &str) -> Option<&Tree> {
        self.map().iter().find(|(k, _)| k == key).map(|(_, v)| v)
    }

    pub fn get_mut(&mut self, key: &str) -> Option<&mut Tree> {
        let Tree::Map(entries) = self else { return None };
        entries.iter_mut().find(|(k, _)| k == key).map(|(_, v)| v)
    }

    pub fn str(&self, key: &str) -> &str {
        if let Some(Tree::Text(text)) = self.get(key) { text } else { "" }
    }

    /// Sets a member of an object; a new one comes last.
    pub fn set(&mut self, key: &str, value: Tree) {
        match self.get_mut(key) {
            Some(old) => *old = value,
            None => {
                if let Tree::Map(entries) = self {
                    entries.push((key.to_owned(), value));
                }
            }
        }
    }

    /// Visits every object, with the keys that lead to it.
    pub fn each_map(&mut self, visit: &mut impl FnMut(&[String], &mut Tree)) {
        self.maps(&mut Vec::new(), visit);
    }

    fn maps(&mut self, keys: &mut Vec<String>, visit: &mut impl FnMut(&[String], &mut Tree)) {
        if matches!(self, Tree::Map(_)) {
            visit(keys, self);
        }
        match self {
            Tree::Map(entries) => {
                for (key, value) in entries {
                    keys.push(key.clone());
                    value.maps(keys, visit);
                    keys.pop();
                }
            }
            Tree::List(items) => {
                keys.push("#".to_owned());
                items.iter_mut().for_each(|v| v.maps(keys, visit));
                keys.pop();
            }
            Tree::Tagged(_, inner) => inner.maps(keys, visit),
            _ => {}
        }
    }

    /// Every value that holds no others.
    pub fn leaves(&self) -> Vec<Leaf> {
        let mut found = Vec::new();
        self.find_leaves(&mut Leaf { at: Vec::new(), keys: Vec::new() }, &mut found);
        found
    }

    fn find_leaves(&self, here: &mut Leaf, found: &mut Vec<Leaf>) {
        let mut inside = |key: &str, i: usize, value: &Tree| {
            here.at.push(i);
            here.keys.push(key.to_owned());
            value.find_leaves(here, found);
            here.at.pop();
            here.keys.pop();
        };
        match self {
            Tree::Map(entries) => entries.iter().enumerate().for_each(|(i, (k, v))| inside(k, i, v)),
            Tree::List(items) => items.iter().enumerate().for_each(|(i, v)| inside("#", i, v)),
            Tree::Tagged(_, value) => value.find_leaves(here, found),
            _ => found.push(here.clone()),
        }
    }

    /// The value at a place.
    pub fn at_mut(&mut self, at: &[usize]) -> Option<&mut Tree> {
        if let Tree::Tagged(_, inner) = self {
            return inner.at_mut(at);
        }
        let Some((first, rest)) = at.split_first() else { return Some(self) };
        match self {
            Tree::Map(entries) => entries.get_mut(*first)?.1.at_mut(rest),
            Tree::List(items) => items.get_mut(*first)?.at_mut(rest),
            _ => None,
        }
    }

    /// The same with each object's members turned round.
    pub fn turned(&self) -> Tree {
        match self {
            Tree::Map(entries) => {
                Tree::Map(entries.iter().rev().map(|(k, v)| (k.clone(), v.turned())).collect())
            }
            Tree::List(items) => Tree::List(items.iter().map(Tree::turned).collect()),
            Tree::Tagged(tag, inner) => Tree::Tagged(tag.clone(), Box::new(inner.turned())),
            plain => plain.clone(),
        }
    }

    fn text(&self) -> String {
        let quoted = |t: &String| serde_json::to_string(t).unwrap();
        match self {
            Tree::Null => "null".to_owned(),
            Tree::Bool(b) => b.to_string(),
            Tree::Number(n) => n.clone(),
            Tree::Text(t) => quoted(t),
            Tree::List(items) => {
                format!("[{}]", items.iter().map(Tree::text).collect::<Vec<_>>().join(", "))
            }
            Tree::Map(entries) => {
                let told: Vec<String> =
                    entries.iter().map(|(k, v)| format!("{}: {}", quoted(k), v.text())).collect();
                format!("{{{}}}", told.join(", "))
            }
            Tree::Tagged(tag, inner) => format!("{tag} {}", inner.text()),
        }
    }
}

/// The members of an object; of a key that stands twice, the last, as JSON readers do.
fn entries(node: Node<'_>) -> Vec<(String, Tree)> {
    let mut found: Vec<(String, Tree)> = Vec::new();
    for (key, value) in node.entries() {
        match found.iter_mut().find(|(k, _)| k == key) {
            Some((_, old)) => *old = Tree::of(value),
            None => found.push((key.to_owned(), Tree::of(value))),
        }
    }
    found
}
