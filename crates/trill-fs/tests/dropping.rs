//! What a drop keeps: at each moment of each operation.
#![allow(clippy::disallowed_methods)] // Files that the tests make.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::fs;
use std::io::SeekFrom;
use std::task::Poll;

use futures_lite::{AsyncReadExt, StreamExt};
use support::{in_each_mode, poll_once, yield_now};
use trill_fs::{File, OpenOptions};

/// Polls a future so often at most, and drops it. Says whether it was ready before.
async fn dropped_after<F: Future + Unpin>(mut future: F, polls: usize) -> bool {
    for _ in 0..polls {
        if poll_once(&mut future).is_ready() {
            return true;
        }
        yield_now().await;
    }
    false
}

// Fault 18a
#[test]
fn an_open_that_is_dropped_leaks_no_descriptor() {
    in_each_mode("open", async |dir, _| {
        let path = dir.path("file");
        fs::write(&path, "x").unwrap();
        for polls in 0..6 {
            for _ in 0..20 {
                dropped_after(File::open(&path), polls).await;
                dropped_after(File::create(dir.path("made")), polls).await;
                dropped_after(trill_fs::read(&path), polls).await;
                dropped_after(trill_fs::read_dir(dir.root()), polls).await;
                dropped_after(trill_fs::copy(&path, dir.path("copied")), polls).await;
            }
        }
        dir.until_closed().await;
    });
}

// Fault 18a
#[test]
fn reads_that_are_dropped_lose_no_byte() {
    in_each_mode("reads", async |dir, _| {
        let path = dir.path("file");
        let bytes: Vec<u8> = (0..300_000u32).flat_map(u32::to_le_bytes).collect();
        fs::write(&path, &bytes).unwrap();
        for polls in 1..4 {
            let mut file = File::open(&path).await.unwrap();
            let mut seen = Vec::new();
            let mut size = 1;
            while seen.len() < bytes.len() {
                size = size * 7 % 65_521;
                let mut buffer = vec![0; size];
                let mut read = file.read(&mut buffer);
                let mut got = None;
                for _ in 0..polls {
                    if let Poll::Ready(count) = poll_once(&mut read) {
                        got = Some(count.unwrap());
                        break;
                    }
                    yield_now().await;
                }
                drop(read);
                if let Some(count) = got {
                    assert_ne!(count, 0, "the end came early");
                    seen.extend_from_slice(&buffer[..count]);
                }
            }
            assert!(
                seen == bytes,
                "{polls} polls: bytes are lost, doubled or in another order"
            );
        }
        dir.until_closed().await;
    });
}

#[test]
fn a_write_goes_where_the_reader_is_after_a_dropped_read() {
    in_each_mode("stepping", async |dir, _| {
        let path = dir.path("file");
        for polls in 0..4 {
            fs::write(&path, "0123456789").unwrap();
            let mut options = OpenOptions::new();
            let mut file = options.read(true).write(true).open(&path).await.unwrap();
            let mut two = [0; 2];
            file.read_exact(&mut two).await.unwrap();
            let mut more = [0; 4];
            if dropped_after(file.read(&mut more), polls).await {
                file.seek(SeekFrom::Current(-4)).await.unwrap();
            }
            file.write_all(b"ab").await.unwrap();
            assert_eq!(file.seek(SeekFrom::Current(0)).await.unwrap(), 4);
            assert_eq!(fs::read(&path).unwrap(), b"01ab456789", "{polls} polls");
        }
    });
}

// Fault 39f
#[test]
fn what_a_write_has_accepted_is_written_after_the_file_is_dropped() {
    in_each_mode("writes", async |dir, _| {
        for polls in 1..4 {
            let path = dir.path(format!("file-{polls}"));
            let mut file = File::create(&path).await.unwrap();
            let mut accepted = Vec::new();
            for part in 0..200u32 {
                let bytes = vec![part as u8; 3000];
                let mut write = file.write(&bytes);
                for _ in 0..polls {
                    if let Poll::Ready(count) = poll_once(&mut write) {
                        accepted.extend_from_slice(&bytes[..count.unwrap()]);
                        break;
                    }
                    yield_now().await;
                }
            }
            assert!(!accepted.is_empty());
            drop(file);
            dir.until_closed().await;
            assert!(fs::read(&path).unwrap() == accepted, "{polls} polls");
        }
    });
}

#[test]
fn seeks_and_flushes_that_are_dropped_change_nothing_else() {
    in_each_mode("seeks", async |dir, _| {
        let path = dir.path("file");
        for polls in 0..4 {
            let mut file = File::create_new(&path).await.unwrap();
            file.write_all(&[b'x'; 100_000]).await.unwrap();
            dropped_after(file.flush(), polls).await;
            dropped_after(file.seek(SeekFrom::End(-10)), polls).await;
            dropped_after(file.sync_all(), polls).await;
            dropped_after(file.metadata(), polls).await;
            // Another seek to the same place is a seek of its own.
            file.seek(SeekFrom::Start(0)).await.unwrap();
            assert_eq!(file.seek(SeekFrom::End(-10)).await.unwrap(), 99_990);
            let mut rest = Vec::new();
            file.read_to_end(&mut rest).await.unwrap();
            assert_eq!(rest, [b'x'; 10]);
            drop(file);
            fs::remove_file(&path).unwrap();
        }
        dir.until_closed().await;
    });
}

#[test]
fn positional_operations_that_are_dropped_leave_the_file_usable() {
    in_each_mode("positional", async |dir, _| {
        let path = dir.path("file");
        let file = File::create_new(&path).await.unwrap();
        for polls in 0..4 {
            for part in 0..50u64 {
                dropped_after(file.write_at(vec![b'y'; 10_000], part * 10_000), polls).await;
                dropped_after(file.read_at(vec![0; 10_000], part * 10_000), polls).await;
                dropped_after(file.set_len(1_000_000), polls).await;
            }
        }
        let (count, _) = file.write_at("end", 999_997).await;
        assert_eq!(count.unwrap(), 3);
        let (count, buffer) = file.read_at([0; 3], 999_997).await;
        assert_eq!((count.unwrap(), &buffer), (3, b"end"));
        drop(file);
        dir.until_closed().await;
    });
}

#[test]
fn names_that_are_dropped_are_done_or_not() {
    in_each_mode("names", async |dir, _| {
        for polls in 0..4 {
            let (a, b, sub) = (dir.path("a"), dir.path("b"), dir.path("sub"));
            fs::write(&a, "x").unwrap();
            dropped_after(trill_fs::rename(&a, &b), polls).await;
            dropped_after(trill_fs::create_dir(&sub), polls).await;
            dropped_after(trill_fs::metadata(&a), polls).await;
            dropped_after(trill_fs::remove_dir(&sub), polls).await;
            dropped_after(trill_fs::write(sub.with_extension("w"), "z"), polls).await;
            // What is left of it may still come; in the end it is one of both.
            dir.until_closed().await;
            assert_eq!(
                u8::from(a.exists()) + u8::from(b.exists()),
                1,
                "{polls} polls"
            );
            let _ = (fs::remove_file(&a), fs::remove_file(&b));
            let _ = fs::remove_dir(&sub);
        }
    });
}

#[test]
fn a_dropped_next_entry_loses_none() {
    in_each_mode("entries", async |dir, _| {
        for index in 0..300 {
            fs::write(dir.path(format!("{index}")), "").unwrap();
        }
        for polls in 1..3 {
            let mut entries = trill_fs::read_dir(dir.root()).await.unwrap();
            let mut names = Vec::new();
            loop {
                let mut next = entries.next();
                let mut got = Poll::Pending;
                for _ in 0..polls {
                    got = poll_once(&mut next);
                    if got.is_ready() {
                        break;
                    }
                    yield_now().await;
                }
                drop(next);
                match got {
                    Poll::Ready(Some(entry)) => names.push(entry.unwrap().file_name()),
                    Poll::Ready(None) => break,
                    Poll::Pending => {}
                }
            }
            names.sort();
            names.dedup();
            assert_eq!(names.len(), 300, "{polls} polls");
        }
        dir.until_closed().await;
    });
}
