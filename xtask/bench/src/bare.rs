//! The echo server without a runtime: one thread, one edge-triggered epoll. The floor of the rows
//! that serve sockets.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};

use crate::serve::OPEN;

/// Serves for ever.
///
/// # Errors
///
/// When the operating system refuses a descriptor or a connection.
pub(crate) fn serve(listener: TcpListener, buffer_bytes: usize, answer: Answer) -> io::Result<()> {
    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    let edge = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
    epoll::add(&epoll, &listener, EventData::new_u64(LISTENER), edge)?;
    let mut slots: Vec<Option<Connection>> = Vec::new();
    let mut free: Vec<usize> = Vec::new();
    let mut events: Vec<Event> = Vec::with_capacity(EVENTS);
    loop {
        events.clear();
        match epoll::wait(&epoll, spare_capacity(&mut events), None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        for event in &events {
            if event.data.u64() == LISTENER {
                while let Some(stream) = accept(&listener)? {
                    let index = free.pop().unwrap_or(slots.len());
                    epoll::add(&epoll, &stream, EventData::new_u64(index as u64), edge)?;
                    let connection = Connection::new(stream, buffer_bytes, answer);
                    if index == slots.len() {
                        slots.push(Some(connection));
                    } else {
                        slots[index] = Some(connection);
                    }
                    OPEN.opened();
                }
                continue;
            }
            let index = event.data.u64() as usize;
            let Some(connection) = &mut slots[index] else {
                continue;
            };
            let flags = event.flags;
            let ended = flags.intersects(EventFlags::RDHUP | EventFlags::HUP);
            if connection.serve(ended).is_err() {
                slots[index] = None;
                free.push(index);
                OPEN.closed();
            }
        }
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
/// The event data of the listener, which no connection's index reaches.
const LISTENER: u64 = u64::MAX;
/// Events taken from the kernel at once.
const EVENTS: usize = 512;
