//! Many tasks on one socket, and halves in two tasks.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Context;

use futures_lite::{AsyncReadExt, AsyncWriteExt, future::zip};
use support::{Count, pair};
use trill_executor::Executor;
use trill_net::unix::UnixStream;
use trill_net::{TcpListener, TcpStream, UdpSocket};
use trill_park::block_on;

// Fault 8c
#[test]
fn every_byte_goes_to_one_of_many_readers() {
    let ex = Executor::new();
    block_on(ex.run(async {
        let (a, b) = pair().await;
        let b = Arc::new(b);
        let readers: Vec<_> = (0..50)
            .map(|_| {
                let b = b.clone();
                ex.spawn(async move {
                    let mut buffer = [0; 1];
                    b.read_exact(&mut buffer).await.map(|()| buffer[0])
                })
            })
            .collect();
        let sent: Vec<u8> = (0..50).collect();
        a.write_all(&sent).await.unwrap();
        let mut got = Vec::new();
        for reader in readers {
            got.push(reader.await.unwrap());
        }
        got.sort_unstable();
        assert_eq!(got, sent);
    }));
}

#[test]
fn every_datagram_goes_to_one_of_many_receivers() {
    let ex = Executor::new();
    block_on(ex.run(async {
        let receiver = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = receiver.local_addr().unwrap();
        let tasks: Vec<_> = (0..20)
            .map(|_| {
                let receiver = receiver.clone();
                ex.spawn(async move {
                    let mut buffer = [0; 4];
                    let (len, _) = receiver.recv_from(&mut buffer).await.unwrap();
                    assert_eq!(len, 1);
                    buffer[0]
                })
            })
            .collect();
        let sender = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        for number in 0..20 {
            sender.send_to(&[number], address).await.unwrap();
        }
        let mut got = Vec::new();
        for task in tasks {
            got.push(task.await);
        }
        got.sort_unstable();
        assert_eq!(got, (0..20).collect::<Vec<u8>>());
    }));
}

// Fault 8c
#[test]
fn all_who_poll_for_readiness_are_woken() {
    block_on(async {
        let (a, b) = pair().await;
        let counts: Vec<_> = (0..10).map(|_| Arc::new(Count::default())).collect();
        for count in &counts {
            let waker = count.waker();
            let mut cx = Context::from_waker(&waker);
            assert!(b.poll_readable(&mut cx).is_pending());
        }
        a.write_all(b"x").await.unwrap();
        b.readable().await.unwrap();
        assert!(counts.iter().all(|count| count.get() == 1));
    });
}

#[test]
fn connections_from_many_tasks_are_all_served() {
    let ex = Arc::new(Executor::new());
    let served = Arc::new(AtomicUsize::new(0));
    block_on(ex.run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (spawner, counter) = (ex.clone(), served.clone());
        let server = ex.spawn(async move {
            let mut incoming = listener.incoming();
            while let Some(stream) = incoming.next().await {
                let stream = stream.unwrap();
                let served = counter.clone();
                spawner
                    .spawn(async move {
                        let mut buffer = [0; 16];
                        loop {
                            match stream.read(&mut buffer).await.unwrap() {
                                0 => break,
                                count => stream.write_all(&buffer[..count]).await.unwrap(),
                            }
                        }
                        served.fetch_add(1, Ordering::Relaxed);
                    })
                    .detach();
            }
        });
        let clients: Vec<_> = (0..100_u8)
            .map(|number| {
                ex.spawn(async move {
                    let stream = TcpStream::connect(address).await.unwrap();
                    for _ in 0..10 {
                        stream.write_all(&[number; 16]).await.unwrap();
                        let mut buffer = [0; 16];
                        stream.read_exact(&mut buffer).await.unwrap();
                        assert_eq!(buffer, [number; 16]);
                    }
                })
            })
            .collect();
        for client in clients {
            client.await;
        }
        while served.load(Ordering::Relaxed) < 100 {
            trill_executor::yield_now().await;
        }
        server.cancel().await;
    }));
}

#[test]
fn owned_halves_work_in_two_tasks_at_once() {
    const LEN: usize = 4 << 20;
    let ex = Executor::new();
    block_on(ex.run(async {
        let (a, b) = pair().await;
        let (mut reader, mut writer) = a.into_split();
        let (mut echo_reader, mut echo_writer) = b.into_split();
        let echo = ex.spawn(async move {
            let mut buffer = vec![0; 10_000];
            loop {
                match echo_reader.read(&mut buffer).await.unwrap() {
                    0 => break,
                    count => echo_writer.write_all(&buffer[..count]).await.unwrap(),
                }
            }
            // Dropping the writing half tells the peer.
        });
        let write = ex.spawn(async move {
            let block: Vec<u8> = (0..=255).cycle().take(65536).collect();
            for _ in 0..LEN / block.len() {
                writer.write_all(&block).await.unwrap();
            }
            AsyncWriteExt::close(&mut writer).await.unwrap();
            writer
        });
        let mut got = Vec::new();
        AsyncReadExt::read_to_end(&mut reader, &mut got)
            .await
            .unwrap();
        assert_eq!(got.len(), LEN);
        assert!(got.iter().enumerate().all(|(at, byte)| *byte == at as u8));
        echo.await;
        let stream = reader.reunite(write.await).unwrap();
        stream.peer_addr().unwrap_err();
    }));
}

#[test]
fn borrowed_halves_work_at_once() {
    block_on(async {
        let (mut a, mut b) = UnixStream::pair().unwrap();
        let (mut reader, mut writer) = a.split();
        let (mut echo_reader, mut echo_writer) = b.split();
        let data = vec![9; 1 << 20];
        let echo = futures_lite::io::copy(&mut echo_reader, &mut echo_writer);
        let mut got = vec![0; data.len()];
        let talk = async {
            let write = async {
                writer.write_all(&data).await.unwrap();
                AsyncWriteExt::close(&mut writer).await.unwrap();
            };
            zip(write, reader.read_exact(&mut got)).await.1.unwrap();
        };
        let (copied, ()) = zip(echo, talk).await;
        assert_eq!(copied.unwrap(), data.len() as u64);
        assert!(got == data);
    });
}

#[test]
fn halves_of_different_streams_stay_apart() {
    block_on(async {
        let (a, b) = pair().await;
        let (read_a, write_a) = a.into_split();
        let (read_b, write_b) = b.into_split();
        let error = read_a.reunite(write_b).unwrap_err();
        assert!(error.to_string().contains("into_split"), "{error}");
        let (read_a, write_b) = (error.0, error.1);
        let a = read_a.reunite(write_a).unwrap();
        let b = write_b.reunite(read_b).unwrap();
        // Neither refusal nor reunion has closed anything.
        a.write_all(b"x").await.unwrap();
        assert_eq!(b.read(&mut [0]).await.unwrap(), 1);
    });
}

// Fault 27d
#[test]
fn a_stream_that_is_always_ready_gives_others_a_turn() {
    let ex = Executor::new();
    block_on(ex.run(async {
        let (a, b) = pair().await;
        let turns = Arc::new(AtomicUsize::new(0));
        let counter = {
            let turns = turns.clone();
            ex.spawn(async move {
                loop {
                    turns.fetch_add(1, Ordering::Relaxed);
                    trill_executor::yield_now().await;
                }
            })
        };
        let busy = ex.spawn(async move {
            // A byte is written and read again, so neither ever waits.
            for _ in 0..2000 {
                a.write_all(b"x").await.unwrap();
                b.read_exact(&mut [0]).await.unwrap();
            }
        });
        busy.await;
        // 4,000 operations are more than 30 budgets of 128.
        assert!(turns.load(Ordering::Relaxed) >= 30, "{turns:?}");
        counter.cancel().await;
    }));
}
