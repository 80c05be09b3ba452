//! Threads that wait for each other in the middle of a call, which shows that they share it.

use std::sync::{Condvar, Mutex, PoisonError};
use std::thread::ThreadId;
use std::time::Duration;

/// Where threads meet.
pub(crate) struct Meet {
    expected: usize,
    state: Mutex<State>,
    all: Condvar,
}

struct State {
    /// Few enough to look through.
    came: Vec<ThreadId>,
    given_up: bool,
}

impl Meet {
    pub(crate) const fn new(expected: usize) -> Self {
        let state = State { came: Vec::new(), given_up: false };
        Meet { expected, state: Mutex::new(state), all: Condvar::new() }
    }

    /// A thread that is here for the first time waits for all others; not for ever, if they do not come.
    pub(crate) fn come(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let own = std::thread::current().id();
        if !state.came.contains(&own) {
            state.came.push(own);
            self.all.notify_all();
            let missing = |state: &mut State| state.came.len() < self.expected && !state.given_up;
            let wait = self.all.wait_timeout_while(state, Duration::from_secs(30), missing);
            state = wait.unwrap_or_else(PoisonError::into_inner).0;
            state.given_up |= state.came.len() < self.expected;
        }
    }

    /// How many threads came.
    pub(crate) fn count(&self) -> usize {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).came.len()
    }
}
