//! When a source counts as ready, and when no longer.
#![allow(clippy::disallowed_methods)] // Threads stand for other programs; they are ordered by channels.

mod support;

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::panic::Location;
use std::task::Waker;
use std::{future, thread};

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use trill_reactor::{Async, Direction};

use support::{drain, fill, in_each, poll, tcp_pair, turns, until_readable};

// Fault 12c
#[test]
fn data_and_end_that_come_together_are_both_seen() {
    in_each(|_| async {
        let (mut server, mut client) = tcp_pair();
        client.write_all(b"hello").unwrap();
        drop(client);
        until_readable(&server);
        let mut buffer = [0; 64];
        // Short: without the end that came with it the readiness would be cleared here for ever.
        assert_eq!(server.read(&mut buffer).await.unwrap(), 5);
        assert_eq!(server.read(&mut buffer).await.unwrap(), 0);
        assert_eq!(server.read(&mut buffer).await.unwrap(), 0);
    });
}

// Fault 12c
#[test]
fn an_end_that_was_delivered_with_data_is_not_cleared_by_a_short_read() {
    in_each(|reactor| async move {
        let (mut server, mut client) = tcp_pair();
        client.write_all(b"hello").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        until_readable(&server);
        // The event with both is delivered before the first read.
        turns(&reactor, 2).await;
        let mut buffer = [0; 64];
        assert_eq!(server.read(&mut buffer).await.unwrap(), 5);
        assert_eq!(server.read(&mut buffer).await.unwrap(), 0);
        server.write_all(b"still open this way").await.unwrap();
        drain(&client, 19);
    });
}

// Fault 12c
#[test]
fn an_end_that_comes_after_a_short_read_is_seen() {
    in_each(|_| async {
        let (mut server, mut client) = tcp_pair();
        client.write_all(b"hello").unwrap();
        let mut buffer = [0; 64];
        assert_eq!(server.read(&mut buffer).await.unwrap(), 5);
        let mut end = Box::pin(server.read(&mut buffer));
        assert!(poll(&mut end, Waker::noop()).is_pending());
        drop(client);
        assert_eq!(end.await.unwrap(), 0);
    });
}

// Fault 13d
#[test]
fn a_reset_is_an_error_for_reader_and_writer() {
    in_each(|_| async {
        let (server, client) = tcp_pair();
        fill(&server);
        // Unread data makes the close a reset.
        drop(client);
        let (mut reader, mut writer) = (&server, &server);
        let error = reader.read(&mut [0; 8]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        let error = writer.write(&[0; 8]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    });
}

// Fault 13d
#[test]
fn a_waiting_reader_and_a_waiting_writer_both_learn_of_a_reset() {
    in_each(|_| async {
        let (server, client) = tcp_pair();
        fill(&server);
        let (mut reader, mut writer) = (&server, &server);
        let mut buffer = [0; 8];
        let read = async {
            let mut read = Box::pin(reader.read(&mut buffer));
            assert!(poll(&mut read, Waker::noop()).is_pending());
            read.await
        };
        let write = async {
            let mut write = Box::pin(writer.write(&[0; 8]));
            assert!(poll(&mut write, Waker::noop()).is_pending());
            drop(client);
            write.await
        };
        let (read, write) = futures_lite::future::zip(read, write).await;
        // The system tells one of them why; the other one finds the stream closed.
        let write = write.unwrap_err().kind();
        match read {
            Ok(count) => assert_eq!((count, write), (0, io::ErrorKind::ConnectionReset)),
            Err(error) => {
                assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
                assert_eq!(write, io::ErrorKind::BrokenPipe);
            }
        }
    });
}

#[test]
fn data_that_came_before_registration_is_read_without_a_turn() {
    in_each(|reactor| async move {
        let (a, mut b) = UnixStream::pair().unwrap();
        b.write_all(b"early").unwrap();
        let before = reactor.turns();
        let mut a = Async::new(a).unwrap();
        let mut buffer = [0; 8];
        assert_eq!(a.read(&mut buffer).await.unwrap(), 5);
        assert_eq!(reactor.turns(), before);
    });
}

#[test]
fn readable_asks_the_system_each_time() {
    in_each(|_| async {
        let (a, mut b) = UnixStream::pair().unwrap();
        let a = Async::new(a).unwrap();
        // Fresh, and nothing there.
        assert!(poll(&mut a.readable(), Waker::noop()).is_pending());
        b.write_all(b"12").unwrap();
        a.readable().await.unwrap();
        // The reader takes a part behind the reactor's back: the rest is still announced.
        a.get_ref().read_exact(&mut [0]).unwrap();
        a.readable().await.unwrap();
        a.get_ref().read_exact(&mut [0]).unwrap();
        // And when it has taken everything, nothing is.
        assert!(poll(&mut a.readable(), Waker::noop()).is_pending());
        b.write_all(b"3").unwrap();
        a.readable().await.unwrap();
    });
}

#[test]
fn writable_waits_until_there_is_room() {
    in_each(|_| async {
        let (a, b) = UnixStream::pair().unwrap();
        let a = Async::new(a).unwrap();
        a.writable().await.unwrap();
        let len = fill(&a);
        let mut writable = a.writable();
        assert!(poll(&mut writable, Waker::noop()).is_pending());
        let drainer = thread::spawn(move || {
            drain(&b, len);
            b
        });
        writable.await.unwrap();
        drainer.join().unwrap();
    });
}

#[test]
fn an_event_between_the_call_and_the_clearing_is_kept() {
    in_each(|reactor| async move {
        let (a, mut b) = UnixStream::pair().unwrap();
        let a = Async::new(a).unwrap();
        let source = a.source();
        let seen = future::poll_fn(|cx| source.poll_ready(cx, Direction::Read))
            .await
            .unwrap();
        let empty = a.get_ref().read(&mut [0]).unwrap_err();
        assert_eq!(empty.kind(), io::ErrorKind::WouldBlock);
        // Before this task can say so, data comes and is delivered.
        b.write_all(b"x").unwrap();
        // Somebody waits, for back ends that deliver nothing otherwise.
        let mut other = a.readable();
        let _ = poll(&mut other, Waker::noop());
        turns(&reactor, 2).await;
        source.clear(Direction::Read, seen);
        let mut buffer = [0; 2];
        let read = future::poll_fn(|cx| {
            source.poll_io(cx, Direction::Read, Location::caller(), || {
                a.get_ref().read(&mut buffer)
            })
        });
        assert_eq!(read.await.unwrap(), 1);
    });
}

#[test]
fn flushing_does_not_wait_for_room() {
    in_each(|_| async {
        let (mut server, _client) = tcp_pair();
        fill(&server);
        let mut writable = server.writable();
        assert!(poll(&mut writable, Waker::noop()).is_pending());
        drop(writable);
        server.flush().await.unwrap();
        server.close().await.unwrap();
    });
}

#[test]
fn urgent_data_does_not_hide_what_follows() {
    in_each(|reactor| async move {
        let (mut server, client) = tcp_pair();
        rustix::net::send(&client, b"ab", rustix::net::SendFlags::OOB).unwrap();
        (&client).write_all(b"cd").unwrap();
        until_readable(&server);
        turns(&reactor, 2).await;
        let mut got = Vec::new();
        let mut buffer = [0; 64];
        // Reads stop at the urgent byte, which is not part of the stream.
        while got.len() < 3 {
            let count = server.read(&mut buffer).await.unwrap();
            got.extend_from_slice(&buffer[..count]);
        }
        assert_eq!(got, b"acd");
    });
}

// Fault 10b
#[test]
fn a_large_transfer_through_small_buffers_arrives_whole() {
    in_each(|_| async {
        let (server, client) = tcp_pair();
        let client = Async::try_from(client).unwrap();
        let data: Vec<u8> = (0..4_000_000u32).map(|i| (i % 251) as u8).collect();
        let send = async {
            (&server).write_all(&data).await.unwrap();
            server.get_ref().shutdown(Shutdown::Write).unwrap();
        };
        let mut got = Vec::new();
        let receive = async { (&client).read_to_end(&mut got).await.unwrap() };
        futures_lite::future::zip(send, receive).await;
        assert!(got == data);
    });
}

#[test]
fn vectored_transfers_use_all_buffers() {
    in_each(|_| async {
        let (server, client) = tcp_pair();
        let client = Async::try_from(client).unwrap();
        let parts = [io::IoSlice::new(b"he"), io::IoSlice::new(b"llo")];
        assert_eq!((&server).write_vectored(&parts).await.unwrap(), 5);
        let (mut first, mut second) = ([0; 3], [0; 3]);
        let mut parts = [
            io::IoSliceMut::new(&mut first),
            io::IoSliceMut::new(&mut second),
        ];
        assert_eq!((&client).read_vectored(&mut parts).await.unwrap(), 5);
        assert_eq!((&first, &second[..2]), (b"hel", &b"lo"[..]));
    });
}

#[test]
fn pipes_end() {
    in_each(|_| async {
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        let reader = Async::<File>::try_from(reader).unwrap();
        let writer = Async::<File>::try_from(writer).unwrap();
        let mut buffer = [0; 8];
        writer.write_with(|mut it| it.write(b"hi")).await.unwrap();
        let mut read = reader.read_with(|mut it| it.read(&mut buffer));
        assert_eq!((&mut read).await.unwrap(), 2);
        drop(read);
        let mut read = reader.read_with(|mut it| it.read(&mut buffer));
        assert!(poll(&mut read, Waker::noop()).is_pending());
        drop(writer);
        assert_eq!(read.await.unwrap(), 0);
    });
}
