//! jq itself, by `jaq`, where the run knows what the text reads.

use super::program::admitted;
use super::{failed, stream};
use crate::Val;
use crate::evaluate::{Failure, Scope, json};
use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars, data, unwrap_valr};
use workflow::Expression;

/// The expression inside of `${ }`, or the text itself.
fn inside(text: &str) -> &str {
    let trimmed = text.trim();
    trimmed.strip_prefix("${").and_then(|t| t.strip_suffix('}')).unwrap_or(trimmed)
}

/// Interprets the text itself, where the run knows what every name in it stands for.
pub(in crate::evaluate) fn whole(expression: &Expression, scope: &dyn Scope) -> Option<Result<Val, Failure>> {
    let text = inside(&expression.text);
    let dot = scope.name(".").filter(Val::is_known)?;
    let names = admitted(text, &dot)?;
    let mut values = Vec::new();
    for name in &names {
        values.push(scope.name(name).filter(Val::is_known)?);
    }
    // The bound is on everything that is read.
    let all = Val::list(values.iter().chain([&dot]).cloned().collect());
    admitted(text, &all)?;
    match run(text, &dot, &names, &values)? {
        Ok(mut outputs) if outputs.len() == 1 => Some(Ok(outputs.remove(0))),
        Ok(_) => Some(Ok(stream(expression))),
        Err(message) => Some(Err(failed(message))),
    }
}

/// The outputs of a program, or its failure; none where it cannot be compiled or gives what is no JSON.
pub(in crate::evaluate) fn run(
    text: &str,
    dot: &Val,
    names: &[&str],
    values: &[Val],
) -> Option<Result<Vec<Val>, String>> {
    let given = |v: &Val| jaq_json::read::parse_single(json::write(v).as_bytes()).ok();
    let defs = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
    let funs = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
    let arena = Arena::default();
    let modules = Loader::new(defs).load(&arena, File { code: text, path: () }).ok()?;
    let compiler = Compiler::default().with_funs(funs).with_global_vars(names.iter().copied());
    let filter = compiler.compile(modules).ok()?;
    let variables: Option<Vec<jaq_json::Val>> = values.iter().map(given).collect();
    let ctx = Ctx::<data::JustLut<jaq_json::Val>>::new(&filter.lut, Vars::new(variables?));
    let mut outputs = Vec::new();
    for output in filter.id.run((ctx, given(dot)?)).map(unwrap_valr).take(MOST_OUTPUTS) {
        match output {
            Ok(value) => outputs.push(json::parse(&value.to_string())?),
            Err(error) => return Some(Err(error.to_string())),
        }
    }
    Some(Ok(outputs))
}

/// More outputs than this are not looked at: one alone is a value.
const MOST_OUTPUTS: usize = 100;
