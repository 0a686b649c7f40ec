package apply_test

import (
	"strings"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/apply"
)

// What the operator's command prints of a new instance is read whole, or refused with all
// that is wrong.
func TestCreatedWhere(t *testing.T) {
	order := &apply.Order{Act: apply.ActCreate, Store: "s1", Instance: inventory.Instance{Server: "c", Role: inventory.Replica}, Instances: []inventory.Instance{
		{Server: "a", Role: inventory.Master, IMAP: "a:143", CSync: "a:2005"}, {Server: "c", Role: inventory.Replica},
	}}
	for _, test := range []struct {
		printed string
		wrong   []string
	}{
		{"imap: c:143\ncsync: c:2005\nimapd_conf: /etc/imapd.conf\n", nil},
		{"\n imapd_conf:/etc/imapd.conf\r\nlog: /var/log/c.log\ncsync: [::1]:2005\nimap: c:143", nil},
		{"", []string{"a line imap: HOST:PORT", "a line csync: HOST:PORT", "a line imapd_conf: PATH"}},
		{"imap: c:143\ncsync: c\nimapd_conf: imapd.conf\nDone.\n", []string{"a line csync: HOST:PORT", "a line imapd_conf: PATH", `prints "Done."`}},
		{"imap: a:143\ncsync: c:2005\nimapd_conf: /etc/imapd.conf\n", []string{"prints the address of the instance on a"}},
	} {
		in, err := order.Place(test.printed)
		if test.wrong == nil {
			if err != nil || in.Server != "c" || in.Role != inventory.Replica || in.IMAP != "c:143" || in.IMAPDConf != "/etc/imapd.conf" {
				t.Errorf("%q: %+v, %v", test.printed, in, err)
			}
			continue
		}
		for _, wrong := range test.wrong {
			if err == nil || !strings.Contains(err.Error(), wrong) {
				t.Errorf("%q: %v, want %s", test.printed, err, wrong)
			}
		}
	}
}
