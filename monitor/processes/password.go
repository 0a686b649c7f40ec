package processes

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// Private is a configuration with the password of the account of sync, which an apply
// writes beside an instance and removes when it has copied something.
type Private struct {
	Path    string
	Written time.Time
	Used    bool // a program of that apply runs
}

// privates returns those in the configdirectory of an instance.
func privates(dir string) []Private {
	var all []Private
	for _, info := range filesIn(dir) { // what is wrong with the directory is told elsewhere
		unit, conf := strings.CutSuffix(info.Name(), ".conf")
		if !conf || !strings.HasPrefix(unit, "interlace-") || len(all) == mostLeft {
			continue
		}
		all = append(all, Private{filepath.Join(dir, info.Name()), info.ModTime(), locked(filepath.Join(dir, unit+".lock"))})
	}
	return all
}

// locked reports whether somebody holds the lock of a file, or may.
func locked(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return !os.IsNotExist(err)
	}
	defer f.Close() // which ends the lock
	return syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) != nil
}

// copied is how old such a file is at least that is taken for one that was left: between
// two programs of an apply nobody uses it for a moment.
const copied = 10 * time.Minute

// passwords reports private configurations that an apply which was killed has left.
func (c *check) passwords() {
	for _, p := range c.now.Private[c.in.Dir] {
		if p.Used || c.now.At.Sub(p.Written) < copied || c.used(p.Path) {
			continue
		}
		c.report(monitor.PasswordLeft, monitor.Warning, nil, monitor.Finding{
			Subject: inventory.Text(p.Path), Since: monitor.Time(p.Written), Command: inventory.Paste("rm", "--", p.Path),
			Text: fmt.Sprintf("%q holds the password of sync, and was left by an apply that was killed: interlace apply --resume --yes removes it; if no apply runs, do so here", p.Path),
		})
	}
}

// used reports whether the file was in use at the look before.
func (c *check) used(path string) bool {
	if len(c.before) == 0 {
		return false
	}
	for _, p := range c.before[len(c.before)-1].Private[c.in.Dir] {
		if p.Path == path {
			return p.Used
		}
	}
	return false
}
