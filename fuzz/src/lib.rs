//! What cabstand promises of foreign bytes, held against as many of them as time allows.
//!
//! Each file of [`targets`] has one function `hold`: it takes bytes for what one reader of the program reads, and panics where
//! the reader panics, or where a law does not hold that is written there. `cargo fuzz` looks for such bytes guided by what code
//! they reach (`make fuzz`, `guided.rs`); `make test` holds the targets against the corpus that is kept, against every input that
//! ever broke a law (`crashes/`), and against some thousand changes of these (`tests/kept.rs`).
//!
//! A new reader of foreign bytes gets a file in `targets/`, a line in [`targets::ALL`], and a few seeds in `corpus/`, from real
//! use. What is a room's own affair is opened to it by the file `fuzzing.rs` of that room.

pub mod safe;
pub mod targets;
