package processes

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/interlacemail/interlace/inventory"
)

// work runs the command until nothing is left, and says how that ended.
func work(ctx context.Context, job *Job, opts *RecoverOptions, lock *os.File) (outcome, text string) {
	ctx, cancel := context.WithTimeout(ctx, opts.Timeout)
	defer cancel()
	var err error
	var wrote string
	switch {
	case job.File != "":
		wrote, err = workFile(ctx, job, opts, lock)
	case len(opts.Service) > 0:
		if wrote, err = run(ctx, opts.Service, nil); errors.Is(err, exec.ErrWaitDelay) {
			err = nil // it has ended well, and the client that it started has its output
		}
	default:
		wrote, err = workBatches(ctx, job, opts, lock)
	}
	switch ctx.Err() {
	case context.DeadlineExceeded:
		err = fmt.Errorf("it had not ended after %s and was killed; the log is still there", inventory.DurationText(opts.Timeout.Seconds()))
	case context.Canceled:
		return Interrupted, strings.TrimSpace("it was killed since interlace was ended; the log is still there\n" + wrote)
	}
	if err != nil {
		return Failed, strings.TrimSpace(err.Error() + "\n" + wrote)
	}
	return Done, wrote
}

// mostBatches is how many batches are worked off; each takes all that has come
// in during the one before, so a client that runs all the time is what is missing
// where that does not suffice.
const mostBatches = 1000

// workBatches works batches off until neither log is there. Between two of them
// it looks again: somebody may have started a client. A client ends with 0 also
// when the replica refuses something; what tells is that it removes the log-run
// that it has worked off, and that one only.
func workBatches(ctx context.Context, job *Job, opts *RecoverOptions, lock *os.File) (string, error) {
	command := job.command(opts)
	wrote := ""
	for range mostBatches {
		if job.idle(opts) {
			return wrote, nil
		}
		if err := free(job, opts); err != nil {
			return "left the rest to another: " + err.Error(), nil
		}
		var err error
		if wrote, err = run(ctx, command, lock); err != nil {
			return wrote, err
		}
		if exists(job.run()) && free(job, opts) == nil {
			return wrote, fmt.Errorf("%q is still there after the client has ended: something in it can't be replicated, and the lines of sync_client and of the replica's sync_server say which mailbox", job.run())
		}
	}
	return wrote, fmt.Errorf("changes still come in after %d batches", mostBatches)
}

// workFile works a log of Cyrus 2.3 off and removes it. It is removed only if it
// still is what it was: whoever takes it up meanwhile still needs it.
func workFile(ctx context.Context, job *Job, opts *RecoverOptions, lock *os.File) (string, error) {
	root, err := os.OpenRoot(job.Channel.Dir)
	if err != nil {
		return "", err
	}
	defer root.Close()
	name := filepath.Base(job.File)
	before, err := root.Lstat(name)
	if err != nil {
		return "", err
	}
	wrote, err := run(ctx, job.command(opts), lock)
	if err != nil {
		return wrote, err
	}
	after, err := root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return wrote, nil
	}
	if err != nil {
		return wrote, err
	}
	if !os.SameFile(before, after) || before.Size() != after.Size() || !before.ModTime().Equal(after.ModTime()) {
		return wrote, errors.New("the log changed meanwhile and was left where it is")
	}
	return wrote, root.Remove(name)
}

// inForeground is what master has in the environment of its daemons. Without it
// sync_client -r, also with -1, goes into the background, where neither its end nor
// how it ended can be seen.
const inForeground = "CYRUS_ISDAEMON=1"

// run runs a command without a shell, in a process group of its own, which is
// killed when ctx ends. A client is one that holds the lock of its channel, and stays
// in the foreground. What the command wrote, up to 4 KiB, is returned.
func run(ctx context.Context, command []string, lock *os.File) (string, error) {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	out := &beginning{}
	cmd.Stdout, cmd.Stderr = out, out
	if lock != nil {
		cmd.ExtraFiles = []*os.File{lock}
		cmd.Env = append(cmd.Environ(), inForeground)
	}
	if err := cmd.Run(); err != nil {
		return out.text(), fmt.Errorf("%q: %w", command[0], err)
	}
	return out.text(), nil
}

// beginning keeps the beginning of what is written to it.
type beginning struct{ kept []byte }

func (b *beginning) Write(p []byte) (int, error) {
	const most = 4 << 10
	b.kept = append(b.kept, p[:min(len(p), most-len(b.kept))]...)
	return len(p), nil
}

// text is what was kept, with whatever is no text made harmless.
func (b *beginning) text() string {
	lines := strings.Split(strings.TrimSpace(string(b.kept)), "\n")
	for i, line := range lines {
		quoted := fmt.Sprintf("%q", line)
		lines[i] = quoted[1 : len(quoted)-1]
	}
	return strings.Join(lines, "\n")
}

// run is the log that is worked off, or was left behind, by Cyrus 3.x.
func (j *Job) run() string { return filepath.Join(j.Channel.Dir, "log-run") }

// idle reports whether a client would find nothing to work off. A service is started
// all the same: its client works off what comes later.
func (j *Job) idle(opts *RecoverOptions) bool {
	return j.File == "" && len(opts.Service) == 0 && !exists(j.run()) && !exists(filepath.Join(j.Channel.Dir, "log"))
}

// left returns the log of Cyrus 2.3 that the job is about.
func (j *Job) left() (LeftLog, error) {
	for _, l := range left(j.Channel.Dir) {
		if l.Path == j.File {
			return l, nil
		}
	}
	return LeftLog{}, fmt.Errorf("%q is not a log that Cyrus 2.3 left in %q", j.File, j.Channel.Dir)
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
