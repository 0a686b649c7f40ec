package discover

import (
	"fmt"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

// oddVersion says that a server tells a version that is none.
func oddVersion(store *inventory.Store, in inventory.Instance, s *cyrus.Snapshot) []Finding {
	if _, known := inventory.CyrusVersion(s.Server.Version); known || s.Server.Version == "" {
		return nil
	}
	return []Finding{{
		Kind: OddVersion, Store: store.Name, Server: in.Server,
		Text: fmt.Sprintf("%s of %s on %s says that its version is %s: which one it is stays unknown", in.Role, store.Name, in.Server, inventory.Quoted(s.Server.Version)),
	}}
}

// settings returns what rule alike compares, as a server tells it. What it does
// not tell stays as it was. Partitions without a mailbox can't be seen, so those
// already known are kept beside those found.
func settings(before inventory.Settings, s *cyrus.Snapshot) *inventory.Settings {
	now := before
	if s.Server.Version != "" {
		now.Version, _ = inventory.CyrusVersion(s.Server.Version)
	}
	now.Separator = string(s.Server.Separator)
	if s.Server.Conversations != cyrus.Unknown {
		now.Conversations = string(s.Server.Conversations)
	}
	switch {
	case s.VirtDomains == cyrus.No:
		now.VirtDomains = "off"
	case s.VirtDomains == cyrus.Yes && (before.VirtDomains == "" || before.VirtDomains == "off"):
		// The two ways to have them, on and userid, look alike from outside.
		now.VirtDomains = "on"
	}
	names := append(strings.Fields(before.Partitions), s.Partitions...)
	slices.Sort(names)
	now.Partitions = strings.Join(slices.Compact(names), " ")
	return &now
}
