//! Timers, sleep, interval and timeout on a timer wheel, with nanosecond deadlines
