// Command cyrusrig brings up a small real Cyrus fleet to try interlace on.
//
//	cyrusrig [DIR]                       until it is interrupted
//	cyrusrig --demo bin/interlace        while interlace shows what it can do
//	cyrusrig --exec COMMAND ARGUMENT…    while the command runs; exits as that does
//
// The fleet has 3 servers, which are all this machine, with 6 stores and 60
// users, who share folders. It grew the way fleets grow: one server carries too
// much, one store is too full, and somebody was moved away from those who share
// a folder with him.
//
// DIR gets fleet.yaml, which lists servers and stores and no users, interlace.yaml
// with the account of an administrator, and its password; it must be empty or
// new, and stays. Without it a temporary directory serves and is removed. The
// mail itself is always temporary, and nothing runs on when cyrusrig ends.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/interlacemail/interlace/fixtures/cyrustest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// interrupted is the exit code when this program was told to end before it was
// done.
const interrupted = 130

// options are what the command line says.
type options struct {
	dir  string
	demo string   // the interlace program to show
	exec []string // the command to run
}

func parse(args []string, words io.Writer) (options, error) {
	var o options
	var isExec bool
	flags := flag.NewFlagSet("cyrusrig", flag.ContinueOnError)
	flags.SetOutput(words)
	flags.StringVar(&o.demo, "demo", "", "show what the interlace `program` makes of the fleet, then exit")
	flags.BoolVar(&isExec, "exec", false, "run the command that the arguments are, and exit as it does")
	flags.Usage = func() {
		fmt.Fprint(words, usage)
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	switch rest := flags.Args(); {
	case isExec && len(rest) == 0, isExec && o.demo != "", !isExec && len(rest) > 1:
		flags.Usage()
		return o, errors.New("the arguments do not fit")
	case isExec:
		o.exec = rest
	case len(rest) == 1:
		o.dir = rest[0]
	}
	return o, nil
}

const usage = `usage: cyrusrig [DIR] | cyrusrig --demo INTERLACE [DIR] | cyrusrig --exec COMMAND [ARGUMENT…]

Brings up a small real Cyrus fleet: 3 servers, which are all this machine, with
6 stores and 60 users. It stays up until it is interrupted (Ctrl-C, or a TERM
signal); with --demo or --exec, until that has ended. Then all of it is stopped.

DIR, which must be empty or new, gets fleet.yaml, interlace.yaml with the account
of an administrator, and its password, and stays. Without it a temporary
directory serves and is removed. The mail itself is always temporary.

`

// run brings the fleet up, does what was asked, and takes all of it down again.
func run(ctx context.Context, args []string, out, words io.Writer) int {
	fail := func(doing string, err error) int {
		fmt.Fprintf(words, "cyrusrig: %s: %v\n", doing, err)
		if errors.Is(err, cyrustest.ErrMissing) {
			fmt.Fprintln(words, "cyrusrig: hint: make deps installs Cyrus")
		}
		return 2
	}
	o, err := parse(args, words)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return fail("read the command line", err)
	}
	dir, remove, err := directory(o.dir)
	if err != nil {
		return fail("make the directory", err)
	}
	defer remove()
	fmt.Fprintln(words, "starting 12 Cyrus instances and delivering mail …")
	fleet, err := bringUp(ctx)
	switch {
	case err != nil && ctx.Err() != nil:
		return interrupted
	case err != nil:
		return fail("start the fleet", err)
	}
	defer func() {
		if err := fleet.Stop(); err != nil {
			fail("stop the fleet", err)
		}
	}()
	if err := describe(fleet, dir); err != nil {
		return fail("describe the fleet", err)
	}
	switch {
	case o.exec != nil:
		return execute(ctx, o.exec, dir, fail)
	case o.demo != "":
		return demonstrate(ctx, o.demo, dir, out, fail)
	}
	fmt.Fprintf(out, whatToTry, dir)
	<-ctx.Done()
	fmt.Fprintln(words, "\nstopping")
	return 0
}

const whatToTry = `The fleet is up. In another terminal:

  cd %s
  interlace import fleet.yaml     the servers and stores
  interlace discover              the users, from the servers
  interlace show groups           who shares folders with whom
  interlace check                 which rules the fleet breaks
  interlace layout --plan layout.json
  interlace simulate --after layout.json

It stays up until this program is interrupted.
`

// directory returns the directory to write to, and the function that removes it
// when it is a temporary one.
func directory(dir string) (path string, remove func(), err error) {
	if dir == "" {
		dir, err = os.MkdirTemp("", "cyrusrig-")
		return dir, func() { os.RemoveAll(dir) }, err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return "", nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", nil, err
	}
	entries, err := os.ReadDir(dir)
	if err == nil && len(entries) > 0 {
		err = fmt.Errorf("%s is not empty", dir)
	}
	if err == nil {
		err = mayWrite(dir)
	}
	return dir, func() {}, err
}

// mayWrite finds out whether a directory can be written, before a fleet is
// started for it.
func mayWrite(dir string) error {
	f, err := os.CreateTemp(dir, ".cyrusrig.*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// execute runs a command with the configuration of the fleet in its environment.
// When this program is told to end, so is the command.
func execute(ctx context.Context, command []string, dir string, fail func(string, error) int) int {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "INTERLACE_CONFIG="+filepath.Join(dir, "interlace.yaml"), "CYRUSRIG="+dir)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return interrupted
	case errors.As(err, &exit):
		return exit.ExitCode()
	case err != nil:
		return fail("run "+command[0], err)
	}
	return 0
}
