package host

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
)

// moved is what a user is told who tries to log in, before the name of the unit for which
// the user is kept out: each lets in again whom it has denied itself, and nobody else.
const moved = "the mailbox is being moved"

// ErrPostponed says that a unit is better taken back, or not begun, for now.
var ErrPostponed = errors.New("it is better done at another time")

// Denial is how a user is kept out of an instance. What the user is told says for which unit:
// each lets in again whom it has denied itself, and nobody else.
type Denial struct {
	All     bool // of all services, and not of some only
	Message string
}

// Mark is what is told to those whom a unit of this name on servers (see [FileName]) keeps out.
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

// KeptByAnother says, with [ErrPostponed], that another unit keeps a user out: this one can be
// carried out when that is done.
func (h *Host) KeptByAnother(u inventory.UserID) error {
	return fmt.Errorf("%w: another unit keeps user %s out of %s", ErrPostponed, inventory.Printable(string(u)), h.Server)
}

// Unnamed reports whether who is told this is kept out by an older interlace, which did not
// write down for which unit.
func Unnamed(told string) bool { return told == moved }

// StillUnnamed fails where users are kept out by a version of interlace that named no unit.
func (h *Host) StillUnnamed(ctx context.Context, users []inventory.UserID) error {
	there, err := h.Denials(ctx)
	return errors.Join(err, h.unnamed(there, users))
}

// unnamed fails where users are kept out by a version of interlace that named no unit: so
// nobody knows whether they may be let in, and nothing lets them in by itself.
func (h *Host) unnamed(there map[inventory.UserID]Denial, users []inventory.UserID) error {
	var wrong error
	for _, u := range users {
		if Unnamed(there[u].Message) {
			wrong = errors.Join(wrong, h.UnnamedDenial(u))
		}
	}
	return wrong
}

// UnnamedDenial says that a user is kept out so, and how to let the user in.
func (h *Host) UnnamedDenial(u inventory.UserID) error {
	return fmt.Errorf("user %s is denied on %s by an older interlace, which did not write down for which unit; if none needs it: %s",
		inventory.Printable(string(u)), h.Server, AllowCommand(h.Tools, h.Conf, u))
}

// DenyCommand is the command, to be pasted, that keeps a user out of an instance as a unit of
// this name on servers does, which lets the user in again by itself. Tools is the directory of
// Cyrus's programs, and conf the path of imapd.conf.
func DenyCommand(tools, conf, unit string, user inventory.UserID) inventory.Text {
	return inventory.Paste(path.Join(tools, "cyr_deny"), "-C", conf, "-m", Mark(unit), "--", string(user))
}

// AllowCommand is the command, to be pasted, that lets a user in again on an instance.
func AllowCommand(tools, conf string, user inventory.UserID) inventory.Text {
	return inventory.Paste(path.Join(tools, "cyr_deny"), "-C", conf, "-a", "--", string(user))
}
