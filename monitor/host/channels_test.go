package host_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/host"
)

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
		{map[string]string{"sync_host": "::1"}, "[::1]:2005", "write a name in its place that leads there, by DNS or /etc/hosts"},
		{two, "127.0.0.1:2005", `""`},
		{two, "127.0.0.2:2006", "far"},
		{two, "127.0.0.2:2005", "/etc/imapd.conf on imap1 has no channel to 127.0.0.2:2005, the csync of imap2: it sends to 127.0.0.1:2005 and 127.0.0.2:2006"},
		{map[string]string{"sync_log_channels": "squatter", "sync_host": "127.0.0.1"}, "127.0.0.1:2005", "it sends to nobody"},
		{map[string]string{"sync_host": "127.0.0.1", "sync_log": "no"}, "127.0.0.1:2005", "has sync_log: no"},
	} {
		got, err := (&host.Host{Server: "imap1", Conf: "/etc/imapd.conf", Settings: test.settings}).ChannelTo(t.Context(), inventory.Instance{Server: "imap2", CSync: test.csync})
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
		var got []string
		for _, l := range (&host.Host{Settings: test.settings}).ToReplicas() {
			got = append(got, strings.Join(l.Flags, " "))
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%v: %q, want %q", test.settings, got, test.want)
		}
	}
}

// No file that sync_client can't read is written.
func TestLinkToIPv6(t *testing.T) {
	if _, err := (&host.Host{Server: "imap1"}).LinkTo(t.Context(), "[::1]:2005", host.Account{}); err == nil || !strings.Contains(err.Error(), "write a name in its place") {
		t.Errorf("got %v", err)
	}
}
