//! A rule's or a property's page for a terminal, and the list of rules.

use crate::report::page;
use crate::report::plain::{Style, column, wrap};
use check::frameworks::cited;
use check::{RULES, Rule};
use machine::properties::Property;
use serde_json::{Value, json};
use std::io::{self, Write};
use workflow::Severity;

/// Writes the list of rules.
pub fn list(style: Style, out: &mut dyn Write) -> io::Result<()> {
    for rule in RULES {
        let severity = style.severity(rule.severity, &column(rule.severity.as_str(), 8));
        let lines = wrap(&page::meaning(rule), style.width - 36);
        for (i, line) in lines.iter().enumerate() {
            match i {
                0 => writeln!(out, "{severity}  {} {line}", style.bold(&column(rule.id, 24)))?,
                _ => writeln!(out, "{:35}{line}", "")?,
            }
        }
    }
    Ok(())
}

/// A rule as data: its page as Markdown, and the requirements that it gives evidence towards.
pub fn data(rule: &Rule) -> Value {
    let cited = cited(rule.page).into_iter().map(|(framework, control)| {
        let (id, title) = &framework.controls[control];
        json!({"framework": framework.id, "control": id, "title": title})
    });
    json!({
        "id": rule.id, "severity": rule.severity.as_str(), "meaning": page::meaning(rule), "page": rule.page,
        "evidence-towards": cited.collect::<Vec<_>>(),
    })
}

/// A property as data: its page as Markdown, and what to do where it is refuted.
pub fn property(property: &Property) -> Value {
    json!({"id": property.id, "page": property.page, "fix": property.fix()})
}

/// Writes a rule's page.
pub fn write(rule: &Rule, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let worse =
        if rule.severity == Severity::Critical { "" } else { ", one step worse where the change is tier 3" };
    let severity = format!("{}{worse}", rule.severity.as_str());
    writeln!(out, "{}  {}\n", style.bold(rule.id), style.severity(rule.severity, &severity))?;
    let body = rule.page.strip_prefix(&format!("# {}", rule.id)).unwrap_or(rule.page);
    let told = body.split("\n## Frameworks").next().unwrap_or(body);
    markdown(told.trim(), style, out)?;
    let cited = cited(rule.page);
    if !cited.is_empty() {
        writeln!(out, "\n{}", style.bold("Evidence towards"))?;
    }
    for (framework, control) in cited {
        let (id, title) = &framework.controls[control];
        writeln!(out, "  {} {} {}  {}", framework.name, framework.version, style.bold(id), style.dim(title))?;
    }
    Ok(())
}

/// Writes a property's page.
pub fn write_property(property: &Property, style: Style, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}  a property, proved or refuted over every run\n", style.bold(property.id))?;
    let body = property.page.strip_prefix(&format!("# {}", property.id)).unwrap_or(property.page);
    markdown(body.trim(), style, out)
}

/// Markdown as lines: headings in bold, paragraphs and items wrapped, examples set in.
fn markdown(text: &str, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut paragraph = String::new();
    let mut example = false;
    for line in text.lines() {
        let item = line.starts_with("- ") || line.starts_with("| ");
        if line.starts_with("```") || example || line.trim().is_empty() || line.starts_with('#') || item {
            flush(&mut paragraph, style, out)?;
        }
        if let Some(kind) = line.strip_prefix("```") {
            example = !example;
            if example && !kind.is_empty() {
                writeln!(out, "    {}", style.dim(&format!("{kind}:")))?;
            }
        } else if example {
            writeln!(out, "    {}", style.dim(line))?;
        } else if line.starts_with('#') {
            writeln!(out, "{}", style.bold(line.trim_start_matches('#').trim()))?;
        } else if line.trim().is_empty() {
            writeln!(out)?;
        } else {
            paragraph.push_str(line);
            paragraph.push('\n');
        }
    }
    flush(&mut paragraph, style, out)
}

fn flush(paragraph: &mut String, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let text = std::mem::take(paragraph);
    let indent = if text.starts_with("- ") { 4 } else { 2 };
    for (i, line) in wrap(&text, style.width - indent).iter().enumerate() {
        let pad = if i == 0 { 2 } else { indent };
        writeln!(out, "{:pad$}{line}", "")?;
    }
    Ok(())
}
