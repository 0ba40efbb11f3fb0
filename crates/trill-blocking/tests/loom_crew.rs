//! Models of the hand-over between those who submit work and threads that go idle or leave.
#![allow(clippy::unwrap_used)] // A failed step fails its test.
#![cfg(loom)]

use std::sync::Arc;
use std::time::Duration;

use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::sync::{Condvar, Mutex};
use loom::thread;
use trill_blocking::{Class, Crew, Member, Seat};
use trill_world::World;

/// A job notes that it ran.
type Job = Box<dyn FnOnce(&Member) + Send>;

/// Holds threads until it is opened. Loom's own `Notify` may let one through before.
#[derive(Default)]
struct Gate(Mutex<bool>, Condvar);

impl Gate {
    fn new() -> Arc<Gate> {
        Arc::default()
    }

    fn pass(&self) {
        let mut open = self.0.lock().unwrap();
        while !*open {
            open = self.1.wait(open).unwrap();
        }
    }

    fn open(&self) {
        *self.0.lock().unwrap() = true;
        self.1.notify_all();
    }
}

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
    fn submit(self: &Arc<Self>, class: &Class) -> bool {
        self.submit_work(class, |_| ())
    }

    /// Submits a job that does `work`.
    fn submit_work(
        self: &Arc<Self>,
        class: &Class,
        work: impl FnOnce(&Member) + Send + 'static,
    ) -> bool {
        let ran = self.ran.clone();
        let job: Job = Box::new(move |member| {
            work(member);
            ran.fetch_add(1, Ordering::Relaxed);
        });
        self.crew
            .submit(class, job, &|seat| self.start(seat))
            .is_ok()
    }

    /// Submits a job whose thread says early that it will look, and then does `rest` while it gives the result away.
    fn submit_early(
        self: &Arc<Self>,
        class: &Class,
        rest: impl FnOnce(&Arc<Model>, &Member) + Send + 'static,
    ) -> bool {
        let model = self.clone();
        self.submit_work(class, move |member| {
            assert!(model.crew.finish_early(member));
            rest(&model, member);
        })
    }

    fn start(self: &Arc<Self>, seat: Arc<Seat>) -> std::io::Result<()> {
        let mut left = self.threads_left.lock().unwrap();
        if *left == 0 {
            return Err(std::io::ErrorKind::WouldBlock.into());
        }
        *left -= 1;
        let model = self.clone();
        let thread = thread::spawn(move || {
            let member = Member::new(seat);
            let start = |seat| model.start(seat);
            model.crew.work(&member, &start, |job: Job| job(&member));
        });
        self.threads.lock().unwrap().push(thread);
        Ok(())
    }

    /// What a thread does before it runs code of strangers.
    fn step_aside(self: &Arc<Self>, member: &Member) {
        self.crew.step_aside(member, &|seat| self.start(seat));
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
        let wake = Gate::new();
        let waits = wake.clone();
        assert!(model.submit_work(&WIDE, move |_| waits.pass()));
        assert!(model.submit_work(&WIDE, move |_| wake.open()));
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

#[test]
fn submission_after_an_early_finish_takes_the_thread_that_finishes() {
    check(|| {
        let model = Model::new(9, NEVER, 9);
        let wake = Gate::new();
        let woken = wake.clone();
        // What the thread does after the wake may be before, while or after the next one is submitted.
        assert!(model.submit_early(&WIDE, move |_, _| wake.open()));
        woken.pass();
        assert!(model.submit(&WIDE));
        assert_eq!(model.crew.stats().started, 1);
        model.finish(2);
    });
}

#[test]
fn submission_after_an_early_finish_counts_on_one_job_a_thread() {
    check(|| {
        let model = Model::new(9, NEVER, 9);
        let wake = Gate::new();
        let second = Gate::new();
        let (woken, waits) = (wake.clone(), second.clone());
        assert!(model.submit_early(&WIDE, move |_, _| wake.open()));
        woken.pass();
        // The first of these two waits for the other one, so they need two threads.
        assert!(model.submit_work(&WIDE, move |_| waits.pass()));
        assert!(model.submit_work(&WIDE, move |_| second.open()));
        model.finish(3);
    });
}

#[test]
fn job_does_not_wait_for_a_thread_that_steps_aside() {
    check(|| {
        let model = Model::new(2, NEVER, 9);
        let done = Gate::new();
        let waits = done.clone();
        // Submitted before, while or after the thread steps aside, which then waits for it in a stranger's code.
        assert!(model.submit_early(&WIDE, move |model, member| {
            model.step_aside(member);
            waits.pass();
        }));
        assert!(model.submit_work(&WIDE, move |_| done.open()));
        model.finish(2);
    });
}

#[test]
fn early_thread_of_a_full_class_leaves_neither_of_two_jobs() {
    check(|| {
        let model = Model::new(2, NEVER, 9);
        let (wake, second) = (Gate::new(), Gate::new());
        let (woken, waits) = (wake.clone(), second.clone());
        assert!(model.submit_early(&NARROW, move |_, _| wake.open()));
        woken.pass();
        // Both may count on the early thread; the first waits for the other one.
        assert!(model.submit_work(&WIDE, move |_| waits.pass()));
        assert!(model.submit_work(&NARROW, move |_| second.open()));
        model.finish(3);
    });
}

#[test]
fn early_thread_holds_its_place_in_its_class() {
    check(|| {
        let model = Model::new(2, NEVER, 9);
        let inside = Arc::new(AtomicUsize::new(0));
        for _ in 0..2 {
            let inside = inside.clone();
            assert!(model.submit_work(&NARROW, {
                let model = model.clone();
                move |member| {
                    assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                    assert!(model.crew.finish_early(member));
                    model.step_aside(member);
                    // The drop of a result that nobody takes ends here.
                    inside.fetch_sub(1, Ordering::SeqCst);
                }
            }));
        }
        model.finish(2);
    });
}

#[test]
fn thread_that_steps_aside_lives_for_those_whose_start_is_refused() {
    check(|| {
        let model = Model::new(2, NEVER, 1);
        assert!(model.submit_early(&WIDE, |model, member| model.step_aside(member)));
        assert!(model.submit(&WIDE));
        model.finish(2);
    });
}

#[test]
fn early_finish_against_idle_exit_leaves_no_job() {
    check(|| {
        let model = Model::new(2, Duration::ZERO, 9);
        let early = |_: &Arc<Model>, _: &Member| ();
        let accepted = (0..2).filter(|_| model.submit_early(&WIDE, early)).count();
        model.finish(accepted);
        assert_eq!(accepted, 2);
    });
}

#[test]
fn early_finish_in_a_full_class_takes_its_queue() {
    check(|| {
        let model = Model::new(2, Duration::ZERO, 9);
        let early = |_: &Arc<Model>, _: &Member| ();
        let accepted = (0..3)
            .filter(|_| model.submit_early(&NARROW, early))
            .count();
        model.finish(accepted);
        assert_eq!(accepted, 3);
    });
}

#[test]
fn close_against_an_early_finish_ends_the_thread() {
    check(|| {
        let model = Model::new(2, NEVER, 9);
        assert!(model.submit_early(&WIDE, |model, member| model.step_aside(member)));
        assert!(model.submit_early(&WIDE, |_, _| ()));
        model.finish(2);
    });
}

#[test]
fn lower_limit_against_an_early_finish_leaves_no_job() {
    check(|| {
        let model = Model::new(2, NEVER, 9);
        assert!(model.submit_early(&WIDE, |_, _| ()));
        assert!(model.submit_early(&WIDE, |_, _| ()));
        model.crew.set_threads_max(1, &|seat| model.start(seat));
        assert!(model.submit(&WIDE));
        model.finish(3);
        assert!(model.crew.stats().started <= 2);
    });
}
