//! What differs between languages, and what is the same unless a language says otherwise.

use super::term::Eval;
use super::{Failure, common};
use crate::Val;
use std::cmp::Ordering;
use workflow::{Function, Reference, Segment};

/// What evaluating gives: a value, nothing at all (`undefined`, an absent path), or a failure.
pub(super) type Out = Result<Option<Val>, Failure>;

/// A language.
pub(super) trait Rules: Sync {
    /// Its name, to tell its functions from those of others.
    fn name(&self) -> &'static str;

    /// Whether a value counts as true; none where that is not known.
    fn truth(&self, value: &Val) -> Option<bool> {
        match value {
            Val::Bool(b) => Some(*b),
            Val::Unknown(_) => None,
            Val::Text(t) if t.eq_ignore_ascii_case("true") => Some(true),
            _ => Some(false),
        }
    }

    /// Whether a condition with this value is taken, where that is more than truth inside of an expression.
    fn holds(&self, value: &Val) -> Option<bool> {
        self.truth(value)
    }

    /// `and`, `or` and `not` on a null that decides nothing give null.
    fn has_null_logic(&self) -> bool {
        false
    }

    /// `and`, `or` give one of their operands rather than a boolean.
    fn gives_operand(&self) -> bool {
        false
    }

    /// An operand or arm that is not needed is not evaluated. Where the vendor does not say so, a failure there makes
    /// the result unknown.
    fn is_lazy(&self) -> bool {
        true
    }

    /// Whether a value is the one to take of several alternatives; none where that is not known.
    fn passes(&self, value: Option<&Val>, _eval: &Eval<'_>) -> Option<bool> {
        match value {
            None | Some(Val::Null) => Some(false),
            Some(Val::Unknown(_)) => None,
            Some(_) => Some(true),
        }
    }

    /// Whether two values are the same; none where that is not known.
    fn equal(
        &self,
        left: Option<&Val>,
        right: Option<&Val>,
        _eval: &Eval<'_>,
    ) -> Result<Option<bool>, Failure> {
        Ok(common::same(left.unwrap_or(&Val::Null), right.unwrap_or(&Val::Null)))
    }

    /// How two known values are ordered; none where they are not, which makes every comparison false.
    fn order(&self, left: &Val, right: &Val) -> Result<Option<Ordering>, Failure> {
        Ok(common::order(left, right))
    }

    /// What a path that leads to nothing gives.
    fn absent(&self, _reference: &Reference, _eval: &Eval<'_>) -> Out {
        Ok(None)
    }

    /// A path that leads to nothing goes on from null, where [`Rules::step`] says what that gives.
    fn goes_on_from_nothing(&self) -> bool {
        false
    }

    /// One step of a path that the language takes in its own way.
    fn step(&self, _value: &Val, _segment: &Segment, _eval: &Eval<'_>) -> Option<Out> {
        None
    }

    /// Items by position: which one a number means.
    fn index(&self, at: i64, len: usize) -> Option<usize> {
        let len = i64::try_from(len).ok()?;
        let at = if at < 0 { at + len } else { at };
        usize::try_from(at).ok()
    }

    /// A known value as part of a text; none where that depends on how it was asked.
    fn text(&self, value: &Val) -> Option<String> {
        Some(common::text(value))
    }

    /// A function in the language's own way; none where it is the common one.
    fn call(&self, _function: &Function, _args: &[Option<Val>], _eval: &Eval<'_>) -> Option<Out> {
        None
    }

    /// The items of a filter whose text stands in a path; none where it is not understood.
    fn filter(&self, _items: &[Val], _condition: &str, _eval: &Eval<'_>) -> Option<Vec<Val>> {
        None
    }

    /// What a failure in one hole of a text, or in a whole expression, becomes; itself unless the platform catches it.
    fn caught(&self, failure: Failure) -> Out {
        Err(failure)
    }

    /// The moment of evaluation as the language gives it; none where that depends on how it was asked.
    fn moment(&self, _milliseconds: i64) -> Option<Val> {
        None
    }
}

/// A language with nothing of its own.
pub(super) struct Plain;

/// See [`Plain`].
pub(super) static PLAIN: Plain = Plain;

impl Rules for Plain {
    fn name(&self) -> &'static str {
        "plain"
    }
}
