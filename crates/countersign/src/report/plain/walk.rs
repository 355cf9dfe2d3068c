//! A walk through a workflow as lines: `Webhook → Look up ─[true]→ ✗ Grant`.

use super::style::{Style, clean, shorten};
use crate::report::Item;
use unicode_width::UnicodeWidthStr;
use workflow::Walk;

/// Widest name in a walk.
const NAME: usize = 48;

/// Draws a walk in lines of at most so many columns.
#[must_use]
pub fn draw(item: &Item<'_>, path: &[Walk], width: usize, style: Style) -> Vec<String> {
    draw_named(|id| item.name(id).to_owned(), path, width, style)
}

/// As [`draw`], with the names of stations from elsewhere.
#[must_use]
pub fn draw_named(name: impl Fn(&str) -> String, path: &[Walk], width: usize, style: Style) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut used = 0;
    for (i, station) in path.iter().enumerate() {
        let arrow = match i.checked_sub(1).and_then(|before| path.get(before)) {
            None => String::new(),
            Some(before) if before.leaves.is_empty() => " → ".to_owned(),
            Some(before) => format!(" ─[{}]→ ", shorten(&clean(&before.leaves), 30)),
        };
        let shown = shorten(&clean(&name(&station.step)), NAME);
        let shown = if station.marked { format!("✗ {shown}") } else { shown };
        let length = arrow.width() + shown.width();
        let drawn = if station.marked { style.fault(&shown) } else { shown };
        match lines.last_mut() {
            Some(line) if used + length <= width => {
                line.push_str(&style.dim(&arrow));
                line.push_str(&drawn);
                used += length;
            }
            None => {
                lines.push(drawn);
                used = length;
            }
            Some(_) => {
                lines.push(format!("  {}{drawn}", style.dim(arrow.trim_start())));
                used = 2 + length;
            }
        }
    }
    lines
}
