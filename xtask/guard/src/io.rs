//! The path through the reactor.

use std::net::Ipv4Addr;

use trill::net::{TcpListener, TcpStream};
use trill::spawn;

use crate::paths::in_task;

/// Bytes of a message.
const MESSAGE_BYTES: usize = 64;

/// Messages there and back between two tasks of one runtime, so that no other thread decides when they arrive.
pub(crate) fn tcp_echo(count: usize) {
    in_task(async move {
        let done = exchange(count).await;
        done.expect("loopback is there, and both ends read all that the other writes");
    });
}

async fn exchange(count: usize) -> std::io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let serving = spawn(async move {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let mut buffer = [0; 2 * MESSAGE_BYTES];
        loop {
            let read = stream.read(&mut buffer).await?;
            if read == 0 {
                return std::io::Result::Ok(());
            }
            stream.write_all(&buffer[..read]).await?;
        }
    });
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut buffer = [0; MESSAGE_BYTES];
    for number in 0..count {
        let message = [number as u8; MESSAGE_BYTES];
        stream.write_all(&message).await?;
        stream.read_exact(&mut buffer).await?;
        assert_eq!(buffer, message);
    }
    drop(stream);
    serving.await
}
