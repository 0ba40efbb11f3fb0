//! Ctrl-C and SIGTERM, in processes of their own.
#![cfg(all(feature = "signal", feature = "macros"))]
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::future::pending;
use std::io::BufRead;
use std::time::Duration;

use trill::signal::{Disposition, Signal, Signals, disposition};
use trill::task::CancelToken;
use trill::{Backend, RunError, Runner, Runtime};

use support::{Kind, Says, in_child};

/// Spawns a task that waits for ever, and says `word` when it is dropped; returns once it waits.
async fn background(word: &'static str) {
    let (started, wait) = trill::channel::bounded(1);
    trill::spawn(async move {
        let _says = Says(word);
        started.send(()).await.unwrap();
        pending::<()>().await;
    })
    .detach();
    wait.recv().await.unwrap();
}

// Behaviour 21: main is cancelled, then the rest in order, and whoever started the process sees the signal.
#[test]
fn ctrl_c_drops_main_ends_the_runtime_in_order_and_then_the_process() {
    let child = in_child(
        "ctrl_c_drops_main_ends_the_runtime_in_order_and_then_the_process",
        || {
            trill::run(async {
                let _says = Says("main dropped");
                background("task dropped").await;
                trill::at_exit(|| async {
                    trill::time::sleep(Duration::from_millis(1)).await;
                    println!("exit ran");
                });
                println!("ready");
                pending::<()>().await;
            });
            println!("not reached");
        },
    );
    let Some(mut child) = child else { return };
    child.says("ready");
    child.send(Kind::INT);
    assert_eq!(child.rest(), ["main dropped", "task dropped", "exit ran"]);
    assert_eq!(child.ended_by(), Some(libc::SIGINT));
}

// Behaviour 21: first SIGINT cancels main only.
#[test]
fn the_first_ctrl_c_cancels_main_only_and_the_runner_goes_on() {
    let child = in_child(
        "the_first_ctrl_c_cancels_main_only_and_the_runner_goes_on",
        || {
            let mut runner = Runner::new();
            let (ask, asked) = trill::channel::unbounded::<u32>();
            let (answer, answered) = trill::channel::unbounded();
            for round in 0..3 {
                let (asked, answer) = (asked.clone(), answer.clone());
                let ended = runner.run(async {
                    let _says = Says("main dropped");
                    if round == 0 {
                        trill::spawn(async move {
                            while let Ok(number) = asked.recv().await {
                                answer.send(number + 1).await.unwrap();
                            }
                        })
                        .detach();
                    }
                    println!("ready");
                    pending::<()>().await;
                });
                match ended {
                    Err(RunError::Interrupted(by)) => assert_eq!(by.signal(), Signal::Int),
                    other => unreachable!("{other:?}"),
                }
                // The task of the first main lives.
                let number = runner.run(async {
                    ask.send(round).await.unwrap();
                    answered.recv().await
                });
                assert_eq!(number.unwrap(), Ok(round + 1));
                println!("task alive");
            }
        },
    );
    let Some(mut child) = child else { return };
    for _ in 0..3 {
        child.says("ready");
        child.send(Kind::INT);
        child.says("main dropped");
        child.says("task alive");
    }
    assert_eq!(child.ended_by(), None);
}

// Behaviour 21: the second aborts, also a main that does not look.
#[test]
fn the_second_ctrl_c_ends_a_process_whose_main_is_stuck() {
    let child = in_child(
        "the_second_ctrl_c_ends_a_process_whose_main_is_stuck",
        || {
            trill::run(async {
                let _says = Says("main dropped");
                println!("ready");
                // Blocks its thread: main is never where it could be dropped.
                for line in std::io::stdin().lock().lines() {
                    println!("{}", line.unwrap());
                }
                pending::<()>().await;
            });
        },
    );
    let Some(mut child) = child else { return };
    child.says("ready");
    child.send(Kind::INT);
    child.tell("still there");
    child.says("still there");
    child.send(Kind::INT);
    assert_eq!(child.rest(), [""; 0]);
    assert_eq!(child.ended_by(), Some(libc::SIGINT));
}

// Behaviour 21: the second aborts the wait for what is left.
#[test]
fn the_second_ctrl_c_ends_a_process_that_waits_for_a_stuck_task() {
    let child = in_child(
        "the_second_ctrl_c_ends_a_process_that_waits_for_a_stuck_task",
        || {
            let builder = Runtime::builder()
                .workers(2)
                .shutdown_max(Duration::from_secs(3600));
            builder
                .run(async {
                    let _says = Says("main dropped");
                    let (started, wait) = std::sync::mpsc::channel();
                    trill::spawn(async move {
                        started.send(()).unwrap();
                        let _ = std::io::stdin().lock().lines().next();
                    })
                    .detach();
                    // Main's thread blocks, so the task gets stuck on the other one.
                    wait.recv().unwrap();
                    println!("ready");
                    pending::<()>().await;
                })
                .unwrap();
        },
    );
    let Some(mut child) = child else { return };
    child.says("ready");
    child.send(Kind::INT);
    child.says("main dropped");
    child.send(Kind::INT);
    assert_eq!(child.ended_by(), Some(libc::SIGINT));
}

// Behaviour 21: all holds if a task ignores its first cancellation.
#[test]
fn a_main_that_goes_on_through_its_grace_keeps_its_value() {
    let child = in_child(
        "a_main_that_goes_on_through_its_grace_keeps_its_value",
        || {
            let mut runner = Runtime::builder()
                .shutdown_grace(Duration::from_secs(3600))
                .runner();
            let value = runner.run(async {
                let mut go_on = Signals::new([Signal::Usr1]).unwrap();
                println!("ready");
                CancelToken::current().unwrap().cancelled().await;
                println!("asked");
                go_on.next().await;
                println!("main goes on");
                go_on.next().await;
                5
            });
            assert_eq!(value.unwrap(), 5);
            println!("returned");
        },
    );
    let Some(mut child) = child else { return };
    child.says("ready");
    child.send(Kind::INT);
    child.says("asked");
    child.send(Kind::USR1);
    child.says("main goes on");
    child.send(Kind::USR1);
    child.says("returned");
    assert_eq!(child.ended_by(), None);
}

// Behaviour 21, the reading of cancel as a request: main is asked, its tasks go on, and its value is the value.
#[test]
fn a_main_that_looks_is_asked_and_cleans_up() {
    let child = in_child("a_main_that_looks_is_asked_and_cleans_up", || {
        let builder = Runtime::builder().shutdown_grace(Duration::from_secs(3600));
        let value = builder.run(async {
            trill::spawn(async {
                trill::shutdown_token().cancelled().await;
                println!("task asked");
                trill::time::sleep(Duration::from_millis(1)).await;
                println!("task cleaned up");
            })
            .detach();
            let mine = CancelToken::current().unwrap();
            println!("ready");
            let why = mine.cancelled().await;
            println!("{}", why.reason());
            trill::time::sleep(Duration::from_millis(1)).await;
            assert!(!trill::shutdown_token().is_cancelled());
            println!("main cleaned up");
            5
        });
        println!("returned {}", value.unwrap());
    });
    let Some(mut child) = child else { return };
    child.says("ready");
    child.send(Kind::INT);
    let expected = [
        "main was cancelled by SIGINT",
        "main cleaned up",
        "task asked",
        "task cleaned up",
        "returned 5",
    ];
    assert_eq!(child.rest(), expected);
    assert_eq!(child.ended_by(), None);
}

#[test]
fn a_second_ctrl_c_ends_a_main_in_its_grace() {
    let child = in_child("a_second_ctrl_c_ends_a_main_in_its_grace", || {
        let builder = Runtime::builder().shutdown_grace(Duration::from_secs(3600));
        builder
            .run(async {
                let _says = Says("main dropped");
                let mut go_on = Signals::new([Signal::Usr1]).unwrap();
                println!("ready");
                CancelToken::current().unwrap().cancelled().await;
                println!("asked");
                go_on.next().await;
                println!("main goes on");
                pending::<()>().await;
            })
            .unwrap();
    });
    let Some(mut child) = child else { return };
    child.says("ready");
    child.send(Kind::INT);
    child.says("asked");
    child.send(Kind::USR1);
    child.says("main goes on");
    child.send(Kind::INT);
    assert_eq!(child.rest(), [""; 0]);
    assert_eq!(child.ended_by(), Some(libc::SIGINT));
}

#[test]
fn a_program_that_listens_gets_ctrl_c_itself() {
    let child = in_child("a_program_that_listens_gets_ctrl_c_itself", || {
        let value = trill::run(async {
            let mut pressed = Signals::new([Signal::Int]).unwrap();
            for count in ["first", "second", "third"] {
                println!("ready");
                pressed.next().await;
                println!("{count}");
            }
            5
        });
        println!("returned {value}");
    });
    let Some(mut child) = child else { return };
    for count in ["first", "second", "third"] {
        child.says("ready");
        child.send(Kind::INT);
        child.says(count);
    }
    child.says("returned 5");
    assert_eq!(child.ended_by(), None);
}

#[test]
fn ctrl_c_is_the_systems_again_after_run() {
    let child = in_child("ctrl_c_is_the_systems_again_after_run", || {
        trill::run(async {
            let _says = Says("main returned");
        });
        assert_eq!(disposition(Signal::Int).unwrap(), Disposition::Default);
        let _ = std::io::stdin().lock().lines().next();
    });
    let Some(mut child) = child else { return };
    child.says("main returned");
    child.send(Kind::INT);
    assert_eq!(child.ended_by(), Some(libc::SIGINT));
}

#[test]
fn an_ignored_ctrl_c_stays_ignored() {
    let child = in_child("an_ignored_ctrl_c_stays_ignored", || {
        // SAFETY: ignoring a signal needs no handler.
        #[allow(unsafe_code)]
        unsafe {
            libc::signal(libc::SIGINT, libc::SIG_IGN)
        };
        trill::run(async {
            let mut go_on = Signals::new([Signal::Usr1]).unwrap();
            println!("ready");
            go_on.next().await;
        });
        println!("returned");
    });
    let Some(mut child) = child else { return };
    child.says("ready");
    for _ in 0..3 {
        child.send(Kind::INT);
    }
    child.send(Kind::USR1);
    child.says("returned");
    assert_eq!(child.ended_by(), None);
}

#[test]
fn without_ctrl_c_the_process_ends_at_once() {
    let child = in_child("without_ctrl_c_the_process_ends_at_once", || {
        let builder = Runtime::builder().ctrl_c(false);
        builder
            .run(async {
                let _says = Says("main dropped");
                println!("ready");
                pending::<()>().await;
            })
            .unwrap();
    });
    let Some(mut child) = child else { return };
    child.says("ready");
    child.send(Kind::INT);
    assert_eq!(child.rest(), [""; 0]);
    assert_eq!(child.ended_by(), Some(libc::SIGINT));
}

#[test]
fn sigterm_ends_the_process_at_once_by_default() {
    let child = in_child("sigterm_ends_the_process_at_once_by_default", || {
        trill::run(async {
            let _says = Says("main dropped");
            println!("ready");
            pending::<()>().await;
        });
    });
    let Some(mut child) = child else { return };
    child.says("ready");
    child.send(Kind::TERM);
    assert_eq!(child.rest(), [""; 0]);
    assert_eq!(child.ended_by(), Some(libc::SIGTERM));
}

#[test]
fn sigterm_cancels_main_if_asked_to() {
    let child = in_child("sigterm_cancels_main_if_asked_to", || {
        #[trill::main(terminate = true, workers = 2)]
        async fn main() {
            let _says = Says("main dropped");
            background("task dropped").await;
            println!("ready");
            pending::<()>().await;
        }
        main();
    });
    let Some(mut child) = child else { return };
    child.says("ready");
    child.send(Kind::TERM);
    assert_eq!(child.rest(), ["main dropped", "task dropped"]);
    assert_eq!(child.ended_by(), Some(libc::SIGTERM));
}

#[test]
fn an_inner_run_leaves_ctrl_c_to_the_outer_one() {
    let child = in_child("an_inner_run_leaves_ctrl_c_to_the_outer_one", || {
        trill::run(async {
            let _says = Says("outer dropped");
            trill::run(async {
                let mut go_on = Signals::new([Signal::Usr1]).unwrap();
                println!("ready");
                go_on.next().await;
                println!("inner returned");
            });
            pending::<()>().await;
        });
    });
    let Some(mut child) = child else { return };
    child.says("ready");
    child.send(Kind::INT);
    child.send(Kind::USR1);
    child.says("inner returned");
    assert_eq!(child.rest(), ["outer dropped"]);
    assert_eq!(child.ended_by(), Some(libc::SIGINT));
}

/// A back end that is there; that of the process-wide reactor only if there is no other.
const NOT_SHARED: Backend = if cfg!(all(target_os = "linux", not(feature = "polling"))) {
    Backend::Epoll
} else {
    Backend::Polling
};

#[test]
fn a_runtime_with_a_reactor_of_its_own_hears_ctrl_c_there() {
    let child = in_child(
        "a_runtime_with_a_reactor_of_its_own_hears_ctrl_c_there",
        || {
            let mut runner = Runtime::builder().workers(1).reactor(NOT_SHARED).runner();
            for _ in 0..3 {
                let ended = runner.run(async {
                    assert_eq!(trill::Reactor::current().unwrap().sources(), 1);
                    println!("ready");
                    pending::<()>().await;
                });
                assert!(matches!(ended, Err(RunError::Interrupted(_))));
                println!("interrupted");
            }
        },
    );
    let Some(mut child) = child else { return };
    for _ in 0..3 {
        child.says("ready");
        child.send(Kind::INT);
        child.says("interrupted");
    }
    assert_eq!(child.ended_by(), None);
}

#[test]
fn all_mains_of_a_process_hear_ctrl_c() {
    let child = in_child("all_mains_of_a_process_hear_ctrl_c", || {
        let threads: Vec<_> = (0..3)
            .map(|_| {
                #[allow(clippy::disallowed_methods)] // A program's own threads.
                std::thread::spawn(|| {
                    let mut runner = Runner::new();
                    let ended = runner.run(async {
                        println!("ready");
                        pending::<()>().await;
                    });
                    assert!(matches!(ended, Err(RunError::Interrupted(_))));
                    runner.close();
                    println!("closed");
                })
            })
            .collect();
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
    });
    let Some(mut child) = child else { return };
    for _ in 0..3 {
        child.says("ready");
    }
    child.send(Kind::INT);
    for _ in 0..3 {
        child.says("closed");
    }
    assert_eq!(child.ended_by(), None);
}
