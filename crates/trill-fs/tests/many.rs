//! Many files at once.
#![allow(clippy::disallowed_methods)] // Files that the test makes and checks.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::fs;
use std::sync::Arc;

use futures_lite::AsyncReadExt;
use support::{Numbers, in_each_mode};
use trill_executor::Executor;
use trill_fs::File;
use trill_sync::Semaphore;

const FILES: usize = 10_000;

/// The contents of a file: some 0 to 6,000 bytes that no other has.
fn contents(index: usize) -> Vec<u8> {
    let mut numbers = Numbers((index as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let len = numbers.below(6000) as usize;
    let mut bytes: Vec<u8> = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        bytes.extend_from_slice(&numbers.next().to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

/// Fletcher's sums, over 64-bit numbers.
fn checksum(bytes: &[u8]) -> (u64, u64) {
    bytes.iter().fold((1, 0), |(a, b), byte| {
        let a = u64::wrapping_add(a, u64::from(*byte) + 1);
        (a, u64::wrapping_add(b, a))
    })
}

/// All of them are under way together; what is open at once is up to the limits of the system.
#[test]
fn ten_thousand_small_files_are_copied_and_checked_at_once() {
    in_each_mode("many", async |dir, mode| {
        if !mode.now {
            // A read is an operation of its own then, which the other tests show.
            return;
        }
        for half in 0..100 {
            fs::create_dir(dir.path(format!("{half}"))).unwrap();
        }
        let name = |index: usize| dir.path(format!("{}/{index}", index % 100));
        let copy_name = |index: usize| dir.path(format!("{}/{index}.copy", index % 100));
        for index in 0..FILES {
            fs::write(name(index), contents(index)).unwrap();
        }
        let executor = Executor::new();
        let open = Arc::new(Semaphore::new(300));
        let tasks: Vec<_> = (0..FILES)
            .map(|index| {
                let (from, to) = (name(index), copy_name(index));
                let open = open.clone();
                executor.spawn(async move {
                    let _place = open.acquire().await;
                    let mut bytes = Vec::new();
                    File::open(&from)
                        .await
                        .unwrap()
                        .read_to_end(&mut bytes)
                        .await
                        .unwrap();
                    let mut copy = File::create(&to).await.unwrap();
                    copy.write_all(&bytes).await.unwrap();
                    copy.flush().await.unwrap();
                    checksum(&bytes)
                })
            })
            .collect();
        executor
            .run(async {
                for (index, task) in tasks.into_iter().enumerate() {
                    assert_eq!(task.await, checksum(&contents(index)), "file {index}");
                }
            })
            .await;
        for index in 0..FILES {
            assert!(
                fs::read(copy_name(index)).unwrap() == contents(index),
                "copy {index}"
            );
        }
        dir.until_closed().await;
    });
}
