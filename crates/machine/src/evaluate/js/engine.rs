//! JavaScript itself, in a sandbox: no host, no clock, no chance, bounded memory, stack and steps.

use crate::Val;
use crate::evaluate::json;
use rquickjs::{Context, Runtime};

/// Memory of one evaluation, in bytes.
const MEMORY: usize = 16 << 20;
/// Its stack, in bytes.
const STACK: usize = 256 << 10;
/// So often the engine asks whether to go on, every few thousand operations.
const MOST_ASKED: u32 = 300;

/// What an expression gave.
#[derive(Debug, PartialEq)]
pub(super) enum Given {
    /// A value; nothing for `undefined`.
    Value(Option<Val>),
    /// It threw.
    Threw,
    /// Something that is no data, a name that is not there, too much work: not known.
    Unknown,
}

/// Evaluates an expression with names that stand for data; `prelude` is run before it.
pub(super) fn run(expression: &str, prelude: &str, data: &Val) -> Given {
    let mut quoted = String::new();
    json::quoted(expression, &mut quoted);
    let mut given = String::new();
    json::quoted(&json::write(data), &mut given);
    let program = format!("const __data = JSON.parse({given}); const __text = {quoted};\n{prelude}\n{SHELL}");
    match evaluated(&program) {
        Some(answer) => understood(&answer),
        None => Given::Unknown,
    }
}

/// Whatever breaks out of one kind of bracket breaks the other.
const SHELL: &str = r#"
(() => {
  const names = Object.keys(__names), values = names.map((n) => __names[n]);
  let run;
  try {
    new Function(...names, "return [" + __text + "\n]");
    run = new Function(...names, "return (" + __text + "\n)");
  } catch (e) { return "?"; }
  let value;
  try { value = run(...values); } catch (e) {
    const missing = !(e instanceof TypeError) || /not a function|is not defined/.test(e.message);
    return missing ? "?" : "!";
  }
  if (value === undefined) return "-";
  if (["function", "symbol", "bigint"].includes(typeof value)) return "?";
  const text = JSON.stringify(value);
  return text === undefined ? "?" : "=" + text;
})()
"#;

fn evaluated(program: &str) -> Option<String> {
    let runtime = Runtime::new().ok()?;
    runtime.set_memory_limit(MEMORY);
    runtime.set_max_stack_size(STACK);
    let mut asked = 0;
    runtime.set_interrupt_handler(Some(Box::new(move || {
        asked += 1;
        asked > MOST_ASKED
    })));
    let context = Context::full(&runtime).ok()?;
    context.with(|ctx| ctx.eval::<String, _>(program).ok())
}

fn understood(answer: &str) -> Given {
    match answer.split_at_checked(1) {
        Some(("-", _)) => Given::Value(None),
        Some(("!", _)) => Given::Threw,
        Some(("=", text)) => json::parse(text).map_or(Given::Unknown, |v| Given::Value(Some(v))),
        _ => Given::Unknown,
    }
}
