//! Unix sockets.
#![allow(clippy::unwrap_used)] // Only tests call the functions here.

use std::io::{ErrorKind, IoSlice};
use std::net::Shutdown;
use std::path::PathBuf;

use futures_lite::future::zip;
use trill_net::AddressError;
use trill_net::unix::{UnixDatagram, UnixListener, UnixStream};
use trill_park::block_on;

/// A directory for sockets, removed at the end of a test.
struct Directory(PathBuf);

impl Directory {
    fn new(test: &str) -> Directory {
        let path = std::env::temp_dir().join(format!("trill-net-{test}-{}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        Directory(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

#[test]
fn a_path_is_listened_to_and_connected() {
    let directory = Directory::new("path");
    let path = directory.0.join("socket");
    block_on(async {
        let listener = UnixListener::bind(&path).unwrap();
        assert_eq!(listener.local_addr().unwrap().as_pathname(), Some(&*path));
        let (client, server) = zip(UnixStream::connect(&path), listener.accept()).await;
        let (client, (server, from)) = (client.unwrap(), server.unwrap());
        assert!(from.is_unnamed());
        assert_eq!(client.peer_addr().unwrap().as_pathname(), Some(&*path));
        client.write_all(b"hello").await.unwrap();
        let mut buffer = [0; 5];
        server.read_exact(&mut buffer).await.unwrap();
        assert_eq!(&buffer, b"hello");
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(server.read(&mut buffer).await.unwrap(), 0);
        server.write_all(b"y").await.unwrap();
        assert_eq!(client.read(&mut buffer).await.unwrap(), 1);
    });
}

#[test]
fn errors_name_the_path() {
    let directory = Directory::new("errors");
    let path = directory.0.join("socket");
    let check = |error: std::io::Error, kind: ErrorKind| {
        assert_eq!(error.kind(), kind, "{error}");
        let inner: &AddressError = error.get_ref().unwrap().downcast_ref().unwrap();
        assert_eq!(inner.address(), path.to_str().unwrap());
    };
    block_on(async {
        check(
            UnixStream::connect(&path).await.unwrap_err(),
            ErrorKind::NotFound,
        );
        let listener = UnixListener::bind(&path).unwrap();
        check(UnixListener::bind(&path).unwrap_err(), ErrorKind::AddrInUse);
        check(UnixDatagram::bind(&path).unwrap_err(), ErrorKind::AddrInUse);
        drop(listener);
        // The file is still there, and nobody listens.
        check(
            UnixStream::connect(&path).await.unwrap_err(),
            ErrorKind::ConnectionRefused,
        );
        let sender = UnixDatagram::unbound().unwrap();
        check(
            sender.connect(&path).unwrap_err(),
            ErrorKind::ConnectionRefused,
        );

        let long = directory.0.join("x".repeat(200));
        let error = UnixListener::bind(&long).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let error = UnixStream::connect("a\0b").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("null byte"), "{error}");
        let error = sender.send_to(b"x", "a\0b").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    });
}

#[test]
fn a_taken_path_says_whether_anybody_listens() {
    let directory = Directory::new("taken");
    let path = directory.0.join("socket");
    let taken = |error: std::io::Error| {
        assert_eq!(error.kind(), ErrorKind::AddrInUse, "{error}");
        error.to_string()
    };
    block_on(async {
        let listener = UnixListener::bind(&path).unwrap();
        let text = taken(UnixListener::bind(&path).unwrap_err());
        assert!(text.contains("somebody listens there"), "{text}");
        drop(listener);
        let text = taken(UnixListener::bind(&path).unwrap_err());
        assert!(text.contains("remove it and try again"), "{text}");
        let text = taken(UnixDatagram::bind(&path).unwrap_err());
        assert!(text.contains("remove it and try again"), "{text}");
        std::fs::remove_file(&path).unwrap();
        UnixListener::bind(&path).unwrap();
    });
}

#[test]
fn a_path_that_is_too_long_says_how_long_it_may_be() {
    block_on(async {
        let directory = Directory::new("long");
        let room = 107 - directory.0.as_os_str().len() - 1;
        let fits = directory.0.join("x".repeat(room));
        let _listener = UnixListener::bind(&fits).unwrap();
        UnixStream::connect(&fits).await.unwrap();
        let long = directory.0.join("x".repeat(room + 1));
        for error in [
            UnixListener::bind(&long).unwrap_err(),
            UnixStream::connect(&long).await.unwrap_err(),
            UnixDatagram::bind(&long).unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            let text = error.to_string();
            assert!(text.contains("108 bytes are too many"), "{text}");
            assert!(text.contains("at most 107"), "{text}");
        }
    });
}

#[test]
fn abstract_names_need_no_file() {
    block_on(async {
        let name = format!("\0trill-net-abstract-{}", std::process::id());
        let listener = UnixListener::bind(&name).unwrap();
        let (client, server) = zip(UnixStream::connect(&name), listener.accept()).await;
        let (client, (server, _)) = (client.unwrap(), server.unwrap());
        client.write_all(b"x").await.unwrap();
        assert_eq!(server.read(&mut [0; 8]).await.unwrap(), 1);

        let name = format!("\0trill-net-datagram-{}", std::process::id());
        let receiver = UnixDatagram::bind(&name).unwrap();
        let other = format!("\0trill-net-datagram-from-{}", std::process::id());
        let sender = UnixDatagram::bind(&other).unwrap();
        sender.send_to(b"x", &name).await.unwrap();
        let (len, from) = receiver.recv_from(&mut [0; 8]).await.unwrap();
        assert_eq!(len, 1);
        assert!(!from.is_unnamed() && from.as_pathname().is_none());
    });
}

#[test]
fn the_peer_is_this_process() {
    let (a, b) = UnixStream::pair().unwrap();
    let uid = rustix::process::geteuid().as_raw();
    let gid = rustix::process::getegid().as_raw();
    for peer in [a.peer_cred().unwrap(), b.peer_cred().unwrap()] {
        assert_eq!(peer.pid(), Some(std::process::id() as i32));
        assert_eq!((peer.uid(), peer.gid()), (uid, gid));
    }
}

#[test]
fn connecting_to_a_full_backlog_goes_on_when_there_is_room() {
    block_on(async {
        let name = format!("\0trill-net-backlog-{}", std::process::id());
        let listener = UnixListener::bind(&name).unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        let _first = UnixStream::connect(&name).await.unwrap();
        let mut second = UnixStream::connect(&name);
        assert!(futures_lite::future::poll_once(&mut second).await.is_none());
        let (second, accepted) = zip(second, listener.accept()).await;
        second.unwrap();
        accepted.unwrap();
    });
}

#[test]
fn a_full_receiver_is_waited_for() {
    block_on(async {
        let name = format!("\0trill-net-queue-{}", std::process::id());
        let receiver = UnixDatagram::bind(&name).unwrap();
        let named = UnixDatagram::unbound().unwrap();
        let connected = UnixDatagram::unbound().unwrap();
        connected.connect(&name).unwrap();
        for sender in [&named, &connected] {
            let send = async {
                for number in 0..100_u8 {
                    let sent = if std::ptr::eq(sender, &named) {
                        sender.send_to(&[number], &name).await
                    } else {
                        sender.send(&[number]).await
                    };
                    assert_eq!(sent.unwrap(), 1);
                }
            };
            let receive = async {
                let mut buffer = [0; 8];
                for number in 0..100_u8 {
                    assert_eq!(receiver.recv(&mut buffer).await.unwrap(), 1);
                    assert_eq!(buffer[0], number);
                }
            };
            zip(send, receive).await;
        }
    });
}

#[test]
fn a_read_that_ends_where_descriptors_were_attached_is_not_the_last() {
    use std::mem::MaybeUninit;
    use std::os::fd::AsFd;

    use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

    block_on(async {
        let (a, b) = UnixStream::pair().unwrap();
        let file = std::fs::File::open("/dev/null").unwrap();
        let fds = [file.as_fd()];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut attached = SendAncillaryBuffer::new(&mut space);
        assert!(attached.push(SendAncillaryMessage::ScmRights(&fds)));
        let bytes = [IoSlice::new(b"with")];
        sendmsg(&a, &bytes, &mut attached, SendFlags::empty()).unwrap();
        a.write_all(b"after").await.unwrap();

        // This read is short, though there is more, and no event will tell.
        let mut buffer = [0; 64];
        assert_eq!(b.read(&mut buffer).await.unwrap(), 4);
        assert_eq!(b.read(&mut buffer).await.unwrap(), 5);
        assert_eq!(&buffer[..5], b"after");
    });
}

#[test]
fn std_sockets_go_in_and_out() {
    block_on(async {
        let (a, b) = UnixStream::pair().unwrap();
        let a = UnixStream::try_from(a.into_std().unwrap()).unwrap();
        a.write_all(b"x").await.unwrap();
        assert_eq!(b.read(&mut [0; 8]).await.unwrap(), 1);
        let (a, b) = UnixDatagram::pair().unwrap();
        let a = UnixDatagram::try_from(a.into_std().unwrap()).unwrap();
        a.send(b"x").await.unwrap();
        assert_eq!(b.recv(&mut [0; 8]).await.unwrap(), 1);
    });
}
