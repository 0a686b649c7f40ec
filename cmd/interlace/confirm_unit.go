package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
	"github.com/interlacemail/interlace/monitor/confirm"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/monitor/history"
)

// confirmUnit returns what is asked before what a unit has moved is deleted at its old
// place: it fails where the plan does not keep what it promised of the unit in a fleet as it
// stands, or where that is not known. What was found is kept.
func (a *app) confirmUnit(h *history.History) func(context.Context, *inventory.Inventory, *course.Unit, func(string)) (string, error) {
	names, moved := &confirm.Names{}, movedBefore(h)
	return func(ctx context.Context, inv *inventory.Inventory, u *course.Unit, say func(string)) (string, error) {
		o, err := a.confirmOptions(ctx, inv)
		if err != nil {
			return "", err
		}
		o.Journal, o.Occasion, o.Names = h, monitor.BeforeDeletion, names
		if o.Moved, err = moved(ctx); err != nil {
			return "", err
		}
		o.Reading = func(r compare.Reading) { say(r.String()) }
		if o.Earlier, err = h.Confirmations(ctx, u.Plan); err != nil {
			return "", err
		}
		found, err := confirm.Unit(ctx, u, *o)
		if err != nil {
			return "", err
		}
		found.By, found.Occasion = account(), o.Occasion
		return wasRead(found), errors.Join(h.AddConfirmation(ctx, found), doubted(found))
	}
}

// wasRead says what was read of the copies.
func wasRead(c *monitor.Confirmation) string {
	for i := range c.Promises {
		if p := &c.Promises[i]; p.Name == monitor.PromiseSpool {
			return "before deletion: " + p.Found
		}
	}
	return ""
}

// fewDoubts is how many doubts an error tells of.
const fewDoubts = 3

// doubted is the error of a check that is not met.
func doubted(c *monitor.Confirmation) error {
	if c.Verdict == monitor.Met {
		return nil
	}
	var texts []string
	more := 0
	for i := range c.Promises {
		p := &c.Promises[i]
		for _, d := range p.Doubts {
			if len(texts) == fewDoubts {
				more++
				continue
			}
			about := ""
			if d.User != "" {
				about = inventory.Printable(string(d.User)) + ": "
			}
			if d.Mailbox != "" {
				about += fmt.Sprintf("%s on %s: ", inventory.Printable(string(d.Mailbox)), d.Server)
			}
			next := d.Next
			if d.Command != "" {
				next += ": " + string(d.Command)
			}
			texts = append(texts, fmt.Sprintf("%s is %s (%sexpected: %s; found: %s); next: %s", p.Name, d.Verdict, about, d.Expected, d.Found, next))
		}
	}
	if more > 0 {
		texts = append(texts, fmt.Sprintf("%d more", more))
	}
	return hint(errors.New(strings.Join(texts, "; ")), "interlace confirm --known lists all of it")
}
