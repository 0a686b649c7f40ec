package apply_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/monitor/apply"
	"github.com/interlacemail/interlace/monitor/course"
	"github.com/interlacemail/interlace/planner"
)

// A sync log that was there before the old master was started as a replica is nobody's who
// writes to it now; one that grows since is. That nobody works one off is said at the check.
func TestPromotionBesideOldLog(t *testing.T) {
	t.Parallel()
	op := newOperator(t)
	people(t, op.on("m"))
	sync := filepath.Join(op.on("m").Dir, "conf", "sync")
	put := func(file string) {
		must(t, os.MkdirAll(filepath.Dir(file), 0o755))
		must(t, os.WriteFile(file, []byte("USER anna\n"), 0o644))
		long := time.Now().Add(-time.Hour)
		must(t, os.Chtimes(file, long, long))
	}
	put(filepath.Join(sync, "former", "log"))
	j := op.must(t, alteration(planner.Promote, "r", "m", 2), after(apply.ActPromote, func() { put(filepath.Join(sync, "log")) }))
	if want := "nobody works off the sync log " + filepath.Join(sync, "former", "log") + " on m"; !strings.Contains(j.String(), want) {
		t.Errorf("%s is not said: %v", want, j)
	}
	op.check(t, "master r, replica m")
	must(t, os.Remove(filepath.Join(sync, "log")))

	back := &journal{left: -1}
	outcome, _, err := op.carry(t, alteration(planner.Promote, "m", "r", 2), back, after(apply.ActStart, func() {
		time.Sleep(2500 * time.Millisecond)
		talk(t, op.on("r"), "anna", "SUBSCRIBE INBOX")
	}))
	file := filepath.Join(op.on("r").Dir, "conf", "sync", "log")
	if outcome != course.Stuck || err == nil || !strings.Contains(err.Error(), "somebody writes to the replica on r, the master until now: since it was started as a replica it has logged changes in "+file) {
		t.Errorf("%s, %v\n%v", outcome, err, back)
	}
}
