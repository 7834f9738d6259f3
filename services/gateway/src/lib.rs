//! The edge: gRPC and Connect JSON on one port.
