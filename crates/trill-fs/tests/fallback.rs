//! Without io_uring everything works, and nothing blocks the threads of tasks.
#![cfg(target_os = "linux")]
#![allow(clippy::disallowed_methods)] // Files that the tests make.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::fs;

use futures_lite::AsyncReadExt;
use support::{Dir, in_a_child, is_inner, poll_once};
use trill_fs::File;
use trill_reactor::Reactor;

// Fault 18b
#[test]
fn where_io_uring_is_forbidden_the_pool_does_it() {
    for (name, value) in [
        ("TRILL_URING", "off"),
        ("TRILL_TEST_DENY", "eperm"),
        ("TRILL_TEST_DENY", "enosys"),
    ] {
        let told = in_a_child("inner_uses_files", &[(name, value)]);
        assert!(told.contains("rings: no io_uring"), "{told}");
        assert!(told.contains("all done"), "{told}");
    }
}

#[test]
fn inner_uses_files() {
    if !is_inner() {
        return;
    }
    match std::env::var("TRILL_TEST_DENY").as_deref() {
        Ok("eperm") => support::deny::io_uring(libc::EPERM),
        Ok("enosys") => support::deny::io_uring(libc::ENOSYS),
        _ => {}
    }
    println!("rings: {}", Reactor::global().unwrap().rings());
    trill_fs::set_try_now(false);
    let dir = Dir::new("fallback");
    trill_reactor::block_on(async {
        let path = dir.path("file");
        let mut file = File::create_new(&path).await.unwrap();
        file.write_all(&[b'x'; 100_000]).await.unwrap();
        file.sync_all().await.unwrap();
        let (count, buffer) = file.read_at(vec![0; 10], 99_995).await;
        assert_eq!((count.unwrap(), &buffer[..5]), (5, &b"xxxxx"[..]));
        assert_eq!(trill_fs::read(&path).await.unwrap().len(), 100_000);
        let mut text = String::new();
        File::open(&path)
            .await
            .unwrap()
            .read_to_string(&mut text)
            .await
            .unwrap();
        assert_eq!(text.len(), 100_000);
        trill_fs::rename(&path, dir.path("other")).await.unwrap();
        trill_fs::remove_file(dir.path("other")).await.unwrap();
    });
    println!("all done");
}

/// A full class of the pool: a look-up that hangs in the default class takes no thread from files.
#[test]
fn files_do_not_wait_for_other_work_on_the_pool() {
    let pool = trill_blocking::Pool::builder()
        .max_threads(66)
        .build()
        .unwrap();
    let _pool = pool.enter();
    let reactor = Reactor::builder().rings(false).build().unwrap();
    let _entered = reactor.enter();
    static NAMES: trill_blocking::Class = trill_blocking::Class::new("names", 2);
    let (end, hang) = std::sync::mpsc::channel::<()>();
    let hang = std::sync::Arc::new(std::sync::Mutex::new(hang));
    let looks: Vec<_> = (0..100)
        .map(|_| {
            let hang = hang.clone();
            pool.unblock_in(&NAMES, move || drop(hang.lock().map(|hang| hang.recv())))
        })
        .collect();
    trill_reactor::block_on(async {
        let known = trill_fs::metadata("/").await.unwrap();
        assert!(known.is_dir());
    });
    drop(end);
    drop(looks);
}

/// The task goes on to wait, and its thread is free: an open that hangs in the system hangs elsewhere.
#[test]
fn an_operation_that_hangs_holds_up_no_task() {
    support::in_each_mode("hanging", async |dir, _| {
        let path = dir.path("fifo");
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, mode).unwrap();
        let mut hanging: Vec<_> = (0..10).map(|_| File::open(&path)).collect();
        for open in &mut hanging {
            assert!(poll_once(open).is_pending());
        }
        fs::write(dir.path("file"), "x").unwrap();
        assert_eq!(trill_fs::read(dir.path("file")).await.unwrap(), b"x");
        // The other end lets them go.
        let mut writer = trill_fs::OpenOptions::new();
        let writer = writer.write(true).open(&path).await.unwrap();
        for open in hanging {
            open.await.unwrap();
        }
        drop(writer);
        dir.until_closed().await;
    });
}
