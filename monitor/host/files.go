package host

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
)

// Digests returns the SHA-1 of files, in hexadecimal digits, but of those that are not there. It
// changes nothing.
func (h *Host) Digests(ctx context.Context, files []string) (map[string]string, error) {
	digests := map[string]string{}
	for some := range slices.Chunk(files, PerCommand) {
		// It ends each file with a NUL, and complains of those that are not there.
		text, err := h.ask(ctx, Short, slices.Concat([]string{"sha1sum", "-z", "--"}, some)...)
		if err != nil && !ended(err, 1) {
			return nil, fmt.Errorf("read files on %s: %w", h.Server, err)
		}
		for line := range strings.SplitSeq(text, "\x00") {
			if digest, file, found := strings.Cut(line, "  "); found {
				digests[file] = digest
			}
		}
	}
	return digests, nil
}

// mbpath prints where users have files, as its options say.
func (h *Host) mbpath(ctx context.Context, options string, users []inventory.UserID) (string, error) {
	words := []string{h.tool("mbpath"), "-C", h.Conf, options, "--"}
	for _, u := range users {
		words = append(words, string(u))
	}
	return h.ask(ctx, Short, words...)
}

// Indexed returns of which of these users the file dav.db has the mailbox with this unique
// identifier: Cyrus lists Sieve scripts by what that has of them. It changes nothing.
func (h *Host) Indexed(ctx context.Context, mailboxes map[inventory.UserID]string) (map[inventory.UserID]bool, error) {
	known := map[inventory.UserID]bool{}
	users := slices.Sorted(maps.Keys(mailboxes))
	for some := range slices.Chunk(users, PerCommand) {
		if err := h.indexed(ctx, some, mailboxes, known); err != nil {
			return nil, fmt.Errorf("look for Sieve scripts on %s: %w", h.Server, err)
		}
	}
	return known, nil
}

func (h *Host) indexed(ctx context.Context, users []inventory.UserID, mailboxes map[inventory.UserID]string, known map[inventory.UserID]bool) error {
	dirs, err := h.dirsOf(ctx, "-sUu", users)
	if err != nil {
		return err
	}
	files := map[inventory.UserID]string{}
	words := []string{"grep", "-s", "-a", "-o", "-H", "-F", "-f", "-", "--"}
	var ids strings.Builder
	for i, u := range users {
		files[u] = path.Join(dirs[i], "dav.db")
		words = append(words, files[u])
		ids.WriteString(mailboxes[u] + "\n")
	}
	ctx, cancel := context.WithTimeout(ctx, Short)
	defer cancel()
	text, err := h.Run(ctx, h.Server, ids.String(), words...)
	if err != nil && !ended(err, 1, 2) { // nothing is found, or a file is not there
		return err
	}
	found := map[string]bool{}
	for line := range strings.Lines(text) {
		found[strings.TrimSuffix(line, "\n")] = true
	}
	for _, u := range users {
		known[u] = found[files[u]+":"+mailboxes[u]]
	}
	return nil
}

// ended reports whether a program ended with one of these exit statuses.
func ended(err error, statuses ...int) bool {
	var status interface{ ExitCode() int }
	return errors.As(err, &status) && slices.Contains(statuses, status.ExitCode())
}
