//! Agreeing on keys: the futures that make a TLS stream of a stream.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_io::{AsyncRead, AsyncWrite};
use rustls::{Connection, ProtocolVersion};
use trill_timer::Timer;

use crate::fan::Side;
use crate::session::Session;
use crate::stream::TlsStream;

/// Makes a TLS stream as a client; see [`TlsConnector::connect`](crate::TlsConnector::connect).
///
/// # Examples
///
/// See [`TlsConnector`](crate::TlsConnector).
#[must_use = "futures do nothing unless awaited"]
pub struct Connect<S>(pub(crate) Handshake<S>);

/// Makes a TLS stream as a server; see [`TlsAcceptor::accept`](crate::TlsAcceptor::accept).
///
/// # Examples
///
/// See [`TlsAcceptor`](crate::TlsAcceptor).
#[must_use = "futures do nothing unless awaited"]
pub struct Accept<S>(pub(crate) Handshake<S>);

impl<S> Connect<S> {
    /// Gives TLS bytes that were read from the stream already, before any others.
    ///
    /// This is for a connection that began in plain text and was read through a buffer.
    ///
    /// # Cancel safety
    ///
    /// The bytes are dropped with the future, as the stream is.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_lite::io::BufReader;
    /// use trill_net::TcpStream;
    /// use trill_tls::{TlsConnector, TlsStream};
    ///
    /// async fn upgrade(plain: BufReader<TcpStream>, connector: &TlsConnector) -> std::io::Result<TlsStream<TcpStream>> {
    ///     let ahead = plain.buffer().to_vec();
    ///     connector.connect("example.com", plain.into_inner()).after_reading(ahead).await
    /// }
    /// ```
    pub fn after_reading(mut self, ahead: Vec<u8>) -> Connect<S> {
        self.0.ahead = ahead;
        self
    }

    /// Sends bytes in plain text before the handshake: what a buffered writer had not sent yet.
    ///
    /// # Cancel safety
    ///
    /// The bytes are dropped with the future, as the stream is.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_io::Writer;
    /// use trill_net::unix::UnixStream;
    /// use trill_tls::TlsConnector;
    ///
    /// async fn upgrade(plain: Writer<UnixStream>, connector: &TlsConnector) -> std::io::Result<()> {
    ///     plain.write(b"STARTTLS\r\n")?;
    ///     let (stream, unsent) = plain.into_parts().expect("there is one clone");
    ///     let tls = connector.connect("example.com", stream).after_writing(unsent).await?;
    ///     # drop(tls);
    ///     Ok(())
    /// }
    /// ```
    pub fn after_writing(mut self, unsent: Vec<u8>) -> Connect<S> {
        self.0.unsent = unsent;
        self
    }
}

impl<S> Accept<S> {
    /// Gives TLS bytes that were read from the stream already, before any others; see [`Connect::after_reading`].
    ///
    /// # Cancel safety
    ///
    /// The bytes are dropped with the future, as the stream is.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_io::Reader;
    /// use trill_net::unix::UnixStream;
    /// use trill_tls::{TlsAcceptor, TlsStream};
    ///
    /// async fn upgrade(plain: Reader<UnixStream>, acceptor: &TlsAcceptor) -> std::io::Result<TlsStream<UnixStream>> {
    ///     let (stream, ahead) = plain.into_parts();
    ///     acceptor.accept(stream).after_reading(ahead).await
    /// }
    /// ```
    pub fn after_reading(mut self, ahead: Vec<u8>) -> Accept<S> {
        self.0.ahead = ahead;
        self
    }

    /// Sends bytes in plain text before the handshake; see [`Connect::after_writing`].
    ///
    /// # Cancel safety
    ///
    /// The bytes are dropped with the future, as the stream is.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_net::unix::UnixStream;
    /// use trill_tls::{TlsAcceptor, TlsStream};
    ///
    /// async fn upgrade(stream: UnixStream, acceptor: &TlsAcceptor) -> std::io::Result<TlsStream<UnixStream>> {
    ///     acceptor.accept(stream).after_writing(b"220 go ahead\r\n".to_vec()).await
    /// }
    /// ```
    pub fn after_writing(mut self, unsent: Vec<u8>) -> Accept<S> {
        self.0.unsent = unsent;
        self
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Future for Connect<S> {
    type Output = io::Result<TlsStream<S>>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.get_mut().0.poll(cx)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Future for Accept<S> {
    type Output = io::Result<TlsStream<S>>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.get_mut().0.poll(cx)
    }
}

/// A handshake of either side.
pub(crate) struct Handshake<S> {
    stage: Stage<S>,
    ahead: Vec<u8>,
    unsent: Vec<u8>,
    sent: usize,
    limit: Option<Duration>,
    timer: Option<Timer>,
}

enum Stage<S> {
    /// Plain bytes are to be sent.
    Before(S, Box<Connection>),
    Running(Session<S>),
    /// It cannot begin.
    Refused(io::Error),
    Done,
}

impl<S> Handshake<S> {
    pub(crate) fn new(
        stream: S,
        tls: io::Result<Connection>,
        limit: Option<Duration>,
    ) -> Handshake<S> {
        Handshake {
            stage: match tls {
                Ok(tls) => Stage::Before(stream, Box::new(tls)),
                Err(error) => Stage::Refused(error),
            },
            ahead: Vec::new(),
            unsent: Vec::new(),
            sent: 0,
            limit,
            timer: None,
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Handshake<S> {
    #[track_caller]
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<TlsStream<S>>> {
        let polled = self.poll_stage(cx);
        if polled.is_ready() {
            self.timer = None;
            self.stage = Stage::Done;
            return polled;
        }
        let Some(limit) = self.limit else {
            return Poll::Pending;
        };
        let timer = self.timer.get_or_insert_with(|| Timer::after(limit));
        ready!(Pin::new(timer).poll(cx));
        self.timer = None;
        self.stage = Stage::Done;
        Poll::Ready(Err(io::Error::new(
            io::ErrorKind::TimedOut,
            format!(
                "the TLS handshake took longer than {limit:?}: the peer is silent, slow, or speaks no TLS"
            ),
        )))
    }

    #[track_caller]
    fn poll_stage(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<TlsStream<S>>> {
        if let Stage::Before(stream, _) = &mut self.stage {
            ready!(send_plain(stream, cx, &self.unsent, &mut self.sent))?;
            let Stage::Before(stream, tls) = std::mem::replace(&mut self.stage, Stage::Done) else {
                unreachable!("seen above")
            };
            let ahead = std::mem::take(&mut self.ahead);
            self.stage = Stage::Running(Session::new(stream, tls, ahead));
        }
        match &mut self.stage {
            Stage::Running(session) => ready!(session.poll_handshake(cx))?,
            Stage::Before(..) => unreachable!("it is running by now"),
            Stage::Refused(_) | Stage::Done => {}
        }
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Running(session) => Poll::Ready(Ok(TlsStream::of(session))),
            Stage::Refused(error) => Poll::Ready(Err(error)),
            Stage::Before(..) | Stage::Done => panic!("a future is not polled after it was ready"),
        }
    }
}

/// Sends `bytes` from `sent` on, and flushes them.
#[track_caller]
fn send_plain<S: AsyncWrite + Unpin>(
    stream: &mut S,
    cx: &mut Context<'_>,
    bytes: &[u8],
    sent: &mut usize,
) -> Poll<io::Result<()>> {
    if bytes.is_empty() {
        return Poll::Ready(Ok(()));
    }
    while *sent < bytes.len() {
        match ready!(Pin::new(&mut *stream).poll_write(cx, &bytes[*sent..])) {
            Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            Ok(count) => *sent += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Poll::Ready(Err(error)),
        }
    }
    Pin::new(stream).poll_flush(cx)
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    /// Waits until both sides have agreed, and everything that the other one needs for that is sent.
    #[track_caller]
    fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let sent = self.poll_flush(cx, Side::Writer);
            if let Some(fault) = self.fault() {
                // The peer was told why, if the stream took it at once.
                return Poll::Ready(Err(fault));
            }
            if !self.tls.is_handshaking() {
                // Only tickets for the next time are left to a server of TLS 1.3. Neither must a client that does not
                // read yet hold up the server, nor is it an error if it has sent all it wanted and is gone.
                return match &*self.tls {
                    Connection::Server(server)
                        if server.protocol_version() == Some(ProtocolVersion::TLSv1_3) =>
                    {
                        Poll::Ready(Ok(()))
                    }
                    _ => sent,
                };
            }
            // Also while something is left to send: the peer may be sending, too, and read nothing until that is done.
            let received = self.poll_receive(cx);
            if let Poll::Ready(Err(error)) = sent {
                // A peer that refuses says why before it is gone.
                return Poll::Ready(Err(self.fault().unwrap_or(error)));
            }
            ready!(received)?;
            match self.plain() {
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    let text = "the peer ended the connection during the TLS handshake";
                    return Poll::Ready(Err(io::Error::new(error.kind(), text)));
                }
                _ => {}
            }
        }
    }
}

impl<S> fmt::Debug for Handshake<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match &self.stage {
            Stage::Before(..) => "before",
            Stage::Running(_) => "running",
            Stage::Refused(_) => "refused",
            Stage::Done => "done",
        };
        f.debug_struct("Handshake")
            .field("stage", &stage)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

impl<S> fmt::Debug for Connect<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Connect").field(&self.0).finish()
    }
}

impl<S> fmt::Debug for Accept<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Accept").field(&self.0).finish()
    }
}

/// How long a handshake may take unless told otherwise; asyncio's limit.
pub(crate) const HANDSHAKE_LIMIT: Duration = Duration::from_secs(60);
