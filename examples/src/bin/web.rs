//! A web server in a process of its own, and thousands of requests to it at once.
//!
//! Shows: hyper on trill's sockets, a task for each connection, waiting for many tasks.
//! Each page takes the server 20 ms of waiting for its "back end", so requests one after another take as long as
//! their sum, and requests at once take as long as the longest.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::client::conn::http1 as client;
use hyper::server::conn::http1 as server;
use hyper::service::service_fn;
use hyper::{Request, Response};
use trill::lock::Semaphore;
use trill::net::{TcpListener, TcpStream};
use trill_examples::{Bar, Child, Row, print_table, raise_descriptor_limit, scale, stdin_closed};

fn main() -> io::Result<()> {
    if std::env::args().nth(1).as_deref() == Some(ROLE) {
        return trill::run(serve_until_told());
    }
    print_table(&run()?);
    Ok(())
}

/// The argument that makes this program the server.
pub(crate) const ROLE: &str = "serve-pages";

/// Starts the server and asks it for pages, one after another and many at once.
pub(crate) fn run() -> io::Result<Vec<Row>> {
    raise_descriptor_limit();
    let server = Child::start(ROLE, &[])?;
    let mut rows = Vec::new();
    trill::run(async {
        let few = scale(100, 20);
        let start = trill::time::now();
        let mut bar = Bar::new("pages one after another", few);
        for number in 0..few {
            fetch_and_check(server.address(), number).await?;
            bar.add(1);
        }
        bar.finish();
        let one_by_one = trill::time::now() - start;
        rows.push(Row::new(
            "web",
            format!("{few} pages one after another"),
            format!("{one_by_one:.2?}"),
        ));

        // Each connection takes a descriptor here and one in the server.
        let many = scale(9_000, 200).min(trill_examples::descriptors_max().saturating_sub(200));
        for count in [few, many] {
            let start = trill::time::now();
            fetch_at_once(server.address(), count).await?;
            let took = trill::time::now() - start;
            let alone = one_by_one.mul_f64(count as f64 / few as f64);
            let faster = alone.as_secs_f64() / took.as_secs_f64();
            let result = format!("{took:.2?}, {faster:.0} times as fast; every byte checked");
            rows.push(Row::new("web", format!("{count} pages at once"), result));
        }
        Ok(rows)
    })
}

/// Asks for `count` pages at once.
async fn fetch_at_once(server: SocketAddr, count: u64) -> io::Result<()> {
    // A listener's backlog is finite: connect in steps it holds, then all requests are under way together.
    let connecting = std::sync::Arc::new(Semaphore::new(CONNECTING_MAX));
    let tasks: Vec<_> = (0..count)
        .map(|number| {
            let connecting = connecting.clone();
            trill::spawn(async move {
                let permit = connecting.acquire().await;
                let stream = TcpStream::connect(server).await?;
                drop(permit);
                request_and_check(stream, number).await
            })
        })
        .collect();
    let mut bar = Bar::new(format!("{count} pages at once"), count);
    for task in tasks {
        task.await?;
        bar.add(1);
    }
    bar.finish();
    Ok(())
}

/// Asks for a page on a new connection.
async fn fetch_and_check(server: SocketAddr, number: u64) -> io::Result<()> {
    request_and_check(TcpStream::connect(server).await?, number).await
}

/// Asks for a page and compares it byte for byte with what it must be.
async fn request_and_check(stream: TcpStream, number: u64) -> io::Result<()> {
    let (mut sender, connection) = client::handshake(stream).await.map_err(io::Error::other)?;
    // The connection moves bytes while we wait for the answer; dropping the task closes it.
    let _connection = trill::spawn(connection);
    let request = Request::get(format!("/page/{number}"))
        .body(Page(None))
        .map_err(io::Error::other)?;
    let response = sender
        .send_request(request)
        .await
        .map_err(io::Error::other)?;
    let body = collect(response.into_body()).await?;
    if body != page(number).as_bytes() {
        return Err(io::Error::other(format!(
            "page {number} differs from what was sent"
        )));
    }
    Ok(())
}

/// Reads a body to its end.
async fn collect(mut body: Incoming) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        if let Ok(data) = frame.map_err(io::Error::other)?.into_data() {
            bytes.extend_from_slice(&data);
        }
    }
    Ok(bytes)
}

/// Serves pages until this process's standard input is closed.
pub(crate) async fn serve_until_told() -> io::Result<()> {
    raise_descriptor_limit();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let serving = trill::spawn(async move {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => trill::spawn(serve(stream)).detach(),
                Err(error) => eprintln!("web: cannot accept: {error}"),
            }
        }
    });
    stdin_closed().await;
    drop(serving);
    Ok(())
}

/// Serves one connection.
async fn serve(stream: TcpStream) {
    // A client that goes away is no error of the server's.
    let _ = server::Builder::new()
        .serve_connection(stream, service_fn(answer))
        .await;
}

/// Answers one request.
async fn answer(request: Request<Incoming>) -> Result<Response<Page>, Infallible> {
    trill::time::sleep(BACK_END_DELAY).await;
    let number = request
        .uri()
        .path()
        .strip_prefix("/page/")
        .and_then(|number| number.parse().ok());
    let response = match number {
        Some(number) => Response::new(Page(Some(page(number).into()))),
        None => {
            let mut response = Response::new(Page(Some("no such page\n".into())));
            *response.status_mut() = hyper::StatusCode::NOT_FOUND;
            response
        }
    };
    Ok(response)
}

/// Generates a page of 1 to 5 KiB.
fn page(number: u64) -> String {
    let mut text = format!("<!doctype html><title>Page {number}</title>\n");
    for line in 0..20 + number % 80 {
        text += &format!(
            "<p>Line {line} of page {number}: {:016x}</p>\n",
            number.wrapping_mul(line + 0x9E37_79B9)
        );
    }
    text
}

/// A body that is one piece, or empty.
#[derive(Debug)]
struct Page(Option<Bytes>);

impl Body for Page {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        hyper::body::SizeHint::with_exact(self.0.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }
}

/// How long the server's imaginary back end takes for a page.
const BACK_END_DELAY: Duration = Duration::from_millis(20);

/// Connections being opened at once: below the backlog of a listener.
const CONNECTING_MAX: usize = 512;
