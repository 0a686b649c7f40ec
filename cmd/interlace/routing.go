package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

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

// readRoutes reads a file with a line USER,SERVER for each user; empty lines and those
// that begin with # are let pass. What else it holds is a mistake, and so is a user
// who is asked for and routed to two servers.
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
	var wrong files.Mistakes
	lines, number := bufio.NewScanner(f), 1
	for ; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		user, server, err := readRoute(line)
		if known, twice := found[inventory.UserID(user)]; err == nil && twice && known != server {
			err = fmt.Errorf("user %s is routed to %s and to %s", inventory.Printable(user), inventory.Printable(known), inventory.Printable(server))
		}
		switch {
		case err != nil:
			add(&wrong, files.Mistake{File: path, Line: number, Column: 1, Text: err.Error()})
		case wanted[user]:
			found[inventory.UserID(user)] = strings.Clone(server)
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		add(&wrong, files.Mistake{File: path, Line: number, Column: 1, Text: "the line is too long for USER,SERVER, and nothing behind it was read"})
	case err != nil:
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if wrong.Count > 0 {
		return nil, hint(&files.Error{Mistakes: wrong}, "routing_file has a line USER,SERVER for each user; interlace help recovery says what SERVER may be")
	}
	return found, nil
}

// add counts a mistake in a file and keeps the first hundred.
func add(to *files.Mistakes, m files.Mistake) {
	to.Files = 1
	if to.Count++; to.Count <= files.Shown {
		to.First = append(to.First, m)
	}
}

// readRoute reads a line USER,SERVER. A server has no comma in its name; a user may
// have.
func readRoute(line string) (user, server string, err error) {
	at := strings.LastIndexByte(line, ',')
	switch {
	case at <= 0 || at == len(line)-1:
		return "", "", fmt.Errorf("%s is no line USER,SERVER", inventory.Quoted(line))
	case !utf8.ValidString(line) || strings.ContainsFunc(line, unicode.IsControl):
		return "", "", fmt.Errorf("%s has characters that no name has", inventory.Quoted(line))
	}
	return line[:at], line[at+1:], nil
}

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
