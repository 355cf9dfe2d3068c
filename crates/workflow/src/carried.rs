//! What a step carries: requests, code, questions, calls, credentials, assignments.

use crate::{Text, Value};
use serde::{Deserialize, Serialize};

/// A raw call.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Request {
    /// The method; a constant text in upper case where known.
    pub method: Value,
    /// The URL, or only a path where the connector knows the host.
    pub url: Value,
    /// Query parameters apart from the URL's own.
    pub query: Value,
    /// Headers.
    pub headers: Value,
    /// The body: an object where it was understood, else a text or an expression.
    pub body: Value,
    /// How the call proves who it is.
    pub auth: Auth,
    /// The call goes through the platform's own connector for the system, which builds it from named fields.
    pub governed: bool,
}

/// How a call proves who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Auth {
    /// Not said, or nothing.
    #[default]
    None,
    /// A credential kept by the platform.
    Stored,
    /// A managed identity of the platform.
    Managed,
    /// Something in the definition itself.
    Inline,
}

/// Code a step runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Code {
    /// Its language.
    pub language: CodeLanguage,
    /// Its text; empty where it is kept elsewhere (a function, a container, a runbook).
    pub text: Value,
    /// What it is, for people (`arn:…:function:disable-user`); empty for inline code.
    pub name: Text,
}

/// A language of code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)] // the names of the languages say what they are
pub enum CodeLanguage {
    JavaScript,
    Python,
    PowerShell,
    Shell,
    Sql,
    CSharp,
    Groovy,
    Unknown,
}

/// A question to a person.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Ask {
    /// Who is asked; null where the definition does not say.
    pub approver: Value,
    /// Where in the step's result the answer stands (`formData.decision`, `SelectedOption`); empty: the result itself,
    /// or an edge of the step itself.
    pub answer: Text,
    /// Answers that mean yes, where the definition shows them.
    pub positive: Vec<Text>,
    /// Answers that mean no, where the definition shows them.
    pub negative: Vec<Text>,
    /// The question waits at most this long, in seconds, where the definition says so.
    pub timeout_seconds: Option<u64>,
    /// The step's own edges carry the answer (a decision step): no branch has to read it.
    pub decides: bool,
}

/// A workflow that a step starts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Callee {
    /// How it is named.
    pub key: CalleeKey,
    /// What it is given.
    pub input: Value,
}

/// How a called workflow is named.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CalleeKey {
    /// By the platform's id.
    Id(Text),
    /// By its name or an alias.
    Name(Text),
    /// The workflow itself.
    Itself,
    /// By something only known at run time, as its text.
    Dynamic(Text),
}

/// A credential that a workflow uses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Credential {
    /// The platform's id or key of it.
    pub id: Text,
    /// Its name for people.
    pub name: Text,
    /// Its kind (`slackApi`, `oauth2`, connector name).
    pub kind: Text,
    /// A person's own connection rather than a service's, where the definition shows it.
    pub personal: Option<bool>,
    /// The caller's own: each run works with the rights of whoever started it, which the target system checks.
    #[serde(default)]
    pub callers: bool,
    /// Line in the file.
    pub line: u32,
}

/// A value given to a variable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    /// The variable.
    pub variable: Text,
    /// The value.
    pub value: Value,
    /// Added to what is there (append, increment) rather than replacing it.
    pub adds: bool,
}
