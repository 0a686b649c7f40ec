package main

import (
	"context"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/monitor"
)

// originals are users whose mailboxes apply keeps, denied, on stores from which it has moved
// them. Nobody logs in as them there, so that a comparison cannot, either.
type originals map[holder]report.Original

// originals returns them as the journal has it.
func (a *app) originals(ctx context.Context) (originals, error) {
	found, err := a.whereabouts(ctx)
	kept := originals{}
	for user, w := range found {
		for _, k := range w.Kept {
			o := report.Original{Store: k.Store, User: string(user), MovedTo: w.Store, Until: monitor.Time(k.Since.Add(a.config.KeepSource))}
			kept[holder{store: k.Store, name: o.User}] = o
		}
	}
	return kept, err
}

// denied takes out of what could not be compared what of originals was not since they are
// denied, and returns of whom that is.
func (o originals) denied(all []monitor.Uncompared) (others []monitor.Uncompared, of originals) {
	others, of = []monitor.Uncompared{}, originals{}
	for _, u := range all {
		key := holder{store: u.Store, name: string(u.User)}
		if kept, is := o[key]; is && u.Denied {
			of[key] = kept
		} else {
			others = append(others, u)
		}
	}
	return others, of
}

// has tells whether a state is of an original of which it is not known whether it is the
// same on both sides: that is no flaw of the comparison.
func (o originals) has(s *monitor.CopyState) bool {
	_, is := o[holderOf(s)]
	return is && s.Outcome == monitor.UnknownOutcome
}

func holderOf(s *monitor.CopyState) holder { return holder{s.Store, s.Owner, s.Shared} }

// list returns them in order.
func (o originals) list() []report.Original {
	list := make([]report.Original, 0, len(o))
	for _, kept := range o {
		list = append(list, kept)
	}
	report.SortOriginals(list)
	return list
}
