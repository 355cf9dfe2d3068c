//! Code that people wrote into blocks. It takes the place of what the graph shows, or comes before it.

/// The code, unless it does nothing: only comments, log lines and empty returns, as the editor leaves them.
pub(super) fn written(code: &str) -> Option<&str> {
    let idle = |line: &str| {
        let line = line.trim();
        line.is_empty()
            || line.starts_with('#')
            || line.starts_with("phantom.debug(")
            || matches!(line, "pass" | "return")
    };
    (!code.lines().all(idle)).then_some(code)
}

/// Code in place of a block's own still acts through the block's action: that call is the step itself, and what is left is
/// how its parameters were made.
pub(super) fn without(code: &str, action: &str) -> String {
    let mut code = code.to_owned();
    for quote in ['"', '\''] {
        code = code.replace(
            &format!("phantom.act({quote}{action}{quote}"),
            &format!("phantom.debug({quote}{action}{quote}"),
        );
    }
    code
}
