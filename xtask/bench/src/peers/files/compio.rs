//! compio: one runtime on this thread, whatever the number of workers, as its futures stay on their thread.

use std::io;
use std::path::Path;

use compio::buf::BufResult;
use compio::fs::{File, OpenOptions};
use compio::io::{AsyncReadAt, AsyncWriteAt};

use super::Job;

pub(super) fn measure(job: Job) -> io::Result<Vec<f64>> {
    compio::runtime::Runtime::new()?.block_on(run(job))
}

super::body!();

async fn open_read(path: &Path) -> io::Result<File> {
    File::open(path).await
}

async fn open_write(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).open(path).await
}

/// It fills what is not yet filled, so the buffer is emptied first.
async fn read_at(file: &File, mut buffer: Vec<u8>, at: u64) -> (io::Result<usize>, Vec<u8>) {
    buffer.clear();
    let BufResult(count, buffer) = file.read_at(buffer, at).await;
    (count, buffer)
}

async fn write_at(file: &mut File, buffer: Vec<u8>, at: u64) -> (io::Result<usize>, Vec<u8>) {
    let BufResult(count, buffer) = file.write_at(buffer, at).await;
    (count, buffer)
}

async fn stat(path: &Path) -> io::Result<u64> {
    Ok(compio::fs::metadata(path).await?.len())
}

async fn read_whole(path: &Path) -> io::Result<Vec<u8>> {
    compio::fs::read(path).await
}
