//! The golden signals as points with gaps: presets, units, freshness. Evaluates nothing, judges nothing.
