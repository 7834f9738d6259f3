//! The binary airside: configuration to roles to parts to a running server.
