//! The report as SARIF 2.1.0, for code scanning: rule pages as help, walks as code flows, controls of frameworks as
//! taxa, fingerprints that survive moved lines, accepted findings as suppressed ones. Results are written one at a time.

use super::view::{Count, View};
use super::{Item, page, plain_text};
use crate::accept::By;
use crate::scan::Scan;
use check::RULES;
use check::frameworks::{Framework, cited};
use serde_json::{Value, json};
use std::io::{self, Write};
use std::path::Path;
use workflow::{Finding, Severity};

/// Where the schema is published.
pub(crate) const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// The name and version of our fingerprints.
const FINGERPRINT: &str = "countersign/v1";
/// The folder that paths are relative to.
const ROOT: &str = "%SRCROOT%";

/// A framework with the controls that rules cite, by number in it.
pub(crate) type Taxonomy = (&'static Framework, Vec<usize>);

/// Writes the report.
///
/// # Errors
/// When it cannot be written, or results cannot be read back.
pub fn write(scan: &Scan, view: &View<'_>, out: &mut dyn Write) -> io::Result<Count> {
    let taxonomies = taxonomies();
    write!(out, "{{\"$schema\":\"{SCHEMA}\",\"version\":\"2.1.0\",\"runs\":[{{\"tool\":")?;
    serde_json::to_writer(&mut *out, &tool(&taxonomies))?;
    write!(out, ",\n\"invocations\":")?;
    serde_json::to_writer(&mut *out, &json!([invocation(scan)]))?;
    if !taxonomies.is_empty() {
        write!(out, ",\n\"taxonomies\":")?;
        serde_json::to_writer(&mut *out, &taxonomies.iter().map(taxonomy).collect::<Value>())?;
    }
    write!(out, ",\n\"columnKind\":\"utf16CodeUnits\",\"results\":[")?;
    let count = results(scan, view, out)?;
    out.write_all(b"]}]}\n")?;
    Ok(count)
}

fn results(scan: &Scan, view: &View<'_>, out: &mut dyn Write) -> io::Result<Count> {
    let mut count = Count::default();
    let mut first = true;
    for file in &scan.files {
        for (head, body) in file.heads.iter().zip(scan.bodies(file)?) {
            let mut item = Item::new(file, head, body);
            if !view.apply(&mut item) {
                continue;
            }
            count.add(&item.body.findings);
            let open = item.body.findings.iter().zip(&item.fingerprints);
            let open = open.map(|(f, mark)| result(&item, f, mark, json!([])));
            let accepted = item.accepted.iter().map(|a| {
                let kind = if a.by == By::Inline { "inSource" } else { "external" };
                let until =
                    if a.expires.is_empty() { String::new() } else { format!(" (until {})", a.expires) };
                let why = format!("{}{until}, {}", a.reason, a.place);
                let suppression = json!([{"kind": kind, "status": "accepted", "justification": why}]);
                result(&item, &a.finding, &a.fingerprint, suppression)
            });
            for result in open.chain(accepted) {
                out.write_all(if first { b"\n" } else { b",\n" })?;
                first = false;
                serde_json::to_writer(&mut *out, &result)?;
            }
        }
    }
    Ok(count)
}

/// The frameworks that rules cite.
pub(crate) fn taxonomies() -> Vec<Taxonomy> {
    let mut all: Vec<Taxonomy> = Vec::new();
    for (framework, control) in RULES.iter().flat_map(|r| cited(r.page)) {
        let at = all.iter().position(|(f, _)| f.id == framework.id).unwrap_or_else(|| {
            all.push((framework, Vec::new()));
            all.len() - 1
        });
        if !all[at].1.contains(&control) {
            all[at].1.push(control);
        }
    }
    all
}

pub(crate) fn taxonomy((framework, controls): &Taxonomy) -> Value {
    let taxa = controls.iter().map(|c| {
        let (id, title) = &framework.controls[*c];
        let text = if title.is_empty() { format!("{} {id}", framework.name) } else { title.clone() };
        json!({"id": id, "shortDescription": {"text": text}})
    });
    json!({
        "name": framework.name,
        "version": framework.version,
        "organization": framework.publisher,
        "isComprehensive": false,
        "shortDescription": {"text": "Findings are evidence towards these controls, not a statement of compliance."},
        "taxa": taxa.collect::<Value>(),
    })
}

/// This program and its rules.
pub(crate) fn tool(taxonomies: &[Taxonomy]) -> Value {
    let rules: Vec<Value> = RULES.iter().map(|r| rule(r, taxonomies)).collect();
    let supported = taxonomies.iter().enumerate().map(|(i, (f, _))| json!({"name": f.name, "index": i}));
    json!({"driver": {
        "name": "Countersign",
        "version": env!("CARGO_PKG_VERSION"),
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "shortDescription": {"text": "Finds and rates low-code workflows that can change access."},
        "supportedTaxonomies": supported.collect::<Value>(),
        "rules": rules,
    }})
}

fn rule(rule: &check::Rule, taxonomies: &[Taxonomy]) -> Value {
    let meaning = page::meaning(rule);
    let full = page::paragraph(rule.page, "What it means");
    let fix = page::section(rule.page, "How to fix it");
    let relationships = cited(rule.page).into_iter().filter_map(|(framework, control)| {
        let at = taxonomies.iter().position(|(f, _)| f.id == framework.id)?;
        let index = taxonomies[at].1.iter().position(|c| *c == control)?;
        let target = json!({"id": framework.controls[control].0, "index": index,
            "toolComponent": {"name": framework.name, "index": at}});
        Some(json!({"target": target, "kinds": ["relevant"]}))
    });
    json!({
        "id": rule.id,
        "name": pascal(rule.id),
        "shortDescription": {"text": meaning},
        "fullDescription": {"text": if full.is_empty() { &meaning } else { &full }},
        "help": {"text": if fix.is_empty() { &meaning } else { fix }, "markdown": rule.page},
        "defaultConfiguration": {"level": level(rule.severity)},
        "properties": {
            "tags": ["security", "access-control", "low-code"],
            "precision": "high",
            "problem.severity": problem(rule.severity),
            "security-severity": score(rule.severity),
        },
        "relationships": relationships.collect::<Value>(),
    })
}

/// `unapproved-change` as `UnapprovedChange`.
pub(crate) fn pascal(id: &str) -> String {
    let words = id.split('-').map(|w| {
        let (first, rest) = w.split_at(w.len().min(1));
        first.to_uppercase() + rest
    });
    words.collect()
}

pub(crate) fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

fn problem(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "recommendation",
    }
}

/// The number by which code scanning sorts: its bounds are 9, 7 and 4.
pub(crate) fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
        Severity::Info => "0.5",
    }
}

fn invocation(scan: &Scan) -> Value {
    let problems = scan.problems.iter().chain(scan.files.iter().flat_map(|f| &f.problems));
    let notes: Vec<Value> = problems
        .map(|p| {
            json!({"level": "warning", "message": {"text": plain_text(&p.message)},
                "locations": [{"physicalLocation": physical(&p.path, p.line)}]})
        })
        .collect();
    let mut invocation = json!({"executionSuccessful": true, "toolExecutionNotifications": notes});
    // Readers need it to make absolute paths relative, and nobody else needs to know where this ran.
    let absolute = scan.files.iter().any(|f| uri(&f.path).starts_with("file:"));
    if let Some(here) = std::env::current_dir().ok().filter(|_| absolute) {
        invocation["workingDirectory"] =
            json!({"uri": format!("file://{}/", encoded(&here.to_string_lossy()))});
    }
    invocation
}

fn result(item: &Item<'_>, finding: &Finding, mark: &str, suppressions: Value) -> Value {
    let index = RULES.iter().position(|r| r.id == finding.rule);
    let line = if finding.line > 0 { finding.line } else { item.body.line };
    let mut result = json!({
        "ruleId": finding.rule,
        "level": level(finding.severity),
        "message": {"text": finding.message, "markdown": format!("{}\n\n**Fix:** {}", finding.message, finding.fix)},
        "locations": [{
            "physicalLocation": physical(item.file_of(&finding.step), line),
            "logicalLocations": [logical(item, &finding.step)],
        }],
        "partialFingerprints": {FINGERPRINT: mark},
        "suppressions": suppressions,
        "properties": {
            "severity": finding.severity,
            "security-severity": score(finding.severity),
            "confidence": finding.confidence,
            "workflow": item.head.name,
            "platform": item.head.platform,
            "tier": item.head.closure.tier,
            "fix": finding.fix,
        },
    });
    if let Some(index) = index {
        result["ruleIndex"] = index.into();
    }
    if !finding.path.is_empty() {
        result["codeFlows"] = json!([{"threadFlows": [{"locations": flow(item, finding)}]}]);
    }
    result
}

/// A walk as the locations of a thread flow.
fn flow(item: &Item<'_>, finding: &Finding) -> Vec<Value> {
    let stations = finding.path.iter().map(|station| {
        let name = item.name(&station.step);
        let leaves =
            if station.leaves.is_empty() { String::new() } else { format!(", left by `{}`", station.leaves) };
        let fault = if station.marked { ": the fault is here" } else { "" };
        json!({
            "importance": if station.marked { "essential" } else { "important" },
            "location": {
                "physicalLocation": physical(item.file_of(&station.step), station.line),
                "logicalLocations": [logical(item, &station.step)],
                "message": {"text": format!("`{name}`{leaves}{fault}.")},
            },
        })
    });
    stations.collect()
}

fn logical(item: &Item<'_>, step: &str) -> Value {
    if step.is_empty() {
        return json!({"name": item.head.name, "kind": "module"});
    }
    let full = format!("{}/{step}", item.head.name);
    json!({"name": item.name(step), "fullyQualifiedName": full, "kind": "function"})
}

fn physical(path: &str, line: u32) -> Value {
    let uri = uri(path);
    let mut artifact = json!({"uri": uri});
    if !uri.starts_with("file:") {
        artifact["uriBaseId"] = ROOT.into();
    }
    json!({"artifactLocation": artifact, "region": {"startLine": line.max(1)}})
}

/// A path as a URI reference: relative to where the program runs, else with the scheme `file`.
pub(crate) fn uri(path: &str) -> String {
    if !Path::new(path).is_absolute() {
        return encoded(path);
    }
    let here = std::env::current_dir().unwrap_or_default();
    match Path::new(path).strip_prefix(&here) {
        Ok(relative) => encoded(&relative.to_string_lossy().replace('\\', "/")),
        Err(_) => format!("file://{}", encoded(&flat(path))),
    }
}

/// An absolute path without `..`, which URIs of files must not have.
fn flat(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|p| !p.is_empty() && *p != ".") {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    format!("/{}", parts.join("/"))
}

/// A path with the characters encoded that a URI cannot have.
fn encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let first = path.split('/').next().unwrap_or_default();
    if first.contains(':') {
        // Else it would read as a scheme.
        out.push_str("./");
    }
    for byte in path.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=:@".contains(&byte);
        if plain { out.push(char::from(byte)) } else { out.push_str(&format!("%{byte:02X}")) }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uris() {
        assert_eq!(uri("a b/ä.json"), "a%20b/%C3%A4.json");
        assert_eq!(uri("c:x.json"), "./c:x.json");
        assert_eq!(uri("/no/such/../folder/x.json"), "file:///no/folder/x.json");
        assert_eq!(pascal("raw-http-change"), "RawHttpChange");
    }
}
