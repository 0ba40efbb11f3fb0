//! Ends, resets and refusals of streams and datagrams at every stage.

use std::io::{ErrorKind, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream as Plain};
use std::time::Duration;

use futures_lite::future::{poll_once, zip};
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use trill::net::{TcpListener, TcpSocket, TcpStream, UdpSocket, unix};
use trill_reactor::Reactor;
use trill_tests::Alone;

/// A connection over the loopback with the smallest buffers: the client's end and the server's.
async fn pair() -> (TcpStream, TcpStream) {
    let server = TcpSocket::new_v4().unwrap();
    server.set_recv_buffer_size(1).unwrap();
    server.set_send_buffer_size(1).unwrap();
    server.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = server.listen(8).unwrap();
    let client = TcpSocket::new_v4().unwrap();
    client.set_recv_buffer_size(1).unwrap();
    client.set_send_buffer_size(1).unwrap();
    let address = listener.local_addr().unwrap();
    let (client, server) = zip(client.connect(address), listener.accept()).await;
    (client.unwrap(), server.unwrap().0)
}

/// Ends a connection by a reset.
fn reset(stream: TcpStream) {
    stream.set_linger(Some(Duration::ZERO)).unwrap();
    drop(stream);
}

/// Some bytes that repeat after no power of two.
fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at % 251) as u8).collect()
}

// Fault 10b, 10c
#[test]
fn bytes_are_the_same_through_the_smallest_buffers() {
    trill::block_on(async {
        let sent = bytes(200_000);
        // In one write, in slices of odd lengths, byte by byte, and through a buffered writer.
        for way in 0..4 {
            let (client, server) = pair().await;
            let writing = async {
                match way {
                    0 => client.write_all(&sent).await.unwrap(),
                    1 => {
                        let mut rest = &sent[..];
                        while !rest.is_empty() {
                            let slices: Vec<IoSlice<'_>> =
                                rest.chunks(997).map(IoSlice::new).collect();
                            let most = slices.len().min(64);
                            let count = client.write_vectored(&slices[..most]).await.unwrap();
                            assert!(count > 0);
                            rest = &rest[count..];
                        }
                    }
                    2 => {
                        for byte in &sent[..5_000] {
                            client.write_all(&[*byte]).await.unwrap();
                        }
                    }
                    _ => {
                        let mut writer = futures_lite::io::BufWriter::with_capacity(7, &client);
                        for chunk in sent.chunks(11) {
                            writer.write_all(chunk).await.unwrap();
                        }
                        writer.flush().await.unwrap();
                    }
                }
                client.shutdown(Shutdown::Write).unwrap();
            };
            let reading = async {
                let mut back = Vec::new();
                if way == 2 {
                    let mut byte = [0];
                    while server.read(&mut byte).await.unwrap() == 1 {
                        back.push(byte[0]);
                    }
                } else {
                    (&mut &server).read_to_end(&mut back).await.unwrap();
                }
                back
            };
            let ((), back) = zip(writing, reading).await;
            assert!(back == sent[..back.len()], "way {way}");
            assert_eq!(back.len(), if way == 2 { 5_000 } else { sent.len() });
        }
    });
}

// Fault 11b
#[test]
fn writing_to_a_closed_unix_socket_raises_no_signal() {
    Alone::new("streams::writing_to_a_closed_unix_socket_raises_no_signal").passes(|| {
        default_sigpipe();
        trill::block_on(async {
            let (near, far) = unix::UnixStream::pair().unwrap();
            drop(far);
            for _ in 0..2 {
                let error = near.write(b"x").await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::BrokenPipe);
                let error = near
                    .write_vectored(&[IoSlice::new(b"x")])
                    .await
                    .unwrap_err();
                assert_eq!(error.kind(), ErrorKind::BrokenPipe);
            }
            let (near, far) = unix::UnixDatagram::pair().unwrap();
            drop(far);
            let error = near.send(b"x").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        });
    });
}

/// Makes SIGPIPE end the process again, which Rust programs ignore from their start.
fn default_sigpipe() {
    // SAFETY: there is no handler in it, and no other thread of this process depends on the disposition.
    #[allow(unsafe_code)]
    let before = unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    assert_ne!(before, libc::SIG_ERR);
}

// Fault 11c
#[test]
fn writing_to_a_closed_pipe_is_an_error_or_by_choice_the_end() {
    let write = || {
        trill::block_on(async {
            let mut command = trill::process::Command::new("true");
            let mut child = command
                .stdin(trill::process::Stdio::piped())
                .spawn()
                .unwrap();
            let mut input = child.stdin.take().unwrap();
            child.status().await.unwrap();
            let error = input.write(b"x").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        });
    };
    let test = "streams::writing_to_a_closed_pipe_is_an_error_or_by_choice_the_end";
    Alone::new(test).variable("SIGPIPE", "ignored").passes(|| {
        if std::env::var("SIGPIPE").is_ok_and(|how| how == "default") {
            default_sigpipe();
        }
        write();
    });
    let Some(ended) = Alone::new(test).variable("SIGPIPE", "default").ends(|| ()) else {
        return;
    };
    use std::os::unix::process::ExitStatusExt;
    assert_eq!(ended.status.signal(), Some(libc::SIGPIPE), "{ended:?}");
}

// Fault 12a, 12b
#[test]
fn shutdowns_in_every_order_end_and_never_hang() {
    trill::block_on(async {
        use Shutdown::{Both, Read, Write};
        let ways = [
            [Write, Write],
            [Write, Both],
            [Both, Both],
            [Both, Write],
            [Read, Read],
            [Read, Write],
        ];
        for first in ways {
            for second in ways {
                let (a, b) = pair().await;
                a.write_all(b"a").await.unwrap();
                for (stream, how) in [
                    (&a, first[0]),
                    (&b, second[0]),
                    (&a, first[1]),
                    (&b, second[1]),
                ] {
                    match stream.shutdown(how) {
                        Ok(()) => {}
                        Err(error) => assert_eq!(error.kind(), ErrorKind::NotConnected, "{error}"),
                    }
                }
                // Whoever has an end coming gets it, or an error, after what was sent before.
                let writes = |how: [Shutdown; 2]| how.iter().any(|how| !matches!(how, Read));
                let reads = |how: [Shutdown; 2]| how.iter().any(|how| !matches!(how, Write));
                for (stream, own, peers) in [(&a, first, second), (&b, second, first)] {
                    if !reads(own) && !writes(peers) {
                        continue;
                    }
                    let mut rest = Vec::new();
                    let ended = (&mut &*stream).read_to_end(&mut rest).await;
                    assert!(rest.len() <= 1, "{rest:?}");
                    if let Err(error) = ended {
                        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
                    }
                }
            }
        }
    });
}

// Fault 12b, 12c
#[test]
fn a_peer_that_closes_while_it_is_written_to_leaves_its_data_readable() {
    trill::block_on(async {
        let (a, b) = pair().await;
        a.write_all(b"last words").await.unwrap();
        a.shutdown(Shutdown::Write).unwrap();
        // The end is there together with the data: it is in what the kernel reports, and hides nothing.
        let mut text = [0; 4];
        b.read_exact(&mut text).await.unwrap();
        assert_eq!(&text, b"last");
        b.write_all(b"heard").await.unwrap();
        let mut rest = Vec::new();
        (&mut &b).read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, b" words");
        drop(b);
        let mut answer = Vec::new();
        (&mut &a).read_to_end(&mut answer).await.unwrap();
        assert_eq!(answer, b"heard");
    });
}

// Fault 13a
#[test]
fn a_reset_before_accept_is_skipped_or_told_by_the_stream() {
    trill::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        for _ in 0..10 {
            reset(TcpStream::connect(address).await.unwrap());
            let whole = TcpStream::connect(address).await.unwrap();
            // On Linux the dead one is handed out, and its first operation fails.
            loop {
                let (stream, from) = listener.accept().await.unwrap();
                if from == whole.local_addr().unwrap() {
                    break;
                }
                let error = stream.read(&mut [0]).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            }
        }
    });
}

// Fault 13c
#[test]
fn a_reset_with_data_that_nobody_read_is_told_once() {
    trill::block_on(async {
        // Unread data here, and the peer resets.
        let (a, b) = pair().await;
        a.write_all(b"unread").await.unwrap();
        b.readable().await.unwrap();
        reset(a);
        let mut errors = 0;
        loop {
            match b.read(&mut [0; 64]).await {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
                    errors += 1;
                }
            }
        }
        assert_eq!(errors, 1);
        assert_eq!(
            b.write(b"x").await.unwrap_err().kind(),
            ErrorKind::BrokenPipe
        );

        // Unread data at the peer, which closes: the kernel resets.
        let (a, b) = pair().await;
        b.write_all(b"unread").await.unwrap();
        a.readable().await.unwrap();
        drop(a);
        let error = b.read(&mut [0]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        assert_eq!(b.read(&mut [0]).await.unwrap(), 0);
    });
}

// Fault 13e
#[test]
fn a_reset_after_shutdown_reaches_the_reader() {
    trill::block_on(async {
        let (a, b) = pair().await;
        b.shutdown(Shutdown::Write).unwrap();
        assert_eq!(a.read(&mut [0]).await.unwrap(), 0);
        let mut byte = [0];
        let mut reading = b.read(&mut byte);
        assert!(poll_once(&mut reading).await.is_none());
        reset(a);
        assert_eq!(
            reading.await.unwrap_err().kind(),
            ErrorKind::ConnectionReset
        );
        assert_eq!(b.read(&mut [0]).await.unwrap(), 0);
    });
}

// Fault 13f
#[test]
fn ends_and_resets_that_nobody_reads_cost_no_turns() {
    trill::block_on(async {
        let reactor = Reactor::builder().build().unwrap();
        let _entered = reactor.enter();
        let mut kept = Vec::new();
        for number in 0..10 {
            let (a, b) = pair().await;
            match number % 2 {
                0 => reset(a),
                _ => drop(a),
            }
            kept.push(b);
        }
        // The ends are reported once each, in turns that timers bring about; then nothing comes any more.
        trill::time::sleep(Duration::from_millis(5)).await;
        let turns = reactor.turns();
        for _ in 0..5 {
            trill::time::sleep(Duration::from_millis(5)).await;
        }
        let more = reactor.turns() - turns;
        assert!(more < 50, "{more} turns for 5 deadlines");
        for stream in kept {
            let ended = stream.read(&mut [0]).await;
            assert!(
                matches!(ended, Ok(0))
                    || ended.is_err_and(|e| e.kind() == ErrorKind::ConnectionReset)
            );
        }
    });
}

// Fault 14b
#[test]
fn a_dropped_write_has_written_all_that_was_told_and_nothing_else() {
    trill::block_on(async {
        let (a, b) = pair().await;
        let sent = bytes(1_000_000);
        let mut told = 0;
        // Writes are dropped whenever they wait.
        while told < sent.len() {
            match poll_once(a.write(&sent[told..])).await {
                Some(count) => told += count.unwrap(),
                None => break,
            }
        }
        a.shutdown(Shutdown::Write).unwrap();
        let mut back = Vec::new();
        (&mut &b).read_to_end(&mut back).await.unwrap();
        assert!(back == sent[..told]);
    });
}

// Fault 16b
#[test]
fn a_socket_without_a_peer_hears_of_no_refusal() {
    trill::block_on(async {
        let gone = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let nobody = gone.local_addr().unwrap();
        drop(gone);
        let here = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let friend = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        for _ in 0..5 {
            here.send_to(b"is anybody there?", nobody).await.unwrap();
        }
        // The answers of the kernel are there by now, as the loopback delivers at once.
        friend
            .send_to(b"yes", here.local_addr().unwrap())
            .await
            .unwrap();
        let mut text = [0; 8];
        let (len, from) = here.recv_from(&mut text).await.unwrap();
        assert_eq!(
            (&text[..len], from),
            (&b"yes"[..], friend.local_addr().unwrap())
        );
        here.send_to(b"x", friend.local_addr().unwrap())
            .await
            .unwrap();
    });
}

// Fault 14c
#[test]
fn a_time_limit_ends_a_read_from_a_silent_peer() {
    trill::block_on(async {
        let (a, _b) = pair().await;
        let mut byte = [0];
        for _ in 0..2 {
            let read = trill::time::timeout(Duration::from_millis(2), a.read(&mut byte)).await;
            assert!(read.is_err());
        }
        // It took nothing, and leaves nothing: the next one hears the peer.
        _b.write_all(b"x").await.unwrap();
        assert_eq!(a.read(&mut byte).await.unwrap(), 1);
    });
}

// Fault 4b, 4c
#[test]
fn a_storm_of_signals_changes_nothing() {
    Alone::new("streams::a_storm_of_signals_changes_nothing").passes(|| {
        storm();
        let start = std::time::Instant::now();
        trill::run(async {
            let echo = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = echo.local_addr().unwrap();
            let server = trill::spawn(async move {
                let (stream, _) = echo.accept().await.unwrap();
                futures_lite::io::copy(&mut &stream, &mut &stream)
                    .await
                    .unwrap();
            });
            // A blocking client on another thread is interrupted too, in the kernel.
            let client = trill::unblock(move || {
                let mut stream = Plain::connect(address).unwrap();
                let sent = bytes(300_000);
                let writer = {
                    let (mut stream, sent) = (stream.try_clone().unwrap(), sent.clone());
                    std::thread::spawn(move || {
                        stream.write_all(&sent).unwrap();
                        stream.shutdown(Shutdown::Write).unwrap();
                    })
                };
                let mut back = Vec::new();
                stream.read_to_end(&mut back).unwrap();
                writer.join().unwrap();
                back == sent
            });
            let sleeping = async {
                for _ in 0..50 {
                    let begun = std::time::Instant::now();
                    trill::time::sleep(Duration::from_millis(2)).await;
                    assert!(begun.elapsed() >= Duration::from_millis(2));
                }
            };
            let child = async {
                let mut command = trill::process::Command::new("cat");
                command
                    .stdin(trill::process::Stdio::piped())
                    .stdout(trill::process::Stdio::piped());
                let child = command.spawn().unwrap();
                child.communicate(bytes(200_000)).await.unwrap().stdout
            };
            let (same, ((), output)) = zip(client, zip(sleeping, child)).await;
            assert!(same);
            assert!(output == bytes(200_000));
            server.await;
        });
        assert!(start.elapsed() >= Duration::from_millis(100));
        let signals = SIGNALS.load(std::sync::atomic::Ordering::Relaxed);
        assert!(signals > 100, "only {signals} signals came");
    });
}

static SIGNALS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);

/// Has SIGALRM come every 100 µs from now on, with a handler that does not restart calls.
fn storm() {
    extern "C" fn count(_: i32) {
        SIGNALS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }
    let every = libc::timeval {
        tv_sec: 0,
        tv_usec: 100,
    };
    let timer = libc::itimerval {
        it_interval: every,
        it_value: every,
    };
    // SAFETY: all zeroes are a value of the structure: no flags, an empty mask.
    #[allow(unsafe_code)]
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = count as *const () as usize;
    // SAFETY: the handler touches one atomic; structures are complete.
    #[allow(unsafe_code)]
    let set = unsafe { libc::sigaction(libc::SIGALRM, &raw const action, std::ptr::null_mut()) };
    assert_eq!(set, 0);
    // SAFETY: as above.
    #[allow(unsafe_code)]
    let set = unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut()) };
    assert_eq!(set, 0);
}
