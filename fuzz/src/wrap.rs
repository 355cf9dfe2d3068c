//! Expressions in the smallest definition that has a place for one: the parsers are reached as in the program, through
//! their importer, so that they need no door of their own.

use import::NoFiles;

/// An expression of a language, by the name of its target.
pub fn expression(language: &str, data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some(wrap) = WRAPS.iter().find(|(name, ..)| *name == language) else { return };
    let _ = imported(wrap, text);
}

/// The workflows of the definition around an expression.
pub fn around(language: usize, text: &str) -> Vec<workflow::Workflow> {
    let Some(wrap) = WRAPS.get(language % WRAPS.len()) else { return Vec::new() };
    match imported(wrap, text).verdict {
        import::Verdict::Workflows(workflows) => workflows,
        _ => Vec::new(),
    }
}

fn imported((_, before, after): &(&str, &str, &str), text: &str) -> import::Imported {
    let quoted = if before.starts_with('<') { escaped(text) } else { serde_json::to_string(text).unwrap_or_default() };
    let definition = format!("{before}{quoted}{after}");
    let imported = import::import("f", definition.as_bytes(), &NoFiles);
    assert!(!matches!(imported.verdict, import::Verdict::Unreadable), "the definition around `{text}` is sound");
    imported
}

fn escaped(text: &str) -> String {
    text.chars()
        .filter(|c| *c >= ' ' && !matches!(c, '\u{FFFE}' | '\u{FFFF}'))
        .map(|c| match c {
            '<' => "&lt;".to_owned(),
            '&' => "&amp;".to_owned(),
            '>' => "&gt;".to_owned(),
            c => c.to_string(),
        })
        .collect()
}

const WDL: &str = r#"{"$schema":"https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#","triggers":{},"actions":{"a":{"type":"Compose","inputs":"#;
const ARM: &str = r##"{"$schema":"https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#","parameters":{"x":{"type":"string","defaultValue":"[parameters('x')]"}},"variables":{"v":"[variables('v')]"},"resources":[{"type":"Microsoft.Logic/workflows","name":"n","properties":{"definition":{"$schema":"https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#","triggers":{},"actions":{"a":{"type":"Http","inputs":{"method":"POST","uri":"##;
const BPMN: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="p"><startEvent id="s"/><exclusiveGateway id="g"/><task id="t"/><sequenceFlow id="a" sourceRef="s" targetRef="g"/><sequenceFlow id="b" sourceRef="g" targetRef="t"><conditionExpression>"#;
const BPMN_END: &str = "</conditionExpression></sequenceFlow></process></definitions>";

/// Target, what stands before the quoted expression, what after.
const WRAPS: &[(&str, &str, &str)] = &[
    ("sailpoint_path", r#"{"name":"x","definition":{"start":"A","steps":{"A":{"type":"action","actionId":"sp:http","attributes":{"url.$":"#, "}}}},\"trigger\":{\"type\":\"EVENT\",\"attributes\":{}}}"),
    ("sailpoint_template", r#"{"name":"x","definition":{"start":"A","steps":{"A":{"type":"action","actionId":"sp:http","attributes":{"requestBody":"#, "}}}},\"trigger\":{\"type\":\"EVENT\",\"attributes\":{}}}"),
    ("wdl", WDL, r#","runAfter":{}}}}"#),
    ("arm", ARM, r#"},"runAfter":{}}}}}}]}"#),
    ("n8n", r#"{"name":"x","nodes":[{"id":"1","name":"A","type":"n8n-nodes-base.httpRequest","typeVersion":4,"position":[0,0],"parameters":{"url":"#, r#","jsonBody":"={}"}}],"connections":{}}"#),
    ("n8n_body", r#"{"name":"x","nodes":[{"id":"1","name":"A","type":"n8n-nodes-base.httpRequest","typeVersion":4,"position":[0,0],"parameters":{"url":"u","sendBody":true,"specifyBody":"json","jsonBody":"#, "}}],\"connections\":{}}"),
    ("n8n_code", r#"{"name":"x","nodes":[{"id":"1","name":"A","type":"n8n-nodes-base.code","typeVersion":2,"position":[0,0],"parameters":{"jsCode":"#, "}}],\"connections\":{}}"),
    ("insightconnect", r#"{"kom":{"komFileVersion":"2.0.0","workflowVersions":[{"name":"x","graph":{"edges":{},"nodes":{"a":{"id":"a"}}},"steps":{"a":{"nodeId":"a","name":"A","type":"action","plugin":{"slugName":"x"},"identifier":"y","parameters":{"input":{"z":"#, "}}}}}],\"triggers\":[]}}"),
    ("asl_path", r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Parameters":{"x.$":"#, "},\"End\":true}}}"),
    ("asl_jsonata", r#"{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Pass","Output":"#, ",\"End\":true}}}"),
    ("jq", r#"{"document":{"dsl":"1.0.0","namespace":"x","name":"y","version":"0.1.0"},"do":[{"a":{"set":{"b":"#, "}}}]}"),
    ("juel", BPMN, BPMN_END),
    ("splunk_path", r#"{"coa":{"data":{"edges":[],"nodes":{"0":{"data":{"type":"start","id":"0"},"id":"0","type":"start"},"1":{"data":{"action":"a","connector":"c","parameters":{"x":"#, r#"},"type":"action"},"id":"1","type":"action"}}},"schema":"5.0.8","playbook_type":"automation"}}"#),
    ("node_red_jsonata", r#"[{"id":"t","type":"tab","label":"x"},{"id":"c","type":"change","z":"t","rules":[{"t":"set","p":"payload","pt":"msg","tot":"jsonata","to":"#, "}],\"wires\":[[]]}]"),
    ("node_red_function", r#"[{"id":"t","type":"tab","label":"x"},{"id":"c","type":"function","z":"t","outputs":1,"wires":[[]],"func":"#, "}]"),
];
