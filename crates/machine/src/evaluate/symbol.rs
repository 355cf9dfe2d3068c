//! Names for values that are not known: the same computation on the same values has the same name, and so is the same
//! value; what chance or an unreadable text decides has a name that is never taken for itself.

use crate::{Symbol, Val};
use workflow::{Digest, Text};

/// Marks the name of a value that may differ each time it is computed: a random value, a moment, a text that was not
/// understood. Two values of such a name are not known to be the same.
pub const FRESH: char = '≈';

/// Longer names are cut to this, with a digest of the whole.
const MAX_NAME: usize = 160;

/// The same for members of values, whose names say where they stand.
const MAX_MEMBER: usize = 1000;

/// Whether a name may stand for different values.
#[must_use]
pub fn is_fresh(symbol: &Symbol) -> bool {
    symbol.0.starts_with(FRESH)
}

/// A value that may differ each time, with the reason why it is not known.
pub(super) fn fresh(reason: &str) -> Val {
    named(format!("{FRESH}{reason}"))
}

/// What a deterministic computation gives on values of which some are not known.
pub(super) fn derived(name: &str, args: &[Option<Val>]) -> Val {
    let mut text = String::new();
    for arg in args {
        if !text.is_empty() {
            text.push_str(", ");
        }
        match arg {
            Some(Val::Unknown(symbol)) => text.push_str(&symbol.0),
            Some(value) => text.push_str(&super::json::write(value)),
            None => text.push_str("nothing"),
        }
    }
    named(format!("{name}({text})"))
}

/// The member of a value that is not known (`.name`, `[0]`), named as [`Val::get`] names it.
pub(super) fn member(symbol: &Symbol, what: &str) -> Val {
    let name = format!("{}{what}", symbol.0);
    if name.len() < MAX_MEMBER && !what.contains(FRESH) { Val::unknown(name) } else { named(name) }
}

/// The mark of a part marks the whole.
fn named(name: String) -> Val {
    let mut name = if name.contains(FRESH) { format!("{FRESH}{}", name.replace(FRESH, "")) } else { name };
    if name.len() > MAX_NAME {
        let digest = Digest::of(name.as_bytes());
        name.truncate(name.floor_char_boundary(MAX_NAME - 24));
        name.push('…');
        let halves = digest.0.iter().take(10).flat_map(|byte| [byte >> 4, byte & 15]);
        name.extend(halves.filter_map(|half| char::from_digit(u32::from(half), 16)));
    }
    Val::Unknown(Symbol(Text::from(name)))
}
