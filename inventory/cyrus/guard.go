package cyrus

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// verbs are the commands that may be sent. None of them changes anything on a
// server: EXAMINE opens a mailbox for reading only, and UNSELECT leaves it without
// an expunge. [Client.Remove] has its own
// command let through, once.
var verbs = []string{
	"AUTHENTICATE", "CAPABILITY", "EXAMINE", "FETCH", "GETACL", "GETMETADATA", "GETQUOTA", "ID", "LIST", "LOGOUT",
	"LSUB", "NAMESPACE", "NOOP", "STATUS", "SYNCGET", "UID", "UNSELECT",
}

// syncGets are what SYNCGET, the reading half of the replication protocol, may
// ask for. USER and META are not among them: they create a database for the
// calendars of a user who has none.
var syncGets = []string{"FULLMAILBOX", "MAILBOXES"}

// fetched are the items of FETCH. None of them marks a message as seen.
var fetched = []string{
	"DIGEST.SHA1", "FLAGS", "INTERNALDATE", "MODSEQ", "RFC822.FILESIZE", "RFC822.SHA1", "RFC822.SIZE", "UID",
}

// guard sees every line on its way to the server and refuses those that are no
// allowed command. It stands below all other code, go-imap included.
type guard struct {
	line   []byte // a line whose end has not been written yet
	answer bool   // the next line answers a challenge of AUTHENTICATE
	let    string // a command that may be sent once though it changes something
}

// check returns an error if what is written contains a line that must not be sent.
func (g *guard) check(p []byte) error {
	for {
		line, rest, complete := bytes.Cut(p, []byte("\r\n"))
		g.line = append(g.line, line...)
		if !complete {
			return nil
		}
		if err := g.command(string(g.line)); err != nil {
			return err
		}
		g.line, p = g.line[:0], rest
	}
}

// command checks one complete line.
func (g *guard) command(line string) error {
	if g.answer {
		g.answer = false
		return nil
	}
	_, command, _ := strings.Cut(line, " ")
	verb, arguments, _ := strings.Cut(command, " ")
	verb = strings.ToUpper(verb)
	switch {
	case g.let != "" && command == g.let:
		g.let = ""
		return nil
	case !slices.Contains(verbs, verb):
		return fmt.Errorf("refusing to send %q: it is not on the list of commands that only read", verb)
	case strings.HasSuffix(line, "}"):
		// What follows a literal would pass unseen.
		return fmt.Errorf("refusing to send a literal with %s", verb)
	case verb == "SYNCGET" && !isSyncGet(arguments), verb == "FETCH" && !isFetch(arguments), verb == "UID" && !isUID(arguments):
		return fmt.Errorf("refusing to send %q: it is not known only to read", verb+" "+arguments)
	}
	// Without an initial response the credentials come in a line of their own.
	g.answer = verb == "AUTHENTICATE" && !strings.Contains(arguments, " ")
	return nil
}

func isSyncGet(arguments string) bool {
	what, _, _ := strings.Cut(arguments, " ")
	return slices.Contains(syncGets, what)
}

// isFetch reads: 1:1000 (UID FLAGS).
func isFetch(arguments string) bool {
	numbers, items, found := strings.Cut(arguments, " (")
	if !found || strings.Trim(numbers, "0123456789:,") != "" || !strings.HasSuffix(items, ")") {
		return false
	}
	for _, item := range strings.Fields(strings.TrimSuffix(items, ")")) {
		if !slices.Contains(fetched, item) {
			return false
		}
	}
	return true
}

// peek is the one command that reads what is in a message: a piece of it, as
// delivered, without marking it as seen, and its flags and date.
var peek = regexp.MustCompile(`^FETCH [0-9]+ \((FLAGS INTERNALDATE )?BODY\.PEEK\[\]<[0-9]+\.[0-9]+>\)$`)

// searches are the arguments of UID that tell what was seen.
var searches = []string{"SEARCH RETURN (ALL) SEEN", "SEARCH SEEN"}

// isUID reads what may be asked by UID.
func isUID(arguments string) bool {
	fetch, found := strings.CutPrefix(arguments, "FETCH ")
	return found && isFetch(fetch) || peek.MatchString(arguments) || slices.Contains(searches, arguments)
}
