//! How far a long evaluation is, on a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, stderr};

/// A bar over bytes that are read; it leaves nothing behind.
pub struct Progress(ProgressBar);

impl Progress {
    /// A bar, which is seen where standard error is a terminal.
    pub fn new(bytes: u64) -> Self {
        if !stderr().is_terminal() {
            return Progress::hidden();
        }
        let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{wide_bar} {bytes} of {total_bytes}, {eta} left");
        Progress(style.map_or_else(|_| ProgressBar::hidden(), |style| bar.with_style(style)))
    }

    /// None.
    pub fn hidden() -> Self {
        Progress(ProgressBar::hidden())
    }

    /// Counts bytes.
    pub fn advance(&self, bytes: u64) {
        self.0.inc(bytes);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
