package alert

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

var fields = []string{"kind", "severity", "server", "store", "channel", "subject"}

// ParseMatchers reads matchers such as server=imap3, store!=s0* or kind=backlog.
func ParseMatchers(words []string) ([]monitor.Matcher, error) {
	var list []monitor.Matcher
	var mistakes []error
	for _, word := range words {
		name, value, found := strings.Cut(word, "=")
		name, not := strings.CutSuffix(name, "!")
		if _, known := field(&monitor.Finding{}, name); !found || !known {
			mistakes = append(mistakes, fmt.Errorf("%s: a matcher is FIELD=VALUE or FIELD!=VALUE, where * in VALUE stands for any text and FIELD is one of %s",
				inventory.Quoted(word), strings.Join(fields, ", ")))
			continue
		}
		list = append(list, monitor.Matcher{Field: name, Value: value, Not: not})
	}
	return list, errors.Join(mistakes...)
}

// CheckSilence lists what a silence lacks: each says who keeps what quiet, why,
// and until when.
func CheckSilence(s *monitor.Silence, now time.Time) error {
	var mistakes []error
	if len(s.Matchers) == 0 {
		mistakes = append(mistakes, errors.New("a silence without a matcher would silence everything; server=* does, if that is meant"))
	}
	for _, m := range s.Matchers {
		if _, known := field(&monitor.Finding{}, m.Field); !known {
			mistakes = append(mistakes, fmt.Errorf("%s is no field of a finding; there are %s", inventory.Quoted(m.Field), strings.Join(fields, ", ")))
		}
	}
	if strings.TrimSpace(s.Author) == "" {
		mistakes = append(mistakes, errors.New("a silence needs an author"))
	}
	if strings.TrimSpace(s.Comment) == "" {
		mistakes = append(mistakes, errors.New("a silence needs a comment that says why"))
	}
	if !s.Until.After(now) || !s.Until.After(s.From) {
		mistakes = append(mistakes, errors.New("a silence must end, and in the future"))
	}
	return errors.Join(mistakes...)
}

// Silenced returns the alerts that a silence keeps quiet while it is in force.
func Silenced(s *monitor.Silence, alerts []monitor.Alert, opts Options) []monitor.Alert {
	var list []monitor.Alert
	for i := range alerts {
		if opts.matches(s, &alerts[i].Finding) {
			list = append(list, alerts[i])
		}
	}
	return list
}

// SilencedBy returns the first of the silences in force that keeps an alert
// quiet, or nil.
func SilencedBy(a *monitor.Alert, silences []monitor.Silence, now time.Time, opts Options) *monitor.Silence {
	for i := range silences {
		if s := &silences[i]; inForce(s, now) && opts.matches(s, &a.Finding) {
			return s
		}
	}
	return nil
}

// matches reports whether all matchers of a silence match. That a replica is not
// reached concerns the server of the replica as much as that of its master: who
// works on either silences that.
func (o *Options) matches(s *monitor.Silence, f *monitor.Finding) bool {
	for _, m := range s.Matchers {
		value, known := field(f, m.Field)
		hit := Like(value, m.Value)
		if m.Field == "server" && fromAfar(f) {
			hit = hit || Like(string(o.peer(f)), m.Value)
		}
		if !known || hit == m.Not {
			return false
		}
	}
	return len(s.Matchers) > 0
}

func inForce(s *monitor.Silence, now time.Time) bool {
	return !now.Before(s.From) && now.Before(s.Until)
}

func field(f *monitor.Finding, name string) (value string, known bool) {
	switch name {
	case "kind":
		return string(f.Kind), true
	case "severity":
		return string(f.Severity), true
	case "server":
		return string(f.Server), true
	case "store":
		return string(f.Store), true
	case "channel":
		return string(f.Channel), true
	case "subject":
		return string(f.Subject), true
	}
	return "", false
}

// Like compares a text with the value of a matcher, in which * stands for any text.
func Like(text, pattern string) bool {
	first, rest, star := strings.Cut(pattern, "*")
	if !star {
		return text == pattern
	}
	text, found := strings.CutPrefix(text, first)
	parts := strings.Split(rest, "*")
	for _, part := range parts[:len(parts)-1] {
		var here bool
		_, text, here = strings.Cut(text, part)
		found = found && here
	}
	return found && strings.HasSuffix(text, parts[len(parts)-1])
}
