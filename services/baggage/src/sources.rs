//! How the systems that send are: up or silent, late, malformed, and what their clocks say.

pub mod clock;
