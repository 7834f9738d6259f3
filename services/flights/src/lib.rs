//! Flights and what happens at their gates and belts.
