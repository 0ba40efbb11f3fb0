//! Rows end to end: HTTP servers, a proxy, and the load that wrk makes.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};

use super::Plan;
use crate::args::One;
use crate::clock;
use crate::flavour::Flavour;
use crate::peers::{Http, Net};
use crate::rows::{Page, PeerName};
use crate::save;
use crate::serve::{OPEN, Server};

/// The rows `http-*` and `proxy-*`: starts what serves, and lets wrk ask.
///
/// # Errors
///
/// When a server ends, or wrk is missing, fails, or saw errors.
pub(crate) fn load(
    plan: &Plan,
    connections: usize,
    pipeline: usize,
    is_proxy: bool,
) -> io::Result<Vec<f64>> {
    let mut one = plan.one.clone();
    let backend = if is_proxy {
        let row = BACKEND_ROW.into();
        let bare = One {
            row,
            peer: PeerName::Bare,
            // One thread for every peer, so that it is the proxy that differs.
            flavour: Flavour::Workers(1),
            ..one.clone()
        };
        Some(Server::start(&bare)?)
    } else {
        None
    };
    one.backend = backend.as_ref().map(|backend| backend.address.port());
    let mut server = Server::start(&one)?;
    ask(&server, connections, pipeline, 1)?;
    let before = server.counters()?.cpu;
    let seconds = if plan.one.quick { 1 } else { WRK_SECONDS };
    let answers = ask(&server, connections, pipeline, seconds)?;
    let used = server.counters()?.cpu.since(before);
    if answers.errors > 0.0 || answers.requests < 1.0 {
        let text = format!(
            "wrk saw {} errors in {} requests",
            answers.errors, answers.requests
        );
        return Err(io::Error::other(text));
    }
    Ok(vec![
        clock::per(used.total(), answers.requests as usize) / 1000.0,
        answers.requests * 1e6 / answers.duration_us,
        known(answers.p50_us),
        known(answers.p99_us),
        known(answers.p999_us),
    ])
}

/// wrk says 0 for a percentile that it does not know, which happens where requests are pipelined.
fn known(us: f64) -> f64 {
    if us > 0.0 { us } else { f64::NAN }
}

/// Lets wrk ask for so many seconds.
fn ask(server: &Server, connections: usize, pipeline: usize, seconds: u64) -> io::Result<Answers> {
    let script = save::folder()?.join(format!("wrk-{}.lua", std::process::id()));
    std::fs::write(&script, SCRIPT)?;
    let output = Command::new("wrk")
        .args([
            "-t1",
            &format!("-c{connections}"),
            &format!("-d{seconds}s"),
            "-s",
        ])
        .arg(&script)
        .arg(format!("http://{}/", server.address))
        .args(["--", &pipeline.to_string()])
        .stdin(Stdio::null())
        .output();
    std::fs::remove_file(&script)?;
    let output = output.map_err(|error| {
        io::Error::other(format!(
            "wrk did not start ({error}); on Debian: apt-get install wrk"
        ))
    })?;
    Answers::read(&String::from_utf8_lossy(&output.stdout)).ok_or_else(|| {
        let said = String::from_utf8_lossy(&output.stderr);
        io::Error::other(format!("wrk printed no result: {}", said.trim()))
    })
}

/// What wrk says.
#[derive(Debug, PartialEq)]
struct Answers {
    requests: f64,
    duration_us: f64,
    p50_us: f64,
    p99_us: f64,
    p999_us: f64,
    errors: f64,
}

impl Answers {
    /// Reads the line that the script prints.
    fn read(text: &str) -> Option<Self> {
        let line = text.lines().find_map(|line| line.strip_prefix("RESULT "))?;
        let mut words = line.split_whitespace();
        let mut next = || words.next()?.parse().ok();
        Some(Self {
            requests: next()?,
            duration_us: next()?,
            p50_us: next()?,
            p99_us: next()?,
            p999_us: next()?,
            errors: next()?,
        })
    }
}

/// Serves HTTP with hyper for ever.
///
/// # Errors
///
/// When the operating system refuses.
pub(crate) fn serve<P: Http>(
    workers: usize,
    listener: std::net::TcpListener,
    page: Page,
) -> io::Result<()> {
    if page == Page::File {
        std::fs::write(file()?, vec![b'x'; FILE_BYTES])?;
    }
    P::run(workers, async move {
        let listener = P::listen(listener)?;
        loop {
            let stream = P::accept(&listener).await?;
            P::set_nodelay(&stream)?;
            OPEN.opened();
            let connection = http1::Builder::new().pipeline_flush(true).serve_connection(
                P::io(stream),
                service_fn(move |_: Request<_>| answer::<P>(page)),
            );
            P::detach(P::spawn(async move {
                // A client that goes away ends its connection.
                let _ = connection.await;
                OPEN.closed();
            }));
        }
    })?
}

async fn answer<P: Http>(page: Page) -> Result<Response<Full<Bytes>>, Infallible> {
    let (kind, body) = match page {
        Page::Plain => ("text/plain", Bytes::from_static(b"Hello, World!")),
        Page::Json => {
            let object = serde_json::json!({ "message": "Hello, World!" });
            ("application/json", Bytes::from(object.to_string()))
        }
        Page::File => {
            let read = P::unblock(|| file().and_then(std::fs::read)).await;
            let bytes = read.expect("the file was written before the server listened");
            ("application/octet-stream", Bytes::from(bytes))
        }
    };
    let mut response = Response::new(Full::new(body));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    Ok(response)
}

/// Hands each request to the backend and its answer back, for ever. Both fit into a buffer.
///
/// # Errors
///
/// When the operating system refuses.
pub(crate) fn proxy<P: Net>(
    workers: usize,
    listener: std::net::TcpListener,
    backend: u16,
) -> io::Result<()> {
    let backend = SocketAddr::from((Ipv4Addr::LOCALHOST, backend));
    P::run(workers, async move {
        let listener = P::listen(listener)?;
        loop {
            let stream = P::accept(&listener).await?;
            P::set_nodelay(&stream)?;
            OPEN.opened();
            P::detach(P::spawn(async move {
                // Whoever goes away ends the connection.
                let _ = pass::<P>(stream, backend).await;
                OPEN.closed();
            }));
        }
    })?
}

async fn pass<P: Net>(mut client: P::Stream, backend: SocketAddr) -> io::Result<()> {
    let mut server = P::connect(backend).await?;
    P::set_nodelay(&server)?;
    let mut buffer = vec![0; PROXY_BUFFER_BYTES];
    loop {
        let count = P::read(&mut client, &mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        P::write_all(&mut server, &buffer[..count]).await?;
        let count = P::read(&mut server, &mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        P::write_all(&mut client, &buffer[..count]).await?;
    }
}

/// The file that is served.
fn file() -> io::Result<PathBuf> {
    Ok(save::folder()?.join("page.bin"))
}

/// What wrk does.
const SCRIPT: &str = include_str!("../wrk.lua");
/// How long wrk asks.
const WRK_SECONDS: u64 = 2;
/// The row whose bare server is the proxy's backend.
const BACKEND_ROW: &str = "http-plain-50";
/// Size of the file that is served.
const FILE_BYTES: usize = 64 << 10;
/// Larger than a request or an answer here.
const PROXY_BUFFER_BYTES: usize = 4 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::find;

    #[test]
    fn the_script_and_its_reader_agree() {
        let answers = Answers::read("Running 1s test\nRESULT 1000 2000000 50 99 999 0\n");
        assert_eq!(answers.map(|answers| answers.p999_us), Some(999.0));
        assert_eq!(Answers::read("RESULT 1 2 3"), None);
        assert_eq!(SCRIPT.matches("%d").count(), 6);
    }

    #[test]
    fn the_backend_is_a_row_of_the_bare_loop() {
        let row = find(BACKEND_ROW).expect("listed");
        assert!(row.suits(PeerName::Bare, Flavour::Workers(1)));
    }
}
