//! An airport with ground truth that drives the real interfaces as a client.
