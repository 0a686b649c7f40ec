package cyrus_test

import (
	"strings"
	"testing"

	"github.com/interlacemail/interlace/inventory/cyrus"
)

func TestSplitCSync(t *testing.T) {
	for csync, want := range map[string]string{
		"imap2:2005": "", "192.0.2.1:csync": "", "[::1]:2005": "reads no address of IPv6", "[2001:db8::1]:2005": "reads no address of IPv6",
		"imap2": "is not host:port", "::1:2005": "is not host:port", ":2005": "is not host:port", "": "is not host:port",
	} {
		host, port, err := cyrus.SplitCSync(csync)
		if want == "" && (err != nil || host+":"+port != csync) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %q %q %v, want %q", csync, host, port, err, want)
		}
	}
}
