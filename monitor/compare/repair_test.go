package compare

import (
	"testing"

	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// Commands name programs where they are on the server, as far as that is known.
func TestRepairCommands(t *testing.T) {
	const bin = "/usr/lib/cyrus/bin/"
	for _, c := range []struct {
		owner cyrus.Owner
		d     monitor.Difference
		want  []string
	}{
		{cyrus.Owner{Name: "anna"}, monitor.Difference{Kind: monitor.FlagsDiffer}, []string{"imap2 sync_reset -f -- anna", "imap1 " + bin + "sync_client -C /etc/s1.conf -v -u -- anna"}},
		{cyrus.Owner{Name: "anna"}, monitor.Difference{Kind: monitor.QuotaDiffers, Text: useDiffers, Mailbox: "user.anna"}, []string{"imap1 " + bin + "quota -C /etc/s1.conf -f -- user.anna", "imap2 quota -f -- user.anna"}},
		{cyrus.Owner{Name: "anna"}, monitor.Difference{Kind: monitor.Unreadable, Server: "imap1", Mailbox: "user.anna"}, []string{"imap1 " + bin + "reconstruct -C /etc/s1.conf -G -- user.anna"}},
		{cyrus.Owner{Name: "anna"}, monitor.Difference{Kind: monitor.SpoolDamaged, Server: "imap1", Mailbox: "user.anna"}, []string{"imap2 mbpath -- user.anna", "imap1 " + bin + "mbpath -C /etc/s1.conf -- user.anna"}},
		{cyrus.Owner{Shared: true}, monitor.Difference{Kind: monitor.FlagsDiffer, Mailbox: "lists"}, []string{"imap1 " + bin + "sync_client -C /etc/s1.conf -v -m -- lists"}},
	} {
		p := &pair{store: Pair{Store: "s1", Master: Side{Server: "imap1", Conf: "/etc/s1.conf", Programs: "/usr/lib/cyrus/bin"}, Replica: Side{Server: "imap2"}}}
		p.repair(c.owner, &c.d)
		for i, step := range c.d.Repair {
			if got := string(step.Server) + " " + string(step.Command); i >= len(c.want) || got != c.want[i] {
				t.Errorf("%s: %q, want %q", c.d.Kind, got, c.want)
			}
		}
		if len(c.d.Repair) != len(c.want) {
			t.Errorf("%s: %d commands, want %q", c.d.Kind, len(c.d.Repair), c.want)
		}
	}
}
