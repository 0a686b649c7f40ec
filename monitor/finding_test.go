package monitor_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// TestKinds: every kind that there is is listed.
func TestKinds(t *testing.T) {
	source, err := os.ReadFile("finding.go")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`Kind += "([a-z_]+)"`).FindAllSubmatch(source, -1)
	if len(found) < 20 || len(found) != len(monitor.Kinds()) {
		t.Errorf("%d kinds, %d of them listed", len(found), len(monitor.Kinds()))
	}
	for _, kind := range found {
		if !slices.Contains(monitor.Kinds(), monitor.Kind(kind[1])) {
			t.Errorf("%s is not listed", kind[1])
		}
	}
}

// Times say their zone.
func TestMinute(t *testing.T) {
	if got := monitor.Minute(time.Date(2026, 11, 27, 20, 58, 59, 0, time.FixedZone("CET", 3600))); got != "2026-11-27 19:58 UTC" {
		t.Error(got)
	}
}

func TestSinceText(t *testing.T) {
	const a, b = "2026-02-01T08:00:00Z", "2026-02-01T10:10:00+02:00"
	for _, test := range []struct {
		f    monitor.Finding
		want string
	}{
		{monitor.Finding{}, ""},
		{monitor.Finding{Since: a}, "08:00"},
		{monitor.Finding{SinceBy: a}, "08:00 or before"},
		{monitor.Finding{Since: a, SinceBy: b}, "between 08:00 and 08:10"},
		{monitor.Finding{Since: "soon", SinceBy: b}, "08:10 or before"},
		{monitor.Finding{Since: b, SinceBy: a}, "08:00 or before"},
		{monitor.Finding{Since: a, SinceBy: "2026-02-01T08:00:30Z"}, "08:00"},
	} {
		if got := test.f.SinceText("15:04"); got != test.want {
			t.Errorf("%+v: got %q, want %q", test.f, got, test.want)
		}
	}
}

func TestAbout(t *testing.T) {
	for _, test := range []struct {
		f    monitor.Finding
		want string
	}{
		{monitor.Finding{Kind: monitor.LogLine, Subject: "DBERROR: opening {file}: {reason}"}, "DBERROR: opening …: …"},
		{monitor.Finding{Kind: monitor.LogOrphaned, Subject: "/var/{odd}/log-run"}, "/var/{odd}/log-run"},
		{monitor.Finding{Kind: monitor.LogLine, Subject: inventory.Text(strings.Repeat("ä", 80) + "x")}, strings.Repeat("ä", 80) + "…"},
	} {
		if got := test.f.About(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}
