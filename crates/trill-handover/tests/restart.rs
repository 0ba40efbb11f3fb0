//! Processes that follow each other on one port, while clients keep connecting.
#![cfg(unix)]
#![allow(clippy::disallowed_methods)] // Tests look at processes from outside.
#![allow(clippy::unwrap_used)] // Only tests call the functions here.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};

use futures_lite::future::{or, poll_once, zip};
use trill_executor::Executor;
use trill_handover::{Handover, take_over};
use trill_net::TcpListener;
use trill_net::unix::UnixStream;
use trill_park::block_on;

const GENERATION: &str = "TRILL_TEST_GENERATION";
const CONTROL: &str = "TRILL_TEST_CONTROL";

/// A directory for a socket, removed at the end of a test.
struct Directory(PathBuf);

impl Directory {
    fn new(test: &str) -> Directory {
        let name = format!("trill-handover-{test}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Directory(path)
    }

    fn control(&self) -> PathBuf {
        self.0.join("control")
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

#[test]
fn every_connection_is_answered_across_restarts() {
    if let Ok(generation) = std::env::var(GENERATION) {
        let control = std::env::var_os(CONTROL).unwrap();
        return block_on(serve(generation.parse().unwrap(), Path::new(&control)));
    }
    let directory = Directory::new("restarts");
    let (mut server, address) = start(1, &directory.control());
    let stop = Arc::new(AtomicBool::new(false));
    // No room: a client waits until its answer was looked at, so that the counts are of their time.
    let (answers, answered) = mpsc::sync_channel(0);
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let (stop, answers) = (stop.clone(), answers.clone());
            std::thread::spawn(move || keep_asking(address, &stop, &answers))
        })
        .collect();
    drop(answers);
    let mut total = 0;
    for generation in 2..=5 {
        // The one before answers, and then its successor starts beside it.
        total += wait_for_answers_of(generation - 1, &answered);
        let control = directory.control();
        let starting = std::thread::spawn(move || start(generation, &control));
        while !starting.is_finished() {
            total += 1;
            answered.recv().unwrap().unwrap();
        }
        let (next, same) = starting.join().unwrap();
        assert_eq!(same, address);
        let mut before = std::mem::replace(&mut server, next);
        let ending = std::thread::spawn(move || before.wait().unwrap());
        while !ending.is_finished() {
            total += 1;
            answered.recv().unwrap().unwrap();
        }
        assert!(ending.join().unwrap().success());
    }
    total += wait_for_answers_of(5, &answered);
    stop.store(true, Ordering::Relaxed);
    // Every connection that was begun has its answer; one that had none would be an error here.
    total += answered.iter().map(Result::unwrap).count();
    let asked: usize = clients
        .into_iter()
        .map(|client| client.join().unwrap())
        .sum();
    assert_eq!(total, asked);
    server.kill().unwrap();
    server.wait().unwrap();
}

/// Takes answers until one generation has given 50 of them; returns how many there were in all.
fn wait_for_answers_of(generation: u32, answered: &mpsc::Receiver<Result<u32, String>>) -> usize {
    let (mut all, mut of_it) = (0, 0);
    while of_it < 50 {
        all += 1;
        of_it += usize::from(answered.recv().unwrap().unwrap() == generation);
    }
    all
}

/// Connects again and again; returns how often.
fn keep_asking(
    address: SocketAddr,
    stop: &AtomicBool,
    answers: &mpsc::SyncSender<Result<u32, String>>,
) -> usize {
    let ask = || -> std::io::Result<u32> {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(b"who?\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        answer
            .parse()
            .map_err(|_| std::io::Error::other(format!("answer {answer:?}")))
    };
    let mut asked = 0;
    while !stop.load(Ordering::Relaxed) {
        asked += 1;
        answers
            .send(ask().map_err(|error| error.to_string()))
            .unwrap();
    }
    asked
}

/// Starts a server, and returns it with its address when it serves.
fn start(generation: u32, control: &Path) -> (Child, SocketAddr) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "every_connection_is_answered_across_restarts",
            "--exact",
            "--nocapture",
        ])
        .env(GENERATION, generation.to_string())
        .env(CONTROL, control)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let mut lines = output.lines().map(Result::unwrap);
    let address = lines.find_map(|line| {
        let (_, address) = line.split_once("serving ")?;
        Some(address.parse().unwrap())
    });
    // What the child prints at its end must find a reader.
    std::thread::spawn(move || lines.for_each(drop));
    (child, address.expect("the server serves"))
}

/// One generation of the server.
async fn serve(generation: u32, control: &Path) {
    let (listener, successor) = match take_over(control).await.unwrap() {
        Some(mut successor) => {
            let listener = successor.sockets().take_tcp_listener("web").unwrap();
            (listener.unwrap(), Some(successor))
        }
        None => (TcpListener::bind("127.0.0.1:0").await.unwrap(), None),
    };
    let executor = Executor::new();
    let accept = async {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            executor
                .spawn(async move {
                    let mut question = [0; 5];
                    stream.read_exact(&mut question).await.unwrap();
                    stream
                        .write_all(generation.to_string().as_bytes())
                        .await
                        .unwrap();
                })
                .detach();
        }
    };
    let give = async {
        let mut handover = match successor {
            Some(successor) => successor.ready().await,
            None => Handover::bind(control).unwrap(),
        };
        handover.offer("web", &listener).unwrap();
        println!("serving {}", listener.local_addr().unwrap());
        handover.given().await.unwrap();
    };
    // Accepting ends in the moment in which the successor is known to be ready.
    executor.run(or(give, accept)).await;
    drop(listener);
    // What was accepted is answered.
    while !executor.is_empty() {
        executor.tick().await;
    }
}

#[test]
fn a_successor_that_dies_before_it_is_ready_changes_nothing() {
    let directory = Directory::new("dies");
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut handover = Handover::bind(directory.control()).unwrap();
        handover.offer("web", &listener).unwrap();
        let mut given = Box::pin(handover.given());
        for _ in 0..3 {
            let take = async { take_over(directory.control()).await.unwrap().unwrap() };
            let end = async {
                given.as_mut().await.unwrap();
                panic!("nobody was ready");
            };
            let successor = or(take, end).await;
            drop(successor);
            assert!(poll_once(&mut given).await.is_none());
        }
        // Somebody who says nothing and goes, and somebody who says the wrong thing.
        drop(UnixStream::connect(directory.control()).await.unwrap());
        let stream = UnixStream::connect(directory.control()).await.unwrap();
        stream.write_all(b"hello?").await.unwrap();
        let take = async {
            let successor = take_over(directory.control()).await.unwrap().unwrap();
            successor.ready().await
        };
        let (given, next) = zip(given, take).await;
        given.unwrap();
        // The path is the next one's now.
        drop(handover);
        let (given, taken) = zip(next.given(), async {
            take_over(directory.control())
                .await
                .unwrap()
                .unwrap()
                .ready()
                .await
        })
        .await;
        given.unwrap();
        drop(taken);
    });
}

#[test]
fn without_a_process_before_there_is_nothing_to_take() {
    let directory = Directory::new("first");
    block_on(async {
        assert!(take_over(directory.control()).await.unwrap().is_none());
        let handover = Handover::bind(directory.control()).unwrap();
        let error = Handover::bind(directory.control()).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
        drop(handover);
        // The file is left, and nobody listens.
        assert!(take_over(directory.control()).await.unwrap().is_none());
        Handover::bind(directory.control()).unwrap();
        // A file that is no socket is somebody's.
        std::fs::remove_file(directory.control()).unwrap();
        std::fs::write(directory.control(), "precious").unwrap();
        Handover::bind(directory.control()).unwrap_err();
        assert_eq!(std::fs::read(directory.control()).unwrap(), b"precious");
    });
}

#[test]
fn what_cannot_be_offered_is_an_error() {
    let directory = Directory::new("offers");
    let mut handover = Handover::bind(directory.control()).unwrap();
    let null = std::fs::File::open("/dev/null").unwrap();
    for name in ["trill-handover", &"x".repeat(256)] {
        let error = handover.offer(name, &null).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    }
    for _ in 0..252 {
        handover.offer("null", &null).unwrap();
    }
    handover.offer("null", &null).unwrap_err();
    // All of them arrive.
    block_on(async {
        let take = async {
            let mut successor = take_over(directory.control()).await.unwrap().unwrap();
            assert_eq!(successor.sockets().len(), 252);
            let error = successor.sockets().take_udp("null").unwrap_err();
            assert!(error.to_string().contains("is not a UDP socket"), "{error}");
            assert!(successor.sockets().take_fd("null").is_some());
            successor.ready().await
        };
        zip(handover.given(), take).await.0.unwrap();
    });
}

#[test]
fn what_listens_and_hands_nothing_over_is_an_error() {
    let directory = Directory::new("others");
    block_on(async {
        let other = trill_net::unix::UnixListener::bind(directory.control()).unwrap();
        let answer = async {
            let (stream, _) = other.accept().await.unwrap();
            stream.write_all(b"220 mail ready").await.unwrap();
        };
        let (taken, ()) = zip(take_over(directory.control()), answer).await;
        assert_eq!(taken.unwrap_err().kind(), std::io::ErrorKind::InvalidData);
    });
}
