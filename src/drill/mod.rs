//! A simulated service and its story, served over HTTP on loopback in the real wire formats.
