//! A graph as canonical text, for comparing byte by byte.

use std::fmt::Write;

use airside_wayfinding::Graph;
use petgraph::visit::{EdgeRef, IntoEdgeReferences};

/// Writes all of a graph, in its own order.
pub(crate) fn dump(graph: &Graph) -> String {
    let mut text = String::new();
    writeln!(text, "{:?}", graph.frame()).unwrap();
    for storey in graph.storeys() {
        writeln!(text, "{storey:?}").unwrap();
    }
    for index in graph.model().node_indices() {
        writeln!(text, "{} {:?}", index.index(), graph.model()[index]).unwrap();
    }
    for edge in graph.model().edge_references() {
        writeln!(text, "{} {} {:?}", edge.source().index(), edge.target().index(), edge.weight()).unwrap();
    }
    for place in graph.places() {
        writeln!(text, "{place:?}").unwrap();
    }
    for shaft in graph.shafts() {
        writeln!(text, "{shaft:?}").unwrap();
    }
    text
}
