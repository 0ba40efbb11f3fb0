//! trill.

use std::io;
use std::path::Path;

use trill::fs::{File, OpenOptions};

use super::Job;
use crate::peers::Tasks;

pub(super) fn measure(workers: usize, job: Job) -> io::Result<Vec<f64>> {
    crate::peers::trill::Trill::run(workers, run(job))?
}

super::body!();

async fn open_read(path: &Path) -> io::Result<File> {
    File::open(path).await
}

async fn open_write(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).open(path).await
}

async fn read_at(file: &File, buffer: Vec<u8>, at: u64) -> (io::Result<usize>, Vec<u8>) {
    file.read_at(buffer, at).await
}

async fn write_at(file: &mut File, buffer: Vec<u8>, at: u64) -> (io::Result<usize>, Vec<u8>) {
    file.write_at(buffer, at).await
}

async fn stat(path: &Path) -> io::Result<u64> {
    Ok(trill::fs::metadata(path).await?.len())
}

async fn read_whole(path: &Path) -> io::Result<Vec<u8>> {
    trill::fs::read(path).await
}
