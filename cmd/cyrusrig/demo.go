package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// steps are what the demonstration shows.
var steps = []struct{ title, command string }{
	{"The servers and stores, as the operator lists them", "import fleet.yaml"},
	{"Who lives there, as the servers tell it", "discover"},
	{"The stores now", "show stores"},
	{"Who shares folders with whom", "show groups"},
	{"What runs there: sync logs, sync clients, the first server watched once", "watch --once --server imap1"},
	{"Which stores are behind; nobody has looked at the other servers", "lag"},
	{"Whether the copies are true", "compare"},
	{"Which rules the fleet breaks", "check"},
	{"What happens when a server fails", "simulate"},
	{"A better place for every master and replica", "layout --plan layout.json"},
	{"Then a better store for some users", "users --after layout.json --plan users.json"},
	{"The way there, wave by wave", "moves layout.json users.json --plan moves.json"},
	{"The same failures afterwards", "simulate --after layout.json --after users.json"},
}

// demonstrate runs interlace step by step. That a step found something is no
// failure of the demonstration.
func demonstrate(ctx context.Context, interlace, dir string, out io.Writer, fail func(string, error) int) int {
	interlace, err := filepath.Abs(interlace)
	if err != nil {
		return fail("find interlace", err)
	}
	for _, step := range steps {
		fmt.Fprintf(out, "\n\n=== %s\n$ interlace %s\n\n", step.title, step.command)
		cmd := exec.CommandContext(ctx, interlace, strings.Fields(step.command)...)
		cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, out
		cmd.Env = append(os.Environ(), "INTERLACE_CONFIG="+filepath.Join(dir, "interlace.yaml"))
		err := cmd.Run()
		var exit *exec.ExitError
		switch {
		case ctx.Err() != nil:
			return interrupted
		case errors.As(err, &exit) && exit.ExitCode() == 1, err == nil:
		default:
			return fail("run interlace "+step.command, err)
		}
	}
	fmt.Fprint(out, "\n\nAll of it came from real Cyrus servers, which are stopped now.\nbin/cyrusrig DIR leaves them running for you to try more.\n")
	return 0
}
