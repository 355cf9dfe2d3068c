//! The simplest driver: asks, is told, until nothing more goes on.

use crate::request::{Answer, Misfit, Request};
use crate::state::State;
use crate::{Program, next, resume};

/// Runs a state to its end. `answer` is given each request with the state it comes from; nothing stops the run there.
/// At most `most` requests are made.
///
/// # Errors
/// An answer that does not fit.
pub fn run(
    program: &Program<'_>,
    mut state: State,
    most: usize,
    mut answer: impl FnMut(&Request, &State) -> Option<Answer>,
) -> Result<State, Misfit> {
    for _ in 0..most {
        let request = next(program, &state);
        if let Request::Done(_) = request {
            break;
        }
        match answer(&request, &state) {
            Some(told) => state = resume(program, state, told)?,
            None => break,
        }
    }
    Ok(state)
}
