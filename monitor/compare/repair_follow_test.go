package compare_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/compare"
)

// owner chooses one user or shared tree.
func owner(name string) func([]cyrus.Owner) ([]cyrus.Owner, error) {
	return func(all []cyrus.Owner) ([]cyrus.Owner, error) {
		return slices.DeleteFunc(all, func(o cyrus.Owner) bool { return o.Name != name }), nil
	}
}

// follow does what is printed of an owner, as often as it says to compare again, and
// again where the first commands have not helped.
func (r *rig) follow(choose func([]cyrus.Owner) ([]cyrus.Owner, error), dir string, said *string) {
	r.t.Helper()
	r.followFrom(compare.Options{Choose: choose}, dir, said)
}

// followFrom does the same, and looks as these options say at first.
func (r *rig) followFrom(o compare.Options, dir string, said *string) {
	r.t.Helper()
	if o.Level == "" {
		o.Level = "2"
	}
	if o.Level == monitor.CompareSpool {
		o.Sample, o.Save = 1, filepath.Join(dir, "saved")
	}
	for range 4 {
		found := r.compare(o)
		var steps []monitor.RepairStep
		for _, d := range found.Differences {
			*said += fmt.Sprintf("%s; %s\n", d.Text, d.Warning)
			if d.Repair == nil {
				continue
			}
			if steps == nil {
				steps = d.Repair
			} else if !slices.Equal(steps, d.Repair) {
				r.t.Errorf("two repairs of one user: %+v, %+v", steps, d.Repair)
			}
		}
		if len(steps) == 0 {
			return
		}
		failed, again := r.paste(dir, steps)
		if !again && (!failed || o.Save != "") {
			return
		}
		r.t.Logf("looks closely: %t %t", failed, again)
		o.Level, o.Sample, o.Save = "4", 1, filepath.Join(dir, "saved")
	}
	r.t.Errorf("what is printed does not come to an end: %s", *said)
}

// paste runs commands in a shell, and reports whether one failed and whether one was to
// compare again.
func (r *rig) paste(dir string, steps []monitor.RepairStep) (failed, again bool) {
	r.t.Helper()
	for _, step := range steps {
		brings := strings.HasPrefix(string(step.Command), "python3 ")
		if step.Server == "" && !brings {
			if !strings.HasPrefix(string(step.Command), "interlace compare ") || !strings.Contains(string(step.Command), " --save ") {
				r.t.Errorf("to look again: %s", step.Command)
			}
			again = true
			continue
		}
		out, err := r.shell(dir, step.Command)
		r.t.Logf("%s: %s: %v %s", step.Server, step.Command, err, out)
		if failed = failed || err != nil; brings {
			var over []string
			if r.channel != "" {
				over = []string{"-n", r.channel}
			}
			how := []string{"-r", "-1"} // as the rolling client does with what has come back
			if _, words, flags := strings.Cut(string(step.Command), "+FLAGS.SILENT"); flags {
				_, words, _ = strings.Cut(words, " "+cyrustest.AdminUser+" ")
				how = []string{"-u", strings.Fields(words)[0]} // and leaves what was done to others
			}
			r.sync(append(over, how...)...)
		}
	}
	return failed, again
}

// expire has the replica remove what was deleted there, and fails where replication stops at that.
func (r *rig) expire() {
	r.t.Helper()
	r.tool(r.replica, "cyr_expire", "-D", "0s")
	r.sync("-r", "-1")
	if left, err := os.ReadDir(filepath.Join(r.master.Dir, "conf/sync")); err != nil || slices.ContainsFunc(left, func(e os.DirEntry) bool { return e.Name() == "log-run" }) {
		r.t.Errorf("replication stops: %v %v", left, err)
	}
}

// shell pastes a command, and types the administrator's password if it asks for that.
func (r *rig) shell(dir string, command inventory.Text) ([]byte, error) {
	shell := exec.CommandContext(within(r.t, time.Minute), "sh", "-c", string(command))
	shell.Dir = dir
	shell.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // without a terminal it is read from here
	shell.Stdin = strings.NewReader(r.fleet.Password + "\n")
	shell.Env = append(os.Environ(), "PATH=/usr/lib/cyrus/bin:/usr/sbin:/usr/bin:/sbin:/bin")
	return shell.CombinedOutput()
}

var subject = regexp.MustCompile(`^Subject: (.*)$`)

// holdings are the messages that a side holds of a user, by mailbox and subject, and where
// some are flagged.
func (r *rig) holdings(user string, in *cyrustest.Instance) map[string]bool {
	return r.holdingsOf(user, "INBOX*", in)
}

// holdingsOf are those in the mailboxes of a pattern that a user sees.
func (r *rig) holdingsOf(user, pattern string, in *cyrustest.Instance) map[string]bool {
	r.t.Helper()
	found := map[string]bool{}
	conn, err := in.DialAs(context.Background(), user)
	if err != nil {
		r.t.Fatal(err)
	}
	defer conn.Close()
	lines, err := conn.Do(`LIST "" "` + pattern + `"`)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, line := range lines {
		name := line[strings.LastIndex(line, " ")+1:]
		if _, err := conn.Do("EXAMINE " + name); err != nil {
			continue // one that is damaged
		}
		answer, err := conn.Do("UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
		if err != nil {
			r.t.Fatal(err)
		}
		for _, line := range strings.Split(strings.Join(answer, "\n"), "\n") {
			if m := subject.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
				found[name+": "+m[1]] = true
			}
			if strings.Contains(line, `\Flagged`) {
				found[name+`: \Flagged`] = true
			}
		}
	}
	return found
}

// copyFiles copies files of a mailbox from one side to the other.
func (r *rig) copyFiles(from, at *cyrustest.Instance, mailbox, pattern string) {
	r.t.Helper()
	r.copyBetween(from, mailbox, at, mailbox, pattern)
}

// copyBetween copies files from a mailbox of one side to one of the other.
func (r *rig) copyBetween(from *cyrustest.Instance, source string, at *cyrustest.Instance, mailbox, pattern string) {
	r.t.Helper()
	files, err := filepath.Glob(filepath.Join(r.directory(from, source), pattern))
	if err != nil || len(files) == 0 {
		r.t.Fatal(files, err)
	}
	to := r.directory(at, mailbox)
	out, err := exec.CommandContext(within(r.t, time.Minute), "cp", append([]string{"-p", "-t", to}, files...)...).CombinedOutput()
	if err != nil {
		r.t.Fatal(string(out), err)
	}
}

// contents joins all files below a directory.
func contents(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
