//! The same echo program on three pairings of an executor and a reactor.
//!
//! Shows: trill's executor on epoll, trill's executor on polling, and a foreign executor with trill's sockets. The
//! program is one function; only who spawns and where sockets are registered differs.

use std::io;
use std::net::SocketAddr;

use futures::executor::ThreadPool;
use futures::task::{Spawn, SpawnExt};
use trill::net::{TcpListener, TcpStream};
use trill::{Backend, Runtime};
use trill_examples::{Bar, Row, print_table, scale};

fn main() -> io::Result<()> {
    print_table(&run()?);
    Ok(())
}

/// Runs the program on each pairing.
pub(crate) fn run() -> io::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (what, backend) in [
        ("trill executor + epoll", Backend::Epoll),
        ("trill executor + polling", Backend::Polling),
    ] {
        let runtime = Runtime::builder().reactor(backend).build()?;
        rows.push(measure(what, || runtime.run(echo(OnTrill)))?);
    }
    let pool = ThreadPool::new()?;
    rows.push(measure("futures executor + trill reactor", || {
        futures::executor::block_on(echo(pool))
    })?);
    Ok(rows)
}

/// Runs the program once and says how fast it was.
fn measure(what: &'static str, run: impl FnOnce() -> io::Result<u64>) -> io::Result<Row> {
    let start = trill::time::now();
    let messages = run()?;
    let took = trill::time::now() - start;
    let rate = messages as f64 / took.as_secs_f64() / 1000.0;
    Ok(Row::new(
        "pairings",
        what,
        format!("{messages} messages echoed in {took:.2?}, {rate:.0} k/s"),
    ))
}

/// Spawns on trill's current runtime.
#[derive(Clone)]
struct OnTrill;

impl Spawn for OnTrill {
    fn spawn_obj(
        &self,
        future: futures::task::FutureObj<'static, ()>,
    ) -> Result<(), futures::task::SpawnError> {
        trill::spawn(future).detach();
        Ok(())
    }
}

/// The program: a server and some clients that send words and check what comes back.
async fn echo(spawner: impl Spawn + Clone + Send + 'static) -> io::Result<u64> {
    let (clients, messages) = (8, scale(2_000, 50));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let server = listener.local_addr()?;
    let (done, finished) = trill::channel::bounded(clients);
    let per_connection = spawner.clone();
    let serving = async move {
        for _ in 0..clients {
            let Ok((stream, _)) = listener.accept().await else {
                return;
            };
            // A client that goes away is no error of the server's.
            let serving = async move { drop(answer(stream).await) };
            if per_connection.spawn(serving).is_err() {
                return;
            }
        }
    };
    spawner.spawn(serving).map_err(io::Error::other)?;
    for _ in 0..clients {
        let done = done.clone();
        let client = async move {
            let result = ask(server, messages).await;
            let _ = done.send(result).await;
        };
        spawner.spawn(client).map_err(io::Error::other)?;
    }
    let mut bar = Bar::new("echo", clients as u64);
    for _ in 0..clients {
        finished.recv().await.map_err(io::Error::other)??;
        bar.add(1);
    }
    bar.finish();
    Ok(clients as u64 * messages)
}

/// Sends back what comes until the client hangs up.
async fn answer(stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 256];
    loop {
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..read]).await?;
    }
}

/// Sends words and checks that they come back.
async fn ask(server: SocketAddr, messages: u64) -> io::Result<()> {
    let stream = TcpStream::connect(server).await?;
    for number in 0..messages {
        let word = number.to_le_bytes();
        stream.write_all(&word).await?;
        let mut back = [0; 8];
        stream.read_exact(&mut back).await?;
        if back != word {
            return Err(io::Error::other("the echo differs from what was sent"));
        }
    }
    Ok(())
}
