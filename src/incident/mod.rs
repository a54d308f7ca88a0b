//! The journal of an incident and what is folded from it: checklist, ticks. Pure: the file is the runtime's.
