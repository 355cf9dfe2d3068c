//! Expressions in the smallest definition that has a place for one: the parsers are reached as in the program, through
//! their importer, so that they need no door of their own.

use import::{IMPORTERS, Importer};

/// A language of expressions, and the definition around one.
pub struct Wrap {
    /// The language.
    pub name: &'static str,
    platform: &'static str,
    before: &'static str,
    after: &'static str,
}

impl Wrap {
    /// The importer of the definition.
    pub fn importer(&self) -> Importer {
        IMPORTERS.iter().find(|(name, _)| *name == self.platform).expect("a platform's name").1
    }

    /// The definition around an expression.
    pub fn definition(&self, text: &str) -> String {
        let quoted = match self.before.starts_with('<') {
            true => escaped(text),
            false => serde_json::to_string(text).unwrap_or_default(),
        };
        [self.before, &quoted, self.after].concat()
    }
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

const fn wrap(name: &'static str, platform: &'static str, before: &'static str, after: &'static str) -> Wrap {
    Wrap { name, platform, before, after }
}

/// Language, platform, what stands before the quoted expression, what after.
pub const WRAPS: &[Wrap] = &[
    wrap(
        "sailpoint_path",
        "sailpoint",
        r#"{"name":"x","definition":{"start":"A","steps":{"A":{"type":"action","actionId":"sp:http","attributes":{"url.$":"#,
        "}}}},\"trigger\":{\"type\":\"EVENT\",\"attributes\":{}}}",
    ),
    wrap(
        "sailpoint_template",
        "sailpoint",
        r#"{"name":"x","definition":{"start":"A","steps":{"A":{"type":"action","actionId":"sp:http","attributes":{"requestBody":"#,
        "}}}},\"trigger\":{\"type\":\"EVENT\",\"attributes\":{}}}",
    ),
    wrap("wdl", "logicapps", WDL, r#","runAfter":{}}}}"#),
    wrap("arm", "logicapps", ARM, r#"},"runAfter":{}}}}}}]}"#),
    wrap(
        "n8n",
        "n8n",
        r#"{"name":"x","nodes":[{"id":"1","name":"A","type":"n8n-nodes-base.httpRequest","typeVersion":4,"position":[0,0],"parameters":{"url":"#,
        r#","jsonBody":"={}"}}],"connections":{}}"#,
    ),
    wrap(
        "n8n_body",
        "n8n",
        r#"{"name":"x","nodes":[{"id":"1","name":"A","type":"n8n-nodes-base.httpRequest","typeVersion":4,"position":[0,0],"parameters":{"url":"u","sendBody":true,"specifyBody":"json","jsonBody":"#,
        "}}],\"connections\":{}}",
    ),
    wrap(
        "n8n_code",
        "n8n",
        r#"{"name":"x","nodes":[{"id":"1","name":"A","type":"n8n-nodes-base.code","typeVersion":2,"position":[0,0],"parameters":{"jsCode":"#,
        "}}],\"connections\":{}}",
    ),
    wrap(
        "insightconnect",
        "insightconnect",
        r#"{"kom":{"komFileVersion":"2.0.0","workflowVersions":[{"name":"x","graph":{"edges":{},"nodes":{"a":{"id":"a"}}},"steps":{"a":{"nodeId":"a","name":"A","type":"action","plugin":{"slugName":"x"},"identifier":"y","parameters":{"input":{"z":"#,
        "}}}}}],\"triggers\":[]}}",
    ),
    wrap(
        "asl_path",
        "stepfunctions",
        r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Parameters":{"x.$":"#,
        "},\"End\":true}}}",
    ),
    wrap(
        "asl_jsonata",
        "stepfunctions",
        r#"{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Pass","Output":"#,
        ",\"End\":true}}}",
    ),
    wrap(
        "jq",
        "serverlessworkflow",
        r#"{"document":{"dsl":"1.0.0","namespace":"x","name":"y","version":"0.1.0"},"do":[{"a":{"set":{"b":"#,
        "}}}]}",
    ),
    wrap("juel", "bpmn", BPMN, BPMN_END),
    wrap(
        "splunk_path",
        "splunk-soar",
        r#"{"coa":{"data":{"edges":[],"nodes":{"0":{"data":{"type":"start","id":"0"},"id":"0","type":"start"},"1":{"data":{"action":"a","connector":"c","parameters":{"x":"#,
        r#"},"type":"action"},"id":"1","type":"action"}}},"schema":"5.0.8","playbook_type":"automation"}}"#,
    ),
    wrap(
        "node_red_jsonata",
        "node-red",
        r#"[{"id":"t","type":"tab","label":"x"},{"id":"c","type":"change","z":"t","rules":[{"t":"set","p":"payload","pt":"msg","tot":"jsonata","to":"#,
        "}],\"wires\":[[]]}]",
    ),
    wrap(
        "node_red_function",
        "node-red",
        r#"[{"id":"t","type":"tab","label":"x"},{"id":"c","type":"function","z":"t","outputs":1,"wires":[[]],"func":"#,
        "}]",
    ),
];
