//! Documents: JSON and YAML as one borrowed tree in which every value knows where it stands.
//!
//! Nodes lie in one vector in document order; texts are slices of the source, or of one buffer where they had to be
//! unescaped. Nothing is recursive, depth and size are bounded, so that no input can exhaust the stack or memory.

mod canonical;
mod json;
mod keys;
mod lines;
mod text;
mod yaml;

pub use canonical::{canonical, write_canonical};
pub use lines::Lines;
pub use text::{Encoding, decode};

use keys::Keys;
use workflow::{Problem, Span, Text};

/// Containers may be nested so deep.
pub const MAX_DEPTH: usize = 512;

/// So many lists and objects may stand side by side: fifteen times as many as in any real workflow seen. Of more only
/// the first are kept, which is enough to tell what the document is.
pub const MAX_CROWD: u32 = 10_000;
/// How many are kept of a crowd.
const KEPT: u32 = 100;

/// What kind of value a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeKind {
    /// Null.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number.
    Number,
    /// A text.
    Text,
    /// A list.
    List,
    /// An object.
    Map,
}

/// A slice of the source, or one of the texts that do not stand there as they are: then `start` is its number.
#[derive(Debug, Clone, Copy, Default)]
struct Slice {
    start: u32,
    /// How many bytes the text has, and two marks.
    marked: u32,
}

/// Mark: one of the unescaped texts.
const UNESCAPED: u32 = 1 << 31;
/// Mark: the source has it between quotes as RFC 8785 writes it.
const AS_WRITTEN: u32 = 1 << 30;
/// Texts are shorter than this.
const MOST_BYTES: usize = 1 << 30;

impl Slice {
    fn new(start: usize, len: usize, marks: u32) -> Self {
        Slice { start: index(start), marked: index(len) | marks }
    }

    fn len(self) -> usize {
        (self.marked & !(UNESCAPED | AS_WRITTEN)) as usize
    }

    fn is(self, mark: u32) -> bool {
        self.marked & mark != 0
    }

    /// An empty key (an item of a list has none) says instead which item it is: its text stays empty.
    fn or_ordinal(self, ordinal: u32) -> Self {
        if self.len() == 0 { Slice { start: ordinal, marked: 0 } } else { self }
    }
}

/// Where an unescaped text stands in the buffer, and where between quotes in the source.
#[derive(Debug, Clone, Copy)]
struct Unescaped {
    at: u32,
    written: (u32, u32),
}

/// Offsets fit, since larger texts were refused.
fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[derive(Debug, Clone, Copy)]
struct Raw {
    kind: NodeKind,
    key: Slice,
    value: Slice,
    /// Byte offset where the value starts.
    at: u32,
    /// Its line from 1; 0 where it is looked up.
    line: u32,
    parent: u32,
    /// Index after the last node inside this one.
    end: u32,
}

/// A parsed document.
#[derive(Debug)]
pub struct Doc<'t> {
    text: &'t str,
    buffer: String,
    unescaped: Vec<Unescaped>,
    nodes: Vec<Raw>,
    /// Tags (`!Sub`) of nodes, in their order.
    tags: Vec<(u32, Slice)>,
    lines: Lines,
    keys: Keys,
    /// The first list or object that holds more than [`MAX_CROWD`] others, of which most are left out.
    crowd: Option<u32>,
}

/// A value in a [`Doc`].
#[derive(Clone, Copy)]
pub struct Node<'d> {
    doc: &'d Doc<'d>,
    ix: u32,
}

/// Why a text is no document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Byte offset in the text.
    pub at: usize,
    /// What is wrong, with a hint.
    pub message: String,
}

impl<'t> Doc<'t> {
    /// Parses one JSON document (with comments, as Azure's tools write them).
    ///
    /// # Errors
    /// The first fault, with its offset.
    pub fn json(text: &'t str) -> Result<Self, Fault> {
        json::parse(text)
    }

    /// Parses one YAML document.
    ///
    /// # Errors
    /// The first fault, with its offset.
    pub fn yaml(text: &'t str) -> Result<Self, Fault> {
        yaml::parse(text)
    }

    fn new(text: &'t str) -> Self {
        let nodes = Vec::with_capacity(text.len() / 32 + 4);
        Doc {
            text,
            buffer: String::new(),
            unescaped: Vec::new(),
            nodes,
            tags: Vec::new(),
            lines: Lines::default(),
            keys: Keys::default(),
            crowd: None,
        }
    }

    /// The outermost value.
    #[must_use]
    pub fn root(&'t self) -> Node<'t> {
        Node { doc: self, ix: 0 }
    }

    /// Line (from 1) of a byte offset.
    #[must_use]
    pub fn line(&self, at: usize) -> u32 {
        self.lines.line(self.text, at)
    }

    /// Keys that stand twice in one object: the last one counts, and somebody may have meant the first.
    #[must_use]
    pub fn duplicate_keys(&self, path: &str) -> Vec<Problem> {
        let found = self.keys.twice.iter().take(20).map(|&ix| {
            let node = Raw::node(self, ix);
            let message = format!(
                "key `{}` stands twice in one object; the last one counts, remove the other",
                node.key().unwrap_or_default()
            );
            Problem { path: path.to_owned(), line: node.line(), message }
        });
        found.collect()
    }

    /// The line of a list or object that holds more others than are read; the document then has only the first of them.
    #[must_use]
    pub fn crowd(&self) -> Option<u32> {
        self.crowd.map(|ix| Raw::node(self, ix).line())
    }

    /// Keeps only the first lists and objects of a crowd, which is still open.
    fn thin(&mut self, container: u32) {
        let (mut kept, mut child) = (0, container + 1);
        while let Some(raw) = self.nodes.get(child as usize).filter(|r| r.end != u32::MAX && kept < KEPT) {
            kept += u32::from(matches!(raw.kind, NodeKind::List | NodeKind::Map));
            child = raw.end;
        }
        self.truncate(child);
        self.crowd.get_or_insert(container);
    }

    /// Drops the values from this one on.
    fn truncate(&mut self, from: u32) {
        self.nodes.truncate(from as usize);
        self.keys.truncate(from);
    }

    #[inline]
    fn slice(&self, slice: Slice) -> &str {
        let (whole, start) = if slice.is(UNESCAPED) {
            let at = self.unescaped.get(slice.start as usize).map_or(0, |u| u.at);
            (self.buffer.as_str(), at as usize)
        } else {
            (self.text, slice.start as usize)
        };
        whole.get(start..start + slice.len()).unwrap_or_default()
    }

    /// Whether a key is this text.
    #[inline]
    fn is(&self, slice: Slice, text: &str) -> bool {
        slice.len() == text.len() && self.slice(slice) == text
    }

    /// What stands between the quotes of the source, where that is how RFC 8785 writes the text.
    fn written(&self, slice: Slice) -> Option<&str> {
        if !slice.is(AS_WRITTEN) {
            return None;
        }
        if !slice.is(UNESCAPED) {
            return Some(self.slice(slice));
        }
        let (start, end) = self.unescaped.get(slice.start as usize)?.written;
        self.text.get(start as usize..end as usize)
    }

    /// Keeps a text that does not stand in the source as it is: what was put into the buffer since `at`.
    fn keep_since(&mut self, at: usize, written: (usize, usize), marks: u32) -> Slice {
        let slice = Slice::new(self.unescaped.len(), self.buffer.len() - at, UNESCAPED | marks);
        self.unescaped.push(Unescaped { at: index(at), written: (index(written.0), index(written.1)) });
        slice
    }
}

impl Raw {
    fn node<'d>(doc: &'d Doc<'_>, ix: u32) -> Node<'d> {
        Node { doc, ix }
    }
}

impl<'d> Node<'d> {
    fn raw(self) -> &'d Raw {
        &self.doc.nodes[self.ix as usize]
    }

    /// What kind of value.
    #[must_use]
    pub fn kind(self) -> NodeKind {
        self.raw().kind
    }

    /// An object.
    #[must_use]
    pub fn is_map(self) -> bool {
        self.kind() == NodeKind::Map
    }

    /// A list.
    #[must_use]
    pub fn is_list(self) -> bool {
        self.kind() == NodeKind::List
    }

    /// Null.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.kind() == NodeKind::Null
    }

    /// The key under which this value stands in its object.
    #[must_use]
    pub fn key(self) -> Option<&'d str> {
        let parent = self.parent()?;
        parent.is_map().then(|| self.doc.slice(self.raw().key))
    }

    /// The value of a key of this object; the last one where the key stands twice.
    #[must_use]
    pub fn get(self, key: &str) -> Option<Node<'d>> {
        if !self.is_map() {
            return None;
        }
        if let Some(of_many) = self.doc.of_many(self.ix, key) {
            return of_many;
        }
        let mut found = self.children().filter(|n| n.doc.is(n.raw().key, key));
        // Where no key stands twice the first is the last.
        if self.doc.keys.twice.is_empty() { found.next() } else { found.last() }
    }

    /// The value below a path of keys.
    #[must_use]
    pub fn at(self, path: &[&str]) -> Option<Node<'d>> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The constant text below a key.
    #[must_use]
    pub fn str(self, key: &str) -> Option<&'d str> {
        self.get(key).and_then(Node::as_str)
    }

    /// The boolean below a key.
    #[must_use]
    pub fn bool(self, key: &str) -> Option<bool> {
        self.get(key).and_then(Node::as_bool)
    }

    /// The text.
    #[must_use]
    pub fn as_str(self) -> Option<&'d str> {
        (self.kind() == NodeKind::Text).then(|| self.doc.slice(self.raw().value))
    }

    /// The number, as written.
    #[must_use]
    pub fn as_number(self) -> Option<&'d str> {
        (self.kind() == NodeKind::Number).then(|| self.doc.slice(self.raw().value))
    }

    /// The boolean.
    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        match self.kind() {
            NodeKind::Bool(b) => Some(b),
            _ => None,
        }
    }

    /// The text, number or boolean as text; nothing for null, lists and objects.
    #[must_use]
    pub fn scalar(self) -> Option<&'d str> {
        match self.kind() {
            NodeKind::Text | NodeKind::Number => Some(self.doc.slice(self.raw().value)),
            NodeKind::Bool(b) => Some(if b { "true" } else { "false" }),
            _ => None,
        }
    }

    /// The tag of a YAML value (`!Sub`), without its value.
    #[must_use]
    pub fn tag(self) -> Option<&'d str> {
        let tags = &self.doc.tags;
        if tags.is_empty() {
            return None;
        }
        let found = tags.binary_search_by_key(&self.ix, |(ix, _)| *ix).ok()?;
        Some(self.doc.slice(tags[found].1)).filter(|tag| !tag.is_empty())
    }

    /// The values inside a list or an object, in order.
    pub fn children(self) -> impl Iterator<Item = Node<'d>> + 'd {
        let (doc, end) = (self.doc, self.raw().end);
        let mut next = self.ix + 1;
        std::iter::from_fn(move || {
            (next < end).then(|| {
                let node = Node { doc, ix: next };
                next = node.raw().end;
                node
            })
        })
    }

    /// Keys and values of an object, in order; nothing for anything else.
    pub fn entries(self) -> impl Iterator<Item = (&'d str, Node<'d>)> + 'd {
        let map = self.is_map();
        self.children().take_while(move |_| map).map(|n| (n.doc.slice(n.raw().key), n))
    }

    /// The items of a list, in order; nothing for anything else.
    pub fn items(self) -> impl Iterator<Item = Node<'d>> + 'd {
        let list = self.is_list();
        self.children().take_while(move |_| list)
    }

    /// How many values stand inside.
    #[must_use]
    pub fn len(self) -> usize {
        self.children().count()
    }

    /// Nothing inside.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.raw().end == self.ix + 1
    }

    /// The list or object that this value stands in.
    #[must_use]
    pub fn parent(self) -> Option<Node<'d>> {
        let parent = self.raw().parent;
        (parent != u32::MAX).then_some(Node { doc: self.doc, ix: parent })
    }

    /// The value's number in its document, in the order in which values begin. No other value of the document has it.
    #[must_use]
    pub fn id(self) -> u32 {
        self.ix
    }

    /// Whether both are the same value of the same document.
    #[must_use]
    pub fn is(self, other: Self) -> bool {
        std::ptr::eq(self.doc, other.doc) && self.ix == other.ix
    }

    /// Byte offset of the value in the decoded text; in YAML that of its line. Several values may have the same: see
    /// [`Node::id`].
    #[must_use]
    pub fn offset(self) -> usize {
        self.raw().at as usize
    }

    /// Line, from 1.
    #[must_use]
    pub fn line(self) -> u32 {
        match self.raw().line {
            0 => self.doc.line(self.offset()),
            line => line,
        }
    }

    /// The structural path: `resources[3].properties["Manage Access"]`; empty for the outermost value.
    #[must_use]
    pub fn path(self) -> Text {
        let mut parts = Vec::new();
        let mut node = self;
        while let Some(parent) = node.parent() {
            parts.push(match node.key() {
                Some(key) if is_word(key) => format!(".{key}"),
                Some(key) => format!("[{key:?}]"),
                None => format!("[{}]", node.raw().key.start),
            });
            node = parent;
        }
        parts.reverse();
        Text::from(parts.concat().trim_start_matches('.'))
    }

    /// Where it stands, in file 0 of its workflow.
    #[must_use]
    pub fn span(self) -> Span {
        Span { file: 0, line: self.line(), path: self.path() }
    }
}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&String::from_utf8_lossy(&canonical(*self, &|_| false)))
    }
}

fn is_word(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-' || b == b'$')
}

#[cfg(test)]
mod tests;
