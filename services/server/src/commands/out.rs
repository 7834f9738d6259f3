//! Printing that ends quietly when nobody reads any more.
//!
//! `println!` panics on a closed pipe; these lines are errors instead, which
//! the command passes on and [`super::main`] takes for the end.

/// Prints a line on standard output, as `println!` does.
///
/// # Errors
/// When it cannot be written; a closed pipe is one such error.
macro_rules! say {
    ($($line:tt)*) => {
        ::std::io::Write::write_fmt(&mut ::std::io::stdout(), format_args!("{}\n", format_args!($($line)*)))
    };
}

/// Prints a line on standard error; who closed it wants none.
macro_rules! note {
    ($($line:tt)*) => {
        drop(::std::io::Write::write_fmt(&mut ::std::io::stderr(), format_args!("{}\n", format_args!($($line)*))))
    };
}

pub(super) use {note, say};
