//! Errors are the system's own, and nothing is lost with them.
#![allow(clippy::disallowed_methods)] // Files that the tests make.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::fs;
use std::io::{ErrorKind, SeekFrom};

use futures_lite::StreamExt;
use support::{Dir, in_a_child, in_each_mode, is_inner};
use trill_fs::{File, OpenOptions};

fn code<T: std::fmt::Debug>(result: std::io::Result<T>) -> Option<i32> {
    result.unwrap_err().raw_os_error()
}

#[test]
fn each_error_has_the_code_of_the_system() {
    in_each_mode("codes", async |dir, _| {
        let (file, missing) = (dir.path("file"), dir.path("no/such"));
        fs::write(&file, "text").unwrap();
        assert_eq!(code(File::open(&missing).await), Some(libc::ENOENT));
        assert_eq!(
            code(File::open(file.join("below")).await),
            Some(libc::ENOTDIR)
        );
        assert_eq!(code(File::create(dir.root()).await), Some(libc::EISDIR));
        assert_eq!(code(File::create_new(&file).await), Some(libc::EEXIST));
        assert_eq!(code(trill_fs::metadata(&missing).await), Some(libc::ENOENT));
        assert_eq!(
            code(trill_fs::rename(&missing, &file).await),
            Some(libc::ENOENT)
        );
        assert_eq!(
            code(trill_fs::remove_file(dir.root()).await),
            Some(libc::EISDIR)
        );
        assert_eq!(
            code(trill_fs::remove_dir(dir.root()).await),
            Some(libc::ENOTEMPTY)
        );
        assert_eq!(code(trill_fs::remove_dir(&file).await), Some(libc::ENOTDIR));
        assert_eq!(code(trill_fs::create_dir(&file).await), Some(libc::EEXIST));
        assert_eq!(
            code(trill_fs::create_dir(&missing).await),
            Some(libc::ENOENT)
        );
        assert_eq!(
            code(trill_fs::read_dir(&file).await.map(drop)),
            Some(libc::ENOTDIR)
        );
        assert_eq!(code(trill_fs::read_link(&file).await), Some(libc::EINVAL));
        assert_eq!(code(trill_fs::read(dir.root()).await), Some(libc::EISDIR));
        assert_eq!(
            code(trill_fs::copy(&missing, &file).await),
            Some(libc::ENOENT)
        );

        let mut directory = File::open(dir.root()).await.unwrap();
        assert_eq!(code(directory.read(&mut [0; 4]).await), Some(libc::EISDIR));
        let (count, buffer) = directory.read_at(vec![7; 4], 0).await;
        assert_eq!((code(count), buffer), (Some(libc::EISDIR), vec![7; 4]));

        let mut read_only = File::open(&file).await.unwrap();
        let (count, text) = read_only.write_at("lost?", 0).await;
        assert_eq!((code(count), text), (Some(libc::EBADF), "lost?"));
        assert_eq!(code(read_only.set_len(1).await), Some(libc::EINVAL));
        // Accepted or not, the error comes at the latest with the flush.
        let written = match read_only.write(b"x").await {
            Ok(_) => read_only.flush().await,
            Err(error) => Err(error),
        };
        assert_eq!(code(written), Some(libc::EBADF));

        let mut write_only = OpenOptions::new().write(true).open(&file).await.unwrap();
        assert_eq!(code(write_only.read(&mut [0; 4]).await), Some(libc::EBADF));
        assert_eq!(
            code(write_only.seek(SeekFrom::Current(-1)).await),
            Some(libc::EINVAL)
        );
        assert_eq!(
            code(write_only.seek(SeekFrom::End(-100)).await),
            Some(libc::EINVAL)
        );
        for offset in [u64::MAX, u64::MAX - 1, 1 << 63] {
            let (count, _) = write_only.write_at("x", offset).await;
            assert_eq!(code(count), Some(libc::EINVAL), "{offset}");
            let (count, _) = read_only.read_at([0; 1], offset).await;
            assert_eq!(code(count), Some(libc::EINVAL), "{offset}");
        }
        assert_eq!(fs::read(&file).unwrap(), b"text");
    });
}

#[test]
fn bad_input_says_what_is_wrong() {
    trill_reactor::block_on(async {
        let error = File::open("a\0b").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("null byte"), "{error}");
        for (options, word) in [
            (&mut OpenOptions::new(), "neither"),
            (OpenOptions::new().append(true).truncate(true), "exclude"),
            (OpenOptions::new().read(true).create(true), "need write"),
            (OpenOptions::new().read(true).truncate(true), "need write"),
        ] {
            let error = options.open("/dev/null").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.to_string().contains(word), "{error}");
        }
    });
}

#[test]
fn text_that_is_none_is_an_error() {
    in_each_mode("utf8", async |dir, _| {
        let path = dir.path("file");
        fs::write(&path, b"\xff\xfe").unwrap();
        let error = trill_fs::read_to_string(&path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
    });
}

/// In a child, whose files may not be longer than 64 KiB.
// Fault 39b
#[test]
fn a_write_beyond_the_limit_of_files_is_an_error_and_keeps_what_fits() {
    let told = in_a_child("inner_writes_beyond_the_limit", &[]);
    assert!(told.contains("limit kept"), "{told}");
}

#[test]
fn inner_writes_beyond_the_limit() {
    if !is_inner() {
        return;
    }
    // The signal that comes along would end the process.
    #[allow(unsafe_code)] // No safe wrapper ignores a signal.
    // SAFETY: it takes numbers, and this process has no handler to lose.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
    }
    let limit = rustix::process::Rlimit {
        current: Some(65_536),
        maximum: Some(65_536),
    };
    rustix::process::setrlimit(rustix::process::Resource::Fsize, limit).unwrap();
    in_each_mode("fsize", async |dir, _| {
        let path = dir.path("file");
        let mut file = File::create(&path).await.unwrap();
        let mut result = file.write_all(&[b'z'; 100_000]).await;
        if result.is_ok() {
            result = file.flush().await;
        }
        assert_eq!(code(result), Some(libc::EFBIG));
        assert_eq!(fs::metadata(&path).unwrap().len(), 65_536);
        let (count, buffer) = file.write_at(vec![1; 10], 65_536).await;
        assert_eq!((code(count), buffer.len()), (Some(libc::EFBIG), 10));
        assert_eq!(code(file.set_len(70_000).await), Some(libc::EFBIG));
    });
    println!("limit kept");
}

/// On a file system of 256 KiB.
// Fault 39b
#[test]
fn a_full_disk_is_an_error_and_what_was_accepted_can_be_tried_again() {
    if !rustix::process::geteuid().is_root() {
        println!("left out: mounting a small tmpfs needs root");
        return;
    }
    let place = Dir::new("full-disk");
    let mounted = rustix::mount::mount(
        "tmpfs",
        place.root(),
        "tmpfs",
        rustix::mount::MountFlags::empty(),
        c"size=256k",
    );
    if let Err(error) = mounted {
        println!("left out: no tmpfs may be mounted here ({error})");
        return;
    }
    let done = std::panic::catch_unwind(|| {
        let root = place.root().to_path_buf();
        support::in_each_mode("unused", async |_, _| {
            let filler = root.join("filler");
            fs::write(&filler, vec![0; 128 << 10]).unwrap();
            let path = root.join("file");
            let mut file = File::create(&path).await.unwrap();
            let bytes: Vec<u8> = (0..200_000u32).map(|n| n as u8).collect();
            let mut accepted = 0;
            let error = loop {
                match file.write(&bytes[accepted..]).await {
                    Ok(count) => accepted += count,
                    Err(error) => break error,
                }
                if accepted == bytes.len() {
                    break file.flush().await.unwrap_err();
                }
            };
            assert_eq!(error.raw_os_error(), Some(libc::ENOSPC));
            // Said once; with room the accepted rest follows, in its place.
            fs::remove_file(&filler).unwrap();
            file.flush().await.unwrap();
            file.write_all(&bytes[accepted..]).await.unwrap();
            file.flush().await.unwrap();
            assert!(
                fs::read(&path).unwrap() == bytes,
                "bytes are lost or doubled"
            );
            drop(file);
            fs::remove_file(&path).unwrap();
        });
    });
    let unmounted = rustix::mount::unmount(place.root(), rustix::mount::UnmountFlags::DETACH);
    if let Err(panic) = done {
        std::panic::resume_unwind(panic);
    }
    unmounted.unwrap();
}

// Fault 39f
#[test]
fn what_a_dropped_file_cannot_write_is_reported() {
    let (send, told) = std::sync::mpsc::channel();
    let told = std::sync::Mutex::new(told);
    let send = std::sync::Mutex::new(send);
    trill_cell::on_unhandled(Box::leak(Box::new(
        move |failure: &trill_cell::Unhandled<'_>| {
            let _ = send.lock().unwrap().send(failure.to_string());
        },
    )));
    in_each_mode("reported", async |dir, mode| {
        if mode.now {
            // It is refused at once.
            return;
        }
        let path = dir.path("file");
        fs::write(&path, "").unwrap();
        let mut file = File::open(&path).await.unwrap();
        let _ = file.write(b"for nobody").await;
        drop(file);
        let text = told.lock().unwrap().recv().unwrap();
        assert!(
            text.contains("dropped File") && text.contains("Bad file"),
            "{text}"
        );
    });
}

// Fault 39d
#[test]
fn entries_that_are_removed_while_a_directory_is_read_are_no_error() {
    in_each_mode("deleting", async |dir, _| {
        for index in 0..500 {
            fs::write(dir.path(format!("{index}")), "").unwrap();
        }
        let mut entries = trill_fs::read_dir(dir.root()).await.unwrap();
        let mut seen = 0;
        while let Some(entry) = entries.next().await {
            let entry = entry.unwrap();
            trill_fs::remove_file(entry.path()).await.unwrap();
            let gone = entry.metadata().await.unwrap_err();
            assert_eq!(gone.kind(), ErrorKind::NotFound);
            seen += 1;
        }
        assert_eq!(seen, 500);
        assert_eq!(fs::read_dir(dir.root()).unwrap().count(), 0);
    });
}
