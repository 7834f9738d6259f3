//! Notices to passengers: inboxes, sessions, acknowledgement.
