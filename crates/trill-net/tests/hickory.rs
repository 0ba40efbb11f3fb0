//! Hickory's resolver on these sockets, with name servers of the test.
#![cfg(feature = "hickory")]
#![allow(clippy::unwrap_used)] // Only tests call the functions here.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr};

use futures_lite::future::{or, poll_once};
use hickory_resolver::Resolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use trill_executor::Executor;
use trill_net::{HappyEyeballs, HickoryProvider, TcpListener, TcpStream, UdpSocket};
use trill_park::block_on;

static TASKS: Executor<'static> = Executor::new();

fn spawn(future: std::pin::Pin<Box<dyn Future<Output = ()> + Send>>) {
    TASKS.spawn(future).detach();
}

type Spawn = fn(std::pin::Pin<Box<dyn Future<Output = ()> + Send>>);

/// A resolver that asks a name server on the loopback.
fn resolver(server: &UdpSocket) -> Resolver<HickoryProvider<Spawn>> {
    let mut connection = ConnectionConfig::udp();
    connection.port = server.local_addr().unwrap().port();
    let ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let server = NameServerConfig::new(ip, true, vec![connection]);
    let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
    let provider = HickoryProvider::new(spawn as Spawn);
    Resolver::builder_with_config(config, provider)
        .build()
        .unwrap()
}

/// Answers questions for addresses of version 4 with that of the loopback, and others with none.
async fn answer(server: &UdpSocket) {
    let mut message = [0; 512];
    loop {
        let (len, from) = server.recv_from(&mut message).await.unwrap();
        let question = &message[12..len];
        let name_len = question.iter().position(|byte| *byte == 0).unwrap() + 1;
        let asks_for_v4 = question[name_len..name_len + 2] == [0, 1];
        let mut answer = message[..2].to_vec();
        // An answer without an error, to one question, with one record or none.
        answer.extend([0x81, 0x80, 0, 1, 0, u8::from(asks_for_v4), 0, 0, 0, 0]);
        answer.extend(&question[..name_len + 4]);
        if asks_for_v4 {
            // The name of the question, an address of the internet, good for a minute.
            answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
        }
        server.send_to(&answer, from).await.unwrap();
    }
}

#[test]
fn a_name_is_found_and_connected_to_without_a_thread() {
    block_on(TASKS.run(async {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let resolver = resolver(&server);
        let connect = async {
            let found = resolver.lookup_ip("somewhere.example.").await.unwrap();
            let addresses: Vec<_> = found.iter().map(|ip| (ip, port).into()).collect();
            HappyEyeballs::new(addresses, TcpStream::connect)
                .await
                .unwrap()
        };
        let serve = async {
            answer(&server).await;
            unreachable!("it answers for ever")
        };
        let stream = or(connect, serve).await;
        assert_eq!(stream.peer_addr().unwrap(), listener.local_addr().unwrap());
    }));
}

#[test]
fn a_name_server_that_hangs_holds_up_nobody_and_is_given_up_at_once() {
    block_on(TASKS.run(async {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let resolver = resolver(&server);
        let mut lookup = Box::pin(resolver.lookup_ip("nowhere.example."));
        assert!(poll_once(&mut lookup).await.is_none());
        // It was asked, while the look-up goes on waiting.
        let asked = async { server.recv_from(&mut [0; 512]).await.unwrap().0 };
        let ended = async {
            lookup.as_mut().await.unwrap();
            unreachable!("nobody answers")
        };
        assert!(or(asked, ended).await > 12);
        drop(lookup);
    }));
}
