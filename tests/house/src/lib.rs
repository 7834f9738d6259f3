//! The laws of the house, held by `cargo test -p airside-house`.
//!
//! The laws are in `tests/laws`, a file for each group. They read files and
//! descriptors and run nothing, so they cost next to nothing and anyone can
//! afford them before every commit. A finding names the file, the line, what
//! is wrong there, and the remedy.
