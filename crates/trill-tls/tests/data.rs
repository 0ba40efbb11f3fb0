//! Bytes come whole and in order; who waits is woken; each side ends when it likes.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod common;

use std::io::{ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::Poll;

use common::{Woken, agreed, agreed_over, alone, both, pattern, pipe, pipe_in_steps};
use futures_io::{AsyncBufRead, AsyncRead, AsyncWrite};
use futures_lite::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use trill_tls::TlsStream;

/// Sends a pattern from one to the other, and closes.
fn transfer<A, B>(mut from: A, mut to: B, len: usize, buffer: usize)
where
    A: AsyncWrite + Unpin,
    B: AsyncRead + Unpin,
{
    let sent = pattern(len);
    let send = async {
        from.write_all(&sent).await.unwrap();
        from.close().await.unwrap();
    };
    let receive = async {
        let mut got = Vec::new();
        let mut part = vec![0; buffer];
        loop {
            match to.read(&mut part).await.unwrap() {
                0 => return got,
                count => got.extend_from_slice(&part[..count]),
            }
        }
    };
    let ((), got) = both(send, receive);
    assert!(
        got == sent,
        "{} of {len} bytes came, or not the same",
        got.len()
    );
}

#[test]
fn bytes_come_whole_whatever_the_buffers_are() {
    for room in [600, 5_000, 1 << 16, 1 << 20] {
        for buffer in [1, 7, 4_096, 16_384, 100_000] {
            let len = if buffer == 1 { 40_000 } else { 300_000 };
            let (client, server) = agreed(room);
            transfer(client, server, len, buffer);
            let (client, server) = agreed(room);
            transfer(server, client, len, buffer);
        }
    }
}

#[test]
fn bytes_come_whole_over_a_stream_that_moves_one_at_a_time() {
    let (client, server) = agreed_over(pipe_in_steps(1 << 16, 1));
    transfer(client, server, 20_000, 4_096);
    let (client, server) = agreed_over(pipe_in_steps(3, 1));
    transfer(client, server, 2_000, 10);
}

#[test]
fn writer_is_held_up_by_a_reader_that_does_not_read() {
    let (mut client, mut server) = agreed(4_096);
    let bytes = pattern(1 << 20);
    let waker = Woken::new();
    let mut taken = 0;
    loop {
        let mut write = client.write(&bytes[taken..]);
        match waker.poll(Pin::new(&mut write)) {
            Poll::Ready(count) => taken += count.unwrap(),
            Poll::Pending => break,
        }
    }
    // One write's worth is taken, and no more.
    assert!(taken <= 64 * 1024, "{taken}");
    waker.take();
    let mut part = vec![0; taken];
    // A part of a record is no plaintext yet, but it is taken from the stream.
    let reader = Woken::new();
    assert!(
        reader
            .poll(Pin::new(&mut server.read(&mut part)))
            .is_pending()
    );
    assert!(waker.take(), "room for more wakes the writer");
    let rest = async {
        client.write_all(&bytes[taken..]).await.unwrap();
        client.close().await.unwrap();
    };
    let mut got = 0;
    let read = async {
        while let count @ 1.. = server.read(&mut part).await.unwrap() {
            got += count;
        }
    };
    both(rest, read);
    assert_eq!(got, bytes.len());
}

#[test]
fn request_needs_no_flush_before_its_answer_is_read() {
    // The request does not fit: what is left goes out while the client waits for the answer.
    let (mut client, mut server) = agreed(1_000);
    let client = async {
        client.write_all(&pattern(5_000)).await.unwrap();
        let mut answer = [0; 2];
        client.read_exact(&mut answer).await.unwrap();
        answer
    };
    let server = async {
        let mut request = vec![0; 5_000];
        server.read_exact(&mut request).await.unwrap();
        assert!(request == pattern(5_000));
        server.write_all(b"ok").await.unwrap();
        server.flush().await.unwrap();
    };
    assert_eq!(&both(client, server).0, b"ok");
}

#[test]
fn each_side_ends_writing_and_reads_on() {
    for client_first in [true, false] {
        let (client, server) = agreed(1 << 16);
        let (mut first, mut second) = match client_first {
            true => (client, server),
            false => (server, client),
        };
        let first = async {
            first.write_all(b"that is all").await.unwrap();
            first.close().await.unwrap();
            let error = first.write(b"x").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::BrokenPipe);
            // Closing twice is no error.
            first.close().await.unwrap();
            let mut answer = Vec::new();
            first.read_to_end(&mut answer).await.unwrap();
            answer
        };
        let second = async {
            let mut all = Vec::new();
            second.read_to_end(&mut all).await.unwrap();
            assert_eq!(all, b"that is all");
            // The end stays the end.
            assert_eq!(second.read(&mut [0]).await.unwrap(), 0);
            second.write_all(&pattern(100_000)).await.unwrap();
            second.close().await.unwrap();
        };
        assert!(both(first, second).0 == pattern(100_000));
    }
}

#[test]
fn goodbye_to_a_peer_that_has_said_it_and_is_gone_is_no_error() {
    let (mut client, mut server) = agreed(1 << 16);
    alone(server.close()).unwrap();
    drop(server);
    assert_eq!(alone(client.read(&mut [0])).unwrap(), 0);
    alone(client.close()).unwrap();

    // But data that nobody reads is.
    let (mut client, mut server) = agreed(1 << 16);
    alone(server.close()).unwrap();
    drop(server);
    assert_eq!(alone(client.read(&mut [0])).unwrap(), 0);
    let lost = async {
        client.write_all(b"too late").await?;
        client.close().await
    };
    assert_eq!(alone(lost).unwrap_err().kind(), ErrorKind::BrokenPipe);
}

#[test]
fn slices_are_written_as_one_record() {
    let (mut client, mut server) = agreed(1 << 16);
    let before = client.get_ref().carried();
    let slices = [
        IoSlice::new(b"one "),
        IoSlice::new(b""),
        IoSlice::new(b"two"),
    ];
    assert_eq!(alone(client.write_vectored(&slices)).unwrap(), 7);
    // One record: five bytes before it, one kind and a tag of sixteen behind.
    assert_eq!(client.get_ref().carried() - before, 7 + 22);
    let mut got = [0; 7];
    alone(server.read_exact(&mut got)).unwrap();
    assert_eq!(&got, b"one two");
    assert_eq!(alone(client.write(b"")).unwrap(), 0);
    assert_eq!(alone(server.read(&mut [])).unwrap(), 0);
}

#[test]
fn plaintext_can_be_looked_at_in_place() {
    let (mut client, mut server) = agreed(1 << 16);
    let write = async {
        client.write_all(b"a line\nand ").await.unwrap();
        client.write_all(b"more").await.unwrap();
        client.close().await.unwrap();
    };
    alone(write);
    let read = async {
        let mut line = String::new();
        server.read_line(&mut line).await.unwrap();
        assert_eq!(line, "a line\n");
        assert_eq!(server.fill_buf().await.unwrap(), b"and ");
        Pin::new(&mut server).consume(4);
        assert_eq!(server.fill_buf().await.unwrap(), b"more");
        Pin::new(&mut server).consume(4);
        assert_eq!(server.fill_buf().await.unwrap(), b"");
    };
    alone(read);
}

#[test]
fn a_read_takes_what_came_with_one_call_of_the_stream() {
    let (mut client, mut server) = agreed(1 << 20);
    let reads = server.get_ref().reads.clone();
    let count =
        |reads: &std::sync::atomic::AtomicUsize| reads.load(std::sync::atomic::Ordering::Relaxed);
    alone(client.write_all(&pattern(64 * 1024))).unwrap();
    let before = count(&reads);
    let mut buffer = vec![0; 64 * 1024];
    assert_eq!(alone(server.read(&mut buffer)).unwrap(), 64 * 1024);
    assert_eq!(
        count(&reads) - before,
        1,
        "rustls alone would ask seventeen times"
    );
    assert!(buffer == pattern(64 * 1024));
}

/// Both directions at once, more than fits, by halves in two tasks.
fn talk_by_halves<R, W>(read: R, write: W, far: TlsStream<common::End>)
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let (far_read, far_write) = far.into_split();
    let there = async { transfer_async(write, far_read).await };
    let back = async { transfer_async(far_write, read).await };
    both(there, back);
}

async fn transfer_async<A, B>(mut from: A, mut to: B)
where
    A: AsyncWrite + Unpin,
    B: AsyncRead + Unpin,
{
    let sent = pattern(200_000);
    let send = async {
        for part in sent.chunks(1_000) {
            from.write_all(part).await.unwrap();
        }
        from.close().await.unwrap();
    };
    let mut got = Vec::new();
    let receive = to.read_to_end(&mut got);
    let ((), count) = futures_lite::future::zip(send, receive).await;
    count.unwrap();
    assert!(got == sent);
}

#[test]
fn halves_go_both_ways_at_once() {
    let (client, server) = agreed(1_000);
    let (read, write) = client.into_split();
    talk_by_halves(read, write, server);
    let (mut client, server) = agreed(1_000);
    let (read, write) = client.split_mut();
    talk_by_halves(read, write, server);
}

#[test]
fn reader_sends_what_a_dropped_write_has_left_and_the_writer_is_still_woken() {
    let (client, mut server) = agreed(1_000);
    let (mut read, mut write) = client.into_split();
    let (reader, writer) = (Woken::new(), Woken::new());
    // More than fits is taken; the rest waits for somebody.
    assert_eq!(alone(write.write(&pattern(3_000))).unwrap(), 3_000);
    {
        let mut buffer = [0];
        let mut reading = read.read(&mut buffer);
        assert!(reader.poll(Pin::new(&mut reading)).is_pending());
        // The writer waits, too, and its waker must not push the reader's out, nor the other way round.
        let mut flush = write.flush();
        assert!(writer.poll(Pin::new(&mut flush)).is_pending());
        reader.take();
        writer.take();
        let mut part = vec![0; 900];
        let waker = Woken::new();
        let mut far = server.read(&mut part);
        let _ = waker.poll(Pin::new(&mut far));
        assert!(reader.take() && writer.take(), "both are woken");
    }
    // The flush is dropped; a read alone brings everything over.
    let client = async {
        let mut answer = [0; 2];
        read.read_exact(&mut answer).await.unwrap();
        answer
    };
    let far = async {
        let mut got = vec![0; 3_000];
        server.read_exact(&mut got).await.unwrap();
        assert!(got == pattern(3_000));
        server.write_all(b"ok").await.unwrap();
        server.flush().await.unwrap();
    };
    assert_eq!(&both(client, far).0, b"ok");
}

#[test]
fn halves_come_together_again_if_they_are_of_one_stream() {
    let (one, _far) = agreed(1 << 16);
    let (other, _far) = agreed(1 << 16);
    let (read, write) = one.into_split();
    let (other_read, other_write) = other.into_split();
    let error = read.reunite(other_write).unwrap_err();
    assert!(error.to_string().contains("halves of one stream"));
    let trill_tls::ReuniteError(read, other_write) = error;
    read.reunite(write).unwrap();
    other_read.reunite(other_write).unwrap();
}

#[test]
fn dropped_reads_and_writes_lose_no_byte() {
    let (mut client, mut server) = agreed_over(pipe_in_steps(100, 100));
    let sent = pattern(5_000);
    let mut got = Vec::new();
    let mut taken = 0;
    let (writer, reader) = (Woken::new(), Woken::new());
    while got.len() < sent.len() {
        // Each future is polled once and dropped.
        let mut write = client.write(&sent[taken..(taken + 700).min(sent.len())]);
        if let Poll::Ready(count) = writer.poll(Pin::new(&mut write)) {
            taken += count.unwrap();
        }
        let _ = writer.poll(Pin::new(&mut client.flush()));
        let mut part = [0; 333];
        if let Poll::Ready(count) = reader.poll(Pin::new(&mut server.read(&mut part))) {
            got.extend_from_slice(&part[..count.unwrap()]);
        }
    }
    assert!(got == sent);
}

#[test]
fn reading_byte_by_byte_gives_way_to_others() {
    let (mut client, mut server) = agreed(1 << 16);
    alone(client.write_all(&pattern(1_000))).unwrap();
    let waker = Woken::new();
    let mut polls = 0;
    let mut read = std::pin::pin!(async {
        for _ in 0..1_000 {
            server.read(&mut [0]).await.unwrap();
        }
    });
    while trill_cell::with_budget(|| waker.poll(read.as_mut())).is_pending() {
        polls += 1;
    }
    assert!(
        polls >= 1_000 / trill_cell::BUDGET_POLLS as usize,
        "{polls}"
    );
}

#[test]
fn closing_flushes_the_stream_below() {
    let (near, far) = pipe(1 << 16);
    let (mut client, _server) = agreed_over((near, far));
    let before = client.get_ref().flushes();
    alone(client.close()).unwrap();
    assert!(client.get_ref().flushes() > before);
}
