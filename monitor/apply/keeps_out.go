package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/interlacemail/interlace/inventory"
)

// KeepsOut fails where users are not among those who are denied.
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
// those who stay.
func (h *Host) Overruled(ctx context.Context, moving, staying []inventory.UserID) (how, err error) {
	there, err := h.Denials(ctx)
	if err != nil {
		return nil, err
	}
	for i, u := range slices.Concat(moving, staying) {
		d, out := there[u]
		switch {
		case h.Ours(&d), d.All && i >= len(moving):
		case d.Message == moved:
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

// CarryDenials keeps those out of a replica who are kept out of its master, which does not
// replicate that: after a promotion they could log in.
func CarryDenials(ctx context.Context, master, replica *Host) error {
	there, err := master.Denials(ctx)
	if err != nil || len(there) == 0 {
		return err
	}
	already, err := replica.Denied(ctx)
	if err != nil {
		return err
	}
	told := map[string][]inventory.UserID{}
	for _, u := range slices.Sorted(maps.Keys(there)) {
		if d := there[u]; d.All && !already[u] {
			told[d.Message] = append(told[d.Message], u)
		}
	}
	for _, message := range slices.Sorted(maps.Keys(told)) {
		if err := replica.Deny(ctx, told[message], message); err != nil {
			return err
		}
	}
	return nil
}
