//! Files whose operations never block a task's thread. Needs the feature `fs`.
//!
//! # Examples
//!
//! ```
//! use trill::prelude::*;
//!
//! trill::block_on(async {
//!     let path = std::env::temp_dir().join(format!("trill-facade-{}", std::process::id()));
//!     let mut file = trill::fs::File::create(&path).await?;
//!     file.write_all(b"some text").await?;
//!     file.sync_all().await?;
//!     assert_eq!(trill::fs::read_to_string(&path).await?, "some text");
//!     trill::fs::remove_file(&path).await
//! })?;
//! # Ok::<(), std::io::Error>(())
//! ```

pub use trill_fs::*;
