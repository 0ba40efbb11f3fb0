//! The traits of `tokio::io`, without tokio's runtime.
#![cfg(feature = "tokio-io")]
#![allow(clippy::unwrap_used)] // Only tests call the functions here.

mod support;

use std::future::poll_fn;
use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::pin::Pin;

use support::pair;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use trill_net::TcpStream;
use trill_net::unix::UnixStream;
use trill_park::block_on;

#[test]
fn reads_into_uninitialised_memory() {
    block_on(async {
        let (mut a, mut b) = pair().await;
        AsyncWriteExt::write_all(&mut a, b"hello").await.unwrap();
        let mut memory = [MaybeUninit::uninit(); 64];
        let mut buffer = ReadBuf::uninit(&mut memory);
        buffer.put_slice(b">> ");
        poll_fn(|cx| AsyncRead::poll_read(Pin::new(&mut b), cx, &mut buffer))
            .await
            .unwrap();
        assert_eq!(buffer.filled(), b">> hello");
        // Nothing behind it was touched, so nothing was zeroed.
        assert_eq!(buffer.initialized().len(), buffer.filled().len());
    });
}

#[test]
fn tokio_extensions_work_on_streams_and_halves() {
    async fn echo(stream: impl AsyncRead + AsyncWrite) {
        let (mut reader, mut writer) = tokio::io::split(stream);
        tokio::io::copy(&mut reader, &mut writer).await.unwrap();
        writer.shutdown().await.unwrap();
    }
    async fn talk(mut reader: impl AsyncRead + Unpin, mut writer: impl AsyncWrite + Unpin) {
        assert!(writer.is_write_vectored());
        let parts = [IoSlice::new(b"he"), IoSlice::new(b"llo")];
        assert_eq!(writer.write_vectored(&parts).await.unwrap(), 5);
        writer.flush().await.unwrap();
        writer.shutdown().await.unwrap();
        let mut got = Vec::new();
        reader.read_to_end(&mut got).await.unwrap();
        assert_eq!(got, b"hello");
    }
    block_on(async {
        let (a, b) = pair().await;
        let (reader, writer) = a.into_split();
        futures_lite::future::zip(echo(b), talk(reader, writer)).await;
        let (mut a, b) = UnixStream::pair().unwrap();
        let (reader, writer) = a.split();
        futures_lite::future::zip(echo(b), talk(reader, writer)).await;
    });
}

#[test]
fn both_families_of_traits_are_there() {
    fn check<T>()
    where
        T: AsyncRead + AsyncWrite + futures_lite::AsyncRead + futures_lite::AsyncWrite,
    {
    }
    check::<TcpStream>();
    check::<UnixStream>();
}
