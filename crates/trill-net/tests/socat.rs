//! Another program as the peer: `socat`, which `cargo xtask test-all` installs.
#![allow(clippy::unwrap_used)] // Only tests call the functions here.

use std::net::Shutdown;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use trill_net::unix::{UnixDatagram, UnixListener};
use trill_net::{TcpListener, UdpSocket};
use trill_park::block_on;

/// Starts `socat` between its standard streams and `address`, with `options`.
fn socat(options: &[&str], address: &str, input: Stdio, output: Stdio) -> Child {
    Command::new("socat")
        .args(options)
        .args(["STDIO", address])
        .stdin(input)
        .stdout(output)
        .spawn()
        .expect("socat is missing: `cargo xtask test-all` installs it, or: sudo apt-get install -y socat")
}

/// Starts `socat`, which sends `text` and then ends writing; what it receives can be asked of it at its end.
fn sender(text: &str, address: &str) -> Child {
    use std::io::Write;
    let mut child = socat(&["-t", "30"], address, Stdio::piped(), Stdio::piped());
    let mut input = child.stdin.take().unwrap();
    input.write_all(text.as_bytes()).unwrap();
    child
}

fn received(child: Child) -> String {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

struct Directory(PathBuf);

impl Directory {
    fn new(test: &str) -> Directory {
        let path = std::env::temp_dir().join(format!("trill-socat-{test}-{}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        Directory(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

/// Reads until the peer has ended writing, then answers.
macro_rules! read_to_the_end_and_answer {
    ($stream:expr) => {{
        let stream = $stream;
        let mut all = Vec::new();
        loop {
            let mut buffer = [0; 3];
            let count = stream.read(&mut buffer).await.unwrap();
            if count == 0 {
                break;
            }
            all.extend(&buffer[..count]);
        }
        stream.write_all(b"got: ").await.unwrap();
        stream.write_all(&all).await.unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        // A second time is no harm; if the peer was quick there is nobody left to tell.
        if let Err(error) = stream.shutdown(Shutdown::Write) {
            assert_eq!(error.kind(), std::io::ErrorKind::NotConnected);
        }
        assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
    }};
}

// Fault 12a, 12b
#[test]
fn a_peer_that_ended_writing_gets_its_answer_over_tcp() {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("TCP:{}", listener.local_addr().unwrap());
        let child = sender("hello over TCP", &address);
        let (stream, _) = listener.accept().await.unwrap();
        read_to_the_end_and_answer!(&stream);
        assert_eq!(received(child), "got: hello over TCP");
    });
}

#[test]
fn a_peer_that_ended_writing_gets_its_answer_over_a_path() {
    let directory = Directory::new("path");
    block_on(async {
        let path = directory.0.join("socket");
        let listener = UnixListener::bind(&path).unwrap();
        let child = sender("hello by path", &format!("UNIX-CONNECT:{}", path.display()));
        let id = child.id();
        let (stream, _) = listener.accept().await.unwrap();
        assert_eq!(stream.peer_cred().unwrap().pid(), Some(id as i32));
        read_to_the_end_and_answer!(&stream);
        assert_eq!(received(child), "got: hello by path");
    });
}

#[test]
fn a_peer_that_ended_writing_gets_its_answer_over_an_abstract_name() {
    block_on(async {
        let name = format!("trill-socat-{}", std::process::id());
        let listener = UnixListener::bind(format!("\0{name}")).unwrap();
        let child = sender("hello by name", &format!("ABSTRACT-CONNECT:{name}"));
        let (stream, _) = listener.accept().await.unwrap();
        read_to_the_end_and_answer!(&stream);
        assert_eq!(received(child), "got: hello by name");
    });
}

#[test]
fn datagrams_of_another_program_arrive() {
    let directory = Directory::new("datagram");
    block_on(async {
        let path = directory.0.join("socket");
        let receiver = UnixDatagram::bind(&path).unwrap();
        let child = sender("by path", &format!("UNIX-SENDTO:{}", path.display()));
        let mut buffer = [0; 64];
        let len = receiver.recv(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..len], b"by path");
        end(child);

        let receiver = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = format!("UDP:{}", receiver.local_addr().unwrap());
        let child = sender("by UDP", &address);
        let (len, _) = receiver.recv_from(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..len], b"by UDP");
        end(child);
    });
}

/// A datagram socket has no end that could end the child.
fn end(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_peer_that_is_killed_is_an_end_or_a_reset_and_no_hang() {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("TCP:{}", listener.local_addr().unwrap());
        let mut child = socat(&[], &address, Stdio::piped(), Stdio::null());
        let (stream, _) = listener.accept().await.unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        // It had read everything, so the kernel ends its stream in order.
        assert_eq!(stream.read(&mut [0; 8]).await.unwrap(), 0);
        // Nobody is there: the first write may be taken, the answer to it ends the connection.
        let error = loop {
            if let Err(error) = stream.write_all(&[0; 1000]).await {
                break error;
            }
        };
        let kind = error.kind();
        assert!(
            matches!(
                kind,
                std::io::ErrorKind::BrokenPipe | std::io::ErrorKind::ConnectionReset
            ),
            "{error}"
        );
    });
}
