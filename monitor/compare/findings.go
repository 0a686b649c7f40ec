package compare

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Watched is what is compared from one server, in turn.
type Watched struct {
	Server inventory.ServerID // of the masters
	Copies []monitor.Copy     // all copies of the masters there
	Level  monitor.CompareLevel
	Pace   Pace
	Since  map[monitor.Copy]time.Time // since when they are to be compared, as far as known
}

// Findings makes findings of what is known of the copies: one for each on which
// something is known to differ, and one for each that waited for too long to be
// compared, or of which users did.
func (w *Watched) Findings(states []monitor.CopyState, open []monitor.KeptDifference, now time.Time) []monitor.Finding {
	byCopy := map[monitor.Copy][]monitor.KeptDifference{}
	for _, d := range open {
		if d.Gone.IsZero() && d.Certainty == monitor.Confirmed {
			byCopy[d.Copy] = append(byCopy[d.Copy], d)
		}
	}
	past := NewPast(states, open, nil)
	owners := past.Owners()
	var found []monitor.Finding
	for _, c := range w.Copies {
		if list := byCopy[c]; len(list) > 0 {
			found = append(found, differs(w.Server, c, list))
		}
		if late := w.Pace.Overdue(past.Turns(c, w.Level, owners[c], now), now); len(late) > 0 {
			found = append(found, overdue(w.Server, c, late, w.Level))
		}
		if since, known := w.Since[c]; known && len(owners[c]) == 0 && w.Pace.late(since, now) {
			found = append(found, neverCompared(w.Server, c, since))
		}
	}
	slices.SortFunc(found, func(a, b monitor.Finding) int {
		return cmp.Or(cmp.Compare(a.Store, b.Store), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Kind, b.Kind))
	})
	return found
}

// neverCompared tells of a copy with which no comparison has come to an end. One that was seen
// to be empty is to be compared from then on.
func neverCompared(master inventory.ServerID, c monitor.Copy, since time.Time) monitor.Finding {
	f := finding(master, c, monitor.CompareOverdue)
	f.Since = monitor.Time(since)
	f.Text = fmt.Sprintf("%s was never compared with its copy on %s, which is to be compared since %s: it is down, does not answer, or always has changes on their way",
		c.Store, c.Server, since.UTC().Format(time.RFC3339))
	f.Command = inventory.Paste("interlace", "compare", "--store", string(c.Store))
	return f
}

func finding(master inventory.ServerID, c monitor.Copy, kind monitor.Kind) monitor.Finding {
	return monitor.Finding{
		Probe: monitor.ProbeCompare, Kind: kind, Severity: monitor.Warning,
		Server: inventory.Text(master), Store: inventory.Text(c.Store), Subject: inventory.Text(c.Server),
	}
}

// fewNamed is how many users a finding names.
const fewNamed = 5

// differs tells of the differences of one copy.
func differs(master inventory.ServerID, c monitor.Copy, list []monitor.KeptDifference) monitor.Finding {
	f := finding(master, c, monitor.CopyDiffers)
	// What can be lost comes first.
	slices.SortStableFunc(list, func(a, b monitor.KeptDifference) int {
		return cmp.Or(map[bool]int{true: -1, false: 0}[a.OneSided()]-map[bool]int{true: -1, false: 0}[b.OneSided()], cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Number, b.Number))
	})
	if list[0].OneSided() {
		f.Severity = monitor.Critical
	}
	var names, texts []string
	since := list[0].First
	for i := range list {
		d := &list[i]
		if d.First.Before(since) {
			since = d.First
		}
		if slices.Contains(names, d.Owner) {
			continue
		}
		if names = append(names, d.Owner); len(names) <= fewNamed {
			texts = append(texts, fmt.Sprintf("%s (%s)", inventory.Printable(d.Owner), d.Text))
		}
	}
	if n := len(names) - fewNamed; n > 0 {
		texts = append(texts, inventory.Counted(n, "other", "others"))
	}
	f.Since, f.Value = monitor.Time(since), inventory.Known(float64(len(names)))
	f.Text = fmt.Sprintf("the copy of %s on %s is not like the master: %s; interlace compare --known prints what repairs each", c.Store, c.Server, strings.Join(texts, ", "))
	f.Command = repairOn(master, c, list)
	return f
}

// repairOn returns the command that repairs all differences, if it is one and is to
// be run on the master's server, where the finding says to run it; else the one that
// prints all repairs, each with its server. A repair on the replica would destroy the
// master's copy if it were run there.
func repairOn(master inventory.ServerID, c monitor.Copy, list []monitor.KeptDifference) inventory.Text {
	show := inventory.Paste("interlace", "compare", "--known", "--store", string(c.Store))
	first := list[0].Repair
	for i := range list {
		steps := list[i].Repair
		if len(steps) != 1 || steps[0].Server != master || steps[0].Command == "" || steps[0].Command != first[0].Command || list[i].Warning != "" {
			return show
		}
	}
	return first[0].Command
}

// overdue tells of users who were not compared for too long.
func overdue(master inventory.ServerID, c monitor.Copy, late []Turn, level monitor.CompareLevel) monitor.Finding {
	f := finding(master, c, monitor.CompareOverdue)
	f.Since, f.Value = monitor.Time(late[0].Last), inventory.Known(float64(len(late)))
	was := "last compared"
	if !late[0].Compared {
		was = "never compared, and known since"
	}
	f.Text = fmt.Sprintf("%s of %s have waited for too long to be compared with the copy on %s at level %s, longest of all %s, %s %s",
		inventory.Counted(len(late), "user", "users"), c.Store, c.Server, level, inventory.Printable(late[0].Owner.Name), was, late[0].Last.UTC().Format(time.RFC3339))
	f.Command = inventory.Paste("interlace", "compare", "--known", "--store", string(c.Store))
	return f
}
