//! Tests of the state and of the screen.
