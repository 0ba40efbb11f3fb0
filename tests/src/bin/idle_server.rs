//! A server with idle connections and sleeping tasks, which must not wake up; ends when its standard input is closed.
//!
//! Its first argument says how many tasks sleep for an hour; with a second one another task sleeps again and again
//! for that many milliseconds, so that its timers, and nothing else, wake the process.

use std::time::Duration;

use trill::net::TcpListener;

fn main() -> std::io::Result<()> {
    let mut numbers = std::env::args().skip(1).map(|word| word.parse::<u64>());
    let mut number = || numbers.next().transpose().map_err(std::io::Error::other);
    let sleepers = number()?.unwrap_or(1000);
    let period = number()?.map(Duration::from_millis);
    let runtime = trill::Runtime::builder().workers(2).build()?;
    runtime.run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        for _ in 0..sleepers {
            trill::spawn(trill::time::sleep(Duration::from_secs(3600))).detach();
        }
        if let Some(period) = period {
            let ticking = async move {
                loop {
                    trill::time::sleep(period).await;
                }
            };
            trill::spawn(ticking).detach();
        }
        let _accepting = trill::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let serving = async move {
                    let mut buffer = [0; 64];
                    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                        if stream.write_all(&buffer[..read]).await.is_err() {
                            break;
                        }
                    }
                };
                trill::spawn(serving).detach();
            }
        });
        trill::unblock(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink())).await?;
        Ok(())
    })
}
