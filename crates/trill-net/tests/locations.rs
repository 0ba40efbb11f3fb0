//! A task can say in which line of the program it waits, for every future of this crate that waits.

mod support;

use std::io::{IoSlice, IoSliceMut};
use std::net::SocketAddr;
use std::sync::mpsc;

use futures_lite::{AsyncRead, AsyncWrite};
use support::{Line, fill, pair, wait_of};
use trill_blocking::{Class, Pool};
use trill_cell::Kind;
use trill_net::unix::{UnixDatagram, UnixListener, UnixStream};
use trill_net::{HappyEyeballs, TcpListener, TcpSocket, TcpStream, UdpSocket, resolve};
use trill_park::block_on;

#[test]
fn accepting() {
    block_on(async {
        let line = Line::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let wait = wait_of(async {
            line.next();
            listener.accept().await
        });
        line.check(wait, file!());
        assert_eq!(wait.kind, Kind::Readable);

        let wait = wait_of(async {
            let mut incoming = listener.incoming();
            line.next();
            incoming.next().await.is_some()
        });
        line.check(wait, file!());

        let wait = wait_of(async {
            line.next();
            listener.readable().await
        });
        line.check(wait, file!());
    });
}

#[test]
fn reading() {
    block_on(async {
        let line = Line::default();
        let (mut stream, _peer) = pair().await;
        let mut buffer = [0; 8];
        let wait = wait_of(async {
            line.next();
            stream.read(&mut buffer).await
        });
        line.check(wait, file!());
        assert_eq!(wait.kind, Kind::Readable);
        let wait = wait_of(async {
            let mut buffers = [IoSliceMut::new(&mut buffer)];
            line.next();
            stream.read_vectored(&mut buffers).await
        });
        line.check(wait, file!());
        let wait = wait_of(async {
            line.next();
            stream.read_exact(&mut buffer).await
        });
        line.check(wait, file!());
        let wait = wait_of(async {
            line.next();
            stream.peek(&mut buffer).await
        });
        line.check(wait, file!());
        let wait = wait_of(async {
            line.next();
            stream.readable().await
        });
        line.check(wait, file!());
        let wait = wait_of(std::future::poll_fn(|cx| {
            line.next();
            std::pin::Pin::new(&mut stream).poll_read(cx, &mut buffer)
        }));
        line.check(wait, file!());
        let wait = wait_of(async {
            let (mut reader, _writer) = stream.split();
            line.next();
            reader.read(&mut buffer).await
        });
        line.check(wait, file!());
        let (mut reader, _writer) = stream.into_split();
        let wait = wait_of(async {
            line.next();
            reader.read_exact(&mut buffer).await
        });
        line.check(wait, file!());
    });
}

#[test]
fn writing() {
    block_on(async {
        let line = Line::default();
        let (mut stream, _peer) = pair().await;
        fill(&stream);
        let wait = wait_of(async {
            line.next();
            stream.write(b"x").await
        });
        line.check(wait, file!());
        assert_eq!(wait.kind, Kind::Writable);
        let wait = wait_of(async {
            line.next();
            stream.write_vectored(&[IoSlice::new(b"x")]).await
        });
        line.check(wait, file!());
        let wait = wait_of(async {
            line.next();
            stream.write_all(b"x").await
        });
        line.check(wait, file!());
        let wait = wait_of(async {
            line.next();
            stream.writable().await
        });
        line.check(wait, file!());
        let wait = wait_of(std::future::poll_fn(|cx| {
            line.next();
            std::pin::Pin::new(&mut stream).poll_write(cx, b"x")
        }));
        line.check(wait, file!());
        let (_reader, mut writer) = stream.into_split();
        let wait = wait_of(async {
            line.next();
            writer.write_all(b"x").await
        });
        line.check(wait, file!());
    });
}

#[test]
fn connecting() {
    block_on(async {
        let line = Line::default();
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        // The backlog is full now.
        let _first = TcpStream::connect(address).await.unwrap();
        let wait = wait_of(async {
            line.next();
            TcpStream::connect(address).await
        });
        line.check(wait, file!());
        assert_eq!(wait.kind, Kind::Writable);

        let several: &[SocketAddr] = &[address, "127.0.0.2:1".parse().unwrap()];
        let wait = wait_of(async {
            line.next();
            TcpStream::connect(several).await
        });
        line.check(wait, file!());
        let wait = wait_of(async {
            line.next();
            HappyEyeballs::new([address], TcpStream::connect).await
        });
        line.check(wait, file!());
    });
}

#[test]
fn looking_names_up() {
    let names = Class::new("names", 1);
    let pool = Pool::builder().class(names).build().unwrap();
    let _entered = pool.enter();
    let (release, hold) = mpsc::channel::<()>();
    let busy = pool.unblock_in(&names, move || hold.recv());
    let line = Line::default();
    let udp = block_on(UdpSocket::bind("127.0.0.1:0")).unwrap();
    let waits = [
        wait_of(async {
            line.next();
            resolve("localhost:80").await
        }),
        wait_of(async { TcpStream::connect("localhost:80").await }),
        wait_of(async { TcpListener::bind("localhost:80").await }),
        wait_of(async { UdpSocket::bind("localhost:80").await }),
        wait_of(async { udp.connect("localhost:80").await }),
    ];
    line.check(waits[0], file!());
    for wait in waits {
        assert_eq!(wait.kind, Kind::Blocking);
        assert_eq!(wait.location.unwrap().file(), file!());
    }
    release.send(()).unwrap();
    block_on(busy).unwrap();
}

#[test]
fn datagrams() {
    block_on(async {
        let line = Line::default();
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let mut buffer = [0; 8];
        let wait = wait_of(async {
            line.next();
            socket.recv_from(&mut buffer).await
        });
        line.check(wait, file!());
        let wait = wait_of(async {
            line.next();
            socket.peek_from(&mut buffer).await
        });
        line.check(wait, file!());
        let wait = wait_of(async {
            line.next();
            socket.recv(&mut buffer).await
        });
        line.check(wait, file!());
        let wait = wait_of(async {
            line.next();
            socket.peek(&mut buffer).await
        });
        line.check(wait, file!());
        let wait = wait_of(std::future::poll_fn(|cx| {
            line.next();
            socket.poll_recv_from(cx, &mut buffer)
        }));
        line.check(wait, file!());
    });
}

#[test]
fn unix_sockets() {
    block_on(async {
        let line = Line::default();
        let name = format!("\0trill-net-locations-{}", std::process::id());
        let listener = UnixListener::bind(&name).unwrap();
        let wait = wait_of(async {
            line.next();
            listener.accept().await
        });
        line.check(wait, file!());
        let wait = wait_of(async {
            let mut incoming = listener.incoming();
            line.next();
            incoming.next().await.is_some()
        });
        line.check(wait, file!());

        let (stream, _peer) = UnixStream::pair().unwrap();
        let mut buffer = [0; 8];
        let wait = wait_of(async {
            line.next();
            stream.read(&mut buffer).await
        });
        line.check(wait, file!());

        let (a, b) = UnixDatagram::pair().unwrap();
        let wait = wait_of(async {
            line.next();
            a.recv_from(&mut buffer).await
        });
        line.check(wait, file!());
        let wait = wait_of(async {
            line.next();
            a.recv(&mut buffer).await
        });
        line.check(wait, file!());
        while support::poll_once(&mut b.send(b"x")).is_ready() {}
        let wait = wait_of(async {
            line.next();
            b.send(b"x").await
        });
        line.check(wait, file!());
        assert_eq!(wait.kind, Kind::Writable);
    });
}

#[test]
fn full_unix_queues_are_waited_for_with_a_timer() {
    block_on(async {
        let line = Line::default();
        let name = format!("\0trill-net-full-{}", std::process::id());
        let receiver = UnixDatagram::bind(&name).unwrap();
        let sender = UnixDatagram::unbound().unwrap();
        while support::poll_once(&mut sender.send_to(b"x", &name)).is_ready() {}
        let wait = wait_of(async {
            line.next();
            sender.send_to(b"x", &name).await
        });
        line.check(wait, file!());
        assert_eq!(wait.kind, Kind::Timer);
        drop(receiver);

        let path = format!("\0trill-net-busy-{}", std::process::id());
        let listener = UnixListener::bind(&path).unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        let _first = UnixStream::connect(&path).await.unwrap();
        let wait = wait_of(async {
            line.next();
            UnixStream::connect(&path).await
        });
        line.check(wait, file!());
        assert_eq!(wait.kind, Kind::Timer);
    });
}
