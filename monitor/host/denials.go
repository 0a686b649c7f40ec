package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
)

// Denials returns who is kept out, and how.
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

// Told returns the users who are denied everything on the instance, with what each is told
// who tries to log in.
func (h *Host) Told(ctx context.Context) (map[inventory.UserID]string, error) {
	there, err := h.Denials(ctx)
	told := map[inventory.UserID]string{}
	for u, d := range there {
		if d.All {
			told[u] = d.Message
		}
	}
	return told, err
}

// neverDenied tells whether nobody was ever denied on an instance.
func neverDenied(err error) bool {
	return err != nil && strings.Contains(err.Error(), "failed to open deny db: No such file")
}

// KeepsOut fails where users are not among those who are denied, and says how to deny them.
func (h *Host) KeepsOut(denied map[inventory.UserID]bool, users []inventory.UserID) error {
	var wrong error
	for _, u := range users {
		if !denied[u] {
			wrong = errors.Join(wrong, fmt.Errorf("user %s has to be denied on %s: %s", inventory.Printable(string(u)), h.Server,
				DenyCommand(h.Tools, h.Conf, h.Unit, u)))
		}
	}
	return wrong
}

// Overruled says who is not kept out any more for the unit of those who move, and at all of
// those who stay. The error says that it can't be asked.
func (h *Host) Overruled(ctx context.Context, moving, staying []inventory.UserID) (how, err error) {
	there, err := h.Denials(ctx)
	if err != nil {
		return nil, err
	}
	for i, u := range slices.Concat(moving, staying) {
		d, out := there[u]
		switch {
		case h.Ours(&d), d.All && i >= len(moving):
		case Unnamed(d.Message):
			how = errors.Join(how, h.UnnamedDenial(u))
		case out && i < len(moving):
			how = errors.Join(how, fmt.Errorf("user %s is denied on %s by somebody else meanwhile, who says %s, which does not hold on the new store",
				inventory.Printable(string(u)), h.Server, inventory.Quoted(d.Message)))
		default:
			how = errors.Join(how, fmt.Errorf("user %s was let in again on %s by somebody else", inventory.Printable(string(u)), h.Server))
		}
	}
	return how, nil
}
