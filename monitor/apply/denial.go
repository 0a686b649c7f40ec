package apply

import (
	"context"
	"path"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/course"
)

// DeniedOn returns the users who are denied everything on an instance, with what each is
// told who tries to log in. Of the options it takes how to run programs, and where they are.
func (o *Options) DeniedOn(ctx context.Context, in inventory.Instance) (map[inventory.UserID]string, error) {
	h := &host{run: o.Run, server: in.Server, tools: o.Tools, conf: in.IMAPDConf}
	there, err := h.denials(ctx)
	told := map[inventory.UserID]string{}
	for u, d := range there {
		if d.all {
			told[u] = d.message
		}
	}
	return told, err
}

// DenyCommand is the command, to be pasted, that keeps a user out of an instance as the unit
// does, which lets the user in again by itself. Tools is the directory of Cyrus's programs.
func DenyCommand(tools string, in inventory.Instance, u *course.Unit, user inventory.UserID) inventory.Text {
	return inventory.Paste(path.Join(tools, "cyr_deny"), "-C", in.IMAPDConf, "-m", mark(fileName(u)), "--", string(user))
}

// AllowCommand is the command, to be pasted, that lets a user in again on an instance.
func AllowCommand(tools string, in inventory.Instance, user inventory.UserID) inventory.Text {
	return inventory.Paste(path.Join(tools, "cyr_deny"), "-C", in.IMAPDConf, "-a", "--", string(user))
}

// Unnamed reports whether who is told this is kept out by an older interlace, which did not
// write down for which unit.
func Unnamed(told string) bool { return told == denial }

// KeptOutFor returns the name of the unit, of these and of those that take them back, for
// which a user is kept out who is told this; empty: for none of them.
func KeptOutFor(told string, units []course.Unit) string {
	for i := range units {
		for _, u := range append(course.Reverse(&units[i]), units[i]) {
			if told == mark(fileName(&u)) {
				return u.Name
			}
		}
	}
	return ""
}
