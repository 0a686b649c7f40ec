package report

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Watched is the screen of what the probes of a server found at once.
func Watched(server inventory.ServerID, found []monitor.Finding) *Screen {
	return findings("all probes of "+string(server), found)
}

// ReadLog is the screen of what was found in a log.
func ReadLog(path string, found []monitor.Finding) *Screen {
	return findings("lines of "+inventory.Printable(path), found)
}

func findings(of string, found []monitor.Finding) *Screen {
	s := &Screen{}
	if len(found) == 0 {
		s.add(Lines{{Words: of + ": nothing found", Tone: Good}})
		return s
	}
	s.add(Lines{{Words: of + ": " + things(len(found), "finding", "findings"), Tone: Broken}})
	worst := slices.Clone(found)
	slices.SortStableFunc(worst, func(a, b monitor.Finding) int {
		return cmp.Or(cmp.Compare(b.Severity.Rank(), a.Severity.Rank()), cmp.Compare(a.Store, b.Store))
	})
	s.add(WatchFindings(worst))
	return s
}

// WatchFindings is the table of findings.
func WatchFindings(found []monitor.Finding) *Table {
	return &Table{
		Columns: []Column{
			left("severity", "severity", 0), left("what", "kind", 0), left("store", "store", 0), left("channel", "channel", 2),
			hidden("server"), hidden("probe"), hidden("subject"), left("since", "", 1), hidden("since"), hidden("since_by"), hidden("value"), beneath(""), beneath("text"), beneath("said"), command(),
		},
		Rows: rowsOf(found, func(f monitor.Finding) []Cell {
			return []Cell{
				severityCell(f.Severity), words(string(f.Kind)), words(string(f.Store)), words(string(f.Channel)),
				words(string(f.Server)), words(string(f.Probe)), words(string(f.Subject)), words(string(cmp.Or(f.SinceBy, f.Since))), words(string(f.Since)), words(string(f.SinceBy)), number(Quantity, f.Value),
				began(&f), words(f.Text), saidCell(f.Said), pastable(f.Command),
			}
		}),
	}
}

// Recovered is the screen of what was done to the sync logs of a store on a server.
func Recovered(store inventory.StoreID, server inventory.ServerID, done []monitor.Action) *Screen {
	s := &Screen{}
	if len(done) == 0 {
		s.add(Lines{{Words: fmt.Sprintf("nothing lies in the sync logs of %s on %s", store, server), Tone: Good}})
		return s
	}
	s.add(Actions(done))
	return s
}

// began says when what was found began, where that is not one time.
func began(f *monitor.Finding) Cell {
	if f.SinceBy == "" {
		return Nothing
	}
	return words("it began " + f.SinceText(time.RFC3339))
}

// Actions is the table of what was done to mail servers, or tried.
func Actions(list []monitor.Action) *Table {
	return &Table{
		Columns: []Column{
			left("store", "store", 0), left("channel", "channel", 2), left("server", "server", 1), left("what", "what", 0), left("outcome", "outcome", 0),
			hidden("at"), hidden("ended"), hidden("by"), command(), beneath("text"),
		},
		Rows: rowsOf(list, func(a monitor.Action) []Cell {
			outcome := words(a.Outcome)
			if a.Outcome != "done" {
				outcome = outcome.in(Broken)
			}
			return []Cell{
				words(string(a.Store)), words(a.Channel), words(string(a.Server)), words(a.What), outcome,
				words(clock(a.At)), words(clock(a.Ended)), words(a.By), pastable(inventory.Paste(a.Command...)), words(a.Text),
			}
		}),
	}
}
