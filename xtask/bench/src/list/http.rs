//! The rows of the group `http`.

use super::{figure, rate};
use crate::rows::{Budget, Figure, Group, Page, Row, Work};

pub(super) static ROWS: &[Row] = &[
    http(
        "http-plain-1",
        "HTTP plaintext, 1 connection",
        Page::Plain,
        1,
        1,
    ),
    http(
        "http-plain-50",
        "HTTP plaintext, 50 connections",
        Page::Plain,
        50,
        1,
    ),
    http(
        "http-plain-500",
        "HTTP plaintext, 500 connections",
        Page::Plain,
        500,
        1,
    ),
    http(
        "http-pipeline",
        "HTTP plaintext, 50 connections × 16 pipelined",
        Page::Plain,
        50,
        16,
    ),
    http(
        "http-json-50",
        "HTTP JSON, 50 connections",
        Page::Json,
        50,
        1,
    ),
    http(
        "http-file-50",
        "HTTP file of 64 KiB, 50 connections",
        Page::File,
        50,
        1,
    ),
    Row {
        name: "proxy-50",
        group: Group::Http,
        work: Work::Proxy { connections: 50 },
        title: "TCP proxy before an HTTP server, 50 connections",
        same: "A server process of the peer accepts, connects to a backend in a third process, and one task for each \
connection hands a request there and its answer back. The backend is the plain epoll responder for all. wrk as in the \
rows http-*; counted is the proxy's CPU.",
        figures: WRK,
    },
    latency("latency-1", "echo latency, 1 connection × 64 B", 1),
    latency("latency-50", "echo latency, 50 connections × 64 B", 50),
    rpc("rpc-1", "RPC over a Unix socket, 1 connection", 1),
    rpc("rpc-50", "RPC over Unix sockets, 50 connections", 50),
];

const fn http(
    name: &'static str,
    title: &'static str,
    page: Page,
    connections: usize,
    pipeline: usize,
) -> Row {
    Row {
        name,
        group: Group::Http,
        work: Work::Http {
            page,
            connections,
            pipeline,
        },
        title,
        same: "hyper's HTTP/1.1 server in a process of the peer, a task for each connection, on hyper's traits for that \
peer's sockets (trill: its own; tokio: hyper-util; smol: smol-hyper). The handler is the same: 13 bytes of text, or an \
object serialized by serde_json for each request, or a file of 64 KiB read with std::fs on the peer's pool for blocking \
work. wrk, one thread, asks for two seconds after a warm-up. Counted are the server's CPU by getrusage and what wrk says \
of latencies. `bare` has as many threads as the others have workers, an epoll on each, and answers without parsing: the floor.",
        figures: WRK,
    }
}

const fn latency(name: &'static str, title: &'static str, connections: usize) -> Row {
    Row {
        name,
        group: Group::Http,
        work: Work::EchoLatency { connections },
        title,
        same: "As the rows echo-* of micro; the client takes the time of each message.",
        figures: WRK,
    }
}

const fn rpc(name: &'static str, title: &'static str, connections: usize) -> Row {
    Row {
        name,
        group: Group::Http,
        work: Work::Rpc { connections },
        title,
        same: "Client and server are two processes of the peer. A call is a length and 64 bytes, its answer the same; each \
connection has a task at either end, and one call under way. Counted are the CPU time of both, and the time of each call.",
        figures: WRK,
    }
}

const WRK: &[Figure] = &[
    figure("CPU per request", "µs", Budget::Best(1.0, 1.0)),
    rate("requests", "1/s"),
    figure("p50", "µs", Budget::Open),
    figure("p99", "µs", Budget::Open),
    figure("p99.9", "µs", Budget::Open),
];
