//! Maps in; walkable graph, snapping and paths out.
