//! Many files downloaded at once, but not too many, from a server that fails now and then.
//!
//! Shows: a semaphore as a bound, retries with growing delays, a timeout around each attempt, files written on the
//! blocking pool and checked on disk.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use trill::lock::Semaphore;
use trill::net::{TcpListener, TcpStream};
use trill::prelude::*;
use trill::time::{sleep, timeout};
use trill_examples::{Bar, Checksum, Row, print_table, scale};

fn main() -> io::Result<()> {
    print_table(&run()?);
    Ok(())
}

/// Downloads all files and checks them on disk.
pub(crate) fn run() -> io::Result<Vec<Row>> {
    let files = scale(300, 30);
    let folder = Folder::new()?;
    trill::run(async {
        let start = trill::time::now();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let server = listener.local_addr()?;
        let serving = trill::spawn(serve(listener));
        let width = Arc::new(Semaphore::new(WIDTH));
        let retries = Arc::new(AtomicU64::new(0));
        let tasks: Vec<_> = (0..files)
            .map(|number| {
                let (width, retries) = (width.clone(), retries.clone());
                let path = folder.0.join(format!("{number}.bin"));
                trill::spawn(async move {
                    let _permit = width.acquire().await;
                    download(server, number, &path, &retries).await
                })
            })
            .collect();
        let mut bar = Bar::new(format!("{files} files, {WIDTH} at once"), files);
        let mut bytes = 0;
        for task in tasks {
            bytes += task.await?;
            bar.add(1);
        }
        bar.finish();
        drop(serving);
        let took = trill::time::now() - start;
        let retries = retries.load(Ordering::Relaxed);
        let result = format!("{took:.2?}, {retries} retries, every checksum on disk right");
        Ok(vec![Row::new(
            "files",
            format!("{files} files, {} KiB", bytes >> 10),
            result,
        )])
    })
}

/// Downloads one file, trying again with growing delays; returns its length.
async fn download(
    server: SocketAddr,
    number: u64,
    path: &Path,
    retries: &AtomicU64,
) -> io::Result<u64> {
    let mut delay = DELAY_MIN;
    for _ in 1..ATTEMPTS_MAX {
        match timeout(ATTEMPT_MAX, attempt(server, number, path)).await {
            Ok(Ok(bytes)) => return Ok(bytes),
            Ok(Err(_)) | Err(_) => {
                retries.fetch_add(1, Ordering::Relaxed);
                // A random part keeps clients that failed together from coming back together.
                let jitter = trill::world::random("downloads.jitter") % delay.as_micros() as u64;
                sleep(delay + Duration::from_micros(jitter)).await;
                delay = (delay * 2).min(DELAY_MAX);
            }
        }
    }
    // The last attempt's error is the one to tell.
    timeout(ATTEMPT_MAX, attempt(server, number, path)).await?
}

/// Downloads one file, writes it, reads it back and compares checksums.
async fn attempt(server: SocketAddr, number: u64, path: &Path) -> io::Result<u64> {
    let mut stream = TcpStream::connect(server).await?;
    stream.write_all(format!("{number}\n").as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let Some((sent, body)) = answer.split_first_chunk::<8>() else {
        return Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "the server hung up",
        ));
    };
    let sent = u64::from_le_bytes(*sent);
    let (body, path) = (body.to_vec(), path.to_owned());
    let written = trill::unblock(move || {
        std::fs::write(&path, body)?;
        std::fs::read(&path)
    });
    let on_disk = written.await?;
    if Checksum::of(&on_disk).value() != sent {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the checksum on disk differs from the server's",
        ));
    }
    Ok(on_disk.len() as u64)
}

/// Serves files; every fifth connection is cut in the middle of its answer.
async fn serve(listener: TcpListener) -> io::Result<()> {
    let mut connections = 0;
    loop {
        let (stream, _) = listener.accept().await?;
        connections += 1;
        // A client that went away is no error of the server's.
        trill::spawn(async move { drop(answer(stream, connections % 5 == 0).await) }).detach();
    }
}

/// Answers one connection: checksum, then the file.
async fn answer(mut stream: TcpStream, fails: bool) -> io::Result<()> {
    let mut line = String::new();
    trill::io::BufReader::new(&mut stream)
        .read_line(&mut line)
        .await?;
    let number: u64 = line.trim().parse().map_err(io::Error::other)?;
    let body = file(number);
    stream
        .write_all(&Checksum::of(&body).value().to_le_bytes())
        .await?;
    let sent = if fails { body.len() / 2 } else { body.len() };
    stream.write_all(&body[..sent]).await?;
    stream.close().await
}

/// The bytes of a file: 4 to 68 KiB.
fn file(number: u64) -> Vec<u8> {
    let bytes = 4096 + (number * 7919 % 65_536) as usize;
    (0..bytes as u64)
        .map(|at| (at.wrapping_mul(number + 31) >> 3) as u8)
        .collect()
}

/// A temporary folder that is removed with what is in it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> io::Result<Folder> {
        let name = format!(
            "trill-downloads-{}-{}",
            std::process::id(),
            trill::world::random("downloads.folder")
        );
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path)?;
        Ok(Folder(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Downloads under way at once.
const WIDTH: usize = 16;

/// A file that fails so often will not come.
const ATTEMPTS_MAX: u32 = 8;

/// An attempt that takes longer is given up.
const ATTEMPT_MAX: Duration = Duration::from_secs(5);

/// Delay before the second attempt.
const DELAY_MIN: Duration = Duration::from_millis(5);

/// Delays stop growing here.
const DELAY_MAX: Duration = Duration::from_millis(200);
