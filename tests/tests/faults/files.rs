//! A disk that fails, and file systems that are on no disk.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;

use futures_lite::future::poll_once;
use trill::fs::File;
use trill_reactor::Reactor;
use trill_tests::{Alone, allowed};

use crate::injected::with;

/// What the disk says is reported once, by the call that asked, and never tried again in silence.
// Fault 39b
#[test]
fn a_sync_that_fails_is_reported_once_and_not_tried_again() {
    let test = "files::a_sync_that_fails_is_reported_once_and_not_tried_again";
    with(test, "39b", &["fdatasync:error=EIO:when=1"], || {
        // On the pool: what a ring does cannot be made to fail from outside.
        let reactor = Reactor::builder().rings(false).build().unwrap();
        let _entered = reactor.enter();
        // strace counts the calls of each thread by itself, so there is one.
        let pool = trill_blocking::Pool::builder().max_threads(1).build();
        let pool = pool.unwrap();
        let _pool = pool.enter();
        let path = std::env::temp_dir().join(format!("trill-sync-{}", std::process::id()));
        trill_reactor::block_on(async {
            let mut file = File::create(&path).await.unwrap();
            file.write_all(b"precious").await.unwrap();
            let error = file.sync_data().await.unwrap_err();
            assert_eq!(error.raw_os_error(), Some(5));
            file.sync_data().await.unwrap();
            trill::fs::remove_file(&path).await.unwrap();
        });
    });
}

/// The same with a write: the bytes that were accepted stay first in line, and the next flush writes them.
// Fault 39b
#[test]
fn a_write_that_fails_is_reported_once_and_its_bytes_stay_in_line() {
    let test = "files::a_write_that_fails_is_reported_once_and_its_bytes_stay_in_line";
    let injections = ["pwrite64:error=EIO:when=1"];
    with(test, "39b", &injections, || {
        let reactor = Reactor::builder().rings(false).build().unwrap();
        let _entered = reactor.enter();
        // strace counts the calls of each thread by itself, so there is one.
        let pool = trill_blocking::Pool::builder().max_threads(1).build();
        let pool = pool.unwrap();
        let _pool = pool.enter();
        trill::fs::set_try_now(false);
        let path = std::env::temp_dir().join(format!("trill-line-{}", std::process::id()));
        trill_reactor::block_on(async {
            let mut file = File::create(&path).await.unwrap();
            let mut errors = 0;
            for part in [&b"one "[..], b"two "] {
                file.write_all(part).await.unwrap();
                while let Err(error) = file.flush().await {
                    assert_eq!(error.raw_os_error(), Some(5));
                    errors += 1;
                }
            }
            assert_eq!(errors, 1);
            let text = trill::fs::read_to_string(&path).await.unwrap();
            assert_eq!(text, "one two ");
            trill::fs::remove_file(&path).await.unwrap();
        });
    });
}

/// Such a file system may be on a network: what is remembered of it may be old, and asking waits for a server. So whoever
/// asks for a name waits for a thread of the pool, while a name on a disk is told in the first poll.
// Fault 39g
#[test]
fn names_on_a_file_system_without_a_device_are_asked_for_and_not_remembered() {
    let Some(words) = allowed::namespaces(&["--mount"], "39g") else {
        return;
    };
    let test = "files::names_on_a_file_system_without_a_device_are_asked_for_and_not_remembered";
    Alone::new(test).under(words).passes(|| {
        let disk = Place::new("disk");
        let other = Place::new("other");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "none"])
            .arg(&other.0)
            .status();
        assert!(mounted.unwrap().success());
        assert_eq!(major(&other.0), 0);
        // On the pool, of which the only thread is held: what goes there waits until that is let go of.
        let reactor = Reactor::builder().rings(false).build().unwrap();
        let _entered = reactor.enter();
        let pool = trill_blocking::Pool::builder().max_threads(1).build();
        let pool = pool.unwrap();
        let _pool = pool.enter();
        trill_reactor::block_on(async {
            if major(&disk.0) == 0 {
                allowed::say_denied("a disk for temporary files", "39g for names on a disk");
            } else {
                let (release, held) = mpsc::channel();
                let mut holder = trill_blocking::unblock(move || held.recv());
                assert!(poll_once(&mut holder).await.is_none());
                let known = poll_once(trill::fs::metadata(disk.file())).await;
                assert_eq!(known.unwrap().unwrap().len(), 5);
                release.send(()).unwrap();
                holder.await.unwrap();
            }
            let open = File::open(other.file()).await;
            // Nothing is there before it is made, and what is made by others is seen.
            assert_eq!(open.err().unwrap().kind(), ErrorKind::NotFound);
            std::fs::write(other.file(), "hello").unwrap();
            std::os::unix::fs::symlink("file", other.0.join("link")).unwrap();
            let open = File::open(other.file()).await.unwrap();

            let (release, held) = mpsc::channel();
            let mut holder = trill_blocking::unblock(move || held.recv());
            assert!(poll_once(&mut holder).await.is_none());
            let mut asked = [
                trill::fs::metadata(other.file()),
                trill::fs::metadata(other.0.join("link")),
                trill::fs::symlink_metadata(other.0.join("link")),
                trill::fs::metadata(other.0.join("none")),
                open.metadata(),
            ];
            for question in &mut asked {
                assert!(poll_once(question).await.is_none());
            }
            // Later than the questions, earlier than their answers.
            std::fs::write(other.file(), "hello, others").unwrap();
            release.send(()).unwrap();
            holder.await.unwrap();
            let [named, followed, link, none, opened] = asked;
            for file in [named.await, followed.await, opened.await] {
                let file = file.unwrap();
                assert!(file.is_file());
                assert_eq!(file.len(), 13);
                assert_eq!(file.ino(), std::fs::metadata(other.file()).unwrap().ino());
            }
            assert!(link.await.unwrap().is_symlink());
            assert_eq!(none.await.unwrap_err().kind(), ErrorKind::NotFound);
        });
        drop(reactor);
        let gone = Command::new("umount").arg("-l").arg(&other.0).status();
        assert!(gone.unwrap().success());
    });
}

/// The class of devices of a file system; 0 if it has no device of its own.
fn major(path: &Path) -> u32 {
    rustix::fs::major(std::fs::metadata(path).unwrap().dev())
}

/// A directory that goes with this, with a file of five bytes.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        let name = format!("trill-{name}-{}", std::process::id());
        let place = Place(std::env::temp_dir().join(name));
        std::fs::create_dir(&place.0).unwrap();
        std::fs::write(place.file(), "hello").unwrap();
        place
    }

    fn file(&self) -> PathBuf {
        self.0.join("file")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // What cannot be removed is left where temporary files are.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
