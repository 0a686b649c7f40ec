// Command interlace is the command line: it reads configuration, connects the packages and exits.
//
//	interlace demo fleet
//	interlace layout --fleet fleet/fleet.yaml --plan plan.json
//
// Every subcommand is a file of its name here. It gathers the facts, calls one
// package that does the work, and hands the result to package report. Results
// go to standard output, words to standard error.
package main

import (
	"cmp"
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run executes one command line and returns the exit status: 0 fine, 1 found
// something, 2 could not do it, 3 found nothing and could not look at everything, 130 interrupted. The first interrupt lets the
// command keep the best it has so far; a second one ends the process. What sends
// a signal twice at once, to a process and to its group, means one.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr, now: time.Now}
	return a.run(ctx, args)
}

func (a *app) run(ctx context.Context, args []string) int {
	ctx, restore := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer restore()
	context.AfterFunc(ctx, func() { time.AfterFunc(time.Second, restore) })
	root := a.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	return a.exit(cmp.Or(err, a.unhelpful))
}
