//! Seeking: one job, with the position corrected for what was read ahead.

use std::io::{self, Seek, SeekFrom};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::AsyncSeek;

use super::{Done, Unblock, tell};

impl<T: Seek + Send + 'static> AsyncSeek for Unblock<T> {
    #[track_caller]
    fn poll_seek(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: SeekFrom,
    ) -> Poll<io::Result<u64>> {
        let this = self.get_mut();
        loop {
            // What was written belongs to the position before.
            ready!(tell(this.poll_settled(cx), Location::caller()))?;
            if let Some((sought, result)) = this.sought.take() {
                if sought == to {
                    return Poll::Ready(result);
                }
            }
            let corrected = correct(to, this.unread().len())?;
            this.start(move |object| Done::Sought(to, object.seek(corrected)))?;
        }
    }
}

/// What to tell the object, whose position is `unread_bytes` after the one that the user sees.
fn correct(to: SeekFrom, unread_bytes: usize) -> io::Result<SeekFrom> {
    let SeekFrom::Current(delta) = to else {
        return Ok(to);
    };
    i64::try_from(unread_bytes)
        .ok()
        .and_then(|ahead| delta.checked_sub(ahead))
        .map(SeekFrom::Current)
        .ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("a seek by {delta} bytes is out of range: use SeekFrom::Start"),
            )
        })
}
