//! Blocking readers, writers, seekers and iterators, used from tasks.
//!
//! An [`Unblock`] owns its object. To do something that may block it puts the object into a slot and submits a job,
//! which takes the object from there and puts it back when it ends, also by a panic. So the object is never lost with
//! a job: not with one that was refused, nor with one that was cancelled before it began, nor with one that panicked.
//! There is at most one job at a time.

mod futures;
mod items;
mod pipe;
mod read;
mod seek;
mod slot;
mod write;

pub use futures::{IntoInner, RefMut, WithMut};

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::io::{self, SeekFrom};
use std::panic::Location;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use trill_cell::Kind;

use crate::class::Class;
use crate::job::Task;
use crate::pool::Pool;

use pipe::Pipe;
use read::Unread;
use slot::Slot;

/// Makes a blocking object usable from tasks: [`AsyncRead`](futures_io::AsyncRead),
/// [`AsyncBufRead`](futures_io::AsyncBufRead), [`AsyncWrite`](futures_io::AsyncWrite),
/// [`AsyncSeek`](futures_io::AsyncSeek), and [`Stream`](futures_core::Stream) for iterators.
///
/// # Reading
///
/// When the buffer is empty, one job calls `read` once, with room for 16 KiB at first and for twice as much each time
/// that was filled, up to the capacity. Nothing is read before somebody asks, and never more than the capacity ahead. A read that is dropped while it waits loses nothing: its
/// bytes are there for the next one.
///
/// # Writing
///
/// Bytes go into a buffer, from which a job writes them out at once; it goes on until the buffer is empty, so bytes
/// that were accepted are written without anybody polling, and also after the `Unblock` was dropped. An error is
/// reported once, by the next write, flush, seek or close; the bytes that were not written stay in the buffer, and the
/// next write or flush tries them again. `flush` waits until all is written and the object is flushed; `close` flushes
/// and then drops the object. To hear of errors, flush or close before the `Unblock` is dropped.
///
/// # Reading and writing one object
///
/// Bytes that were read ahead stay readable when something is written. For an object with one position for both, like
/// a file, that position is behind those bytes: seek before the first write.
///
/// # Iterators
///
/// A job pulls items into a queue until that is full, and goes on when half of them were taken. Items are delivered when they
/// come, in order. After the first `None` the iterator is not asked again.
///
/// # Panics of the object
///
/// A panic in the object's methods comes out of the operation that waits, after what was read or pulled before it.
/// The object is kept, in whatever state that left it.
///
/// # Examples
///
/// ```
/// use futures_lite::AsyncReadExt;
/// use trill_blocking::Unblock;
///
/// trill_park::block_on(async {
///     let mut reader = Unblock::new(std::io::Cursor::new("some text"));
///     let mut text = String::new();
///     reader.read_to_string(&mut text).await?;
///     assert_eq!(text, "some text");
///     std::io::Result::Ok(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Unblock<T> {
    /// The object, while no job has it and it was not closed.
    object: Option<Box<T>>,
    /// Where the object changes hands.
    slot: Arc<Slot<T>>,
    job: Option<Task<Done>>,
    unread: Unread,
    pipe: Arc<Pipe>,
    /// How to drain the pipe; known once something was written.
    writer: Option<fn(&Pipe, &mut T)>,
    /// The queue of an iterator's items; its type is known where `T` is an iterator.
    items: Option<Box<dyn Any + Send + Sync>>,
    /// The result of a seek whose future was dropped, for one who asks for the same again.
    sought: Option<(SeekFrom, io::Result<u64>)>,
    /// The result of `with_mut`.
    value: Value,
    buffer_bytes: usize,
    queue_items: usize,
    pool: Pool,
    class: Class,
}

/// The result of `with_mut`. The mutex is never contended: it only makes the value shareable.
#[derive(Default)]
struct Value(Mutex<Option<Box<dyn Any + Send>>>);

impl Value {
    fn take(&mut self) -> Option<Box<dyn Any + Send>> {
        self.0
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

/// What a job has done.
enum Done {
    /// Called `read` on this buffer.
    Read(Vec<u8>, io::Result<usize>),
    /// Moved the position; the result is the new one.
    Sought(SeekFrom, io::Result<u64>),
    /// Called the closure of `with_mut`.
    Value(Box<dyn Any + Send>),
    /// What is to be known lies elsewhere.
    Nothing,
}

impl<T> Unblock<T> {
    /// Wraps `object`, on the [current](Pool::current) pool, with a buffer of at most 256 KiB or a queue of 256 items.
    ///
    /// # Examples
    ///
    /// See [`Unblock`].
    pub fn new(object: T) -> Unblock<T> {
        Unblock::build(object, BUFFER_BYTES, QUEUE_ITEMS)
    }

    /// Wraps `object`; `capacity` is the size of its buffer in bytes, or of its queue in items. 0 counts as 1.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_lite::StreamExt;
    /// use trill_blocking::Unblock;
    ///
    /// let mut numbers = Unblock::with_capacity(2, 1..=3);
    /// assert_eq!(trill_park::block_on(numbers.next()), Some(1));
    /// ```
    pub fn with_capacity(capacity: usize, object: T) -> Unblock<T> {
        Unblock::build(object, capacity.max(1), capacity.max(1))
    }

    /// Wraps `object`; its jobs run on `pool` within the limit of `class`.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_blocking::{Class, Pool, Unblock};
    ///
    /// let pool = Pool::new();
    /// let file = Unblock::on(&pool, Class::new("files", 8), std::io::empty());
    /// # drop(file);
    /// ```
    pub fn on(pool: &Pool, class: Class, object: T) -> Unblock<T> {
        let mut this = Unblock::new(object);
        this.pool = pool.clone();
        this.class = class;
        this
    }

    fn build(object: T, buffer_bytes: usize, queue_items: usize) -> Unblock<T> {
        Unblock {
            object: Some(Box::new(object)),
            slot: Arc::new(Slot::new()),
            job: None,
            unread: Unread::new(),
            pipe: Arc::new(Pipe::default()),
            writer: None,
            items: None,
            sought: None,
            value: Value::default(),
            buffer_bytes,
            queue_items,
            pool: Pool::current(),
            class: Class::DEFAULT,
        }
    }

    /// Waits until no job is under way, and returns a reference to the object.
    ///
    /// Bytes that were written are with the object then, unless that failed; it is not flushed. Bytes that were read
    /// ahead stay in the buffer, see [`Unblock::unread`].
    ///
    /// # Panics
    ///
    /// If the object was closed, or if the job under way panics.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropping the future changes nothing, and the job under way goes on.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_blocking::Unblock;
    ///
    /// let mut words = Unblock::new(vec!["one"]);
    /// trill_park::block_on(async {
    ///     words.get_mut().await.push("two");
    ///     assert_eq!(words.into_inner().await, ["one", "two"]);
    /// });
    /// ```
    pub fn get_mut(&mut self) -> RefMut<'_, T> {
        RefMut::new(self)
    }

    /// Calls `with` on the object where it may block, after the job under way.
    ///
    /// # Panics
    ///
    /// If `with` panics, with its payload; if the object was closed; or if no thread of the pool lives and none can be
    /// started.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future before `with` was submitted means that it is not called. After that it is called, unless
    /// the `Unblock` is dropped before it begins, and its result is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_blocking::Unblock;
    ///
    /// let mut words = Unblock::new(vec!["two", "one"]);
    /// trill_park::block_on(async {
    ///     let count = words.with_mut(|words| { words.sort(); words.len() }).await;
    ///     assert_eq!(count, 2);
    /// });
    /// ```
    pub fn with_mut<R, F>(&mut self, with: F) -> WithMut<'_, T, F, R>
    where
        F: FnOnce(&mut T) -> R + Send + 'static,
        R: Send + 'static,
        T: Send + 'static,
    {
        WithMut::new(self, with)
    }

    /// Waits until no job is under way, and returns the object.
    ///
    /// Bytes that were written are with the object then, unless that failed; it is not flushed. Bytes that were read
    /// ahead are lost; look at [`Unblock::unread`] before.
    ///
    /// # Panics
    ///
    /// If the object was closed, or if the job under way panics.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the object, as dropping the `Unblock` does.
    ///
    /// # Examples
    ///
    /// See [`Unblock::get_mut`].
    pub fn into_inner(self) -> IntoInner<T> {
        IntoInner::new(self)
    }

    /// Returns the bytes that were read from the object and not yet taken.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_lite::AsyncReadExt;
    /// use trill_blocking::Unblock;
    ///
    /// let mut reader = Unblock::new(std::io::Cursor::new("some text"));
    /// trill_park::block_on(reader.read_exact(&mut [0; 5]))?;
    /// assert_eq!(reader.unread(), b"text");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn unread(&self) -> &[u8] {
        self.unread.bytes()
    }

    /// Waits until no job is under way, and takes its results.
    ///
    /// Panics with the payload of a job that panicked, once.
    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(mut job) = self.job.take() else {
            return Poll::Ready(());
        };
        // If this panics, the job is over and `self.job` says so.
        match Pin::new(&mut job).poll(cx) {
            Poll::Pending => self.job = Some(job),
            Poll::Ready(done) => {
                self.note(done);
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }

    /// Takes the results of a job.
    fn note(&mut self, done: Done) {
        match done {
            Done::Read(buffer, result) => self.unread.fill(buffer, result),
            Done::Sought(to, result) => {
                if result.is_ok() {
                    self.unread.clear();
                }
                self.sought = Some((to, result));
            }
            Done::Value(value) => self.value = Value(Mutex::new(Some(value))),
            Done::Nothing => {}
        }
    }

    /// The object, if it was not closed. Only while no job is under way.
    fn object(&mut self) -> Option<&mut Box<T>> {
        debug_assert!(self.job.is_none(), "the object was asked for during a job");
        if self.object.is_none() {
            self.object = self.slot.take();
        }
        self.object.as_mut()
    }

    /// Submits a job. Only while none is under way.
    fn start<F>(&mut self, work: F) -> io::Result<()>
    where
        F: FnOnce(&mut T) -> Done + Send + 'static,
        T: Send + 'static,
    {
        self.start_owned(move |object| work(object.as_mut()))
    }

    /// As [`Unblock::start`], for work that may keep the object.
    fn start_owned<F>(&mut self, work: F) -> io::Result<()>
    where
        F: FnOnce(&mut slot::Held<T>) -> Done + Send + 'static,
        T: Send + 'static,
    {
        if self.object().is_none() {
            return Err(closed());
        }
        self.sought = None;
        self.slot.put(self.object.take());
        let slot = self.slot.clone();
        let submitted = self.pool.try_unblock_in(&self.class, move || {
            let mut held = slot.hold();
            work(&mut held)
        });
        // If it was refused, the object is still in the slot, and `Unblock::object` finds it there.
        self.job = Some(submitted?);
        Ok(())
    }
}

impl<T> Drop for Unblock<T> {
    fn drop(&mut self) {
        if let Some(job) = self.job.take() {
            // Bytes that were accepted are written; anything else that has not begun need not begin.
            if self.pipe.is_draining() {
                job.detach();
            }
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Unblock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unblock")
            .field("object", &self.object)
            .field("busy", &self.job.is_some())
            .field("unread", &self.unread.bytes().len())
            .field("class", &self.class.name())
            .finish_non_exhaustive()
    }
}

/// Says that the current task waits for a job, if it does.
fn tell<R>(poll: Poll<R>, location: &'static Location<'static>) -> Poll<R> {
    if poll.is_pending() {
        trill_cell::waiting(Kind::Blocking, 0, location);
    }
    poll
}

/// The error of one who uses an object that was closed.
fn closed() -> io::Error {
    io::Error::new(
        io::ErrorKind::NotConnected,
        "the object behind this Unblock was closed: wrap a new one",
    )
}

/// Copying so much takes about as long as two round trips to the pool, so a larger buffer gains little: 64 MiB through
/// 64 KiB, 256 KiB and 1 MiB ran at 1.1, 5.7 and 6.6 GB/s on a busy machine with two cores, a cached file being read.
/// A reader starts with less, and a writer's buffer is as large as what it holds.
const BUFFER_BYTES: usize = 256 * 1024;

/// Enough to hide the round trips, and few enough that large items do not fill the memory.
const QUEUE_ITEMS: usize = 256;
