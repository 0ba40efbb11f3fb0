//! tokio: its own functions of names, and its pool for positions.

use std::fs::File as StdFile;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use super::Job;
use crate::peers::Tasks;

pub(super) fn measure(workers: usize, job: Job) -> io::Result<Vec<f64>> {
    crate::peers::tokio::Tokio::run(workers, run(job))?
}

super::body!();

async fn open_read(path: &Path) -> io::Result<Arc<StdFile>> {
    Ok(Arc::new(
        tokio::fs::File::open(path).await?.into_std().await,
    ))
}

async fn open_write(path: &Path) -> io::Result<Arc<StdFile>> {
    let mut options = tokio::fs::OpenOptions::new();
    Ok(Arc::new(
        options.write(true).open(path).await?.into_std().await,
    ))
}

async fn read_at(
    file: &Arc<StdFile>,
    mut buffer: Vec<u8>,
    at: u64,
) -> (io::Result<usize>, Vec<u8>) {
    let file = file.clone();
    let job = tokio::task::spawn_blocking(move || (file.read_at(&mut buffer, at), buffer));
    job.await.expect("reading does not panic")
}

async fn write_at(
    file: &mut Arc<StdFile>,
    buffer: Vec<u8>,
    at: u64,
) -> (io::Result<usize>, Vec<u8>) {
    let file = file.clone();
    let job = tokio::task::spawn_blocking(move || (file.write_at(&buffer, at), buffer));
    job.await.expect("writing does not panic")
}

async fn stat(path: &Path) -> io::Result<u64> {
    Ok(tokio::fs::metadata(path).await?.len())
}

async fn read_whole(path: &Path) -> io::Result<Vec<u8>> {
    tokio::fs::read(path).await
}
