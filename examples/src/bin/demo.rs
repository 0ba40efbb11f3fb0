//! The demo: five programs one after another on real sockets and files, and a table of what they did.
//!
//! Each step is also a program of its own in this folder; this one only calls them.
#![allow(dead_code)] // Each step has a `main` of its own.

mod batches;
mod downloads;
mod log_pipeline;
mod pairings;
mod web;

use std::io;

use trill_examples::{Row, print_table};

/// A step: its title and what it runs.
type Step = (&'static str, fn() -> io::Result<Vec<Row>>);

fn main() -> io::Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some(web::ROLE) => return trill::run(web::serve_until_told()),
        Some(log_pipeline::ROLE) => return trill::run(log_pipeline::serve_until_told()),
        Some(other) => {
            eprintln!("demo: takes no argument, so not {other:?}");
            std::process::exit(2);
        }
        None => {}
    }
    let steps: [Step; 5] = [
        (
            "a log read as it arrives, in bounded memory",
            log_pipeline::run,
        ),
        ("a web server and thousands of requests at once", web::run),
        (
            "files downloaded from a server that fails some",
            downloads::run,
        ),
        ("batches loaded while a task computes", batches::run),
        (
            "one program on three pairings of executor and reactor",
            pairings::run,
        ),
    ];
    let start = trill::time::now();
    let mut rows = Vec::new();
    for (number, (title, run)) in steps.iter().enumerate() {
        eprintln!("{}. {title}", number + 1);
        rows.extend(run()?);
    }
    println!();
    print_table(&rows);
    println!(
        "\n  all steps done and checked in {:.1?}",
        trill::time::now() - start
    );
    Ok(())
}
