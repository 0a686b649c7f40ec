// Package synclag measures the backlog in Cyrus sync directories and predicts when it is gone.
//
//	looks := synclag.Measure(list, processes, earlier, now)
//	lag := synclag.Judge(course, model, opts, now)
//	synclag.Heed(&lag, course, alerts, opts, now)
//
// [Measure] looks at every channel of every instance once; [Batches] watches how
// logs are worked off in between. [Judge] and the functions that return findings
// are functions of what was seen and of the time. [Heed] corrects a judgement by
// the alerts of the store, which know of its processes and logs. [Standings] judges all channels
// from what is remembered of them, and [Summarize] says how they did in a time.
//
// A log is worked off by one sync_client, as a whole: renamed, read, each mailbox
// in it brought up to date once however often it is named, and removed. What is
// logged meanwhile is the next batch. [Fit] learns from the batches of a channel
// what a batch, a mailbox and a byte cost there, and the [Model] says from that
// how far a channel lags behind in the long run, when a backlog is gone, and how
// much more the channel can bear.
//
// The methods are those of algorithms for queues with batch service, in which
// what waits twice is served once.
package synclag
