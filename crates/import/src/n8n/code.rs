//! Code that nodes run: JavaScript, Python, commands, SQL.

use super::defaults::Operation;
use super::types::{NodeType, code_language};
use workflow::{Code, CodeLanguage, Value};

/// The code that a node runs.
pub(super) fn code(node_type: NodeType<'_>, operation: &Operation, p: &Value) -> Vec<Code> {
    let one = |language, text: &Value| vec![Code { language, text: text.clone(), name: "".into() }];
    match node_type.short() {
        Some("ssh") if operation.resource.as_deref() == Some("file") => Vec::new(),
        Some("ssh" | "executeCommand") => one(CodeLanguage::Shell, p.get("command")),
        Some("code") if node_type.base.starts_with("@n8n/") => langchain(p),
        Some("code" | "toolCode") if is_python(p) => one(CodeLanguage::Python, p.get("pythonCode")),
        Some(short) if code_language(short).is_some() => {
            let texts = ["jsCode", "functionCode"].iter().map(|k| p.get(k)).find(|v| !v.is_empty());
            one(CodeLanguage::JavaScript, texts.unwrap_or(&Value::Null))
        }
        _ if runs_sql(operation) && !p.get("query").is_empty() => one(CodeLanguage::Sql, p.get("query")),
        _ => Vec::new(),
    }
}

fn is_python(p: &Value) -> bool {
    p.get("language").as_text().is_some_and(|l| l.starts_with("python"))
}

/// The LangChain code node: its code stands under `code.execute.code` or `code.supplyData.code`.
fn langchain(p: &Value) -> Vec<Code> {
    let texts = ["code.execute.code", "code.supplyData.code"].iter().map(|k| p.at(k));
    let code = texts.filter(|t| !t.is_empty());
    code.map(|t| Code { language: CodeLanguage::JavaScript, text: t.clone(), name: "".into() }).collect()
}

fn runs_sql(operation: &Operation) -> bool {
    operation.operation.as_deref() == Some("executeQuery")
}
