package cyrus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// Scope says whose annotations of mailboxes are meant (RFC 5464).
type Scope string

// Scopes. An administrator is told the shared ones of all mailboxes; private ones
// are those of the user that the connection acts as.
const (
	SharedScope  Scope = "/shared"
	PrivateScope Scope = "/private"
)

// computed are the annotations that a server makes up when it is asked
// (imap/annotate.c), without the prefix of Cyrus. What they tell is known better
// from elsewhere, or differs by nature from server to server.
var computed = []string{
	"annotsize", "foldermodseq", "hasalarms", "lastpop", "lastupdate", "partition", "size", "synccrcs", "uniqueid",
}

// ErrNoAnnotations says that a server does not tell annotations of mailboxes.
var ErrNoAnnotations = errors.New("the server has no METADATA")

// annotationBytes is what may be told of a mailbox's annotations; without any
// Cyrus tells a kilobyte of names that have no value.
const annotationBytes = 8192

// Annotations returns the annotations of mailboxes, sorted by entry, by the
// mailbox's name as the connection sees it; without names, of all mailboxes that
// it sees. Those without a value, and those that a server computes, are left out.
func (c *Client) Annotations(ctx context.Context, scope Scope, names ...string) (map[string][]Annotation, error) {
	if !c.can(imap.CapMetadata) {
		return nil, c.named(ErrNoAnnotations)
	}
	found := map[string][]Annotation{}
	if names == nil {
		return found, c.named(c.annotate(ctx, scope, []string{"*"}, found))
	}
	for some := range slices.Chunk(names, perMetadata) {
		err := c.annotate(ctx, scope, some, found)
		if IsRefusal(err) {
			err = c.annotateEach(ctx, scope, some, found)
		}
		if err != nil {
			return nil, c.named(err)
		}
	}
	// What matches a wildcard in a name is another mailbox.
	maps.DeleteFunc(found, func(name string, _ []Annotation) bool { return !slices.Contains(names, name) })
	return found, nil
}

// perMetadata is how many mailboxes one GETMETADATA asks about.
const perMetadata = 50

// annotateEach asks about one mailbox after the other: a damaged one is enough for
// all to be refused, and not every version takes several names.
func (c *Client) annotateEach(ctx context.Context, scope Scope, names []string, found map[string][]Annotation) error {
	for _, name := range names {
		if err := c.annotate(ctx, scope, []string{name}, found); err != nil && !IsRefusal(err) {
			return err
		}
	}
	return nil
}

func (c *Client) annotate(ctx context.Context, scope Scope, names []string, found map[string][]Annotation) error {
	left := c.options.room(listBytes)
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = quote(name)
	}
	mailboxes := strings.Join(quoted, " ")
	if len(names) > 1 {
		mailboxes = "(" + mailboxes + ")"
	}
	return c.do(ctx, "read the annotations", c.options.room(annotationBytes), func() error {
		return c.command("GETMETADATA (DEPTH infinity) "+mailboxes+" ("+string(scope)+")", func(answer []byte) error {
			name, list, err := annotationsOf(answer)
			for _, a := range list {
				left -= int64(len(name) + len(a.Entry) + len(a.Value))
			}
			if left < 0 {
				return fmt.Errorf("%w: annotations", ErrFlood)
			}
			if len(list) > 0 {
				found[name] = list
			}
			return err
		})
	})
}

// annotationsOf reads the annotations that an answer tells of a mailbox.
func annotationsOf(answer []byte) (name string, list []Annotation, err error) {
	err = metadata(answer, func(_ *scanner, mailbox, entry, value string) {
		if name = mailbox; !isComputed(entry) {
			list = append(list, Annotation{Entry: entry, Value: value})
		}
	})
	slices.SortFunc(list, func(a, b Annotation) int { return strings.Compare(a.Entry, b.Entry) })
	return name, list, err
}

func isComputed(entry string) bool {
	_, name, found := strings.Cut(entry, "/vendor/cmu/cyrus-imapd/")
	return found && (slices.Contains(computed, name) || strings.HasPrefix(name, "freespace") || strings.HasPrefix(name, "usercounters"))
}

// metadata reads METADATA user.anna ("/shared/comment" "x" "/shared/sort" NIL) and
// hands on each entry that has a value, with the scanner for what is wrong with it.
// Other answers are passed over.
func metadata(answer []byte, take func(s *scanner, mailbox, entry, value string)) error {
	s := scan(answer)
	if !bytes.EqualFold(s.word(), []byte("METADATA")) {
		return nil
	}
	s.expect(" ")
	mailbox := string(s.text())
	s.expect(" ")
	s.pairs(func(entry []byte) {
		name, atom := string(entry), !bytes.HasPrefix(s.rest, []byte(`"`))
		value := string(s.text())
		if s.err == nil && !(atom && strings.EqualFold(value, "NIL")) {
			take(s, mailbox, name, value)
		}
	})
	s.end()
	return s.err
}
