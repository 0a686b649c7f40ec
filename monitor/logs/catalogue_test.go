package logs

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/monitor"
)

// TestCatalogue holds each row against its own example: the row itself is found,
// and its cells are words of the contract.
func TestCatalogue(t *testing.T) {
	c, err := newCatalogue(nil)
	if err != nil {
		t.Fatal(err)
	}
	all, err := known()
	if err != nil {
		t.Fatal(err)
	}
	severities := []monitor.Severity{monitor.Info, monitor.Warning, monitor.Critical}
	for _, p := range all {
		process := "imap"
		if len(p.Processes) > 0 {
			process = p.Processes[0]
		}
		if got := c.find(&Entry{Process: process, Message: p.example}, true); got != p {
			t.Errorf("%q: got %+v", p.example, got)
		}
		if !slices.Contains(severities, p.Severity) || p.Kind == "" || p.Meaning == "" || p.Remedy == "" {
			t.Errorf("%q: the row is not complete", p.Text)
		}
	}
}

// TestCatalogueKnowsTheRig finds a pattern for every line that was seen on real
// Cyrus, of the severity that stands before it.
func TestCatalogueKnowsTheRig(t *testing.T) {
	text, err := os.ReadFile("testdata/rig.txt")
	if err != nil {
		t.Fatal(err)
	}
	c, err := newCatalogue(nil)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		severity, rest, _ := strings.Cut(strings.TrimRight(line, "\n"), " ")
		process, message, _ := strings.Cut(rest, ": ")
		p := c.find(&Entry{Process: process, Message: message}, true)
		if p == nil || string(p.Severity) != severity {
			t.Errorf("%q: got %+v", line, p)
		}
	}
}

func TestOwnPatterns(t *testing.T) {
	c, err := newCatalogue([]Pattern{
		{Text: "login: {who} root", Severity: monitor.Critical, Meaning: "root logged in"},
		{Processes: []string{"smtpd"}, Text: "NOQUEUE", Severity: monitor.Warning},
	})
	if err != nil {
		t.Fatal(err)
	}
	if p := c.find(&Entry{Process: "imap", Message: "login: h [::1] root PLAIN User logged in"}, true); p == nil || p.Severity != monitor.Critical || p.Kind != monitor.LogLine {
		t.Errorf("got %+v", p)
	}
	if p := c.find(&Entry{Process: "smtpd", Message: "NOQUEUE: reject"}, false); p == nil {
		t.Error("a pattern for another program did not match")
	}
	if p := c.find(&Entry{Process: "smtpd", Message: "login: x root"}, false); p != nil {
		t.Errorf("a pattern for Cyrus matched another program: %+v", p)
	}
	for _, wrong := range []Pattern{{Text: ""}, {Text: "{a} {b}"}, {Text: "x {a"}, {Text: "x {a}", By: "b"}} {
		if _, err := newCatalogue([]Pattern{wrong}); err == nil {
			t.Errorf("%+v: no error", wrong)
		}
	}
}
