//! Bytes arrive whole and in order, by each way.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // Only tests call the functions here.

mod support;

use std::io::{ErrorKind, Seek};
use std::net::Shutdown;
use std::task::{Context, Poll, Waker};
use std::{future::Future, pin::Pin};

use futures_lite::future::{poll_once, zip};
use support::{Scratch, pattern, read_all};
use trill_net::unix::UnixStream;
use trill_net::{TcpListener, TcpStream};
use trill_park::block_on;
use trill_splice::{copy, receive_file, send_file};

#[test]
fn a_file_is_sent_whole() {
    let bytes = pattern(5_000_003);
    let mut scratch = Scratch::new("whole", &bytes);
    scratch.file.seek(std::io::SeekFrom::Start(7)).unwrap();
    for memory in [false, true] {
        block_on(async {
            let (a, b) = UnixStream::pair().unwrap();
            let send = async {
                let mut sending = send_file(&scratch.file, .., &a);
                if memory {
                    sending = sending.through_memory();
                }
                let sent = (&mut sending).await.unwrap();
                assert_eq!(sent, sending.sent());
                let in_kernel = format!("{sending:?}").contains("in_kernel: true");
                assert_eq!(in_kernel, cfg!(target_os = "linux") && !memory);
                drop(sending);
                a.shutdown(Shutdown::Write).unwrap();
                sent
            };
            let (sent, came) = zip(send, read_all(&b, 100_000)).await;
            assert_eq!(sent, bytes.len() as u64);
            assert!(came == bytes);
        });
    }
    // Its own position is where it was.
    assert_eq!(scratch.file.stream_position().unwrap(), 7);
}

#[test]
fn a_file_that_is_not_in_memory_is_read_by_the_pool_and_sent_whole() {
    let bytes = pattern(1_000_000);
    let scratch = Scratch::new("cold", &bytes);
    scratch.file.sync_all().unwrap();
    #[cfg(target_os = "linux")]
    rustix::fs::fadvise(&scratch.file, 0, None, rustix::fs::Advice::DontNeed).unwrap();
    block_on(async {
        let (a, b) = UnixStream::pair().unwrap();
        let send = async {
            let sent = send_file(&scratch.file, .., &a).await.unwrap();
            a.shutdown(Shutdown::Write).unwrap();
            sent
        };
        let (sent, came) = zip(send, read_all(&b, 100_000)).await;
        assert_eq!(sent, 1_000_000);
        assert!(came == bytes);
    });
}

#[test]
fn ranges_are_what_they_say_and_end_where_the_file_ends() {
    let bytes = pattern(1000);
    let scratch = Scratch::new("ranges", &bytes);
    block_on(async {
        let (a, b) = UnixStream::pair().unwrap();
        for memory in [false, true] {
            let ranges = [
                (0, 0),
                (0, 10),
                (990, 2000),
                (1000, 1001),
                (5000, 6000),
                (20, 10),
            ];
            for (start, end) in ranges {
                let mut sending = send_file(&scratch.file, start..end, &a);
                if memory {
                    sending = sending.through_memory();
                }
                let sent = sending.await.unwrap() as usize;
                let expected = bytes.get(start as usize..(end as usize).min(1000));
                let expected = expected.unwrap_or_default();
                assert_eq!(sent, expected.len());
                let mut came = vec![0; sent];
                b.read_exact(&mut came).await.unwrap();
                assert_eq!(came, expected);
            }
            assert_eq!(send_file(&scratch.file, 998.., &a).await.unwrap(), 2);
            assert_eq!(send_file(&scratch.file, ..=1, &a).await.unwrap(), 2);
            b.read_exact(&mut [0; 4]).await.unwrap();
        }
    });
}

#[test]
fn a_file_that_becomes_shorter_ends_the_sending() {
    for memory in [false, true] {
        let scratch = Scratch::new("shorter", &pattern(4_000_000));
        block_on(async {
            let (a, b) = UnixStream::pair().unwrap();
            let mut sending = send_file(&scratch.file, .., &a);
            if memory {
                sending = sending.through_memory();
                // The first chunk is with the pool; it need not have come back.
            }
            let _ = poll_once(&mut sending).await;
            scratch.file.set_len(300_000).unwrap();
            let send = async {
                let sent = (&mut sending).await.unwrap();
                a.shutdown(Shutdown::Write).unwrap();
                sent
            };
            let (sent, came) = zip(send, read_all(&b, 65_536)).await;
            assert_eq!(sent, came.len() as u64);
            assert!(sent <= 4_000_000);
            assert!(came.len() >= 300_000 || memory);
        });
    }
}

#[test]
fn only_regular_files_have_ranges() {
    block_on(async {
        let (a, _b) = UnixStream::pair().unwrap();
        let null = std::fs::File::open("/dev/null").unwrap();
        let error = send_file(&null, .., &a).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    });
}

#[test]
fn a_stream_is_copied_whole_whatever_its_ends_are() {
    let bytes = pattern(3_000_001);
    for memory in [false, true] {
        block_on(async {
            let (a, b) = UnixStream::pair().unwrap();
            let (d, e) = UnixStream::pair().unwrap();
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let c = TcpStream::connect(listener.local_addr().unwrap())
                .await
                .unwrap();
            let (tcp, _) = listener.accept().await.unwrap();
            let write = async {
                a.write_all(&bytes).await.unwrap();
                a.shutdown(Shutdown::Write).unwrap();
            };
            let there = async {
                let mut copying = copy(&b, &c);
                if memory {
                    copying = copying.through_memory();
                }
                let count = (&mut copying).await.unwrap();
                let in_kernel = format!("{copying:?}").contains("in_kernel: true");
                assert_eq!(in_kernel, cfg!(target_os = "linux") && !memory);
                c.shutdown(Shutdown::Write).unwrap();
                count
            };
            let on = async {
                let count = copy(&tcp, &d).await.unwrap();
                d.shutdown(Shutdown::Write).unwrap();
                count
            };
            // Small reads: writing waits all the time.
            let (((), there), (on, came)) =
                zip(zip(write, there), zip(on, read_all(&e, 1000))).await;
            assert_eq!((there, on), (3_000_001, 3_000_001));
            assert!(came == bytes);
        });
    }
}

/// Drops the copy after each number of polls: what is written, kept and left adds up to what was sent, in order.
#[test]
fn a_copy_that_is_ended_anywhere_has_lost_nothing() {
    let bytes = pattern(1_000_000);
    let mut ends = 0;
    for polls in 0..60 {
        for memory in [false, true] {
            let (a, b) = block_on(async { UnixStream::pair() }).unwrap();
            let (c, d) = UnixStream::pair().unwrap();
            let (mut sent, mut came) = (0, Vec::new());
            let mut copying = copy(&b, &c);
            if memory {
                copying = copying.through_memory();
            }
            for _ in 0..polls {
                let mut cx = Context::from_waker(Waker::noop());
                assert!(matches!(
                    Pin::new(&mut copying).poll(&mut cx),
                    Poll::Pending
                ));
                // The one side writes what it can, the other reads less, so that something is between them.
                while let Ok(count) = a.try_write(&bytes[sent..]) {
                    sent += count;
                }
                let mut buffer = vec![0; 10_000];
                if let Ok(count) = d.try_read(&mut buffer) {
                    came.extend(&buffer[..count]);
                }
                // Readiness is learned where a thread parks.
                block_on(trill_park_turn());
            }
            let written = copying.written() as usize;
            let read = copying.read() as usize;
            let rest = copying.into_rest().unwrap();
            assert_eq!(written + rest.len(), read);
            ends += usize::from(!rest.is_empty());
            drop((a, c));
            block_on(async {
                came.extend(read_all(&d, 65_536).await);
                assert_eq!(came.len(), written);
                came.extend(rest);
                came.extend(read_all(&b, 65_536).await);
            });
            assert!(came == bytes[..sent]);
        }
    }
    assert!(ends > 0, "nothing was ever between the ends");
}

/// Parks once without waiting for anything.
async fn trill_park_turn() {
    let mut parked = false;
    std::future::poll_fn(|cx| {
        if parked {
            return Poll::Ready(());
        }
        parked = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[test]
fn a_stream_is_written_to_a_file() {
    let bytes = pattern(2_000_001);
    for memory in [false, true] {
        let scratch = Scratch::new("receive", b"0123456789");
        block_on(async {
            let (a, b) = UnixStream::pair().unwrap();
            let write = async {
                a.write_all(&bytes).await.unwrap();
                drop(a);
            };
            let receive = async {
                let mut receiving = receive_file(&b, &scratch.file, 5);
                if memory {
                    receiving = receiving.through_memory();
                }
                // Asked in between, as by a time limit, and awaited again.
                while poll_once(&mut receiving).await.is_none() && receiving.written() < 500_000 {
                    futures_lite::future::yield_now().await;
                }
                if receiving.written() < 2_000_001 {
                    receiving.await.unwrap()
                } else {
                    receiving.written()
                }
            };
            let ((), received) = zip(write, receive).await;
            assert_eq!(received, 2_000_001);
        });
        let content = scratch.content();
        assert_eq!(&content[..5], b"01234");
        assert!(content[5..] == bytes);
    }
}

#[test]
fn a_peer_that_is_gone_is_an_error_that_says_how_far_it_came() {
    let scratch = Scratch::new("gone", &pattern(4_000_000));
    block_on(async {
        let (a, b) = UnixStream::pair().unwrap();
        let mut sending = send_file(&scratch.file, .., &a);
        assert!(poll_once(&mut sending).await.is_none());
        drop(b);
        let error = (&mut sending).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        assert!(sending.sent() < 4_000_000);

        let (a, b) = UnixStream::pair().unwrap();
        let (c, d) = UnixStream::pair().unwrap();
        a.write_all(b"unheard").await.unwrap();
        drop(d);
        let mut copying = copy(&b, &c);
        let error = (&mut copying).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        assert_eq!((copying.read(), copying.written()), (7, 0));
        assert_eq!(copying.into_rest().unwrap(), b"unheard");
    });
}

#[test]
fn a_file_that_takes_no_bytes_is_an_error() {
    let scratch = Scratch::new("refuses", b"");
    let name = format!(
        "/proc/self/fd/{}",
        std::os::fd::AsRawFd::as_raw_fd(&scratch.file)
    );
    // Opened to read.
    let file = std::fs::File::open(name).unwrap();
    block_on(async {
        for memory in [false, true] {
            let (a, b) = UnixStream::pair().unwrap();
            a.write_all(b"x").await.unwrap();
            let mut receiving = receive_file(&b, &file, 0);
            if memory {
                receiving = receiving.through_memory();
            }
            let error = (&mut receiving).await.unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::EBADF), "{error}");
            assert_eq!(receiving.written(), 0);
        }
    });
}
