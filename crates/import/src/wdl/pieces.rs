//! Texts with holes: what template expressions leave open until deployment stands in a text as one private
//! character each, so that the text can go on to be read as a workflow expression or as JSON.

use workflow::Term;

const FIRST_HOLE: u32 = 0xF_0000;
const MOST_HOLES: usize = 60_000;

/// A part of a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Piece {
    Text(String),
    Hole(Term),
}

/// A text whose holes stand in a list beside it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Holed {
    pub(super) text: String,
    pub(super) holes: Vec<Term>,
}

impl Holed {
    pub(super) fn push_hole(&mut self, term: Term) {
        let next = u32::try_from(self.holes.len()).unwrap_or(u32::MAX);
        match char::from_u32(FIRST_HOLE.saturating_add(next)) {
            Some(hole) if self.holes.len() < MOST_HOLES => {
                self.text.push(hole);
                self.holes.push(term);
            }
            _ => self.text.push('?'),
        }
    }

    pub(super) fn of(pieces: Vec<Piece>) -> Self {
        let mut holed = Holed::default();
        for piece in pieces {
            match piece {
                Piece::Text(text) => holed.text.push_str(&text),
                Piece::Hole(term) => holed.push_hole(term),
            }
        }
        holed
    }
}

/// The term that a character stands for.
pub(super) fn hole(c: char, holes: &[Term]) -> Option<&Term> {
    let index = u32::from(c).checked_sub(FIRST_HOLE)?;
    holes.get(usize::try_from(index).ok()?)
}

/// Splits a text at its holes.
pub(super) fn split(text: &str, holes: &[Term]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut from = 0;
    if holes.is_empty() {
        return if text.is_empty() { pieces } else { vec![Piece::Text(text.to_owned())] };
    }
    for (at, c) in text.char_indices() {
        let Some(term) = hole(c, holes) else { continue };
        push_text(&mut pieces, &text[from..at]);
        pieces.push(Piece::Hole(term.clone()));
        from = at + c.len_utf8();
    }
    push_text(&mut pieces, &text[from..]);
    pieces
}

/// A text for people to read: its holes are dots.
pub(super) fn shown(text: &str, holes: &[Term]) -> String {
    text.chars().map(|c| if hole(c, holes).is_some() { '…' } else { c }).collect()
}

/// Adds a text to the last text.
pub(super) fn push_text(pieces: &mut Vec<Piece>, text: &str) {
    if text.is_empty() {
        return;
    }
    match pieces.last_mut() {
        Some(Piece::Text(last)) => last.push_str(text),
        _ => pieces.push(Piece::Text(text.to_owned())),
    }
}

/// The constant text of pieces without holes.
pub(super) fn constant(pieces: &[Piece]) -> Option<String> {
    pieces.iter().try_fold(String::new(), |mut all, piece| match piece {
        Piece::Text(text) => {
            all.push_str(text);
            Some(all)
        }
        Piece::Hole(_) => None,
    })
}

/// One term for a text with holes.
pub(super) fn term(pieces: Vec<Piece>) -> Term {
    let mut terms: Vec<Term> = pieces.into_iter().map(single).collect();
    match (terms.len(), terms.pop()) {
        (0, _) | (_, None) => Term::Text(String::new().into()),
        (1, Some(only)) => only,
        (_, Some(last)) => {
            terms.push(last);
            Term::Template(terms)
        }
    }
}

fn single(piece: Piece) -> Term {
    match piece {
        Piece::Text(text) => Term::Text(text.into()),
        Piece::Hole(term) => term,
    }
}
