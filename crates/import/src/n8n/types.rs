//! Node types: their names without variants, and what kind of step they make.

use workflow::{CodeLanguage, LoopKind, Outcome, StepKind};

/// n8n's own nodes.
pub(super) const BASE: &str = "n8n-nodes-base.";
/// n8n's own nodes around language models.
pub(super) const LANGCHAIN: &str = "@n8n/n8n-nodes-langchain.";

/// A node type without the variants that n8n makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NodeType<'t> {
    /// The type that the node is a variant of (`n8n-nodes-base.okta` for `n8n-nodes-base.oktaTool`).
    pub(super) base: &'t str,
    /// It asks a person before the tools behind it run (`slackHitlTool`).
    pub(super) asks: bool,
}

impl<'t> NodeType<'t> {
    /// Takes a type's name apart.
    pub(super) fn of(name: &'t str) -> Self {
        if let Some(base) = name.strip_suffix("HitlTool") {
            return NodeType { base, asks: true };
        }
        let own = ["agentTool", "mcpClientTool", "mcpRegistryClientTool"];
        let real = name.strip_prefix(LANGCHAIN).is_some_and(|n| own.contains(&n));
        let base = name.strip_suffix("Tool").filter(|b| !real && !b.ends_with('.'));
        NodeType { base: base.unwrap_or(name), asks: false }
    }

    /// The name after the package, where the package is n8n's own.
    pub(super) fn short(self) -> Option<&'t str> {
        self.base.strip_prefix(BASE).or_else(|| self.base.strip_prefix(LANGCHAIN))
    }

    /// Not one of n8n's own nodes.
    pub(super) fn is_third_party(self) -> bool {
        !self.base.starts_with(BASE) && !self.base.starts_with("@n8n/")
    }

    /// Something written on the canvas, no step.
    pub(super) fn is_note(self) -> bool {
        self.short() == Some("stickyNote")
    }

    /// It starts runs.
    pub(super) fn is_trigger(self) -> bool {
        let others = ["webhook", "cron", "interval", "start", "emailReadImap"];
        self.base.ends_with("Trigger") || self.short().is_some_and(|s| others.contains(&s))
    }

    /// A raw HTTP call.
    pub(super) fn is_http(self) -> bool {
        matches!(self.short(), Some("httpRequest" | "toolHttpRequest" | "graphql"))
    }

    /// What kind of step it makes.
    pub(super) fn kind(self) -> StepKind {
        let Some(short) = self.short() else { return StepKind::Action };
        match short {
            "if" | "switch" | "compareDatasets" | "textClassifier" | "sentimentAnalysis" => StepKind::Branch,
            "filter" => StepKind::Guard,
            "merge" => StepKind::Join,
            "splitInBatches" => StepKind::Loop(LoopKind::Each { parallel: false, bound: None }),
            "wait" => StepKind::Wait,
            "stopAndError" => StepKind::End(Outcome::Failure),
            "executeWorkflow" | "toolWorkflow" => StepKind::Call,
            "agent" | "agentTool" | "openAiAssistant" => StepKind::Agent,
            _ if code_language(short).is_some() => StepKind::Code,
            _ if is_shaping(short) => StepKind::Set,
            _ if is_part(short) => StepKind::Part,
            _ => StepKind::Action,
        }
    }
}

/// The language of a node that runs code, by the node's short name.
pub(super) fn code_language(short: &str) -> Option<CodeLanguage> {
    match short {
        "code" | "function" | "functionItem" | "aiTransform" | "toolCode" => Some(CodeLanguage::JavaScript),
        "executeCommand" | "ssh" => Some(CodeLanguage::Shell),
        _ => None,
    }
}

/// Nodes that only shape the data that comes in.
fn is_shaping(short: &str) -> bool {
    const SHAPING: &[&str] = &[
        "aggregate",
        "compression",
        "convertToFile",
        "dateTime",
        "debugHelper",
        "editImage",
        "executionData",
        "extractFromFile",
        "html",
        "htmlExtract",
        "iCal",
        "itemLists",
        "limit",
        "markdown",
        "moveBinaryData",
        "noOp",
        "readPDF",
        "removeDuplicates",
        "renameKeys",
        "respondToWebhook",
        "set",
        "simulate",
        "sort",
        "splitOut",
        "spreadsheetFile",
        "summarize",
        "xml",
    ];
    SHAPING.contains(&short)
}

/// Nodes that belong to a language model and are no steps of their own.
fn is_part(short: &str) -> bool {
    const PARTS: &[&str] =
        &["lm", "memory", "outputParser", "embeddings", "document", "textSplitter", "reranker", "retriever"];
    PARTS
        .iter()
        .any(|p| short.strip_prefix(p).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase())))
        && short != "memoryManager"
}

/// Nodes whose result is what came in, with their own output over it where they have one.
pub(super) fn passes_input(short: &str) -> bool {
    const PASSING: &[&str] = &[
        "compareDatasets",
        "debugHelper",
        "executionData",
        "filter",
        "if",
        "limit",
        "merge",
        "noOp",
        "removeDuplicates",
        "respondToWebhook",
        "simulate",
        "sort",
        "splitInBatches",
        "switch",
        "textClassifier",
        "sentimentAnalysis",
        "wait",
    ];
    PASSING.contains(&short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tool_variants_are_their_base_types() {
        let base = |name| NodeType::of(name).base;
        assert_eq!(base("n8n-nodes-base.oktaTool"), "n8n-nodes-base.okta");
        assert_eq!(base("@n8n/n8n-nodes-langchain.agentTool"), "@n8n/n8n-nodes-langchain.agentTool");
        assert_eq!(base("@n8n/n8n-nodes-langchain.toolCode"), "@n8n/n8n-nodes-langchain.toolCode");
        assert!(NodeType::of("n8n-nodes-base.slackHitlTool").asks);
    }

    #[test]
    fn models_are_parts() {
        let kind = |name| NodeType::of(name).kind();
        assert_eq!(kind("@n8n/n8n-nodes-langchain.lmChatOpenAi"), StepKind::Part);
        assert_eq!(kind("@n8n/n8n-nodes-langchain.outputParserStructured"), StepKind::Part);
        assert_eq!(kind("@n8n/n8n-nodes-langchain.memoryManager"), StepKind::Action);
    }
}
