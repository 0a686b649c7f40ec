// Package logs follows mail logs and classifies their lines.
//
// A log is a file, followed through rotation, or the journal. Its lines are taken
// apart, given to the instance that wrote them and held against a catalogue of
// what Cyrus says; what they come to is kept together with how far the logs were
// read:
//
//	l, err := logs.New(ctx, logs.Options{Server: "imap1", Instances: instances.On(inv, "imap1")}, history)
//	err = l.Run(ctx, time.Now)
//
// A line is told once, also where interlace is killed: findings and positions are
// saved in one transaction ([Memory]), and until then neither counts. Who takes the
// findings from the memory takes each of them once in the same way.
//
// A line is never acted on. It may say anything: it is shown with everything
// escaped that does not print, and text that looks like a tag counts as one only
// where the form of the line has a tag.
package logs
