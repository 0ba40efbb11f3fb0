//! A disk that fails.

use trill::fs::File;
use trill_reactor::Reactor;

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
