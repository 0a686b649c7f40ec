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
			u, turned := a.Units[0], "(it is taken back since anna to s2: route: routing_hook: /bin/sh: routing did not end within "
			if u.State != "broken" || u.Denied == nil || *u.Denied > most.Seconds() || u.Out != "" || strings.Count(stderr, turned) != 1 || strings.Count(stderr, "routing did not end within") != 2 ||
				!strings.Contains(u.Why, "users anna, ben are let in where they were; their copies on s2 stay for now") {
				t.Errorf("%+v, %s", a, stderr)
			} else {
				t.Logf("they were kept out for %.1f s of %v", *u.Denied, most)
			}
			m.allServed("s1")
			m.must(m.fleet.Settle(t.Context()))
		})
	}
}
