//! Bad luck and bad input: what it is called, and that nothing breaks.
#![allow(unsafe_code)] // A signal's action is changed, to see that the signal is not raised.
#![allow(clippy::unwrap_used)] // Only tests call the functions here.

mod support;

use std::io::{self, ErrorKind, IoSlice};
use std::net::{Shutdown, SocketAddr};
use std::time::Duration;

use support::{pair, poll_once};
use trill_net::{AddressError, TcpListener, TcpSocket, TcpStream, UdpSocket};
use trill_park::block_on;

/// An address of this host where nobody listens; the socket keeps it from others.
fn refusing() -> (TcpSocket, SocketAddr) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

fn inner(error: &io::Error) -> &AddressError {
    error.get_ref().unwrap().downcast_ref().unwrap()
}

#[test]
fn port_in_use_is_named() {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let error = TcpListener::bind(address).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        assert!(error.to_string().contains(&address.to_string()), "{error}");
        assert_eq!(inner(&error).address(), address.to_string());
        assert!(inner(&error).os_error().raw_os_error().is_some());

        let socket = TcpSocket::new_v4().unwrap();
        let error = socket.bind(address).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        assert!(error.to_string().contains(&address.to_string()), "{error}");

        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let error = UdpSocket::bind(address).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        assert!(error.to_string().contains(&address.to_string()), "{error}");
    });
}

#[test]
fn of_several_addresses_the_first_free_one_is_bound() {
    block_on(async {
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let any = "127.0.0.1:0".parse().unwrap();
        let addresses = [taken.local_addr().unwrap(), any];
        let listener = TcpListener::bind(&addresses[..]).await.unwrap();
        assert_ne!(listener.local_addr().unwrap(), addresses[0]);
    });
}

#[test]
fn an_address_of_another_host_is_refused() {
    // 192.0.2.0/24 is for documentation (RFC 5737) and on no host.
    let error = block_on(TcpListener::bind("192.0.2.1:0")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrNotAvailable);
    assert!(error.to_string().contains("192.0.2.1"), "{error}");
}

// Fault 13b, 15c
#[test]
fn refused_connection_is_named() {
    let (_socket, address) = refusing();
    let error = block_on(TcpStream::connect(address)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    let text = error.to_string();
    assert!(
        text.starts_with(&format!("cannot connect to {address}")),
        "{text}"
    );
}

// Fault 15d
#[test]
fn of_several_addresses_the_one_that_listens_is_connected() {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let ((_a, a), (_b, b)) = (refusing(), refusing());
        let addresses = [a, b, listener.local_addr().unwrap()];
        let stream = TcpStream::connect(&addresses[..]).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), addresses[2]);
    });
}

// Fault 15d
#[test]
fn if_all_refuse_all_are_named() {
    let ((_a, a), (_b, b)) = (refusing(), refusing());
    let addresses = [a, b];
    let error = block_on(TcpStream::connect(&addresses[..])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    for address in addresses {
        assert!(error.to_string().contains(&address.to_string()), "{error}");
    }
}

// Fault 15a
#[test]
fn connecting_to_a_full_backlog_waits_and_can_be_given_up() {
    block_on(async {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        // A backlog of zero has room for one connection; further ones are not answered.
        let _first = TcpStream::connect(address).await.unwrap();
        let second =
            trill_timer::timeout(Duration::from_millis(5), TcpStream::connect(address)).await;
        assert!(second.is_err());
        // The listener goes on.
        listener.accept().await.unwrap();
    });
}

// Fault 13c
#[test]
fn reset_is_an_error_once_and_then_the_end() {
    block_on(async {
        let (a, b) = pair().await;
        a.set_linger(Some(Duration::ZERO)).unwrap();
        drop(a);
        let error = b.read(&mut [0]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        assert_eq!(b.read(&mut [0]).await.unwrap(), 0);
        assert_eq!(
            b.write(b"x").await.unwrap_err().kind(),
            ErrorKind::BrokenPipe
        );
        // There is nobody left to tell, so closing has nothing to complain of.
        futures_lite::AsyncWriteExt::close(&mut &b).await.unwrap();
        assert_eq!(
            b.shutdown(Shutdown::Write).unwrap_err().kind(),
            ErrorKind::NotConnected
        );
    });
}

// Fault 13d
#[test]
fn reset_wakes_a_reader_and_a_writer() {
    block_on(async {
        let (a, b) = pair().await;
        support::fill(&b);
        let mut buffer = [0; 1];
        let mut read = b.read(&mut buffer);
        let mut write = b.write(b"x");
        assert!(poll_once(&mut read).is_pending() && poll_once(&mut write).is_pending());
        a.set_linger(Some(Duration::ZERO)).unwrap();
        drop(a);
        let (read, write) = futures_lite::future::zip(read, write).await;
        // The system reports the reset to whoever asks first.
        let kinds =
            [read.map(|_| ()), write.map(|_| ())].map(|end| end.err().map(|error| error.kind()));
        assert!(
            kinds.contains(&Some(ErrorKind::ConnectionReset)),
            "{kinds:?}"
        );
    });
}

/// Runs a test of this file again, alone in a process of its own.
fn in_a_process(test: &str) {
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    // The test was found, and did what it does in the child.
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(shown.contains("done in the child"), "{shown}");
}

/// Makes SIGPIPE end the process again, which Rust programs ignore from their start.
fn default_sigpipe() {
    unsafe extern "C" {
        fn signal(number: i32, action: usize) -> usize;
    }
    const SIGPIPE: i32 = 13;
    const SIG_DFL: usize = 0;
    // SAFETY: `signal` takes a number and an action, here two that exist on every Unix, and touches no memory of
    // ours. POSIX upholds this; the test that calls it would end with a signal.
    unsafe { signal(SIGPIPE, SIG_DFL) };
}

fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

const CHILD: &str = "TRILL_NET_CHILD";

// Fault 11a
#[test]
fn writing_to_a_closed_peer_raises_no_signal() {
    if !is_child() {
        return in_a_process("writing_to_a_closed_peer_raises_no_signal");
    }
    default_sigpipe();
    block_on(async {
        for vectored in [false, true] {
            let (a, b) = pair().await;
            drop(b);
            // The first write is answered by a reset, a later one meets it.
            let error = loop {
                let written = if vectored {
                    a.write_vectored(&[IoSlice::new(b"x"), IoSlice::new(b"y")])
                        .await
                } else {
                    a.write(b"x").await
                };
                if let Err(error) = written {
                    break error;
                }
            };
            let kinds = [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset];
            assert!(kinds.contains(&error.kind()), "{error}");
            assert_eq!(
                a.write(b"x").await.unwrap_err().kind(),
                ErrorKind::BrokenPipe
            );
            let end = a.write_vectored(&[IoSlice::new(b"x")]).await.unwrap_err();
            assert_eq!(end.kind(), ErrorKind::BrokenPipe);
        }
    });
    println!("done in the child");
}

// Fault 1a
#[test]
fn accept_without_descriptors_pauses_and_recovers() {
    if !is_child() {
        return in_a_process("accept_without_descriptors_pauses_and_recovers");
    }
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let client = TcpStream::connect(address).await.unwrap();
        // Warm: the first timer of a process may start a thread.
        trill_timer::sleep(Duration::from_millis(1)).await;
        let mut hoard = support::take_all_descriptors();

        let start = trill_world::now();
        let mut failures = 0;
        let (stream, from) = loop {
            match listener.accept().await {
                Ok(accepted) => break accepted,
                Err(error) => {
                    assert_eq!(error.raw_os_error(), Some(support::EMFILE), "{error}");
                    failures += 1;
                    // Never early, so this bound is exact: 5 ms before the second attempt, 10 before the third.
                    let waited = trill_world::now() - start;
                    let least = [0, 5, 15, 35][failures - 1];
                    assert!(
                        waited >= Duration::from_millis(least),
                        "{failures}: {waited:?}"
                    );
                    if failures == 4 {
                        hoard.truncate(hoard.len() - 2);
                    }
                }
            }
        };
        assert_eq!(failures, 4);
        // It is the connection that waited all the time.
        assert_eq!(from, client.local_addr().unwrap());
        client.write_all(b"x").await.unwrap();
        assert_eq!(stream.read(&mut [0]).await.unwrap(), 1);

        // The next accept does not wait for a pause that is over.
        drop(hoard);
        let _second = TcpStream::connect(address).await.unwrap();
        assert!(matches!(
            poll_once(&mut listener.accept()),
            std::task::Poll::Ready(Ok(_))
        ));
    });
    println!("done in the child");
}

// Fault 2a
#[test]
fn connecting_without_descriptors_is_an_error_that_names_the_address() {
    if !is_child() {
        return in_a_process("connecting_without_descriptors_is_an_error_that_names_the_address");
    }
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let hoard = support::take_all_descriptors();
        for error in [
            TcpStream::connect(address).await.unwrap_err(),
            TcpStream::connect(&[address, address][..])
                .await
                .unwrap_err(),
            TcpListener::bind("127.0.0.1:0").await.unwrap_err(),
            UdpSocket::bind("127.0.0.1:0").await.unwrap_err(),
        ] {
            assert_eq!(
                inner(&error).os_error().raw_os_error(),
                Some(support::EMFILE),
                "{error}"
            );
        }
        drop(hoard);
        TcpStream::connect(address).await.unwrap();
    });
    println!("done in the child");
}

// Fault 15a
#[test]
fn given_up_connections_leave_no_descriptors() {
    if !is_child() {
        return in_a_process("given_up_connections_leave_no_descriptors");
    }
    block_on(async {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        let _first = TcpStream::connect(address).await.unwrap();
        let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
        let before = open();
        for _ in 0..10 {
            let mut connect = TcpStream::connect(address);
            assert!(poll_once(&mut connect).is_pending());
            assert_eq!(open(), before + 1);
            drop(connect);
            assert_eq!(open(), before);
        }
        // Losers of a race, too: the first address hangs, the second connects.
        let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addresses = [address, other.local_addr().unwrap()];
        let before = open();
        let stream = TcpStream::connect(&addresses[..]).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), addresses[1]);
        assert_eq!(open(), before + 1);
    });
    println!("done in the child");
}
