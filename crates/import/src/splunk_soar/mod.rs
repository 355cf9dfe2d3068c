//! Importer of this platform's definitions.

use crate::{Imported, Source};

/// Recognises and imports a definition of this platform.
pub fn import(_: &Source<'_>) -> Option<Imported> {
    None
}
