package apply_test

import (
	"slices"
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

// The channel to a replica is found by where its client sends to.
func TestChannelTo(t *testing.T) {
	two := map[string]string{"sync_log_channels": `"" far squatter`, "sync_host": "127.0.0.1", "far_sync_host": "127.0.0.2", "far_sync_port": "2006"}
	for _, test := range []struct {
		settings map[string]string
		csync    string
		want     string
	}{
		{map[string]string{"sync_host": "127.0.0.1", "sync_port": "csync"}, "127.0.0.1:2005", `""`},
		{map[string]string{"sync_host": "localhost", "sync_port": "2007"}, "127.0.0.1:2007", `""`},
		{two, "127.0.0.1:2005", `""`},
		{two, "127.0.0.2:2006", "far"},
		{two, "127.0.0.2:2005", "/etc/imapd.conf on imap1 has no channel to 127.0.0.2:2005, the csync of imap2: it sends to 127.0.0.1:2005 and 127.0.0.2:2006"},
		{map[string]string{"sync_log_channels": "squatter", "sync_host": "127.0.0.1"}, "127.0.0.1:2005", "it sends to nobody"},
		{map[string]string{"sync_host": "127.0.0.1", "sync_log": "no"}, "127.0.0.1:2005", "has sync_log: no"},
	} {
		got, err := apply.ChannelTo(t.Context(), test.settings, test.csync)
		if err != nil {
			got = err.Error()
		}
		if !strings.HasSuffix(got, test.want) {
			t.Errorf("%v to %s: %s, want %s", test.settings, test.csync, got, test.want)
		}
	}
}

// A master copies to its replicas over the channels that lead to one, and over no other.
func TestChannelsToReplicas(t *testing.T) {
	for _, test := range []struct {
		settings map[string]string
		want     []string
	}{
		{map[string]string{"sync_host": "127.0.0.1"}, []string{""}},
		{map[string]string{"sync_host": "127.0.0.1", "sync_log_channels": `"" far squatter`}, []string{"", "-n far"}},
		{map[string]string{"far_sync_host": "127.0.0.2", "sync_log_channels": "far squatter"}, []string{"-n far"}},
		{map[string]string{"far_sync_host": "127.0.0.2", "sync_log_channels": `"" far`}, []string{"-n far"}},
		{map[string]string{"sync_host": "127.0.0.1", "sync_log_channels": "squatter"}, []string{""}},
	} {
		if got := apply.Channels(test.settings); !slices.Equal(got, test.want) {
			t.Errorf("%v: %q, want %q", test.settings, got, test.want)
		}
	}
}
