//! An echo server with one worker; ends when its standard input is closed.

use trill::net::TcpListener;

fn main() -> std::io::Result<()> {
    let runtime = trill::Runtime::builder().workers(1).build()?;
    runtime.run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        let _accepting = trill::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                trill::spawn(async move {
                    let mut buffer = [0; 4096];
                    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                        if stream.write(&buffer[..read]).await.is_err() {
                            break;
                        }
                    }
                })
                .detach();
            }
        });
        trill::unblock(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink())).await?;
        Ok(())
    })
}
