package main

import (
	"reflect"
	"testing"
	"time"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/monitor"
)

// TestTelling: an alert is told when a message about it was sent, not when that
// was made.
func TestTelling(t *testing.T) {
	at := func(minute int) time.Time { return filled.Add(time.Duration(minute) * time.Minute) }
	message := func(route, thread string, made int, sent, dropped time.Time) monitor.Message {
		return monitor.Message{Route: route, Thread: thread, Made: at(made), Sent: sent, Dropped: dropped}
	}
	var never time.Time
	for _, test := range []struct {
		name     string
		messages []monitor.Message
		want     report.Telling
	}{
		{"forgotten", nil, report.Telling{}},
		{"sent", []monitor.Message{message("webhook", "imap1", 6, at(9), never)}, report.Telling{At: at(9)}},
		{"waiting", []monitor.Message{message("webhook", "imap1", 6, never, never), message("webhook", "imap1", 12, never, never)}, report.Telling{Waiting: []string{"webhook"}, Since: at(6)}},
		{"sent here, waiting there", []monitor.Message{message("webhook", "imap1", 6, at(6), never), message("mail:a@b", "imap1", 6, never, never)}, report.Telling{At: at(6), Waiting: []string{"mail:a@b"}, Since: at(6)}},
		{"only the reminder waits", []monitor.Message{message("webhook", "imap1", 6, at(7), never), message("webhook", "imap1", 60, never, never)}, report.Telling{At: at(7)}},
		{"listed later", []monitor.Message{message("webhook", "imap1", 6, at(7), never), message("webhook", "imap1", 60, at(61), never)}, report.Telling{At: at(7)}},
		{"given up", []monitor.Message{message("webhook", "imap1", 6, never, at(90))}, report.Telling{GivenUp: true}},
		{"given up, then sent", []monitor.Message{message("webhook", "imap1", 6, never, at(90)), message("webhook", "imap1", 95, at(95), never)}, report.Telling{At: at(95)}},
		{"of another server", []monitor.Message{message("webhook", "imap2", 6, at(6), never)}, report.Telling{}},
		{"before it fired", []monitor.Message{message("webhook", "imap1", 4, at(8), never)}, report.Telling{}},
		{"with others", []monitor.Message{message("webhook", "", 60, at(61), never), message("webhook", "", 30, never, never)}, report.Telling{At: at(61)}},
	} {
		a := &monitor.Alert{Stage: monitor.Firing, Began: at(0), Fired: at(5), Told: monitor.Critical}
		got := newOutgoing(test.messages, []monitor.AlertGroup{{Key: "imap1", Told: at(60)}}).of(a, "imap1")
		if !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: got %+v, want %+v", test.name, got, test.want)
		}
	}
}
