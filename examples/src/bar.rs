//! A progress bar for long steps.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

/// Shows how far a step has come, on a terminal as a bar that redraws itself, elsewhere as a line at each quarter.
///
/// # Examples
///
/// ```
/// let mut bar = trill_examples::Bar::new("counting", 3);
/// for _ in 0..3 {
///     bar.add(1);
/// }
/// bar.finish();
/// ```
#[derive(Debug)]
pub struct Bar {
    title: String,
    total: u64,
    done: u64,
    drawn: Option<Instant>,
    quarter: u64,
    on_terminal: bool,
}

impl Bar {
    /// Starts a bar of `total` units.
    pub fn new(title: impl Into<String>, total: u64) -> Bar {
        let mut bar = Bar {
            title: title.into(),
            total: total.max(1),
            done: 0,
            drawn: None,
            quarter: 0,
            on_terminal: stderr().is_terminal(),
        };
        bar.draw();
        bar
    }

    /// Adds `units` that were done.
    pub fn add(&mut self, units: u64) {
        self.set(self.done + units);
    }

    /// Sets how many units are done.
    pub fn set(&mut self, done: u64) {
        self.done = done.min(self.total);
        let now = trill::time::now();
        let due = self.drawn.is_none_or(|drawn| now - drawn >= REDRAW_AFTER);
        if self.on_terminal && due {
            self.drawn = Some(now);
            self.draw();
        } else if !self.on_terminal && self.done * 4 / self.total > self.quarter {
            self.quarter = self.done * 4 / self.total;
            self.draw();
        }
    }

    /// Ends the bar.
    pub fn finish(mut self) {
        self.done = self.total;
        if self.on_terminal {
            self.draw();
            let _ = writeln!(stderr());
        }
    }

    fn draw(&mut self) {
        let filled = (self.done * WIDTH / self.total) as usize;
        let percent = self.done * 100 / self.total;
        let title = &self.title;
        // A closed standard error is no reason to stop the step.
        let _ = if self.on_terminal {
            let bar = "█".repeat(filled) + &"·".repeat(WIDTH as usize - filled);
            write!(stderr(), "\r  {title:<34} {bar} {percent:>3} %").and_then(|()| stderr().flush())
        } else {
            writeln!(stderr(), "  {title}: {percent} %")
        };
    }
}

/// Cells of a full bar.
const WIDTH: u64 = 30;

/// Faster than the eye follows is only work for the terminal.
const REDRAW_AFTER: Duration = Duration::from_millis(50);
