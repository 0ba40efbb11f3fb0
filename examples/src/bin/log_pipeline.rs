//! A log that is read over TCP as it arrives, parsed and summed up in bounded memory.
//!
//! Shows: buffered reading with back-pressure, a bounded channel between two tasks, memory that does not grow with
//! the stream. The log comes from a process of its own, so that the peak of memory is the reader's alone.

use std::collections::BTreeMap;
use std::io;

use trill::channel;
use trill::net::{TcpListener, TcpStream};
use trill::prelude::*;
use trill_examples::{Bar, Child, Row, peak_rss_bytes, print_table, scale, stdin_closed};

fn main() -> io::Result<()> {
    if std::env::args().nth(1).as_deref() == Some(ROLE) {
        return trill::run(serve_until_told());
    }
    print_table(&run()?);
    Ok(())
}

/// The argument that makes this program the source of the log.
pub(crate) const ROLE: &str = "serve-log";

/// What is kept of the log: as much as there are routes, however long the log is.
#[derive(Debug, Default, PartialEq, Eq)]
struct Summary {
    lines: u64,
    errors: u64,
    micros: u64,
    by_route: BTreeMap<String, u64>,
}

/// Reads the log and sums it up.
pub(crate) fn run() -> io::Result<Vec<Row>> {
    let source = Child::start(ROLE, &[])?;
    let bytes = scale(256, 4) << 20;
    trill::run(async {
        let start = trill::time::now();
        let stream = TcpStream::connect(source.address()).await?;
        // Blocks of whole lines go from the task that reads to the one that parses; four of them bound the memory.
        let (sender, receiver) = channel::bounded(4);
        let reading = trill::spawn(read_blocks(stream, bytes, sender));
        let parsing = trill::spawn(async move {
            let mut summary = Summary::default();
            while let Ok(block) = receiver.recv().await {
                summary.add_block(&block);
            }
            summary
        });
        let received = reading.await?;
        let summary = parsing.await;
        let took = trill::time::now() - start;
        if summary != expected(summary.lines) {
            return Err(io::Error::other("the summary differs from what was sent"));
        }
        let mib = received as f64 / f64::from(1 << 20);
        let rate = mib / took.as_secs_f64();
        let peak = peak_rss_bytes() as f64 / f64::from(1 << 20);
        let Summary {
            lines,
            errors,
            micros,
            by_route,
        } = summary;
        let result = format!("{took:.2?}, {rate:.0} MiB/s, peak memory {peak:.1} MiB");
        let found = format!(
            "{errors} errors, mean {} µs, {} routes; as sent",
            micros / lines.max(1),
            by_route.len()
        );
        Ok(vec![
            Row::new("log", format!("{mib:.0} MiB in {lines} lines"), result),
            Row::new("log", "what was found", found),
        ])
    })
}

/// Reads the stream in blocks that end with a line; returns how many bytes came.
async fn read_blocks(
    stream: TcpStream,
    total: u64,
    blocks: channel::Sender<Vec<u8>>,
) -> io::Result<u64> {
    let mut bar = Bar::new(format!("{} MiB of log", total >> 20), total);
    let mut received = 0;
    let mut rest = Vec::new();
    loop {
        let mut block = std::mem::take(&mut rest);
        let kept = block.len();
        block.resize(BLOCK_BYTES, 0);
        let read = stream.read(&mut block[kept..]).await?;
        block.truncate(kept + read);
        received += read as u64;
        bar.add(read as u64);
        let whole = block
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |last| last + 1);
        if read > 0 && whole == 0 && block.len() == BLOCK_BYTES {
            return Err(io::Error::other("a line of the log is longer than a block"));
        }
        rest.extend_from_slice(&block[whole..]);
        block.truncate(whole);
        // If the parser is gone, so is its reason to read on.
        if (!block.is_empty() && blocks.send(block).await.is_err()) || read == 0 {
            bar.finish();
            return Ok(received);
        }
    }
}

impl Summary {
    fn add_block(&mut self, block: &[u8]) {
        for line in block
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
        {
            match std::str::from_utf8(line).ok().and_then(parse) {
                Some((route, status, micros)) => self.add(route, status, micros),
                None => eprintln!(
                    "log: skipped a line that is none: {}",
                    String::from_utf8_lossy(line)
                ),
            }
        }
    }

    fn add(&mut self, route: &str, status: u16, micros: u64) {
        self.lines += 1;
        self.errors += u64::from(status >= 500);
        self.micros += micros;
        match self.by_route.get_mut(route) {
            Some(count) => *count += 1,
            None => {
                self.by_route.insert(route.to_owned(), 1);
            }
        }
    }
}

/// Takes `time GET /route status micros` apart.
fn parse(line: &str) -> Option<(&str, u16, u64)> {
    let mut words = line.split(' ').skip(2);
    Some((
        words.next()?,
        words.next()?.parse().ok()?,
        words.next()?.parse().ok()?,
    ))
}

/// What a log of so many lines sums up to.
fn expected(lines: u64) -> Summary {
    let mut summary = Summary::default();
    for number in 0..lines {
        let (route, status, micros) = line(number);
        summary.add(ROUTES[route], status, micros);
    }
    summary
}

/// Route, status and duration of a line.
fn line(number: u64) -> (usize, u16, u64) {
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let status = if mixed >> 57 == 0 { 503 } else { 200 };
    (
        (mixed >> 20) as usize % ROUTES.len(),
        status,
        100 + (mixed >> 40) % 900,
    )
}

/// Sends the log to whoever connects, until this process's standard input is closed.
pub(crate) async fn serve_until_told() -> io::Result<()> {
    let bytes = scale(256, 4) << 20;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let serving = trill::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            trill::spawn(async move {
                if let Err(error) = send_log(stream, bytes).await {
                    eprintln!("log: cannot send: {error}");
                }
            })
            .detach();
        }
    });
    stdin_closed().await;
    drop(serving);
    Ok(())
}

/// Sends at least `total` bytes of log.
async fn send_log(mut stream: TcpStream, total: u64) -> io::Result<()> {
    use std::io::Write as _;

    let mut sent = 0;
    let mut number = 0;
    let mut block = Vec::with_capacity(BLOCK_BYTES);
    while sent < total {
        block.clear();
        while block.len() < BLOCK_BYTES - LINE_BYTES_MAX {
            let (route, status, micros) = line(number);
            writeln!(
                block,
                "2026-11-21T{:012} GET {} {status} {micros}",
                number, ROUTES[route]
            )?;
            number += 1;
        }
        stream.write_all(&block).await?;
        sent += block.len() as u64;
    }
    stream.close().await
}

const ROUTES: [&str; 6] = ["/", "/search", "/cart", "/pay", "/help", "/static/app.js"];

/// A block holds about a thousand lines: large enough to amortise a system call, small against the memory of today.
const BLOCK_BYTES: usize = 64 << 10;

/// No line of this log is longer.
const LINE_BYTES_MAX: usize = 128;
