package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/interlacemail/interlace/inventory"
)

// denial is what a user is told who tries to log in, before the name of the unit for which
// the user is kept out: each lets in again whom it has denied itself, and nobody else.
const denial = "the mailbox is being moved"

// refusal is how a user is kept out of an instance.
type refusal struct {
	all     bool // of all services, and not of some only
	message string
}

// mark is what is told to those whom a unit keeps out.
func mark(unit string) string { return denial + " (" + unit + ")" }

// ours reports whether a user is kept out for this unit.
func (h *host) ours(d *refusal) bool { return d.message == mark(h.unit) }

// madeBy reports whether a user is kept out for this unit, or for one of others.
func (h *host) madeBy(d *refusal, others []string) bool {
	return h.ours(d) || slices.ContainsFunc(others, func(unit string) bool { return d.message == mark(unit) })
}

// another reports whether a user is kept out for another unit.
func (h *host) another(d *refusal) bool {
	return d.all && !h.ours(d) && strings.HasPrefix(d.message, denial+" (interlace-")
}

// keptByAnother says that the unit can be carried out when another one is done.
func (h *host) keptByAnother(u inventory.UserID) error {
	return fmt.Errorf("%w: another unit keeps user %s out of %s", errPostponed, inventory.Printable(string(u)), h.server)
}

// denials returns who is kept out.
func (h *host) denials(ctx context.Context) (map[inventory.UserID]refusal, error) {
	text, err := h.ask(ctx, short, h.tool("cyr_deny"), "-C", h.conf, "-l")
	if neverDenied(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list who is denied on %s: %w", h.server, err)
	}
	users := map[inventory.UserID]refusal{}
	lines := strings.Split(text, "\n")
	for _, line := range lines[min(1, len(lines)):] { // the first holds the headings
		if user, d, told := readDenied(line); told {
			users[user] = d
		}
	}
	return users, nil
}

// nameWidth is how wide cyr_deny prints names at least.
const nameWidth = 30

// readDenied reads a line of cyr_deny: the name, the services, what the user is told.
func readDenied(line string) (inventory.UserID, refusal, bool) {
	user, message, all := strings.Cut(line, " * ")
	if !all {
		if len(line) <= nameWidth {
			return "", refusal{}, false
		}
		user = line[:nameWidth]
		_, message, _ = strings.Cut(line[nameWidth+1:], " ")
	}
	message = strings.TrimSpace(message)
	return inventory.UserID(strings.TrimRight(user, " ")), refusal{all, message}, message != ""
}

// denied returns the users who are denied everything.
func (h *host) denied(ctx context.Context) (map[inventory.UserID]bool, error) {
	there, err := h.denials(ctx)
	users := map[inventory.UserID]bool{}
	for u, d := range there {
		if d.all {
			users[u] = true
		}
	}
	return users, err
}

// neverDenied tells whether nobody was ever denied on an instance.
func neverDenied(err error) bool {
	return err != nil && strings.Contains(err.Error(), "failed to open deny db: No such file")
}

// denying holds a mutex for each instance: units that look who is kept out there and then
// keep others out do so one after the other.
var denying sync.Map

// keepOut ends all sessions of users and lets nobody log in as one of them; mail for them
// is deferred. Of those who move nobody may be kept out by anybody else: that would be
// lifted with the move. Who stays, and is kept out already, remains so.
func (h *host) keepOut(ctx context.Context, moving, staying []inventory.UserID) error {
	turn, _ := denying.LoadOrStore(h.place(), &sync.Mutex{})
	turn.(*sync.Mutex).Lock()
	defer turn.(*sync.Mutex).Unlock()
	there, err := h.denials(ctx)
	if err != nil {
		return err
	}
	var wrong error
	var users []inventory.UserID
	for i, u := range slices.Concat(moving, staying) {
		d, out := there[u]
		switch {
		case !out, h.ours(&d):
			users = append(users, u)
		case d.all && i >= len(moving):
		case h.another(&d):
			wrong = errors.Join(wrong, h.keptByAnother(u))
		case d.message == denial:
			wrong = errors.Join(wrong, h.unnamedDenial(u))
		default:
			wrong = errors.Join(wrong, fmt.Errorf("user %s is denied on %s by somebody else (cyr_deny -l shows it), which would be lifted", inventory.Printable(string(u)), h.server))
		}
	}
	if wrong != nil || len(users) == 0 {
		return wrong
	}
	return h.deny(ctx, users, mark(h.unit))
}

// deny keeps users out and has them told why.
func (h *host) deny(ctx context.Context, users []inventory.UserID, message string) error {
	_, err := h.change(ctx, short, users, "cyr_deny", "-C", h.conf, "-m", message)
	return err
}

// letIn takes denials back that the unit has made, or one of others: those of these users
// or, of nil, all.
func (h *host) letIn(ctx context.Context, users []inventory.UserID, others ...string) error {
	if err := h.known(ctx); err != nil {
		return err
	}
	there, err := h.denials(ctx)
	if err != nil {
		return err
	}
	unnamed := h.unnamed(there, users)
	if users == nil {
		users = slices.Sorted(maps.Keys(there))
	}
	if !h.dry {
		users = slices.DeleteFunc(slices.Clone(users), func(u inventory.UserID) bool {
			d := there[u]
			return !h.madeBy(&d, others)
		})
	}
	if len(users) == 0 {
		return unnamed
	}
	_, err = h.change(ctx, short, users, "cyr_deny", "-C", h.conf, "-a")
	return errors.Join(err, unnamed)
}

// unnamed fails where users are kept out by a version of interlace that named no unit: so
// nobody knows whether they may be let in, and nothing lets them in by itself.
func (h *host) unnamed(there map[inventory.UserID]refusal, users []inventory.UserID) error {
	var wrong error
	for _, u := range users {
		if there[u].message == denial {
			wrong = errors.Join(wrong, h.unnamedDenial(u))
		}
	}
	return wrong
}

// stillUnnamed looks for such denials.
func (h *host) stillUnnamed(ctx context.Context, users []inventory.UserID) error {
	there, err := h.denials(ctx)
	return errors.Join(err, h.unnamed(there, users))
}

func (h *host) unnamedDenial(u inventory.UserID) error {
	return fmt.Errorf("user %s is denied on %s by an older interlace, which did not write down for which unit; if none needs it: %s",
		inventory.Printable(string(u)), h.server, AllowCommand(h.tools, inventory.Instance{IMAPDConf: h.conf}, u))
}
