package prove

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

// Quota is what an instance has under a name: of the mailbox the quota root that limits it, and
// of the quota root what it allows, in words. Empty: it has none.
type Quota struct {
	Root   cyrus.InternalName
	Limits string
}

// QuotaPair are those of a master and of its replica.
type QuotaPair [2]Quota

// Quotas returns what all quota roots of an instance allow that limit a mailbox, and which
// root each mailbox has, as an administrator is told. Of a server that tells no quotas it
// returns the roots alone.
func Quotas(ctx context.Context, c *cyrus.Client) (map[cyrus.InternalName]Quota, error) {
	names, err := c.Names(ctx)
	if err != nil || len(names) == 0 {
		return nil, err
	}
	mailboxes, err := c.Details(ctx, names)
	if err != nil {
		return nil, err
	}
	all := map[cyrus.InternalName]Quota{}
	for i := range mailboxes {
		if root := mailboxes[i].QuotaRoot; root != "" {
			all[mailboxes[i].Internal] = Quota{Root: root}
		}
	}
	uses, err := usesOf(ctx, c, mailboxes)
	for root, list := range uses {
		all[root] = Quota{all[root].Root, limits(list)}
	}
	return all, err
}

// usesOf returns what the quotas of mailboxes allow and have as used, by their roots; of a server
// that tells no quotas nothing.
func usesOf(ctx context.Context, c *cyrus.Client, mailboxes []cyrus.Mailbox) (map[cyrus.InternalName][]cyrus.Use, error) {
	roots := map[cyrus.InternalName]bool{}
	for i := range mailboxes {
		if root := mailboxes[i].QuotaRoot; root != "" {
			roots[root] = true
		}
	}
	uses, err := c.Uses(ctx, slices.Sorted(maps.Keys(roots)))
	if errors.Is(err, cyrus.ErrNoQuotas) {
		err = nil
	}
	return uses, err
}

// limits says what a quota root allows.
func limits(list []cyrus.Use) string {
	if len(list) == 0 {
		return "without limits"
	}
	texts := make([]string, len(list))
	for i, u := range list {
		texts[i] = fmt.Sprintf("%s %d", u.Resource, u.Limit)
	}
	return strings.Join(texts, ", ")
}

// UnlikeQuotas returns those of a master and of its replica that are not the same. What counts
// as used is not compared: each instance counts that itself.
func UnlikeQuotas(quotas [2]map[cyrus.InternalName]Quota) map[cyrus.InternalName]QuotaPair {
	unlike := map[cyrus.InternalName]QuotaPair{}
	for _, side := range quotas {
		for name := range side {
			if p := (QuotaPair{quotas[0][name], quotas[1][name]}); p[0] != p[1] {
				unlike[name] = p
			}
		}
	}
	return unlike
}

// Text says in what they differ.
func (p QuotaPair) Text() string {
	master, replica := &p[0], &p[1]
	switch {
	case master.Limits == replica.Limits && replica.Root == "":
		return "lacks the quota root " + inventory.Printable(string(master.Root))
	case master.Limits == replica.Limits:
		return fmt.Sprintf("has the quota root %s, not %s", inventory.Quoted(string(replica.Root)), inventory.Quoted(string(master.Root)))
	case replica.Limits == "":
		return "lacks the quota " + master.Limits
	case master.Limits == "":
		return "has the quota " + replica.Limits + ", and the master has none"
	}
	return fmt.Sprintf("has the quota %s, not %s", replica.Limits, master.Limits)
}
