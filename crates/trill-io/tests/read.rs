//! Reading by pieces with a limit.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::io;
use std::task::Poll;

use futures_lite::{AsyncBufReadExt, AsyncReadExt, StreamExt};
use support::{Event, Hand, Script, ready};
use trill_io::{ReadError, Reader};
use trill_park::block_on;

fn script(events: impl IntoIterator<Item = Event>) -> Reader<Script> {
    Reader::new(Script::new(events))
}

fn data(bytes: &[u8]) -> Event {
    Event::Data(bytes.to_vec())
}

#[test]
fn read_returns_what_is_there() {
    block_on(async {
        let mut reader = script([data(b"abc"), Event::Wait, data(b"defgh")]);
        // Behaviour 23: 0 is empty at once, and touches nothing.
        assert_eq!(reader.read(0).await.unwrap(), b"");
        assert_eq!(reader.get_ref().events.len(), 3);
        assert_eq!(reader.read(100).await.unwrap(), b"abc");
        assert_eq!(reader.read(2).await.unwrap(), b"de");
        assert_eq!(reader.read(100).await.unwrap(), b"fgh");
        assert_eq!(reader.read(100).await.unwrap(), b"");
        assert!(reader.is_at_end());
        // The stream is not asked again once it has ended.
        assert_eq!(reader.read(1).await.unwrap(), b"");
        assert_eq!(reader.get_ref().after_end, 0);
    });
}

#[test]
fn read_is_not_bounded_by_the_limit() {
    let mut reader = Reader::with_limit(10, Script::new([data(&[7; 5000])]));
    assert_eq!(ready(reader.read(4000)).unwrap().len(), 4000);
    assert_eq!(ready(reader.read(4000)).unwrap().len(), 1000);
}

#[test]
fn read_exact_beyond_the_limit_makes_progress() {
    // Behaviour 23: n > limit, with a stream that gives a little at a time.
    let piece: Vec<u8> = (0..100).collect();
    let events = (0..1000).flat_map(|_| [Event::Wait, data(&piece)]);
    let mut reader = Reader::with_limit(64, Script::new(events));
    let got = block_on(reader.read_exact(90_050)).unwrap();
    assert_eq!(got.len(), 90_050);
    assert!(got.chunks(100).all(|chunk| piece.starts_with(chunk)));
    // What comes behind is still there, in order.
    assert_eq!(block_on(reader.read_exact(50)).unwrap(), &piece[50..]);
    assert_eq!(block_on(reader.read_exact(9_900)).unwrap().len(), 9_900);
    assert_eq!(block_on(reader.read(1)).unwrap(), b"");
}

#[test]
fn read_exact_over_a_socket_makes_progress_beyond_the_limit() {
    use trill_net::unix::UnixStream;
    const LEN: usize = 1 << 20;
    block_on(async {
        let (near, far) = UnixStream::pair().unwrap();
        let bytes: Vec<u8> = (0..LEN).map(|at| (at % 251) as u8).collect();
        let mut reader = Reader::with_limit(16, near);
        let (sent, got) =
            futures_lite::future::zip(far.write_all(&bytes), reader.read_exact(LEN)).await;
        sent.unwrap();
        assert!(got.unwrap() == bytes);
    });
}

#[test]
fn a_length_that_a_peer_made_up_costs_no_memory() {
    let mut reader = script([data(b"abc"), Event::Hang]);
    let mut read = Hand::new(reader.read_exact(usize::MAX));
    assert!(read.poll().is_pending());
    drop(read);
    assert_eq!(reader.buffer(), b"abc");
    let mut reader = script([data(b"abc")]);
    let error = block_on(reader.read_exact(usize::MAX)).unwrap_err();
    let ReadError::Incomplete(incomplete) = error else {
        panic!("{error}");
    };
    assert_eq!(incomplete.expected, Some(usize::MAX));
}

#[test]
fn an_early_end_carries_the_partial_data() {
    block_on(async {
        let mut reader = script([data(b"ab"), Event::Wait, data(b"cd")]);
        let error = reader.read_exact(5).await.unwrap_err();
        assert_eq!(error.to_string(), "the stream ended after 4 of 5 bytes");
        let ReadError::Incomplete(incomplete) = error else {
            panic!("{error}");
        };
        assert_eq!(incomplete.partial, b"abcd");
        // It is not there any more.
        assert_eq!(reader.buffer(), b"");
        assert_eq!(reader.read_exact(0).await.unwrap(), b"");
        let error: io::Error = reader.read_exact(1).await.unwrap_err().into();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);

        let mut reader = script([data(b"no separator")]);
        let error = reader.read_until("--").await.unwrap_err();
        let ReadError::Incomplete(incomplete) = error else {
            panic!("{error}");
        };
        assert_eq!(
            (&*incomplete.partial, incomplete.expected),
            (&b"no separator"[..], None)
        );
        assert!(reader.is_at_end());
    });
}

#[test]
fn an_error_of_the_stream_leaves_what_came_and_stays() {
    block_on(async {
        let reset = io::Error::from_raw_os_error(104);
        let mut reader = script([data(b"abc"), Event::Fail(reset), data(b"never")]);
        let error = reader.read_exact(5).await.unwrap_err();
        let ReadError::Io(error) = error else {
            panic!("{error}");
        };
        assert_eq!(error.raw_os_error(), Some(104));
        assert_eq!(reader.read(10).await.unwrap(), b"abc");
        // Later reads fail in the same way, and do not go on behind the hole.
        for _ in 0..2 {
            assert_eq!(reader.read(10).await.unwrap_err().raw_os_error(), Some(104));
        }
        assert!(matches!(
            reader.read_line().await,
            Err(ReadError::Io(error)) if error.kind() == io::ErrorKind::ConnectionReset
        ));
        assert!(!reader.is_at_end());
    });
}

#[test]
fn an_interrupted_read_is_repeated() {
    let interrupted = || Event::Fail(io::ErrorKind::Interrupted.into());
    let mut reader = script([interrupted(), data(b"ab"), interrupted(), data(b"c\n")]);
    assert_eq!(block_on(reader.read_line()).unwrap(), b"abc\n");
}

#[test]
fn lines_end_with_the_stream_and_without_their_ends() {
    block_on(async {
        let mut reader = script([
            data(b"one\r\ntw"),
            Event::Wait,
            data(b"o\n\n"),
            data(b"last"),
        ]);
        let lines: Vec<_> = Reader::lines(&mut reader)
            .map(Result::unwrap)
            .collect()
            .await;
        assert_eq!(lines, ["one", "two", "", "last"]);
        assert_eq!(reader.read_line().await.unwrap(), b"");
    });
}

#[test]
fn lines_end_after_an_error_and_leave_the_rest() {
    block_on(async {
        let mut reader = script([data(b"good\n\xFF\nnext\n")]);
        let mut lines = Reader::lines(&mut reader);
        assert_eq!(lines.next().await.unwrap().unwrap(), "good");
        let error: io::Error = lines.next().await.unwrap().unwrap_err().into();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert!(lines.next().await.is_none());
        assert_eq!(reader.read_line().await.unwrap(), b"next\n");

        let mut reader = Reader::with_limit(3, Script::new([data(b"abcdef\n")]));
        let mut lines = Reader::lines(&mut reader);
        assert!(matches!(
            lines.next().await,
            Some(Err(ReadError::Overrun(_)))
        ));
        assert!(lines.next().await.is_none());
        assert_eq!(reader.buffer(), b"abcdef\n");
    });
}

#[test]
fn read_to_end_is_bounded() {
    block_on(async {
        let mut reader = script([data(b"abc"), Event::Wait, data(b"def")]);
        let error = reader.read_to_end(5).await.unwrap_err();
        let ReadError::Overrun(overrun) = error else {
            panic!("{error}");
        };
        assert_eq!((overrun.consumable, overrun.limit), (5, 5));
        assert_eq!(reader.buffer(), b"abcdef");
        assert_eq!(reader.read_to_end(6).await.unwrap(), b"abcdef");
        assert_eq!(reader.read_to_end(0).await.unwrap(), b"");
        // A stream without end.
        let mut reader = Reader::new(futures_lite::io::repeat(1));
        assert!(matches!(
            reader.read_to_end(100_000).await,
            Err(ReadError::Overrun(_))
        ));
        assert!(reader.buffer().len() < 400_000);
    });
}

#[test]
fn dropped_reads_take_nothing() {
    let open = || script([data(b"abc"), Event::Hang]);
    let mut reader = open();
    assert!(Hand::new(reader.read_exact(5)).poll().is_pending());
    assert_eq!(reader.buffer(), b"abc");
    assert!(Hand::new(reader.read_until("\n")).poll().is_pending());
    assert!(Hand::new(reader.read_line()).poll().is_pending());
    assert!(Hand::new(reader.read_to_end(9)).poll().is_pending());
    assert!(
        Hand::new(Reader::lines(&mut reader).next())
            .poll()
            .is_pending()
    );
    assert_eq!(ready(reader.read(9)).unwrap(), b"abc");
    assert!(Hand::new(reader.read(9)).poll().is_pending());
    assert!(Hand::new(reader.read_into(&mut [0; 9])).poll().is_pending());
    // Dropped after data has come, and before it is polled for it.
    let mut read = Hand::new(reader.read(9));
    assert!(read.poll().is_pending());
    drop(read);
    reader.get_mut().events = [data(b"xyz\n")].into();
    assert_eq!(ready(reader.read_line()).unwrap(), b"xyz\n");
}

// Fault 10a
#[test]
fn dropped_between_any_two_polls_no_byte_is_lost_or_doubled() {
    let sent: Vec<u8> = (0..200)
        .map(|at| if at % 7 == 6 { b'\n' } else { at })
        .collect();
    for seed in 0..500 {
        let mut chance = support::Chance::new(seed);
        let mut reader = Reader::with_limit(8, Script::cut(&sent, chance.next()));
        let mut got = Vec::new();
        while !reader.is_at_end() {
            let gives_up = chance.below(2) == 0;
            let piece = match chance.below(4) {
                0 => poll_a_bit(reader.read(5), gives_up).map(Result::unwrap),
                1 => poll_a_bit(reader.read_exact(3), gives_up).map(partial),
                2 => poll_a_bit(reader.read_line(), gives_up).map(partial),
                _ => poll_a_bit(reader.read_until(["\n", "\x10\x11"]), gives_up).map(partial),
            };
            got.extend(piece.unwrap_or_default());
        }
        assert_eq!(got, sent, "seed {seed}");
    }
}

/// Polls until it is ready, or once only.
fn poll_a_bit<F: Future>(future: F, gives_up: bool) -> Option<F::Output> {
    let mut future = Hand::new(future);
    loop {
        match future.poll() {
            Poll::Ready(output) => return Some(output),
            Poll::Pending if gives_up => return None,
            Poll::Pending => {}
        }
    }
}

fn partial(result: Result<Vec<u8>, ReadError>) -> Vec<u8> {
    match result {
        Ok(data) => data,
        Err(ReadError::Incomplete(incomplete)) => incomplete.partial,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn extension_traits_see_the_buffer() {
    block_on(async {
        let mut reader = script([data(b"one\ntwo\nthree"), data(b" and four")]);
        assert_eq!(reader.read_line().await.unwrap(), b"one\n");
        let mut line = String::new();
        AsyncBufReadExt::read_line(&mut reader, &mut line)
            .await
            .unwrap();
        assert_eq!(line, "two\n");
        let mut head = [0; 3];
        AsyncReadExt::read_exact(&mut reader, &mut head)
            .await
            .unwrap();
        assert_eq!(&head, b"thr");
        assert_eq!(reader.fill_buf().await.unwrap(), b"ee");
        reader.consume(1);
        // Larger than what is buffered: first the buffer, then past it.
        let mut large = [0; 10_000];
        assert_eq!(
            AsyncReadExt::read(&mut reader, &mut large).await.unwrap(),
            1
        );
        assert_eq!(
            AsyncReadExt::read(&mut reader, &mut large).await.unwrap(),
            9
        );
        assert_eq!(&large[..9], b" and four");
        assert_eq!(
            AsyncReadExt::read(&mut reader, &mut large).await.unwrap(),
            0
        );
        assert!(reader.is_at_end());
    });
}

#[test]
fn parts_keep_the_rest_for_another_reader() {
    let mut reader = script([data(b"STARTTLS\nhello"), data(b" world")]);
    assert_eq!(ready(reader.read_line()).unwrap(), b"STARTTLS\n");
    let (inner, rest) = reader.into_parts();
    let mut reader = Reader::from_parts(100, inner, rest);
    assert_eq!(ready(reader.read_exact(11)).unwrap(), b"hello world");
}

#[test]
fn a_reader_that_claims_too_much_is_found_out() {
    struct Liar;
    impl futures_io::AsyncRead for Liar {
        fn poll_read(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
            buf: &mut [u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(buf.len() + 1))
        }
    }
    let caught = std::panic::catch_unwind(|| ready(Reader::new(Liar).read(1)));
    assert!(caught.is_err());
}

#[test]
fn a_reader_that_panics_leaves_what_came() {
    struct Bomb(usize);
    impl futures_io::AsyncRead for Bomb {
        fn poll_read(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
            buf: &mut [u8],
        ) -> Poll<io::Result<usize>> {
            self.0 += 1;
            assert!(self.0 != 2, "boom");
            buf[0] = b'x';
            Poll::Ready(Ok(1))
        }
    }
    let mut reader = Reader::new(Bomb(0));
    let caught =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| ready(reader.read_exact(3))));
    assert!(caught.is_err());
    assert_eq!(ready(reader.read_exact(3)).unwrap(), b"xxx");
}

#[test]
#[should_panic(expected = "none may be empty")]
fn an_empty_separator_is_refused() {
    drop(script([]).read_until(["a", ""]));
}
