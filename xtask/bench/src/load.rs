//! The client of the echo rows: one thread, one epoll, no runtime, the same for every peer.

use std::io::{self, ErrorKind, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::net::RecvFlags;

use crate::clock::Clock;

/// Connections to an echo server, each with at most one message under way.
pub(crate) struct Load {
    epoll: OwnedFd,
    events: Vec<Event>,
    connections: Vec<Connection>,
    message: Vec<u8>,
    buffer: Vec<u8>,
    /// How long each message took.
    spans: Vec<Duration>,
}

impl Load {
    /// Connects `count` times; messages will have `bytes` bytes.
    ///
    /// # Errors
    ///
    /// When a connection or a descriptor is refused.
    pub(crate) fn connect(address: SocketAddr, count: usize, bytes: usize) -> io::Result<Self> {
        let mut load = Self {
            epoll: epoll::create(CreateFlags::CLOEXEC)?,
            events: Vec::with_capacity(EVENTS),
            connections: Vec::with_capacity(count),
            message: (0..bytes).map(|index| index as u8).collect(),
            buffer: vec![0; bytes],
            spans: Vec::new(),
        };
        load.add(address, count)?;
        Ok(load)
    }

    /// Connects `count` times more.
    ///
    /// # Errors
    ///
    /// When a connection or a descriptor is refused.
    pub(crate) fn add(&mut self, address: SocketAddr, count: usize) -> io::Result<()> {
        for _ in 0..count {
            let index = self.connections.len();
            let stream = connect(address, index)?;
            let data = EventData::new_u64(index as u64);
            epoll::add(&self.epoll, &stream, data, EventFlags::IN)?;
            self.connections.push(Connection {
                stream,
                received: 0,
                sent: None,
            });
        }
        Ok(())
    }

    /// How long each message took since the last call.
    pub(crate) fn take_spans(&mut self) -> Vec<Duration> {
        std::mem::take(&mut self.spans)
    }

    /// Sends `messages` in all, one at a time on each connection, and waits until all came back.
    /// Returns the wall time.
    ///
    /// # Errors
    ///
    /// When the server closes, sends something else, or stays silent for ten seconds.
    pub(crate) fn exchange(&mut self, messages: usize) -> io::Result<Duration> {
        let clock = Clock::start();
        let first = messages.min(self.connections.len());
        for connection in &mut self.connections[..first] {
            connection.send(&self.message)?;
        }
        let (mut to_send, mut to_receive) = (messages - first, messages);
        while to_receive > 0 {
            self.events.clear();
            match epoll::wait(
                &self.epoll,
                spare_capacity(&mut self.events),
                Some(&SILENCE),
            ) {
                Ok(0) => return Err(io::Error::new(ErrorKind::TimedOut, "the server is silent")),
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
            for event in &self.events {
                let connection = &mut self.connections[event.data.u64() as usize];
                if !connection.receive(&self.message, &mut self.buffer)? {
                    continue;
                }
                to_receive -= 1;
                self.spans.extend(connection.sent.map(Clock::elapsed));
                if to_send > 0 {
                    to_send -= 1;
                    connection.send(&self.message)?;
                }
            }
        }
        Ok(clock.elapsed())
    }
}

struct Connection {
    stream: TcpStream,
    received: usize,
    sent: Option<Clock>,
}

impl Connection {
    fn send(&mut self, message: &[u8]) -> io::Result<()> {
        self.sent = Some(Clock::start());
        self.stream.write_all(message)
    }

    /// Reads what is there; true once a whole message came back.
    fn receive(&mut self, message: &[u8], buffer: &mut [u8]) -> io::Result<bool> {
        let rest = &mut buffer[self.received..];
        let count = match rustix::net::recv(&self.stream, rest, RecvFlags::DONTWAIT) {
            Ok((0, _)) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok((count, _)) => count,
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => return Ok(false),
            Err(errno) => return Err(errno.into()),
        };
        let end = self.received + count;
        if buffer[self.received..end] != message[self.received..end] {
            return Err(io::Error::new(ErrorKind::InvalidData, "the echo differs"));
        }
        self.received = end % message.len();
        Ok(end == message.len())
    }
}

/// Connects from a loopback address that has ports left.
fn connect(address: SocketAddr, index: usize) -> io::Result<TcpStream> {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
    let source = Ipv4Addr::new(127, 0, 0, 1 + (index / PORTS_PER_ADDRESS) as u8);
    if source != Ipv4Addr::LOCALHOST {
        socket.bind(&SocketAddr::from((source, 0)).into())?;
    }
    socket.connect(&address.into())?;
    socket.set_tcp_nodelay(true)?;
    // Closed by a reset: thousands of ports left in TIME_WAIT would slow down the measurements after
    // this one, and in the end leave none to connect from.
    socket.set_linger(Some(Duration::ZERO))?;
    Ok(socket.into())
}

/// Events taken from the kernel at once.
const EVENTS: usize = 512;
/// How long a server may stay silent before the measurement fails.
const SILENCE: rustix::time::Timespec = rustix::time::Timespec {
    tv_sec: 10,
    tv_nsec: 0,
};
/// Connections from one source address: with many more of its 28,000 ports taken, finding a free one
/// would cost more than all else (300 µs at 20,000).
const PORTS_PER_ADDRESS: usize = 5_000;
