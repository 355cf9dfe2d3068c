//! What each action runs after, and which failures somebody deals with.

use super::actions::Actions;
use crate::doc::Node;
use std::collections::HashMap;

/// A predecessor and the ways of its ending that let the action run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) before: usize,
    pub(super) succeeded: bool,
    pub(super) failed: bool,
    pub(super) timed_out: bool,
    pub(super) skipped: bool,
}

/// The order of all actions.
pub(super) struct Runs {
    /// By action: what it runs after; empty at the start of its group.
    pub(super) after: Vec<Vec<Run>>,
    /// By action: what runs after it.
    pub(super) next: Vec<Vec<usize>>,
    /// By action: something runs when it fails.
    pub(super) failure_handled: Vec<bool>,
    /// What is wrong with the order: line and message.
    pub(super) faults: Vec<(u32, String)>,
}

/// Reads the order of all actions.
pub(super) fn read(actions: &Actions<'_>) -> Runs {
    let count = actions.all.len();
    let mut runs = Runs {
        after: vec![Vec::new(); count],
        next: vec![Vec::new(); count],
        failure_handled: vec![false; count],
        faults: Vec::new(),
    };
    runs.group(actions, &actions.top.members);
    for action in &actions.all {
        action.groups.iter().for_each(|group| runs.group(actions, &group.members));
    }
    for index in 0..count {
        for run in runs.after[index].clone() {
            runs.next[run.before].push(index);
        }
    }
    runs.handle();
    runs
}

impl Runs {
    fn group(&mut self, actions: &Actions<'_>, members: &[usize]) {
        let names: HashMap<String, usize> =
            members.iter().map(|&m| (actions.all[m].name.to_lowercase(), m)).collect();
        for &member in members {
            let action = &actions.all[member];
            for (name, statuses) in action.node.get("runAfter").into_iter().flat_map(Node::entries) {
                match names.get(&name.to_lowercase()) {
                    Some(&before) if before != member => {
                        self.after[member].push(statuses_of(before, statuses))
                    }
                    _ => self.faults.push((
                        statuses.line(),
                        format!(
                            "`{}` runs after `{name}`, which is not beside it: correct `runAfter`",
                            action.name
                        ),
                    )),
                }
            }
        }
        let starts = members.iter().any(|&m| self.after[m].is_empty());
        if let (false, Some(&first)) = (starts, members.first()) {
            let action = &actions.all[first];
            let message =
                format!("the actions around `{}` wait for each other: correct `runAfter`", action.name);
            self.faults.push((action.node.line(), message));
            self.after[first].clear();
        }
    }

    /// Marks the actions whose failure lets something run: named in a status, or by way of what is then skipped.
    fn handle(&mut self) {
        let mut skip_handled = vec![false; self.after.len()];
        let mut work: Vec<usize> = Vec::new();
        for run in self.after.iter().flatten().filter(|r| r.skipped) {
            if !std::mem::replace(&mut skip_handled[run.before], true) {
                work.push(run.before);
            }
        }
        while let Some(index) = work.pop() {
            for run in self.after[index].iter().filter(|r| !r.skipped) {
                if !std::mem::replace(&mut skip_handled[run.before], true) {
                    work.push(run.before);
                }
            }
        }
        for (index, after) in self.after.iter().enumerate() {
            for run in after.iter().filter(|r| r.failed || r.timed_out || skip_handled[index]) {
                self.failure_handled[run.before] = true;
            }
        }
    }
}

fn statuses_of(before: usize, node: Node<'_>) -> Run {
    let mut run = Run { before, ..Run::default() };
    for status in node.items().filter_map(Node::as_str).chain(node.as_str()) {
        match status.to_ascii_lowercase().as_str() {
            "succeeded" => run.succeeded = true,
            "failed" => run.failed = true,
            "timedout" => run.timed_out = true,
            "skipped" => run.skipped = true,
            _ => {}
        }
    }
    run.succeeded |= !(run.failed || run.timed_out || run.skipped);
    run
}
