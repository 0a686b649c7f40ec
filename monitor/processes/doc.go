// Package processes checks that the sync processes run and finds logs that nobody works on.
//
//	list := instances.On(inv, "imap1")
//	sight := processes.Survey(ctx, list, nil, processes.SurveyOptions{}, time.Now())
//	findings := processes.Check(list, []processes.Sight{earlier, sight}, processes.Options{})
//
// [Survey] looks and [Check] judges what was seen, given what was seen before:
// most faults show only in the course of two looks. [Recover] works a log off
// that was left behind, where that is allowed and certain to be right.
//
// Cyrus 3.x works on one file, log-run, which the client has open while it does.
// Cyrus 2.3 worked on log-PID, where PID is the parent of the worker: the next
// parent has another number and never touches that file again.
package processes
