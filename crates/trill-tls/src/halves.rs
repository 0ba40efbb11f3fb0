//! A TLS stream as a reader and a writer, for two tasks.
//!
//! Both sides of a TLS connection share keys and state, so the halves take turns with a lock, which is held for one poll:
//! the work of a few records. A half that waits holds nothing.

use std::borrow::BorrowMut;
use std::error::Error;
use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};

use crate::stream::TlsStream;

/// The reading half of a borrowed stream; from [`TlsStream::split_mut`].
///
/// # Examples
///
/// See [`TlsStream::split_mut`].
pub struct ReadHalf<'a, S>(Shared<&'a mut TlsStream<S>>);

/// The writing half of a borrowed stream; from [`TlsStream::split_mut`].
///
/// # Examples
///
/// See [`TlsStream::split_mut`].
pub struct WriteHalf<'a, S>(Shared<&'a mut TlsStream<S>>);

/// The reading half of a stream; from [`TlsStream::into_split`].
///
/// # Examples
///
/// See [`TlsStream::into_split`].
pub struct OwnedReadHalf<S>(Shared<TlsStream<S>>);

/// The writing half of a stream; from [`TlsStream::into_split`].
///
/// # Examples
///
/// See [`TlsStream::into_split`].
pub struct OwnedWriteHalf<S>(Shared<TlsStream<S>>);

/// Two halves that do not belong together; from [`OwnedReadHalf::reunite`].
///
/// # Examples
///
/// See [`OwnedReadHalf::reunite`].
pub struct ReuniteError<S>(
    /// The reading half.
    pub OwnedReadHalf<S>,
    /// The writing half.
    pub OwnedWriteHalf<S>,
);

struct Shared<T>(Arc<Mutex<T>>);

impl<T> Shared<T> {
    /// The stream, for one poll.
    fn lock(&self) -> MutexGuard<'_, T> {
        // A panic in a stream leaves what it was; the next poll says so better than a poisoned lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn split<S>(stream: &mut TlsStream<S>) -> (ReadHalf<'_, S>, WriteHalf<'_, S>) {
    let shared = Arc::new(Mutex::new(stream));
    (ReadHalf(Shared(shared.clone())), WriteHalf(Shared(shared)))
}

pub(crate) fn into_split<S>(stream: TlsStream<S>) -> (OwnedReadHalf<S>, OwnedWriteHalf<S>) {
    let shared = Arc::new(Mutex::new(stream));
    let read = OwnedReadHalf(Shared(shared.clone()));
    (read, OwnedWriteHalf(Shared(shared)))
}

impl<S> OwnedReadHalf<S> {
    /// Makes the stream whole again.
    ///
    /// # Errors
    ///
    /// Gives both back if they are not of one stream.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_tls::TlsStream;
    ///
    /// fn there_and_back<S: std::fmt::Debug>(tls: TlsStream<S>) -> TlsStream<S> {
    ///     let (read, write) = tls.into_split();
    ///     read.reunite(write).expect("both are of one stream")
    /// }
    /// ```
    pub fn reunite(self, write: OwnedWriteHalf<S>) -> Result<TlsStream<S>, ReuniteError<S>> {
        if !Arc::ptr_eq(&self.0.0, &write.0.0) {
            return Err(ReuniteError(self, write));
        }
        drop(write);
        let stream = Arc::into_inner(self.0.0).expect("there were two halves, and one is dropped");
        Ok(stream.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

macro_rules! read_half {
    ([$($life:lifetime),*] $type:ty) => {
        crate::futures::reads!(impl<$($life,)* S> $type);

        impl<$($life,)* S: AsyncRead + AsyncWrite + Unpin> AsyncRead for $type {
            #[track_caller]
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut [u8],
            ) -> Poll<io::Result<usize>> {
                let mut shared = self.0.lock();
                let stream: &mut TlsStream<S> = (*shared).borrow_mut();
                Pin::new(stream).poll_read(cx, buf)
            }
        }
    };
}

macro_rules! write_half {
    ([$($life:lifetime),*] $type:ty) => {
        crate::futures::writes!(impl<$($life,)* S> $type);

        impl<$($life,)* S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for $type {
            #[track_caller]
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                let mut shared = self.0.lock();
                let stream: &mut TlsStream<S> = (*shared).borrow_mut();
                Pin::new(stream).poll_write(cx, buf)
            }

            #[track_caller]
            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                let mut shared = self.0.lock();
                let stream: &mut TlsStream<S> = (*shared).borrow_mut();
                Pin::new(stream).poll_write_vectored(cx, bufs)
            }

            #[track_caller]
            fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                let mut shared = self.0.lock();
                let stream: &mut TlsStream<S> = (*shared).borrow_mut();
                Pin::new(stream).poll_flush(cx)
            }

            #[track_caller]
            fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                let mut shared = self.0.lock();
                let stream: &mut TlsStream<S> = (*shared).borrow_mut();
                Pin::new(stream).poll_close(cx)
            }
        }
    };
}

read_half!(['a] ReadHalf<'a, S>);
read_half!([] OwnedReadHalf<S>);
write_half!(['a] WriteHalf<'a, S>);
write_half!([] OwnedWriteHalf<S>);

macro_rules! debug {
    ($($type:ty => $name:literal),* $(,)?) => {$(
        impl<S> fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct($name).finish_non_exhaustive()
            }
        }
    )*};
}

debug!(
    ReadHalf<'_, S> => "ReadHalf",
    WriteHalf<'_, S> => "WriteHalf",
    OwnedReadHalf<S> => "OwnedReadHalf",
    OwnedWriteHalf<S> => "OwnedWriteHalf",
    ReuniteError<S> => "ReuniteError",
);

impl<S> fmt::Display for ReuniteError<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("these are not the halves of one stream: keep the two that `into_split` returned together")
    }
}

impl<S> Error for ReuniteError<S> {}
