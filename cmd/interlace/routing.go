package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/files"
)

// errUnrouted says that nobody knows where users are routed.
var errUnrouted = errors.New("routing_file or routing_query in the configuration says where users are routed; neither is set")

// routes asks where users are routed, as the configuration says. A user of whom
// nothing is said is not in the answer.
func (c *config) routes(ctx context.Context, users []inventory.UserID) (map[inventory.UserID]string, error) {
	switch m := &c.Monitor; {
	case len(m.RoutingQuery) > 0:
		return queryRoutes(ctx, m.RoutingQuery, users)
	case m.RoutingFile != "":
		return readRoutes(ctx, m.RoutingFile, users)
	}
	return nil, errUnrouted
}

// readRoutes reads a file with a line user,store for each user.
func readRoutes(ctx context.Context, path string, users []inventory.UserID) (map[inventory.UserID]string, error) {
	f, err := files.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	wanted := map[string]bool{}
	for _, u := range users {
		wanted[string(u)] = true
	}
	found := map[inventory.UserID]string{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		// A store has no comma in its name; a user may have.
		line := strings.TrimSpace(lines.Text())
		if at := strings.LastIndexByte(line, ','); at > 0 && wanted[line[:at]] {
			found[inventory.UserID(line[:at])] = line[at+1:]
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return found, nil
}

// queryTimeout is how long a command that is asked for something may take.
const queryTimeout = 30 * time.Second

// queryRoutes runs the command for each user; it prints the store.
func queryRoutes(ctx context.Context, command []string, users []inventory.UserID) (map[inventory.UserID]string, error) {
	found := map[inventory.UserID]string{}
	for _, u := range users {
		answer, err := output(ctx, inPlace(command, "{user}", string(u)))
		if err != nil {
			return nil, fmt.Errorf("routing_query: %w", err)
		}
		if store, _, _ := strings.Cut(strings.TrimSpace(answer), "\n"); store != "" {
			found[u] = store
		}
	}
	return found, nil
}

// inPlace puts a value in place of a name in the words of a command.
func inPlace(command []string, name, value string) []string {
	words := make([]string, len(command))
	for i, word := range command {
		words[i] = strings.ReplaceAll(word, name, value)
	}
	return words
}

// mostOutput is how much of what a command prints is read.
const mostOutput = 16 << 20

// output runs a command, without a shell, and returns what it prints.
func output(ctx context.Context, command []string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	var out, complaint limited
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, &complaint, time.Second
	switch err := cmd.Run(); {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return "", fmt.Errorf("%s has not ended after %v", command[0], queryTimeout)
	case err != nil:
		if text := strings.TrimSpace(complaint.String()); text != "" {
			return "", fmt.Errorf("%s: %w: %s", command[0], err, inventory.Printable(text))
		}
		return "", fmt.Errorf("%s: %w", command[0], err)
	case out.Len() >= mostOutput:
		return "", fmt.Errorf("%s prints more than %d MiB", command[0], mostOutput>>20)
	}
	return out.String(), nil
}

// limited keeps the beginning of what is written to it.
type limited struct{ strings.Builder }

func (l *limited) Write(b []byte) (int, error) {
	l.Builder.Write(b[:max(0, min(len(b), mostOutput-l.Len()))])
	return len(b), nil
}
