//! smol: its own functions of names, and its pool for positions.

use std::fs::File as StdFile;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use super::Job;
use crate::peers::Tasks;

pub(super) fn measure(workers: usize, job: Job) -> io::Result<Vec<f64>> {
    crate::peers::smol::Smol::run(workers, run(job))?
}

super::body!();

/// smol's file does not give its inner one away: where a position is needed the pool opens one.
enum Opened {
    Own(#[expect(dead_code, reason = "it is closed when dropped")] smol::fs::File),
    Std(Arc<StdFile>),
}

async fn open_read(path: &Path) -> io::Result<Opened> {
    // Files that are read at positions are long.
    if path.ends_with("small") {
        return smol::fs::File::open(path).await.map(Opened::Own);
    }
    let path = path.to_path_buf();
    let file = smol::unblock(move || StdFile::open(path)).await?;
    Ok(Opened::Std(Arc::new(file)))
}

async fn open_write(path: &Path) -> io::Result<Opened> {
    let path = path.to_path_buf();
    let file = smol::unblock(move || StdFile::options().write(true).open(path)).await?;
    Ok(Opened::Std(Arc::new(file)))
}

impl Opened {
    fn std(&self) -> Arc<StdFile> {
        match self {
            Opened::Std(file) => file.clone(),
            Opened::Own(_) => unreachable!("it is opened for its name alone"),
        }
    }
}

async fn read_at(file: &Opened, mut buffer: Vec<u8>, at: u64) -> (io::Result<usize>, Vec<u8>) {
    let file = file.std();
    smol::unblock(move || (file.read_at(&mut buffer, at), buffer)).await
}

async fn write_at(file: &mut Opened, buffer: Vec<u8>, at: u64) -> (io::Result<usize>, Vec<u8>) {
    let file = file.std();
    smol::unblock(move || (file.write_at(&buffer, at), buffer)).await
}

async fn stat(path: &Path) -> io::Result<u64> {
    Ok(smol::fs::metadata(path).await?.len())
}

async fn read_whole(path: &Path) -> io::Result<Vec<u8>> {
    smol::fs::read(path).await
}
