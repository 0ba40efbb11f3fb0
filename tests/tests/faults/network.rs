//! Networks that refuse, swallow, or do not answer, in namespaces that the tests make.

use std::future::Future;
use std::io::ErrorKind;
use std::net::UdpSocket as Plain;
use std::pin::pin;
use std::process::Command;
use std::time::Duration;

use futures_lite::future::poll_once;
use trill::net::{TcpListener, TcpStream};
use trill_tests::{Alone, allowed};

/// Runs a command of the set-up, as the root of the namespace.
fn set_up(line: &str) {
    let output = Command::new("sh").args(["-c", line]).output().unwrap();
    assert!(output.status.success(), "{line}: {output:?}");
}

/// What is left of a future after so long.
async fn within<F: Future>(delay: Duration, future: F) -> Option<F::Output> {
    trill::time::timeout(delay, future).await.ok()
}

// Fault 15f, 14c, 15a
#[test]
fn networks_without_a_way_are_errors_and_silent_ones_are_ended_by_a_time_limit() {
    let Some(words) = allowed::namespaces(&["--net"], "15f") else {
        return;
    };
    let test =
        "network::networks_without_a_way_are_errors_and_silent_ones_are_ended_by_a_time_limit";
    Alone::new(test).under(words).passes(|| {
        set_up("ip link set lo up");
        set_up("ip route add unreachable 10.1.0.0/16");
        set_up("ip route add prohibit 10.2.0.0/16");
        // What is sent there is taken and goes nowhere.
        set_up(
            "ip link add name near0 type veth peer name far0 && ip addr add 10.4.0.1/24 dev near0",
        );
        set_up("ip link set near0 up && ip link set far0 up");
        set_up("ip neigh add 10.4.0.2 lladdr 02:00:00:00:00:01 dev near0");
        trill::block_on(async {
            let refusals = [
                ("10.1.0.1:80", ErrorKind::HostUnreachable),
                ("10.2.0.1:80", ErrorKind::PermissionDenied),
                ("10.9.0.1:80", ErrorKind::NetworkUnreachable),
                ("127.0.0.1:80", ErrorKind::ConnectionRefused),
            ];
            for (address, kind) in refusals {
                let error = TcpStream::connect(address).await.unwrap_err();
                assert_eq!(error.kind(), kind, "{error}");
                assert!(error.to_string().contains(address), "{error}");
            }
            // The silent one comes first, and the one that listens wins.
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let silent = "10.4.0.2:80".parse().unwrap();
            let addresses = [silent, listener.local_addr().unwrap()];
            let stream = TcpStream::connect(&addresses[..]).await.unwrap();
            assert_eq!(stream.peer_addr().unwrap(), addresses[1]);

            let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
            let before = open();
            let mut hanging = Box::pin(TcpStream::connect(silent));
            assert!(
                within(Duration::from_millis(20), &mut hanging)
                    .await
                    .is_none()
            );
            assert_eq!(open(), before + 1);
            drop(hanging);
            assert_eq!(open(), before);

            // A peer whose network falls silent in the middle of a connection.
            let (accepted, _) = listener.accept().await.unwrap();
            stream.write_all(b"x").await.unwrap();
            accepted.read_exact(&mut [0]).await.unwrap();
            set_up("ip link set lo down");
            stream.write_all(b"never arrives").await.unwrap();
            let mut byte = [0];
            assert!(
                within(Duration::from_millis(20), accepted.read(&mut byte))
                    .await
                    .is_none()
            );
            set_up("ip link set lo up");
            // The system sends it again by itself.
            accepted.read_exact(&mut byte).await.unwrap();
        });
    });
}

// Fault 17a, 17b
#[test]
fn names_that_are_never_answered_hold_up_nobody() {
    let Some(words) = allowed::namespaces(&["--net", "--mount"], "17a, 17b") else {
        return;
    };
    Alone::new("network::names_that_are_never_answered_hold_up_nobody")
        .under(words)
        .passes(|| {
            set_up("ip link set lo up");
            let file = std::env::temp_dir().join(format!("trill-resolv-{}", std::process::id()));
            std::fs::write(
                &file,
                "nameserver 127.0.0.1\noptions timeout:30 attempts:1\n",
            )
            .unwrap();
            set_up(&format!("mount --bind {} /etc/resolv.conf", file.display()));
            std::fs::remove_file(&file).unwrap();
            // A name server that hears every question and answers none.
            let server = Plain::bind("127.0.0.1:53").unwrap();

            trill::block_on(async {
                let looking_up =
                    |number: u32| trill::net::resolve(format!("host{number}.example:80"));
                let mut first = pin!(looking_up(0));
                assert!(poll_once(&mut first).await.is_none());
                // The question is under way, and the thread that asks is not this one.
                let asked = trill::unblock(move || {
                    server.recv(&mut [0; 512]).unwrap();
                    server
                });
                let server = asked.await;
                trill::time::sleep(Duration::from_millis(1)).await;
                assert!(poll_once(&mut first).await.is_none());

                let mut all: Vec<_> = (1..=1_000)
                    .map(|number| Box::pin(looking_up(number)))
                    .collect();
                for one in &mut all {
                    assert!(poll_once(one).await.is_none());
                }
                let stats = trill_blocking::Pool::current().stats();
                let names = stats
                    .classes
                    .iter()
                    .max_by_key(|class| class.running + class.queued)
                    .unwrap();
                assert!(names.running <= names.class.max_threads(), "{stats:?}");
                assert!(names.running + names.queued > 1_000 / 2, "{stats:?}");
                assert!(stats.threads < 100, "{stats:?}");
                // Files and the like have threads all the same, and what needs no look-up needs no thread.
                for _ in 0..100 {
                    assert_eq!(trill::unblock(|| 5).await, 5);
                }
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                TcpStream::connect(listener.local_addr().unwrap())
                    .await
                    .unwrap();
                // Dropping all of them takes no time that anybody would wait for: what has not begun never runs.
                drop(all);
                drop(server);
            });
        });
}
