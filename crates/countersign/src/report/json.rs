//! The report as JSON: `docs/formats/report.md`, one workflow at a time, so that memory does not grow with the report.

use super::Item;
use super::view::{Count, View};
use crate::accept::{Accepted, By};
use crate::scan::Scan;
use crate::scan::model::{Caller, Closure, StepReport, changes_access, named};
use check::proofs::Proof;
use serde::Serialize;
use std::io::{self, Write};
use std::sync::mpsc;
use workflow::{Digest, Evidence, Finding, Kind, Problem, Text, Walk};

/// So many files' bodies are read back ahead.
const AHEAD: usize = 8;

/// The name and version of the format.
pub const SCHEMA: &str = "countersign.report/1";

#[derive(Serialize)]
struct WorkflowJson<'s> {
    path: &'s str,
    platform: &'s str,
    id: Option<&'s str>,
    name: &'s str,
    line: u32,
    enabled: Option<bool>,
    tier: u8,
    class: &'s str,
    access_changing: bool,
    opaque: bool,
    effects: Vec<Kind>,
    digest: String,
    closure: ClosureJson<'s>,
    trigger: TriggerJson<'s>,
    gate: &'s str,
    steps: Vec<StepJson<'s>>,
    findings: Vec<FindingJson<'s>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    accepted: Vec<AcceptedJson<'s>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    proofs: Vec<ProofJson<'s>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    callers: Vec<CallerJson<'s>>,
}

#[derive(Serialize)]
struct CallerJson<'s> {
    id: &'s str,
    name: &'s str,
    path: &'s str,
}

#[derive(Serialize)]
struct ProofJson<'s> {
    property: &'s str,
    step: &'s str,
    verdict: &'s str,
    because: &'s str,
    #[serde(skip_serializing_if = "<[Walk]>::is_empty")]
    walk: &'s [Walk],
    #[serde(skip_serializing_if = "str::is_empty")]
    rule: &'s str,
    #[serde(skip_serializing_if = "String::is_empty")]
    fix: String,
}

#[derive(Serialize)]
struct AcceptedJson<'s> {
    by: By,
    place: &'s str,
    reason: &'s str,
    #[serde(skip_serializing_if = "str::is_empty")]
    expires: &'s str,
    finding: FindingJson<'s>,
}

#[derive(Serialize)]
struct ClosureJson<'s> {
    tier: u8,
    access_changing: bool,
    opaque: bool,
    effects: Vec<Kind>,
    calls: &'s [String],
    missing: &'s [Text],
    digest: String,
}

#[derive(Serialize)]
struct TriggerJson<'s> {
    kind: Option<&'s str>,
    authenticated: Option<bool>,
    event: &'s str,
}

#[derive(Serialize)]
struct StepJson<'s> {
    id: &'s str,
    name: &'s str,
    line: u32,
    #[serde(skip_serializing_if = "str::is_empty")]
    file: &'s str,
    operation: &'s str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    off: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    gate: &'s str,
    effects: Vec<EffectJson<'s>>,
}

#[derive(Serialize)]
struct EffectJson<'s> {
    kind: Kind,
    system: &'s str,
    identity: &'s str,
    entitlement: &'s str,
    evidence: Evidence,
    privileged: bool,
}

#[derive(Serialize)]
struct FindingJson<'s> {
    rule: &'s str,
    severity: &'s str,
    confidence: &'s str,
    step: &'s str,
    steps: &'s [Text],
    path: Vec<&'s str>,
    walk: &'s [Walk],
    line: u32,
    message: &'s str,
    fix: &'s str,
    fingerprint: &'s str,
}

#[derive(Serialize)]
struct FilesJson<'s> {
    checked: usize,
    workflows: usize,
    not_workflows: Vec<NotWorkflowJson<'s>>,
}

#[derive(Serialize)]
struct NotWorkflowJson<'s> {
    path: &'s str,
    reason: &'s str,
}

/// Writes the report of the items that a filter lets through.
///
/// # Errors
/// When it cannot be written, or results cannot be read back.
pub fn write(scan: &Scan, view: &View<'_>, out: &mut dyn Write) -> io::Result<Count> {
    write!(out, "{{\"schema\":\"{SCHEMA}\",\"workflows\":[")?;
    let count = workflows(scan, view, out)?;
    out.write_all(b"],\n\"files\":")?;
    serde_json::to_writer(&mut *out, &files(scan))?;
    out.write_all(b",\n\"problems\":")?;
    let problems: Vec<&Problem> =
        scan.problems.iter().chain(scan.files.iter().flat_map(|f| &f.problems)).collect();
    serde_json::to_writer(&mut *out, &problems)?;
    out.write_all(b",\n\"ignores\":")?;
    serde_json::to_writer(&mut *out, &view.acceptance.notes())?;
    out.write_all(b"}\n")?;
    Ok(count)
}

/// The workflows; another thread reads bodies back ahead of what is written, those of a few files at most.
fn workflows(scan: &Scan, view: &View<'_>, out: &mut dyn Write) -> io::Result<Count> {
    let (sender, read) = mpsc::sync_channel(AHEAD);
    let mut first = true;
    let mut count = Count::default();
    std::thread::scope(|scope| {
        scope.spawn(move || scan.files.iter().all(|file| sender.send((file, scan.bodies(file))).is_ok()));
        for (file, bodies) in read {
            for (head, body) in file.heads.iter().zip(bodies?) {
                let mut item = Item::new(file, head, body);
                if !view.apply(&mut item) {
                    continue;
                }
                count.add(&item.body.findings);
                out.write_all(if first { b"\n" } else { b",\n" })?;
                first = false;
                serde_json::to_writer(&mut *out, &workflow(&item))?;
            }
        }
        Ok(count)
    })
}

fn files(scan: &Scan) -> FilesJson<'_> {
    use crate::scan::model::FileVerdict::NotWorkflow;
    let not = scan.files.iter().filter_map(|f| match &f.verdict {
        NotWorkflow(reason) => Some(NotWorkflowJson { path: &f.path, reason }),
        _ => None,
    });
    let workflows = scan.files.iter().map(|f| f.heads.len()).sum();
    FilesJson { checked: scan.files.len(), workflows, not_workflows: not.collect() }
}

fn workflow<'s>(item: &'s Item<'_>) -> WorkflowJson<'s> {
    let (head, body) = (item.head, &item.body);
    let trigger = body.main_trigger();
    WorkflowJson {
        path: &item.file.path,
        platform: head.platform.as_str(),
        id: head.id.as_deref(),
        name: &head.name,
        line: body.line,
        enabled: head.off.then_some(false),
        tier: if head.opaque { 3 } else { head.tier },
        class: head.class(),
        access_changing: head.changes_access(),
        opaque: head.opaque,
        effects: named(head.effects).collect(),
        digest: digest(head.digest),
        closure: closure(&head.closure),
        trigger: TriggerJson {
            kind: trigger.map(|t| t.kind.as_str()),
            authenticated: trigger.and_then(|t| t.authenticated),
            event: trigger.map_or("", |t| &t.event),
        },
        gate: &body.gate,
        steps: body.steps.iter().map(step).collect(),
        findings: body.findings.iter().zip(&item.fingerprints).map(|(f, mark)| finding(f, mark)).collect(),
        accepted: item.accepted.iter().map(accepted).collect(),
        proofs: body.proofs.iter().map(proof).collect(),
        callers: body.callers.iter().map(|c| caller(item, c)).collect(),
    }
}

fn caller<'s>(item: &'s Item<'_>, caller: &'s Caller) -> CallerJson<'s> {
    CallerJson { id: &caller.id, name: &caller.name, path: item.file_of(&caller.id) }
}

fn proof(proof: &Proof) -> ProofJson<'_> {
    ProofJson {
        property: &proof.property,
        step: &proof.step,
        verdict: &proof.verdict,
        because: &proof.because,
        walk: &proof.walk,
        rule: &proof.rule,
        fix: if proof.is_unspoken() { proof.fix() } else { String::new() },
    }
}

fn closure(closure: &Closure) -> ClosureJson<'_> {
    ClosureJson {
        tier: closure.tier,
        access_changing: changes_access(closure.effects),
        opaque: closure.opaque,
        effects: named(closure.effects).collect(),
        calls: &closure.calls,
        missing: &closure.missing,
        digest: digest(closure.digest),
    }
}

fn step(step: &StepReport) -> StepJson<'_> {
    let effects = step.effects.iter().map(|e| EffectJson {
        kind: e.kind,
        system: &e.system,
        identity: &e.identity,
        entitlement: &e.entitlement,
        evidence: e.evidence,
        privileged: e.privileged,
    });
    StepJson {
        id: &step.id,
        name: &step.name,
        line: step.line,
        file: &step.file,
        operation: &step.operation,
        off: step.off,
        gate: &step.gate,
        effects: effects.collect(),
    }
}

fn accepted(accepted: &Accepted) -> AcceptedJson<'_> {
    AcceptedJson {
        by: accepted.by,
        place: &accepted.place,
        reason: &accepted.reason,
        expires: &accepted.expires,
        finding: finding(&accepted.finding, &accepted.fingerprint),
    }
}

fn finding<'s>(finding: &'s Finding, fingerprint: &'s str) -> FindingJson<'s> {
    FindingJson {
        rule: &finding.rule,
        severity: finding.severity.as_str(),
        confidence: finding.confidence.as_str(),
        step: &finding.step,
        steps: &finding.steps,
        path: finding.path.iter().map(|w| w.step.as_str()).collect(),
        walk: &finding.path,
        line: finding.line,
        message: &finding.message,
        fix: &finding.fix,
        fingerprint,
    }
}

fn digest(digest: Digest) -> String {
    digest.to_string()
}
