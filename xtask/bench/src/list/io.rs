//! The rows of the group `io`.

use super::figure;
use crate::rows::{Budget, Figure, FileWork, Group, Row, UdpWork, Work};

/// Every row of the group, in the order of the table.
pub(super) static ROWS: &[Row] = &[
    file(
        "file-read-4k",
        FileWork::Read4k,
        "file: cached 4 KiB read",
        "Reads 4 KiB at offsets all over a file of 16 MiB that is in the page cache, one after another. Those \
without reads at a position let their pool do one, the cheapest they offer.",
        READ,
    ),
    file(
        "file-open-close",
        FileWork::OpenClose,
        "file: open and close",
        "Opens an existing file for reading and drops it, one after another.",
        NAME,
    ),
    file(
        "file-stat",
        FileWork::Stat,
        "file: stat by name",
        "Asks for what is known about a file by its name and reads its length, one after another.",
        NAME,
    ),
    file(
        "file-read-1m",
        FileWork::Read1m,
        "file: cached 1 MiB read",
        "As file-read-4k with 1 MiB, until all of it is there.",
        LONG,
    ),
    file(
        "file-write-1m",
        FileWork::Write1m,
        "file: 1 MiB write over cached data",
        "Writes 1 MiB over what is there, in the page cache, until all of it is written; nothing is synced. Those \
without writes at a position let their pool do one.",
        LONG,
    ),
    file(
        "file-whole",
        FileWork::Whole,
        "file: read of a whole file of 4 KiB",
        "The peer's own function that reads a file by its name, one after another.",
        NAME,
    ),
    Row {
        name: "tls-handshake",
        group: Group::Io,
        work: Work::TlsHandshake,
        title: "TLS handshake over loopback",
        same: "One after another: connect, shake hands in full (TLS 1.3, X25519, ECDSA P-256, ring), read a byte that \
the server sends, drop. Both sides are tasks of the peer, with its usual adapter over the same configuration of rustls: \
tokio-rustls, futures-rustls, trill-tls.",
        figures: TLS,
    },
    Row {
        name: "tls-bulk",
        group: Group::Io,
        work: Work::TlsBulk,
        title: "TLS bulk over loopback, per MiB",
        same: "One task writes and flushes 64 KiB at a time, another reads into a buffer of 64 KiB, over one connection. \
Adapters as for tls-handshake.",
        figures: TLS,
    },
    udp(
        "udp-single",
        UdpWork::Single,
        "UDP: datagram of 1,200 bytes, one by one",
        "One task sends 32 datagrams over the loopback, each with a call, and receives them, each with a call; repeated. \
Time for a datagram, sent and received.",
        SINGLE,
    ),
    udp(
        "udp-batch",
        UdpWork::Batch,
        "UDP: datagram of 1,200 bytes, in batches",
        "As udp-single; trill sends and receives the 32 as a batch, with segmentation and receive offload where the \
kernel has them. The others have no batches and do as in udp-single.",
        BATCH,
    ),
    Row {
        name: "children",
        group: Group::Io,
        work: Work::Children,
        title: "subprocess: spawn and wait",
        same: "Starts /bin/true and waits for its end, one after another, with the standard streams of this process. The bare loop: posix_spawn, a pidfd, one poll of it, the reaping. The CPU time is that of the starting process.",
        figures: CHILDREN,
    },
];

/// The budget of the design.
const CHILDREN: &[Figure] = &[
    figure("wall", "µs", Budget::Bare(1.1)),
    figure("CPU", "µs", Budget::Best(1.0, 1.0)),
];

/// Most of it is cryptography, the same for all; the adapter must not add to it.
const TLS: &[Figure] = &[
    figure("wall", "µs", Budget::Best(1.0, 1.0)),
    figure("CPU", "µs", Budget::Best(1.0, 1.0)),
];

const fn udp(
    name: &'static str,
    work: UdpWork,
    title: &'static str,
    same: &'static str,
    figures: &'static [Figure],
) -> Row {
    Row {
        name,
        group: Group::Io,
        work: Work::Udp(work),
        title,
        same,
        figures,
    }
}

/// The same calls, so the same time.
const SINGLE: &[Figure] = &[
    figure("wall", "ns", Budget::Best(1.0, 1.0)),
    figure("CPU", "ns", Budget::Best(1.0, 1.0)),
];

/// One call for 32 datagrams, which the kernel takes along as one.
const BATCH: &[Figure] = &[
    figure("wall", "ns", Budget::Best(0.5, 0.5)),
    figure("CPU", "ns", Budget::Best(0.5, 0.5)),
];

const fn file(
    name: &'static str,
    work: FileWork,
    title: &'static str,
    same: &'static str,
    figures: &'static [Figure],
) -> Row {
    Row {
        name,
        group: Group::Io,
        work: Work::File(work),
        title,
        same,
        figures,
    }
}

/// The budget of the design.
const READ: &[Figure] = &[
    figure("wall", "µs", Budget::Best(0.15, 0.15)),
    figure("CPU", "µs", Budget::Best(0.15, 0.15)),
];

/// 3.2 µs against 19 for an open, 6.3 against 17 for a stat were measured before this was built.
const NAME: &[Figure] = &[
    figure("wall", "µs", Budget::Best(0.5, 0.5)),
    figure("CPU", "µs", Budget::Best(0.5, 0.5)),
];

/// Copying takes most of it.
const LONG: &[Figure] = &[
    figure("wall", "µs", Budget::Best(1.0, 1.0)),
    figure("CPU", "µs", Budget::Open),
];
