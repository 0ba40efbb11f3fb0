//! A simulated world has no network yet, and says so.

use std::io::{self, ErrorKind};

use trill_net::unix::{UnixDatagram, UnixListener, UnixStream};
use trill_net::{TcpListener, TcpSocket, TcpStream, UdpSocket, resolve};
use trill_park::block_on;
use trill_world::VirtualWorld;

#[test]
fn sockets_cannot_be_made() {
    let std_socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    VirtualWorld::new(1).run(|| {
        block_on(async {
            let address = "127.0.0.1:80";
            let errors: Vec<io::Error> = vec![
                TcpListener::bind(address).await.unwrap_err(),
                TcpStream::connect(address).await.unwrap_err(),
                TcpStream::connect(&[address.parse().unwrap(); 2][..])
                    .await
                    .unwrap_err(),
                TcpSocket::new_v4().unwrap_err(),
                TcpSocket::new_v6().unwrap_err(),
                UdpSocket::bind(address).await.unwrap_err(),
                UnixListener::bind("/nowhere").unwrap_err(),
                UnixStream::connect("/nowhere").await.unwrap_err(),
                UnixStream::pair().unwrap_err(),
                UnixDatagram::bind("/nowhere").unwrap_err(),
                UnixDatagram::unbound().unwrap_err(),
                UnixDatagram::pair().unwrap_err(),
                TcpListener::try_from(std_socket).unwrap_err(),
                resolve("localhost:80").await.unwrap_err(),
            ];
            for error in errors {
                assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
                assert!(error.to_string().contains("simulated world"), "{error}");
            }
        });
    });
}
