//! Plays a case to its end, and then once more for each moment at which its future can be dropped.
//!
//! A play goes in rounds: the future is polled, the one queued behind it is polled, the script goes
//! on to its next pause, a tick of virtual time passes in which timers fire and tasks run. Between any two
//! of these lies a moment. So the future is dropped before its first poll, after each of its polls,
//! and after whatever woke it but before it could look; the last is where wake-ups get lost.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use trill_executor::Executor;
use trill_world::VirtualWorld;

/// A future that stays on its thread, as cases hand them over.
pub(crate) type Local<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// A function that waits, and the world around it. Written with [`case!`](crate::case).
pub(crate) struct Case<S, T> {
    /// Makes the state that all share, afresh for each play.
    pub(crate) setup: fn() -> S,
    /// What the others do meanwhile, from one [`pause`] to the next. It begins before the first poll.
    pub(crate) script: for<'a> fn(&'a S) -> Local<'a, ()>,
    /// Calls the function and awaits what it returns.
    pub(crate) wait: for<'a> fn(&'a S) -> Local<'a, T>,
    /// Waits behind it, from its first poll on, and must come to an end whatever becomes of it.
    pub(crate) behind: for<'a> fn(&'a S) -> Local<'a, ()>,
    /// Checks what must hold at the end, with what the function returned unless it was dropped.
    pub(crate) after: for<'a> fn(&'a S, Option<T>) -> Local<'a, ()>,
    /// Why the last waker may outlive the future, if it may.
    pub(crate) keeps: Option<&'static str>,
}

/// When the future under test is polled again.
#[derive(Clone, Copy, Debug)]
enum Polls {
    /// When its waker was woken.
    Woken,
    /// In each round, each time with another waker.
    Spurious,
    /// Twice at first, with two wakers; then when the second was woken.
    Moved,
}

/// What one play saw.
struct Seen {
    moments: usize,
    suspensions: usize,
}

impl<S, T> Case<S, T> {
    /// Plays the case to its end, and then drops its future at each moment of that.
    pub(crate) fn run(&self, name: &str) {
        for seed in 0..SEEDS {
            for polls in [Polls::Woken, Polls::Spurious, Polls::Moved] {
                let whole = self.play(name, seed, polls, None);
                assert!(
                    whole.suspensions > 0,
                    "{name} was ready at once, so the case shows nothing: let its script hold it up"
                );
                for moment in 0..whole.moments {
                    self.play(name, seed, polls, Some(moment));
                }
            }
        }
    }

    fn play(&self, name: &str, seed: u64, polls: Polls, drop_at: Option<usize>) -> Seen {
        let _told = Told {
            name,
            seed,
            polls,
            drop_at,
        };
        VirtualWorld::new(seed).run(|| {
            let executor = Executor::new();
            trill_park::block_on(executor.run(self.round_after_round(polls, drop_at)))
        })
    }

    async fn round_after_round(&self, polls: Polls, drop_at: Option<usize>) -> Seen {
        let state = (self.setup)();
        let mut script = Actor::new((self.script)(&state));
        let mut behind = Actor::new((self.behind)(&state));
        let mut subject = Subject::new((self.wait)(&state), polls);
        let mut seen = Seen {
            moments: 0,
            suspensions: 0,
        };
        script.poll();

        let mut output = None;
        let mut rounds = 0;
        'play: while output.is_none() {
            rounds += 1;
            assert!(rounds < ROUNDS_MAX, "nobody wakes the future");
            for step in [Step::Subject, Step::Behind, Step::Script, Step::Tick] {
                if drop_at == Some(seen.moments) {
                    break 'play;
                }
                seen.moments += 1;
                match step {
                    Step::Subject => {
                        output = subject.poll();
                        if output.is_some() {
                            break 'play;
                        }
                        seen.suspensions += 1;
                    }
                    Step::Behind => behind.poll_if_woken(),
                    Step::Script => script.poll(),
                    Step::Tick => trill_timer::sleep(TICK).await,
                }
            }
        }
        let given = subject.leave(usize::from(self.keeps.is_some()));

        while !script.is_done() || !behind.is_done() {
            rounds += 1;
            assert!(
                rounds < 2 * ROUNDS_MAX,
                "{} never ends",
                if script.is_done() {
                    "the one behind"
                } else {
                    "the script"
                }
            );
            behind.poll_if_woken();
            script.poll();
            trill_timer::sleep(TICK).await;
        }
        drop((script, behind));
        (self.after)(&state, output).await;
        drop(state);
        // What is cancelled with the state is dropped by its executor, which takes a turn.
        trill_timer::sleep(TICK).await;
        assert!(
            given.iter().all(|flag| flag.strong_count() == 0),
            "a waker is kept for ever"
        );
        seen
    }
}

#[derive(Clone, Copy)]
enum Step {
    Subject,
    Behind,
    Script,
    Tick,
}

/// Ends a step of a script.
pub(crate) fn pause() -> impl Future<Output = ()> {
    let mut paused = false;
    poll_fn(move |cx| {
        if std::mem::replace(&mut paused, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
}

/// `count` milliseconds, which is as many rounds.
pub(crate) fn ms(count: u32) -> Duration {
    TICK * count
}

/// The future under test and the wakers it was given.
struct Subject<'a, T> {
    future: Option<Local<'a, T>>,
    polls: Polls,
    last: Option<Arc<Flag>>,
    given: Vec<Weak<Flag>>,
}

impl<'a, T> Subject<'a, T> {
    fn new(future: Local<'a, T>, polls: Polls) -> Subject<'a, T> {
        Subject {
            future: Some(future),
            polls,
            last: None,
            given: Vec::new(),
        }
    }

    /// Polls if it is time to; what the future returned.
    fn poll(&mut self) -> Option<T> {
        match (&self.last, self.polls) {
            (None, Polls::Moved) => {
                let first = self.poll_with(Flag::new());
                first.or_else(|| self.poll_with(Flag::new()))
            }
            (None, _) | (_, Polls::Spurious) => self.poll_with(Flag::new()),
            (Some(last), _) if last.take() => {
                let last = last.clone();
                self.poll_with(last)
            }
            (Some(_), _) => None,
        }
    }

    fn poll_with(&mut self, flag: Arc<Flag>) -> Option<T> {
        if self
            .last
            .as_ref()
            .is_none_or(|last| !Arc::ptr_eq(last, &flag))
        {
            self.given.push(Arc::downgrade(&flag));
        }
        let waker = Waker::from(flag.clone());
        self.last = Some(flag);
        let future = self
            .future
            .as_mut()
            .expect("it is polled until it is ready");
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        }
    }

    /// Drops the future, finished or not: nobody may keep its wakers, but for as many as stated. Returns those it was
    /// given.
    fn leave(mut self, kept_max: usize) -> Vec<Weak<Flag>> {
        self.future = None;
        self.last = None;
        let kept = self
            .given
            .iter()
            .filter(|flag| flag.strong_count() > 0)
            .count();
        assert!(
            kept <= kept_max,
            "{kept} wakers of the dropped future are kept"
        );
        self.given
    }
}

/// A future of the world around, polled by the play.
struct Actor<'a> {
    future: Option<Local<'a, ()>>,
    flag: Arc<Flag>,
}

impl<'a> Actor<'a> {
    fn new(future: Local<'a, ()>) -> Actor<'a> {
        let flag = Flag::new();
        flag.0.store(true, Ordering::Relaxed);
        Actor {
            future: Some(future),
            flag,
        }
    }

    fn poll(&mut self) {
        let Some(future) = &mut self.future else {
            return;
        };
        let waker = Waker::from(self.flag.clone());
        if future
            .as_mut()
            .poll(&mut Context::from_waker(&waker))
            .is_ready()
        {
            self.future = None;
        }
    }

    fn poll_if_woken(&mut self) {
        if self.flag.take() {
            self.poll();
        }
    }

    fn is_done(&self) -> bool {
        self.future.is_none()
    }
}

/// Remembers whether it was woken.
#[derive(Default)]
struct Flag(AtomicBool);

impl Flag {
    fn new() -> Arc<Flag> {
        Arc::default()
    }

    fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Says which play failed, if one does.
struct Told<'a> {
    name: &'a str,
    seed: u64,
    polls: Polls,
    drop_at: Option<usize>,
}

impl Drop for Told<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Told {
                name,
                seed,
                polls,
                drop_at,
            } = self;
            eprintln!("in the case {name}: seed {seed}, polls {polls:?}, dropped at {drop_at:?}");
        }
    }
}

/// Names a case and runs it as a test.
///
/// The literal is the path of the function; `cargo xtask tidy cancel-cases` looks for it.
#[macro_export]
macro_rules! case {
    ($test:ident: $name:literal,
        setup: $setup:expr,
        $(script: |$script_state:pat_param| $script:block,)?
        wait: |$wait_state:pat_param| $wait:expr,
        $(behind: |$behind_state:pat_param| $behind:block,)?
        after: |$after_state:pat_param, $output:pat_param| $after:block,
        $(keeps: $keeps:literal,)?
    ) => {
        #[test]
        fn $test() {
            let mut case = $crate::harness::Case {
                setup: || $setup,
                script: |_| Box::pin(std::future::ready(())),
                wait: |$wait_state| Box::pin(async move { $wait }),
                behind: |_| Box::pin(std::future::ready(())),
                after: |$after_state, $output| Box::pin(async move { $after }),
                keeps: None,
            };
            // Only what the case has differs from the above.
            $(case.script = |$script_state| Box::pin(async move { $script });)?
            $(case.behind = |$behind_state| Box::pin(async move { $behind });)?
            $(case.keeps = Some($keeps);)?
            let _ = &mut case;
            case.run($name);
        }
    };
}

/// How many seeds each case is played with: they order the tasks that a case spawns.
const SEEDS: u64 = 3;

/// The virtual time between two rounds.
const TICK: Duration = Duration::from_millis(1);

/// More rounds than any case needs; who waits longer waits for ever.
const ROUNDS_MAX: usize = 200;
