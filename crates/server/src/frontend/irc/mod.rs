//! The IRC front end.

mod message;
