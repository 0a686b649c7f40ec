package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/processes"
)

// on runs a command that is soon done on a server, through the runner or, without one,
// here, and returns what it prints.
func (c *config) on(ctx context.Context, server inventory.ServerID, words ...string) (string, error) {
	command, err := c.through(server, words)
	if err != nil {
		return "", err
	}
	return output(ctx, command)
}

// run is like on, for commands that read something or may take their time.
func (c *config) run(ctx context.Context, server inventory.ServerID, input string, words ...string) (string, error) {
	command, err := c.through(server, words)
	if err != nil {
		return "", err
	}
	return answer(ctx, input, command)
}

// through returns the command that runs another one on a server.
func (c *config) through(server inventory.ServerID, words []string) ([]string, error) {
	if len(c.Monitor.Runner) == 0 {
		return words, nil
	}
	if c.Monitor.RunnerQuote == "sh" {
		quoted := inventory.Paste(words...)
		if quoted == "" {
			return nil, errors.New("the command has words that cannot be quoted for a shell")
		}
		words = []string{string(quoted)}
	}
	return append(inPlace(c.Monitor.Runner, "{server}", string(server)), words...), nil
}

// reaches fails where commands can't get to the server of an instance, or would not know
// which instance is meant.
func (c *config) reaches(in inventory.Instance) error {
	switch {
	case in.IMAPDConf == "":
		return fmt.Errorf("the inventory does not say where imapd.conf is on %s", in.Server)
	case len(c.Monitor.Runner) == 0 && !isHere(in.IMAP):
		return fmt.Errorf("runner.argv in the configuration is not set, so nothing can be asked on %s", in.Server)
	}
	return nil
}

// roleOf looks at the processes on a server. Rolling clients may name an imapd.conf
// in another way than the inventory does.
func (c *config) roleOf(ctx context.Context, server inventory.ServerID, conf string) (inventory.Role, error) {
	commands, err := c.on(ctx, server, "ps", "-A", "-ww", "-o", "args=")
	if err != nil {
		return "", err
	}
	seen := processes.SeenIn(commands, conf)
	switch {
	case !seen.Runs:
		return "", fmt.Errorf("nothing with %s runs on %s", conf, server)
	case seen.Sends:
		return inventory.Master, nil
	case len(seen.Others) == 0:
		return inventory.Replica, nil
	}
	for _, other := range seen.Others {
		if !filepath.IsAbs(other) {
			return "", fmt.Errorf("a rolling sync_client on %s names its imapd.conf %s, which may be that of any instance", server, inventory.Quoted(other))
		}
	}
	paths, err := c.on(ctx, server, append([]string{"readlink", "-m", "--", conf}, seen.Others...)...)
	if err != nil {
		return "", err
	}
	real := strings.Split(strings.TrimSuffix(paths, "\n"), "\n")
	switch {
	case len(real) != 1+len(seen.Others):
		return "", fmt.Errorf("readlink on %s does not say what the rolling clients there read", server)
	case slices.Contains(real[1:], real[0]):
		return inventory.Master, nil
	}
	return inventory.Replica, nil
}
