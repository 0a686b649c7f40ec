package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Silences is the table of silences, with when those begin that are to come.
func Silences(silences []monitor.Silence, now time.Time) *Table {
	t := &Table{Columns: []Column{
		right("#", "number", 0), left("matches", "matchers", 0), left("author", "author", 0), left("comment", "comment", 0),
		hidden("from"), left("from", "", 0).late(1), left("until", "until", 0).late(2),
	}}
	t.Rows = rowsOf(silences, func(s monitor.Silence) []Cell {
		from, matchers := words(clock(s.From)), list(matcherWords(s.Matchers))
		begins := Nothing
		if s.From.After(now) {
			begins = from
		}
		return []Cell{numbered(s.Number), matchers, words(s.Author), words(s.Comment), from, begins, words(clock(s.Until))}
	})
	return t
}

// SilenceList is the screen of the silences in force and to come.
func SilenceList(silences []monitor.Silence, now time.Time) *Screen {
	s := &Screen{}
	if len(silences) == 0 {
		s.add(Lines{{Words: "nothing is silenced"}})
		return s
	}
	s.add(Silences(silences, now))
	return s
}

// matcherWords returns matchers as they are written on a command line, quoted where
// a shell needs it.
func matcherWords(matchers []monitor.Matcher) []string {
	var list []string
	for _, m := range matchers {
		is := "="
		if m.Not {
			is = "!="
		}
		word := m.Field + is + m.Value
		if string(inventory.Paste(m.Value)) != m.Value && m.Value != "" {
			word = string(inventory.Paste(word))
		}
		if word == "" {
			word = inventory.Quoted(m.Field + is + m.Value)
		}
		list = append(list, word)
	}
	return list
}

// Silenced is the screen of a silence that was just made, and of the alerts that
// it matches.
func Silenced(s *monitor.Silence, quiet []monitor.Alert) *Screen {
	facts := Facts{{"silence", inventory.CountText(s.Number)}, {"matches", strings.Join(matcherWords(s.Matchers), " ")}, {"from", clock(s.From)}, {"until", clock(s.Until)}}
	facts.add("alerts", "%s", someAlerts(quiet))
	facts.add("end", "interlace alerts silence --end %d", s.Number)
	screen := &Screen{}
	screen.add(facts)
	return screen
}

// someAlerts names the first of some alerts: 12 hot_loop on imap3, store s7.
func someAlerts(alerts []monitor.Alert) string {
	if len(alerts) == 0 {
		return "none of those that there are now"
	}
	var names []string
	for i := range alerts[:min(len(alerts), 10)] {
		names = append(names, alertName(&alerts[i]))
	}
	if more := len(alerts) - len(names); more > 0 {
		names = append(names, inventory.CountText(more)+" more")
	}
	return strings.Join(names, "; ")
}

// alertName says which alert it is: 12 hot_loop on imap3, store s7.
func alertName(a *monitor.Alert) string {
	name := fmt.Sprintf("%d %s", a.Number, a.Kind)
	if a.Server != "" {
		name += " on " + string(a.Server)
	}
	if a.Store != "" {
		name += ", store " + string(a.Store)
	}
	return name
}

// Acknowledged is the table of alerts of which somebody takes care now.
func Acknowledged(alerts []monitor.Alert, taken monitor.Acknowledgement) *Table {
	t := &Table{Columns: []Column{
		right("#", "number", 0), left("what", "kind", 0), left("server", "server", 0), left("store", "store", 0),
		left("by", "by", 0), left("before", "by_before", 1), left("comment", "comment", 2),
	}}
	t.Rows = rowsOf(alerts, func(a monitor.Alert) []Cell {
		before := Nothing
		if a.Acknowledged != nil {
			before = words(a.Acknowledged.By)
		}
		return []Cell{numbered(a.Number), words(string(a.Kind)), words(string(a.Server)), words(string(a.Store)), words(taken.By), before, words(taken.Comment)}
	})
	return t
}
