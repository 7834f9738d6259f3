//! What a signed checkpoint proves, and what it finds.

mod damage;
mod notaries;
mod notes;
mod paper;
mod proofs;
mod second;
mod tampering;
mod trees;
