//! The binary `airside`.

fn main() {}
