package report

import (
	"strings"
	"testing"
)

// Who is moved back is back, and who could not be is not, whether or not anything was done about
// it in this run.
func TestAppliedBack(t *testing.T) {
	a := &Applied{Doing: true, Units: []AppliedUnit{
		{Unit: "anna to s2, back to s1", State: "moved", Back: true},
		{Unit: "ben to s2, back to s1", State: "back", Step: "check", Back: true},
		{Unit: "carl to s2, back to s1", State: "back", Back: true, Idle: true},
		{Unit: "dora to s2", State: "back"},
	}}
	var got strings.Builder
	if err := a.Screen().Text(&got, Style{Width: 100}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"2 units are back\n1 unit is not back\n", "about the others: 1 unit is not back\n"} {
		if !strings.Contains(got.String(), want) {
			t.Errorf("it lacks %q: %s", want, got.String())
		}
	}
	for line := range strings.Lines(got.String()) {
		if strings.HasPrefix(line, "ben") && !strings.Contains(line, "not back") {
			t.Errorf("the table says %s", line)
		}
	}
}
