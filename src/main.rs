//! The `sixty` program: thin, everything is in the library.

fn main() {}
