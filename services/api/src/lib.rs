//! Generated messages, clients and servers of every Airside interface.
