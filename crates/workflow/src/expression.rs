//! Expressions: the languages, their text, the references they make and, where understood, their parsed form.
//!
//! One [`Term`] tree serves all languages: importers translate each platform's operators and functions to
//! [`Function`] where the meaning is the same, keep others by name, and keep what they do not understand
//! as [`Term::Unknown`] with every reference that was seen in it.

use crate::Text;
use serde::{Deserialize, Serialize};

/// The language an expression is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // the names of the languages say what they are
pub enum Language {
    SailPointJsonPath,
    SailPointTemplate,
    OktaPin,
    Wdl,
    Arm,
    N8n,
    InsightConnect,
    AslJsonPath,
    Jsonata,
    CloudFormation,
    SecOps,
    Jq,
    Feel,
    Juel,
    SplunkDatapath,
    NodeRed,
    Mustache,
    /// A condition that the platform writes as data (operator and operands apart).
    Structured,
}

/// Something computed when the workflow runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Expression {
    /// Its language.
    pub language: Language,
    /// Its text as written.
    pub text: Text,
    /// Its meaning, as far as understood.
    pub term: Term,
    /// Line in the source, from 1; 0 where unknown.
    pub line: u32,
}

/// The parsed form of an expression.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Term {
    /// Null.
    Null,
    /// A boolean constant.
    Bool(bool),
    /// A number constant.
    Number(Text),
    /// A text constant.
    Text(Text),
    /// Something the run has: a trigger's field, a step's result, a variable, a secret.
    Ref(Reference),
    /// Texts and holes joined into one text (`Hello {{name}}`).
    Template(Vec<Term>),
    /// A list literal.
    List(Vec<Term>),
    /// An object literal.
    Map(Vec<(Text, Term)>),
    /// An operator or function on arguments.
    Call(Function, Vec<Term>),
    /// Not understood: the references that were seen in its text.
    Unknown(Vec<Reference>),
}

/// Operators and functions with one meaning over all languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Function {
    /// All are true.
    And,
    /// At least one is true.
    Or,
    /// The opposite.
    Not,
    /// Two values are the same.
    Equals,
    /// Two texts are the same without regard to case.
    EqualsIgnoreCase,
    /// Two values differ.
    NotEquals,
    /// The first is less.
    Less,
    /// The first is less or the same.
    LessOrEquals,
    /// The first is greater.
    Greater,
    /// The first is greater or the same.
    GreaterOrEquals,
    /// The first (text, list or object) contains the second.
    Contains,
    /// The first is an item of the second.
    In,
    /// The first starts with the second.
    StartsWith,
    /// The first ends with the second.
    EndsWith,
    /// The first matches the pattern in the second.
    Matches,
    /// Null, absent, or an empty text, list or object.
    Empty,
    /// There at all (absent is false; null is present where the language says so).
    Present,
    /// Is true, by the language's own idea of truth.
    Truthy,
    /// Number of items or characters.
    Length,
    /// The first item.
    First,
    /// The last item.
    Last,
    /// The first argument that is not null.
    Coalesce,
    /// If the first then the second else the third.
    If,
    /// Lower case.
    Lower,
    /// Upper case.
    Upper,
    /// Without white space at the ends.
    Trim,
    /// Joined texts.
    Concat,
    /// Percent-encoded for a URL part.
    UrlEncode,
    /// Escaped for the place it is put in (JSON, HTML, a query literal).
    Escape,
    /// Parsed JSON.
    ParseJson,
    /// The value as text or JSON text.
    ToText,
    /// The value as a number.
    ToNumber,
    /// The moment of evaluation.
    Now,
    /// A moment moved by an amount.
    AddTime,
    /// The items of a list that fulfil a condition.
    Filter,
    /// A list made by applying something to each item.
    Map,
    /// A random value or fresh identifier.
    Random,
    /// Any other function, by its own name.
    Other(Text),
}

/// Something the run has.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reference {
    /// Where it starts.
    pub root: Root,
    /// What is taken from it.
    pub path: Vec<Segment>,
}

/// Where a reference starts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Root {
    /// The input of the trigger that started the run.
    Trigger,
    /// The result of a step, by [`crate::Step::id`].
    Step(Text),
    /// The current item of a loop step, by [`crate::Step::id`].
    Item(Text),
    /// Whatever the steps directly before produced (n8n's `$json`, Node-RED's `msg`).
    Previous,
    /// A variable of the workflow.
    Variable(Text),
    /// A parameter of the definition, set when it is deployed.
    Parameter(Text),
    /// A secret kept by the platform.
    Secret(Text),
    /// An environment variable or constant of the installation.
    Environment(Text),
    /// A fact about the run or the workflow itself (execution id, run time, workflow name).
    Run(Text),
    /// Something the importer could not resolve, by its text.
    Unknown(Text),
}

/// One step of a reference's path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Segment {
    /// A field.
    Key(Text),
    /// An item by position; negative counts from the end.
    Index(i64),
    /// The items that fulfil a condition, by its text.
    Filter(Text),
    /// Every item.
    Each,
    /// A field or position only known at run time.
    Dynamic,
}

impl Expression {
    /// An expression that was not understood, with the references seen in it.
    pub fn unknown(language: Language, text: impl Into<Text>, references: Vec<Reference>, line: u32) -> Self {
        Expression { language, text: text.into(), term: Term::Unknown(references), line }
    }

    /// Every reference it makes, in order of appearance.
    #[must_use]
    pub fn references(&self) -> Vec<&Reference> {
        let mut found = Vec::new();
        self.term.collect(&mut found);
        found
    }

    /// Gives the same value in every run: no reference, no clock, no chance, nothing unknown.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        self.term.is_constant()
    }
}

impl Term {
    /// Every reference inside, in order of appearance.
    #[must_use]
    pub fn references(&self) -> Vec<&Reference> {
        let mut found = Vec::new();
        self.collect(&mut found);
        found
    }

    fn collect<'t>(&'t self, found: &mut Vec<&'t Reference>) {
        match self {
            Term::Ref(r) => found.push(r),
            Term::Template(ts) | Term::List(ts) | Term::Call(_, ts) => {
                ts.iter().for_each(|t| t.collect(found));
            }
            Term::Map(entries) => entries.iter().for_each(|(_, t)| t.collect(found)),
            Term::Unknown(refs) => found.extend(refs),
            Term::Null | Term::Bool(_) | Term::Number(_) | Term::Text(_) => {}
        }
    }

    /// Gives the same value in every run.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        match self {
            Term::Null | Term::Bool(_) | Term::Number(_) | Term::Text(_) => true,
            Term::Ref(_) | Term::Unknown(_) => false,
            Term::Template(ts) | Term::List(ts) => ts.iter().all(Term::is_constant),
            Term::Map(entries) => entries.iter().all(|(_, t)| t.is_constant()),
            Term::Call(f, ts) => {
                !matches!(f, Function::Now | Function::Random | Function::Other(_))
                    && ts.iter().all(Term::is_constant)
            }
        }
    }

    /// Understood in every part: nothing [`Term::Unknown`] inside.
    #[must_use]
    pub fn is_understood(&self) -> bool {
        match self {
            Term::Unknown(_) => false,
            Term::Template(ts) | Term::List(ts) | Term::Call(_, ts) => ts.iter().all(Term::is_understood),
            Term::Map(entries) => entries.iter().all(|(_, t)| t.is_understood()),
            _ => true,
        }
    }
}

impl Reference {
    /// A reference to a root and dotted keys (`a.b.c`); nothing after the root where `path` is empty.
    #[must_use]
    pub fn keys(root: Root, path: &str) -> Self {
        let keys = path.split('.').filter(|k| !k.is_empty());
        Reference { root, path: keys.map(|k| Segment::Key(k.into())).collect() }
    }
}
