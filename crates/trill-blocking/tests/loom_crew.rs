//! Models of the hand-over between those who submit work and threads that go idle or leave.
#![allow(clippy::unwrap_used)] // A failed step fails its test.
#![cfg(loom)]

use std::sync::Arc;
use std::time::Duration;

use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;
use trill_blocking::{Class, Crew};
use trill_world::World;

/// A job notes that it ran.
type Job = Box<dyn FnOnce() + Send>;

/// A pool, its threads, and how many jobs ran.
struct Model {
    crew: Arc<Crew<Job>>,
    ran: Arc<AtomicUsize>,
    threads: std::sync::Mutex<Vec<thread::JoinHandle<()>>>,
    threads_left: std::sync::Mutex<usize>,
}

impl Model {
    /// `keep_alive` of zero means that patience ends at once, else it never does: loom has no clock.
    fn new(threads_max: usize, keep_alive: Duration, threads_left: usize) -> Arc<Model> {
        Arc::new(Model {
            crew: Arc::new(Crew::new(World::os(), threads_max, keep_alive, &[])),
            ran: Arc::new(AtomicUsize::new(0)),
            threads: std::sync::Mutex::default(),
            threads_left: std::sync::Mutex::new(threads_left),
        })
    }

    /// Submits a job; says whether it was accepted.
    fn submit(&self, class: &Class) -> bool {
        self.submit_work(class, || ())
    }

    /// Submits a job that does `work`.
    fn submit_work(&self, class: &Class, work: impl FnOnce() + Send + 'static) -> bool {
        let ran = self.ran.clone();
        let job: Job = Box::new(move || {
            work();
            ran.fetch_add(1, Ordering::Relaxed);
        });
        let start = |seat| {
            let mut left = self.threads_left.lock().unwrap();
            if *left == 0 {
                return Err(std::io::ErrorKind::WouldBlock.into());
            }
            *left -= 1;
            let crew = self.crew.clone();
            let thread = thread::spawn(move || crew.work(&seat, |job: Job| job()));
            self.threads.lock().unwrap().push(thread);
            Ok(())
        };
        self.crew.submit(class, job, &start).is_ok()
    }

    /// Waits for all threads; a job left for nobody is one that did not run then.
    fn finish(&self, accepted: usize) {
        self.crew.close();
        loop {
            let Some(thread) = self.threads.lock().unwrap().pop() else {
                break;
            };
            thread.join().unwrap();
        }
        assert_eq!(self.ran.load(Ordering::Relaxed), accepted);
        let stats = self.crew.stats();
        assert_eq!((stats.threads, stats.idle), (0, 0));
        assert!(stats.classes.iter().all(|class| class.queued == 0));
        assert!(stats.classes.iter().all(|class| class.running == 0));
    }
}

fn check(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

static WIDE: Class = Class::new("wide", 9);
static NARROW: Class = Class::new("narrow", 1);

const NEVER: Duration = Duration::MAX;

#[test]
fn submission_against_idle_exit_leaves_no_job() {
    check(|| {
        let model = Model::new(2, Duration::ZERO, 9);
        let accepted = usize::from(model.submit(&WIDE)) + usize::from(model.submit(&WIDE));
        model.finish(accepted);
        assert_eq!(accepted, 2);
    });
}

#[test]
fn submission_against_two_idle_exits_leaves_no_job() {
    check(|| {
        let model = Model::new(2, Duration::ZERO, 9);
        let accepted = (0..3).filter(|_| model.submit(&WIDE)).count();
        model.finish(accepted);
        assert_eq!(accepted, 3);
    });
}

#[test]
fn submission_against_a_thread_that_goes_idle_leaves_no_job() {
    check(|| {
        let model = Model::new(1, NEVER, 1);
        assert!(model.submit(&WIDE));
        assert!(model.submit(&WIDE));
        model.finish(2);
    });
}

#[test]
fn two_submitters_against_idle_exit_leave_no_job() {
    check(|| {
        let model = Model::new(1, Duration::ZERO, 9);
        let other = model.clone();
        let submitter = thread::spawn(move || usize::from(other.submit(&NARROW)));
        let mine = usize::from(model.submit(&WIDE));
        let accepted = mine + submitter.join().unwrap();
        model.finish(accepted);
        assert_eq!(accepted, 2);
    });
}

#[test]
fn queue_of_a_full_class_is_taken_before_the_last_thread_leaves() {
    check(|| {
        let model = Model::new(2, Duration::ZERO, 9);
        let accepted = (0..3).filter(|_| model.submit(&NARROW)).count();
        model.finish(accepted);
        assert_eq!(accepted, 3);
    });
}

// Fault 32a
#[test]
fn refused_start_is_an_error_only_without_a_thread() {
    check(|| {
        // One thread can be started in all, and it leaves as soon as it is idle.
        let model = Model::new(2, Duration::ZERO, 1);
        let first = model.submit(&WIDE);
        let second = model.submit(&WIDE);
        assert!(first);
        model.finish(usize::from(first) + usize::from(second));
    });
}

#[test]
fn job_that_waits_for_the_next_one_does_not_hold_it_up() {
    check(|| {
        let model = Model::new(2, NEVER, 9);
        let notify = std::sync::Arc::new(loom::sync::Notify::new());
        let waits = notify.clone();
        assert!(model.submit_work(&WIDE, move || waits.wait()));
        assert!(model.submit_work(&WIDE, move || notify.notify()));
        model.finish(2);
    });
}

#[test]
fn close_against_a_thread_that_goes_idle_ends_it() {
    check(|| {
        let model = Model::new(2, NEVER, 9);
        assert!(model.submit(&WIDE));
        model.finish(1);
    });
}
