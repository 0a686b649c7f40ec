package main

import (
	"fmt"
	"slices"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// TestAsTold has watch --once list one fault once, and nothing that was acknowledged
// as it is.
func TestAsTold(t *testing.T) {
	finding := func(probe monitor.Probe, kind monitor.Kind, severity monitor.Severity, channel, mark string) monitor.Finding {
		return monitor.Finding{
			Probe: probe, Kind: kind, Severity: severity, Server: "imap1", Store: "s1", Channel: inventory.Text(channel), Mark: inventory.Text(mark),
			Text: fmt.Sprint(probe, " text"),
		}
	}
	taken := monitor.Alert{
		Finding: finding(monitor.ProbeBacklog, monitor.ReplicaWritten, monitor.Critical, "default", "1:2"), Stage: monitor.Resolved, Acknowledged: &monitor.Acknowledgement{By: "anna"},
	}
	open := taken
	open.Acknowledged, open.Stage = nil, monitor.Firing
	look := finding(monitor.ProbeProcesses, monitor.ReplicaUnreachable, monitor.Warning, "default", "")
	line := finding(monitor.ProbeLogs, monitor.ReplicaUnreachable, monitor.Critical, "", "")
	other := finding(monitor.ProbeLogs, monitor.ReplicaUnreachable, monitor.Critical, "dr", "")
	nowhere := line
	nowhere.Store = ""
	for _, c := range []struct {
		name   string
		found  []monitor.Finding
		alerts []monitor.Alert
		want   []string
	}{
		{"nothing", nil, nil, nil},
		{"a line and a look", []monitor.Finding{line, look}, nil, []string{"processes critical logs text"}},
		{"a line alone", []monitor.Finding{line}, nil, []string{"logs critical "}},
		{"of another channel", []monitor.Finding{other, look}, nil, []string{"logs critical ", "processes warning "}},
		{"of nobody knows which store", []monitor.Finding{nowhere, look}, nil, []string{"logs critical ", "processes warning "}},
		{"acknowledged as it is", []monitor.Finding{taken.Finding, look}, []monitor.Alert{taken}, []string{"processes warning "}},
		{"changed since", []monitor.Finding{finding(monitor.ProbeBacklog, monitor.ReplicaWritten, monitor.Critical, "default", "1:3")}, []monitor.Alert{taken}, []string{"backlog critical "}},
		{"not acknowledged", []monitor.Finding{taken.Finding}, []monitor.Alert{open}, []string{"backlog critical "}},
	} {
		var got []string
		for _, f := range asTold(c.found, c.alerts) {
			got = append(got, fmt.Sprintf("%s %s %s", f.Probe, f.Severity, f.Said))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
