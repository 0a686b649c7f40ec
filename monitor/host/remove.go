package host

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

// removal is what the removal of a user may take.
var removal = 15 * time.Minute

// Remove removes users with all that they have, at once, also from the instance's replicas
// as soon as its sync log has been worked off. Sessions in which they keep their Sieve scripts
// are ended before, since it would wait for these. What else holds files of theirs is told
// where it waits in vain; what it has removed until then is gone.
func (h *Host) Remove(ctx context.Context, users []inventory.UserID) error {
	if err := h.EndScripts(ctx, users); err != nil {
		return err
	}
	for some := range slices.Chunk(users, h.atOnce()) {
		_, err := h.change(ctx, removal, some, "sync_reset", "-C", h.Conf, "-f")
		if RanOut(err) && ctx.Err() == nil {
			err = h.heldUp(ctx, some, err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// atOnce is of how many users one program is told to remove all: of one, so that a limit of
// minutes is enough. What is only told is told in one line.
func (h *Host) atOnce() int {
	if h.Dry {
		return PerCommand
	}
	return 1
}

// heldUp says whom a removal may have waited for.
func (h *Host) heldUp(ctx context.Context, users []inventory.UserID, late error) error {
	who := fmt.Sprintf("remove %s: %%w", inventory.Printable(string(users[0])))
	switch holders, err := h.Holders(ctx, users); {
	case err != nil:
		return fmt.Errorf(who+"; who has its files open is not known: %w", late, err)
	case holders == "":
		return fmt.Errorf(who+"; no session has its files open", late)
	default:
		return fmt.Errorf(who+"; its files are open in %s", late, holders)
	}
}

// RemoveCommand is the command, to be pasted, that does so for a user.
func RemoveCommand(tools, conf string, user inventory.UserID) inventory.Text {
	return inventory.Paste(path.Join(tools, "sync_reset"), "-C", conf, "-f", "--", string(user))
}

// SaveCommand is the command, to be pasted, that copies the files of a mailbox to the directory
// in which it is pasted. Tools is the directory of Cyrus's programs, and conf the path of
// imapd.conf. It is empty where one can't be pasted.
func SaveCommand(tools, conf string, name cyrus.ExternalName) inventory.Text {
	find := inventory.Paste(path.Join(tools, "mbpath"), "-C", conf, "-D", "-7", "--", string(name))
	to := inventory.Paste("saved-" + strings.ReplaceAll(string(name), "/", "."))
	if find == "" || to == "" {
		return ""
	}
	return inventory.Text(fmt.Sprintf(`cp -a -- "$(%s)" %s`, find, to))
}
