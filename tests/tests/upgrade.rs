//! A connection that begins in plain text goes on in frames: no byte is lost where one becomes the other.
//!
//! The frames stand for TLS: a layer that starts in the middle of what was read already, behind what was not sent yet.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::io::{AsyncRead, AsyncWrite};
use trill::net::unix::UnixStream;
use trill_io::{ReadError, Reader, Writer};
use trill_park::block_on;

/// What the frames carry.
const SECRET: &[u8] = b"the quick brown fox jumps over the lazy dog, twice: the quick brown fox jumps over the lazy dog";

/// A stream that arrives in pieces, with a wait before each.
struct Pieces(VecDeque<Vec<u8>>, bool);

impl Pieces {
    /// Cuts `data` after each byte whose bit is set.
    fn cut(data: &[u8], cuts: impl Fn(usize) -> bool) -> Pieces {
        let mut pieces = VecDeque::from([Vec::new()]);
        for (at, byte) in data.iter().enumerate() {
            pieces.back_mut().unwrap().push(*byte);
            if cuts(at) {
                pieces.push_back(Vec::new());
            }
        }
        pieces.retain(|piece| !piece.is_empty());
        Pieces(pieces, false)
    }
}

impl AsyncRead for Pieces {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.1 = !self.1;
        if self.1 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let Some(mut piece) = self.0.pop_front() else {
            return Poll::Ready(Ok(0));
        };
        let count = piece.len().min(buf.len());
        buf[..count].copy_from_slice(&piece[..count]);
        let rest = piece.split_off(count);
        if !rest.is_empty() {
            self.0.push_front(rest);
        }
        Poll::Ready(Ok(count))
    }
}

/// One frame: its length, its number, and its bytes turned over by both, so that a byte too many or too few is noticed.
fn frame(number: u8, plain: &[u8]) -> Vec<u8> {
    let len = u8::try_from(plain.len()).unwrap();
    let key = number.wrapping_mul(31) ^ len;
    let turned = plain.iter().map(|byte| byte ^ key);
    [len, number].into_iter().chain(turned).collect()
}

fn frames(plain: &[u8], size: usize) -> Vec<u8> {
    let numbered = plain.chunks(size).zip(0..);
    numbered
        .flat_map(|(part, number)| frame(number, part))
        .collect()
}

/// Reads frames until the end of the stream, and returns what they carried.
async fn open_frames<R: AsyncRead + Unpin>(mut reader: Reader<R>) -> Result<Vec<u8>, ReadError> {
    let mut plain = Vec::new();
    for number in 0.. {
        let head = match reader.read(1).await? {
            head if head.is_empty() => break,
            head => [head[0], reader.read_exact(1).await?[0]],
        };
        assert_eq!(head[1], number, "a frame is missing or cut");
        let key = number.wrapping_mul(31) ^ head[0];
        let turned = reader.read_exact(usize::from(head[0])).await?;
        plain.extend(turned.iter().map(|byte| byte ^ key));
    }
    Ok(plain)
}

/// Reads the plain beginning, takes the reader apart, and goes on with frames.
fn upgrade(stream: Pieces) -> Vec<u8> {
    block_on(async {
        let mut plain = Reader::with_limit(64, stream);
        assert_eq!(plain.read_line().await.unwrap(), b"STARTTLS\n");
        // What belongs to the frames may be buffered already, from nothing to everything.
        let (stream, buffered) = plain.into_parts();
        open_frames(Reader::from_parts(16, stream, buffered)).await
    })
    .unwrap()
}

fn connection() -> Vec<u8> {
    [&b"STARTTLS\n"[..], &frames(SECRET, 7)].concat()
}

// Next in line 2: TLS upgrade loses no buffered byte. The plain part ends anywhere in a piece.
#[test]
fn frames_after_a_plain_line_are_whole_wherever_the_pieces_end() {
    let data = connection();
    assert_eq!(upgrade(Pieces::cut(&data, |_| false)), SECRET);
    assert_eq!(upgrade(Pieces::cut(&data, |_| true)), SECRET);
    for cut in 0..data.len() {
        assert_eq!(upgrade(Pieces::cut(&data, |at| at == cut)), SECRET, "{cut}");
    }
}

// Next in line 2, over 10,000 ways to cut the stream, and places where a reader that waits is dropped and made anew.
// Fault 10a
#[test]
fn ten_thousand_ways_to_cut_and_to_drop_lose_no_byte() {
    let data = connection();
    for seed in 0..10_000_u64 {
        let world = trill_world::VirtualWorld::new(seed);
        let plain = world.run(|| {
            let cuts: Vec<bool> = data
                .iter()
                .map(|_| trill_world::random("cut") % 4 == 0)
                .collect();
            block_on(async {
                let mut reader = Reader::with_limit(64, Pieces::cut(&data, |at| cuts[at]));
                // Readers taken apart and put together again while the line is not complete, as by a layer that only looks.
                let line = loop {
                    let mut read = reader.read_line();
                    let polled = std::future::poll_fn(|cx| {
                        let polled = Pin::new(&mut read).poll(cx);
                        match trill_world::random("drop") % 2 {
                            0 => Poll::Ready(polled),
                            _ => polled.map(Poll::Ready),
                        }
                    });
                    match polled.await {
                        Poll::Ready(line) => break line.unwrap(),
                        Poll::Pending => {
                            let (stream, buffered) = reader.into_parts();
                            reader = Reader::from_parts(64, stream, buffered);
                        }
                    }
                };
                assert_eq!(line, b"STARTTLS\n");
                let (stream, buffered) = reader.into_parts();
                open_frames(Reader::from_parts(16, stream, buffered)).await
            })
        });
        assert_eq!(plain.unwrap(), SECRET, "seed {seed}");
    }
}

/// Takes `room` bytes, then no more until it is given more.
struct Narrow {
    room: usize,
    taken: Vec<u8>,
}

impl AsyncWrite for Narrow {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let count = buf.len().min(self.room);
        if count == 0 {
            return Poll::Pending;
        }
        self.room -= count;
        self.taken.extend_from_slice(&buf[..count]);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

// Next in line 2, the other direction: what the plain writer has not sent goes out before the first frame.
#[test]
fn unsent_plain_bytes_go_before_the_first_frame_however_much_was_sent() {
    let answer = b"220 go ahead\r\n";
    let expected = [&answer[..], &frames(SECRET, 7)].concat();
    for room in 0..=answer.len() {
        let plain = Writer::new(Narrow {
            room,
            taken: Vec::new(),
        });
        plain.write(answer).unwrap();
        assert_eq!(plain.buffered(), answer.len() - room);
        let (mut sink, unsent) = plain.into_parts().unwrap();
        assert_eq!(
            (sink.taken.len(), unsent.len()),
            (room, answer.len() - room)
        );
        sink.room = usize::MAX;
        let sealed = Writer::new(sink);
        sealed.write(&unsent).unwrap();
        for (part, number) in SECRET.chunks(7).zip(0..) {
            sealed.write(&frame(number, part)).unwrap();
        }
        block_on(sealed.flush()).unwrap();
        let (sink, unsent) = sealed.into_parts().unwrap();
        assert_eq!(unsent, b"");
        assert_eq!(sink.taken, expected, "{room} bytes were sent");
    }
}

// Next in line 2 over a real socket: the peer sends the frames in one go with the line, before anybody answers.
#[test]
fn a_peer_that_does_not_wait_for_the_answer_loses_nothing() {
    block_on(async {
        let (near, far) = UnixStream::pair().unwrap();
        far.write_all(&connection()).await.unwrap();
        far.shutdown(std::net::Shutdown::Write).unwrap();
        let mut plain = Reader::new(near);
        assert_eq!(plain.read_line().await.unwrap(), b"STARTTLS\n");
        assert!(!plain.buffer().is_empty(), "the frames came with the line");
        let (near, buffered) = plain.into_parts();
        near.write_all(b"220 go ahead\r\n").await.unwrap();
        let sealed = Reader::from_parts(16, near, buffered);
        assert_eq!(open_frames(sealed).await.unwrap(), SECRET);
        let mut answer = [0; 14];
        far.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"220 go ahead\r\n");
    });
}
