//! The rows about files.
//!
//! compio's futures stay on their thread, so a trait over all peers could not say that futures may be sent, as the
//! others' tasks need. A macro writes the same body for each peer instead; the module of a peer says how it opens,
//! reads, writes and asks.
#![allow(clippy::disallowed_methods)] // The files that are measured, made by the harness.

mod bare;
mod compio;
mod smol;
mod tokio;
mod trill;

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::clock::{self, Clock};
use crate::host::Cpu;
use crate::rows::{FileWork, PeerName};
use crate::work::Plan;

/// Runs a row once with a peer; `None` if that peer cannot do it.
///
/// # Errors
///
/// When the operating system refuses a thread or a file.
pub(crate) fn measure(peer: PeerName, work: FileWork, plan: &Plan) -> Option<io::Result<Vec<f64>>> {
    let measured = measure_in(peer, work, plan);
    measured.transpose()
}

fn measure_in(peer: PeerName, work: FileWork, plan: &Plan) -> io::Result<Option<Vec<f64>>> {
    let place = Place::new()?;
    let job = Job {
        work,
        file: place.file(),
        small: place.small(),
        count: plan.count(match work {
            FileWork::Read4k | FileWork::OpenClose | FileWork::Stat | FileWork::Whole => 40_000,
            FileWork::Read1m | FileWork::Write1m => 2_000,
        }),
    };
    let figures = match peer {
        PeerName::Tokio => tokio::measure(plan.workers(), job),
        PeerName::Smol => smol::measure(plan.workers(), job),
        PeerName::Trill => trill::measure(plan.workers(), job),
        PeerName::TrillRing => {
            ::trill::fs::set_try_now(false);
            trill::measure(plan.workers(), job)
        }
        PeerName::Compio => compio::measure(job),
        PeerName::Bare => bare::measure(job),
        PeerName::Monoio | PeerName::Asyncio | PeerName::Uvloop | PeerName::Before => {
            return Ok(None);
        }
    };
    figures.map(Some)
}

/// What is to be done.
pub(crate) struct Job {
    work: FileWork,
    /// 16 MiB, cached.
    file: PathBuf,
    /// 4 KiB, cached.
    small: PathBuf,
    count: usize,
}

/// The files of one measurement. They go with it.
struct Place(PathBuf);

impl Place {
    fn new() -> io::Result<Place> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("trill-bench-{}-{number}", std::process::id());
        let place = Place(std::env::temp_dir().join(name));
        std::fs::create_dir_all(&place.0)?;
        std::fs::write(place.small(), vec![1; SMALL_BYTES])?;
        std::fs::write(place.file(), vec![2; FILE_BYTES])?;
        // On the disk, so that nobody writes it back while others are measured, and in the cache.
        std::fs::File::open(place.file())?.sync_all()?;
        std::fs::read(place.file())?;
        Ok(place)
    }

    fn file(&self) -> PathBuf {
        self.0.join("file")
    }

    fn small(&self) -> PathBuf {
        self.0.join("small")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Left over in a directory for that if it fails.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The figures of a row, from a warm-up and the measured run.
struct Watch {
    clock: Clock,
    cpu: Cpu,
}

impl Watch {
    fn start() -> Watch {
        Watch {
            clock: Clock::start(),
            cpu: Cpu::used(),
        }
    }

    fn figures(&self, count: usize) -> Vec<f64> {
        let wall_ns = self.clock.ns_per(count);
        let cpu_ns = clock::per(Cpu::used().since(self.cpu).total(), count);
        vec![wall_ns / 1000.0, cpu_ns / 1000.0]
    }
}

/// Where the `index`-th transfer of `len` bytes goes: all over the file, the same for every peer.
fn offset(index: usize, len: usize) -> u64 {
    let places = FILE_BYTES / len;
    (index.wrapping_mul(7919) % places * len) as u64
}

/// Says that something is not as long as it should be.
fn expect_len(found: u64, expected: usize) -> io::Result<()> {
    if found != expected as u64 {
        return Err(io::Error::other(format!(
            "{found} bytes instead of {expected}"
        )));
    }
    Ok(())
}

/// Writes `async fn run(job) -> io::Result<Vec<f64>>` over the functions of the module it stands in:
/// `open_read`, `open_write`, `read_at`, `write_at`, `stat`, `read_whole`.
macro_rules! body {
    () => {
        async fn run(job: super::Job) -> std::io::Result<Vec<f64>> {
            use super::{SMALL_BYTES, Watch, expect_len, offset};
            use crate::rows::FileWork;

            let mut watch = Watch::start();
            for count in [job.count / super::WARM_UP_DIVISOR, job.count] {
                match job.work {
                    FileWork::Read4k | FileWork::Read1m => {
                        let len = super::transfer_bytes(job.work);
                        let file = open_read(&job.file).await?;
                        let mut buffer = vec![0; len];
                        watch = Watch::start();
                        for index in 0..count {
                            let mut done = 0;
                            while done < len {
                                let at = offset(index, len) + done as u64;
                                let (read, back) = read_at(&file, buffer, at).await;
                                buffer = back;
                                let read = read?;
                                // A peer that gives less reads the rest as a whole again: the buffer is owned.
                                done += read;
                                if read == 0 {
                                    break;
                                }
                                if done < len {
                                    buffer.truncate(len - done);
                                }
                            }
                            expect_len(done as u64, len)?;
                            buffer.resize(len, 0);
                        }
                    }
                    FileWork::Write1m => {
                        let len = super::transfer_bytes(job.work);
                        let mut file = open_write(&job.file).await?;
                        let mut buffer = vec![3; len];
                        watch = Watch::start();
                        for index in 0..count {
                            let mut done = 0;
                            while done < len {
                                let at = offset(index, len) + done as u64;
                                let (wrote, back) = write_at(&mut file, buffer, at).await;
                                buffer = back;
                                done += wrote?;
                                if done < len {
                                    buffer.truncate(len - done);
                                }
                            }
                            expect_len(done as u64, len)?;
                            buffer.resize(len, 0);
                        }
                    }
                    FileWork::OpenClose => {
                        watch = Watch::start();
                        for _ in 0..count {
                            drop(open_read(&job.small).await?);
                        }
                    }
                    FileWork::Stat => {
                        watch = Watch::start();
                        for _ in 0..count {
                            expect_len(stat(&job.small).await?, SMALL_BYTES)?;
                        }
                    }
                    FileWork::Whole => {
                        watch = Watch::start();
                        for _ in 0..count {
                            let bytes = read_whole(&job.small).await?;
                            expect_len(bytes.len() as u64, SMALL_BYTES)?;
                        }
                    }
                }
            }
            Ok(watch.figures(job.count))
        }
    };
}
use body;

/// How much a row moves at once.
fn transfer_bytes(work: FileWork) -> usize {
    match work {
        FileWork::Read1m | FileWork::Write1m => 1 << 20,
        _ => SMALL_BYTES,
    }
}

const SMALL_BYTES: usize = 4096;

const FILE_BYTES: usize = 16 << 20;

/// The warm-up does this fraction of the work.
const WARM_UP_DIVISOR: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transfers_stay_inside_of_the_file() {
        for len in [SMALL_BYTES, 1 << 20] {
            for index in 0..10_000 {
                assert!(offset(index, len) + len as u64 <= FILE_BYTES as u64);
            }
        }
    }

    #[test]
    fn every_peer_does_every_row() {
        let place = Place::new().unwrap();
        assert_eq!(
            std::fs::metadata(place.file()).unwrap().len(),
            FILE_BYTES as u64
        );
        let line = "run-one --row file-stat --peer trill --workers 2 --quick";
        let words = line.split_whitespace().map(String::from);
        let Ok(crate::args::Command::RunOne(one)) = crate::args::Command::parse(words) else {
            panic!("this line is well formed");
        };
        let plan = Plan { one };
        let flavour = plan.one.flavour;
        for row in crate::rows::all() {
            let crate::rows::Work::File(work) = row.work else {
                continue;
            };
            for peer in PeerName::ALL {
                let figures = measure(peer, work, &plan).map(Result::unwrap);
                let suits = row.suits(peer, flavour) && peer != PeerName::Before;
                assert_eq!(figures.is_some(), suits, "{peer} {work:?}");
                assert!(figures.is_none_or(|figures| figures.len() == row.figures.len()));
            }
        }
    }
}
