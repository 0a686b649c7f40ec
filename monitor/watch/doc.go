// Package watch runs each probe at its interval and records what it finds.
//
//	w := watch.New(watch.Options{Server: "imap1", Instances: instances, Memory: history, Desk: desk, Now: time.Now})
//	err := w.Run(ctx)             // until ctx ends
//	findings, err := w.Once(ctx)  // or each probe once
//
// The probes are those of the packages beside it: the backlog of sync logs, the
// sync processes, what instances use, and mail logs, which are followed all the
// time. Copies are compared in their own time, a share of the users at each
// interval, and a probe looks at what is known of them. What they need of each other goes through Watch: the clients that one
// has seen, the round trips that another has measured. A probe that cannot do
// its work is a finding itself.
package watch
