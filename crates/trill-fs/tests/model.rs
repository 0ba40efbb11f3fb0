//! A file does what a file of the standard library does, whatever is asked in whatever order.
#![allow(clippy::disallowed_methods)] // The model.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::fs;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;

use futures_lite::AsyncReadExt;
use support::{Numbers, in_each_mode};
use trill_fs::{File, OpenOptions};

/// Both say the same: the same number or the same error of the system.
fn same<T: PartialEq + std::fmt::Debug>(ours: &io::Result<T>, theirs: &io::Result<T>, what: &str) {
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs, "{what}"),
        (Err(ours), Err(theirs)) => {
            assert_eq!(ours.raw_os_error(), theirs.raw_os_error(), "{what}");
        }
        _ => panic!("{what}: {ours:?} and {theirs:?}"),
    }
}

#[test]
fn any_order_of_operations_gives_what_the_standard_library_gives() {
    in_each_mode("model", async |dir, _| {
        for seed in 1..=12u64 {
            let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15u64.wrapping_mul(seed));
            let append = seed % 4 == 0;
            let (a, b) = (dir.path("a"), dir.path("b"));
            for path in [&a, &b] {
                fs::write(path, vec![b'.'; 1000]).unwrap();
            }
            let mut ours = open_ours(&a, append).await;
            let mut theirs = open_theirs(&b, append);
            for step in 0..120 {
                let what = format!("seed {seed}, step {step}");
                one_step(&mut numbers, &mut ours, &mut theirs, append, &what).await;
            }
            ours.flush().await.unwrap();
            assert!(
                fs::read(&a).unwrap() == fs::read(&b).unwrap(),
                "seed {seed}"
            );
        }
    });
}

async fn open_ours(path: &std::path::Path, append: bool) -> File {
    let mut options = OpenOptions::new();
    options.read(true).write(true).append(append);
    options.open(path).await.unwrap()
}

fn open_theirs(path: &std::path::Path, append: bool) -> fs::File {
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true).append(append);
    options.open(path).unwrap()
}

async fn one_step(
    numbers: &mut Numbers,
    ours: &mut File,
    theirs: &mut fs::File,
    append: bool,
    what: &str,
) {
    let len = [0, 1, 7, 100, 5000, 200_000][numbers.below(6) as usize];
    let offset = numbers.below(400_000);
    match numbers.below(10) {
        // Reads may be short anywhere, so as much as there is.
        0 | 1 => {
            let (mut one, mut other) = (vec![0; len], vec![0; len]);
            let (count, expected) = (fill(ours, &mut one).await, fill_std(theirs, &mut other));
            same(&count, &expected, what);
            assert!(one == other, "{what}: other bytes");
        }
        2 | 3 => {
            let bytes: Vec<u8> = (0..len).map(|_| numbers.next() as u8).collect();
            same(
                &ours.write_all(&bytes).await,
                &theirs.write_all(&bytes),
                what,
            );
        }
        4 => {
            let by = offset as i64 - 200_000;
            for to in [
                SeekFrom::Start(offset),
                SeekFrom::Current(by),
                SeekFrom::End(by),
            ] {
                same(&ours.seek(to).await, &theirs.seek(to), what);
            }
        }
        5 => {
            let mut expected = vec![0; len];
            let (mut done, mut bytes) = (0, Vec::new());
            let count = theirs.read_at(&mut expected, offset).unwrap();
            while done < count {
                let (more, buffer) = ours
                    .read_at(vec![0; count - done], offset + done as u64)
                    .await;
                let more = more.unwrap();
                assert_ne!(more, 0, "{what}: the end came early");
                bytes.extend_from_slice(&buffer[..more]);
                done += more;
            }
            assert!(bytes == expected[..count], "{what}: other bytes");
        }
        // Linux writes at the end, and std does not promise that.
        6 if !append => {
            let bytes: Vec<u8> = (0..len).map(|_| numbers.next() as u8).collect();
            theirs.write_all_at(&bytes, offset).unwrap();
            let mut done = 0;
            while done < len {
                let (count, _) = ours
                    .write_at(bytes[done..].to_vec(), offset + done as u64)
                    .await;
                done += count.unwrap();
            }
        }
        7 => {
            same(&ours.set_len(offset).await, &theirs.set_len(offset), what);
            let known = ours.metadata().await.unwrap();
            assert_eq!(known.len(), offset, "{what}");
        }
        8 => {
            ours.sync_data().await.unwrap();
            assert_eq!(
                ours.metadata().await.unwrap().len(),
                theirs.metadata().unwrap().len()
            );
        }
        _ => ours.flush().await.unwrap(),
    }
}

async fn fill(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut done = 0;
    while done < buffer.len() {
        match file.read(&mut buffer[done..]).await? {
            0 => break,
            count => done += count,
        }
    }
    Ok(done)
}

fn fill_std(file: &mut fs::File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut done = 0;
    while done < buffer.len() {
        match file.read(&mut buffer[done..])? {
            0 => break,
            count => done += count,
        }
    }
    Ok(done)
}

// Fault 39c
#[test]
fn offsets_above_four_gibibytes_are_exact() {
    in_each_mode("huge", async |dir, _| {
        let path = dir.path("sparse");
        let mut file = open_sparse(&path).await;
        let far = (5 << 30) + 12_345;
        assert_eq!(file.seek(SeekFrom::Start(far)).await.unwrap(), far);
        file.write_all(b"far away").await.unwrap();
        file.flush().await.unwrap();
        let (count, _) = file.write_at("farther", far + (1 << 32)).await;
        assert_eq!(count.unwrap(), 7);
        assert_eq!(file.metadata().await.unwrap().len(), far + (1 << 32) + 7);
        assert_eq!(file.seek(SeekFrom::Current(-4)).await.unwrap(), far + 4);
        let mut word = [0; 4];
        file.read_exact(&mut word).await.unwrap();
        assert_eq!(&word, b"away");
        let (count, buffer) = file.read_at([0; 7], far + (1 << 32)).await;
        assert_eq!((count.unwrap(), &buffer), (7, b"farther"));
        assert_eq!(file.seek(SeekFrom::End(-7)).await.unwrap(), far + (1 << 32));
        file.set_len(far + 3).await.unwrap();
        let (count, buffer) = file.read_at([0; 7], far).await;
        assert_eq!((count.unwrap(), &buffer[..3]), (3, &b"far"[..]));
    });
}

async fn open_sparse(path: &std::path::Path) -> File {
    let _ = fs::remove_file(path);
    File::create_new(path).await.unwrap()
}

// Fault 39a
#[test]
fn a_file_that_is_cut_off_while_it_is_read_ends_there() {
    in_each_mode("cut", async |dir, _| {
        let path = dir.path("file");
        fs::write(&path, vec![7; 300_000]).unwrap();
        let mut file = File::open(&path).await.unwrap();
        let mut begin = vec![0; 100_000];
        file.read_exact(&mut begin).await.unwrap();
        fs::OpenOptions::new()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(150_000)
            .unwrap();
        let mut rest = Vec::new();
        file.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, vec![7; 50_000]);
        // What others append after the end was seen comes after that.
        let mut other = fs::OpenOptions::new().append(true).open(&path).unwrap();
        other.write_all(b"more").unwrap();
        rest.clear();
        file.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, b"more");
        // A file that is replaced under its name is not the one that is open.
        fs::remove_file(&path).unwrap();
        fs::write(&path, "another").unwrap();
        let (count, _) = file.read_at(vec![0; 10], 0).await;
        assert_eq!(count.unwrap(), 10);
    });
}

// Fault 39e
#[test]
fn a_pipe_is_read_and_written_as_it_comes() {
    in_each_mode("pipe", async |dir, _| {
        let path = dir.path("fifo");
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, mode).unwrap();
        // Opening one end waits for the other, as it does for everybody.
        let mut opening = File::open(&path);
        assert!(support::poll_once(&mut opening).is_pending());
        let mut options = OpenOptions::new();
        let (reader, writer) =
            futures_lite::future::zip(opening, options.write(true).open(&path)).await;
        let (mut reader, mut writer) = (reader.unwrap(), writer.unwrap());
        let mut word = [0; 5];
        {
            let mut read = reader.read(&mut word);
            assert!(support::poll_once(&mut read).is_pending());
        }
        writer.write_all(b"hello").await.unwrap();
        writer.flush().await.unwrap();
        // The read that was dropped has it.
        reader.read_exact(&mut word).await.unwrap();
        assert_eq!(&word, b"hello");
        drop(writer);
        dir.until_other_end_closed(&mut reader).await;
    });
}

impl support::Dir {
    /// Reads to the end, which comes when the writer is closed.
    async fn until_other_end_closed(&self, reader: &mut File) {
        let mut rest = Vec::new();
        reader.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, b"");
    }
}

// Fault 39e
#[test]
fn a_full_pipe_holds_its_writer_up() {
    in_each_mode("full-pipe", async |dir, _| {
        let path = dir.path("fifo");
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, mode).unwrap();
        let mut options = OpenOptions::new();
        let (reader, writer) =
            futures_lite::future::zip(File::open(&path), options.write(true).open(&path)).await;
        let (mut reader, mut writer) = (reader.unwrap(), writer.unwrap());
        let bytes: Vec<u8> = (0..3_000_000u32).map(|n| (n % 253) as u8).collect();
        let mut seen = vec![0; bytes.len()];
        {
            let mut write = Box::pin(async {
                writer.write_all(&bytes).await?;
                writer.flush().await
            });
            // The pipe takes 64 KiB and the writer accepts some more, then it waits.
            for _ in 0..1000 {
                assert!(support::poll_once(&mut write).is_pending());
            }
            let read = async { reader.read_exact(&mut seen).await };
            let (wrote, read) = futures_lite::future::zip(write, read).await;
            wrote.unwrap();
            read.unwrap();
        }
        assert!(seen == bytes);
        // Without anybody who reads it is an error.
        drop(reader);
        let mut result = Ok(());
        while result.is_ok() {
            result = match writer.write(b"x").await {
                Ok(_) => writer.flush().await,
                Err(error) => Err(error),
            };
        }
        assert_eq!(result.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    });
}
