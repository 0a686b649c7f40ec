package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// KeptComparison is what is known when a comparison has ended and is kept.
type KeptComparison struct {
	Run      int64    `json:"run"`
	Ended    bool     `json:"ended"`           // false: --resume goes on with it
	Before   int      `json:"compared_before"` // users of the run, before it was broken off
	BeforeIn Outcomes `json:"before"`          // what was found of them
	Waiting  int      `json:"not_due"`
	Left     int      `json:"not_in_time"`
	Trees    struct { // that are among these two
		Waiting, Left int
	} `json:"-"`
	Copies CopyStanding `json:"all"`
	Oldest *Waiting     `json:"oldest"` // who was not compared for longest
}

// CopyStanding is what is known of the users of one copy or, each counted once, of all.
type CopyStanding struct {
	Store     inventory.StoreID    `json:"store"`
	Server    inventory.ServerID   `json:"server"`
	Level     monitor.CompareLevel `json:"level"`
	Users     int                  `json:"users"` // and shared trees
	Identical int                  `json:"identical"`
	Different int                  `json:"different"`
	Unknown   int                  `json:"unknown"`
	Never     int                  `json:"never"`
	Complete  int                  `json:"complete"` // of whom all that the level looks at was compared the last time
	Last      inventory.Text       `json:"last"`
	Since     inventory.Text       `json:"all_since"`    // null: not all were ever compared
	Whole     inventory.Text       `json:"whole_since"`  // null: not all were ever compared in everything
	Trees     int                  `json:"shared_trees"` // that are among the users
}

// StandingOf returns the form for people and machines.
func StandingOf(s *monitor.CopyStanding) CopyStanding {
	return CopyStanding{
		Store: s.Store, Server: s.Server, Level: s.Level, Users: s.Owners, Identical: s.Identical, Different: s.Different, Unknown: s.Unknown, Never: s.Never, Complete: s.Complete,
		Trees: s.Trees,
		Last:  monitor.Time(s.Last), Since: monitor.Time(s.Since), Whole: monitor.Time(s.Whole),
	}
}

// Waiting is a user or shared tree that waits to be compared again.
type Waiting struct {
	Store  inventory.StoreID  `json:"store"`
	Server inventory.ServerID `json:"server"`
	User   string             `json:"user"`   // or shared tree
	Shared bool               `json:"shared"` // it is a shared tree
	Never  bool               `json:"never"`
	Since  inventory.Text     `json:"since"` // the last comparison, or since when it waits for the first
	at     time.Time
}

// WaitingSince returns who waits since a time.
func WaitingSince(c monitor.Copy, owner string, shared, never bool, since time.Time) Waiting {
	return Waiting{Store: c.Store, Server: c.Server, User: owner, Shared: shared, Never: never, Since: monitor.Time(since), at: since}
}

// At returns the time of Since.
func (w *Waiting) At() time.Time { return w.at }

// lines say what a comparison has done beside what it found now, and what is known of
// all users by then.
func (k *KeptComparison) lines() Lines {
	var lines Lines
	if k == nil {
		return nil
	}
	if k.Before > 0 {
		lines.add("%s compared before, when this was broken off: %s", were(k.Before, k.BeforeIn.Trees), strings.Join(k.BeforeIn.parts(), " · "))
	}
	if k.Waiting > 0 {
		lines.add("it is not the turn of %s", holders(k.Waiting, k.Trees.Waiting))
	}
	if k.Left > 0 {
		text := fmt.Sprintf("%s not reached", were(k.Left, k.Trees.Left))
		if !k.Ended {
			text += ": --resume goes on with them"
		}
		lines = append(lines, Line{text, Soon})
	}
	switch c := &k.Copies; {
	case c.Users == 0:
	case c.Never > 0:
		text := allWere(c.Users, c.Trees) + " never"
		if c.Users > 1 {
			text = fmt.Sprintf("of all %s %s never", holders(c.Users, c.Trees), things(c.Never, "was", "were"))
		}
		lines = append(lines, Line{fmt.Sprintf("%s compared at level %s or more closely", text, c.Level), Soon})
	case c.Complete == c.Users:
		lines.add("%s completely compared at %s or later", allWere(c.Users, c.Trees), minute(c.Whole))
	default:
		text := fmt.Sprintf("%s compared at %s or later, %s of them completely", allWere(c.Users, c.Trees), minute(c.Since), inventory.CountText(c.Complete))
		if c.Whole != "" {
			text += ", the others last at " + minute(c.Whole) + " or later"
		}
		lines = append(lines, Line{Words: text})
	}
	if w := k.Oldest; w != nil && (k.Waiting > 0 || k.Left > 0) {
		when := "last compared " + minute(w.Since)
		if w.Never {
			when = "never compared"
		}
		lines.add("longest ago: %s of %s on %s, %s", w.User, w.Store, w.Server, when)
	}
	return lines
}

// were begins a sentence on some users and shared trees.
func were(all, trees int) string { return holders(all, trees) + verb(all, " was", " were") }

// allWere begins a sentence on all users and shared trees.
func allWere(all, trees int) string { return verb(all, "the ", "all ") + were(all, trees) }
