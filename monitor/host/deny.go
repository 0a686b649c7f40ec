package host

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/interlacemail/interlace/inventory"
)

// denying holds a mutex for each instance: units that look who is kept out there and then
// keep others out do so one after the other.
var denying sync.Map

// KeepOut ends all sessions of users and lets nobody log in as one of them but to change Sieve
// scripts (see [Host.EndScripts]); mail for them is deferred. Of those who move nobody may be kept out by anybody else: that would be
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
		case Unnamed(d.Message):
			wrong = errors.Join(wrong, h.UnnamedDenial(u))
		default:
			wrong = errors.Join(wrong, fmt.Errorf("user %s is denied on %s by somebody else (cyr_deny -l shows it), which would be lifted", inventory.Printable(string(u)), h.Server))
		}
	}
	if wrong != nil || len(users) == 0 {
		return wrong
	}
	if err := h.Deny(ctx, users, Mark(h.Unit)); err != nil {
		return err
	}
	return h.EndScripts(ctx, users)
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
