//! The buffers that all connections of a thread share: taken at the start of a poll and given back at its end.

use std::cell::Cell;

/// Bytes of each buffer: what one read or one gathered write moves at most.
pub(super) const BUFFER: usize = 16 * 1024;

pub(super) struct Buffers {
    pub(super) read: [u8; BUFFER],
    pub(super) write: [u8; BUFFER],
}

thread_local! {
    static SPARE: Cell<Option<Box<Buffers>>> = const { Cell::new(None) };
}

/// Runs `poll` with this thread's buffers. Their contents mean nothing before or after.
///
/// Taken out of the thread's cell rather than borrowed in it: a poll inside a poll gets buffers of its own.
pub(super) fn with<T>(poll: impl FnOnce(&mut Buffers) -> T) -> T {
    let mut buffers = SPARE.take().unwrap_or_else(|| {
        Box::new(Buffers {
            read: [0; BUFFER],
            write: [0; BUFFER],
        })
    });
    let result = poll(&mut buffers);
    SPARE.set(Some(buffers));
    result
}
