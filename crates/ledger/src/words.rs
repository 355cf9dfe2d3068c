//! A number with its noun, for whoever tells of entries and acts.

use std::fmt::Display;

/// `1 entry`, `2 entries`.
#[must_use]
pub fn count<N: Display + PartialEq + From<u8>>(number: N, one: &str, many: &str) -> String {
    let noun = if number == N::from(1) { one } else { many };
    format!("{number} {noun}")
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn one_is_told_in_the_singular() {
        assert_eq!(
            [0_u64, 1, 2].map(|n| count(n, "entry", "entries")),
            ["0 entries", "1 entry", "2 entries"]
        );
    }
}
