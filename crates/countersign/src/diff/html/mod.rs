//! A difference as one page to open in a browser, with both graphs: nothing is loaded from elsewhere, and what workflows
//! say stands in it as data only.

use super::{Told, json};
use crate::report::html::{Page, block, data};
use crate::scan;
use check::diff::{Difference, Side};
use serde::Serialize;
use serde_json::{Value, json};
use std::io::{self, Write};
use workflow::Text;

pub(crate) const PAGE: Page = Page {
    markup: include_str!("page.html"),
    styles: &[include_str!("../../report/html/page.css"), include_str!("page.css")],
    scripts: &[
        include_str!("../../report/html/dom.js"),
        include_str!("../../report/html/theme.js"),
        include_str!("../../report/html/layout.js"),
        include_str!("../../report/html/graph.js"),
        include_str!("../../report/html/detail.js"),
        include_str!("page.js"),
    ],
};

/// What is known of a workflow before it is opened.
#[derive(Serialize)]
struct Head<'d> {
    name: &'d str,
    state: &'static str,
    acts: bool,
    count: usize,
}

pub(super) fn write(told: &Told, out: &mut dyn Write) -> io::Result<()> {
    PAGE.write(out, &mut |out| {
        for difference in &told.differences {
            let head = Head {
                name: &difference.name,
                state: json::state(difference),
                acts: difference.is_changed(),
                count: difference.changes.len(),
            };
            block("head", &head, out)?;
            block("body", &body(told, difference), out)?;
        }
        let summary = json!({
            "old": told.old,
            "new": told.new,
            "headline": told.headline(),
            "unknown": told.unknown,
            "problems": told.problems,
            "version": env!("CARGO_PKG_VERSION"),
        });
        block("summary", &summary, out)
    })
}

/// The JSON of a difference, with both graphs and the steps that are marked in them.
fn body(told: &Told, difference: &Difference) -> Value {
    let mut value = json::workflow(difference);
    let sides = [(&told.sides.0, difference.old, "old"), (&told.sides.1, difference.new, "new")];
    for (side, index, key) in sides {
        value[key] = index.map_or(Value::Null, |i| drawing(side, i));
    }
    let (was, is) = (ids(&told.sides.0, difference.old), ids(&told.sides.1, difference.new));
    let left = |id: &Text| difference.renamed.iter().any(|(old, _)| old == id);
    let taken = |id: &Text| difference.renamed.iter().any(|(_, new)| new == id);
    let both = difference.old.is_some() && difference.new.is_some();
    let stays = |id: &Text| was.contains(id) && is.contains(id) && !left(id) && !taken(id);
    let came: Vec<&Text> = is.iter().filter(|id| both && !stays(id) && !taken(id)).collect();
    let went: Vec<&Text> = was.iter().filter(|id| both && !stays(id) && !left(id)).collect();
    let after: Vec<&Text> = difference.changes.iter().map(|c| &c.step).collect();
    let old = |id: &&Text| difference.renamed.iter().find(|(_, new)| new == *id).map(|(old, _)| old.clone());
    let before: Vec<Text> = after.iter().map(|id| old(id).unwrap_or_else(|| (*id).clone())).collect();
    value["came"] = json!(came);
    value["went"] = json!(went);
    value["touched"] = json!({"before": before, "after": after});
    value
}

/// The ids of a workflow's steps and triggers.
fn ids(side: &Side, i: Option<usize>) -> Vec<Text> {
    let Some(w) = i.and_then(|i| side.workflows.get(i)) else { return Vec::new() };
    w.own_steps().map(|s| s.id.clone()).chain(w.triggers.iter().map(|t| t.id.clone())).collect()
}

fn drawing(side: &Side, i: usize) -> Value {
    let (Some(w), Some(judged)) = (side.workflows.get(i), side.judged.get(i)) else { return Value::Null };
    let body = scan::drawn(w, judged.clone());
    serde_json::to_value(data::drawing(&body)).unwrap_or(Value::Null)
}
