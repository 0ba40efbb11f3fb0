//! Networks that tests make for themselves.
#![cfg(target_os = "linux")]
#![allow(clippy::disallowed_methods)] // Tests set the network up from outside.
#![allow(clippy::unwrap_used)] // Only tests call the functions here.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use futures_lite::future::poll_once;
use trill::net::{LOOKUPS_MAX, TcpStream, UdpSocket, resolve};
use trill_park::block_on;
use trill_tests::Alone;
use trill_tests::allowed::namespaces;

/// Runs `body` in a network of its own, which has a loopback and nothing else.
fn in_a_network(test: &'static str, body: impl FnOnce()) {
    if let Some(words) = namespaces(&["--net"], "none, but networks of their own") {
        Alone::new(test).under(words).passes(|| {
            ip(&["link", "set", "lo", "up"]);
            body();
        });
    }
}

/// As [`in_a_network`], with a name server on the loopback that hears questions and answers none, which `body` gets.
fn where_names_hang(test: &'static str, faults: &str, body: impl FnOnce(std::net::UdpSocket)) {
    let Some(words) = namespaces(&["--net", "--mount"], faults) else {
        return;
    };
    let configuration = std::env::temp_dir().join(format!("trill-resolv-{}", std::process::id()));
    Alone::new(test).under(words).passes(|| {
        ip(&["link", "set", "lo", "up"]);
        // One question, and a wait for its answer that outlasts the test.
        std::fs::write(
            &configuration,
            "nameserver 127.0.0.1\noptions timeout:30 attempts:1\n",
        )
        .unwrap();
        let server = std::net::UdpSocket::bind("127.0.0.1:53").unwrap();
        let mounted = Command::new("mount")
            .arg("--bind")
            .args([configuration.as_path(), Path::new("/etc/resolv.conf")])
            .status()
            .unwrap();
        assert!(mounted.success());
        body(server);
        std::fs::remove_file(&configuration).unwrap();
    });
}

/// How many threads this process has.
fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

// Fault 17a, 17b
#[test]
fn a_thousand_names_that_hang_hold_up_neither_files_nor_each_other() {
    let test = "a_thousand_names_that_hang_hold_up_neither_files_nor_each_other";
    where_names_hang(test, "17a, 17b", |server| {
        let before = threads();
        let mut lookups: Vec<_> = (0..1000)
            .map(|number| resolve((format!("host{number}.example.com"), 80)))
            .collect();
        block_on(async {
            for lookup in &mut lookups {
                assert!(poll_once(lookup).await.is_none());
            }
        });
        // As many as may have asked, each with a question of its own; nobody answers.
        let mut asked = BTreeSet::new();
        let mut question = [0; 512];
        while asked.len() < LOOKUPS_MAX {
            let (len, _) = server.recv_from(&mut question).unwrap();
            asked.insert(name_in(&question[..len]));
        }
        // They hold their threads and no more; the pool works on.
        assert!(
            threads() - before <= LOOKUPS_MAX + OTHER_THREADS_MAX,
            "{} threads",
            threads()
        );
        block_on(async {
            for _ in 0..100 {
                let text = trill::unblock(|| std::fs::read("/etc/resolv.conf")).await;
                assert!(text.unwrap().starts_with(b"nameserver 127.0.0.1"));
            }
            // Numbers need nobody's answer, and nor do names that this host knows.
            resolve("127.0.0.1:80").await.unwrap();
        });
        // Each is given up at once, also those that have begun, and the others are as they were.
        let mut rest = lookups.split_off(500);
        drop(lookups);
        block_on(async {
            for lookup in &mut rest {
                assert!(poll_once(lookup).await.is_none());
            }
            // A connect gives up its look-up as well.
            assert!(
                poll_once(&mut TcpStream::connect("other.example.com:80"))
                    .await
                    .is_none()
            );
        });
        drop(rest);
        // Nothing that had not begun is asked for any more: each name was asked once, and few in all.
        server.set_nonblocking(true).unwrap();
        while let Ok((len, _)) = server.recv_from(&mut question) {
            asked.insert(name_in(&question[..len]));
        }
        assert!(asked.len() <= LOOKUPS_MAX, "{asked:?}");
    });
}

/// The name that a question to a name server is about.
fn name_in(question: &[u8]) -> String {
    let mut rest = &question[12..];
    let mut parts = Vec::new();
    while let Some((len, after)) = rest.split_first().filter(|(len, _)| **len > 0) {
        let (part, after) = after.split_at(usize::from(*len));
        parts.push(String::from_utf8_lossy(part).into_owned());
        rest = after;
    }
    parts.join(".")
}

/// The threads of the pool for other work, and the attendant.
const OTHER_THREADS_MAX: usize = 4;

/// Makes an interface that leads nowhere, with an address that is good at once; returns its number.
fn interface(address: &str) -> u32 {
    // Kernels are built with different ones of these.
    let made = ["dummy", "bridge"].iter().any(|kind| {
        try_ip(&["link", "add", "nowhere", "type", kind])
            .status
            .success()
    });
    if !made {
        ip(&["tuntap", "add", "nowhere", "mode", "tun"]);
    }
    ip(&["link", "set", "nowhere", "up"]);
    ip(&["addr", "add", address, "dev", "nowhere", "nodad"]);
    // "2: nowhere: <..."
    let listed = try_ip(&["-o", "link", "show", "dev", "nowhere"]).stdout;
    let listed = String::from_utf8(listed).unwrap();
    listed.split(':').next().unwrap().parse().unwrap()
}

/// Runs `ip` of iproute2, which must succeed.
fn ip(arguments: &[&str]) {
    let output = try_ip(arguments);
    assert!(output.status.success(), "ip {arguments:?}: {output:?}");
}

fn try_ip(arguments: &[&str]) -> Output {
    Command::new("ip").args(arguments).output().expect(
        "`ip` is missing: `cargo xtask test-all` installs it, or: sudo apt-get install -y iproute2",
    )
}

#[test]
fn groups_of_ipv6_are_heard() {
    in_a_network("groups_of_ipv6_are_heard", || {
        let index = interface("fd00::1/64");
        block_on(async {
            let receiver = UdpSocket::builder()
                .only_v6(true)
                .bind("[::]:0")
                .await
                .unwrap();
            let group = "ff05::123".parse().unwrap();
            receiver.join_multicast_v6(&group, index).unwrap();
            let port = receiver.local_addr().unwrap().port();
            let sender = UdpSocket::bind("[fd00::1]:0").await.unwrap();
            sender.set_multicast_interface_v6(index).unwrap();
            assert_eq!(sender.multicast_interface_v6().unwrap(), index);
            sender.set_multicast_hops_v6(3).unwrap();
            assert_eq!(sender.multicast_hops_v6().unwrap(), 3);
            sender.set_multicast_loop_v6(true).unwrap();
            sender.send_to(b"x", (group, port)).await.unwrap();
            let (len, from) = receiver.recv_from(&mut [0; 8]).await.unwrap();
            assert_eq!((len, from), (1, sender.local_addr().unwrap()));
            // Who has left the group hears nothing more, and nor does this host if it does not loop.
            sender.set_multicast_loop_v6(false).unwrap();
            sender.send_to(b"unheard", (group, port)).await.unwrap();
            sender.set_multicast_loop_v6(true).unwrap();
            receiver.leave_multicast_v6(&group, index).unwrap();
            sender.send_to(b"unheard", (group, port)).await.unwrap();
            receiver.join_multicast_v6(&group, index).unwrap();
            sender.send_to(b"heard", (group, port)).await.unwrap();
            assert_eq!(receiver.recv_from(&mut [0; 8]).await.unwrap().0, 5);
        });
    });
}
