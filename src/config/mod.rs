//! What the team wrote, checked: all problems at once, each with file, line, column and what to write instead.
