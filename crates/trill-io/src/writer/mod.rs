//! Writing through a buffer, with flow control.

mod fan;
mod futures;
mod marks;
mod pump;
mod shared;
mod state;
mod traits;

use std::fmt;
use std::io::{self, IoSlice};
use std::sync::Arc;

use futures_io::AsyncWrite;

use self::fan::Seat;
use self::state::Place;

pub use self::futures::{Close, Drain, Flush, WriteAll};
pub use self::marks::HIGH_WATER_BYTES;
pub use self::pump::Pump;

pub(crate) use self::fan::OwnedSeat;
pub(crate) use self::shared::Shared;

/// Writes through a buffer that is bounded by waiting: [`write`](Writer::write) never waits, [`drain`](Writer::drain)
/// does while too much is buffered.
///
/// Clones write to the same stream, so several tasks can. Above the high mark writing is paused; once no more than the
/// low mark is left it is resumed, and all who wait go on. When the peer is lost all of them fail, and so does
/// everything that is written later.
///
/// # Who writes the buffer out
///
/// There is no hidden task. A write gives the stream at once what it takes, which is nearly always everything. What is
/// left goes out while somebody waits on the writer: in `drain`, [`flush`](Writer::flush), [`close`](Writer::close),
/// with the next write, while the reader of the same connection waits for data ([`joined`](crate::joined)), or in a
/// [`pump`](Writer::pump) that the program runs beside. Whoever waits moves the stream on for all; if that one is
/// dropped, the next does.
///
/// # Ending
///
/// `close` sends everything and closes the stream. [`abort`](Writer::abort) discards what is buffered. If the last
/// clone is dropped without either, what is buffered goes out as far as the stream takes it at once, or completely if
/// a pump or a joined reader is there, and then the stream is closed.
///
/// # Examples
///
/// ```
/// use trill_io::Writer;
///
/// trill_park::block_on(async {
///     let writer = Writer::new(Vec::new());
///     for number in 0..1000 {
///         writer.write(format!("{number}\n").as_bytes())?;
///         writer.drain().await?;
///     }
///     writer.flush().await?;
///     let (sent, unsent) = writer.into_parts().unwrap();
///     assert_eq!((sent.len(), unsent.len()), (3890, 0));
///     # Ok::<(), std::io::Error>(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Writer<W: AsyncWrite + Unpin> {
    handle: Arc<Handle<W>>,
    /// For the traits of `futures-io`, whose methods are polled without a future of their own.
    polled: Polled,
}

/// What all clones of a writer have in common.
struct Handle<W: AsyncWrite + Unpin> {
    /// There until the writer is taken apart.
    shared: Option<Arc<Shared<W>>>,
}

/// Where the task waits that polls a writer through a trait.
struct Polled {
    seat: OwnedSeat,
    since: Option<u64>,
    target: Option<u64>,
}

impl<W: AsyncWrite + Unpin> Writer<W> {
    /// Makes a writer that pauses above [`HIGH_WATER_BYTES`].
    ///
    /// # Examples
    ///
    /// See [`Writer`].
    pub fn new(inner: W) -> Writer<W> {
        Writer::of(Arc::new(Shared::new(inner)))
    }

    /// Makes a writer that pauses while more than `high` bytes are buffered, until no more than `low` are left.
    ///
    /// # Panics
    ///
    /// If `low` is above `high`.
    ///
    /// # Examples
    ///
    /// ```
    /// let writer = trill_io::Writer::with_water_marks(100, 1000, Vec::new());
    /// assert_eq!(writer.water_marks(), (100, 1000));
    /// ```
    #[track_caller]
    pub fn with_water_marks(low: usize, high: usize, inner: W) -> Writer<W> {
        let writer = Writer::new(inner);
        writer.set_water_marks(low, high);
        writer
    }

    /// Writes `bytes`: gives the stream what it takes at once and buffers the rest, whatever its size.
    ///
    /// # Errors
    ///
    /// What the stream said, now or at any time before; `BrokenPipe` if the writer was closed, `ConnectionAborted`
    /// if it was aborted. Then nothing more will be sent.
    ///
    /// # Examples
    ///
    /// See [`Writer`].
    pub fn write(&self, bytes: &[u8]) -> io::Result<()> {
        self.shared().write(bytes)
    }

    /// Writes several slices as one.
    ///
    /// # Errors
    ///
    /// As [`Writer::write`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::IoSlice;
    ///
    /// let writer = trill_io::Writer::new(Vec::new());
    /// writer.write_vectored(&[IoSlice::new(b"hel"), IoSlice::new(b"lo")])?;
    /// assert_eq!(writer.into_parts().unwrap().0, b"hello");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<()> {
        match slices {
            [] => self.write(&[]),
            [one] => self.write(one),
            // Sent together: one copy costs less than a system call each.
            many => {
                let mut bytes = Vec::with_capacity(many.iter().map(|slice| slice.len()).sum());
                for slice in many {
                    bytes.extend_from_slice(slice);
                }
                self.write(&bytes)
            }
        }
    }

    /// Waits while writing is paused: from when more than the high mark is buffered until no more than the low mark
    /// is.
    ///
    /// Ready at once otherwise, after giving the stream what it takes now. All who wait go on together.
    ///
    /// # Errors
    ///
    /// As [`Writer::write`], but not after a close in which everything went out.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: what is buffered stays buffered, is sent once, and others who wait go on.
    ///
    /// # Examples
    ///
    /// See [`Writer`].
    pub fn drain(&self) -> Drain<'_, W> {
        Drain::new(self.shared())
    }

    /// Waits while writing is paused, then writes all of `bytes` at once.
    ///
    /// # Errors
    ///
    /// As [`Writer::write`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: nothing is written until the poll that writes everything.
    ///
    /// # Examples
    ///
    /// ```
    /// let writer = trill_io::Writer::new(Vec::new());
    /// trill_park::block_on(writer.write_all(b"hello"))?;
    /// assert_eq!(writer.into_parts().unwrap().0, b"hello");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn write_all<'a>(&'a self, bytes: &'a [u8]) -> WriteAll<'a, W> {
        WriteAll::new(self.shared(), bytes)
    }

    /// Waits until everything that was written before its first poll is sent and flushed.
    ///
    /// # Errors
    ///
    /// As [`Writer::drain`].
    ///
    /// # Cancel safety
    ///
    /// As [`Writer::drain`].
    ///
    /// # Examples
    ///
    /// See [`Writer`].
    pub fn flush(&self) -> Flush<'_, W> {
        Flush::new(self.shared())
    }

    /// Closes the stream after everything is sent; nothing can be written from its first poll on.
    ///
    /// Of a socket this ends writing only: the peer reads the end of the stream and may still answer. It is closed
    /// once, however many call this.
    ///
    /// # Errors
    ///
    /// What the stream says; `ConnectionAborted` if the writer was aborted.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the writer stays closing, and what is buffered is sent once; call it again to go on waiting.
    ///
    /// # Examples
    ///
    /// ```
    /// let writer = trill_io::Writer::new(Vec::new());
    /// trill_park::block_on(async {
    ///     writer.write(b"bye")?;
    ///     writer.close().await?;
    ///     assert!(writer.write(b"x").is_err());
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn close(&self) -> Close<'_, W> {
        Close::new(self.shared())
    }

    /// Discards what is buffered and drops the stream. All who wait fail with `ConnectionAborted`.
    ///
    /// # Examples
    ///
    /// ```
    /// let writer = trill_io::Writer::new(Vec::new());
    /// writer.abort();
    /// let error = writer.write(b"x").unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::ConnectionAborted);
    /// ```
    pub fn abort(&self) {
        self.shared().abort();
    }

    /// Returns a future that writes the buffer out whenever the stream takes more; it ends when the writer is closed
    /// or lost.
    ///
    /// Run it beside code that writes without ever waiting on the writer. If the last clone is dropped without
    /// closing, it sends what is left, closes the stream, and ends.
    ///
    /// # Errors
    ///
    /// What the stream says; `ConnectionAborted` if the writer was aborted.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: what is buffered stays buffered and is sent once.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_lite::future::try_zip;
    /// use trill_io::Writer;
    ///
    /// let writer = Writer::new(Vec::new());
    /// let pump = writer.pump();
    /// let work = async move { writer.write(b"hello") };
    /// trill_park::block_on(try_zip(pump, work))?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn pump(&self) -> Pump<W> {
        Pump::new(self.shared().clone())
    }

    /// Returns how many bytes are buffered.
    ///
    /// # Examples
    ///
    /// ```
    /// let writer = trill_io::Writer::new(Vec::new());
    /// writer.write(b"hello")?;
    /// // A vector takes everything at once.
    /// assert_eq!(writer.buffered(), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn buffered(&self) -> usize {
        self.shared().lock().size()
    }

    /// Says whether [`Writer::drain`] would wait.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(!trill_io::Writer::new(Vec::new()).is_paused());
    /// ```
    pub fn is_paused(&self) -> bool {
        self.shared().lock().is_paused
    }

    /// Says whether nothing can be written any more: the writer is closed, closing, aborted or lost.
    ///
    /// # Examples
    ///
    /// ```
    /// let writer = trill_io::Writer::new(Vec::new());
    /// assert!(!writer.is_closing());
    /// writer.abort();
    /// assert!(writer.is_closing());
    /// ```
    pub fn is_closing(&self) -> bool {
        let state = self.shared().lock();
        state.is_closing || state.fault.is_some()
    }

    /// Returns the marks in bytes: low, high.
    ///
    /// # Examples
    ///
    /// ```
    /// let writer = trill_io::Writer::new(Vec::new());
    /// assert_eq!(writer.water_marks(), (16 * 1024, 64 * 1024));
    /// ```
    pub fn water_marks(&self) -> (usize, usize) {
        let marks = self.shared().lock().marks;
        (marks.low, marks.high)
    }

    /// Changes the marks, in bytes, and pauses or resumes by them at once. With 0 and 0 [`Writer::drain`] waits until
    /// everything is sent.
    ///
    /// # Panics
    ///
    /// If `low` is above `high`.
    ///
    /// # Examples
    ///
    /// ```
    /// let writer = trill_io::Writer::new(Vec::new());
    /// writer.set_water_marks(0, 0);
    /// assert_eq!(writer.water_marks(), (0, 0));
    /// ```
    #[track_caller]
    pub fn set_water_marks(&self, low: usize, high: usize) {
        assert!(
            low <= high,
            "the low mark of {low} bytes is above the high one of {high}: writing would never be resumed"
        );
        let shared = self.shared();
        let mut state = shared.lock();
        state.marks = marks::Marks { low, high };
        state.pause_if_high();
        let resumed = state.resume_if_low();
        drop(state);
        if resumed {
            shared.fan.wake_others(&Seat::default());
        }
    }

    /// Takes the writer apart: the stream, and what was written and not sent.
    ///
    /// # Errors
    ///
    /// Gives the writer back if there are clones of it, a [`pump`](Writer::pump) or a joined reader, or if the stream
    /// is gone because the writer was aborted.
    ///
    /// # Examples
    ///
    /// See [`Writer`].
    pub fn into_parts(self) -> Result<(W, Vec<u8>), Writer<W>> {
        let is_here = matches!(self.shared().lock().place, Place::Here(_));
        // Nobody else can make another one, so what is counted can only become less.
        if !is_here || Arc::strong_count(&self.handle) > 1 || Arc::strong_count(self.shared()) > 1 {
            return Err(self);
        }
        let Writer { mut handle, polled } = self;
        let shared = Arc::get_mut(&mut handle).and_then(|handle| handle.shared.take());
        let state = shared.and_then(Arc::into_inner).map(Shared::into_state);
        let Some(state) = state else {
            unreachable!("the only handle has the only reference")
        };
        let Place::Here(mut engine) = state.place else {
            unreachable!("nobody could take the stream meanwhile")
        };
        drop(polled);
        let mut unsent = engine.sending.take(usize::MAX);
        unsent.extend_from_slice(&state.queue);
        Ok((engine.stream, unsent))
    }

    pub(crate) fn of(shared: Arc<Shared<W>>) -> Writer<W> {
        Writer {
            polled: Polled::new(&shared),
            handle: Arc::new(Handle {
                shared: Some(shared),
            }),
        }
    }

    #[inline]
    pub(crate) fn shared(&self) -> &Arc<Shared<W>> {
        let shared = self.handle.shared.as_ref();
        shared.expect("only taking the last handle apart takes it out")
    }
}

impl Polled {
    fn new<W>(shared: &Shared<W>) -> Polled {
        Polled {
            seat: shared.seat(),
            since: None,
            target: None,
        }
    }
}

impl<W: AsyncWrite + Unpin> Clone for Writer<W> {
    fn clone(&self) -> Writer<W> {
        Writer {
            handle: self.handle.clone(),
            polled: Polled::new(self.shared()),
        }
    }
}

impl<W: AsyncWrite + Unpin> Drop for Handle<W> {
    fn drop(&mut self) {
        // In a panic nothing of the user's is run that may panic, too.
        if let (Some(shared), false) = (&self.shared, std::thread::panicking()) {
            shared.abandon();
        }
    }
}

impl<W: AsyncWrite + Unpin> fmt::Debug for Writer<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared().lock();
        f.debug_struct("Writer")
            .field("buffered", &state.size())
            .field("is_paused", &state.is_paused)
            .field("is_closing", &state.is_closing)
            .field("is_closed", &state.is_closed)
            .field("fault", &state.fault)
            .finish()
    }
}
