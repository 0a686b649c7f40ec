package confirm

import (
	"fmt"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// routed enters for each mover whether it is sent to the master of the store that it is to be on. The
// error says why nobody knows.
func routed(movers []mover, routes map[inventory.UserID]string, err error, t *tally) {
	for i := range movers {
		m := &movers[i]
		if m.owner.Shared {
			continue
		}
		master := m.to.Instances[0]
		d := m.doubt(monitor.Unmet)
		d.Server, d.Expected = inventory.Text(master.Server), fmt.Sprintf("sent to %s on %s", m.To, master.Server)
		d.Next = "send the user there; until then the old place must stay denied"
		switch {
		case m.back:
			d.Next = "send the user there"
		case !m.certain:
			d.Next = "find out which copy is used (interlace discover --routed) before the user is sent anywhere"
		}
		to, told := routes[m.User]
		switch {
		case err != nil:
			d.Verdict, d.Found, d.Next = monitor.UnknownFulfilment, err.Error(), "see why the routing does not answer, and ask again"
		case !told:
			d.Verdict, d.Found = monitor.UnknownFulfilment, "the routing says nothing of the user"
		case to == string(m.To):
			t.isOf(m)
			continue
		case !serves(master, to):
			d.Found = "sent to " + inventory.Quoted(to)
		case to != m.name && m.from != nil && len(m.from.Instances) > 0 && serves(m.from.Instances[0], to):
			d.Verdict, d.Found = monitor.UnknownFulfilment, fmt.Sprintf("sent to %s, where %s is too", inventory.Quoted(to), m.From)
			d.Next = "let the routing name the store, or the port too"
		default:
			t.isOf(m)
			continue
		}
		t.doubt(d)
	}
}

// serves reports whether a route may mean an instance: a server, or a host with the
// port or without.
func serves(in inventory.Instance, name string) bool {
	host, _, _ := strings.Cut(in.IMAP, ":")
	return name == string(in.Server) || in.IMAP != "" && (name == in.IMAP || name == host)
}
