//! `Async<T>` for all kinds of `T`.

mod support;

use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, LineWriter, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::process::{Command, Stdio};
use std::task::Waker;

use futures_lite::{AsyncReadExt, AsyncWriteExt, StreamExt};
use trill_reactor::{
    Accept, Async, Connect, IoSafe, Reactor, ReadWith, Readable, ReadableOwned, Source, Waiter,
};

use support::{drain, in_each, poll};

#[test]
fn types_can_go_where_they_are_needed() {
    fn everywhere<T: Send + Sync + Unpin + std::fmt::Debug>() {}
    everywhere::<Async<TcpStream>>();
    everywhere::<Source>();
    everywhere::<Reactor>();
    everywhere::<Waiter<'static>>();
    everywhere::<Readable<'static, TcpStream>>();
    everywhere::<ReadableOwned<TcpStream>>();
    everywhere::<ReadWith<'static, TcpStream, fn(&TcpStream) -> io::Result<()>>>();
    everywhere::<Accept<'static, TcpListener>>();
    everywhere::<Connect>();
    fn send<T: Send>(_: &T) {}
    let socket = Async::<UdpSocket>::bind(([127, 0, 0, 1], 0)).unwrap();
    send(&socket.recv(&mut [0]));
    send(&socket.send_to(b"", ([127, 0, 0, 1], 1)));
    fn safe<T: IoSafe>() {}
    safe::<BufReader<&TcpStream>>();
    safe::<Box<File>>();
    safe::<LineWriter<UnixStream>>();
}

#[test]
fn conversions_keep_the_descriptor() {
    in_each(|_| async {
        let (a, b) = UnixStream::pair().unwrap();
        let fd = a.as_raw_fd();
        let a = Async::<UnixStream>::try_from(OwnedFd::from(a)).unwrap();
        assert_eq!(a.as_raw_fd(), fd);
        assert_eq!(a.as_fd().as_raw_fd(), fd);
        assert_eq!(a.as_ref().as_raw_fd(), fd);
        assert!(format!("{a:?}").contains("UnixStream"));
        let a = OwnedFd::try_from(a).unwrap();
        assert_eq!(a.as_raw_fd(), fd);
        drop(b);
        Async::try_from(UdpSocket::bind(("127.0.0.1", 0)).unwrap()).unwrap();
        Async::try_from(TcpListener::bind(("127.0.0.1", 0)).unwrap()).unwrap();
        Async::try_from(UnixDatagram::unbound().unwrap()).unwrap();
    });
}

#[test]
fn only_new_sets_the_mode() {
    in_each(|_| async {
        let (a, b) = UnixStream::pair().unwrap();
        let is_nonblocking = |fd: &UnixStream| {
            let flags = rustix::fs::fcntl_getfl(fd).unwrap();
            flags.contains(rustix::fs::OFlags::NONBLOCK)
        };
        let a = Async::new_nonblocking(a).unwrap().into_inner().unwrap();
        assert!(!is_nonblocking(&a));
        let b = Async::new(b).unwrap().into_inner().unwrap();
        assert!(is_nonblocking(&b));
    });
}

#[test]
fn wrapped_types_read_and_write() {
    in_each(|_| async {
        let (a, b) = UnixStream::pair().unwrap();
        let mut writer = Async::<BoxedWriter>::new_boxed(a);
        let mut reader = Async::new(Buffered(BufReader::new(b))).unwrap();
        writer.write_all(b"hello").await.unwrap();
        writer.flush().await.unwrap();
        let mut buffer = [0; 5];
        reader.read_exact(&mut buffer).await.unwrap();
        assert_eq!(&buffer, b"hello");
        let mut end = Box::pin(reader.read(&mut buffer));
        assert!(poll(&mut end, Waker::noop()).is_pending());
        drop(writer);
        assert_eq!(end.await.unwrap(), 0);
    });
}

/// Buffers what it reads, so that the descriptor may be empty when it is not.
struct Buffered(BufReader<UnixStream>);

impl AsFd for Buffered {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.0.get_ref().as_fd()
    }
}

impl Read for Buffered {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // One byte at a time: most reads find it in the buffer.
        let len = buffer.len().min(1);
        self.0.read(&mut buffer[..len])
    }
}

#[allow(unsafe_code)] // The promise is what is tested.
// SAFETY: `read` leaves the stream in its place.
unsafe impl IoSafe for Buffered {}

/// Buffers what is written until it is flushed.
struct BoxedWriter(Box<BufWriter<UnixStream>>);

trait NewBoxed {
    fn new_boxed(stream: UnixStream) -> Async<BoxedWriter>;
}

impl NewBoxed for Async<BoxedWriter> {
    #[allow(clippy::unwrap_used)] // Only tests call it.
    fn new_boxed(stream: UnixStream) -> Async<BoxedWriter> {
        Async::new(BoxedWriter(Box::new(BufWriter::new(stream)))).unwrap()
    }
}

impl AsFd for BoxedWriter {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.0.get_ref().as_fd()
    }
}

impl Write for BoxedWriter {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.0.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[allow(unsafe_code)] // The promise is what is tested.
// SAFETY: `write` and `flush` leave the stream in its place.
unsafe impl IoSafe for BoxedWriter {}

#[test]
fn the_output_of_a_child_can_be_read() {
    in_each(|_| async {
        let mut child = Command::new("cat")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = Async::new(child.stdin.take().unwrap()).unwrap();
        let mut stdout = Async::new(child.stdout.take().unwrap()).unwrap();
        stdin.write_all(b"through a child").await.unwrap();
        stdin.close().await.unwrap();
        // Closing only flushes; dropping closes.
        drop(stdin);
        let mut text = String::new();
        stdout.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "through a child");
        child.wait().unwrap();
    });
}

// Fault 15c
#[test]
fn a_refused_connection_is_an_error() {
    in_each(|_| async {
        let unused = {
            let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
            listener.local_addr().unwrap()
        };
        let error = Async::<TcpStream>::connect(unused).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        assert!(error.raw_os_error().is_some());
        let error = Async::<UnixStream>::connect("/nonexistent/socket")
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    });
}

#[test]
fn a_port_in_use_is_an_error() {
    in_each(|_| async {
        let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).unwrap();
        let address = listener.get_ref().local_addr().unwrap();
        let error = Async::<TcpListener>::bind(address).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
    });
}

#[test]
fn a_dropped_accept_leaves_the_connection_in_the_backlog() {
    in_each(|reactor| async move {
        let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).unwrap();
        let address = listener.get_ref().local_addr().unwrap();
        let mut accept = listener.accept();
        assert!(poll(&mut accept, Waker::noop()).is_pending());
        let client = TcpStream::connect(address).unwrap();
        support::turns(&reactor, 2).await;
        drop(accept);
        let (stream, from) = listener.accept().await.unwrap();
        assert_eq!(from, client.local_addr().unwrap());
        (&stream).write_all(b"hi").await.unwrap();
        drain(&client, 2);
    });
}

#[test]
fn listeners_are_streams() {
    in_each(|_| async {
        let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).unwrap();
        let address = listener.get_ref().local_addr().unwrap();
        let mut incoming = listener.incoming();
        for _ in 0..3 {
            let (client, server) =
                futures_lite::future::zip(Async::<TcpStream>::connect(address), incoming.next())
                    .await;
            let server = server.unwrap().unwrap();
            let peer = client.unwrap().get_ref().local_addr().unwrap();
            assert_eq!(server.get_ref().peer_addr().unwrap(), peer);
        }
    });
}

#[test]
fn accepted_and_connected_sockets_are_not_inherited_and_do_not_block() {
    in_each(|_| async {
        let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).unwrap();
        let address = listener.get_ref().local_addr().unwrap();
        let client = Async::<TcpStream>::connect(address).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        for stream in [client, server] {
            let flags = rustix::fs::fcntl_getfl(&stream).unwrap();
            assert!(flags.contains(rustix::fs::OFlags::NONBLOCK));
            let flags = rustix::io::fcntl_getfd(&stream).unwrap();
            assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
        }
    });
}

#[test]
fn unix_sockets_connect_and_accept() {
    in_each(|_| async {
        let path = std::env::temp_dir().join(format!("trill-wrapper-{}", std::process::id()));
        let listener = Async::<UnixListener>::bind(&path).unwrap();
        let (client, accepted) =
            futures_lite::future::zip(Async::<UnixStream>::connect(&path), listener.accept()).await;
        std::fs::remove_file(&path).unwrap();
        let (mut client, (mut server, from)) = (client.unwrap(), accepted.unwrap());
        assert!(from.is_unnamed());
        client.write_all(b"hi").await.unwrap();
        server.read_exact(&mut [0; 2]).await.unwrap();
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_null_byte_begins_an_abstract_address() {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::SocketAddr;

    in_each(|reactor| async move {
        let name = format!("trill-{}-{}", std::process::id(), reactor.backend().backend);
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let listener = UnixListener::bind_addr(&address).unwrap();
        let _client = Async::<UnixStream>::connect(format!("\0{name}"))
            .await
            .unwrap();
        listener.accept().unwrap();
    });
}
