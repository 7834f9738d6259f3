//! Keys of personal data: seal, open, shred.
