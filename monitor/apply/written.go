package apply

import (
	"context"
	"fmt"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor/host"
)

// written says that an original was written to since it was copied, with the commands that save
// what is there and remove it, after which apply with this flag goes on.
func (m *move) written(ctx context.Context, name cyrus.InternalName, in inventory.Instance, h *host.Host, flag string) error {
	wrong := fmt.Errorf("%s on %s was written to since it was copied", inventory.Printable(string(name)), in.Server)
	owner, _, _ := name.Owner()
	c, err := m.dialAdmin(ctx, in)
	if err != nil {
		return fmt.Errorf("%w: save what is new there, then remove it by hand: %w", wrong, err)
	}
	defer c.Close()
	save := host.SaveCommand(m.Tools, in.IMAPDConf, name.External(c.Server().Separator))
	remove := host.RemoveCommand(m.Tools, in.IMAPDConf, inventory.UserID(owner.Name))
	if owner.Shared || save == "" || remove == "" {
		return fmt.Errorf("%w: save what is new there, then remove it by hand", wrong)
	}
	what := "each file is a message, and the newest are the new ones"
	if name.HoldsScripts() {
		what = "each file is a message with a Sieve script, whose name is its subject, and the newest are the new ones; sieveshell puts them on the new store"
	}
	end := ""
	if kill := h.EndScriptsCommand(ctx, []inventory.UserID{inventory.UserID(owner.Name)}); kill != "" {
		end = fmt.Sprintf("end the sessions of ManageSieve that are open there: %s; ", kill)
	}
	return fmt.Errorf("%w: on %s %ssave what is there: %s (%s); when what is wanted of it is where %s works now, remove the original: %s; then interlace apply %s --yes goes on",
		wrong, in.Server, end, save, what, called(owner), remove, flag)
}
