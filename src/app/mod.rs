//! State, and the only place where it changes: `Msg` in, `Effect` out. Draws nothing, does no I/O, reads no clock.
