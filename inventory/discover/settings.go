package discover

import (
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
)

// settings returns what rule alike compares, as a server tells it. What it does
// not tell stays as it was. Partitions without a mailbox can't be seen, so those
// already known are kept beside those found.
func settings(before inventory.Settings, s *cyrus.Snapshot) *inventory.Settings {
	now := before
	if version, _, _ := strings.Cut(s.Server.Version, "-"); version != "" {
		now.Version = version
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
