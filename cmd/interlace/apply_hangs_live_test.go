package main_test

import (
	"strings"
	"testing"
	"time"
)

// A routing hook that hangs, with its work done or not, keeps nobody out for longer than
// max_denied allows.
func TestApplyWithHangingHook(t *testing.T) {
	t.Parallel()
	for name, work := range map[string]string{"idle": "", "done": "while IFS=, read -r user from to; do sed -i \"s/^$user,.*/$user,$to/\" routing; done <$1\n"} {
		t.Run(name, func(t *testing.T) {
			m := newMoving(t, "anna", "ben")
			const most = 40 * time.Second // of which 5 are left on the way back where the hook hangs there, too
			m.configure("max_denied: " + most.String() + "\nrouting_hook: [/bin/sh, hook, \"{file}\"]\n")
			m.put("hook", work+"sleep 600\n")
			a, stderr := m.apply(1, "users.json", "--yes")
			if u := a.Units[0]; u.State != "back" || u.Denied == nil || *u.Denied > most.Seconds() || u.Out != "" || strings.Count(stderr, "routing did not end within") != 1 {
				t.Errorf("%+v, %s", a, stderr)
			} else {
				t.Logf("they were kept out for %.1f s of %v", *u.Denied, most)
			}
			m.allServed("s1")
			m.must(m.fleet.Settle(t.Context()))
		})
	}
}
