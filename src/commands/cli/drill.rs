//! `sixty drill`.

use clap::Args;

use super::Format;

/// `sixty drill`.
#[derive(Clone, PartialEq, Debug, Args)]
pub struct Drill {
    /// A scenario by name, or its file; random takes one that was not drilled lately
    #[arg(value_name = "SCENARIO|random", default_value = "random")]
    pub scenario: String,

    /// Run the story that many times faster
    #[arg(long, value_name = "TIMES", default_value_t = 1.0, value_parser = super::speed)]
    pub speed: f64,

    /// Repeat a drill exactly: the same number, the same noise and, of random, the same scenario
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,

    /// Print the drills of the past, and hold none
    #[arg(long)]
    pub history: bool,

    /// How the history or the debrief is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}
