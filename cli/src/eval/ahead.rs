//! Reading ahead: while a chunk is evaluated, a thread per file reads the next one.
//!
//! Input: sources and the number of rows of a chunk. Output: the chunks, in order. Each source has two chunks in memory, one that
//! is read and one that is evaluated; their memory is used again.

use super::array::Array;
use super::plan::Chunks;
use super::source::Source;
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::thread::Scope;

/// The chunks of one source.
pub struct Ahead {
    chunks: Receiver<Result<Array, String>>,
    spares: Sender<Array>,
}

impl Ahead {
    /// Begins to read.
    pub fn new<'s>(scope: &'s Scope<'s, '_>, source: &'s Source, chunks: &Chunks) -> Self {
        let (leading, rows) = (chunks.leading, chunks.rows);
        // Nothing is stored on the way: the thread waits until the chunk before is no longer evaluated.
        let (send, chunks) = sync_channel(0);
        let (spares, receive) = channel();
        scope.spawn(move || {
            let read = source.chunks(
                leading,
                rows,
                || receive.try_recv().ok(),
                |array| send.send(Ok(array)).is_ok(),
            );
            if let Err(error) = read {
                // Without a reader there is nobody to tell.
                let _ = send.send(Err(error));
            }
        });
        Ahead { chunks, spares }
    }

    /// The next chunk; none behind the last one.
    pub fn next(&self) -> Result<Option<Array>, String> {
        self.chunks.recv().ok().transpose()
    }

    /// Gives the memory of a chunk back.
    pub fn recycle(&self, array: Array) {
        // Behind the last chunk, it is not needed any more.
        let _ = self.spares.send(array);
    }
}
