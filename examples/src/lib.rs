//! The programs are beside this folder; see README.md.
