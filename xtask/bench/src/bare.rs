//! The echo server without a runtime: on each thread one edge-triggered epoll with connections of its own. The floor of
//! the rows that serve sockets.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::event::{EventfdFlags, eventfd};

use crate::clock;
use crate::serve::OPEN;

/// Serves for ever: this thread accepts, and deals the connections in turn to `threads` threads, of which it is the first.
/// A connection stays where it was dealt, and no thread ever does another's work.
///
/// # Errors
///
/// When the operating system refuses a descriptor, a thread or a connection.
pub(crate) fn serve(
    listener: TcpListener,
    threads: usize,
    buffer_bytes: usize,
    answer: Answer,
) -> io::Result<()> {
    let mut others = Vec::new();
    for _ in 1..threads {
        let (hand, seat) = deal()?;
        clock::start_thread("serve", move || {
            let table = Table::new(buffer_bytes, answer);
            if let Err(error) = table.and_then(|mut table| table.serve_dealt(&seat)) {
                eprintln!("bare: a thread of the server ended: {error}");
                std::process::exit(1);
            }
        })?;
        others.push(hand);
    }
    Table::new(buffer_bytes, answer)?.serve_accepted(&listener, &others)
}

/// Where the thread that accepts gives connections to another one.
struct Hand {
    streams: Sender<TcpStream>,
    bell: Arc<OwnedFd>,
}

/// Where that one takes them.
struct Seat {
    streams: Receiver<TcpStream>,
    bell: Arc<OwnedFd>,
}

fn deal() -> io::Result<(Hand, Seat)> {
    let (sender, receiver) = mpsc::channel();
    let bell = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
    let hand = Hand {
        streams: sender,
        bell: Arc::clone(&bell),
    };
    let seat = Seat {
        streams: receiver,
        bell,
    };
    Ok((hand, seat))
}

/// What one thread serves.
struct Table {
    epoll: OwnedFd,
    buffer_bytes: usize,
    answer: Answer,
    slots: Vec<Option<Connection>>,
    free: Vec<usize>,
    events: Vec<Event>,
}

impl Table {
    fn new(buffer_bytes: usize, answer: Answer) -> io::Result<Self> {
        Ok(Self {
            epoll: epoll::create(CreateFlags::CLOEXEC)?,
            buffer_bytes,
            answer,
            slots: Vec::new(),
            free: Vec::new(),
            events: Vec::with_capacity(EVENTS),
        })
    }

    /// Serves what it accepts, but for what it deals to `others`.
    fn serve_accepted(&mut self, listener: &TcpListener, others: &[Hand]) -> io::Result<()> {
        epoll::add(&self.epoll, listener, EventData::new_u64(FIRST), EDGE)?;
        let mut turn = 0;
        loop {
            if !self.turn()? {
                continue;
            }
            while let Some(stream) = accept(listener)? {
                match others.get(turn) {
                    Some(other) => {
                        let gone = |_: mpsc::SendError<TcpStream>| {
                            io::Error::other("a thread of the server ended")
                        };
                        other.streams.send(stream).map_err(gone)?;
                        rustix::io::write(&*other.bell, &1_u64.to_ne_bytes())?;
                        turn += 1;
                    }
                    None => {
                        self.add(stream)?;
                        turn = 0;
                    }
                }
            }
        }
    }

    /// Serves what it is dealt.
    fn serve_dealt(&mut self, seat: &Seat) -> io::Result<()> {
        epoll::add(&self.epoll, &*seat.bell, EventData::new_u64(FIRST), EDGE)?;
        loop {
            if self.turn()? {
                for stream in seat.streams.try_iter() {
                    self.add(stream)?;
                }
            }
        }
    }

    fn add(&mut self, stream: TcpStream) -> io::Result<()> {
        let index = self.free.pop().unwrap_or(self.slots.len());
        let data = EventData::new_u64(index as u64);
        epoll::add(&self.epoll, &stream, data, EDGE)?;
        let connection = Connection::new(stream, self.buffer_bytes, self.answer);
        if index == self.slots.len() {
            self.slots.push(Some(connection));
        } else {
            self.slots[index] = Some(connection);
        }
        OPEN.opened();
        Ok(())
    }

    /// Waits once and serves what is ready; says whether [`FIRST`] is.
    fn turn(&mut self) -> io::Result<bool> {
        self.events.clear();
        match epoll::wait(&self.epoll, spare_capacity(&mut self.events), None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        let mut is_first = false;
        for event in &self.events {
            if event.data.u64() == FIRST {
                is_first = true;
                continue;
            }
            let index = event.data.u64() as usize;
            let Some(connection) = &mut self.slots[index] else {
                continue;
            };
            let flags = event.flags;
            let ended = flags.intersects(EventFlags::RDHUP | EventFlags::HUP);
            if connection.serve(ended).is_err() {
                self.slots[index] = None;
                self.free.push(index);
                OPEN.closed();
            }
        }
        Ok(is_first)
    }
}

/// What a connection sends back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// What it read.
    Echo,
    /// A response for each blank line that it read, which ends a request: the cheapest HTTP there can be.
    Http,
}

struct Connection {
    stream: TcpStream,
    answer: Answer,
    buffer: Vec<u8>,
    /// Bytes to be written and not yet written: `out()[start..end]`.
    start: usize,
    end: usize,
    /// The responses, where it does not echo.
    responses: Vec<u8>,
    /// How much of the blank line that ends a request was read.
    blank: usize,
}

impl Connection {
    fn new(stream: TcpStream, buffer_bytes: usize, answer: Answer) -> Self {
        Self {
            stream,
            answer,
            buffer: vec![0; buffer_bytes],
            start: 0,
            end: 0,
            responses: Vec::new(),
            blank: 0,
        }
    }

    /// Reads and writes until the kernel has no more, or until a short read on a stream that has not
    /// `ended`, which says the same without one more system call.
    fn serve(&mut self, ended: bool) -> io::Result<()> {
        while self.flush()? {
            let count = match self.stream.read(&mut self.buffer) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => count,
                Err(error) => return unless_would_block(error),
            };
            (self.start, self.end) = (0, self.take(count));
            if count < self.buffer.len() && !ended {
                self.flush()?;
                break;
            }
        }
        Ok(())
    }

    /// Makes what is to be sent of what was read; returns its length.
    fn take(&mut self, count: usize) -> usize {
        if self.answer == Answer::Echo {
            return count;
        }
        self.responses.clear();
        for &byte in &self.buffer[..count] {
            self.blank = match byte == BLANK[self.blank] {
                true => self.blank + 1,
                false => usize::from(byte == BLANK[0]),
            };
            if self.blank == BLANK.len() {
                self.blank = 0;
                self.responses.extend_from_slice(RESPONSE);
            }
        }
        self.responses.len()
    }

    /// Writes what is to be sent; false if the kernel took only a part.
    fn flush(&mut self) -> io::Result<bool> {
        while self.start < self.end {
            let out = match self.answer {
                Answer::Echo => &self.buffer,
                Answer::Http => &self.responses,
            };
            match self.stream.write(&out[self.start..self.end]) {
                Ok(count) => self.start += count,
                Err(error) => return unless_would_block(error).map(|()| false),
            }
        }
        Ok(true)
    }
}

fn accept(listener: &TcpListener) -> io::Result<Option<TcpStream>> {
    match listener.accept() {
        Ok((stream, _)) => {
            stream.set_nonblocking(true)?;
            stream.set_nodelay(true)?;
            Ok(Some(stream))
        }
        Err(error) => unless_would_block(error).map(|()| None),
    }
}

fn unless_would_block(error: io::Error) -> io::Result<()> {
    match error.kind() {
        ErrorKind::WouldBlock => Ok(()),
        _ => Err(error),
    }
}

/// Ends a request.
const BLANK: &[u8] = b"\r\n\r\n";
/// What hyper sends for the same page, but for the date.
const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 13\r\n\
    date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\nHello, World!";
/// The event data of what brings connections, which no connection's index reaches.
const FIRST: u64 = u64::MAX;
/// What is waited for, told once for each change.
const EDGE: EventFlags = EventFlags::IN
    .union(EventFlags::OUT)
    .union(EventFlags::RDHUP)
    .union(EventFlags::ET);
/// Events taken from the kernel at once.
const EVENTS: usize = 512;
