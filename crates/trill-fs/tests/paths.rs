//! The functions of paths do what those of the standard library do.
#![allow(clippy::disallowed_methods)] // What they are compared with.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::collections::BTreeSet;
use std::fs;

use futures_lite::StreamExt;
use support::in_each_mode;
use trill_fs::unix::{
    DirBuilderExt, DirEntryExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt,
};
use trill_fs::{DirBuilder, File, OpenOptions, Permissions};

#[test]
fn a_whole_file_is_read_whatever_its_size() {
    in_each_mode("whole", async |dir, _| {
        let path = dir.path("file");
        for len in [0, 1, 31, 32, 33, 4095, 4096, 4097, 300_000, 3_000_000] {
            let bytes: Vec<u8> = (0..len as u32).map(|n| (n % 251) as u8).collect();
            trill_fs::write(&path, &bytes).await.unwrap();
            assert!(fs::read(&path).unwrap() == bytes, "{len} bytes written");
            assert!(
                trill_fs::read(&path).await.unwrap() == bytes,
                "{len} bytes read"
            );
        }
        // It says that it has no size.
        let here = trill_fs::read_to_string("/proc/self/status").await.unwrap();
        assert!(here.contains("Threads:"), "{here}");
    });
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_in_memory_of_a_local_disk_is_told_at_the_first_poll() {
    use futures_lite::future::poll_once;
    in_each_mode("told", async |dir, mode| {
        let (path, link) = (dir.path("file"), dir.path("link"));
        fs::write(&path, "12345").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        // Its major number; 0 is that of file systems without a device.
        if rustix::fs::major(fs::metadata(&path).unwrap().dev()) == 0 {
            println!("left out: {} is not on a disk", path.display());
            return;
        }
        let file = File::open(&path).await.unwrap();
        let told = [
            poll_once(trill_fs::metadata(&link)).await,
            poll_once(trill_fs::symlink_metadata(&link)).await,
            poll_once(file.metadata()).await,
        ];
        if !mode.now {
            // The pool may have been faster than the poll, so nothing is said of it here.
            return;
        }
        let told = told.map(|told| told.expect("it is in memory").unwrap());
        assert_eq!(told[0].len(), 5);
        assert!(told[1].is_symlink());
        assert_eq!(told[2].ino(), told[0].ino());
        // An error is learnt in the other way, and is the system's.
        let missing = trill_fs::metadata(dir.path("missing")).await.unwrap_err();
        assert_eq!(missing.kind(), std::io::ErrorKind::NotFound);
        let below = trill_fs::metadata(path.join("below")).await.unwrap_err();
        assert_eq!(below.kind(), std::io::ErrorKind::NotADirectory);
    });
}

#[test]
fn what_is_known_of_a_file_is_what_the_standard_library_knows() {
    in_each_mode("known", async |dir, _| {
        let (file, link) = (dir.path("file"), dir.path("link"));
        fs::write(&file, "12345").unwrap();
        trill_fs::unix::symlink(&file, &link).await.unwrap();
        for path in [file.as_path(), &link, dir.root(), "/dev/null".as_ref()] {
            let theirs = [
                fs::metadata(path).unwrap(),
                fs::symlink_metadata(path).unwrap(),
            ];
            let ours = [
                trill_fs::metadata(path).await.unwrap(),
                trill_fs::symlink_metadata(path).await.unwrap(),
            ];
            for (ours, theirs) in ours.iter().zip(&theirs) {
                assert_eq!(ours.len(), theirs.len());
                assert_eq!(ours.is_dir(), theirs.is_dir());
                assert_eq!(ours.is_file(), theirs.is_file());
                assert_eq!(ours.is_symlink(), theirs.is_symlink());
                assert_eq!(ours.permissions(), theirs.permissions());
                assert_eq!(ours.modified().unwrap(), theirs.modified().unwrap());
                // Following a link is an access to it.
                if !ours.is_symlink() {
                    assert_eq!(ours.accessed().unwrap(), theirs.accessed().unwrap());
                    assert_eq!(ours.atime(), theirs.atime());
                    assert_eq!(ours.atime_nsec(), theirs.atime_nsec());
                }
                assert_eq!(ours.created().ok(), theirs.created().ok());
                assert_eq!((ours.dev(), ours.ino()), (theirs.dev(), theirs.ino()));
                assert_eq!((ours.uid(), ours.gid()), (theirs.uid(), theirs.gid()));
                assert_eq!((ours.mode(), ours.nlink()), (theirs.mode(), theirs.nlink()));
                assert_eq!((ours.rdev(), ours.size()), (theirs.rdev(), theirs.size()));
                assert_eq!(ours.blksize(), theirs.blksize());
                assert_eq!(ours.blocks(), theirs.blocks());
                assert_eq!(
                    (ours.mtime(), ours.mtime_nsec()),
                    (theirs.mtime(), theirs.mtime_nsec())
                );
                assert_eq!(
                    (ours.ctime(), ours.ctime_nsec()),
                    (theirs.ctime(), theirs.ctime_nsec())
                );
                let (ours, theirs) = (ours.file_type(), theirs.file_type());
                assert_eq!(ours.is_char_device(), theirs.is_char_device());
                assert_eq!(ours.is_block_device(), theirs.is_block_device());
                assert_eq!(ours.is_fifo(), theirs.is_fifo());
                assert_eq!(ours.is_socket(), theirs.is_socket());
            }
        }
        let open = File::open(&link).await.unwrap().metadata().await.unwrap();
        assert_eq!(open.ino(), fs::metadata(&file).unwrap().ino());
        assert!(format!("{open:?}").contains("FileType(file)"), "{open:?}");
    });
}

#[test]
fn names_are_made_changed_and_removed() {
    in_each_mode("changed", async |dir, _| {
        let (a, b, c) = (dir.path("a"), dir.path("b"), dir.path("c"));
        trill_fs::write(&a, "text").await.unwrap();
        assert_eq!(trill_fs::copy(&a, &b).await.unwrap(), 4);
        trill_fs::rename(&b, &c).await.unwrap();
        assert!(!b.exists());
        trill_fs::hard_link(&c, &b).await.unwrap();
        assert_eq!(trill_fs::metadata(&b).await.unwrap().nlink(), 2);
        trill_fs::remove_file(&b).await.unwrap();
        trill_fs::unix::symlink(&c, &b).await.unwrap();
        assert_eq!(trill_fs::read_link(&b).await.unwrap(), c);
        assert_eq!(trill_fs::canonicalize(&b).await.unwrap(), c);
        trill_fs::set_permissions(&c, Permissions::from_mode(0o444))
            .await
            .unwrap();
        assert!(
            trill_fs::metadata(&b)
                .await
                .unwrap()
                .permissions()
                .readonly()
        );
        let file = File::open(&c).await.unwrap();
        file.set_permissions(Permissions::from_mode(0o600))
            .await
            .unwrap();
        assert_eq!(trill_fs::metadata(&c).await.unwrap().mode() & 0o777, 0o600);

        let deep = dir.path("x/y/z");
        trill_fs::create_dir_all(&deep).await.unwrap();
        trill_fs::create_dir_all(&deep).await.unwrap();
        trill_fs::create_dir(deep.join("one")).await.unwrap();
        trill_fs::remove_dir(deep.join("one")).await.unwrap();
        DirBuilder::new()
            .mode(0o750)
            .create(deep.join("two"))
            .await
            .unwrap();
        assert_eq!(
            fs::metadata(deep.join("two")).unwrap().mode() & 0o777,
            0o750
        );
        trill_fs::remove_dir_all(dir.path("x")).await.unwrap();
        assert!(!dir.path("x").exists());

        let mut options = OpenOptions::new();
        options
            .write(true)
            .create_new(true)
            .mode(0o604)
            .custom_flags(libc::O_NOFOLLOW);
        drop(options.open(dir.path("moded")).await.unwrap());
        assert_eq!(
            fs::metadata(dir.path("moded")).unwrap().mode() & 0o777,
            0o604
        );
        let mut nofollow = OpenOptions::new();
        nofollow.read(true).custom_flags(libc::O_NOFOLLOW);
        let error = nofollow.open(&b).await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ELOOP));
    });
}

#[test]
fn a_directory_lists_each_entry_once() {
    in_each_mode("listed", async |dir, _| {
        for index in 0..200 {
            fs::write(dir.path(format!("file-{index}")), "12").unwrap();
        }
        fs::create_dir(dir.path("sub")).unwrap();
        let mut entries = trill_fs::read_dir(dir.root()).await.unwrap();
        let mut seen = BTreeSet::new();
        while let Some(entry) = entries.try_next().await.unwrap() {
            let is_dir = entry.file_name() == "sub";
            assert_eq!(entry.file_type().await.unwrap().is_dir(), is_dir);
            assert_eq!(entry.metadata().await.unwrap().is_file(), !is_dir);
            assert_eq!(entry.path().parent(), Some(dir.root()));
            assert_eq!(entry.ino(), fs::metadata(entry.path()).unwrap().ino());
            assert!(
                seen.insert(entry.clone().file_name()),
                "{entry:?} came twice"
            );
        }
        assert_eq!(seen.len(), 201);
        assert!(entries.next().await.is_none());
    });
}

#[test]
fn a_clone_shares_the_position_and_appending_is_at_the_end() {
    in_each_mode("clones", async |dir, _| {
        let path = dir.path("file");
        fs::write(&path, "0123456789").unwrap();
        let mut one = File::from(fs::File::open(&path).unwrap());
        let mut two = one.try_clone().await.unwrap();
        let mut part = [0; 4];
        one.read_exact(&mut part).await.unwrap();
        two.read_exact(&mut part).await.unwrap();
        assert_eq!(&part, b"4567");
        let mut log = OpenOptions::new().append(true).open(&path).await.unwrap();
        for word in ["a", "b", "c"] {
            log.write_all(word.as_bytes()).await.unwrap();
            log.flush().await.unwrap();
            fs::OpenOptions::new().append(true).open(&path).unwrap();
        }
        assert_eq!(fs::read(&path).unwrap(), b"0123456789abc");
        let fd: std::os::fd::OwnedFd = fs::File::open(&path).unwrap().into();
        assert_eq!(File::from(fd).metadata().await.unwrap().len(), 13);
    });
}
