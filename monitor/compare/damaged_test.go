package compare_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
)

// TestAllDamagedFilesAreNamed has more files of either side damaged than a line has room for, in
// no run: all UIDs are told, and with --save their files are listed by their names.
func TestAllDamagedFilesAreNamed(t *testing.T) {
	t.Parallel()
	r := newRig(t, cyrustest.Mailbox{Name: "user.anna", Messages: 450})
	for server, in := range map[inventory.ServerID]*cyrustest.Instance{"imap1": r.master, "imap2": r.replica} {
		var uids []string
		names := ""
		for uid := 1; uid <= 450; uid += 2 {
			remove(r, in, "user.anna", uid)
			uids, names = append(uids, fmt.Sprint(uid)), names+fmt.Sprintf("%d.\n", uid)
		}
		dir := t.TempDir()
		for _, o := range []compare.Options{{}, {Save: dir}} {
			o.Level, o.Sample = monitor.CompareSpool, 1
			found := r.compare(o)
			for _, d := range found.Differences {
				if d.Server != server {
					continue
				}
				if string(d.UIDs) != strings.Join(uids, ",") || !strings.Contains(d.Text, "JSON (-o json) has all UIDs") {
					t.Errorf("of %s: %s: %s", server, d.Text, d.UIDs)
				}
				if says := "s1-" + string(server) + "-user.anna-damaged.txt"; o.Save != "" && !strings.Contains(string(d.Warning), says) {
					t.Errorf("nothing says %s: %s", says, d.Warning)
				}
			}
		}
		list, err := os.ReadFile(filepath.Join(dir, "s1-"+string(server)+"-user.anna-damaged.txt"))
		if err != nil || string(list) != names {
			t.Errorf("of %s are listed: %v %s", server, err, list)
		}
	}
}
