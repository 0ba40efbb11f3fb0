//! A connection that begins in plain text goes on in TLS: no byte is lost where one becomes the other.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use common::{End, accepting, both, connecting, pattern, pipe, pipe_in_steps};
use futures_io::{AsyncRead, AsyncWrite};
use futures_lite::io::BufReader;
use futures_lite::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};

/// A stream that ends a read after so many bytes from its beginning, and after those that follow as the pipe has them.
struct Cut {
    inner: End,
    left: usize,
}

impl AsyncRead for Cut {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let most = match self.left {
            0 => buf.len(),
            left => buf.len().min(left),
        };
        let polled = Pin::new(&mut self.inner).poll_read(cx, &mut buf[..most]);
        if let Poll::Ready(Ok(count)) = polled {
            self.left = self.left.saturating_sub(count);
        }
        polled
    }
}

impl AsyncWrite for Cut {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_close(cx)
    }
}

/// Halves of a stream in memory that can be joined; a lock as of any splitting.
fn halves(
    stream: Cut,
) -> (
    futures_lite::io::ReadHalf<Cut>,
    futures_lite::io::WriteHalf<Cut>,
) {
    futures_lite::io::split(stream)
}

/// The client does not wait for the server to agree: its first words of TLS are in one go with the plain line. The server reads
/// through a buffer that holds any part of them when it starts TLS.
#[test]
fn client_that_does_not_wait_loses_nothing_wherever_the_buffer_ends() {
    let (connector, acceptor) = (connecting().build().unwrap(), accepting().build().unwrap());
    // The line has 9 bytes, and the first words of TLS some 250.
    for cut in 0..300 {
        let (mut near, far) = pipe(1 << 16);
        let client = async {
            near.write_all(b"STARTTLS\n").await.unwrap();
            let mut tls = connector.connect("localhost", near).await.unwrap();
            tls.write_all(b"secret").await.unwrap();
            tls.close().await.unwrap();
            let mut answer = Vec::new();
            tls.read_to_end(&mut answer).await.unwrap();
            answer
        };
        let server = async {
            let (read, write) = halves(Cut {
                inner: far,
                left: cut,
            });
            let (mut reader, writer) = trill_io::joined(read, write);
            assert_eq!(reader.read_line().await.unwrap(), b"STARTTLS\n");
            let mut tls = acceptor.start_tls(reader, writer).await.unwrap();
            let mut secret = Vec::new();
            tls.read_to_end(&mut secret).await.unwrap();
            assert_eq!(secret, b"secret");
            tls.write_all(b"the answer").await.unwrap();
            tls.close().await.unwrap();
        };
        assert_eq!(both(client, server).0, b"the answer", "{cut}");
    }
}

/// The server has not sent its plain answer when it starts TLS: it goes out first, however much fits.
#[test]
fn unsent_plain_bytes_go_before_the_handshake_however_much_was_sent() {
    let (connector, acceptor) = (connecting().build().unwrap(), accepting().build().unwrap());
    let greeting = b"220 a greeting of some length\r\n";
    // Where nothing fits nothing could ever be sent.
    for room in 1..=greeting.len() {
        let (near, far) = pipe(1 << 16);
        far.set_room(room);
        let client = async {
            let (read, write) = halves(Cut {
                inner: near,
                left: 0,
            });
            let (mut reader, writer) = trill_io::joined(read, write);
            writer.write(b"STARTTLS\n").unwrap();
            assert_eq!(reader.read_line().await.unwrap(), greeting);
            let mut tls = connector
                .start_tls("localhost", reader, writer)
                .await
                .unwrap();
            tls.write_all(b"hello").await.unwrap();
            tls.close().await.unwrap();
        };
        let server = async {
            let (read, write) = halves(Cut {
                inner: far,
                left: 0,
            });
            let (mut reader, writer) = trill_io::joined(read, write);
            assert_eq!(reader.read_line().await.unwrap(), b"STARTTLS\n");
            writer.write(greeting).unwrap();
            assert_eq!(writer.buffered(), greeting.len() - room);
            let mut tls = acceptor.start_tls(reader, writer).await.unwrap();
            let mut got = Vec::new();
            tls.read_to_end(&mut got).await.unwrap();
            assert_eq!(got, b"hello");
        };
        both(client, server);
    }
}

/// The same with the parts taken out of the buffers, as for streams that are no `Reader` and `Writer`.
#[test]
fn what_is_taken_out_of_buffers_by_hand_goes_first() {
    let (connector, acceptor) = (connecting().build().unwrap(), accepting().build().unwrap());
    for step in [1, 3, 1_000] {
        let (near, far) = pipe_in_steps(1 << 16, step);
        let client = async {
            let plain = b"STARTTLS\n".to_vec();
            let connect = connector.connect("localhost", near).after_writing(plain);
            let mut tls = connect.await.unwrap();
            tls.write_all(&pattern(30_000)).await.unwrap();
            tls.close().await.unwrap();
        };
        let server = async {
            let mut plain = BufReader::new(far);
            let mut line = String::new();
            plain.read_line(&mut line).await.unwrap();
            assert_eq!(line, "STARTTLS\n");
            let ahead = plain.buffer().to_vec();
            let accept = acceptor.accept(plain.into_inner()).after_reading(ahead);
            let mut got = Vec::new();
            accept.await.unwrap().read_to_end(&mut got).await.unwrap();
            assert!(got == pattern(30_000));
        };
        both(client, server);
    }
}

/// A writer with a pump and clones, as in the handler of a server.
#[test]
fn writer_with_clones_and_a_pump_can_start_tls() {
    let (connector, acceptor) = (connecting().build().unwrap(), accepting().build().unwrap());
    let (near, far) = pipe(512);
    let client = async {
        let (read, write) = halves(Cut {
            inner: near,
            left: 0,
        });
        let (mut reader, writer) = trill_io::joined(read, write);
        assert_eq!(reader.read_line().await.unwrap(), b"ready\n");
        let mut tls = connector
            .start_tls("localhost", reader, writer)
            .await
            .unwrap();
        tls.write_all(&pattern(50_000)).await.unwrap();
        tls.close().await.unwrap();
        let mut all = Vec::new();
        tls.read_to_end(&mut all).await.unwrap();
        all
    };
    let server = async {
        let (read, write) = halves(Cut {
            inner: far,
            left: 0,
        });
        let (reader, writer) = trill_io::joined(read, write);
        let (mut pump, clone) = (writer.pump(), writer.clone());
        let talk = async move {
            writer.write(b"ready\n").unwrap();
            let mut tls = acceptor.start_tls(reader, writer).await.unwrap();
            let mut all = Vec::new();
            tls.read_to_end(&mut all).await.unwrap();
            tls.write_all(&all).await.unwrap();
            tls.close().await.unwrap();
        };
        let mut talk = Box::pin(talk);
        poll_fn(|cx| {
            let polled = talk.as_mut().poll(cx);
            let _ = Pin::new(&mut pump).poll(cx);
            polled
        })
        .await;
        drop(clone);
    };
    assert!(both(client, server).0 == pattern(50_000));
}

/// Buffered halves over TLS over buffered halves: the program before and after looks the same.
#[test]
fn buffered_halves_go_on_over_tls() {
    let (connector, acceptor) = (connecting().build().unwrap(), accepting().build().unwrap());
    let (near, far) = pipe(1 << 16);
    let client = async {
        let tls = connector.connect("localhost", near).await.unwrap();
        let (read, write) = tls.into_split();
        let (mut reader, writer) = trill_io::joined(read, write);
        for number in 0..1_000 {
            writer.write(format!("{number}\n").as_bytes()).unwrap();
        }
        writer.close().await.unwrap();
        let mut lines = 0;
        while !reader.read_line().await.unwrap().is_empty() {
            lines += 1;
        }
        lines
    };
    let server = async {
        let tls = acceptor.accept(far).await.unwrap();
        let (read, write) = tls.into_split();
        let (mut reader, writer) = trill_io::joined(read, write);
        loop {
            let line = reader.read_line().await.unwrap();
            if line.is_empty() {
                break;
            }
            writer.write(&line).unwrap();
            writer.drain().await.unwrap();
        }
        writer.close().await.unwrap();
    };
    assert_eq!(both(client, server).0, 1_000);
}
