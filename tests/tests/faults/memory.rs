//! Memory that is refused, and sizes that must not grow unnoticed.

use std::alloc::{GlobalAlloc, Layout, System};
use std::os::unix::process::ExitStatusExt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use trill::net::{TcpListener, TcpStream, UdpSocket};
use trill_executor::Executor;
use trill_tests::Alone;

/// The system's allocator, which refuses on demand and keeps the largest request.
struct Watched;

/// Whether requests of the size of a task or more are refused.
static REFUSES: AtomicBool = AtomicBool::new(false);
/// The largest request so far.
static LARGEST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is the system's allocator's own; a null pointer means that there is no memory.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST.fetch_max(layout.size(), Ordering::Relaxed);
        if REFUSES.load(Ordering::Relaxed) && layout.size() > 10_000 {
            return std::ptr::null_mut();
        }
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise, and it came from there.
        unsafe { System.dealloc(pointer, layout) };
    }
}

#[global_allocator]
static ALLOCATOR: Watched = Watched;

/// How large the future is that a function would return; it is not called.
fn size<F>(_make: impl FnOnce() -> F) -> usize {
    size_of::<F>()
}

// Fault 40c
#[test]
fn common_futures_are_small() {
    fn stream() -> &'static TcpStream {
        unreachable!("nobody calls it")
    }
    fn listener() -> &'static TcpListener {
        unreachable!("nobody calls it")
    }
    fn socket() -> &'static UdpSocket {
        unreachable!("nobody calls it")
    }
    fn buffer() -> &'static mut [u8] {
        &mut []
    }
    let sizes = [
        (
            "sleep",
            size(|| trill::time::sleep(std::time::Duration::ZERO)),
            32,
        ),
        (
            "timeout of nothing",
            size(|| trill::time::timeout(std::time::Duration::ZERO, async {})),
            48,
        ),
        ("read", size(|| stream().read(buffer())), 64),
        ("read_exact", size(|| stream().read_exact(buffer())), 64),
        ("write", size(|| stream().write(buffer())), 64),
        ("write_all", size(|| stream().write_all(buffer())), 64),
        ("accept", size(|| listener().accept()), 80),
        ("connect", size(|| TcpStream::connect("127.0.0.1:80")), 80),
        ("recv_from", size(|| socket().recv_from(buffer())), 64),
        ("task", size_of::<trill::Task<u64>>(), 8),
        ("unblock", size(|| trill::unblock(|| 5)), 8),
    ];
    for (name, size, most) in sizes {
        assert!(size <= most, "{name}: {size} bytes, more than {most}");
    }
}

// Fault 40b
#[test]
fn a_future_of_a_megabyte_is_boxed_and_runs() {
    let run = || {
        let megabyte = async {
            let bytes = [7u8; 1 << 20];
            futures_lite::future::yield_now().await;
            bytes.iter().map(|byte| usize::from(*byte)).sum::<usize>()
        };
        assert!(size_of_val(&megabyte) >= 1 << 20);
        let executor = Executor::new();
        #[allow(clippy::large_futures)] // That is what is tested.
        let task = executor.spawn(megabyte);
        // It lies behind a pointer of its own, so the cell is no larger than any other.
        assert!(LARGEST.load(Ordering::Relaxed) >= 1 << 20);
        assert_eq!(trill::block_on(executor.run(task)), 7 << 20);
    };
    // Without optimisation each call on the way moves it over the stack, as `Executor::spawn` says.
    let stack = if cfg!(debug_assertions) {
        64 << 20
    } else {
        4 << 20
    };
    let thread = std::thread::Builder::new().stack_size(stack).spawn(run);
    thread.unwrap().join().unwrap();
}

// Fault 40a
#[test]
fn refused_memory_for_a_task_ends_the_process_and_runs_nothing() {
    let test = "memory::refused_memory_for_a_task_ends_the_process_and_runs_nothing";
    let ended = Alone::new(test).ends(|| {
        let executor = Executor::new();
        let large = async {
            let bytes = [7u8; 20_000];
            futures_lite::future::yield_now().await;
            println!("a half-made task runs");
            bytes.len()
        };
        REFUSES.store(true, Ordering::Relaxed);
        #[allow(clippy::large_futures)] // So that it is told from all others.
        let task = executor.spawn(large);
        trill::block_on(executor.run(task));
    });
    let Some(ended) = ended else {
        unreachable!("the process has ended");
    };
    assert_eq!(ended.status.signal(), Some(libc::SIGABRT), "{ended:?}");
    assert!(
        String::from_utf8_lossy(&ended.stderr).contains("memory allocation of"),
        "{ended:?}"
    );
    assert!(
        !String::from_utf8_lossy(&ended.stdout).contains("half-made"),
        "{ended:?}"
    );
}
