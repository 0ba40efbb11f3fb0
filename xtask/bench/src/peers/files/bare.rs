//! A loop of the standard library's calls on one thread: what the operating system takes by itself.

use std::fs::{self, File};
use std::future::Future;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::Job;

pub(super) fn measure(job: Job) -> io::Result<Vec<f64>> {
    // Nothing in it ever waits.
    match pin!(run(job)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(figures) => figures,
        Poll::Pending => unreachable!("a call that blocks is never pending"),
    }
}

super::body!();

async fn open_read(path: &Path) -> io::Result<File> {
    File::open(path)
}

async fn open_write(path: &Path) -> io::Result<File> {
    File::options().write(true).open(path)
}

async fn read_at(file: &File, mut buffer: Vec<u8>, at: u64) -> (io::Result<usize>, Vec<u8>) {
    (file.read_at(&mut buffer, at), buffer)
}

async fn write_at(file: &mut File, buffer: Vec<u8>, at: u64) -> (io::Result<usize>, Vec<u8>) {
    (file.write_at(&buffer, at), buffer)
}

async fn stat(path: &Path) -> io::Result<u64> {
    Ok(fs::metadata(path)?.len())
}

async fn read_whole(path: &Path) -> io::Result<Vec<u8>> {
    fs::read(path)
}
