//! YAML to a [`Doc`]: events of a well-kept parser, aliases copied within a bound, plain scalars typed by the
//! YAML 1.2 core schema (so `no` is a text and `false` a boolean).

use super::{Doc, Fault, MAX_DEPTH, MOST_BYTES, NodeKind, Raw, Slice, index};
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag};
use std::collections::HashMap;

const NONE: u32 = u32::MAX;
/// Aliases may copy so many values in all: an alias bomb has billions.
const MAX_COPIED: usize = 200_000;

struct Open {
    container: u32,
    /// For an object, the key that waits for its value.
    key: Option<Slice>,
    /// How many values it has so far.
    count: u32,
}

struct Builder<'t> {
    doc: Doc<'t>,
    /// Open containers, outermost first.
    open: Vec<Open>,
    anchors: HashMap<usize, u32>,
    starts: Vec<usize>,
    copied: usize,
    documents: usize,
}

pub(super) fn parse(text: &str) -> Result<Doc<'_>, Fault> {
    if text.len() >= MOST_BYTES {
        return Err(Fault { at: 0, message: "larger than 1 GiB: split the export".to_owned() });
    }
    let starts =
        std::iter::once(0).chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|i| i + 1)).collect();
    let (open, anchors) = (Vec::new(), HashMap::new());
    let mut builder = Builder { doc: Doc::new(text), open, anchors, starts, copied: 0, documents: 0 };
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|e| builder.scan_fault(&e))?;
        builder.event(event, span)?;
    }
    if builder.doc.nodes.is_empty() {
        return Err(Fault { at: 0, message: "an empty document".to_owned() });
    }
    builder.doc.keys.close();
    Ok(builder.doc)
}

impl<'t> Builder<'t> {
    fn event(&mut self, event: Event<'t>, span: Span) -> Result<(), Fault> {
        let at = self.offset(span);
        match event {
            Event::DocumentStart(_) => self.document(at),
            Event::Scalar(text, style, anchor, tag) => self.scalar(&text, style, anchor, tag.as_deref(), at),
            Event::SequenceStart(anchor, tag) => self.enter(NodeKind::List, anchor, tag.as_deref(), at),
            Event::MappingStart(anchor, tag) => self.enter(NodeKind::Map, anchor, tag.as_deref(), at),
            Event::SequenceEnd | Event::MappingEnd => {
                self.close();
                Ok(())
            }
            Event::Alias(anchor) => self.alias(anchor, at),
            _ => Ok(()),
        }
    }

    fn document(&mut self, at: usize) -> Result<(), Fault> {
        self.documents += 1;
        let message = "a second document starts here: keep one per file".to_owned();
        if self.documents > 1 { Err(Fault { at, message }) } else { Ok(()) }
    }

    fn offset(&self, span: Span) -> usize {
        let line = span.start.line().saturating_sub(1);
        self.starts.get(line).copied().unwrap_or(0) + span.start.col().min(1)
    }

    fn scan_fault(&self, error: &ScanError) -> Fault {
        let line = error.marker().line().saturating_sub(1);
        Fault {
            at: self.starts.get(line).copied().unwrap_or(0) + 1,
            message: format!("broken YAML: {}", error.info()),
        }
    }

    fn keep(&mut self, text: &str) -> Slice {
        let source = self.doc.text.as_ptr() as usize;
        let start = (text.as_ptr() as usize).wrapping_sub(source);
        if start + text.len() <= self.doc.text.len()
            && self.doc.text.get(start..start + text.len()) == Some(text)
        {
            return Slice::new(start, text.len(), 0);
        }
        let start = self.doc.buffer.len();
        self.doc.buffer.push_str(text);
        self.doc.keep_since(start, (0, 0), 0)
    }

    fn tag(&mut self, tag: Option<&Tag>) -> Option<Slice> {
        let tag = tag.filter(|t| !t.is_yaml_core_schema())?;
        let start = self.doc.buffer.len();
        self.doc.buffer.extend([tag.handle.as_str(), tag.suffix.as_str()]);
        Some(self.doc.keep_since(start, (0, 0), 0))
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        at: usize,
    ) -> Result<(), Fault> {
        let value = self.keep(text);
        if self.takes_key(value) {
            return Ok(());
        }
        let plain = matches!(style, ScalarStyle::Plain) && tag.is_none();
        let kind = if plain { plain_kind(text) } else { NodeKind::Text };
        let tag = self.tag(tag);
        let ix = self.push(kind, value, tag, anchor, at)?;
        self.doc.nodes[ix as usize].end = ix + 1;
        Ok(())
    }

    /// If an object waits for a key, this is it.
    fn takes_key(&mut self, value: Slice) -> bool {
        match self.open.last_mut() {
            Some(open)
                if open.key.is_none() && self.doc.nodes[open.container as usize].kind == NodeKind::Map =>
            {
                open.key = Some(value);
                true
            }
            _ => false,
        }
    }

    fn enter(&mut self, kind: NodeKind, anchor: usize, tag: Option<&Tag>, at: usize) -> Result<(), Fault> {
        if self.open.len() >= MAX_DEPTH {
            return Err(Fault { at, message: format!("nested more than {MAX_DEPTH} deep") });
        }
        let waits = |o: &Open| o.key.is_none() && self.doc.nodes[o.container as usize].kind == NodeKind::Map;
        if self.open.last().is_some_and(waits) {
            return Err(Fault { at, message: "a list or object as a key: use a text".to_owned() });
        }
        let tag = self.tag(tag);
        let ix = self.push(kind, Slice::default(), tag, anchor, at)?;
        self.open.push(Open { container: ix, key: None, count: 0 });
        Ok(())
    }

    fn close(&mut self) {
        let Some(Open { container: ix, .. }) = self.open.pop() else { return };
        self.doc.nodes[ix as usize].end = index(self.doc.nodes.len());
        if self.doc.nodes[ix as usize].kind == NodeKind::Map {
            self.doc.note_keys(ix);
        }
    }

    fn push(
        &mut self,
        kind: NodeKind,
        value: Slice,
        tag: Option<Slice>,
        anchor: usize,
        at: usize,
    ) -> Result<u32, Fault> {
        let (parent, key) = match self.open.last_mut() {
            Some(open) => {
                open.count += 1;
                (open.container, open.key.take().unwrap_or_default().or_ordinal(open.count - 1))
            }
            None => (NONE, Slice::default()),
        };
        let ix = index(self.doc.nodes.len());
        if ix == NONE {
            return Err(Fault { at, message: "too many values".to_owned() });
        }
        self.doc.nodes.push(Raw { kind, key, value, at: index(at), line: 0, parent, end: NONE });
        self.doc.tags.extend(tag.map(|tag| (ix, tag)));
        if anchor > 0 {
            self.anchors.insert(anchor, ix);
        }
        Ok(ix)
    }

    /// Copies the anchored value to where its alias stands.
    fn alias(&mut self, anchor: usize, at: usize) -> Result<(), Fault> {
        let fault = |message: &str| Err(Fault { at, message: message.to_owned() });
        let Some(&from) = self.anchors.get(&anchor) else { return fault("an alias without its anchor") };
        let end = self.doc.nodes[from as usize].end;
        if end == NONE {
            return fault("an alias inside its own anchor");
        }
        self.copied += (end - from) as usize;
        if self.copied > MAX_COPIED {
            return fault("aliases that grow without bound: write the values out");
        }
        let first = self.doc.nodes[from as usize];
        if self.takes_key(first.value) {
            return Ok(());
        }
        let tagged = |doc: &Doc<'_>, ix: u32| doc.tags.partition_point(|(tagged, _)| *tagged < ix);
        let tags = tagged(&self.doc, from)..tagged(&self.doc, end);
        let to = self.push(first.kind, first.value, None, 0, at)?;
        let moved = |ix: u32| ix - from + to;
        for ix in from + 1..end {
            let raw = self.doc.nodes[ix as usize];
            self.doc.nodes.push(Raw { parent: moved(raw.parent), end: moved(raw.end), ..raw });
        }
        for tag in tags {
            let (ix, text) = self.doc.tags[tag];
            self.doc.tags.push((moved(ix), text));
        }
        self.doc.nodes[to as usize].end = moved(end);
        Ok(())
    }
}

/// The type of a plain scalar by the YAML 1.2 core schema.
fn plain_kind(text: &str) -> NodeKind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => NodeKind::Null,
        "true" | "True" | "TRUE" => NodeKind::Bool(true),
        "false" | "False" | "FALSE" => NodeKind::Bool(false),
        _ if text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) && is_number(text) => {
            NodeKind::Number
        }
        _ => NodeKind::Text,
    }
}

fn is_number(text: &str) -> bool {
    text.parse::<f64>().is_ok() && !text.contains(['n', 'N', 'i', 'I'])
}
