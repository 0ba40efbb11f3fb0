//! The attributes `main` and `test` of trill.
//!
//! Use them through the facade: `#[trill::main]` and `#[trill::test]`. They turn an `async fn` without arguments into
//! a plain one that runs it on a new runtime.
//!
//! # The smallest program
//!
//! ```
//! use std::time::Duration;
//!
//! #[trill::main]
//! async fn main() {
//!     trill::time::sleep(Duration::from_millis(1)).await;
//! }
//! ```
//!
//! # How it works
//!
//! * The signature is read token by token; there is no parser behind it, so that a build stays short.
//! * Everything before `async` is kept: attributes, visibility.
//! * The body becomes an async block, handed to the facade's function that builds a runtime and runs it.
//! * `#[trill::main(workers = 2, ctrl_c = false)]` sets options of the runtime; the same for `test`, which has one worker.
//! * A mistake becomes a compile error at the place of the mistake.
//!
//! # What it does not do
//!
//! It does not rename the facade: the crate must be in scope as `trill`.

mod expand;
mod options;

use proc_macro::TokenStream;

/// Runs an async `main` on a new runtime.
///
/// * `workers = N` sets how many threads run tasks; without it there is one for each core.
/// * `ctrl_c = false` leaves Ctrl-C to the system; without it Ctrl-C cancels main.
/// * `terminate = true` lets `SIGTERM` cancel main, too; without it `SIGTERM` ends the process.
///
/// The runtime's page tells what that means, and in which order the runtime ends.
/// If the operating system refuses the runtime, the program prints why and exits with code 1.
///
/// # Examples
///
/// ```
/// #[trill::main(workers = 2)]
/// async fn main() -> std::io::Result<()> {
///     assert_eq!(trill::spawn(async { 1 + 2 }).await, 3);
///     Ok(())
/// }
/// ```
#[proc_macro_attribute]
pub fn main(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::expand(options, item, expand::Entry::Main)
}

/// Runs an async test on a new runtime.
///
/// `workers = N` sets how many threads run tasks; without it there is one, the test's own. The options of
/// [`main`](macro@main) for signals are there, too; without them the system deals with signals.
///
/// # Examples
///
/// ```
/// #[trill::test]
/// async fn one_and_two_are_three() {
///     assert_eq!(trill::spawn(async { 1 + 2 }).await, 3);
/// }
/// # fn main() {}
/// ```
#[proc_macro_attribute]
pub fn test(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::expand(options, item, expand::Entry::Test)
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
