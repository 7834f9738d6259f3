//! Adapters of the EventStore port: memory and embedded.
