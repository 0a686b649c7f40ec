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

// moved is what a user is told who tries to log in, before the name of the unit for which
// the user is kept out: each lets in again whom it has denied itself, and nobody else.
const moved = "the mailbox is being moved"

// Denial is how a user is kept out of an instance.
type Denial struct {
	All     bool // of all services, and not of some only
	Message string
}

// Mark is what is told to those whom a unit keeps out.
func Mark(unit string) string { return moved + " (" + unit + ")" }

// Ours reports whether a user is kept out for this unit.
func (h *Host) Ours(d *Denial) bool { return d.Message == Mark(h.Unit) }

// MadeBy reports whether a user is kept out for this unit, or for one of others.
func (h *Host) MadeBy(d *Denial, others []string) bool {
	return h.Ours(d) || slices.ContainsFunc(others, func(unit string) bool { return d.Message == Mark(unit) })
}

// Another reports whether a user is kept out for another unit.
func (h *Host) Another(d *Denial) bool {
	return d.All && !h.Ours(d) && strings.HasPrefix(d.Message, moved+" (interlace-")
}

// KeptByAnother says that the unit can be carried out when another one is done.
func (h *Host) KeptByAnother(u inventory.UserID) error {
	return fmt.Errorf("%w: another unit keeps user %s out of %s", ErrPostponed, inventory.Printable(string(u)), h.Server)
}

// Denials returns who is kept out.
func (h *Host) Denials(ctx context.Context) (map[inventory.UserID]Denial, error) {
	text, err := h.ask(ctx, Short, h.tool("cyr_deny"), "-C", h.Conf, "-l")
	if neverDenied(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list who is denied on %s: %w", h.Server, err)
	}
	users := map[inventory.UserID]Denial{}
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
func readDenied(line string) (inventory.UserID, Denial, bool) {
	user, message, all := strings.Cut(line, " * ")
	if !all {
		if len(line) <= nameWidth {
			return "", Denial{}, false
		}
		user = line[:nameWidth]
		_, message, _ = strings.Cut(line[nameWidth+1:], " ")
	}
	message = strings.TrimSpace(message)
	return inventory.UserID(strings.TrimRight(user, " ")), Denial{all, message}, message != ""
}

// Denied returns the users who are denied everything.
func (h *Host) Denied(ctx context.Context) (map[inventory.UserID]bool, error) {
	there, err := h.Denials(ctx)
	users := map[inventory.UserID]bool{}
	for u, d := range there {
		if d.All {
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

// KeepOut ends all sessions of users and lets nobody log in as one of them; mail for them
// is deferred. Of those who move nobody may be kept out by anybody else: that would be
// lifted with the move. Who stays, and is kept out already, remains so.
func (h *Host) KeepOut(ctx context.Context, moving, staying []inventory.UserID) error {
	turn, _ := denying.LoadOrStore(h.place(), &sync.Mutex{})
	turn.(*sync.Mutex).Lock()
	defer turn.(*sync.Mutex).Unlock()
	there, err := h.Denials(ctx)
	if err != nil {
		return err
	}
	var wrong error
	var users []inventory.UserID
	for i, u := range slices.Concat(moving, staying) {
		d, out := there[u]
		switch {
		case !out, h.Ours(&d):
			users = append(users, u)
		case d.All && i >= len(moving):
		case h.Another(&d):
			wrong = errors.Join(wrong, h.KeptByAnother(u))
		case d.Message == moved:
			wrong = errors.Join(wrong, h.UnnamedDenial(u))
		default:
			wrong = errors.Join(wrong, fmt.Errorf("user %s is denied on %s by somebody else (cyr_deny -l shows it), which would be lifted", inventory.Printable(string(u)), h.Server))
		}
	}
	if wrong != nil || len(users) == 0 {
		return wrong
	}
	return h.Deny(ctx, users, Mark(h.Unit))
}

// Deny keeps users out and has them told why.
func (h *Host) Deny(ctx context.Context, users []inventory.UserID, message string) error {
	_, err := h.change(ctx, Short, users, "cyr_deny", "-C", h.Conf, "-m", message)
	return err
}

// LetIn takes denials back that the unit has made, or one of others: those of these users
// or, of nil, all.
func (h *Host) LetIn(ctx context.Context, users []inventory.UserID, others ...string) error {
	if err := h.Know(ctx); err != nil {
		return err
	}
	there, err := h.Denials(ctx)
	if err != nil {
		return err
	}
	unnamed := h.unnamed(there, users)
	if users == nil {
		users = slices.Sorted(maps.Keys(there))
	}
	if !h.Dry {
		users = slices.DeleteFunc(slices.Clone(users), func(u inventory.UserID) bool {
			d := there[u]
			return !h.MadeBy(&d, others)
		})
	}
	if len(users) == 0 {
		return unnamed
	}
	_, err = h.change(ctx, Short, users, "cyr_deny", "-C", h.Conf, "-a")
	return errors.Join(err, unnamed)
}

// unnamed fails where users are kept out by a version of interlace that named no unit: so
// nobody knows whether they may be let in, and nothing lets them in by itself.
func (h *Host) unnamed(there map[inventory.UserID]Denial, users []inventory.UserID) error {
	var wrong error
	for _, u := range users {
		if there[u].Message == moved {
			wrong = errors.Join(wrong, h.UnnamedDenial(u))
		}
	}
	return wrong
}

// StillUnnamed looks for such denials.
func (h *Host) StillUnnamed(ctx context.Context, users []inventory.UserID) error {
	there, err := h.Denials(ctx)
	return errors.Join(err, h.unnamed(there, users))
}

func (h *Host) UnnamedDenial(u inventory.UserID) error {
	return fmt.Errorf("user %s is denied on %s by an older interlace, which did not write down for which unit; if none needs it: %s",
		inventory.Printable(string(u)), h.Server, AllowCommand(h.Tools, h.Conf, u))
}

// ErrPostponed says that a unit is better taken back for now.
var ErrPostponed = errors.New("it is better done at another time")
