//! Venues, places and routes over the terminal graph.
