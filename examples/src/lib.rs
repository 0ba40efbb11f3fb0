//! What the example programs share: progress bars, tables, and what the system tells of a process.
//!
//! The programs are in `src/bin`; the README beside this folder says what each shows.

mod bar;
mod checksum;
mod child;
mod scale;
mod system;
mod table;

pub use bar::Bar;
pub use checksum::Checksum;
pub use child::{Child, stdin_closed};
pub use scale::scale;
pub use system::{descriptors_max, peak_rss_bytes, raise_descriptor_limit};
pub use table::{Row, print_table};
