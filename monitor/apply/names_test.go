package apply_test

import (
	"os"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/monitor/course"
)

// Names that a shell, a program or a protocol would take for something else move like all
// others, or are refused before anything is done.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		settings cyrustest.Settings
		users    []string
		domain   string
	}{
		{"dots separate", cyrustest.Settings{}, []string{"$(touch x)", "o'brien", "a&b|c", "x%y", "group_a"}, ""},
		{"slashes separate", cyrustest.Settings{UnixHierarchySep: true, AltNamespace: true}, []string{"jane.doe", "$(touch x)", "a b"}, ""},
		{"domains", cyrustest.Settings{UnixHierarchySep: true, VirtDomains: "userid"}, []string{"jane.doe", "o'brien"}, "@example.org"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, 2, c.settings)
			dot := "."
			if c.settings.UnixHierarchySep {
				dot = "/"
			}
			var taken []string
			if soak() && c.domain == "" {
				c.users = append(c.users, "*") // as whom nobody can log in, which takes Cyrus seconds to say
			}
			for _, user := range c.users {
				err := r.Stores[0].Master().Fill(t.Context(), []cyrustest.Mailbox{
					{Name: "user" + dot + user + c.domain, Messages: 1}, {Name: "user" + dot + user + dot + "Entw&APw-rfe $(x)" + c.domain, Messages: 2},
				})
				if err != nil {
					t.Logf("Cyrus has no user %s: %v", user, err)
					continue
				}
				taken = append(taken, user+c.domain)
			}
			j := &journal{left: -1}
			o := r.options(j)
			u := unit("all", "s1", "s2", taken...)
			if outcome, err := o.Carry(t.Context(), u, false); outcome != course.Moved {
				t.Fatalf("%s, %v\n%v", outcome, err, j)
			}
			for _, user := range taken {
				if user != "*" {
					r.look(t, user, 0, 1)
				}
			}
			if outcome, err := later(o).Carry(t.Context(), u, false); outcome != course.Finished {
				t.Fatalf("%s, %v\n%v", outcome, err, j)
			}
			if _, err := os.Stat("x"); err == nil {
				t.Error("a name was carried out")
			}
		})
	}
}

// Names that can't be protected, and those of nobody, are refused.
func TestRefusedNames(t *testing.T) {
	t.Parallel()
	r := newRig(t, 2, cyrustest.Settings{})
	must(t, r.Stores[0].Master().Fill(t.Context(), []cyrustest.Mailbox{{Name: "user.-A"}}))
	o := r.options(&journal{left: -1})
	_, err := o.Check(t.Context(), unit("all", "s1", "s2", "-A", "a;touch x", "new\nline", "left\u202eright"))
	for _, want := range []string{"user -A has a name that programs take for an option", "user a;touch x is not on", "control characters", "can't be quoted"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nlacks %q", err, want)
		}
	}
}
