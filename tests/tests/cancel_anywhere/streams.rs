//! The cases of trill-io: every byte comes once, in order, whatever is dropped.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_lite::io::{AsyncRead, AsyncWrite};
use trill_io::{Reader, Writer};

use crate::case;
use crate::harness::pause;
use crate::pipe::Pipe;

/// A reader, the other end of its stream, and what was read.
struct Reading {
    pipe: Pipe,
    reader: RefCell<Reader<Pipe>>,
    got: RefCell<Vec<u8>>,
}

impl Reading {
    fn new() -> Reading {
        let pipe = Pipe::new(0);
        Reading {
            reader: RefCell::new(Reader::new(pipe.clone())),
            pipe,
            got: RefCell::default(),
        }
    }

    /// Sends two lines, in pieces.
    async fn send(&self) {
        for piece in ["ab", "cd", "\ne", "f\n"] {
            pause().await;
            pause().await;
            self.pipe.feed(piece.as_bytes());
        }
        self.pipe.end();
    }

    fn keep(&self, bytes: &[u8]) {
        self.got.borrow_mut().extend(bytes);
    }

    /// Asserts that what was read and what is left are what was sent.
    async fn is_whole(&self) {
        let rest = self.reader.borrow_mut().read_to_end(64).await.unwrap();
        self.keep(&rest);
        assert_eq!(&*self.got.borrow(), b"abcd\nef\n");
    }
}

case!(read: "trill_io::Reader::read",
    setup: Reading::new(),
    script: |stream| { stream.send().await },
    wait: |stream| {
        let mut reader = stream.reader.borrow_mut();
        for _ in 0..3 {
            stream.keep(&reader.read(3).await.unwrap());
        }
    },
    after: |stream, _| { stream.is_whole().await },
    keeps: "the stream lives on, and has the waker of its last poll",
);

case!(read_into: "trill_io::Reader::read_into",
    setup: Reading::new(),
    script: |stream| { stream.send().await },
    wait: |stream| {
        let mut reader = stream.reader.borrow_mut();
        for _ in 0..3 {
            let mut buffer = [0; 3];
            let count = reader.read_into(&mut buffer).await.unwrap();
            stream.keep(&buffer[..count]);
        }
    },
    after: |stream, _| { stream.is_whole().await },
    keeps: "the stream lives on, and has the waker of its last poll",
);

case!(read_exact: "trill_io::Reader::read_exact",
    setup: Reading::new(),
    script: |stream| { stream.send().await },
    wait: |stream| {
        let mut reader = stream.reader.borrow_mut();
        for _ in 0..2 {
            stream.keep(&reader.read_exact(3).await.unwrap());
        }
    },
    after: |stream, _| { stream.is_whole().await },
    keeps: "the stream lives on, and has the waker of its last poll",
);

case!(read_until: "trill_io::Reader::read_until",
    setup: Reading::new(),
    script: |stream| { stream.send().await },
    wait: |stream| {
        let mut reader = stream.reader.borrow_mut();
        stream.keep(&reader.read_until(["d\ne", "\n"]).await.unwrap());
        stream.keep(&reader.read_until("\n").await.unwrap());
    },
    after: |stream, _| { stream.is_whole().await },
    keeps: "the stream lives on, and has the waker of its last poll",
);

case!(read_line: "trill_io::Reader::read_line",
    setup: Reading::new(),
    script: |stream| { stream.send().await },
    wait: |stream| {
        let mut reader = stream.reader.borrow_mut();
        for _ in 0..2 {
            stream.keep(&reader.read_line().await.unwrap());
        }
    },
    after: |stream, _| { stream.is_whole().await },
    keeps: "the stream lives on, and has the waker of its last poll",
);

case!(read_to_end: "trill_io::Reader::read_to_end",
    setup: Reading::new(),
    script: |stream| { stream.send().await },
    wait: |stream| {
        let bytes = stream.reader.borrow_mut().read_to_end(64).await.unwrap();
        stream.keep(&bytes);
    },
    after: |stream, _| { stream.is_whole().await },
    keeps: "the stream lives on, and has the waker of its last poll",
);

/// A writer with marks at 2 and 4, the other end of its stream, which holds 2, and what came there.
struct Writing {
    pipe: Pipe,
    writer: Writer<Pipe>,
    came: RefCell<Vec<u8>>,
}

impl Writing {
    /// Eight bytes are written to begin with, which is too many.
    fn new() -> Writing {
        let pipe = Pipe::new(2);
        let writing = Writing {
            writer: Writer::with_water_marks(2, 4, pipe.clone()),
            pipe,
            came: RefCell::default(),
        };
        writing.writer.write(b"abcdefgh").unwrap();
        writing
    }

    /// Takes two bytes at a time.
    async fn receive(&self) {
        for _ in 0..5 {
            pause().await;
            pause().await;
            self.came.borrow_mut().extend(self.pipe.take());
        }
    }

    /// Sends all, and returns it.
    async fn all(&self) -> Vec<u8> {
        self.pipe.open_wide();
        self.writer.flush().await.unwrap();
        self.came.borrow_mut().extend(self.pipe.take());
        self.came.take()
    }
}

case!(drain: "trill_io::Writer::drain",
    setup: Writing::new(),
    script: |stream| { stream.receive().await },
    wait: |stream| stream.writer.drain().await.unwrap(),
    behind: |stream| { stream.writer.drain().await.unwrap() },
    after: |stream, _| { assert_eq!(stream.all().await, b"abcdefgh") },
    keeps: "the stream lives on, and has the waker of its last poll",
);

case!(write_all: "trill_io::Writer::write_all",
    setup: Writing::new(),
    script: |stream| { stream.receive().await },
    wait: |stream| stream.writer.write_all(b"12").await.unwrap(),
    behind: |stream| { stream.writer.write_all(b"34").await.unwrap() },
    after: |stream, output| {
        let all = stream.all().await;
        let (first, rest) = all.split_at(8);
        assert_eq!(first, b"abcdefgh");
        let written = output.is_some();
        let either = if written { [&b"1234"[..], b"3412"] } else { [&b"34"[..]; 2] };
        assert!(either.contains(&rest), "{rest:?}");
    },
    keeps: "the stream lives on, and has the waker of its last poll",
);

case!(flush: "trill_io::Writer::flush",
    setup: Writing::new(),
    script: |stream| { stream.receive().await },
    wait: |stream| stream.writer.flush().await.unwrap(),
    behind: |stream| { stream.writer.flush().await.unwrap() },
    after: |stream, _| { assert_eq!(stream.all().await, b"abcdefgh") },
    keeps: "the stream lives on, and has the waker of its last poll",
);

case!(close: "trill_io::Writer::close",
    setup: Writing::new(),
    script: |stream| { stream.receive().await },
    wait: |stream| stream.writer.close().await.unwrap(),
    behind: |stream| { stream.writer.close().await.unwrap() },
    after: |stream, _| {
        stream.came.borrow_mut().extend(stream.pipe.take());
        assert_eq!(stream.came.take(), b"abcdefgh");
        assert_eq!(stream.pipe.closed(), 1);
        assert!(stream.writer.write(b"x").is_err());
    },
    keeps: "the stream lives on, and has the waker of its last poll",
);

case!(pump: "trill_io::Writer::pump",
    setup: Writing::new(),
    script: |stream| {
        stream.receive().await;
        stream.writer.write(b"!").unwrap();
        pause().await;
        stream.pipe.open_wide();
        stream.writer.close().await.unwrap();
    },
    wait: |stream| stream.writer.pump().await.unwrap(),
    after: |stream, _| {
        stream.came.borrow_mut().extend(stream.pipe.take());
        assert_eq!(stream.came.take(), b"abcdefgh!");
        assert_eq!(stream.pipe.closed(), 1);
    },
    keeps: "the stream lives on, and has the waker of its last poll",
);

/// A connection: reads from one pipe, writes to another.
struct Duplex {
    from: Pipe,
    to: Pipe,
}

impl AsyncRead for Duplex {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.from).poll_read(cx, buf)
    }
}

impl AsyncWrite for Duplex {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.to).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.to).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.to).poll_close(cx)
    }
}

case!(copy_bidirectional: "trill_io::copy_bidirectional",
    setup: {
        let [ask, asked, answer, answered] = [(); 4].map(|()| Pipe::new(64));
        let client = Duplex { from: ask.clone(), to: answered.clone() };
        let server = Duplex { from: answer.clone(), to: asked.clone() };
        (RefCell::new((client, server)), [ask, asked, answer, answered])
    },
    script: |(_, [ask, _, answer, _])| {
        for _ in 0..2 {
            pause().await;
            ask.feed(b"ask");
            pause().await;
            answer.feed(b"answer");
        }
        ask.end();
        pause().await;
        answer.end();
    },
    wait: |(ends, _)| {
        let (client, server) = &mut *ends.borrow_mut();
        trill_io::copy_bidirectional(client, server).await.unwrap()
    },
    after: |(_, [_, asked, _, answered]), output| {
        // What was read and not written yet is lost with the future; nothing comes twice.
        let (asked, answered) = (asked.take(), answered.take());
        assert!(b"askask".starts_with(&asked) && b"answeranswer".starts_with(&answered));
        assert!(output.is_none() || (asked.len(), answered.len()) == (6, 12));
    },
    keeps: "the streams live on, and have the wakers of their last polls",
);
