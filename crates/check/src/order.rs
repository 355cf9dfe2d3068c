//! What may come after what in the same round of every loop, for all steps at once.
//!
//! A walk that comes back to a loop leaves it: every loop has a twin node that stands for "the loop, after its
//! rounds", with the loop's edges except those into its body. Over this graph the transitive closure is computed once,
//! by strongly connected components, as bit sets.

use workflow::{EdgeKind, Node, StepIx, StepKind, Workflow};

/// Larger workflows are not closed: their questions are answered by walks.
const LARGEST: usize = 12_000;

/// The steps that may come after each step.
pub struct Order {
    component: Vec<u32>,
    rows: Vec<Vec<u64>>,
    words: usize,
}

impl Order {
    /// The order of a workflow; nothing where it is too large.
    #[must_use]
    pub fn new(workflow: &Workflow) -> Option<Self> {
        let count = workflow.steps.len();
        if count > LARGEST {
            return None;
        }
        let (next, step_of) = unrolled(workflow);
        let (component, components) = components(&next);
        let words = count.div_ceil(64);
        let mut rows = vec![vec![0u64; words]; components.len()];
        for (c, members) in components.iter().enumerate() {
            let mut row = vec![0u64; words];
            for node in members {
                for to in &next[*node as usize] {
                    set(&mut row, step_of[*to as usize]);
                    let of = component[*to as usize] as usize;
                    if of != c {
                        row.iter_mut().zip(&rows[of]).for_each(|(a, b)| *a |= b);
                    }
                }
            }
            rows[c] = row;
        }
        Some(Order { component, rows, words })
    }

    /// Whether a step may come after another.
    #[must_use]
    pub fn leads(&self, from: StepIx, to: StepIx) -> bool {
        let word = self.row(from).get(to.0 as usize / 64).copied().unwrap_or(0);
        word >> (to.0 % 64) & 1 == 1
    }

    /// Every step that may come after a step.
    #[must_use]
    pub fn followers(&self, from: StepIx) -> Vec<StepIx> {
        let mut found = Vec::new();
        for (i, word) in self.row(from).iter().enumerate() {
            let mut rest = *word;
            while rest != 0 {
                let bit = rest.trailing_zeros();
                found.push(StepIx(u32::try_from(i * 64).unwrap_or(u32::MAX) + bit));
                rest &= rest - 1;
            }
        }
        found
    }

    fn row(&self, from: StepIx) -> &[u64] {
        let component = self.component.get(from.0 as usize).map(|c| *c as usize);
        component.and_then(|c| self.rows.get(c)).map_or(&[], |r| &r[..self.words])
    }
}

fn set(row: &mut [u64], step: u32) {
    if let Some(word) = row.get_mut(step as usize / 64) {
        *word |= 1 << (step % 64);
    }
}

/// The edges of the graph with a twin for every loop, and the step that each node stands for.
fn unrolled(workflow: &Workflow) -> (Vec<Vec<u32>>, Vec<u32>) {
    let count = u32::try_from(workflow.steps.len()).unwrap_or(u32::MAX);
    let mut twin: Vec<Option<u32>> = vec![None; workflow.steps.len()];
    let mut step_of: Vec<u32> = (0..count).collect();
    for (i, step) in workflow.steps.iter().enumerate() {
        if matches!(step.kind, StepKind::Loop(_)) {
            twin[i] = u32::try_from(step_of.len()).ok();
            step_of.push(u32::try_from(i).unwrap_or(u32::MAX));
        }
    }
    let mut next: Vec<Vec<u32>> = vec![Vec::new(); step_of.len()];
    for edge in &workflow.edges {
        let Node::Step(from) = edge.from else { continue };
        let (from, to) = (from.0 as usize, edge.to.0 as usize);
        if from >= workflow.steps.len() || to >= workflow.steps.len() {
            continue;
        }
        let back = edge.kind == EdgeKind::Back;
        let target = if back { twin[to].unwrap_or(edge.to.0) } else { edge.to.0 };
        next[from].push(target);
        if let Some(twin) = twin[from].filter(|_| edge.kind != EdgeKind::Body) {
            next[twin as usize].push(target);
        }
    }
    (next, step_of)
}

/// The strongly connected components, each after all that it leads to; without recursion.
fn components(next: &[Vec<u32>]) -> (Vec<u32>, Vec<Vec<u32>>) {
    const NONE: u32 = u32::MAX;
    let n = next.len();
    let (mut index, mut low, mut on) = (vec![NONE; n], vec![0u32; n], vec![false; n]);
    let (mut component, mut found): (Vec<u32>, Vec<Vec<u32>>) = (vec![NONE; n], Vec::new());
    let (mut stack, mut counter) = (Vec::new(), 0u32);
    for root in 0..n {
        let mut work: Vec<(usize, usize)> = if index[root] == NONE { vec![(root, 0)] } else { Vec::new() };
        while let Some((at, child)) = work.pop() {
            if child == 0 {
                (index[at], low[at], on[at]) = (counter, counter, true);
                counter += 1;
                stack.push(at);
            }
            if let Some(to) = next[at].get(child).map(|t| *t as usize) {
                work.push((at, child + 1));
                if index[to] == NONE {
                    work.push((to, 0));
                } else if on[to] {
                    low[at] = low[at].min(index[to]);
                }
                continue;
            }
            if low[at] == index[at] {
                let mut members = Vec::new();
                while let Some(member) = stack.pop() {
                    on[member] = false;
                    component[member] = u32::try_from(found.len()).unwrap_or(NONE);
                    members.push(u32::try_from(member).unwrap_or(NONE));
                    if member == at {
                        break;
                    }
                }
                found.push(members);
            }
            if let Some((parent, _)) = work.last() {
                low[*parent] = low[*parent].min(low[at]);
            }
        }
    }
    (component, found)
}

#[cfg(test)]
mod tests {
    use crate::dsl;
    use crate::graph::Graph;

    fn pairs(text: &str) -> String {
        let all = dsl::workflows(text);
        let graph = Graph::new(&all[0]);
        let name = |s: workflow::StepIx| graph.step(s).id.to_string();
        let lines = graph.steps().map(|s| {
            let after: Vec<String> = graph.followers(s).into_iter().map(name).collect();
            let walked: Vec<String> = graph.after(s).steps().map(name).collect();
            assert_eq!(after, walked, "after {}", name(s));
            format!("{}: {}", name(s), after.join(" "))
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_next_round_of_a_loop_is_not_after_this_one() {
        let text = "trigger t manual\nstep each loop list={trigger.x}\nstep a read\nstep b read\nstep c read\n\
                    t -> each -[body]-> a -> b -[back]-> each -> c";
        assert_eq!(
            pairs(text),
            "each: a b each c\na: b each c\nb: each c\nc: "
                .replace("each: a b each c", "each: each a b c")
                .replace("a: b each c", "a: each b c")
        );
    }

    #[test]
    fn nested_loops_are_left_one_by_one() {
        let text = "trigger t manual\nstep o loop list={trigger.x}\nstep i loop list={item.o.y}\nstep a read\n\
                    step z read\nt -> o -[body]-> i -[body]-> a -[back]-> i -[back]-> o -> z";
        assert_eq!(pairs(text), "o: o i a z\ni: o i a z\na: o i z\nz: ");
    }

    #[test]
    fn a_circle_of_edges_comes_after_itself() {
        let text = "trigger t manual\nstep a read\nstep b read\nstep c read\nt -> a -> b -> c\nb -> a";
        assert_eq!(pairs(text), "a: a b c\nb: a b c\nc: ");
    }
}
