//! A web server over TLS with a certificate made on the spot, and clients that check it.
//!
//! Shows: `trill::tls` under a `trill::server` and under hyper; a session that is resumed, which spares the second handshake
//! most of its work; a client certificate that opens a page which others do not get; a stranger who is refused, and what he is told.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use trill::net::TcpStream;
use trill::server::{Connection, Server};
use trill::tls::self_signed::Authority;
use trill::tls::{TlsAcceptor, TlsConnector, TlsStream};
use trill_examples::{Row, print_table, scale};

fn main() -> io::Result<()> {
    print_table(&trill::run(run())?);
    Ok(())
}

type Tls = TlsStream<TcpStream>;

/// Starts the server, visits it in several ways, and says what came of it.
async fn run() -> io::Result<Vec<Row>> {
    let authority = Authority::new("an example")?;
    let acceptor = TlsAcceptor::builder()
        .identity(authority.issue(["localhost"])?.into_identity())
        // A certificate is asked for; who shows none is served, too.
        .optional_client_roots(authority.roots())
        .alpn(["http/1.1"])
        .build()?;
    let server = Server::builder().name("https").bind("127.0.0.1:0").await?;
    let server = server.acceptor(acceptor).serve(serve)?;
    let address = server.local_addrs()[0];
    let mut rows = Vec::new();

    let guest = TlsConnector::builder()
        .roots(authority.roots())
        .alpn(["http/1.1"])
        .build()?;
    for (visit, resumed) in [("first", false), ("second", true)] {
        let start = trill::time::now();
        let tls = connect(&guest, address).await?;
        let took = trill::time::now() - start;
        assert_eq!(tls.is_resumed(), resumed);
        let (status, page) = get(tls, "/").await?;
        assert_eq!((status, &page[..]), (StatusCode::OK, &b"for everybody"[..]));
        let how = if resumed { "resumed" } else { "in full" };
        rows.push(Row::new(
            "https",
            format!("{visit} handshake"),
            format!("{how}, {took:.1?}"),
        ));
    }

    let (status, _) = get(connect(&guest, address).await?, "/members").await?;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let member = TlsConnector::builder()
        .roots(authority.roots())
        .identity(authority.issue(["a member"])?.into_identity())
        .build()?;
    let (status, page) = get(connect(&member, address).await?, "/members").await?;
    assert_eq!((status, &page[..]), (StatusCode::OK, &b"for members"[..]));
    rows.push(Row::new(
        "https",
        "the members' page",
        format!("guest {}, member {status}", StatusCode::FORBIDDEN),
    ));

    let stranger = TlsConnector::builder()
        .roots(Authority::new("another")?.roots())
        .build()?;
    let refused = connect(&stranger, address).await.map(drop);
    let why = refused.err().map(|error| error.to_string());
    rows.push(Row::new(
        "https",
        "one who does not trust",
        why.unwrap_or_default(),
    ));

    let visits = scale(500, 50);
    let start = trill::time::now();
    let guest = Arc::new(guest);
    let visits: Vec<_> = (0..visits)
        .map(|_| {
            let guest = guest.clone();
            trill::spawn(async move { get(connect(&guest, address).await?, "/").await })
        })
        .collect();
    let count = visits.len();
    for visit in visits {
        assert_eq!(visit.await?.1, b"for everybody");
    }
    let took = trill::time::now() - start;
    rows.push(Row::new(
        "https",
        format!("{count} visits at once"),
        format!("{took:.2?}"),
    ));

    let ended = server.shutdown(Duration::from_secs(10)).await;
    rows.push(Row::new(
        "https",
        "shut down",
        format!("{} aborted", ended.aborted),
    ));
    Ok(rows)
}

/// Serves one connection, whose handshake is done.
async fn serve(connection: Connection<Tls>) -> io::Result<()> {
    let (tls, _) = connection.into_parts();
    let is_member = !tls.peer_certificates().is_empty();
    let service = service_fn(move |request: Request<Incoming>| async move {
        let (status, text) = match request.uri().path() {
            "/" => (StatusCode::OK, "for everybody"),
            "/members" if is_member => (StatusCode::OK, "for members"),
            "/members" => (StatusCode::FORBIDDEN, "show a certificate"),
            _ => (StatusCode::NOT_FOUND, "nothing here"),
        };
        let mut response = Response::new(Text(Some(text)));
        *response.status_mut() = status;
        Ok::<_, Infallible>(response)
    });
    hyper::server::conn::http1::Builder::new()
        .timer(trill::hyper::HyperTimer)
        .serve_connection(tls, service)
        .await
        .map_err(io::Error::other)
}

async fn connect(connector: &TlsConnector, address: SocketAddr) -> io::Result<Tls> {
    let stream = TcpStream::connect(address).await?;
    connector.connect("localhost", stream).await
}

/// Asks for a page over a connection, and closes it.
async fn get(tls: Tls, path: &str) -> io::Result<(StatusCode, Vec<u8>)> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(tls)
        .await
        .map_err(io::Error::other)?;
    // The connection moves bytes while we wait, and ends when the sender is gone.
    let connection = trill::spawn(connection);
    let request = Request::get(path).header("host", "localhost");
    let request = request.body(Text(None)).map_err(io::Error::other)?;
    let answer = sender
        .send_request(request)
        .await
        .map_err(io::Error::other)?;
    let status = answer.status();
    let mut body = answer.into_body();
    let mut bytes = Vec::new();
    while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        if let Ok(data) = frame.map_err(io::Error::other)?.into_data() {
            bytes.extend_from_slice(&data);
        }
    }
    drop(sender);
    connection.await.map_err(io::Error::other)?;
    Ok((status, bytes))
}

/// A body of one piece, or none.
struct Text(Option<&'static str>);

impl Body for Text {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let text = self.0.take();
        std::task::Poll::Ready(
            text.map(|text| Ok(Frame::data(Bytes::from_static(text.as_bytes())))),
        )
    }
}
