//! Strips and documents from data written by hand.
