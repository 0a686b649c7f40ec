package apply

import (
	"context"
	"path"

	"github.com/interlacemail/interlace/inventory"
)

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

// Unnamed reports whether who is told this is kept out by an older interlace, which did not
// write down for which unit.
func Unnamed(told string) bool { return told == moved }
