package main_test

import (
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/monitor"
)

// told takes the instances over that apply has told of stores, and returns these.
func (r *resuming) told(stderr string) (stores []string) {
	r.Helper()
	store := ""
	for line := range strings.Lines(stderr) {
		if words := strings.Fields(line); strings.Contains(line, " has these instances ") {
			store = words[2]
			stores, r.instances[store] = append(stores, store), ""
		}
		if strings.HasPrefix(line, "- {") {
			r.instances[store] += "    " + line
		}
	}
	return stores
}

// A run says which instances the stores have whose layout its plans have changed, as all plans
// together have left them, and where the inventory does not say so; one that has nothing to do says it
// of all stores.
func TestInstancesAreTold(t *testing.T) {
	r := newResuming(t)
	r.instances = map[string]string{}
	layout, changes := r.layout("layout.json", "--drain", "server:imap4")
	users, units := r.plan("users.json", "1")
	for _, unit := range changes {
		r.did(layout, unit, true, stepsOf(unit)...)
	}
	says := func(when, want string) {
		t.Helper()
		r.begin(layout)
		_, stderr := r.apply(0, "--resume", "--yes")
		if got := strings.Join(r.told(stderr), " "); got != want {
			t.Errorf("%s it tells the instances of %q, want %q: %s", when, got, want, stderr)
		}
		r.describe("2TB")
		r.program("import", "fleet.yaml")
	}
	says("after the plan", "s3 s4")
	says("when the fleet file says so", "")

	second, changes := r.layout("second.json", "--drain", "server:imap3")
	r.begin(second)
	for _, unit := range changes {
		r.did(second, unit, true, stepsOf(unit)...)
	}
	open, err := r.h.Applies(t.Context(), false)
	r.must(err)
	r.must(r.h.EndApply(t.Context(), open[0].Number, time.Now()))
	before := r.instances["s4"]
	if says("after a later plan", "s3 s4"); !strings.Contains(before, "imap3, role: master") || !strings.Contains(r.instances["s4"], "role: master") || strings.Contains(r.instances["s4"], "imap3") {
		t.Errorf("the plans are others than this test takes them to be, or their order: %s, then %s", before, r.instances["s4"])
	}
	open, err = r.h.Applies(t.Context(), false)
	r.must(err)
	for _, a := range open {
		r.must(r.h.EndApply(t.Context(), a.Number, time.Now()))
	}
	_, stderr := r.apply(0, "--resume")
	if got := strings.Join(r.told(stderr), " "); got != "s2" || !strings.Contains(stderr, "nothing is begun and not done") {
		t.Errorf("when all is done it tells the instances of %q: %s", got, stderr)
	}
	r.describe("2TB")
	r.program("import", "fleet.yaml")
	if _, stderr := r.apply(0, "--resume"); len(r.told(stderr)) > 0 {
		t.Errorf("when all is done and the fleet file says so: %s", stderr)
	}
	says("when the fleet file says that, too", "")

	// What is gone on with is carried out on the instances that there are by now.
	begun := units["s4"][0]
	r.begin(layout, users)
	r.did(users, begun, false, monitor.StepCheck)
	refused := ""
	for _, u := range first(r.apply(1, "--resume")).Units {
		if u.Unit == begun {
			refused = strings.Join(u.Refused, "; ")
		}
	}
	if !strings.Contains(refused, "imap4") || strings.Contains(refused, "imap3") {
		t.Errorf("the instances of s4 are taken to be others: %s", refused)
	}
}
