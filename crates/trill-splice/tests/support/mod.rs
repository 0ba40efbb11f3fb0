//! What several test files need.
#![allow(dead_code, unreachable_pub)] // No file needs all of it.
#![allow(clippy::unwrap_used)] // Only tests call it.

use std::fs::File;
use std::path::PathBuf;

use trill_net::unix::UnixStream;

/// A file that is removed at the end of a test.
pub struct Scratch {
    pub file: File,
    path: PathBuf,
}

impl Scratch {
    pub fn new(test: &str, content: &[u8]) -> Scratch {
        let name = format!("trill-splice-{test}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, content).unwrap();
        let file = File::options().read(true).write(true).open(&path).unwrap();
        Scratch { file, path }
    }

    pub fn content(&self) -> Vec<u8> {
        std::fs::read(&self.path).unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_file(&self.path).unwrap();
    }
}

/// Bytes none of which stands at another place than it should without being seen.
pub fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at ^ at >> 8 ^ at >> 16) as u8).collect()
}

/// Reads a stream to its end, in pieces of `size`.
pub async fn read_all(stream: &UnixStream, size: usize) -> Vec<u8> {
    let (mut all, mut buffer) = (Vec::new(), vec![0; size]);
    loop {
        match stream.read(&mut buffer).await.unwrap() {
            0 => return all,
            count => all.extend(&buffer[..count]),
        }
    }
}
