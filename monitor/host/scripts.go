package host

import (
	"context"
	"fmt"
	"time"

	"github.com/interlacemail/interlace/inventory"
)

// ending is how long a session may take to end that is told to.
const ending = 5 * time.Second

// EndScripts ends the sessions in which users keep their Sieve scripts (ManageSieve). Cyrus's
// timsieved asks nobody whether a user is denied, and cyr_deny and sync_reset do not find its
// sessions, as they find others: they go on, change scripts, and hold what they have open.
func (h *Host) EndScripts(ctx context.Context, users []inventory.UserID) error {
	if h.Dry || len(users) == 0 {
		return nil
	}
	sessions, err := h.holding(ctx, users, "timsieved")
	if err == nil {
		err = h.end(ctx, sessions, h.still, grace{"TERM", ending})
	}
	if err != nil {
		return fmt.Errorf("end sessions of ManageSieve on %s: %w", h.Server, err)
	}
	return nil
}

// EndScriptsCommand is the command, to be pasted, that ends these sessions; empty where there
// are none, or where that can't be asked.
func (h *Host) EndScriptsCommand(ctx context.Context, users []inventory.UserID) inventory.Text {
	sessions, err := h.holding(ctx, users, "timsieved")
	if err != nil || len(sessions) == 0 {
		return ""
	}
	return inventory.Paste(append([]string{"kill", "-TERM"}, numbers(sessions)...)...)
}
