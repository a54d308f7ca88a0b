//! The numbers of the detector, each with its reason. They are the same for every signal and every service: nothing
//! here may be set for one series.
//!
//! Found on the public half of the onset bench and looked at by halves of its sources (other days and services in
//! each half); a number stands where a step to either side changes little.

/// Rows that say what is usual: 6 h at one a minute. Fewer forget the quiet hours, more remember another load.
pub(super) const REMEMBERED: usize = 360;

/// Seconds between two remembered rows, at least: at fine steps neighbours are copies of each other (a rate window
/// spans them), so that a minute of them is one witness.
pub(super) const SLOT: f64 = 60.0;

/// The same for a series that was never seen before: ten minutes are worth a first answer.
pub(super) const FIRST_SLOT: f64 = 20.0;

/// Rows before the first answer; below that a median says little.
pub(super) const NEEDED: usize = 30;

/// Rows of comparison with yesterday before that comparison may speak: it is the second opinion.
pub(super) const NEEDED_RATIO: usize = 60;

/// Usual is the median and so many noise widths on both sides.
pub(super) const WIDTHS: f64 = 4.0;

/// A noise width is at least this share of the median: nobody is woken for less than 8 %.
pub(super) const FLOOR: f64 = 0.02;

/// Usual is widened to hold this share of the remembered rows, so that the spikes that belong to a signal are usual.
pub(super) const HELD: f64 = 0.98;

/// And a tenth beyond that: a spike as high as the last one is not news.
pub(super) const MARGIN: f64 = 1.1;

/// Seconds of evidence at fine steps. Longer than the 30 s over which a rate window smears one bad scrape.
pub(super) const EVIDENCE: f64 = 60.0;

/// Rows of evidence, at least.
pub(super) const ROWS: usize = 4;

/// The share of the rows of evidence that must be out: 3 of 4.
pub(super) const SHARE: f64 = 0.75;

/// The slow path looks at so many times as many rows, nearly all of which must be out of a narrower range.
pub(super) const SLOW_ROWS: f64 = 1.5;

/// The noise widths of that narrower range.
pub(super) const SLOW_WIDTHS: f64 = 3.0;

/// The share of remembered rows that it holds.
pub(super) const SLOW_HELD: f64 = 0.92;

/// How far it may reach, as a multiple of the distance to that share.
pub(super) const SLOW_MARGIN: f64 = 1.0;

/// The comparison with yesterday: times the rows of evidence, for it follows two noises.
pub(super) const RATIO_ROWS: f64 = 2.5;

/// The share of those that must be out.
pub(super) const RATIO_SHARE: f64 = 0.9;

/// Its noise widths.
pub(super) const RATIO_WIDTHS: f64 = 6.0;

/// The share of its remembered rows that is usual.
pub(super) const RATIO_HELD: f64 = 0.99;

/// Its margin.
pub(super) const RATIO_MARGIN: f64 = 1.1;

/// Its least noise width, as a share of the median.
pub(super) const RATIO_FLOOR: f64 = 0.0125;

/// The first row outside may be later than the start: it is walked back while the row before was this far out.
pub(super) const WALK_BACK: f64 = 2.0;

/// The slow path splits the last rows (a multiple of the rows of evidence) where usual and trouble part best.
pub(super) const SPLIT_ROWS: f64 = 4.0;

/// Where a row begins to speak for trouble, as a share of how far out the newest is.
pub(super) const SPLIT_SHARE: f64 = 0.5;

/// And in noise widths, at least.
pub(super) const SPLIT_LEAST: f64 = 2.0;

/// Remembered rows wait so many slots: what leads up to trouble is not yet known as such.
pub(super) const LATE: usize = 5;

/// Slots after which a trouble that ended counts as a part of what is usual.
pub(super) const READMITTED: f64 = 30.0;

/// Rows of a trouble that are readmitted, at most.
pub(super) const READMITTED_ROWS: usize = 60;

/// Slots of trouble after which its level is the new usual.
pub(super) const NEW_USUAL: usize = 240;

/// A trouble as high as so many earlier ones is a job, not news.
pub(super) const JOBS: usize = 2;

/// As high: their distance from the middle times this reaches it.
pub(super) const AS_HIGH: f64 = 1.5;

/// Hours for which an earlier trouble is remembered.
pub(super) const JOB_HOURS: f64 = 168.0;

/// A job that lasts longer than so many times the longest before is news again.
pub(super) const LONGER: f64 = 3.0;

/// And by so many slots.
pub(super) const LONGER_SLOTS: f64 = 3.0;

/// Steps without a row that are a gap.
pub(super) const GAP_STEPS: f64 = 5.0;

/// Seconds between rows at the finest; rows that come faster are thinned out.
pub(super) const FINEST: f64 = 5.0;

/// A silence shorter than so many times [`GAP_STEPS`] seconds is no gap at any step.
pub(super) const FINEST_GAP: f64 = 12.0;

/// Seconds between rows at the coarsest.
pub(super) const COARSEST: f64 = 3600.0;

/// So many rows out of few are never enough to widen what is usual.
pub(super) const SHORT: f64 = 5.0;

/// Below this part of the middle everything is nothing.
pub(super) const NOTHING: f64 = 0.1;

/// Seconds within which the onsets of one incident lie.
pub(super) const TOGETHER: f64 = 180.0;

/// What a symptom weighs beside its height.
pub(super) const SYMPTOM: f64 = 0.5;

/// The second symptom of a service weighs so much of its own, the third that much of that.
pub(super) const AGAIN: f64 = 0.7;

/// The share of the members that may be earlier than the onset of all.
pub(super) const FIRST: f64 = 0.2;

/// Splits that are worse by no more than so many bars are as good.
pub(super) const SPLIT_LEEWAY: f64 = 0.5;

/// A climb is at least so many times what the slots scatter about its line.
pub(super) const CLIMB_NOISES: f64 = 4.0;

/// And at least that share of the level before it.
pub(super) const CLIMB_LEAST: f64 = 0.1;

/// A single step must fit so many times worse than the climb.
pub(super) const CLIMB_NOT_STEP: f64 = 1.5;
