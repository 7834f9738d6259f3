//! What a passenger follows: flights and bags.
