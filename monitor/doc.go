// Package monitor describes observations: samples, findings and alerts.
//
// It holds vocabulary only, like the packages inventory and planner: plain types
// without I/O and without algorithms. The packages below it look at the Cyrus
// instances of one server, each at one thing, and take the time as a parameter:
//
//   - instance, channel, process: what runs on this server, as its configuration
//     and its processes say.
//   - sample: one look at one channel ([Backlog]), at one batch ([Batch]) or at
//     what an instance uses ([Usage]).
//   - backlog: what a sync log holds that the replica does not have yet. Lag: the
//     age of its oldest entry.
//   - batch: a sync log that was renamed and is worked off as one.
//   - level: what thresholds say of a channel. Verdict: what its course says,
//     without thresholds.
//   - look: one run of a probe, and what it found. Watched: a channel of which
//     there are looks.
//   - finding: something that is not as it should be, as one look saw it. Alert:
//     a finding over time: pending, firing, resolved. Silence: an operator's word
//     that some alerts are not to be told for a while.
//   - incident: what a look and lines of a log tell of one fault. It is one alert.
//   - position: how far a log has been told. Told: what was found there, kept
//     together with the positions. Milestone: the last time that an instance did
//     what it has to do regularly.
//   - comparison: a master and its replicas looked at side by side, as closely as
//     its level says. Difference: something in which they differ, confirmed or
//     suspected. In flight: a change that is on its way, which is no difference.
//     Outcome: what a comparison says of a user: identical, different, unknown.
//     Copy: one of a store's replicas. Copy state: what is known of one of its
//     users, from all comparisons.
package monitor
