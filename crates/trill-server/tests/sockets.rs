//! Servers on loopback and Unix sockets.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::io::ErrorKind;
use std::os::unix::net as std_unix;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_lite::future::zip;
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use support::{note_reports, reports_of, settle};
use trill_executor::Executor;
use trill_io::ReadError;
use trill_net::unix::UnixStream;
use trill_net::{TcpListener, TcpStream};
use trill_park::block_on;
use trill_server::{
    Connection, Server, StreamReader, StreamWriter, open_connection, open_unix_connection,
    start_server, start_unix_server,
};
use trill_sync::Event;

fn run<T>(body: impl Future<Output = T>) -> T {
    let ex = Executor::new();
    block_on(ex.run(body))
}

/// A path of this test alone, without a file.
fn path(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("trill-server-{name}-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    path
}

async fn echo_lines(mut reader: StreamReader, writer: StreamWriter) -> Result<(), ReadError> {
    loop {
        let line = reader.read_line().await?;
        if line.is_empty() {
            return Ok(());
        }
        writer.write(&line)?;
        writer.drain().await?;
    }
}

#[test]
fn streams_talk_by_lines() {
    run(async {
        let server = start_server("127.0.0.1:0", echo_lines).await.unwrap();
        let port = server.local_addrs()[0].port();
        let clients: Vec<_> = (0..20)
            .map(|number| {
                trill_executor::ambient::spawn(async move {
                    let (mut reader, writer) = open_connection("127.0.0.1", port).await.unwrap();
                    for round in 0..20 {
                        let line = format!("{number}: {round}\n");
                        // Neither drain nor flush: the read that follows sends it.
                        writer.write(line.as_bytes()).unwrap();
                        assert_eq!(reader.read_line().await.unwrap(), line.as_bytes());
                    }
                    writer.close().await.unwrap();
                    assert_eq!(reader.read_line().await.unwrap(), b"");
                })
                .ok()
                .unwrap()
            })
            .collect();
        for client in clients {
            client.await;
        }
        let ended = server.shutdown(Duration::MAX).await;
        assert_eq!((ended.aborted, server.accepted()), (0, 20));
    });
}

#[test]
fn what_a_handler_writes_goes_out_while_it_does_something_else() {
    const LEN: usize = 8 << 20;
    run(async {
        let done = Arc::new(Event::new());
        let wait = done.clone();
        let server = start_server("127.0.0.1:0", move |_reader, writer: StreamWriter| {
            let done = wait.clone();
            async move {
                // Much more than the system buffers; nobody drains or flushes.
                writer.write(&vec![7; LEN]).unwrap();
                assert!(writer.buffered() > 0);
                done.wait().await;
            }
        })
        .await
        .unwrap();
        let (mut reader, _writer) = open_connection("127.0.0.1", server.local_addrs()[0].port())
            .await
            .unwrap();
        let got = reader.read_exact(LEN).await.unwrap();
        assert!(got.iter().all(|byte| *byte == 7));
        // All of that while the handler waits for this.
        done.set();
        assert_eq!(reader.read(1).await.unwrap(), b"");
    });
}

#[test]
fn what_is_buffered_when_a_handler_returns_or_fails_is_sent() {
    const LEN: usize = 8 << 20;
    note_reports();
    run(async {
        for fails in [false, true] {
            let server = Server::builder()
                .name("fails late")
                .bind("127.0.0.1:0")
                .await
                .unwrap();
            let handle = server
                .serve_streams(move |_reader, writer: StreamWriter| async move {
                    writer.write(&vec![7; LEN]).unwrap();
                    if fails { Err("no luck") } else { Ok(()) }
                })
                .unwrap();
            let (mut reader, _writer) =
                open_connection("127.0.0.1", handle.local_addrs()[0].port())
                    .await
                    .unwrap();
            assert_eq!(reader.read_to_end(2 * LEN).await.unwrap().len(), LEN);
            handle.close();
            handle.wait_closed().await;
        }
    });
    assert_eq!(reports_of("fails late").len(), 1);
}

#[test]
fn a_connection_lives_until_the_last_writer_is_gone() {
    run(async {
        let (tell, told) = trill_sync::channel::unbounded();
        let server = start_server("127.0.0.1:0", move |_reader, writer: StreamWriter| {
            tell.try_send(writer).unwrap();
            std::future::ready(())
        })
        .await
        .unwrap();
        let port = server.local_addrs()[0].port();
        let (mut reader, _writer) = open_connection("127.0.0.1", port).await.unwrap();
        let writer = told.recv().await.unwrap();
        settle().await;
        assert_eq!(server.live(), 1);
        writer.write(b"late").unwrap();
        drop(writer);
        assert_eq!(reader.read_to_end(10).await.unwrap(), b"late");
        server.close();
        server.wait_closed().await;
    });
}

// Fault 14a
#[test]
fn an_unread_backlog_is_aborted_at_the_deadline() {
    run(async {
        let server = start_server("127.0.0.1:0", |_reader, writer: StreamWriter| async move {
            writer.write(&vec![7; 64 << 20]).unwrap();
        })
        .await
        .unwrap();
        let port = server.local_addrs()[0].port();
        let (mut reader, _writer) = open_connection("127.0.0.1", port).await.unwrap();
        assert_eq!(reader.read_exact(1).await.unwrap(), [7]);
        let ended = server.shutdown(Duration::from_millis(10)).await;
        assert_eq!((ended.live, ended.aborted), (1, 1));
        // The client reads what was sent, and the end.
        let rest = reader.read_to_end(64 << 20).await;
        assert!(rest.is_ok_and(|rest| rest.len() < 64 << 20));
    });
}

#[test]
fn the_port_is_free_while_a_connection_goes_on() {
    run(async {
        let server = start_server("127.0.0.1:0", echo_lines).await.unwrap();
        let address = server.local_addrs()[0];
        let (mut reader, writer) = open_connection("127.0.0.1", address.port()).await.unwrap();
        writer.write(b"one\n").unwrap();
        assert_eq!(reader.read_line().await.unwrap(), b"one\n");
        let mut shutdown = Box::pin(server.shutdown(Duration::from_secs(60)));
        assert!(
            futures_lite::future::poll_once(&mut shutdown)
                .await
                .is_none()
        );
        server.wait_stopped().await;
        // Nobody listens there, and the port can be had.
        let error = TcpStream::connect(address).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        drop(TcpListener::bind(address).await.unwrap());
        // The connection in flight is served to its end.
        writer.write(b"two\n").unwrap();
        assert_eq!(reader.read_line().await.unwrap(), b"two\n");
        drop((reader, writer));
        assert_eq!(shutdown.await.aborted, 0);
    });
}

#[test]
fn a_connection_reads_and_writes_as_its_stream() {
    run(async {
        let server = Server::bind("127.0.0.1:0").await.unwrap();
        let handle = server
            .serve(|mut connection: Connection| async move {
                assert_eq!(
                    connection.about().peer(),
                    &connection.get_ref().peer_addr().unwrap()
                );
                let mut buffer = [0; 5];
                connection.read_exact(&mut buffer).await?;
                connection.write_all(&buffer).await?;
                connection.flush().await?;
                connection.close().await
            })
            .unwrap();
        let client = TcpStream::connect(handle.local_addrs()[0]).await.unwrap();
        client.write_all(b"hello").await.unwrap();
        let mut got = Vec::new();
        AsyncReadExt::read_to_end(&mut &client, &mut got)
            .await
            .unwrap();
        assert_eq!(got, b"hello");
    });
}

#[test]
fn all_addresses_of_a_host_are_served_once_each_on_one_port() {
    run(async {
        let both: [std::net::SocketAddr; 3] = [
            "127.0.0.1:0".parse().unwrap(),
            "127.0.0.2:0".parse().unwrap(),
            "127.0.0.1:0".parse().unwrap(),
        ];
        let server = Server::bind(&both[..]).await.unwrap();
        let handle = server.serve(|_: Connection| async {}).unwrap();
        let addresses = handle.local_addrs();
        assert_eq!(addresses.len(), 2);
        assert_eq!(addresses[0].port(), addresses[1].port());
        for address in addresses {
            let client = TcpStream::connect(address).await.unwrap();
            assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
        }
        handle.close();
        handle.wait_stopped().await;
        for address in addresses {
            TcpStream::connect(address).await.unwrap_err();
        }
    });
}

#[test]
fn an_address_that_this_machine_lacks_is_passed_over() {
    run(async {
        // An address for documentation, which nobody has.
        let addresses: [std::net::SocketAddr; 2] = [
            "192.0.2.1:0".parse().unwrap(),
            "127.0.0.1:0".parse().unwrap(),
        ];
        let server = Server::bind(&addresses[..]).await.unwrap();
        assert_eq!(server.local_addrs().unwrap().len(), 1);
        let error = Server::bind(&addresses[..1]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrNotAvailable);
        // Any other error closes what was opened.
        let taken = server.local_addrs().unwrap()[0];
        let free: std::net::SocketAddr = "127.0.0.2:0".parse().unwrap();
        let error = Server::bind(&[free, taken][..]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
    });
}

#[test]
fn a_socket_file_goes_with_its_listener() {
    run(async {
        let path = path("goes");
        let server = start_unix_server(&path, |mut reader, writer| async move {
            let line = reader.read_line().await?;
            writer.write(&line)?;
            Ok::<(), ReadError>(())
        })
        .await
        .unwrap();
        let (mut reader, writer) = open_unix_connection(&path).await.unwrap();
        writer.write(b"hello\n").unwrap();
        assert_eq!(reader.read_line().await.unwrap(), b"hello\n");
        assert!(path.exists());
        server.shutdown(Duration::MAX).await;
        assert!(!path.exists());
    });
}

#[test]
fn a_stale_socket_file_is_replaced_and_a_live_one_is_not() {
    run(async {
        let path = path("stale");
        drop(std_unix::UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        let server = Server::bind_unix(&path).await.unwrap();
        let error = Server::bind_unix(&path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        // The refused attempt has not taken the file away.
        UnixStream::connect(&path).await.unwrap();
        drop(server);
        assert!(!path.exists());
        // Something else is left alone.
        std::fs::write(&path, "precious").unwrap();
        let error = Server::bind_unix(&path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        assert_eq!(std::fs::read(&path).unwrap(), b"precious");
        std::fs::remove_file(&path).unwrap();
    });
}

#[test]
fn a_socket_file_of_somebody_else_is_left() {
    run(async {
        let path = path("other");
        let server = Server::bind_unix(&path).await.unwrap();
        // Somebody has put another socket there meanwhile.
        let moved = path.with_extension("new");
        let _ = std::fs::remove_file(&moved);
        let other = std_unix::UnixListener::bind(&moved).unwrap();
        std::fs::rename(&moved, &path).unwrap();
        drop(server);
        assert!(path.exists());
        drop(other);
        std::fs::remove_file(&path).unwrap();
    });
}

#[cfg(target_os = "linux")]
#[test]
fn an_abstract_name_has_no_file() {
    run(async {
        let name = format!("\0trill-server-{}", std::process::id());
        let server = Server::builder().backlog(5).bind_unix(&name).await.unwrap();
        let handle = server
            .serve(|connection: Connection<UnixStream, _>| async move {
                connection.get_ref().write_all(b"x").await
            })
            .unwrap();
        let client = UnixStream::connect(&name).await.unwrap();
        assert_eq!(client.read(&mut [0]).await.unwrap(), 1);
        handle.shutdown(Duration::MAX).await;
    });
}

#[test]
fn several_threads_serve_and_shut_down() {
    let ex = Arc::new(Executor::new());
    let (stop, stopped) = trill_sync::channel::bounded::<()>(1);
    for number in 0..2 {
        let (ex, stopped) = (ex.clone(), stopped.clone());
        let run = move || {
            let _ = block_on(ex.run(stopped.recv()));
        };
        trill_world::start_thread(&format!("worker {number}"), run).unwrap();
    }
    block_on(ex.run(async {
        let server = start_server("127.0.0.1:0", echo_lines).await.unwrap();
        let port = server.local_addrs()[0].port();
        let client = |number: u32| async move {
            let (mut reader, writer) = open_connection("127.0.0.1", port).await.unwrap();
            for _ in 0..50 {
                let line = format!("{number}\n");
                writer.write(line.as_bytes()).unwrap();
                assert_eq!(reader.read_line().await.unwrap(), line.as_bytes());
            }
        };
        let clients: Vec<_> = (0..50)
            .map(|number| trill_executor::ambient::spawn(client(number)).ok().unwrap())
            .collect();
        for client in clients {
            client.await;
        }
        let idle = open_connection("127.0.0.1", port).await.unwrap();
        while server.accepted() < 51 {
            trill_executor::yield_now().await;
        }
        // It would live for ever.
        let ended = zip(server.shutdown(Duration::ZERO), server.wait_closed())
            .await
            .0;
        assert!(ended.aborted >= 1, "{ended:?}");
        assert_eq!(server.live(), 0);
        drop(idle);
    }));
    drop(stop);
}

// Fault 1a
#[test]
fn a_server_without_descriptors_pauses_and_recovers() {
    // Behaviour 24: accept under descriptor exhaustion backs off without spinning.
    if std::env::var_os(CHILD).is_none() {
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "a_server_without_descriptors_pauses_and_recovers",
            ])
            .args(["--nocapture", "--test-threads=1"])
            .env(CHILD, "1")
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let shown = String::from_utf8_lossy(&output.stdout);
        assert!(shown.contains("done in the child"), "{shown}");
        return;
    }
    note_reports();
    run(async {
        let server = Server::builder()
            .name("starved")
            .bind("127.0.0.1:0")
            .await
            .unwrap();
        let client = TcpStream::connect(server.local_addrs().unwrap()[0])
            .await
            .unwrap();
        // Warm: the first timer of a process may start a thread.
        trill_timer::sleep(Duration::from_millis(1)).await;
        let hoard = take_all_descriptors();
        let start = trill_world::now();
        let handle = server
            .serve(|connection: Connection| async move {
                connection.get_ref().write_all(b"hello").await
            })
            .unwrap();
        while handle.failed() < 5 {
            trill_timer::sleep(Duration::from_millis(1)).await;
        }
        // Pauses of 5, 10, 20 and 40 ms lie between five failures, and none is ever short.
        assert!(trill_world::now() - start >= Duration::from_millis(75));
        assert_eq!((handle.accepted(), handle.is_serving()), (0, true));
        drop(hoard);
        let mut got = [0; 5];
        client.read_exact(&mut got).await.unwrap();
        assert_eq!(&got, b"hello");
        assert_eq!(reports_of("starved").len() as u64, handle.failed());
        handle.shutdown(Duration::MAX).await;
    });
    println!("done in the child");
}

const CHILD: &str = "TRILL_SERVER_CHILD";

/// Lowers the limit of this process and takes all descriptors that are left.
fn take_all_descriptors() -> Vec<std::fs::File> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let few = Rlimit {
        current: Some(64),
        ..limit
    };
    setrlimit(Resource::Nofile, few).unwrap();
    let mut taken = Vec::new();
    while let Ok(file) = std::fs::File::open("/dev/null") {
        taken.push(file);
    }
    taken
}
