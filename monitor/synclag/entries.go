package synclag

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
)

// Limits of what is read: far above what a channel holds that is worked off at
// all, and below what hurts.
const (
	mostBytes = 8 << 20
	mostLine  = 64 << 10
)

var errTooLarge = errors.New("it is too large to be read")

// Names are what the entries of a log name.
type Names struct {
	Entries   int
	Mailboxes map[string]bool // that are to be compared with the replica's, by their internal names
	Users     map[string]bool // to whom those belong, or whose own data are to be compared
}

func newNames() *Names {
	return &Names{Mailboxes: map[string]bool{}, Users: map[string]bool{}}
}

// Lacking returns the mailboxes and users that the others do not have, sorted.
func (n *Names) Lacking(others *Names) []string {
	lacking := map[string]bool{}
	for name := range n.Mailboxes {
		if !others.Mailboxes[name] {
			lacking[name] = true
		}
	}
	for user := range n.Users {
		if !others.Users[user] {
			lacking[user] = true
		}
	}
	return slices.Sorted(maps.Keys(lacking))
}

// read adds the entries of a log. A last line without an end is still being
// written, and read with the next look.
func (n *Names) read(log io.Reader) error {
	limited := &io.LimitedReader{R: log, N: mostBytes + 1}
	lines := bufio.NewReaderSize(limited, mostLine)
	for {
		line, err := lines.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			// No name is that long: an entry that names nothing.
			n.Entries++
			err = skipLine(lines)
		case err == nil:
			n.add(line)
		}
		switch {
		case limited.N <= 0:
			return errTooLarge
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

func skipLine(lines *bufio.Reader) error {
	for {
		if _, err := lines.ReadSlice('\n'); !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}

// add adds an entry: a word and one or two names. Words that nobody knows, and
// names that cannot be read, sync_client skips too.
func (n *Names) add(line []byte) {
	words := split(bytes.TrimRight(line, "\r\n"))
	if len(words) == 0 {
		return
	}
	n.Entries++
	if len(words) < 2 {
		return
	}
	switch strings.ToUpper(words[0]) {
	case "MAILBOX", "UNMAILBOX", "APPEND", "ACL", "QUOTA", "ANNOTATION", "DOUBLEMAILBOX", "RENAME":
		for _, name := range words[1:min(len(words), 3)] {
			n.mailbox(name)
		}
	case "SEEN":
		n.user(words[1])
		// Before 3.0 the mailbox is named; later that is its unique ID.
		if len(words) > 2 && strings.ContainsAny(words[2], ".!") {
			n.mailbox(words[2])
		}
	case "USER", "UNUSER", "META", "SIEVE", "SUB", "UNSUB":
		n.user(words[1])
	}
}

func (n *Names) mailbox(name string) {
	if name == "" {
		return // the server itself, of ANNOTATION
	}
	n.Mailboxes[name] = true
	if user := owner(name); user != "" {
		n.Users[user] = true
	}
}

func (n *Names) user(name string) {
	if domain, local, found := strings.Cut(name, "!"); found {
		name = local + "@" + domain
	}
	if name != "" {
		n.Users[strings.ReplaceAll(name, "^", ".")] = true
	}
}

// owner returns the user to whom a mailbox belongs, also a deleted one that is
// kept for a while, or nothing for one that belongs to no user. Inside of Cyrus
// a "^" stands for a "." in a name.
func owner(name string) string {
	domain, local, found := strings.Cut(name, "!")
	if !found {
		domain, local = "", name
	}
	parts := strings.Split(strings.TrimPrefix(local, "DELETED."), ".")
	if parts[0] != "user" || len(parts) < 2 {
		return ""
	}
	user := strings.ReplaceAll(parts[1], "^", ".")
	if domain != "" {
		user += "@" + domain
	}
	return user
}

// split returns the words of a line. A word with special characters is quoted,
// with a backslash before what would end it.
func split(line []byte) []string {
	var words []string
	for {
		line = bytes.TrimLeft(line, " \t")
		if len(line) == 0 {
			return words
		}
		var word string
		if line[0] == '"' {
			word, line = quoted(line[1:])
		} else {
			end := bytes.IndexAny(line, " \t")
			if end < 0 {
				end = len(line)
			}
			word, line = string(line[:end]), line[end:]
		}
		words = append(words, word)
	}
}

// quoted returns what stands before the closing quote, and what stands behind it.
func quoted(line []byte) (word string, rest []byte) {
	var b strings.Builder
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == '"':
			return b.String(), line[i+1:]
		case line[i] == '\\' && i+1 < len(line):
			i++
		}
		b.WriteByte(line[i])
	}
	return b.String(), nil
}
