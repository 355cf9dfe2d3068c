//! Loops: the steps between the loop output of a `splitInBatches` node and the wire back into it.

use super::flow::Flow;

/// The output of a loop node at which its body starts.
pub(super) fn body_output(version: Option<f64>) -> u32 {
    u32::from(version.is_none_or(|v| v >= 3.0))
}

/// A workflow with more loops than this has the rest of them left flat.
const MOST_LOOPS: usize = 64;

/// Finds for each item the innermost loop that it is in.
pub(super) fn find(flow: &mut Flow<'_>) {
    let loops = (0..flow.items.len()).filter(|ix| is_loop(flow, *ix)).take(MOST_LOOPS);
    let mut bodies: Vec<(usize, Vec<usize>)> = loops.map(|ix| (ix, body(flow, ix))).collect();
    // The smallest body last, so that the innermost loop wins.
    bodies.sort_by_key(|(ix, body)| (std::cmp::Reverse(body.len()), *ix));
    for (ix, body) in bodies {
        for inside in body {
            flow.loops[inside] = Some(ix);
        }
    }
}

pub(super) fn is_loop(flow: &Flow<'_>, ix: usize) -> bool {
    flow.items[ix].node_type.short() == Some("splitInBatches") && !flow.items[ix].disabled
}

/// The items that are reached from the loop's body output and from which the loop is reached again.
fn body(flow: &Flow<'_>, head: usize) -> Vec<usize> {
    let output = body_output(flow.items[head].version);
    let mut forward = vec![false; flow.items.len()];
    let first = flow.leaving[head].iter().map(|w| &flow.wires[*w]).filter(|w| w.output == output);
    let mut open: Vec<usize> = first.map(|w| w.to).filter(|to| *to != head).collect();
    while let Some(ix) = open.pop() {
        if !std::mem::replace(&mut forward[ix], true) {
            let next = flow.leaving[ix].iter().map(|w| flow.wires[*w].to);
            open.extend(next.filter(|to| *to != head && !forward[*to]));
        }
    }
    let mut back = vec![false; flow.items.len()];
    let mut open = vec![head];
    while let Some(ix) = open.pop() {
        for from in flow.entering[ix].iter().map(|w| flow.wires[*w].from) {
            if from != head && forward[from] && !std::mem::replace(&mut back[from], true) {
                open.push(from);
            }
        }
    }
    (0..flow.items.len()).filter(|ix| back[*ix]).collect()
}
