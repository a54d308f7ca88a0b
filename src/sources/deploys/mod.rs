//! Recent deploys: a file, a command, GitHub, git tags.
