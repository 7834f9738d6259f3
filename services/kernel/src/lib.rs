//! The shared words: streams, the EventStore port, deciders, projections, personal data.
