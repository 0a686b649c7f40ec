package files

import (
	"fmt"
	"strings"

	"github.com/interlacemail/interlace/inventory"
)

// FleetLines are the store's instances as the fleet file has them: what an operator who
// keeps one writes there after a change of the layout. No server tells discover of an
// instance that the inventory does not name.
func FleetLines(s *inventory.Store) string {
	var b strings.Builder
	for _, in := range s.Instances {
		fmt.Fprintf(&b, "- {server: %s, role: %s", in.Server, in.Role)
		for _, field := range [][2]string{{"imap", in.IMAP}, {"csync", in.CSync}, {"imapd_conf", in.IMAPDConf}, {"sync_dir", in.SyncDir}, {"log", in.Log}} {
			if field[1] != "" {
				fmt.Fprintf(&b, ", %s: %q", field[0], field[1])
			}
		}
		b.WriteString("}\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}
