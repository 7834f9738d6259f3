//! Runs the words: executor, projections, reactors, auth, telemetry, serving.
