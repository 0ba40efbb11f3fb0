//! A server that is replaced while it serves, by a process that takes its listening socket over; no client notices.
//!
//! The program starts itself as the server, three times, and asks it questions all the while.

use std::env;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use trill::handover::{Handover, take_over};
use trill::net::{TcpListener, TcpStream};

fn main() -> ExitCode {
    let done = match env::var(GENERATION) {
        Ok(generation) => trill::block_on(serve(&generation)),
        Err(_) => restart_and_ask(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("handover: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The server: its sockets come from the process before it, if there is one.
async fn serve(generation: &str) -> io::Result<()> {
    let path = control();
    let (listener, before) = match take_over(&path).await? {
        Some(mut before) => {
            let listener = before.sockets().take_tcp_listener("web")?;
            (listener.ok_or(io::ErrorKind::NotFound)?, Some(before))
        }
        None => (TcpListener::bind("127.0.0.1:0").await?, None),
    };
    let accept = async {
        loop {
            let (stream, _) = listener.accept().await?;
            stream.write_all(generation.as_bytes()).await?;
        }
    };
    let give = async {
        let mut handover = match before {
            Some(before) => before.ready().await,
            None => Handover::bind(&path)?,
        };
        handover.offer("web", &listener)?;
        // Tells the parent that it serves, and where.
        println!("{}", listener.local_addr()?);
        handover.given().await
    };
    // Serves until the next one does.
    trill::future::or(give, accept).await
}

/// The parent: starts the servers one after the other, and is their client.
fn restart_and_ask() -> io::Result<()> {
    let (mut server, address) = start(1)?;
    for generation in 2..=3 {
        ask(address)?;
        let (next, same) = start(generation)?;
        assert_eq!(same, address, "the port is the same");
        server.wait()?;
        server = next;
        ask(address)?;
    }
    server.kill()?;
    server.wait()?;
    std::fs::remove_file(control())
}

/// Asks a few times who answers.
fn ask(address: SocketAddr) -> io::Result<()> {
    let answers = trill::block_on(async {
        let mut answers = String::new();
        for _ in 0..5 {
            let stream = TcpStream::connect(address).await?;
            let mut answer = [0];
            stream.read_exact(&mut answer).await?;
            answers.push(char::from(answer[0]));
        }
        io::Result::Ok(answers)
    })?;
    println!("answers of the generations {answers}");
    Ok(())
}

fn start(generation: u32) -> io::Result<(std::process::Child, SocketAddr)> {
    use io::BufRead;
    let mut child = Command::new(env::current_exe()?)
        .env(GENERATION, generation.to_string())
        .env(CONTROL, control())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    if let Some(output) = child.stdout.take() {
        io::BufReader::new(output).read_line(&mut line)?;
    }
    let address = line.trim().parse();
    Ok((
        child,
        address.map_err(|_| io::Error::other("the server does not serve"))?,
    ))
}

/// Where the servers meet: the parent's place, which its children are told.
fn control() -> PathBuf {
    match env::var_os(CONTROL) {
        Some(path) => path.into(),
        None => env::temp_dir().join(format!("trill-handover-{}", std::process::id())),
    }
}

const GENERATION: &str = "TRILL_EXAMPLE_GENERATION";
const CONTROL: &str = "TRILL_EXAMPLE_CONTROL";
