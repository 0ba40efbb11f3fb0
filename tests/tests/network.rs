//! Networks that tests make for themselves.
#![cfg(target_os = "linux")]
#![allow(clippy::disallowed_methods)] // Tests set the network up from outside.
#![allow(clippy::unwrap_used)] // Only tests call the functions here.

use std::process::{Command, Output};

use trill::net::UdpSocket;
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
