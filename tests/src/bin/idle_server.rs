//! A server with idle connections and sleeping tasks, which must not wake up; ends when its standard input is closed.

use std::time::Duration;

use trill::net::TcpListener;

fn main() -> std::io::Result<()> {
    let runtime = trill::Runtime::builder().workers(2).build()?;
    runtime.run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        for _ in 0..1000 {
            trill::spawn(trill::time::sleep(Duration::from_secs(3600))).detach();
        }
        let _accepting = trill::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                trill::spawn(async move { drop(stream.read(&mut [0; 64]).await) }).detach();
            }
        });
        trill::unblock(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink())).await?;
        Ok(())
    })
}
